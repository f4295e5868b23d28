package hub

import (
	"context"
	"time"

	"gatehouse/hub/home"
)

// chirps has sirens chirp when the house is armed and disarmed, where their owners
// want it. It hears of that as every face does: no alarm waits for it.
func (h *Hub) chirps(ctx context.Context) error {
	sub := h.guard.Changes.SubscribeTo(32, turns())
	defer sub.Close()
	before := h.guard.State()
	for {
		now, err := sub.Next(ctx)
		if err != nil {
			return nil
		}
		if c, ok := chirpFor(before, now.Value); ok {
			h.sirens.Chirp(c, h.notChirped)
		}
		before = now.Value
	}
}

// turns is for who asks only that the panel comes to another mode or phase: each
// door that opens changes what it shows too, and would wake him.
func turns() func(home.Alarm) bool {
	type stand struct {
		mode  home.Mode
		phase home.Phase
	}
	var last stand
	return func(a home.Alarm) bool {
		now := stand{a.Mode, a.Phase}
		turned := now != last
		last = now
		return turned
	}
}

// chirpFor is what a change of the panel is worth. As a mode like night begins
// people sleep, and at the end of an alarm the silence says enough.
func chirpFor(before, now home.Alarm) (home.Chirp, bool) {
	switch {
	case before.Phase == now.Phase || before.Phase == home.PhaseAlarm:
		return "", false
	case now.Phase == home.PhaseArmed && (before.Phase == home.PhaseArming || before.Phase == home.PhaseDisarmed):
		return home.ChirpArmed, now.Like != home.Night
	case now.Phase == home.PhaseDisarmed:
		return home.ChirpDisarmed, true
	default:
		return "", false
	}
}

// notChirped writes down that a siren did not chirp: somebody listens for it.
func (h *Hub) notChirped(id home.DeviceID, err error) {
	h.log.Info("siren did not chirp", "device", id, "err", err)
	h.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindCommand, Device: id, Text: h.nameOf(id) + " did not chirp: " + inWords(err) + "."})
}
