package zigbee_test

import (
	"testing"
	"time"

	"gatehouse/zigbee/zigbeesim"
)

// A remote control is heard by its commands, whether it is bound to the hub or to
// nothing but a group; and nobody answers what was said to a group.
func TestRemoteControls(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		bound := r.sim.NewRemote(zigbeesim.Make{IEEE: 0xE1}, false)
		r.joinOne(bound, bound.Press)
		grouped := r.sim.NewRemote(zigbeesim.Make{IEEE: 0xE2}, true)
		r.joinOne(grouped, grouped.Press)
		if g := grouped.Group(); g != 901 {
			t.Errorf("bound to group %d", g)
		}
		time.Sleep(time.Minute)
		r.take()
		for _, one := range []*zigbeesim.Remote{bound, grouped} {
			one.Push(0x0006, 0x02)
			one.Push(0x0008, 0x01, 0x00, 0x40)             // move up
			one.Push(0x0005, 0x05, 0x07, 0x00, 0x01)       // recall scene 1 of group 7
			one.Push(0x0008, 0x06, 0x00, 0x40, 0x05, 0x00) // step with on/off
		}
		time.Sleep(10 * time.Second)
		r.want("pushed", "e1 zcl.Toggle", "e1 zcl.MoveLevel", "e1 zcl.RecallScene", "e1 zcl.StepLevel",
			"e2 zcl.Toggle", "e2 zcl.MoveLevel", "e2 zcl.RecallScene", "e2 zcl.StepLevel")

		// Over a restart of the stick, too; and nothing is said twice.
		r.detach()
		r.restart()
		r.attach()
		r.take()
		grouped.Push(0x0006, 0x01)
		time.Sleep(10 * time.Second)
		r.want("after a restart", "e2 zcl.TurnOn")
	})
}

// One that nobody could bind speaks to everybody.
func TestRemoteThatIsNotBound(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		remote := r.sim.NewRemote(zigbeesim.Make{IEEE: 0xE2}, true)
		remote.BindsNothing()
		r.joinOne(remote, remote.Press)
		time.Sleep(time.Minute)
		r.take()
		remote.Push(0x0006, 0x00)
		time.Sleep(10 * time.Second)
		r.want("to group 0", "e2 zcl.TurnOff")
	})
}
