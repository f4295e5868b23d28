package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
)

// fakeFiles is a view as files that lasts until it is told to end.
type fakeFiles struct {
	ended chan struct{}
	end   sync.Once // two may look
	runs  atomic.Int32
}

func (f *fakeFiles) Playlist(_ context.Context, q url.Values) ([]byte, error) {
	return []byte("#EXTM3U\n0.m4s?" + q.Encode()), nil
}

func (f *fakeFiles) File(name string) ([]byte, bool) { return []byte("film"), name == "0.m4s" }

func (f *fakeFiles) Run(ctx context.Context) {
	f.runs.Add(1)
	<-ctx.Done()
	f.end.Do(func() { close(f.ended) })
}

func (f *fakeCameras) Files(_ home.DeviceID, who string) (LiveFiles, error) {
	f.looked = who
	return f.files, nil
}

func (f *fakeCameras) Crowded(who auth.Caller, most int) {
	f.crowded = append(f.crowded, fmt.Sprint(who.Name, " ", most))
}

const filesPath = "/api/v1/cameras/camera-porch/hls/"

// A view by HLS is on record before its playlist, is one view however many files are
// fetched, and is over with the API.
func TestAViewByHLS(t *testing.T) {
	cams, views, a, do := offering(t)
	cams.files = &fakeFiles{ended: make(chan struct{})}
	if got := do(http.MethodGet, filesPath+"0.m4s", "member"); got.status != http.StatusNotFound {
		t.Errorf("a file before its playlist: %+v", got)
	}
	if got := views.list(); len(got) != 0 {
		t.Errorf("before the playlist the record holds %+v", got)
	}
	for range 2 {
		if got := do(http.MethodGet, filesPath+"index.m3u8", "member"); got.status != http.StatusOK || got.body != "application/vnd.apple.mpegurl #EXTM3U\n0.m4s?" {
			t.Errorf("the playlist is %+v", got)
		}
	}
	if got := do(http.MethodGet, filesPath+"0.m4s", "member"); got.status != http.StatusOK || got.body != "video/mp4 film" {
		t.Errorf("a segment is %+v", got)
	}
	for name, status := range map[string]int{"1.m4s": 404, "begin-0.mp4": 404} {
		if got := do(http.MethodGet, filesPath+name, "member"); got.status != status {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := do(http.MethodGet, filesPath+"0.m4s", "owner"); got.status != http.StatusNotFound {
		t.Errorf("somebody else, whose view it is not: %+v", got)
	}
	begin := audit.View{
		Kind: audit.Live, Camera: "camera-porch", Who: "person-member", Caller: "u-member", By: "session", Role: "member",
		From: "127.0.0.1", Agent: "Go-http-client/1.1",
	}
	if got := views.list(); len(got) != 1 || got[0] != begin || cams.looked != "person-member" {
		t.Errorf("on record is %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Run(ctx); err != nil {
		t.Fatal(err)
	}
	<-cams.files.ended
	begin.Ends = 1
	if got := views.list(); len(got) != 2 || got[1] != begin || cams.files.runs.Load() != 1 {
		t.Errorf("%d views ran, on record is %+v", cams.files.runs.Load(), got)
	}
}

// A token that two machines show is two views on record, each from where it is: one
// of them may be somebody who read it off an address.
func TestATokenFromTwoAddresses(t *testing.T) {
	cams, views, srv, _ := liveHouse(t)
	cams.files = &fakeFiles{ended: make(chan struct{})}
	for _, from := range []string{"127.0.0.1", "127.0.0.2"} {
		for range 2 {
			if got := playlistFrom(t, srv.URL, from); got != http.StatusOK {
				t.Errorf("%s: %d", from, got)
			}
		}
	}
	if got := views.list(); len(got) != 2 || got[0].From != "127.0.0.1" || got[1].From != "127.0.0.2" {
		t.Errorf("on record is %+v", got)
	}
}

// playlistFrom is how the onlooker's token is answered that an address of this box shows.
func playlistFrom(t *testing.T, hub, from string) (status int) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client := &http.Client{Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, hub+filesPath+"index.m3u8?token=token-onlooker", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close() // of the status alone
	return resp.StatusCode
}

// A token that is shown from everywhere takes half of the places, and the house hears of it.
func TestATokenLeavesRoom(t *testing.T) {
	cams, views, srv, _ := liveHouse(t)
	cams.files = &fakeFiles{ended: make(chan struct{})}
	for i := range filesOfOne + 2 {
		want := http.StatusOK
		if i >= filesOfOne {
			want = http.StatusTooManyRequests
		}
		if got := playlistFrom(t, srv.URL, fmt.Sprintf("127.0.0.%d", i+2)); got != want {
			t.Errorf("the token's address %d is answered %d, want %d", i+1, got, want)
		}
	}
	if got := strings.Join(cams.crowded, ", "); got != "program-onlooker 4, program-onlooker 4" {
		t.Errorf("the house hears %q", got)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+filesPath+"index.m3u8", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Test-Caller", "member")
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _ = resp.Body.Close(); resp.StatusCode != http.StatusOK {
		t.Errorf("somebody else is answered %s", resp.Status)
	}
	if got := len(views.list()); got != filesOfOne+1 {
		t.Errorf("%d views are on record", got)
	}
}

// A token in an address is taken of onlookers only, and follows into what is named.
func TestATokenInAnAddress(t *testing.T) {
	cams, views, _, do := offering(t)
	cams.files = &fakeFiles{ended: make(chan struct{})}
	for query, want := range map[string]answered{
		"?token=token-onlooker": {http.StatusOK, "", "application/vnd.apple.mpegurl #EXTM3U\n0.m4s?token=token-onlooker"},
		"?token=token-viewer":   {status: http.StatusForbidden},
		"?token=token-member":   {status: http.StatusForbidden},
		"?token=nonsense":       {status: http.StatusUnauthorized},
		"":                      {status: http.StatusUnauthorized},
	} {
		got := do(http.MethodGet, filesPath+"index.m3u8"+query, "")
		if got.status != want.status || want.body != "" && got != want {
			t.Errorf("%q: got %+v", query, got)
		}
	}
	if got := do(http.MethodGet, "/api/v1/cameras/camera-porch/snapshot?token=token-onlooker", ""); got.status != http.StatusUnauthorized {
		t.Errorf("a snapshot with a token in its address: %+v", got)
	}
	if got := views.list(); len(got) != 1 || got[0].Role != "onlooker" {
		t.Errorf("on record is %+v", got)
	}
}

// Nothing is given when the view can't be written down, or the camera rests; and the next
// try is one.
func TestAViewByHLSThatIsNotOnRecord(t *testing.T) {
	cams, views, _, do := offering(t)
	cams.files = &fakeFiles{ended: make(chan struct{})}
	views.err = errors.New("disk full")
	if got := do(http.MethodGet, filesPath+"index.m3u8", "owner"); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "written down first") {
		t.Errorf("got %+v", got)
	}
	views.err, cams.rests = nil, &home.Conflict{Reason: "Porch rests"}
	if got := do(http.MethodGet, filesPath+"index.m3u8", "owner"); got.status != http.StatusConflict {
		t.Errorf("got %+v", got)
	}
	cams.rests = nil
	if got := do(http.MethodGet, filesPath+"index.m3u8", "owner"); got.status != http.StatusOK {
		t.Errorf("got %+v", got)
	}
}

// A player that asks for nothing any more has gone.
func TestAPlayerThatHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fetch{asked: make(chan struct{}, 1)}
		ctx, stop := context.WithCancel(t.Context())
		go f.until(ctx, stop)
		for range 5 {
			time.Sleep(filesIdle - time.Second)
			f.asked <- struct{}{}
			synctest.Wait()
		}
		last := time.Now()
		<-ctx.Done()
		if took := time.Since(last); took != filesIdle {
			t.Errorf("it ended after %v, want %v", took, filesIdle)
		}
	})
}
