package rules

import (
	"time"

	"gatehouse/hub/alarm/rules/language"
	"gatehouse/hub/home"
)

// world is what rules know of the house. It is only ever told, never asks.
type world struct {
	zone    *time.Location
	place   *Place
	devices map[home.DeviceID]*device
	panel   Panel
	people  map[string]home.Presence // by lower-case name
	by      string                   // who caused the event that is being judged
}

type device struct {
	name   string
	traits map[home.Trait]home.State
}

func newWorld() *world {
	return &world{zone: time.UTC, devices: map[home.DeviceID]*device{}, people: map[string]home.Presence{}}
}

// Panel is what rules know of the alarm.
type Panel struct {
	Mode  home.Mode  `json:"mode"`
	Phase home.Phase `json:"phase"`
	Alarm string     `json:"alarm"` // kind of the one that runs, "" when none does
	By    string     `json:"by"`
}

// PanelOf is the part of the alarm's state that rules know.
func PanelOf(a home.Alarm) Panel {
	p := Panel{Mode: a.Mode, Phase: a.Phase, By: a.ChangedBy}
	if a.Phase == home.PhaseAlarm && a.Alarm != nil {
		p.Alarm = a.Alarm.Kind
	}
	return p
}

// traitType is what each trait is in an expression. Keypads have no state and
// buttons are events only.
var traitType = map[home.Trait]language.Kind{
	home.Contact: language.Word, home.Switch: language.Word, home.Siren: language.Word, home.Lock: language.Word,
	home.Motion: language.Bool, home.Smoke: language.Bool, home.CO: language.Bool, home.Gas: language.Bool,
	home.Water: language.Bool, home.Vibration: language.Bool, home.Glass: language.Bool, home.Tamper: language.Bool,
	home.Occupancy: language.Bool, home.Trouble: language.Bool, home.LowBattery: language.Bool,
	home.Battery: language.Number, home.Level: language.Number, home.Cover: language.Number, home.Temperature: language.Number,
	home.Humidity: language.Number, home.Illuminance: language.Number, home.Power: language.Number, home.Energy: language.Number,
	home.Voltage: language.Number, home.Current: language.Number, home.Link: language.Number, home.Restless: language.Number,
}

func (w *world) peopleHome() (int, error) {
	if len(w.people) == 0 {
		return 0, &unclear{"nobody has said yet who is at home"}
	}
	n := 0
	for _, p := range w.people {
		if p.Home {
			n++
		}
	}
	return n, nil
}

// stands is where the house does.
func (w *world) stands() (*Place, error) {
	if w.place == nil {
		return nil, &unclear{"nobody has said where the house stands, so it is not known whether it is dark"}
	}
	return w.place, nil
}

// state is what a trait says.
func (w *world) state(id home.DeviceID, t home.Trait) (home.State, error) {
	d, ok := w.devices[id]
	if !ok {
		return home.State{}, &unclear{"there is no device " + string(id)}
	}
	s := d.traits[t]
	if !s.Value.Known() {
		return s, &unclear{d.name + " has said nothing yet about " + string(t)}
	}
	return s, nil
}

// name is what the family calls a device.
func (w *world) name(id home.DeviceID) string {
	if d, ok := w.devices[id]; ok && d.name != "" {
		return d.name
	}
	return string(id)
}
