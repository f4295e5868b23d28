package camsim

import (
	"bytes"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
)

// FuzzCoded reads byte streams: what can be read is written again as what reads the same.
func FuzzCoded(f *testing.F) {
	drawn := Draw(Doorbell)
	stream := func(s Scene) (b []byte) {
		for _, p := range s.Pictures {
			b = append(b, 0, 0, 0, 1, 9, 0x10)
			for _, u := range p.Units {
				b = append(append(b, 0, 0, 1), u...)
			}
		}
		return b
	}
	short := drawn
	short.Pictures = drawn.Pictures[:3]
	got, err := Coded(stream(short), fps)
	if err != nil || len(got.Pictures) != 3 || !bytes.Equal(got.Video.(*format.H264).SPS, drawn.Video.(*format.H264).SPS) {
		f.Fatalf("%d pictures of 3: %v", len(got.Pictures), err)
	}
	f.Add(stream(short)[:2000])
	f.Add([]byte{0, 0, 1, 9, 0, 0, 1, 0x67, 0, 0, 1, 0x68, 0, 0, 1})
	f.Add([]byte{0x67})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Coded(b, 25)
		if err != nil {
			return
		}
		again, err := Coded(stream(s), 25)
		if err != nil || len(again.Pictures) != len(s.Pictures) || again.Length != s.Length {
			t.Fatalf("%d pictures, and %d when written again: %v", len(s.Pictures), len(again.Pictures), err)
		}
		for i, p := range s.Pictures {
			if !bytes.Equal(bytes.Join(p.Units, []byte{0}), bytes.Join(again.Pictures[i].Units, []byte{0})) {
				t.Errorf("picture %d is another one when written again", i)
			}
		}
	})
}
