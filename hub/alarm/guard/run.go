package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// Pauses between tries to save while the disk refuses.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 30 * time.Second
)

// Run keeps the panel's time and saves it until ctx ends. Before it returns it
// saves once more; it returns an error if that could not be done.
func (g *Guard) Run(ctx context.Context) error {
	g.mu.Lock()
	g.begin()
	g.mu.Unlock()

	saving, stopSaving := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSaving()
	saved := make(chan error, 1)
	go func() { saved <- g.keepSaving(saving) }()

	g.keepTime(ctx)

	g.mu.Lock()
	g.stopped = true
	g.mu.Unlock()
	stopSaving()
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	var err error
	select {
	case err = <-saved:
	case <-patience.C:
		err = errors.New("guard: the store hangs: the panel's last change is not saved")
	}
	g.mu.Lock()
	g.settle(g.panel)
	g.mu.Unlock()
	return err
}

// keepTime steps the panel when it wants to be.
func (g *Guard) keepTime(ctx context.Context) {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	var told error
	var asked chan struct{}
	for due := true; ; {
		g.mu.Lock()
		if due {
			g.input(alarm.Tick{})
			g.giveUp()
			g.publish(g.now())
		}
		next, fault := g.next(), g.fault
		g.mu.Unlock()
		if asked != nil {
			close(asked)
		}
		timer.Reset(next)
		if (fault == nil) != (told == nil) && g.o.Fault != nil {
			g.o.Fault("storage-fault", fault != nil, fault)
		}
		told = fault
		due, asked = false, nil
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			due = true
		case <-g.retime:
		case asked = <-g.probe:
		}
	}
}

// longest is how long the timer sleeps when nothing is due; waking now and
// then notices a wall clock that was set.
const longest = time.Minute

// next is how long until somebody must look at the panel again.
func (g *Guard) next() time.Duration {
	wait, now := longest, g.now()
	if until := g.panel.Until(); !until.IsZero() {
		wait = min(wait, until.Sub(now))
	}
	if len(g.waiting) > 0 {
		wait = min(wait, time.Until(g.waiting[0].giveUp))
	}
	if g.holding() {
		wait = min(wait, time.Until(g.heldUntil))
	}
	return max(wait, 0)
}

// giveUp lets retreats go on whose disk hangs.
func (g *Guard) giveUp() {
	var last *retreat
	for _, r := range g.waiting {
		if time.Now().Before(r.giveUp) {
			break
		}
		last = r
	}
	if last == nil {
		return
	}
	g.hangs = true
	g.failed(fmt.Errorf("no answer from the disk within %s", Patience))
	g.settle(last.panel)
}

// failed notes, once, that the panel cannot be saved.
func (g *Guard) failed(err error) {
	if g.fault == nil {
		g.log.Error("panel cannot be saved", "err", err)
		g.o.Journal.Add(home.Event{
			At: home.At(g.now()), Kind: home.KindTrouble,
			Text: "The alarm cannot be saved: " + err.Error() + ". It goes on from memory; a power cut now would bring back its last saved state.",
		})
		kick(g.retime)
	}
	g.fault = err
}

// keepSaving writes the latest panel whenever it has changed.
func (g *Guard) keepSaving(ctx context.Context) error {
	pause := firstPause
	retry := time.NewTimer(pause)
	defer retry.Stop()
	retry.Stop()
	for {
		stopping := false
		select {
		case <-g.dirty:
		case <-retry.C:
		case <-ctx.Done():
			stopping = true
		}
		err := g.save()
		switch {
		case stopping && err != nil:
			return fmt.Errorf("guard: save panel: %w", err)
		case stopping:
			return nil
		case err != nil:
			retry.Reset(pause)
			pause = min(2*pause, lastPause)
		default:
			pause = firstPause
		}
	}
}

// save writes the panel unless it is written already.
func (g *Guard) save() error {
	g.mu.Lock()
	p, done := g.panel, g.panel.Revision() == g.written
	g.mu.Unlock()
	if done {
		return nil
	}
	err := g.o.Store.Save(p)

	g.mu.Lock()
	defer g.mu.Unlock()
	g.hangs = false
	if err != nil {
		g.failed(err)
		g.settle(p)
		return err
	}
	g.written = p.Revision()
	if g.fault != nil {
		g.fault = nil
		g.log.Info("panel is saved again")
		g.o.Journal.Add(home.Event{At: home.At(g.now()), Kind: home.KindTrouble, Text: "The alarm is saved again."})
		kick(g.retime)
	}
	g.settle(p)
	return nil
}

// Alive proves that the guard still turns: it returns nil once Run has taken
// the panel and given it back, else ctx's error.
func (g *Guard) Alive(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case g.probe <- done:
	case <-ctx.Done():
		return fmt.Errorf("guard: does not turn: %w", ctx.Err())
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("guard: does not turn: %w", ctx.Err())
	}
}
