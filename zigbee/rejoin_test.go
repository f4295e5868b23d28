package zigbee_test

import (
	"slices"
	"testing"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/zigbeesim"
)

// A sleeper whose interview a restart of the hub cut short is asked on when it is
// back, without joining again.
func TestInterviewIsTakenUpAfterARestart(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.opened(zigbee.Opening{})
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Full, Times: 5}) // so that little is asked at once
		door.Press()
		door.TakeBattery()
		time.Sleep(time.Second)
		if d := r.Devices(); len(d) != 1 || d[0].Studied {
			t.Fatalf("before the restart: %+v", d)
		}
		r.detach()
		r.sim.Heal()
		r.restart()
		r.attach()
		time.Sleep(10 * time.Minute)
		if d := r.Devices(); len(d) != 1 || d[0].Studied {
			t.Errorf("without its battery: %+v", d)
		}
		door.PutBattery()
		time.Sleep(time.Minute)
		if d := r.Devices(); len(d) != 1 || !d[0].Studied || d[0].Model != "SimContact" {
			t.Errorf("with it: %+v; log:\n%s", d, r.log.String())
		}
		r.take()
		door.Open()
		r.want("and guards", "d zone 0: 0x1")
	})
}

// A device that came back under another address while nobody listened is known
// again by what it says, and nothing of that is lost.
func TestRejoinWhileTheHubIsAway(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(door, door.Press)
		before := door.Short()
		r.detach()
		r.restart()
		door.Rejoin()
		r.attach()
		r.take()
		door.Open()
		time.Sleep(time.Second)
		if l := r.take(); !slices.Contains(l, "d zone 0: 0x1") {
			t.Errorf("it speaks: %q", l)
		}
		if d := r.Devices(); len(d) != 1 || d[0].Short != zigbee.Short(door.Short()) || door.Short() == before {
			t.Errorf("devices %+v, it is at %04x and was at %04x", d, door.Short(), before)
		}
	})
}
