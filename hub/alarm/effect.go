package alarm

import (
	"time"

	"gatehouse/hub/home"
)

// Effect is one thing that the panel wants done: a Siren, an Indication, a
// Line, a Notice or an Answer. An effect that tells Retreat lowers the guard of
// the house or answers a person, and must wait until the panel is written; all
// others are escalations and are done at once.
type Effect interface {
	// Retreat tells whether the effect must wait until the panel is written.
	Retreat() bool
}

// When says when an effect may be done.
type When bool

// The two times.
const (
	AtOnce      When = false // escalation: never waits for a disk
	OnceWritten When = true  // retreat or answer: only after the panel is saved
)

// Retreat implements Effect for the types that embed When.
func (w When) Retreat() bool { return bool(w) }

// Siren tells that what should sound has changed.
type Siren struct {
	Sound
	When
}

// Indication is one area as a keypad shows it.
type Indication struct {
	Area    home.AreaID
	Mode    home.Mode
	Like    home.Mode // the mode for keypads that know only home, night and away
	Phase   home.Phase
	Seconds int    // left of the exit or entry delay, rounded up
	Hurry   bool   // the last ten seconds of the delay: its tone is rapid
	Passing bool   // nothing but the seconds changed: may be left out, the next one comes
	Tone    Tone   // to play now; that of a delay is played each second, unless the mode is silent
	Alarm   string // kind of the alarm that runs, else ""
	Bypass  bool   // armed with bypass
	Memory  bool   // an alarm is remembered
	Ready   bool   // disarmed, and could be armed away now
	Trouble bool   // something keeps the house from being guarded as it should
	When
}

// Line is one line for the journal. Its number is given by the journal; its id
// (in Data) is the panel's own and is the same when the line is written again
// after a power cut.
type Line struct {
	Event home.Event
	When
}

// Notice is news for people who may be elsewhere.
type Notice struct {
	ID      string // the same when it is told again after a power cut; "" for what is only for people outside
	At      time.Time
	Kind    string // "alarm", "verified", "cancelled", "lockout", "day", "duress", "trouble"
	Alarm   string // kind of alarm, when there is one
	Zone    home.ZoneID
	Text    string
	Outside bool // only for people outside the house: shown on no face inside

	Verified      bool // a second sign of the same burglary was seen
	RecentClosing bool // it began soon after arming
	When
}

// Answer is the reply to the request that was the input.
type Answer struct {
	Err error
	When
}

// KeypadAction is what a person asks for at a keypad.
type KeypadAction string

// The actions.
const (
	KeyArmAway  KeypadAction = "arm-away"
	KeyArmHome  KeypadAction = "arm-home"
	KeyArmNight KeypadAction = "arm-night"
	KeyDisarm   KeypadAction = "disarm"
	KeyEnter    KeypadAction = "enter" // a code and nothing else: disarms
	KeyPanic    KeypadAction = "panic"
	KeySilent   KeypadAction = "silent-panic"
	KeyFire     KeypadAction = "fire"
	KeyMedical  KeypadAction = "medical"
	KeyBypass   KeypadAction = "bypass" // arm as was just refused, and leave out what is open
	KeyCancel   KeypadAction = "cancel" // never mind
	KeyTag      KeypadAction = "tag"    // what a tag says stands for a code and enter
	KeyTouch    KeypadAction = "touch"  // somebody is at the keypad; nothing is asked for
)

// ChallengeTime is how long a keypad that was refused because something is open
// may ask for the same with what is open left out.
const ChallengeTime = 30 * time.Second
