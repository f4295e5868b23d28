package soak

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// sounding is what must be heard now.
func (o *oracle) sounding() (p alarm.Pattern, inside bool, until time.Time) {
	best := len(dangers)
	for _, r := range o.alarms {
		if !r.silenced && !r.quiet && rank(r.kind) < best {
			best = rank(r.kind)
			p, inside, until = patterns[danger(r.kind)], r.inside, r.until
		}
	}
	if best < len(dangers) {
		return p, inside, until
	}
	for _, a := range o.areas { // calls back whoever left a door open
		if a.phase == home.PhaseEntry && a.error && !a.hushed {
			return alarm.Steady, true, a.until
		}
	}
	return p, inside, until
}

// flashing is whether lights must flash now.
func (o *oracle) flashing() bool {
	return slices.ContainsFunc(o.alarms, func(r ring) bool { return !r.silenced && !r.inside }) ||
		slices.ContainsFunc(o.recall, func(r ring) bool { return r.flash })
}

// checkStanding compares what every face would see.
func (o *oracle) checkStanding(p alarm.Panel) error {
	v := p.View(o.now)
	for i := range o.areas {
		a, s := &o.areas[i], v.Areas[i]
		phase, until := a.phase, a.ends()
		if o.rings(a) {
			phase, until = home.PhaseAlarm, time.Time{}
		}
		var shown time.Time
		if s.Until != nil {
			shown = s.Until.Time
		}
		if s.Mode != a.mode || s.Phase != phase || s.Until == nil != until.IsZero() || s.Until != nil && !shown.Equal(home.At(until).Time) {
			return fmt.Errorf("%s stands %s %s until %s, must be %s %s until %s", a.id, s.Mode, s.Phase, shown, a.mode, phase, until)
		}
		out := slices.Sorted(slices.Values(a.out))
		if !slices.Equal(slices.Sorted(slices.Values(s.Bypassed)), slices.Compact(out)) {
			return fmt.Errorf("%s leaves out %v, must be %v", a.id, s.Bypassed, a.out)
		}
	}
	for i, z := range o.zones {
		must := o.open[i] || !o.known[i] && !z.Kind.AlwaysOn() && z.Trait != home.Button
		if slices.Contains(v.Open, z.ID) != must {
			return fmt.Errorf("zone %s is shown open: %t, must be %t (known: %t)", z.ID, !must, must, o.known[i])
		}
	}
	if (v.Test != nil) == o.test.IsZero() {
		return fmt.Errorf("a walk test is shown: %t, must be %t", v.Test != nil, !o.test.IsZero())
	}
	remembered := len(o.alarms)+len(o.recall) > 0
	if remembered != (v.Alarm != nil) {
		return fmt.Errorf("an alarm is shown: %t, must be %t", v.Alarm != nil, remembered)
	}
	return nil
}

// checkDeadlines looks at time alone: nothing due is left behind, and nothing
// that runs moves later.
func (o *oracle) checkDeadlines(p alarm.Panel) error {
	until := p.Until()
	if !until.IsZero() && !until.After(o.now) {
		return fmt.Errorf("a deadline is left behind: %s", until)
	}
	first := time.Time{}
	for _, t := range o.deadlines()[1:] {
		if t.After(o.now) && (first.IsZero() || t.Before(first)) {
			first = *t
		}
	}
	if !first.IsZero() && (until.IsZero() || until.After(first)) {
		return fmt.Errorf("the panel wants to wake at %s, something is due at %s", until, first)
	}
	return nil
}

// checkSirens holds what sounds against what must, and against what the sirens
// were told.
func (o *oracle) checkSirens(p alarm.Panel, in alarm.Input, effects []alarm.Effect) error {
	if _, ok := in.(alarm.Resumed); ok {
		o.driven = alarm.Sound{} // the guard tells the sirens anew
	}
	pattern, inside, until := o.sounding()
	told := 0
	for _, e := range effects {
		s, ok := e.(alarm.Siren)
		if !ok {
			continue
		}
		if told++; told > 1 {
			return errors.New("two commands for the sirens in one step")
		}
		if louder := s.On() && (!o.driven.On() || s.ID != o.driven.ID); louder && s.Retreat() {
			return fmt.Errorf("%v waits for the disk", s.Sound)
		}
		if _, asked := in.(alarm.SetMode); asked && !s.On() && !s.Retreat() {
			return errors.New("a disarming silences the sirens before it is written")
		}
		o.driven = s.Sound
	}
	switch is := p.Sounding(o.now); {
	case is != o.driven:
		return fmt.Errorf("the panel wants %v and the sirens were told %v", is, o.driven)
	case is.Pattern != pattern:
		return fmt.Errorf("%q sounds, must be %q", is.Pattern, pattern)
	case is.On() && (is.Inside != inside || !is.Until.Equal(until)):
		return fmt.Errorf("sounds inside only: %t until %s, must be %t until %s", is.Inside, is.Until, inside, until)
	case is.Strobe != o.flashing():
		return fmt.Errorf("lights flash: %t, must be %t", is.Strobe, o.flashing())
	}
	return nil
}

// checkKeypads: keypads show how their area stands, each second of a delay, and
// are told nothing else.
func (o *oracle) checkKeypads(p alarm.Panel, effects []alarm.Effect) error {
	for _, e := range effects {
		if in, ok := e.(alarm.Indication); ok {
			o.shown[in.Area] = lasting(in)
		}
	}
	for i, is := range p.Indications(o.now) {
		a, shown := &o.areas[i], o.shown[is.Area]
		if shown != lasting(is) {
			return fmt.Errorf("keypads of %s show %+v, should show %+v", a.id, shown, is)
		}
		var left int
		if end := a.ends(); !end.IsZero() && !o.rings(a) {
			left = int((end.Sub(o.now) + time.Second - 1) / time.Second)
		}
		if shown.Mode != a.mode || shown.Bypass != (len(a.out) > 0) || shown.Seconds != left || shown.Hurry != (left > 0 && left <= 10) {
			return fmt.Errorf("keypads of %s show %+v with %d s left, must show %s with %d s left", a.id, shown, shown.Seconds, a.mode, left)
		}
	}
	return nil
}

// lasting is an indication without what is played once.
func lasting(in alarm.Indication) alarm.Indication {
	in.Tone, in.Passing, in.When = alarm.ToneNone, false, alarm.AtOnce
	return in
}

func (o *oracle) checkAnswer(want string, effects []alarm.Effect) error {
	n := 0
	for _, e := range effects {
		a, ok := e.(alarm.Answer)
		if !ok {
			continue
		}
		n++
		if a.Err == nil && !a.Retreat() {
			return errors.New("a request is answered before it is written")
		}
	}
	switch got := class(answer(effects)); {
	case want == "" && n == 0:
		return nil
	case n != 1:
		return fmt.Errorf("%d answers", n)
	case got != want:
		return fmt.Errorf("answered %s (%w), must be %s", got, cmp.Or(answer(effects), errNone), want)
	}
	return nil
}

// checkLines: whatever lasts is written down, once.
func (o *oracle) checkLines(was belief, before, after alarm.Panel, effects []alarm.Effect) error {
	var lines []home.Event
	for _, e := range effects {
		l, ok := e.(alarm.Line)
		if !ok {
			continue
		}
		id := alarm.LineID(l.Event)
		if id == "" || o.lines[id] {
			return fmt.Errorf("line %q (%s) is there twice", id, l.Event.Text)
		}
		o.lines[id] = true
		if !slices.ContainsFunc(after.Outbox(), func(e home.Event) bool { return alarm.LineID(e) == id }) {
			return fmt.Errorf("line %q is not kept for a power cut", l.Event.Text)
		}
		lines = append(lines, l.Event)
	}
	if len(o.changed) > 0 && len(lines) == 0 {
		return fmt.Errorf("%s, and no line tells of it", list(o.changed))
	}
	if len(o.changed) > 0 && after.Revision() == before.Revision() {
		return fmt.Errorf("%s, and it would not be saved", list(o.changed))
	}
	for _, id := range o.fired {
		if !slices.ContainsFunc(lines, func(e home.Event) bool { return e.Kind == home.KindAlarm && e.Zone == id }) {
			return fmt.Errorf("an alarm of %q, and no line names it", id)
		}
	}
	for i, a := range o.areas {
		if was.areas[i].mode == a.mode || o.who == "" {
			continue
		}
		if !slices.ContainsFunc(lines, func(e home.Event) bool { return e.Who != nil && *e.Who == o.who }) {
			return fmt.Errorf("%s is %s, and no line names %s", a.id, a.mode, o.who)
		}
	}
	return nil
}

// checkNotices: what must leave the house leaves it, once, and nothing else.
func (o *oracle) checkNotices(effects []alarm.Effect) error {
	var sent []string
	for _, e := range effects {
		n, ok := e.(alarm.Notice)
		switch {
		case !ok:
		case n.Kind == "duress" || n.Kind == "lockout":
			sent = append(sent, n.Kind+" ")
		case n.Outside:
			sent = append(sent, "outside "+n.Kind+" "+n.Alarm+" "+string(n.Zone))
		default:
			sent = append(sent, n.Kind+" "+n.Alarm+" "+string(n.Zone))
		}
		if _, said := e.(alarm.Answer); o.secret && !said && !n.Outside {
			return fmt.Errorf("a silent call shows: %s", told(e))
		}
		if ok && n.Kind == "duress" && !n.Outside {
			return fmt.Errorf("the notice %q is for people outside only: %t", n.Text, n.Outside)
		}
	}
	slices.Sort(sent)
	must := slices.Sorted(slices.Values(o.notices))
	if !slices.Equal(sent, must) {
		return fmt.Errorf("sends %q, must send %q", sent, must)
	}
	return nil
}

var errNone = errors.New("no error")

func answer(effects []alarm.Effect) error {
	for _, e := range effects {
		if a, ok := e.(alarm.Answer); ok {
			return a.Err
		}
	}
	return nil
}

// class is the kind of an answer.
func class(err error) string {
	var (
		notReady *home.NotReady
		wrong    *home.WrongCode
		needed   *home.CodeNeeded
		locked   *home.CodesLocked
		mayNot   *home.CodeMayNot
		conflict *home.Conflict
		invalid  *home.Invalid
	)
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &notReady):
		return "not-ready"
	case errors.As(err, &wrong):
		return "wrong-code"
	case errors.As(err, &needed):
		return "code-needed"
	case errors.As(err, &locked):
		return "codes-locked"
	case errors.As(err, &mayNot):
		return "may-not"
	case errors.As(err, &conflict):
		return "conflict"
	case errors.As(err, &invalid):
		return "invalid"
	default:
		return err.Error()
	}
}

func list(what []string) string {
	return strings.Join(slices.Compact(slices.SortedFunc(slices.Values(what), cmp.Compare[string])), " and ")
}

// hasRun tells whether an alarm of the kind runs that was told of before.
func (o *oracle) hasRun(kind string) bool {
	return slices.ContainsFunc(o.alarms, func(r ring) bool { return danger(r.kind) == kind && r.reported })
}
