package sirens_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/sirens"
	"gatehouse/hub/home"
)

const (
	left  home.DeviceID = "zwave-7"
	right home.DeviceID = "zwave-8"
)

// able is a siren that knows two rhythms.
func able() home.Sounder {
	return home.Sounder{Place: home.Inside, Patterns: map[string]home.Duration{
		string(alarm.Steady): home.Duration(3 * time.Minute), string(alarm.Temporal3): home.Duration(time.Minute),
	}}
}

// house has two sirens and notes what they were told and when.
type house struct {
	start time.Time
	mu    sync.Mutex
	list  []home.DeviceID
	can   map[home.DeviceID]home.Sounder
	told  []string
	done  []func(error)
	late  func()                  // happens once, between the decision on a command and its sending
	err   map[home.DeviceID]error // answered at once; absent: no answer yet
	fault map[home.DeviceID]string
}

func (h *house) WithTrait(home.Trait) []home.DeviceID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.list
}

func (h *house) Sounder(id home.DeviceID) (home.Sounder, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d, ok := h.can[id]
	return d, ok
}

func (h *house) Tell(cmd home.Command, done func(error)) {
	h.mu.Lock()
	if late := h.late; late != nil {
		h.late = nil
		h.mu.Unlock()
		late()
		h.mu.Lock()
	}
	h.told = append(h.told, fmt.Sprintf("%v %s %s", time.Since(h.start), cmd.Device, said(cmd)))
	err, ok := h.err[cmd.Device]
	if !ok {
		h.done = append(h.done, done)
	}
	h.mu.Unlock()
	if ok {
		done(err)
	}
}

// said is a command in words: the value, and what goes with it.
func said(cmd home.Command) string {
	words := []string{cmd.Value.String()}
	if cmd.Sound.Pattern != "" {
		words = append(words, cmd.Sound.Pattern)
	}
	if cmd.Sound.Strobe {
		words = append(words, "strobe")
	}
	if cmd.Sound.Chirp != "" {
		words = append(words, "chirp "+string(cmd.Sound.Chirp))
	}
	if d := time.Duration(cmd.Sound.For); d%time.Second != 0 || (d != 0) != (cmd.Value == home.On) {
		words = append(words, "for "+d.String())
	}
	return strings.Join(words, " ")
}

func (h *house) SirenSilent(id home.DeviceID, since time.Time, why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if why == nil {
		delete(h.fault, id)
		return
	}
	h.fault[id] = fmt.Sprintf("since %v: %v", since.Sub(h.start), why)
}

// heard takes what was told since the last call.
func (h *house) heard() []string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	told := h.told
	h.told = nil
	return told
}

func (h *house) want(t *testing.T, what string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(h.heard(), want); diff != "" {
		t.Errorf("%s: told (-got +want):\n%s", what, diff)
	}
}

func (h *house) wantFaults(t *testing.T, what string, want map[home.DeviceID]string) {
	t.Helper()
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if diff := cmp.Diff(h.fault, want); diff != "" {
		t.Errorf("%s: reported (-got +want):\n%s", what, diff)
	}
}

// answers sets how a siren answers from now on.
func (h *house) answers(id home.DeviceID, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err[id] = err
}

// reports is a device as the registry tells of it.
func (h *house) reports(id home.DeviceID, v home.Value) home.Device {
	d, _ := h.Sounder(id)
	return home.Device{ID: id, Sounder: &d, Traits: map[home.Trait]home.State{home.Siren: {Value: v, Fresh: true}}}
}

func play(t *testing.T, f func(t *testing.T, h *house, s *sirens.Sirens)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &house{
			start: time.Now(), err: map[home.DeviceID]error{left: nil, right: nil}, fault: map[home.DeviceID]string{},
			list: []home.DeviceID{left, right}, can: map[home.DeviceID]home.Sounder{left: able(), right: able()},
		}
		s := sirens.New(h, h, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		f(t, h, s)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// alone leaves one siren in the house.
func (h *house) alone() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = h.list[:1]
	delete(h.can, right)
}

// stalls has a siren answer no more by itself.
func (h *house) stalls(id home.DeviceID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.err, id)
}

// becomes says what a siren can do and where it hangs.
func (h *house) becomes(id home.DeviceID, d home.Sounder) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.can[id] = d
}

// burglary is a wish for d from now on.
func burglary(d time.Duration) alarm.Sound {
	return alarm.Sound{Pattern: alarm.Steady, ID: "alarm-1", Until: time.Now().Round(0).Add(d)}
}

func TestEverySirenIsToldOnceAndAtOnce(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		w := burglary(2 * time.Minute)
		s.Sound(w)
		s.Sound(w)
		time.Sleep(time.Minute)
		s.Sound(alarm.Sound{})
		h.want(t, "within the calls", "0s zwave-7 on steady", "0s zwave-8 on steady", "1m0s zwave-7 off", "1m0s zwave-8 off")
		time.Sleep(time.Hour)
		h.want(t, "an hour later")
	})
}

// Nobody but the caller of Sound is at work here.
func TestStartAndStopGoOutWithinTheCall(t *testing.T) {
	h := &house{
		start: time.Now(), err: map[home.DeviceID]error{left: nil}, list: []home.DeviceID{left},
		can: map[home.DeviceID]home.Sounder{left: able()},
	}
	s := sirens.New(h, h, slog.New(slog.DiscardHandler))
	for _, tt := range []struct {
		wish alarm.Sound
		want string
	}{{burglary(time.Minute), "on steady"}, {alarm.Sound{}, "off"}} {
		s.Sound(tt.wish)
		if n := len(h.told); n == 0 || !strings.HasSuffix(h.told[n-1], tt.want) {
			t.Errorf("told %q within the call, want %q", h.told, tt.want)
		}
	}
}

func TestSilentSirenIsToldAgainAndReported(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.answers(right, errors.New("no answer"))
		time.Sleep(time.Second)
		s.Sound(burglary(2 * time.Minute))
		time.Sleep(500 * time.Millisecond)
		h.wantFaults(t, "one failure", map[home.DeviceID]string{})
		time.Sleep(3500 * time.Millisecond) // tried at 0, 1 and 3 s
		h.wantFaults(t, "three failures", map[home.DeviceID]string{right: "since 1s: no answer"})
		h.answers(right, nil)
		time.Sleep(time.Minute) // confirmed at 7 s, then left alone
		h.want(t, "in a minute", "1s zwave-7 on steady", "1s zwave-8 on steady", "2s zwave-8 on steady", "4s zwave-8 on steady", "8s zwave-8 on steady")
		h.wantFaults(t, "confirmed", map[home.DeviceID]string{})
	})
}

func TestSirenThatSaysNothingIsReportedAfterFiveSeconds(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.alone()
		h.stalls(left)
		s.Sound(burglary(2 * time.Minute))
		time.Sleep(4900 * time.Millisecond)
		h.wantFaults(t, "at 4.9s", map[home.DeviceID]string{})
		time.Sleep(200 * time.Millisecond)
		h.wantFaults(t, "at 5.1s", map[home.DeviceID]string{left: "since 0s: no answer yet"})
		s.Sound(alarm.Sound{})
		time.Sleep(4800 * time.Millisecond)
		h.want(t, "until 9.9s", "0s zwave-7 on steady")
		time.Sleep(200 * time.Millisecond)
		h.want(t, "at 10s the answer is given up", "10s zwave-7 off")
		h.wantFaults(t, "told off, not confirmed", map[home.DeviceID]string{left: "since 0s: no answer yet"})
		h.done[1](nil)
		synctest.Wait()
		h.wantFaults(t, "confirmed", map[home.DeviceID]string{})
	})
}

func TestNeverTwoCommandsOnTheirWayToOneSiren(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.stalls(right)
		s.Sound(burglary(time.Minute))
		s.Sound(alarm.Sound{}) // zwave-8 has not answered yet: it must wait
		h.want(t, "at once", "0s zwave-7 on steady", "0s zwave-8 on steady", "0s zwave-7 off")
		time.Sleep(2 * time.Second)
		h.done[0](nil)
		h.want(t, "with the answer", "2s zwave-8 off")
	})
}

func TestSirenIsToldAgainBeforeItFallsSilent(t *testing.T) {
	for _, tt := range []struct {
		name    string
		longest time.Duration
		want    []string
	}{
		{"after three minutes by itself", 3 * time.Minute, []string{"0s", "2m55s", "5m50s"}},
		{"after a tone of 30 s", 30 * time.Second, []string{"0s", "25s", "50s", "1m15s"}},
		{"after a tone of 6 s", 6 * time.Second, []string{"0s", "4.5s", "9s", "13.5s", "18s"}},
		{"after a tone of 1 s", time.Second, []string{"0s", "3s", "6s", "9s"}},
		{"nobody knows when", 0, []string{"0s", "1m0s", "2m0s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
				h.alone()
				h.can[left].Patterns[string(alarm.Steady)] = home.Duration(tt.longest)
				s.Sound(burglary(15 * time.Minute))
				var want []string
				for _, at := range tt.want {
					want = append(want, at+" zwave-7 on steady")
				}
				last, err := time.ParseDuration(tt.want[len(tt.want)-1])
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(last + time.Second)
				h.want(t, "renewed", want...)
			})
		})
	}
}

func TestSirenThatFallsSilentIsToldAtOnceAndBetterKnown(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.alone()
		s.Sound(burglary(2 * time.Minute))
		time.Sleep(500 * time.Millisecond)
		s.Heard(h.reports(left, home.Off)) // said before it began
		time.Sleep(400 * time.Millisecond)
		s.Heard(h.reports(left, home.On))
		time.Sleep(29100 * time.Millisecond)
		h.want(t, "an old word changes nothing", "0s zwave-7 on steady")
		s.Heard(h.reports(left, home.Off))
		s.Heard(h.reports(left, home.On))
		time.Sleep(30 * time.Second)
		s.Sound(alarm.Sound{})
		h.want(t, "it lasts 30 s", "30s zwave-7 on steady", "55s zwave-7 on steady", "1m0s zwave-7 off")
		if got := s.Counters(); got != (sirens.Counters{Told: 4, Renewed: 1, Contrary: 1}) {
			t.Errorf("counted %+v", got)
		}
	})
}

func TestBrokenSirenIsNotFlooded(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.alone()
		s.Sound(burglary(4 * time.Minute))
		for range 900 { // it says every 100 ms that it is silent
			s.Heard(h.reports(left, home.Off))
			time.Sleep(100 * time.Millisecond)
		}
		h.want(t, "in 90 s", "0s zwave-7 on steady", "1s zwave-7 on steady", "2s zwave-7 on steady", "4s zwave-7 on steady",
			"8s zwave-7 on steady", "16s zwave-7 on steady", "31s zwave-7 on steady", "46s zwave-7 on steady",
			"1m1s zwave-7 on steady", "1m16s zwave-7 on steady")
		h.wantFaults(t, "belied three times", map[home.DeviceID]string{left: "since 0s: it confirms, and then says the opposite"})
		s.Heard(h.reports(left, home.On))
		time.Sleep(2 * time.Minute)
		h.wantFaults(t, "a good minute later", map[home.DeviceID]string{})
	})
}

func TestSirenThatSoundsByItselfIsToldOff(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.alone()
		s.Sound(alarm.Sound{})
		time.Sleep(time.Minute)
		s.Heard(h.reports(left, home.On)) // a bell
		time.Sleep(5 * time.Second)
		s.Heard(h.reports(left, home.Off))
		time.Sleep(time.Minute)
		h.want(t, "a bell may ring", "0s zwave-7 off")
		s.Heard(h.reports(left, home.On))
		time.Sleep(time.Minute)
		h.want(t, "a siren may not", "2m15s zwave-7 off")
	})
}

func TestPatternsAreTheSirensOwnOrSteady(t *testing.T) {
	for _, tt := range []struct {
		want  alarm.Pattern
		knows []alarm.Pattern
		got   string
	}{
		{alarm.Steady, []alarm.Pattern{alarm.Steady, alarm.Temporal3}, "on steady"},
		{alarm.Temporal3, []alarm.Pattern{alarm.Steady, alarm.Temporal3}, "on temporal-3"},
		{alarm.Temporal3, []alarm.Pattern{alarm.Steady}, "on steady"},
		{alarm.Temporal4, []alarm.Pattern{alarm.Steady, alarm.Temporal3, alarm.Temporal4}, "on temporal-4"},
		{alarm.Temporal4, []alarm.Pattern{alarm.Steady, alarm.Temporal3}, "on temporal-3"},
		{alarm.Temporal4, []alarm.Pattern{alarm.Steady}, "on steady"},
		{alarm.Pulse, []alarm.Pattern{alarm.Steady, alarm.Temporal3}, "on steady"},
		{alarm.Slow, []alarm.Pattern{alarm.Steady, alarm.Temporal3, alarm.Slow}, "on slow"},
		{alarm.Slow, []alarm.Pattern{alarm.Steady}, "on steady"},
	} {
		play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
			h.alone()
			d := home.Sounder{Place: home.Inside, Patterns: map[string]home.Duration{}}
			for _, p := range tt.knows {
				d.Patterns[string(p)] = home.Duration(time.Minute)
			}
			h.becomes(left, d)
			s.Sound(alarm.Sound{Pattern: tt.want, Until: time.Now().Add(time.Minute)})
			h.want(t, fmt.Sprintf("%s by a siren that knows %v", tt.want, tt.knows), "0s zwave-7 "+tt.got)
		})
	}
}

func TestMorePressingPatternGoesOut(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.alone()
		s.Sound(burglary(time.Minute))
		s.Sound(alarm.Sound{Pattern: alarm.Temporal3, Until: time.Now().Add(time.Minute)})
		h.want(t, "burglary, then fire", "0s zwave-7 on steady", "0s zwave-7 on temporal-3")
	})
}

func TestOutsideSirenKeepsQuietWhenOnlyInsideShallSound(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		out := able()
		out.Place, out.Strobe = home.Outside, true
		h.becomes(right, out)
		w := burglary(time.Minute)
		w.Inside, w.Strobe = true, true
		s.Sound(w)
		h.want(t, "tamper in a disarmed house", "0s zwave-7 on steady", "0s zwave-8 off")
		w.Inside = false
		s.Sound(w)
		h.want(t, "fire", "0s zwave-8 on steady strobe")
		w.Inside = true
		s.Sound(w)
		h.want(t, "inside only again", "0s zwave-8 off")
		h.becomes(right, able())
		s.Heard(h.reports(right, home.Off)) // the owner says that it hangs inside
		h.want(t, "moved inside", "0s zwave-8 on steady")
	})
}

func TestLightsGoOnAfterTheSirenTime(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		d := able()
		d.Strobe = true
		h.becomes(left, d)
		w := burglary(time.Minute)
		w.Strobe = true
		s.Sound(w)
		time.Sleep(time.Minute)
		s.Sound(alarm.Sound{Strobe: true})
		time.Sleep(time.Hour)
		s.Sound(alarm.Sound{})
		h.want(t, "an alarm that nobody acknowledges for an hour",
			"0s zwave-7 on steady strobe", "0s zwave-8 on steady", "1m0s zwave-7 off strobe", "1m0s zwave-8 off", "1h1m0s zwave-7 off")
	})
}

// The panel stops the sirens itself. This is the stop behind it.
func TestNothingSoundsForEver(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.alone()
		s.Sound(burglary(time.Minute))
		time.Sleep(time.Hour)
		h.want(t, "the panel dies", "0s zwave-7 on steady", "1m3s zwave-7 off")
		s.Sound(alarm.Sound{Pattern: alarm.Temporal3}) // without an end
		time.Sleep(15 * time.Minute)
		h.heard()
		time.Sleep(time.Hour)
		h.want(t, "a panel that names no end", "1h15m3s zwave-7 off")
	})
}

func TestLaterEndIsToldToTheSiren(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.alone()
		s.Sound(burglary(time.Minute))
		time.Sleep(30 * time.Second)
		s.Sound(burglary(time.Minute))
		h.want(t, "another door", "0s zwave-7 on steady", "30s zwave-7 on steady")
	})
}

func TestRadioThatCameBackIsToldAgain(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		s.Again()
		h.want(t, "nothing was ever wanted")
		s.Sound(burglary(time.Minute))
		h.want(t, "an alarm", "0s zwave-7 on steady", "0s zwave-8 on steady")
		h.stalls(left)
		s.Again()
		h.want(t, "the stick came back", "0s zwave-7 on steady", "0s zwave-8 on steady")
		s.Again() // the answer to the first is lost
		h.want(t, "the stick came back twice", "0s zwave-7 on steady", "0s zwave-8 on steady")
		s.Sound(alarm.Sound{})
		h.done[0](nil) // late, and of the command before
		h.want(t, "the old answer does not count", "0s zwave-8 off")
		h.done[1](nil)
		h.want(t, "the new one does", "0s zwave-7 off")
	})
}

// A radio comes back and an alarm begins while a goroutine is about to send what
// was decided before: the older command must not be the last that the siren gets.
func TestOvertakenCommandIsNotTheLast(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.alone()
		s.Sound(alarm.Sound{Pattern: alarm.Steady, ID: "1", Until: time.Now().Add(time.Minute)})
		h.want(t, "an alarm", "0s zwave-7 on steady")
		h.late = func() {
			var other sync.WaitGroup
			other.Go(func() {
				s.Again()
				s.Sound(alarm.Sound{Pattern: alarm.Temporal3, ID: "2", Until: time.Now().Add(time.Minute)})
			})
			other.Wait()
		}
		s.Sound(alarm.Sound{})
		told := h.heard()
		if n := len(told); n == 0 || told[n-1] != "0s zwave-7 on temporal-3" {
			t.Errorf("told %q, want the fire last", told)
		}
	})
}

func TestPersonsTestEndsByItself(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		s.Sound(alarm.Sound{})
		h.heard()
		var ends []error
		ask := func(v home.Value, lasts time.Duration) error {
			cmd := home.Command{Device: left, Trait: home.Siren, Value: v, Sound: home.Sounding{For: home.Duration(lasts)}}
			return s.Ask(cmd, func(err error) { ends = append(ends, err) })
		}
		want := func(what string, err error, told ...string) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			h.want(t, what, told...)
		}
		want("on", ask(home.On, 0), "0s zwave-7 on steady")
		time.Sleep(5 * time.Second)
		want("on again", ask(home.On, 0), "5s zwave-7 on steady")
		time.Sleep(time.Minute)
		want("ended", nil, "15s zwave-7 off")
		want("for 30 s", ask(home.On, 30*time.Second), "1m5s zwave-7 on steady")
		time.Sleep(time.Minute)
		want("ended", nil, "1m35s zwave-7 off")
		want("on", ask(home.On, 0), "2m5s zwave-7 on steady")
		want("off", ask(home.Off, 0), "2m5s zwave-7 off")
		time.Sleep(time.Minute)
		want("off for good", nil)
		if len(ends) != 5 || errors.Join(ends...) != nil {
			t.Errorf("answers %v, want five good ones", ends)
		}
	})
}

func TestAlarmWinsOverPersons(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.alone()
		s.Sound(alarm.Sound{})
		cmd := home.Command{Device: left, Trait: home.Siren, Value: home.On}
		done := func(error) {}
		if err := s.Ask(cmd, done); err != nil {
			t.Fatal(err)
		}
		s.Sound(alarm.Sound{Pattern: alarm.Temporal3, Until: time.Now().Add(time.Minute)})
		h.want(t, "alarm during a test", "0s zwave-7 off", "0s zwave-7 on steady", "0s zwave-7 on temporal-3")
		cmd.Value = home.Off
		var conflict *home.Conflict
		if err := s.Ask(cmd, done); !errors.As(err, &conflict) {
			t.Errorf("turned off by hand during an alarm: %v, want a conflict", err)
		}
		s.Sound(alarm.Sound{})
		time.Sleep(time.Minute)
		h.want(t, "the test is over too", "0s zwave-7 off")
		s.Sound(alarm.Sound{Strobe: true})
		if err := s.Ask(cmd, done); !errors.As(err, &conflict) {
			t.Errorf("told while lights flash: %v, want a conflict", err)
		}
		if err := s.Ask(home.Command{Device: "zwave-9", Trait: home.Siren, Value: home.On}, done); err == nil {
			t.Error("took a command for what is no siren")
		}
	})
}

func TestSirenThatLeftIsForgotten(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		s.Sound(alarm.Sound{})
		h.stalls(right)
		var got error
		if err := s.Ask(home.Command{Device: right, Trait: home.Siren, Value: home.On}, func(err error) { got = err }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		h.alone()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		h.want(t, "told", "0s zwave-7 off", "0s zwave-8 off", "0s zwave-8 on steady")
		if got == nil {
			t.Error("who asked was not told that the siren has left")
		}
	})
}

// chirpy is a siren whose owner wants it to chirp.
func chirpy() home.Sounder {
	d := able()
	d.Chirps, d.Chirp = true, true
	return d
}

// A chirp is told once, whatever comes of it, and only to a siren that its owner
// wants to hear it of and that has nothing else to do.
func TestChirp(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		var failed []home.DeviceID
		chirp := func(c home.Chirp) { s.Chirp(c, func(id home.DeviceID, _ error) { failed = append(failed, id) }) }
		h.becomes(left, chirpy())
		h.alone()
		chirp(home.ChirpArmed)
		h.want(t, "a chirp to who has not been told to be silent")
		s.Sound(alarm.Sound{})
		h.heard()
		chirp(home.ChirpArmed)
		h.want(t, "armed", "0s zwave-7 off chirp armed")
		time.Sleep(time.Minute)
		h.want(t, "a minute later")

		h.answers(left, errors.New("no answer"))
		chirp(home.ChirpDisarmed)
		h.want(t, "disarmed", "1m0s zwave-7 off chirp disarmed")
		if len(failed) != 1 || failed[0] != left {
			t.Errorf("failed: got %v, want %s", failed, left)
		}
		time.Sleep(time.Minute)
		h.want(t, "one that failed, later")
		h.wantFaults(t, "one that failed", map[home.DeviceID]string{})
		h.answers(left, nil)

		s.Sound(burglary(time.Minute))
		h.want(t, "an alarm", "2m0s zwave-7 on steady")
		chirp(home.ChirpArmed)
		h.want(t, "a chirp into an alarm")
		h.stalls(left)
		s.Sound(alarm.Sound{})
		h.want(t, "its end", "2m0s zwave-7 off")
		chirp(home.ChirpDisarmed)
		h.want(t, "a chirp to who has not confirmed that it is silent")
	})
}

// An alarm that is decided while a chirp is on its way out follows it, and is not
// overtaken by it.
func TestChirpDoesNotOvertakeAnAlarm(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.becomes(left, chirpy())
		h.alone()
		s.Sound(alarm.Sound{})
		h.heard()
		h.late = func() { s.Sound(burglary(time.Minute)) }
		s.Chirp(home.ChirpArmed, func(home.DeviceID, error) {})
		told := h.heard()
		if at := slices.Index(told, "0s zwave-7 off chirp armed"); at < 0 || slices.Index(told, "0s zwave-7 on steady") < at {
			t.Errorf("told %q: want the chirp before the alarm", told)
		}
	})
}
