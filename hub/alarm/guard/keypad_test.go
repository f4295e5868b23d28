package guard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/home"
)

func TestKeypad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)

		err := g.Keypad(t.Context(), "zwave-8", false, alarm.KeyArmAway, "12345")
		var invalid *home.Invalid
		if !errors.As(err, &invalid) || invalid.Field != "code" {
			t.Errorf("a code without encryption: got %v, want it refused", err)
		}
		wantPhase(t, g, home.PhaseDisarmed)
		if !h.has("over a link that is not encrypted") || h.lines[len(h.lines)-1].Device != "zwave-8" {
			t.Errorf("the journal does not tell of it: %v", h.lines[len(h.lines)-1])
		}
		var needed *home.CodeNeeded
		if err := g.Keypad(t.Context(), "zwave-8", true, alarm.KeyArmAway, ""); !errors.As(err, &needed) {
			t.Errorf("arming without a code: got %v, want a code needed", err)
		}
		for _, c := range []struct {
			key  alarm.KeypadAction
			mode home.Mode
		}{
			{alarm.KeyArmAway, home.Away},
			{alarm.KeyDisarm, home.Disarmed},
			{alarm.KeyArmHome, home.Home},
			{alarm.KeyEnter, home.Disarmed},
			{alarm.KeyArmNight, home.Night},
			{alarm.KeyEnter, home.Disarmed},
		} {
			if err := g.Keypad(t.Context(), "zwave-8", true, c.key, "12345"); err != nil {
				t.Errorf("%s: %v", c.key, err)
			}
			if got := g.State(); got.Mode != c.mode || got.ChangedBy != "Anna" {
				t.Errorf("%s: mode %s by %q, want %s by Anna", c.key, got.Mode, got.ChangedBy, c.mode)
			}
		}
		if err := g.Keypad(t.Context(), "zwave-8", true, "self-destruct", ""); !errors.As(err, &invalid) {
			t.Errorf("an unknown key: got %v, want it refused", err)
		}
		// The keys for help need neither code nor encryption.
		for key, pattern := range map[alarm.KeypadAction]alarm.Pattern{
			alarm.KeyPanic: alarm.Steady, alarm.KeyFire: alarm.Temporal3, alarm.KeyMedical: alarm.Pulse,
		} {
			if err := g.Keypad(t.Context(), "zwave-8", false, key, ""); err != nil {
				t.Errorf("%s: %v", key, err)
			}
			if got := h.sounding(); got != pattern {
				t.Errorf("%s: sounds %q, want %q", key, got, pattern)
			}
			if err := g.Silence(t.Context(), "Anna", home.ByAPI); err != nil {
				t.Error(err)
			}
			set(t, g, home.Disarmed)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// Three wrong codes from anywhere lock every code for 90 seconds.
func TestCodesLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := armed(t, &disk{}, &house{})
		try := func(code string) error {
			_, err := g.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, Code: code, CodeFree: true, By: "Anna"})
			return err
		}
		for left := range 3 {
			var wrong *home.WrongCode
			if err := try("00000"); !errors.As(err, &wrong) || wrong.Left != 2-left {
				t.Errorf("try %d: got %v, want a wrong code with %d left", left+1, err, 2-left)
			}
		}
		until := time.Now().Add(90 * time.Second)
		for _, code := range []string{"00000", "12345"} {
			var locked *home.CodesLocked
			if err := try(code); !errors.As(err, &locked) || !locked.Until.Equal(until) {
				t.Errorf("%s: got %v, want codes locked until %s", code, err, until)
			}
		}
		pass(90*time.Second - time.Millisecond)
		var locked *home.CodesLocked
		if err := try("12345"); !errors.As(err, &locked) {
			t.Errorf("after 89.999 s: got %v, want codes locked", err)
		}
		pass(time.Millisecond)
		if err := try("12345"); err != nil {
			t.Errorf("after 90 s: %v", err)
		}
		if err := g.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		made, err := g.PutCode(t.Context(), home.Code{Person: "Ben"}, "Anna")
		if err != nil || len(made.Code) != 6 || made.ID == "" || made.Kind != "user" {
			t.Fatalf("made %+v, %v; want an id and six digits", made, err)
		}
		for _, c := range g.Codes() {
			if c.Code != "" {
				t.Errorf("the digits of %s are read back", c.Person)
			}
		}
		for _, bad := range []string{"1234", "1234567890123", "12a45", "1234 ", "１２３４５"} {
			var invalid *home.Invalid
			if _, err := g.PutCode(t.Context(), home.Code{Person: "Cleo", Code: bad}, "Anna"); !errors.As(err, &invalid) || invalid.Field != "code" {
				t.Errorf("code %q: got %v, want it refused", bad, err)
			}
		}
		if _, err := g.PutCode(t.Context(), home.Code{Person: "Cleo", Code: "12345"}, "Anna"); err == nil || strings.Contains(err.Error(), "Anna") {
			t.Errorf("digits that are taken: got %v, want a refusal that names nobody", err)
		}
		if _, err := g.PutCode(t.Context(), home.Code{Person: "Anna", Kind: alarm.CodeDuress, Code: "12346"}, "Anna"); err == nil {
			t.Error("a duress code one digit away from another was taken")
		}
		if _, err := g.PutCode(t.Context(), home.Code{Person: "Anna", Kind: alarm.CodeDuress, Code: "12366"}, "Anna"); err != nil {
			t.Errorf("a duress code two digits away: %v", err)
		}
		if kept, err := g.PutCode(t.Context(), home.Code{ID: made.ID, Person: "Benjamin"}, "Anna"); err != nil || kept.Code != "" {
			t.Errorf("renaming: %+v, %v; want the digits kept and not told", kept, err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}

		g, stop = start(t, d, h) // codes outlive a restart
		if _, err := g.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, Code: made.Code}); err != nil {
			t.Errorf("the made code: %v", err)
		}
		if err := g.DeleteCode(t.Context(), made.ID, "Anna"); err != nil {
			t.Error(err)
		}
		var wrong *home.WrongCode
		if _, err := g.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, Code: made.Code}); !errors.As(err, &wrong) {
			t.Errorf("a deleted code: got %v, want a wrong code", err)
		}
		var none *home.NotFound
		if err := g.DeleteCode(t.Context(), made.ID, "Anna"); !errors.As(err, &none) {
			t.Errorf("deleting twice: got %v, want not found", err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// Digits are in no log, no line, no notice and not on the disk.
func TestDigitsAreNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		d, h := &disk{}, &house{}
		o := options(d, h)
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		g, err := guard.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		const right, wrong = "7135246", "8246357"
		if _, err := g.PutCode(ctx, home.Code{Person: "Anna", Code: right}, "Anna"); err != nil {
			t.Fatal(err)
		}
		d.set(errFull, nil)
		for _, code := range []string{right, wrong} {
			_ = g.Keypad(ctx, "zwave-8", true, alarm.KeyArmAway, code)
			_ = g.Keypad(ctx, "zwave-8", false, alarm.KeyEnter, code)
			_, _ = g.SetMode(ctx, home.ModeRequest{Mode: home.Disarmed, Code: code, RequestID: "r"})
		}
		d.set(nil, nil)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		lines, err := json.Marshal(struct {
			Lines   []home.Event
			Notices []alarm.Notice
			Shows   []alarm.Indication
		}{h.lines, h.notices, h.shows})
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"log": log.String(), "journal": string(lines), "disk": string(d.bytes)} {
			if len(text) < 50 {
				t.Errorf("%s: nothing to look through: %q", name, text)
			}
			for _, digits := range []string{right, wrong} {
				if strings.Contains(text, digits) {
					t.Errorf("%s: holds the digits %s", name, digits)
				}
			}
		}
	})
}

func TestAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, stop := start(t, &disk{}, &house{})
		if err := g.Alive(t.Context()); err != nil {
			t.Errorf("runs, and yet %v", err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.Alive(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("does not run, and yet %v", err)
		}
	})
}

// Requests, readings and faces from many sides at once.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		done := make(chan struct{})
		each := func(f func(n int)) {
			go func() {
				for n := range 200 {
					f(n)
				}
				done <- struct{}{}
			}()
		}
		each(func(n int) { say(g, "zwave-2", home.Contact, []home.Value{home.Open, home.Closed}[n%2]) })
		each(func(n int) { say(g, "zwave-5", home.Smoke, home.Bool(n%2 == 0)) })
		each(func(n int) {
			_, _ = g.SetMode(t.Context(), home.ModeRequest{Mode: home.Modes[n%3], Force: true, CodeFree: true})
		})
		each(func(int) { set(t, g, home.Disarmed) })
		each(func(int) { _ = g.Silence(t.Context(), "Anna", home.ByAPI) })
		each(func(n int) { g.Trouble(home.TroubleItem{Code: "radio-down"}, n%2 == 0) })
		each(func(int) {
			if v := g.State(); (v.Mode == home.Disarmed) != (v.Phase == home.PhaseDisarmed) && v.Phase != home.PhaseAlarm {
				t.Errorf("shows mode %s in phase %s", v.Mode, v.Phase)
			}
			g.Zones()
			g.Codes()
			g.Settings()
		})
		for range 7 {
			<-done
		}
		if err := g.Silence(t.Context(), "Anna", home.ByAPI); err != nil {
			t.Error(err)
		}
		set(t, g, home.Disarmed)
		if got := h.sounding(); got != alarm.Silent {
			t.Errorf("silenced and disarmed, and the sirens sound %q", got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if p := d.panel(t); p.Mode() != home.Disarmed {
			t.Errorf("the disk holds %s", p.Mode())
		}
	})
}

// A keypad that is told that a window is open may ask for the same again within
// 30 s, and the window is left out of that arming only.
func TestBypassChallenge(t *testing.T) {
	const pad, other home.DeviceID = "zwave-8", "zwave-9"
	for _, c := range []struct {
		name      string
		wait      time.Duration
		at        home.DeviceID
		encrypted bool
		action    alarm.KeypadAction
		code      string
		armed     bool
	}{
		{"enter", 0, pad, true, alarm.KeyEnter, "", true},
		{"bypass", 0, pad, true, alarm.KeyBypass, "", true},
		{"bypass with a code", 0, pad, true, alarm.KeyBypass, "12345", true},
		{"the same key", 0, pad, true, alarm.KeyArmHome, "", true},
		{"after 30 s", alarm.ChallengeTime, pad, true, alarm.KeyEnter, "", true},
		{"after more than 30 s", alarm.ChallengeTime + time.Millisecond, pad, true, alarm.KeyEnter, "", false},
		{"bypass after more than 30 s", alarm.ChallengeTime + time.Millisecond, pad, true, alarm.KeyBypass, "12345", false},
		{"bypass with a wrong code", 0, pad, true, alarm.KeyBypass, "99999", false},
		{"another keypad", 0, other, true, alarm.KeyEnter, "", false},
		{"another mode", 0, pad, true, alarm.KeyArmAway, "", false},
		{"the same key and the code again", 0, pad, true, alarm.KeyArmHome, "12345", false},
		{"in clear", 0, pad, false, alarm.KeyEnter, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, stop := start(t, &disk{}, &house{})
				furnish(t, g)
				say(g, "zwave-3", home.Contact, home.Open)
				var notReady *home.NotReady
				if err := g.Keypad(t.Context(), pad, true, alarm.KeyArmHome, "12345"); !errors.As(err, &notReady) {
					t.Fatalf("arming with an open window: got %v, want not ready", err)
				}
				if err := g.Keypad(t.Context(), pad, true, alarm.KeyTouch, ""); err != nil {
					t.Error(err)
				}
				pass(c.wait)
				err := g.Keypad(t.Context(), c.at, c.encrypted, c.action, c.code)
				got := g.State()
				if armed := got.Mode == home.Home; armed != c.armed || (err == nil) != c.armed {
					t.Errorf("mode %s, %v; want armed %v", got.Mode, err, c.armed)
				}
				if c.armed && (len(got.Bypassed) != 1 || got.ChangedBy != "Anna") {
					t.Errorf("left out %v by %q, want one zone by Anna", got.Bypassed, got.ChangedBy)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestChallengeEndsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, stop := start(t, &disk{}, &house{})
		furnish(t, g)
		say(g, "zwave-3", home.Contact, home.Open)
		for _, end := range []alarm.KeypadAction{alarm.KeyCancel, alarm.KeyMedical} {
			var notReady *home.NotReady
			if err := g.Keypad(t.Context(), "zwave-8", true, alarm.KeyArmHome, "12345"); !errors.As(err, &notReady) {
				t.Fatalf("arming with an open window: got %v, want not ready", err)
			}
			if err := g.Keypad(t.Context(), "zwave-8", true, end, ""); err != nil {
				t.Errorf("%s: %v", end, err)
			}
			var conflict *home.Conflict
			if err := g.Keypad(t.Context(), "zwave-8", true, alarm.KeyBypass, ""); !errors.As(err, &conflict) {
				t.Errorf("bypass after %s: got %v, want a conflict", end, err)
			}
			set(t, g, home.Disarmed)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// What a tag says is taken for a code if it could be one; another tag is an
// error and no wrong code, or three parcels would lock every keypad.
func TestTags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := armed(t, &disk{}, &house{})
		for range 4 {
			var invalid *home.Invalid
			for _, tag := range []string{"", "\x04\xa2\x19\x7b", "04A2197B6C"} {
				if err := g.Keypad(t.Context(), "zwave-8", true, alarm.KeyTag, tag); !errors.As(err, &invalid) {
					t.Errorf("tag %q: got %v, want it refused", tag, err)
				}
			}
		}
		if err := g.Keypad(t.Context(), "zwave-8", true, alarm.KeyTag, "12345"); err != nil {
			t.Error(err)
		}
		wantPhase(t, g.Guard, home.PhaseDisarmed)
		if err := g.stop(); err != nil {
			t.Error(err)
		}
	})
}

// With quick arm a keypad arms a disarmed house without a code, and nothing more:
// disarming and every change of an armed house want one.
func TestQuickArm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, stop := start(t, &disk{}, &house{})
		furnish(t, g)
		s := g.Settings()
		s.QuickArm = true
		if err := g.PutSettings(t.Context(), s, "Anna"); err != nil {
			t.Fatal(err)
		}
		say(g, "zwave-3", home.Contact, home.Open)
		var notReady *home.NotReady
		if err := g.Keypad(t.Context(), "zwave-8", false, alarm.KeyArmHome, ""); !errors.As(err, &notReady) {
			t.Errorf("with an open window: got %v, want not ready", err)
		}
		if err := g.Keypad(t.Context(), "zwave-8", false, alarm.KeyEnter, ""); err != nil {
			t.Errorf("the window left out: %v", err)
		}
		if got := g.State(); got.Mode != home.Home || got.ChangedBy != "" || len(got.Bypassed) != 1 {
			t.Errorf("%s by %q without %v, want home by nobody without the window", got.Mode, got.ChangedBy, got.Bypassed)
		}
		var needed *home.CodeNeeded
		for _, key := range []alarm.KeypadAction{alarm.KeyArmAway, alarm.KeyArmHome, alarm.KeyDisarm, alarm.KeyEnter} {
			if err := g.Keypad(t.Context(), "zwave-8", true, key, ""); !errors.As(err, &needed) {
				t.Errorf("%s of an armed house: got %v, want a code needed", key, err)
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
