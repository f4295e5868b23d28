package guard_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// A silent call for help reaches people outside and nobody inside: no siren, no
// keypad, no line, no news of the panel, from whatever it comes.
func TestASilentPanicShowsNowhereInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		z := home.Zone{ID: "alert", Name: "Bedside", Device: "zwave-9", Trait: home.Button, Kind: home.ZonePanic, Silent: true}
		if err := g.PutZone(t.Context(), z, "Anna"); err != nil {
			t.Fatal(err)
		}
		if !g.Hidden("zwave-9", home.Button) || g.Hidden("zwave-2", home.Contact) {
			t.Error("the button of a silent zone is not hidden, or another sensor is")
		}
		synctest.Wait()
		before := g.State()
		lines, sounds, shows := len(h.lines), len(h.sounds), len(h.shows)
		changes := g.Changes.Subscribe(4)
		defer changes.Close()
		for _, press := range []func() error{
			func() error { return g.SilentPanic(t.Context(), "Anna", home.ByAPI) },
			func() error { return g.Keypad(t.Context(), "zwave-8", false, alarm.KeySilent, "") },
			func() error { say(g, "zwave-9", home.Button, home.Word("press")); return nil },
		} {
			was := len(h.notices)
			for range 3 { // a button sends its press more than once
				if err := press(); err != nil {
					t.Error(err)
				}
			}
			if got := h.notices[was:]; len(got) != 1 || !got[0].Outside || got[0].Alarm != "panic" {
				t.Errorf("notices %+v, want one for people outside", got)
			}
		}
		synctest.Wait()
		if len(h.lines) != lines || len(h.sounds) != sounds || len(h.shows) != shows {
			t.Errorf("it shows inside: %v %v %v", h.lines[lines:], h.sounds[sounds:], h.shows[shows:])
		}
		if it, ok := changes.TryNext(); ok {
			t.Errorf("it was published: %+v", it)
		}
		if after := g.State(); after.Seq != before.Seq || after.Phase != before.Phase || after.Alarm != nil {
			t.Errorf("shows %+v, want %+v", after, before)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// What cameras see verifies an alarm that began before, and nothing else.
func TestAPersonSeenVerifies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		set(t, g, home.Away)
		pass(5 * time.Minute)
		g.PersonSeen("camera-hall", "Hall", "", time.Now())
		if got := g.State(); got.Phase != home.PhaseArmed || got.Alarm != nil {
			t.Errorf("a camera alone raised %+v", got)
		}
		say(g, "zwave-3", home.Contact, home.Open)
		pass(time.Second)
		g.PersonSeen("camera-hall", "Hall", "", time.Now().Add(-2*time.Second)) // a picture from before
		if got := g.State().Alarm; got == nil || got.Verified {
			t.Errorf("an older picture: got %+v, want an alarm that is not verified", got)
		}
		pass(30 * time.Second)
		g.PersonSeen("camera-hall", "Hall", home.TheHouse, time.Now())
		pass(time.Second)
		if got := g.State().Alarm; got == nil || !got.Verified || !got.Reported {
			t.Errorf("got %+v, want it verified and reported", got)
		}
		var kinds []string
		for _, n := range h.notices {
			kinds = append(kinds, n.Kind)
		}
		if last := h.notices[len(h.notices)-1].Text; !strings.Contains(last, "camera Hall saw") {
			t.Errorf("people elsewhere are told %q, which does not name the camera as the family does", last)
		}
		if len(kinds) != 2 || kinds[0] != "alarm" || kinds[1] != "verified" {
			t.Errorf("notices %q, want the alarm and that it is verified", kinds)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// Lights go on after the siren time, and a disarming that is still being written
// does not put them out.
func TestLightsGoOnUntilItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		burglary(t, g)
		pass(4 * time.Minute)
		last := func() alarm.Sound {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.sounds[len(h.sounds)-1]
		}
		if got := last(); got.On() || !got.Strobe || got.ID == "" {
			t.Errorf("after the siren time: %+v, want lights alone", got)
		}
		gate := make(chan struct{})
		d.set(nil, gate)
		done := make(chan error, 1)
		go func() { done <- g.Acknowledge(t.Context(), "Anna") }()
		synctest.Wait()
		if got := last(); !got.Strobe {
			t.Errorf("not written yet, and the lights are out")
		}
		close(gate)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := last(); got != (alarm.Sound{}) {
			t.Errorf("acknowledged: %+v, want all off", got)
		}
		if !h.has("Acknowledged: Burglary alarm by") {
			t.Error("the journal does not tell who has seen it")
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestAWalkTestShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		if err := g.Test(t.Context(), true, "Ivy"); err != nil {
			t.Fatal(err)
		}
		say(g, "zwave-3", home.Contact, home.Open)
		pass(time.Second)
		if got := g.State().Test; got == nil || len(got.Seen) != 1 {
			t.Errorf("got %+v, want a test that has seen one zone", got)
		}
		say(g, "zwave-3", home.Contact, home.Closed)
		pass(alarm.TestTime)
		if got := g.State().Test; got != nil {
			t.Errorf("got %+v, want the test over", got)
		}
		set(t, g, home.Away)
		var conflict *home.Conflict
		if err := g.Test(t.Context(), true, "Ivy"); !errors.As(err, &conflict) {
			t.Errorf("a walk test of an armed house: got %v, want a conflict", err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
