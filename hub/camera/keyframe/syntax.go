package keyframe

import "errors"

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// readKind is mb_type: 0 is I_NxN, up to 24 Intra_16x16, 25 I_PCM (table 7-11).
func (w *walk) readKind() (int, error) {
	if !w.cabac {
		kind := w.bits.ue()
		if kind > wholeSamples {
			return 0, errors.New("a kind of macroblock that I slices don't have")
		}
		return int(kind), nil
	}
	// §9.3.2.5, §9.3.3.1.1.3, table 9-36.
	a := &w.arith
	if a.decision(ctxKind+bit(w.before.kind != kindBlocks)+bit(w.above[w.x].kind != kindBlocks)) == 0 {
		return 0, nil
	}
	if a.last() {
		return wholeSamples, nil
	}
	kind := 1 + 12*a.decision(ctxKind+3)
	if a.decision(ctxKind+4) == 1 {
		kind += 4 + 4*a.decision(ctxKind+5)
	}
	kind += 2 * a.decision(ctxKind+6)
	return kind + a.decision(ctxKind+7), nil
}

// readEight is transform_size_8x8_flag (§9.3.3.1.1.10).
func (w *walk) readEight() bool {
	if !w.cabac {
		return w.bits.flag()
	}
	return w.arith.decision(ctxEight+bit(w.before.eight)+bit(w.above[w.x].eight)) == 1
}

// readModes reads how each block is foretold (§8.3.1.1, §8.3.2.1).
func (w *walk) readModes() error {
	m := &w.one
	step, later, wide := 1, uint(laterRight), 1
	if m.eight {
		step, later, wide = 4, laterRight8, 2
	}
	for i := 0; i < 16; i += step {
		at := 9 + 8*int(blockY[i]) + int(blockX[i])
		likely := int(min(m.modes[at-1], m.modes[at-8]))
		if likely < 0 { // one of the neighbours is not there
			likely = modeDC
		}
		mode := w.readMode(likely)
		if !w.around(i, later, wide).allow(mode) {
			return errForetold
		}
		m.modes[at] = int8(mode)
		if m.eight {
			m.modes[at+1], m.modes[at+8], m.modes[at+9] = int8(mode), int8(mode), int8(mode)
		}
	}
	return nil
}

func (w *walk) readMode(likely int) int {
	var rest int
	if w.cabac {
		a := &w.arith
		if a.decision(ctxForetold) == 1 {
			return likely
		}
		rest = a.decision(ctxMode)
		rest |= a.decision(ctxMode) << 1
		rest |= a.decision(ctxMode) << 2
	} else {
		if w.bits.flag() {
			return likely
		}
		rest = int(w.bits.bits(3))
	}
	if rest >= likely {
		rest++
	}
	return rest
}

// readChroma is intra_chroma_pred_mode (§9.3.3.1.1.8).
func (w *walk) readChroma() int {
	if !w.cabac {
		return int(min(w.bits.ue(), 4))
	}
	a := &w.arith
	if a.decision(ctxChromaMode+bit(w.before.chroma != 0)+bit(w.above[w.x].chroma != 0)) == 0 {
		return 0
	}
	if a.decision(ctxChromaMode+3) == 0 {
		return 1
	}
	return 2 + a.decision(ctxChromaMode+3)
}

// readPattern is coded_block_pattern (§9.3.3.1.1.4).
func (w *walk) readPattern() (int, error) {
	if !w.cabac {
		n := w.bits.ue()
		if n >= uint32(len(intraPatterns)) {
			return 0, errors.New("a coded_block_pattern that can't be")
		}
		return int(intraPatterns[n]), nil
	}
	a := &w.arith
	left, up := w.before.pattern, w.above[w.x].pattern
	decide := func(left, up int) int { return a.decision(ctxPattern + 1 - left&1 + 2*(1-up&1)) }
	p := decide(left>>1, up>>2)
	p |= decide(p, up>>3) << 1
	p |= decide(left>>3, p) << 2
	p |= decide(p>>2, p>>1) << 3
	if a.decision(ctxChromaCoded+bit(left>>4 > 0)+2*bit(up>>4 > 0)) == 1 {
		p |= 16 << a.decision(ctxChromaCoded+4+bit(left>>4 > 1)+2*bit(up>>4 > 1))
	}
	return p, nil
}

// readDelta is mb_qp_delta (§9.3.3.1.1.5).
func (w *walk) readDelta() int {
	if !w.cabac {
		return int(w.bits.se())
	}
	a := &w.arith
	if a.decision(ctxDelta+bit(w.changed)) == 0 {
		return 0
	}
	n, context := 1, ctxDelta+2
	for n < 64 && a.decision(context) == 1 {
		n++
		context = ctxDelta + 3
	}
	if n&1 == 1 {
		return (n + 1) / 2
	}
	return -n / 2
}
