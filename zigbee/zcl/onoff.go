package zcl

// Attributes of On/Off (3.8.2.2).
const (
	OnOffState       Attr = 0x0000 // Bool
	OnOffStartUp     Attr = 0x4003 // Enum8: 0 off, 1 on, 2 toggle, 0xFF as before
	OnOffOnTime      Attr = 0x4001 // Uint16, 0.1 s
	OnOffOffWaitTime Attr = 0x4002 // Uint16, 0.1 s
)

// TurnOff switches off (3.8.2.3.1).
type TurnOff struct{}

// TurnOn switches on (3.8.2.3.2).
type TurnOn struct{}

// Toggle switches over (3.8.2.3.3).
type Toggle struct{}

// TurnOffWithEffect fades out (3.8.2.3.4).
type TurnOffWithEffect struct{ Effect, Variant byte }

// TurnOnRecall switches on as it was before TurnOffWithEffect (3.8.2.3.5).
type TurnOnRecall struct{}

// TurnOnTimed switches on for a while (3.8.2.3.6). Times are in 0.1 s.
type TurnOnTimed struct {
	OnlyWhenOn  bool
	OnTime      uint16
	OffWaitTime uint16
}

func parseOnOff(p *params) Command {
	switch p.command {
	case 0x00:
		return TurnOff{}
	case 0x01:
		return TurnOn{}
	case 0x02:
		return Toggle{}
	case 0x40:
		return TurnOffWithEffect{p.byte(), p.byte()}
	case 0x41:
		return TurnOnRecall{}
	case 0x42:
		return TurnOnTimed{p.byte()&1 != 0, p.uint16(), p.uint16()}
	default:
		return nil
	}
}

// Head says which command it is.
func (TurnOff) Head() Head { return toServer(OnOff, 0x00) }

// Head says which command it is.
func (TurnOn) Head() Head { return toServer(OnOff, 0x01) }

// Head says which command it is.
func (Toggle) Head() Head { return toServer(OnOff, 0x02) }

// Head says which command it is.
func (TurnOffWithEffect) Head() Head { return toServer(OnOff, 0x40) }

// Head says which command it is.
func (TurnOnRecall) Head() Head { return toServer(OnOff, 0x41) }

// Head says which command it is.
func (TurnOnTimed) Head() Head { return toServer(OnOff, 0x42) }

// Append writes the payload, which is empty.
func (TurnOff) Append(b []byte) []byte { return b }

// Append writes the payload, which is empty.
func (TurnOn) Append(b []byte) []byte { return b }

// Append writes the payload, which is empty.
func (Toggle) Append(b []byte) []byte { return b }

// Append writes the payload.
func (c TurnOffWithEffect) Append(b []byte) []byte { return append(b, c.Effect, c.Variant) }

// Append writes the payload, which is empty.
func (TurnOnRecall) Append(b []byte) []byte { return b }

// Append writes the payload.
func (c TurnOnTimed) Append(b []byte) []byte {
	return put16(put16(append(b, bit(c.OnlyWhenOn, 0)), c.OnTime), c.OffWaitTime)
}
