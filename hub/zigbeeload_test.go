package hub

import (
	"flag"
	"runtime"
	"testing"
	"time"

	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zigbeesim"
)

var loadFor = flag.Duration("zigbee.load", 20*time.Second, "how long 200 Zigbee devices report 50 times a second, in virtual time")

// TestZigbeeLoad has 200 devices report 50 times a second. Each report is a
// door that opened or closed, so each must come out as a reading, once, in its
// order, and as a line of the journal; and what the hub holds must not grow.
func TestZigbeeLoad(t *testing.T) {
	const devices, pause = 200, time.Second / 50
	inMeadow(t, func(t *testing.T, m *meadow) {
		var doors []*zigbeesim.Contact
		for i := range devices {
			if err := m.zigbee.Join(t.Context(), api.JoinRequest{Seconds: 120, WithoutCode: true}, "Anna"); err != nil {
				t.Fatal(err)
			}
			d := m.sim.NewContact(zigbeesim.Make{IEEE: 0x00158D0000100000 + uint64(i), Poll: time.Hour})
			d.Press()
			doors = append(doors, d)
			m.pass(10 * time.Second)
		}
		m.pass(time.Minute)
		if n := len(m.devices.Devices()); n != devices+4 {
			t.Fatalf("%d devices have joined", n)
		}
		heard := m.devices.Readings.Subscribe(1 << 12)
		defer heard.Close()
		open := make(map[home.DeviceID]bool)
		got := 0
		listen := func() {
			for it, ok := heard.TryNext(); ok; it, ok = heard.TryNext() {
				if it.Gap {
					t.Fatal("the test does not keep up")
				}
				r := it.Value
				if r.Trait != home.Contact {
					continue
				}
				if is := r.Value == home.Open; is == open[r.Device] {
					t.Fatalf("after %d reports: %s said %s twice, or one was lost", got, r.Device, r.Value)
				} else {
					open[r.Device] = is
				}
				got++
			}
		}
		var floor uint64 // what was in use after a tenth
		sent := int(*loadFor / pause)
		for i := range sent {
			d := doors[i%devices]
			if d.IsOpen() {
				d.Close()
			} else {
				d.Open()
			}
			m.pass(pause)
			listen()
			if i == sent/10 {
				floor = inUse()
			}
		}
		m.pass(5 * time.Second)
		listen()
		if got != sent {
			t.Errorf("%d of %d reports were heard", got, sent)
		}
		for i, d := range doors {
			id := zigbeehome.ID(zigbee.IEEE(d.IEEE()))
			if open[id] != d.IsOpen() {
				t.Errorf("door %d: %v, but the house says %v", i, d.IsOpen(), open[id])
			}
		}
		now := inUse()
		t.Logf("%d reports in %s; %.1f MiB in use after a tenth, %.1f at the end", sent, *loadFor, float64(floor)/(1<<20), float64(now)/(1<<20))
		if now > floor+4<<20 {
			t.Errorf("what the hub holds grew by %.1f MiB", float64(now-floor)/(1<<20))
		}
	})
}

// inUse is the heap after a collection.
func inUse() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
