package camera

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/camsim/filmed"
)

// TestLinear records what most cheap cameras send, G.711 that no file of this kind holds,
// and samples: ffmpeg decodes the very samples of the clip, none more and none less, that
// it decodes of what was sent.
func TestLinear(t *testing.T) {
	for name, tt := range map[string]struct {
		audio          format.Format
		ffmpeg         string // how it calls them
		rate, channels int
		size           int // of what was sent of a sample of all channels
	}{
		"A-law":           {&format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}, "alaw", 8000, 1, 1},
		"µ-law":           {&format.G711{PayloadTyp: 0, MULaw: true, SampleRate: 8000, ChannelCount: 1}, "mulaw", 8000, 1, 1},
		"8 bits":          {&format.LPCM{PayloadTyp: 97, BitDepth: 8, SampleRate: 8000, ChannelCount: 1}, "u8", 8000, 1, 1},
		"16 bits, stereo": {&format.LPCM{PayloadTyp: 97, BitDepth: 16, SampleRate: 16000, ChannelCount: 2}, "s16be", 16000, 2, 4},
		"24 bits":         {&format.LPCM{PayloadTyp: 97, BitDepth: 24, SampleRate: 48000, ChannelCount: 1}, "s24be", 48000, 1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scene := shoot(t, 4, x264...)
			sent := make([]byte, 4*tt.rate*tt.size)
			_, _ = rand.NewChaCha8([32]byte{1}).Read(sent)
			scene.Audio = tt.audio
			const packet = 160
			for at := 0; at < 4*tt.rate; at += packet {
				scene.Sounds = append(scene.Sounds, camsim.Sound{PTS: int64(at), Bytes: sent[at*tt.size : (at+packet)*tt.size]})
			}
			wired(t, scene, func(o *Options) { o.Audio = true }, func(t *testing.T, s *set) {
				clip := s.record(t)
				if clip.Codecs != "avc1.42c01e,flac" || s.State().Audio != "flac" {
					t.Errorf("codecs are %q, the sound is %q", clip.Codecs, s.State().Audio)
				}
				file := clip.file(t, len(clip.parts))
				j := judge(t, file)
				heard, _ := strconv.ParseFloat(j.Streams[1].Duration, 64)
				if j.codecs() != "h264 flac" || math.Abs(heard-clip.length().Seconds()) > 0.1 {
					t.Errorf("ffprobe finds %s, %v s of sound for %v", j.codecs(), heard, clip.length())
				}
				raw := filepath.Join(t.TempDir(), "sent")
				if err := os.WriteFile(raw, slices.Concat(sent, sent), 0o600); err != nil { // the scene begins anew
					t.Fatal(err)
				}
				want := tool(t, "ffmpeg", "-v", "error", "-f", tt.ffmpeg, "-ar", fmt.Sprint(tt.rate), "-ac", fmt.Sprint(tt.channels), "-i", raw, "-f", "s32le", "-")
				got := tool(t, "ffmpeg", "-v", "error", "-i", file, "-map", "0:a", "-f", "s32le", "-")
				of := 4 * tt.channels
				if n, said := len(got)/of, clip.samples(t); n != said || float64(n) != math.Round(heard*float64(tt.rate)) {
					t.Errorf("%d samples are decoded, the parts have %d, and last %v s", n, said, heard)
				}
				// It goes with the first picture, which stands alone: those of the scene are a second apart.
				if at := strings.Index(want, got); at < 0 || at%(tt.rate*of) != 0 {
					t.Errorf("what is decoded begins at sample %d of what was sent", at/of)
				}
			})
		})
	}
}

// samples is how many of sound the parts of a clip say they have.
func (t *tape) samples(test *testing.T) (n int) {
	test.Helper()
	for _, p := range t.parts {
		var parts fmp4.Parts
		if err := parts.Unmarshal(p.Bytes); err != nil {
			test.Fatal(err)
		}
		for _, track := range parts[0].Tracks[1:] {
			for _, s := range track.Samples {
				n += int(s.Duration)
			}
		}
	}
	return n
}

// TestClipFromTheFirst begins with the first picture of a connection, which is decoded
// before its time by as much as the stream needs.
func TestClipFromTheFirst(t *testing.T) {
	for name, args := range map[string][]string{
		"h264": {"-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "25", "-b:v", "600k", "-x264-params", "open-gop=0:scenecut=0:b-adapt=0"},
		"h265": {"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=25:scenecut=0:log-level=error:bframes=3:open-gop=0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := run(t, shoot(t, 4, args...), nil)
			s.until(t, "up", up)
			if err := s.Record("doorbell", 1200*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			clip := s.clip(t)
			if got := judge(t, clip.file(t, len(clip.parts))).frames("video"); got != clip.pictures() {
				t.Errorf("ffprobe counts %d pictures, the parts have %d", got, clip.pictures())
			}
		})
	}
}

// TestClip records around a trigger with every kind of stream, and has ffprobe and
// ffmpeg judge the clip.
func TestClip(t *testing.T) {
	sound := func(args ...string) []string {
		return append(slices.Clone(x264), append([]string{"-map", "1:a"}, args...)...)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		strip  bool // no parameter sets in the stream
		audio  bool
		codecs string  // as ffprobe has them
		words  string  // as a browser is told
		start  float64 // the first picture is shown
	}{
		{"h264", x264, false, false, "h264", "avc1.42c01e", 0},
		{"parameter sets only in the description", x264, true, false, "h264", "avc1.42c01e", 0},
		{"h264 with B-frames", []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "25", "-b:v", "600k", "-x264-params", "open-gop=0:scenecut=0:b-adapt=0"}, false, false, "h264", "avc1.64001e", 0.08},
		{"h265", []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=25:scenecut=0:log-level=error:bframes=0"}, false, false, "hevc", "hev1.1.6.L63.90", 0},
		{"h265 with B-frames", []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=25:scenecut=0:log-level=error:bframes=3:open-gop=0"}, false, false, "hevc", "hev1.1.6.L63.90", 0.08},
		{"with AAC", sound("-c:a", "aac"), false, true, "h264 aac", "avc1.42c01e,mp4a.40.2", 0},
		{"with Opus", sound("-c:a", "libopus"), false, true, "h264 opus", "avc1.42c01e,opus", 0},
		{"no audio, though it is wanted", x264, false, true, "h264", "avc1.42c01e", 0},
		{"AAC that nobody wants", sound("-c:a", "aac"), false, false, "h264", "avc1.42c01e", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			scene := shoot(t, 4, tt.args...)
			if tt.strip {
				scene = filmed.Describe(scene)
			}
			s := run(t, scene, func(_ *camsim.Options, o *Options) { o.Pre, o.Audio = time.Second, tt.audio })
			s.until(t, "up", up)
			s.Camera.mu.Lock()
			first := s.ring.groups[0]
			s.Camera.mu.Unlock()
			wait(t, 2200*time.Millisecond)
			// The first group of a connection is decoded in another rhythm: see TestClipFromTheFirst.
			soon(t, "the first group is not needed any more", func() bool {
				s.Camera.mu.Lock()
				defer s.Camera.mu.Unlock()
				return len(s.ring.groups) > 0 && s.ring.groups[0] != first
			})
			asked := time.Now()
			if err := s.Record("doorbell", 1200*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			clip := s.clip(t)
			if clip.why != nil || clip.Reason != "doorbell" || clip.Camera != "camera-porch" || clip.Codecs != tt.words || clip.Width != 640 || clip.Height != 360 {
				t.Errorf("clip is %q of %s, %s, %dx%d, ended by %v", clip.Reason, clip.Camera, clip.Codecs, clip.Width, clip.Height, clip.why)
			}
			// The pre-roll is what was asked for, and at most one group more, by when
			// pictures came: a machine that is busy delivers late, and then many at once.
			if pre := asked.Sub(clip.At); pre < time.Second {
				t.Errorf("pre-roll is %v, want 1 s at least", pre)
			}
			var groups []time.Time
			newest := clip.At
			for _, p := range clip.parts {
				if p.Key {
					groups = append(groups, p.At)
				}
				if p.At.Before(asked) {
					newest = p.At
				}
			}
			if len(groups) > 1 && newest.Sub(groups[1]) >= time.Second {
				t.Errorf("the second group began %v before the trigger: the first was not needed", newest.Sub(groups[1]))
			}
			if over := clip.parts[len(clip.parts)-1].At.Sub(asked); over > 1300*time.Millisecond {
				t.Errorf("what came %v after the trigger is in the clip, want 1.2 s", over)
			}
			j := judge(t, clip.file(t, len(clip.parts)))
			if j.codecs() != tt.codecs {
				t.Errorf("codecs are %q, want %q", j.codecs(), tt.codecs)
			}
			if got := j.frames("video"); got != clip.pictures() {
				t.Errorf("ffprobe counts %d pictures, the parts have %d", got, clip.pictures())
			}
			if want := time.Duration(clip.pictures()) * 40 * time.Millisecond; clip.length() != want {
				t.Errorf("%d pictures last %v, want %v", clip.pictures(), clip.length(), want)
			}
			got, _ := strconv.ParseFloat(j.Streams[0].Duration, 64)
			if math.Abs(got-clip.length().Seconds()) > 0.0005 {
				t.Errorf("ffprobe says %v s, the parts are %v", got, clip.length())
			}
			if start, _ := strconv.ParseFloat(j.Streams[0].Start, 64); start != tt.start {
				t.Errorf("the first picture is shown at %v s, want %v", start, tt.start)
			}
			if tt.audio && strings.Contains(tt.codecs, " ") {
				heard, _ := strconv.ParseFloat(j.Streams[1].Duration, 64)
				if math.Abs(heard-got) > 0.2 {
					t.Errorf("%v s of sound for %v s of pictures", heard, got)
				}
			}
			// Parts are short, and a group of 25 pictures begins with one of its own.
			before := 0
			for i, p := range clip.parts {
				if p.Duration > 200*time.Millisecond || p.Key != (before%25 == 0) {
					t.Errorf("part %d, after %d pictures, is %v long and stands alone: %v", i, before, p.Duration, p.Key)
				}
				before += p.Pictures
			}
			// Any number of parts from the first on plays.
			for n := 1; n < len(clip.parts); n += 7 {
				judge(t, clip.file(t, n))
			}
		})
	}
}
