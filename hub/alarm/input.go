package alarm

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"gatehouse/hub/home"
)

// Input is one thing that happens to a panel.
type Input interface{ input() }

// Tick tells only that time has passed.
type Tick struct{}

// Reading is what a device said. Readings of devices that no zone watches are
// ignored.
type Reading struct {
	Device home.DeviceID
	Trait  home.Trait
	Value  home.Value
}

// SetMode asks for another mode. Request.Code is not looked at: the code comes
// as its digest.
type SetMode struct {
	Request home.ModeRequest
	Code    Digest        // zero: no code was given
	Device  home.DeviceID // the keypad, if one was used
}

// Silence stops the siren and leaves everything else as it is.
type Silence struct {
	By      string
	Channel home.Channel
}

// Acknowledge says that somebody has seen the alarms that are over.
type Acknowledge struct{ By string }

// Test begins or ends a walk test.
type Test struct {
	On bool
	By string
}

// PersonSeen tells that a camera saw somebody where nobody should be.
type PersonSeen struct {
	Camera home.DeviceID
	Name   string      // what the family calls it
	Area   home.AreaID // "": TheHouse
	At     time.Time
}

// Panic raises an alarm by hand.
type Panic struct {
	Kind    home.ZoneKind // panic, medical or fire
	Silent  bool          // a panic alarm that nobody inside learns of
	By      string
	Channel home.Channel
	Device  home.DeviceID // the keypad, if one was used
}

// RefusedCode tells that a keypad sent a code over a link that is not encrypted.
type RefusedCode struct{ Device home.DeviceID }

// Trouble tells that a condition of the house came or went.
type Trouble struct {
	Item    home.TroubleItem
	Present bool
}

// PutZone adds a zone or changes the one with its id.
type PutZone struct {
	Zone home.Zone
	By   string
}

// DeleteZone removes a zone.
type DeleteZone struct {
	ID home.ZoneID
	By string
}

// PutArea adds an area or changes the one with its id.
type PutArea struct {
	Area home.Area
	By   string
}

// DeleteArea removes an area that no zone or code names.
type DeleteArea struct {
	ID home.AreaID
	By string
}

// PutMode adds an armed mode or changes the one with its id.
type PutMode struct {
	Mode home.AlarmMode
	By   string
}

// DeleteMode removes a mode that the owner added.
type DeleteMode struct {
	ID home.Mode
	By string
}

// PutCode adds a code or changes the one with its id. Digest is zero when the
// digits stay as they are. Near holds the digests of all digits that are one slip
// of the finger from the new ones: a duress code must not be among them.
type PutCode struct {
	Code   home.Code
	Digest Digest
	Near   []Digest
	By     string
}

// DeleteCode removes a code.
type DeleteCode struct{ ID, By string }

// PutSettings changes the figures of the panel.
type PutSettings struct {
	Settings home.AlarmSettings
	By       string
}

// Resumed is the first input of a panel that was loaded from disk. No sensor
// has spoken yet, and what became due while the hub was off is settled towards
// safety.
type Resumed struct{}

// ClockStepped tells that the wall clock was set by By (forward if positive)
// and that now is read from the new clock.
type ClockStepped struct{ By time.Duration }

func (Tick) input()         {}
func (Reading) input()      {}
func (SetMode) input()      {}
func (Silence) input()      {}
func (Acknowledge) input()  {}
func (Test) input()         {}
func (PersonSeen) input()   {}
func (Panic) input()        {}
func (RefusedCode) input()  {}
func (Trouble) input()      {}
func (PutZone) input()      {}
func (DeleteZone) input()   {}
func (PutCode) input()      {}
func (DeleteCode) input()   {}
func (PutArea) input()      {}
func (DeleteArea) input()   {}
func (PutMode) input()      {}
func (DeleteMode) input()   {}
func (PutSettings) input()  {}
func (Resumed) input()      {}
func (ClockStepped) input() {}

// Digest is a code under the device key: HMAC-SHA256. A plain hash of five
// digits would be guessed at once. The zero Digest stands for no code.
type Digest [32]byte

// IsZero tells whether no code is meant.
func (d Digest) IsZero() bool { return d == Digest{} }

// equal compares in a time that does not depend on where the two differ.
func (d Digest) equal(e Digest) bool { return subtle.ConstantTimeCompare(d[:], e[:]) == 1 }

// LogValue keeps the digest out of logs.
func (d Digest) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// String keeps the digest out of texts.
func (d Digest) String() string { return "[redacted]" }

// MarshalText writes hexadecimal digits.
func (d Digest) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(d[:])), nil }

// UnmarshalText reads hexadecimal digits.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) != 2*len(d) {
		return fmt.Errorf("a code's digest has %d hexadecimal digits, want %d", len(b), 2*len(d))
	}
	if _, err := hex.Decode(d[:], b); err != nil {
		return fmt.Errorf("a code's digest: %w", err)
	}
	return nil
}
