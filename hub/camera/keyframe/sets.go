package keyframe

import (
	"errors"
	"fmt"
)

// sequence is what a sequence parameter set says (§7.3.2.1.1).
type sequence struct {
	profile, level  int
	wide, high      int // in macroblocks
	left, right     int // of which is cut off, in samples of brightness
	top, bottom     int
	frameNumBits    int
	orderType       int
	orderBits       int
	orderAlwaysZero bool
	framesOnly      bool
	mixedFrames     bool // frames of which macroblocks may be fields (MBAFF)
	lossless        bool // what has the finest quantiser is coded without a transform
	full            bool // brightness is 0 to 255, not 16 to 235
	matrix          bool
	lists           lists
}

// picture is what a picture parameter set says (§7.3.2.2).
type pictureSet struct {
	sequence       int
	cabac          bool
	bottomOrder    bool
	qp             int
	chromaOffset   [2]int // of Cb, Cr
	deblockControl bool
	redundant      bool
	transform8     bool
	matrix         bool
	lists          lists
}

// Sizes of pictures.
const (
	maxSide  = 4096 / 16
	anyLevel = 8192 // macroblocks that a picture may always have: those of level 4
)

// levelSizes is MaxFS, in macroblocks (table A-1).
var levelSizes = []struct{ level, size int }{
	{40, 8192}, {41, 8192}, {42, 8704}, {50, 22080}, {51, 36864}, {52, 36864}, {60, 139264}, {61, 139264}, {62, 139264},
}

// high says whether a profile's parameter sets have what High brought (§7.3.2.1.1).
func high(profile int) bool {
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		return true
	}
	return false
}

var errCut = errors.New("cut short")

func parseSequence(r *reader) (id int, s *sequence, err error) {
	s = &sequence{profile: int(r.bits(8))}
	r.bits(8) // constraints
	s.level = int(r.bits(8))
	n := r.ue()
	if n > 31 {
		return 0, nil, fmt.Errorf("its number is %d", n)
	}
	id = int(n)
	if high(s.profile) {
		if format := r.ue(); format != 1 {
			names := []string{"grey", "", "4:2:2", "4:4:4"}
			return 0, nil, fmt.Errorf("chroma format %d (%s): only 4:2:0 is decoded", format, names[min(format, 3)])
		}
		if l, c := r.ue(), r.ue(); l != 0 || c != 0 {
			return 0, nil, fmt.Errorf("%d bits: only 8 are decoded", 8+max(l, c))
		}
		s.lossless = r.flag()
		if s.matrix = r.flag(); s.matrix {
			if err := s.lists.parse(r, 8); err != nil {
				return 0, nil, err
			}
		}
	}
	if err := s.parseOrder(r); err != nil {
		return 0, nil, err
	}
	r.ue()   // max_num_ref_frames
	r.flag() // gaps_in_frame_num_value_allowed_flag
	wide, units := r.ue(), r.ue()
	if s.framesOnly = r.flag(); !s.framesOnly {
		s.mixedFrames = r.flag()
		if units < maxSide {
			units = 2*units + 1
		}
	}
	if wide >= maxSide || units >= maxSide {
		return 0, nil, fmt.Errorf("pictures of %d × %d macroblocks: at most %d × %d are decoded", uint64(wide)+1, uint64(units)+1, maxSide, maxSide)
	}
	s.wide, s.high = int(wide)+1, int(units)+1
	if err := s.checkLevel(); err != nil {
		return 0, nil, err
	}
	r.flag() // direct_8x8_inference_flag
	if r.flag() {
		if err := s.parseCrop(r); err != nil {
			return 0, nil, err
		}
	}
	if r.flag() {
		s.full = parseRange(r)
	}
	if r.over() {
		return 0, nil, errCut
	}
	return id, s, nil
}

// parseOrder reads how the order of pictures is told. Here it is only stepped over.
func (s *sequence) parseOrder(r *reader) error {
	n := r.ue() // log2_max_frame_num_minus4
	if n > 12 {
		return fmt.Errorf("%d bits of frame_num", uint64(n)+4)
	}
	s.frameNumBits = int(n) + 4
	switch kind := r.ue(); kind {
	case 0:
		n := r.ue()
		if n > 12 {
			return fmt.Errorf("%d bits of pic_order_cnt_lsb", uint64(n)+4)
		}
		s.orderBits = int(n) + 4
	case 1:
		s.orderType = 1
		s.orderAlwaysZero = r.flag()
		r.se()
		r.se()
		cycle := r.ue()
		if cycle > 255 {
			return fmt.Errorf("a cycle of %d reference frames", cycle)
		}
		for range cycle {
			r.se()
		}
	case 2:
		s.orderType = 2
	default:
		return fmt.Errorf("pic_order_cnt_type is %d", kind)
	}
	return nil
}

func (s *sequence) checkLevel() error {
	allowed := anyLevel
	for _, l := range levelSizes {
		if s.level >= l.level {
			allowed = l.size
		}
	}
	if s.wide*s.high > allowed {
		return fmt.Errorf("pictures of %d × %d macroblocks: level %d.%d has %d at most", s.wide, s.high, s.level/10, s.level%10, allowed)
	}
	return nil
}

// parseCrop reads how much is cut off, in units of two samples, or four lines where
// fields are possible (§7.4.2.1.1).
func (s *sequence) parseCrop(r *reader) error {
	unitY := 4
	if s.framesOnly {
		unitY = 2
	}
	for _, c := range []struct {
		to   *int
		unit int
	}{{&s.left, 2}, {&s.right, 2}, {&s.top, unitY}, {&s.bottom, unitY}} {
		n := r.ue()
		if n > 16*maxSide {
			return fmt.Errorf("%d samples cut off", uint64(n)*uint64(c.unit))
		}
		*c.to = int(n) * c.unit
	}
	if s.left+s.right >= 16*s.wide || s.top+s.bottom >= 16*s.high {
		return errors.New("nothing is left of the picture when its edges are cut off")
	}
	return nil
}

// parseRange reads of the VUI (§E.1.1) whether brightness is 0 to 255.
func parseRange(r *reader) bool {
	const extended = 255
	if r.flag() && r.bits(8) == extended {
		r.bits(32)
	}
	if r.flag() {
		r.flag() // overscan_appropriate_flag
	}
	if !r.flag() {
		return false
	}
	r.bits(3) // video_format
	return r.flag()
}

func parsePictureSet(r *reader) (id int, p *pictureSet, err error) {
	p = &pictureSet{}
	n, seq := r.ue(), r.ue()
	if n > 255 || seq > 31 {
		return 0, nil, fmt.Errorf("its number is %d, of sequence %d", n, seq)
	}
	id, p.sequence = int(n), int(seq)
	p.cabac = r.flag()
	p.bottomOrder = r.flag()
	if groups := r.ue(); groups != 0 {
		return 0, nil, fmt.Errorf("%d slice groups: pictures of one are decoded", uint64(groups)+1)
	}
	r.ue() // num_ref_idx_l0_default_active_minus1
	r.ue()
	r.bits(3) // weighted prediction
	qp := r.se()
	r.se() // pic_init_qs_minus26
	offset := r.se()
	if qp < -26 || qp > 25 || offset < -12 || offset > 12 {
		return 0, nil, fmt.Errorf("quantiser %d, and %d for chroma", qp, offset)
	}
	p.qp = 26 + int(qp)
	p.chromaOffset = [2]int{int(offset), int(offset)}
	p.deblockControl = r.flag()
	r.flag() // constrained_intra_pred_flag: here all neighbours are intra
	p.redundant = r.flag()
	if r.more() {
		p.transform8 = r.flag()
		if p.matrix = r.flag(); p.matrix {
			n := 6
			if p.transform8 {
				n = 8
			}
			if err := p.lists.parse(r, n); err != nil {
				return 0, nil, err
			}
		}
		offset := r.se()
		if offset < -12 || offset > 12 {
			return 0, nil, fmt.Errorf("quantiser of Cr is %d", offset)
		}
		p.chromaOffset[1] = int(offset)
	}
	if r.over() {
		return 0, nil, errCut
	}
	return id, p, nil
}
