package api

import (
	"context"
	"crypto/rand"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
)

// Offer is what a browser that would look by WebRTC says.
type Offer struct {
	Text  string     // its session description
	Here  netip.Addr // where it reached the hub
	There netip.Addr // where it is
}

// LiveLine is a live view by WebRTC.
type LiveLine interface {
	// Answer is the hub's session description.
	Answer() string
	// Run shows what the camera sees, and everywhere that somebody looks, until ctx or
	// the view ends. Nothing is shown before.
	Run(ctx context.Context)
	// Close gives up a view that was not run.
	Close()
}

const sessionDescription = "application/sdp" // RFC 8866 §8.1

// line is a view that runs.
type line struct {
	caller string
	camera home.DeviceID
	stop   context.CancelFunc
}

// lines are the views that outlive the request that began them.
type lines struct {
	mu    sync.Mutex
	by    map[string]line
	ended bool
	runs  sync.WaitGroup
}

// whep begins a live view by WebRTC, as WHEP asks for it: an offer in, an answer out.
func (a *API) whep(w http.ResponseWriter, r *http.Request) {
	if err := a.beginLine(w, r); err != nil {
		a.refuse(w, r, err)
	}
}

func (a *API) beginLine(w http.ResponseWriter, r *http.Request) error {
	id := home.DeviceID(r.PathValue("id"))
	if _, err := a.findCamera(id); err != nil {
		return err
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != sessionDescription {
		return problem(http.StatusUnsupportedMediaType, codeInvalid, "An offer is "+sessionDescription+".")
	}
	text, err := io.ReadAll(r.Body) // the gate has bounded it
	if err != nil {
		return err
	}
	as := ask(r.Context())
	who := string(as.caller.Kind) + as.caller.ID
	if !a.lives.enter(who, liveMost, liveOfOne) {
		return problem(http.StatusTooManyRequests, codeTooManyStream, "Too many look at once. Close a picture.").wait(5 * time.Second)
	}
	left := func() { a.lives.leave(who) }
	view, err := a.o.Cameras.Answer(r.Context(), id, as.caller.Name, Offer{Text: string(text), Here: reachedAt(r), There: as.client.Addr})
	if err != nil {
		left()
		return err
	}
	end, err := a.beginLive(r, audit.View{Kind: audit.Live, Camera: id, Why: r.URL.Query().Get("why")})
	if err != nil {
		view.Close()
		left()
		return err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(r.Context()))
	name := a.lines.run(ctx, line{caller: who, camera: id, stop: stop}, as.caller, func(ctx context.Context) {
		view.Run(ctx)
		end()
		left()
	})
	w.Header().Set("Content-Type", sessionDescription)
	w.Header().Set("Location", "/api/v1/cameras/"+string(id)+"/live/"+name)
	w.WriteHeader(http.StatusCreated)
	//nolint:gosec // application/sdp is no page, and of the offer only tokens are in it
	_, _ = io.WriteString(w, view.Answer()) // whoever has gone has gone
	return nil
}

// run has a view run until it ends, its caller may look no longer, or the API ends. It
// returns what the view is called.
func (l *lines) run(ctx context.Context, x line, caller auth.Caller, show func(context.Context)) string {
	name := rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil {
		l.by = map[string]line{}
	}
	l.by[name] = x
	if l.ended {
		x.stop()
	}
	l.runs.Go(func() {
		defer x.stop()
		go func() {
			select {
			case <-caller.Ended():
				x.stop()
			case <-ctx.Done():
			}
		}()
		show(ctx)
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.by, name)
	})
	return name
}

// end ends all views, and waits for them.
func (l *lines) end() {
	l.mu.Lock()
	l.ended = true
	for _, x := range l.by {
		x.stop()
	}
	l.mu.Unlock()
	l.runs.Wait()
}

// endWhep ends a view of the caller's own.
func (a *API) endWhep(w http.ResponseWriter, r *http.Request) {
	c := ask(r.Context()).caller
	name := r.PathValue("view")
	a.lines.mu.Lock()
	x, ok := a.lines.by[name]
	a.lines.mu.Unlock()
	if !ok || x.caller != string(c.Kind)+c.ID || x.camera != home.DeviceID(r.PathValue("id")) {
		a.refuse(w, r, &home.NotFound{What: "view", ID: name})
		return
	}
	x.stop()
	w.WriteHeader(http.StatusOK) // RFC 9725 §4.2
}

// reachedAt is the hub's address that a request came to.
func reachedAt(r *http.Request) netip.Addr {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if at, err := netip.ParseAddrPort(a.String()); err == nil {
			return at.Addr().Unmap()
		}
	}
	return netip.Addr{}
}
