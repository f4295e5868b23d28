package zwavesim

import "fmt"

// Bytes of the link (guide, chapter 06).
const (
	sof = 0x01
	ack = 0x06
	nak = 0x15
	can = 0x18

	request  = 0x00
	response = 0x01
)

// appendFrame appends a data frame: SOF, length, type, function, payload,
// checksum. The length counts what follows it.
func appendFrame(dst []byte, kind, function byte, payload []byte) []byte {
	start := len(dst)
	dst = append(dst, sof, byte(len(payload)+3), kind, function)
	dst = append(dst, payload...)
	return append(dst, checksum(dst[start+1:]))
}

func checksum(b []byte) byte {
	sum := byte(0xff)
	for _, x := range b {
		sum ^= x
	}
	return sum
}

// token is one thing that the host said: a byte of the link, or a frame.
type token struct {
	link  byte   // ack, nak, can; 0 for a frame
	frame []byte // from SOF to checksum
	wrong string // what is wrong with it; "" when nothing
}

func (t token) kind() byte      { return t.frame[2] }
func (t token) function() byte  { return t.frame[3] }
func (t token) payload() []byte { return t.frame[4 : len(t.frame)-1] }

// scanner cuts the host's bytes into tokens. A host is expected to write
// without noise: whatever is not a token is a token that is wrong.
type scanner struct{ buf []byte }

// feed takes bytes in whatever pieces they come.
func (s *scanner) feed(b []byte) []token {
	s.buf = append(s.buf, b...)
	var out []token
	for len(s.buf) > 0 {
		switch c := s.buf[0]; c {
		case ack, nak, can:
			out = append(out, token{link: c})
			s.buf = s.buf[1:]
			continue
		case sof:
		default:
			out = append(out, token{wrong: fmt.Sprintf("stray byte %#02x between frames", c)})
			s.buf = s.buf[1:]
			continue
		}
		if len(s.buf) < 2 {
			break
		}
		n := int(s.buf[1])
		if n < 3 {
			out = append(out, token{wrong: fmt.Sprintf("a frame of length %d", n)})
			s.buf = s.buf[2:]
			continue
		}
		if len(s.buf) < n+2 {
			break
		}
		t := token{frame: append([]byte(nil), s.buf[:n+2]...)}
		if checksum(t.frame[1:n+1]) != t.frame[n+1] {
			t.wrong = "a wrong checksum"
		}
		out = append(out, t)
		s.buf = s.buf[n+2:]
	}
	if len(s.buf) == 0 {
		s.buf = s.buf[:0:0]
	}
	return out
}

// half tells whether a frame has begun and not ended.
func (s *scanner) half() bool { return len(s.buf) > 0 }

// drop forgets the half frame.
func (s *scanner) drop() { s.buf = nil }
