package demo

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"sync"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/onvif/onvifsim"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zigbeesim"
)

// eye is a camera of the house: a drawn scene on loopback, coded once for each mask.
type eye struct {
	sim   *camsim.Camera
	sub   *camsim.Camera   // its second, smaller stream; nil: it has none
	own   *onvifsim.Device // what it says beside its pictures; nil: nothing
	known home.Camera      // as the hub is told of it
	place camsim.Place

	mu      sync.Mutex
	covered bool
	mask    camsim.Mask
	rest    camsim.Scene
	walk    func() camsim.Scene // coded when somebody first walks by
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

// openEyes hangs the cameras up. A family whose eyes were not opened has none. The
// doorbell speaks ONVIF, and is found by whoever looks for cameras on an interface;
// "": by nobody.
func (f *Family) openEyes(onto string) error {
	garden, bell := home.ZoneID("garden-motion"), f.thing("doorbell").device()
	const doorbell = "camera-doorbell"
	for _, e := range []struct {
		key, name, room string
		place           camsim.Place
		zones           []home.ZoneID
		buttons         []home.DeviceID
	}{
		{"porch-camera", "Porch", "Porch", camsim.Porch, []home.ZoneID{"front-door"}, []home.DeviceID{bell, doorbell}},
		{"garden-camera", "Garden", "Garden", camsim.Garden, []home.ZoneID{garden}, nil},
		{"doorbell-camera", "Doorbell", "Porch", camsim.Doorbell, nil, []home.DeviceID{bell}},
	} {
		c := home.DefaultCamera(home.DeviceID("camera-" + e.key[:len(e.key)-len("-camera")]))
		c.Name, c.Zones, c.Buttons = e.name, append(c.Zones, e.zones...), append(c.Buttons, e.buttons...)
		it, err := hangCamera(e.key, e.room, e.place, c, c.ID == doorbell)
		if err == nil && e.place == camsim.Garden {
			err = it.giveSub()
		}
		if err == nil && c.ID == doorbell {
			err = it.giveBell(onto)
		}
		if err != nil {
			return fmt.Errorf("demo: camera %s: %w", e.name, err)
		}
		if e.place == camsim.Garden { // whoever walks there is also felt
			it.acts["walk"] = func() { _ = f.Do("garden-motion", "walk", "") } // it is there
		}
		f.eyes[e.place] = it.eye
		f.items = append(f.items, it)
	}
	return nil
}

func hangCamera(key, room string, place camsim.Place, c home.Camera, speaks bool) (*item, error) {
	e := &eye{known: c, place: place}
	e.draw(camsim.Mask{})
	o := camsim.Options{Listen: "127.0.0.1:0", Scene: e.rest}
	if speaks {
		o.Speaker = camsim.MuLaw()
	}
	sim, err := camsim.New(o)
	if err != nil {
		return nil, err
	}
	e.sim, e.known.URL = sim, sim.URL()
	return &item{
		key: key, name: c.Name, room: room, kind: "camera", eye: e, state: e.state,
		acts: map[string]func(){
			"walk": e.pass, "unplug": e.unplug, "plug": e.plug,
			"cover": func() { e.cover(true) }, "uncover": func() { e.cover(false) },
		},
	}, nil
}

// giveSub gives a camera a sub-stream, for whoever looks for something in its pictures.
func (it *item) giveSub() (err error) {
	e := it.eye
	if e.sub, err = camsim.New(camsim.Options{Listen: "127.0.0.1:0", SubOf: e.sim}); err != nil {
		return err
	}
	e.known.SubURL = e.sub.URL()
	return nil
}

// giveBell has a camera speak ONVIF: it has a bell, says what moves, blacks out what it
// is told to, and says that it takes sound.
func (it *item) giveBell(onto string) error {
	e := it.eye
	own, err := onvifsim.New(onvifsim.Options{
		Listen: "127.0.0.1:0", Name: it.name, Maker: "Gatehouse", Model: "Demo doorbell", Interface: onto,
		Main: e.known.URL, Sub: e.known.URL, Picture: e.picture, Masked: e.hide, TalkBack: true,
	})
	if err != nil {
		return err
	}
	e.own, e.known.ONVIF = own, own.Address()
	it.kind = "bell camera"
	it.acts["ring"] = func() { e.pass(); own.Press() }
	return nil
}

func (e *eye) unplug() {
	e.sim.Off()
	if e.sub != nil {
		e.sub.Off()
	}
	if e.own != nil {
		e.own.Off()
	}
}

func (e *eye) plug() {
	e.sim.On()
	if e.sub != nil {
		e.sub.On()
	}
	if e.own != nil {
		e.own.On()
	}
}

// draw codes what the camera sees; the lock is held, or nobody else has the camera yet.
func (e *eye) draw(m camsim.Mask) {
	e.mask, e.rest = m, camsim.Rest(e.place, m)
	e.walk = sync.OnceValue(func() camsim.Scene { return camsim.Walk(e.place, m) })
}

// hide blacks out what the hub has the camera black out.
func (e *eye) hide(shapes [][]onvifsim.Point) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := camsim.Mask{Nth: e.mask.Nth + 1}
	for _, shape := range shapes {
		var corners []camsim.Point
		for _, p := range shape {
			corners = append(corners, camsim.Point{X: (p.X + 1) / 2, Y: (1 - p.Y) / 2})
		}
		m.Shapes = append(m.Shapes, corners)
	}
	e.draw(m)
	if !e.covered {
		e.sim.Show(e.rest)
	}
}

// noticed is how long a camera takes to notice that something moves.
const noticed = time.Second

// pass has somebody walk by.
func (e *eye) pass() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.covered {
		return
	}
	walk := e.walk()
	e.sim.Happen(walk)
	if e.own != nil {
		time.AfterFunc(noticed, func() { e.own.Motion(true) })
		time.AfterFunc(time.Duration(walk.Length)*time.Second/90000, func() { e.own.Motion(false) })
	}
}

// picture is what the camera sees now, as JPEG.
func (e *eye) picture() []byte {
	e.mu.Lock()
	mask := e.mask
	if e.covered {
		mask.Shapes = [][]camsim.Point{{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 1, Y: 1}, {X: 0, Y: 1}}}
	}
	e.mu.Unlock()
	const nobody, somebody = 0, 14 // seconds of the scene
	second := nobody
	if e.sim.Happens() {
		second = somebody
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, camsim.Still(e.place, second, mask), nil) // to memory
	return b.Bytes()
}

// cover puts something over the lens, or takes it off.
func (e *eye) cover(yes bool) {
	e.mu.Lock()
	if e.covered != yes {
		e.covered = yes
		if yes {
			e.sim.Show(camsim.Covered())
		} else {
			e.sim.Show(e.rest)
		}
	}
	e.mu.Unlock()
	if e.own != nil {
		e.own.Cover(yes)
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
	case e.spoken():
		return "is spoken through"
	case e.sub != nil && e.sub.Viewers() > 0:
		return word(e.sim.Happens(), "sees someone", "sees nobody") + ", and is looked at by its sub-stream"
	default:
		return word(e.sim.Happens(), "sees someone", "sees nobody")
	}
}

// spoken tells whether somebody speaks through the camera.
func (e *eye) spoken() bool {
	now, _ := e.sim.Talkers()
	return now > 0
}

// heard is what came out of the camera's loudspeaker in the last minute of sound, as a
// WAV file of µ-law.
func (e *eye) heard() []byte {
	sound := e.sim.Heard()
	b := []byte("RIFF....WAVEfmt ")
	b = binary.LittleEndian.AppendUint32(b, 18)
	for _, v := range []uint16{7, 1, 8000, 0, 8000, 0, 1, 8, 0} { // µ-law, one channel, samples and bytes a second, bytes and bits of one
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(len(sound)))
	b = append(b, sound...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// cameras are those of the house as a hub is told of them, and what runs them.
func (f *Family) cameras() (known []home.Camera, run []func(context.Context) error) {
	for _, it := range f.items {
		if it.eye != nil {
			known, run = append(known, it.eye.known), append(run, it.eye.sim.Run)
			if it.eye.sub != nil {
				run = append(run, it.eye.sub.Run)
			}
			if it.eye.own != nil {
				run = append(run, it.eye.own.Run)
			}
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
