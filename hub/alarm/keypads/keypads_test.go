package keypads_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/home"
)

// wall writes down what its keypads show, each line with the seconds since the
// test began.
type wall struct {
	*keypads.Keypads
	t     *testing.T
	start time.Time

	mu   sync.Mutex
	said []string
}

// hang runs the keypads for one test in a bubble.
func hang(t *testing.T, do func(w *wall)) {
	synctest.Test(t, func(t *testing.T) {
		w := &wall{t: t, start: time.Now()}
		w.Keypads = keypads.New(func(id home.DeviceID, v keypads.View) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.said = append(w.said, fmt.Sprintf("%g %s %s", time.Since(w.start).Seconds(), id, words(v)))
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		do(w)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func words(v keypads.View) string {
	s := []string{"dark"}
	if !v.Dark() {
		s = []string{string(v.Mode), string(v.Phase)}
	}
	if v.Seconds > 0 {
		s = append(s, fmt.Sprint(v.Seconds, "s"))
	}
	for _, f := range []struct {
		word string
		is   bool
	}{
		{"hurry", v.Hurry},
		{"silent", v.Silent},
		{"bypass", v.Bypass},
		{"ready", v.Ready},
		{"unready", v.Unready},
		{"zones", v.Zones},
		{"memory", v.Memory},
		{"trouble", v.Trouble},
		{"alarm=" + v.Alarm, v.Alarm != ""},
		{"error=" + string(v.Error), v.Error != ""},
		{"tone=" + string(v.Tone), v.Tone != ""},
	} {
		if f.is {
			s = append(s, f.word)
		}
	}
	return strings.Join(s, " ")
}

// at passes time until the second s of the test.
func (w *wall) at(s float64) {
	time.Sleep(time.Until(w.start.Add(time.Duration(s * float64(time.Second)))))
	synctest.Wait()
}

func (w *wall) want(what string, want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(w.take(), want); diff != "" {
		w.t.Errorf("%s (-got +want):\n%s", what, diff)
	}
}

func (w *wall) take() (said []string) {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	said, w.said = w.said, nil
	return said
}

var quiet = alarm.Indication{Area: home.TheHouse, Mode: home.Disarmed, Phase: home.PhaseDisarmed, Ready: true, Memory: true, Trouble: true}

// E2: that the house is unset is shown for 30 s. No status leaks from an idle
// keypad: neither that a window is open, nor that
// there was an alarm, nor, after a while, whether the house is armed.
func TestIdleKeypadTellsNothing(t *testing.T) {
	hang(t, func(w *wall) {
		w.Indicate(quiet)
		w.Here("hall")
		w.Here("porch")
		w.want("joined", "0 hall disarmed disarmed", "0 porch disarmed disarmed")
		w.at(29.9)
		w.want("before 30 s")
		w.at(30)
		w.want("unset is shown for 30 s", "30 hall dark", "30 porch dark")

		open := quiet
		open.Ready, open.Trouble, open.Memory = false, false, false
		w.Indicate(open)
		w.Indicate(quiet)
		w.at(100)
		w.want("a window, an alarm memory and a trouble come and go")

		w.Touched("hall")
		w.want("a key", "100 hall disarmed disarmed ready")
		w.Indicate(open)
		w.want("a window opens", "100 hall disarmed disarmed unready")
		w.Indicate(quiet)
		w.want("and closes", "100 hall disarmed disarmed ready")
		w.at(110)
		w.Answered("hall", true, nil)
		w.want("a right code", "110 hall disarmed disarmed ready zones memory trouble")
		w.at(140)
		w.want("30 s later", "140 hall dark")
		w.Answered("hall", true, &home.WrongCode{Left: 1})
		w.want("a wrong code tells nothing", "140 hall dark error=wrong")
		w.at(144.9)
		w.want("before 5 s")
		w.at(145)
		w.want("5 s later", "145 hall dark")
		w.Answered("hall", false, nil)
		w.want("no code tells nothing")
	})
}

// E2: that the house is set is shown for 180 s.
func TestSetIsShownFor180Seconds(t *testing.T) {
	hang(t, func(w *wall) {
		w.Here("hall")
		w.want("the panel has not spoken")
		w.Indicate(alarm.Indication{Area: home.TheHouse, Mode: home.Away, Phase: home.PhaseArmed, Bypass: true, Memory: true})
		w.want("armed", "0 hall away armed bypass")
		w.at(179.9)
		w.want("before 180 s")
		w.at(180)
		w.want("180 s later", "180 hall dark")
		w.Touched("hall")
		w.want("a key: set, but not what is left out", "180 hall away armed")
		w.at(210)
		w.want("30 s later", "210 hall dark")
	})
}

// Each second once, however often the panel says it; who joins late gets the
// present value.
func TestCountdown(t *testing.T) {
	hang(t, func(w *wall) {
		w.Here("hall")
		for s := range 4 {
			in := alarm.Indication{Area: home.TheHouse, Mode: home.Away, Phase: home.PhaseArming, Seconds: 12 - s, Tone: alarm.ToneExit, Hurry: s >= 2}
			w.Indicate(in)
			w.Indicate(in)
			w.Touched("hall")
			if s == 1 {
				w.at(1.4)
				w.Here("porch")
			}
			w.at(float64(s + 1))
		}
		w.want("seconds",
			"0 hall away arming 12s", "1 hall away arming 11s", "1.4 porch away arming 11s",
			"2 hall away arming 10s hurry", "2 porch away arming 10s hurry", "3 hall away arming 9s hurry", "3 porch away arming 9s hurry")
		w.Gone("porch")
		w.Here("hall")
		w.want("reached again", "4 hall away arming 8s hurry")
	})
}

func TestTones(t *testing.T) {
	hang(t, func(w *wall) {
		w.Here("hall")
		s := home.DefaultKeypadSettings()
		s.ExitTones = false
		w.Settle("hall", s)
		w.Indicate(alarm.Indication{Area: home.TheHouse, Mode: home.Away, Phase: home.PhaseArming, Seconds: 60, Tone: alarm.ToneExit})
		w.want("no exit tones here", "0 hall away arming 60s silent")
		w.Indicate(alarm.Indication{Area: home.TheHouse, Mode: home.Away, Phase: home.PhaseEntry, Seconds: 30, Tone: alarm.ToneEntry})
		w.want("but entry tones", "0 hall away entry 30s")
		w.Indicate(alarm.Indication{Area: home.TheHouse, Mode: home.Away, Phase: home.PhaseEntry, Seconds: 30, Tone: alarm.ToneError})
		w.want("another keypad's error is not ours")
		s.EntryTones = false
		w.Settle("hall", s)
		w.want("no entry tones", "0 hall away entry 30s silent")
		w.Indicate(alarm.Indication{Area: home.TheHouse, Mode: home.Disarmed, Phase: home.PhaseDisarmed, Tone: alarm.ToneAbort})
		w.want("nothing was sent", "0 hall disarmed disarmed tone=abort")
		w.at(60)
		w.take()
		w.Indicate(alarm.Indication{Area: home.TheHouse, Mode: home.Disarmed, Phase: home.PhaseDisarmed, Tone: alarm.ToneChime})
		w.Indicate(alarm.Indication{Area: home.TheHouse, Mode: home.Disarmed, Phase: home.PhaseDisarmed, Tone: alarm.ToneChime})
		w.want("a door, twice", "60 hall dark tone=chime", "60 hall dark tone=chime")
		w.Indicate(alarm.Indication{Area: home.TheHouse, Mode: home.Home, Phase: home.PhaseArming, Seconds: 120})
		w.want("arming in silence", "60 hall home arming 120s silent")
	})
}

// A keypad shows its own area, and the house when that is there no more.
func TestAreas(t *testing.T) {
	hang(t, func(w *wall) {
		s := home.DefaultKeypadSettings()
		s.Area = "flat"
		w.Settle("flat", s)
		w.Here("flat")
		w.Here("hall")
		w.want("the panel has not spoken")
		w.Indicate(alarm.Indication{Area: "flat", Mode: home.Away, Phase: home.PhaseArmed, Tone: alarm.ToneChime})
		w.want("of the flat", "0 flat away armed tone=chime")
		w.Indicate(alarm.Indication{Area: home.TheHouse, Mode: home.Disarmed, Phase: home.PhaseDisarmed})
		w.want("of the house", "0 hall disarmed disarmed")
		w.at(40)
		w.want("the house goes dark", "30 hall dark")
		s.Area = "barn"
		w.Settle("flat", s)
		w.want("an area that is there no more", "40 flat dark")
		w.Touched("flat")
		w.want("it shows the house", "40 flat disarmed disarmed unready")
	})
}

func TestErrors(t *testing.T) {
	hang(t, func(w *wall) {
		w.Indicate(quiet)
		w.Here("hall")
		w.at(40)
		w.take()
		for _, c := range []struct {
			err   error
			shows string
			lasts time.Duration
		}{
			{&home.WrongCode{Left: 2}, "wrong", keypads.ShowError},
			{&home.CodeNeeded{}, "wrong", keypads.ShowError},
			{&home.CodesLocked{}, "locked", keypads.ShowError},
			{fmt.Errorf("arm: %w", &home.NotReady{}), "not-ready", alarm.ChallengeTime},
			{&home.Invalid{Field: "code"}, "refused", keypads.ShowError},
			{errors.New("the hub is stopping"), "refused", keypads.ShowError},
		} {
			w.Answered("hall", false, c.err)
			w.at(time.Since(w.start).Seconds() + c.lasts.Seconds() - 0.1)
			if said := w.take(); len(said) != 1 || !strings.HasSuffix(said[0], "dark error="+c.shows) {
				t.Errorf("%v shows %q, want dark error=%s", c.err, said, c.shows)
			}
			w.at(time.Since(w.start).Seconds() + 0.1)
			if said := w.take(); len(said) != 1 || !strings.HasSuffix(said[0], "dark") {
				t.Errorf("%v after %s: %q, want dark", c.err, c.lasts, said)
			}
		}
		w.Answered("hall", true, &home.NotReady{})
		w.want("something is open; the code was right", fmt.Sprintf("%g hall disarmed disarmed ready zones memory trouble error=not-ready", time.Since(w.start).Seconds()))
		w.Touched("hall")
		w.want("a key ends the error", fmt.Sprintf("%g hall disarmed disarmed ready zones memory trouble", time.Since(w.start).Seconds()))
	})
}
