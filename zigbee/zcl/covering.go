package zcl

// Attributes of Window Covering (7.4.2.1, 7.4.2.2).
const (
	CoveringType         Attr = 0x0000 // Enum8
	CoveringConfigStatus Attr = 0x0007 // Bitmap8
	CoveringLift         Attr = 0x0008 // Uint8, % of the way down: 0 is open, 100 closed
	CoveringTilt         Attr = 0x0009 // Uint8, the same of its slats
)

// RaiseCovering opens it altogether (7.4.2.2.1).
type RaiseCovering struct{}

// LowerCovering closes it altogether (7.4.2.2.2).
type LowerCovering struct{}

// StopCovering has it stop where it is (7.4.2.2.3).
type StopCovering struct{}

// LiftCovering goes to a place, in % of the way down (7.4.2.2.5).
type LiftCovering struct{ Percent byte }

// TiltCovering turns its slats (7.4.2.2.7).
type TiltCovering struct{ Percent byte }

func parseCovering(p *params) Command {
	switch p.command {
	case 0x00:
		return RaiseCovering{}
	case 0x01:
		return LowerCovering{}
	case 0x02:
		return StopCovering{}
	case 0x05:
		return LiftCovering{p.byte()}
	case 0x08:
		return TiltCovering{p.byte()}
	default:
		return nil
	}
}

// Head says which command it is.
func (RaiseCovering) Head() Head { return toServer(WindowCovering, 0x00) }

// Head says which command it is.
func (LowerCovering) Head() Head { return toServer(WindowCovering, 0x01) }

// Head says which command it is.
func (StopCovering) Head() Head { return toServer(WindowCovering, 0x02) }

// Head says which command it is.
func (LiftCovering) Head() Head { return toServer(WindowCovering, 0x05) }

// Head says which command it is.
func (TiltCovering) Head() Head { return toServer(WindowCovering, 0x08) }

// Append writes the payload, which is empty.
func (RaiseCovering) Append(b []byte) []byte { return b }

// Append writes the payload, which is empty.
func (LowerCovering) Append(b []byte) []byte { return b }

// Append writes the payload, which is empty.
func (StopCovering) Append(b []byte) []byte { return b }

// Append writes the payload.
func (c LiftCovering) Append(b []byte) []byte { return append(b, c.Percent) }

// Append writes the payload.
func (c TiltCovering) Append(b []byte) []byte { return append(b, c.Percent) }
