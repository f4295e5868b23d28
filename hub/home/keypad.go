package home

import (
	"slices"
	"strconv"
)

// KeypadSettings are what the owner chose for one keypad.
type KeypadSettings struct {
	Volume     int    `json:"volume"`      // of its voice and its keys, %; its siren keeps its own
	Backlight  int    `json:"backlight"`   // of keys and mode lights, %
	ExitTones  bool   `json:"exit_tones"`  // it sounds while people leave
	EntryTones bool   `json:"entry_tones"` // it sounds until a code is entered
	Area       AreaID `json:"area"`        // that it arms and shows
	Modes      []Mode `json:"modes"`       // what it may set, disarmed among them
}

// DefaultKeypadSettings are those of a keypad that nobody has changed.
func DefaultKeypadSettings() KeypadSettings {
	return KeypadSettings{Volume: 70, Backlight: 100, ExitTones: true, EntryTones: true, Area: TheHouse, Modes: []Mode{Disarmed, Home, Night, Away}}
}

// Check refuses settings that make no sense in a house with these areas and
// armed modes, with *Invalid.
func (s KeypadSettings) Check(areas []Area, modes []AlarmMode) error {
	for _, f := range []struct {
		field string
		n     int
	}{{"volume", s.Volume}, {"backlight", s.Backlight}} {
		if f.n < 0 || f.n > 100 {
			return &Invalid{Field: f.field, Reason: strconv.Itoa(f.n) + " is out of range: give 0 to 100"}
		}
	}
	if !slices.ContainsFunc(areas, func(a Area) bool { return a.ID == s.Area }) {
		return &Invalid{Field: "area", Reason: "there is no area " + strconv.Quote(string(s.Area))}
	}
	for i, m := range s.Modes {
		if m != Disarmed && !slices.ContainsFunc(modes, func(o AlarmMode) bool { return o.ID == m }) {
			return &Invalid{Field: "modes", Reason: strconv.Quote(string(m)) + " is no mode of this house: give disarmed or one of its armed modes"}
		}
		if slices.Contains(s.Modes[:i], m) {
			return &Invalid{Field: "modes", Reason: string(m) + " is named twice"}
		}
	}
	return nil
}

// May tells whether the keypad may set the mode.
func (s KeypadSettings) May(m Mode) bool { return slices.Contains(s.Modes, m) }

// Equal tells whether the two are the same.
func (s KeypadSettings) Equal(o KeypadSettings) bool {
	return s.Volume == o.Volume && s.Backlight == o.Backlight && s.ExitTones == o.ExitTones && s.EntryTones == o.EntryTones && s.Area == o.Area &&
		slices.Equal(s.Modes, o.Modes)
}
