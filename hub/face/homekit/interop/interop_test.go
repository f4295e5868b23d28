//go:build interop

package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/gorilla/websocket"

	"gatehouse/hub"
	"gatehouse/hub/demo"
	"gatehouse/hub/face/api/desk"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

const patience = 60 * time.Second

// family is a demo home with an owner's token.
type family struct {
	t           *testing.T
	data        string
	base, token string
	end         func()
}

func begin(t *testing.T) *family {
	t.Helper()
	f := &family{t: t, data: t.TempDir()}
	f.run()
	t.Cleanup(func() { f.end() })
	return f
}

// run runs the home until end is called.
func (f *family) run() {
	t := f.t
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	up := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, addr, ok := strings.Cut(lines.Text(), "The hub's page"); ok {
				up <- strings.TrimRight(strings.TrimSpace(addr), "/")
			}
		}
	}()
	ended := make(chan error, 1)
	go func() {
		ended <- demo.Run(ctx, demo.Options{Data: f.data, Listen: "127.0.0.1:0", Version: "test", Log: slog.New(slog.DiscardHandler), Out: in})
	}()
	f.end = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended with %v", err)
		}
	}
	select {
	case f.base = <-up:
	case err := <-ended:
		ended <- err
		t.Fatalf("the demo did not come up: %v", err)
	}
	if f.token != "" {
		return
	}
	d, err := desk.Dial(ctx, filepath.Join(f.data, hub.SocketFile))
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := d.CreateToken(ctx, "interop", auth.Owner, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	f.token = string(secret)
}

// do has something happen in the home.
func (f *family) do(thing, act string) {
	f.t.Helper()
	f.ask(http.MethodPost, "/demo/do", fmt.Sprintf(`{"thing":%q,"act":%q}`, thing, act))
}

func (f *family) ask(method, path, body string) []byte {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.base+path, bytes.NewBufferString(body))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+f.token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		f.t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, b, err)
	}
	return b
}

// face is what the API says of Apple Home.
type face struct {
	SetupCode string `json:"setup_code"`
	Port      int
	ID        string
	Paired    []struct{ ID string }
}

func (f *family) face(b []byte) (k face) {
	f.t.Helper()
	if err := json.Unmarshal(b, &k); err != nil {
		f.t.Fatal(err)
	}
	return k
}

// listens waits until the bridge listens, which is a moment after the page is there, and
// returns its port: another one if somebody took the one of before.
func (f *family) listens() int {
	f.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < patience; <-tick.C {
		port := f.face(f.ask(http.MethodGet, "/api/v1/homekit", "")).Port
		if conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = conn.Close()
			return port
		}
	}
	f.t.Fatal("the bridge does not listen")
	return 0
}

// peer is the controller.
type peer struct {
	t    *testing.T
	in   io.Writer
	said chan said
	kept []said // events that were not asked for yet
}

type said struct{ What, Text, Error, Phone string }

func (f *family) controller(k face) *peer {
	f.t.Helper()
	if _, err := os.Stat("node_modules/hap-controller"); err != nil {
		f.t.Fatal("the peer is not installed: run `npm ci` in hub/face/homekit/interop")
	}
	cmd := exec.Command("node", "controller.mjs", k.ID, strconv.Itoa(k.Port)) // ended below
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	p := &peer{t: f.t, in: in, said: make(chan said, 1000)}
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var s said
			if json.Unmarshal(lines.Bytes(), &s) == nil {
				p.said <- s
			}
		}
		close(p.said)
	}()
	f.t.Cleanup(func() {
		_ = in.Close()
		timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		_ = cmd.Wait()
	})
	return p
}

// until waits for a word of the controller, with a text in it.
func (p *peer) until(what, text string) said {
	p.t.Helper()
	is := func(s said) bool { return s.What == what && strings.Contains(s.Text, text) }
	if i := slices.IndexFunc(p.kept, is); i >= 0 {
		s := p.kept[i]
		p.kept = p.kept[i:] // what came before is behind; this one may tell more
		return s
	}
	late := time.After(patience)
	for {
		select {
		case s, ok := <-p.said:
			switch {
			case !ok:
				p.t.Fatalf("the controller ended and did not say %s", what)
			case s.What == "event":
				p.kept = append(p.kept, s)
			}
			if is(s) {
				return s
			}
		case <-late:
			p.t.Fatalf("the controller never said %s %s", what, text)
		}
	}
}

// tries tells it to do something, and does so and wants it to go well.
func (p *peer) tries(words ...string) said {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, strings.Join(words, " ")); err != nil {
		p.t.Fatal(err)
	}
	return p.until("did "+words[0], "")
}

func (p *peer) does(words ...string) string {
	p.t.Helper()
	s := p.tries(words...)
	if s.Error != "" {
		p.t.Fatalf("%v: %s", words, s.Error)
	}
	return s.Text
}

// shown is what the bridge shows, as the controller has it.
type shown []struct {
	AID      int
	Services []offered
}

type offered struct {
	Type            string
	Primary         bool
	Characteristics []struct {
		IID   int
		Type  string
		Value any
	}
}

// brief is the short form of a type.
func brief(kind string) string {
	kind, _, _ = strings.Cut(kind, "-")
	return strings.TrimLeft(kind, "0")
}

func (s offered) name() any {
	for _, c := range s.Characteristics {
		if brief(c.Type) == "23" {
			return c.Value
		}
	}
	return nil
}

// where is the id of a characteristic, by the name of its accessory and its type.
func (all shown) where(name, kind string) string {
	for _, a := range all {
		if a.Services[0].name() != name {
			continue
		}
		for _, s := range a.Services {
			for _, c := range s.Characteristics {
				if brief(c.Type) == kind {
					return fmt.Sprintf("%d.%d", a.AID, c.IID)
				}
			}
		}
	}
	return ""
}

// service is the id of the first characteristic of a service, by the service's name.
func (all shown) service(name string) string {
	for _, a := range all {
		for _, s := range a.Services[1:] {
			if s.name() == name {
				return fmt.Sprintf("%d.%d", a.AID, s.Characteristics[0].IID)
			}
		}
	}
	return ""
}

func (p *peer) looks() shown {
	p.t.Helper()
	var all struct{ Accessories shown }
	if err := json.Unmarshal([]byte(p.does("accessories", "phone")), &all); err != nil {
		p.t.Fatal(err)
	}
	return all.Accessories
}

// soon looks at the bridge until something is there, or is not: the demo's devices are
// met one after the other.
func (p *peer) soon(what string, is func(shown) bool) {
	p.t.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < patience; <-tick.C {
		if is(p.looks()) {
			return
		}
	}
	p.t.Fatalf("the controller never sees %s", what)
}

func (p *peer) sees(name, kind string) (id string) {
	p.t.Helper()
	p.soon(kind+" of "+name, func(all shown) bool { id = all.where(name, kind); return id != "" })
	return id
}

func (p *peer) finds(name string) (id string) {
	p.t.Helper()
	p.soon(name, func(all shown) bool { id = all.service(name); return id != "" })
	return id
}

// hears waits for an event that says a value of a characteristic.
func (p *peer) hears(id, value string) {
	p.t.Helper()
	p.until("event", at(id)+value+"}")
}

// TestTheirController goes through the life of a pairing.
func TestTheirController(t *testing.T) {
	f := begin(t)
	k := f.face(f.ask(http.MethodPost, "/api/v1/homekit/window", ""))
	p := f.controller(k)

	if s := p.tries("pair", "burglar", "111-22-333"); !strings.Contains(s.Error, "2") {
		t.Errorf("a wrong code: %+v, want error 2", s)
	}
	name := p.does("pair", "phone", k.SetupCode)
	if s := p.tries("pair", "second", k.SetupCode); !strings.Contains(s.Error, "6") {
		t.Errorf("a second one by the code: %+v, want error 6", s)
	}

	current, target, door := p.sees("Alarm", "66"), p.sees("Alarm", "67"), p.sees("Front door", "6A")
	if got := p.does("read", "phone", door); !strings.Contains(got, `"value":0`) || !strings.Contains(got, `"format":"uint8"`) {
		t.Errorf("the door reads %s", got)
	}
	p.does("subscribe", "phone", current, target, door)
	f.do("front-door", "open")
	p.hears(door, "1")
	f.do("front-door", "close")
	p.hears(door, "0")

	p.does("write", "phone", fmt.Sprintf(`{%q:1}`, target))
	p.hears(target, "1")
	p.hears(current, "1") // ten seconds later
	f.do("kitchen-window", "open")
	p.hears(current, "4")
	if got := p.tries("write", "phone", fmt.Sprintf(`{%q:3}`, target)); !strings.Contains(got.Text+got.Error, "-70401") {
		t.Errorf("disarming that the owner did not allow: %+v, want -70401", got)
	}
	p.hears(target, "1")
	f.ask(http.MethodPut, "/api/v1/homekit", `{"disarm":true}`)
	p.kept = nil
	p.does("write", "phone", fmt.Sprintf(`{%q:3}`, target))
	p.hears(current, "3")

	p.does("again", "phone")
	if got := p.does("read", "phone", current); !strings.Contains(got, `"value":3`) {
		t.Errorf("after it came back the alarm reads %s", got)
	}
	if got := p.does("list", "phone"); got != name {
		t.Errorf("the list names %q, want %q", got, name)
	}
	p.does("remove", "phone", name)
	if k := f.face(f.ask(http.MethodGet, "/api/v1/homekit", "")); len(k.Paired) != 0 {
		t.Errorf("still paired: %+v", k.Paired)
	}
}

// TestTheirControllerSeesCameras: none until the owner shows them; then what each does,
// by the numbers that it keeps when the hub starts again and others come and go.
func TestTheirControllerSeesCameras(t *testing.T) {
	f := begin(t)
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	f.ask(http.MethodPut, "/api/v1/vault", fmt.Sprintf(`{"recipients":[%q]}`, identity.Recipient()))
	k := f.face(f.ask(http.MethodPost, "/api/v1/homekit/window", ""))
	p := f.controller(k)
	p.does("pair", "phone", k.SetupCode)
	p.sees("Front door", "6A")
	if all := p.looks(); all.service("Garden Recording") != "" {
		t.Error("cameras are shown that nobody asked for")
	}
	f.ask(http.MethodPut, "/api/v1/homekit", `{"cameras":true}`)

	names := []string{"Garden Recording", "Garden Watched", "Porch Recording", "Doorbell Recording", "Doorbell Doorbell", "Doorbell Button", "Doorbell Motion"}
	ids := map[string]string{}
	for _, name := range names {
		ids[name] = p.finds(name)
	}
	f.up("camera-garden")
	p.does(append([]string{"subscribe", "phone"}, slices.Collect(maps.Values(ids))...)...)
	p.soon("the bell as what its camera is", func(all shown) bool {
		for _, a := range all {
			for _, s := range a.Services {
				if a.Services[0].name() == "Doorbell" && s.Primary && brief(s.Type) == "121" {
					return true
				}
			}
		}
		return false
	})
	f.ask(http.MethodPost, "/api/v1/cameras/camera-garden/record", `{"for":"1s"}`)
	p.hears(ids["Garden Recording"], "1")
	p.hears(ids["Garden Recording"], "0")
	leave := f.watches("camera-garden")
	p.hears(ids["Garden Watched"], "1")
	leave()
	p.hears(ids["Garden Watched"], "0")
	f.up("camera-doorbell")
	f.do("doorbell-camera", "ring")
	p.hears(ids["Doorbell Doorbell"], "0")
	p.hears(ids["Doorbell Button"], "0")
	p.hears(ids["Doorbell Recording"], "1")
	p.hears(ids["Doorbell Motion"], "true")
	p.kept = nil
	f.do("doorbell-camera", "ring") // says the same, and is heard
	p.hears(ids["Doorbell Doorbell"], "0")
	p.hears(ids["Doorbell Recording"], "0") // whoever rang has gone

	f.end()
	f.run()
	p.does("again", "phone", strconv.Itoa(f.listens()))
	for _, name := range names {
		if id := p.finds(name); id != ids[name] {
			t.Errorf("%s is %s after the hub started again, was %s", name, id, ids[name])
		}
	}
	p.does(append([]string{"subscribe", "phone"}, slices.Collect(maps.Values(ids))...)...)
	p.kept = nil
	f.ask(http.MethodDelete, "/api/v1/cameras/camera-porch", "")
	p.soon("that the porch's camera is gone", func(all shown) bool { return all.service("Porch Recording") == "" })
	all := p.looks()
	for _, name := range names {
		if id := all.service(name); id != ids[name] && name != "Porch Recording" {
			t.Errorf("%s is %s after another camera left, was %s", name, id, ids[name])
		}
	}
	f.up("camera-doorbell")
	f.do("doorbell-camera", "ring")
	p.hears(ids["Doorbell Doorbell"], "0")

	f.ask(http.MethodPut, "/api/v1/homekit", `{"cameras":false}`)
	p.soon("no camera", func(all shown) bool { return all.service("Garden Recording") == "" })
}

// watches looks through a camera, over a WebSocket, until leave is called.
func (f *family) watches(id string) (leave func()) {
	f.t.Helper()
	head := http.Header{"Authorization": {"Bearer " + f.token}}
	conn, resp, err := websocket.DefaultDialer.DialContext(f.t.Context(), "ws"+strings.TrimPrefix(f.base, "http")+"/api/v1/cameras/"+id+"/live", head)
	if err != nil {
		f.t.Fatalf("%s is not shown: %v", id, err)
	}
	_ = resp.Body.Close() // which is empty; the connection is conn's
	return func() { _ = conn.Close() }
}

// at is a characteristic as an event names it.
func at(id string) string {
	aid, iid, _ := strings.Cut(id, ".")
	return fmt.Sprintf(`{"aid":%s,"iid":%s,"value":`, aid, iid)
}

// up waits until a camera sends pictures and what it notices is heard.
func (f *family) up(id string) {
	f.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < patience; <-tick.C {
		var c home.Camera
		if err := json.Unmarshal(f.ask(http.MethodGet, "/api/v1/cameras/"+id, ""), &c); err != nil {
			f.t.Fatal(err)
		}
		if c.Status.State == "up" && (c.Status.ONVIF == nil || c.Status.ONVIF.Heard) {
			return
		}
	}
	f.t.Fatalf("%s is not up", id)
}

// TestTheirMathematics: pairings in a row, for one in 128 has a number that begins
// with a zero byte.
func TestTheirMathematics(t *testing.T) {
	pairs := 150
	if testing.Short() {
		pairs = 5
	}
	f := begin(t)
	k := f.face(f.ask(http.MethodPost, "/api/v1/homekit/window", ""))
	p := f.controller(k)
	for i := range pairs {
		k := f.face(f.ask(http.MethodPost, "/api/v1/homekit/window", ""))
		method := strconv.Itoa(i % 2) // with and without Apple's chip: we have none either way
		if s := p.tries("pair", "phone", k.SetupCode, method, strconv.Itoa(k.Port)); s.Error != "" {
			t.Fatalf("pairing %d: %s", i, s.Error)
		}
		k = f.face(f.ask(http.MethodGet, "/api/v1/homekit", ""))
		f.ask(http.MethodDelete, "/api/v1/homekit/paired/"+k.Paired[0].ID, "")
	}
}
