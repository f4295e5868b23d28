package zigbeesim

import "fmt"

// appendFrame appends an MT frame: SOF, length, command, data, and the
// exclusive-or of all but the SOF.
func appendFrame(dst []byte, command uint16, data []byte) []byte {
	start := len(dst)
	dst = append(dst, 0xFE, byte(len(data)), byte(command>>8), byte(command))
	dst = append(dst, data...)
	sum := byte(0)
	for _, b := range dst[start+1:] {
		sum ^= b
	}
	return append(dst, sum)
}

// token is one thing that the host said.
type token struct {
	command uint16
	data    []byte
	wrong   string // what is wrong with it; "" when nothing
}

// scanner cuts the host's bytes into frames. A host is expected to write without
// noise: whatever is no frame is wrong.
type scanner struct{ buf []byte }

func (s *scanner) feed(b []byte) []token {
	s.buf = append(s.buf, b...)
	var out []token
	for len(s.buf) > 0 {
		if s.buf[0] != 0xFE {
			out = append(out, token{wrong: fmt.Sprintf("stray byte %#02x between frames", s.buf[0])})
			s.buf = s.buf[1:]
			continue
		}
		if len(s.buf) < 2 || len(s.buf) < int(s.buf[1])+5 {
			break
		}
		n := int(s.buf[1]) + 5
		sum := byte(0)
		for _, b := range s.buf[1:n] {
			sum ^= b
		}
		t := token{command: uint16(s.buf[2])<<8 | uint16(s.buf[3]), data: append([]byte(nil), s.buf[4:n-1]...)}
		if sum != 0 {
			t.wrong = "a wrong FCS"
		}
		out = append(out, t)
		s.buf = s.buf[n:]
	}
	return out
}

// Little-endian pieces.

func le16(v uint16) []byte { return []byte{byte(v), byte(v >> 8)} }
func le32(v uint32) []byte { return append(le16(uint16(v)), le16(uint16(v>>16))...) }
func le64(v uint64) []byte { return append(le32(uint32(v)), le32(uint32(v>>32))...) }

func join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// fields reads little-endian fields; missing ones are zero and set short.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) bytes(n int) []byte {
	if n > len(f.b) {
		f.short, f.b = true, nil
		return make([]byte, n)
	}
	b := f.b[:n:n]
	f.b = f.b[n:]
	return b
}

func (f *fields) u8() byte    { return f.bytes(1)[0] }
func (f *fields) u16() uint16 { b := f.bytes(2); return uint16(b[0]) | uint16(b[1])<<8 }
func (f *fields) u32() uint32 { return uint32(f.u16()) | uint32(f.u16())<<16 }
func (f *fields) u64() uint64 { return uint64(f.u32()) | uint64(f.u32())<<32 }
