package hub

import (
	"bytes"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/detect"
	"gatehouse/hub/camera/onvif"
	"gatehouse/hub/home"
)

// forCoats are eyes that know whoever walks across the drawn porch by the coat.
type forCoats struct{}

func (forCoats) Look(img image.Image, _ []detect.Box) []home.Sight {
	m := img.(*image.YCbCr)
	for x := range m.Rect.Dx() {
		if c := m.YCbCrAt(x, 240); c.Y < 60 && c.Cb > 145 && c.Cr < 125 {
			return []home.Sight{{Label: "person", Score: 0.9, Left: 0.4, Right: 0.5, Top: 0.4, Base: 0.8}}
		}
	}
	return nil
}

func (forCoats) Close() {}

// TestAPersonSeenInTheStream: a camera that gives no picture but its stream shows who
// raised the alarm, and nobody before that somebody comes.
func TestAPersonSeenInTheStream(t *testing.T) {
	t.Parallel()
	h, _, clips, c := lookedAt(t)
	h.cameras.open = func() (detect.Eyes, error) { return forCoats{}, nil }
	c.SnapshotURL = ""
	h.says(home.Closed)
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	h.arm(t, home.Away)
	h.says(home.Open)
	soon(t, "the alarm runs", func() bool { return h.guard.State().Phase == home.PhaseAlarm })
	soon(t, "the alarm is verified", h.verified)
	soon(t, "its device says that somebody is there", func() bool { return h.told(c.ID, home.Occupancy) == home.True })
	soon(t, "the clip says so, and has a picture", func() bool {
		labels, stills := clips.seen()
		return slices.Contains(labels, "person") && stills > 0
	})
}

// TestAClipHasItsPicture: a clip of a camera at whose pictures nobody looks has the one
// of when it was set off.
func TestAClipHasItsPicture(t *testing.T) {
	t.Parallel()
	scene := camsim.Draw(camsim.Garden)
	synctest.Test(t, func(t *testing.T) { // where no clip ends while its picture is decoded
		h, sim, clips := wiredHouse(t, scene)
		c := home.DefaultCamera("camera-garden")
		c.URL, c.Post = with(sim, url.UserPassword("hub", "s3cret word")), home.Duration(time.Second)
		h.put(t, c)
		soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
		for n := 1; n <= 2; n++ {
			if err := h.cameras.Record(c.ID, time.Second, "Ada"); err != nil {
				t.Fatal(err)
			}
			soon(t, "the clip has ended", func() bool { return len(clips.over()) == n })
			clips.mu.Lock()
			clip := clips.clips[n-1]
			stills, picture, length := clip.stills, clip.picture, clip.parts
			clips.mu.Unlock()
			if stills != 1 || length == 0 {
				t.Fatalf("clip %d has %d pictures", n, stills)
			}
			isTheGarden(t, picture)
		}
	})
}

// TestAPictureOfAStreamThatIsNotDecoded is the one that the camera itself gives, if
// that is of a size that can be kept.
func TestAPictureOfAStreamThatIsNotDecoded(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Garden))
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 36)), nil); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(picture.Bytes())
		if r.URL.Path == "/large.jpg" {
			_, _ = w.Write(make([]byte, mostStill))
		}
	}))
	t.Cleanup(web.Close)
	c := home.DefaultCamera("camera-garden")
	c.URL = sim.URL()
	for where, want := range map[string]string{
		"":           onvif.ErrLacks.Error(),
		"/small.jpg": "",
		"/large.jpg": "more than the 524288 that are kept",
	} {
		if c.SnapshotURL = ""; where != "" {
			c.SnapshotURL = web.URL + where
		}
		w := h.cameras.watch(c, "") // which does not run, and so has no picture of its stream
		_, b, err := h.cameras.poster(t.Context(), w)
		switch {
		case want == "" && (err != nil || !bytes.Equal(b, picture.Bytes())):
			t.Errorf("%d bytes, %v; want the camera's own", len(b), err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want one that says %q", where, err, want)
		}
	}
}

// isTheGarden holds a picture against the place that was drawn, at places where nothing
// moves: as JPEG has colours, black is 0 and not 16.
func isTheGarden(t *testing.T, picture []byte) {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	got, ok := m.(*image.YCbCr)
	if !ok || got.Rect != image.Rect(0, 0, 768, 432) {
		t.Fatalf("%T of %v", m, m.Bounds())
	}
	for _, tc := range []struct {
		what    string
		x, y    int
		l, b, r int
		in      string
	}{
		{what: "sky", x: 300, y: 60, l: 191, b: 142, r: 117},
		{what: "grass", x: 100, y: 400, l: 109, b: 105, r: 110},
		{what: "a hedge", x: 100, y: 140, l: 63, b: 112, r: 114},
	} {
		p := got.YCbCrAt(tc.x, tc.y)
		near := func(a uint8, b int) bool { return int(a)-b < 4 && b-int(a) < 4 } // JPEG's own loss
		if !near(p.Y, tc.l) || !near(p.Cb, tc.b) || !near(p.Cr, tc.r) {
			t.Errorf("%s is %v, want %d %d %d", tc.what, p, tc.l, tc.b, tc.r)
		}
	}
}

// TestWhatCannotBeDecodedIsSaid, with what to do about it.
func TestWhatCannotBeDecodedIsSaid(t *testing.T) {
	t.Parallel()
	err := decodable(camera.Key{Video: "hev1.1.6.L63.90"})
	if err == nil || !strings.Contains(err.Error(), "set the camera to H.264") {
		t.Errorf("%v", err)
	}
	for _, bytes := range [][]byte{nil, {0, 0, 0, 9}, {0, 0, 0, 2, 0x65, 0xb8}} {
		if m, err := keyPicture(camera.Key{Video: "avc1.42c01f", Bytes: bytes}).Image(); err == nil || m != nil {
			t.Errorf("%v is a picture: %v", bytes, err)
		}
	}
}
