package rules

import (
	"strings"
	"time"

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

// traitType is what each trait is in an expression: "word", "bool" or
// "number". Keypads have no state and buttons are events only.
var traitType = map[home.Trait]string{
	home.Contact: "word", home.Switch: "word", home.Siren: "word", home.Lock: "word",
	home.Motion: "bool", home.Smoke: "bool", home.CO: "bool", home.Gas: "bool", home.Water: "bool", home.Vibration: "bool",
	home.Glass: "bool", home.Tamper: "bool", home.Occupancy: "bool", home.Trouble: "bool", home.LowBattery: "bool",
	home.Battery: "number", home.Level: "number", home.Cover: "number", home.Temperature: "number", home.Humidity: "number",
	home.Illuminance: "number", home.Power: "number", home.Energy: "number", home.Voltage: "number", home.Current: "number", home.Link: "number",
}

// Vocabulary is every word of the language beside the traits' own: the table
// in doc.go is held against it.
var Vocabulary = vocabulary()

func vocabulary() []home.RuleWord {
	words := []home.RuleWord{
		{Name: "mode", Type: "word", Says: `what the house is set to: "disarmed", "home", "night", "away" or a mode of the owner's`},
		{Name: "phase", Type: "word", Says: `where the panel stands: "disarmed", "arming", "armed", "entry" or "alarm"`},
		{Name: "armed", Type: "bool", Says: "the house is set to any mode but disarmed"},
		{Name: "alarm", Type: "word", Says: `kind of the alarm that runs ("burglary", "fire", …), "" when none does`},
		{Name: "by", Type: "word", Says: `who caused the event, "" when nobody did`},
		{Name: "anybody_home", Type: "bool", Says: "at least one person is at home"},
		{Name: "nobody_home", Type: "bool", Says: "everybody who was ever said to be at home has left"},
		{Name: "people_home", Type: "number", Says: "how many people are at home"},
		{Name: "dark", Type: "bool", Says: "the sun is below the horizon"},
		{Name: "sun_height", Type: "number", Says: "degrees of the sun above the horizon, negative below"},
		{Name: "time", Type: "word", Says: `the home's clock: "07:05"; earlier is smaller`},
		{Name: "hour", Type: "number", Says: "0 to 23"},
		{Name: "minute", Type: "number", Says: "0 to 59"},
		{Name: "weekday", Type: "word", Says: `"mon" "tue" "wed" "thu" "fri" "sat" "sun"`},
		{Name: "date", Type: "word", Says: `"2026-12-24"`},
		{Name: "month", Type: "number", Says: "1 to 12"},
		{Name: "day", Type: "number", Says: "1 to 31"},
		{Name: `between("22:00", "06:00")`, Type: "bool", Says: "the home's clock is at or past the first and before the second, over midnight too"},
		{Name: `at_home("Ada")`, Type: "bool", Says: "that person is at home"},
		{Name: `known("zwave-5", "contact")`, Type: "bool", Says: "the device has said something about the trait since the hub first met it"},
		{Name: `minutes("zwave-5", "contact")`, Type: "number", Says: "how long the trait has been saying what it says"},
	}
	for _, t := range home.Traits {
		if kind, ok := traitType[t]; ok {
			words = append(words, home.RuleWord{Name: string(t) + `("zwave-5")`, Type: kind, Says: "the trait " + string(t) + " of that device"})
		}
	}
	return words
}

// typed is a house for the compiler: the types, with nothing behind them.
var typed = typedWorld()

func typedWorld() map[string]any {
	env := map[string]any{
		"mode": "", "phase": "", "armed": false, "alarm": "", "by": "",
		"anybody_home": false, "nobody_home": false, "people_home": 0,
		"dark": false, "sun_height": 0.0,
		"time": "", "hour": 0, "minute": 0, "weekday": "", "date": "", "month": 0, "day": 0,
	}
	w := newWorld()
	env["between"], env["at_home"] = w.between(time.Time{}), w.atHome
	env["known"], env["minutes"] = w.known, w.minutes(time.Time{})
	for t := range traitType {
		env[string(t)] = w.trait(t)
	}
	return env
}

// env is the house as an expression reads it. Only the variables that are
// asked for are worked out: a house without a place has rules too.
func (w *world) env(names []string, at time.Time) (map[string]any, error) {
	env := make(map[string]any, len(names))
	local := at.In(w.zone)
	for _, name := range names {
		v, err := w.variable(name, local)
		if err != nil {
			return nil, err
		}
		env[name] = v
	}
	return env, nil
}

func (w *world) variable(name string, local time.Time) (any, error) {
	switch name {
	case "mode":
		return string(w.panel.Mode), nil
	case "phase":
		return string(w.panel.Phase), nil
	case "armed":
		return w.panel.Mode != home.Disarmed, nil
	case "alarm":
		return w.panel.Alarm, nil
	case "by":
		return w.by, nil
	case "anybody_home", "nobody_home", "people_home":
		n, err := w.peopleHome()
		if err != nil {
			return nil, err
		}
		return map[string]any{"anybody_home": n > 0, "nobody_home": n == 0, "people_home": n}[name], nil
	case "dark", "sun_height":
		if w.place == nil {
			return nil, &unclear{"nobody has said where the house stands, so it is not known whether it is dark"}
		}
		if name == "dark" {
			return w.place.Dark(local), nil
		}
		return w.place.Height(local), nil
	case "time":
		return local.Format("15:04"), nil
	case "hour":
		return local.Hour(), nil
	case "minute":
		return local.Minute(), nil
	case "weekday":
		return weekdays[local.Weekday()], nil
	case "date":
		return local.Format(time.DateOnly), nil
	case "month":
		return int(local.Month()), nil
	case "day":
		return local.Day(), nil
	case "between":
		return w.between(local), nil
	case "at_home":
		return w.atHome, nil
	case "known":
		return w.known, nil
	case "minutes":
		return w.minutes(local), nil
	}
	return w.trait(home.Trait(name)), nil
}

// trait is the function that reads a trait of a device, in its own type.
func (w *world) trait(t home.Trait) any {
	switch traitType[t] {
	case "word":
		return func(id string) (string, error) {
			s, err := w.state(home.DeviceID(id), t)
			return s.Value.String(), err
		}
	case "bool":
		return func(id string) (bool, error) {
			s, err := w.state(home.DeviceID(id), t)
			return s.Value == home.True, err
		}
	default:
		return func(id string) (float64, error) {
			s, err := w.state(home.DeviceID(id), t)
			return s.Value.Float(), err
		}
	}
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

func (w *world) atHome(person string) (bool, error) {
	p, ok := w.people[strings.ToLower(person)]
	if !ok {
		return false, &unclear{"nobody has said yet whether " + person + " is at home"}
	}
	return p.Home, nil
}

func (w *world) between(now time.Time) func(from, to string) (bool, error) {
	return func(from, to string) (bool, error) {
		for _, s := range []string{from, to} {
			if _, _, err := clockTime(s); err != nil {
				return false, &unclear{err.Error()}
			}
		}
		clock := now.Format("15:04")
		if from <= to {
			return from <= clock && clock < to, nil
		}
		return from <= clock || clock < to, nil
	}
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

func (w *world) known(id, trait string) bool {
	_, err := w.state(home.DeviceID(id), home.Trait(trait))
	return err == nil
}

func (w *world) minutes(now time.Time) func(id, trait string) (float64, error) {
	return func(id, trait string) (float64, error) {
		s, err := w.state(home.DeviceID(id), home.Trait(trait))
		return now.Sub(s.Since.Time).Minutes(), err
	}
}

// name is what the family calls a device.
func (w *world) name(id home.DeviceID) string {
	if d, ok := w.devices[id]; ok && d.name != "" {
		return d.name
	}
	return string(id)
}
