package keyframe

import (
	"encoding/binary"
	"math/bits"
)

// deblock smooths the edges of all macroblocks (§8.7). In pictures of I slices the
// strength of an edge is 4 between macroblocks and 3 inside them (§8.7.2.1).
func (f *frame) deblock() {
	for at, b := range f.blocks {
		if s := &f.slices[b.slice-1]; !s.off {
			f.deblockOne(at, b, s)
		}
	}
}

func (f *frame) deblockOne(at int, b block, s *deblocking) {
	x, y := at%f.wide, at/f.wide
	mine := func(at int) bool { return !s.inside || f.blocks[at].slice == b.slice }
	left, up := x > 0 && mine(at-1), y > 0 && mine(at-f.wide)
	luma := f.planes[0]
	corner := y*16*luma.stride + x*16
	inner := s.thresholds(int(b.qp), int(b.qp))
	step := 8
	if b.fine {
		step = 4
	}
	if left {
		outer := s.thresholds(int(b.qp), int(f.blocks[at-1].qp))
		outer.strongLeft(luma.pix, corner, luma.stride)
	}
	for i := step; i < 16; i += step {
		inner.left(luma.pix, corner+i, luma.stride)
	}
	if up {
		outer := s.thresholds(int(b.qp), int(f.blocks[at-f.wide].qp))
		outer.strongUp(luma.pix, corner, luma.stride)
	}
	for i := step; i < 16; i += step {
		inner.up(luma.pix, corner+i*luma.stride, luma.stride)
	}
	for c := range 2 {
		p := f.planes[1+c]
		corner := y*8*p.stride + x*8
		quantiser := func(qp uint8) int { return chromaQuantiser(int(qp) + s.chroma[c]) }
		qp := quantiser(b.qp)
		inner := s.thresholds(qp, qp)
		if left {
			outer := s.thresholds(qp, quantiser(f.blocks[at-1].qp))
			outer.strongChroma(p.pix, corner, 1, p.stride)
		}
		inner.chroma(p.pix, corner+4, 1, p.stride)
		if up {
			outer := s.thresholds(qp, quantiser(f.blocks[at-f.wide].qp))
			outer.strongChroma(p.pix, corner, p.stride, 1)
		}
		inner.chroma(p.pix, corner+4*p.stride, p.stride, 1)
	}
}

// thresholds say which edges are an artefact of coding and how far they are smoothed:
// none if alpha or beta is 0.
type thresholds struct{ alpha, beta, clip int32 }

func (t *thresholds) none() bool { return t.alpha == 0 || t.beta == 0 }

// thresholds are those between blocks of two quantisers (§8.7.2.2).
func (s *deblocking) thresholds(p, q int) thresholds {
	mean := (p + q + 1) >> 1
	a, b := min(max(mean+s.alpha, 0), 51), min(max(mean+s.beta, 0), 51)
	return thresholds{int32(alphas[a]), int32(betas[b]), int32(clips[a])}
}

// alphas, betas and clips are α′, β′ (table 8-16), and t′C0 for strength 3 (table 8-17).
var (
	alphas = [52]uint8{
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 5, 6, 7, 8, 9, 10, 12, 13,
		15, 17, 20, 22, 25, 28, 32, 36, 40, 45, 50, 56, 63, 71, 80, 90, 101, 113, 127, 144, 162, 182, 203, 226, 255, 255,
	}
	betas = [52]uint8{
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4,
		6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18,
	}
	clips = [52]uint8{
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 13, 14, 16, 18, 20, 23, 25,
	}
)

// near tells whether two samples differ by less than most, which is not 0.
func near(a, b, most int32) bool { return uint32(a-b+most-1) < uint32(2*most-1) }

// smooth tells whether an edge is smoothed between these samples (§8.7.2.3).
func (t *thresholds) smooth(p1, p0, q0, q1 int32) bool {
	return near(p0, q0, t.alpha) && near(p1, p0, t.beta) && near(q1, q0, t.beta)
}

// even tells whether eight samples are the same: no filter changes them.
func even(l []byte) bool {
	v := binary.LittleEndian.Uint64(l)
	return v == bits.RotateLeft64(v, 8)
}

// left smooths a vertical edge inside a macroblock.
func (t *thresholds) left(pix []byte, at, stride int) {
	if t.none() {
		return
	}
	for range 16 {
		l := pix[at-4 : at+4 : at+4]
		at += stride
		if even(l) {
			continue
		}
		p1, p0, q0, q1 := int32(l[2]), int32(l[3]), int32(l[4]), int32(l[5])
		if t.smooth(p1, p0, q0, q1) {
			l[2], l[3], l[4], l[5] = t.weak(int32(l[1]), p1, p0, q0, q1, int32(l[6]))
		}
	}
}

// up smooths a horizontal one.
func (t *thresholds) up(pix []byte, at, stride int) {
	if t.none() {
		return
	}
	const n = 16
	l2, l1, l0 := pix[at-3*stride:][:n], pix[at-2*stride:][:n], pix[at-stride:][:n]
	m0, m1, m2 := pix[at:][:n], pix[at+stride:][:n], pix[at+2*stride:][:n]
	for i := range n {
		p1, p0, q0, q1 := int32(l1[i]), int32(l0[i]), int32(m0[i]), int32(m1[i])
		if t.smooth(p1, p0, q0, q1) {
			l1[i], l0[i], m0[i], m1[i] = t.weak(int32(l2[i]), p1, p0, q0, q1, int32(m2[i]))
		}
	}
}

// weak is the filter for strengths below 4 (§8.7.2.4).
func (t *thresholds) weak(p2, p1, p0, q0, q1, q2 int32) (uint8, uint8, uint8, uint8) {
	most := t.clip
	a, b := p1, q1
	if near(p2, p0, t.beta) {
		most++
		a += limit((p2+(p0+q0+1)>>1-2*p1)>>1, t.clip)
	}
	if near(q2, q0, t.beta) {
		most++
		b += limit((q2+(p0+q0+1)>>1-2*q1)>>1, t.clip)
	}
	delta := limit(((q0-p0)<<2+p1-q1+4)>>3, most)
	return uint8(a), clip(p0 + delta), clip(q0 - delta), uint8(b)
}

func limit(v, most int32) int32 { return min(max(v, -most), most) }

// strongLeft smooths the edge to the macroblock on the left.
func (t *thresholds) strongLeft(pix []byte, at, stride int) {
	if t.none() {
		return
	}
	for range 16 {
		l := pix[at-4 : at+4 : at+4]
		at += stride
		if even(l) {
			continue
		}
		p1, p0, q0, q1 := int32(l[2]), int32(l[3]), int32(l[4]), int32(l[5])
		if t.smooth(p1, p0, q0, q1) {
			alike := near(p0, q0, t.alpha>>2+2)
			l[1], l[2], l[3] = t.strong(alike, int32(l[0]), int32(l[1]), p1, p0, q0, q1)
			l[6], l[5], l[4] = t.strong(alike, int32(l[7]), int32(l[6]), q1, q0, p0, p1)
		}
	}
}

// strongUp smooths the edge to the one above.
func (t *thresholds) strongUp(pix []byte, at, stride int) {
	if t.none() {
		return
	}
	const n = 16
	l3, l2, l1, l0 := pix[at-4*stride:][:n], pix[at-3*stride:][:n], pix[at-2*stride:][:n], pix[at-stride:][:n]
	m0, m1, m2, m3 := pix[at:][:n], pix[at+stride:][:n], pix[at+2*stride:][:n], pix[at+3*stride:][:n]
	for i := range n {
		p1, p0, q0, q1 := int32(l1[i]), int32(l0[i]), int32(m0[i]), int32(m1[i])
		if t.smooth(p1, p0, q0, q1) {
			alike := near(p0, q0, t.alpha>>2+2)
			l2[i], l1[i], l0[i] = t.strong(alike, int32(l3[i]), int32(l2[i]), p1, p0, q0, q1)
			m2[i], m1[i], m0[i] = t.strong(alike, int32(m3[i]), int32(m2[i]), q1, q0, p0, p1)
		}
	}
}

// strong is the filter for strength 4 on one side of an edge (§8.7.2.5).
func (t *thresholds) strong(alike bool, p3, p2, p1, p0, q0, q1 int32) (a2, a1, a0 uint8) {
	if alike && near(p2, p0, t.beta) {
		return uint8((2*p3 + 3*p2 + p1 + p0 + q0 + 4) >> 3),
			uint8((p2 + p1 + p0 + q0 + 2) >> 2),
			uint8((p2 + 2*p1 + 2*p0 + 2*q0 + q1 + 4) >> 3)
	}
	return uint8(p2), uint8(p1), uint8((2*p1 + p0 + q1 + 2) >> 2)
}

// chroma smooths an edge inside a chroma block: across steps over it, along goes along.
func (t *thresholds) chroma(pix []byte, at, across, along int) {
	if t.none() {
		return
	}
	for range 8 {
		p1, p0, q0, q1 := int32(pix[at-2*across]), int32(pix[at-across]), int32(pix[at]), int32(pix[at+across])
		if t.smooth(p1, p0, q0, q1) {
			delta := limit(((q0-p0)<<2+p1-q1+4)>>3, t.clip+1)
			pix[at-across], pix[at] = clip(p0+delta), clip(q0-delta)
		}
		at += along
	}
}

// strongChroma smooths one between macroblocks.
func (t *thresholds) strongChroma(pix []byte, at, across, along int) {
	if t.none() {
		return
	}
	for range 8 {
		p1, p0, q0, q1 := int32(pix[at-2*across]), int32(pix[at-across]), int32(pix[at]), int32(pix[at+across])
		if t.smooth(p1, p0, q0, q1) {
			pix[at-across], pix[at] = uint8((2*p1+p0+q1+2)>>2), uint8((2*q1+q0+p1+2)>>2)
		}
		at += along
	}
}
