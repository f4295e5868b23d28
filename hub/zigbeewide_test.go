package hub

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"gatehouse/hub/face/api"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/zigbee/zigbeesim"
)

// welcome lets a device join and waits until it is known.
func (m *meadow) welcome(d interface {
	Press()
	IEEE() uint64
},
) home.DeviceID {
	m.t.Helper()
	if err := m.lets(api.JoinRequest{WithoutCode: true}); err != nil {
		m.t.Fatal(err)
	}
	d.Press()
	m.pass(45 * time.Second)
	if j := m.zigbee.Joining(); j.Step != "done" {
		m.t.Fatalf("joining ended as %+v", j)
	}
	return m.id(d)
}

// reads checks what a trait of a device says.
func (m *meadow) reads(id home.DeviceID, t home.Trait, want home.Value) {
	m.t.Helper()
	d, _ := m.devices.Device(id)
	if got := d.Traits[t].Value; got != want {
		m.t.Errorf("%s: %s is %s, want %s", d.Name, t, got, want)
	}
}

func (m *meadow) order(id home.DeviceID, t home.Trait, v home.Value) {
	m.t.Helper()
	if _, err := m.devices.Command(home.Command{Device: id, Trait: t, Value: v}, "Anna"); err != nil {
		m.t.Fatal(err)
	}
}

// journalled tells whether the journal has a line of that kind.
func (m *meadow) journalled(kind, text string) bool {
	m.t.Helper()
	if err := m.journal.Flush(context.Background()); err != nil {
		m.t.Fatal(err)
	}
	page, _, err := m.journal.Page(journal.Query{Kind: kind, Limit: 1000})
	if err != nil {
		m.t.Fatal(err)
	}
	return slices.ContainsFunc(page, func(e home.Event) bool { return e.Text == text })
}

// A zone that nobody has enrolled guards nothing: it says so, and stands in the
// way of arming until it is.
func TestZoneThatIsNotEnrolledIsSaid(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		window := m.sim.NewContact(zigbeesim.Make{AsksToEnroll: true, DeafToEnroll: 2})
		id := m.welcome(window)
		item := m.present(health.NotEnrolled, id, "will not report alarms until")
		if !slices.Equal(item.Blocks, home.Modes) {
			t.Errorf("it stands in the way of %v", item.Blocks)
		}
		if d, _ := m.devices.Device(id); !slices.Equal(d.Problems, []home.Problem{home.NotEnrolled}) {
			t.Errorf("the device: %+v", d)
		}
		m.pass(5 * time.Minute)
		m.absent(health.NotEnrolled, id)
		window.Open()
		m.pass(time.Second)
		m.reads(id, home.Contact, home.Open)
	})
}

// A device that refuses to report is asked, and that is said.
func TestDeviceThatRefusesToReportIsSaid(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		plug := m.sim.NewPlug(zigbeesim.Make{KeepsQuiet: true})
		id := m.welcome(plug)
		m.present(health.NotReporting, id, "refuses to report by itself")
		plug.Turn(true)
		m.pass(2 * time.Minute)
		m.reads(id, home.Switch, home.On)
		if err := m.devices.Remove(t.Context(), id, "Anna"); err != nil {
			t.Fatal(err)
		}
		m.pass(time.Second)
		m.absent(health.NotReporting, id)
	})
}

// Everything that a lock does: it is told, it is used by hand and with a PIN, its
// bolt jams, its door is forced.
func TestZigbeeLock(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		door := m.sim.NewLock(zigbeesim.Make{})
		id := m.welcome(door)
		if _, err := m.devices.Rename(id, "Lock", "", "Anna"); err != nil {
			t.Fatal(err)
		}
		m.reads(id, home.Lock, home.Locked)
		m.order(id, home.Lock, home.Unlocked)
		m.pass(10 * time.Second)
		m.reads(id, home.Lock, home.Unlocked)
		door.Turn(true)
		m.pass(time.Second)
		m.reads(id, home.Lock, home.Locked)
		if !m.journalled(home.KindAccess, "Lock was locked by hand.") {
			t.Error("nobody wrote down that it was locked by hand")
		}
		door.Enter("1111")
		m.pass(time.Second)
		if !m.journalled(home.KindAccess, "Lock was given a wrong code.") {
			t.Error("nobody wrote down that a wrong code was entered")
		}
		code := home.LockCode{Device: id, User: 2, Person: "Ada"}
		if err := m.locks.Put(t.Context(), code, "24680", "Anna"); err != nil || door.PIN(2) != "24680" {
			t.Errorf("a code: %v, the lock knows %q", err, door.PIN(2))
		}
		code.User = 3
		if _, taken := errors.AsType[*home.Invalid](m.locks.Put(t.Context(), code, "24680", "Anna")); !taken {
			t.Error("two have the same code")
		}
		door.Enter("24680")
		m.pass(time.Second)
		m.reads(id, home.Lock, home.Unlocked)
		if !m.journalled(home.KindAccess, "Ada unlocked Lock with a code.") {
			t.Error("nobody wrote down who unlocked it")
		}
		if all, err := m.locks.Codes(id); err != nil || len(all) != 1 {
			t.Errorf("the codes: %v, %v", all, err)
		}
		door.WantPIN()
		m.order(id, home.Lock, home.Locked)
		m.pass(10 * time.Second)
		m.reads(id, home.Lock, home.Unlocked) // it wants a code by radio, too
		if !m.journalled(home.KindAccess, "Lock refused what the hub told it; it may want a code.") {
			t.Error("nobody wrote down that it refused")
		}
		if _, err := m.devices.Command(home.Command{Device: id, Trait: home.Lock, Value: home.Locked, Code: "24680"}, "Anna"); err != nil {
			t.Fatal(err)
		}
		m.pass(10 * time.Second)
		m.reads(id, home.Lock, home.Locked)
		if err := m.locks.Delete(t.Context(), id, 2, "Anna"); err != nil || door.PIN(2) != "" {
			t.Errorf("taken away: %v, the lock knows %q", err, door.PIN(2))
		}
		door.WantNoPIN()
		door.Jam()
		m.order(id, home.Lock, home.Unlocked)
		m.pass(10 * time.Second)
		m.reads(id, home.Lock, home.Jammed)
		door.Free()
		m.order(id, home.Lock, home.Locked)
		m.pass(10 * time.Second)
		m.reads(id, home.Lock, home.Locked)
		door.Force()
		m.pass(time.Second)
		m.reads(id, home.Tamper, home.True)
		m.present(health.DeviceTampered, id, "Lock")
		door.TakeBattery()
		m.pass(time.Minute)
		if _, asleep := errors.AsType[*home.Conflict](m.locks.Put(t.Context(), code, "13579", "Anna")); !asleep {
			t.Error("a lock that does not answer has taken a code")
		}
	})
}

// A door is never unlocked after whoever asked for it has gone.
func TestZigbeeLockIsNotUnlockedLater(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		door := m.sim.NewLock(zigbeesim.Make{})
		id := m.welcome(door)
		door.TakeBattery()
		m.order(id, home.Lock, home.Unlocked)
		m.pass(10 * time.Second)
		d, _ := m.devices.Device(id)
		if len(d.Waiting) != 1 || d.Waiting[0].Trait != home.Lock || d.Waiting[0].Value != home.Unlocked || d.Waiting[0].Until.Sub(d.Waiting[0].Since.Time) != 15*time.Second {
			t.Errorf("there waits %+v", d.Waiting)
		}
		m.pass(20 * time.Second)
		if d, _ := m.devices.Device(id); d.Waiting != nil {
			t.Errorf("there waits %+v", d.Waiting)
		}
		if !m.journalled(home.KindCommand, d.Name+": lock could not be set to unlocked.") {
			t.Error("nobody says that it was not unlocked")
		}
		door.PutBattery()
		m.pass(time.Minute)
		if s := door.State(); s != "locked" {
			t.Errorf("the door is %s", s)
		}
	})
}

func TestZigbeeLampsShuttersAndMeasures(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		lamp, shutter, air, meter := m.sim.NewDimmer(zigbeesim.Make{}), m.sim.NewCovering(zigbeesim.Make{}), m.sim.NewClimate(zigbeesim.Make{}), m.sim.NewMeter(zigbeesim.Make{})
		l, s, a, e := m.welcome(lamp), m.welcome(shutter), m.welcome(air), m.welcome(meter)
		m.order(l, home.Level, home.Number(40))
		m.order(s, home.Cover, home.Number(25))
		m.order(e, home.Switch, home.On)
		air.Feel(-525, 8010)
		m.pass(2 * time.Second)
		if lamp.Level() != 40 || !lamp.On() || shutter.Down() != 75 {
			t.Errorf("the lamp glows at %d %%, on %v; the shutter is %d %% down", lamp.Level(), lamp.On(), shutter.Down())
		}
		m.reads(l, home.Switch, home.On)
		m.reads(s, home.Cover, home.Number(25))
		m.order(s, home.Cover, home.Stop)
		shutter.Turn(100)
		meter.Draw(1500)
		m.pass(2 * time.Second)
		m.reads(s, home.Cover, home.Number(0))
		m.reads(a, home.Temperature, home.Number(-5.25))
		m.reads(a, home.Humidity, home.Number(80.1))
		m.reads(e, home.Power, home.Number(1500))
		m.reads(e, home.Energy, home.Number(0.1))
		m.pass(31 * time.Minute)
		m.reads(e, home.Voltage, home.Number(230))
		m.reads(e, home.Current, home.Number(6.521))
	})
}

// A remote control that can be bound to nothing but a group is a button, and a rule
// may hang on it.
func TestZigbeeRemoteControl(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		remote := m.sim.NewRemote(zigbeesim.Make{IEEE: 0x00158D0000000E00}, true)
		id := m.welcome(remote)
		remote.Push(0x0005, 0x05, 0x07, 0x00, 0x01)
		m.pass(time.Second)
		m.reads(id, home.Button, home.Word("press"))
		remote.Push(0x0008, 0x01, 0x00, 0x40)
		m.pass(time.Second)
		m.reads(id, home.Button, home.Word("hold"))
	})
}
