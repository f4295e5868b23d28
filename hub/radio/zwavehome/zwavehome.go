// Package zwavehome translates between Z-Wave nodes and the devices of the
// house: a node with command classes becomes a device with traits, a report
// becomes readings, a command becomes the class that the node understands
// best. The tables in meaning.go are the whole of what it knows.
//
// Events come on the goroutine that reads the stick, and a reading goes from
// there to the panel without a detour.
package zwavehome

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

// Kind is the name of this radio in devices and routes.
const Kind = "zwave"

// Devices is what the radio needs of the registry.
type Devices interface {
	Introduce(home.Device)
	Report(readings ...home.Reading) // of one device, said in one breath
	SetHealth(home.DeviceID, home.Health)
	Seen(home.DeviceID, time.Time)
	Left(id home.DeviceID, by string)
}

// Stick is what the radio needs of the Z-Wave controller.
type Stick interface {
	Send(node zwave.NodeID, payload []byte, lane zwave.Lane, done func(error))
	Refresh(node zwave.NodeID)
	RemoveFailed(node zwave.NodeID, done func(error))
	Nodes() []zwave.Node
}

// House is what the radio tells beside readings. No method may wait.
type House interface {
	// RadioUp tells that the stick answers and every sensor can be heard.
	RadioUp()
	// RadioDown tells that no sensor can be heard, and why.
	RadioDown(why error)
	// KeypadUsed hands on what was done at a keypad. code must not be logged.
	KeypadUsed(d home.DeviceID, encrypted bool, action alarm.KeypadAction, code string)
	// KeypadHere tells that a keypad can be told what to show, and does not show
	// it: it has joined, or can be reached again.
	KeypadHere(home.DeviceID)
	// DeviceReady tells that the device has been asked what it is.
	DeviceReady(d home.Device)
	// Joining tells how far joining or leaving has come.
	Joining(zwave.Join)
}

// Radio is the Z-Wave radio as the house sees it.
type Radio struct {
	devices Devices
	house   House
	log     *slog.Logger

	stick Stick // set once by Attach, before any event

	mu    sync.Mutex
	nodes map[zwave.NodeID]*zwave.Node // as last announced; the values never change
	faces map[zwave.NodeID]*face       // what keypads were last told to show
	lost  map[zwave.NodeID]bool        // keypads that could not be told
	asked map[zwave.NodeID]bool        // sleepers that were asked how they are since the stick is up
}

// New makes the radio. Attach the stick before it runs.
func New(devices Devices, house House, log *slog.Logger) *Radio {
	return &Radio{
		devices: devices, house: house, log: log, nodes: make(map[zwave.NodeID]*zwave.Node), asked: make(map[zwave.NodeID]bool),
		faces: make(map[zwave.NodeID]*face), lost: make(map[zwave.NodeID]bool),
	}
}

// Attach names the stick; its events must be passed to OnEvent.
func (r *Radio) Attach(s Stick) { r.stick = s }

// ID is the device id of a node.
func ID(n zwave.NodeID) home.DeviceID {
	return home.DeviceID("zwave-" + strconv.Itoa(int(n)))
}

// NodeOf is the node of a device id.
func NodeOf(id home.DeviceID) (zwave.NodeID, bool) {
	s, ok := strings.CutPrefix(string(id), "zwave-")
	n, err := strconv.ParseUint(s, 10, 16)
	return zwave.NodeID(n), ok && err == nil && n > 0
}

// OnEvent takes what the stick says. It never waits.
func (r *Radio) OnEvent(e zwave.Event) {
	switch e := e.(type) {
	case zwave.Report:
		r.report(e)
	case zwave.Ready:
		r.mu.Lock()
		clear(r.asked)
		r.mu.Unlock()
		for _, n := range r.stick.Nodes() {
			r.node(n)
			r.reached(n.ID)
		}
		r.house.RadioUp()
	case zwave.Down:
		r.house.RadioDown(e.Err)
	case zwave.NodeAdded:
		r.node(e.Node)
	case zwave.NodeChanged:
		r.node(e.Node)
	case zwave.NodeRemoved:
		r.mu.Lock()
		delete(r.nodes, e.Node)
		delete(r.faces, e.Node)
		delete(r.lost, e.Node)
		r.mu.Unlock()
		r.devices.Left(ID(e.Node), "")
	case zwave.Joining:
		r.house.Joining(e.Join)
	}
}

func (r *Radio) report(e zwave.Report) {
	id := ID(e.Node)
	if c, ok := e.Command.(cc.EntryControlNotification); ok {
		r.press(e, c)
		return
	}
	n := r.known(e.Node)
	if n == nil {
		return
	}
	said := meanings(n, e.Command)
	if len(said) == 0 {
		r.devices.Seen(id, e.At)
		r.heard(e.Node)
		return
	}
	readings := make([]home.Reading, len(said))
	for i, m := range said {
		readings[i] = home.Reading{Device: id, Trait: m.trait, Value: m.value, At: e.At}
	}
	r.devices.Report(readings...)
	r.heard(e.Node)
}

// known is what was last announced of a node; nil when there is no such node.
func (r *Radio) known(id zwave.NodeID) *zwave.Node {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.nodes[id]
}

// node brings the device of a node up to date.
func (r *Radio) node(n zwave.Node) {
	r.mu.Lock()
	before := r.nodes[n.ID]
	r.nodes[n.ID] = &n
	// What a sleeper said before the stick was up is not known to hold: the
	// first time that it is awake, it is asked. The stick asks the others.
	ask := n.State == zwave.StateAwake && n.Stage == zwave.StageDone && !r.asked[n.ID] && before != nil && before.Stage == zwave.StageDone
	if n.State == zwave.StateAwake {
		r.asked[n.ID] = true
	}
	r.mu.Unlock()
	if ask {
		r.stick.Refresh(n.ID)
	}
	id := ID(n.ID)
	health := healthOf(&n)
	if before != nil && n.LastSeen.After(before.LastSeen) {
		r.devices.Seen(id, n.LastSeen) // an acknowledgement is a sign of life too
	}
	if before == nil || before.Stage != n.Stage {
		d := r.describe(&n, health)
		r.devices.Introduce(d)
		if n.Stage == zwave.StageDone {
			r.house.DeviceReady(d)
		}
	}
	r.devices.SetHealth(id, health)
	if health == home.HealthOK && before != nil && healthOf(before) != home.HealthOK {
		r.reached(n.ID)
	}
}

func (r *Radio) describe(n *zwave.Node, health home.Health) home.Device {
	d := home.Device{
		ID: ID(n.ID), Radio: Kind, Address: strconv.Itoa(int(n.ID)),
		Firmware: n.Firmware, Security: security(n.Security), Power: "battery", Health: health,
		Traits: make(map[home.Trait]home.State), Sounder: sounder(n),
	}
	if n.Listening {
		d.Power = "mains"
	}
	if n.Maker != 0 {
		d.Maker = fmt.Sprintf("0x%04x", n.Maker)
		d.Model = fmt.Sprintf("0x%04x:0x%04x", n.Type, n.Product)
	}
	for _, t := range traits(n) {
		d.Traits[t] = home.State{}
	}
	if n.Stage == zwave.StageDone {
		d.Name = fmt.Sprintf("%s %d", kindOf(n), n.ID)
	}
	return d
}

func healthOf(n *zwave.Node) home.Health {
	switch {
	case n.State == zwave.StateDead:
		return home.HealthFailed
	case n.Stage != zwave.StageDone:
		return home.HealthJoining
	default:
		return home.HealthOK
	}
}

// Habit is how a device gives signs of life.
func (r *Radio) Habit(id home.DeviceID) supervision.Habit {
	node, ok := NodeOf(id)
	n := r.known(node)
	switch {
	case !ok || n == nil || n.Stage != zwave.StageDone:
		return supervision.Habit{}
	case n.Listening:
		return supervision.Habit{Class: supervision.ZwaveListening}
	case n.Beamed:
		return supervision.Habit{Class: supervision.ZwaveBeamed}
	default:
		return supervision.Habit{Class: supervision.ZwaveSleeping, Every: time.Duration(n.WakeInterval) * time.Second}
	}
}

// nop asks a node for nothing but its acknowledgement (SDS13548, No Operation).
var nop = []byte{0x00}

// Ask asks a device that can be reached at any time for a sign of life.
func (r *Radio) Ask(id home.DeviceID) {
	n, ok := NodeOf(id)
	if !ok {
		return
	}
	r.stick.Send(n, nop, zwave.LanePoll, func(err error) {
		if err == nil {
			r.devices.Seen(id, time.Now())
		}
	})
}

func security(s zwave.Security) home.Security {
	switch s {
	case zwave.SecurityS0:
		return home.SecurityS0
	case zwave.SecurityS2Unauthenticated:
		return home.SecurityS2Unauthenticated
	case zwave.SecurityS2Authenticated:
		return home.SecurityS2Authenticated
	case zwave.SecurityS2AccessControl:
		return home.SecurityS2AccessControl
	default:
		return home.SecurityNone
	}
}

// Command tells a node something. See registry.Radio.
func (r *Radio) Command(cmd home.Command, done func(error)) {
	id, ok := NodeOf(cmd.Device)
	n := r.known(id)
	if !ok || n == nil {
		done(fmt.Errorf("zwave: device %s: %w", cmd.Device, zwave.ErrNoNode))
		return
	}
	payloads, lane, err := command(n, cmd)
	if err != nil {
		done(err)
		return
	}
	one := all(len(payloads), func(err error) {
		switch {
		case err != nil:
		case n.Has(cc.Supervision):
			// It confirmed that it does so, and owes no report beside that.
			r.devices.Report(home.Reading{Device: cmd.Device, Trait: cmd.Trait, Value: cmd.Value, At: time.Now()})
		default:
			r.stick.Refresh(id) // it took the command; what it made of it, it says when asked
		}
		done(err)
	})
	for _, payload := range payloads {
		r.stick.Send(id, payload, lane, one)
	}
}

// command finds the class in which a node understands a command best.
func command(n *zwave.Node, cmd home.Command) (payloads [][]byte, lane zwave.Lane, err error) {
	switch {
	case cmd.Trait == home.Siren:
		return sound(n, cmd), zwave.LaneSiren, nil
	case cmd.Trait == home.Switch && n.Has(cc.BinarySwitch):
		return [][]byte{cc.Bytes(cc.BinarySwitchSet{Value: cc.OnOff(cmd.Value == home.On)})}, zwave.LaneUser, nil
	default:
		return nil, 0, fmt.Errorf("zwave: node %d: %w", n.ID, errNoClass)
	}
}

var errNoClass = errors.New("it has no command class for that")

// Remove takes a node that no longer answers out of the network. A node that
// answers has to leave by exclusion, at the device.
func (r *Radio) Remove(ctx context.Context, id home.DeviceID) error {
	n, ok := NodeOf(id)
	if !ok {
		return fmt.Errorf("zwave: %s is not a Z-Wave device", id)
	}
	if r.known(n) == nil {
		return nil // the network does not know it any more
	}
	answer := make(chan error, 1)
	r.stick.RemoveFailed(n, func(err error) { answer <- err })
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
