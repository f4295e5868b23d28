package keyframe

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// pad is how many zeros stand behind a payload, so that it can be read by eights.
const pad = 8

// payload appends what a NAL unit carries behind its header, without the bytes that
// only keep a start code from arising (§7.4.1).
func payload(to, unit []byte) []byte {
	body := unit[1:]
	for {
		i := bytes.Index(body, []byte{0, 0, 3})
		if i < 0 {
			break
		}
		to = append(to, body[:i+2]...)
		body = body[i+3:]
	}
	to = append(to, body...)
	return append(to, make([]byte, pad)...)
}

// reader reads the bits of a payload. Beyond the end it reads zeros, and over tells.
type reader struct {
	b   []byte // with its pad
	pos int    // in bits
	end int    // of what there is to read: the stop bit's place (§7.3.2.11)
}

func newReader(b []byte) reader {
	n := len(b) - pad
	for n > 0 && b[n-1] == 0 {
		n--
	}
	end := 0
	if n > 0 {
		end = n*8 - 1 - bits.TrailingZeros8(b[n-1])
	}
	return reader{b: b, end: end}
}

func (r *reader) over() bool { return r.pos > r.end }
func (r *reader) more() bool { return r.pos < r.end }

// peek is the next 32 bits.
func (r *reader) peek() uint32 {
	i := r.pos >> 3
	if uint(i)+8 > uint(len(r.b)) {
		return 0
	}
	return uint32(binary.BigEndian.Uint64(r.b[i:]) << (r.pos & 7) >> 32)
}

// bits reads n of them, 32 at most.
func (r *reader) bits(n int) uint32 {
	v := r.peek() >> (32 - n)
	r.pos += n
	return v
}

func (r *reader) flag() bool { return r.bits(1) == 1 }

// ue reads an unsigned Exp-Golomb code (§9.1). One of more than 32 bits is read as
// the largest number, which no syntax element allows.
func (r *reader) ue() uint32 {
	v := r.peek()
	n := bits.LeadingZeros32(v)
	switch {
	case n < 16:
		r.pos += 2*n + 1
		return v>>(31-2*n) - 1
	case n < 32:
		r.pos += n
		return r.bits(n+1) - 1
	}
	r.pos = r.end + 1
	return 1<<32 - 1
}

// se reads a signed one (§9.1.1).
func (r *reader) se() int32 {
	v := r.ue()
	if v&1 == 1 {
		return int32(v>>1) + 1
	}
	return -int32(v >> 1)
}
