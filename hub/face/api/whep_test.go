package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
)

// fakeLine is a view by WebRTC that lasts until it is told to end.
type fakeLine struct {
	offer   Offer
	running chan struct{}
	closed  chan struct{}
}

func newFakeLine() *fakeLine {
	return &fakeLine{running: make(chan struct{}), closed: make(chan struct{})}
}

func (f *fakeLine) Answer() string { return "v=0\r\n" }
func (f *fakeLine) Close()         { close(f.closed) }

func (f *fakeLine) Run(ctx context.Context) {
	close(f.running)
	<-ctx.Done()
	close(f.closed)
}

func (f *fakeCameras) Answer(_ context.Context, _ home.DeviceID, who string, o Offer) (LiveLine, error) {
	if f.rests != nil {
		return nil, f.rests
	}
	f.looked, f.line.offer = who, o
	return f.line, nil
}

// answered is what a request got.
type answered struct {
	status   int
	at, body string
}

// offering is a house with one camera, and how somebody asks it something.
func offering(t *testing.T) (*fakeCameras, *fakeViews, *API, func(method, path, who string) answered) {
	t.Helper()
	cams, views, srv, _ := liveHouse(t)
	cams.line = newFakeLine()
	return cams, views, cams.api, func(method, path, who string) answered {
		r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader("v=0\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Test-Caller", who)
		if r.Header.Set("Content-Type", "application/sdp"); method == http.MethodDelete {
			r.Header.Del("Content-Type")
		}
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answered{resp.StatusCode, resp.Header.Get("Location"), resp.Header.Get("Content-Type") + " " + string(b)}
	}
}

// A view by WebRTC is on record before its answer, goes on after it, and is ended by
// whoever began it and by nobody else.
func TestAViewByWebRTC(t *testing.T) {
	cams, views, _, do := offering(t)
	resp := do(http.MethodPost, livePath, "member")
	at := resp.at
	if resp.status != http.StatusCreated || resp.body != "application/sdp v=0\r\n" || !strings.HasPrefix(at, livePath+"/") {
		t.Fatalf("got %+v", resp)
	}
	begin := audit.View{
		Kind: audit.Live, Camera: "camera-porch", Who: "person-member", Caller: "u-member", By: "session", Role: "member",
		From: "127.0.0.1", Agent: "Go-http-client/1.1",
	}
	if got := views.list(); len(got) != 1 || got[0] != begin {
		t.Errorf("with the answer the record holds %+v", got)
	}
	here := netip.MustParseAddr("127.0.0.1")
	if want := (Offer{Text: "v=0\r\n", Here: here, There: here}); cams.line.offer != want || cams.looked != "person-member" {
		t.Errorf("%q asked %+v, want %+v", cams.looked, cams.line.offer, want)
	}
	<-cams.line.running
	for who, path := range map[string]string{"owner": at, "member": livePath + "/ABC"} {
		if resp := do(http.MethodDelete, path, who); resp.status != http.StatusNotFound {
			t.Errorf("%s ends %s: %d", who, path, resp.status)
		}
	}
	if resp := do(http.MethodDelete, at, "member"); resp.status != http.StatusOK {
		t.Errorf("its viewer ends it: %d", resp.status)
	}
	<-cams.line.closed
	begin.Ends = 1
	eventually(t, "its end is on record", func() bool { got := views.list(); return len(got) == 2 && got[1] == begin })
	if resp := do(http.MethodDelete, at, "member"); resp.status != http.StatusNotFound {
		t.Errorf("a view that has ended ends again: %d", resp.status)
	}
}

// Nothing is answered when the view can't be written down, and nobody looks.
func TestAViewByWebRTCThatIsNotOnRecord(t *testing.T) {
	cams, views, _, do := offering(t)
	views.err = errors.New("disk full")
	if resp := do(http.MethodPost, livePath, "owner"); resp.status != http.StatusServiceUnavailable {
		t.Errorf("got %d", resp.status)
	}
	<-cams.line.closed
	select {
	case <-cams.line.running:
		t.Error("it ran")
	default:
	}
}

// What is no offer, and a camera that can't be shown so, are refused in words.
func TestAnOfferThatIsRefused(t *testing.T) {
	cams, views, srv, _ := liveHouse(t)
	for _, tt := range []struct {
		name, kind, who, path string
		err                   error
		status                int
		code                  string
	}{
		{"a guest", "application/sdp", "guest", livePath, nil, 403, codeForbidden},
		{"JSON", "application/json", "owner", livePath, nil, 415, codeInvalid},
		{"no such camera", "application/sdp", "owner", "/api/v1/cameras/camera-attic/live", nil, 404, codeNotFound},
		{"B-frames", "application/sdp", "owner", livePath, &home.Conflict{Reason: "its pictures come in another order"}, 409, codeConflict},
		{"an offer of nothing", "application/sdp", "owner", livePath, &home.Invalid{Field: "offer", Reason: "names no streams"}, 422, codeInvalid},
	} {
		cams.rests = tt.err
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+tt.path, strings.NewReader("v=0\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Test-Caller", tt.who)
		r.Header.Set("Content-Type", tt.kind)
		if p := refused(t, srv, r); p.Status != tt.status || p.Code != tt.code {
			t.Errorf("%s: got %d %q, want %d %q", tt.name, p.Status, p.Code, tt.status, tt.code)
		}
	}
	if got := views.list(); len(got) != 0 {
		t.Errorf("%+v is on record", got)
	}
}

// Who may look no longer sees nothing more; and no view outlives the API.
func TestAViewByWebRTCEndsWithTheAPI(t *testing.T) {
	cams, views, a, do := offering(t)
	if resp := do(http.MethodPost, livePath, "owner"); resp.status != http.StatusCreated {
		t.Fatalf("got %d", resp.status)
	}
	<-cams.line.running
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := views.list(); len(got) != 2 {
		t.Errorf("the API has ended, and on record is %+v", got)
	}
}
