package zwave_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zwave"
	"gatehouse/zwave/cc"
	"gatehouse/zwave/zwavesim"
)

// TestStorm plays an hour of mishaps in random order on a house that is in
// use: commands to every node in every lane, doors that open, nodes that join,
// a stick that is pulled. Whatever happens, every command ends exactly once and
// in time, events keep their order, and once the storm is over all is well.
func TestStorm(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { storm(t, seed) })
		})
	}
}

func storm(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real(), Bridge: seed%2 == 1, Seed: seed})
	siren, plug := stick.NewSiren(zwavesim.Make{Slow: seed%3 == 0}), stick.NewPlug(zwavesim.Make{})
	door, other := stick.NewContact(zwavesim.Make{Supervised: true}), stick.NewContact(zwavesim.Make{})
	newcomer := stick.NewPlug(zwavesim.Make{})
	stick.Place(siren, plug, door, other)
	h := open(t, stick, &memory{})
	h.wait(time.Minute)

	type promise struct {
		what  string
		since time.Time
		ends  int
	}
	var promises []*promise
	send := func(n *zwavesim.Node, lane zwave.Lane, cmd cc.Command) {
		p := &promise{what: fmt.Sprintf("%T to node %d in lane %s", cmd, n.ID(), lane), since: time.Now()}
		promises = append(promises, p)
		h.Send(zwave.NodeID(n.ID()), cc.Bytes(cmd), lane, func(error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			p.ends++
		})
	}
	for end := time.Now().Add(time.Hour); time.Now().Before(end); {
		switch r.IntN(10) {
		case 0, 1:
			send(siren.Node, zwave.LaneSiren, cc.BinarySwitchSet{Value: cc.OnOff(r.IntN(2) == 0)})
		case 2:
			send(plug.Node, zwave.LaneUser, cc.BinarySwitchSet{Value: cc.OnOff(r.IntN(2) == 0)})
		case 3:
			send(plug.Node, zwave.Lane(r.IntN(int(zwave.LaneHeal)+1)), cc.BinarySwitchGet{})
		case 4:
			door.Open()
		case 5:
			other.Close()
			door.Close()
		case 6:
			other.WakeUp()
			send(other.Node, zwave.LaneNormal, cc.ConfigurationSet{Parameter: byte(r.IntN(3)), Value: cc.Number{Value: 1, Size: 1}})
		case 7:
			switch r.IntN(20) {
			case 0:
				stick.Inject(zwavesim.Fault{Kind: zwavesim.Mute})
				h.wait(time.Duration(r.IntN(60)) * time.Second)
				stick.Heal()
			case 1:
				plug.TakeBattery()
				h.wait(time.Duration(r.IntN(60)) * time.Second)
				plug.PutBattery()
			case 2:
				_ = h.Interview(zwave.NodeID(siren.ID()))
			case 3:
				h.RemoveFailed(zwave.NodeID(plug.ID()), nil) // it answers, so it stays
			case 4, 5:
				stick.Unplug()
				h.wait(time.Duration(r.IntN(3000)) * time.Millisecond)
				stick.Plug()
			}
		case 8:
			switch r.IntN(4) {
			case 0:
				_ = h.Include(time.Duration(r.IntN(20)) * time.Second)
			case 1:
				_ = h.Exclude(time.Duration(r.IntN(20)) * time.Second)
			case 2:
				newcomer.Press()
			case 3:
				h.StopJoin()
			}
		case 9:
			stick.Inject(zwavesim.Fault{
				Kind:  zwavesim.LoseFrame + zwavesim.Kind(r.IntN(int(zwavesim.Mute-zwavesim.LoseFrame))), // all but Mute and what follows
				Times: 1 + r.IntN(4), For: time.Duration(r.IntN(40)) * time.Second,
			})
			if r.IntN(4) == 0 {
				stick.Heal()
			}
		}
		h.wait(time.Duration(r.IntN(3000)) * time.Millisecond)
	}
	stick.Heal()
	h.StopJoin()
	h.wait(10 * time.Minute)
	other.WakeUp()
	h.wait(10 * time.Second)
	h.mu.Lock()
	for _, p := range promises {
		if p.ends != 1 {
			t.Errorf("%s, %v ago: done was called %d times", p.what, time.Since(p.since), p.ends)
		}
	}
	before := len(h.events)
	h.mu.Unlock()
	if before == 0 {
		t.Error("nothing happened")
	}

	if _, ready := h.Info(); !ready {
		t.Fatal("the controller is not ready after the storm")
	}
	door.Close()
	h.wait(time.Second)
	opened := h.opened(door)
	door.Open()
	h.wait(time.Second)
	if h.opened(door) != opened+1 {
		t.Error("the door is not heard after the storm")
	}
	for _, value := range []cc.Level{cc.On, cc.Off, cc.On} {
		if err := h.tell(siren.Node, zwave.LaneSiren, cc.BinarySwitchSet{Value: value}); err != nil || siren.Sounding() != value.On() {
			t.Errorf("the siren after the storm: %v, sounding %v, want %v", err, siren.Sounding(), value.On())
		}
	}
	for _, n := range h.Nodes() {
		if n.Listening && n.State != zwave.StateAlive {
			t.Errorf("node %d is %s after the storm", n.ID, n.State)
		}
	}
	if got := h.Join(); !got.Step.Ended() {
		t.Errorf("a join is still open: %+v", got)
	}
	if in, ex := stick.Joining(); in || ex {
		t.Errorf("the network is still open: %v %v", in, ex)
	}
}
