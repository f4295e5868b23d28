package keyframe

import (
	"errors"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writer writes bits.
type writer struct {
	b    []byte
	used int // bits
}

func (w *writer) bits(n int, v uint32) {
	for i := n - 1; i >= 0; i-- {
		if w.used%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.used/8] |= byte(v>>i&1) << (7 - w.used%8)
		w.used++
	}
}

func (w *writer) ue(v uint32) {
	n := bits.Len32(v + 1)
	w.bits(2*n-1, v+1)
}

func (w *writer) se(v int32) {
	if v > 0 {
		w.ue(uint32(2*v - 1))
	} else {
		w.ue(uint32(-2 * v))
	}
}

func (w *writer) written(s string) {
	for _, c := range s {
		if c != ' ' {
			w.bits(1, uint32(c-'0'))
		}
	}
}

// reader reads what was written, with a stop bit behind it.
func (w *writer) reader() reader {
	w.bits(1, 1)
	return newReader(append(w.b, make([]byte, pad)...))
}

// unit is it as a NAL unit, with the bytes that keep start codes from arising.
func (w *writer) unit(header byte) []byte {
	w.bits(1, 1)
	out, zeros := []byte{header}, 0
	for _, b := range w.b {
		if zeros == 2 && b <= 3 {
			out, zeros = append(out, 3), 0
		}
		if zeros++; b != 0 {
			zeros = 0
		}
		out = append(out, b)
	}
	return out
}

// The codes are those of tables 9-2 and 9-3.
func TestExpGolomb(t *testing.T) {
	for _, tc := range []struct {
		written string
		ue      uint32
		se      int32
	}{
		{"1", 0, 0},
		{"010", 1, 1},
		{"011", 2, -1},
		{"00100", 3, 2},
		{"00111", 6, -3},
		{"0001001", 8, -4},
		{"00000000000000001 0000000000000000", 65535, 32768},
		{"0000000000000000000000000000000 1 1111111111111111111111111111111", 1<<32 - 2, -(1<<31 - 1)},
	} {
		var w writer
		w.written(tc.written)
		r := w.reader()
		if got := r.ue(); got != tc.ue || r.more() || r.over() {
			t.Errorf("%s is %d, want %d; bits left: %v", tc.written, got, tc.ue, r.more())
		}
		r.pos = 0
		if got := r.se(); got != tc.se {
			t.Errorf("%s is %d, want %d", tc.written, got, tc.se)
		}
	}
	r := newReader(make([]byte, 40)) // nothing but zeros
	if r.ue(); !r.over() {
		t.Error("a code of zeros has an end")
	}
}

func TestPayload(t *testing.T) {
	got := payload(nil, []byte{0x67, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 5, 0, 0, 3})
	want := append([]byte{0, 0, 1, 0, 0, 0, 0, 5, 0, 0}, make([]byte, pad)...)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Every code is read as what it stands for, and there are no others: the codes of a
// set fill the room that there is, but for those the tables leave out.
func TestCodes(t *testing.T) {
	v := vlcs()
	check := func(name string, c *codes, want map[string]int, unused float64) {
		t.Helper()
		room := 1.0
		for written, value := range want {
			var w writer
			w.written(written + "10110")
			r := w.reader()
			if got, ok := c.read(&r); !ok || got != value || r.pos != len(written) {
				t.Errorf("%s: %s is %d of %d bits, want %d", name, written, got, r.pos, value)
			}
			room -= 1 / float64(uint64(1)<<len(written))
		}
		if room != unused {
			t.Errorf("%s: %g of all codes are not used, want %g", name, room, unused)
		}
	}
	for i, unused := range []float64{1.0 / (1 << 15), 1.0 / (1 << 13), 1.0 / (1 << 10), 0} {
		want := map[string]int{}
		for line := range strings.Lines(tokenCodes) {
			cells := strings.Fields(line)
			if c := cells[2+i]; c != "-" {
				ones := int(cells[0][0] - '0')
				total := 0
				for _, d := range cells[1] {
					total = 10*total + int(d-'0')
				}
				want[c] = total<<2 | ones
			}
		}
		check("coeff_token "+string(rune('0'+i)), &v.token[i], want, unused)
	}
	table := func(name, text string, sets []codes) {
		lines := strings.Split(text, "\n")
		if len(lines) != len(sets) {
			t.Fatalf("%s: %d lines, want %d", name, len(lines), len(sets))
		}
		for i, line := range lines {
			want := map[string]int{}
			for value, written := range strings.Fields(line) {
				want[written] = value
			}
			unused := 0.0
			if name == "total_zeros" && i == 0 {
				unused = 1.0 / (1 << 9)
			}
			if name == "run_before" && i == 6 {
				unused = 1.0 / (1 << 11)
			}
			check(name, &sets[i], want, unused)
		}
	}
	table("total_zeros", zerosCodes, v.zeros[:])
	table("total_zeros of chroma DC", chromaZerosCodes, v.chromaZeros[:])
	table("run_before", runCodes, v.run[:])
}

// The first two blocks are worked examples of I. E. G. Richardson, H.264 and MPEG-4
// Video Compression (2003), §6.4.13.2.
func TestLevels(t *testing.T) {
	for _, tc := range []struct {
		name    string
		written string
		nc      int
		want    []int32
		err     error
	}{
		{"trailing ones", "0000100 0 1 1 1 0010 111 10 1 101", 0, []int32{0, 3, 0, 1, -1, -1, 0, 1}, nil},
		{"levels that grow", "0000000110 1 0001 0010 00010 111 0011 00", 0, []int32{-2, 4, 3, -3, 0, 0, -1}, nil},
		{"nothing", "1", 0, nil, nil},
		{"many are expected", "000000 01 1", 8, []int32{-2}, nil},
		{"many are expected, nothing is there", "000011", 16, nil, nil},
		{"an escape", "000101 0000000000000001 000001100100 1", 0, []int32{67}, nil},
		{"a longer escape", "000101 00000000000000001 0000000000000 1", 0, []int32{2065}, nil},
		{"an escape that has no end", "000101 000000000000000000000000000001", 0, nil, errLevels},
		{"no such code", "0000000000000000 1", 0, nil, errLevels},
		{"more ones than levels", "000010", 8, nil, errLevels},
		{"chroma DC", "1 0 001", -1, []int32{0, 0, 1}, nil},
		{"chroma DC, all of it", "0000000 100 1", -1, []int32{1, 1, 1, -1}, nil},
		{"more zeros than there are", "000101 1 000000000", 0, nil, errRuns},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var w writer
			w.written(tc.written)
			walk := walk{bits: w.reader(), vlc: vlcs()}
			got, scan := make([]int32, 16), make([]uint8, 16)
			for i := range scan {
				scan[i] = uint8(i)
			}
			size := 16
			if tc.nc < 0 {
				size = 4
			}
			_, err := walk.levels(tc.nc, &target{coef: got, scan: scan, scale: asItIs, step: 1, size: size})
			if !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if err != nil {
				return
			}
			if d := cmp.Diff(append(tc.want, make([]int32, 16-len(tc.want))...), got); d != "" {
				t.Error(d)
			}
			if walk.bits.pos != walk.bits.end {
				t.Errorf("it ends at bit %d, want %d", walk.bits.pos, walk.bits.end)
			}
		})
	}
}

// coder is the arithmetic encoder of §9.3.4.2, bit by bit as it stands there.
type coder struct {
	w           writer
	low, span   uint32
	outstanding int
	began       bool
	states      [512]struct{ index, mps uint8 }
}

func (c *coder) put(b uint32) {
	if c.began {
		c.w.bits(1, b)
	}
	for c.began = true; c.outstanding > 0; c.outstanding-- {
		c.w.bits(1, 1-b)
	}
}

func (c *coder) renorm() {
	for c.span < 256 {
		switch {
		case c.low < 256:
			c.put(0)
		case c.low >= 512:
			c.low -= 512
			c.put(1)
		default:
			c.low -= 256
			c.outstanding++
		}
		c.span <<= 1
		c.low <<= 1
	}
}

func (c *coder) decision(context int, bin uint8) {
	s := &c.states[context]
	lps := uint32(rangeLPS[int(s.index)*4+int(c.span>>6&3)])
	c.span -= lps
	if bin != s.mps {
		c.low += c.span
		c.span = lps
		if s.index == 0 {
			s.mps = 1 - s.mps
		}
		s.index = transLPS[s.index]
	} else if s.index < 62 {
		s.index++
	}
	c.renorm()
}

func (c *coder) bypass(bin uint8) {
	c.low <<= 1
	if bin == 1 {
		c.low += c.span
	}
	switch {
	case c.low >= 1024:
		c.put(1)
		c.low -= 1024
	case c.low < 512:
		c.put(0)
	default:
		c.low -= 512
		c.outstanding++
	}
}

func (c *coder) last(end bool) {
	c.span -= 2
	if !end {
		c.renorm()
		return
	}
	c.low += c.span
	c.span = 2
	c.renorm()
	c.put(c.low >> 9 & 1)
	c.w.bits(2, c.low>>7&3|1)
}

// What the standard's encoder wrote is read again, whatever the bins, and up to where
// it ended.
func TestArith(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := coder{span: 510}
		var a arith
		a.prepare(int(seed % 52))
		for i := range c.states {
			c.states[i].index, c.states[i].mps = a.states[i]>>1, a.states[i]&1
		}
		type bin struct{ kind, context, value int }
		var bins []bin
		skew := r.Float64()
		for range 2000 {
			b := bin{r.IntN(5), 60 + r.IntN(10), 0}
			if r.Float64() < skew {
				b.value = 1
			}
			switch b.kind {
			case 0:
				c.bypass(uint8(b.value))
			case 1:
				b.value = 0
				c.last(false)
			default:
				c.decision(b.context, uint8(b.value))
			}
			bins = append(bins, b)
		}
		c.last(true)
		end := c.w.used
		a.begin(append(c.w.b, make([]byte, pad)...), 0)
		for i, b := range bins {
			var got int
			switch b.kind {
			case 0:
				got = a.bypass()
			case 1:
				got = bit(a.last())
			default:
				got = a.decision(b.context)
			}
			if got != b.value {
				t.Fatalf("seed %d: bin %d is %d, want %d", seed, i, got, b.value)
			}
		}
		if !a.last() || a.place() != end || a.over() {
			t.Fatalf("seed %d: the end is not where it was put: bit %d, want %d", seed, a.place(), end)
		}
	}
}
