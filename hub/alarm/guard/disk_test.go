package guard_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/home"
)

// armed is a furnished house, armed away.
func armed(t *testing.T, d *disk, h *house) (g guarded) {
	t.Helper()
	g.Guard, g.stop = start(t, d, h)
	furnish(t, g.Guard)
	set(t, g.Guard, home.Away)
	pass(60 * time.Second)
	wantPhase(t, g.Guard, home.PhaseArmed)
	return g
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// disarm asks to disarm on a goroutine and tells when and how it was answered.
func disarm(t *testing.T, g guarded) (answered <-chan answer) {
	t.Helper()
	c := make(chan answer, 1)
	begun := time.Now()
	go func() {
		a, err := g.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, Code: "12345", Channel: home.ByKeypad})
		c <- answer{a, err, time.Since(begun)}
	}()
	synctest.Wait()
	return c
}

type answer struct {
	state home.Alarm
	err   error
	after time.Duration
}

func pending(t *testing.T, c <-chan answer) {
	t.Helper()
	select {
	case a := <-c:
		t.Fatalf("answered after %s, before it was written", a.after)
	default:
	}
}

// A siren never waits for a disk.
func TestADiskThatHangsDelaysNoSiren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g := armed(t, d, h)
		hang := make(chan struct{})
		d.set(nil, hang)
		begun := time.Now()

		say(g.Guard, "zwave-2", home.Contact, home.Open)
		say(g.Guard, "zwave-3", home.Contact, home.Open)
		if got := h.sounding(); got != alarm.Steady {
			t.Errorf("window opened and the sirens sound %q", got)
		}
		say(g.Guard, "zwave-5", home.Smoke, home.True)
		if got := h.sounding(); got != alarm.Temporal3 {
			t.Errorf("smoke and the sirens sound %q", got)
		}
		if !h.has("Burglary alarm: Kitchen window opened.") {
			t.Error("the journal has no line of the alarm")
		}
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("waited %s for a disk", waited)
		}
		// Faces wait a moment, so that what they show would survive a power cut.
		pass(guard.Glance - time.Millisecond)
		wantPhase(t, g.Guard, home.PhaseArmed)
		pass(time.Millisecond)
		wantPhase(t, g.Guard, home.PhaseAlarm)
		close(hang)
		if err := g.stop(); err != nil {
			t.Error(err)
		}
	})
}

// Disarming takes effect at once and is shown, told and answered once written.
func TestARetreatWaitsUntilItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g := armed(t, d, h)
		say(g.Guard, "zwave-3", home.Contact, home.Open)
		synctest.Wait()
		changes := g.Changes.Subscribe(10)
		defer changes.Close()

		hang := make(chan struct{})
		d.set(nil, hang)
		answered := disarm(t, g)
		pass(time.Second)
		pending(t, answered)
		wantPhase(t, g.Guard, home.PhaseAlarm)
		if got := h.sounding(); got != alarm.Steady {
			t.Errorf("not written, and the sirens sound %q", got)
		}
		if h.has("Disarmed") {
			t.Error("not written, and the journal says disarmed")
		}
		if it, ok := changes.TryNext(); ok {
			t.Errorf("not written, and faces are shown %s", it.Value.Phase)
		}

		close(hang)
		a := <-answered
		if a.err != nil || a.after != time.Second || a.state.Phase != home.PhaseDisarmed {
			t.Errorf("answered %s, %v after %s, want disarmed after 1s", a.state.Phase, a.err, a.after)
		}
		if got := h.sounding(); got != alarm.Silent {
			t.Errorf("written, and the sirens sound %q", got)
		}
		if !h.has("Disarmed. Burglary alarm aborted") {
			t.Error("written, and the journal does not say disarmed")
		}
		if p, _, err := d.Load(); err != nil || p.Mode() != home.Disarmed {
			t.Errorf("the disk holds mode %s, %v", p.Mode(), err)
		}
		if err := g.stop(); err != nil {
			t.Error(err)
		}
	})
}

// Arming too is shown only once a power cut could not undo it.
func TestArmedIsNotShownBeforeItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		hang := make(chan struct{})
		d.set(nil, hang)
		answered := make(chan error, 1)
		go func() {
			_, err := g.SetMode(t.Context(), home.ModeRequest{Mode: home.Away, CodeFree: true, ExitDelay: new(home.Duration)})
			answered <- err
		}()
		pass(time.Second)
		wantPhase(t, g, home.PhaseDisarmed)
		// It guards already.
		say(g, "zwave-3", home.Contact, home.Open)
		if got := h.sounding(); got != alarm.Steady {
			t.Errorf("window opened and the sirens sound %q", got)
		}
		pass(guard.Glance)
		wantPhase(t, g, home.PhaseAlarm)
		close(hang)
		if err := <-answered; err != nil {
			t.Error(err)
		}
		if got := g.State().Mode; got != home.Away {
			t.Errorf("mode is %s, want away", got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// What faces show of an alarm is on the disk, so that a power cut in the same
// moment cannot undo it.
func TestAPhaseIsShownOnceItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g := armed(t, d, h)
		hang := make(chan struct{})
		d.set(nil, hang)
		for _, step := range []struct {
			device home.DeviceID
			shown  home.Phase
		}{{"zwave-2", home.PhaseEntry}, {"zwave-3", home.PhaseAlarm}} {
			say(g.Guard, step.device, home.Contact, home.Open)
			if got := g.State().Phase; got == step.shown {
				t.Errorf("%s is shown before it is written", got)
			}
			close(hang)
			synctest.Wait()
			wantPhase(t, g.Guard, step.shown)
			if p, _, err := d.Load(); err != nil || p.Phase() != step.shown {
				t.Errorf("shown %s while the disk holds %s, %v", step.shown, p.Phase(), err)
			}
			hang = make(chan struct{})
			d.set(nil, hang)
		}
		close(hang)
		if err := g.stop(); err != nil {
			t.Error(err)
		}
	})
}

// With a disk that never answers, a family still stops its siren, and is told.
func TestADiskThatNeverAnswersIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g := armed(t, d, h)
		hang := make(chan struct{})
		d.set(nil, hang)
		say(g.Guard, "zwave-3", home.Contact, home.Open)

		answered := disarm(t, g)
		pass(4999 * time.Millisecond)
		pending(t, answered)
		pass(time.Millisecond)
		a := <-answered
		if a.err != nil || a.after != 5*time.Second {
			t.Errorf("answered %v after %s, want no error after 5s", a.err, a.after)
		}
		if got := h.sounding(); got != alarm.Silent {
			t.Errorf("disarmed and the sirens sound %q", got)
		}
		wantPhase(t, g.Guard, home.PhaseDisarmed)
		synctest.Wait()
		if len(h.faults) != 1 || !h.faults[0] {
			t.Errorf("faults told: %v, want one raised", h.faults)
		}
		if !h.has("The alarm cannot be saved: no answer from the disk within 5s") {
			t.Error("the journal does not say that the disk hangs")
		}

		// Once is enough: nobody waits again for a disk that is known to hang.
		pass(7 * time.Second)
		say(g.Guard, "zwave-3", home.Contact, home.Closed)
		begun := time.Now()
		set(t, g.Guard, home.Home)
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("waited %s more", waited)
		}
		pass(60*time.Second - time.Millisecond)
		wantPhase(t, g.Guard, home.PhaseArming)
		pass(time.Millisecond)
		wantPhase(t, g.Guard, home.PhaseArmed)

		d.set(nil, nil)
		close(hang)
		synctest.Wait()
		if p, _, err := d.Load(); err != nil || p.Mode() != home.Home {
			t.Errorf("the disk holds mode %s, %v; want home", p.Mode(), err)
		}
		if len(h.faults) != 2 || h.faults[1] {
			t.Errorf("faults told: %v, want raised and cleared", h.faults)
		}

		// A disk that answers again is waited for again, and for as long.
		hang = make(chan struct{})
		d.set(nil, hang)
		put := make(chan time.Duration, 1)
		begun = time.Now()
		go func() {
			if err := g.PutZone(t.Context(), home.Zone{ID: "leak", Device: "zwave-9", Trait: home.Water, Kind: home.ZoneWater}, ""); err != nil {
				t.Error(err)
			}
			put <- time.Since(begun)
		}()
		if took := <-put; took != 5*time.Second {
			t.Errorf("answered after %s, want 5s", took)
		}
		d.set(nil, nil)
		close(hang)
		if err := g.stop(); err != nil {
			t.Error(err)
		}
	})
}

// A retreat on its way to the disk cannot switch off what came after it.
func TestARetreatCannotSilenceANewerAlarm(t *testing.T) {
	for _, end := range []string{"written", "given up", "failed"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, h := &disk{}, &house{}
				g := armed(t, d, h)
				say(g.Guard, "zwave-3", home.Contact, home.Open)
				synctest.Wait()
				changes := g.Changes.Subscribe(100)
				defer changes.Close()
				hang := make(chan struct{})
				if end == "failed" {
					d.set(errFull, hang)
				} else {
					d.set(nil, hang)
				}
				answered := disarm(t, g)
				say(g.Guard, "zwave-5", home.Smoke, home.True)
				if got := h.sounding(); got != alarm.Temporal3 {
					t.Errorf("smoke and the sirens sound %q", got)
				}
				if end == "given up" {
					pass(5 * time.Second)
				} else {
					close(hang)
				}
				<-answered
				synctest.Wait()
				if got := h.sounding(); got != alarm.Temporal3 {
					t.Errorf("retreat %s: the sirens sound %q", end, got)
				}
				for i, s := range h.sounds {
					if i > 0 && !s.On() {
						t.Errorf("sound %d of %v was silence", i, h.sounds)
					}
				}
				var seqs []uint64
				for it, ok := changes.TryNext(); ok; it, ok = changes.TryNext() {
					seqs = append(seqs, it.Value.Seq)
				}
				for i := 1; i < len(seqs); i++ {
					if seqs[i] <= seqs[i-1] {
						t.Errorf("faces were shown %v, which does not grow", seqs)
					}
				}
				if v := g.State(); v.Mode != home.Disarmed || v.Phase != home.PhaseAlarm || v.Alarm.Kind != "fire" {
					t.Errorf("shows %s, %s, %v", v.Mode, v.Phase, v.Alarm)
				}
				d.set(nil, nil)
				if end == "given up" {
					close(hang)
				}
				if err := g.stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A full disk: every try fails. The house can be disarmed and armed, and says
// that a power cut would undo it.
func TestADiskThatFailsKeepsNobodyFromDisarming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g := armed(t, d, h)
		say(g.Guard, "zwave-3", home.Contact, home.Open)
		synctest.Wait()
		d.set(errFull, nil)
		a := <-disarm(t, g)
		if a.err != nil || a.after != 0 || a.state.Phase != home.PhaseDisarmed {
			t.Errorf("answered %s, %v after %s, want disarmed at once", a.state.Phase, a.err, a.after)
		}
		if got := h.sounding(); got != alarm.Silent {
			t.Errorf("disarmed and the sirens sound %q", got)
		}
		synctest.Wait()
		if len(h.faults) != 1 || !h.faults[0] {
			t.Errorf("faults told: %v, want one raised", h.faults)
		}
		if !h.has("The alarm cannot be saved: no space left on device") {
			t.Error("the journal does not say that the disk is full")
		}
		// It is tried again after 0.25, 0.75, 1.75 s …, and heals by itself.
		pass(time.Second)
		d.set(nil, nil)
		pass(time.Second)
		if p, _, err := d.Load(); err != nil || p.Mode() != home.Disarmed {
			t.Errorf("the disk holds mode %s, %v; want disarmed", p.Mode(), err)
		}
		if len(h.faults) != 2 || h.faults[1] || !h.has("The alarm is saved again.") {
			t.Errorf("faults told: %v, want raised and cleared", h.faults)
		}
		if err := g.stop(); err != nil {
			t.Error(err)
		}
	})
}

// What cannot be saved at the end is said by Run.
func TestRunSaysThatItCouldNotSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g := armed(t, d, h)
		d.set(errFull, nil)
		say(g.Guard, "zwave-3", home.Contact, home.Open)
		synctest.Wait()
		if err := g.stop(); !errors.Is(err, errFull) {
			t.Errorf("Run ended with %v, want %v", err, errFull)
		}
		if _, err := g.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, CodeFree: true}); err == nil {
			t.Error("a stopped guard took a request")
		}
	})
}

// A disk that hangs does not keep the hub from stopping.
func TestRunEndsWithADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g := armed(t, d, h)
		hang := make(chan struct{})
		d.set(nil, hang)
		say(g.Guard, "zwave-3", home.Contact, home.Open)
		answered := disarm(t, g)
		begun := time.Now()
		if err := g.stop(); err == nil {
			t.Error("Run says that all is well")
		}
		if took := time.Since(begun); took != 5*time.Second {
			t.Errorf("stopping took %s, want 5s", took)
		}
		<-answered
		close(hang)
	})
}

func TestARequestThatIsNotWaitedForIsStillMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g := armed(t, d, h)
		hang := make(chan struct{})
		d.set(nil, hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := g.SetMode(ctx, home.ModeRequest{Mode: home.Disarmed, CodeFree: true})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a deadline exceeded", err)
		}
		close(hang)
		synctest.Wait()
		wantPhase(t, g.Guard, home.PhaseDisarmed)
		if err := g.stop(); err != nil {
			t.Error(err)
		}
	})
}
