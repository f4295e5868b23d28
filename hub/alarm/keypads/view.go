package keypads

import (
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// How long things are shown.
const (
	ShowSet   = 180 * time.Second // armed, from arming on
	ShowUnset = 30 * time.Second  // disarmed, from disarming on
	ShowTouch = 30 * time.Second  // after a key
	ShowError = 5 * time.Second
)

// Error is why a keypad was refused.
type Error string

// The errors. NotReady is the bypass challenge: asked again within
// alarm.ChallengeTime, the panel leaves out what is open.
const (
	OK       Error = ""
	Wrong    Error = "wrong"     // wrong code, or none where one is needed
	Locked   Error = "locked"    // too many wrong codes: none is taken for a while
	NotReady Error = "not-ready" // something is open
	Refused  Error = "refused"   // anything else
)

// View is what one keypad shows.
type View struct {
	Mode    home.Mode  // "" when dark
	Like    home.Mode  // home, night or away for a mode of the owner's own
	Phase   home.Phase // "" when dark
	Until   time.Time  // end of the delay that runs, else zero
	Seconds int        // of it left, to the nearest one
	Hurry   bool       // its last seconds
	Silent  bool       // the delay runs without its tone
	Alarm   string     // kind of the alarm that runs, else ""
	Bypass  bool
	Ready   bool // could be armed away now
	Unready bool // could not; neither is set while that may not be told
	Zones   bool // what single zones say may be told
	Memory  bool
	Trouble bool
	Error   Error
	Volume  int // of Tone, %

	// Tone is to be played now, once. The tones of a delay are part of it: see
	// Phase and Silent.
	Tone alarm.Tone
}

// Dark tells whether nothing of the panel is shown.
func (v View) Dark() bool { return v.Phase == "" }

// panel is what is known of one area of the panel.
type panel struct {
	in    alarm.Indication
	since time.Time // of the mode and phase
	until time.Time // end of the delay that runs
}

// take makes in the newest. The tone of a delay stays what it was while another
// is played once.
func (p *panel) take(now time.Time, in alarm.Indication) {
	if once(in.Tone) && in.Phase == p.in.Phase {
		in.Tone = p.in.Tone
	}
	if in.Mode != p.in.Mode || in.Phase != p.in.Phase {
		p.since, p.until = now, time.Time{}
	}
	if in.Phase == home.PhaseArming || in.Phase == home.PhaseEntry {
		// Seconds are rounded up, so the end wanders by up to one as they pass.
		if end := now.Add(time.Duration(in.Seconds) * time.Second); p.until.IsZero() || end.Sub(p.until).Abs() > 1500*time.Millisecond {
			p.until = end
		}
	}
	p.in = in
}

// once tells whether a tone is played once, rather than for as long as a delay
// runs.
func once(t alarm.Tone) bool {
	return t == alarm.ToneChime || t == alarm.ToneAbort || t == alarm.ToneError
}

// keypad is one keypad.
type keypad struct {
	settings home.KeypadSettings
	here     bool      // it can be told things
	came     time.Time // it joined then, or could be reached again
	touched  time.Time
	coded    time.Time // a right code was entered
	err      Error
	errUntil time.Time
	shown    View
	told     bool // shown is what it was last told since it came
}

// view is what the keypad shows at a time, and when that changes by itself
// (zero: it does not).
func (k *keypad) view(now time.Time, p *panel) (v View, next time.Time) {
	until := func(from time.Time, d time.Duration) bool {
		if from.IsZero() || !now.Before(from.Add(d)) {
			return false
		}
		if end := from.Add(d); next.IsZero() || end.Before(next) {
			next = end
		}
		return true
	}
	v.Volume = k.settings.Volume
	if k.err != OK && until(k.errUntil, 0) {
		v.Error = k.err
	}
	in := p.in
	switch in.Phase {
	case home.PhaseArming, home.PhaseEntry:
		v.Until, v.Hurry, v.Bypass = p.until, in.Hurry, in.Bypass
		v.Seconds = int(max(0, p.until.Sub(now)).Round(time.Second) / time.Second)
		sounds := k.settings.ExitTones
		if in.Phase == home.PhaseEntry {
			sounds = k.settings.EntryTones
		}
		v.Silent = !sounds || in.Tone == alarm.ToneNone
	case home.PhaseAlarm:
		v.Alarm = in.Alarm
	case home.PhaseArmed, home.PhaseDisarmed:
		d := ShowUnset
		if in.Phase == home.PhaseArmed {
			d = ShowSet
		}
		changed, came := until(p.since, d), until(k.came, ShowTouch)
		touched, coded := until(k.touched, ShowTouch), until(k.coded, ShowTouch)
		if !changed && !came && !touched && !coded {
			return v, next
		}
		v.Bypass = in.Bypass && (changed || coded)
		if in.Phase == home.PhaseDisarmed && (touched || coded) {
			v.Ready, v.Unready = in.Ready, !in.Ready
		}
		v.Zones = coded
		v.Memory, v.Trouble = in.Memory && coded, in.Trouble && coded
	default:
		return v, next // the panel has not spoken
	}
	v.Mode, v.Like, v.Phase = in.Mode, in.Like, in.Phase
	return v, next
}
