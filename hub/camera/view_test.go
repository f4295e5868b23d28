package camera

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
)

// watchedFile is what a viewer got: a file, and what it should hold.
type watchedFile struct {
	home.Footage
	bytes    []byte
	parts    int
	pictures int
	first    time.Duration // from asking to the first part
}

// watch looks through a camera for as long as pictures of a length take.
func (s *set) watch(t *testing.T, sound bool, length time.Duration) (w watchedFile) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	asked := time.Now()
	v, err := s.View(sound)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for seen := time.Duration(0); seen < length; {
		m, err := v.Next(ctx)
		if err != nil {
			t.Fatalf("after %d parts: %v", w.parts, err)
		}
		if m.Begin != nil {
			w.Footage, w.bytes = *m.Begin, m.Begin.Init
			continue
		}
		if w.parts == 0 {
			w.first = time.Since(asked)
		}
		if m.Missed {
			t.Error("pictures are missing")
		}
		w.bytes = append(w.bytes, m.Part.Bytes...)
		w.parts++
		w.pictures += m.Part.Pictures
		seen += m.Part.Duration
	}
	return w
}

func (w watchedFile) file(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "view.mp4")
	if err := os.WriteFile(name, w.bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestView looks through every kind of camera, and has ffprobe and ffmpeg judge what
// came: the newest group that is there at once, then each picture by itself.
func TestView(t *testing.T) {
	sound := append(append([]string{}, x264...), "-map", "1:a", "-c:a", "aac")
	hevc := []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=25:scenecut=0:log-level=error:bframes=0"}
	bframes := []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "25", "-b:v", "600k", "-x264-params", "open-gop=0:scenecut=0:b-adapt=0"}
	for _, tt := range []struct {
		name   string
		args   []string
		camera bool // hears
		sound  bool // is wanted by who looks
		codecs string
		words  string
	}{
		{"h264", x264, false, true, "h264", "avc1.42c01e"},
		{"h264 with B-frames", bframes, false, true, "h264", "avc1.64001e"},
		{"h265", hevc, false, true, "hevc", "hev1.1.6.L63.90"},
		{"with AAC", sound, true, true, "h264 aac", "avc1.42c01e,mp4a.40.2"},
		{"with G.711", x264, true, true, "h264 flac", "avc1.42c01e,flac"},
		{"G.711 that this viewer does not want", x264, true, false, "h264", "avc1.42c01e"},
		{"AAC that this viewer does not want", sound, true, false, "h264", "avc1.42c01e"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			scene := shoot(t, 4, tt.args...)
			if strings.Contains(tt.name, "G.711") {
				scene.Audio = &format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}
				for at := int64(0); at < 4*8000; at += 160 {
					scene.Sounds = append(scene.Sounds, camsim.Sound{PTS: at, Bytes: bytes.Repeat([]byte{0xd5, 0x55}, 80)})
				}
			}
			wired(t, scene, func(o *Options) { o.Audio = tt.camera }, func(t *testing.T, s *set) {
				s.after(t, 1500*time.Millisecond)
				w := s.watch(t, tt.sound, 2*time.Second)
				j := judge(t, w.file(t))
				if j.codecs() != tt.codecs || w.Codecs != tt.words || w.Width != 640 || w.Height != 360 {
					t.Errorf("ffprobe finds %s, the viewer was told %s, %dx%d", j.codecs(), w.Codecs, w.Width, w.Height)
				}
				if got := j.frames("video"); got != w.pictures || got < 50 || got > 52 {
					t.Errorf("ffprobe counts %d pictures, want the %d that came, of 2 s at 25 a second", got, w.pictures)
				}
				if film, ok := s.Film(); !ok || film.Turned != (tt.name == "h264 with B-frames") {
					t.Errorf("its pictures are said to come in another order than they are shown: %v", film.Turned)
				}
				if w.first > 0 { // it began amid a group, and did not wait for the next
					t.Errorf("the first part came after %v", w.first)
				}
				if w.parts < 20 { // a group holds 25 pictures: at least one second came picture by picture
					t.Errorf("%d pictures came in %d parts", w.pictures, w.parts)
				}
			})
		})
	}
}

// TestAStalledViewerHoldsNothing has one viewer that takes nothing beside one that
// does: the second misses nothing, and the first goes on at a picture that stands
// alone, knows that it missed some, and holds no more than its share of memory.
func TestAStalledViewerHoldsNothing(t *testing.T) {
	scene := shoot(t, 4, x264...)
	var w watchedFile
	synctest.Test(t, func(t *testing.T) {
		c := still(t, Options{Pre: time.Second, RingBytes: 32 << 20, Recorder: newShelf()})
		feed(t, c, scene, time.Second)
		stalled, err := c.View(true)
		if err != nil {
			t.Fatal(err)
		}
		defer stalled.Close()
		feed(t, c, scene, 30*time.Second)
		f := stalled.feed
		if f.bytes > feedBytes+1<<20 || len(f.queue) > int(feedLate.Seconds()+2)*25 {
			t.Errorf("%d bytes in %d pieces wait for a viewer that takes nothing", f.bytes, len(f.queue))
		}
		m, err := stalled.Next(t.Context())
		if err != nil || m.Begin == nil {
			t.Fatalf("got a part of %d pictures, %v; want a beginning", m.Part.Pictures, err)
		}
		w = watchedFile{Footage: *m.Begin, bytes: m.Begin.Init}
		if m, err = stalled.Next(t.Context()); err != nil || !m.Missed {
			t.Fatalf("got missed %v, %v; want a part that says that pictures are missing", m.Missed, err)
		}
		w.bytes, w.pictures = append(w.bytes, m.Part.Bytes...), m.Part.Pictures
	})
	if j := judge(t, w.file(t)); j.frames("video") != w.pictures {
		t.Errorf("ffprobe decodes %d pictures of %d: the part does not begin with one that stands alone", j.frames("video"), w.pictures)
	}
}

// TestAViewEndsWithTheRight: who looks when the camera is told to rest sees nothing
// more, and nobody looks while it rests or once it is gone.
func TestAViewEndsWithTheRight(t *testing.T) {
	scene := shoot(t, 4, x264...)
	synctest.Test(t, func(t *testing.T) {
		c := still(t, Options{Pre: time.Second, RingBytes: 32 << 20, Recorder: newShelf()})
		feed(t, c, scene, time.Second)
		v, err := c.View(true)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		if m, err := v.Next(t.Context()); err != nil || m.Begin == nil {
			t.Fatalf("got no beginning, but %v", err)
		}
		c.Rest(true)
		if m, err := v.Next(t.Context()); !errors.Is(err, ErrRests) {
			t.Errorf("got %d pictures, %v of a camera that rests: some waited", m.Part.Pictures, err)
		}
		var conflict *home.Conflict
		if _, err := c.View(true); !errors.As(err, &conflict) {
			t.Errorf("got %v of a camera that rests", err)
		}
		c.Rest(false)
		if v, err = c.View(true); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Next(t.Context()); !errors.Is(err, ErrGone) {
			t.Errorf("got %v of a camera that is gone", err)
		}
		v.Close()
		if _, err := c.View(true); !errors.As(err, &conflict) || len(c.feeds) != 0 {
			t.Errorf("got %v of a camera that is gone, %d feeds are left", err, len(c.feeds))
		}
	})
}

// TestSoundBeforeAPictureIsNotLate: a viewer who has just begun, or has taken all that
// there was, hears before the next picture comes, and misses none.
func TestSoundBeforeAPictureIsNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &Feed{sound: true, wake: make(chan struct{}, 1)}
		for range 2 {
			f.hear(sound{bytes: []byte{1}})
			f.see(picture{at: time.Now(), bytes: []byte{2}})
			if list, err := f.take(t.Context()); err != nil || len(list) != 2 || list[1].skipped {
				t.Fatalf("%d pieces came, %v", len(list), err)
			}
			time.Sleep(2 * feedLate) // a picture in so long
		}
	})
}

// TestGroups: who looks by whole groups gets those that the ring holds at once, and each
// later one when it is whole; none is cut, however many pictures wait.
func TestGroups(t *testing.T) {
	t.Parallel()
	wired(t, shoot(t, 4, x264...), nil, func(t *testing.T, s *set) {
		s.after(t, 3*time.Second)
		v, err := s.Groups(false)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		asked := time.Now()
		for i := range 6 {
			m, err := v.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case i == 0:
				if m.Begin == nil {
					t.Fatal("it does not begin with a beginning")
				}
			case !m.Part.Key || m.Part.Pictures != 25 || m.Part.Duration != time.Second || m.Missed:
				t.Errorf("part %d begins with one that stands alone: %v, and is %d pictures in %v", i, m.Part.Key, m.Part.Pictures, m.Part.Duration)
			}
			if took := time.Since(asked); i <= 2 && took > 0 {
				t.Errorf("piece %d came after %v, and was there", i, took)
			}
		}
	})
}
