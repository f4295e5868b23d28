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
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/hub"
	"gatehouse/hub/demo"
	"gatehouse/hub/face/api/desk"
	"gatehouse/hub/people/auth"
)

const patience = 60 * time.Second

// family is a demo home with an owner's token.
type family struct {
	t           *testing.T
	base, token string
}

func begin(t *testing.T) *family {
	t.Helper()
	f := &family{t: t}
	data := t.TempDir()
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
		ended <- demo.Run(ctx, demo.Options{Data: data, Listen: "127.0.0.1:0", Version: "test", Log: slog.New(slog.DiscardHandler), Out: in})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended with %v", err)
		}
	})
	select {
	case f.base = <-up:
	case err := <-ended:
		ended <- err
		t.Fatalf("the demo did not come up: %v", err)
	}
	d, err := desk.Dial(ctx, filepath.Join(data, hub.SocketFile))
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := d.CreateToken(ctx, "interop", auth.Owner, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	f.token = string(secret)
	return f
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

// where is the id of a characteristic, by the name of its accessory and its type.
func where(t *testing.T, database, name, kind string) string {
	t.Helper()
	var all struct {
		Accessories []struct {
			AID      int
			Services []struct {
				Characteristics []struct {
					IID   int
					Type  string
					Value any
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(database), &all); err != nil {
		t.Fatal(err)
	}
	short := func(s string) string { s, _, _ = strings.Cut(s, "-"); return strings.TrimLeft(s, "0") }
	for _, a := range all.Accessories {
		for _, s := range a.Services[:1] {
			for _, c := range s.Characteristics {
				if short(c.Type) == "23" && c.Value == name {
					for _, s := range a.Services {
						for _, c := range s.Characteristics {
							if short(c.Type) == kind {
								return fmt.Sprintf("%d.%d", a.AID, c.IID)
							}
						}
					}
				}
			}
		}
	}
	return ""
}

// sees looks at the bridge until a characteristic is there: the demo's devices are
// met one after the other.
func (p *peer) sees(name, kind string) string {
	p.t.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < patience; <-tick.C {
		if id := where(p.t, p.does("accessories", "phone"), name, kind); id != "" {
			return id
		}
	}
	p.t.Fatalf("the controller sees no %s of %s", kind, name)
	return ""
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
	event := func(id, value string) {
		t.Helper()
		aid, iid, _ := strings.Cut(id, ".")
		p.until("event", fmt.Sprintf(`{"aid":%s,"iid":%s,"value":%s}`, aid, iid, value))
	}
	do := func(thing, act string) {
		t.Helper()
		f.ask(http.MethodPost, "/demo/do", fmt.Sprintf(`{"thing":%q,"act":%q}`, thing, act))
	}
	do("front-door", "open")
	event(door, "1")
	do("front-door", "close")
	event(door, "0")

	p.does("write", "phone", fmt.Sprintf(`{%q:1}`, target))
	event(target, "1")
	event(current, "1") // ten seconds later
	do("kitchen-window", "open")
	event(current, "4")
	if got := p.tries("write", "phone", fmt.Sprintf(`{%q:3}`, target)); !strings.Contains(got.Text+got.Error, "-70401") {
		t.Errorf("disarming that the owner did not allow: %+v, want -70401", got)
	}
	event(target, "1")
	f.ask(http.MethodPut, "/api/v1/homekit", `{"disarm":true}`)
	p.kept = nil
	p.does("write", "phone", fmt.Sprintf(`{%q:3}`, target))
	event(current, "3")

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
		if s := p.tries("pair", "phone", k.SetupCode, method); s.Error != "" {
			t.Fatalf("pairing %d: %s", i, s.Error)
		}
		k = f.face(f.ask(http.MethodGet, "/api/v1/homekit", ""))
		f.ask(http.MethodDelete, "/api/v1/homekit/paired/"+k.Paired[0].ID, "")
	}
}
