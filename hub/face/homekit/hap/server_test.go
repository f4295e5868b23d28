package hap_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/face/homekit/hap"
	"gatehouse/hub/face/homekit/hap/haptest"
)

const (
	patience = 20 * time.Second
	code     = "518-04-233"
)

// bridge is a home with one lamp (1.2), one sensor (1.3) that only tells, and one
// that has not been heard (1.4). It keeps pairings in memory.
type bridge struct {
	*hap.Server
	addr string

	mu       sync.Mutex
	lamp     any
	writes   []any
	pairings []hap.Pairing
	wrong    []hap.WrongCode
	changed  int
	fail     error // of the disk
}

var (
	lamp   = hap.ID{AID: 1, IID: 2}
	sensor = hap.ID{AID: 1, IID: 3}
)

func (b *bridge) Accessories() []byte {
	return []byte(`{"accessories":["` + strings.Repeat("x", 5000) + `"]}`)
}

func (b *bridge) Characteristic(id hap.ID) (hap.Characteristic, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch id {
	case lamp:
		return hap.Characteristic{Type: "67", Format: "uint8", Perms: []string{"pr", "pw", "ev"}, Valid: []int{0, 1, 2, 3}, Value: b.lamp}, true
	case sensor:
		return hap.Characteristic{Type: "6A", Format: "uint8", Perms: []string{"pr", "ev"}, Value: 0}, true
	case hap.ID{AID: 1, IID: 4}:
		return hap.Characteristic{Type: "22", Format: "bool", Perms: []string{"pr"}, Status: hap.StatusUnreachable}, true
	case hap.ID{AID: 1, IID: 5}:
		return hap.Characteristic{Type: "14", Format: "bool", Perms: []string{"pw"}}, true
	}
	return hap.Characteristic{}, false
}

func (b *bridge) Write(_ context.Context, id hap.ID, v any) hap.Status {
	b.mu.Lock()
	b.writes = append(b.writes, v)
	if id == lamp {
		b.lamp = v
	}
	b.mu.Unlock()
	return hap.StatusOK
}

func (b *bridge) Identity() hap.Identity {
	return hap.Identity{ID: "AA:BB:CC:DD:EE:FF", Seed: make([]byte, ed25519.SeedSize)}
}
func (b *bridge) SetupCode() string { return code }
func (b *bridge) Pairings() []hap.Pairing {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.pairings)
}

func (b *bridge) Pairing(id string) (hap.Pairing, bool) {
	for _, p := range b.Pairings() {
		if p.ID == id {
			return p, true
		}
	}
	return hap.Pairing{}, false
}

func (b *bridge) Put(p hap.Pairing, _ string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.pairings = slices.DeleteFunc(b.pairings, func(o hap.Pairing) bool { return o.ID == p.ID })
	b.pairings = append(b.pairings, p)
	return nil
}

func (b *bridge) Remove(id, _ string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pairings = slices.DeleteFunc(b.pairings, func(o hap.Pairing) bool { return o.ID == id })
	if !slices.ContainsFunc(b.pairings, func(p hap.Pairing) bool { return p.Admin }) {
		b.pairings = nil
	}
	return nil
}

// serves runs a bridge with its window open.
func serves(t *testing.T) *bridge {
	t.Helper()
	b := &bridge{lamp: 0}
	b.Server = hap.New(hap.Options{
		Home: b, Keeper: b, Log: slog.New(slog.DiscardHandler),
		WrongCode: func(w hap.WrongCode) { b.mu.Lock(); defer b.mu.Unlock(); b.wrong = append(b.wrong, w) },
		Changed:   func() { b.mu.Lock(); defer b.mu.Unlock(); b.changed++ },
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	b.Open(time.Now().Add(time.Hour))
	return b
}

// phone is a device that is paired.
func (b *bridge) phone(t *testing.T) *haptest.Controller {
	t.Helper()
	d := haptest.New("phone")
	if err := d.PairAt(b.addr, code); err != nil {
		t.Fatal(err)
	}
	return d
}

func (b *bridge) connect(t *testing.T, d *haptest.Controller) *haptest.Conn {
	t.Helper()
	c, err := d.Connect(b.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func dial(t *testing.T, b *bridge) *haptest.Conn {
	t.Helper()
	c, err := haptest.Dial(b.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func refusedWith(err error) byte {
	var r *haptest.Refused
	if errors.As(err, &r) {
		return r.Code
	}
	return 0
}

func do(t *testing.T, c *haptest.Conn, method, path, body string) (int, string) {
	t.Helper()
	var b []byte
	if body != "" {
		b = []byte(body)
	}
	status, answer, err := c.Do(method, path, b)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return status, string(answer)
}

func subscribe(t *testing.T, c *haptest.Conn, id hap.ID) {
	t.Helper()
	if status, body := do(t, c, "PUT", "/characteristics", fmt.Sprintf(`{"characteristics":[{"aid":%d,"iid":%d,"ev":true}]}`, id.AID, id.IID)); status != 204 {
		t.Fatalf("subscribe: %d %s", status, body)
	}
}

func heard(t *testing.T, c *haptest.Conn) string {
	t.Helper()
	select {
	case e := <-c.Events:
		return e.Body
	case <-time.After(patience):
		t.Fatal("no event")
		return ""
	}
}

func TestReadsAndWrites(t *testing.T) {
	b := serves(t)
	c := b.connect(t, b.phone(t))
	for _, x := range []struct {
		name, method, path, body string
		status                   int
		answer                   string
	}{
		{"read", "GET", "/characteristics?id=1.2", "", 200, `{"characteristics":[{"aid":1,"iid":2,"value":0}]}`},
		{"with all", "GET", "/characteristics?id=1.2&meta=1&perms=1&type=1&ev=1", "", 200, `{"characteristics":[{"aid":1,"iid":2,"value":0,"type":"67","perms":["pr","pw","ev"],"ev":false,"format":"uint8","valid-values":[0,1,2,3]}]}`},
		{"one that fails spoils no other", "GET", "/characteristics?id=1.4,1.3,9.9,1.5", "", 207, `{"characteristics":[{"aid":1,"iid":4,"status":-70402},{"aid":1,"iid":3,"value":0,"status":0},{"aid":9,"iid":9,"status":-70409},{"aid":1,"iid":5,"status":-70405}]}`},
		{"no id", "GET", "/characteristics?id=1", "", 400, `{"status":-70410}`},
		{"write", "PUT", "/characteristics", `{"characteristics":[{"aid":1,"iid":2,"value":2}]}`, 204, ``},
		{"write with answer", "PUT", "/characteristics", `{"characteristics":[{"aid":1,"iid":2,"value":1,"r":true}]}`, 207, `{"characteristics":[{"aid":1,"iid":2,"value":1,"status":0}]}`},
		{"D8: a value that is none", "PUT", "/characteristics", `{"characteristics":[{"aid":1,"iid":2,"value":9}]}`, 207, `{"characteristics":[{"aid":1,"iid":2,"status":-70410}]}`},
		{"half a value", "PUT", "/characteristics", `{"characteristics":[{"aid":1,"iid":2,"value":1.5}]}`, 207, `{"characteristics":[{"aid":1,"iid":2,"status":-70410}]}`},
		{"a word", "PUT", "/characteristics", `{"characteristics":[{"aid":1,"iid":2,"value":"1"}]}`, 207, `{"characteristics":[{"aid":1,"iid":2,"status":-70410}]}`},
		{"read only", "PUT", "/characteristics", `{"characteristics":[{"aid":1,"iid":3,"value":1},{"aid":1,"iid":2,"value":3}]}`, 207, `{"characteristics":[{"aid":1,"iid":3,"status":-70404},{"aid":1,"iid":2,"status":0}]}`},
		{"no events", "PUT", "/characteristics", `{"characteristics":[{"aid":1,"iid":5,"ev":true}]}`, 207, `{"characteristics":[{"aid":1,"iid":5,"status":-70406}]}`},
		{"D10: a timed write that was not announced", "PUT", "/characteristics", `{"characteristics":[{"aid":1,"iid":2,"value":0}],"pid":7}`, 207, `{"characteristics":[{"aid":1,"iid":2,"status":-70410}]}`},
		{"announced", "PUT", "/prepare", `{"ttl":5000,"pid":7}`, 200, `{"status":0}`},
		{"another one", "PUT", "/characteristics", `{"characteristics":[{"aid":1,"iid":2,"value":0}],"pid":8}`, 207, `{"characteristics":[{"aid":1,"iid":2,"status":-70410}]}`},
		{"announced again", "PUT", "/prepare", `{"ttl":5000,"pid":7}`, 200, `{"status":0}`},
		{"in time", "PUT", "/characteristics", `{"characteristics":[{"aid":1,"iid":2,"value":0}],"pid":7}`, 204, ``},
		{"garbage", "PUT", "/characteristics", `{"characteristics":`, 400, `{"status":-70410}`},
		{"nothing there", "POST", "/resource", `{}`, 404, `{}`},
		{"identify is for those that are not paired", "POST", "/identify", `{}`, 400, `{"status":-70401}`},
	} {
		if status, body := do(t, c, x.method, x.path, x.body); status != x.status || body != x.answer {
			t.Errorf("%s: %d %s\nwant %d %s", x.name, status, body, x.status, x.answer)
		}
	}
	want := []any{2.0, 1.0, 3.0, 0.0}
	if !slices.Equal(b.writes, want) {
		t.Errorf("written: %v, want %v", b.writes, want)
	}
	if _, body := do(t, c, "GET", "/accessories", ""); len(body) < 5000 {
		t.Errorf("the database has %d bytes", len(body))
	}
	// A request that fills frames to the last byte needs no next one.
	for _, n := range []int{1024, 2048} {
		head := "GET /characteristics?id=1.3 HTTP/1.1\r\nX: \r\n\r\n"
		path := "/characteristics?id=1.3"
		if err := c.Send("GET", path+"&pad="+strings.Repeat("x", n-len(head)-len("&pad=")-len("Host: gatehouse")+len("X: ")), nil); err != nil {
			t.Fatal(err)
		}
		if status, _, err := c.Answer(); status != 200 || err != nil {
			t.Errorf("a request of %d bytes: %d %v", n, status, err)
		}
	}
}

// TestStrangersGetNothing: without Verify only pairing is answered.
func TestStrangersGetNothing(t *testing.T) {
	b := serves(t)
	c := dial(t, b)
	if status, _ := do(t, c, "POST", "/identify", "{}"); status != 204 {
		t.Errorf("identify while nobody is paired: %d, want 204", status)
	}
	b.phone(t)
	for _, x := range [][2]string{{"GET", "/accessories"}, {"GET", "/characteristics?id=1.2"}, {"PUT", "/characteristics"}, {"POST", "/pairings"}, {"PUT", "/prepare"}} {
		if status, body := do(t, c, x[0], x[1], "{}"); status != 470 || body != "{}" {
			t.Errorf("%s %s: %d %s, want 470", x[0], x[1], status, body)
		}
	}
	// Somebody who knows the device's name and not its key.
	thief := haptest.New("phone")
	thief.Bridge, thief.Known = b.Identity().ID, ed25519.NewKeyFromSeed(b.Identity().Seed).Public().(ed25519.PublicKey)
	if _, err := thief.Connect(b.addr); refusedWith(err) != hap.ErrorAuthentication {
		t.Errorf("a thief: %v, want error 2", err)
	}
	// Who hears events in the clear (D1): nobody, also not from a port that asked before.
	b.Notify(hap.Change{ID: lamp, Value: 1, Keep: true})
	if status, body := do(t, c, "GET", "/accessories", ""); status != 470 || body != "{}" {
		t.Errorf("after an event: %d %s", status, body)
	}
}

// D1: a subscription ends with its connection.
func TestSubscriptionsEndWithTheConnection(t *testing.T) {
	b := serves(t)
	d := b.phone(t)
	c := b.connect(t, d)
	subscribe(t, c, lamp)
	b.Notify(hap.Change{ID: lamp, Value: 1})
	if got := heard(t, c); got != `{"characteristics":[{"aid":1,"iid":2,"value":1}]}` {
		t.Errorf("event %s", got)
	}
	c.Close()
	again := b.connect(t, d)
	b.Notify(hap.Change{ID: lamp, Value: 2})
	if _, body := do(t, again, "GET", "/characteristics?id=1.2&ev=1", ""); !strings.Contains(body, `"ev":false`) {
		t.Errorf("a new connection: %s, want no subscription", body)
	}
	if len(again.Events) != 0 {
		t.Errorf("it heard %s", heard(t, again))
	}
}

// D2: who does not read is cut off, and nobody waits for it.
func TestStalledControllerHoldsNobodyUp(t *testing.T) {
	b := serves(t)
	d := b.phone(t)
	quick, stalled := b.connect(t, d), b.connect(t, d)
	subscribe(t, quick, sensor)
	subscribe(t, stalled, lamp)
	for range 20 { // it asks for more than fits on the way, and reads nothing
		if err := stalled.Send("GET", "/accessories", nil); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	const changes = 40_000
	for i := range changes {
		b.Notify(hap.Change{ID: lamp, Value: i, Keep: true})
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("telling %d changes took %v", changes, took)
	}
	b.Notify(hap.Change{ID: sensor, Value: 1})
	if got := heard(t, quick); !strings.Contains(got, `"iid":3,"value":1`) {
		t.Errorf("the other one heard %s", got)
	}
}

// D3: many goroutines tell, while answers go the same way: the stream stays whole,
// and what is kept arrives complete and in order.
func TestManyTellAtOnce(t *testing.T) {
	b := serves(t)
	c := b.connect(t, b.phone(t))
	subscribe(t, c, lamp)
	subscribe(t, c, sensor)
	const tellers, each = 8, 60
	var all sync.WaitGroup
	for n := range tellers {
		all.Go(func() {
			for i := range each {
				b.Notify(hap.Change{ID: lamp, Value: n*1000 + i, Keep: true}, hap.Change{ID: sensor, Value: i})
			}
		})
	}
	for range 50 {
		if status, _ := do(t, c, "GET", "/accessories", ""); status != 200 {
			t.Fatalf("an answer in between: %d", status)
		}
	}
	all.Wait()
	last := map[int]int{}
	for got := 0; got < tellers*each; {
		var e struct {
			Characteristics []struct{ IID, Value int }
		}
		if err := json.Unmarshal([]byte(heard(t, c)), &e); err != nil {
			t.Fatal(err)
		}
		for _, ch := range e.Characteristics {
			if ch.IID != int(lamp.IID) {
				continue
			}
			n, i := ch.Value/1000, ch.Value%1000
			if last[n] != i {
				t.Fatalf("teller %d: %d after %d", n, i, last[n]-1)
			}
			last[n]++
			got++
		}
	}
}

// D4, D5, D10: the list, its rights, and answers that arrive.
func TestPairings(t *testing.T) {
	b := serves(t)
	admin := b.phone(t)
	c := b.connect(t, admin)
	post := func(c *haptest.Conn, method byte, more ...hap.Item) hap.TLV {
		t.Helper()
		m, err := c.Post("/pairings", append(hap.TLV{{Tag: hap.TagState, Value: []byte{1}}, {Tag: hap.TagMethod, Value: []byte{method}}}, more...))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	item := func(tag hap.Tag, v []byte) hap.Item { return hap.Item{Tag: tag, Value: v} }
	guest := haptest.New("guest")
	guest.Bridge, guest.Known = admin.Bridge, admin.Known
	public := []byte(guest.Key.Public().(ed25519.PublicKey))
	if m := post(c, hap.MethodAdd, item(hap.TagIdentifier, []byte("guest")), item(hap.TagPublicKey, public), item(hap.TagPermissions, []byte{0})); len(m) != 1 {
		t.Fatalf("adding: %v", m)
	}
	g := b.connect(t, guest)
	for _, method := range []byte{hap.MethodAdd, hap.MethodRemove, hap.MethodList} {
		if code, _ := post(g, method, item(hap.TagIdentifier, []byte("phone"))).Byte(hap.TagError); code != hap.ErrorAuthentication {
			t.Errorf("method %d by one that is no admin: error %d, want 2", method, code)
		}
	}
	if m := post(c, hap.MethodList); len(m) != 8 || string(m[1].Value) != "phone" || m[3].Value[0] != 1 || string(m[5].Value) != "guest" || m[7].Value[0] != 0 {
		t.Errorf("list: %v", m)
	}
	// Not with another key, and not down to nobody who may manage the list.
	if code, _ := post(c, hap.MethodAdd, item(hap.TagIdentifier, []byte("guest")), item(hap.TagPublicKey, make([]byte, 32)), item(hap.TagPermissions, []byte{1})).Byte(hap.TagError); code != hap.ErrorUnknown {
		t.Errorf("another key for a known name: error %d, want 1", code)
	}
	self := []byte(admin.Key.Public().(ed25519.PublicKey))
	if code, _ := post(c, hap.MethodAdd, item(hap.TagIdentifier, []byte("phone")), item(hap.TagPublicKey, self), item(hap.TagPermissions, []byte{0})).Byte(hap.TagError); code != hap.ErrorUnknown {
		t.Errorf("the last admin made a guest: error %d, want 1", code)
	}
	for _, bad := range []string{"", "a/b", "ü", strings.Repeat("x", 65)} {
		if code, _ := post(c, hap.MethodAdd, item(hap.TagIdentifier, []byte(bad)), item(hap.TagPublicKey, public), item(hap.TagPermissions, []byte{0})).Byte(hap.TagError); code != hap.ErrorUnknown {
			t.Errorf("name %q: error %d, want 1", bad, code)
		}
	}
	for i := range 14 {
		if m := post(c, hap.MethodAdd, item(hap.TagIdentifier, fmt.Append(nil, "g", i)), item(hap.TagPublicKey, public), item(hap.TagPermissions, []byte{0})); len(m) != 1 {
			t.Fatalf("pairing %d: %v", i+3, m)
		}
	}
	if code, _ := post(c, hap.MethodAdd, item(hap.TagIdentifier, []byte("one more")), item(hap.TagPublicKey, public), item(hap.TagPermissions, []byte{0})).Byte(hap.TagError); code == 0 {
		t.Error("a seventeenth pairing was taken")
	}
	// Who is removed is out at once, the others stay.
	if m := post(c, hap.MethodRemove, item(hap.TagIdentifier, []byte("guest"))); len(m) != 1 {
		t.Errorf("removing: %v", m)
	}
	ends(t, g)
	if status, _ := do(t, c, "GET", "/accessories", ""); status != 200 {
		t.Errorf("the admin after that: %d", status)
	}
	// The last admin removes itself: it is answered, and then all are out.
	if m := post(c, hap.MethodRemove, item(hap.TagIdentifier, []byte("phone"))); len(m) != 1 {
		t.Errorf("removing itself: %v", m)
	}
	ends(t, c)
	if n := len(b.Pairings()); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// ends waits until a connection is closed from the other side.
func ends(t *testing.T, c *haptest.Conn) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case _, open := <-c.Events:
			if !open {
				return
			}
		case <-late:
			t.Fatal("the connection is still open")
		}
	}
}

// TestPairingNeedsTheWindow: closed, expired, and once somebody is paired.
func TestPairingNeedsTheWindow(t *testing.T) {
	b := serves(t)
	for name, until := range map[string]time.Time{"closed": {}, "expired": time.Now().Add(-time.Second)} {
		b.Open(until)
		if err := haptest.New("phone").PairAt(b.addr, code); refusedWith(err) != hap.ErrorUnavailable {
			t.Errorf("%s: %v, want error 6", name, err)
		}
	}
	b.Open(time.Now().Add(time.Hour))
	b.phone(t)
	if !b.OpenUntil().IsZero() {
		t.Error("the window is open after a pairing")
	}
	b.Open(time.Now().Add(time.Hour))
	if err := haptest.New("other").PairAt(b.addr, code); refusedWith(err) != hap.ErrorUnavailable {
		t.Errorf("a second one: %v, want error 6", err)
	}
}

// D11 and its kin: no step is taken before the one before it was proved, and not on
// another connection.
func TestPairingStepsInOrder(t *testing.T) {
	b := serves(t)
	start := hap.TLV{{Tag: hap.TagState, Value: []byte{1}}, {Tag: hap.TagMethod, Value: []byte{0}}}
	d := haptest.New("burglar")
	for name, secret := range map[string][]byte{"empty": {}, "zeros": make([]byte, 64)} {
		c := dial(t, b)
		if _, err := c.Post("/pair-setup", start); err != nil {
			t.Fatal(err)
		}
		m, err := c.Post("/pair-setup", d.Exchange(secret))
		if err != nil {
			t.Fatal(err)
		}
		if code, _ := m.Byte(hap.TagError); code != hap.ErrorAuthentication || m.Get(hap.TagEncrypted) != nil {
			t.Errorf("M5 after M1 with a secret of %s: %v, want error 2", name, m)
		}
		c.Close()
	}
	for _, state := range []byte{3, 5} {
		c := dial(t, b)
		m, err := c.Post("/pair-setup", hap.TLV{{Tag: hap.TagState, Value: []byte{state}}})
		if err != nil {
			t.Fatal(err)
		}
		if code, _ := m.Byte(hap.TagError); code != hap.ErrorAuthentication {
			t.Errorf("M%d first: %v, want error 2", state, m)
		}
		c.Close()
	}
	// A public number that is nothing would make the key known.
	n, _ := hap.Group()
	for name, public := range map[string][]byte{"none": nil, "zero": make([]byte, 384), "N": n.Bytes(), "too long": make([]byte, 385)} {
		b.Open(time.Now().Add(time.Hour)) // each of them is a wrong code
		c := dial(t, b)
		if _, err := c.Post("/pair-setup", start); err != nil {
			t.Fatal(err)
		}
		m, err := c.Post("/pair-setup", hap.TLV{{Tag: hap.TagState, Value: []byte{3}}, {Tag: hap.TagPublicKey, Value: public}, {Tag: hap.TagProof, Value: make([]byte, 64)}})
		if err != nil {
			t.Fatal(err)
		}
		if code, _ := m.Byte(hap.TagError); code != hap.ErrorAuthentication {
			t.Errorf("A is %s: %v, want error 2", name, m)
		}
		c.Close()
	}
	if len(b.Pairings()) != 0 {
		t.Errorf("paired: %v", b.Pairings())
	}
	b.phone(t) // the right way is still open
}

// D6: wrong codes wait, and close the window.
func TestWrongCodesCloseTheWindow(t *testing.T) {
	b := serves(t)
	var codes []byte
	for range 5 {
		codes = append(codes, refusedWith(haptest.New("burglar").PairAt(b.addr, "111-22-333")))
	}
	if want := []byte{2, 2, 2, 3, 3}; !slices.Equal(codes, want) {
		t.Errorf("five wrong codes in a row: errors %v, want %v", codes, want)
	}
	if len(b.wrong) != 3 || b.wrong[2].Count != 3 || !b.wrong[0].From.IsLoopback() {
		t.Errorf("told: %v", b.wrong)
	}
}

// D7: who begins and stays keeps nobody out.
func TestIdleConnectionKeepsNobodyOut(t *testing.T) {
	b := serves(t)
	c := dial(t, b)
	if _, err := c.Post("/pair-setup", hap.TLV{{Tag: hap.TagState, Value: []byte{1}}}); err != nil {
		t.Fatal(err)
	}
	b.phone(t)
}

// Strangers are few, and from one address fewer: with one too many, the one of there who
// came first is hung up on.
func TestStrangersAreBounded(t *testing.T) {
	b := serves(t)
	var crowd []*haptest.Conn
	identify := func(c *haptest.Conn) error {
		_, _, err := c.Do("POST", "/identify", []byte("{}"))
		return err
	}
	for i := range 4 {
		crowd = append(crowd, dial(t, b))
		if err := identify(crowd[i]); err != nil {
			t.Errorf("stranger %d of four is not answered: %v", i+1, err)
		}
	}
	for i := range 3 {
		crowd = append(crowd, dial(t, b))
		if err := identify(crowd[4+i]); err != nil {
			t.Errorf("stranger %d is not heard: %v", 5+i, err)
		}
	}
	for i, c := range crowd {
		if err := identify(c); (err == nil) != (i >= 3) {
			t.Errorf("stranger %d of seven from one address: %v", i+1, err)
		}
	}
}

// Whoever makes hundreds of connections and proves nothing is in the way of no phone that
// is paired, nor of one that pairs.
func TestStrangersKeepNobodyOut(t *testing.T) {
	for name, from := range map[string]func(i int) string{
		"of one address":      func(int) string { return "127.0.0.66" },
		"of twenty addresses": func(i int) string { return fmt.Sprintf("127.0.0.%d", 66+i%20) },
	} {
		t.Run(name, func(t *testing.T) {
			b := serves(t)
			d := b.phone(t)
			known := b.connect(t, d)
			for i := range 400 {
				c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from(i))}}).DialContext(t.Context(), "tcp", b.addr)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Close() })
			}
			for who, c := range map[string]*haptest.Conn{"who was there": known, "who comes": b.connect(t, d)} {
				if status, _ := do(t, c, "GET", "/accessories", ""); status != 200 {
					t.Errorf("%s is answered %d", who, status)
				}
			}
			if err := b.Remove("phone", ""); err != nil {
				t.Fatal(err)
			}
			b.Open(time.Now().Add(time.Hour))
			b.phone(t)
		})
	}
}

// D9: both forms of a number that begins with a zero byte are taken. Among 600
// pairings there are about five of them each way.
func TestNumbersThatBeginWithZero(t *testing.T) {
	pairs := 600
	if testing.Short() {
		pairs = 20
	}
	b := serves(t)
	for i := range pairs {
		d := haptest.New("phone")
		d.Short = i%2 == 0
		if err := d.PairAt(b.addr, code); err != nil {
			t.Fatalf("pairing %d (short forms %v): %v", i, d.Short, err)
		}
		if err := b.Remove("phone", ""); err != nil {
			t.Fatal(err)
		}
		b.Open(time.Now().Add(time.Hour))
	}
}

// A disk that cannot be written leaves nobody half paired.
func TestPairingThatIsNotKeptIsNone(t *testing.T) {
	b := serves(t)
	b.fail = errors.New("disk full")
	if err := haptest.New("phone").PairAt(b.addr, code); refusedWith(err) != hap.ErrorUnknown {
		t.Errorf("pairing on a full disk: %v, want error 1", err)
	}
	b.fail = nil
	b.phone(t)
}

// What is garbage ends its own connection and nothing else.
func TestGarbageEndsItsConnection(t *testing.T) {
	b := serves(t)
	d := b.phone(t)
	good := b.connect(t, d)
	for name, raw := range map[string]string{
		"no HTTP":      "hello\r\n\r\n",
		"endless head": "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 20<<10),
		"big body":     "POST /pair-setup HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000),
	} {
		c := dial(t, b)
		_ = c.Raw([]byte(raw)) // it may be cut off while it writes
		if status, _, err := c.Answer(); err == nil {
			t.Errorf("%s: answered with %d", name, status)
		}
		c.Close()
	}
	for _, raw := range [][]byte{
		{0x01, 0x04, 0}, // a frame of 1025 bytes
		{0, 0},          // an empty one
		append([]byte{1, 0}, make([]byte, 17)...), // a forged one
		[]byte("GET /accessories HTTP/1.1\r\n\r\n"),
	} {
		c := b.connect(t, d)
		if err := c.Raw(raw); err != nil {
			t.Fatal(err)
		}
		ends(t, c)
	}
	if status, _ := do(t, good, "GET", "/accessories", ""); status != 200 {
		t.Errorf("the others: %d", status)
	}
	c := dial(t, b)
	if status, _ := do(t, c, "POST", "/pair-setup", "x"); status != 400 {
		t.Errorf("a TLV that is none: %d, want 400", status)
	}
}
