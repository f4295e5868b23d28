//go:build interop

package interop

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"sync"
	"testing"
	"time"

	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

// theirs starts their stick, with more nodes if wanted ("7=lights"), and gives its
// TCP address. At the end of the test it must have found nothing to blame.
func theirs(t *testing.T, more ...string) (p *peer, addr string) {
	t.Helper()
	p = start(t, "controller.mjs", more...)
	l := p.heard(0, 30*time.Second, "listening", func(l line) bool { return l.Event == "listening" })
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, l := range p.lines {
			if l.Event == "blame" {
				t.Error("their stick blames us:", l.Why)
			}
		}
	})
	return p, fmt.Sprintf("127.0.0.1:%d", l.Port)
}

// driver is our driver, running.
type driver struct {
	*zwave.Controller
	t *testing.T

	mu     sync.Mutex
	events []zwave.Event
	more   chan struct{}
}

func drive(t *testing.T, addr string) *driver {
	t.Helper()
	d := &driver{t: t, more: make(chan struct{})}
	d.Controller = zwave.New(zwave.Options{OnEvent: d.take})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Error("Run does not end")
		}
	})
	return d
}

func (d *driver) take(e zwave.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
	close(d.more)
	d.more = make(chan struct{})
}

// saw waits for an event that fits.
func (d *driver) saw(within time.Duration, what string, fits func(zwave.Event) bool) {
	d.t.Helper()
	end := time.After(within)
	for seen := 0; ; {
		d.mu.Lock()
		events, more := d.events, d.more
		d.mu.Unlock()
		for ; seen < len(events); seen++ {
			if fits(events[seen]) {
				return
			}
		}
		select {
		case <-more:
		case <-end:
			for _, e := range events {
				d.t.Logf("event: %s", brief(e))
			}
			d.t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// brief is an event in one short line.
func brief(e zwave.Event) string {
	switch e := e.(type) {
	case zwave.NodeChanged:
		return fmt.Sprintf("node %d %s, interview at %s", e.Node.ID, e.Node.State, e.Node.Stage)
	case zwave.Report:
		return fmt.Sprintf("node %d says %+v", e.Node, e.Command)
	default:
		return fmt.Sprintf("%T %+v", e, e)
	}
}

// do sends a command and waits until the node has confirmed it.
func (d *driver) do(node zwave.NodeID, cmd cc.Command, lane zwave.Lane) {
	d.t.Helper()
	done := make(chan error, 1)
	d.Send(node, cc.Bytes(cmd), lane, func(err error) { done <- err })
	select {
	case err := <-done:
		if err != nil {
			d.t.Errorf("node %d, %+v: %v", node, cmd, err)
		}
	case <-time.After(30 * time.Second):
		d.t.Errorf("node %d, %+v: no end", node, cmd)
	}
}

// Our driver on their stick: what `make interop-smoke` runs.
func TestOurDriverOnTheirStick(t *testing.T) {
	p, addr := theirs(t, "7=lights")
	d := drive(t, addr)
	d.saw(30*time.Second, "ready", func(e zwave.Event) bool {
		r, ok := e.(zwave.Ready)
		return ok && r.Info.HomeID == 0x7e570001 && r.Info.NodeID == 1
	})
	for _, id := range []zwave.NodeID{2, 3, 4, 5, 7} {
		d.saw(60*time.Second, fmt.Sprintf("interview of node %d", id), func(e zwave.Event) bool {
			c, ok := e.(zwave.NodeChanged)
			return ok && c.Node.ID == id && c.Node.Stage == zwave.StageDone
		})
	}
	door, _ := d.Node(2)
	if len(door.Notifications[6]) != 2 || door.Maker != 0xffff {
		t.Errorf("the contact: %+v", door)
	}
	sound, _ := d.Node(5)
	if len(sound.Tones) != 1 || !sound.Has(cc.Supervision) {
		t.Errorf("the sound siren: %+v", sound)
	}
	lights, _ := d.Node(7)
	if want := map[byte][]byte{0x0b: {1, 2}, 0x12: {1, 6, 7, 9}}; !reflect.DeepEqual(lights.Indicators, want) {
		t.Errorf("the lights have %v, want %v", lights.Indicators, want)
	}

	p.tell(map[string]any{"notify": map[string]any{"node": 2, "type": 6, "event": 22}})
	d.saw(30*time.Second, "door open", func(e zwave.Event) bool {
		r, ok := e.(zwave.Report)
		if !ok || r.Node != 2 {
			return false
		}
		n, ok := r.Command.(cc.NotificationReport)
		return ok && n.Type == 6 && n.Event == 22
	})
	d.do(3, cc.BinarySwitchSet{Value: 0xff}, zwave.LaneSiren)
	p.heard(0, 30*time.Second, "siren on", func(l line) bool {
		return l.Event == "command" && l.Node == 3 && l.Command == "BinarySwitchCCSet" && string(l.Value) == "true"
	})
	d.do(5, cc.SoundSwitchTonePlaySet{Tone: 0xff}, zwave.LaneSiren)
	p.heard(0, 30*time.Second, "sound on", func(l line) bool {
		return l.Event == "command" && l.Node == 5 && l.Command == "SoundSwitchCCTonePlaySet" && string(l.Value) == "255"
	})
	// The exit delay of a keypad: on, 1 minute, 15 seconds, without a sound.
	d.do(7, cc.IndicatorSet{Objects: []cc.IndicatorObject{
		{Indicator: cc.IndicatorArmedAway, Property: cc.PropertyMultilevel},
		{Indicator: cc.IndicatorExitDelay, Property: cc.PropertyMultilevel, Value: 99},
		{Indicator: cc.IndicatorExitDelay, Property: cc.PropertyTimeoutMin, Value: 1},
		{Indicator: cc.IndicatorExitDelay, Property: cc.PropertyTimeoutSec, Value: 15},
		{Indicator: cc.IndicatorExitDelay, Property: cc.PropertySound},
	}}, zwave.LaneUser)
	p.heard(0, 30*time.Second, "the keypad's lights", func(l line) bool {
		return l.Event == "command" && l.Node == 7 && l.Command == "IndicatorCCSet" &&
			string(l.Value) == "[[11,1,0],[18,1,99],[18,6,1],[18,7,15],[18,9,0]]"
	})
	if testing.Short() {
		return
	}

	p.tell(map[string]any{"joins": 6})
	if err := d.Include(time.Minute); err != nil {
		t.Fatal(err)
	}
	d.saw(30*time.Second, "a node joined", func(e zwave.Event) bool {
		a, ok := e.(zwave.NodeAdded)
		return ok && a.Node.ID == 6
	})
	d.saw(60*time.Second, "joining done", func(e zwave.Event) bool {
		j, ok := e.(zwave.Joining)
		return ok && j.Join.Step == zwave.JoinDone && j.Join.Node == 6
	})
	d.do(6, cc.BinarySwitchSet{Value: 0xff}, zwave.LaneUser)
	p.heard(0, 30*time.Second, "plug on", func(l line) bool {
		return l.Event == "command" && l.Node == 6 && string(l.Value) == "true"
	})

	// The stick's socket is cut: Run ends, and a second Run knows the nodes.
	p.tell(map[string]any{"drop": true})
	d.saw(30*time.Second, "down", func(e zwave.Event) bool { _, ok := e.(zwave.Down); return ok })
}
