package zigbee_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zigbeesim"
)

// near tells whether two powers are the same but for the steps of an energy.
func near(a, b int) bool { return a-b <= 1 && b-a <= 1 }

func TestSurvey(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Noise, Channel: 15, Level: -40})
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Noise, Channel: 26, Level: -71})
		began := time.Now()
		all, err := r.Survey(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 8*time.Second || took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
		if len(all) != 16 || all[0].Channel != 11 || all[15].Channel != 26 {
			t.Fatalf("channels: %v", all)
		}
		for _, e := range all {
			want := -90 // and less, which ZNP can't tell
			switch e.Channel {
			case 15:
				want = -40
			case 26:
				want = -71
			}
			if !near(e.Power, want) && (want != -90 || e.Power > want) {
				t.Errorf("channel %d: %d dBm, want %d", e.Channel, e.Power, want)
			}
		}
		_, network, _ := r.Info()
		r.sim.Heal()
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Noise, Channel: network.Channel, Level: -55})
		if dbm, err := r.Noise(t.Context()); err != nil || !near(dbm, -55) {
			t.Errorf("the own channel: %d dBm, %v", dbm, err)
		}
		r.sim.Heal()
	})
}

// While the stick listens, devices are heard: a report waits for nothing.
func TestReportsDuringASurvey(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(door, door.Press)
		r.take()
		done := make(chan error, 1)
		go func() {
			_, err := r.Survey(t.Context())
			done <- err
		}()
		time.Sleep(time.Second)
		door.Open()
		r.want("a door opens", "d zone 0: 0x1")
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestStickThatCannotListen(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		command := uint16(0x2537)
		if r.ezsp != 0 {
			command = 0x001A
		}
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Unknown, Command: command})
		if _, err := r.Noise(t.Context()); !errors.Is(err, zigbee.ErrUnable) || !strings.Contains(err.Error(), "the stick's firmware") {
			t.Errorf("got %v", err)
		}
		if _, err := r.Noise(t.Context()); err != nil {
			t.Errorf("the next time: %v", err)
		}
	})
}

// The stick goes to another channel; who listens goes along, who sleeps comes
// later, and the new channel is remembered.
func TestChangeOfChannel(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door, plug := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD, Poll: time.Minute}), r.sim.NewPlug(zigbeesim.Make{IEEE: 0xF})
		stays := r.sim.NewPlug(zigbeesim.Make{IEEE: 0xF1, Stays: true})
		for _, d := range []*zigbeesim.Node{door.Node, plug.Node, stays.Node} {
			r.joinOne(d, d.Press)
		}
		time.Sleep(time.Minute)
		r.take()
		_, before, _ := r.Info()
		to := byte(26)
		if err := r.ChangeChannel(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		_, after, _ := r.Info()
		_, _, held, _ := r.sim.Network()
		if after.Channel != to || held != to || !after.Same(before) {
			t.Errorf("the network is %v, the stick on channel %d", after, held)
		}
		if plug.Channel() != to || door.Channel() == to || stays.Channel() == to {
			t.Errorf("the plug is on %d, the sleeping door on %d, the one that stays on %d", plug.Channel(), door.Channel(), stays.Channel())
		}
		door.Open()
		time.Sleep(2 * time.Minute)
		if door.Channel() != to {
			t.Error("the door has not followed")
		}
		if l := r.take(); !slices.Contains(l, "d zone 0: 0x1") {
			t.Errorf("a door opens: %q", l)
		}
		r.detach()
		r.restart()
		r.attach()
		if _, n, up := r.Info(); !up || n.Channel != to {
			t.Errorf("after a restart the network is %v", n)
		}
		if n, _, _ := r.store.LoadNetwork(); n.Channel != to {
			t.Errorf("remembered is %v", n)
		}
		if err := r.ChangeChannel(t.Context(), 27); err == nil || !strings.Contains(err.Error(), "there is no channel 27") {
			t.Errorf("channel 27: %v", err)
		}
	})
}

func TestStickThatStaysOnItsChannel(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		command := uint16(0x2537)
		if r.ezsp != 0 {
			command = 0x0036
		}
		_, before, _ := r.Info()
		to := zigbee.FirstChannel
		if before.Channel == to {
			to++
		}
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Unknown, Command: command})
		if err := r.ChangeChannel(t.Context(), to); err == nil {
			t.Error("no error")
		}
		if _, n, _ := r.Info(); n != before {
			t.Errorf("the network is %v, and was %v", n, before)
		}
	})
}

// What a jammer does: nothing comes, nothing arrives, and the noise is heard.
func TestJammedAir(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door, plug := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD}), r.sim.NewPlug(zigbeesim.Make{IEEE: 0xF})
		for _, d := range []*zigbeesim.Node{door.Node, plug.Node} {
			r.joinOne(d, d.Press)
		}
		r.take()
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Jam, Level: -45})
		door.Open()
		r.want("a door opens, unheard")
		if dbm, err := r.Noise(t.Context()); err != nil || !near(dbm, -45) {
			t.Errorf("%d dBm, %v", dbm, err)
		}
		done := make(chan error, 1)
		r.Send(0xF, 1, zcl.OnOff, zcl.TurnOn{}, zigbee.LaneUser, func(err error) { done <- err })
		if err := <-done; !errors.Is(err, zigbee.ErrNoAck) || plug.On() {
			t.Errorf("telling a plug: %v, it is on: %v", err, plug.On())
		}
		r.sim.Heal()
		door.Close()
		r.want("a door closes", "d zone 0: 0x0")
	})
}
