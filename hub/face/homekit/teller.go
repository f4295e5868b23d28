package homekit

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/face/homekit/hap"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

const (
	// settle is how long after devices came or went, or gained a trait, Apple Home
	// is told of the bridge's new shape: one new shape for all of them.
	settle = 5 * time.Second
	// answerTime is how long a device may take to do what Apple Home asked of it;
	// then Apple Home is told how it really is.
	answerTime = 10 * time.Second
)

// houseKey is the alarm of the house; areaKey that of another area.
const houseKey = "area/" + string(home.TheHouse)

func areaKey(id home.AreaID) string { return "area/" + string(id) }

// teller turns news into changes. Its run is the one goroutine that does.
type teller struct {
	f *Face

	alarms   *bus.Subscription[home.Alarm]
	devices  *bus.Subscription[home.Device]
	readings *bus.Subscription[home.Reading]
	healths  *bus.Subscription[health.Change]

	troubles map[home.DeviceID]trouble
	there    map[home.DeviceID]home.Device
	panel    home.Alarm
	cameras  bool // are shown
	shapeDue time.Time
	told     announcement
}

// announcement is what was told last of where the bridge is.
type announcement struct {
	port int
	text []string
}

// trouble is what the house's conditions say of a device.
type trouble struct{ low, fault bool }

// newTeller subscribes, so that nothing is missed between the first picture and
// the news.
func newTeller(f *Face) *teller {
	return &teller{
		f:        f,
		alarms:   f.o.AlarmChanges.Subscribe(32),
		devices:  f.o.DeviceChanges.Subscribe(256),
		readings: f.o.Readings.SubscribeTo(64, func(r home.Reading) bool { return r.Trait == home.Button }),
		healths:  f.o.HealthChanges.Subscribe(1), // only that something changed
	}
}

func (t *teller) close() {
	t.alarms.Close()
	t.devices.Close()
	t.readings.Close()
	t.healths.Close()
}

// everything makes the picture of the house.
func (t *teller) everything() {
	t.look()
	t.panel = t.f.o.Alarm.State()
	t.shape()
}

// look reads the devices and what is wrong with them.
func (t *teller) look() {
	t.troubles = map[home.DeviceID]trouble{}
	for _, item := range t.f.o.Health.List() {
		if item.Device == "" || item.Severity == home.SeverityInfo {
			continue
		}
		now := t.troubles[item.Device]
		switch health.Code(item.Code) {
		case health.BatteryLow, health.BatteryEmpty:
			now.low = true
		case health.DeviceTampered: // the cover says so itself
		default:
			now.fault = true
		}
		t.troubles[item.Device] = now
	}
	t.there = map[home.DeviceID]home.Device{}
	for _, d := range t.f.o.Devices.Devices() {
		t.there[d.ID] = d
	}
}

// of is what an accessory of a device is about. A device that joins is shown once
// what it can do is known; one that does so again, as a camera does when it is
// changed, stays.
func (t *teller) of(d home.Device) subject {
	now := t.troubles[d.ID]
	s := subject{version: t.f.o.Version, device: d, low: now.low, fault: now.fault}
	_, met := t.f.keeper.state().Accessories[string(d.ID)]
	s.unshown = d.Health == home.HealthJoining && !met || isCamera(&s) && !t.cameras
	return s
}

// areas are the subjects of the panel.
func (t *teller) areas() map[string]subject {
	all := map[string]subject{}
	s := subject{version: t.f.o.Version}
	for _, item := range t.panel.Troubles {
		s.fault = s.fault || item.Severity != home.SeverityInfo
		s.tamper = s.tamper || item.Code == string(health.DeviceTampered)
	}
	house := home.AreaState{ID: home.TheHouse, Name: "Alarm", Mode: t.panel.Mode, Like: t.panel.Like, Phase: t.panel.Phase}
	for _, a := range t.panel.Areas {
		if a.ID == home.TheHouse {
			house.Like, house.Mode = a.Like, a.Mode
			continue
		}
		area := s
		area.area, area.alarm = &a, a.Phase == home.PhaseAlarm
		all[areaKey(a.ID)] = area
	}
	s.area, s.alarm = &house, t.panel.Phase == home.PhaseAlarm // one that runs anywhere
	all[houseKey] = s
	return all
}

// shape makes the accessories of what there is now.
func (t *teller) shape() {
	t.shapeDue, t.cameras = time.Time{}, t.f.keeper.state().Settings.Cameras
	subjects := t.areas()
	subjects[""] = subject{bridge: t.f.o.Name, version: t.f.o.Version}
	for _, d := range t.there {
		subjects[string(d.ID)] = t.of(d)
	}
	changed, leftOut, err := t.f.bridge.shape(subjects)
	if err != nil {
		t.f.o.Log.Error("apple home accessories not kept", "err", err)
	}
	t.f.o.Full(leftOut)
	for key, s := range subjects {
		t.f.server.Notify(t.f.bridge.put(key, s)...)
	}
	if changed {
		t.announce(t.f.Port())
	}
}

// announce tells where the bridge is if that has changed; with port 0, that it is
// found no more.
func (t *teller) announce(port int) {
	now := announcement{port: port}
	if port != 0 {
		now.text = text(t.f.keeper.state(), t.f.o.Name)
	}
	if t.f.o.Announce == nil || now.port == t.told.port && slices.Equal(now.text, t.told.text) {
		return
	}
	t.told = now
	t.f.o.Announce(now.port, now.text)
}

// run tells the news until ctx ends, nobody is to be served any more, or ended
// says why the server has.
func (t *teller) run(ctx context.Context, ended <-chan error) error {
	t.announce(t.f.Port())
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	for {
		due.Reset(t.next(time.Now()))
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			if ctx.Err() != nil {
				return nil // it was quicker to see that
			}
			if err == nil {
				err = errors.New("homekit: the server ended by itself")
			}
			return err
		case <-t.f.wake:
			if t.f.done() {
				return nil
			}
			if t.f.keeper.state().Settings.Cameras != t.cameras {
				t.shape() // at once: what the owner does not show any more is not told either
			}
			t.announce(t.f.Port())
		case <-t.alarms.Wake():
		case <-t.devices.Wake():
		case <-t.readings.Wake():
		case <-t.healths.Wake():
			t.healths.TryNext()
			t.look()
			for _, d := range t.there {
				t.device(d)
			}
		case <-due.C:
			if t.f.done() { // the window has closed
				return nil
			}
		}
		// The alarm goes first, whatever woke us.
		t.tellAlarms()
		t.tellDevices()
		t.tellPresses()
		t.f.server.Notify(t.f.bridge.overdue(time.Now())...)
		if !t.shapeDue.IsZero() && !time.Now().Before(t.shapeDue) {
			t.shape()
		}
	}
}

// next is how long nothing has to be done by itself.
func (t *teller) next(now time.Time) time.Duration {
	wait := time.Hour
	sooner := func(at time.Time) {
		if !at.IsZero() {
			wait = min(wait, max(at.Sub(now), 0))
		}
	}
	sooner(t.f.server.OpenUntil())
	sooner(t.shapeDue)
	sooner(t.f.bridge.nextOverdue())
	return wait
}

// tellAlarms tells each state that the panel went through, not only the last.
func (t *teller) tellAlarms() {
	for {
		it, ok := t.alarms.TryNext()
		if !ok {
			return
		}
		t.panel = it.Value
		for key, s := range t.areas() {
			t.f.server.Notify(t.f.bridge.put(key, s)...)
			if !t.f.bridge.shows(key, &s) {
				t.reshape()
			}
		}
	}
}

// tellDevices tells each reading. What the bus lost is looked up.
func (t *teller) tellDevices() {
	for {
		it, ok := t.devices.TryNext()
		if !ok {
			return
		}
		if it.Gap {
			t.look()
			for _, d := range t.there {
				t.device(d)
			}
			t.reshape()
		}
		d := it.Value
		if d.Health == "" { // it has left
			delete(t.there, d.ID)
			t.reshape()
			continue
		}
		t.there[d.ID] = d
		t.device(d)
	}
}

func (t *teller) device(d home.Device) {
	s := t.of(d)
	t.f.server.Notify(t.f.bridge.put(string(d.ID), s)...)
	if !t.f.bridge.shows(string(d.ID), &s) {
		t.reshape()
	}
}

// reshape has the shape looked at soon.
func (t *teller) reshape() {
	if t.shapeDue.IsZero() {
		t.shapeDue = time.Now().Add(settle)
	}
}

// tellPresses tells what buttons say, each time.
func (t *teller) tellPresses() {
	for {
		it, ok := t.readings.TryNext()
		if !ok {
			return
		}
		t.f.server.Notify(t.f.bridge.pressed(it.Value)...)
	}
}

// asked is something that Apple Home asked of a device, and when it should be done.
type asked struct {
	key string
	id  hap.ID
	due time.Time
}
