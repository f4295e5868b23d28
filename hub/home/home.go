// Package home is the vocabulary of the house: what a device is, what it can
// say, what can be asked of it, which zones watch it, and how the alarm stands.
//
// Types only, and the standard library only. Everything in hub speaks in these
// words; the JSON forms are the ones of the HTTP API and of MQTT, so that every
// face shows the same object. Times are RFC 3339 with milliseconds, durations
// are Go strings ("30s"), ids are stable for ever.
package home

import (
	"encoding/json"
	"fmt"
	"time"
)

// DeviceID names a device for ever: "zwave-5", "zigbee-00124b0012345678",
// "camera-porch", "modem".
type DeviceID string

// ZoneID names a zone for ever: "front-door".
type ZoneID string

// Time is an instant that reads and writes as RFC 3339 with milliseconds, UTC.
type Time struct{ time.Time }

// At wraps t, cut to the millisecond so that what is saved equals what is shown.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// MarshalJSON writes the RFC 3339 form with milliseconds.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.append(make([]byte, 0, len(timeLayout)+2)), nil
}

// String is the RFC 3339 form with milliseconds.
func (t Time) String() string { return t.UTC().Format(timeLayout) }

// Duration is a time.Duration that reads and writes as a Go string ("30s").
type Duration time.Duration

// MarshalText writes the Go form.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads the Go form.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 30s or 4m", b)
	}
	*d = Duration(v)
	return nil
}

// Event is one line of the journal. The journal, the event stream and MQTT
// carry the same object. Seq is given once, by the journal, and never reused.
type Event struct {
	Seq    uint64          `json:"seq"`
	At     Time            `json:"at"`
	Kind   string          `json:"kind"`   // see Kind…
	Device DeviceID        `json:"device"` // "" when none
	Zone   ZoneID          `json:"zone"`   // "" when none
	Who    *string         `json:"who"`    // name of a person or program; null for the hub itself
	Text   string          `json:"text"`   // one English sentence
	Data   json.RawMessage `json:"data,omitempty"`
}

// Kinds of event.
const (
	KindReading = "reading" // a device said something
	KindAlarm   = "alarm"   // the panel did something
	KindTrouble = "trouble" // a condition came or went
	KindDevice  = "device"  // a device joined, left, was renamed
	KindCommand = "command" // a command was done or failed
	KindAccess  = "access"  // sign-in, sign-out, a code or token was made or used
	KindSystem  = "system"  // the hub itself: started, stopped, restored
	KindRule    = "rule"    // a rule fired, or says why it did not
	KindPerson  = "person"  // somebody came home or left
)

// Who is a convenience for Event.Who.
func Who(name string) *string { return &name }

// UnmarshalJSON reads RFC 3339.
func (t *Time) UnmarshalJSON(b []byte) error {
	var v time.Time
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*t = At(v)
	return nil
}
