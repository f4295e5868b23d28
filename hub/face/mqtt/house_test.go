package mqtt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"gatehouse/hub/bus"
	"gatehouse/hub/face/mqtt"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// house is a stand-in for the rooms above the face: it keeps what it is told
// and answers like a panel with the code 1234.
type house struct {
	alarms  bus.Topic[home.Alarm]
	changes bus.Topic[home.Device]
	news    bus.Topic[health.Change]
	events  bus.Topic[home.Event]
	notices bus.Topic[home.Notice]

	mu       sync.Mutex
	alarm    home.Alarm
	devices  map[home.DeviceID]home.Device
	troubles []home.TroubleItem
	journal  []home.Event
	requests []home.ModeRequest
	panics   []string
	commands []home.Command
	people   []home.Presence
	ready    bool
	discover bool
	flushes  int
}

const rightCode = "1234"

func newHouse() *house {
	since := home.At(time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC))
	h := &house{
		ready: true, discover: true,
		alarm:   home.Alarm{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Since: since},
		devices: make(map[home.DeviceID]home.Device),
	}
	for _, d := range []home.Device{
		device("zwave-5", "Front door", map[home.Trait]home.Value{home.Contact: home.Closed, home.Battery: home.Number(87)}),
		device("zwave-6", "Lamp", map[home.Trait]home.Value{home.Switch: home.Off}),
		device("zwave-7", "Siren", map[home.Trait]home.Value{home.Siren: home.Off, home.Switch: home.Off}),
		device("zwave-8", "Lock", map[home.Trait]home.Value{home.Lock: home.Locked}),
	} {
		h.devices[d.ID] = d
	}
	return h
}

func device(id home.DeviceID, name string, values map[home.Trait]home.Value) home.Device {
	d := home.Device{
		ID: id, Name: name, Radio: "zwave", Maker: "Maker", Model: "Model", Health: home.HealthOK,
		Traits: make(map[home.Trait]home.State),
	}
	for t, v := range values {
		d.Traits[t] = home.State{Value: v, Since: home.At(time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC)), Fresh: true}
	}
	return d
}

func (h *house) State() home.Alarm {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.alarm
}

func (h *house) SetMode(_ context.Context, r home.ModeRequest) (home.Alarm, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r)
	switch {
	case r.Code != "" && r.Code != rightCode:
		return h.alarm, &home.WrongCode{Left: 4}
	case r.Mode == home.Disarmed && r.Code == "" && !r.CodeFree:
		return h.alarm, &home.CodeNeeded{}
	case r.Mode != home.Disarmed && !h.ready:
		return h.alarm, &home.NotReady{Open: []home.ZoneID{"kitchen-window"}}
	}
	phase := home.PhaseArmed
	if r.Mode == home.Disarmed {
		phase = home.PhaseDisarmed
	}
	if at := slices.IndexFunc(h.alarm.Areas, func(a home.AreaState) bool { return a.ID == r.Area }); at >= 0 {
		h.alarm.Areas = slices.Clone(h.alarm.Areas)
		h.alarm.Areas[at].Mode, h.alarm.Areas[at].Like, h.alarm.Areas[at].Phase = r.Mode, r.Mode, phase
	} else {
		h.alarm.Mode, h.alarm.Like, h.alarm.Phase = r.Mode, r.Mode, phase
	}
	h.alarms.Publish(h.alarm)
	return h.alarm, nil
}

func (h *house) Panic(_ context.Context, kind, _ string, _ home.Channel) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.panics = append(h.panics, kind)
	return nil
}

func (h *house) Devices() []home.Device {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []home.Device
	for _, id := range slices.Sorted(maps.Keys(h.devices)) {
		list = append(list, h.devices[id].Clone())
	}
	return list
}

func (h *house) Device(id home.DeviceID) (home.Device, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d, ok := h.devices[id]
	return d.Clone(), ok
}

func (h *house) Command(cmd home.Command, _ string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commands = append(h.commands, cmd)
	return "c1", nil
}

func (h *house) SetPresence(_ context.Context, person string, at bool, _ string) (home.Presence, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := home.Presence{Person: person, Home: at}
	h.people = append(h.people, p)
	return p, nil
}

func (h *house) List() []home.TroubleItem {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.troubles)
}

func (h *house) After(seq uint64, limit int) ([]home.Event, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.journal, func(e home.Event) bool { return e.Seq > seq })
	if i < 0 {
		return nil, nil
	}
	return slices.Clone(h.journal[i:min(i+limit, len(h.journal))]), nil
}

// report is a reading, as the registry would publish it.
func (h *house) report(id home.DeviceID, t home.Trait, v home.Value) {
	h.mu.Lock()
	d := h.devices[id].Clone()
	d.Traits[t] = home.State{Value: v, Since: home.At(time.Now()), Fresh: true}
	h.devices[id] = d
	h.mu.Unlock()
	h.changes.Publish(d)
}

// log adds journal lines and publishes them in one go.
func (h *house) log(n int) {
	h.mu.Lock()
	var fresh []home.Event
	for range n {
		e := home.Event{
			Seq: uint64(len(h.journal) + 1), Kind: home.KindReading, Device: "zwave-5",
			Text: "Front door opened", Data: json.RawMessage(`{"trait":"contact","value":"open"}`),
		}
		h.journal = append(h.journal, e)
		fresh = append(fresh, e)
	}
	h.mu.Unlock()
	for _, e := range fresh {
		h.events.Publish(e)
	}
}

// door stands in for people/auth where no token has to end.
type door map[auth.Secret]auth.Caller

func (d door) Bearer(token auth.Secret) (auth.Caller, error) {
	c, ok := d[token]
	if !ok {
		return auth.Caller{}, errors.New("not signed in")
	}
	return c, nil
}

func caller(name string, role auth.Role) auth.Caller {
	return auth.Caller{Kind: auth.ByToken, ID: "id-" + name, Name: name, Role: role, Stage: auth.StageFull}
}

func doors() door {
	return door{
		"owner-token":     caller("panel", auth.Owner),
		"member-token":    caller("kitchen", auth.Member),
		"viewer-token":    caller("wall", auth.Viewer),
		"guest-token":     caller("visitor", auth.Guest),
		"installer-token": caller("fitter", auth.Installer),
		"notifier-token":  caller("phones", auth.Notifier),
	}
}

// options of a face on a free loopback port before the house.
func (h *house) options() mqtt.Options {
	return mqtt.Options{
		Loopback: "127.0.0.1:0",
		Alarm:    h, Devices: h, Presence: h, Journal: h, Health: h, Auth: doors(),
		AlarmChanges: &h.alarms, DeviceChanges: &h.changes, HealthChanges: &h.news, Events: &h.events, Notices: &h.notices,
		Discovery: func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.discover
		},
		Log: slog.New(slog.DiscardHandler),
	}
}

// patience is how long something may take before a test gives up on it; it judges
// nothing.
const patience = 30 * time.Second

// waited waits, and tells how long, by a clock that stands still while the machine has
// no time for this process.
func waited(t *testing.T, what string, c <-chan error) (took time.Duration) {
	t.Helper()
	const step = 10 * time.Millisecond
	clock := time.NewTicker(step)
	defer clock.Stop()
	for {
		select {
		case <-c:
			return took
		case <-clock.C:
			if took += step; took > patience {
				t.Fatalf("waited in vain for %s", what)
			}
		}
	}
}

// open runs a face until the test ends. stop ends it earlier.
func open(t *testing.T, o mqtt.Options) (f *mqtt.Face, stop func()) {
	t.Helper()
	f, err := mqtt.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run did not end in time")
		}
	})
	t.Cleanup(stop)
	return f, stop
}

// listener is a client that keeps what it is sent.
type listener struct {
	paho.Client
	t    *testing.T
	got  chan paho.Message
	lost chan error
}

// join connects a client. opts may change how.
func join(t *testing.T, f *mqtt.Face, opts func(*paho.ClientOptions)) *listener {
	t.Helper()
	l, err := tryJoin(t, f, opts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func tryJoin(t *testing.T, f *mqtt.Face, opts func(*paho.ClientOptions)) (*listener, error) {
	t.Helper()
	l := &listener{t: t, got: make(chan paho.Message, 20000), lost: make(chan error, 1)}
	o := paho.NewClientOptions().SetProtocolVersion(4).
		SetAutoReconnect(false).SetConnectTimeout(patience).SetOrderMatters(true).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { l.got <- m }).
		SetConnectionLostHandler(func(_ paho.Client, err error) { l.lost <- err })
	if f.LoopbackAddr() != nil {
		o.AddBroker("tcp://" + f.LoopbackAddr().String())
	}
	if opts != nil {
		opts(o)
	}
	l.Client = paho.NewClient(o)
	tok := l.Connect()
	if !tok.WaitTimeout(patience) {
		t.Fatal("no answer to CONNECT in time")
	}
	if tok.Error() != nil {
		return nil, tok.Error()
	}
	t.Cleanup(func() { l.Disconnect(0) })
	return l, nil
}

func asToken(name, secret string) func(*paho.ClientOptions) {
	return func(o *paho.ClientOptions) { o.SetUsername(name).SetPassword(secret) }
}

func (l *listener) subscribe(filters ...string) {
	l.t.Helper()
	m := make(map[string]byte)
	for _, f := range filters {
		m[f] = 1
	}
	tok := l.SubscribeMultiple(m, nil)
	if !tok.WaitTimeout(patience) {
		l.t.Fatal("no answer to SUBSCRIBE in time")
	}
	if tok.Error() != nil {
		l.t.Fatal(tok.Error())
	}
	sub, ok := tok.(*paho.SubscribeToken)
	if !ok {
		l.t.Fatalf("SUBSCRIBE gave a %T", tok)
	}
	for filter, code := range sub.Result() {
		if code > 2 {
			l.t.Fatalf("SUBSCRIBE %s answered with %#x", filter, code)
		}
	}
}

func (l *listener) send(topic, payload string) {
	l.t.Helper()
	tok := l.Publish(topic, 1, false, payload)
	if !tok.WaitTimeout(patience) {
		l.t.Fatalf("no answer to PUBLISH %s in time", topic)
	}
}

// next waits for the next message on a topic and passes over others.
func (l *listener) next(topic string) paho.Message {
	l.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case m := <-l.got:
			if m.Topic() == topic {
				return m
			}
		case <-timeout:
			l.t.Fatalf("nothing on %s in time", topic)
		}
	}
}

// until waits for a payload on a topic.
func (l *listener) until(topic, payload string) {
	l.t.Helper()
	for string(l.next(topic).Payload()) != payload {
	}
}

// flush returns what came, up to everything that h published before: the face
// tells of health last.
func (l *listener) flush(h *house) []paho.Message {
	l.t.Helper()
	h.mu.Lock()
	h.flushes++
	mark := fmt.Sprintf("flush-%d-", h.flushes)
	item := home.TroubleItem{Code: mark, Severity: home.SeverityInfo}
	h.troubles = []home.TroubleItem{item}
	h.mu.Unlock()
	l.subscribe("gatehouse/health")
	h.news.Publish(health.Change{Item: item, Present: true})
	var all []paho.Message
	for {
		select {
		case m := <-l.got:
			if strings.Contains(string(m.Payload()), mark) {
				return all
			}
			all = append(all, m)
		case <-time.After(patience):
			l.t.Fatal("no health in time")
		}
	}
}
