package zigbeehome

import (
	"errors"
	"slices"
	"strings"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/home"
)

// PanelStatus is how the panel stands.
type PanelStatus byte

// Panel statuses. The three of arming are not used: an exit delay is told with
// its seconds.
const (
	PanelDisarmed    PanelStatus = 0x00 // and ready to arm
	PanelArmedStay   PanelStatus = 0x01
	PanelArmedNight  PanelStatus = 0x02
	PanelArmedAway   PanelStatus = 0x03
	PanelExitDelay   PanelStatus = 0x04
	PanelEntryDelay  PanelStatus = 0x05
	PanelNotReady    PanelStatus = 0x06
	PanelInAlarm     PanelStatus = 0x07
	PanelArmingStay  PanelStatus = 0x08
	PanelArmingNight PanelStatus = 0x09
	PanelArmingAway  PanelStatus = 0x0A
)

// Audible is what a keypad should sound like.
type Audible byte

// Audible notifications; those from 0x80 on are the makers' own.
const (
	AudibleMute    Audible = 0x00
	AudibleDefault Audible = 0x01
)

// AlarmStatus is what alarm runs.
type AlarmStatus byte

// Alarm statuses.
const (
	AlarmNone           AlarmStatus = 0x00
	AlarmBurglar        AlarmStatus = 0x01
	AlarmFire           AlarmStatus = 0x02
	AlarmEmergency      AlarmStatus = 0x03
	AlarmPolicePanic    AlarmStatus = 0x04
	AlarmFirePanic      AlarmStatus = 0x05
	AlarmEmergencyPanic AlarmStatus = 0x06
)

// alarming is the table of alarms by kind; an alarm of another kind is an
// emergency. The panel does not tell a fire that was seen from one that was
// called, so FirePanic is not used.
var alarming = map[string]AlarmStatus{
	"burglary":   AlarmBurglar,
	"exit_error": AlarmBurglar,
	"tamper":     AlarmBurglar,
	"fire":       AlarmFire,
	"co":         AlarmEmergency,
	"gas":        AlarmEmergency,
	"water":      AlarmEmergency,
	"panic":      AlarmPolicePanic,
	"medical":    AlarmEmergencyPanic,
}

// Panel is the payload of PanelStatusChanged and of GetPanelStatusResponse.
type Panel struct {
	Status  PanelStatus
	Seconds byte // left of the delay, 255 for more
	Audible Audible
	Alarm   AlarmStatus
}

// PanelOf is what a keypad is told of a view; false when it is dark and there is
// nothing to tell: a Zigbee keypad goes dark by itself.
//
// The cluster has no word for a disarmed house of which nobody may know whether
// it is ready. It is called ready; the arming that is then asked for will tell.
func PanelOf(v keypads.View) (Panel, bool) {
	var p Panel
	if v.Tone != alarm.ToneNone && v.Volume > 0 {
		p.Audible = AudibleDefault
	}
	switch v.Phase {
	case home.PhaseDisarmed:
		p.Status = PanelDisarmed
		if v.Unready {
			p.Status = PanelNotReady
		}
	case home.PhaseArming, home.PhaseEntry:
		p.Status = PanelExitDelay
		if v.Phase == home.PhaseEntry {
			p.Status = PanelEntryDelay
		}
		p.Seconds = byte(min(max(v.Seconds, 0), 255))
		if !v.Silent {
			p.Audible = AudibleDefault
		}
	case home.PhaseArmed:
		switch v.Like {
		case home.Away:
			p.Status = PanelArmedAway
		case home.Night:
			p.Status = PanelArmedNight
		default:
			p.Status = PanelArmedStay
		}
	case home.PhaseAlarm:
		p.Status, p.Audible, p.Alarm = PanelInAlarm, AudibleDefault, AlarmEmergency
		if a, ok := alarming[v.Alarm]; ok {
			p.Alarm = a
		}
	default:
		return Panel{}, false
	}
	return p, true
}

// ArmMode is what a keypad asks for.
type ArmMode byte

// Arm modes.
const (
	ArmDisarm ArmMode = 0x00
	ArmStay   ArmMode = 0x01 // day or home zones only
	ArmNight  ArmMode = 0x02 // night or sleep zones only
	ArmAway   ArmMode = 0x03 // all zones
)

// Arm is the payload of Arm. It holds a code: it must never be logged.
type Arm struct {
	Mode ArmMode
	Code string // "" when none was typed
	Zone byte   // of no use here: the house is armed as a whole
}

// String hides the code.
func (Arm) String() string { return "arm [redacted]" }

// GoString hides the code.
func (a Arm) GoString() string { return a.String() }

// modes is the table of arm modes.
var modes = map[ArmMode]struct {
	action alarm.KeypadAction
	mode   home.Mode
	done   ArmNotification
}{
	ArmDisarm: {alarm.KeyDisarm, home.Disarmed, ArmedNone},
	ArmStay:   {alarm.KeyArmHome, home.Home, ArmedStay},
	ArmNight:  {alarm.KeyArmNight, home.Night, ArmedNight},
	ArmAway:   {alarm.KeyArmAway, home.Away, ArmedAll},
}

// Asked is what a keypad asks of the panel by Arm. A code that is not made of
// digits is what a tag says, as some keypads send it; a mode that nobody knows
// asks for nothing.
func Asked(a Arm) (action alarm.KeypadAction, code string) {
	m, ok := modes[a.Mode]
	switch {
	case !ok:
		return alarm.KeyTouch, ""
	case strings.Trim(a.Code, "0123456789") != "":
		return alarm.KeyTag, a.Code
	default:
		return m.action, a.Code
	}
}

// The commands for help have no payload. A keypad sends them once its key was
// held for as long as it wants.
const (
	Emergency = alarm.KeyMedical
	Fire      = alarm.KeyFire
	Panicked  = alarm.KeyPanic
)

// ArmNotification is the payload of ArmResponse.
type ArmNotification byte

// Arm notifications.
const (
	ArmedNone       ArmNotification = 0x00 // all zones disarmed
	ArmedStay       ArmNotification = 0x01
	ArmedNight      ArmNotification = 0x02
	ArmedAll        ArmNotification = 0x03
	ArmInvalidCode  ArmNotification = 0x04
	ArmNotReady     ArmNotification = 0x05
	AlreadyDisarmed ArmNotification = 0x06
)

// Answer is the answer to Arm: asked is its mode, before the mode in which the
// panel was, err what the panel said. Whatever is wrong but a house that is not
// ready is an invalid code: the cluster has no other word.
func Answer(asked ArmMode, before home.Mode, err error) ArmNotification {
	var notReady *home.NotReady
	m, ok := modes[asked]
	switch {
	case errors.As(err, &notReady):
		return ArmNotReady
	case err != nil || !ok:
		return ArmInvalidCode
	case asked == ArmDisarm && before == home.Disarmed:
		return AlreadyDisarmed
	default:
		return m.done
	}
}

// BypassResult says what became of one zone of Bypass.
type BypassResult byte

// Bypass results.
const (
	Bypassed          BypassResult = 0x00
	NotBypassed       BypassResult = 0x01
	BypassNotAllowed  BypassResult = 0x02
	BypassInvalidZone BypassResult = 0x03
	BypassUnknownZone BypassResult = 0x04
	BypassInvalidCode BypassResult = 0x05
)

// Bypass is the payload of Bypass, which asks the panel for alarm.KeyBypass: what
// the keypad was refused a moment ago, with what is open left out. The panel
// leaves a zone out of one arming only, so there is nothing to leave out before
// an arming was asked for. It holds a code: it must never be logged.
type Bypass struct {
	Zones []byte
	Code  string
}

// String hides the code.
func (Bypass) String() string { return "bypass [redacted]" }

// GoString hides the code.
func (b Bypass) GoString() string { return b.String() }

// BypassAnswer is the answer to Bypass, zone by zone. err is what the panel said
// and out what it leaves out now. Which zones there are is told to nobody whose
// code was wrong.
func BypassAnswer(b Bypass, z Zones, err error, out []home.ZoneID) []BypassResult {
	results := make([]BypassResult, len(b.Zones))
	var conflict *home.Conflict
	for i, n := range b.Zones {
		zone, ok := z.Zone(n)
		switch {
		case errors.As(err, &conflict):
			results[i] = NotBypassed
		case err != nil:
			results[i] = BypassInvalidCode
		case !ok:
			results[i] = BypassUnknownZone
		case zone.Kind.AlwaysOn():
			results[i] = BypassNotAllowed
		case !slices.Contains(out, zone.ID):
			results[i] = NotBypassed
		default:
			results[i] = Bypassed
		}
	}
	return results
}
