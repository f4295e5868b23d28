package keyframe

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool runs ffmpeg and returns what it writes.
func tool(t testing.TB, args ...string) []byte {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-v", "error", "-nostdin", "-threads", "1"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg (of the Debian package ffmpeg): %v\n%s", err, complaints.String())
	}
	return out.Bytes()
}

// shoot has ffmpeg code a picture source, and returns the byte stream.
func shoot(t testing.TB, source string, args ...string) []byte {
	t.Helper()
	all := append([]string{"-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-c:v", "libx264"}, args...)
	return tool(t, append(all, "-f", "h264", "-")...)
}

// oracle decodes the I pictures of a stream with ffmpeg's own decoder.
func oracle(t testing.TB, stream []byte) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stream.h264")
	if err := os.WriteFile(file, stream, 0o600); err != nil {
		t.Fatal(err)
	}
	return tool(t, "-c:v", "h264", "-flags", "unaligned", "-i", file, "-vf", "select=eq(pict_type\\,I)", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
}

// accessUnits puts the units of a stream together that are one picture (§7.4.1.2.4,
// as far as it matters here: a slice that begins at the first macroblock).
func accessUnits(stream []byte) [][][]byte {
	var all [][][]byte
	var waiting [][]byte
	open := false
	for _, u := range SplitStream(stream) {
		slice := u[0]&0x1f == unitSlice || u[0]&0x1f == unitIDR
		if open && (!slice || u[1]&0x80 != 0) {
			all, waiting, open = append(all, waiting), nil, false
		}
		waiting = append(waiting, u)
		open = open || slice
	}
	return append(all, waiting)
}

// flatten is a picture's samples, one plane after the other, as ffmpeg writes them.
func flatten(m *image.YCbCr) []byte {
	var b []byte
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for y := range h {
		b = append(b, m.Y[y*m.YStride:][:w]...)
	}
	for _, p := range [][]byte{m.Cb, m.Cr} {
		for y := range h / 2 {
			b = append(b, p[y*m.CStride:][:w/2]...)
		}
	}
	return b
}

// compare decodes each I picture and holds it against ffmpeg's.
func compare(t *testing.T, stream []byte) (pictures int) {
	t.Helper()
	want := oracle(t, stream)
	var d Decoder
	var m *image.YCbCr
	for _, au := range accessUnits(stream) {
		next, err := d.Decode(au, m)
		switch {
		case errors.Is(err, ErrNeedsOthers):
			continue
		case err != nil:
			t.Fatalf("picture %d: %v", pictures, err)
		case next == nil:
			continue
		}
		m = next
		got := flatten(m)
		if len(want) < len(got) {
			t.Fatalf("ffmpeg sees %d I pictures", pictures)
		}
		if i := differs(got, want[:len(got)]); i >= 0 {
			t.Fatalf("picture %d differs at %s", pictures, place(m, i))
		}
		want = want[len(got):]
		pictures++
	}
	if len(want) > 0 {
		t.Fatalf("ffmpeg sees %d bytes more than %d I pictures", len(want), pictures)
	}
	return pictures
}

func differs(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

func place(m *image.YCbCr, i int) string {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if i < w*h {
		return fmt.Sprintf("Y %d, %d (macroblock %d, %d)", i%w, i/w, i%w/16, i/w/16)
	}
	i -= w * h
	i %= w * h / 4
	return fmt.Sprintf("chroma %d, %d (macroblock %d, %d)", i%(w/2), i/(w/2), i%(w/2)/8, i/(w/2)/8)
}

// Sources of pictures: drawn ones with sharp edges, soft ones, and what no encoder can
// foretell.
const (
	drawn     = "testsrc2=size=%s"
	soft      = "mandelbrot=size=%s"
	grain     = "mandelbrot=size=%s,noise=alls=30:allf=t"
	noise     = "color=gray:size=%s,noise=alls=100:allf=t"
	gradients = "gradients=size=%s:seed=1"
)

// everyQP codes each picture with another quantiser: 0 to 51.
func everyQP() string {
	var zones []string
	for qp := range 52 {
		zones = append(zones, fmt.Sprintf("%d,%d,q=%d", qp, qp, qp))
	}
	return "zones=" + strings.Join(zones, "/")
}

// TestBitExact holds pictures against ffmpeg's, sample for sample.
func TestBitExact(t *testing.T) {
	for _, tc := range []struct {
		name     string
		source   string
		size     string
		pictures int    // I pictures at least
		profile  string // of libx264
		params   string // x264-params
		args     string // more for ffmpeg
	}{
		{"baseline", drawn, "320x240", 2, "baseline", "", ""},
		{"main", drawn, "320x240", 2, "main", "", ""},
		{"high", drawn, "320x240", 2, "high", "", ""},
		{"baseline soft", soft, "320x240", 2, "baseline", "", ""},
		{"main soft", soft, "320x240", 2, "main", "", ""},
		{"high soft", soft, "320x240", 2, "high", "", ""},
		{"baseline grain", grain, "320x240", 2, "baseline", "", ""},
		{"main grain", grain, "320x240", 2, "main", "", ""},
		{"high grain", grain, "320x240", 2, "high", "", ""},
		{"gradients", gradients, "320x240", 2, "high", "crf=30", ""},
		{"main cavlc", grain, "320x240", 2, "main", "cabac=0", ""},
		{"high cavlc", grain, "320x240", 2, "high", "cabac=0:8x8dct=1", ""},
		{"high cavlc drawn", drawn, "320x240", 2, "high", "cabac=0:8x8dct=1", ""},
		{"high without 8x8", grain, "320x240", 2, "high", "8x8dct=0", ""},
		{"every quantiser, baseline", grain, "112x96", 52, "baseline", everyQP(), "pictures=52"},
		{"every quantiser, main", grain, "112x96", 52, "main", everyQP(), "pictures=52"},
		{"every quantiser, high", grain, "112x96", 52, "high", everyQP(), "pictures=52"},
		{"every quantiser, high cavlc", grain, "112x96", 52, "high", "cabac=0:" + everyQP(), "pictures=52"},
		{"every quantiser, drawn", drawn, "112x96", 52, "high", everyQP(), "pictures=52"},
		{"every quantiser, jvt", grain, "112x96", 52, "high", "cqm=jvt:" + everyQP(), "pictures=52"},
		{"only 4x4", grain, "160x128", 2, "high", "partitions=i4x4", ""},
		{"only 8x8", grain, "160x128", 2, "high", "partitions=i8x8", ""},
		{"only 8x8 cavlc", grain, "160x128", 2, "high", "cabac=0:partitions=i8x8", ""},
		{"only whole", grain, "160x128", 2, "high", "partitions=none:8x8dct=0", ""},
		{"samples as they are, cavlc", noise, "160x128", 2, "baseline", "qp=1:psy=0:subme=8", ""},
		{"samples as they are, cabac", noise, "160x128", 2, "high", "qp=1:psy=0:subme=8", ""},
		{"samples as they are, slices", noise, "160x128", 2, "main", "qp=1:psy=0:subme=8:slice-max-mbs=7", ""},
		{"samples as they are, among others", grain, "160x128", 2, "high", "psy=0:subme=8:aq-mode=3:aq-strength=3:qp=3", ""},
		{"samples as they are, among others, cavlc", grain, "160x128", 2, "baseline", "psy=0:subme=8:qp=2", ""},
		{"large levels", noise, "160x128", 2, "high", "qpmin=0:qpmax=2:bitrate=900000:vbv-maxrate=900000:vbv-bufsize=900000", ""},
		{"large levels, cavlc", noise, "160x128", 2, "high", "cabac=0:qpmin=0:qpmax=2:bitrate=900000:vbv-maxrate=900000:vbv-bufsize=900000", ""},
		{"jvt matrices", grain, "320x240", 2, "high", "cqm=jvt", ""},
		{"jvt matrices, cavlc", grain, "320x240", 2, "high", "cqm=jvt:cabac=0", ""},
		{"own 4x4 matrices", grain, "160x128", 2, "high", "cqm4i=6,12,19,26,12,19,26,31,19,26,31,35,26,31,35,39", ""},
		{"own matrices of Y alone", grain, "160x128", 2, "high", "cqm4iy=6,12,19,26,12,19,26,31,19,26,31,35,26,31,35,39", ""},
		{"own matrices of chroma alone", grain, "160x128", 2, "high", "cqm4ic=6,12,19,26,12,19,26,31,19,26,31,35,26,31,35,39", ""},
		{"four slices", grain, "320x240", 2, "main", "slices=4", ""},
		{"four slices, cavlc", grain, "320x240", 2, "baseline", "slices=4", ""},
		{"slices that end anywhere", grain, "320x240", 2, "high", "slice-max-mbs=7", ""},
		{"slices that end anywhere, cavlc", grain, "320x240", 2, "baseline", "slice-max-mbs=7", ""},
		{"slices by size", grain, "320x240", 2, "high", "slice-max-size=500", ""},
		{"edges of slices left alone", grain, "320x240", 2, "high", "sliced-threads=1:threads=4:crf=35", ""},
		{"edges of slices left alone, cavlc", grain, "320x240", 2, "baseline", "sliced-threads=1:threads=4:crf=35", ""},
		{"no deblocking", grain, "320x240", 2, "high", "no-deblock=1:crf=35", ""},
		{"much deblocking", grain, "320x240", 2, "high", "deblock=6,6:crf=35", ""},
		{"little deblocking", grain, "320x240", 2, "high", "deblock=-6,-6:crf=35", ""},
		{"uneven deblocking", grain, "320x240", 2, "main", "deblock=6,-6:crf=35", ""},
		{"chroma finer", grain, "320x240", 2, "high", "chroma-qp-offset=-12", ""},
		{"chroma coarser", grain, "320x240", 2, "high", "chroma-qp-offset=12", ""},
		{"quantisers of all kinds", grain, "320x240", 2, "high", "aq-mode=3:aq-strength=3", ""},
		{"quantisers of all kinds, cavlc", grain, "320x240", 2, "baseline", "aq-mode=3:aq-strength=3", ""},
		{"constrained intra", grain, "320x240", 2, "high", "constrained-intra=1", ""},
		{"odd size", grain, "322x182", 2, "high", "", ""},
		{"odd size, cavlc", grain, "98x130", 2, "baseline", "", ""},
		{"one macroblock", grain, "16x16", 2, "high", "", ""},
		{"smaller than a macroblock", grain, "8x6", 2, "baseline", "", ""},
		{"narrow", grain, "16x400", 2, "high", "", ""},
		{"flat", grain, "400x16", 2, "high", "", ""},
		{"cropped on all sides", grain, "320x240", 2, "high", "crop-rect=2,4,6,8", ""},
		{"frames that say they are interlaced", grain, "320x240", 2, "high", "fake-interlaced=1", ""},
		{"cropped frames that say so", grain, "320x180", 2, "high", "fake-interlaced=1", ""},
		{"I pictures that are not IDR", grain, "160x128", 3, "high", "open-gop=1:keyint=8:min-keyint=4:bframes=3:scenecut=0", "pictures=40"},
		{"with P and B pictures", soft, "160x128", 3, "main", "keyint=8:scenecut=0", "pictures=24"},
		{"delimited, with times", grain, "160x128", 2, "high", "aud=1:nal-hrd=cbr:bitrate=900:vbv-maxrate=900:vbv-bufsize=900", ""},
		{"level too low", soft, "640x480", 2, "high", "level=10", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			params := "keyint=1:threads=1"
			if strings.Contains(tc.params, "keyint") || strings.Contains(tc.params, "threads") {
				params = "keyint=" + map[bool]string{true: "1", false: "8"}[!strings.Contains(tc.params, "keyint")]
			}
			if tc.params != "" {
				params += ":" + tc.params
			}
			frames := "2"
			if n, ok := strings.CutPrefix(tc.args, "pictures="); ok {
				frames = n
			}
			stream := shoot(t, fmt.Sprintf(tc.source, tc.size), "-frames:v", frames, "-profile:v", tc.profile, "-x264-params", params)
			if n := compare(t, stream); n < tc.pictures {
				t.Errorf("%d I pictures in the stream, wanted are %d", n, tc.pictures)
			}
		})
	}
}

// matrices writes scaling lists: some of its own, some to be the default, some not sent.
func matrices(w *writer, seed int32, sent string) {
	for i, c := range sent {
		w.bits(1, uint32(bit(c != '-')))
		size := 16
		if i >= 6 {
			size = 64
		}
		switch c {
		case 'd': // the first delta makes the next 0: the default
			w.se(-8)
		case 'o':
			for k := range size {
				w.se((int32(k)*seed+int32(i))%7 - 2)
			}
		case 's': // short: the last one goes on
			w.se(4)
			w.se(seed)
			w.se(-12 - seed)
		}
	}
}

// TestMatrices has encoder and decoders disagree on purpose: pictures are coded with the
// flat matrix and decoded with others, so that both decoders must go the same way
// through lists that were sent, that are to be the default, and that stand in for
// others (table 7-2).
func TestMatrices(t *testing.T) {
	for _, tc := range []struct{ name, sequence, picture string }{
		{"of the sequence", "ooo---oo", ""},
		{"of the sequence, standing in", "o--o----", ""},
		{"of the sequence, not sent", "--------", ""},
		{"of the sequence, default", "ododdddd", ""},
		{"of the sequence, short", "sss---ss", ""},
		{"of the picture", "", "ooo---oo"},
		{"of the picture, not sent", "", "--------"},
		{"of the picture, standing in", "", "-o----d-"},
		{"of both", "ooo---oo", "o-d---o-"},
		{"of both, standing in", "ooo---oo", "--o-----"},
		{"of both, not sent", "s-o---s-", "--------"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			stream := shoot(t, fmt.Sprintf(grain, "96x80"), "-frames:v", "1", "-profile:v", "high", "-x264-params", "crf=28:8x8dct=1:threads=1")
			var out []byte
			for _, u := range SplitStream(stream) {
				switch {
				case u[0]&0x1f == unitSequence && tc.sequence != "":
					u = withMatrices(t, u, sequenceMatrixAt(t, u), 3, tc.sequence)
				case u[0]&0x1f == unitPicture && tc.picture != "":
					u = withMatrices(t, u, pictureMatrixAt(t, u), 5, tc.picture)
				}
				out = append(append(out, 0, 0, 0, 1), u...)
			}
			if n := compare(t, out); n != 1 {
				t.Errorf("%d pictures", n)
			}
			plain, other := decoded(t, SplitStream(stream)), decoded(t, SplitStream(out))
			if bytes.Equal(flatten(plain), flatten(other)) {
				t.Error("the matrices change nothing")
			}
		})
	}
}

// withMatrices puts lists behind the flag at a bit, which was 0.
func withMatrices(t *testing.T, unit []byte, at int, seed int32, sent string) []byte {
	t.Helper()
	r := newReader(payload(nil, unit))
	var w writer
	for r.pos < at {
		w.bits(1, r.bits(1))
	}
	if r.flag() {
		t.Fatal("there are matrices already")
	}
	w.bits(1, 1)
	matrices(&w, seed, sent)
	for r.more() {
		w.bits(1, r.bits(1))
	}
	return w.unit(unit[0])
}

func sequenceMatrixAt(t *testing.T, unit []byte) int {
	t.Helper()
	r := newReader(payload(nil, unit))
	if r.bits(8) != 100 {
		t.Fatal("not High")
	}
	r.bits(16)
	for range 4 { // number, chroma format, bits
		r.ue()
	}
	r.flag()
	return r.pos
}

func pictureMatrixAt(t *testing.T, unit []byte) int {
	t.Helper()
	r := newReader(payload(nil, unit))
	r.ue()
	r.ue()
	r.bits(2)
	for range 3 {
		r.ue()
	}
	r.bits(3)
	for range 3 {
		r.se()
	}
	r.bits(3)
	if !r.flag() {
		t.Fatal("without 8×8 transforms")
	}
	return r.pos
}
