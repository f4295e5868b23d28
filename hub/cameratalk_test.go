package hub

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pquerna/otp/totp"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
)

// ada claims the hub and is signed in with password and second factor: what it gives
// is her session and its cookie.
func (h *Hub) ada(t *testing.T) (auth.Caller, *http.Cookie) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	code, _, _ := h.people.ClaimCode()
	kitchen := auth.Client{Addr: netip.MustParseAddr("192.168.1.20")}
	e, err := h.people.Claim(t.Context(), kitchen, code)
	must(err)
	must(h.people.ChoosePassword(t.Context(), e.Caller, "Ada", "seven green bottles on a wall"))
	offer, err := h.people.OfferTOTP(t.Context(), e.Caller)
	must(err)
	now, err := totp.GenerateCode(strings.ReplaceAll(string(offer.Key), " ", ""), time.Now())
	must(err)
	recovery, err := h.people.ConfirmTOTP(t.Context(), e.Caller, auth.Secret(now))
	must(err)
	e, err = h.people.ConfirmRecovery(t.Context(), e.Caller, kitchen, recovery[0])
	must(err)
	for _, c := range e.Cookies {
		if c.Name == auth.CookieName(false) {
			return e.Caller, c
		}
	}
	t.Fatalf("no cookie in %v", e.Cookies)
	return auth.Caller{}, nil
}

// TestTalk speaks through a camera as the page does: the camera hears it, every face
// says who speaks while it lasts, the journal and the record have both ends, and it is
// over when the mode keeps everybody from the camera.
func TestTalk(t *testing.T) {
	t.Parallel()
	h, sim, _ := houseWith(t, camsim.Options{
		Listen: "127.0.0.1:0", Scene: camsim.Draw(camsim.Porch), Speaker: camsim.MuLaw(),
	})
	srv := h.served(t)
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL, c.OffIn = "Porch", with(sim, url.UserPassword("hub", "s3cret word")), []home.Mode{home.Home}
	h.put(t, c)
	soon(t, "the camera says that it takes sound", func() bool { got, _ := h.cameras.Camera(c.ID); return got.Status.Speaker })
	ada, cookie := h.ada(t)
	speak := func() (*websocket.Conn, int) {
		t.Helper()
		head := http.Header{"Cookie": {cookie.String()}, "Origin": {srv.URL}}
		conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http")+"/api/v1/cameras/camera-porch/talk", head)
		if resp == nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err != nil {
			return nil, resp.StatusCode
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		return conn, resp.StatusCode
	}
	talks := func() []audit.Entry {
		list, _, err := h.views.Page(audit.Query{Kind: audit.Talk, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	var said struct{ Kind, Why string }
	next := func(conn *websocket.Conn) {
		t.Helper()
		said.Kind, said.Why = "", ""
		_, b, err := conn.ReadMessage()
		if err == nil {
			err = json.Unmarshal(b, &said)
		}
		if err != nil {
			t.Error(err)
		}
	}
	conn, status := speak()
	if conn == nil {
		t.Fatalf("got %d", status)
	}
	if next(conn); said.Kind != "listens" {
		t.Fatalf("first it says %+v", said)
	}
	for range 10 {
		if err := conn.WriteMessage(websocket.BinaryMessage, []byte(strings.Repeat("\x00\x40", 160))); err != nil {
			t.Fatal(err)
		}
	}
	loud := strings.Repeat("\x8f", 160) // 0x4000 in µ-law
	soon(t, "the camera hears it", func() bool { return strings.Count(string(sim.Heard()), loud) >= 6 })
	if chirped := strings.Index(string(sim.Heard()), loud); chirped < 8*480 { // two notes of 180 ms, each with 60 ms after it
		t.Errorf("somebody is heard after %d samples", chirped)
	}
	if d, _ := h.devices.Device(c.ID); d.Talks != "Ada" {
		t.Errorf("through the device speaks %q", d.Talks)
	}
	if got, _ := h.cameras.Camera(c.ID); got.Status.Talks != "Ada" {
		t.Errorf("through the camera speaks %q", got.Status.Talks)
	}
	if got := talks(); len(got) != 1 || got[0].Who != "Ada" || got[0].Camera != c.ID || got[0].By != "session" || got[0].Ends != 0 {
		t.Errorf("on record is %+v", got)
	}
	if _, status := speak(); status != http.StatusConflict {
		t.Errorf("a second one who speaks gets %d", status)
	}
	_ = conn.Close()
	soon(t, "nobody speaks", func() bool { d, _ := h.devices.Device(c.ID); return d.Talks == "" })
	soon(t, "the way back is closed", func() bool { now, _ := sim.Talkers(); return now == 0 })
	soon(t, "the end is on record", func() bool { got := talks(); return len(got) == 2 && got[0].Ends == got[1].N })
	soon(t, "the journal has both ends", func() bool {
		lines, _, err := h.journal.Page(journal.Query{Kind: home.KindAccess, Limit: 10})
		var texts []string
		for _, e := range lines {
			texts = append(texts, e.Text)
		}
		all := strings.Join(texts, " ")
		return err == nil && strings.Contains(all, "Ada speaks through Porch.") && strings.Contains(all, "Ada speaks no longer through Porch.")
	})

	if conn, status = speak(); conn == nil {
		t.Fatalf("got %d", status)
	}
	next(conn)
	if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Home, By: "Ada", CodeFree: true, ExitDelay: new(home.Duration)}); err != nil {
		t.Fatal(err)
	}
	if next(conn); said.Kind != "end" || said.Why != "The camera rests: nobody may speak through it now." {
		t.Errorf("the mode keeps everybody away, and that is told as %+v", said)
	}
	if _, status := speak(); status != http.StatusConflict {
		t.Errorf("a camera that rests answers %d", status)
	}
	if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, By: "Ada", CodeFree: true}); err != nil {
		t.Fatal(err)
	}
	soon(t, "the camera is up again", h.cameraIs(c.ID, "up"))

	// So does the end of the right.
	if conn, status = speak(); conn == nil {
		t.Fatalf("got %d", status)
	}
	next(conn)
	if err := h.people.SignOut(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if took := waited(t, func() { next(conn) }); said.Kind != "end" || said.Why != "" || took > time.Second {
		t.Errorf("%v after she signed out: %+v", took, said)
	}
}
