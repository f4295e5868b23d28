package api

import (
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
)

// Talk is what the API needs of cameras to have somebody speak through one. Errors:
// *home.NotFound, *home.Conflict.
type Talk interface {
	// MayTalk tells whether somebody could speak through it now.
	MayTalk(home.DeviceID) error
	// Talk takes its loudspeaker, and shows everywhere that who speaks, until it is closed.
	Talk(id home.DeviceID, who string) (Speech, error)
}

// Speech is somebody's turn at a loudspeaker.
type Speech interface {
	// Run has the camera chirp, calls listens, and says what Say is told until the turn
	// is over. It returns why; nil when ctx ended it.
	Run(ctx context.Context, listens func()) error
	// Say adds to what is said: samples, 8000 of them a second.
	Say(samples []int16)
	Close()
}

// Figures of a talk over a WebSocket.
const (
	talkGone  = 15 * time.Second // one who sends nothing for so long, not even silence, is gone
	talkFrame = 16 << 10         // bytes of one message: a second of sound
)

// talkText is what the texts of a talk say.
type talkText struct {
	// listens: the camera has chirped, and what is sent from now on is said.
	// end: nothing more is said.
	Kind string `json:"kind" enum:"listens,end"`
	Why  string `json:"why,omitempty" doc:"end: one sentence; without, it may be asked for again"`
}

// talk has somebody speak through a camera, over a WebSocket, until they leave, may
// speak no longer, or have said enough.
func (a *API) talk(w http.ResponseWriter, r *http.Request) {
	if err := a.letTalk(w, r); err != nil {
		a.refuse(w, r, err)
	}
}

// letTalk returns why nobody can speak; nil: somebody did.
func (a *API) letTalk(w http.ResponseWriter, r *http.Request) error {
	id := home.DeviceID(r.PathValue("id"))
	caller := ask(r.Context()).caller
	if caller.Kind == auth.ByToken {
		return problem(http.StatusForbidden, codeForbidden, "Only a person speaks through a camera, with password and second factor just given. A program can give neither.")
	}
	if _, err := a.findCamera(id); err != nil {
		return err
	}
	switch {
	case !websocket.IsWebSocketUpgrade(r):
		// What keeps somebody from speaking is told first: a browser reads it here alone.
		if err := a.o.Cameras.MayTalk(id); err != nil {
			return err
		}
		return problem(http.StatusUpgradeRequired, codeMethod, "Who speaks does so over a WebSocket: open one here.")
	case !sameOrigin(r, caller):
		return problem(http.StatusForbidden, codeCrossOrigin, "Another site may not speak. Open the hub's own page.")
	}
	if err := a.o.Cameras.MayTalk(id); err != nil {
		return err
	}
	end, err := a.beginLive(r, audit.View{Kind: audit.Talk, Camera: id, Why: r.URL.Query().Get("why")})
	if err != nil {
		return err
	}
	defer end()
	speech, err := a.o.Cameras.Talk(id, caller.Name)
	if err != nil {
		return err
	}
	defer speech.Close()
	conn, err := openSocket(w, r)
	if err != nil {
		return nil // it was answered
	}
	s := &talkSocket{conn: conn}
	defer func() { _ = conn.Close() }()
	ctx, stop := context.WithCancelCause(r.Context())
	defer stop(nil)
	go func() { stop(s.hear(speech)) }()
	go func() {
		select {
		case <-ctx.Done():
		case <-a.ending:
		case <-caller.Ended():
		}
		stop(nil)
	}()
	s.stay()
	why := speech.Run(ctx, func() {
		s.stay()
		s.say(talkText{Kind: "listens"})
	})
	if cause := context.Cause(ctx); errors.Is(cause, errNoSound) {
		why = cause
	}
	bye := talkText{Kind: "end"}
	if why != nil {
		bye.Why = sentence(why) + "."
	}
	s.say(bye)
	return nil
}

// talkSocket is the end of who speaks.
type talkSocket struct{ conn *websocket.Conn }

// stay gives who speaks time to send the next piece.
func (s *talkSocket) stay() { _ = s.conn.SetReadDeadline(time.Now().Add(talkGone)) } // what is read next fails then

// say tells who speaks something; they may be gone, which hear finds out.
func (s *talkSocket) say(t talkText) {
	_ = s.conn.SetWriteDeadline(time.Now().Add(livePatient)) // as above
	_ = s.conn.WriteJSON(t)
	if t.Kind == "end" {
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = s.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second)) // as above
	}
}

// hear hands on what somebody says until they leave: then it returns nil, or what was
// wrong with it.
func (s *talkSocket) hear(to Speech) error {
	s.conn.SetReadLimit(talkFrame)
	for {
		kind, b, err := s.conn.ReadMessage()
		if err != nil {
			return nil //nolint:nilerr // whoever leaves does so in many ways
		}
		samples, ok := sound(b)
		if kind != websocket.BinaryMessage || !ok {
			return errNoSound
		}
		to.Say(samples)
		s.stay()
	}
}

var errNoSound = errors.New("what was sent is no sound: send samples of 16 bits, the smaller byte first, 8000 a second")

// sound reads samples of 16 bits, the smaller byte first.
func sound(b []byte) (samples []int16, ok bool) {
	if len(b)%2 != 0 {
		return nil, false
	}
	samples = make([]int16, len(b)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return samples, true
}
