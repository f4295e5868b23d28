package cc

// BinarySwitchSet tells a switch to go on or off. Duration is of version 2 and
// is left out on the wire when 0.
type BinarySwitchSet struct {
	Value    Level
	Duration Duration
}

// BinarySwitchGet asks for a BinarySwitchReport.
type BinarySwitchGet struct{}

// BinarySwitchReport says where the switch is. Target and Duration are of
// version 2.
type BinarySwitchReport struct {
	Value    Level
	Target   Level
	Duration Duration
}

func parseBinarySwitch(p *params) Command {
	switch p.command {
	case 0x01:
		return BinarySwitchSet{Level(p.byte()), Duration(p.optional())}
	case 0x02:
		return BinarySwitchGet{}
	case 0x03:
		r := BinarySwitchReport{Value: Level(p.byte())}
		r.Target, r.Duration = target(p, r.Value)
		return r
	}
	return nil
}

// Class is Binary Switch.
func (BinarySwitchSet) Class() Class { return BinarySwitch }

// Class is Binary Switch.
func (BinarySwitchGet) Class() Class { return BinarySwitch }

// Class is Binary Switch.
func (BinarySwitchReport) Class() Class { return BinarySwitch }

// Append writes the command.
func (c BinarySwitchSet) Append(b []byte) []byte {
	b = append(b, byte(BinarySwitch), 0x01, byte(c.Value))
	if c.Duration != 0 {
		b = append(b, byte(c.Duration))
	}
	return b
}

// Append writes the command.
func (BinarySwitchGet) Append(b []byte) []byte { return append(b, byte(BinarySwitch), 0x02) }

// Append writes the command.
func (c BinarySwitchReport) Append(b []byte) []byte {
	return append(b, byte(BinarySwitch), 0x03, byte(c.Value), byte(c.Target), byte(c.Duration))
}
