package demo

import (
	"context"
	"sync"
	"time"

	"gatehouse/hub/home"
	"gatehouse/zigbee/zigbeesim"
)

// Two sensors that keep to no standard: what they say means what zigbee/quirks
// says of their models.
const (
	tuyaMaker     = "_TZE200_ntcy3xu1"
	xiaomiModel   = "lumi.sensor_motion.aq2"
	xiaomiAddress = 0x00158D0000007A02
)

// tuyaSmoke says all that it has to say by data points.
func (f *Family) tuyaSmoke(key, name, room string) {
	d := f.Mesh.NewTuya(zigbeesim.Make{Name: name}, tuyaMaker, false)
	const smoke, cover, battery = 1, 4, 14 // its data points
	const truth, choice = 1, 4             // their types
	says := func(point, kind, value byte) func() { return func() { d.Says(point, kind, value) } }
	var mu sync.Mutex
	smells := false
	smell := func(yes bool) func() {
		return func() {
			mu.Lock()
			smells = yes
			mu.Unlock()
			value := byte(1)
			if yes {
				value = 0
			}
			d.Says(smoke, choice, value)
		}
	}
	is := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return smells
	}
	it := &item{
		key: key, name: name, room: room, kind: "smoke", acts: map[string]func(){"fill": smell(true), "air": smell(false)},
		state: func() string { return word(is(), "smoke", "clear") },
		speak: func() {
			d.Says(cover, truth, 0)
			d.Says(battery, choice, 2)
			smell(is())()
		},
	}
	f.hang(it, d, d.Node)
	it.acts["cover-open"], it.acts["cover-closed"] = says(cover, truth, 1), says(cover, truth, 0)
	it.acts["battery-low"], it.acts["battery-good"] = says(battery, choice, 0), says(battery, choice, 2)
}

// xiaomiMotion reports that somebody walks, never that nobody does, and its battery
// by tags among the basic attributes.
func (f *Family) xiaomiMotion(key, name, room string) {
	d := f.Mesh.NewXiaomi(zigbeesim.Make{Name: name, IEEE: xiaomiAddress}, xiaomiModel, 0xFFFF, 0x0406, 0x0400, 0x0500)
	const occupancy, bitmap, millivolts, number = 0x0406, 0x18, 1, 0x21
	tells := func(mv uint16) func() { return func() { d.Tags(millivolts, number, byte(mv), byte(mv>>8)) } }
	var mu sync.Mutex
	var walked time.Time
	it := &item{
		key: key, name: name, room: room, kind: "motion",
		acts: map[string]func(){"walk": func() {
			mu.Lock()
			walked = time.Now()
			mu.Unlock()
			d.Says(occupancy, 0, bitmap, 1)
		}},
		state: func() string {
			mu.Lock()
			defer mu.Unlock()
			return word(time.Since(walked) < 3*time.Second, "sees someone", "sees nobody")
		},
		speak: tells(3000),
	}
	f.hang(it, d, d.Node)
	it.acts["battery-low"], it.acts["battery-good"] = tells(2850), tells(3000)
}

// speakUntilHeard has those speak that cannot be asked, as their buttons do, until
// the hub has heard each or ctx ends.
func (f *Family) speakUntilHeard(ctx context.Context, device func(home.DeviceID) (home.Device, bool)) {
	const pause = 2 * time.Second
	again := time.NewTicker(pause)
	defer again.Stop()
	for {
		left := 0
		for _, it := range f.items {
			if it.speak == nil {
				continue
			}
			if d, ok := device(it.device()); !ok || d.Health == home.HealthJoining || !heard(d) {
				it.speak()
				left++
			}
		}
		if left == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}
