package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
)

// fakeSpeech is a turn at a loudspeaker that the test chirps for.
type fakeSpeech struct {
	chirp  chan struct{}
	why    chan error
	said   chan []int16
	closed chan struct{}
}

func newFakeSpeech() *fakeSpeech {
	return &fakeSpeech{chirp: make(chan struct{}, 1), why: make(chan error, 1), said: make(chan []int16, 8), closed: make(chan struct{})}
}

func (f *fakeSpeech) Run(ctx context.Context, listens func()) error {
	for {
		select {
		case <-f.chirp:
			listens()
		case err := <-f.why:
			return err
		case <-ctx.Done():
			return nil
		}
	}
}

func (f *fakeSpeech) Say(samples []int16) { f.said <- samples }
func (f *fakeSpeech) Close()              { close(f.closed) }

func (f *fakeCameras) MayTalk(home.DeviceID) error { return f.rests }

func (f *fakeCameras) Talk(_ home.DeviceID, who string) (Speech, error) {
	f.looked = who
	return f.speech, nil
}

const talkPath = "/api/v1/cameras/camera-porch/talk"

// told is the next text of a talk.
func told(t *testing.T, c *websocket.Conn) (said talkText) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, b, err := c.ReadMessage()
	if err == nil {
		err = json.Unmarshal(b, &said)
	}
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// A talk is on record before the loudspeaker is taken, and so is its end; what is sent
// is said sample for sample.
func TestATalkIsOnRecordFromBeginToEnd(t *testing.T) {
	cams, views, _, dial := liveHouse(t)
	c, p := dial(talkPath+"?why=a+parcel", "member")
	if c == nil {
		t.Fatal(p.Detail)
	}
	begin := audit.View{
		Kind: audit.Talk, Camera: "camera-porch", Who: "person-member", Caller: "u-member", By: "session", Role: "member",
		From: "127.0.0.1", Agent: "Firefox", Why: "a parcel",
	}
	if got := views.list(); len(got) != 1 || got[0] != begin || cams.looked != "person-member" {
		t.Fatalf("before the first byte the record holds %+v, and %q speaks", got, cams.looked)
	}
	cams.speech.chirp <- struct{}{}
	if said := told(t, c); said != (talkText{Kind: "listens"}) {
		t.Errorf("first it says %+v", said)
	}
	if err := c.WriteMessage(websocket.BinaryMessage, []byte{0x01, 0x00, 0xff, 0xff, 0x00, 0x80}); err != nil {
		t.Fatal(err)
	}
	if got := <-cams.speech.said; !slices.Equal(got, []int16{1, -1, -32768}) {
		t.Errorf("%d is said", got)
	}
	cams.speech.why <- errors.New("nothing was said for a minute")
	if said := told(t, c); said != (talkText{Kind: "end", Why: "Nothing was said for a minute."}) {
		t.Errorf("at last it says %+v", said)
	}
	<-cams.speech.closed
	begin.Ends = 1
	eventually(t, "its end is on record", func() bool { got := views.list(); return len(got) == 2 && got[1] == begin })
}

// What is no sound ends a talk, and so does whoever leaves.
func TestATalkEndsWithItsTalker(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*websocket.Conn) error
		why  string
	}{
		{"half a sample", func(c *websocket.Conn) error { return c.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3}) }, "What was sent is no sound: send samples of 16 bits, the smaller byte first, 8000 a second."},
		{"a text", func(c *websocket.Conn) error { return c.WriteMessage(websocket.TextMessage, []byte("{}")) }, "What was sent is no sound: send samples of 16 bits, the smaller byte first, 8000 a second."},
		{"two seconds at once", func(c *websocket.Conn) error { return c.WriteMessage(websocket.BinaryMessage, make([]byte, 32000)) }, ""},
		{"left", func(c *websocket.Conn) error { return c.Close() }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cams, views, _, dial := liveHouse(t)
			c, p := dial(talkPath, "owner")
			if c == nil {
				t.Fatal(p.Detail)
			}
			// Too much at once is hung up on, perhaps before all of it is written.
			if err := tt.do(c); err != nil && tt.why != "" {
				t.Fatal(err)
			}
			if tt.why != "" {
				if said := told(t, c); said != (talkText{Kind: "end", Why: tt.why}) {
					t.Errorf("it says %+v", said)
				}
			}
			<-cams.speech.closed
			eventually(t, "its end is on record", func() bool { return len(views.list()) == 2 })
		})
	}
}

// Nothing is said, and the loudspeaker is not taken, when the talk can't be written
// down; when the camera can't; by whom has no right or did not just prove who they
// are; by programs, which can't; and from another site's page.
func TestWhoSaysNothing(t *testing.T) {
	cams, views, srv, dial := liveHouse(t)
	for _, tt := range []struct {
		name, who, path, origin string
		status                  int
		code                    string
		record, rests           error
	}{
		{"a guest", "guest", talkPath, srv.URL, 403, codeForbidden, nil, nil},
		{"an installer", "installer", talkPath, srv.URL, 403, codeForbidden, nil, nil},
		{"an owner's program", "token-owner", talkPath, "", 403, codeForbidden, nil, nil},
		{"an owner whose step-up is old", "stale", talkPath, srv.URL, 403, codeStepUp, nil, nil},
		{"nobody", "", talkPath, srv.URL, 401, codeUnauthorized, nil, nil},
		{"a camera that there is none of", "owner", "/api/v1/cameras/camera-attic/talk", srv.URL, 404, codeNotFound, nil, nil},
		{"another site", "owner", talkPath, "https://example.org", 403, codeCrossOrigin, nil, nil},
		{"a session without a page", "owner", talkPath, "", 403, codeCrossOrigin, nil, nil},
		{"a record that can't be written", "owner", talkPath, srv.URL, 503, codeNotOnRecord, errors.New("disk full"), nil},
		{"a camera that takes no sound", "owner", talkPath, srv.URL, 409, codeConflict, nil, &home.Conflict{Reason: "Porch takes no sound"}},
	} {
		views.err, cams.rests = tt.record, tt.rests
		_, p := dial(tt.path, tt.who, func(h http.Header) {
			if h.Del("Origin"); tt.origin != "" {
				h.Set("Origin", tt.origin)
			}
		})
		if p.Status != tt.status || p.Code != tt.code {
			t.Errorf("%s: got %d %q, want %d %q", tt.name, p.Status, p.Code, tt.status, tt.code)
		}
	}
	// A plain request tells what would keep somebody from speaking, and nothing else.
	for _, tt := range []struct {
		rests  error
		status int
	}{{nil, http.StatusUpgradeRequired}, {&home.Conflict{Reason: "Ben speaks through Porch"}, http.StatusConflict}} {
		cams.rests = tt.rests
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+talkPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Test-Caller", "owner")
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("a plain request got %d, want %d", resp.StatusCode, tt.status)
		}
	}
	if got := views.list(); len(got) != 0 || cams.looked != "" {
		t.Errorf("%+v is on record, and %q spoke", got, cams.looked)
	}
}

// What reads as sound writes as the same bytes.
func FuzzSound(f *testing.F) {
	for _, b := range [][]byte{{}, {1}, {1, 2}, {0xff, 0x7f, 0x00, 0x80}} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		samples, ok := sound(b)
		if ok != (len(b)%2 == 0) {
			t.Fatalf("%d bytes: %v", len(b), ok)
		}
		var again []byte
		for _, s := range samples {
			again = append(again, byte(s), byte(s>>8))
		}
		if ok && !bytes.Equal(again, b) {
			t.Fatalf("%x is read as %d", b, samples)
		}
	})
}
