package keyframe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Pictures of a kind that is not decoded, as ffmpeg codes them.
func TestRefused(t *testing.T) {
	for _, tc := range []struct {
		name string
		args string
		want string
	}{
		{"4:2:2", "-pix_fmt yuv422p", "sequence parameter set: chroma format 2 (4:2:2): only 4:2:0 is decoded"},
		{"4:4:4", "-pix_fmt yuv444p", "sequence parameter set: chroma format 3 (4:4:4): only 4:2:0 is decoded"},
		{"grey", "-pix_fmt gray", "sequence parameter set: chroma format 0 (grey): only 4:2:0 is decoded"},
		{"ten bits", "-pix_fmt yuv420p10le", "sequence parameter set: 10 bits: only 8 are decoded"},
		{"MBAFF", "-flags +ildct+ilme -x264-params interlaced=1", "frames with field macroblocks (MBAFF) are not decoded"},
		{"lossless", "-qp 0", "samples without a transform (lossless) are not decoded"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			stream := shoot(t, "testsrc2=size=160x128", append(strings.Fields(tc.args), "-frames:v", "1")...)
			_, err := new(Decoder).Decode(SplitStream(stream), nil)
			if err == nil || !strings.HasPrefix(err.Error(), "keyframe: ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// small are seeds and what garbled pictures are made of: 48 × 32, with CAVLC and with
// CABAC, two slices each.
func small(t testing.TB, name string) [][]byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".h264"))
	if err != nil {
		t.Fatal(err)
	}
	return SplitStream(b)
}

var smallOnes = []string{"cavlc", "cabac"}

// only picks units by their type.
func only(units [][]byte, kinds ...byte) (out [][]byte) {
	for _, u := range units {
		if slices.Contains(kinds, u[0]&0x1f) {
			out = append(out, u)
		}
	}
	return out
}

func TestGarbled(t *testing.T) {
	for _, name := range smallOnes {
		whole := small(t, name)
		sets, cut := only(whole, unitSequence, unitPicture), only(whole, unitIDR)
		if len(sets) != 2 || len(cut) != 2 {
			t.Fatalf("%s has %d sets and %d slices", name, len(sets), len(cut))
		}
		needs := bytes.Clone(cut[0])
		needs[0] = needs[0]&^0x1f | unitSlice
		needs[1] = 0b1_1_00000_0 | needs[1]&1 // first macroblock 0, slice_type 0: P
		for _, tc := range []struct {
			name  string
			units [][]byte
			want  string
		}{
			{"no sets", cut, "picture parameter set 0 was not there"},
			{"no sequence", slices.Concat(sets[1:], cut), "sequence parameter set 0 was not there"},
			{"one slice missing", slices.Concat(sets, cut[:1]), "3 of the picture's 6 macroblocks are missing"},
			{"a slice twice", slices.Concat(sets, cut[:1], cut[:1]), "slice 2: macroblock 1 was there already"},
			{"a slice cut short", slices.Concat(sets, [][]byte{cut[0][:len(cut[0])/2], cut[1]}), "slice 1: "},
			{"a set cut short", [][]byte{sets[0][:6]}, "sequence parameter set: "},
			{"another set cut short", [][]byte{sets[0], sets[1][:2]}, "picture parameter set: "},
			{"a P slice", slices.Concat(sets, [][]byte{needs}), "slice header: the picture needs others"},
			{"data partitions", slices.Concat(sets, [][]byte{{0x42, 0x88}}), "data partitions are not decoded"},
		} {
			t.Run(name+" "+tc.name, func(t *testing.T) {
				var d Decoder
				m, err := d.Decode(tc.units, nil)
				if err == nil || !strings.HasPrefix(err.Error(), "keyframe: ") || !strings.Contains(err.Error(), tc.want) || m != nil {
					t.Fatalf("picture %v, error %v, want one that says %q", m != nil, err, tc.want)
				}
				if strings.Contains(tc.name, "P slice") != errors.Is(err, ErrNeedsOthers) {
					t.Errorf("ErrNeedsOthers: %v", err)
				}
				// The next picture is whole again.
				m, err = d.Decode(whole, nil)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(flatten(decoded(t, whole)), flatten(m)); d != "" {
					t.Error("what was garbled is seen in the next picture")
				}
			})
		}
	}
}

func decoded(t testing.TB, units [][]byte) *image.YCbCr {
	t.Helper()
	m, err := new(Decoder).Decode(units, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The slices of a picture may come in any order, and between them what is no concern of
// a decoder.
func TestOrderOfSlices(t *testing.T) {
	for _, name := range smallOnes {
		whole := small(t, name)
		cut := only(whole, unitIDR)
		units := slices.Concat(only(whole, unitSequence, unitPicture), [][]byte{cut[1], {0x06, 0x80}, {}, {0x0c}, cut[0]})
		if d := cmp.Diff(flatten(decoded(t, whole)), flatten(decoded(t, units))); d != "" {
			t.Errorf("%s: another picture", name)
		}
	}
}

// Parameter sets are remembered; they alone are no picture.
func TestSetsBefore(t *testing.T) {
	whole := small(t, "cabac")
	var d Decoder
	if m, err := d.Decode(only(whole, unitSequence, unitPicture), nil); m != nil || err != nil {
		t.Fatalf("picture %v, error %v", m != nil, err)
	}
	m, err := d.Decode(only(whole, unitIDR), nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rect != image.Rect(0, 0, 46, 30) {
		t.Errorf("%v, want what is left of 48 × 32 when 2 are cut off", m.Rect)
	}
}

// A picture takes the memory of the one before, and next to nothing else.
func TestMemory(t *testing.T) {
	whole := small(t, "cavlc")
	var d Decoder
	first, err := d.Decode(whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.Decode(whole, first)
	if err != nil {
		t.Fatal(err)
	}
	if &first.Y[0] != &second.Y[0] || &first.Cb[0] != &second.Cb[0] || &first.Cr[0] != &second.Cr[0] {
		t.Error("the picture has memory of its own")
	}
	if n := testing.AllocsPerRun(20, func() { second, err = d.Decode(whole, second) }); n > 12 {
		t.Errorf("%v allocations to a picture: parameter sets, headers, and the picture's own", n)
	}
	third, err := d.Decode(whole, &image.YCbCr{Y: make([]byte, 10)})
	if err != nil || len(third.Y) != 48*32 {
		t.Errorf("%v: into one that is too small", err)
	}
}

// sequenceOf writes a sequence parameter set of the profile Baseline.
func sequenceOf(level, wide, high uint32, more func(*writer)) []byte {
	var w writer
	w.bits(24, 66<<16|level)
	for _, v := range []uint32{0, 0, 2, 1} { // number, frame_num, order, reference frames
		w.ue(v)
	}
	w.bits(1, 0)
	w.ue(wide - 1)
	w.ue(high - 1)
	w.bits(2, 3) // only frames
	if more != nil {
		more(&w)
	} else {
		w.bits(2, 0) // no cropping, no VUI
	}
	return w.unit(0x67)
}

func TestSizes(t *testing.T) {
	crop := func(n ...uint32) func(*writer) {
		return func(w *writer) {
			w.bits(1, 1)
			for _, v := range n {
				w.ue(v)
			}
			w.bits(1, 0)
		}
	}
	for _, tc := range []struct {
		name  string
		level uint32
		w, h  uint32 // macroblocks
		more  func(*writer)
		want  string // error; "": none
	}{
		{"1080p", 40, 120, 68, nil, ""},
		{"1080p that calls itself level 1", 10, 120, 68, nil, ""},
		{"4K", 51, 240, 135, nil, ""},
		{"4K in level 4", 40, 240, 135, nil, "pictures of 240 × 135 macroblocks: level 4.0 has 8192 at most"},
		{"the largest", 60, 256, 256, nil, ""},
		{"the largest in level 5.1", 51, 256, 256, nil, "level 5.1 has 36864 at most"},
		{"wider", 62, 257, 1, nil, "pictures of 257 × 1 macroblocks: at most 256 × 256 are decoded"},
		{"higher", 62, 1, 257, nil, "at most 256 × 256"},
		{"much higher", 62, 1, 1<<32 - 1, nil, "pictures of 1 × 4294967295 macroblocks"},
		{"all cut off", 40, 2, 2, crop(8, 8, 0, 0), "nothing is left of the picture"},
		{"more than all cut off", 40, 2, 2, crop(0, 1<<31, 0, 0), "4294967296 samples cut off"},
		{"nearly all cut off", 40, 2, 2, crop(8, 7, 8, 7), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := new(Decoder).Decode([][]byte{sequenceOf(tc.level, tc.w, tc.h, tc.more)}, nil)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// What a sequence says of its order of pictures and its colours is read to its end: a
// bit too few or too many would garble the sizes behind it.
func TestSequence(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  func(w *writer)
		want sequence
	}{
		{
			"order type 0", func(w *writer) {
				w.ue(0) // bits of frame_num: 4
				w.ue(0)
				w.ue(12)
			},
			sequence{frameNumBits: 4, orderBits: 16},
		},
		{
			"order type 1", func(w *writer) {
				w.ue(12)
				w.ue(1)
				w.bits(1, 1)
				w.se(-7)
				w.se(1 << 20)
				w.ue(3)
				for range 3 {
					w.se(-99)
				}
			},
			sequence{frameNumBits: 16, orderType: 1, orderAlwaysZero: true},
		},
		{
			"order type 2", func(w *writer) {
				w.ue(4)
				w.ue(2)
			},
			sequence{frameNumBits: 8, orderType: 2},
		},
	} {
		for _, full := range []bool{false, true} {
			var w writer
			w.bits(24, 66<<16|40)
			w.ue(31)
			tc.set(&w)
			w.ue(4)
			w.bits(1, 1)
			w.ue(6)
			w.ue(2)      // 3 pairs of lines
			w.bits(1, 0) // fields are possible
			w.bits(1, 0)
			w.bits(1, 1)
			w.bits(1, 1)
			for _, v := range []uint32{1, 2, 3, 1} {
				w.ue(v)
			}
			w.bits(1, 1)
			w.bits(1, 1)
			w.bits(8, 255) // a shape of samples in 32 bits
			w.bits(32, 0xffffffff)
			w.bits(2, 2)
			w.bits(1, 1)
			w.bits(3, 5)
			w.bits(1, uint32(bit(full)))
			r := w.reader()
			id, got, err := parseSequence(&r)
			if err != nil || id != 31 {
				t.Fatalf("%s: number %d, %v", tc.name, id, err)
			}
			want := tc.want
			want.profile, want.level, want.wide, want.high = 66, 40, 7, 6
			want.left, want.right, want.top, want.bottom, want.full = 2, 4, 12, 4, full
			if d := cmp.Diff(want, *got, cmp.AllowUnexported(sequence{}, lists{})); d != "" {
				t.Errorf("%s: %s", tc.name, d)
			}
		}
	}
}

func TestSplit(t *testing.T) {
	units := [][]byte{{0x67, 1, 2}, {0x68}, {0x65, 0, 0, 3, 0}}
	var mp4 []byte
	for _, u := range units {
		mp4 = append(binary.BigEndian.AppendUint32(mp4, uint32(len(u))), u...)
	}
	got, err := Split(append(mp4, 0, 0, 0, 0))
	if d := cmp.Diff(units, got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	for n := range mp4 {
		if _, err := Split(mp4[:n]); (err == nil) != slices.Contains([]int{0, 7, 12}, n) {
			t.Errorf("%d of %d bytes: error %v", n, len(mp4), err)
		}
	}
	stream := []byte{9, 0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 0, 0, 0, 0, 1, 0, 0, 1, 0x65, 0, 0, 3, 7}
	if d := cmp.Diff([][]byte{{0x67, 1, 2}, {0x68}, {0x65, 0, 0, 3, 7}}, SplitStream(stream)); d != "" {
		t.Error(d)
	}
}

// FuzzDecode has no bytes make the decoder panic, take more memory than a picture
// needs, or return what is no picture.
func FuzzDecode(f *testing.F) {
	for _, name := range smallOnes {
		b, err := os.ReadFile(filepath.Join("testdata", name+".h264"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		units := SplitStream(b)
		for _, u := range only(units, unitSequence) {
			r := newReader(payload(nil, u))
			if _, s, err := parseSequence(&r); err == nil && s.wide*s.high > 1<<10 {
				return // no fault, but slow
			}
		}
		var d Decoder
		first, err := d.Decode(units, nil)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "keyframe: ") {
				t.Errorf("error %q does not say where it is from", err)
			}
			return
		}
		if first == nil {
			return
		}
		all := flatten(first)
		if n := first.Rect.Dx() * first.Rect.Dy() * 3 / 2; len(all) != n || n == 0 {
			t.Fatalf("%d samples, want %d", len(all), n)
		}
		second, err := d.Decode(units, first)
		if err != nil || !bytes.Equal(all, flatten(second)) {
			t.Errorf("another picture the second time: %v", err)
		}
	})
}

// The committed pictures are what ffmpeg says of them, so that what is tested with
// them is something.
func TestSmallOnes(t *testing.T) {
	for _, name := range smallOnes {
		b, err := os.ReadFile(filepath.Join("testdata", name+".h264"))
		if err != nil {
			t.Fatal(err)
		}
		if n := compare(t, b); n != 1 {
			t.Errorf("%s: %d pictures", name, n)
		}
	}
}

// Black is 16 and white is 235 in most streams; colours reach from 16 to 240.
func TestWiden(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 4, 4), image.YCbCrSubsampleRatio420)
	copy(m.Y, []byte{0, 16, 17, 126, 235, 255})
	copy(m.Cb, []byte{16, 128, 129, 240})
	copy(m.Cr, []byte{0, 127, 100, 255})
	Widen(m)
	if d := cmp.Diff([]byte{0, 0, 1, 128, 255, 255}, m.Y[:6]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]byte{0, 128, 129, 255}, m.Cb[:4]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]byte{0, 127, 96, 255}, m.Cr[:4]); d != "" {
		t.Error(d)
	}
}

func TestHalve(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 10, 6), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = uint8(i%m.YStride*4 + i/m.YStride*10)
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = uint8(i%m.CStride*40), uint8(i/m.CStride*40)
	}
	h := Halve(m)
	if h.Rect != image.Rect(0, 0, 4, 2) {
		t.Fatalf("%v", h.Rect)
	}
	if d := cmp.Diff([]byte{7, 15, 23, 31, 27, 35, 43, 51}, h.Y); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][]byte{{20, 100}, {20, 20}}, [][]byte{h.Cb, h.Cr}); d != "" {
		t.Error(d)
	}
}

func TestFull(t *testing.T) {
	for _, tc := range []struct {
		how  string
		full bool
	}{{"pc", true}, {"tv", false}} {
		stream := shoot(t, "testsrc2=size=64x48", "-frames:v", "1", "-color_range", tc.how, "-colorspace", "bt709")
		var d Decoder
		if _, err := d.Decode(SplitStream(stream), nil); err != nil {
			t.Fatal(err)
		}
		if d.Full() != tc.full {
			t.Errorf("%s: full range is %v", tc.how, d.Full())
		}
	}
}

// The headers of slices are read to their end, whatever stands in between.
func TestHeader(t *testing.T) {
	const idr, i, aside = 0x65, 0x41, 0x01 // NAL units: the last is of a picture that none needs
	type sets struct {
		sequence
		pictureSet
	}
	plain := sets{sequence{wide: 4, high: 4, frameNumBits: 4, orderType: 2, framesOnly: true}, pictureSet{qp: 30, chromaOffset: [2]int{-2, 3}}}
	for _, tc := range []struct {
		name string
		unit byte
		set  func(s *sets)
		rest func(w *writer) // behind frame_num, before slice_qp_delta
		tail func(w *writer) // behind it
		want header
		err  string
	}{
		{"plain", aside, nil, nil, nil, header{qp: 28, deblock: deblocking{chroma: [2]int{-2, 3}}}, ""},
		{"an IDR picture", idr, nil, func(w *writer) {
			w.ue(65535)
			w.bits(2, 1)
		}, nil, header{qp: 28, deblock: deblocking{chroma: [2]int{-2, 3}}}, ""},
		{"order type 0", aside, func(s *sets) { s.orderType, s.orderBits, s.bottomOrder = 0, 16, true }, func(w *writer) {
			w.bits(16, 0xffff)
			w.se(-9)
		}, nil, header{qp: 28, deblock: deblocking{chroma: [2]int{-2, 3}}}, ""},
		{"order type 1", aside, func(s *sets) { s.orderType, s.bottomOrder = 1, true }, func(w *writer) {
			w.se(5)
			w.se(-9)
		}, nil, header{qp: 28, deblock: deblocking{chroma: [2]int{-2, 3}}}, ""},
		{"order type 1, always zero", aside, func(s *sets) { s.orderType, s.orderAlwaysZero = 1, true }, nil, nil, header{qp: 28, deblock: deblocking{chroma: [2]int{-2, 3}}}, ""},
		{"a redundant picture", aside, func(s *sets) { s.redundant = true }, func(w *writer) { w.ue(1) }, nil, header{qp: 28, redundant: true, deblock: deblocking{chroma: [2]int{-2, 3}}}, ""},
		{"marking by a window", i, nil, func(w *writer) { w.bits(1, 0) }, nil, header{qp: 28, deblock: deblocking{chroma: [2]int{-2, 3}}}, ""},
		{"marking by operations", i, nil, func(w *writer) {
			w.bits(1, 1)
			for _, v := range []uint32{1, 99, 2, 98, 3, 97, 96, 4, 95, 5, 6, 94, 0} {
				w.ue(v)
			}
		}, nil, header{qp: 28, deblock: deblocking{chroma: [2]int{-2, 3}}}, ""},
		{"an unknown operation", i, nil, func(w *writer) {
			w.bits(1, 1)
			w.ue(7)
		}, nil, header{}, "memory_management_control_operation is 7"},
		{"operations without an end", i, nil, func(w *writer) {
			w.bits(1, 1)
			w.ue(5)
		}, nil, header{}, "cut short"},
		{"deblocking", aside, func(s *sets) { s.deblockControl = true }, nil, func(w *writer) {
			w.ue(2)
			w.se(-6)
			w.se(6)
		}, header{qp: 28, deblock: deblocking{inside: true, alpha: -12, beta: 12, chroma: [2]int{-2, 3}}}, ""},
		{"no deblocking", aside, func(s *sets) { s.deblockControl = true }, nil, func(w *writer) { w.ue(1) }, header{qp: 28, deblock: deblocking{off: true, chroma: [2]int{-2, 3}}}, ""},
		{"deblocking of no kind", aside, func(s *sets) { s.deblockControl = true }, nil, func(w *writer) { w.ue(3) }, header{}, "disable_deblocking_filter_idc is 3"},
		{"deblocking without measure", aside, func(s *sets) { s.deblockControl = true }, nil, func(w *writer) {
			w.ue(0)
			w.se(7)
			w.se(0)
		}, header{}, "deblocking offsets 7 and 0"},
		{"a quantiser that can't be", aside, func(s *sets) { s.qp = 1 }, nil, nil, header{}, "quantiser -1"},
		{"a field", aside, func(s *sets) { s.framesOnly = false }, func(w *writer) { w.bits(1, 1) }, nil, header{}, "fields are not decoded"},
		{"a frame of fields", aside, func(s *sets) { s.framesOnly = false }, func(w *writer) { w.bits(1, 0) }, nil, header{qp: 28, deblock: deblocking{chroma: [2]int{-2, 3}}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := plain
			if tc.set != nil {
				tc.set(&s)
			}
			var w writer
			w.ue(5)
			w.ue(7) // I, and all others too
			w.ue(0)
			w.bits(4, 9)
			if tc.rest != nil {
				tc.rest(&w)
			}
			w.se(-2)
			if tc.tail != nil {
				tc.tail(&w)
			}
			end := w.used
			w.bits(16, 0)
			r := w.reader()
			d := Decoder{}
			d.sequences[0], d.pictures[0] = &s.sequence, &s.pictureSet
			got, err := d.parseHeader(&r, tc.unit)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tc.name != "a redundant picture" && r.pos != end {
				t.Errorf("it ends at bit %d, want %d", r.pos, end)
			}
			if got.first != 5 || got.qp != tc.want.qp || got.redundant != tc.want.redundant || got.deblock != tc.want.deblock {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
	for _, tc := range []struct {
		name              string
		first, kind, sets uint32
		want              string
	}{
		{"an unknown kind", 0, 10, 0, "slice_type is 10"},
		{"an SI slice", 0, 4, 0, "SI slices are not decoded"},
		{"a B slice", 0, 6, 0, "the picture needs others"},
		{"outside", 16, 7, 0, "its first macroblock is 17 of 16"},
		{"a set beyond all", 0, 7, 256, "picture parameter set 256 was not there"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var w writer
			w.ue(tc.first)
			w.ue(tc.kind)
			w.ue(tc.sets)
			w.bits(32, 0)
			r := w.reader()
			s := plain
			d := Decoder{}
			d.sequences[0], d.pictures[0] = &s.sequence, &s.pictureSet
			if _, err := d.parseHeader(&r, idr); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// TestEveryBit turns each bit of the small pictures over: some are another picture then,
// the rest are errors.
func TestEveryBit(t *testing.T) {
	for _, name := range smallOnes {
		whole := small(t, name)
		want := flatten(decoded(t, whole))
		var d Decoder
		refused := 0
		for _, u := range whole {
			for i := range 8 * len(u) {
				u[i/8] ^= 1 << (i % 8)
				if _, err := d.Decode(whole, nil); err != nil {
					refused++
				}
				u[i/8] ^= 1 << (i % 8)
			}
		}
		if refused == 0 {
			t.Errorf("%s: nothing is refused", name)
		}
		m, err := d.Decode(whole, nil)
		if err != nil || !bytes.Equal(flatten(m), want) {
			t.Errorf("%s: afterwards a whole picture is another one: %v", name, err)
		}
	}
}
