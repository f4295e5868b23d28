package keyframe

import (
	"errors"
	"fmt"
	"image"
)

// Types of NAL units (table 7-1).
const (
	unitSlice     = 1
	unitPartition = 2
	unitIDR       = 5
	unitSequence  = 7
	unitPicture   = 8
)

// ErrNeedsOthers is what a picture is refused with that does not stand alone.
var ErrNeedsOthers = errors.New("the picture needs others")

// Decoder decodes pictures of one stream. It belongs to one goroutine.
type Decoder struct {
	sequences [32]*sequence
	pictures  [256]*pictureSet
	full      bool

	frame  frame
	walk   walk
	buffer []byte // of payloads
}

// Decode decodes the picture of an access unit: its NAL units, without start codes or
// lengths (see Split). Parameter sets may be among them, or have been among units
// before; a call with nothing else returns no picture and no error.
//
// The picture is what the standard says of it, cropped. It takes the memory of into,
// if that is large enough; into may be nil. After an error what it held is lost.
func (d *Decoder) Decode(units [][]byte, into *image.YCbCr) (*image.YCbCr, error) {
	f := &d.frame
	f.begin()
	defer f.end()
	for _, u := range units {
		if len(u) < 2 {
			continue
		}
		var err error
		switch kind := u[0] & 0x1f; kind {
		case unitSequence:
			err = d.learnSequence(u)
		case unitPicture:
			err = d.learnPicture(u)
		case unitSlice, unitIDR:
			err = d.slice(u, into)
		case unitPartition, unitPartition + 1, unitPartition + 2:
			err = errors.New("data partitions are not decoded")
		}
		if err != nil {
			return nil, fmt.Errorf("keyframe: %w", err)
		}
	}
	if f.sequence == nil {
		return nil, nil
	}
	if f.missing > 0 {
		return nil, fmt.Errorf("keyframe: %d of the picture's %d macroblocks are missing", f.missing, f.wide*f.high)
	}
	f.deblock()
	d.full = f.sequence.full
	return f.image(), nil
}

// Full tells whether brightness of the last picture goes from 0 to 255, as in JPEG,
// and not from 16 to 235. See Widen.
func (d *Decoder) Full() bool { return d.full }

// learnSequence keeps a parameter set. Most streams send the same one again and
// again.
func (d *Decoder) learnSequence(u []byte) error {
	d.buffer = payload(d.buffer[:0], u)
	r := newReader(d.buffer)
	id, s, err := parseSequence(&r)
	if err != nil {
		return fmt.Errorf("sequence parameter set: %w", err)
	}
	d.sequences[id] = s
	return nil
}

func (d *Decoder) learnPicture(u []byte) error {
	d.buffer = payload(d.buffer[:0], u)
	r := newReader(d.buffer)
	id, p, err := parsePictureSet(&r)
	if err != nil {
		return fmt.Errorf("picture parameter set: %w", err)
	}
	d.pictures[id] = p
	return nil
}

// slice decodes one slice into the frame.
func (d *Decoder) slice(u []byte, into *image.YCbCr) error {
	d.buffer = payload(d.buffer[:0], u)
	r := newReader(d.buffer)
	h, err := d.parseHeader(&r, u[0])
	if err != nil {
		return fmt.Errorf("slice header: %w", err)
	}
	if h.redundant {
		return nil
	}
	f := &d.frame
	if f.sequence == nil {
		f.open(h.sequence, into)
	} else if f.sequence != h.sequence {
		return errors.New("slices of one picture have different sequence parameter sets")
	}
	number, err := f.add(h)
	if err != nil {
		return err
	}
	if err := d.walk.decode(&r, f, h, number); err != nil {
		return fmt.Errorf("slice %d: %w", number, err)
	}
	return nil
}
