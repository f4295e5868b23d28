package tflite

import "encoding/binary"

// window is how a kernel walks over a picture with SAME padding: the result is
// as large as the picture divided by the stride, rounded up, and what the
// kernel lacks at the borders is shared by both, the smaller half first.
type window struct {
	h, w, c          int // of the picture
	outH, outW       int
	kernH, kernW     int
	strideH, strideW int
	top, left        int // padding
}

func newWindow(h, w, c, kernH, kernW, strideH, strideW int) window {
	x := window{
		h: h, w: w, c: c, kernH: kernH, kernW: kernW, strideH: strideH, strideW: strideW,
		outH: (h + strideH - 1) / strideH, outW: (w + strideW - 1) / strideW,
	}
	x.top = max((x.outH-1)*strideH+kernH-h, 0) / 2
	x.left = max((x.outW-1)*strideW+kernW-w, 0) / 2
	return x
}

func (x window) taps() int { return x.kernH * x.kernW }

// pointwise: each pixel is made of the one at its own place.
func (x window) pointwise() bool {
	return x.kernH*x.kernW*x.strideH*x.strideW == 1
}

// offsets writes where each tap of pixel number m of the result begins in the
// arena, stride places apart in rows.
func (x window) offsets(rows []int, stride, m, at int) {
	if x.pointwise() {
		rows[0] = at + m*x.c
		return
	}
	y0 := m/x.outW*x.strideH - x.top
	x0 := m%x.outW*x.strideW - x.left
	i := 0
	for y := y0; y < y0+x.kernH; y++ {
		for col := x0; col < x0+x.kernW; col++ {
			rows[i] = zerosAt
			if y >= 0 && y < x.h && col >= 0 && col < x.w {
				rows[i] = at + (y*x.w+col)*x.c
			}
			i += stride
		}
	}
}

// conv is CONV_2D: as many panels of tileCols output channels as it takes, each
// tap after tap, channel after channel. The last one is filled up with zeros.
type conv struct {
	window
	in, out  int
	channels int    // of the result
	weights  []byte // the file's, until they are packed
	panels   []uint16
	bias     []float32
	lo, hi   float32
}

// newConv keeps weights, which stand as [out][taps][in], until pack.
func newConv(x window, in, out, channels int, weights, bias []byte, lo, hi float32) *conv {
	s := &conv{window: x, in: in, out: out, channels: channels, weights: weights, lo: lo, hi: hi}
	s.bias = append(halvesToFloats(bias), make([]float32, roundUp(channels, tileCols)-channels)...)
	return s
}

// packed is how many numbers the panels have.
func (s *conv) packed() int { return s.taps() * s.c * roundUp(s.channels, tileCols) }

// pack makes panels of the weights, which are zero so far.
func (s *conv) pack(panels []uint16) {
	s.panels = panels
	deep := s.taps() * s.c
	for o := range s.channels {
		panel := panels[o/tileCols*deep*tileCols:]
		row := s.weights[2*o*deep:]
		for k := range deep {
			panel[k*tileCols+o%tileCols] = binary.LittleEndian.Uint16(row[2*k:])
		}
	}
	s.weights = nil
}

func (s *conv) run(n *Net) {
	in, out := n.places[s.in].at, n.span(s.out)
	taps := s.taps()
	rows := n.offsets[:taps*tileRows]
	panel := n.panel[:taps*s.c*tileCols]
	pixels := s.outH * s.outW
	for col := 0; col < s.channels; col += tileCols {
		n.widen(panel, s.panels[col*taps*s.c:][:len(panel)])
		bias := s.bias[col : col+tileCols]
		wide := min(tileCols, s.channels-col)
		for m := 0; m < pixels; m += tileRows {
			high := min(tileRows, pixels-m)
			for r := range tileRows { // rows beyond the last one make it once more
				s.offsets(rows[r:], tileRows, min(m+r, pixels-1), in)
			}
			if high == tileRows && wide == tileCols {
				n.tile(out[m*s.channels+col:], s.channels, rows, s.c, panel, bias, s.lo, s.hi)
				continue
			}
			n.tile(n.edge[:], tileCols, rows, s.c, panel, bias, s.lo, s.hi)
			for r := range high {
				copy(out[(m+r)*s.channels+col:][:wide], n.edge[r*tileCols:])
			}
		}
	}
}

// depthwise is DEPTHWISE_CONV_2D with one result for each channel.
type depthwise struct {
	window
	in, out int
	weights []float32 // in blocks, see depthGo
	lo, hi  float32
}

// newDepthwise packs weights that stand as [taps][channels].
func newDepthwise(x window, in, out int, weights, bias []byte, lo, hi float32) *depthwise {
	s := &depthwise{window: x, in: in, out: out, lo: lo, hi: hi}
	w, b := halvesToFloats(weights), halvesToFloats(bias)
	block := (1 + x.taps()) * depthBlock
	s.weights = make([]float32, roundUp(x.c, depthBlock)/depthBlock*block)
	for c := range x.c {
		to := s.weights[c/depthBlock*block+c%depthBlock:]
		to[0] = b[c]
		for tap := range x.taps() {
			to[(1+tap)*depthBlock] = w[tap*x.c+c]
		}
	}
	return s
}

func (s *depthwise) run(n *Net) {
	in, out := n.places[s.in].at, n.span(s.out)
	taps := n.offsets[:s.taps()]
	fast := !n.plain && len(taps) == 9 && s.c%depthBlock == 0
	for m := range s.outH * s.outW {
		s.offsets(taps, 1, m, in)
		pixel := out[m*s.c:][:s.c]
		if fast {
			depthAsm(&pixel[0], s.c, &n.arena[0], &taps[0], &s.weights[0], s.lo, s.hi)
		} else {
			depthGo(pixel, n.arena, taps, s.weights, s.lo, s.hi)
		}
	}
}

func (n *Net) tile(c []float32, ldc int, rows []int, channels int, b, bias []float32, lo, hi float32) {
	if n.plain {
		tileGo(c, ldc, n.arena, rows, channels, b, bias, lo, hi)
		return
	}
	_ = c[(tileRows-1)*ldc+tileCols-1]
	tileAsm(&c[0], ldc, &n.arena[0], &rows[0], len(rows)/tileRows, channels, &b[0], &bias[0], lo, hi)
}

func (n *Net) widen(dst []float32, src []uint16) {
	if n.plain {
		widenGo(dst, src)
		return
	}
	widenAsm(&dst[0], &src[0], len(dst))
}
