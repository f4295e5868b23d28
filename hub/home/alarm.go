package home

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mode is what the house is guarded for.
type Mode string

// Modes. An owner may add armed modes of their own beside the three.
const (
	Disarmed Mode = "disarmed"
	Home     Mode = "home"
	Night    Mode = "night"
	Away     Mode = "away"
)

// Modes lists the armed modes that every house has.
var Modes = []Mode{Home, Night, Away}

// AlarmMode is one way in which the house can be armed.
type AlarmMode struct {
	ID         Mode      `json:"id"`
	Name       string    `json:"name"`
	Like       Mode      `json:"like"`                  // home, night or away: how faces show it that know only these
	ExitDelay  *Duration `json:"exit_delay,omitempty"`  // nil: the panel's
	EntryDelay *Duration `json:"entry_delay,omitempty"` // nil: the panel's
	Silent     bool      `json:"silent"`                // no progress tones on leaving; the exit delay is twice as long
}

// AreaID names a part of the house that is armed by itself: "flat".
type AreaID string

// TheHouse is the area that every house has. What names no area means it.
const TheHouse AreaID = "house"

// Area is a part of the house that is armed by itself.
type Area struct {
	ID   AreaID `json:"id"`
	Name string `json:"name"`
}

// Phase is where the panel stands within its mode.
type Phase string

// Phases.
const (
	PhaseDisarmed Phase = "disarmed"
	PhaseArming   Phase = "arming" // exit delay runs
	PhaseArmed    Phase = "armed"
	PhaseEntry    Phase = "entry" // entry delay runs
	PhaseAlarm    Phase = "alarm"
)

// ZoneKind is what a zone watches for and how it may raise an alarm.
type ZoneKind string

// Zone kinds.
const (
	ZoneEntry     ZoneKind = "entry"     // starts the entry delay
	ZonePerimeter ZoneKind = "perimeter" // at once when the mode uses it
	ZoneInterior  ZoneKind = "interior"  // follows a running entry or exit delay, else at once
	ZoneDay       ZoneKind = "day"       // notice while disarmed, alarm while armed
	ZoneInstant   ZoneKind = "instant"   // at once when the mode uses it
	Zone24h       ZoneKind = "24h"       // in every mode, disarmed too, as are all below
	ZoneTamper    ZoneKind = "tamper"
	ZoneFire      ZoneKind = "fire"
	ZoneCO        ZoneKind = "co"
	ZoneGas       ZoneKind = "gas"
	ZoneWater     ZoneKind = "water"
	ZonePanic     ZoneKind = "panic"
	ZoneMedical   ZoneKind = "medical"
)

// ZoneKinds lists every kind.
var ZoneKinds = []ZoneKind{
	ZoneEntry, ZonePerimeter, ZoneInterior, ZoneDay, ZoneInstant, Zone24h, ZoneTamper,
	ZoneFire, ZoneCO, ZoneGas, ZoneWater, ZonePanic, ZoneMedical,
}

// AlwaysOn tells whether the kind raises an alarm while disarmed too.
func (k ZoneKind) AlwaysOn() bool {
	switch k {
	case ZoneEntry, ZonePerimeter, ZoneInterior, ZoneDay, ZoneInstant:
		return false
	default:
		return true
	}
}

// Zone is one trait of one device that the panel watches.
type Zone struct {
	ID         ZoneID    `json:"id"`
	Name       string    `json:"name"`
	Device     DeviceID  `json:"device"`
	Trait      Trait     `json:"trait"`
	Kind       ZoneKind  `json:"kind"`
	Areas      []AreaID  `json:"areas"`                 // one, or more for a common zone: it guards while all of them are armed
	Modes      []Mode    `json:"modes"`                 // armed modes that use it; always-on kinds ignore this
	EntryDelay *Duration `json:"entry_delay,omitempty"` // nil: the mode's
	// EntryDelays are its delays in single modes; none at all (0s) is an alarm at once.
	EntryDelays map[Mode]Duration `json:"entry_delays,omitempty"`
	ExitDelay   *Duration         `json:"exit_delay,omitempty"` // what it needs at least, such as a garage; nil: the mode's
	Chime       bool              `json:"chime"`
	CrossZone   ZoneID            `json:"cross_zone"` // only both of them raise an alarm, or one that stays open
	// AbortWindow off tells of its alarms at once; nil and on are the same.
	// Danger to life is told at once anyway.
	AbortWindow *bool `json:"abort_window,omitempty"`
	Silent      bool  `json:"silent"`   // a panic zone that nobody in the house hears or sees
	Bypassed    bool  `json:"bypassed"` // read only: left out of the arming that runs now
}

// Alarm is the state of the panel as every face shows it. Only the panel
// changes it. Seq grows with each change. Mode to ChangedBy tell of the area
// TheHouse, but Phase is alarm while one runs anywhere; Areas tells of each.
type Alarm struct {
	Seq       uint64        `json:"seq"`
	Mode      Mode          `json:"mode"`
	Like      Mode          `json:"like"` // the mode for faces that know only home, night and away
	Phase     Phase         `json:"phase"`
	Since     Time          `json:"since"`
	Until     *Time         `json:"until"` // end of the exit or entry delay, else null
	Now       Time          `json:"now"`   // the hub's clock when this was made
	Open      []ZoneID      `json:"open"`  // zones that are open, or not known to be closed
	Bypassed  []ZoneID      `json:"bypassed"`
	Ready     map[Mode]bool `json:"ready"`
	Troubles  []TroubleItem `json:"troubles"`
	Alarm     *AlarmMemory  `json:"alarm"`
	Test      *AlarmTest    `json:"test"`       // the walk test that runs, else null
	ChangedBy string        `json:"changed_by"` // person, program, or "" for the panel itself
	Areas     []AreaState   `json:"areas"`
}

// AreaState is how one area stands.
type AreaState struct {
	ID        AreaID        `json:"id"`
	Name      string        `json:"name"`
	Mode      Mode          `json:"mode"`
	Like      Mode          `json:"like"`
	Phase     Phase         `json:"phase"`
	Since     Time          `json:"since"`
	Until     *Time         `json:"until"`
	Bypassed  []ZoneID      `json:"bypassed"`
	Ready     map[Mode]bool `json:"ready"`
	ChangedBy string        `json:"changed_by"`
}

// AlarmMemory is the alarm that runs, or the most pressing one since the last
// arming until somebody acknowledges it.
type AlarmMemory struct {
	Kind          string `json:"kind"` // burglary exit_error fire co gas water tamper panic medical
	Zone          ZoneID `json:"zone"`
	Since         Time   `json:"since"`
	Verified      bool   `json:"verified"` // a second sign of the same burglary was seen
	Silenced      bool   `json:"silenced"`
	Reported      bool   `json:"reported"`       // people elsewhere were told; nothing was sent if it is over and they were not
	RecentClosing bool   `json:"recent_closing"` // it began within two minutes of arming
}

// AlarmTest is a walk test that runs: zones raise no burglary alarm and are
// marked when they speak.
type AlarmTest struct {
	Until Time     `json:"until"`
	Seen  []ZoneID `json:"seen"`
}

// Severity of a trouble or health condition.
type Severity string

// Severities, from worst to least.
const (
	SeverityCritical Severity = "critical" // the house is not guarded as asked
	SeverityWarning  Severity = "warning"  // will be, unless mended
	SeverityInfo     Severity = "info"
)

// TroubleItem is one thing that is wrong, as the panel and every face tells it.
type TroubleItem struct {
	Code     string   `json:"code"`   // "radio-down", "battery-low"
	Device   DeviceID `json:"device"` // "" when none; the radio, "zwave" or "zigbee", when that is what is wrong
	Text     string   `json:"text"`   // one English sentence for a person
	Severity Severity `json:"severity"`
	Since    Time     `json:"since"`
	Mend     string   `json:"mend"`   // what to do about it
	Blocks   []Mode   `json:"blocks"` // modes that it keeps from being armed without force
}

// Channel is the way a request came in; rights hang on it.
type Channel string

// Channels.
const (
	ByAPI     Channel = "api"
	ByMQTT    Channel = "mqtt"
	ByKeypad  Channel = "keypad"
	ByHomeKit Channel = "homekit"
	ByRule    Channel = "rule"
)

// ModeRequest asks the panel for another mode.
type ModeRequest struct {
	Mode      Mode
	Area      AreaID    // "": TheHouse
	Code      string    // as typed; "" when none was given
	Bypass    []ZoneID  // zones to leave out of this arming
	Force     bool      // leave out every zone that is open, and arm in spite of troubles
	ExitDelay *Duration // nil: the panel's; 0: skip, journalled
	By        string    // name of the person or program that asks
	Channel   Channel
	CodeFree  bool // the caller's own right stands in for a code (a token of role owner or member)
	SteppedUp bool // an owner who has just proved both factors again: stands in for a code while codes are locked
	RequestID string

	ArmOnClose bool // this arming ends its exit delay as with the setting of that name
}

// NotReady refuses an arming and names what stands in the way.
type NotReady struct {
	Open     []ZoneID
	Unheard  []ZoneID // of Open, those whose sensor has not spoken since the hub started
	Troubles []TroubleItem
}

func (e *NotReady) Error() string {
	var names []string
	for _, z := range e.Open {
		name := string(z)
		if slices.Contains(e.Unheard, z) {
			name += " (not heard yet)"
		}
		names = append(names, name)
	}
	for _, t := range e.Troubles {
		names = append(names, t.Code)
	}
	return "not ready to arm: " + strings.Join(names, ", ")
}

// WrongCode refuses a code. Left counts the tries before the keypads lock.
type WrongCode struct{ Left int }

func (e *WrongCode) Error() string {
	if e.Left == 1 {
		return "wrong code: 1 try left"
	}
	return fmt.Sprintf("wrong code: %d tries left", e.Left)
}

// CodeNeeded refuses a request that came without a code where one is needed.
type CodeNeeded struct{}

func (e *CodeNeeded) Error() string { return "a code is needed" }

// CodeMayNot refuses what a right code is not meant for.
type CodeMayNot struct{ What string }

func (e *CodeMayNot) Error() string { return "this code may not " + e.What }

// CodesLocked refuses every code until Until, after too many wrong ones.
type CodesLocked struct{ Until time.Time }

func (e *CodesLocked) Error() string {
	return "codes are locked until " + e.Until.UTC().Format(time.TimeOnly) + " UTC"
}

// Invalid refuses a value that a person or program gave; Field names it and
// Reason says how to mend it, in English. Where Says is given, it says the same
// to a face that has words of its own.
type Invalid struct {
	Field, Reason string
	Says          *Saying
}

func (e *Invalid) Error() string { return e.Field + ": " + e.Reason }

// NotFound says that there is no such thing.
type NotFound struct{ What, ID string }

func (e *NotFound) Error() string { return "no " + e.What + " " + fmt.Sprintf("%q", e.ID) }

// Code is a keypad code as it is read back: the digits themselves are write
// only and kept as a keyed hash.
type Code struct {
	ID       string   `json:"id"`
	Person   string   `json:"person"`
	Kind     string   `json:"kind"`           // user duress guest installer
	Code     string   `json:"code,omitempty"` // write only
	Areas    []string `json:"areas"`          // none: all
	Schedule string   `json:"schedule"`       // "Mon-Fri 08:00-17:00; Sat 10:00-12:00", by the home's clock; "": always
	Expires  *Time    `json:"expires"`
	UsesLeft *int     `json:"uses_left"`
	Only     string   `json:"only"` // "arm" or "disarm": it may do nothing else; "": both
	Disabled bool     `json:"disabled"`
}

// AlarmSettings are the panel's own figures.
type AlarmSettings struct {
	QuickArm        bool     `json:"quick_arm"` // keypads arm a disarmed house without a code
	ExitDelay       Duration `json:"exit_delay"`
	EntryDelay      Duration `json:"entry_delay"`
	AbortWindow     Duration `json:"abort_window"`
	CancelWindow    Duration `json:"cancel_window"`   // after a report, in which disarming takes it back
	CrossZoneTime   Duration `json:"cross_zone_time"` // in which the second of two crossed zones must speak
	VerifyTime      Duration `json:"verify_time"`     // in which a second zone verifies a burglary
	SirenCycles     int      `json:"siren_cycles"`    // siren times of one arming, for all but danger to life and the first alarm of a zone
	StrobeAfter     bool     `json:"strobe_after"`    // lights go on after the siren time
	SirenTimeout    Duration `json:"siren_timeout"`
	Swinger         int      `json:"swinger"`
	OutsideStandard bool     `json:"outside_standard"`
	Preset          Preset   `json:"preset"`         // narrower ranges, which outside_standard does not widen
	ExitRestart     bool     `json:"exit_restart"`   // a way out that opens again restarts the exit delay, once
	UnvacatedHome   bool     `json:"unvacated_home"` // armed away at a keypad, and nobody left: it ends in home
	ArmOnClose      bool     `json:"arm_on_close"`   // the exit delay ends soon after the last way out was closed
}

// Preset names ranges of the panel's figures that are narrower than its own.
type Preset string

// The presets.
const (
	PresetNone   Preset = ""
	PresetUL     Preset = "ul"     // a home in North America
	PresetUL2610 Preset = "ul2610" // business premises there
	PresetEN     Preset = "en"     // Europe, grade 2
)

// Conflict refuses what can't be done as things stand; Reason says why, and
// the mend.
type Conflict struct{ Reason string }

func (e *Conflict) Error() string { return e.Reason }

// Notice is news for people who may be elsewhere. Its id is the same when it is
// told again after a power cut.
type Notice struct {
	ID      string `json:"id"`
	At      Time   `json:"at"`
	Kind    string `json:"kind"`  // alarm cancelled verified lockout day trouble duress …
	Alarm   string `json:"alarm"` // kind of the alarm, "" when it is about none
	Zone    ZoneID `json:"zone"`
	Text    string `json:"text"`
	Outside bool   `json:"outside"` // only for people outside the house: shown on no face inside

	Verified      bool `json:"verified"`       // a second sign of the same burglary was seen
	RecentClosing bool `json:"recent_closing"` // it began within two minutes of arming
}
