package alarm

import "time"

// Pattern is the rhythm of a siren or sounder. The empty Pattern is silence.
type Pattern string

// The patterns, one rhythm for one kind of danger.
const (
	Silent    Pattern = ""
	Steady    Pattern = "steady"     // burglary, tamper, panic
	Temporal3 Pattern = "temporal-3" // fire
	Temporal4 Pattern = "temporal-4" // carbon monoxide, gas
	Pulse     Pattern = "pulse"      // medical
	Slow      Pattern = "slow"       // water
)

// Beats is one turn of the pattern as alternating times on and off, on first.
// Steady and Silent have none: they do not change. Temporal 3 is 0.5 s on and
// off three times and 1.5 s of pause, temporal 4 is 0.1 s on and off four times
// and 5 s of pause.
func (p Pattern) Beats() []time.Duration {
	const ms = time.Millisecond
	switch p {
	case Temporal3:
		return []time.Duration{500 * ms, 500 * ms, 500 * ms, 500 * ms, 500 * ms, 1500 * ms}
	case Temporal4:
		return []time.Duration{100 * ms, 100 * ms, 100 * ms, 100 * ms, 100 * ms, 100 * ms, 100 * ms, 5000 * ms}
	case Pulse:
		return []time.Duration{1000 * ms, 1000 * ms}
	case Slow:
		return []time.Duration{500 * ms, 4500 * ms}
	case Silent, Steady:
		return nil
	default:
		return nil
	}
}

// Sound is what the sirens should do from now on. There is one at a time: two
// patterns never sound together.
type Sound struct {
	Pattern Pattern   // Silent: off
	Inside  bool      // only sounders inside the house; outside sirens stay quiet
	Strobe  bool      // lights flash; they go on after the siren time until somebody acknowledges
	ID      string    // names the alarm that asked: the same command sent again carries the same id
	Until   time.Time // when the siren time ends; zero when Silent
}

// On tells whether anything sounds; lights may flash all the same.
func (s Sound) On() bool { return s.Pattern != Silent }

// Tone is a short sound of a keypad.
type Tone string

// The tones.
const (
	ToneNone  Tone = ""
	ToneExit  Tone = "exit"  // the exit delay runs
	ToneEntry Tone = "entry" // the entry delay runs: enter a code
	ToneChime Tone = "chime" // a door opened while disarmed
	ToneAbort Tone = "abort" // disarmed within the abort window: nothing was sent
	ToneError Tone = "error" // refused

	ToneTrouble Tone = "trouble" // the house is not guarded as asked any more
)
