package sirens_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/sirens"
	"gatehouse/hub/home"
)

// move is one thing that happens to the sirens.
type move struct {
	What  string
	Siren int
	After time.Duration // before it happens
	Wish  alarm.Pattern
	For   time.Duration
	Flag  bool // inside only, or a failure, or on
	Light bool
}

func moves() *rapid.Generator[move] {
	return rapid.Custom(func(t *rapid.T) move {
		return move{
			What:  rapid.SampledFrom([]string{"sound", "sound", "silence", "answer", "answer", "answer", "hear", "again", "ask", "wait"}).Draw(t, "what"),
			Siren: rapid.IntRange(0, 1).Draw(t, "siren"),
			After: rapid.SampledFrom([]time.Duration{0, 0, 0, 100 * time.Millisecond, time.Second, 4 * time.Second, 11 * time.Second, time.Minute}).Draw(t, "after"),
			Wish:  rapid.SampledFrom([]alarm.Pattern{alarm.Steady, alarm.Temporal3, alarm.Temporal4, alarm.Slow}).Draw(t, "wish"),
			For:   rapid.SampledFrom([]time.Duration{5 * time.Second, 30 * time.Second, 4 * time.Minute}).Draw(t, "for"),
			Flag:  rapid.Bool().Draw(t, "flag"),
			Light: rapid.Bool().Draw(t, "light"),
		}
	})
}

// flight is a command that was sent and has not been answered.
type flight struct {
	said string
	at   time.Time
	done func(error)
}

// world is a house of two sirens that answer when the play says so, and what
// it knows of what was wanted and told. Sirens are told by the play and by Run,
// one at a time in a bubble that waits for both.
type world struct {
	house

	flying map[home.DeviceID][]flight
	last   map[home.DeviceID]string // the last command
	alarm  alarm.Sound
	tests  map[home.DeviceID]time.Time
	wrong  error
}

func (w *world) fail(format string, args ...any) {
	if w.wrong == nil {
		w.wrong = fmt.Errorf("at %v: "+format, append([]any{time.Since(w.start)}, args...)...)
	}
}

func (w *world) Tell(cmd home.Command, done func(error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := flight{said(cmd), time.Now(), done}
	for _, old := range w.flying[cmd.Device] {
		if old.said != f.said && f.at.Sub(old.at) < 10*time.Second {
			w.fail("%s told %q while %q is %v on its way", cmd.Device, f.said, old.said, f.at.Sub(old.at))
		}
	}
	if ends := w.alarm.Until.Add(3 * time.Second); cmd.Value == home.On && !time.Now().Before(ends) && !time.Now().Before(w.tests[cmd.Device]) {
		w.fail("%s told %q, but the siren time ended at %v", cmd.Device, f.said, ends.Sub(w.start))
	}
	w.flying[cmd.Device] = append(w.flying[cmd.Device], f)
	w.last[cmd.Device] = f.said
}

// busy tells whether a command for the siren may still be answered.
func (w *world) busy(id home.DeviceID) bool {
	for _, f := range w.flying[id] {
		if time.Since(f.at) < 10*time.Second {
			return true
		}
	}
	return false
}

// wanted is what the siren should have been told last.
func (w *world) wanted(id home.DeviceID) string {
	now := time.Now()
	loud := w.alarm.On() && now.Before(w.alarm.Until.Add(3*time.Second))
	outside := id == right
	switch {
	case (loud || w.alarm.Strobe) && w.alarm.Inside && outside:
		return "off"
	case loud || w.alarm.Strobe:
		words := "off"
		switch {
		case loud && w.alarm.Pattern == alarm.Temporal4, loud && w.alarm.Pattern == alarm.Temporal3:
			words = "on temporal-3"
		case loud:
			words = "on steady"
		}
		if w.alarm.Strobe && outside {
			words += " strobe"
		}
		return words
	case now.Before(w.tests[id]):
		return "on steady"
	default:
		return "off"
	}
}

// check holds the sirens to what they promise: who has nothing on its way has
// been told what is wanted now.
func (w *world) check(after string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range w.list {
		if last, told := w.last[id]; !w.busy(id) && told && last != w.wanted(id) {
			w.fail("after %s %s was last told %q, want %q", after, id, last, w.wanted(id))
		}
	}
}

func (w *world) make(s *sirens.Sirens, m move) {
	id := w.list[m.Siren]
	switch m.What {
	case "sound", "silence":
		w.alarm = alarm.Sound{Strobe: m.Light && m.What == "sound"}
		if m.What == "sound" {
			w.alarm.Pattern, w.alarm.Inside, w.alarm.Until = m.Wish, m.Flag, time.Now().Add(m.For)
			w.alarm.ID = "alarm-1"
		}
		if w.alarm.On() || w.alarm.Strobe {
			clear(w.tests)
		}
		s.Sound(w.alarm)
		w.check(m.What) // within the call
	case "answer":
		w.mu.Lock()
		if len(w.flying[id]) == 0 {
			w.mu.Unlock()
			return
		}
		f := w.flying[id][0]
		w.flying[id] = w.flying[id][1:]
		w.mu.Unlock()
		var err error
		if m.Flag {
			err = errors.New("no answer")
		}
		f.done(err)
	case "hear":
		v := home.Off
		if m.Flag {
			v = home.On
		}
		s.Heard(w.reports(id, v))
	case "again": // what was on its way is lost
		w.mu.Lock()
		clear(w.flying)
		w.mu.Unlock()
		s.Again()
	case "ask":
		cmd := home.Command{Device: id, Trait: home.Siren, Value: home.Off}
		var until time.Time
		if m.Flag {
			cmd.Value, cmd.Sound.For = home.On, home.Duration(m.For)
			until = time.Now().Add(m.For)
		}
		loud := w.alarm.On() && time.Now().Before(w.alarm.Until.Add(3*time.Second))
		if !loud && !w.alarm.Strobe {
			w.tests[id] = until // before Ask: it tells within the call
		}
		if err := s.Ask(cmd, func(error) {}); (err != nil) != (loud || w.alarm.Strobe) {
			w.fail("asked for %s: %v", cmd.Value, err)
		}
	}
}

// Whatever happens to the sirens: never two conflicting commands on the way to
// one, the last wish wins, within the call where it can, nothing sounds past
// its time, and once they answer every siren has confirmed what is wanted.
func TestRandomPlay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(moves(), 1, 60).Draw(rt, "script")
		var wrong error
		synctest.Test(t, func(t *testing.T) {
			out := able()
			out.Place, out.Strobe = home.Outside, true
			w := &world{
				house: house{
					start: time.Now(), list: []home.DeviceID{left, right}, fault: map[home.DeviceID]string{},
					can: map[home.DeviceID]home.Sounder{left: able(), right: out},
				},
				flying: map[home.DeviceID][]flight{}, last: map[home.DeviceID]string{}, tests: map[home.DeviceID]time.Time{},
			}
			s := sirens.New(w, w, slog.New(slog.DiscardHandler))
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- s.Run(ctx) }()
			s.Sound(alarm.Sound{})
			for _, m := range script {
				time.Sleep(m.After)
				synctest.Wait()
				w.check("waiting")
				w.make(s, m)
				synctest.Wait()
				w.check(m.What)
			}
			// From now on every siren answers at once.
			for range 100 {
				time.Sleep(200 * time.Millisecond)
				synctest.Wait()
				for i := range w.list {
					w.make(s, move{What: "answer", Siren: i})
				}
				synctest.Wait()
			}
			w.check("all have answered")
			for _, id := range w.list {
				if w.busy(id) {
					w.fail("%s still has a command on its way", id)
				}
			}
			stop()
			<-ended
			wrong = w.wrong
		})
		if wrong != nil {
			rt.Fatal(wrong)
		}
	})
}
