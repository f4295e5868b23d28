package keypads

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// Keypads is every keypad of the house. All methods may be called by many
// goroutines, and none waits.
type Keypads struct {
	show func(home.DeviceID, View)
	wake chan struct{}

	mu    sync.Mutex
	due   time.Time // when Run looks next; zero: not before it is woken
	areas map[home.AreaID]*panel
	each  map[home.DeviceID]*keypad
}

// New makes the keypads of a house. show tells one keypad what to show; it must
// neither wait nor call back.
func New(show func(home.DeviceID, View)) *Keypads {
	return &Keypads{
		show: show, wake: make(chan struct{}, 1),
		areas: make(map[home.AreaID]*panel), each: make(map[home.DeviceID]*keypad),
	}
}

// Indicate takes what the panel shows of one area. It implements
// guard.Indicator.
func (k *Keypads) Indicate(in alarm.Indication) {
	now := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	tone := alarm.ToneNone
	if once(in.Tone) && in.Tone != alarm.ToneError { // an error is shown where it was made, see Answered
		tone = in.Tone
	}
	p := k.areas[in.Area]
	if p == nil {
		p = &panel{}
		k.areas[in.Area] = p
	}
	p.take(now, in)
	for _, id := range slices.Sorted(maps.Keys(k.each)) {
		if k.of(k.each[id]) == p {
			k.dueBy(k.refresh(now, id, tone))
		}
	}
}

// Here tells that a keypad has joined or can be reached again: nobody knows what
// it shows.
func (k *Keypads) Here(id home.DeviceID) {
	k.change(id, func(now time.Time, p *keypad) { p.here, p.came, p.told = true, now, false })
}

// Gone tells that a keypad has left.
func (k *Keypads) Gone(id home.DeviceID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.each, id)
}

// Touched tells that somebody is at a keypad.
func (k *Keypads) Touched(id home.DeviceID) {
	k.change(id, func(now time.Time, p *keypad) { p.touched, p.err = now, OK })
}

// Answered tells how the panel answered a keypad. coded tells that a code was
// given.
func (k *Keypads) Answered(id home.DeviceID, coded bool, err error) {
	k.change(id, func(now time.Time, p *keypad) {
		var d time.Duration
		p.err, d = errorOf(err)
		p.errUntil = now.Add(d)
		// The panel looks at the code before it looks at the house.
		if coded && (p.err == OK || p.err == NotReady) {
			p.coded = now
		}
	})
}

// errorOf is what a keypad shows of the panel's answer, and for how long.
func errorOf(err error) (Error, time.Duration) {
	var (
		notReady *home.NotReady
		wrong    *home.WrongCode
		needed   *home.CodeNeeded
		locked   *home.CodesLocked
	)
	switch {
	case err == nil:
		return OK, 0
	case errors.As(err, &notReady):
		return NotReady, alarm.ChallengeTime
	case errors.As(err, &wrong), errors.As(err, &needed):
		return Wrong, ShowError
	case errors.As(err, &locked):
		return Locked, ShowError
	default:
		return Refused, ShowError
	}
}

// Settle gives a keypad the settings that its owner chose.
func (k *Keypads) Settle(id home.DeviceID, s home.KeypadSettings) {
	k.change(id, func(_ time.Time, p *keypad) { p.settings = s })
}

// Settings are those of a keypad.
func (k *Keypads) Settings(id home.DeviceID) home.KeypadSettings {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := k.each[id]; p != nil {
		return p.settings
	}
	return home.DefaultKeypadSettings()
}

// of is the area that a keypad shows; the house when its own is there no more.
func (k *Keypads) of(p *keypad) *panel {
	if a := k.areas[p.settings.Area]; a != nil {
		return a
	}
	return k.areas[home.TheHouse]
}

func (k *Keypads) get(id home.DeviceID) *keypad {
	p := k.each[id]
	if p == nil {
		p = &keypad{settings: home.DefaultKeypadSettings()}
		k.each[id] = p
	}
	return p
}

func (k *Keypads) change(id home.DeviceID, do func(time.Time, *keypad)) {
	now := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	do(now, k.get(id))
	k.dueBy(k.refresh(now, id, alarm.ToneNone))
}

// refresh tells a keypad what it shows now, if that is news to it, and says when
// it changes by itself.
func (k *Keypads) refresh(now time.Time, id home.DeviceID, tone alarm.Tone) time.Time {
	p := k.each[id]
	area := k.of(p)
	if !p.here || area == nil { // out of reach, or the panel has not spoken
		return time.Time{}
	}
	v, next := p.view(now, area)
	if p.told && v == p.shown && tone == alarm.ToneNone {
		return next
	}
	p.shown, p.told = v, true
	v.Tone = tone
	k.show(id, v)
	return next
}

// dueBy has Run look at a time, if that is sooner than it would.
func (k *Keypads) dueBy(next time.Time) {
	if next.IsZero() || !k.due.IsZero() && !next.Before(k.due) {
		return
	}
	k.due = next
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Run lets keypads go dark in time, until ctx ends.
func (k *Keypads) Run(ctx context.Context) error {
	const never = 24 * time.Hour
	timer := time.NewTimer(never)
	defer timer.Stop()
	for {
		pause := never
		now := time.Now()
		k.mu.Lock()
		k.due = time.Time{}
		for _, id := range slices.Sorted(maps.Keys(k.each)) {
			if next := k.refresh(now, id, alarm.ToneNone); !next.IsZero() && (k.due.IsZero() || next.Before(k.due)) {
				k.due = next
			}
		}
		if !k.due.IsZero() {
			pause = k.due.Sub(now)
		}
		k.mu.Unlock()
		timer.Reset(pause)
		select {
		case <-ctx.Done():
			return nil
		case <-k.wake:
		case <-timer.C:
		}
	}
}
