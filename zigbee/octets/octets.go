// Package octets takes the fields of what sticks say off its front: both
// families write them little-endian.
package octets

import "encoding/binary"

// Reader takes little-endian fields off the front of data. When there are too
// few it is short and gives zeros.
type Reader struct {
	B     []byte // what is left
	Short bool
}

func (r *Reader) Take(n int) []byte {
	if n > len(r.B) {
		r.Short, r.B = true, nil
		return nil
	}
	b := r.B[:n:n]
	r.B = r.B[n:]
	return b
}

func (r *Reader) U8() byte {
	if b := r.Take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *Reader) U16() uint16 {
	if b := r.Take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *Reader) U32() uint32 {
	if b := r.Take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *Reader) U64() uint64 {
	if b := r.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}
