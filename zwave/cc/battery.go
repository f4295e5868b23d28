package cc

// BatteryLow is the level that stands for "low" without a figure.
const BatteryLow byte = 0xFF

// BatteryGet asks for a BatteryReport.
type BatteryGet struct{}

// BatteryReport says how full the battery is.
type BatteryReport struct {
	Level byte // 0–100 %, or BatteryLow
	// Of version 2, as sent: charging state, rechargeable, backup,
	// overheating, low fluid, replace or recharge.
	Status byte
}

// Percent is the level in percent, 0 for a low battery without a figure.
func (c BatteryReport) Percent() int {
	if c.Level > 100 {
		return 0
	}
	return int(c.Level)
}

// Low tells whether the node asks for a new battery.
func (c BatteryReport) Low() bool { return c.Level == BatteryLow || c.Status&0x03 != 0 }

func parseBattery(p *params) Command {
	switch p.command {
	case 0x02:
		return BatteryGet{}
	case 0x03:
		return BatteryReport{p.byte(), p.optional()}
	}
	return nil
}

// Class is Battery.
func (BatteryGet) Class() Class { return Battery }

// Class is Battery.
func (BatteryReport) Class() Class { return Battery }

// Append writes the command.
func (BatteryGet) Append(b []byte) []byte { return append(b, byte(Battery), 0x02) }

// Append writes the command.
func (c BatteryReport) Append(b []byte) []byte {
	b = append(b, byte(Battery), 0x03, c.Level)
	if c.Status != 0 {
		b = append(b, c.Status)
	}
	return b
}
