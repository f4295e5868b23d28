package mqtt

import (
	"encoding/json"
	"errors"

	"gatehouse/hub/home"
)

// alarmWord is the state in the words of Home Assistant's MQTT alarm panel.
// An alarm is triggered in every mode: fire alarms sound while disarmed too.
func alarmWord(a home.Alarm) string { return panelWord(a.Phase, a.Mode, a.Like) }

// vacation is the mode of the owner's own that Home Assistant has a word for.
const vacation home.Mode = "vacation"

func panelWord(phase home.Phase, mode, like home.Mode) string {
	switch phase {
	case home.PhaseDisarmed:
		return "disarmed"
	case home.PhaseArming:
		return "arming"
	case home.PhaseEntry:
		return "pending"
	case home.PhaseAlarm:
		return "triggered"
	case home.PhaseArmed:
	}
	if mode == vacation {
		return "armed_vacation"
	}
	switch like {
	case home.Home:
		return "armed_home"
	case home.Night:
		return "armed_night"
	case home.Away:
		return "armed_away"
	default:
		return "disarmed"
	}
}

// refusal is what an error topic carries: the problem's type as the API names
// it, one sentence, and what stands in the way.
type refusal struct {
	At       home.Time          `json:"at"`
	Who      string             `json:"who"`
	Error    string             `json:"error"`
	Text     string             `json:"text"`
	Open     []home.ZoneID      `json:"open,omitempty"`
	Troubles []home.TroubleItem `json:"troubles,omitempty"`
}

var errForbidden = errors.New("this client may not do that")

// refusalOf puts an error in the words of the API's problem documents.
func refusalOf(err error) refusal {
	r := refusal{Error: "internal", Text: err.Error()}
	var notReady *home.NotReady
	switch {
	case errors.As(err, &notReady):
		r.Error, r.Open, r.Troubles = "not-ready", notReady.Open, notReady.Troubles
	case as[*home.WrongCode](err):
		r.Error = "wrong-code"
	case as[*home.CodeNeeded](err):
		r.Error = "code-needed"
	case as[*home.CodeMayNot](err):
		r.Error = "code-may-not"
	case as[*home.CodesLocked](err):
		r.Error = "codes-locked"
	case as[*home.Invalid](err):
		r.Error = "invalid"
	case as[*home.NotFound](err):
		r.Error = "not-found"
	case errors.Is(err, errForbidden):
		r.Error = "forbidden"
	}
	return r
}

func as[T error](err error) bool {
	var t T
	return errors.As(err, &t)
}

// healthDocument is what gatehouse/health carries. OK is false when a
// condition of severity warning or worse is present.
type healthDocument struct {
	OK         bool               `json:"ok"`
	Conditions []home.TroubleItem `json:"conditions"`
}

func healthOf(list []home.TroubleItem) healthDocument {
	d := healthDocument{OK: true, Conditions: list}
	if list == nil {
		d.Conditions = []home.TroubleItem{}
	}
	for _, item := range list {
		if item.Severity != home.SeverityInfo {
			d.OK = false
		}
	}
	return d
}

// encode writes one of the house's own objects, which cannot fail.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("mqtt: " + err.Error()) // a type that JSON has no form for: a mistake in the program
	}
	return b
}
