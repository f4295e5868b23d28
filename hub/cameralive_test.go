package hub

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
)

// TestLiveView looks through a camera as a program does: what comes plays, every
// face says who looks while it lasts, both ends are on record, and it is over when
// the token is, and when a mode keeps the camera from being watched.
func TestLiveView(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	srv := h.served(t)
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL, c.OffIn = "Porch", with(sim, url.UserPassword("hub", "s3cret word")), []home.Mode{home.Home}
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	_, secret, err := h.people.CreateToken(t.Context(), "Ada", "Kitchen screen", auth.Member, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	look := func() (*websocket.Conn, int, error) {
		head := http.Header{"Authorization": {"Bearer " + string(secret)}}
		conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http")+"/api/v1/cameras/camera-porch/live", head)
		if resp == nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err != nil {
			return nil, resp.StatusCode, err
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		return conn, resp.StatusCode, nil
	}
	conn, _, err := look()
	if err != nil {
		t.Fatal(err)
	}
	var film []byte
	for parts := 0; parts < 30; {
		kind, b, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if kind == websocket.BinaryMessage {
			film = append(film, b...)
			parts++
		}
	}
	file := filepath.Join(t.TempDir(), "live.mp4")
	if err := os.WriteFile(file, film, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "csv=p=0", file).CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || !strings.HasPrefix(got, "h264,768,432,") || got < "h264,768,432,29" {
		t.Errorf("ffprobe finds %q (%v)", got, err)
	}

	if d, _ := h.devices.Device(c.ID); !slices.Equal(d.Watched, []string{"Kitchen screen"}) {
		t.Errorf("the device is watched by %q", d.Watched)
	}
	if got, _ := h.cameras.Camera(c.ID); !slices.Equal(got.Status.Watched, []string{"Kitchen screen"}) {
		t.Errorf("the camera is watched by %q", got.Status.Watched)
	}
	if got := h.seenLive(t); len(got) != 1 || got[0].Who != "Kitchen screen" || got[0].By != "token" || got[0].Ends != 0 {
		t.Errorf("on record is %+v", got)
	}

	// The mode ends it, and keeps others away.
	if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Home, By: "Ada", CodeFree: true, ExitDelay: new(home.Duration)}); err != nil {
		t.Fatal(err)
	}
	var last struct{ Kind, Why string }
	for last.Kind != "end" {
		kind, b, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("it ends without a word: %v", err)
		}
		if kind == websocket.TextMessage {
			if err := json.Unmarshal(b, &last); err != nil {
				t.Fatal(err)
			}
		}
	}
	if last.Why != "The camera rests: nobody may look now." {
		t.Errorf("it ends as %q", last.Why)
	}
	soon(t, "nobody looks", func() bool { d, _ := h.devices.Device(c.ID); return len(d.Watched) == 0 })
	soon(t, "the end is on record", func() bool { got := h.seenLive(t); return len(got) == 2 && got[0].Ends == got[1].N })
	if _, status, err := look(); err == nil || status != http.StatusConflict {
		t.Errorf("a camera that rests answers %d", status)
	}
	if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, By: "Ada", CodeFree: true}); err != nil {
		t.Fatal(err)
	}
	soon(t, "the camera is up again", h.cameraIs(c.ID, "up"))

	// So does the end of the right.
	if conn, _, err = look(); err != nil {
		t.Fatal(err)
	}
	if err := h.people.RevokeToken(t.Context(), "Ada", "Kitchen screen"); err != nil {
		t.Fatal(err)
	}
	if took := waited(t, func() {
		for err == nil {
			_, _, err = conn.ReadMessage()
		}
	}); took > time.Second {
		t.Errorf("a view ended %v after its token", took)
	}
}

// served has the house answer over HTTP, and put on record who looks and who speaks.
func (h *Hub) served(t *testing.T) *httptest.Server {
	t.Helper()
	views, stopViews := context.WithCancel(t.Context())
	written := make(chan error, 1)
	go func() { written <- h.views.Run(views) }()
	t.Cleanup(func() { stopViews(); <-written })
	go func() { _ = h.api.Run(views) }() // ends with its context
	srv := httptest.NewServer(h.api.Handler())
	t.Cleanup(srv.Close)
	return srv
}

// seenLive are the live views on record, newest first.
func (h *Hub) seenLive(t *testing.T) []audit.Entry {
	t.Helper()
	list, _, err := h.views.Page(audit.Query{Kind: audit.Live, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
