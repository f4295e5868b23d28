//go:build interop

package camera

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/camera/camsim"
)

// street is the video of a street that `make interop` takes out of the Debian package
// opencv-doc: 768×576, 10 pictures a second, people and cars.
const street = "../../build/pictures/vtest.avi"

// sums are the checksums of the pictures that ffmpeg makes of a film.
func sums(t *testing.T, file string) (list []string) {
	t.Helper()
	for line := range strings.Lines(tool(t, "ffmpeg", "-v", "error", "-i", file, "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-")) {
		if fields := strings.Split(line, ","); len(fields) == 6 && line[0] != '#' {
			list = append(list, strings.TrimSpace(fields[5]))
		}
	}
	return list
}

// filmOf is a scene as one clip, so that a program can look at the whole of it.
func filmOf(t *testing.T, scene camsim.Scene) string {
	t.Helper()
	s := newShelf()
	c := still(t, Options{Pre: time.Minute, Post: time.Second, Longest: time.Hour, RingBytes: 64 << 20, Recorder: s})
	r, err := newReel(scene.Video, c)
	if err != nil {
		t.Fatal(err)
	}
	c.Hold("all", "motion")
	for _, p := range scene.Pictures {
		r.picture(p.Units, p.PTS, time.Now())
	}
	c.hungUp(nil)
	whole := s.clip(t)
	return whole.file(t, len(whole.parts))
}

// TestStreet records a real street, with sound: what ffmpeg makes of the clip is, bit
// for bit and in its order, what it makes of the stream that the camera has.
func TestStreet(t *testing.T) {
	if _, err := os.Stat(filepath.FromSlash(street)); err != nil {
		t.Fatalf("make interop fetches the video first: %v", err)
	}
	for _, tt := range []struct {
		name, codecs string
		args         []string
	}{
		{"h264 and AAC", "h264 aac", []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "20", "-b:v", "1500k", "-x264-params", "open-gop=0:scenecut=0", "-map", "1:a", "-c:a", "aac"}},
		{"h265 and Opus", "hevc opus", []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=20:scenecut=0:log-level=error:bframes=0", "-map", "1:a", "-c:a", "libopus"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			scene := shootFrom(t, []string{"-ss", "30", "-i", street}, 12, tt.args...)
			whole := sums(t, filmOf(t, scene))
			if len(whole) != 120 {
				t.Fatalf("ffmpeg makes %d pictures of the stream, want 120", len(whole))
			}
			s := run(t, scene, func(_ *camsim.Options, o *Options) { o.Pre, o.Audio = 2*time.Second, true })
			s.after(t, 4*time.Second)
			if err := s.Record("motion", 3*time.Second); err != nil {
				t.Fatal(err)
			}
			clip := s.clip(t)
			file := clip.file(t, len(clip.parts))
			if j := judge(t, file); j.codecs() != tt.codecs || j.Streams[0].Width != 768 || j.Streams[0].Height != 576 || j.frames("video") != clip.pictures() {
				t.Errorf("ffprobe finds %s, %dx%d, %d pictures of %d", j.codecs(), j.Streams[0].Width, j.Streams[0].Height, j.frames("video"), clip.pictures())
			}
			got := sums(t, file)
			from := slices.Index(whole, got[0])
			if from < 0 || len(got) < 45 || from+len(got) > len(whole) || !slices.Equal(got, whole[from:from+len(got)]) {
				t.Errorf("the %d pictures of the clip are not those of the street from picture %d on", len(got), from)
			}
			t.Logf("%d pictures from number %d on", len(got), from)
		})
	}
}
