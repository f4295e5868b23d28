package keyframe

import (
	"fmt"
	"image"
	"syscall"
	"testing"
)

// BenchmarkDecode decodes key pictures of 1920 × 1080, coded as cameras do it. cpu-ms
// is what the process used, whatever else the machine does.
func BenchmarkDecode(b *testing.B) {
	for _, tc := range []struct {
		name string
		args []string
	}{
		{"cabac", []string{"-profile:v", "high", "-crf", "30"}},
		{"cabac-fine", []string{"-profile:v", "high", "-crf", "24"}},
		{"cavlc", []string{"-profile:v", "baseline", "-crf", "30"}},
		{"cavlc-fine", []string{"-profile:v", "baseline", "-crf", "24"}},
	} {
		stream := shoot(b, "testsrc2=size=1920x1080,noise=alls=12", append([]string{"-frames:v", "1", "-preset", "veryfast"}, tc.args...)...)
		units := SplitStream(stream)
		b.Run(fmt.Sprintf("%s/%dkB", tc.name, len(stream)/1000), func(b *testing.B) {
			var d Decoder
			var m *image.YCbCr
			before := used(b)
			for b.Loop() {
				var err error
				if m, err = d.Decode(units, m); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(used(b)-before)/1e3/float64(b.N), "cpu-ms/op")
		})
	}
}

// used is the processor time of this process, in microseconds.
func used(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return (u.Utime.Sec+u.Stime.Sec)*1e6 + u.Utime.Usec + u.Stime.Usec
}
