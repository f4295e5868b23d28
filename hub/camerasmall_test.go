package hub

import (
	"errors"
	"image"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/detect"
	"gatehouse/hub/camera/onvif/onvifsim"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// forSize are eyes that note how wide the last picture was.
type forSize struct {
	mu   *sync.Mutex
	wide *int
}

func (e forSize) Look(img image.Image, _ []detect.Box) []home.Sight {
	e.mu.Lock()
	defer e.mu.Unlock()
	*e.wide = img.Bounds().Dx()
	return nil
}

func (forSize) Close() {}

// TestASubStreamIsLookedAt: a camera's second stream is looked at instead of the one that
// is recorded, and not connected while nobody looks; when it is lost that is said, and
// the other is looked at.
func TestASubStreamIsLookedAt(t *testing.T) {
	t.Parallel()
	h, _, clips, c := lookedAt(t)
	main := turnOn(t, camsim.Options{Listen: "127.0.0.1:0", Scene: camsim.Draw(camsim.Porch)})
	sub := turnOn(t, camsim.Options{Listen: "127.0.0.1:0", SubOf: main, User: "hub", Password: "s3cret word"})
	var mu sync.Mutex
	wide := 0
	saw := func(want int) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return wide == want
		}
	}
	h.cameras.open = func() (detect.Eyes, error) { return forSize{&mu, &wide}, nil }
	c.SnapshotURL = ""
	for bad, says := range map[string]string{
		"http://127.0.0.1/x":        "rtsp://",
		"rtsp://127.0.0.2/x":        "127.0.0.1",
		"rtsp://hub:pw@127.0.0.1/x": "leave name and password out",
		"rtsps://127.0.0.1/x":       "rtsp:// as url does",
	} {
		c.SubURL = bad
		var invalid *home.Invalid
		if _, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada"); !errors.As(err, &invalid) || invalid.Field != "sub_url" || !strings.Contains(invalid.Reason, says) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	c.SubURL = sub.URL()
	h.says(home.Closed)
	c = h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	if c.SubURL != sub.URL() || sub.Asked() != 0 {
		t.Fatalf("sub-stream %q, asked for %d times though nothing is looked for", c.SubURL, sub.Asked())
	}
	h.arm(t, home.Away)
	h.says(home.Open)
	soon(t, "the alarm runs", func() bool { return h.guard.State().Phase == home.PhaseAlarm })
	soon(t, "its sub-stream is looked at", saw(384))
	soon(t, "a clip has a picture", func() bool { _, stills := clips.seen(); return stills > 0 })

	lost := func(want bool) func() bool {
		return func() bool {
			h.cameras.conditions(time.Now().Add(lostPatience))
			return h.board.Present(health.CameraSubLost, c.ID) == want
		}
	}
	if !lost(false)() {
		t.Error("a sub-stream that is there is said to be lost")
	}
	sub.Off()
	soon(t, "the stream itself is looked at", saw(768))
	soon(t, "its loss is said", lost(true))
	if c, _ := h.cameras.Camera(c.ID); c.Status.SubWhy == "" || c.Status.State != "up" {
		t.Errorf("status is %+v", c.Status)
	}
	sub.On()
	soon(t, "its sub-stream is looked at again", saw(384))
	soon(t, "its loss is over", lost(false))
}

// TestSubStreamByONVIF: a camera that is added by its services has its second profile
// looked at, if that is another stream.
func TestSubStreamByONVIF(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	other := strings.Replace(sim.URL(), "/main", "/small", 1)
	for name, row := range map[string]struct {
		sub, want string
		quirks    onvifsim.Quirks
	}{
		"another stream":            {other, other, onvifsim.Quirks{}},
		"another, Media1":           {other, other, onvifsim.Quirks{Media1: true}},
		"the same":                  {sim.URL(), "", onvifsim.Quirks{}},
		"with a name that it gives": {strings.Replace(other, "rtsp://", "rtsp://admin:x@", 1), other, onvifsim.Quirks{}},
	} {
		d := smartWith(t, sim, row.sub, onvifsim.Options{Quirks: row.quirks})
		c := h.smartCamera(t, d)
		if c.SubURL != row.want || c.URL != with(sim, url.User("hub")) {
			t.Errorf("%s: sub_url is %q of %q, want %q", name, c.SubURL, c.URL, row.want)
		}
		if err := h.cameras.DeleteCamera(t.Context(), c.ID, "Ada"); err != nil {
			t.Fatal(err)
		}
	}
}
