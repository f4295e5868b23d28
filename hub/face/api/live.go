package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
)

// Live is what the API needs of cameras to show what they see now. Errors:
// *home.NotFound, *home.Conflict.
type Live interface {
	// MayLook tells whether there is anything to see, and to be seen now.
	MayLook(home.DeviceID) error
	// Answer answers a browser that would look by WebRTC; *home.Invalid, too.
	Answer(ctx context.Context, id home.DeviceID, who string, o Offer) (LiveLine, error)
	// Files is what a camera sees, as files. Everybody sees that who looks while they run.
	Files(id home.DeviceID, who string) (LiveFiles, error)
	// Look begins a view, and shows everywhere that who looks, until it is closed.
	Look(id home.DeviceID, who string, sound bool) (LiveView, error)
	// Crowded hears each time that somebody wanted to look once more than one may.
	Crowded(who auth.Caller, most int)
}

// LiveView is what a camera sees from now on.
type LiveView interface {
	// Next waits for what comes next; an error that is not ctx's is why nothing will.
	Next(ctx context.Context) (home.Moment, error)
	Close()
}

// Figures of a live view over a WebSocket.
const (
	liveMost    = 64               // at once, of all who look
	liveOfOne   = 32               // and of one of them: as many as there may be cameras
	livePatient = 10 * time.Second // for one part to be taken; then the viewer is dropped
	livePing    = 15 * time.Second // a viewer that is there answers each of them
	liveGone    = 40 * time.Second // one that has answered none for so long is gone
	liveTold    = time.Second      // how often it is told how old a part is
)

// liveText is what the texts of a live view say; the bytes go beside it.
type liveText struct {
	// film: the next message is a beginning, and the parts after it are of this kind.
	// seen: the last picture of the next part was there at that time.
	// still: the next message is a JPEG picture; of a view of stills, which has nothing else.
	// missed: pictures are missing before the next part, as the viewer was too slow.
	// end: nothing more will come.
	Kind   string     `json:"kind" enum:"film,seen,still,missed,end"`
	Codecs string     `json:"codecs,omitempty" doc:"RFC 6381; film"`
	Width  int        `json:"width,omitempty" doc:"film"`
	Height int        `json:"height,omitempty" doc:"film"`
	At     *home.Time `json:"at,omitempty" doc:"seen: by the hub's clock"`
	Why    string     `json:"why,omitempty" doc:"end: one sentence; without, it may be asked for again"`
}

// live shows what a camera sees, over a WebSocket, until the viewer leaves, may look
// no longer, or cannot follow.
func (a *API) live(w http.ResponseWriter, r *http.Request) {
	if err := a.showLive(w, r); err != nil {
		a.refuse(w, r, err)
	}
}

// showLive returns why there is nothing to see; nil: something was shown.
func (a *API) showLive(w http.ResponseWriter, r *http.Request) error {
	id := home.DeviceID(r.PathValue("id"))
	if _, err := a.findCamera(id); err != nil {
		return err
	}
	caller := ask(r.Context()).caller
	switch {
	case !websocket.IsWebSocketUpgrade(r):
		return problem(http.StatusUpgradeRequired, codeMethod, "A live view is a WebSocket: open one here.")
	case !sameOrigin(r, caller):
		return problem(http.StatusForbidden, codeCrossOrigin, "Another site may not look. Open the hub's own page.")
	}
	if err := a.o.Cameras.MayLook(id); err != nil {
		return err
	}
	if !a.lives.enter(string(caller.Kind)+caller.ID, liveMost, liveOfOne) {
		return problem(http.StatusTooManyRequests, codeTooManyStream, "Too many look at once. Close a picture.").wait(5 * time.Second)
	}
	defer a.lives.leave(string(caller.Kind) + caller.ID)
	end, err := a.beginLive(r, audit.View{Kind: audit.Live, Camera: id, Why: r.URL.Query().Get("why")})
	if err != nil {
		return err
	}
	defer end()
	view, err := a.o.Cameras.Look(id, caller.Name, r.URL.Query().Get("sound") == "true")
	if err != nil {
		return err
	}
	defer view.Close()
	conn, err := openSocket(w, r)
	if err != nil {
		return nil // it was answered
	}
	s := &liveSocket{conn: conn}
	defer func() { _ = conn.Close() }()
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	go s.listen(stop)
	go func() {
		select {
		case <-ctx.Done():
		case <-a.ending:
		case <-caller.Ended():
		}
		stop()
	}()
	if r.URL.Query().Get("stills") == "true" {
		view = &stillsView{LiveView: view, take: func(ctx context.Context) ([]byte, error) { return a.o.Cameras.Snapshot(ctx, id) }}
	}
	s.show(ctx, view)
	return nil
}

// openSocket makes a WebSocket of a request whose origin was checked. An error was
// answered.
func openSocket(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	up := websocket.Upgrader{
		HandshakeTimeout: headTimeout, WriteBufferSize: 4 << 10, CheckOrigin: func(*http.Request) bool { return true }, // it was
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			problem(status, codeInvalid, "%s.", sentence(reason)).write(w)
		},
	}
	return up.Upgrade(w, r, nil)
}

// sameOrigin tells whether a page of the hub's own asks, or a program. A browser
// always says which page it is that opens a WebSocket, and sends the cookie whatever
// the page; SameSite=Strict is the other half of this.
func sameOrigin(r *http.Request, c auth.Caller) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return c.Kind == auth.ByToken
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host
}

// beginLive puts a live view on record, and returns what puts its end there.
func (a *API) beginLive(r *http.Request, v audit.View) (end func(), err error) {
	var begun audit.Entry
	write := func(ctx context.Context, v audit.View) (err error) {
		begun, err = a.o.Views.Record(ctx, time.Now(), v)
		return err
	}
	if err := a.onRecord(r.Context(), v, write); err != nil {
		return nil, err
	}
	return func() {
		v.Ends = begun.N
		// What fails is in the log: a view without an end is on record all the same.
		_ = a.onRecord(context.WithoutCancel(r.Context()), v, write)
	}, nil
}

// liveSocket is the viewer's end.
type liveSocket struct {
	conn *websocket.Conn
	told time.Time
}

// listen hears when the viewer leaves, and calls gone.
func (s *liveSocket) listen(gone func()) {
	defer gone()
	s.conn.SetReadLimit(1 << 10)
	s.conn.SetPongHandler(func(string) error { return s.conn.SetReadDeadline(time.Now().Add(liveGone)) })
	_ = s.conn.SetReadDeadline(time.Now().Add(liveGone)) // a connection that has none reads no further
	for {
		if _, _, err := s.conn.ReadMessage(); err != nil {
			return
		}
	}
}

// show shows what comes until it ends.
func (s *liveSocket) show(ctx context.Context, view LiveView) {
	ping := time.NewTicker(livePing)
	defer ping.Stop()
	for {
		select {
		case <-ping.C:
			if s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(livePatient)) != nil {
				return
			}
		default:
		}
		soon, cancel := context.WithTimeout(ctx, livePing)
		m, err := view.Next(soon)
		cancel()
		switch {
		case err == nil:
			if s.moment(m) != nil {
				return
			}
		case ctx.Err() != nil:
			s.end(liveText{Kind: "end"})
			return
		case errors.Is(err, context.DeadlineExceeded): // nothing comes now
		default:
			s.end(liveText{Kind: "end", Why: sentence(err) + "."})
			return
		}
	}
}

// moment sends what came.
func (s *liveSocket) moment(m home.Moment) error {
	if b := m.Begin; b != nil {
		if err := s.say(liveText{Kind: "film", Codecs: b.Codecs, Width: b.Width, Height: b.Height}); err != nil {
			return err
		}
		return s.send(websocket.BinaryMessage, b.Init)
	}
	if m.Still != nil {
		if err := s.say(liveText{Kind: "still"}); err != nil {
			return err
		}
		return s.send(websocket.BinaryMessage, m.Still)
	}
	if m.Missed {
		if err := s.say(liveText{Kind: "missed"}); err != nil {
			return err
		}
	}
	if now := time.Now(); now.Sub(s.told) >= liveTold {
		s.told = now
		at := home.At(m.Seen)
		if err := s.say(liveText{Kind: "seen", At: &at}); err != nil {
			return err
		}
	}
	return s.send(websocket.BinaryMessage, m.Part.Bytes)
}

func (s *liveSocket) say(t liveText) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(livePatient)) // what is written next fails then
	return s.conn.WriteJSON(t)
}

func (s *liveSocket) send(kind int, b []byte) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(livePatient)) // as above
	return s.conn.WriteMessage(kind, b)
}

// end says why nothing more comes; the viewer may be gone.
func (s *liveSocket) end(t liveText) {
	if s.say(t) == nil {
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = s.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second)) // as above
	}
}
