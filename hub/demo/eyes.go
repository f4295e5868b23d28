package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zigbeesim"
)

// eye is a camera of the house: a drawn scene on loopback, coded once.
type eye struct {
	sim   *camsim.Camera
	known home.Camera // as the hub is told of it
	rest  camsim.Scene
	walk  func() camsim.Scene // coded when somebody first walks by

	mu      sync.Mutex
	covered bool
}

// Which things stand before which camera, and what is done to them there.
var before = map[string]struct {
	act   string
	place camsim.Place
}{
	"front-door":    {"open", camsim.Porch},
	"garden-motion": {"walk", camsim.Garden},
	"doorbell":      {"ring", camsim.Doorbell},
}

// openEyes hangs the cameras up. A family whose eyes were not opened has none.
func (f *Family) openEyes() error {
	garden, bell := home.ZoneID("garden-motion"), f.thing("doorbell").device()
	for _, e := range []struct {
		key, name, room string
		place           camsim.Place
		zones           []home.ZoneID
		buttons         []home.DeviceID
	}{
		{"porch-camera", "Porch", "Porch", camsim.Porch, []home.ZoneID{"front-door"}, []home.DeviceID{bell}},
		{"garden-camera", "Garden", "Garden", camsim.Garden, []home.ZoneID{garden}, nil},
		{"doorbell-camera", "Doorbell", "Porch", camsim.Doorbell, nil, []home.DeviceID{bell}},
	} {
		c := home.DefaultCamera(home.DeviceID("camera-" + e.key[:len(e.key)-len("-camera")]))
		c.Name, c.Zones, c.Buttons = e.name, append(c.Zones, e.zones...), append(c.Buttons, e.buttons...)
		if err := f.hangCamera(e.key, e.room, e.place, c); err != nil {
			return fmt.Errorf("demo: camera %s: %w", e.name, err)
		}
	}
	return nil
}

func (f *Family) hangCamera(key, room string, place camsim.Place, c home.Camera) error {
	rest := camsim.Rest(place)
	sim, err := camsim.New(camsim.Options{Listen: "127.0.0.1:0", Scene: rest})
	if err != nil {
		return err
	}
	c.URL = sim.URL()
	e := &eye{sim: sim, known: c, rest: rest, walk: sync.OnceValue(func() camsim.Scene { return camsim.Walk(place) })}
	f.eyes[place] = e
	it := &item{
		key: key, name: c.Name, room: room, kind: "camera", eye: e, state: e.state,
		acts: map[string]func(){
			"walk": e.pass, "unplug": sim.Off, "plug": sim.On,
			"cover": func() { e.cover(true) }, "uncover": func() { e.cover(false) },
		},
	}
	if place == camsim.Garden { // whoever walks there is also felt
		it.acts["walk"] = func() { _ = f.Do("garden-motion", "walk", "") } // it is there
	}
	f.items = append(f.items, it)
	return nil
}

// pass has somebody walk by.
func (e *eye) pass() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.covered {
		e.sim.Happen(e.walk())
	}
}

// cover puts something over the lens, or takes it off.
func (e *eye) cover(yes bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.covered == yes {
		return
	}
	e.covered = yes
	if yes {
		e.sim.Show(camsim.Covered())
	} else {
		e.sim.Show(e.rest)
	}
}

func (e *eye) state() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case !e.sim.Plugged():
		return "unplugged"
	case e.covered:
		return "covered"
	default:
		return word(e.sim.Happens(), "sees someone", "sees nobody")
	}
}

// cameras are those of the house as a hub is told of them, and what runs them.
func (f *Family) cameras() (known []home.Camera, run []func(context.Context) error) {
	for _, it := range f.items {
		if it.eye != nil {
			known, run = append(known, it.eye.known), append(run, it.eye.sim.Run)
		}
	}
	return known, run
}

// bell is a button beside the door: a Zigbee remote control.
func (f *Family) bell(key, name, room string) {
	d := f.Mesh.NewRemote(zigbeesim.Make{Name: name}, false)
	var mu sync.Mutex
	var rung time.Time
	f.hang(&item{
		key: key, name: name, room: room, kind: "doorbell",
		acts: map[string]func(){"ring": func() {
			mu.Lock()
			rung = time.Now()
			mu.Unlock()
			const toggle = 2
			d.Push(uint16(zcl.OnOff), toggle)
		}},
		state: func() string {
			mu.Lock()
			defer mu.Unlock()
			return word(time.Since(rung) < 3*time.Second, "rings", "silent")
		},
	}, d, d.Node)
}

// gardenZone is how the family watches its garden: at night somebody in it is a
// burglar, by day a guest or the cat.
func (f *Family) gardenZone() home.Zone {
	return home.Zone{
		ID: "garden-motion", Name: "Garden motion", Device: zigbeehome.ID(zigbee.IEEE(f.thing("garden-motion").leaf.IEEE())),
		Trait: home.Motion, Kind: home.ZonePerimeter, Modes: []home.Mode{home.Night},
	}
}
