package zcl

// WarningMaxDuration is the attribute of IAS WD (8.4.2.2): Uint16, seconds after
// which a siren stops by itself.
const WarningMaxDuration Attr = 0x0000

// WarningMode is what a siren warns of.
type WarningMode byte

// Warning modes.
const (
	WarnStop           WarningMode = 0
	WarnBurglar        WarningMode = 1
	WarnFire           WarningMode = 2
	WarnEmergency      WarningMode = 3
	WarnPolicePanic    WarningMode = 4
	WarnFirePanic      WarningMode = 5
	WarnEmergencyPanic WarningMode = 6
)

// SirenLevel is how loud.
type SirenLevel byte

// Siren levels.
const (
	LevelLow      SirenLevel = 0
	LevelMedium   SirenLevel = 1
	LevelHigh     SirenLevel = 2
	LevelVeryHigh SirenLevel = 3
)

// StartWarning starts the siren, or stops it (8.4.2.3.1).
//
// The drawing in the library does not say from which end the first byte is
// counted; every stack and device has the mode in its high four bits.
type StartWarning struct {
	Mode        WarningMode
	Strobe      byte // 0 none, 1 with the siren; 2 and 3 are reserved
	Level       SirenLevel
	Seconds     uint16
	DutyCycle   byte // of the strobe, percent in steps of 10
	StrobeLevel SirenLevel
}

// SquawkMode is what a short sound tells.
type SquawkMode byte

// Squawk modes.
const (
	SquawkArmed    SquawkMode = 0
	SquawkDisarmed SquawkMode = 1
)

// Squawk sounds shortly (8.4.2.3.2).
type Squawk struct {
	Mode   SquawkMode
	Strobe bool
	Level  SirenLevel
}

func parseIASWD(p *params) Command {
	switch p.command {
	case 0x00:
		first := p.byte()
		return StartWarning{
			WarningMode(first >> 4), first >> 2 & 3, SirenLevel(first & 3),
			p.uint16(), byte(p.optional(1)), SirenLevel(p.optional(1)),
		}
	case 0x01:
		b := p.byte()
		return Squawk{SquawkMode(b >> 4), b&0x08 != 0, SirenLevel(b & 3)}
	default:
		return nil
	}
}

// Head says which command it is.
func (StartWarning) Head() Head { return toServer(IASWD, 0x00) }

// Head says which command it is.
func (Squawk) Head() Head { return toServer(IASWD, 0x01) }

// Append writes the payload.
func (c StartWarning) Append(b []byte) []byte {
	b = append(b, byte(c.Mode)<<4|c.Strobe&3<<2|byte(c.Level)&3)
	return append(put16(b, c.Seconds), c.DutyCycle, byte(c.StrobeLevel))
}

// Append writes the payload.
func (c Squawk) Append(b []byte) []byte {
	return append(b, byte(c.Mode)<<4|bit(c.Strobe, 3)|byte(c.Level)&3)
}
