package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
)

// LiveFiles is a live view that a player fetches file by file (HLS).
type LiveFiles interface {
	// Playlist waits for there to be something; query stands behind each address in it.
	Playlist(ctx context.Context, query url.Values) ([]byte, error)
	// File is what a playlist named; false: it is kept no longer.
	File(name string) ([]byte, bool)
	// Run takes what the camera sends until ctx or the view ends.
	Run(ctx context.Context)
}

// Figures of a live view by HLS.
const (
	filesMost    = 8                // at once
	filesOfOne   = filesMost / 2    // and of one who looks: a token that was stolen takes no more
	filesIdle    = 20 * time.Second // a player that asks for nothing for so long has gone
	playlistWait = 15 * time.Second // for a picture that stands alone
	playlistName = "index.m3u8"
	playlistType = "application/vnd.apple.mpegurl" // RFC 8216 §4
)

// fetching are the live views by HLS, by who looks from where and at what.
type fetching struct {
	mu sync.Mutex
	by map[fetcher]*fetch
}

type fetcher struct {
	caller string
	camera home.DeviceID
	from   netip.Addr // a token that somebody read off an address is a view of its own
}

type fetch struct {
	begun chan struct{} // files and err are there
	files LiveFiles
	err   error
	asked chan struct{} // something was asked for
}

// tokenInAddress reads a token where it stands in an address: many players can say it
// nowhere else.
func tokenInAddress(r *http.Request) *http.Request {
	token := r.URL.Query().Get("token")
	if token == "" || r.Header.Get("Authorization") != "" {
		return r
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// hls answers a player that fetches a live view file by file. The view is on record
// before its first playlist, and ends when nothing is asked for any more.
func (a *API) hls(w http.ResponseWriter, r *http.Request) {
	if err := a.giveFile(w, r); err != nil {
		a.refuse(w, r, err)
	}
}

func (a *API) giveFile(w http.ResponseWriter, r *http.Request) error {
	as := ask(r.Context())
	caller := as.caller
	query := url.Values{}
	if token := r.URL.Query().Get("token"); token != "" { // addresses are shown, and kept
		if caller.Role != auth.Onlooker {
			return problem(http.StatusForbidden, codeForbidden, "In an address only a token of the role onlooker is taken: it is good for nothing else.")
		}
		query.Set("token", token)
	}
	id, name := home.DeviceID(r.PathValue("id")), r.PathValue("file")
	if _, err := a.findCamera(id); err != nil {
		return err
	}
	f, err := a.fetch(r, fetcher{string(caller.Kind) + caller.ID, id, as.client.Addr}, name == playlistName)
	if err != nil {
		return err
	}
	kind := playlistType
	var b []byte
	if name == playlistName {
		ctx, cancel := context.WithTimeout(r.Context(), playlistWait)
		defer cancel()
		if b, err = f.files.Playlist(ctx, query); err != nil {
			return problem(http.StatusServiceUnavailable, codeConflict, "No picture came that stands alone. Ask again.").wait(time.Second)
		}
	} else {
		var ok bool
		if b, ok = f.files.File(name); !ok {
			return &home.NotFound{What: "file", ID: name}
		}
		kind = "video/mp4"
	}
	w.Header().Set("Content-Type", kind)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	return nil
}

// fetch is the view of a player, which its playlist begins.
func (a *API) fetch(r *http.Request, who fetcher, begins bool) (*fetch, error) {
	a.fetched.mu.Lock()
	f, ok := a.fetched.by[who]
	if !ok {
		if !begins {
			a.fetched.mu.Unlock()
			return nil, &home.NotFound{What: "view", ID: string(who.camera)}
		}
		f = &fetch{begun: make(chan struct{}), asked: make(chan struct{}, 1)}
		if a.fetched.by == nil {
			a.fetched.by = map[fetcher]*fetch{}
		}
		own := a.fetched.of(who.caller)
		many := len(a.fetched.by) >= filesMost || own >= filesOfOne
		if !many {
			a.fetched.by[who] = f
		}
		a.fetched.mu.Unlock()
		if own >= filesOfOne {
			a.o.Cameras.Crowded(ask(r.Context()).caller, filesOfOne)
			return nil, problem(http.StatusTooManyRequests, codeTooManyStream,
				fmt.Sprintf("You look at %d cameras at once already, or somebody else does with your token. Close a picture.", filesOfOne)).wait(5 * time.Second)
		}
		if many {
			return nil, problem(http.StatusTooManyRequests, codeTooManyStream, "Too many look at once. Close a picture.").wait(5 * time.Second)
		}
		f.err = a.beginFetch(r, who, f)
		if f.err != nil {
			a.fetched.leave(who)
		}
		close(f.begun)
		return f, f.err
	}
	a.fetched.mu.Unlock()
	select {
	case <-f.begun:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	select {
	case f.asked <- struct{}{}:
	default:
	}
	return f, f.err
}

// of is how many views a caller has; the lock is held.
func (l *fetching) of(caller string) (n int) {
	for who := range l.by {
		if who.caller == caller {
			n++
		}
	}
	return n
}

func (l *fetching) leave(who fetcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.by, who)
}

// beginFetch puts a view on record and has it run.
func (a *API) beginFetch(r *http.Request, who fetcher, f *fetch) error {
	if err := a.o.Cameras.MayLook(who.camera); err != nil {
		return err
	}
	if !a.lives.enter(who.caller, liveMost, liveOfOne) {
		return problem(http.StatusTooManyRequests, codeTooManyStream, "Too many look at once. Close a picture.").wait(5 * time.Second)
	}
	left := func() { a.lives.leave(who.caller) }
	end, err := a.beginLive(r, audit.View{Kind: audit.Live, Camera: who.camera, Why: r.URL.Query().Get("why")})
	if err != nil {
		left()
		return err
	}
	caller := ask(r.Context()).caller
	files, err := a.o.Cameras.Files(who.camera, caller.Name)
	if err != nil {
		end()
		left()
		return err
	}
	f.files = files
	ctx, stop := context.WithCancel(context.WithoutCancel(r.Context()))
	a.lines.run(ctx, line{caller: who.caller, camera: who.camera, stop: stop}, caller, func(ctx context.Context) {
		go f.until(ctx, stop)
		files.Run(ctx)
		a.fetched.leave(who)
		end()
		left()
	})
	return nil
}

// until ends a view for which nothing is asked any more.
func (f *fetch) until(ctx context.Context, stop func()) {
	idle := time.NewTimer(filesIdle)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.asked:
			idle.Reset(filesIdle)
		case <-idle.C:
			stop()
			return
		}
	}
}
