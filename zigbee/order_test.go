package zigbee_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zigbeesim"
)

// blink is a command that a contact refuses and so notes nowhere: that it was
// taken is told by how its order ended.
func blink(id zigbee.IEEE, note string, lasts time.Duration) zigbee.Order {
	o := zigbee.NewOrder(id, 1, zcl.IdentifySelf{Seconds: 5})
	o.Kind, o.Note, o.Lane, o.At, o.Until = "identify", note, zigbee.LaneUser, time.Now(), time.Now().Add(lasts)
	return o
}

// seldom is a contact that polls seldom, as real ones do, and sleeps now.
func (r *rig) seldom(m zigbeesim.Make) *zigbeesim.Contact {
	r.t.Helper()
	m.IEEE, m.Poll = 0xD, 10*time.Hour
	door := r.sim.NewContact(m)
	r.joinOne(door, door.Press)
	time.Sleep(time.Minute)
	r.take()
	return door
}

// A command waits for a device that sleeps until it is heard, and no longer than
// it may; the newest of a kind is the one that waits.
func TestOrdersWait(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.seldom(zigbeesim.Make{})
		r.Order(blink(0xD, "first", time.Hour))
		time.Sleep(5 * time.Second)
		r.want("on its way")
		time.Sleep(5 * time.Second)
		r.want("it sleeps", "d has waiting: first")
		time.Sleep(10 * time.Minute)
		r.Order(blink(0xD, "second", time.Hour))
		time.Sleep(10 * time.Second)
		r.want("the newer one", "d has waiting:", "first ended: zigbee: a newer command took its place", "d has waiting: second")
		time.Sleep(10 * time.Minute)
		door.Open()
		time.Sleep(2 * time.Second)
		r.want("it is heard", "d zone 0: 0x1", "d has waiting:", "second ended: <nil>")

		r.Order(blink(0xD, "third", 15*time.Second))
		time.Sleep(10 * time.Second)
		r.want("it sleeps again", "d has waiting: third")
		time.Sleep(6 * time.Second)
		r.want("its time is over", "d has waiting:", "third ended: zigbee: the device did not come for it in time")
		door.Close()
		time.Sleep(2 * time.Second)
		r.want("and it is not carried out", "d zone 0: 0x0")
		if w := r.Waiting(0xD); w != nil {
			t.Errorf("there waits %+v", w)
		}
	})
}

// A check-in is answered by telling the device to listen on, and it is told.
func TestOrderAtCheckIn(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		r.seldom(zigbeesim.Make{CheckIn: time.Hour})
		r.Order(blink(0xD, "blink", 24*time.Hour))
		time.Sleep(10 * time.Second)
		r.want("it sleeps", "d has waiting: blink")
		time.Sleep(time.Hour)
		l := r.take()
		if !slices.Contains(l, "blink ended: <nil>") {
			t.Errorf("after an hour: %q", l)
		}
	})
}

// What waits outlives the hub, but for what is secret.
func TestOrdersOutliveTheHub(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.seldom(zigbeesim.Make{})
		secret := blink(0xD, "secret", time.Hour)
		secret.Secret, secret.Kind = true, "secret"
		r.Order(blink(0xD, "open", time.Hour))
		r.Order(secret)
		short := blink(0xD, "short", time.Minute)
		short.Kind = "short"
		r.Order(short)
		time.Sleep(20 * time.Second)
		r.take()
		r.detach()
		r.take()
		if len(r.store.orders) != 2 {
			t.Fatalf("kept %+v", r.store.orders)
		}
		time.Sleep(time.Minute)
		r.take() // the hub of before is gone; here its clock still runs
		r.restart()
		r.attach()
		r.want("another hub", "ready", "d has waiting: open", "short ended: zigbee: the device did not come for it in time")
		door.Open()
		time.Sleep(2 * time.Second)
		if l := r.take(); !slices.Contains(l, "open ended: <nil>") {
			t.Errorf("heard: %q", l)
		}
		if len(r.store.orders) != 0 {
			t.Errorf("kept %+v", r.store.orders)
		}
	})
}

// A device that leaves takes what waits for it along.
func TestOrdersOfWhoLeaves(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.seldom(zigbeesim.Make{})
		r.Order(blink(0xD, "blink", time.Hour))
		time.Sleep(10 * time.Second)
		door.Leave()
		r.want("left", "d has waiting: blink", "blink ended: zigbee: there is no such device", "left d")
		time.Sleep(time.Second) // it is saved by then
		synctest.Wait()
		if len(r.store.orders) != 0 {
			t.Errorf("kept %+v", r.store.orders)
		}
	})
}

// Nothing is sent to a sleeper while something is on its way to it, whoever wants
// what of it.
func TestOneThingAtATime(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD, Poll: 3 * time.Second})
		r.joinOne(door, door.Press)
		time.Sleep(time.Minute)
		before := door.MostHeld()
		for range 3 {
			r.Refresh(0xD)
			r.Order(blink(0xD, "blink", time.Hour))
		}
		time.Sleep(time.Minute)
		if got := door.MostHeld(); got > 1 && got > before {
			t.Errorf("%d things waited for it at once", got)
		}
		if l := r.take(); !slices.Contains(l, "blink ended: <nil>") {
			t.Errorf("it was not told: %q", l)
		}
	})
}

// An alarm is told at once, whatever waits for the device or is on its way to it,
// and before anything is written because of it.
func TestAlarmsPassEveryQueue(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.seldom(zigbeesim.Make{})
		for _, kind := range []string{"a", "b", "c", "d"} {
			o := blink(0xD, kind, time.Hour)
			o.Kind = kind
			r.Order(o)
		}
		r.Refresh(0xD)
		time.Sleep(10 * time.Second)
		r.Order(blink(0xD, "on its way", time.Hour))
		time.Sleep(time.Second)
		synctest.Wait()
		r.mu.Lock()
		r.order, r.events = nil, nil
		r.mu.Unlock()
		door.Open()
		synctest.Wait()
		r.mu.Lock()
		first, events := "", r.events
		if len(r.order) > 0 {
			first = r.order[0]
		}
		r.mu.Unlock()
		if first != "told" || len(events) == 0 || events[0] != "d zone 0: 0x1" {
			t.Errorf("first %q, events %q", first, events)
		}
		time.Sleep(time.Minute)
		for _, note := range []string{"a", "b", "c", "d", "on its way"} {
			if l := r.take(); len(l) > 0 {
				events = append(events, l...)
			}
			if !slices.Contains(events, note+" ended: <nil>") {
				t.Errorf("%s was not carried out: %q", note, events)
			}
		}
	})
}
