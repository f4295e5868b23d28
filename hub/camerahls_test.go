package hub

import (
	"bytes"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// TestViewByHLS has a stock player open a camera of the house by its playlist: pictures
// come at once and go on, on record from begin to end, and no longer than the token is
// good.
func TestViewByHLS(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	srv := h.served(t)
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL = "Porch", with(sim, url.UserPassword("hub", "s3cret word"))
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	_, secret, err := h.people.CreateToken(t.Context(), "Ada", "Television", auth.Onlooker, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	at := srv.URL + "/api/v1/cameras/camera-porch/hls/index.m3u8"
	fetch := func(address string, args ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), "ffprobe", append(append([]string{"-v", "error"}, args...), address)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := fetch(at); err == nil {
		t.Errorf("nobody sees %s", out)
	}
	if got := h.seenLive(t); len(got) != 0 {
		t.Errorf("a view of which nothing was seen is on record: %+v", got)
	}
	at += "?token=" + url.QueryEscape(string(secret))
	// Sixty pictures are six seconds: longer than what the ring held.
	out, err := fetch(at, "-read_intervals", "%+#60", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0")
	times := strings.Fields(strings.ReplaceAll(out, ",", ""))
	if err != nil || len(times) != 60 {
		t.Fatalf("ffprobe finds %d pictures: %v", len(times), err)
	}
	for i := range times[1:] {
		a, errA := strconv.ParseFloat(times[i], 64)
		b, errB := strconv.ParseFloat(times[i+1], 64)
		if errA != nil || errB != nil || b-a < 0.05 || b-a > 0.15 {
			t.Errorf("picture %d is shown at %s, the next at %s", i, times[i], times[i+1])
		}
	}
	out, err = fetch(at, "-read_intervals", "%+#20", "-count_frames", "-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "csv=p=0")
	if lines := strings.Fields(out); err != nil || len(lines) == 0 || lines[0] != "h264,768,432,20" {
		t.Errorf("ffprobe finds %q, %v", out, err)
	}
	// Both were one view, as the player was never away for long.
	if got := h.seenLive(t); len(got) != 1 || got[0].Who != "Television" || got[0].Role != "onlooker" || !strings.HasPrefix(got[0].Agent, "Lavf") {
		t.Errorf("on record is %+v", got)
	}
	if d, _ := h.devices.Device(c.ID); !slices.Equal(d.Watched, []string{"Television"}) {
		t.Errorf("the device is watched by %q", d.Watched)
	}
	if err := h.people.RevokeToken(t.Context(), "Ada", "Television"); err != nil {
		t.Fatal(err)
	}
	soon(t, "nobody looks", func() bool { d, _ := h.devices.Device(c.ID); return len(d.Watched) == 0 })
	soon(t, "the end is on record", func() bool { got := h.seenLive(t); return len(got) == 2 && got[0].Ends == got[1].N })
	if out, err := fetch(at); err == nil {
		t.Errorf("a token that was withdrawn shows %s", out)
	}
}

// TestSoundByHLS: G.711, which HLS has not, comes as FLAC, which it has.
func TestSoundByHLS(t *testing.T) {
	t.Parallel()
	scene := camsim.Draw(camsim.Porch)
	scene.Audio = &format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}
	for at := int64(0); at < scene.Length*8000/90000; at += 160 {
		scene.Sounds = append(scene.Sounds, camsim.Sound{PTS: at, Bytes: bytes.Repeat([]byte{0xd5, 0x55}, 80)})
	}
	h, sim, _ := cameraHouse(t, scene)
	srv := h.served(t)
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL, c.Audio = "Porch", with(sim, url.UserPassword("hub", "s3cret word")), true
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	_, secret, err := h.people.CreateToken(t.Context(), "Ada", "Television", auth.Onlooker, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	at := srv.URL + "/api/v1/cameras/camera-porch/hls/index.m3u8?token=" + url.QueryEscape(string(secret))
	args := strings.Fields("-v error -read_intervals %+#20 -show_entries stream=codec_name,sample_rate,channels -of csv=p=0")
	out, err := exec.CommandContext(t.Context(), "ffprobe", append(args, at)...).Output()
	if lines := strings.Fields(string(out)); err != nil || !slices.Contains(lines, "h264") || !slices.Contains(lines, "flac,8000,1") {
		t.Errorf("ffprobe finds %q, %v", out, err)
	}
}
