package homekit

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/face/homekit/hap"
	"gatehouse/hub/face/homekit/hap/haptest"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

const patience = 20 * time.Second

// house is a stand-in for the rooms that the face needs.
type house struct {
	alarms   bus.Topic[home.Alarm]
	changes  bus.Topic[home.Device]
	readings bus.Topic[home.Reading]
	news     bus.Topic[health.Change]

	mu        sync.Mutex
	alarm     home.Alarm
	devices   map[home.DeviceID]home.Device
	troubles  []home.TroubleItem
	lines     []home.Event
	requests  []home.ModeRequest
	commands  []home.Command
	open      []home.ZoneID // in the way of arming
	announced []string
	leftOut   int

	state State
	saved bool
	fail  error // of the disk
}

func newHouse(devices ...home.Device) *house {
	h := &house{alarm: home.Alarm{Mode: home.Disarmed, Like: home.Disarmed, Phase: home.PhaseDisarmed}, devices: map[home.DeviceID]home.Device{}}
	for _, d := range devices {
		h.devices[d.ID] = d
	}
	return h
}

func device(id home.DeviceID, name string, values map[home.Trait]home.Value) home.Device {
	d := home.Device{ID: id, Name: name, Maker: "Maker", Model: "Model", Firmware: "1.4", Health: home.HealthOK, Traits: map[home.Trait]home.State{}}
	for t, v := range values {
		d.Traits[t] = home.State{Value: v, Fresh: true}
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
	h.requests = append(h.requests, r)
	if r.Mode != home.Disarmed && len(h.open) > 0 && !r.Force {
		open := h.open
		h.mu.Unlock()
		return h.State(), &home.NotReady{Open: open}
	}
	h.mu.Unlock()
	phase := home.PhaseArmed
	if r.Mode == home.Disarmed {
		phase = home.PhaseDisarmed
	}
	h.stands(r.Mode, phase)
	return h.State(), nil
}

// stands has the panel say how it stands.
func (h *house) stands(mode home.Mode, phase home.Phase) {
	h.mu.Lock()
	h.alarm.Mode, h.alarm.Like, h.alarm.Phase = mode, mode, phase
	a := h.alarm
	h.mu.Unlock()
	h.alarms.Publish(a)
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

func (h *house) Command(cmd home.Command, by string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commands = append(h.commands, cmd)
	if by != apples {
		return "", fmt.Errorf("command by %q", by)
	}
	return "c1", nil
}

func (h *house) List() []home.TroubleItem {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.troubles)
}

func (h *house) Add(e home.Event) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, e)
	return uint64(len(h.lines))
}

func (h *house) told() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []string
	for _, e := range h.lines {
		who := ""
		if e.Who != nil {
			who = *e.Who + ": "
		}
		list = append(list, e.Kind+" "+who+e.Text)
	}
	return strings.Join(list, "\n")
}

func (h *house) Load() (State, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state, h.saved, nil
}

func (h *house) Save(s State) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil {
		return h.fail
	}
	// Through its JSON, as the disk has it.
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	h.state, h.saved = State{}, true
	return json.Unmarshal(b, &h.state)
}

// says has a device say something.
func (h *house) says(id home.DeviceID, t home.Trait, v home.Value) {
	h.mu.Lock()
	d := h.devices[id].Clone()
	d.Traits[t] = home.State{Value: v, Fresh: true}
	h.devices[id] = d
	h.mu.Unlock()
	h.changes.Publish(d)
	h.readings.Publish(home.Reading{Device: id, Trait: t, Value: v})
}

// joins and leaves change the set of devices.
func (h *house) joins(d home.Device) {
	h.mu.Lock()
	h.devices[d.ID] = d
	h.mu.Unlock()
	h.changes.Publish(d)
}

func (h *house) leaves(id home.DeviceID) {
	h.mu.Lock()
	delete(h.devices, id)
	h.mu.Unlock()
	h.changes.Publish(home.Device{ID: id})
}

// wrong raises or ends a condition.
func (h *house) wrong(item home.TroubleItem, present bool) {
	h.mu.Lock()
	h.troubles = slices.DeleteFunc(h.troubles, func(o home.TroubleItem) bool { return o.Code == item.Code && o.Device == item.Device })
	if present {
		h.troubles = append(h.troubles, item)
	}
	h.mu.Unlock()
	h.news.Publish(health.Change{Item: item, Present: present})
}

func (h *house) options() Options {
	return Options{
		Host: ownHost, Name: "Maple House", Version: "1.2.3",
		Alarm: h, Devices: h, Health: h, Journal: h, Store: h,
		AlarmChanges: &h.alarms, DeviceChanges: &h.changes, Readings: &h.readings, HealthChanges: &h.news,
		Announce: func(port int, text []string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.announced = append(h.announced, strconv.Itoa(port)+" "+strings.Join(text, " "))
		},
		Full: func(n int) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.leftOut = n
		},
		Log: slog.New(slog.DiscardHandler),
	}
}

// runs runs a face on the house until the test ends or stop is called.
func (h *house) runs(t *testing.T) (f *Face, stop func()) {
	t.Helper()
	f, err := New(h.options())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return f, stop
}

// ownHost is an address that no other test listens at: a port that was left for a
// moment is still there.
const ownHost = "127.0.72.75"

func addr(f *Face) string { return net.JoinHostPort(ownHost, strconv.Itoa(f.Port())) }

// paired is a face with a device that is paired and connected.
func (h *house) paired(t *testing.T) (*Face, *haptest.Controller, *phone) {
	t.Helper()
	f, _ := h.runs(t)
	d := haptest.New("11111111-2222-3333-4444-555555555555")
	if err := f.Open("Ada"); err != nil {
		t.Fatal(err)
	}
	if err := d.PairAt(addr(f), f.Status().Code); err != nil {
		t.Fatal(err)
	}
	return f, d, connect(t, f, d)
}

// phone is a connection that has read the database.
type phone struct {
	*haptest.Conn
	t    *testing.T
	data database
	last string // event, without what was looked for in it
}

func connect(t *testing.T, f *Face, d *haptest.Controller) *phone {
	t.Helper()
	c, err := d.Connect(addr(f))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	p := &phone{Conn: c, t: t}
	p.look()
	return p
}

func (p *phone) look() {
	p.t.Helper()
	status, body, err := p.Do("GET", "/accessories", nil)
	if err != nil || status != 200 {
		p.t.Fatalf("accessories: %d %v", status, err)
	}
	p.data = database{}
	if err := json.Unmarshal(body, &p.data); err != nil {
		p.t.Fatal(err)
	}
}

// find is a characteristic by the name of its accessory and its type.
func (p *phone) find(name, kind string) (hap.ID, bool) {
	for _, a := range p.data.Accessories {
		named := false
		for _, s := range a.Services {
			for _, c := range s.Characteristics {
				named = named || s.Type == "3E" && c.Type == "23" && string(c.Value) == strconv.Quote(name)
				if named && c.Type == kind {
					return hap.ID{AID: a.AID, IID: c.IID}, true
				}
			}
		}
	}
	return hap.ID{}, false
}

func (p *phone) must(name, kind string) hap.ID {
	p.t.Helper()
	id, ok := p.find(name, kind)
	if !ok {
		p.t.Fatalf("%s has no characteristic %s", name, kind)
	}
	return id
}

func path(id hap.ID) string { return fmt.Sprintf("/characteristics?id=%d.%d", id.AID, id.IID) }

// read is the body of reading one characteristic.
func (p *phone) read(id hap.ID) string {
	p.t.Helper()
	_, body, err := p.Do("GET", path(id), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	s := strings.TrimPrefix(string(body), fmt.Sprintf(`{"characteristics":[{"aid":%d,"iid":%d,`, id.AID, id.IID))
	return strings.TrimSuffix(s, "}]}")
}

// write writes one and returns the status of HTTP and of the characteristic.
func (p *phone) write(id hap.ID, v string) string {
	p.t.Helper()
	status, body, err := p.Do("PUT", "/characteristics", fmt.Appendf(nil, `{"characteristics":[{"aid":%d,"iid":%d,"value":%s}]}`, id.AID, id.IID, v))
	if err != nil {
		p.t.Fatal(err)
	}
	_, s, _ := strings.Cut(string(body), `"status":`)
	s, _, _ = strings.Cut(s, "}")
	return strings.TrimSpace(strconv.Itoa(status) + " " + s)
}

func (p *phone) subscribe(ids ...hap.ID) {
	p.t.Helper()
	for _, id := range ids {
		status, body, err := p.Do("PUT", "/characteristics", fmt.Appendf(nil, `{"characteristics":[{"aid":%d,"iid":%d,"ev":true}]}`, id.AID, id.IID))
		if err != nil || status != 204 {
			p.t.Fatalf("subscribe %v: %d %s %v", id, status, body, err)
		}
	}
}

// hears waits for events until one says v of a characteristic.
func (p *phone) hears(id hap.ID, v string) {
	p.t.Helper()
	want := fmt.Sprintf(`{"aid":%d,"iid":%d,"value":%s}`, id.AID, id.IID, v)
	late := time.After(patience)
	for {
		if before, after, found := strings.Cut(p.last, want); found {
			p.last = before + after
			return
		}
		select {
		case e, ok := <-p.Events:
			if !ok {
				p.t.Fatalf("the connection ended before %s", want)
			}
			p.last = e.Body
		case <-late:
			p.t.Fatalf("never heard %s", want)
		}
	}
}
