package demo

import (
	"math"

	"gatehouse/hub/home"
	"gatehouse/zwave/zwavesim"
)

// display is what a simulated keypad shows, for the page of the house.
type display struct {
	Light   string   `json:"light"` // the one of the panel's state; "" when dark
	Besides []string `json:"besides"`
	Seconds int      `json:"seconds"` // of a delay, counted by the keypad itself
	Muted   bool     `json:"muted"`   // the delay runs without its tone
	Heard   string   `json:"heard"`   // a sound that was just played
}

// displayed is the table of lights, those of the panel's state first.
var displayed = []struct {
	indicator byte
	state     bool
	word      string
}{
	{zwavesim.IndicatorSmoke, true, "smoke alarm"},
	{zwavesim.IndicatorCO, true, "gas alarm"},
	{zwavesim.IndicatorPanic, true, "panic alarm"},
	{zwavesim.IndicatorMedical, true, "medical alarm"},
	{zwavesim.IndicatorWater, true, "water alarm"},
	{zwavesim.IndicatorBurglary, true, "burglar alarm"},
	{zwavesim.IndicatorAlarm, true, "alarm"},
	{zwavesim.IndicatorEntry, true, "enter a code"},
	{zwavesim.IndicatorExit, true, "time to leave"},
	{zwavesim.IndicatorAway, true, "away"},
	{zwavesim.IndicatorHome, true, "home"},
	{zwavesim.IndicatorDisarmed, true, "disarmed"},
	{zwavesim.IndicatorReady, false, "ready"},
	{zwavesim.IndicatorFault, false, "look at the page"},
	{zwavesim.IndicatorBypass, false, "something is open: enter leaves it out"},
	{zwavesim.IndicatorRejected, false, "not accepted"},
}

// errNoKey: digits go with a key.
var errNoKey = &home.Invalid{Field: "digits", Reason: "digits go with one of the keypad's keys"}

var sounds = map[byte]string{zwavesim.IndicatorBeep: "double beep", zwavesim.IndicatorChime: "chime"}

func show(d *zwavesim.Keypad) *display {
	s := &display{Besides: []string{}, Heard: sounds[d.Heard()]}
	for _, l := range displayed {
		switch {
		case !d.Lit(l.indicator):
		case !l.state:
			s.Besides = append(s.Besides, l.word)
		case s.Light == "":
			s.Light, s.Muted = l.word, d.Muted(l.indicator)
			s.Seconds = int(math.Ceil(d.Left(l.indicator).Seconds()))
		}
	}
	return s
}

// keypadKeys are what can be pressed besides digits.
var keypadKeys = map[string]zwavesim.Key{
	"arm-away": zwavesim.KeyAway, "arm-home": zwavesim.KeyHome, "disarm": zwavesim.KeyDisarm,
	"enter": zwavesim.KeyEnter, "cancel": zwavesim.KeyCancel, "typing": zwavesim.KeyTyping,
	"panic": zwavesim.KeyPanic, "fire": zwavesim.KeyFire, "medical": zwavesim.KeyMedical,
}

// helpKeys want to be held: "fire-down" and, before or after zwavesim.HoldTime,
// "fire-up". "fire" alone is a key that was held for as long as it takes.
var helpKeys = []string{"panic", "fire", "medical"}

func (f *Family) keypad(key, name, room string) {
	d := f.Stick.NewKeypad(zwavesim.Make{Name: name})
	acts := map[string]func(){}
	for name, k := range keypadKeys {
		acts[name] = func() { d.Enter("", k) }
	}
	for _, name := range helpKeys {
		k := keypadKeys[name]
		acts[name+"-down"] = func() { d.Down(k) }
		acts[name+"-up"] = func() { d.Up(k) }
	}
	f.put(&item{
		key: key, name: name, room: room, kind: "keypad", acts: acts,
		enter: func(digits, act string) error {
			k, ok := keypadKeys[act]
			if !ok {
				return errNoKey
			}
			d.Enter(digits, k)
			return nil
		},
		shows: func() *display { return show(d) },
		state: func() string {
			for _, l := range displayed {
				if l.state && d.Lit(l.indicator) {
					return "shows " + l.word
				}
			}
			return "dark"
		},
	}, d, d.Node)
}
