//go:build interop

package interop

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/radio/bridge"
	"gatehouse/zwave/zwavesim"
)

// serveTCP puts a stick on a TCP port of loopback.
func serveTCP(t *testing.T, s *zwavesim.Stick) (addr string) {
	t.Helper()
	l, err := bridge.Listen(t.Context(), s, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	keep(t, l.Run)
	return "tcp://" + l.Addr()
}

// servePTY puts it behind a link, as in /dev/serial/by-id.
func servePTY(t *testing.T, s *zwavesim.Stick) (path string) {
	t.Helper()
	p, err := s.LinkPTY(filepath.Join(t.TempDir(), "usb-stick"))
	if err != nil {
		t.Fatal(err)
	}
	keep(t, p.Run)
	return p.Path()
}

// keep runs until the test ends.
func keep(t *testing.T, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// keepAwake is somebody who presses the sleepers' buttons every few seconds.
func keepAwake(nodes []*zwavesim.Node) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(3 * time.Second)
		defer tick.Stop()
		for {
			for _, n := range nodes {
				n.WakeUp()
			}
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return sync.OnceFunc(func() { close(done) })
}

// Their driver is the judge of our stick.
func TestTheirDriverOnOurStick(t *testing.T) {
	for name, c := range map[string]struct {
		stick zwavesim.Options
		serve func(*testing.T, *zwavesim.Stick) string
	}{
		"static controller on a pty": {zwavesim.Options{}, servePTY},
		"bridge controller on tcp":   {zwavesim.Options{Bridge: true}, serveTCP},
	} {
		if testing.Short() && !c.stick.Bridge {
			continue // the smoke is content with one of them
		}
		t.Run(name, func(t *testing.T) {
			s := zwavesim.New(c.stick)
			door := s.NewContact(zwavesim.Make{BinarySensor: true})
			hall := s.NewMotion(zwavesim.Make{Supervised: true})
			sink := s.NewLeak(zwavesim.Make{})
			siren := s.NewSiren(zwavesim.Make{Slow: true})
			plug := s.NewPlug(zwavesim.Make{})
			pad := s.NewKeypad(zwavesim.Make{})
			loft := s.NewSmoke(zwavesim.Make{})
			s.Place(door, hall, sink, siren, plug, pad, loft)
			sleepers := []*zwavesim.Node{door.Node, hall.Node, sink.Node, loft.Node}
			d := start(t, "driver.mjs", c.serve(t, s), scratch(t))
			d.heard(0, 30*time.Second, "ready", func(l line) bool { return l.Event == "ready" && len(l.Nodes) == 8 })
			stop := keepAwake(sleepers)
			defer stop()
			for _, n := range s.Nodes() {
				d.heard(0, 60*time.Second, "interview of every node", func(l line) bool {
					return l.Event == "interviewed" && l.Node == int(n.ID())
				})
			}

			stop()

			notified := func(n uint16, kind, state, value string) func(line) bool {
				return func(l line) bool {
					return l.Event == "value" && l.Node == int(n) && l.Class == 0x71 &&
						l.Property == kind && l.Key == state && string(l.Value) == value
				}
			}
			valued := func(n uint16, class int, property, value string) func(line) bool {
				return func(l line) bool {
					return l.Event == "value" && l.Node == int(n) && l.Class == class && l.Property == property && string(l.Value) == value
				}
			}
			at := d.mark()
			door.Open()
			d.heard(at, 30*time.Second, "door open", notified(door.ID(), "Access Control", "Door state", "22"))
			d.heard(at, 30*time.Second, "door open by Binary Sensor", valued(door.ID(), 0x30, "Door/Window", "true"))
			door.Close()
			d.heard(at, 30*time.Second, "door closed", notified(door.ID(), "Access Control", "Door state", "23"))
			door.Tamper(true)
			d.heard(at, 30*time.Second, "tamper", notified(door.ID(), "Home Security", "Cover status", "3"))
			hall.Walk()
			d.heard(at, 30*time.Second, "motion", notified(hall.ID(), "Home Security", "Motion sensor status", "8"))
			sink.Spill()
			d.heard(at, 30*time.Second, "leak", notified(sink.ID(), "Water Alarm", "Sensor status", "2"))
			loft.Fill()
			d.heard(at, 30*time.Second, "smoke", notified(loft.ID(), "Smoke Alarm", "Sensor status", "2"))
			door.SetBattery(42)
			d.heard(at, 30*time.Second, "battery", valued(door.ID(), 0x80, "level", "42"))
			plug.Turn(true)
			d.heard(at, 30*time.Second, "plug", valued(plug.ID(), 0x25, "currentValue", "true"))
			pad.Enter("4711", zwavesim.KeyDisarm)
			d.heard(at, 30*time.Second, "keypad", func(l line) bool {
				return l.Event == "entry" && l.Node == int(pad.ID()) && string(l.Data) == `{"type":3,"digits":"4711"}`
			})

			within, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			d.tell(map[string]any{"set": map[string]any{"node": siren.ID(), "class": 0x79, "property": "toneId", "value": 255}})
			if err := s.Until(within, siren.Sounding); err != nil {
				t.Error("siren by Sound Switch:", err)
			}
			d.tell(map[string]any{"set": map[string]any{"node": siren.ID(), "class": 0x25, "property": "targetValue", "value": false}})
			if err := s.Until(within, func() bool { return !siren.Sounding() }); err != nil {
				t.Error("siren off by Binary Switch:", err)
			}
			d.tell(map[string]any{"light": map[string]any{"node": pad.ID(), "objects": [][3]int{{zwavesim.IndicatorAway, 1, 99}, {zwavesim.IndicatorChime, 9, 60}}}})
			if err := s.Until(within, func() bool { return pad.Lit(zwavesim.IndicatorAway) }); err != nil {
				t.Error("the away light:", err)
			}
			if got := pad.Heard(); got != zwavesim.IndicatorChime {
				t.Errorf("heard %#x, want the chime", got)
			}
			d.tell(map[string]any{"count": map[string]any{"node": pad.ID(), "indicator": zwavesim.IndicatorExit, "minutes": 1, "seconds": 15}})
			if left := pad.Left(zwavesim.IndicatorExit); left < 70*time.Second || left > 75*time.Second {
				t.Errorf("the exit delay: %s left, want 75 s", left)
			}
			d.tell(map[string]any{"ping": pad.ID()})

			late := s.NewPlug(zwavesim.Make{})
			at = d.mark()
			d.tell(map[string]any{"include": true})
			if err := s.Until(within, func() bool { add, _ := s.Joining(); return add }); err != nil {
				t.Fatal("inclusion:", err)
			}
			late.Press()
			d.heard(at, 30*time.Second, "a node joined", func(l line) bool { return l.Event == "joined" && l.Node == 9 })
			d.heard(at, 30*time.Second, "its interview", func(l line) bool { return l.Event == "interviewed" && l.Node == 9 })

			for _, v := range s.Violations() {
				t.Error("our stick blames their driver:", v)
			}
			for _, n := range s.Nodes() {
				if n.Unheard() > 0 {
					t.Errorf("node %d: %d supervised reports were not confirmed", n.ID(), n.Unheard())
				}
			}
		})
	}
}
