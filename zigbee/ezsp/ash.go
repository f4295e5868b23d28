package ezsp

// Bytes that the line keeps for itself (UG101, 4.2).
const (
	flag       = 0x7E // ends a frame
	escape     = 0x7D
	xon        = 0x11
	xoff       = 0x13
	substitute = 0x18 // the UART lost something of this frame
	cancel     = 0x1A // what came before it is no frame
	flip       = 0x20
)

// Control bytes (UG101, 3).
const (
	ctlAck    = 0x80
	ctlNak    = 0xA0
	ctlRst    = 0xC0
	ctlRstAck = 0xC1
	ctlError  = 0xC2

	ctlKind  = 0xE0 // of ACK and NAK
	ctlShort = 0x80 // set: no DATA frame
	ctlAgain = 0x08 // of DATA: it is sent again
	ctlRest  = 0x07 // the number that is expected next
)

// MaxData is how many bytes of EZSP a frame carries: what EZSP 8 and later need.
const MaxData = 220

// frame is one ASH frame. Data are as they are on the line.
type frame struct {
	control byte
	data    []byte
}

// append writes the frame behind b.
func (f frame) append(b []byte) []byte {
	sum := crc(crc(0xFFFF, f.control), f.data...)
	b = stuff(b, f.control)
	b = stuff(b, f.data...)
	return append(stuff(b, byte(sum>>8), byte(sum)), flag)
}

func stuff(b []byte, data ...byte) []byte {
	for _, v := range data {
		switch v {
		case flag, escape, xon, xoff, substitute, cancel:
			b = append(b, escape, v^flip)
		default:
			b = append(b, v)
		}
	}
	return b
}

// crc is CRC-CCITT: x¹⁶+x¹²+x⁵+1, beginning with 0xFFFF.
func crc(sum uint16, data ...byte) uint16 {
	for _, v := range data {
		sum ^= uint16(v) << 8
		for range 8 {
			if sum&0x8000 != 0 {
				sum = sum<<1 ^ 0x1021
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

// randomise adds the pseudo-random sequence of UG101, 4.3, to data, and takes it
// away again: without it a run of equal bytes that must be escaped would double.
func randomise(data []byte) {
	seed := byte(0x42)
	for i := range data {
		data[i] ^= seed
		odd := seed & 1
		if seed >>= 1; odd != 0 {
			seed ^= 0xB8
		}
	}
}

// found is what a decoder found.
type found byte

const (
	none  found = iota // more bytes are needed
	whole              // a frame
	bad                // a damaged frame, or one that is too long
)

// decoder finds frames in a stream of bytes. The zero decoder is ready.
type decoder struct {
	in   []byte
	buf  []byte // the frame so far
	flip byte
	bad  bool
}

// feed takes bytes as they came.
func (d *decoder) feed(b []byte) { d.in = append(d.in, b...) }

// next is what comes next. Call it until it finds none. The data of a frame are
// valid until the next call.
func (d *decoder) next() (frame, found) {
	if len(d.in) == 0 {
		return frame{}, none
	}
	for i, v := range d.in {
		switch v {
		case flag:
			d.in = d.in[i+1:]
			if f, k := d.finish(); k != none {
				return f, k
			}
			return d.next()
		case cancel:
			d.clear()
		case substitute:
			d.bad = true
		case xon, xoff: // of the line's, not of the frame's
		case escape:
			d.flip = flip
		default:
			if len(d.buf) < 1+MaxData+2 {
				d.buf = append(d.buf, v^d.flip)
			} else {
				d.bad = true
			}
			d.flip = 0
		}
	}
	d.in = d.in[:0]
	return frame{}, none
}

// finish sees to what stands before a flag. Two flags in a row are no frame.
func (d *decoder) finish() (frame, found) {
	b, damaged := d.buf, d.bad
	d.clear()
	switch {
	case len(b) == 0 && !damaged:
		return frame{}, none
	case damaged, len(b) < 3, crc(0xFFFF, b...) != 0:
		return frame{}, bad
	}
	return frame{b[0], b[1 : len(b)-2]}, whole
}

func (d *decoder) clear() { d.buf, d.flip, d.bad = d.buf[:0], 0, false }
