package camera

import (
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// TestEntryRate: an entry has a rate in 16 bits.
func TestEntryRate(t *testing.T) {
	for rate, want := range map[int]uint32{
		8000: 8000, 48000: 48000, 65535: 65535, 96000: 48000, 192000: 48000, 176400: 44100, 65537: 65535,
	} {
		if got := (linear{&codecs.LPCM{SampleRate: rate}}).entryRate(); got != want {
			t.Errorf("%d is %d, want %d", rate, got, want)
		}
	}
}

// TestSoundThatNoFileHas is not asked for: the camera is recorded without, or with what it
// has beside.
func TestSoundThatNoFileHas(t *testing.T) {
	wide := &format.LPCM{PayloadTyp: 97, BitDepth: 16, SampleRate: 8000, ChannelCount: 9}
	mono := &format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}
	of := func(f ...format.Format) *description.Session {
		return &description.Session{Medias: []*description.Media{{Type: description.MediaTypeAudio, Formats: f}}}
	}
	if m, f := findAudio(of(wide)); m != nil {
		t.Errorf("%s of nine channels is asked for", f.RTPMap())
	}
	if _, f := findAudio(of(wide, mono)); f != mono {
		t.Errorf("got %v", f)
	}
}
