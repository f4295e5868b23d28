package tflite

// A tile is what the innermost loop makes at once: tileRows pixels of
// tileCols channels.
const (
	tileRows = 6
	tileCols = 16
)

// tileGo makes a tile: c[r][j] = bias[j] + Σ over taps and channels of
// arena[rows[tap][r]+k] · b[tap][k][j], kept within lo and hi. Rows of c are ldc
// apart. rows has tileRows offsets for each tap; b and bias are tileCols wide.
func tileGo(c []float32, ldc int, arena []float32, rows []int, channels int, b, bias []float32, lo, hi float32) {
	for r := 0; r < tileRows; r += 2 {
		for j := 0; j < tileCols; j += 4 {
			s := bias[j : j+4 : j+4]
			x0, x1, x2, x3 := s[0], s[1], s[2], s[3]
			y0, y1, y2, y3 := s[0], s[1], s[2], s[3]
			at := j
			for tap := 0; tap < len(rows); tap += tileRows {
				x := arena[rows[tap+r]:][:channels]
				y := arena[rows[tap+r+1]:][:channels]
				for k, p := range x {
					q := y[k]
					w := b[at : at+4 : at+4]
					x0 += p * w[0]
					x1 += p * w[1]
					x2 += p * w[2]
					x3 += p * w[3]
					y0 += q * w[0]
					y1 += q * w[1]
					y2 += q * w[2]
					y3 += q * w[3]
					at += tileCols
				}
			}
			out := c[r*ldc+j:][:4]
			out[0], out[1], out[2], out[3] = within(x0, lo, hi), within(x1, lo, hi), within(x2, lo, hi), within(x3, lo, hi)
			out = c[(r+1)*ldc+j:][:4]
			out[0], out[1], out[2], out[3] = within(y0, lo, hi), within(y1, lo, hi), within(y2, lo, hi), within(y3, lo, hi)
		}
	}
}

// Weights of a depthwise convolution stand in blocks of depthBlock channels:
// the bias, then each tap.
const depthBlock = 8

// depthGo makes one pixel of a depthwise convolution. taps are offsets into the
// arena; w is blocked, its last block filled up with zeros.
func depthGo(out, arena []float32, taps []int, w []float32, lo, hi float32) {
	for c := 0; c < len(out); c += depthBlock {
		o := out[c:min(c+depthBlock, len(out))]
		copy(o, w)
		w = w[depthBlock:]
		for _, tap := range taps {
			x := arena[tap+c:][:len(o)]
			for i, v := range w[:len(o)] {
				o[i] += x[i] * v
			}
			w = w[depthBlock:]
		}
		for i, v := range o {
			o[i] = within(v, lo, hi)
		}
	}
}

func within(v, lo, hi float32) float32 {
	return min(max(v, lo), hi)
}
