package keyframe

import (
	"errors"
	"fmt"
)

// walk goes over the macroblocks of a slice, in their order.
type walk struct {
	frame  *frame
	set    *pictureSet
	slice  uint16
	bits   reader // CAVLC, and the samples of I_PCM
	vlc    *vlc
	arith  arith // CABAC
	cabac  bool
	above  []beside // of each column, what the macroblock above left there
	before beside   // the macroblock to the left

	x, y, at int
	have     neighbours // among the macroblocks: of the same slice, and there already
	qp       int
	changed  bool // mb_qp_delta of the macroblock before was not zero
	one      macroblock
}

// Kinds of macroblocks.
const (
	kindBlocks  = iota // I_NxN: each block is foretold for itself
	kindWhole          // Intra_16x16
	kindSamples        // I_PCM
)

// macroblock is the one at hand. Its blocks stand in rows of 8, with those of the
// neighbours above and to the left.
type macroblock struct {
	kind    int
	eight   bool // its transform is 8×8
	whole   int  // how it is foretold, if whole
	chroma  int  // the same, as intra_chroma_pred_mode
	pattern int  // coded_block_pattern
	coded   uint8
	modes   [5 * 8]int8
	counts  [5 * 8]uint8
	countsC [2][3 * 8]uint8
	coef    [16 * 16]int32 // block after block
	coefC   [2][4 * 16]int32
	filled  [16]uint8 // what coef has
	filledC [2][4]uint8
}

// What the coefficients of a block are.
const (
	filledNot  = iota
	filledDC   // only the first
	filledMore //
)

// beside is what a macroblock leaves to those to its right and below it: what they
// are foretold from, and the contexts of CABAC.
type beside struct {
	kind    int
	eight   bool
	chroma  int
	pattern int
	coded   uint8    // coded_block_flag of DC: 1 for Y, 2 for Cb, 4 for Cr
	modes   [4]int8  // of the blocks at its edge
	counts  [4]uint8 // levels that they have
	countsC [2][2]uint8
}

// missing stands for levels of a block that is not there.
const missing = 64

// nobody is beside the macroblocks at the edge of a slice. What CABAC wants to be
// assumed of it (§9.3.3.1.1) is what it has.
var nobody = beside{
	kind: kindBlocks, pattern: 0x0f, coded: 7,
	modes: [4]int8{-1, -1, -1, -1}, counts: [4]uint8{missing, missing, missing, missing},
	countsC: [2][2]uint8{{missing, missing}, {missing, missing}},
}

// allSamples is what I_PCM leaves.
var allSamples = beside{
	kind: kindSamples, pattern: 0x2f, coded: 7,
	modes: [4]int8{modeDC, modeDC, modeDC, modeDC}, counts: [4]uint8{16, 16, 16, 16},
	countsC: [2][2]uint8{{16, 16}, {16, 16}},
}

// decode takes the macroblocks of a slice.
func (w *walk) decode(r *reader, f *frame, h *header, number int) error {
	w.frame, w.set, w.slice = f, h.set, uint16(number)
	w.bits, w.cabac, w.qp, w.changed = *r, h.set.cabac, h.qp, false
	w.one = macroblock{} // one that was garbled leaves coefficients behind
	if cap(w.above) < f.wide {
		w.above = make([]beside, f.wide)
	}
	w.above = w.above[:f.wide]
	if w.cabac {
		w.arith.prepare(h.qp)
		w.arith.begin(r.b, (r.pos+7)/8)
	} else {
		w.vlc = vlcs()
	}
	for at := h.first; ; at++ {
		if at == len(f.blocks) {
			return errors.New("more macroblocks than the picture has")
		}
		if f.blocks[at].slice != 0 {
			return fmt.Errorf("macroblock %d was there already", at+1)
		}
		w.arrive(at)
		if err := w.macroblock(); err != nil {
			return fmt.Errorf("macroblock %d: %w", at+1, err)
		}
		w.leave()
		if w.cabac {
			if w.arith.over() {
				return errCut
			}
			if w.arith.last() {
				return nil
			}
			continue
		}
		if w.bits.over() {
			return errCut
		}
		if !w.bits.more() {
			return nil
		}
	}
}

// arrive goes to a macroblock and looks at its neighbours (§6.4.9).
func (w *walk) arrive(at int) {
	f := w.frame
	w.at, w.x, w.y = at, at%f.wide, at/f.wide
	mine := func(at int) bool { return f.blocks[at].slice == w.slice }
	up := w.y > 0
	w.have = neighbours{
		left:   w.x > 0 && mine(at-1),
		up:     up && mine(at-f.wide),
		corner: up && w.x > 0 && mine(at-f.wide-1),
		right:  up && w.x+1 < f.wide && mine(at-f.wide+1),
	}
	if !w.have.left {
		w.before = nobody
	}
	if !w.have.up {
		w.above[w.x] = nobody
	}
	m, left, above := &w.one, &w.before, &w.above[w.x]
	copy(m.modes[1:5], above.modes[:])
	copy(m.counts[1:5], above.counts[:])
	for i := range 4 {
		m.modes[8+8*i] = left.modes[i]
		m.counts[8+8*i] = left.counts[i]
	}
	for c := range m.countsC {
		copy(m.countsC[c][1:3], above.countsC[c][:])
		for i := range 2 {
			m.countsC[c][8+8*i] = left.countsC[c][i]
		}
	}
}

// leave notes what the next ones want to know.
func (w *walk) leave() {
	m, f := &w.one, w.frame
	f.blocks[w.at] = block{slice: w.slice, qp: uint8(w.qp), fine: !m.eight}
	f.missing--
	if m.kind == kindSamples {
		f.blocks[w.at].qp = 0 // §8.7.2.2
		w.before, w.above[w.x] = allSamples, allSamples
		return
	}
	b := beside{kind: m.kind, eight: m.eight, chroma: m.chroma, pattern: m.pattern, coded: m.coded}
	a := b
	copy(a.modes[:], m.modes[4*8+1:])
	copy(a.counts[:], m.counts[4*8+1:])
	for i := range 4 {
		b.modes[i] = m.modes[8+8*i+4]
		b.counts[i] = m.counts[8+8*i+4]
	}
	for c := range a.countsC {
		copy(a.countsC[c][:], m.countsC[c][2*8+1:])
		for i := range 2 {
			b.countsC[c][i] = m.countsC[c][8+8*i+2]
		}
	}
	w.before, w.above[w.x] = b, a
}

// macroblock reads one (§7.3.5) and draws it.
func (w *walk) macroblock() error {
	m := &w.one
	kind, err := w.readKind()
	if err != nil {
		return err
	}
	if kind == wholeSamples {
		m.kind, m.eight = kindSamples, false
		w.changed = false
		return w.samples()
	}
	m.kind, m.eight, m.coded, m.pattern = kindBlocks, false, 0, 0
	m.filled, m.filledC = [16]uint8{}, [2][4]uint8{}
	for y := 1; y < 5; y++ {
		clear(m.counts[8*y+1 : 8*y+5])
	}
	for c := range m.countsC {
		clear(m.countsC[c][9:11])
		clear(m.countsC[c][17:19])
	}
	if kind == 0 {
		if w.set.transform8 {
			m.eight = w.readEight()
		}
		if err := w.readModes(); err != nil {
			return err
		}
	} else {
		// Table 7-11.
		m.kind, m.whole = kindWhole, (kind-1)%4
		m.pattern = (kind - 1) / 4 % 3 << 4
		if kind > 12 {
			m.pattern |= 0x0f
		}
		for y := 1; y < 5; y++ {
			copy(m.modes[8*y+1:8*y+5], []int8{modeDC, modeDC, modeDC, modeDC})
		}
		if !w.have.allowWhole(m.whole) {
			return errForetold
		}
	}
	if m.chroma = w.readChroma(); m.chroma > 3 || !w.have.allowWhole(chromaOrder[m.chroma]) {
		return errForetold
	}
	if m.kind == kindBlocks {
		if m.pattern, err = w.readPattern(); err != nil {
			return err
		}
	}
	if m.pattern == 0 && m.kind != kindWhole {
		w.changed = false
	} else {
		delta := w.readDelta()
		if delta < -26 || delta > 25 {
			return fmt.Errorf("the quantiser changes by %d", delta)
		}
		w.changed = delta != 0
		w.qp = (w.qp + delta + 52) % 52
		if w.qp == 0 && w.frame.sequence.lossless {
			return errors.New("samples without a transform (lossless) are not decoded")
		}
		if err := w.residual(); err != nil {
			return err
		}
	}
	w.draw()
	return nil
}

// wholeSamples is mb_type I_PCM (table 7-11).
const wholeSamples = 25

var errForetold = errors.New("foretold from what is not there")

// samples takes an I_PCM macroblock: its samples as they are (§7.3.5).
func (w *walk) samples() error {
	if w.cabac {
		w.bits.pos = w.arith.place()
	}
	w.bits.pos = (w.bits.pos + 7) &^ 7
	from := w.bits.pos / 8
	const bytes = 256 + 2*64
	if from+bytes > len(w.bits.b)-pad {
		return errCut
	}
	b := w.bits.b[from : from+bytes]
	for c := range w.frame.planes {
		pix, at, stride, side := w.spot(c)
		for y := range side {
			copy(pix[at+y*stride:], b[:side])
			b = b[side:]
		}
	}
	w.bits.pos += 8 * bytes
	if w.cabac {
		w.arith.begin(w.bits.b, from+bytes)
	}
	return nil
}

// spot is where the macroblock stands in a plane.
func (w *walk) spot(plane int) (pix []byte, at, stride, side int) {
	p := w.frame.planes[plane]
	side = 16
	if plane > 0 {
		side = 8
	}
	return p.pix, w.y*side*p.stride + w.x*side, p.stride, side
}

// draw makes the macroblock of what was read.
func (w *walk) draw() {
	m := &w.one
	pix, at, stride, _ := w.spot(0)
	switch {
	case m.kind == kindWhole:
		predictWhole(pix, at, stride, 16, m.whole, w.have)
		for i := range 16 {
			w.add(pix, at+int(blockX[i])*4+int(blockY[i])*4*stride, stride, (*[16]int32)(m.coef[16*i:]), m.filled[i])
		}
	case m.eight:
		for i := 0; i < 16; i += 4 {
			w.draw8(pix, at+int(blockX[i])*4+int(blockY[i])*4*stride, stride, i)
		}
	default:
		for i := range 16 {
			w.draw4(pix, at+int(blockX[i])*4+int(blockY[i])*4*stride, stride, i)
		}
	}
	for c := range 2 {
		pix, at, stride, _ := w.spot(1 + c)
		predictWhole(pix, at, stride, 8, chromaOrder[m.chroma], w.have)
		for i := range 4 {
			w.add(pix, at+i%2*4+i/2*4*stride, stride, (*[16]int32)(m.coefC[c][16*i:]), m.filledC[c][i])
		}
	}
}

// Where the blocks of a macroblock stand, in blocks (§6.4.3).
var (
	blockX = [16]uint8{0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3}
	blockY = [16]uint8{0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3}
)

// laterRight are the blocks inside a macroblock whose neighbours above to the right
// come after them, a bit for each.
const laterRight = 1<<3 | 1<<7 | 1<<11 | 1<<13 | 1<<15

// around tells which samples around a block may be used: i is its number, and last
// the column of blocks in which there is none to its right.
func (w *walk) around(i int, later uint, wide int) neighbours {
	x, y := int(blockX[i]), int(blockY[i])
	n := neighbours{left: x > 0 || w.have.left, up: y > 0 || w.have.up}
	switch {
	case x > 0 && y > 0:
		n.corner = true
	case x > 0:
		n.corner = w.have.up
	case y > 0:
		n.corner = w.have.left
	default:
		n.corner = w.have.corner
	}
	switch {
	case y > 0:
		n.right = later>>i&1 == 0
	case x+wide < 4:
		n.right = w.have.up
	default:
		n.right = w.have.right
	}
	return n
}

func (w *walk) draw4(pix []byte, at, stride, i int) {
	m := &w.one
	have := w.around(i, laterRight, 1)
	var e edge
	e.take(pix, at, stride, 4, have)
	e.predict(pix, at, stride, 4, int(m.modes[9+8*int(blockY[i])+int(blockX[i])]), have)
	w.add(pix, at, stride, (*[16]int32)(m.coef[16*i:]), m.filled[i])
}

func (w *walk) add(pix []byte, at, stride int, c *[16]int32, filled uint8) {
	switch filled {
	case filledDC:
		addDC(pix, at, stride, 4, c[0])
		c[0] = 0
	case filledMore:
		add4(pix, at, stride, c)
	}
}

// laterRight8 is laterRight for blocks of 8×8: the last one of four.
const laterRight8 = 1 << 12

func (w *walk) draw8(pix []byte, at, stride, i int) {
	m := &w.one
	have := w.around(i, laterRight8, 2)
	var e edge
	e.take(pix, at, stride, 8, have)
	e.filter(have)
	e.predict(pix, at, stride, 8, int(m.modes[9+8*int(blockY[i])+int(blockX[i])]), have)
	switch c := (*[64]int32)(m.coef[16*i:]); m.filled[i] {
	case filledDC:
		addDC(pix, at, stride, 8, c[0])
		c[0] = 0
	case filledMore:
		add8(pix, at, stride, c)
	}
}
