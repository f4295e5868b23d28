package hub

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gatehouse/hub/face/api"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/zigbee/zigbeesim"
)

// admit lets a device join and waits until it is known.
func (m *meadow) admit(d interface{ Press() }) {
	m.t.Helper()
	if err := m.zigbee.Join(m.t.Context(), api.JoinRequest{Seconds: 120, WithoutCode: true}, "Anna"); err != nil {
		m.t.Fatal(err)
	}
	d.Press()
	m.pass(time.Minute)
}

// says checks what a trait of a device says.
func (m *meadow) says(what string, d interface{ IEEE() uint64 }, trait home.Trait, want home.Value) {
	m.t.Helper()
	dev, ok := m.devices.Device(m.id(d))
	if s, has := dev.Traits[trait]; !ok || !has || s.Value != want {
		m.t.Errorf("%s: %s is %s, want %s (of %v)", what, trait, s.Value, want, dev.Traits)
	}
}

// guards checks that a zone watches a trait of a device.
func (m *meadow) guards(d interface{ IEEE() uint64 }, trait home.Trait) home.Zone {
	m.t.Helper()
	zones := m.guard.Zones()
	i := slices.IndexFunc(zones, func(z home.Zone) bool { return z.Device == m.id(d) && z.Trait == trait })
	if i < 0 {
		m.t.Fatalf("nobody watches %s of %s", trait, m.id(d))
	}
	return zones[i]
}

// From the bytes of a data point to the alarm, and to the data points of a siren.
func TestTuyaFromSmokeToSiren(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		smoke := m.sim.NewTuya(zigbeesim.Make{IEEE: 0x00158D0000007001}, "_TZE200_ntcy3xu1", false)
		horn := m.sim.NewTuya(zigbeesim.Make{IEEE: 0x00158D0000007002}, "_TZE204_t1blo2bj", true)
		m.admit(smoke)
		m.admit(horn)
		smoke.Says(4, 1, 0)  // bool: its cover is closed
		smoke.Says(14, 4, 2) // enum: its battery is full
		smoke.Says(1, 4, 1)  // enum: no smoke
		m.pass(time.Second)
		m.says("at rest", smoke, home.Smoke, home.False)
		m.says("at rest", smoke, home.Tamper, home.False)
		m.says("at rest", smoke, home.LowBattery, home.False)
		m.guards(smoke, home.Smoke)
		d, _ := m.devices.Device(m.id(horn))
		if _, ok := d.Traits[home.Siren]; !ok || d.Sounder == nil || d.Sounder.Patterns["steady"] != home.Duration(30*time.Minute) {
			t.Fatalf("the horn is %+v", d)
		}

		smoke.Says(1, 4, 0)
		m.pass(2 * time.Second)
		m.says("it smells", smoke, home.Smoke, home.True)
		if s := m.guard.State(); s.Phase != home.PhaseAlarm {
			t.Errorf("smoke: the panel is in %s", s.Phase)
		}
		if on, order := horn.Told(13); len(on) != 1 || on[0] != 1 || !slices.Equal(order[max(len(order)-3, 0):], []byte{5, 7, 13}) {
			t.Errorf("the horn is told % x, in the order %d", on, order)
		}
		if volume, _ := horn.Told(5); len(volume) != 1 || volume[0] != 2 {
			t.Errorf("its volume is % x", volume)
		}
		smoke.Says(1, 4, 1)
		m.pass(time.Second)
		if err := m.guard.Silence(t.Context(), "Anna", home.ByAPI); err != nil {
			t.Fatal(err)
		}
		m.pass(2 * time.Second)
		if off, _ := horn.Told(13); len(off) != 1 || off[0] != 0 {
			t.Errorf("silenced, the horn was last told % x", off)
		}
	})
}

// Xiaomi's sensors answer nothing; the hub knows what they mean, and ends what
// they never end.
func TestXiaomiFromBytesToZones(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		door := m.sim.NewXiaomi(zigbeesim.Make{IEEE: 0x00158D0000007A01}, "lumi.sensor_magnet.aq2", 0xFFFF, 0x0006)
		eye := m.sim.NewXiaomi(zigbeesim.Make{IEEE: 0x00158D0000007A02}, "lumi.sensor_motion.aq2", 0xFFFF, 0x0406, 0x0400, 0x0500)
		m.admit(door)
		m.pass(time.Minute)
		m.admit(eye)
		m.pass(time.Minute)
		door.Says(0x0006, 0x0000, 0x10, 0)
		m.pass(time.Second)
		m.says("closed", door, home.Contact, home.Closed)
		zone := m.guards(door, home.Contact)
		if d, _ := m.devices.Device(m.id(door)); d.Traits[home.Switch] != (home.State{}) {
			t.Errorf("the door is a switch: %v", d.Traits)
		}
		door.Says(0x0006, 0x0000, 0x10, 1)
		m.pass(time.Second)
		m.says("open", door, home.Contact, home.Open)
		if s := m.guard.State(); !slices.Contains(s.Open, zone.ID) {
			t.Errorf("open zones are %v", s.Open)
		}
		door.Tags(1, 0x21, 0x6D, 0x0B, 100, 0x10, 0) // 2.925 V, closed
		m.pass(time.Second)
		m.says("by its tags", door, home.Battery, home.Number(50))
		m.says("by its tags", door, home.Contact, home.Closed)

		m.guards(eye, home.Motion)
		eye.Tags(1, 0x21, 0xB8, 0x0B)
		m.pass(time.Second)
		m.says("heard, and nobody was seen", eye, home.Motion, home.False)
		eye.Says(0x0406, 0x0000, 0x18, 1)
		m.pass(time.Second)
		m.says("somebody walks", eye, home.Motion, home.True)
		m.pass(60 * time.Second)
		eye.Says(0x0406, 0x0000, 0x18, 1)
		m.pass(60 * time.Second)
		m.says("and goes on walking", eye, home.Motion, home.True)
		m.pass(31 * time.Second)
		m.says("nobody walks for 90 s", eye, home.Motion, home.False)
	})
}

// The owner's file makes a device that nobody knew a contact, while the hub runs.
func TestQuirkFileThatIsNotUnderstoodIsSaid(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		go func() { _ = m.zigbee.watchQuirks(t.Context()) }()
		door := m.sim.NewTuya(zigbeesim.Make{IEEE: 0x00158D0000007003}, "_TZE200_nobody", false)
		m.admit(door)
		door.Says(101, 1, 1)
		m.pass(time.Second)
		if s, ok := m.zigbee.signature(m.id(door)); !ok || len(s.Points) != 1 || s.Points[0].ID != 101 {
			t.Errorf("its signature is %+v", s)
		}
		if d, _ := m.devices.Device(m.id(door)); len(d.Traits) != 0 {
			t.Fatalf("a device that nobody knows has %v", d.Traits)
		}
		folder := filepath.Join(m.o.Config.Data, quirkFolder)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		write := func(text string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(folder, "doors.quirks"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			m.pass(10 * time.Second)
		}
		write("device Door of the shed\nmatch TS0601 _TZE200_nobody\npoint 101 contract\n")
		m.present(health.QuirkFault, "doors.quirks", `doors.quirks, line 3: "contract": it is a trait`)
		write("device Door of the shed\nmatch TS0601 _TZE200_nobody\npoint 101 contact\n")
		m.absent(health.QuirkFault, "doors.quirks")
		door.Says(101, 1, 1)
		m.pass(time.Second)
		m.says("opened", door, home.Contact, home.Open)
		m.guards(door, home.Contact)
	})
}
