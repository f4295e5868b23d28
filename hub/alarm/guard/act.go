package guard

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

var errStopped = errors.New("guard: the hub is stopping")

// retreat is what waits until the panel is written.
type retreat struct {
	panel   alarm.Panel // as the step left it
	effects []alarm.Effect
	lowers  bool      // faces would see the house guarded otherwise
	giveUp  time.Time // with the monotonic clock
	done    chan struct{}
	err     error // the answer, once done is closed
}

// request gives an input to the panel and waits for its answer. If ctx ends
// first, the request has still been made.
func (g *Guard) request(ctx context.Context, in alarm.Input) error {
	g.mu.Lock()
	if g.stopped {
		g.mu.Unlock()
		return errStopped
	}
	r := g.input(in)
	g.mu.Unlock()
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// input steps the panel with the mutex held.
func (g *Guard) input(in alarm.Input) *retreat {
	g.begin()
	now := g.now()
	return g.step(now, in)
}

// begin resumes a loaded panel, once.
func (g *Guard) begin() {
	if g.begun {
		return
	}
	g.begun = true
	for _, e := range g.lost {
		g.o.Journal.Add(e)
	}
	g.lost = nil
	// What a power cut may have taken is told again; those who hear know it by
	// its id.
	for _, n := range g.panel.Notices(g.panel.LastSeen().Add(-lateness)) {
		g.act(n)
	}
	if set := behind(g.clock.wall, g.panel.LastSeen()); set != 0 {
		g.step(g.now(), alarm.ClockStepped{By: set})
	}
	g.step(g.now(), alarm.Resumed{})
	for _, in := range g.early {
		g.step(g.now(), in)
	}
	g.early = nil
}

// now is the panel's time. If the wall clock was set, the panel is told first.
func (g *Guard) now() time.Time {
	t := time.Now()
	now, set := g.clock.read(t.Sub(g.start), t.Round(0))
	if set != 0 {
		g.log.Warn("wall clock was set", "by", set)
		g.step(now, alarm.ClockStepped{By: set})
	}
	return now
}

// step moves the panel and does what follows from it, sirens first.
func (g *Guard) step(now time.Time, in alarm.Input) *retreat {
	before := g.panel
	next, effects := before.Step(now, in)
	g.panel = next
	if next.Seq() == before.Seq() && len(effects) == 0 {
		return nil // a reading that changes nothing
	}
	g.drive(now)
	g.writeLine()

	var r *retreat
	for _, e := range effects {
		if !e.Retreat() {
			if a, ok := e.(alarm.Answer); ok {
				r = answered(r, a.Err)
				continue
			}
			g.act(e)
			continue
		}
		if r == nil {
			r = &retreat{done: make(chan struct{})}
		}
		r.effects = append(r.effects, e)
	}
	if next.Revision() != before.Revision() {
		kick(g.dirty)
	}
	if !next.Until().Equal(before.Until()) {
		kick(g.retime)
	}
	if next.Revision() > g.settled.Revision() && !g.hangs && g.fault == nil && !next.Alike(before) {
		g.hold(next)
	}
	if r != nil && len(r.effects) > 0 {
		r.panel, r.lowers = next, !next.Alike(before)
		r.giveUp = time.Now().Add(Patience)
		g.waiting = append(g.waiting, r)
		if g.hangs || next.Revision() == g.settled.Revision() {
			g.settle(next)
			return r
		}
		kick(g.retime)
	}
	g.publish(now)
	return r
}

// hold keeps faces from showing what a power cut right now would undo: a phase
// is shown once it is written, or after Glance if the disk takes longer. Sirens
// do not wait for it.
func (g *Guard) hold(p alarm.Panel) {
	if !g.holding() {
		g.heldUntil = time.Now().Add(Glance)
	}
	g.held = p.Revision()
	kick(g.retime)
}

func (g *Guard) holding() bool {
	return g.held > g.settled.Revision() && !g.hangs && time.Now().Before(g.heldUntil)
}

// answered is a request that was refused at once.
func answered(r *retreat, err error) *retreat {
	if r == nil {
		r = &retreat{done: make(chan struct{})}
	}
	r.err = err
	r.answer()
	return r
}

// answer lets the request return; once is enough.
func (r *retreat) answer() {
	select {
	case <-r.done:
	default:
		close(r.done)
	}
}

// act does one effect. Sirens are driven by level, see drive.
func (g *Guard) act(e alarm.Effect) {
	switch e := e.(type) {
	case alarm.Line:
		g.o.Journal.Add(e.Event)
	case alarm.Indication:
		// A second that passes is not told before the arming that it belongs to.
		if g.o.Keypads != nil && (!e.Passing || len(g.waiting) == 0) {
			g.o.Keypads.Indicate(e)
		}
	case alarm.Notice:
		if g.o.Notify != nil {
			g.o.Notify(e)
		}
	case alarm.Siren, alarm.Answer:
	}
}

// drive tells the sirens what to do if that has changed: what the present
// panel asks for, or else what the last settled one does. The first time they
// are told in any case, silence too: nobody knows what they did in the dark.
func (g *Guard) drive(now time.Time) {
	want := g.panel.Sounding(now)
	if last := g.settled.Sounding(now); !want.On() && (last.On() || !want.Strobe) {
		want = last
	}
	if g.driven && want == g.sound {
		return
	}
	g.driven, g.sound = true, want
	g.o.Siren.Sound(want)
}

// settle lets every retreat go on that is no newer than the panel p, which is
// on disk or will not be waited for any longer.
func (g *Guard) settle(p alarm.Panel) {
	if p.Revision() > g.settled.Revision() {
		g.settled = p
	}
	n := 0
	for n < len(g.waiting) && g.waiting[n].panel.Revision() <= g.settled.Revision() {
		n++
	}
	freed := g.waiting[:n]
	g.waiting = append([]*retreat(nil), g.waiting[n:]...)
	now := g.now()
	g.drive(now)
	for _, r := range freed {
		for _, e := range r.effects {
			switch e := e.(type) {
			case alarm.Answer:
				r.err = e.Err
			case alarm.Indication:
				g.act(r.panel.Late(e, now))
			default:
				g.act(e)
			}
		}
	}
	g.publish(now)
	for _, r := range freed {
		r.answer()
	}
}

// publish shows the panel, with what is not written yet held back.
func (g *Guard) publish(now time.Time) {
	last := g.shown.Load()
	v := g.panel.View(now)
	if g.holding() {
		v = guardedAs(g.settled.View(now), v)
	}
	for _, r := range g.waiting {
		if r.lowers {
			v = heldBack(last.alarm, v)
			break
		}
	}
	news := !same(v, last.alarm)
	v.Seq = max(v.Seq, last.alarm.Seq+1)
	if !news {
		v = last.alarm
		v.Now = home.At(now) // the clock may have been set
	}
	g.shown.Store(&shown{v, time.Now()})
	if !news {
		return
	}
	g.Changes.Publish(v)
}

// heldBack is the panel as it is with the guard of the house as it was last
// shown; but an alarm that began since is shown at once.
func heldBack(last, is home.Alarm) home.Alarm {
	v := guardedAs(last, is)
	if is.Phase != home.PhaseAlarm || (last.Alarm != nil && last.Phase == home.PhaseAlarm && last.Alarm.Kind == is.Alarm.Kind) {
		return v
	}
	v.Phase, v.Alarm, v.Since, v.Until = is.Phase, is.Alarm, is.Since, nil
	v.Areas = slices.Clone(v.Areas)
	for i := range v.Areas {
		to := &v.Areas[i]
		at := slices.IndexFunc(is.Areas, func(a home.AreaState) bool { return a.ID == to.ID })
		if at >= 0 && is.Areas[at].Phase == home.PhaseAlarm {
			to.Phase, to.Since, to.Until = home.PhaseAlarm, is.Areas[at].Since, nil
		}
	}
	return v
}

// guardedAs is the panel as it is with the guard of the house as it was.
func guardedAs(last, is home.Alarm) home.Alarm {
	is.Mode, is.Like, is.Phase, is.Since, is.Until = last.Mode, last.Like, last.Phase, last.Since, last.Until
	is.Bypassed, is.Alarm, is.ChangedBy, is.Areas = last.Bypassed, last.Alarm, last.ChangedBy, last.Areas
	return is
}

// same tells whether faces would show the two alike.
func same(a, b home.Alarm) bool {
	return a.Mode == b.Mode && a.Phase == b.Phase && a.Since == b.Since && a.ChangedBy == b.ChangedBy &&
		equal(a.Until, b.Until) && equal(a.Alarm, b.Alarm) && sameTest(a.Test, b.Test) && slices.EqualFunc(a.Areas, b.Areas, sameArea) &&
		slices.Equal(a.Open, b.Open) && slices.Equal(a.Bypassed, b.Bypassed) && maps.Equal(a.Ready, b.Ready) &&
		slices.EqualFunc(a.Troubles, b.Troubles, func(x, y home.TroubleItem) bool {
			return x.Code == y.Code && x.Device == y.Device && x.Text == y.Text && x.Severity == y.Severity &&
				x.Mend == y.Mend && x.Since == y.Since && slices.Equal(x.Blocks, y.Blocks)
		})
}

func sameTest(a, b *home.AlarmTest) bool {
	return a == b || (a != nil && b != nil && a.Until == b.Until && slices.Equal(a.Seen, b.Seen))
}

func sameArea(a, b home.AreaState) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Mode == b.Mode && a.Phase == b.Phase && a.Since == b.Since &&
		equal(a.Until, b.Until) && a.ChangedBy == b.ChangedBy && slices.Equal(a.Bypassed, b.Bypassed) && maps.Equal(a.Ready, b.Ready)
}

func equal[T comparable](a, b *T) bool {
	return a == b || (a != nil && b != nil && *a == *b)
}

// kick wakes the reader of a channel of capacity 1.
func kick(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
