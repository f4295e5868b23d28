package cc

// BasicSet tells a node, whatever it is, to go on or off; sensors send it to
// their associations.
type BasicSet struct{ Value Level }

// BasicGet asks for a BasicReport.
type BasicGet struct{}

// BasicReport says the level. Target and Duration are of version 2.
type BasicReport struct {
	Value    Level
	Target   Level
	Duration Duration
}

func parseBasic(p *params) Command {
	switch p.command {
	case 0x01:
		return BasicSet{Level(p.byte())}
	case 0x02:
		return BasicGet{}
	case 0x03:
		r := BasicReport{Value: Level(p.byte())}
		r.Target, r.Duration = target(p, r.Value)
		return r
	}
	return nil
}

// target reads the pair that version 2 of the switches added; before it, the
// target is where the node already is.
func target(p *params, now Level) (Level, Duration) {
	if !p.more() {
		return now, 0
	}
	return Level(p.byte()), Duration(p.optional())
}

// Class is Basic.
func (BasicSet) Class() Class { return Basic }

// Class is Basic.
func (BasicGet) Class() Class { return Basic }

// Class is Basic.
func (BasicReport) Class() Class { return Basic }

// Append writes the command.
func (c BasicSet) Append(b []byte) []byte { return append(b, byte(Basic), 0x01, byte(c.Value)) }

// Append writes the command.
func (BasicGet) Append(b []byte) []byte { return append(b, byte(Basic), 0x02) }

// Append writes the command.
func (c BasicReport) Append(b []byte) []byte {
	return append(b, byte(Basic), 0x03, byte(c.Value), byte(c.Target), byte(c.Duration))
}
