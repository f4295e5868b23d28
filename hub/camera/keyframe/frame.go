package keyframe

import (
	"errors"
	"image"
)

// frame is the picture that is being decoded.
type frame struct {
	sequence *sequence // nil: no slice was there
	wide     int       // in macroblocks
	high     int
	missing  int // macroblocks
	planes   [3]plane
	blocks   []block
	slices   []deblocking
	scales   scales
	scaled   struct { // by which sets scales was made
		sequence *sequence
		set      *pictureSet
	}
}

// plane is one colour of it.
type plane struct {
	pix    []byte
	stride int
}

// block is what is known of a macroblock until the whole picture is there.
type block struct {
	slice uint16 // its number, from 1; 0: it is not there yet
	qp    uint8
	fine  bool // its transforms are 4×4
}

// maxSlices of a picture; macroblocks hold the number of theirs.
const maxSlices = 1<<16 - 1

func (f *frame) begin() {
	f.sequence, f.slices = nil, f.slices[:0]
}

// end lets go of the picture, which is the caller's now.
func (f *frame) end() { f.planes = [3]plane{} }

// open takes memory for a picture: into's, where that is enough.
func (f *frame) open(s *sequence, into *image.YCbCr) {
	f.sequence, f.wide, f.high = s, s.wide, s.high
	f.missing = s.wide * s.high
	if cap(f.blocks) < f.missing {
		f.blocks = make([]block, f.missing)
	}
	f.blocks = f.blocks[:f.missing]
	clear(f.blocks)
	var have [3][]byte
	if into != nil {
		have = [3][]byte{into.Y, into.Cb, into.Cr}
	}
	for i := range f.planes {
		side := 16
		if i > 0 {
			side = 8
		}
		n := f.missing * side * side
		if cap(have[i]) < n {
			have[i] = make([]byte, n)
		}
		f.planes[i] = plane{have[i][:n], s.wide * side}
	}
}

// add begins a slice.
func (f *frame) add(h *header) (number int, err error) {
	if len(f.slices) == maxSlices {
		return 0, errors.New("more slices than are decoded")
	}
	f.slices = append(f.slices, h.deblock)
	if f.scaled.sequence != h.sequence || f.scaled.set != h.set {
		f.scales.set(inForce(h.sequence, h.set))
		f.scaled.sequence, f.scaled.set = h.sequence, h.set
	}
	return len(f.slices), nil
}

// image is the picture without what is cut off.
func (f *frame) image() *image.YCbCr {
	s := f.sequence
	y, cb, cr := f.planes[0], f.planes[1], f.planes[2]
	chroma := s.top/2*cb.stride + s.left/2
	return &image.YCbCr{
		Y: y.pix[s.top*y.stride+s.left:], Cb: cb.pix[chroma:], Cr: cr.pix[chroma:],
		YStride: y.stride, CStride: cb.stride, SubsampleRatio: image.YCbCrSubsampleRatio420,
		Rect: image.Rect(0, 0, 16*s.wide-s.left-s.right, 16*s.high-s.top-s.bottom),
	}
}
