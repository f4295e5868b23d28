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
	Modes      []Mode `json:"modes"`       // what it may set, disarmed among them
}

// DefaultKeypadSettings are those of a keypad that nobody has changed.
func DefaultKeypadSettings() KeypadSettings {
	return KeypadSettings{Volume: 70, Backlight: 100, ExitTones: true, EntryTones: true, Modes: []Mode{Disarmed, Home, Night, Away}}
}

// Check refuses settings that make no sense with *Invalid.
func (s KeypadSettings) Check() error {
	for _, f := range []struct {
		field string
		n     int
	}{{"volume", s.Volume}, {"backlight", s.Backlight}} {
		if f.n < 0 || f.n > 100 {
			return &Invalid{Field: f.field, Reason: strconv.Itoa(f.n) + " is out of range: give 0 to 100"}
		}
	}
	for i, m := range s.Modes {
		if m != Disarmed && !slices.Contains(Modes, m) {
			return &Invalid{Field: "modes", Reason: strconv.Quote(string(m)) + " is not a mode: give disarmed, home, night or away"}
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
	return s.Volume == o.Volume && s.Backlight == o.Backlight && s.ExitTones == o.ExitTones && s.EntryTones == o.EntryTones &&
		slices.Equal(s.Modes, o.Modes)
}
