package zigbeehome

import (
	"errors"
	"slices"
	"strings"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/home"
	"gatehouse/zigbee/zcl"
)

// alarming is the table of alarms by kind; an alarm of another kind is an
// emergency. The panel does not tell a fire that was seen from one that was
// called, so FirePanic is not used.
var alarming = map[string]zcl.AlarmStatus{
	"burglary":   zcl.AlarmBurglar,
	"exit_error": zcl.AlarmBurglar,
	"tamper":     zcl.AlarmBurglar,
	"fire":       zcl.AlarmFire,
	"co":         zcl.AlarmEmergency,
	"gas":        zcl.AlarmEmergency,
	"water":      zcl.AlarmEmergency,
	"panic":      zcl.AlarmPolicePanic,
	"medical":    zcl.AlarmEmergencyPanic,
}

// PanelOf is what a keypad is told of a view; false when it is dark and there is
// nothing to tell: a Zigbee keypad goes dark by itself.
//
// The cluster has no word for a disarmed house of which nobody may know whether
// it is ready. It is called ready; the arming that is then asked for will tell.
func PanelOf(v keypads.View) (zcl.Panel, bool) {
	var p zcl.Panel
	if v.Tone != alarm.ToneNone && v.Volume > 0 {
		p.Audible = zcl.AudibleDefault
	}
	switch v.Phase {
	case home.PhaseDisarmed:
		p.Status = zcl.PanelDisarmed
		if v.Unready {
			p.Status = zcl.PanelNotReady
		}
	case home.PhaseArming, home.PhaseEntry:
		p.Status = zcl.PanelExitDelay
		if v.Phase == home.PhaseEntry {
			p.Status = zcl.PanelEntryDelay
		}
		p.Seconds = byte(min(max(v.Seconds, 0), 255))
		if !v.Silent {
			p.Audible = zcl.AudibleDefault
		}
	case home.PhaseArmed:
		switch v.Like {
		case home.Away:
			p.Status = zcl.PanelArmedAway
		case home.Night:
			p.Status = zcl.PanelArmedNight
		default:
			p.Status = zcl.PanelArmedStay
		}
	case home.PhaseAlarm:
		p.Status, p.Audible, p.Alarm = zcl.PanelInAlarm, zcl.AudibleDefault, zcl.AlarmEmergency
		if a, ok := alarming[v.Alarm]; ok {
			p.Alarm = a
		}
	default:
		return zcl.Panel{}, false
	}
	return p, true
}

// modes is the table of arm modes.
var modes = map[zcl.ArmMode]struct {
	action alarm.KeypadAction
	mode   home.Mode
	done   zcl.ArmNotification
}{
	zcl.ArmDisarm: {alarm.KeyDisarm, home.Disarmed, zcl.ArmedNone},
	zcl.ArmStay:   {alarm.KeyArmHome, home.Home, zcl.ArmedStay},
	zcl.ArmNight:  {alarm.KeyArmNight, home.Night, zcl.ArmedNight},
	zcl.ArmAway:   {alarm.KeyArmAway, home.Away, zcl.ArmedAll},
}

// Asked is what a keypad asks of the panel by Arm. A code that is not made of
// digits is what a tag says, as some keypads send it; a mode that nobody knows
// asks for nothing.
func Asked(a zcl.Arm) (action alarm.KeypadAction, code string) {
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

// Answer is the answer to Arm: asked is its mode, before the mode in which the
// panel was, err what the panel said. Whatever is wrong but a house that is not
// ready is an invalid code: the cluster has no other word.
func Answer(asked zcl.ArmMode, before home.Mode, err error) zcl.ArmNotification {
	var notReady *home.NotReady
	m, ok := modes[asked]
	switch {
	case errors.As(err, &notReady):
		return zcl.ArmNotReady
	case err != nil || !ok:
		return zcl.ArmInvalidCode
	case asked == zcl.ArmDisarm && before == home.Disarmed:
		return zcl.AlreadyDisarmed
	default:
		return m.done
	}
}

// BypassAnswer is the answer to Bypass, zone by zone. A keypad asks by it for what
// it was refused a moment ago, with what is open left out (alarm.KeyBypass): the
// panel leaves a zone out of one arming only, so there is nothing to leave out
// before an arming was asked for. err is what the panel said
// and out what it leaves out now. Which zones there are is told to nobody whose
// code was wrong.
func BypassAnswer(b zcl.Bypass, z Zones, err error, out []home.ZoneID) []zcl.BypassResult {
	results := make([]zcl.BypassResult, len(b.Zones))
	var conflict *home.Conflict
	for i, n := range b.Zones {
		zone, ok := z.Zone(n)
		switch {
		case errors.As(err, &conflict):
			results[i] = zcl.NotBypassed
		case err != nil:
			results[i] = zcl.BypassInvalidCode
		case !ok:
			results[i] = zcl.BypassUnknownZone
		case zone.Kind.AlwaysOn():
			results[i] = zcl.BypassNotAllowed
		case !slices.Contains(out, zone.ID):
			results[i] = zcl.NotBypassed
		default:
			results[i] = zcl.Bypassed
		}
	}
	return results
}
