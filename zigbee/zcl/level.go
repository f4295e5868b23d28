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

func parseLevel(p *params) Command {
	switch p.command {
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
