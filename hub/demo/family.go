// Package demo is a simulated family: a house full of devices that hang on two
// simulated sticks, and somebody to open its doors. The hub that guards it is
// the real one, with its real drivers; only the far end of the wire is not.
package demo

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"gatehouse/hub"
	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zigbeesim"
	"gatehouse/zwave"
	"gatehouse/zwave/zwavesim"
)

// Family is the simulated hardware of one home.
type Family struct {
	Stick *zwavesim.Stick
	Mesh  *zigbeesim.Stick // the Zigbee stick
	items []*item
	eyes  map[camsim.Place]*eye // none before openEyes
	power supply                // of the hub
	clock clock                 // of the hub's box
}

// item is one device in the house and what can be done to it.
type item struct {
	key, name, room, kind string
	node                  *zwavesim.Node  // nil: it is a Zigbee device
	leaf                  *zigbeesim.Node // nil: it is a Z-Wave node
	eye                   *eye            // nil: it is no camera
	acts                  map[string]func()
	enter                 func(digits, act string) error // keypads
	speak                 func()                         // of one that says by itself how it is, and cannot be asked
	state                 func() string
	shows                 func() *display // keypads
}

func (it *item) device() home.DeviceID {
	if it.eye != nil {
		return it.eye.known.ID
	}
	if it.leaf != nil {
		return zigbeehome.ID(zigbee.IEEE(it.leaf.IEEE()))
	}
	return zwavehome.ID(zwave.NodeID(it.node.ID()))
}

// NewFamily furnishes a home. All devices have joined already; they are asleep
// until the hub or somebody wakes them.
func NewFamily(o zwavesim.Options) *Family { return newFamily(o, newMesh()) }

func newFamily(o zwavesim.Options, mesh *zigbeesim.Stick) *Family {
	f := &Family{Stick: zwavesim.New(o), Mesh: mesh, eyes: map[camsim.Place]*eye{}}
	f.contact("front-door", "Front door", "Hall")
	f.contact("back-door", "Back door", "Kitchen")
	f.contact("kitchen-window", "Kitchen window", "Kitchen")
	f.contact("bathroom-window", "Bathroom window", "Bathroom")
	f.motion("hall-motion", "Hall motion", "Hall")
	f.leak("cellar-leak", "Cellar leak", "Cellar")
	f.smoke("landing-smoke", "Landing smoke", "Landing")
	f.siren("siren", "Siren", "Landing")
	f.plug("lamp", "Lamp", "Living room")
	f.keypad("keypad", "Keypad", "Hall")
	f.mesh()
	return f
}

func (f *Family) put(it *item, d zwavesim.Device, node *zwavesim.Node) {
	it.node = node
	it.acts["battery-low"] = func() { node.SetBattery(14) }
	it.acts["battery-good"] = func() { node.SetBattery(90) }
	it.acts["battery-out"] = node.TakeBattery
	it.acts["battery-in"] = node.PutBattery
	it.acts["cover-open"] = func() { node.Tamper(true) }
	it.acts["cover-closed"] = func() { node.Tamper(false) }
	it.acts["wake"] = node.WakeUp
	f.Stick.Place(d)
	f.items = append(f.items, it)
}

func word(yes bool, then, otherwise string) string {
	if yes {
		return then
	}
	return otherwise
}

func (f *Family) contact(key, name, room string) {
	d := f.Stick.NewContact(zwavesim.Make{Name: name, Supervised: true})
	f.put(&item{
		key: key, name: name, room: room, kind: "contact",
		acts:  map[string]func(){"open": d.Open, "close": d.Close},
		state: func() string { return word(d.IsOpen(), "open", "closed") },
	}, d, d.Node)
}

func (f *Family) motion(key, name, room string) {
	d := f.Stick.NewMotion(zwavesim.Make{Name: name})
	f.put(&item{
		key: key, name: name, room: room, kind: "motion",
		acts: map[string]func(){
			"walk": func() {
				d.Walk()
				time.AfterFunc(3*time.Second, d.Still)
			},
			"still": d.Still,
		},
		state: func() string { return word(d.Sees(), "sees someone", "sees nobody") },
	}, d, d.Node)
}

func (f *Family) leak(key, name, room string) {
	d := f.Stick.NewLeak(zwavesim.Make{Name: name})
	f.put(&item{
		key: key, name: name, room: room, kind: "leak",
		acts:  map[string]func(){"spill": d.Spill, "dry": d.Dry},
		state: func() string { return word(d.IsWet(), "wet", "dry") },
	}, d, d.Node)
	d.SetBattery(worn)
}

func (f *Family) smoke(key, name, room string) {
	d := f.Stick.NewSmoke(zwavesim.Make{Name: name})
	filled := false
	var mu sync.Mutex
	set := func(v bool, do func()) func() {
		return func() {
			mu.Lock()
			filled = v
			mu.Unlock()
			do()
		}
	}
	f.put(&item{
		key: key, name: name, room: room, kind: "smoke",
		acts: map[string]func(){"fill": set(true, d.Fill), "air": set(false, d.Air)},
		state: func() string {
			mu.Lock()
			defer mu.Unlock()
			return word(filled, "smoke", "clear")
		},
	}, d, d.Node)
}

func (f *Family) siren(key, name, room string) {
	d := f.Stick.NewSiren(zwavesim.Make{Name: name, Strobe: true})
	f.put(&item{
		key: key, name: name, room: room, kind: "siren", acts: map[string]func(){},
		state: func() string {
			said := "silent"
			if d.Sounding() {
				said = "sounds: " + d.Plays()
			}
			return said + word(d.Flashing(), ", flashes", "")
		},
	}, d, d.Node)
}

func (f *Family) plug(key, name, room string) {
	d := f.Stick.NewPlug(zwavesim.Make{Name: name})
	f.put(&item{
		key: key, name: name, room: room, kind: "plug",
		acts:  map[string]func(){"on": func() { d.Turn(true) }, "off": func() { d.Turn(false) }},
		state: func() string { return word(d.On(), "on", "off") },
	}, d, d.Node)
}

// jammer is how loud a cheap transmitter in front of the house is, in dBm.
const jammer = -48

// noisy is how loud a neighbour's Wi-Fi is on the Zigbee channel, in dBm.
const noisy = -58

// anotherStick is the address of a Zigbee stick fresh from the shop.
const anotherStick = 0x00124B000000F00D

// Do does something in the house: act on the item with that key, on the "stick",
// on the "zigbee-stick", or on the hub's "power" or "clock". digits go with a keypad's keys.
func (f *Family) Do(key, act, digits string) error {
	if key == "stick" {
		switch act {
		case "pull":
			f.Stick.Unplug()
			return nil
		case "plug":
			f.Stick.Plug()
			return nil
		case "jam":
			f.Stick.SetNoise(jammer)
			return nil
		case "quiet":
			f.Stick.SetNoise(zwavesim.Quiet)
			return nil
		}
		return &home.Invalid{Field: "act", Reason: fmt.Sprintf("the stick can be pulled (pull) and plugged in (plug), its air jammed (jam) and left alone (quiet), not %q", act)}
	}
	if key == "zigbee-stick" {
		switch act {
		case "pull":
			f.Mesh.Unplug()
			return nil
		case "plug":
			f.Mesh.Plug()
			return nil
		case "swap":
			f.Mesh.ReplaceBy(zigbeesim.Options{IEEE: anotherStick})
			return nil
		case "noise":
			f.Mesh.Inject(zigbeesim.Fault{Kind: zigbeesim.Noise, Channel: meshNetwork.Channel, Level: noisy})
			return nil
		case "quiet":
			f.Mesh.Heal()
			return nil
		}
		return &home.Invalid{Field: "act", Reason: fmt.Sprintf("the Zigbee stick can be pulled (pull), plugged in (plug) and swapped for a fresh one (swap), its channel made loud (noise) and left alone (quiet), not %q", act)}
	}
	if key == "power" {
		switch act {
		case "cut":
			return f.power.set(false)
		case "restore":
			return f.power.set(true)
		case "drain":
			return f.power.drain()
		case "charge":
			return f.power.charge()
		}
		return &home.Invalid{Field: "act", Reason: fmt.Sprintf("the mains can be cut (cut) and restored (restore), the hub's battery drained (drain) and charged (charge), not %q", act)}
	}
	if key == "clock" {
		switch act {
		case "forward":
			f.clock.set(time.Hour)
			return nil
		case "back":
			f.clock.set(-time.Hour)
			return nil
		}
		return &home.Invalid{Field: "act", Reason: fmt.Sprintf("the clock can be set an hour forward (forward) and back (back), not %q", act)}
	}
	it := f.thing(key)
	if it == nil {
		return &home.NotFound{What: "thing in the house", ID: key}
	}
	if digits != "" {
		if it.enter == nil {
			return &home.Invalid{Field: "digits", Reason: "only a keypad takes digits"}
		}
		return it.enter(digits, act)
	}
	do, ok := it.acts[act]
	if !ok {
		return &home.Invalid{Field: "act", Reason: fmt.Sprintf("%s can't %q", it.name, act)}
	}
	if e := f.eyes[before[key].place]; e != nil && before[key].act == act {
		e.pass()
	}
	do()
	return nil
}

// thing is the thing with a key; nil when there is none.
func (f *Family) thing(key string) *item {
	i := slices.IndexFunc(f.items, func(it *item) bool { return it.key == key })
	if i < 0 {
		return nil
	}
	return f.items[i]
}

// Wake wakes every device that sleeps, as a family would that presses each
// device's button once after moving in.
func (f *Family) Wake(ctx context.Context) error {
	if err := f.Stick.Until(ctx, f.Stick.Attached); err != nil {
		return err
	}
	for _, it := range f.items {
		if it.node != nil {
			it.node.WakeUp()
		}
	}
	return nil
}

// wakeAgain is how long a device that the hub has not finished with is left
// alone: one that nobody spoke to for ten seconds sleeps again, and on a busy
// machine the hub needs longer than that to come to the last of them.
const wakeAgain = 15 * time.Second

// wakeUntilKnown wakes the devices that the hub still gets to know, again and
// again, until it knows them all or ctx ends.
func (f *Family) wakeUntilKnown(ctx context.Context, device func(home.DeviceID) (home.Device, bool)) {
	again := time.NewTicker(wakeAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		left := f.unknown(device)
		if len(left) == 0 {
			return
		}
		for _, it := range left {
			it.node.WakeUp()
		}
	}
}

// unknown are the Z-Wave devices that the hub does not know yet, or not wholly, or
// has not heard.
func (f *Family) unknown(device func(home.DeviceID) (home.Device, bool)) []*item {
	var left []*item
	for _, it := range f.items {
		if it.node == nil {
			continue
		}
		if d, ok := device(it.device()); !ok || d.Health == home.HealthJoining || !heard(d) {
			left = append(left, it)
		}
	}
	return left
}

// heard tells whether a device has said anything since the hub started. One that
// woke before the hub listened sleeps until its time comes.
func heard(d home.Device) bool {
	for _, s := range d.Traits {
		if s.Fresh {
			return true
		}
	}
	return len(d.Traits) == 0
}

// wakeEachHost wakes the devices for every host that comes, until ctx ends.
func (f *Family) wakeEachHost(ctx context.Context) error {
	for {
		if err := f.Wake(ctx); err != nil {
			return err
		}
		if err := f.Stick.Until(ctx, func() bool { return !f.Stick.Attached() }); err != nil {
			return err
		}
	}
}

// furniture is what the family calls its devices.
func (f *Family) furniture() map[home.DeviceID]hub.Furniture {
	m := make(map[home.DeviceID]hub.Furniture)
	for _, it := range f.items {
		m[it.device()] = hub.Furniture{Name: it.name, Room: it.room}
	}
	return m
}
