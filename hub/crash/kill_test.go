package crash

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"gatehouse/hub/home"
)

var (
	kills   = flag.Int("kills", 10, "how often TestKill ends the hub, a fifth of it in each phase and right after disarming")
	program = flag.String("gatehouse", "", "the program to test; built when empty")
)

// TestKill ends the hub in every phase, and right after it has answered a
// disarming, while sensors report.
func TestKill(t *testing.T) {
	h := newHouse(t, build(t), t.TempDir())
	h.start()
	h.furnish()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))

	phases := []home.Phase{home.PhaseArming, home.PhaseArmed, home.PhaseEntry, home.PhaseAlarm, home.PhaseDisarmed}
	count := map[home.Phase]int{}
	var restarts, retold []time.Duration
	bad, lost := 0, 0
	for n := range *kills {
		want := phases[n%len(phases)]
		stop := h.watch()
		h.calm()
		before := h.bring(want)
		// Reports come in, and lines are written, while the end comes.
		quiet := h.chatter()
		time.Sleep(time.Duration(dice.IntN(60)) * time.Millisecond)
		heard := h.siren.Received()
		h.kill()
		quiet()
		stop()
		count[want]++

		killed := time.Now()
		after := h.start()
		restarts = append(restarts, time.Since(killed))
		if !sameStand(before, after) {
			bad++
			t.Errorf("kill %d: %s before, %s after", n, stand(before), stand(after))
		}
		if want == home.PhaseAlarm {
			h.until("the siren is told again", 30*time.Second, func() error {
				if h.soundings(heard) == 0 {
					return fmt.Errorf("it got %x, sounding %v", h.since(heard), h.siren.Sounding())
				}
				return nil
			})
			retold = append(retold, time.Since(killed))
		}
		from := uint64(0)
		if l := h.last(); l > 3000 {
			from = l - 3000
		}
		for _, e := range h.missing(from) {
			lost++
			t.Errorf("kill %d: event %d %q was shown, and is lost", n, e.Seq, e.Text)
		}
		if t.Failed() && bad+lost > 5 {
			break
		}
	}
	if list := h.missing(0); len(list) > 0 {
		t.Errorf("%d events that were shown are lost at the end", len(list))
	}
	mid, longest := median(restarts)
	midSiren, longestSiren := median(retold)
	t.Logf("kills %v: %d came back otherwise; %d events shown, %d lost; back after %s (longest %s); siren told again %s after the end of the hub (longest %s)",
		count, bad, len(h.shown), lost, mid, longest, midSiren, longestSiren)
}

// bring brings a calm house into a phase and returns what the panel says then.
func (h *house) bring(p home.Phase) home.Alarm {
	h.t.Helper()
	exit := "0s"
	if p == home.PhaseArming {
		exit = "120s"
	}
	a, err := h.mode(home.Away, exit)
	if err != nil {
		h.recount()
		h.t.Fatal(err)
	}
	switch p {
	case home.PhaseArming, home.PhaseArmed:
	case home.PhaseEntry:
		h.door.Open()
		a = h.phase(p)
	case home.PhaseAlarm:
		h.window.Open()
		a = h.phase(p)
	case home.PhaseDisarmed:
		if a, err = h.mode(home.Disarmed, ""); err != nil {
			h.t.Fatal(err)
		}
	}
	if a.Phase != p {
		h.t.Fatalf("the panel answers %s, want %s", stand(a), p)
	}
	return a
}

// TestKillAsSoonAsShown ends the hub the moment that it shows an entry or an
// alarm: what was shown is on disk, so it comes back.
func TestKillAsSoonAsShown(t *testing.T) {
	h := newHouse(t, build(t), t.TempDir())
	h.start()
	h.furnish()
	for n := range max(2, *kills/5) {
		h.calm()
		want := []home.Phase{home.PhaseEntry, home.PhaseAlarm}[n%2]
		before := h.bring(want)
		h.kill()
		if after := h.start(); !sameStand(before, after) {
			t.Errorf("kill %d in %s: %s before, %s after", n, want, stand(before), stand(after))
		}
	}
}

// chatter lets sensors report every few milliseconds until the end it returns.
func (h *house) chatter() (quiet func()) {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-end:
				return
			case <-tick.C:
				h.door.SetBattery(60 + n%40)
			}
		}
	}()
	return func() {
		close(end)
		<-done
	}
}

// stand is what must come back.
func stand(a home.Alarm) string {
	s := string(a.Mode) + " " + string(a.Phase) + " since " + a.Since.String()
	if a.Until != nil {
		s += " until " + a.Until.String()
	}
	if a.Alarm != nil {
		s += " alarm " + a.Alarm.Kind + " at " + string(a.Alarm.Zone) + " since " + a.Alarm.Since.String()
	}
	return s
}

func sameStand(a, b home.Alarm) bool { return stand(a) == stand(b) }
