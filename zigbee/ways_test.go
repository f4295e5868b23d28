package zigbee_test

import (
	"testing"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zigbeesim"
)

// A device of Tuya's is asked what makes it speak, and told the time.
func TestTuyaIsAskedAndAnswered(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		smoke := r.sim.NewTuya(zigbeesim.Make{IEEE: 0x70}, "_TZE200_ntcy3xu1", false)
		r.joinOne(smoke, smoke.Press)
		smoke.Says(1, 4, 0)
		time.Sleep(time.Second)
		r.mu.Lock()
		points, ok := quirks.PointsOf(r.last.Command)
		r.mu.Unlock()
		if !ok || len(points) != 1 || points[0].ID != 1 {
			t.Errorf("heard %+v", points)
		}
		smoke.AsksTime()
		time.Sleep(6 * time.Second)
		if c := smoke.Clock(); len(c) != 10 || c[0] != 8 {
			t.Errorf("told the time by % x", c)
		}
		d := r.Devices()[0]
		if d.Maker != "_TZE200_ntcy3xu1" || d.Ways == "" {
			t.Errorf("known as %+v", d)
		}
		s, ok := r.Signature(0x70)
		if !ok || len(s.Points) != 1 || s.Model != "TS0601" {
			t.Errorf("its signature is %+v", s)
		}
	})
}

// A device is asked anew when its quirk has changed and wants something else.
func TestQuirkThatChangesIsHeeded(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		plug := r.sim.NewTuya(zigbeesim.Make{IEEE: 0x71}, "_TZE200_nobody", true)
		r.joinOne(plug, plug.Press)
		before := r.Devices()[0].Ways
		r.Relearn()
		time.Sleep(time.Minute)
		r.take()
		quirk, err := quirks.Parse("shed", "device Plug\nmatch TS0601 _TZE200_nobody\npoint 1 switch\nread 0x0000 0x0004\n")
		if err != nil {
			t.Fatal(err)
		}
		r.owners.Store(&quirk)
		r.Relearn()
		time.Sleep(time.Minute)
		if d := r.Devices()[0]; d.Ways == before || !d.Studied {
			t.Errorf("was set up as %s and is as %s", before, d.Ways)
		}
	})
}

// A sensor of Xiaomi's answers nothing and is known all the same.
func TestXiaomiThatAnswersNothing(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewXiaomi(zigbeesim.Make{IEEE: 0x7A}, "lumi.sensor_magnet.aq2", 0xFFFF, 0x0006)
		if err := r.PermitJoin(t.Context(), zigbee.Opening{For: time.Minute}); err != nil {
			t.Fatal(err)
		}
		door.Press()
		time.Sleep(2 * time.Minute)
		d := r.Devices()[0]
		if !d.Studied || d.Model != "lumi.sensor_magnet.aq2" || len(d.Endpoints) != 1 {
			t.Fatalf("known as %+v; log:\n%s", d, r.log.String())
		}
	})
}

// A zone that an answer breaks which it did not ask for is answered only when it
// asks.
func TestZoneThatIsAnsweredOnlyWhenItAsks(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		quirk, err := quirks.Parse("shed", "device Touchy\nmatch SimContact\nenroll asked\n")
		if err != nil {
			t.Fatal(err)
		}
		r.owners.Store(&quirk)
		waits := r.sim.NewContact(zigbeesim.Make{IEEE: 0x72})
		asks := r.sim.NewContact(zigbeesim.Make{IEEE: 0x73, AsksToEnroll: true})
		for _, door := range []*zigbeesim.Contact{waits, asks} {
			if err := r.PermitJoin(t.Context(), zigbee.Opening{For: time.Minute}); err != nil {
				t.Fatal(err)
			}
			door.Press()
			time.Sleep(3 * time.Minute)
		}
		if _, ok := waits.Enrolled(); ok {
			t.Error("one that did not ask was answered")
		}
		if _, ok := asks.Enrolled(); !ok {
			t.Error("one that asked was not answered")
		}
	})
}
