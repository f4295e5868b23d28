package zwave_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zwave"
	"gatehouse/zwave/cc"
	"gatehouse/zwave/zwavesim"
)

func TestNoiseOfTheAir(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{})
		door := stick.NewContact(zwavesim.Make{})
		plug := stick.NewPlug(zwavesim.Make{})
		stick.Place(door, plug)
		h := open(t, stick, &memory{})
		door.WakeUp()
		h.wait(time.Second)
		noise := func(want ...int) {
			t.Helper()
			got, err := h.Noise(t.Context())
			if d := cmp.Diff(got, want); err != nil || d != "" {
				t.Errorf("%v (-got +want):\n%s", err, d)
			}
		}
		noise(-100, -101, -100)
		stick.SetNoise(-62)
		noise(-62, -63, -62)
		before := h.opened(door)
		door.Open()
		h.wait(time.Second)
		if got := h.opened(door); got != before {
			t.Error("a report came through a jammed channel")
		}
		if err := h.tell(plug.Node, zwave.LaneUser, cc.BinarySwitchSet{Value: cc.On}); !errors.Is(err, zwave.ErrJammed) {
			t.Errorf("sending into a jammed channel: %v, want ErrJammed", err)
		}
		// Five tries, one reset of the stick; others that can't be sent bring no more.
		for range 3 {
			if err := h.tell(plug.Node, zwave.LaneUser, cc.BinarySwitchSet{Value: cc.Off}); !errors.Is(err, zwave.ErrJammed) {
				t.Errorf("sending into a jammed channel: %v, want ErrJammed", err)
			}
		}
		if n := h.Counters().SoftResets; n != 1 {
			t.Errorf("the stick was reset %d times for one jam, want 1", n)
		}
		stick.SetNoise(127)
		if got, err := h.Noise(t.Context()); got != nil || err != nil {
			t.Errorf("noise that is not available: %v, %v", got, err)
		}
		stick.SetNoise(126)
		noise(zwave.NoiseLoudest, zwave.NoiseLoudest, zwave.NoiseLoudest)
		stick.SetNoise(zwavesim.Quiet)
		h.wait(10 * time.Second)
		door.Close()
		door.Open()
		h.wait(time.Second)
		if got := h.opened(door); got == before {
			t.Error("no report came through when the channel was free again")
		}
		stick.Unplug()
		h.wait(time.Second)
		if _, err := h.Noise(t.Context()); !errors.Is(err, zwave.ErrDown) {
			t.Errorf("noise without a stick: %v, want ErrDown", err)
		}
		h.honest()
	})
}
