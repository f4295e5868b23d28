package zcl

// CoveringLift is the attribute of Window Covering (7.4.2.1): Uint8, % of the way
// down, so that 0 is open and 100 closed.
const CoveringLift Attr = 0x0008

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
