package camsim

import "math/bits"

// picture is an uncompressed one, 4:2:0, of whole macroblocks.
type picture struct {
	wide, high int // in macroblocks of 16×16
	y, u, v    []byte
}

func newPicture(wide, high int) *picture {
	n := wide * high * 256
	return &picture{wide, high, make([]byte, n), make([]byte, n/4), make([]byte, n/4)}
}

func (p *picture) clone() *picture {
	return &picture{p.wide, p.high, append([]byte(nil), p.y...), append([]byte(nil), p.u...), append([]byte(nil), p.v...)}
}

// colour is in BT.601's terms: 16 to 235 is black to white, 128 is no colour.
type colour struct{ y, u, v byte }

// fill paints a rectangle, in pixels; what lies outside is cut off. Odd edges take
// their colour from the pair they lie in.
func (p *picture) fill(x, y, w, h int, c colour) {
	paint := func(plane []byte, stride, rows, x, y, w, h int, value byte) {
		for r := max(y, 0); r < min(y+h, rows); r++ {
			for i := max(x, 0); i < min(x+w, stride); i++ {
				plane[r*stride+i] = value
			}
		}
	}
	paint(p.y, p.wide*16, p.high*16, x, y, w, h, c.y)
	paint(p.u, p.wide*8, p.high*8, x/2, y/2, w/2, h/2, c.u)
	paint(p.v, p.wide*8, p.high*8, x/2, y/2, w/2, h/2, c.v)
}

// writer writes the bits of a NAL unit (Rec. ITU-T H.264 §7.3.1, §9.1).
type writer struct {
	b    []byte
	last uint // bits used of the last byte, 0: all
}

func (w *writer) bits(n uint, v uint32) {
	for i := n; i > 0; i-- {
		if w.last == 0 {
			w.b = append(w.b, 0)
		}
		w.b[len(w.b)-1] |= byte(v>>(i-1)&1) << (7 - w.last)
		w.last = (w.last + 1) % 8
	}
}

// ue is an unsigned Exp-Golomb code.
func (w *writer) ue(v uint32) {
	n := uint(bits.Len32(v+1)) - 1
	w.bits(n, 0)
	w.bits(n+1, v+1)
}

// align fills the byte with zeros.
func (w *writer) align() { w.last = 0 }

// unit ends a NAL unit and puts its header and emulation prevention in (§7.4.1).
func (w *writer) unit(header byte) []byte {
	w.bits(1, 1)
	out := []byte{header}
	zeros := 0
	for _, b := range w.b {
		if zeros == 2 && b <= 3 {
			out = append(out, 3)
			zeros = 0
		}
		out = append(out, b)
		if zeros++; b != 0 {
			zeros = 0
		}
	}
	return out
}

// Headers of NAL units: what may refer to them, and their type (table 7-1).
const (
	unitSPS   = 3<<5 | 7
	unitPPS   = 3<<5 | 8
	unitIDR   = 3<<5 | 5
	unitSlice = 2<<5 | 1
)

// frameNumBits is log2_max_frame_num.
const frameNumBits = 8

// sets are the parameter sets: Constrained Baseline, level 3.1, pictures shown in the
// order of decoding.
func sets(wide, high int) (sps, pps []byte) {
	var s writer
	s.bits(8, 66)
	s.bits(8, 0xc0) // constraint_set0_flag, constraint_set1_flag
	s.bits(8, 31)
	s.ue(0) // seq_parameter_set_id
	s.ue(frameNumBits - 4)
	s.ue(2) // pic_order_cnt_type
	s.ue(1) // max_num_ref_frames
	s.bits(1, 0)
	s.ue(uint32(wide - 1))
	s.ue(uint32(high - 1))
	s.bits(1, 1) // frame_mbs_only_flag
	s.bits(1, 1) // direct_8x8_inference_flag
	s.bits(1, 0) // frame_cropping_flag
	s.bits(1, 0) // vui_parameters_present_flag

	var p writer
	p.ue(0)      // pic_parameter_set_id
	p.ue(0)      // seq_parameter_set_id
	p.bits(1, 0) // entropy_coding_mode_flag: CAVLC
	p.bits(1, 0)
	p.ue(0)      // num_slice_groups_minus1
	p.ue(0)      // num_ref_idx_l0_default_active_minus1
	p.ue(0)      //
	p.bits(1, 0) // weighted_pred_flag
	p.bits(2, 0)
	p.ue(0)      // pic_init_qp_minus26
	p.ue(0)      //
	p.ue(0)      // chroma_qp_index_offset
	p.bits(1, 1) // deblocking_filter_control_present_flag
	p.bits(1, 0)
	p.bits(1, 0)
	return s.unit(unitSPS), p.unit(unitPPS)
}

// kind is how a macroblock was coded.
type kind byte

const (
	skipped   kind = iota // as in the picture before
	predicted             // from the macroblocks beside it, nothing else
	raw                   // all its samples
)

// painter codes pictures without loss. A macroblock that is as before is skipped, one
// that its neighbours foretell exactly is predicted, and any other is sent as it is
// (I_PCM): small as long as a scene is made of flat colours.
type painter struct {
	before *picture // nil: the next stands alone
	num    uint32   // frame_num
	id     uint32   // idr_pic_id
}

// code codes a picture. key makes it stand alone.
func (e *painter) code(p *picture, key bool) []byte {
	var w writer
	w.ue(0) // first_mb_in_slice
	if key {
		e.num = 0
		w.ue(7) // slice_type: I, as all of the picture
		w.ue(0)
		w.bits(frameNumBits, 0)
		w.ue(e.id)
		e.id ^= 1
		w.bits(2, 0) // no_output_of_prior_pics_flag, long_term_reference_flag
	} else {
		e.num = (e.num + 1) % (1 << frameNumBits)
		w.ue(5) // P
		w.ue(0)
		w.bits(frameNumBits, e.num)
		w.bits(1, 0) // num_ref_idx_active_override_flag
		w.bits(1, 0) // ref_pic_list_modification_flag_l0
		w.bits(1, 0) // adaptive_ref_pic_marking_mode_flag
	}
	w.ue(0) // slice_qp_delta
	w.ue(1) // disable_deblocking_filter_idc: nothing may be changed
	e.blocks(&w, p, key)
	e.before = p
	if key {
		return w.unit(unitIDR)
	}
	return w.unit(unitSlice)
}

func (e *painter) blocks(w *writer, p *picture, key bool) {
	if !key && p == e.before { // which nobody paints on any more
		w.ue(uint32(p.wide * p.high)) // mb_skip_run
		return
	}
	kinds := make([]kind, p.wide*p.high)
	run := uint32(0)
	intra := uint32(0) // where the I types begin
	if !key {
		intra = 5
	}
	for i := range kinds {
		x, y := i%p.wide, i/p.wide
		if !key && p.equals(e.before, x, y) {
			run++
			continue
		}
		if !key {
			w.ue(run)
			run = 0
		}
		luma, chroma, ok := p.foretold(x, y)
		if !ok {
			kinds[i] = raw
			w.ue(intra + 25)
			w.align()
			p.each(x, y, func(row []byte) { w.b = append(w.b, row...) })
			continue
		}
		kinds[i] = predicted
		w.ue(intra + 1 + luma) // I_16x16_<luma>_0_0
		w.ue(chroma)
		w.ue(0) // mb_qp_delta
		noCoefficients(w, neighbours(kinds, p.wide, x, y))
	}
	if run > 0 {
		w.ue(run)
	}
}

// neighbours is nC of §9.2.1: how many coefficients the blocks beside have.
func neighbours(kinds []kind, wide, x, y int) int {
	count := func(k kind) int {
		if k == raw {
			return 16
		}
		return 0
	}
	i := y*wide + x
	switch {
	case x > 0 && y > 0:
		return (count(kinds[i-1]) + count(kinds[i-wide]) + 1) / 2
	case x > 0:
		return count(kinds[i-1])
	case y > 0:
		return count(kinds[i-wide])
	default:
		return 0
	}
}

// noCoefficients is coeff_token of a block without any (table 9-5).
func noCoefficients(w *writer, nC int) {
	switch {
	case nC < 2:
		w.bits(1, 1)
	case nC < 4:
		w.bits(2, 0b11)
	case nC < 8:
		w.bits(4, 0b1111)
	default:
		w.bits(6, 0b000011)
	}
}

// each calls row with the rows of a macroblock in the order of I_PCM: Y, Cb, Cr.
func (p *picture) each(x, y int, row func([]byte)) {
	for r := range 16 {
		at := ((y*16+r)*p.wide + x) * 16
		row(p.y[at : at+16])
	}
	for _, plane := range [][]byte{p.u, p.v} {
		for r := range 8 {
			at := ((y*8+r)*p.wide + x) * 8
			row(plane[at : at+8])
		}
	}
}

func (p *picture) equals(o *picture, x, y int) bool {
	same := true
	compare := func(a, b []byte) { same = same && string(a) == string(b) }
	for r := range 16 {
		at := ((y*16+r)*p.wide + x) * 16
		compare(p.y[at:at+16], o.y[at:at+16])
	}
	for r := range 8 {
		at := ((y*8+r)*p.wide + x) * 8
		compare(p.u[at:at+8], o.u[at:at+8])
		compare(p.v[at:at+8], o.v[at:at+8])
	}
	return same
}

// foretold finds the ways of prediction that make the macroblock exactly what it is:
// Intra16x16PredMode (table 8-4) and intra_chroma_pred_mode (table 8-5).
func (p *picture) foretold(x, y int) (luma, chroma uint32, ok bool) {
	l := foretell(p.y, p.wide*16, x, y, 16)
	u, v := foretell(p.u, p.wide*8, x, y, 8), foretell(p.v, p.wide*8, x, y, 8)
	c := ways{u.vertical && v.vertical, u.horizontal && v.horizontal, u.mean && v.mean}
	switch {
	case l.vertical:
		luma = 0
	case l.horizontal:
		luma = 1
	case l.mean:
		luma = 2
	default:
		return 0, 0, false
	}
	switch {
	case c.mean:
		chroma = 0
	case c.horizontal:
		chroma = 1
	case c.vertical:
		chroma = 2
	default:
		return 0, 0, false
	}
	return luma, chroma, true
}

type ways struct{ vertical, horizontal, mean bool }

func foretell(plane []byte, stride, x, y, size int) ways {
	at := func(r, i int) byte { return plane[(y*size+r)*stride+x*size+i] }
	w := ways{vertical: y > 0, horizontal: x > 0, mean: true}
	flat := byte(128) // what the mean of nothing is
	switch {
	case y > 0:
		flat = at(-1, 0)
	case x > 0:
		flat = at(0, -1)
	}
	for k := range size { // the mean of samples that are all the same is certain
		w.mean = w.mean && (y == 0 || at(-1, k) == flat) && (x == 0 || at(k, -1) == flat)
	}
	for r := range size {
		for i := range size {
			s := at(r, i)
			w.vertical = w.vertical && s == at(-1, i)
			w.horizontal = w.horizontal && s == at(r, -1)
			w.mean = w.mean && s == flat
		}
	}
	return w
}
