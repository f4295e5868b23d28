package cc

// WakeUpIntervalSet sets how often (seconds, 24 bits) the node wakes up, and
// which node it then tells.
type WakeUpIntervalSet struct {
	Seconds uint32
	Node    byte
}

// WakeUpIntervalGet asks for both.
type WakeUpIntervalGet struct{}

// WakeUpIntervalReport says both.
type WakeUpIntervalReport struct {
	Seconds uint32
	Node    byte
}

// WakeUpNotification says that the node is awake and listens.
type WakeUpNotification struct{}

// WakeUpNoMoreInformation lets the node sleep.
type WakeUpNoMoreInformation struct{}

// WakeUpCapabilitiesGet asks which intervals are possible (version 2).
type WakeUpCapabilitiesGet struct{}

// WakeUpCapabilitiesReport says which, in seconds of 24 bits.
type WakeUpCapabilitiesReport struct{ Min, Max, Default, Step uint32 }

func parseWakeUp(p *params) Command {
	switch p.command {
	case 0x04:
		return WakeUpIntervalSet{p.uint24(), p.byte()}
	case 0x05:
		return WakeUpIntervalGet{}
	case 0x06:
		return WakeUpIntervalReport{p.uint24(), p.byte()}
	case 0x07:
		return WakeUpNotification{}
	case 0x08:
		return WakeUpNoMoreInformation{}
	case 0x09:
		return WakeUpCapabilitiesGet{}
	case 0x0A:
		return WakeUpCapabilitiesReport{p.uint24(), p.uint24(), p.uint24(), p.uint24()}
	}
	return nil
}

// Class is Wake Up.
func (WakeUpIntervalSet) Class() Class { return WakeUp }

// Class is Wake Up.
func (WakeUpIntervalGet) Class() Class { return WakeUp }

// Class is Wake Up.
func (WakeUpIntervalReport) Class() Class { return WakeUp }

// Class is Wake Up.
func (WakeUpNotification) Class() Class { return WakeUp }

// Class is Wake Up.
func (WakeUpNoMoreInformation) Class() Class { return WakeUp }

// Class is Wake Up.
func (WakeUpCapabilitiesGet) Class() Class { return WakeUp }

// Class is Wake Up.
func (WakeUpCapabilitiesReport) Class() Class { return WakeUp }

func append24(b []byte, v uint32) []byte { return append(b, byte(v>>16), byte(v>>8), byte(v)) }

// Append writes the command.
func (c WakeUpIntervalSet) Append(b []byte) []byte {
	return append(append24(append(b, byte(WakeUp), 0x04), c.Seconds), c.Node)
}

// Append writes the command.
func (WakeUpIntervalGet) Append(b []byte) []byte { return append(b, byte(WakeUp), 0x05) }

// Append writes the command.
func (c WakeUpIntervalReport) Append(b []byte) []byte {
	return append(append24(append(b, byte(WakeUp), 0x06), c.Seconds), c.Node)
}

// Append writes the command.
func (WakeUpNotification) Append(b []byte) []byte { return append(b, byte(WakeUp), 0x07) }

// Append writes the command.
func (WakeUpNoMoreInformation) Append(b []byte) []byte { return append(b, byte(WakeUp), 0x08) }

// Append writes the command.
func (WakeUpCapabilitiesGet) Append(b []byte) []byte { return append(b, byte(WakeUp), 0x09) }

// Append writes the command.
func (c WakeUpCapabilitiesReport) Append(b []byte) []byte {
	b = append(b, byte(WakeUp), 0x0A)
	for _, v := range [...]uint32{c.Min, c.Max, c.Default, c.Step} {
		b = append24(b, v)
	}
	return b
}

// Nearest is the interval, in seconds, that is possible and closest below the
// wanted one, or the shortest possible.
func (c WakeUpCapabilitiesReport) Nearest(want uint32) uint32 {
	if c.Max == 0 || c.Max < c.Min {
		return want
	}
	want = min(max(want, c.Min), c.Max)
	if c.Step > 0 {
		want -= (want - c.Min) % c.Step
	}
	return want
}
