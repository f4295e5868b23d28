package zigbeehome

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
)

// TestMeaningsAsReviewed holds the tables to the form in which a person reviewed
// them: every zone type with every bit of its status, and sirens by pattern.
func TestMeaningsAsReviewed(t *testing.T) {
	var b strings.Builder
	types := []zcl.ZoneType{
		zcl.TypeStandard, zcl.TypeMotion, zcl.TypeContact, zcl.TypeDoorHandle, zcl.TypeFire, zcl.TypeWater, zcl.TypeCO, zcl.TypeEmergency,
		zcl.TypeVibration, zcl.TypeRemote, zcl.TypeKeyFob, zcl.TypeKeypad, zcl.TypeWarningDevice, zcl.TypeGlass, zcl.TypeRepeater, zcl.TypeInvalid, 0x4242,
	}
	says := func(zone zcl.ZoneType, s zcl.ZoneStatus) string {
		var words []string
		zoneSays(zone, s, func(t home.Trait, v home.Value) {
			if v != home.False {
				words = append(words, fmt.Sprintf("%s=%s", t, v))
			}
		})
		return strings.Join(words, " ")
	}
	for _, zone := range types {
		fmt.Fprintf(&b, "%s\n", zone)
		for n := -1; n < 10; n++ {
			status := zcl.ZoneStatus(0)
			if n >= 0 {
				status = 1 << n
			}
			if words := says(zone, status); n < 0 || words != says(zone, 0) {
				fmt.Fprintf(&b, "  0x%04x  %s\n", uint16(status), words)
			}
		}
	}
	for _, p := range []alarm.Pattern{alarm.Steady, alarm.Temporal3, alarm.Temporal4, alarm.Pulse, alarm.Slow} {
		for _, lasts := range []time.Duration{0, 1500 * time.Millisecond, 10 * time.Minute} {
			w := warn(home.Command{Trait: home.Siren, Value: home.On, Sound: home.Sounding{Pattern: string(p), For: home.Duration(lasts)}})
			fmt.Fprintf(&b, "siren %-10s for %-5s  →  mode %d, %d s, level %d, strobe %d\n", p, lasts, w.Mode, w.Seconds, w.Level, w.Strobe)
		}
	}
	off := warn(home.Command{Trait: home.Siren, Value: home.Off})
	fmt.Fprintf(&b, "siren off                    →  mode %d, %d s\n", off.Mode, off.Seconds)
	const file = "testdata/meaning.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(want)); diff != "" {
		t.Errorf("tables changed (-got +reviewed); if meant, go test -update:\n%s", diff)
	}
}

func TestAttributes(t *testing.T) {
	zone := zigbee.Endpoint{In: []zcl.Cluster{zcl.IASZone}, Zone: zigbee.Zone{Type: zcl.TypeContact}, PowerCount: 0.1, EnergyCount: 0.001, VoltageCount: 0.1, CurrentCount: 0.001}
	for _, c := range []struct {
		cluster zcl.Cluster
		attr    zcl.Attr
		value   zcl.Value
		want    string
	}{
		{zcl.PowerConfiguration, zcl.BatteryPercentage, zcl.Of(zcl.Uint8, 200), "battery=100"},
		{zcl.PowerConfiguration, zcl.BatteryPercentage, zcl.Of(zcl.Uint8, 29), "battery=14.5"},
		{zcl.PowerConfiguration, zcl.BatteryPercentage, zcl.Of(zcl.Uint8, 254), "battery=100"}, // some count whole percents
		{zcl.PowerConfiguration, zcl.BatteryPercentage, zcl.Of(zcl.Uint8, 255), ""},
		{zcl.OnOff, zcl.OnOffState, zcl.Of(zcl.Bool, 1), "switch=on"},
		{zcl.OnOff, zcl.OnOffState, zcl.Of(zcl.Bool, 0), "switch=off"},
		{zcl.OnOff, zcl.OnOffState, zcl.Of(zcl.Bool, 255), ""},
		{zcl.IASZone, zcl.ZoneStatusAttr, zcl.Of(zcl.Bitmap16, 5), "contact=open tamper=true low_battery=false trouble=false"},
		{zcl.Level, zcl.CurrentLevel, zcl.Of(zcl.Uint8, 254), "level=100"},
		{zcl.Level, zcl.CurrentLevel, zcl.Of(zcl.Uint8, 127), "level=50"},
		{zcl.Level, zcl.CurrentLevel, zcl.Of(zcl.Uint8, 255), ""},
		{zcl.DoorLock, zcl.LockStateAttr, zcl.Of(zcl.Enum8, 0), "lock=jammed"},
		{zcl.DoorLock, zcl.LockStateAttr, zcl.Of(zcl.Enum8, 1), "lock=locked"},
		{zcl.DoorLock, zcl.LockStateAttr, zcl.Of(zcl.Enum8, 2), "lock=unlocked"},
		{zcl.DoorLock, zcl.LockStateAttr, zcl.Of(zcl.Enum8, 3), ""},
		{zcl.DoorLock, zcl.LockStateAttr, zcl.Of(zcl.Enum8, 255), ""},
		{zcl.Occupancy, zcl.OccupancyState, zcl.Of(zcl.Bitmap8, 1), "occupancy=true"},
		{zcl.Occupancy, zcl.OccupancyState, zcl.Of(zcl.Bitmap8, 0), "occupancy=false"},
		{zcl.Temperature, zcl.MeasuredValue, zcl.OfInt(zcl.Int16, -525), "temperature=-5.25"},
		{zcl.Temperature, zcl.MeasuredValue, zcl.Of(zcl.Int16, 0x8000), ""},
		{zcl.Humidity, zcl.MeasuredValue, zcl.Of(zcl.Uint16, 4510), "humidity=45.1"},
		{zcl.Humidity, zcl.MeasuredValue, zcl.Of(zcl.Uint16, 0xFFFF), ""},
		{zcl.Illuminance, zcl.MeasuredValue, zcl.Of(zcl.Uint16, 20001), "illuminance=100"},
		{zcl.Illuminance, zcl.MeasuredValue, zcl.Of(zcl.Uint16, 0), "illuminance=0"},
		{zcl.Illuminance, zcl.MeasuredValue, zcl.Of(zcl.Uint16, 0xFFFF), ""},
		{zcl.Electrical, zcl.ActivePower, zcl.OfInt(zcl.Int16, 423), "power=42.3"},
		{zcl.Electrical, zcl.ActivePower, zcl.OfInt(zcl.Int16, -7), "power=-0.7"}, // what a roof sends back
		{zcl.Electrical, zcl.PowerDivisor, zcl.Of(zcl.Uint16, 10), ""},
		{zcl.Electrical, zcl.RMSVoltage, zcl.Of(zcl.Uint16, 2304), "voltage=230.4"},
		{zcl.Electrical, zcl.RMSCurrent, zcl.Of(zcl.Uint16, 1250), "current=1.25"},
		{zcl.Electrical, zcl.RMSCurrent, zcl.Of(zcl.Uint16, 0xFFFF), ""},
		{zcl.WindowCovering, zcl.CoveringLift, zcl.Of(zcl.Uint8, 0), "cover=100"},
		{zcl.WindowCovering, zcl.CoveringLift, zcl.Of(zcl.Uint8, 75), "cover=25"},
		{zcl.WindowCovering, zcl.CoveringLift, zcl.Of(zcl.Uint8, 255), ""},
		{zcl.Metering, zcl.MeterSummation, zcl.Of(zcl.Uint48, 1234567), "energy=1234.567"},
		{zcl.Metering, zcl.MeterSummation, zcl.Of(zcl.Uint48, 1<<48-1), ""},
		{zcl.Metering, zcl.MeterUnit, zcl.Of(zcl.Enum8, 0), ""},
		{zcl.Basic, zcl.BasicModel, zcl.OfText("x"), ""},
	} {
		var words []string
		attributeSays(zone, c.cluster, c.attr, c.value, func(t home.Trait, v home.Value) { words = append(words, fmt.Sprintf("%s=%s", t, v)) })
		if got := strings.Join(words, " "); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.cluster, c.value, got, c.want)
		}
	}
}

func TestCommands(t *testing.T) {
	d := &zigbee.Device{Endpoints: []zigbee.Endpoint{
		{ID: 1, In: []zcl.Cluster{zcl.OnOff, zcl.Level}}, {ID: 2, In: []zcl.Cluster{zcl.DoorLock, zcl.WindowCovering}},
	}}
	for _, c := range []struct {
		trait    home.Trait
		value    home.Value
		endpoint byte
		want     zcl.Command
	}{
		{home.Switch, home.On, 1, zcl.TurnOn{}},
		{home.Level, home.Number(0), 1, zcl.MoveToLevel{OnOff: true, Time: 5}},
		{home.Level, home.Number(50), 1, zcl.MoveToLevel{OnOff: true, Level: 127, Time: 5}},
		{home.Level, home.Number(100), 1, zcl.MoveToLevel{OnOff: true, Level: 254, Time: 5}},
		{home.Level, home.Number(300), 1, zcl.MoveToLevel{OnOff: true, Level: 254, Time: 5}},
		{home.Cover, home.Number(0), 2, zcl.LiftCovering{Percent: 100}},
		{home.Cover, home.Number(30), 2, zcl.LiftCovering{Percent: 70}},
		{home.Cover, home.Stop, 2, zcl.StopCovering{}},
		{home.Lock, home.Locked, 2, zcl.LockDoor{}},
		{home.Lock, home.Unlocked, 2, zcl.UnlockDoor{}},
		{home.Siren, home.On, 0, nil},
	} {
		e, got, _, err := command(d, home.Command{Trait: c.trait, Value: c.value})
		if e != c.endpoint || got != c.want || (err == nil) != (c.want != nil) {
			t.Errorf("%s %s: endpoint %d, %#v, %v, want %d, %#v", c.trait, c.value, e, got, err, c.endpoint, c.want)
		}
	}
}

func TestTraits(t *testing.T) {
	for _, c := range []struct {
		in   []zcl.Cluster
		kind string
		want string
	}{
		{[]zcl.Cluster{zcl.PowerConfiguration, zcl.Temperature, zcl.Humidity}, "Thermometer", "battery humidity temperature"},
		{[]zcl.Cluster{zcl.PowerConfiguration, zcl.DoorLock}, "Lock", "battery lock"},
		{[]zcl.Cluster{zcl.PowerConfiguration, zcl.Occupancy, zcl.Illuminance}, "Presence sensor", "battery illuminance occupancy"},
		{[]zcl.Cluster{zcl.OnOff, zcl.Level}, "Dimmer", "level switch"},
		{[]zcl.Cluster{zcl.OnOff, zcl.Electrical, zcl.Metering}, "Switch", "power switch"}, // it counts no electricity
		{[]zcl.Cluster{zcl.PowerConfiguration, zcl.DoorLock, zcl.Alarms}, "Lock", "battery lock tamper"},
		{[]zcl.Cluster{zcl.WindowCovering}, "Shutter", "cover"},
		{[]zcl.Cluster{zcl.Level}, "Device", ""}, // a remote control that serves it says nothing by it
	} {
		e := zigbee.Endpoint{ID: 1, In: c.in}
		if e.Serves(zcl.Electrical) {
			e.PowerCount = 1
		}
		m := traits(&zigbee.Device{Endpoints: []zigbee.Endpoint{e}})
		got := fmt.Sprint(slices.Sorted(maps.Keys(m)))
		if got != "["+c.want+"]" || kindOf(m) != c.kind {
			t.Errorf("%v: a %s of %s, want a %s of %s", c.in, kindOf(m), got, c.kind, c.want)
		}
	}
}

func TestIDs(t *testing.T) {
	const a = zigbee.IEEE(0x00124b0012345678)
	if id := ID(a); id != "zigbee-00124b0012345678" {
		t.Errorf("got %s", id)
	}
	if got, ok := AddressOf(ID(a)); !ok || got != a {
		t.Errorf("got %s %v", got, ok)
	}
	for _, id := range []home.DeviceID{"zwave-5", "zigbee-", "zigbee-xyz", "zigbee-00124b00123456789"} {
		if got, ok := AddressOf(id); ok {
			t.Errorf("%s is %s", id, got)
		}
	}
}

// said writes down what a radio reports.
type said struct {
	Devices
	mu    sync.Mutex // what a device never ends is ended by a timer
	words []string
}

func (s *said) Report(readings ...home.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range readings {
		s.words = append(s.words, fmt.Sprintf("%s=%s", r.Trait, r.Value))
	}
}
func (s *said) Seen(home.DeviceID, time.Time) { s.words = append(s.words, "seen") }

// obeys is a stick whose devices acknowledge everything.
type obeys struct{ Stick }

func (obeys) Send(_ zigbee.IEEE, _ byte, _ zcl.Cluster, _ zcl.Command, _ zigbee.Lane, done func(error)) {
	done(nil)
}

// usedLocks writes down what was done at locks.
type usedLocks struct {
	House
	uses []string
}

func (l *usedLocks) LockUsed(_ home.DeviceID, u home.LockUse) {
	word := u.Bolt.String()
	if u.Refused {
		word = "refused"
	}
	l.uses = append(l.uses, fmt.Sprintf("%s by %s, %d", word, u.Means, u.User))
}

// A lock says itself how its bolt stands; that it was told to move is no proof.
func TestLock(t *testing.T) {
	s := &said{}
	locks := &usedLocks{}
	r := New(s, locks, slog.New(slog.DiscardHandler))
	r.Attach(obeys{})
	r.known[7] = &zigbee.Device{IEEE: 7, Studied: true, Listening: true, Endpoints: []zigbee.Endpoint{{ID: 1, In: []zcl.Cluster{zcl.DoorLock}}}}
	r.Command(home.Command{Device: ID(7), Trait: home.Lock, Value: home.Locked}, func(err error) {
		if err != nil {
			t.Error(err)
		}
	})
	for _, c := range []zcl.LockOperation{
		{Source: zcl.LockByHand, Event: zcl.ManuallyUnlocked, User: 0xFFFF},
		{Source: zcl.LockByHand, Event: zcl.AutoLocked, User: 0xFFFF},
		{Source: zcl.LockByKeypad, Event: zcl.UnlockedEvent, User: 3, PIN: "1234"},
		{Source: zcl.LockByRadio, Event: zcl.LockedEvent, User: 0xFFFF},
		{Source: zcl.LockByKeypad, Event: zcl.UnlockWrongPIN, User: 0xFFFF, PIN: "9999"},
		{Source: zcl.LockByKeypad, Event: zcl.NonAccessUserOfALock},
	} {
		r.OnEvent(zigbee.Report{Device: 7, Endpoint: 1, Cluster: zcl.DoorLock, Command: c})
	}
	if d := cmp.Diff(s.words, []string{"lock=unlocked", "lock=locked", "lock=unlocked", "lock=locked", "seen", "seen"}); d != "" {
		t.Errorf("reported (-got +want):\n%s", d)
	}
	if d := cmp.Diff(locks.uses, []string{"unlocked by hand, -1", "locked by itself, -1", "unlocked by pin, 3", "refused by pin, -1"}); d != "" {
		t.Errorf("used (-got +want):\n%s", d)
	}
}

// A device that tells volts and no percent has a battery like any other.
func TestBatteryByItsVolts(t *testing.T) {
	percent := func(n uint64) zcl.ReadRecord {
		return zcl.ReadRecord{Attr: zcl.BatteryPercentage, Value: zcl.Of(zcl.Uint8, n)}
	}
	volts := func(n uint64) zcl.ReadRecord {
		return zcl.ReadRecord{Attr: zcl.BatteryVoltage, Value: zcl.Of(zcl.Uint8, n)}
	}
	none := zcl.ReadRecord{Attr: zcl.BatteryPercentage, Status: zcl.UnsupportedAttribute}
	for _, c := range []struct {
		records []zcl.ReadRecord
		want    string
	}{
		{[]zcl.ReadRecord{percent(200), volts(30)}, "battery=100 voltage=3"},
		{[]zcl.ReadRecord{none, volts(30)}, "battery=100 voltage=3"},
		{[]zcl.ReadRecord{none, volts(28)}, "battery=60 voltage=2.8"},
		{[]zcl.ReadRecord{percent(255), volts(21)}, "battery=0 voltage=2.1"},
		{[]zcl.ReadRecord{none, volts(255)}, "seen"},
	} {
		s := &said{}
		r := New(s, nil, slog.New(slog.DiscardHandler))
		r.known[7] = &zigbee.Device{IEEE: 7, Studied: true, Endpoints: []zigbee.Endpoint{{ID: 1, In: []zcl.Cluster{zcl.PowerConfiguration}}}}
		r.OnEvent(zigbee.Report{Device: 7, Endpoint: 1, Cluster: zcl.PowerConfiguration, Command: zcl.ReadAttributesResponse{Records: c.records}})
		if got := strings.Join(s.words, " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.records, got, c.want)
		}
	}
}

// A remote control is a button; what switches a lamp by itself is none.
func TestRemoteControl(t *testing.T) {
	for _, c := range []struct {
		in, out []zcl.Cluster
		cmd     zcl.Command
		want    string
	}{
		{nil, []zcl.Cluster{zcl.OnOff}, zcl.Toggle{}, "button=press"},
		{nil, []zcl.Cluster{zcl.Scenes}, zcl.RecallScene{}, "button=press"},
		{nil, []zcl.Cluster{zcl.OnOff, zcl.Level}, zcl.MoveLevel{Down: true}, "button=hold"},
		{nil, []zcl.Cluster{zcl.OnOff, zcl.Level}, zcl.StopLevel{}, "seen"},
		{nil, []zcl.Cluster{zcl.OnOff}, zcl.TurnOnTimed{OnTime: 600}, "seen"},
		{[]zcl.Cluster{zcl.OnOff}, []zcl.Cluster{zcl.OnOff}, zcl.TurnOn{}, "seen"},
		{[]zcl.Cluster{zcl.Occupancy}, []zcl.Cluster{zcl.OnOff}, zcl.TurnOn{}, "seen"},
	} {
		s := &said{}
		r := New(s, nil, slog.New(slog.DiscardHandler))
		r.known[7] = &zigbee.Device{IEEE: 7, Studied: true, Endpoints: []zigbee.Endpoint{{ID: 1, In: c.in, Out: c.out}}}
		r.OnEvent(zigbee.Report{Device: 7, Endpoint: 1, Cluster: c.cmd.Head().Cluster, Command: c.cmd})
		if got := strings.Join(s.words, " "); got != c.want {
			t.Errorf("%v %v %T: %q, want %q", c.in, c.out, c.cmd, got, c.want)
		}
	}
}
