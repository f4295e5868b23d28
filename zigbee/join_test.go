package zigbee_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/zigbeesim"
)

// labelled is the code of a device that has one, as its label says it.
func labelled(t *testing.T) (zigbee.InstallCode, [16]byte) {
	t.Helper()
	c, err := zigbee.ParseInstallCode(device + " " + specCode)
	if err != nil {
		t.Fatal(err)
	}
	return c, c.Key
}

// opened opens the network for a minute.
func (r *rig) opened(o zigbee.Opening) {
	r.t.Helper()
	o.For = time.Minute
	if err := r.PermitJoin(r.t.Context(), o); err != nil {
		r.t.Fatal(err)
	}
}

// stopped closes it and waits until the stick has.
func (r *rig) stopped() {
	r.t.Helper()
	r.StopJoin()
	time.Sleep(time.Second)
	if r.sim.Permitted() {
		r.t.Error("the network is open still")
	}
}

// With a code the network is open to that device alone: no other, none that has
// another code, and none that says nothing of one.
func TestInstallCode(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		code, key := labelled(t)
		lock := r.sim.NewContact(zigbeesim.Make{IEEE: uint64(code.Device), Key: key, NeedsKey: true})
		stranger := r.sim.NewContact(zigbeesim.Make{IEEE: 0xBAD})
		r.opened(zigbee.Opening{})
		lock.Press()
		if lock.Short() != 0 {
			t.Error("a device that joins with its code alone has joined without")
		}
		r.stopped()
		wrong := code
		wrong.Key[0] ^= 1
		r.opened(zigbee.Opening{Code: &wrong})
		lock.Press()
		if lock.Short() != 0 {
			t.Error("it has joined with another code")
		}
		r.stopped()
		r.opened(zigbee.Opening{Code: &code})
		if j := r.Join(); !j.CodesOnly || j.Expects != code.Device {
			t.Errorf("it waits as %+v", j)
		}
		stranger.Press()
		if stranger.Short() != 0 {
			t.Error("a stranger has joined in the time that is for another")
		}
		lock.Press()
		time.Sleep(10 * time.Second)
		if j := r.Join(); j.Step != zigbee.JoinDone || j.Device != code.Device {
			t.Fatalf("joining ended as %+v; log:\n%s", j, r.log.String())
		}
		if d := r.Devices(); len(d) != 1 || !d[0].Coded {
			t.Errorf("the devices: %+v", d)
		}
		plug := r.sim.NewPlug(zigbeesim.Make{IEEE: 0xF})
		r.joinOne(plug, plug.Press) // the next one joins as ever
		if d := r.Devices(); d[0].IEEE != 0xF || d[0].Coded {
			t.Errorf("a plug without a code: %+v", d[0])
		}
		if strings.Contains(r.log.String(), specCode) || strings.Contains(r.log.String(), specKey) {
			t.Error("the code is in the log")
		}
	})
}

func TestInstallCodeInVain(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		code, _ := labelled(t)
		r.opened(zigbee.Opening{Code: &code})
		time.Sleep(61 * time.Second)
		if j := r.Join(); j.Step != zigbee.JoinFailed || !strings.Contains(j.Reason, "the device 000d6f0019107fda did not join in time: see that the code is of that device") {
			t.Errorf("got %+v", j)
		}
	})
}

// A device joins near the one that was chosen, and nowhere else.
func TestJoinThroughOneDevice(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		hall, attic := r.sim.NewPlug(zigbeesim.Make{IEEE: 0xA1}), r.sim.NewPlug(zigbeesim.Make{IEEE: 0xA2})
		r.joinOne(hall, hall.Press)
		r.joinOne(attic, attic.Press)
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.opened(zigbee.Opening{Through: 0xA1})
		door.PressNear(attic)
		if door.Short() != 0 {
			t.Error("it has joined in the attic, and the hall was chosen")
		}
		door.PressNear(hall)
		time.Sleep(20 * time.Second)
		if j := r.Join(); j.Step != zigbee.JoinDone || j.Device != 0xD {
			t.Errorf("joining in the hall ended as %+v", j)
		}
		if r.sim.Permitted() {
			t.Error("the network is open still")
		}

		window := r.sim.NewContact(zigbeesim.Make{IEEE: 0xE})
		info, _, _ := r.Info()
		r.opened(zigbee.Opening{Through: info.IEEE})
		window.PressNear(hall)
		if window.Short() != 0 {
			t.Error("it has joined in the hall, and the stick was chosen")
		}
		window.Press()
		time.Sleep(20 * time.Second)
		if j := r.Join(); j.Step != zigbee.JoinDone || j.Device != 0xE {
			t.Errorf("joining at the stick ended as %+v", j)
		}

		for _, c := range []struct {
			through zigbee.IEEE
			what    string
		}{{0xD, "a sleeper"}, {0x77, "nobody"}} {
			if err := r.PermitJoin(t.Context(), zigbee.Opening{For: time.Minute, Through: c.through}); !errors.Is(err, zigbee.ErrNoRouter) {
				t.Errorf("through %s: %v", c.what, err)
			}
		}
		hall.TakeBattery()
		err := r.PermitJoin(t.Context(), zigbee.Opening{For: time.Minute, Through: 0xA1})
		if err == nil || !strings.Contains(err.Error(), "does not let it") || r.sim.Permitted() {
			t.Errorf("through one that is gone: %v, open: %v", err, r.sim.Permitted())
		}
	})
}

// Whatever ends the hub or the stick, the network is closed when it is back; and
// at once when the hub ends in good order.
func TestJoiningIsClosedAgain(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		plug := r.sim.NewPlug(zigbeesim.Make{IEEE: 0xA1})
		r.joinOne(plug, plug.Press)
		for _, c := range []struct {
			name string
			ends func()
		}{
			{"the hub is killed", r.detach},
			{"the stick crashes", func() { r.sim.Crash(); <-r.ended; synctest.Wait() }},
			{"the stick is pulled", func() { r.sim.Unplug(); <-r.ended; synctest.Wait(); r.sim.Plug() }},
		} {
			r.opened(zigbee.Opening{})
			c.ends()
			r.attach()
			if r.sim.Permitted() {
				t.Errorf("%s: the network is open afterwards", c.name)
			}
			if j := r.Join(); !j.Step.Ended() {
				t.Errorf("%s: joining is %+v", c.name, j)
			}
		}
		r.opened(zigbee.Opening{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Shut(ctx); err != nil || r.sim.Permitted() {
			t.Errorf("ends in good order: %v, open: %v", err, r.sim.Permitted())
		}
	})
}
