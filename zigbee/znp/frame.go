package znp

import (
	"errors"
	"time"
)

// sof begins each frame.
const sof = 0xFE

// MaxData is how many bytes a frame can carry (MT API guide, 2.1.2).
const MaxData = 250

// overhead of a frame: SOF, length, two bytes of command, FCS.
const overhead = 5

// HalfTime is how long a frame may take from its SOF to its FCS. Its 255 bytes
// take 22 ms at 115200 baud; a network bridge may pause in between.
const HalfTime = 500 * time.Millisecond

// errTooLong says that data do not fit into a frame.
var errTooLong = errors.New("znp: data are longer than 250 bytes")

// Frame is one MT frame.
type Frame struct {
	Command Command
	Data    []byte // at most MaxData bytes
}

// Append writes the frame behind b. Data that are too long are cut; see
// errTooLong for those who must know before.
func (f Frame) Append(b []byte) []byte {
	d := f.Data[:min(len(f.Data), MaxData)]
	start := len(b)
	b = append(b, sof, byte(len(d)), byte(f.Command>>8), byte(f.Command))
	b = append(b, d...)
	return append(b, fcs(b[start+1:]))
}

// fcs is every byte from the length on, exclusive-or.
func fcs(b []byte) byte {
	var sum byte
	for _, v := range b {
		sum ^= v
	}
	return sum
}

// Kind is what a Decoder found.
type Kind byte

// Kinds.
const (
	None   Kind = iota // nothing yet: more bytes are needed
	Whole              // a frame
	BadFCS             // what looked like a frame was none; what is in it is looked at again
	Noise              // bytes that belong to no frame
	Half               // a frame that took too long; what is in it is looked at again
)

// Decoder finds frames in a stream of bytes. A stick does not send a frame
// again, so a byte that only looked like a SOF must not cost the frame behind
// it: after a bad FCS the search goes on one byte later. The zero Decoder is
// ready.
type Decoder struct {
	room  []byte // what buf is a part of, kept so that a steady stream allocates nothing
	buf   []byte
	began time.Time // of the frame that buf begins with
}

// Feed takes bytes as they came.
func (d *Decoder) Feed(now time.Time, b []byte) {
	if len(d.buf) == 0 {
		d.began = now
	}
	if len(d.buf) == 0 {
		d.buf = d.room[:0]
	}
	d.buf = append(d.buf, b...)
	if cap(d.buf) > cap(d.room) {
		d.room = d.buf[:0]
	}
}

// Next is what comes next in the bytes. Call it until it finds None. The data
// of a frame are valid until the next Feed.
func (d *Decoder) Next(now time.Time) (Frame, Kind) {
	noise := 0
	for noise < len(d.buf) && (d.buf[noise] != sof || noise+1 < len(d.buf) && d.buf[noise+1] > MaxData) {
		noise++
	}
	if noise > 0 {
		d.drop(now, noise)
		return Frame{}, Noise
	}
	if len(d.buf) < 2 || len(d.buf) < int(d.buf[1])+overhead {
		if len(d.buf) > 0 && now.Sub(d.began) >= HalfTime {
			d.drop(now, 1)
			return Frame{}, Half
		}
		return Frame{}, None
	}
	n := int(d.buf[1]) + overhead
	whole := d.buf[:n:n]
	if fcs(whole[1:]) != 0 {
		d.drop(now, 1)
		return Frame{}, BadFCS
	}
	d.drop(now, n)
	return Frame{Command: Command(whole[2])<<8 | Command(whole[3]), Data: whole[4 : n-1]}, Whole
}

func (d *Decoder) drop(now time.Time, n int) {
	d.buf = d.buf[n:]
	d.began = now
}

// Deadline is when Next must be called although nothing came; false: never.
func (d *Decoder) Deadline() (time.Time, bool) { return d.began.Add(HalfTime), len(d.buf) > 0 }
