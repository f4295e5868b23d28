package demo_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/face/homekit/hap/haptest"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// appleHome is what the API says of the face.
type appleHome struct {
	SetupCode string `json:"setup_code"`
	Port      int
	Until     *home.Time
	Paired    []struct{ ID string }
}

// phone is an Apple device that is paired with the demo home and hears all that the
// alarm says there.
type phone struct {
	*haptest.Conn
	t   *testing.T
	ids []string // of the alarm's characteristics that can be read, "2.66"
	now string   // of them, the current state as an event says it
	to  string   // and the target state, for a write
}

// pairApple pairs a phone the way an owner does it.
func (v *visitor) pairApple() *phone {
	v.t.Helper()
	status, body := v.request(http.MethodPost, "/api/v1/homekit/window", nil)
	var face appleHome
	if err := json.Unmarshal(body, &face); err != nil || status != http.StatusOK || face.Until == nil {
		v.t.Fatalf("open pairing: %d %s %v", status, body, err)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(face.Port))
	d := haptest.New("1F6B2C3D-0000-4000-8000-00000000A55E")
	if err := d.PairAt(addr, face.SetupCode); err != nil {
		v.t.Fatal(err)
	}
	c, err := d.Connect(addr)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(c.Close)
	p := &phone{Conn: c, t: v.t}
	p.find()
	return p
}

// find looks for the alarm and subscribes to all of it.
func (p *phone) find() {
	p.t.Helper()
	var all struct {
		Accessories []struct {
			AID      uint64
			Services []struct {
				Type            string
				Characteristics []struct {
					IID   uint64
					Type  string
					Perms []string
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(p.ask("GET", "/accessories", "")), &all); err != nil {
		p.t.Fatal(err)
	}
	for _, a := range all.Accessories {
		for _, s := range a.Services {
			if s.Type != "7E" {
				continue
			}
			for _, c := range s.Characteristics {
				id := fmt.Sprintf("%d.%d", a.AID, c.IID)
				p.ids = append(p.ids, id)
				switch c.Type {
				case "66":
					p.now = fmt.Sprintf(`{"aid":%d,"iid":%d,"value":`, a.AID, c.IID)
				case "67":
					p.to = fmt.Sprintf(`{"aid":%d,"iid":%d,"value":`, a.AID, c.IID)
				}
				if slices.Contains(c.Perms, "ev") {
					p.ask("PUT", "/characteristics", fmt.Sprintf(`{"characteristics":[{"aid":%d,"iid":%d,"ev":true}]}`, a.AID, c.IID))
				}
			}
		}
	}
	if p.now == "" || p.to == "" {
		p.t.Fatal("there is no alarm in Apple Home")
	}
}

func (p *phone) ask(method, path, body string) string {
	p.t.Helper()
	var b []byte
	if body != "" {
		b = []byte(body)
	}
	status, answer, err := p.Do(method, path, b)
	if err != nil || status >= 400 {
		p.t.Fatalf("%s %s: %d %s %v", method, path, status, answer, err)
	}
	return string(answer)
}

// disarmed is what it hears up to the disarming, each event with the number of
// encrypted bytes that it took, and when that came.
func (p *phone) disarmed() (heard []string, at time.Time) {
	p.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e, open := <-p.Events:
			if !open {
				p.t.Fatal("the connection to Apple Home ended")
			}
			heard = append(heard, fmt.Sprintf("%s in %d bytes", e.Body, e.Wire))
			if strings.Contains(e.Body, p.now+"3}") {
				return heard, e.At
			}
		case <-late:
			p.t.Fatalf("Apple Home never heard of the disarming, only %q", heard)
		}
	}
}

// answers is what it is answered afterwards: how the alarm stands, and asking for
// what cannot be, which leaves no line in the journal.
func (p *phone) answers() []string {
	p.t.Helper()
	return []string{
		p.ask("GET", "/characteristics?ev=1&id="+strings.Join(p.ids, ","), ""),
		p.ask("PUT", "/characteristics", `{"characteristics":[`+p.to+`9}]}`),
	}
}

// TestAppleHomeInTheDemo: the owner opens pairing, a phone pairs, arms, sees the
// alarm, and is shown the door when it is removed.
func TestAppleHomeInTheDemo(t *testing.T) {
	v := visit(t, auth.Owner)
	p := v.pairApple()
	if body := p.ask("PUT", "/characteristics", `{"characteristics":[`+p.to+`1}]}`); body != "" {
		t.Errorf("arming: %s", body)
	}
	v.untilPhase(home.PhaseArming)
	v.mode(http.StatusOK, map[string]any{"mode": "disarmed"})
	v.mode(http.StatusOK, map[string]any{"mode": "away", "exit_delay": "0s", "force": true})
	v.do("kitchen-window", "open")
	v.untilPhase(home.PhaseAlarm)
	late := time.After(patience)
	for triggered := false; !triggered; {
		select {
		case e := <-p.Events:
			triggered = strings.Contains(e.Body, p.now+"4}")
		case <-late:
			t.Fatal("Apple Home never heard of the alarm")
		}
	}
	face := get[appleHome](v, "/api/v1/homekit")
	if len(face.Paired) != 1 || face.Until != nil {
		t.Fatalf("paired: %+v", face)
	}
	if status, body := v.request(http.MethodDelete, "/api/v1/homekit/paired/"+face.Paired[0].ID, nil); status != http.StatusNoContent {
		t.Errorf("removing the phone: %d %s", status, body)
	}
	for open := true; open; {
		select {
		case _, open = <-p.Events:
		case <-late:
			t.Fatal("the phone that was removed is still connected")
		}
	}
	if again := get[appleHome](v, "/api/v1/homekit"); len(again.Paired) != 0 || again.SetupCode == face.SetupCode {
		t.Errorf("after it was removed: %+v", again)
	}
}
