package zigbeehome

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
	"gatehouse/zigbee"
	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
)

// Kind is the name of this radio in devices and routes.
const Kind = "zigbee"

// Devices is what the radio needs of the registry.
type Devices interface {
	Introduce(home.Device)
	Report(readings ...home.Reading) // of one device, said in one breath
	SetHealth(home.DeviceID, home.Health)
	Seen(home.DeviceID, time.Time)
	Left(id home.DeviceID, by string)
	SetProblems(home.DeviceID, []home.Problem)
	SetWaiting(home.DeviceID, []home.Waiting)
	SetUpgrade(home.DeviceID, *home.Upgrade)
	// Ended writes down how a command ended that was given before the hub started.
	Ended(home.Command, error)
}

// Stick is what the radio needs of the Zigbee controller.
type Stick interface {
	Send(to zigbee.IEEE, endpoint byte, cluster zcl.Cluster, cmd zcl.Command, lane zigbee.Lane, done func(error))
	Answer(r zigbee.Report, cmd zcl.Command, done func(error))
	// Ask waits for a device's answer; it asks several times.
	Ask(ctx context.Context, to zigbee.IEEE, endpoint byte, cmd zcl.Command) (zcl.Command, error)
	// Order has a device told something once it can be; how that ended comes as an
	// event, on another goroutine.
	Order(zigbee.Order) uint64
	Waiting(zigbee.IEEE) []zigbee.Order
	Refresh(zigbee.IEEE)
	// Reread has a device asked anew who made it and what it runs.
	Reread(zigbee.IEEE)
	Remove(context.Context, zigbee.IEEE) error
	Devices() []zigbee.Device
}

// House is what the radio tells beside readings, and what it asks. No method may
// wait.
type House interface {
	// RadioUp tells that the stick answers and every sensor can be heard.
	RadioUp()
	// RadioDown tells that no sensor can be heard, and why.
	RadioDown(why error)
	// KeypadUsed hands on what was done at a keypad. code must not be logged. answer
	// is called once when something was asked for: with the mode in which the
	// keypad's area was before, and what the panel said.
	KeypadUsed(d home.DeviceID, encrypted bool, action alarm.KeypadAction, code string, answer func(before home.Mode, err error))
	// KeypadHere tells that a keypad can be told what to show, and does not show
	// it: it has joined, or can be reached again.
	KeypadHere(home.DeviceID)
	// Zones are the zones of the house, those of them that are open, and those that
	// are left out.
	Zones() (all []home.Zone, open, out []home.ZoneID)
	// DeviceReady tells that the device has been asked what it is.
	DeviceReady(d home.Device)
	// LockUsed tells what was done at a lock.
	LockUsed(home.DeviceID, home.LockUse)
	// MayUpgrade tells why a device may not fetch a firmware now, as the end of "the
	// device asked for it, and …"; nil: it may.
	MayUpgrade(home.DeviceID) error
	// Guarded tells that the house is not disarmed.
	Guarded() bool
	// Joining tells how far joining has come.
	Joining(zigbee.Join)
}

// Radio is the Zigbee radio as the house sees it.
type Radio struct {
	devices Devices
	house   House
	log     *slog.Logger
	stick   Stick // set once by Attach, before any event

	mu    sync.Mutex
	known map[zigbee.IEEE]*zigbee.Device // as last announced; the values never change
	ways  map[zigbee.IEEE]*ways          // of those that are known
	look  func(quirks.Likeness) (quirks.Quirk, bool)
	faces map[zigbee.IEEE]*face // what keypads show

	ordered  map[uint64]func(error) // who is told how an order ended
	upgrades map[zigbee.IEEE]*upgrade
}

// New makes the radio. Attach the stick before it runs.
func New(devices Devices, house House, log *slog.Logger) *Radio {
	return &Radio{
		devices: devices, house: house, log: log, known: make(map[zigbee.IEEE]*zigbee.Device), faces: make(map[zigbee.IEEE]*face), ways: make(map[zigbee.IEEE]*ways),
		ordered: make(map[uint64]func(error)), upgrades: make(map[zigbee.IEEE]*upgrade),
		look: func(l quirks.Likeness) (quirks.Quirk, bool) { return quirks.Find(nil, l) },
	}
}

// Attach names the stick; its events must be passed to OnEvent.
func (r *Radio) Attach(s Stick) { r.stick = s }

// ID is the device id of an address.
func ID(a zigbee.IEEE) home.DeviceID { return home.DeviceID("zigbee-" + a.String()) }

// AddressOf is the address of a device id.
func AddressOf(id home.DeviceID) (zigbee.IEEE, bool) {
	s, ok := strings.CutPrefix(string(id), "zigbee-")
	n, err := strconv.ParseUint(s, 16, 64)
	return zigbee.IEEE(n), ok && err == nil && len(s) == 16
}

// OnEvent takes what the stick says. It never waits.
func (r *Radio) OnEvent(e zigbee.Event) {
	switch e := e.(type) {
	case zigbee.Report:
		r.report(e)
	case zigbee.Ready:
		for _, d := range r.stick.Devices() {
			r.device(d)
			r.reached(d.IEEE, true)
			r.waits(d.IEEE, r.stick.Waiting(d.IEEE))
		}
		r.house.RadioUp()
	case zigbee.Down:
		r.deaf()
		r.house.RadioDown(e.Err)
	case zigbee.DeviceAdded:
		r.device(e.Device)
	case zigbee.DeviceChanged:
		r.device(e.Device)
	case zigbee.DeviceLeft:
		r.mu.Lock()
		delete(r.known, e.Device)
		delete(r.faces, e.Device)
		delete(r.upgrades, e.Device)
		r.forget(e.Device)
		r.mu.Unlock()
		r.devices.Left(ID(e.Device), "")
	case zigbee.OrdersChanged:
		r.waits(e.Device, e.Waiting)
	case zigbee.OrderEnded:
		r.orderEnded(e)
	case zigbee.Joining:
		r.house.Joining(e.Join)
	}
}

func (r *Radio) report(e zigbee.Report) {
	d := r.find(e.Device)
	if d == nil {
		return
	}
	id, q := ID(e.Device), r.quirk(e.Device)
	heard := false
	var said []home.Reading
	tell := func() { // what is said up to now, before what follows from it
		if len(said) > 0 {
			r.devices.Report(said...)
		}
		said = said[:0]
	}
	say := func(t home.Trait, v home.Value) {
		if t == home.LowBattery && d.Mains || q != nil && slices.Contains(q.Without, string(t)) {
			return
		}
		heard = true
		said = append(said, home.Reading{Device: id, Trait: t, Value: v, At: e.At})
	}
	var list []saying
	quirky := func(rd *quirks.Reading, v quirks.Value) {
		s := saidBy(rd, v)
		if s.trait != home.LowBattery || !d.Mains {
			heard, list = true, append(list, s)
			said = append(said, home.Reading{Device: id, Trait: s.trait, Value: s.value, At: e.At})
		}
	}
	var part zigbee.Endpoint
	for i := range d.Endpoints {
		if d.Endpoints[i].ID == e.Endpoint {
			part = d.Endpoints[i]
		}
	}
	zone := func(s zcl.ZoneStatus) {
		if q == nil || !q.Alarms() {
			zoneSays(part.Zone.Type, s, say)
			return
		}
		q.HearZone(s, quirky)
		zoneItself(s, say)
	}
	attribute := func(a zcl.Attribute) {
		switch {
		case q != nil && q.HearAttribute(e.Cluster, e.Frame.Manufacturer, a, quirky), e.Frame.Manufacturer != 0:
		case e.Cluster == zcl.IASZone && a.Attr == zcl.ZoneStatusAttr && a.Value.Known():
			zone(zcl.ZoneStatus(a.Value.N))
		default:
			attributeSays(part, e.Cluster, a.Attr, a.Value, say)
		}
	}
	switch c := e.Command.(type) {
	case zcl.ZoneStatusChange:
		zone(c.Status)
	case zcl.LockOperation:
		r.lockOperated(id, d, c, say, tell)
	case zcl.LockDoorResponse:
		r.lockAnswered(id, c.Status)
	case zcl.UnlockDoorResponse:
		r.lockAnswered(id, c.Status)
	case zcl.Alarm:
		if c.Of == zcl.DoorLock {
			r.lockWarns(id, c, say)
		}
	case zcl.ReportAttributes:
		for _, a := range c.Attributes {
			attribute(a)
		}
	case zcl.ReadAttributesResponse:
		if volts, ok := voltsAlone(c); ok && e.Cluster == zcl.PowerConfiguration {
			say(home.Battery, chargeOf(volts))
		}
		for _, a := range c.Records {
			if a.Status == zcl.Success {
				attribute(zcl.Attribute{Attr: a.Attr, Value: a.Value})
			}
		}
	default:
		if points, ok := quirks.PointsOf(c); ok && q != nil {
			q.HearPoints(points, quirky)
		}
		if e.Cluster == zcl.IASACE {
			r.pressed(e)
		}
		if e.Cluster == zcl.OTAUpgrade {
			r.upgradeSays(e)
		}
		if v, ok := pushed(c); ok && remote(part) {
			say(home.Button, v)
		}
	}
	tell()
	r.hold(e.Device, list)
	if !heard {
		r.devices.Seen(id, e.At)
	}
	r.reached(e.Device, false)
}

// find is what was last announced of a device; nil when there is none.
func (r *Radio) find(a zigbee.IEEE) *zigbee.Device {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[a]
}

// device brings a device up to date.
func (r *Radio) device(d zigbee.Device) {
	r.mu.Lock()
	before := r.known[d.IEEE]
	r.known[d.IEEE] = &d
	w := r.ways[d.IEEE]
	if before == nil || before.Studied != d.Studied || w == nil {
		w = r.learn(&d)
	}
	r.mu.Unlock()
	id, health := ID(d.IEEE), home.HealthOK
	if !d.Studied {
		health = home.HealthJoining
	}
	if before == nil || before.Studied != d.Studied || before.Firmware != d.Firmware {
		h := describe(&d, w.Quirk, health)
		r.devices.Introduce(h)
		if d.Studied {
			r.house.DeviceReady(h)
			r.reached(d.IEEE, true)
		}
	}
	r.devices.SetHealth(id, health)
	r.devices.SetProblems(id, problems(&d))
	if before != nil && d.Firmware != "" && before.Firmware != d.Firmware {
		r.booted(d.IEEE)
	}
}

func describe(d *zigbee.Device, q *quirks.Quirk, health home.Health) home.Device {
	h := home.Device{
		ID: ID(d.IEEE), Radio: Kind, Address: d.IEEE.String(), Maker: d.Maker, Model: d.Model, Firmware: d.Firmware,
		Security: home.SecurityLinkKey, Power: "battery", Health: health, Traits: traits(d), Sounder: sounder(d, q),
	}
	quirkTraits(q, d, h.Traits)
	if d.Mains {
		h.Power = "mains"
	}
	if d.Coded {
		h.Security = home.SecurityInstallCode
	}
	if d.Studied {
		h.Name = fmt.Sprintf("%s %04x", kindOf(h.Traits), uint64(d.IEEE)&0xFFFF)
	}
	return h
}

// Habit is how a device gives signs of life.
func (r *Radio) Habit(id home.DeviceID) supervision.Habit {
	a, ok := AddressOf(id)
	d := r.find(a)
	switch {
	case !ok || d == nil || !d.Studied:
		return supervision.Habit{}
	case d.Listening:
		return supervision.Habit{Class: supervision.ZigbeeListening}
	default:
		return supervision.Habit{Class: supervision.ZigbeeSleeping, Every: every(r.quirk(a), d)}
	}
}

// Ask asks a device that can be reached at any time for a sign of life.
func (r *Radio) Ask(id home.DeviceID) {
	a, ok := AddressOf(id)
	d := r.find(a)
	if !ok || d == nil || len(d.Endpoints) == 0 {
		return
	}
	q := zcl.ReadAttributes{Attrs: []zcl.Attr{zcl.BasicZCLVersion}}
	r.stick.Send(a, d.Endpoints[0].ID, zcl.Basic, q, zigbee.LanePoll, func(err error) {
		if err == nil { // it acknowledged
			r.devices.Seen(id, time.Now())
		}
	})
}

var errNoCluster = errors.New("it has no cluster for that")

// Command tells a device something. See registry.Radio.
func (r *Radio) Command(cmd home.Command, done func(error)) {
	a, ok := AddressOf(cmd.Device)
	d := r.find(a)
	if !ok || d == nil {
		done(fmt.Errorf("zigbee: device %s: %w", cmd.Device, zigbee.ErrNoDevice))
		return
	}
	e, c, lane, err := command(d, cmd)
	if part, frames, ok := quirkCommand(r.quirk(a), d, cmd); ok {
		e, c, err = part, frames[len(frames)-1], nil
		if lane = zigbee.LaneUser; cmd.Trait == home.Siren {
			lane = zigbee.LaneSiren
		}
		for _, first := range frames[:len(frames)-1] {
			r.stick.Send(a, e, quirks.Tuya, first, lane, func(error) {}) // it sounds without, too
		}
	}
	if err != nil {
		done(err)
		return
	}
	r.tell(d, e, c, lane, cmd, func(err error) {
		if err == nil && cmd.Value != home.Stop && cmd.Trait != home.Lock { // how the bolt stands the lock says when it has moved
			r.devices.Report(home.Reading{Device: cmd.Device, Trait: cmd.Trait, Value: cmd.Value, At: time.Now()})
		}
		done(err)
	})
}

// command finds the cluster in which a device understands a command.
func command(d *zigbee.Device, cmd home.Command) (endpoint byte, c zcl.Command, lane zigbee.Lane, err error) {
	if cmd.Trait == home.Siren {
		if e, ok := d.Serving(zcl.IASWD); ok && cmd.Sound.Chirp != "" {
			return e.ID, chirp(cmd.Sound.Chirp), zigbee.LaneSiren, nil // in the lane of what may follow: it must not come after an alarm
		} else if ok {
			return e.ID, warn(cmd), zigbee.LaneSiren, nil
		}
	}
	if e, ok := d.Serving(zcl.OnOff); ok && cmd.Trait == home.Switch {
		if cmd.Value == home.On {
			return e.ID, zcl.TurnOn{}, zigbee.LaneUser, nil
		}
		return e.ID, zcl.TurnOff{}, zigbee.LaneUser, nil
	}
	if e, ok := d.Serving(zcl.Level); ok && cmd.Trait == home.Level {
		return e.ID, dim(cmd.Value), zigbee.LaneUser, nil
	}
	if e, ok := d.Serving(zcl.DoorLock); ok && cmd.Trait == home.Lock {
		if cmd.Value == home.Locked {
			return e.ID, zcl.LockDoor{PIN: string(cmd.Code)}, zigbee.LaneUser, nil
		}
		return e.ID, zcl.UnlockDoor{PIN: string(cmd.Code)}, zigbee.LaneUser, nil
	}
	if e, ok := d.Serving(zcl.WindowCovering); ok && cmd.Trait == home.Cover {
		return e.ID, cover(cmd.Value), zigbee.LaneUser, nil
	}
	return 0, nil, 0, fmt.Errorf("zigbee: device %s: %w", d.IEEE, errNoCluster)
}

// Remove tells a device to leave. One that does not answer is forgotten.
func (r *Radio) Remove(ctx context.Context, id home.DeviceID) error {
	a, ok := AddressOf(id)
	if !ok {
		return fmt.Errorf("zigbee: %s is not a Zigbee device", id)
	}
	return r.stick.Remove(ctx, a)
}
