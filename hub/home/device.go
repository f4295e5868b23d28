package home

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Trait is one thing that a device can say or be told.
type Trait string

// The traits, with the values that each can have.
const (
	Contact     Trait = "contact"     // open | closed
	Motion      Trait = "motion"      // true | false, as are the next nine
	Smoke       Trait = "smoke"       //
	CO          Trait = "co"          //
	Gas         Trait = "gas"         //
	Water       Trait = "water"       //
	Vibration   Trait = "vibration"   //
	Glass       Trait = "glass"       //
	Tamper      Trait = "tamper"      //
	Occupancy   Trait = "occupancy"   //
	Trouble     Trait = "trouble"     //
	Battery     Trait = "battery"     // 0–100 %
	LowBattery  Trait = "low_battery" // true | false
	Switch      Trait = "switch"      // on | off
	Siren       Trait = "siren"       // on | off
	Level       Trait = "level"       // 0–100 %
	Cover       Trait = "cover"       // 0–100 % open: a roller shutter, a blind
	Lock        Trait = "lock"        // locked | unlocked | jammed | unknown
	Button      Trait = "button"      // press | double | hold
	Keypad      Trait = "keypad"      // events only, no state; never journalled (it may hold a code)
	Temperature Trait = "temperature" // °C
	Humidity    Trait = "humidity"    // %
	Illuminance Trait = "illuminance" // lx
	Power       Trait = "power"       // W
	Energy      Trait = "energy"      // kWh
	Voltage     Trait = "voltage"     // V
	Current     Trait = "current"     // A
	Link        Trait = "link"        // 0–100 %
	Restless    Trait = "restless"    // 0–100 % of a camera's picture, in which movement counts no more
)

// Traits lists every trait once, in the order that faces show them.
var Traits = []Trait{
	Contact, Motion, Smoke, CO, Gas, Water, Vibration, Glass, Tamper, Occupancy, Trouble,
	Battery, LowBattery, Switch, Siren, Level, Cover, Lock, Button, Keypad,
	Temperature, Humidity, Illuminance, Power, Energy, Voltage, Current, Link, Restless,
}

// Value is what a trait says: a word, a truth or a number. It is comparable
// and holds no pointer other than the word's. The zero Value means "not known".
type Value struct {
	kind byte // 0 none, 'w', 'b', 'n'
	num  float64
	word string
}

// Word, Bool and Number make values.
func Word(s string) Value { return Value{kind: 'w', word: s} }

// Bool makes the value true or false.
func Bool(b bool) Value {
	if b {
		return Value{kind: 'b', num: 1}
	}
	return Value{kind: 'b'}
}

// Number makes a numeric value in the unit of its trait.
func Number(f float64) Value { return Value{kind: 'n', num: f} }

// The words that are values.
var (
	Open     = Word("open")
	Closed   = Word("closed")
	On       = Word("on")
	Off      = Word("off")
	Locked   = Word("locked")
	Unlocked = Word("unlocked")
	Jammed   = Word("jammed")
	Unknown  = Word("unknown")
	Stop     = Word("stop") // told to a cover that moves
	True     = Bool(true)
	False    = Bool(false)
)

// Known tells whether anything has been said at all.
func (v Value) Known() bool { return v.kind != 0 }

// Float is the number, 1 or 0 for a truth, and 0 for a word.
func (v Value) Float() float64 { return v.num }

// IsNumber tells whether the value is a number.
func (v Value) IsNumber() bool { return v.kind == 'n' }

// String is the value as a person or an MQTT template would read it.
func (v Value) String() string {
	switch v.kind {
	case 'w':
		return v.word
	case 'b':
		return strconv.FormatBool(v.num != 0)
	case 'n':
		return strconv.FormatFloat(v.num, 'f', -1, 64)
	default:
		return ""
	}
}

// MarshalJSON writes a JSON string, boolean, number or null.
func (v Value) MarshalJSON() ([]byte, error) {
	return v.append(nil), nil
}

// UnmarshalJSON reads a JSON string, boolean, number or null.
func (v *Value) UnmarshalJSON(b []byte) error {
	var x any
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	switch x := x.(type) {
	case string:
		*v = Word(x)
	case bool:
		*v = Bool(x)
	case float64:
		*v = Number(x)
	case nil:
		*v = Value{}
	default:
		return fmt.Errorf("%s is not a value: want a word, true, false or a number", b)
	}
	return nil
}

// State is what a trait last said. Since is when it began to say so; Fresh is
// false until the device has spoken since the hub started, and a trait that is
// not fresh never counts as closed.
type State struct {
	Value Value `json:"value"`
	Since Time  `json:"since"`
	Fresh bool  `json:"-"`
}

// Security is how the link to a device is protected.
type Security string

// Security values of the contract.
const (
	SecurityNone              Security = "none"
	SecurityS0                Security = "s0"
	SecurityS2Unauthenticated Security = "s2-unauthenticated"
	SecurityS2Authenticated   Security = "s2-authenticated"
	SecurityS2AccessControl   Security = "s2-access-control"
	SecurityInstallCode       Security = "install-code"
	SecurityLinkKey           Security = "link-key"
)

// Encrypted tells whether a code may be taken from such a device.
func (s Security) Encrypted() bool { return s != SecurityNone && s != "" }

// Health is how a device is doing.
type Health string

// Health values of the contract.
const (
	HealthOK      Health = "ok"
	HealthJoining Health = "joining"
	HealthLate    Health = "late"    // has missed its time to report
	HealthMissing Health = "missing" // has missed it twice, or was never heard since start
	HealthFailed  Health = "failed"
)

// Device is one thing in the house that speaks or can be told something.
type Device struct {
	ID       DeviceID        `json:"id"`
	Name     string          `json:"name"`
	Room     string          `json:"room"`
	Radio    string          `json:"radio"`   // zwave | zigbee | camera | modem
	Address  string          `json:"address"` // in the radio's own terms
	Maker    string          `json:"maker"`
	Model    string          `json:"model"`
	Firmware string          `json:"firmware"`
	Security Security        `json:"security"`
	Power    string          `json:"power"` // battery | mains | ""
	Health   Health          `json:"health"`
	LastSeen *Time           `json:"last_seen"`
	Traits   map[Trait]State `json:"traits"`
	Sounder  *Sounder        `json:"sounder,omitempty"` // of a siren; the value it points to never changes
	Problems []Problem       `json:"problems,omitempty"`
	Waiting  []Waiting       `json:"waiting,omitempty"`
	Upgrade  *Upgrade        `json:"upgrade,omitempty"` // the value it points to never changes
	Watched  []string        `json:"watched,omitempty"` // who looks through it now: people, programs
	Talks    string          `json:"talks,omitempty"`   // who speaks through it now
	Records  bool            `json:"records,omitempty"` // what it sees is recorded now
}

// Problem is something that keeps a device from doing what it is there for, though
// it can be heard.
type Problem string

// Problems.
const (
	NotEnrolled  Problem = "not-enrolled"  // it was not told yet to whom it reports alarms
	NotReporting Problem = "not-reporting" // it refuses to report by itself, and is asked from time to time
)

// Waiting is a command that waits for a device that sleeps.
type Waiting struct {
	Trait Trait `json:"trait"`
	Value Value `json:"value"`
	Since Time  `json:"since"`
	Until Time  `json:"until"` // then it is given up
}

// Clone is a copy that shares nothing that can change.
func (d Device) Clone() Device {
	d.Traits = maps.Clone(d.Traits)
	d.Problems, d.Waiting, d.Watched = slices.Clone(d.Problems), slices.Clone(d.Waiting), slices.Clone(d.Watched)
	return d
}

// Reading is one thing that a device said.
type Reading struct {
	Device DeviceID
	Trait  Trait
	Value  Value
	At     time.Time
}

// Command asks a device for something. ID is chosen by the registry.
type Command struct {
	ID     string   `json:"id"`
	Device DeviceID `json:"device"`
	Trait  Trait    `json:"trait"`
	Value  Value    `json:"value"`
	Sound  Sounding `json:"sound,omitzero"` // of a siren
	Code   PIN      `json:"-"`              // that a lock wants for it
	Quiet  bool     `json:"-"`              // the journal says what came of it elsewhere
}
