package hub

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/config"
	"gatehouse/hub/face/api"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zigbeesim"
)

// meadow is a house on a simulated Zigbee stick: its rooms are the real ones, and
// the stick's bytes come through a pipe.
type meadow struct {
	*house
	sim   *zigbeesim.Stick
	door  *zigbeesim.Contact
	pad   *zigbeesim.Keypad
	siren *zigbeesim.Siren
	plug  *zigbeesim.Plug
}

func inMeadow(t *testing.T, test func(*testing.T, *meadow)) {
	t.Helper()
	inMeadowOf(t, zigbeesim.Options{}, test)
}

func inMeadowOf(t *testing.T, o zigbeesim.Options, test func(*testing.T, *meadow)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(earliest().Add(30 * 24 * time.Hour)))
		m := &meadow{house: &house{t: t, synced: true, free: 1 << 40}, sim: zigbeesim.New(o)}
		m.door, m.pad = m.sim.NewContact(zigbeesim.Make{IEEE: 0x00158D0000000D00}), m.sim.NewKeypad(zigbeesim.Make{IEEE: 0x00158D0000000A00})
		m.siren, m.plug = m.sim.NewSiren(zigbeesim.Make{IEEE: 0x00158D0000000500}), m.sim.NewPlug(zigbeesim.Make{IEEE: 0x00158D0000000F00})
		m.begin(dir)
		defer func() { m.end() }()
		for _, d := range []interface {
			Press()
			Short() uint16
		}{m.door, m.pad, m.siren, m.plug} {
			if err := m.zigbee.Join(t.Context(), api.JoinRequest{Seconds: 120, WithoutCode: true}, "Anna"); err != nil {
				t.Fatal(err)
			}
			d.Press()
			m.pass(20 * time.Second)
			if j := m.zigbee.Joining(); j.Step != "done" {
				t.Fatalf("joining ended as %+v", j)
			}
		}
		if _, err := m.guard.PutCode(t.Context(), home.Code{ID: "anna", Person: "Anna", Code: "12345"}, "Anna"); err != nil {
			t.Fatal(err)
		}
		test(t, m)
		if v := m.sim.Violations(); len(v) > 0 {
			t.Errorf("the driver did what it may not: %q", v)
		}
	})
}

func (m *meadow) begin(dir string) {
	m.t.Helper()
	var err error
	m.Hub, err = build(Options{
		Config: config.Config{Data: filepath.Join(dir, "data"), Name: "Test", Zigbee: config.Zigbee{Port: "pipe"}}, Log: slog.New(slog.DiscardHandler),
		Box: Box{
			Power: filepath.Join(dir, "power"), Synced: func() (bool, error) { return true, nil },
			Free: func(string) (int64, error) { return 1 << 40, nil },
		},
	})
	if err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	leave := []string{"watchdog", "snapshots", "panel snapshots", "air", "box"}
	rooms := slices.DeleteFunc(m.core(), func(p part) bool { return slices.Contains(leave, p.name) })
	rooms = append(rooms, part{name: "journal", run: m.journal.Run, vital: true}, part{name: "zigbee", run: m.keep, vital: true}, part{name: "zigbee air", run: m.zigbee.listen}, part{name: "upgrades", run: m.seeToUpgrades}, part{name: "locks", run: m.zigbee.writeLockUses})
	rooms = append(rooms, part{name: "zigbee backup", run: m.zigbee.keepBackup})
	parts := start(ctx, m.log, cancel, rooms...)
	m.end = func() {
		m.stopping.Store(true)
		cancel(nil)
		parts.wait()
		m.close()
	}
	m.pass(10 * time.Second)
}

// keep drives the stick as port.Keep would, which needs a port.
func (m *meadow) keep(ctx context.Context) error {
	for ctx.Err() == nil {
		host, far := net.Pipe()
		var wg sync.WaitGroup
		serve, stop := context.WithCancel(ctx)
		wg.Go(func() { _ = m.sim.Serve(serve, far) })
		err := m.zigbee.drive(ctx, host)
		stop()
		wg.Wait()
		zigbeeHouse{m.zigbee}.RadioDown(err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
		_ = m.sim.Until(ctx, m.sim.Plugged)
	}
	return nil
}

func (m *meadow) phase(what string, mode home.Mode, phase home.Phase) {
	m.t.Helper()
	if s := m.guard.State(); s.Mode != mode || s.Phase != phase {
		m.t.Errorf("%s: the panel is %s, %s; want %s, %s", what, s.Mode, s.Phase, mode, phase)
	}
}

// shows checks what the keypad shows, once it has fetched it.
func (m *meadow) shows(what string, status zcl.PanelStatus, least, most byte) {
	m.t.Helper()
	if p := m.pad.Shows(); zcl.PanelStatus(p.Status) != status || p.Seconds < least || p.Seconds > most {
		m.t.Errorf("%s: the keypad shows %+v, want status %#x with %d to %d s", what, p, byte(status), least, most)
	}
}

func (m *meadow) id(n interface{ IEEE() uint64 }) home.DeviceID {
	return zigbeehome.ID(zigbee.IEEE(n.IEEE()))
}

// The whole way: a keypad arms with a code and counts, a door begins the entry
// delay and then the alarm, the siren sounds, and the code ends it.
func TestZigbeeFromDoorToSiren(t *testing.T) { inMeadow(t, fromDoorToSiren) }

// A stick of the other family is found by trying.
func TestZigbeeFromDoorToSirenWithEZSP(t *testing.T) {
	inMeadowOf(t, zigbeesim.Options{EZSP: 13}, func(t *testing.T, m *meadow) {
		if s := m.zigbee.State(); s.State != "up" || s.Stick != "EmberZNet 7.4.1, EZSP 13" || s.Counters["frames_in"] == 0 {
			t.Errorf("the radio: %+v", s)
		}
		fromDoorToSiren(t, m)
		m.sim.Crash()
		m.pass(10 * time.Second)
		if s := m.zigbee.State(); s.State != "up" {
			t.Errorf("after the stick crashed: %+v", s)
		}
		m.sim.Unplug()
		m.pass(10 * time.Second)
		if s := m.zigbee.State(); s.State != "down" {
			t.Errorf("without a stick: %+v", s)
		}
		m.sim.Plug()
		m.pass(2 * time.Second) // the family is known by now
		if s := m.zigbee.State(); s.State != "up" {
			t.Errorf("plugged in again: %+v", s)
		}
	})
}

func fromDoorToSiren(t *testing.T, m *meadow) {
	d, ok := m.devices.Device("zigbee-00158d0000000d00")
	if !ok || d.Radio != "zigbee" || d.Security != home.SecurityLinkKey || d.Power != "battery" || d.Health != home.HealthOK || d.Traits[home.Contact].Value != home.Closed {
		t.Fatalf("the door: %+v", d)
	}
	if _, err := m.devices.Rename(d.ID, "Front door", "Hall", "Anna"); err != nil {
		t.Fatal(err)
	}
	zones := m.guard.Zones()
	i := slices.IndexFunc(zones, func(z home.Zone) bool { return z.Device == d.ID && z.Trait == home.Contact })
	if i < 0 {
		t.Fatalf("nobody watches the door: %v", zones)
	}
	zones[i].Kind = home.ZoneEntry
	if err := m.PutZone(t.Context(), zones[i], "Anna"); err != nil {
		t.Fatal(err)
	}
	m.absent(health.KeypadInClear, m.id(m.pad))

	m.pad.Enter("99999", zigbeesim.ArmAway)
	m.pass(time.Second)
	if got, n := m.pad.Answer(); got != byte(zcl.ArmInvalidCode) || n != 1 {
		t.Errorf("a wrong code is answered %#x, %d times", got, n)
	}
	m.phase("a wrong code", home.Disarmed, home.PhaseDisarmed)
	m.pad.Enter("12345", zigbeesim.ArmAway)
	m.pass(1500 * time.Millisecond)
	if got, _ := m.pad.Answer(); got != byte(zcl.ArmedAll) {
		t.Errorf("the right code is answered %#x", got)
	}
	m.phase("armed at the keypad", home.Away, home.PhaseArming)
	m.shows("the exit delay", zcl.PanelExitDelay, 57, 60)
	before := m.pad.Shows().Seconds
	m.pass(10 * time.Second)
	if now := m.pad.Shows().Seconds; now >= before || now < before-14 {
		t.Errorf("10 s later the keypad counts %d, after %d", now, before)
	}
	m.door.Open() // somebody leaves
	m.pass(2 * time.Second)
	m.door.Close()
	m.pass(time.Minute)
	m.phase("the exit delay is over", home.Away, home.PhaseArmed)
	m.shows("armed", zcl.PanelArmedAway, 0, 0)

	m.door.Open()
	synctest.Wait()
	m.phase("the door opens", home.Away, home.PhaseEntry)
	m.pass(6 * time.Second)
	m.shows("the entry delay", zcl.PanelEntryDelay, 18, 30)
	m.pass(40 * time.Second)
	m.phase("nobody entered a code", home.Away, home.PhaseAlarm)
	if !m.siren.Sounding() || m.siren.Plays() != byte(zcl.WarnBurglar) {
		t.Errorf("the siren plays %d", m.siren.Plays())
	}
	m.shows("the alarm", zcl.PanelInAlarm, 0, 0)
	m.pad.Enter("12345", zigbeesim.Disarm)
	m.pass(2 * time.Second)
	m.phase("the right code", home.Disarmed, home.PhaseDisarmed)
	if m.siren.Sounding() {
		t.Error("the siren sounds on")
	}
	if got, _ := m.pad.Answer(); got != byte(zcl.ArmedNone) {
		t.Errorf("disarming is answered %#x", got)
	}
}

func TestZigbeeKeysForHelp(t *testing.T) {
	for _, c := range []struct {
		press func(*zigbeesim.Keypad)
		kind  string
	}{
		{(*zigbeesim.Keypad).Fire, "fire"}, {(*zigbeesim.Keypad).Panic, "panic"}, {(*zigbeesim.Keypad).Emergency, "medical"},
	} {
		inMeadow(t, func(t *testing.T, m *meadow) {
			c.press(m.pad)
			m.pass(time.Second)
			if s := m.guard.State(); s.Alarm == nil || s.Alarm.Kind != c.kind {
				t.Errorf("the key for %s: %+v", c.kind, s.Alarm)
			}
		})
	}
}

func TestZigbeeStickThatIsPulled(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		m.sim.Unplug()
		m.pass(time.Second)
		m.present(health.RadioDown, zigbeehome.Kind, "Zigbee stick")
		if s := m.zigbee.State(); s.State != "down" {
			t.Errorf("state %+v", s)
		}
		m.door.Open()
		m.sim.Plug()
		m.pass(10 * time.Second)
		m.absent(health.RadioDown, zigbeehome.Kind)
		m.door.Tamper(true) // it speaks: what it said meanwhile is lost, what it is now is not
		m.pass(time.Second)
		d, _ := m.devices.Device(m.id(m.door))
		if d.Traits[home.Contact].Value != home.Open || d.Traits[home.Tamper].Value != home.True {
			t.Errorf("the door: %v", d.Traits)
		}
		if s := m.zigbee.State(); s.State != "up" || s.Stick != "Z-Stack 3.x.0, 20240710" || len(s.Network) != 16 || len(s.Map) != 4 {
			t.Errorf("state %+v", s)
		}
	})
}

func TestZigbeeSensorThatFallsSilent(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		m.door.TakeBattery()
		m.plug.TakeBattery()
		m.pass(45 * time.Minute)
		for _, c := range []struct {
			id   home.DeviceID
			want home.Health
		}{{m.id(m.door), home.HealthLate}, {m.id(m.plug), home.HealthMissing}, {m.id(m.siren), home.HealthOK}} {
			if d, _ := m.devices.Device(c.id); d.Health != c.want {
				t.Errorf("%s: %s, want %s", d.Name, d.Health, c.want)
			}
		}
	})
}

func TestZigbeeSwitchAndRemoval(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		id := m.id(m.plug)
		if _, err := m.devices.Command(home.Command{Device: id, Trait: home.Switch, Value: home.On}, "Anna"); err != nil {
			t.Fatal(err)
		}
		m.pass(time.Second)
		if d, _ := m.devices.Device(id); !m.plug.On() || d.Traits[home.Switch].Value != home.On {
			t.Errorf("the plug is on: %v, and shown so: %v", m.plug.On(), d.Traits)
		}
		if err := m.devices.Remove(t.Context(), id, "Anna"); err != nil {
			t.Fatal(err)
		}
		m.pass(time.Second)
		if _, ok := m.devices.Device(id); ok || m.plug.Short() != 0 {
			t.Errorf("the plug is known: %v, and at %04x", ok, m.plug.Short())
		}
	})
}

// The network's key is in the database of the house and in nothing that it says.
func TestZigbeeKeyIsSecret(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		_, _, _, key := m.sim.Network()
		text, _ := zigbee.Key(key).MarshalText()
		journal := filepath.Join(m.o.Config.Data, "journal.db")
		if err := m.journal.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(journal)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{string(text), string(key[:]), "12345"} {
			if strings.Contains(string(b), secret) {
				t.Errorf("%s holds %q", journal, secret)
			}
		}
	})
}

func TestZigbeeConfigurationThatCantBeFollowed(t *testing.T) {
	for words, c := range map[string]config.Zigbee{
		"zigbee.backup_file: open /a: no such file": {Port: "pipe", Adapter: "auto", BackupFile: "/a"},
	} {
		h, err := build(Options{Config: config.Config{Data: t.TempDir(), Zigbee: c}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := h.zigbee.run(ctx); err != nil {
			t.Error(err)
		}
		if s := h.zigbee.State(); s.State != "down" || !strings.Contains(s.Text, words) {
			t.Errorf("got %+v, want %q in it", s, words)
		}
		h.close()
	}
}
