package hub

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
)

// TestSnapshotOfACamera looks through a camera whose picture is at an address that
// the owner gave, and through those that show nothing.
func TestSnapshotOfACamera(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 36)), nil); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), `username="hub"`) {
			w.Header().Set("WWW-Authenticate", `Digest realm="cam", nonce="1", qop="auth"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(picture.Bytes())
	}))
	t.Cleanup(web.Close)

	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL, c.OffIn = "Porch", with(sim, url.UserPassword("hub", "s3cret word")), []home.Mode{home.Home}
	for _, bad := range []string{"rtsp://127.0.0.1/x", "http://127.0.0.2/x", "http://hub:pw@127.0.0.1/x", "/x", "https://127.0.0.2/x", "ftp://127.0.0.1/x"} {
		c.SnapshotURL = bad
		var invalid *home.Invalid
		if _, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada"); !errors.As(err, &invalid) || invalid.Field != "snapshot_url" {
			t.Errorf("%s: %v", bad, err)
		}
	}
	c.SnapshotURL = ""
	c = h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	if got, err := h.cameras.Snapshot(t.Context(), c.ID); err != nil {
		t.Errorf("a camera with nothing but its stream: %v", err)
	} else if s, err := jpeg.DecodeConfig(bytes.NewReader(got)); err != nil || s.Width != 768 || s.Height != 432 {
		t.Errorf("its picture is %d × %d, %v", s.Width, s.Height, err)
	}
	c.SnapshotURL = web.URL + "/snap.jpg"
	c = h.put(t, c)
	if got, err := h.cameras.Snapshot(t.Context(), c.ID); err != nil || !bytes.Equal(got, picture.Bytes()) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := h.cameras.Snapshot(t.Context(), "camera-none"); !errors.As(err, new(*home.NotFound)) {
		t.Errorf("no camera: %v", err)
	}

	// Nobody looks through a camera that rests.
	if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Home, By: "Ada", CodeFree: true, ExitDelay: new(home.Duration)}); err != nil {
		t.Fatal(err)
	}
	soon(t, "the camera rests", h.cameraIs(c.ID, "resting"))
	if _, err := h.cameras.Snapshot(t.Context(), c.ID); !errors.As(err, new(*home.Conflict)) {
		t.Errorf("a camera that rests: %v", err)
	}
}

// TestACameraLearnsWhileItIsLookedAt: what somebody says that it saw wrongly changes its
// settings under the eyes of those who look, which only the race detector sees.
func TestACameraLearnsWhileItIsLookedAt(t *testing.T) {
	t.Parallel()
	h, page, _, c := lookedAt(t)
	c = h.put(t, c)
	var learning sync.WaitGroup
	learning.Go(func() {
		for range 20 {
			if err := h.cameras.addDoubt(c.ID, "drive", "person"); err != nil {
				t.Error(err)
			}
		}
	})
	for range 20 {
		if got, err := h.cameras.Snapshot(t.Context(), c.ID); err != nil || !bytes.Equal(got, page.show) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	learning.Wait()
}
