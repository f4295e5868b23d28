package tflite

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// The reference: what the TensorFlow documentation says of each operator, in
// float64, one result at a time.

func refConv(in []float32, h, w, c int, weights, bias []float32, outC, kh, kw, stride int, depthwise, relu6 bool) (out []float64, size []float64) {
	outH, outW := (h+stride-1)/stride, (w+stride-1)/stride
	top := max((outH-1)*stride+kh-h, 0) / 2
	left := max((outW-1)*stride+kw-w, 0) / 2
	for y := range outH {
		for x := range outW {
			for o := range outC {
				sum, abs := float64(bias[o]), math.Abs(float64(bias[o]))
				for ky := range kh {
					for kx := range kw {
						sy, sx := y*stride+ky-top, x*stride+kx-left
						if sy < 0 || sy >= h || sx < 0 || sx >= w {
							continue
						}
						if depthwise {
							p := float64(in[(sy*w+sx)*c+o]) * float64(weights[(ky*kw+kx)*c+o])
							sum, abs = sum+p, abs+math.Abs(p)
							continue
						}
						for i := range c {
							p := float64(in[(sy*w+sx)*c+i]) * float64(weights[((o*kh+ky)*kw+kx)*c+i])
							sum, abs = sum+p, abs+math.Abs(p)
						}
					}
				}
				if relu6 {
					sum = min(max(sum, 0), 6)
				}
				out, size = append(out, sum), append(size, abs)
			}
		}
	}
	return out, size
}

func random(r *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = fromHalf(toHalf(float32(r.NormFloat64())))
	}
	return out
}

// bothWays runs a net with assembly, where there is some, and without.
func bothWays(t *testing.T, file []byte, check func(t *testing.T, n *Net)) {
	t.Helper()
	for _, plain := range []bool{false, true} {
		if !plain && !vectors {
			continue
		}
		t.Run(map[bool]string{false: "assembly", true: "go"}[plain], func(t *testing.T) {
			n, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			n.plain = plain
			check(t, n)
		})
	}
}

// within 1e-6 of the sum of all magnitudes: float32 has 6e-8, and a sum of a few
// thousand loses some of it.
func compare(t *testing.T, got []float32, want, size []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d numbers, want %d", len(got), len(want))
	}
	for i, v := range got {
		if d := math.Abs(float64(v) - want[i]); !(d <= 1e-6*(1+size[i])) {
			t.Fatalf("number %d is %v, want %v", i, v, want[i])
		}
	}
}

func TestConvolutions(t *testing.T) {
	for _, tc := range []struct {
		h, w, c, out, kernel, stride int
		depthwise, relu6             bool
	}{
		{h: 7, w: 5, c: 16, out: 96, kernel: 1, stride: 1, relu6: true}, // the shapes of MobileNetV2
		{h: 10, w: 10, c: 33, out: 24, kernel: 1, stride: 1},
		{h: 9, w: 9, c: 3, out: 32, kernel: 3, stride: 2, relu6: true},
		{h: 10, w: 10, c: 3, out: 32, kernel: 3, stride: 2, relu6: true},
		{h: 5, w: 5, c: 256, out: 72, kernel: 3, stride: 2, relu6: true},
		{h: 1, w: 1, c: 128, out: 12, kernel: 1, stride: 1},
		{h: 2, w: 2, c: 64, out: 128, kernel: 3, stride: 2},
		{h: 6, w: 11, c: 5, out: 7, kernel: 5, stride: 3}, // and others
		{h: 8, w: 8, c: 4, out: 1, kernel: 1, stride: 2},
		{h: 3, w: 3, c: 2, out: 17, kernel: 4, stride: 1},
		{h: 9, w: 9, c: 96, out: 96, kernel: 3, stride: 1, depthwise: true, relu6: true},
		{h: 9, w: 8, c: 144, out: 144, kernel: 3, stride: 2, depthwise: true, relu6: true},
		{h: 10, w: 10, c: 8, out: 8, kernel: 3, stride: 2, depthwise: true},
		{h: 7, w: 7, c: 13, out: 13, kernel: 3, stride: 1, depthwise: true},
		{h: 7, w: 9, c: 16, out: 16, kernel: 5, stride: 2, depthwise: true, relu6: true},
	} {
		name := fmt.Sprintf("%dx%dx%d to %d by %d stride %d", tc.h, tc.w, tc.c, tc.out, tc.kernel, tc.stride)
		if tc.depthwise {
			name = "depthwise " + name
		}
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			in, bias := random(r, tc.h*tc.w*tc.c), random(r, tc.out)
			weights := random(r, tc.kernel*tc.kernel*tc.c*tc.out)
			code, shape, activation := opConv, []int{tc.out, tc.kernel, tc.kernel, tc.c}, 3
			if tc.depthwise {
				weights = weights[:tc.kernel*tc.kernel*tc.c]
				code, shape, activation = opDepthwise, []int{1, tc.kernel, tc.kernel, tc.c}, 4
			}
			options := fields{1: scalar(tc.stride), 2: scalar(tc.stride), activation: scalar8(activationNone)}
			if tc.relu6 {
				options[activation] = scalar8(activationReLU6)
			}
			s := newSketch()
			x := s.array(1, tc.h, tc.w, tc.c)
			out := s.array(1, (tc.h+tc.stride-1)/tc.stride, (tc.w+tc.stride-1)/tc.stride, tc.out)
			s.ins, s.outs = ints{x}, ints{out}
			w, b := s.half(weights, shape...), s.half(bias, tc.out)
			s.op(code, options, []int{x, w, b}, []int{out})
			want, size := refConv(in, tc.h, tc.w, tc.c, weights, bias, tc.out, tc.kernel, tc.kernel, tc.stride, tc.depthwise, tc.relu6)
			bothWays(t, s.file(), func(t *testing.T, n *Net) {
				for range 2 { // nothing is left over from the first time
					copy(n.Input(0), in)
					n.Run()
					compare(t, n.Output(0), want, size)
				}
			})
		})
	}
}

// residual is a small net with everything: a convolution, a depthwise one, their
// sum, two shapes put behind each other.
func residual() *sketch {
	r := rand.New(rand.NewPCG(3, 4))
	s := newSketch()
	x := s.array(1, 4, 4, 8)
	a, b, c := s.array(1, 4, 4, 8), s.array(1, 4, 4, 8), s.array(1, 4, 4, 8)
	flatA, flatC, both := s.array(1, 64, 2), s.array(1, 64, 2), s.array(1, 128, 2)
	s.ins, s.outs = ints{x}, ints{both, b}
	one := fields{1: scalar(1), 2: scalar(1), 3: scalar8(activationReLU6)}
	s.op(opConv, one, []int{x, s.half(random(r, 64), 8, 1, 1, 8), s.half(random(r, 8), 8)}, []int{a})
	s.op(opDepthwise, fields{1: scalar(1), 2: scalar(1), 3: scalar(1)}, []int{a, s.half(random(r, 72), 1, 3, 3, 8), s.half(random(r, 8), 8)}, []int{b})
	s.op(opAdd, fields{}, []int{a, b}, []int{c})
	s.op(opReshape, fields{}, []int{a}, []int{flatA})
	s.op(opReshape, fields{}, []int{c}, []int{flatC})
	s.op(opConcat, fields{0: scalar(1)}, []int{flatA, flatC}, []int{both})
	return s
}

func TestSumShapeAndJoin(t *testing.T) {
	bothWays(t, residual().file(), func(t *testing.T, n *Net) {
		copy(n.Input(0), random(rand.New(rand.NewPCG(5, 6)), 128))
		n.Run()
		both, b := n.Output(0), n.Output(1)
		if len(both) != 256 || len(b) != 128 {
			t.Fatalf("outputs of %d and %d numbers, want 256 and 128", len(both), len(b))
		}
		moved := false
		for i, v := range b {
			if both[128+i] != both[i]+v {
				t.Fatalf("number %d: %v is not the sum of %v and %v", i, both[128+i], both[i], v)
			}
			moved = moved || v != 0
		}
		if !moved {
			t.Error("nothing but zeros")
		}
	})
}

func TestRunAllocatesNothing(t *testing.T) {
	n, err := Load(residual().file())
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if a := testing.AllocsPerRun(10, n.Run); a != 0 {
		t.Errorf("%v allocations in a run, want none", a)
	}
}

func TestHalves(t *testing.T) {
	for _, tc := range []struct { // IEEE 754-2008 table 3.5
		half uint16
		want float32
	}{
		{0x0000, 0},
		{0x3c00, 1},
		{0xc000, -2},
		{0x3555, 0.333251953125},
		{0x7bff, 65504},
		{0x0400, 0x1p-14},
		{0x0001, 0x1p-24},
		{0x83ff, -0x1.ff8p-15},
		{0x7c00, float32(math.Inf(1))},
		{0xfc00, float32(math.Inf(-1))},
	} {
		if got := fromHalf(tc.half); got != tc.want {
			t.Errorf("half %04x is %v, want %v", tc.half, got, tc.want)
		}
	}
	if got := fromHalf(0x8000); got != 0 || !math.Signbit(float64(got)) {
		t.Errorf("half 8000 is %v, want -0", got)
	}
	if got := fromHalf(0x7e01); got == got {
		t.Errorf("half 7e01 is %v, want not a number", got)
	}
	if !vectors {
		return
	}
	all := make([]uint16, 1<<16)
	for i := range all {
		all[i] = uint16(i)
	}
	byGo, byAsm := make([]float32, len(all)), make([]float32, len(all))
	widenGo(byGo, all)
	widenAsm(&byAsm[0], &all[0], len(all))
	for i := range all {
		if math.Float32bits(byGo[i]) != math.Float32bits(byAsm[i]) && byGo[i] == byGo[i] {
			t.Fatalf("half %04x is %v in Go and %v in assembly", i, byGo[i], byAsm[i])
		}
	}
}

// No two activations that are alive together may overlap, and a chain needs no
// more than its two largest neighbours.
func TestArena(t *testing.T) {
	chain := []place{{numbers: 160, from: 0, to: 0}, {numbers: 320, from: 0, to: 1}, {numbers: 160, from: 1, to: 2}, {numbers: 320, from: 2, to: 3}}
	if size, err := layOut(chain, 16); err != nil || size != 16+480 {
		t.Errorf("a chain takes %d (%v), want 496", size, err)
	}
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		places := make([]place, 1+r.IntN(30))
		for i := range places {
			from := r.IntN(20)
			places[i] = place{numbers: 1 + r.IntN(100), from: from, to: from + r.IntN(5)}
		}
		size, err := layOut(places, 5)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range places {
			if p.at < 5 || p.at+p.numbers > size {
				t.Fatalf("%+v stands outside of %d", p, size)
			}
			for _, q := range places[:i] {
				if p.from <= q.to && q.from <= p.to && p.at < q.at+q.numbers && q.at < p.at+p.numbers {
					t.Fatalf("%+v and %+v overlap", p, q)
				}
			}
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	conv := func(change func(s *sketch, options fields)) []byte {
		s := newSketch()
		x, out := s.array(1, 4, 4, 2), s.array(1, 4, 4, 3)
		s.ins, s.outs = ints{x}, ints{out}
		options := fields{1: scalar(1), 2: scalar(1)}
		w, b := s.half(make([]float32, 6), 3, 1, 1, 2), s.half(make([]float32, 3), 3)
		s.op(opConv, options, []int{x, w, b}, []int{out})
		change(s, options)
		return s.file()
	}
	for _, tc := range []struct {
		name string
		file []byte
		want string
	}{
		{"no model", []byte("GIF89a, or so it says"), "no TFL3"},
		{"empty", nil, "no TFL3"},
		{"cut", conv(func(*sketch, fields) {})[:200], "byte"},
		{"newer", conv(func(s *sketch, _ fields) { s.version = 4 }), "schema version 4"},
		{"padding", conv(func(_ *sketch, o fields) { o[0] = scalar8(1) }), "only SAME padding"},
		{"stride", conv(func(_ *sketch, o fields) { o[1] = scalar(0) }), "strides 0 and 1"},
		{"dilation", conv(func(_ *sketch, o fields) { o[4] = scalar(2) }), "dilated"},
		{"activation", conv(func(_ *sketch, o fields) { o[3] = scalar8(1) }), "only ReLU6"},
		{"operator", conv(func(s *sketch, _ fields) { s.op(25, nil, []int{0}, []int{1}) }), "operator 3, operator code 25: not known"},
		{"twice", conv(func(s *sketch, _ fields) { s.op(opReshape, nil, []int{0}, []int{1}) }), "tensor 1 is made twice"},
		{"too early", conv(func(s *sketch, _ fields) { s.op(opReshape, nil, []int{s.array(2, 2)}, []int{s.array(4)}) }), "used before it is made"},
		{"missing tensor", conv(func(s *sketch, _ fields) { s.op(opReshape, nil, []int{77}, []int{1}) }), "no tensor 77"},
		{"shape", conv(func(s *sketch, _ fields) { s.tensors[1].(fields)[0] = ints{1, 4, 4, 4} }), "where [1 4 4 3] comes out"},
		{"weights", conv(func(s *sketch, _ fields) { s.tensors[2].(fields)[0] = ints{3, 1, 1, 3} }), "12 bytes for 9 float16 numbers"},
		{"negative", conv(func(s *sketch, _ fields) { s.tensors[0].(fields)[0] = ints{1, -4, 4, 2} }), "every side at least 1"},
		{"huge", conv(func(s *sketch, _ fields) { s.tensors[0].(fields)[0] = ints{1, 1 << 20, 1 << 20, 2} }), "16777216 numbers at most"},
		{"buffer", conv(func(s *sketch, _ fields) { s.tensors[2].(fields)[2] = scalar(99) }), "no buffer 99"},
		{"no output", conv(func(s *sketch, _ fields) { s.outs = nil }), "without inputs or outputs"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Load(tc.file); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %q", err, tc.want)
			}
		})
	}
}

// FuzzLoad: whatever the file, Load ends with a net that runs or an error that
// says something.
func FuzzLoad(f *testing.F) {
	f.Add(residual().file())
	f.Add([]byte("\x00\x00\x00\x00TFL3"))
	f.Fuzz(func(t *testing.T, file []byte) {
		n, err := Load(file)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "tflite: ") {
				t.Errorf("error %q does not say where it is from", err)
			}
			return
		}
		defer n.Close()
		if n.Work() < 1<<24 {
			n.Run()
		}
	})
}
