package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
)

// fakeView is a view that gives what the test puts in.
type fakeView struct {
	moments chan home.Moment
	why     chan error
	closed  chan struct{}
}

func newFakeView() *fakeView {
	return &fakeView{moments: make(chan home.Moment, 8), why: make(chan error, 1), closed: make(chan struct{})}
}

func (f *fakeView) Next(ctx context.Context) (home.Moment, error) {
	select {
	case m := <-f.moments:
		return m, nil
	case err := <-f.why:
		return home.Moment{}, err
	case <-ctx.Done():
		return home.Moment{}, ctx.Err()
	}
}

func (f *fakeView) Close() { close(f.closed) }

func (f *fakeCameras) MayLook(home.DeviceID) error { return f.rests }

func (f *fakeCameras) Look(_ home.DeviceID, who string, sound bool) (LiveView, error) {
	f.looked, f.sound = who, sound
	return f.view, nil
}

// liveHouse is a house with one camera and a server before it.
func liveHouse(t *testing.T) (*fakeCameras, *fakeViews, *httptest.Server, func(path, who string, with ...func(http.Header)) (*websocket.Conn, Problem)) {
	t.Helper()
	h, views := viewing()
	cams := &fakeCameras{known: map[home.DeviceID]home.Camera{"camera-porch": {ID: "camera-porch"}}, view: newFakeView(), speech: newFakeSpeech()}
	h.opt.Cameras = cams
	cams.api = h.api(t)
	srv := httptest.NewServer(cams.api.Handler())
	t.Cleanup(srv.Close)
	// It gives the connection, or else what was refused.
	dial := func(path, who string, with ...func(http.Header)) (*websocket.Conn, Problem) {
		head := http.Header{"X-Test-Caller": {who}, "Origin": {srv.URL}, "User-Agent": {"Firefox"}}
		for _, f := range with {
			f(head)
		}
		c, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http")+path, head)
		if resp == nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
			return c, Problem{}
		}
		var p Problem
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Status != resp.StatusCode {
			t.Fatalf("%s answers %d with no problem: %v", path, resp.StatusCode, err)
		}
		return nil, p
	}
	return cams, views, srv, dial
}

const livePath = "/api/v1/cameras/camera-porch/live"

// refused is the problem that a request is answered with.
func refused(t *testing.T, srv *httptest.Server, r *http.Request) (p Problem) {
	t.Helper()
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Status != resp.StatusCode {
		t.Fatalf("%s answers %d with no problem: %v", r.URL, resp.StatusCode, err)
	}
	return p
}

// read is the next message; a text is decoded.
func read(t *testing.T, c *websocket.Conn) (said liveText, b []byte) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
	kind, b, err := c.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	if kind == websocket.TextMessage {
		if err := json.Unmarshal(b, &said); err != nil {
			t.Fatal(err)
		}
		return said, nil
	}
	return said, b
}

// A live view is on record before its first byte, and so is its end; in between
// texts say what the bytes are.
func TestALiveViewIsOnRecordFromBeginToEnd(t *testing.T) {
	cams, views, _, dial := liveHouse(t)
	c, p := dial(livePath+"?sound=true&why=the+bell+rang", "member")
	if c == nil {
		t.Fatal(p.Detail)
	}
	begin := audit.View{
		Kind: audit.Live, Camera: "camera-porch", Who: "person-member", Caller: "u-member", By: "session", Role: "member",
		From: "127.0.0.1", Agent: "Firefox", Why: "the bell rang",
	}
	if got := views.list(); len(got) != 1 || got[0] != begin || cams.looked != "person-member" || !cams.sound {
		t.Fatalf("before the first byte the record holds %+v, and %q looks", got, cams.looked)
	}
	at := time.Date(2026, 11, 26, 14, 2, 11, 0, time.UTC)
	cams.view.moments <- home.Moment{Begin: &home.Footage{Codecs: "avc1.42c01e", Width: 640, Height: 360, Init: []byte("init")}}
	cams.view.moments <- home.Moment{Part: home.FootagePart{Bytes: []byte("part 1")}, Seen: at}
	cams.view.moments <- home.Moment{Part: home.FootagePart{Bytes: []byte("part 2")}, Missed: true}
	if said, _ := read(t, c); said.Kind != "film" || said.Codecs != "avc1.42c01e" || said.Width != 640 || said.Height != 360 {
		t.Errorf("first it says %+v", said)
	}
	if _, b := read(t, c); string(b) != "init" {
		t.Errorf("then comes %q", b)
	}
	if said, _ := read(t, c); said.Kind != "seen" || !said.At.Equal(at) {
		t.Errorf("then it says %+v", said)
	}
	if _, b := read(t, c); string(b) != "part 1" {
		t.Errorf("then comes %q", b)
	}
	if said, _ := read(t, c); said.Kind != "missed" {
		t.Errorf("then it says %+v", said)
	}
	if _, b := read(t, c); string(b) != "part 2" {
		t.Errorf("then comes %q", b)
	}
	cams.view.why <- errors.New("the camera rests: nobody may look now")
	if said, _ := read(t, c); said.Kind != "end" || said.Why != "The camera rests: nobody may look now." {
		t.Errorf("at last it says %+v", said)
	}
	<-cams.view.closed
	begin.Ends = 1
	eventually(t, "its end is on record", func() bool { got := views.list(); return len(got) == 2 && got[1] == begin })
}

// The view of a viewer that leaves, or that is dropped as it takes nothing, ends.
// A view of stills is a picture a second, on record and said as any other. A picture that
// does not come is waited for; where none ever came the view ends and says why.
func TestAViewOfStills(t *testing.T) {
	cams, views, _, dial := liveHouse(t)
	pictures := make(chan error, 4)
	cams.stills = func() ([]byte, error) { return []byte("jpeg"), <-pictures }
	pictures <- nil
	pictures <- errors.New("it is busy")
	pictures <- nil
	c, p := dial(livePath+"?stills=true", "member")
	if c == nil {
		t.Fatal(p.Detail)
	}
	if got := views.list(); len(got) != 1 || got[0].Kind != audit.Live || cams.looked != "person-member" {
		t.Fatalf("before the first byte the record holds %+v, and %q looks", got, cams.looked)
	}
	for range 2 {
		if said, _ := read(t, c); said.Kind != "still" {
			t.Errorf("it says %+v", said)
		}
		if _, b := read(t, c); string(b) != "jpeg" {
			t.Errorf("then comes %q", b)
		}
	}
	_ = c.Close()
	pictures <- nil
	eventually(t, "its end is on record", func() bool { return len(views.list()) == 2 })

	cams, _, _, dial = liveHouse(t)
	cams.stills = func() ([]byte, error) { return nil, errors.New("it gives none") }
	if c, p = dial(livePath+"?stills=true", "member"); c == nil {
		t.Fatal(p.Detail)
	}
	if said, _ := read(t, c); said.Kind != "end" || said.Why != "There are no stills of it: it gives none." {
		t.Errorf("it says %+v", said)
	}
}

func TestALiveViewEndsWithItsViewer(t *testing.T) {
	cams, views, _, dial := liveHouse(t)
	c, p := dial(livePath, "owner")
	if c == nil {
		t.Fatal(p.Detail)
	}
	_ = c.Close()
	<-cams.view.closed
	eventually(t, "its end is on record", func() bool { return len(views.list()) == 2 })
}

func TestAViewerThatTakesNothingIsDropped(t *testing.T) {
	cams, _, _, dial := liveHouse(t)
	if c, p := dial(livePath, "owner"); c == nil {
		t.Fatal(p.Detail)
	}
	began := time.Now()
	part := home.Moment{Part: home.FootagePart{Bytes: bytes.Repeat([]byte{1}, 512<<10)}}
	for gave := 0; ; gave++ {
		select {
		case cams.view.moments <- part:
			if gave > 1000 {
				t.Fatal("500 MB were taken of a viewer that reads nothing")
			}
		case <-cams.view.closed:
			if took := time.Since(began); took > livePatient+5*time.Second {
				t.Errorf("it was dropped after %v, want some %v", took, livePatient)
			}
			return
		}
	}
}

// Nothing is shown, and nobody looks, when the view can't be written down; when the
// camera rests; to whom has no right, and to another site's page.
func TestWhoSeesNothing(t *testing.T) {
	cams, views, srv, dial := liveHouse(t)
	origin := func(o string) func(http.Header) {
		return func(h http.Header) {
			if h.Del("Origin"); o != "" {
				h.Set("Origin", o)
			}
		}
	}
	for _, tt := range []struct {
		name, who, path string
		with            func(http.Header)
		status          int
		code            string
		record, rests   error
	}{
		{"a guest", "guest", livePath, nil, 403, codeForbidden, nil, nil},
		{"an installer", "installer", livePath, nil, 403, codeForbidden, nil, nil},
		{"a wall display", "token-viewer", livePath, nil, 403, codeForbidden, nil, nil},
		{"nobody", "", livePath, nil, 401, codeUnauthorized, nil, nil},
		{"a camera that there is none of", "owner", "/api/v1/cameras/camera-attic/live", nil, 404, codeNotFound, nil, nil},
		{"another site", "owner", livePath, origin("https://example.org"), 403, codeCrossOrigin, nil, nil},
		{"a session without a page", "owner", livePath, origin(""), 403, codeCrossOrigin, nil, nil},
		{"a record that can't be written", "owner", livePath, nil, 503, codeNotOnRecord, errors.New("disk full"), nil},
		{"a camera that rests", "owner", livePath, nil, 409, codeConflict, nil, &home.Conflict{Reason: "Porch rests"}},
	} {
		views.err, cams.rests = tt.record, tt.rests
		with := []func(http.Header){}
		if tt.with != nil {
			with = append(with, tt.with)
		}
		if _, p := dial(tt.path, tt.who, with...); p.Status != tt.status || p.Code != tt.code {
			t.Errorf("%s: got %d %q, want %d %q", tt.name, p.Status, p.Code, tt.status, tt.code)
		}
	}
	views.err, cams.rests = nil, nil
	if got := views.list(); len(got) != 0 || cams.looked != "" {
		t.Errorf("%+v is on record, and %q looked", got, cams.looked)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+livePath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Test-Caller", "owner")
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired || len(views.list()) != 0 {
		t.Errorf("a plain request got %d, and %d views are on record", resp.StatusCode, len(views.list()))
	}
	// A program needs no page.
	if c, p := dial(livePath, "token-member", origin("")); c == nil {
		t.Errorf("a program: %s", p.Detail)
	}
}

// eventually waits for something that another goroutine does.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for !is() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-limit:
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}
