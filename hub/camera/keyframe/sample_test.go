package keyframe

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// foretold is §8.3.1.2 and §8.3.2.2 as they stand there: p gives the samples around the
// block, and n is 4 or 8.
func foretold(p func(x, y int) int, n, mode, x, y int) int {
	mean := func(a, b int) int { return (a + b + 1) >> 1 }
	smooth := func(a, b, c int) int { return (a + 2*b + c + 2) >> 2 }
	switch mode {
	case modeVertical:
		return p(x, -1)
	case modeHorizontal:
		return p(-1, y)
	case modeDC:
		sum := n
		for i := range n {
			sum += p(i, -1) + p(-1, i)
		}
		return sum / (2 * n)
	case modeDownLeft:
		if x == n-1 && y == n-1 {
			return (p(2*n-2, -1) + 3*p(2*n-1, -1) + 2) >> 2
		}
		return smooth(p(x+y, -1), p(x+y+1, -1), p(x+y+2, -1))
	case modeDownRight:
		switch {
		case x > y:
			return smooth(p(x-y-2, -1), p(x-y-1, -1), p(x-y, -1))
		case x < y:
			return smooth(p(-1, y-x-2), p(-1, y-x-1), p(-1, y-x))
		}
		return smooth(p(0, -1), p(-1, -1), p(-1, 0))
	case modeVerticalRight:
		switch z := 2*x - y; {
		case z >= 0 && z%2 == 0:
			return mean(p(x-(y>>1)-1, -1), p(x-(y>>1), -1))
		case z >= 0:
			return smooth(p(x-(y>>1)-2, -1), p(x-(y>>1)-1, -1), p(x-(y>>1), -1))
		case z == -1:
			return smooth(p(-1, 0), p(-1, -1), p(0, -1))
		}
		return smooth(p(-1, y-2*x-1), p(-1, y-2*x-2), p(-1, y-2*x-3))
	case modeHorizontalDown:
		switch z := 2*y - x; {
		case z >= 0 && z%2 == 0:
			return mean(p(-1, y-(x>>1)-1), p(-1, y-(x>>1)))
		case z >= 0:
			return smooth(p(-1, y-(x>>1)-2), p(-1, y-(x>>1)-1), p(-1, y-(x>>1)))
		case z == -1:
			return smooth(p(-1, 0), p(-1, -1), p(0, -1))
		}
		return smooth(p(x-2*y-1, -1), p(x-2*y-2, -1), p(x-2*y-3, -1))
	case modeVerticalLeft:
		if y%2 == 0 {
			return mean(p(x+(y>>1), -1), p(x+(y>>1)+1, -1))
		}
		return smooth(p(x+(y>>1), -1), p(x+(y>>1)+1, -1), p(x+(y>>1)+2, -1))
	case modeHorizontalUp:
		switch z := x + 2*y; {
		case z > 2*n-3:
			return p(-1, n-1)
		case z == 2*n-3:
			return (p(-1, n-2) + 3*p(-1, n-1) + 2) >> 2
		case z%2 == 0:
			return mean(p(-1, y+(x>>1)), p(-1, y+(x>>1)+1))
		}
		return smooth(p(-1, y+(x>>1)), p(-1, y+(x>>1)+1), p(-1, y+(x>>1)+2))
	}
	panic("no such mode")
}

func TestForetold(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const stride, at = 40, 5*40 + 9
	for range 50 {
		pix := make([]byte, 20*stride)
		for i := range pix {
			pix[i] = byte(r.IntN(256))
		}
		for _, n := range []int{4, 8} {
			for mode := range 9 {
				got := bytes.Clone(pix)
				var e edge
				all := neighbours{true, true, true, true}
				e.take(got, at, stride, n, all)
				e.predict(got, at, stride, n, mode, all)
				p := func(x, y int) int { return int(pix[at+y*stride+x]) }
				for y := range n {
					for x := range n {
						if g, want := int(got[at+y*stride+x]), foretold(p, n, mode, x, y); g != want {
							t.Fatalf("%d × %d, mode %d: sample %d, %d is %d, want %d", n, n, mode, x, y, g, want)
						}
					}
				}
			}
		}
	}
}

// The edge of an 8×8 block is smoothed first, by what is there of it (§8.3.2.2.1).
func TestFilteredEdge(t *testing.T) {
	var in edge
	for i := range in {
		in[i] = uint8(10 * i) // 0 at the bottom left, 80 in the corner, 240 at the top right
	}
	for _, tc := range []struct {
		name string
		have neighbours
		want map[int]uint8 // of places where it is not 10·i
	}{
		{"all", neighbours{true, true, true, true}, map[int]uint8{0: 3, 24: 238}},
		{"no corner", neighbours{true, true, false, true}, map[int]uint8{0: 3, 7: 68, 8: 0, 9: 93, 24: 238}},
		{"left and corner", neighbours{true, false, true, false}, map[int]uint8{0: 3, 8: 78}},
		{"up and corner", neighbours{false, true, true, true}, map[int]uint8{8: 83, 24: 238}},
		{"corner alone", neighbours{false, false, true, false}, map[int]uint8{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := in
			e.filter(tc.have)
			for i, got := range e {
				there := i < 8 && tc.have.left || i > 8 && tc.have.up || i == 8 && tc.have.corner
				want, ok := tc.want[i]
				if !ok {
					want = in[i]
				}
				if there && got != want {
					t.Errorf("sample %d is %d, want %d", i, got, want)
				}
			}
		})
	}
}

func TestWhole(t *testing.T) {
	const stride, n = 24, 16
	at := 2*stride + 4
	pix := make([]byte, 20*stride)
	for x := -1; x < n; x++ {
		pix[at-stride+x] = byte(100 + 4*x) // 96 in the corner, 160 at the end
	}
	for y := range n {
		pix[at+y*stride-1] = byte(98 + 2*y) // to 128
	}
	all := neighbours{true, true, true, true}
	for _, tc := range []struct {
		mode             int
		have             neighbours
		first, end, last uint8 // corners: top left, top right, bottom right
	}{
		{wholeVertical, all, 100, 160, 160},
		{wholeHorizontal, all, 98, 98, 128},
		{wholeDC, all, 122, 122, 122},
		{wholeDC, neighbours{left: true}, 113, 113, 113},
		{wholeDC, neighbours{}, 128, 128, 128},
		{wholePlane, all, 102, 162, 192}, // 4 from sample to sample, 2 from line to line, and a middle of 144
	} {
		got := bytes.Clone(pix)
		predictWhole(got, at, stride, n, tc.mode, tc.have)
		if g := [3]uint8{got[at], got[at+n-1], got[at+(n-1)*stride+n-1]}; g != [3]uint8{tc.first, tc.end, tc.last} {
			t.Errorf("mode %d with %+v: %v, want %d, %d, %d", tc.mode, tc.have, g, tc.first, tc.end, tc.last)
		}
	}
	// Each quarter of a chroma block has a mean of its own.
	for _, tc := range []struct {
		have neighbours
		want [4]uint8
	}{
		{all, [4]uint8{104, 122, 109, 116}},
		{neighbours{left: true}, [4]uint8{101, 101, 109, 109}},
		{neighbours{up: true}, [4]uint8{106, 122, 106, 122}},
		{neighbours{}, [4]uint8{128, 128, 128, 128}},
	} {
		got := bytes.Clone(pix)
		predictWhole(got, at, stride, 8, wholeDC, tc.have)
		if g := [4]uint8{got[at], got[at+4], got[at+4*stride], got[at+4*stride+4]}; g != tc.want {
			t.Errorf("chroma means with %+v: %v, want %v", tc.have, g, tc.want)
		}
	}
}

// One coefficient alone is one wave: the basis vectors of §8.5.12.2 and §8.5.13.
func TestTransform(t *testing.T) {
	grey := func() []byte {
		b := make([]byte, 64)
		fill(b, 128)
		return b
	}
	line := func(b []byte, at, step, n int) (out []int) {
		for i := range n {
			out = append(out, int(b[at+i*step])-128)
		}
		return out
	}
	four := [4][]int{{8, 8, 8, 8}, {8, 4, -4, -8}, {8, -8, -8, 8}, {4, -8, 8, -4}}
	for k, want := range four {
		b, c := grey(), [16]int32{}
		c[k] = 8 * 64
		add4(b, 0, 8, &c)
		if d := cmp.Diff(want, line(b, 24, 1, 4)); d != "" || c != [16]int32{} {
			t.Errorf("4×4, across, %d: %s, left over: %v", k, d, c)
		}
		b = grey()
		c[4*k] = 8 * 64
		add4(b, 0, 8, &c)
		if d := cmp.Diff(want, line(b, 3, 8, 4)); d != "" {
			t.Errorf("4×4, down, %d: %s", k, d)
		}
	}
	eight := [8][]int{
		{8, 8, 8, 8, 8, 8, 8, 8},
		{12, 10, 6, 3, -3, -6, -10, -12},
		{8, 4, -4, -8, -8, -4, 4, 8},
		{10, -3, -12, -6, 6, 12, 3, -10},
		{8, -8, -8, 8, 8, -8, -8, 8},
		{6, -12, 3, 10, -10, -3, 12, -6},
		{4, -8, 8, -4, -4, 8, -8, 4},
		{3, -6, 10, -12, 12, -10, 6, -3},
	}
	for k, want := range eight {
		b, c := grey(), [64]int32{}
		c[k] = 8 * 64
		add8(b, 0, 8, &c)
		if d := cmp.Diff(want, line(b, 56, 1, 8)); d != "" || c != [64]int32{} {
			t.Errorf("8×8, across, %d: %s, left over: %v", k, d, c)
		}
		b = grey()
		c[8*k] = 8 * 64
		add8(b, 0, 8, &c)
		if d := cmp.Diff(want, line(b, 7, 8, 8)); d != "" {
			t.Errorf("8×8, down, %d: %s", k, d)
		}
	}
	for _, dc := range []int32{-20000, -31, -32, -33, 31, 32, 33, 20000} {
		want, got := grey(), grey()
		c := [16]int32{dc}
		add4(want, 0, 8, &c)
		addDC(got, 0, 8, 4, dc)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("DC alone, %d: %s", dc, d)
		}
	}
}

func TestSpreadDC(t *testing.T) {
	c := [16]int32{4: 3}                                                      // the second line's first: the upper half is brighter than the lower
	spreadDC(&c, 16*10)                                                       // quantiser 0
	want := [16]int32{8, 8, 8, 8, 8, 8, 8, 8, -7, -7, -7, -7, -7, -7, -7, -7} // (±480+32)>>6
	if c != want {
		t.Errorf("%v, want %v", c, want)
	}
	d := [4]int32{5, 3, 1, -2}
	spreadChromaDC(&d, 16*10<<1) // quantiser 6
	if want := [4]int32{70, 50, 90, -10 + 0}; d != want {
		t.Errorf("%v, want %v", d, want)
	}
}

// The figures follow from §8.7.2.4 and §8.7.2.5 with α = 80, β = 13, t′C0 = 7 (quantiser 40).
func TestDeblock(t *testing.T) {
	var s deblocking
	th := s.thresholds(40, 40)
	if th != (thresholds{80, 13, 7}) {
		t.Fatalf("%+v", th)
	}
	step := []byte{100, 100, 100, 100, 110, 110, 110, 110}
	for _, tc := range []struct {
		name string
		do   func(pix []byte)
		in   []byte
		want []byte
	}{
		{"strong", func(p []byte) { th.strongLeft(p, 4, 8) }, step, []byte{100, 101, 103, 104, 106, 108, 109, 110}},
		{"weak", func(p []byte) { th.left(p, 4, 8) }, step, []byte{100, 100, 102, 104, 106, 107, 110, 110}},
		{"too large a step", func(p []byte) { th.strongLeft(p, 4, 8) }, []byte{10, 10, 10, 10, 90, 90, 90, 90}, []byte{10, 10, 10, 10, 90, 90, 90, 90}},
		{"strong, not near", func(p []byte) { th.strongLeft(p, 4, 8) }, []byte{10, 10, 10, 10, 40, 40, 40, 40}, []byte{10, 10, 10, 18, 33, 40, 40, 40}},
		{"not smooth", func(p []byte) { th.left(p, 4, 8) }, []byte{0, 0, 60, 100, 110, 110, 110, 110}, []byte{0, 0, 60, 100, 110, 110, 110, 110}},
		{"chroma", func(p []byte) { th.chroma(p, 4, 1, 8) }, step, []byte{100, 100, 100, 104, 106, 110, 110, 110}},
		{"strong chroma", func(p []byte) { th.strongChroma(p, 4, 1, 8) }, step, []byte{100, 100, 100, 103, 108, 110, 110, 110}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var pix []byte
			for range 16 {
				pix = append(pix, tc.in...)
			}
			tc.do(pix)
			if d := cmp.Diff(tc.want, pix[:8]); d != "" {
				t.Error(d)
			}
			// The same, turned: what goes for columns goes for rows.
			turned := make([]byte, 8*16)
			for y, v := range tc.in {
				fill(turned[16*y:16*y+16], v)
			}
			switch tc.name {
			case "weak", "not smooth":
				th.up(turned, 4*16, 16)
			case "chroma":
				th.chroma(turned, 4*16, 16, 1)
			case "strong chroma":
				th.strongChroma(turned, 4*16, 16, 1)
			default:
				th.strongUp(turned, 4*16, 16)
			}
			var column []byte
			for y := range 8 {
				column = append(column, turned[16*y+7])
			}
			if d := cmp.Diff(tc.want, column); d != "" {
				t.Errorf("turned: %s", d)
			}
		})
	}
}

// The scales of the flat matrix are 16 times normAdjust (§8.5.9).
func TestScales(t *testing.T) {
	var s scales
	s.set(inForce(&sequence{}, &pictureSet{}))
	if got := s.four[0][0][:6]; cmp.Diff([]int32{160, 208, 208, 160, 256, 160}, got) != "" {
		t.Errorf("4×4: %v", got)
	}
	if got := s.eight[1][:5]; cmp.Diff([]int32{352, 336, 336, 448, 304}, got) != "" {
		t.Errorf("8×8: %v", got)
	}
	if got := s.four[2][51][15]; got != 16*23<<8 {
		t.Errorf("quantiser 51: %d", got)
	}
}
