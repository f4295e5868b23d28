package soak

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// broken are panels that go wrong in one way each, and what the oracle must say
// of them: one thing or another, by what befalls the house first.
var broken = []struct {
	name string
	says string
	make func() stepper
}{
	{"no siren", "the sirens were told", on(func(e alarm.Effect) []alarm.Effect {
		if _, ok := e.(alarm.Siren); ok {
			return nil
		}
		return []alarm.Effect{e}
	})},
	{"two siren commands at once", "two commands for the sirens", on(func(e alarm.Effect) []alarm.Effect {
		if s, ok := e.(alarm.Siren); ok {
			return []alarm.Effect{s, s}
		}
		return []alarm.Effect{e}
	})},
	{"a siren that waits for the disk", "waits for the disk", on(func(e alarm.Effect) []alarm.Effect {
		if s, ok := e.(alarm.Siren); ok && s.On() {
			s.When = alarm.OnceWritten
			return []alarm.Effect{s}
		}
		return []alarm.Effect{e}
	})},
	{"silence before it is written", "before it is written", on(func(e alarm.Effect) []alarm.Effect {
		if s, ok := e.(alarm.Siren); ok && !s.On() {
			s.When = alarm.AtOnce
			return []alarm.Effect{s}
		}
		return []alarm.Effect{e}
	})},
	{"an answer before it is written", "answered before it is written", on(func(e alarm.Effect) []alarm.Effect {
		if a, ok := e.(alarm.Answer); ok {
			a.When = alarm.AtOnce
			return []alarm.Effect{a}
		}
		return []alarm.Effect{e}
	})},
	{"a keypad that is not told", "keypads of", on(func(e alarm.Effect) []alarm.Effect {
		if in, ok := e.(alarm.Indication); ok && in.Phase == home.PhaseEntry {
			return nil
		}
		return []alarm.Effect{e}
	})},
	{"a countdown that skips a second", "keypads of", on(func(e alarm.Effect) []alarm.Effect {
		if in, ok := e.(alarm.Indication); ok && in.Passing && in.Seconds == 7 {
			return nil
		}
		return []alarm.Effect{e}
	})},
	{"a crossed zone that alarms alone", "stands|sirens were told", before(func(p alarm.Panel, now time.Time, in alarm.Input) (alarm.Panel, alarm.Input) {
		if r, ok := in.(alarm.Reading); ok && r.Device == "zwave-stairs" && r.Value == home.True && !slices.Contains(p.View(now).Open, "living") {
			p, _ = p.Step(now, alarm.Reading{Device: "zwave-living", Trait: home.Motion, Value: home.True})
			p, _ = p.Step(now, alarm.Reading{Device: "zwave-living", Trait: home.Motion, Value: home.False})
		}
		return p, in
	})},
	{"a walk test in which a lid alarms", "stands|walk test", before(func(p alarm.Panel, _ time.Time, in alarm.Input) (alarm.Panel, alarm.Input) {
		if r, ok := in.(alarm.Reading); ok && p.View(p.LastSeen()).Test != nil && r.Trait == home.Tamper && r.Value == home.True {
			p, _ = p.Step(p.LastSeen(), alarm.Test{})
		}
		return p, in
	})},
	{"no line of an alarm", "no line", on(func(e alarm.Effect) []alarm.Effect {
		if l, ok := e.(alarm.Line); ok && strings.Contains(l.Event.Text, "larm: ") {
			return nil
		}
		return []alarm.Effect{e}
	})},
	{"no line of a disarming", "no line", on(func(e alarm.Effect) []alarm.Effect {
		if l, ok := e.(alarm.Line); ok && strings.Contains(l.Event.Text, "Disarmed") {
			return nil
		}
		return []alarm.Effect{e}
	})},
	{"a line without the person", "no line names", on(func(e alarm.Effect) []alarm.Effect {
		if l, ok := e.(alarm.Line); ok {
			l.Event.Who = nil
			return []alarm.Effect{l}
		}
		return []alarm.Effect{e}
	})},
	{"a line twice", "is there twice", on(func(e alarm.Effect) []alarm.Effect {
		if l, ok := e.(alarm.Line); ok {
			return []alarm.Effect{l, l}
		}
		return []alarm.Effect{e}
	})},
	{"a report within the abort window", "must send", on(func(e alarm.Effect) []alarm.Effect {
		if s, ok := e.(alarm.Siren); ok && s.Pattern == alarm.Steady && !s.Inside {
			return []alarm.Effect{s, alarm.Notice{Kind: "alarm", Alarm: "burglary"}}
		}
		return []alarm.Effect{e}
	})},
	{"no report", "must send", on(func(e alarm.Effect) []alarm.Effect {
		if n, ok := e.(alarm.Notice); ok && n.Kind == "alarm" {
			return nil
		}
		return []alarm.Effect{e}
	})},
	{"duress shown inside", "duress", on(func(e alarm.Effect) []alarm.Effect {
		if n, ok := e.(alarm.Notice); ok && n.Kind == "duress" {
			n.Outside = false
			return []alarm.Effect{n}
		}
		return []alarm.Effect{e}
	})},
	{"a silent call that a keypad shows", "a silent call shows", func() stepper {
		return func(p alarm.Panel, now time.Time, in alarm.Input) (alarm.Panel, []alarm.Effect) {
			q, effects := p.Step(now, in)
			if r, ok := in.(alarm.Reading); ok && r.Device == "zwave-purse" {
				effects = append(effects, q.Indications(now)[0])
			}
			return q, effects
		}
	}},
	{"duress that can be told", "under duress can be told", func() stepper {
		return func(p alarm.Panel, now time.Time, in alarm.Input) (alarm.Panel, []alarm.Effect) {
			q, effects := p.Step(now, in)
			if slices.ContainsFunc(effects, func(e alarm.Effect) bool { n, ok := e.(alarm.Notice); return ok && n.Kind == "duress" }) {
				for i, e := range effects {
					if k, ok := e.(alarm.Indication); ok {
						k.Tone = alarm.ToneError
						effects[i] = k
					}
				}
			}
			return q, effects
		}
	}},
	{"an entry delay that grows", "stands", before(func(p alarm.Panel, now time.Time, in alarm.Input) (alarm.Panel, alarm.Input) {
		if _, ok := in.(alarm.Reading); ok && p.Phase() == home.PhaseEntry {
			p, _ = p.Step(now.Add(5*time.Second), alarm.ClockStepped{By: 5 * time.Second})
		}
		return p, in
	})},
	{"a clock that takes deadlines along or loses them", "wants to wake|until", before(func(p alarm.Panel, _ time.Time, in alarm.Input) (alarm.Panel, alarm.Input) {
		if c, ok := in.(alarm.ClockStepped); ok && p.Phase() != home.PhaseAlarm {
			return p, alarm.ClockStepped{By: c.By / 2}
		}
		return p, in
	})},
	{"a disarming that silences a fire", "must be \"temporal-3\"", after(func(p alarm.Panel, in alarm.Input) alarm.Input {
		if m, ok := in.(alarm.SetMode); ok && m.Request.Mode == home.Disarmed && m.Request.CodeFree {
			return alarm.Silence{By: "the panel"}
		}
		return nil
	})},
	{"smoke that is not heard", "must be", before(func(p alarm.Panel, _ time.Time, in alarm.Input) (alarm.Panel, alarm.Input) {
		if r, ok := in.(alarm.Reading); ok && r.Trait == home.Smoke && r.Value == home.True {
			return p, alarm.Tick{}
		}
		return p, in
	})},
	{"what is not known counts as closed", "is shown open", func() stepper {
		return func(p alarm.Panel, now time.Time, in alarm.Input) (alarm.Panel, []alarm.Effect) {
			q, effects := p.Step(now, in)
			if _, ok := in.(alarm.Resumed); ok {
				for _, z := range q.Zones() {
					if z.Trait == home.Contact {
						q, _ = q.Step(now, alarm.Reading{Device: z.Device, Trait: z.Trait, Value: home.Closed})
					}
				}
			}
			return q, effects
		}
	}},
	{"an alarm while disarmed", "stands", after(func(p alarm.Panel, in alarm.Input) alarm.Input {
		if r, ok := in.(alarm.Reading); ok && r.Value == home.Open && p.Mode() == home.Disarmed && p.Phase() == home.PhaseDisarmed {
			return alarm.Panic{Kind: home.ZonePanic}
		}
		return nil
	})},
	{"armed by nobody", "stands", after(func(p alarm.Panel, in alarm.Input) alarm.Input {
		if r, ok := in.(alarm.Reading); ok && r.Trait == home.Motion && p.Mode() == home.Disarmed {
			return alarm.SetMode{Request: home.ModeRequest{Mode: home.Night, Force: true, CodeFree: true}}
		}
		return nil
	})},
	{"disarmed without a right", "answered done", before(func(p alarm.Panel, _ time.Time, in alarm.Input) (alarm.Panel, alarm.Input) {
		if m, ok := in.(alarm.SetMode); ok && m.Request.Channel == home.ByMQTT {
			m.Request.CodeFree = true
			return p, m
		}
		return p, in
	})},
	{"a code that opens beyond its use", "answered done", before(func(p alarm.Panel, _ time.Time, in alarm.Input) (alarm.Panel, alarm.Input) {
		if m, ok := in.(alarm.SetMode); ok && m.Code == digits("16180") && m.Request.Mode == home.Disarmed {
			m.Code = digits("27182")
			return p, m
		}
		return p, in
	})},
	{"wrong codes without end", "must be", before(func(p alarm.Panel, _ time.Time, in alarm.Input) (alarm.Panel, alarm.Input) {
		if m, ok := in.(alarm.SetMode); ok && m.Code == digits("10000") {
			m.Code = alarm.Digest{}
			return p, m
		}
		return p, in
	})},
	{"armed with a window open", "must be not-ready", before(func(p alarm.Panel, _ time.Time, in alarm.Input) (alarm.Panel, alarm.Input) {
		if m, ok := in.(alarm.SetMode); ok && m.Request.Mode != home.Disarmed {
			m.Request.Force = true
			return p, m
		}
		return p, in
	})},
	{"a bypass that outlives its arming", "leaves out", func() stepper {
		var out []home.ZoneID
		return func(p alarm.Panel, now time.Time, in alarm.Input) (alarm.Panel, []alarm.Effect) {
			m, ok := in.(alarm.SetMode)
			if ok && m.Request.Area == home.TheHouse && m.Request.Mode != home.Disarmed && len(out) > 0 {
				m.Request.Bypass = out
				in = m
			}
			if v := p.View(now); len(v.Bypassed) > 0 {
				out = v.Bypassed
			}
			return p.Step(now, in)
		}
	}},
	{"a power cut that disarms", "stands", after(func(_ alarm.Panel, in alarm.Input) alarm.Input {
		if _, ok := in.(alarm.Resumed); ok {
			return alarm.SetMode{Request: home.ModeRequest{Mode: home.Disarmed, CodeFree: true}}
		}
		return nil
	})},
	{"an alarm that a power cut ends", "must be", after(func(p alarm.Panel, in alarm.Input) alarm.Input {
		if _, ok := in.(alarm.Resumed); ok && p.Sounding(p.LastSeen()).On() {
			return alarm.Silence{By: "the panel"}
		}
		return nil
	})},
}

// on breaks the effects.
func on(change func(alarm.Effect) []alarm.Effect) func() stepper {
	return func() stepper {
		return func(p alarm.Panel, now time.Time, in alarm.Input) (alarm.Panel, []alarm.Effect) {
			q, effects := p.Step(now, in)
			var changed []alarm.Effect
			for _, e := range effects {
				changed = append(changed, change(e)...)
			}
			return q, changed
		}
	}
}

// before breaks what comes to the panel.
func before(change func(alarm.Panel, time.Time, alarm.Input) (alarm.Panel, alarm.Input)) func() stepper {
	return func() stepper {
		return func(p alarm.Panel, now time.Time, in alarm.Input) (alarm.Panel, []alarm.Effect) {
			p, in = change(p, now, in)
			return p.Step(now, in)
		}
	}
}

// after has the panel do something that nobody asked for; its siren follows.
func after(also func(alarm.Panel, alarm.Input) alarm.Input) func() stepper {
	return func() stepper {
		return func(p alarm.Panel, now time.Time, in alarm.Input) (alarm.Panel, []alarm.Effect) {
			q, effects := p.Step(now, in)
			more := also(q, in)
			if more == nil {
				return q, effects
			}
			sound := q.Sounding(now)
			q, _ = q.Step(now, more)
			if s := q.Sounding(now); s != sound {
				effects = slices.DeleteFunc(effects, func(e alarm.Effect) bool { _, ok := e.(alarm.Siren); return ok })
				effects = append(effects, alarm.Siren{Sound: s, When: alarm.When(!s.On())})
			}
			return q, effects
		}
	}
}

// TestTheOracleNotices lives with each broken panel, a season after another, until
// it is found out.
func TestTheOracleNotices(t *testing.T) {
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			steps := 0
			for seed := range uint64(12) {
				l := newLife(t, seed, season, b.make())
				l.live()
				steps += l.hub.steps
				err := l.hub.strange
				switch {
				case err == nil:
					continue
				case !slices.ContainsFunc(strings.Split(b.says, "|"), func(why string) bool { return strings.Contains(err.Error(), why) }):
					t.Errorf("noticed for another reason, want %q:\n%v", b.says, err)
				default:
					why := err.Error()
					if _, short, ok := strings.Cut(why, "}: "); ok {
						why = short
					}
					t.Logf("after %d steps: %s", steps, why)
				}
				return
			}
			t.Errorf("not noticed in %d steps", steps)
		})
	}
}
