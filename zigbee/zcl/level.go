package zcl

// CurrentLevel is the attribute of Level (3.10.2.3.1): Uint8, 254 is all.
const CurrentLevel Attr = 0x0000

// LevelFull is the highest level; 255 is "as before".
const LevelFull = 254

// MoveToLevel goes to a level (3.10.2.4.1, 3.10.2.4.5). OnOff switches on before
// and off at the lowest level, as the other commands of this cluster may.
type MoveToLevel struct {
	OnOff bool
	Level byte
	Time  uint16 // 0.1 s; 0xFFFF: as the device likes
}

// MoveLevel goes up or down until it is stopped: a remote control sends it while
// its button is held (3.10.2.4.2, 3.10.2.4.6).
type MoveLevel struct {
	OnOff bool
	Down  bool
	Rate  byte // levels a second; 0xFF: as the device likes
}

// StepLevel goes up or down by so many levels (3.10.2.4.3, 3.10.2.4.7).
type StepLevel struct {
	OnOff bool
	Down  bool
	Size  byte
	Time  uint16 // 0.1 s
}

// StopLevel ends a move (3.10.2.4.4, 3.10.2.4.8).
type StopLevel struct{ OnOff bool }

// withOnOff is added to the commands that switch, too.
const withOnOff = 0x04

func parseLevel(p *params) Command {
	switch p.command {
	case 0x01, 0x05:
		return MoveLevel{p.command >= withOnOff, p.byte() == 1, p.byte()}
	case 0x02, 0x06:
		return StepLevel{p.command >= withOnOff, p.byte() == 1, p.byte(), p.uint16()}
	case 0x03, 0x07:
		return StopLevel{p.command >= withOnOff}
	case 0x00:
		return MoveToLevel{false, p.byte(), p.uint16()}
	case 0x04:
		return MoveToLevel{true, p.byte(), p.uint16()}
	default:
		return nil
	}
}

// Head says which command it is.
func (c MoveToLevel) Head() Head {
	if c.OnOff {
		return toServer(Level, 0x04)
	}
	return toServer(Level, 0x00)
}

// Append writes the payload. Its two bytes of options, since revision 7, are left
// out: what a device was set to holds.
func (c MoveToLevel) Append(b []byte) []byte { return put16(append(b, c.Level), c.Time) }

// Head says which command it is.
func (c MoveLevel) Head() Head { return toServer(Level, 0x01+withOnOff*bit(c.OnOff, 0)) }

// Head says which command it is.
func (c StepLevel) Head() Head { return toServer(Level, 0x02+withOnOff*bit(c.OnOff, 0)) }

// Head says which command it is.
func (c StopLevel) Head() Head { return toServer(Level, 0x03+withOnOff*bit(c.OnOff, 0)) }

// Append writes the payload.
func (c MoveLevel) Append(b []byte) []byte { return append(b, bit(c.Down, 0), c.Rate) }

// Append writes the payload.
func (c StepLevel) Append(b []byte) []byte {
	return put16(append(b, bit(c.Down, 0), c.Size), c.Time)
}

// Append writes the payload, which is empty.
func (StopLevel) Append(b []byte) []byte { return b }
