package keyframe

// target is where the levels of a block go: the first of them to scan[from], and each
// next one step further.
type target struct {
	coef   []int32
	scan   []uint8
	scale  []int32 // by which each is multiplied
	from   int
	step   int
	size   int // levels that it may have
	round  int32
	shift  uint8
	filled uint8
}

// put puts a level in its place, scaled (§8.5.12.1, §8.5.13.1).
func (t *target) put(i int, level int32) {
	k := t.from + i*t.step
	t.coef[t.scan[k]] = (level*t.scale[k] + t.round) >> (t.shift & 31)
	if k > 0 {
		t.filled = filledMore
	} else {
		t.filled = max(t.filled, filledDC)
	}
}

// Kinds of blocks (ctxBlockCat, table 9-42).
const (
	blockWholeDC = iota
	blockWholeAC
	block4
	blockChromaDC
	blockChromaAC
	block8
)

// Scales and scans of DC levels, which are taken as they are and in their order.
var (
	asItIs  = []int32{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	inOrder = []uint8{0, 1, 2, 3}
)

// residual reads the levels of a macroblock (§7.3.5.3).
func (w *walk) residual() error {
	m, s := &w.one, &w.frame.scales
	if m.kind == kindWhole {
		if err := w.wholeDC(); err != nil {
			return err
		}
	}
	for i := 0; i < 16; i += 4 {
		if m.pattern>>(i/4)&1 == 0 {
			continue
		}
		var err error
		if m.eight {
			err = w.read8(i, s.eight[w.qp][:])
		} else {
			err = w.read4(i, s.four[0][w.qp][:])
		}
		if err != nil {
			return err
		}
	}
	if m.pattern>>4 == 0 {
		return nil
	}
	return w.readChromaLevels()
}

// wholeDC reads the DC levels of an Intra_16x16 macroblock and spreads them over its
// blocks.
func (w *walk) wholeDC() error {
	m := &w.one
	var dc [16]int32
	t := target{coef: dc[:], scan: zigzag4[:], scale: asItIs, step: 1, size: 16}
	if w.cabac {
		if w.readCoded(blockWholeDC, w.before.coded&1, w.above[w.x].coded&1) {
			w.significant(blockWholeDC, &t)
			m.coded |= 1
		}
	} else if _, err := w.levels(w.nc(9), &t); err != nil {
		return err
	}
	if t.filled == filledNot {
		return nil
	}
	spreadDC(&dc, w.frame.scales.four[0][w.qp][0])
	for i := range 16 {
		if v := dc[4*blockY[i]+blockX[i]]; v != 0 {
			m.coef[16*i] = v
			m.filled[i] = filledDC
		}
	}
	return nil
}

// read4 reads four blocks of 4×4, from number i on.
func (w *walk) read4(i int, scale []int32) error {
	m := &w.one
	for end := i + 4; i < end; i++ {
		at := 9 + 8*int(blockY[i]) + int(blockX[i])
		t := target{coef: m.coef[16*i : 16*i+16], scan: zigzag4[:], scale: scale, step: 1, size: 16, round: 8, shift: 4, filled: m.filled[i]}
		cat := block4
		if m.kind == kindWhole {
			t.from, t.size = 1, 15
			cat = blockWholeAC
		}
		n, err := w.read(cat, m.counts[:], at, &t)
		if err != nil {
			return err
		}
		m.counts[at], m.filled[i] = n, t.filled
	}
	return nil
}

// read reads one block: either way of coding looks at the counts of the blocks to its
// left and above it.
func (w *walk) read(cat int, counts []uint8, at int, t *target) (uint8, error) {
	left, up := counts[at-1], counts[at-8]
	if w.cabac {
		if !w.readCoded(cat, left, up) {
			return 0, nil
		}
		return uint8(w.significant(cat, t)), nil
	}
	n, err := w.levels(expected(left, up), t)
	return uint8(n), err
}

// expected is nC (§9.2.1).
func expected(left, up uint8) int {
	switch {
	case left == missing && up == missing:
		return 0
	case left == missing:
		return int(up)
	case up == missing:
		return int(left)
	}
	return (int(left) + int(up) + 1) / 2
}

func (w *walk) nc(at int) int { return expected(w.one.counts[at-1], w.one.counts[at-8]) }

// read8 reads the block of 8×8 that begins at number i. With CAVLC it is four of
// 4×4, of which each has every fourth level.
func (w *walk) read8(i int, scale []int32) error {
	m := &w.one
	at := 9 + 8*int(blockY[i]) + int(blockX[i])
	t := target{coef: m.coef[16*i : 16*i+64], scan: zigzag8[:], scale: scale, step: 1, size: 64, round: 32, shift: 6}
	if w.cabac {
		w.significant(block8, &t)
		m.filled[i] = t.filled
		for _, k := range [4]int{0, 1, 8, 9} {
			m.counts[at+k] = 1 // whatever it has, its coded_block_flag counts as set (§9.3.3.1.1.9)
		}
		return nil
	}
	t.step, t.size = 4, 16
	for k, place := range [4]int{at, at + 1, at + 8, at + 9} {
		t.from = k
		n, err := w.levels(w.nc(place), &t)
		if err != nil {
			return err
		}
		m.counts[place] = uint8(n)
	}
	m.filled[i] = t.filled
	return nil
}

// readChromaLevels reads the levels of both chroma planes: all DC before all AC.
func (w *walk) readChromaLevels() error {
	m, s := &w.one, &w.frame.scales
	for c := range 2 {
		qp := chromaQuantiser(w.qp + w.set.chromaOffset[c])
		var dc [4]int32
		t := target{coef: dc[:], scan: inOrder, scale: asItIs, step: 1, size: 4}
		if w.cabac {
			flag := uint8(2 << c)
			if w.readCoded(blockChromaDC, w.before.coded&flag, w.above[w.x].coded&flag) {
				w.significant(blockChromaDC, &t)
				m.coded |= flag
			}
		} else if _, err := w.levels(-1, &t); err != nil {
			return err
		}
		if t.filled == filledNot {
			continue
		}
		spreadChromaDC(&dc, s.four[1+c][qp][0])
		for i, v := range dc {
			if v != 0 {
				m.coefC[c][16*i] = v
				m.filledC[c][i] = filledDC
			}
		}
	}
	if m.pattern>>4 < 2 {
		return nil
	}
	for c := range 2 {
		qp := chromaQuantiser(w.qp + w.set.chromaOffset[c])
		for i := range 4 {
			at := 9 + i%2 + i/2*8
			t := target{
				coef: m.coefC[c][16*i : 16*i+16], scan: zigzag4[:], scale: s.four[1+c][qp][:],
				from: 1, step: 1, size: 15, round: 8, shift: 4, filled: m.filledC[c][i],
			}
			n, err := w.read(blockChromaAC, m.countsC[c][:], at, &t)
			if err != nil {
				return err
			}
			m.countsC[c][at], m.filledC[c][i] = n, t.filled
		}
	}
	return nil
}

// chromaQuantiser is QPC (table 8-15).
func chromaQuantiser(qp int) int {
	qp = min(max(qp, 0), 51)
	if qp < 30 {
		return qp
	}
	return int([22]uint8{29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39}[qp-30])
}

// readCoded is coded_block_flag: the neighbours' flags, or their counts, decide its
// context (§9.3.3.1.1.9).
func (w *walk) readCoded(cat int, left, up uint8) bool {
	return w.arith.decision(ctxCoded+4*cat+bit(left != 0)+2*bit(up != 0)) == 1
}

// Where the contexts of each kind of block begin (tables 9-34, 9-40).
var (
	significantFrom = [6]int{ctxSignificant, ctxSignificant + 15, ctxSignificant + 29, ctxSignificant + 44, ctxSignificant + 47, ctxSignificant8}
	finalFrom       = [6]int{ctxFinal, ctxFinal + 15, ctxFinal + 29, ctxFinal + 44, ctxFinal + 47, ctxFinal8}
	levelFrom       = [6]int{ctxLevel, ctxLevel + 10, ctxLevel + 20, ctxLevel + 30, ctxLevel + 39, ctxLevel8}
)

// Contexts of the levels of an 8×8 block, by their place (table 9-43).
var (
	significant8 = [64]uint8{
		0, 1, 2, 3, 4, 5, 5, 4, 4, 3, 3, 4, 4, 4, 5, 5, 4, 4, 4, 4, 3, 3, 6, 7, 7, 7, 8, 9, 10, 9, 8, 7,
		7, 6, 11, 12, 13, 11, 6, 7, 8, 9, 14, 10, 9, 8, 6, 11, 12, 13, 11, 6, 9, 14, 10, 9, 11, 12, 13, 11, 14, 10, 12,
	}
	final8 = [64]uint8{
		0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
		3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8,
	}
)

// significant reads the levels of a block that has some (§7.3.5.3.3).
func (w *walk) significant(cat int, t *target) int {
	a := &w.arith
	var at [64]uint8
	n := 0
	sig, fin := significantFrom[cat], finalFrom[cat]
	i := 0
	for ; i < t.size-1; i++ {
		s, f := i, i
		if cat == block8 {
			s, f = int(significant8[i&63]), int(final8[i&63])
		}
		if a.decision(sig+s) == 0 {
			continue
		}
		at[n&63] = uint8(i)
		n++
		if a.decision(fin+f) == 1 {
			break
		}
	}
	if i == t.size-1 {
		at[n&63] = uint8(i)
		n++
	}
	w.magnitudes(cat, at[:n], t)
	return n
}

// magnitudes reads the levels at these places, the last one first (§9.3.3.1.3).
func (w *walk) magnitudes(cat int, at []uint8, t *target) {
	a := &w.arith
	base := levelFrom[cat]
	most := 4
	if cat == blockChromaDC {
		most = 3
	}
	ones, more := 0, 0 // levels of 1 so far, and larger ones
	for i := len(at) - 1; i >= 0; i-- {
		first := 0
		if more == 0 {
			first = min(4, 1+ones)
		}
		level := int32(1)
		if a.decision(base+first) == 0 {
			ones++
		} else {
			context := base + 5 + min(most, more)
			level = 2
			for level < 15 && a.decision(context) == 1 {
				level++
			}
			if level == 15 {
				level += a.suffix()
			}
			more++
		}
		if a.bypass() == 1 {
			level = -level
		}
		t.put(int(at[i]), level)
	}
}

// suffix is an Exp-Golomb code of order 0 in bypass bins (§9.3.2.3).
func (a *arith) suffix() int32 {
	var v int32
	k := 0
	for k < 20 && a.bypass() == 1 {
		v += 1 << k
		k++
	}
	for k > 0 {
		k--
		v += int32(a.bypass()) << k
	}
	return v
}
