package keyframe

import (
	"errors"
	"fmt"
)

// header is what a slice says before its macroblocks (§7.3.3).
type header struct {
	sequence  *sequence
	set       *pictureSet
	first     int // macroblock
	redundant bool
	qp        int
	deblock   deblocking
}

// deblocking is how a slice wants the edges of its macroblocks (§7.4.3).
type deblocking struct {
	off    bool
	inside bool // edges to other slices are left alone
	alpha  int  // FilterOffsetA
	beta   int  // FilterOffsetB
	chroma [2]int
}

// Types of slices (table 7-6), by five.
const (
	sliceI  = 2
	sliceSI = 4
)

func (d *Decoder) parseHeader(r *reader, unit byte) (*header, error) {
	first := r.ue()
	kind := r.ue()
	switch {
	case kind > 9:
		return nil, fmt.Errorf("slice_type is %d", kind)
	case kind%5 == sliceSI:
		return nil, errors.New("SI slices are not decoded")
	case kind%5 != sliceI:
		return nil, ErrNeedsOthers
	}
	h := &header{}
	n := r.ue()
	if n > 255 || d.pictures[n] == nil {
		return nil, fmt.Errorf("picture parameter set %d was not there", n)
	}
	h.set = d.pictures[n]
	if h.sequence = d.sequences[h.set.sequence]; h.sequence == nil {
		return nil, fmt.Errorf("sequence parameter set %d was not there", h.set.sequence)
	}
	s := h.sequence
	if first >= uint32(s.wide*s.high) {
		return nil, fmt.Errorf("its first macroblock is %d of %d", uint64(first)+1, s.wide*s.high)
	}
	h.first = int(first)
	r.bits(s.frameNumBits)
	if !s.framesOnly && r.flag() {
		return nil, errors.New("fields are not decoded, only whole frames")
	}
	if s.mixedFrames {
		return nil, errors.New("frames with field macroblocks (MBAFF) are not decoded")
	}
	if unit&0x1f == unitIDR {
		r.ue() // idr_pic_id
	}
	switch {
	case s.orderType == 0:
		r.bits(s.orderBits)
		if h.set.bottomOrder {
			r.se()
		}
	case s.orderType == 1 && !s.orderAlwaysZero:
		r.se()
		if h.set.bottomOrder {
			r.se()
		}
	}
	if h.set.redundant {
		h.redundant = r.ue() > 0
	}
	if unit&0x60 != 0 {
		if err := skipMarking(r, unit&0x1f == unitIDR); err != nil {
			return nil, err
		}
	}
	h.qp = h.set.qp + int(r.se())
	if h.qp < 0 || h.qp > 51 {
		return nil, fmt.Errorf("quantiser %d", h.qp)
	}
	if err := h.parseDeblocking(r); err != nil {
		return nil, err
	}
	if r.over() {
		return nil, errCut
	}
	return h, nil
}

// skipMarking steps over which pictures are kept for others (§7.3.3.3).
func skipMarking(r *reader, idr bool) error {
	if idr {
		r.bits(2)
		return nil
	}
	if !r.flag() {
		return nil
	}
	for !r.over() {
		switch op := r.ue(); op {
		case 0:
			return nil
		case 1, 2, 4, 6:
			r.ue()
		case 3:
			r.ue()
			r.ue()
		case 5:
		default:
			return fmt.Errorf("memory_management_control_operation is %d", op)
		}
	}
	return errCut
}

func (h *header) parseDeblocking(r *reader) error {
	h.deblock.chroma = h.set.chromaOffset
	if !h.set.deblockControl {
		return nil
	}
	idc := r.ue()
	if idc > 2 {
		return fmt.Errorf("disable_deblocking_filter_idc is %d", idc)
	}
	h.deblock.off, h.deblock.inside = idc == 1, idc == 2
	if h.deblock.off {
		return nil
	}
	alpha, beta := r.se(), r.se()
	if alpha < -6 || alpha > 6 || beta < -6 || beta > 6 {
		return fmt.Errorf("deblocking offsets %d and %d", alpha, beta)
	}
	h.deblock.alpha, h.deblock.beta = 2*int(alpha), 2*int(beta)
	return nil
}
