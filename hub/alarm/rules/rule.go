package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/hub/home"
)

// The bounds of rules.
const (
	MaxRules  = 100
	MaxActs   = 8
	MaxPeople = 32
	MaxOffset = 6 * time.Hour
	MaxFor    = 24 * time.Hour
	maxName   = 60 // characters
	maxText   = 200
)

// check tells what is wrong with a rule in itself. What only the house can
// tell, such as whether a device exists, is fault's. Errors: *home.Invalid.
func check(r home.Rule) error {
	switch {
	case !goodID(string(r.ID)):
		return invalid("id", "use 1 to 64 lower-case letters, digits and dashes")
	case r.ID == "settings" || r.ID == "language" || r.ID == "dry-run":
		return invalid("id", "%q is taken: choose another", r.ID)
	case !goodText(r.Name, maxName):
		return say("name", "rule-name", "most", strconv.Itoa(maxName))
	case len(r.Then) == 0:
		return invalid("then", "say what the rule shall do")
	case len(r.Then) > MaxActs:
		return invalid("then", "a rule can do %d things; make two rules of it", MaxActs)
	}
	if err := checkWhen(r.When); err != nil {
		return err
	}
	for i, a := range r.Then {
		if err := checkAct(a); err != nil {
			err.Field = fmt.Sprintf("then.%d.%s", i, err.Field)
			return err
		}
	}
	return nil
}

func goodID(id string) bool {
	return id != "" && len(id) <= 64 && id[0] != '-' && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func goodText(s string, most int) bool {
	n := utf8.RuneCountInString(s)
	return n > 0 && n <= most && strings.TrimSpace(s) == s && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// uses names the fields of When that each event has; every other must be empty.
var uses = map[home.RuleEvent][]string{
	home.WhenTime:    {"at", "days"},
	home.WhenSunrise: {"offset", "days"},
	home.WhenSunset:  {"offset", "days"},
	home.WhenMode:    {"mode"},
	home.WhenPhase:   {"phase"},
	home.WhenAlarm:   {"kind"},
	home.WhenTrouble: {"code", "device"},
	home.WhenReading: {"device", "trait", "value", "above", "below", "for"},
	home.WhenButton:  {"device", "value"},
	home.WhenPerson:  {"person", "move"},
}

func checkWhen(w home.When) error {
	used, ok := uses[w.Event]
	if !ok {
		return invalid("when.event", "can be %v, not %q", home.RuleEvents, w.Event)
	}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"at", w.At != ""},
		{"offset", w.Offset != 0},
		{"days", len(w.Days) > 0},
		{"mode", w.Mode != ""},
		{"phase", w.Phase != ""},
		{"kind", w.Kind != ""},
		{"code", w.Code != ""},
		{"device", w.Device != ""},
		{"trait", w.Trait != ""},
		{"value", w.Value.Known()},
		{"above", w.Above != nil},
		{"below", w.Below != nil},
		{"for", w.For != 0},
		{"person", w.Person != ""},
		{"move", w.Move != ""},
	} {
		if f.set && !slices.Contains(used, f.name) {
			return invalid("when."+f.name, "is not for the event %s, which takes %s", w.Event, and(used))
		}
	}
	for _, d := range w.Days {
		if !slices.Contains(weekdays, d) {
			return invalid("when.days", "can be mon tue wed thu fri sat sun, not %q", d)
		}
	}
	for _, text := range []string{string(w.Mode), string(w.Phase), w.Kind, w.Code, string(w.Device), w.Person} {
		if len(text) > maxText || len(w.Days) > len(weekdays) {
			return invalid("when", "is too long")
		}
	}
	switch w.Event {
	case home.WhenTime:
		if _, _, err := clockTime(w.At); err != nil {
			return invalid("when.at", "%s", err)
		}
	case home.WhenSunrise, home.WhenSunset:
		if d := time.Duration(w.Offset); d.Abs() > MaxOffset || d%time.Second != 0 {
			return invalid("when.offset", "can be -6h to 6h, in whole seconds")
		}
	case home.WhenPhase:
		if !slices.Contains([]home.Phase{home.PhaseDisarmed, home.PhaseArming, home.PhaseArmed, home.PhaseEntry, home.PhaseAlarm}, w.Phase) {
			return invalid("when.phase", "can be disarmed, arming, armed, entry or alarm")
		}
	case home.WhenReading:
		return checkReading(w)
	case home.WhenButton:
		if w.Device == "" {
			return invalid("when.device", "name the device with the button")
		}
		if !slices.Contains([]string{"press", "double", "hold"}, w.Value.String()) {
			return invalid("when.value", "can be press, double or hold")
		}
	case home.WhenPerson:
		if !slices.Contains([]home.Move{home.Leaves, home.Arrives, home.LastOut, home.FirstIn}, w.Move) {
			return invalid("when.move", "can be leaves, arrives, last-leaves or first-arrives")
		}
		if w.Person != "" && (w.Move == home.LastOut || w.Move == home.FirstIn) {
			return invalid("when.person", "is not for %s: whoever it is counts", w.Move)
		}
	case home.WhenMode, home.WhenAlarm, home.WhenTrouble:
	}
	return nil
}

func checkReading(w home.When) error {
	if w.Device == "" {
		return invalid("when.device", "name the device")
	}
	kind, ok := traitType[w.Trait]
	switch {
	case !ok:
		return invalid("when.trait", "%q can't be waited for", w.Trait)
	case time.Duration(w.For) < 0 || time.Duration(w.For) > MaxFor:
		return invalid("when.for", "can be up to 24h")
	case kind == "number":
		if w.Value.Known() || (w.Above == nil) == (w.Below == nil) {
			return invalid("when.above", "%s is a number: give above or below", w.Trait)
		}
	case w.Above != nil || w.Below != nil:
		return invalid("when.value", "%s is not a number: give the value that it becomes", w.Trait)
	case kind == "bool" && w.Value != home.True && w.Value != home.False:
		return invalid("when.value", "%s can be true or false", w.Trait)
	case kind == "word" && !slices.Contains(valuesOf[w.Trait], w.Value):
		return invalid("when.value", "%s can be %v", w.Trait, valuesOf[w.Trait])
	}
	return nil
}

// valuesOf are the words that a trait can say.
var valuesOf = map[home.Trait][]home.Value{
	home.Contact: {home.Open, home.Closed},
	home.Switch:  {home.On, home.Off},
	home.Siren:   {home.On, home.Off},
	home.Lock:    {home.Locked, home.Unlocked, home.Jammed, home.Unknown},
}

// checkAct lets through what a rule may do and nothing else: it never disarms,
// silences, unlocks, or changes a setting.
func checkAct(a home.Act) *home.Invalid {
	extra := func(set bool, field string) *home.Invalid {
		if !set {
			return nil
		}
		return invalid(field, "is not for %s", a.Do)
	}
	var wrong []*home.Invalid
	switch a.Do {
	case home.ActCommand:
		wrong = append(wrong, extra(a.Mode != "", "mode"), extra(a.Text != "", "text"), checkCommand(a))
	case home.ActArm:
		wrong = append(wrong, extra(a.Device != "", "device"), extra(a.Trait != "", "trait"), extra(a.Value.Known(), "value"),
			extra(a.For != 0, "for"), extra(a.Text != "", "text"))
		switch {
		case a.Mode == home.Disarmed:
			return invalid("mode", "a rule never disarms: that takes a person with a code")
		case !goodID(string(a.Mode)):
			return invalid("mode", "name the mode to arm")
		}
	case home.ActTell:
		wrong = append(wrong, extra(a.Device != "", "device"), extra(a.Trait != "", "trait"), extra(a.Value.Known(), "value"),
			extra(a.For != 0, "for"), extra(a.Mode != "", "mode"))
		if !goodText(a.Text, maxText) {
			return say("text", "rule-text", "most", strconv.Itoa(maxText))
		}
	default:
		return invalid("do", "can be command, arm or tell, not %q", a.Do)
	}
	for _, w := range wrong {
		if w != nil {
			return w
		}
	}
	return nil
}

func checkCommand(a home.Act) *home.Invalid {
	f := time.Duration(a.For)
	switch {
	case a.Device == "" || len(a.Device) > 64:
		return invalid("device", "name the device")
	case f < 0 || f > MaxFor || f > 0 && f < time.Second:
		return invalid("for", "can be 1s to 24h")
	}
	switch a.Trait {
	case home.Switch:
		if a.Value != home.On && a.Value != home.Off {
			return invalid("value", "switch can be on or off")
		}
	case home.Level, home.Cover:
		if v := a.Value.Float(); !a.Value.IsNumber() || !(v >= 0 && v <= 100) {
			return invalid("value", "%s can be 0 to 100", a.Trait)
		}
	case home.Lock:
		if a.Value != home.Locked {
			return invalid("value", "a rule can lock and never unlocks: that takes a person")
		}
		if f > 0 {
			return invalid("for", "a lock stays locked: a rule never unlocks")
		}
	case home.Siren:
		return invalid("trait", "sirens are the alarm's alone")
	default:
		return invalid("trait", "a rule can set switch, level, cover and lock, not %q", a.Trait)
	}
	return nil
}

// fault is why a rule can't run in this house as it is, nil when it can. Field
// is "place" when only the place is missing.
func (w *world) fault(r home.Rule, c *condition) *home.Invalid {
	if r.When.Device != "" && r.When.Event != home.WhenTrouble {
		if err := w.exists("when.device", r.When.Device); err != nil {
			return err
		}
	}
	if c != nil {
		for _, id := range c.devices {
			if err := w.exists("if", id); err != nil {
				return err
			}
		}
	}
	for i, a := range r.Then {
		if err := w.actFault(a); err != nil {
			err.Field = fmt.Sprintf("then.%d.%s", i, err.Field)
			return err
		}
	}
	sun := r.When.Event == home.WhenSunrise || r.When.Event == home.WhenSunset ||
		c != nil && (slices.Contains(c.names, "dark") || slices.Contains(c.names, "sun_height"))
	if sun && w.place == nil {
		return say("place", "rule-no-place")
	}
	return nil
}

func (w *world) exists(field string, id home.DeviceID) *home.Invalid {
	if _, ok := w.devices[id]; !ok {
		return say(field, "rule-no-device", "device", string(id))
	}
	return nil
}

// actFault is why an act can't be done in this house. A siren that is a plug
// too is still a siren: turning it off would silence the alarm.
func (w *world) actFault(a home.Act) *home.Invalid {
	if a.Do != home.ActCommand {
		return nil
	}
	if err := w.exists("device", a.Device); err != nil {
		return err
	}
	d := w.devices[a.Device]
	if _, siren := d.traits[home.Siren]; siren {
		return say("device", "rule-siren", "name", d.name)
	}
	if _, has := d.traits[a.Trait]; !has {
		return say("trait", "rule-no-trait", "name", d.name, "trait", string(a.Trait))
	}
	return nil
}

// placeOf is the place that settings name, nil when they name none. Errors: *home.Invalid.
func placeOf(s home.RuleSettings) (*Place, error) {
	if s.Latitude == nil && s.Longitude == nil {
		return nil, nil
	}
	if s.Latitude == nil || s.Longitude == nil {
		return nil, invalid("latitude", "give latitude and longitude, or neither")
	}
	if err := checkPlace(*s.Latitude, *s.Longitude); err != nil {
		return nil, err
	}
	return &Place{*s.Latitude, *s.Longitude}, nil
}

func checkPlace(lat, lon float64) error {
	if !(lat >= -90 && lat <= 90) {
		return invalid("latitude", "can be -90 to 90")
	}
	if !(lon >= -180 && lon <= 180) {
		return invalid("longitude", "can be -180 to 180")
	}
	return nil
}
