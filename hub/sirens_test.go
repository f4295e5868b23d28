package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/sirens"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/registry"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/zigbee"
	"gatehouse/zwave"
	"gatehouse/zwave/zwavesim"
)

// memory keeps devices, and takes lines and readings.
type memory struct {
	mu    sync.Mutex
	lines []string
}

func (*memory) All() ([]home.Device, error)                  { return nil, nil }
func (*memory) Put(...home.Device) error                     { return nil }
func (*memory) Delete(home.DeviceID) error                   { return nil }
func (*memory) Reading(home.Reading, func())                 {}
func (*memory) ZoneOf(home.DeviceID, home.Trait) home.ZoneID { return "" }
func (*memory) Hidden(home.DeviceID, home.Trait) bool        { return false }
func (*memory) LoadNodes(uint32) ([]zwave.Node, error)       { return nil, nil }
func (*memory) SaveNode(uint32, zwave.Node) error            { return nil }
func (*memory) DeleteNode(uint32, zwave.NodeID) error        { return nil }
func (m *memory) Add(e home.Event) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, e.Text)
	return uint64(len(m.lines))
}

// said counts the journal's lines that hold a text.
func (m *memory) said(text string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, line := range m.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// sirenHub is as much of a hub as sirens need, on a simulated stick in a
// bubble: bank, registry, radio and driver, wired as in a real one.
func sirenHub(t *testing.T, stick *zwavesim.Stick) (*Hub, *memory) {
	t.Helper()
	log, m := slog.New(slog.DiscardHandler), &memory{}
	h := &Hub{log: log, board: health.NewBoard(nil), adoptions: make(chan home.DeviceID, 256)}
	h.sirens = sirens.New(sirenHouse{h}, sirenConditions{h}, log)
	var err error
	if h.devices, err = registry.Open(registry.Options{Store: m, Journal: m, Panel: m, Sirens: h.sirens, Log: log}); err != nil {
		t.Fatal(err)
	}
	h.zwave, h.warden = &zwaveNetwork{radioLink: radioLink{hub: h}}, &warden{hub: h, wake: make(chan struct{}, 1)}
	radio := zwavehome.New(h.devices, zwaveHouse{h.zwave}, log)
	h.stick = zwave.New(zwave.Options{OnEvent: radio.OnEvent, Store: m, Log: log})
	radio.Attach(h.stick)
	h.devices.Attach(zwavehome.Kind, radio)

	ctx, cancel := context.WithCancel(t.Context())
	var parts sync.WaitGroup
	for _, run := range []func(context.Context) error{h.sirens.Run, h.sirenReports} {
		parts.Go(func() { _ = run(ctx) })
	}
	parts.Go(func() { // as hub/radio/port keeps a real one
		for ctx.Err() == nil {
			here, there := net.Pipe()
			var wg sync.WaitGroup
			wg.Go(func() { _ = stick.Serve(ctx, there) })
			_ = h.stick.Run(ctx, here)
			wg.Wait()
			select {
			case <-ctx.Done():
			case <-time.After(250 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() { cancel(); parts.Wait() })
	h.sirens.Sound(alarm.Sound{}) // as the guard does when it begins
	time.Sleep(time.Minute)
	return h, m
}

// lasting is an alarm from now on.
func lasting(p alarm.Pattern, d time.Duration) alarm.Sound {
	return alarm.Sound{Pattern: p, ID: "alarm-1", Until: time.Now().Round(0).Add(d)}
}

// silent is what is said of sirens that do not answer.
func (h *Hub) silent() string {
	var list []string
	for _, c := range h.board.List() {
		if c.Code == string(health.SirenSilent) {
			list = append(list, c.Text)
		}
	}
	return strings.Join(list, "\n")
}

func TestSirensSoundForTheWholeTimeAndNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		toned := stick.NewSiren(zwavesim.Make{Slow: true, Strobe: true})
		plain := stick.NewSiren(zwavesim.Make{Plain: true, Longest: 180 * time.Second})
		brief := stick.NewSiren(zwavesim.Make{Plain: true, Longest: 30 * time.Second})
		stick.Place(toned, plain, brief)
		h, _ := sirenHub(t, stick)
		all := []*zwavesim.Siren{toned, plain, brief}

		w := lasting(alarm.Temporal3, 10*time.Minute)
		w.Strobe = true
		h.sirens.Sound(w)
		time.Sleep(2 * time.Second)
		if toned.Plays() != "Fire" || !toned.Flashing() {
			t.Errorf("fire: the siren plays %q, flashing %v", toned.Plays(), toned.Flashing())
		}
		time.Sleep(time.Minute) // the third one's limit is not known yet
		began := []time.Time{toned.Since(), plain.Since(), brief.Since()}
		time.Sleep(9*time.Minute - 2*time.Second)
		for i, s := range all {
			if !s.Sounding() || !s.Since().Equal(began[i]) {
				t.Errorf("siren %d: sounding %v since %v, want since %v: it must never stop", i, s.Sounding(), s.Since(), began[i])
			}
		}
		if c := h.sirens.Counters(); c.Contrary != 1 || c.Failed != 0 {
			t.Errorf("counted %+v, want one siren that fell silent once", c)
		}
		time.Sleep(5 * time.Second) // and the panel says nothing
		for i, s := range all {
			if s.Sounding() {
				t.Errorf("siren %d sounds past its time", i)
			}
		}
		h.sirens.Sound(lasting(alarm.Steady, 4*time.Minute))
		time.Sleep(3 * time.Second)
		if toned.Plays() != "Siren" || toned.Flashing() {
			t.Errorf("burglary: the siren plays %q, flashing %v", toned.Plays(), toned.Flashing())
		}
		h.sirens.Sound(alarm.Sound{Strobe: true})
		time.Sleep(2 * time.Second)
		for i, s := range all {
			if s.Sounding() || s.Flashing() != (s == toned) {
				t.Errorf("lights alone: siren %d sounding %v, flashing %v", i, s.Sounding(), s.Flashing())
			}
		}
		h.sirens.Sound(alarm.Sound{})
		time.Sleep(2 * time.Second)
		if toned.Flashing() {
			t.Error("the lights flash after all is over")
		}
		if v := stick.Violations(); len(v) > 0 {
			t.Errorf("the stick blames us: %v", v)
		}
	})
}

func TestSirenThatDoesNotAnswerIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		good, gone := stick.NewSiren(zwavesim.Make{}), stick.NewSiren(zwavesim.Make{})
		stick.Place(good, gone)
		h, m := sirenHub(t, stick)
		id := zwavehome.ID(zwave.NodeID(gone.ID()))
		if _, err := h.devices.Rename(id, "Garage", "", "Ada"); err != nil {
			t.Fatal(err)
		}
		gone.TakeBattery()
		since := time.Now().UTC().Format(time.TimeOnly)
		h.sirens.Sound(lasting(alarm.Steady, 10*time.Minute))
		time.Sleep(30 * time.Second)
		if !good.Sounding() {
			t.Error("a deaf siren silences the other")
		}
		want := "Garage has not confirmed since " + since + " UTC what it was told: "
		if got := h.silent(); !strings.HasPrefix(got, want) {
			t.Errorf("shown %q, want %q and why", got, want)
		}
		gone.PutBattery()
		time.Sleep(20 * time.Second)
		if got := h.silent(); got != "" || !gone.Sounding() {
			t.Errorf("back: sounding %v, shown %q", gone.Sounding(), got)
		}
		if n := m.said("Garage: siren could not"); n != 1 {
			t.Errorf("the journal has %d lines of the failure, want one", n)
		}
	})
}

func TestStickPulledDuringAnAlarm(t *testing.T) {
	for _, tt := range []struct {
		name          string
		before, while alarm.Pattern
	}{
		{"the alarm begins meanwhile", alarm.Silent, alarm.Steady},
		{"the alarm ends meanwhile", alarm.Steady, alarm.Silent},
		{"a fire breaks out meanwhile", alarm.Steady, alarm.Temporal3},
	} {
		for _, away := range []time.Duration{2 * time.Second, time.Minute} {
			t.Run(tt.name+" for "+away.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
					siren := stick.NewSiren(zwavesim.Make{})
					stick.Place(siren)
					h, _ := sirenHub(t, stick)
					tell := func(p alarm.Pattern) {
						if p == alarm.Silent {
							h.sirens.Sound(alarm.Sound{})
							return
						}
						h.sirens.Sound(lasting(p, 10*time.Minute))
					}
					tell(tt.before)
					time.Sleep(2 * time.Second)
					stick.Unplug()
					time.Sleep(time.Second)
					tell(tt.while)
					time.Sleep(away)
					stick.Plug()
					time.Sleep(10 * time.Second)
					want := map[alarm.Pattern]string{alarm.Silent: "", alarm.Steady: "Siren", alarm.Temporal3: "Fire"}[tt.while]
					if got := siren.Plays(); got != want || siren.Sounding() != (want != "") {
						t.Errorf("10 s after the stick came back the siren plays %q, want %q", got, want)
					}
					if got := h.silent(); got != "" {
						t.Errorf("still shown: %s", got)
					}
				})
			})
		}
	}
}

// A person tries a siren; an alarm takes it over.
func TestSirenByHandOverTheAir(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		siren := stick.NewSiren(zwavesim.Make{})
		stick.Place(siren)
		h, m := sirenHub(t, stick)
		cmd := home.Command{Device: zwavehome.ID(zwave.NodeID(siren.ID())), Trait: home.Siren, Value: home.On}
		if _, err := h.devices.Command(cmd, "Ada"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if !siren.Sounding() {
			t.Error("told on, silent")
		}
		time.Sleep(10 * time.Second)
		if siren.Sounding() {
			t.Error("a test goes on for ever")
		}
		if n := m.said("siren set to on"); n != 1 {
			t.Errorf("the journal says %d times that the siren was told on, want once", n)
		}
		h.sirens.Sound(lasting(alarm.Steady, time.Minute))
		cmd.Value = home.Off
		if _, err := h.devices.Command(cmd, "Ada"); err == nil {
			t.Error("an alarm was silenced as a device")
		}
		time.Sleep(10 * time.Second)
		if !siren.Sounding() {
			t.Error("the alarm is silent")
		}
	})
}

// People read why a siren does not confirm; the path through the driver is for logs.
func TestWhyASirenDoesNotConfirmIsInWords(t *testing.T) {
	for _, err := range []error{fmt.Errorf("zwave: node 9: %w", zwave.ErrNoAck), fmt.Errorf("zigbee: device 00158d0000000003: %w", zigbee.ErrDown), errors.New("no answer within 10s")} {
		if got := inWords(err); strings.Contains(got, ": ") || got == "" {
			t.Errorf("%v is told as %q", err, got)
		}
	}
}
