package guard_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/home"
)

// moment is what a power cut may find: a disk, a journal, and how the house
// stood by that disk.
type moment struct {
	name  string
	bytes []byte
	lines []home.Event
	view  home.Alarm
	sound alarm.Sound
}

// A power cut after any step, with that step's panel and that step's lines each
// written or not: the panel goes on as the disk has it, with the same deadline
// and the same siren command, and no line of it is missing or there twice.
func TestAPowerCutAfterAnyStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		synctest.Wait()
		take := func(name string) moment {
			synctest.Wait()
			h.mu.Lock()
			defer h.mu.Unlock()
			m := moment{name: name, bytes: slices.Clone(d.bytes), lines: slices.Clone(h.lines), view: g.State()}
			if n := len(h.sounds); n > 0 {
				m.sound = h.sounds[n-1]
			}
			return m
		}
		last := take("furnished")
		cuts := 0
		cut := func(name string) {
			now := take(name)
			for _, saved := range []moment{last, now} {
				for _, written := range []moment{last, now} {
					cuts++
					resume(t, fmt.Sprintf("%s: panel of %q, journal of %q", name, saved.name, written.name), saved, written)
				}
			}
			last = now
		}

		set(t, g, home.Away)
		cut("arming")
		pass(20 * time.Second)
		say(g, "zwave-2", home.Contact, home.Open)
		cut("front door open on leaving")
		say(g, "zwave-2", home.Contact, home.Closed)
		cut("closed again")
		say(g, "zwave-2", home.Contact, home.Open)
		cut("exit delay again")
		say(g, "zwave-2", home.Contact, home.Closed)
		pass(60 * time.Second)
		cut("armed")
		say(g, "zwave-2", home.Contact, home.Open)
		cut("entry")
		pass(10 * time.Second)
		_, _ = g.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, Code: "00000"})
		cut("a wrong code")
		pass(20 * time.Second)
		cut("alarm")
		say(g, "zwave-5", home.Smoke, home.True)
		cut("fire")
		if err := g.Silence(t.Context(), "Anna", home.ByAPI); err != nil {
			t.Fatal(err)
		}
		cut("silenced")
		say(g, "zwave-3", home.Contact, home.Open)
		cut("another zone")
		set(t, g, home.Disarmed)
		cut("disarmed")
		if err := g.PutZone(t.Context(), home.Zone{ID: "leak", Device: "zwave-9", Trait: home.Water, Kind: home.ZoneWater}, "Anna"); err != nil {
			t.Fatal(err)
		}
		cut("zone added")
		if err := g.Panic(t.Context(), "panic", "Anna", home.ByAPI); err != nil {
			t.Fatal(err)
		}
		cut("panic")
		pass(4 * time.Minute)
		cut("siren time over")
		if cuts != 15*4 {
			t.Errorf("%d cuts were tried, want 60", cuts)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func resume(t *testing.T, name string, saved, written moment) {
	t.Helper()
	d, h := &disk{bytes: slices.Clone(saved.bytes)}, &house{lines: slices.Clone(written.lines)}
	before := d.panel(t)
	time.Sleep(time.Millisecond) // no hub starts sooner
	g, stop := start(t, d, h)
	defer func() {
		if err := stop(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}()
	is, was := g.State(), saved.view
	// What became due between the saved step and the cut is settled on waking.
	due := !before.Until().IsZero() && !before.Until().After(time.Now())
	if !due && (is.Mode != was.Mode || is.Phase != was.Phase || !sameTime(is.Until, was.Until)) {
		t.Errorf("%s: goes on %s %s until %v, want %s %s until %v", name, is.Mode, is.Phase, is.Until, was.Mode, was.Phase, was.Until)
	}
	if is.Mode != was.Mode {
		t.Errorf("%s: mode is %s, want %s", name, is.Mode, was.Mode)
	}
	var sound alarm.Sound
	if n := len(h.sounds); n > 0 {
		sound = h.sounds[n-1]
	}
	if !due && sound != saved.sound {
		t.Errorf("%s: sounds %v, want %v", name, sound, saved.sound)
	}
	if is.Seq <= was.Seq {
		t.Errorf("%s: seq went from %d to %d", name, was.Seq, is.Seq)
	}
	seen := map[string]int{}
	for _, e := range h.lines {
		if id := alarm.LineID(e); id != "" {
			seen[id]++
		}
	}
	for _, e := range before.Outbox() {
		if e.At.Before(before.LastSeen().Add(-time.Minute)) {
			continue // older than a journal that works is ever behind
		}
		if n := seen[alarm.LineID(e)]; n != 1 {
			t.Errorf("%s: line %q is in the journal %d times, want once", name, e.Text, n)
		}
	}
}

func (d *disk) panel(t *testing.T) alarm.Panel {
	t.Helper()
	p, _, err := d.Load()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sameTime(a, b *home.Time) bool {
	return a == b || (a != nil && b != nil && a.Equal(b.Time))
}

// What became due while the hub was off is settled towards safety.
func TestWhatBecameDueInTheDark(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(t *testing.T, g *guard.Guard)
		dark   time.Duration
		phase  home.Phase
		sound  alarm.Pattern
	}{
		{"exit delay runs", func(t *testing.T, g *guard.Guard) { set(t, g, home.Away) }, 59 * time.Second, home.PhaseArming, ""},
		{"exit delay over", func(t *testing.T, g *guard.Guard) { set(t, g, home.Away) }, time.Minute, home.PhaseArmed, ""},
		{"entry delay runs", entry, 29 * time.Second, home.PhaseEntry, ""},
		{"entry delay over", entry, 30 * time.Second, home.PhaseAlarm, alarm.Steady},
		{"entry delay long over", entry, 48 * time.Hour, home.PhaseAlarm, alarm.Steady},
		{"siren time runs", burglary, 239 * time.Second, home.PhaseAlarm, alarm.Steady},
		{"siren time over", burglary, 240 * time.Second, home.PhaseArmed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, h := &disk{}, &house{}
				g, stop := start(t, d, h)
				furnish(t, g)
				c.before(t, g)
				synctest.Wait()
				d.set(errFull, nil) // nothing is saved after the cut
				_ = stop()
				time.Sleep(c.dark)

				d.set(nil, nil)
				h = &house{}
				g, err := guard.Open(options(d, h))
				if err != nil {
					t.Fatal(err)
				}
				wantPhase(t, g, c.phase) // faces see it before Run
				if len(h.lines)+len(h.sounds) > 0 {
					t.Errorf("Open acted: %v %v", h.lines, h.sounds)
				}
				g, stop = start(t, d, h)
				wantPhase(t, g, c.phase)
				if got := h.sounding(); got != c.sound || len(h.sounds) != 1 {
					t.Errorf("sounds %v, want one command: %q", h.sounds, c.sound)
				}
				if c.sound == "" && c.phase == home.PhaseArmed && c.name == "siren time over" && g.State().Alarm == nil {
					t.Error("the alarm is not remembered")
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func entry(t *testing.T, g *guard.Guard) {
	set(t, g, home.Away)
	pass(time.Minute)
	say(g, "zwave-2", home.Contact, home.Open)
}

func burglary(t *testing.T, g *guard.Guard) {
	set(t, g, home.Away)
	pass(time.Minute)
	say(g, "zwave-3", home.Contact, home.Open)
}

// A panel that cannot be read is an error, never a fresh panel.
func TestAGarbledPanelIsRefused(t *testing.T) {
	d := &disk{bytes: []byte(`{"version":1,"mode":"away"`)}
	if _, err := guard.Open(options(d, &house{})); err == nil {
		t.Error("a garbled panel was taken")
	}
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	o := options(&disk{}, &house{})
	o.CodeKey = o.CodeKey[:5]
	if _, err := guard.Open(o); err == nil {
		t.Error("a code key of 5 bytes was taken")
	}
	o = options(&disk{}, &house{})
	o.Siren = nil
	if _, err := guard.Open(o); err == nil {
		t.Error("a guard without sirens was opened")
	}
	o = options(&disk{}, &house{})
	o.Defaults = &home.AlarmSettings{}
	if _, err := guard.Open(o); err == nil {
		t.Error("default settings of nothing were taken")
	}
}

// A condition told before Run is shown once the panel goes on, and acts on
// nothing before.
func TestATroubleBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		burglary(t, g)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		h = &house{}
		g, err := guard.Open(options(d, h))
		if err != nil {
			t.Fatal(err)
		}
		g.Trouble(home.TroubleItem{Code: "radio-down", Blocks: home.Modes}, true)
		if len(h.sounds) > 0 {
			t.Error("a trouble before Run drove the sirens")
		}
		g, stop = start(t, d, h)
		g.Trouble(home.TroubleItem{Code: "radio-down", Blocks: home.Modes}, true)
		if got := len(g.State().Troubles); got != 1 {
			t.Errorf("%d troubles, want 1", got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A clock that ran ahead was put right while the box was off, or a box has no
// clock of its own: the delay keeps what was left of it, and the panel tells
// the time that the wall clock tells.
func TestAClockThatLiesBeforeThePanel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		entry(t, g)
		pass(10 * time.Second)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		ahead, _ := d.panel(t).Step(time.Now().Add(5*time.Hour), alarm.ClockStepped{By: 5 * time.Hour})
		if err := d.Save(ahead); err != nil {
			t.Fatal(err)
		}

		g, err := guard.Open(options(d, h))
		if err != nil {
			t.Fatal(err)
		}
		want := time.Now().Add(20 * time.Second)
		if v := g.State(); v.Phase != home.PhaseEntry || !v.Until.Equal(want) || !v.Now.Equal(time.Now()) {
			t.Errorf("before Run: %s until %v, now %s; want entry until %s", v.Phase, v.Until, v.Now, want)
		}
		g, stop = start(t, d, h)
		if v := g.State(); v.Phase != home.PhaseEntry || !v.Until.Equal(want) {
			t.Errorf("%s until %v, want entry until %s", v.Phase, v.Until, want)
		}
		if !h.has("set back by 5h0m0s") {
			t.Error("the journal does not tell of it")
		}
		pass(20 * time.Second)
		wantPhase(t, g, home.PhaseAlarm)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
