package zwavehome

import (
	"errors"
	"testing"
	"time"

	"gatehouse/hub/home/supervision"
	"gatehouse/zwave"
)

func TestHabits(t *testing.T) {
	h, r := ready(t)
	beamed, sleeper, fresh := keypad, contact, contact
	beamed.ID, beamed.Beamed = 20, true
	sleeper.ID, sleeper.WakeInterval = 21, 14400
	fresh.ID, fresh.WakeInterval, fresh.Stage = 22, 14400, zwave.StageLifeline
	for _, n := range []zwave.Node{beamed, sleeper, fresh} {
		r.OnEvent(zwave.NodeAdded{Node: n})
	}
	for id, want := range map[zwave.NodeID]supervision.Habit{
		siren.ID:   {Class: supervision.ZwaveListening},
		beamed.ID:  {Class: supervision.ZwaveBeamed},
		sleeper.ID: {Class: supervision.ZwaveSleeping, Every: 4 * time.Hour},
		contact.ID: {Class: supervision.ZwaveSleeping}, // never wakes by itself
		fresh.ID:   {},                                 // is still being asked what it is
		99:         {},
	} {
		if got := r.Habit(ID(id)); got != want {
			t.Errorf("node %d: %+v, want %+v", id, got, want)
		}
	}
	if got := r.Habit("camera-porch"); got != (supervision.Habit{}) {
		t.Errorf("a camera: %+v, want none", got)
	}

	h.take()
	r.Ask(ID(siren.ID))
	r.Ask("camera-porch")
	h.want(t, "asked, and acknowledged", "send 7 00 poll", "zwave-7 seen")
	h.err = errors.New("no ack")
	r.Ask(ID(siren.ID))
	h.want(t, "asked in vain", "send 7 00 poll")
}
