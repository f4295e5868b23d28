package keyframe

// Ways to foretell a 4×4 or 8×8 block (tables 8-2, 8-3).
const (
	modeVertical = iota
	modeHorizontal
	modeDC
	modeDownLeft
	modeDownRight
	modeVerticalRight
	modeHorizontalDown
	modeVerticalLeft
	modeHorizontalUp
)

// neighbours tells which samples around a block may be used.
type neighbours struct{ left, up, corner, right bool }

// allow says whether a way can be gone with them (§8.3.1.2, §8.3.2.2).
func (n neighbours) allow(mode int) bool {
	switch mode {
	case modeDC:
		return true
	case modeHorizontal, modeHorizontalUp:
		return n.left
	case modeVertical, modeDownLeft, modeVerticalLeft:
		return n.up
	}
	return n.left && n.up && n.corner
}

// edge is the samples around a block of n × n: n to its left from below, the corner,
// 2n above it from the left. So each direction is a way along it.
type edge [3*8 + 1]uint8

// take reads the edge of the block at a place. Where there is none above to the right,
// the last one above stands for those (§8.3.1.2).
func (e *edge) take(pix []byte, at, stride, n int, have neighbours) {
	if have.left {
		for k := range n {
			e[n-1-k] = pix[at+k*stride-1]
		}
	}
	if have.corner {
		e[n] = pix[at-stride-1]
	}
	if !have.up {
		return
	}
	if have.right {
		copy(e[n+1:3*n+1], pix[at-stride:])
		return
	}
	copy(e[n+1:2*n+1], pix[at-stride:])
	last := e[2*n]
	for k := 2*n + 1; k <= 3*n; k++ {
		e[k] = last
	}
}

// smooth is the mean of a sample and its neighbours, the sample counting twice.
func (e *edge) smooth(i int) uint8 {
	return uint8((uint32(e[i-1]) + 2*uint32(e[i]) + uint32(e[i+1]) + 2) >> 2)
}

// end is smooth where the sample behind i is the last and stands for the next too.
func (e *edge) end(i int) uint8 { return uint8((uint32(e[i]) + 3*uint32(e[i+1]) + 2) >> 2) }

func (e *edge) mean(i int) uint8 {
	return uint8((uint32(e[i]) + uint32(e[i+1]) + 1) >> 1)
}

// filter smooths the edge of an 8×8 block (§8.3.2.2.1).
func (e *edge) filter(have neighbours) {
	const n = 8
	var out edge
	if have.up {
		for i := n + 2; i < 3*n; i++ {
			out[i] = e.smooth(i)
		}
		if have.corner {
			out[n+1] = e.smooth(n + 1)
		} else {
			out[n+1] = uint8((3*uint32(e[n+1]) + uint32(e[n+2]) + 2) >> 2)
		}
		out[3*n] = e.end(3*n - 1)
	}
	if have.corner {
		switch {
		case have.up && have.left:
			out[n] = e.smooth(n)
		case have.up:
			out[n] = uint8((3*uint32(e[n]) + uint32(e[n+1]) + 2) >> 2)
		case have.left:
			out[n] = e.end(n - 1)
		default:
			out[n] = e[n]
		}
	}
	if have.left {
		for i := 1; i < n-1; i++ {
			out[i] = e.smooth(i)
		}
		if have.corner {
			out[n-1] = e.smooth(n - 1)
		} else {
			out[n-1] = e.end(n - 2)
		}
		out[0] = uint8((3*uint32(e[0]) + uint32(e[1]) + 2) >> 2)
	}
	*e = out
}

// predict fills a block of n × n from its edge (§8.3.1.2, §8.3.2.2). Each line of a
// direction is the one before it, moved: all lines are windows on one row or two.
func (e *edge) predict(pix []byte, at, stride, n, mode int, have neighbours) {
	var row, other [24]uint8
	first, second := row[:], other[:] // of even and odd lines
	from, step := 0, 0                // of the windows; step for two lines
	switch mode {
	case modeVertical:
		copy(first, e[n+1:2*n+1])
		second = first
	case modeHorizontal:
		for y := range n {
			fill(pix[at+y*stride:][:n], e[n-1-y])
		}
		return
	case modeDC:
		dc := e.dc(n, have)
		for y := range n {
			fill(pix[at+y*stride:][:n], dc)
		}
		return
	case modeDownLeft:
		for k := range 2*n - 2 {
			row[k] = e.smooth(n + 2 + k)
		}
		row[2*n-2] = e.end(3*n - 1)
		second, step = first[1:], 2
	case modeDownRight:
		for k := range 2*n - 1 {
			row[k] = e.smooth(1 + k)
		}
		from, step = n-2, -2
		second, first = first, first[1:]
	case modeVerticalRight:
		from, step = n/2-1, -1
		for j := -from; j < n; j++ {
			if j >= 0 {
				row[from+j], other[from+j] = e.mean(n+j), e.smooth(n+j)
			} else {
				row[from+j], other[from+j] = e.smooth(n+1+2*j), e.smooth(n+2*j)
			}
		}
	case modeHorizontalDown:
		for s := -(2*n - 2); s < n; s++ {
			k := s + 2*n - 2
			switch {
			case s >= 2:
				row[k] = e.smooth(n - 1 + s)
			case s&1 == 0:
				row[k] = e.mean(n - 1 + s/2)
			default:
				row[k] = e.smooth(n - (1-s)/2)
			}
		}
		from, step = 2*n-4, -4
		second, first = first, first[2:]
	case modeVerticalLeft:
		for k := range n + n/2 - 1 {
			row[k], other[k] = e.mean(n+1+k), e.smooth(n+2+k)
		}
		step = 1
	case modeHorizontalUp:
		for k := range n - 1 {
			row[2*k] = e.mean(n - 2 - k)
			if k < n-2 {
				row[2*k+1] = e.smooth(n - 2 - k)
			}
		}
		row[2*n-3] = uint8((uint32(e[1]) + 3*uint32(e[0]) + 2) >> 2)
		fill(row[2*n-2:3*n-2], e[0])
		second, step = first[2:], 4
	}
	for y := 0; y < n; y += 2 {
		copy(pix[at:at+n], first[from:])
		copy(pix[at+stride:at+stride+n], second[from:])
		at += 2 * stride
		from += step
	}
}

func fill(line []uint8, v uint8) {
	for i := range line {
		line[i] = v
	}
}

func (e *edge) dc(n int, have neighbours) uint8 {
	var sum, count uint32
	if have.left {
		for _, v := range e[:n] {
			sum += uint32(v)
		}
		count += uint32(n)
	}
	if have.up {
		for _, v := range e[n+1 : 2*n+1] {
			sum += uint32(v)
		}
		count += uint32(n)
	}
	if count == 0 {
		return 128
	}
	return uint8((sum + count/2) / count)
}

// Ways to foretell a whole macroblock (table 8-4), and its chroma (table 8-5).
const (
	wholeVertical = iota
	wholeHorizontal
	wholeDC
	wholePlane
)

// chromaOrder is the same ways in the order that chroma has them.
var chromaOrder = [4]int{wholeDC, wholeHorizontal, wholeVertical, wholePlane}

func (n neighbours) allowWhole(mode int) bool {
	switch mode {
	case wholeVertical:
		return n.up
	case wholeHorizontal:
		return n.left
	case wholePlane:
		return n.left && n.up && n.corner
	}
	return true
}

// predictWhole fills a square of n × n: 16 of brightness (§8.3.3), or 8 of a chroma
// plane (§8.3.4), of which each quarter has a mean of its own.
func predictWhole(pix []byte, at, stride, n, mode int, have neighbours) {
	switch mode {
	case wholeVertical:
		above := pix[at-stride:][:n]
		for y := range n {
			copy(pix[at+y*stride:][:n], above)
		}
	case wholeHorizontal:
		for y := range n {
			fill(pix[at+y*stride:][:n], pix[at+y*stride-1])
		}
	case wholePlane:
		predictPlane(pix, at, stride, n)
	case wholeDC:
		if n == 16 {
			fillMean(pix, at, stride, n, at, at, have)
			return
		}
		for _, q := range [4]struct{ x, y int }{{0, 0}, {4, 0}, {0, 4}, {4, 4}} {
			use := have
			switch {
			case q.x > q.y && have.up:
				use.left = false
			case q.y > q.x && have.left:
				use.up = false
			}
			fillMean(pix, at+q.y*stride+q.x, stride, 4, at+q.x, at+q.y*stride, use)
		}
	}
}

// fillMean fills a square with the mean of samples above and to the left of others.
func fillMean(pix []byte, at, stride, n, below, beside int, have neighbours) {
	var sum, count uint32
	if have.up {
		for _, v := range pix[below-stride:][:n] {
			sum += uint32(v)
		}
		count += uint32(n)
	}
	if have.left {
		for k := range n {
			sum += uint32(pix[beside+k*stride-1])
		}
		count += uint32(n)
	}
	dc := uint8(128)
	if count > 0 {
		dc = uint8((sum + count/2) / count)
	}
	for y := range n {
		fill(pix[at+y*stride:][:n], dc)
	}
}

func predictPlane(pix []byte, at, stride, n int) {
	half := n / 2
	var h, v int32
	for k := 1; k <= half; k++ {
		h += int32(k) * (int32(pix[at-stride+half-1+k]) - int32(pix[at-stride+half-1-k]))
		v += int32(k) * (int32(pix[at+(half-1+k)*stride-1]) - int32(pix[at+(half-1-k)*stride-1]))
	}
	if n == 16 {
		h, v = (5*h+32)>>6, (5*v+32)>>6
	} else {
		h, v = (34*h+32)>>6, (34*v+32)>>6
	}
	a := 16 * (int32(pix[at-stride+n-1]) + int32(pix[at+(n-1)*stride-1]))
	for y := range n {
		line := pix[at+y*stride:][:n]
		sum := a + v*int32(y-half+1) - h*int32(half-1) + 16
		for x := range line {
			line[x] = clip(sum >> 5)
			sum += h
		}
	}
}

// clip is a sample between black and white.
func clip(v int32) uint8 {
	if uint32(v) <= 255 {
		return uint8(v)
	}
	return uint8(^(v >> 31))
}
