package crash

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
	"gatehouse/hub/radio/bridge"
	"gatehouse/storage"
	"gatehouse/zwave/zwavesim"
)

// house is one home: its devices and stick, which live on, and its hub, which
// does not.
type house struct {
	t      *testing.T
	data   string // the hub's folder
	token  string
	base   string // URL of the API
	client *http.Client

	stick  *zwavesim.Stick
	door   *zwavesim.Contact // entry zone
	window *zwavesim.Contact // perimeter zone
	siren  *zwavesim.Siren

	binary, config string
	hub            *exec.Cmd
	said           *os.File // what the hub writes to stderr

	mu    sync.Mutex
	shown map[uint64]home.Event // what anybody was ever shown, by number
}

// newHouse builds a house with a stick on a TCP port, a token and a
// configuration. The hub is not started. Its data is in data.
func newHouse(t *testing.T, binary, data string) *house {
	t.Helper()
	h := &house{t: t, data: data, binary: binary, shown: map[uint64]home.Event{}}
	h.stick = zwavesim.New(zwavesim.Options{})
	h.door = h.stick.NewContact(zwavesim.Make{Name: "Front door"})
	h.window = h.stick.NewContact(zwavesim.Make{Name: "Kitchen window"})
	h.siren = h.stick.NewSiren(zwavesim.Make{Name: "Siren"})
	h.stick.Place(h.door, h.window, h.siren)
	ctx, cancel := context.WithCancel(context.Background())
	port, err := bridge.Listen(ctx, h.stick, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- port.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-served
	})

	page := freeAddr(t)
	h.base = "https://" + page + "/api/v1"
	h.client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		// The hub is at the other end of a port of this machine, and its
		// authority is made anew with its folder.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	h.config = filepath.Join(t.TempDir(), "gatehouse.yaml")
	text := fmt.Sprintf("data: %q\nlisten: {https: %q, http: \"\"}\ninterfaces: [lo]\nzwave: {port: %q}\nmqtt: {listen: \"\", loopback: \"\"}\nhomekit: {enabled: false}\nlog: {level: debug}\n",
		data, page, "tcp://"+port.Addr())
	if err := os.WriteFile(h.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h.token = newToken(t, data)
	if h.said, err = os.Create(filepath.Join(t.TempDir(), "hub.log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if h.hub != nil {
			h.kill()
		}
		_ = h.said.Close()
		if t.Failed() {
			h.tail()
		}
	})
	return h
}

// configure adds lines to the configuration of the next start.
func (h *house) configure(lines string) {
	h.t.Helper()
	f, err := os.OpenFile(h.config, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = f.WriteString(lines)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// build makes the program once.
func build(t *testing.T) string {
	t.Helper()
	if *program != "" {
		return *program
	}
	binary := filepath.Join(t.TempDir(), "gatehouse")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "gatehouse/cmd/gatehouse").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// freeAddr is an address that was free a moment ago: the hub shall have the
// same one in all its lives. Its port is none of those that the system gives to
// whoever wants any, which a test beside this one may while the hub is dead.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 100 {
		addr := fmt.Sprint("127.0.0.1:", 20000+rand.IntN(10000))
		if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("of a hundred ports none is free")
	return ""
}

// nobody is a journal that keeps nothing.
type nobody struct{}

func (nobody) Add(home.Event) uint64 { return 0 }

// newToken makes a program's token in a folder that no hub has open.
func newToken(t *testing.T, data string) string {
	t.Helper()
	db, err := storage.Open(filepath.Join(data, "home.db"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	people, err := auth.Open(auth.Options{DB: db, Dir: data, Journal: nobody{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := people.CreateToken(t.Context(), "", "crash", auth.Owner, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return string(secret)
}

// start starts the hub and returns once it answers.
func (h *house) start() home.Alarm {
	h.t.Helper()
	h.hub = exec.CommandContext(context.Background(), h.binary, "serve", "--config", h.config)
	h.hub.Stderr = h.said
	if err := h.hub.Start(); err != nil {
		h.t.Fatal(err)
	}
	var alarm home.Alarm
	h.until("the hub answers", 60*time.Second, func() error { return h.get("/alarm", &alarm) })
	return alarm
}

// furnish waits until the hub has met the sensors and makes the door the way
// in. It is done once in the life of a house.
func (h *house) furnish() {
	h.t.Helper()
	for _, sensor := range []struct {
		*zwavesim.Contact
		kind home.ZoneKind
	}{{h.door, home.ZoneEntry}, {h.window, home.ZonePerimeter}} {
		device := home.DeviceID(deviceOf(sensor.Node))
		poked := time.Time{}
		h.until("a zone of "+sensor.Name(), 60*time.Second, func() error {
			if time.Since(poked) > 2*time.Second {
				sensor.WakeUp()
				sensor.Open()
				sensor.Close()
				poked = time.Now()
			}
			var zones []home.Zone
			if err := h.get("/zones", &zones); err != nil {
				return err
			}
			i := slices.IndexFunc(zones, func(z home.Zone) bool { return z.Device == device && z.Trait == home.Contact })
			if i < 0 {
				return errNotYet
			}
			z := zones[i]
			z.Name, z.Kind, z.Modes = sensor.Name(), sensor.kind, home.Modes
			return h.ask(http.MethodPut, "/zones/"+string(z.ID), z, nil)
		})
	}
	var siren home.Device
	h.until("the siren", 60*time.Second, func() error {
		if err := h.get("/devices/"+deviceOf(h.siren.Node), &siren); err != nil {
			return err
		}
		if _, ok := siren.Traits[home.Siren]; !ok {
			return errNotYet
		}
		return nil
	})
}

// kill ends the hub as a power cut would, but for the page cache.
func (h *house) kill() {
	_ = h.hub.Process.Kill()
	_ = h.hub.Wait()
	h.hub = nil
}

// until tries until try succeeds.
func (h *house) until(what string, patience time.Duration, try func() error) {
	h.t.Helper()
	end := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("%s: not within %v: %v", what, patience, err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (h *house) get(path string, into any) error { return h.ask(http.MethodGet, path, nil, into) }

func (h *house) ask(method, path string, body, into any) error {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.base+path, r)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, b)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(b, into)
}

// mode asks for a mode and returns the panel's answer.
func (h *house) mode(m home.Mode, exit string) (home.Alarm, error) {
	var a home.Alarm
	body := map[string]any{"mode": m}
	if exit != "" {
		body["exit_delay"] = exit
	}
	err := h.ask(http.MethodPut, "/alarm/mode", body, &a)
	return a, err
}

// phase waits until the panel is in p.
func (h *house) phase(p home.Phase) (a home.Alarm) {
	h.t.Helper()
	h.until("phase "+string(p), 30*time.Second, func() error {
		if err := h.get("/alarm", &a); err != nil {
			return err
		}
		if a.Phase != p {
			return fmt.Errorf("it is %s", a.Phase)
		}
		return nil
	})
	return a
}

// calm disarms, closes everything, and waits until the house can be armed.
func (h *house) calm() {
	h.t.Helper()
	h.door.Close()
	h.window.Close()
	h.until("disarmed", 30*time.Second, func() error {
		_, err := h.mode(home.Disarmed, "")
		return err
	})
	var poked time.Time
	asked := time.Now()
	h.until("ready to arm", 30*time.Second, func() error {
		var a home.Alarm
		if err := h.get("/alarm", &a); err != nil {
			return err
		}
		if a.Ready[home.Away] && h.closedSince(poked) {
			return nil
		}
		// A sensor that was asleep when the hub came back must speak first.
		if time.Since(asked) > 300*time.Millisecond && time.Since(poked) > 2*time.Second {
			poked = time.Now()
			for _, c := range []*zwavesim.Contact{h.door, h.window} {
				c.Open()
				c.Close()
			}
		}
		return fmt.Errorf("open %v, troubles %v", a.Open, a.Troubles)
	})
}

// closedSince tells whether the hub knows that both contacts have closed since
// they were poked, if they were.
func (h *house) closedSince(poked time.Time) bool {
	if poked.IsZero() {
		return !h.door.IsOpen() && !h.window.IsOpen()
	}
	for _, c := range []*zwavesim.Contact{h.door, h.window} {
		var d home.Device
		if err := h.get("/devices/"+deviceOf(c.Node), &d); err != nil {
			return false
		}
		if s := d.Traits[home.Contact]; s.Value != home.Closed || s.Since.Before(poked.Truncate(time.Millisecond)) {
			return false
		}
	}
	return true
}

func deviceOf(n *zwavesim.Node) string { return "zwave-" + strconv.Itoa(int(n.ID())) }

// watch notes every event that the hub shows, until the hub dies.
func (h *house) watch() (stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.base+"/stream", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	patient := *h.client
	patient.Timeout = 0
	resp, err := patient.Do(req) //nolint:bodyclose // by the goroutine
	if err != nil {
		h.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		h.t.Fatalf("stream: %s", resp.Status)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		kind := ""
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "":
				kind = ""
			case "event":
				kind = value
			case "data":
				if kind == "event" {
					h.note([]byte(value))
				}
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

func (h *house) note(line []byte) {
	var e home.Event
	if err := json.Unmarshal(line, &e); err != nil {
		return // cut off by the end of the hub
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if was, ok := h.shown[e.Seq]; ok && !same(was, e) {
		h.t.Errorf("number %d was shown for %q, and now for %q", e.Seq, was.Text, e.Text)
	}
	h.shown[e.Seq] = e
}

func same(a, b home.Event) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// missing compares what was shown from number from on with what the journal
// holds now.
func (h *house) missing(from uint64) (lost []home.Event) {
	h.t.Helper()
	all, err := h.journal(from)
	if err != nil {
		h.t.Fatal(err)
	}
	kept := make(map[uint64]home.Event, len(all))
	for _, e := range all {
		kept[e.Seq] = e
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for seq, e := range h.shown {
		if seq >= from && !same(kept[seq], e) {
			lost = append(lost, e)
		}
	}
	return lost
}

// journal reads the journal from number from on, oldest first.
func (h *house) journal(from uint64) (all []home.Event, err error) {
	for cursor := ""; ; {
		var page struct {
			Events []home.Event `json:"events"`
			Next   string       `json:"next"`
		}
		if err := h.get("/events?limit=500&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return nil, err
		}
		all = append(all, page.Events...)
		if cursor = page.Next; cursor == "" || len(all) > 0 && all[len(all)-1].Seq < from {
			break
		}
	}
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(e home.Event) bool { return e.Seq < from }), nil
}

// last is the highest number that was shown.
func (h *house) last() (last uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for seq := range h.shown {
		last = max(last, seq)
	}
	return last
}

// soundings counts the commands to sound among those that have reached the
// siren since it had received before.
func (h *house) soundings(before [][]byte) (n int) {
	for _, c := range h.since(before) {
		switch {
		case len(c) >= 3 && c[0] == 0x79 && c[1] == 0x08 && c[2] != 0: // Sound Switch Tone Play Set
			n++
		case len(c) >= 3 && (c[0] == 0x20 || c[0] == 0x25) && c[1] == 0x01 && c[2] != 0: // Basic, Binary Switch Set
			n++
		}
	}
	return n
}

// since is what the siren has received since it had received before. It
// remembers the newest only: the end of the old ones is found by comparing.
func (h *house) since(before [][]byte) [][]byte {
	now := h.siren.Received()
	for skip := range len(before) + 1 {
		old := before[skip:]
		if len(old) <= len(now) && slices.EqualFunc(old, now[:len(old)], bytes.Equal) {
			return now[len(old):]
		}
	}
	return now
}

// recount logs the newest events.
func (h *house) recount() {
	var page struct {
		Events []home.Event `json:"events"`
	}
	if err := h.get("/events?limit=40", &page); err != nil {
		h.t.Log(err)
	}
	for _, e := range slices.Backward(page.Events) {
		h.t.Log(e.Seq, e.At, e.Kind, e.Device, e.Text)
	}
}

// tail logs the end of what the hub said.
func (h *house) tail() {
	b, err := os.ReadFile(h.said.Name())
	if err != nil {
		return
	}
	h.t.Logf("the hub said last:\n%s", b[max(0, len(b)-6000):])
}

// median of durations in whole milliseconds, and the longest.
func median(d []time.Duration) (mid, longest string) {
	if len(d) == 0 {
		return "-", "-"
	}
	d = slices.Sorted(slices.Values(d))
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + " ms" }
	return ms(d[len(d)/2]), ms(d[len(d)-1])
}

var errNotYet = errors.New("not yet")
