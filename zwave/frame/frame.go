// Package frame is the outermost layer of the Z-Wave Serial API: single bytes
// (ACK, NAK, CAN) and data frames with a checksum.
//
//	SOF length type function payload… checksum
//
// Length counts itself, type, function and payload. The checksum is 0xFF
// exclusive-or every byte from length on. (Serial API Host Application
// Programming Guide, chapter 06.)
//
// Everything here is pure. A [Decoder] is told the time because a frame that
// is not complete 1500 ms after it began must be dropped without a word
// (chapter 07); bytes that belong to no frame are counted and passed over.
package frame

import (
	"errors"
	"time"
)

// The single bytes.
const (
	SOF byte = 0x01
	ACK byte = 0x06
	NAK byte = 0x15
	CAN byte = 0x18
)

// Sizes, in bytes.
const (
	MaxPayload = 0xFF - 3       // what the length byte leaves
	maxFrame   = MaxPayload + 5 // SOF, length, type, function, checksum
	minLength  = 3              // a length byte below this is no frame
)

// HalfTime is how long a frame may take from its SOF to its checksum.
const HalfTime = 1500 * time.Millisecond

// Type tells requests from responses.
type Type byte

// Types. Callbacks and all that a stick sends of its own are requests.
const (
	Request  Type = 0x00
	Response Type = 0x01
)

// Data is a data frame.
type Data struct {
	Type     Type
	Function byte
	Payload  []byte // at most MaxPayload bytes
}

// ErrTooLong says that a payload does not fit into a frame.
var ErrTooLong = errors.New("zwave/frame: payload is longer than 252 bytes")

// Append writes the frame behind b. A payload that is too long is cut; see
// ErrTooLong for those who must know before.
func (f Data) Append(b []byte) []byte {
	p := f.Payload
	if len(p) > MaxPayload {
		p = p[:MaxPayload]
	}
	start := len(b)
	b = append(b, SOF, byte(len(p)+3), byte(f.Type), f.Function)
	b = append(b, p...)
	return append(b, checksum(b[start+1:]))
}

func checksum(b []byte) byte {
	sum := byte(0xFF)
	for _, v := range b {
		sum ^= v
	}
	return sum
}

// Kind is what a Decoder found.
type Kind byte

// Kinds.
const (
	None        Kind = iota // nothing yet: more bytes are needed
	Frame                   // a data frame
	Ack                     //
	Nak                     //
	Can                     //
	BadChecksum             // a whole frame with a wrong checksum: answer NAK
	Noise                   // bytes that belong to no frame: say nothing
	HalfFrame               // a frame that took too long and was dropped: say nothing
)

// Item is one thing that a Decoder found.
type Item struct {
	Kind Kind
	Data Data // of a Frame; its Payload is valid until the next call
}

// Decoder finds frames in a stream of bytes. The zero Decoder is ready.
type Decoder struct {
	// LooseAck takes any byte x6 between frames for an ACK. Some firmware of
	// the 700 series (7.19) sets the high nibble of the ACK of a soft reset.
	LooseAck bool

	buf   [maxFrame]byte
	n     int
	began time.Time
	noise bool // the last byte was noise too
}

// Next takes bytes from the front of b until it found something or b is
// empty, and returns what is left of b. Call it until Kind is None.
func (d *Decoder) Next(now time.Time, b []byte) (Item, []byte) {
	if d.Expire(now) {
		return Item{Kind: HalfFrame}, b
	}
	for len(b) > 0 {
		v := b[0]
		b = b[1:]
		if d.n == 0 {
			if k := d.single(v); k != None {
				return Item{Kind: k}, b
			}
			if d.n == 1 {
				d.began = now
			}
			continue
		}
		d.buf[d.n] = v
		d.n++
		length := int(d.buf[1])
		if length < minLength { // not a frame; the byte may begin one
			d.n = 0
			d.noise = true
			if k := d.single(v); k != None && k != Noise {
				return Item{Kind: k}, b
			}
			if d.n == 1 {
				d.began = now
			}
			return Item{Kind: Noise}, b
		}
		if d.n < length+2 {
			continue
		}
		whole := d.buf[1:d.n]
		d.n = 0
		if checksum(whole) != 0 {
			return Item{Kind: BadChecksum}, b
		}
		return Item{Kind: Frame, Data: Data{
			Type:     Type(whole[1]),
			Function: whole[2],
			Payload:  whole[3 : len(whole)-1],
		}}, b
	}
	return Item{}, nil
}

// single judges a byte between frames. It returns Noise only for the first of
// a run, and None for a SOF, which it keeps.
func (d *Decoder) single(v byte) Kind {
	noise := d.noise
	d.noise = false
	switch {
	case v == SOF:
		d.buf[0], d.n = v, 1
	case v == ACK, d.LooseAck && v&0x0F == ACK:
		return Ack
	case v == NAK:
		return Nak
	case v == CAN:
		return Can
	default:
		d.noise = true
		if !noise {
			return Noise
		}
	}
	return None
}

// Deadline is when Expire should be called, and false when nothing is half done.
func (d *Decoder) Deadline() (time.Time, bool) { return d.began.Add(HalfTime), d.n > 0 }

// Expire drops a half frame whose time is over, and tells whether it did.
func (d *Decoder) Expire(now time.Time) bool {
	if d.n == 0 || now.Sub(d.began) < HalfTime {
		return false
	}
	d.n = 0
	return true
}
