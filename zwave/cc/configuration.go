package cc

// ConfigurationSet sets one parameter of a node, or takes it back to the
// maker's default.
type ConfigurationSet struct {
	Parameter byte
	Default   bool
	Value     Number // Precision is not used
}

// ConfigurationGet asks for one parameter.
type ConfigurationGet struct{ Parameter byte }

// ConfigurationReport says one parameter.
type ConfigurationReport struct {
	Parameter byte
	Value     Number // Precision is not used
}

func parseConfiguration(p *params) Command {
	switch p.command {
	case 0x04:
		c := ConfigurationSet{Parameter: p.byte()}
		form := p.byte()
		c.Default = form&0x80 != 0
		c.Value = p.number(0, form&7)
		return c
	case 0x05:
		return ConfigurationGet{p.byte()}
	case 0x06:
		c := ConfigurationReport{Parameter: p.byte()}
		c.Value = p.number(0, p.byte()&7)
		return c
	}
	return nil
}

// Class is Configuration.
func (ConfigurationSet) Class() Class { return Configuration }

// Class is Configuration.
func (ConfigurationGet) Class() Class { return Configuration }

// Class is Configuration.
func (ConfigurationReport) Class() Class { return Configuration }

// Append writes the command.
func (c ConfigurationSet) Append(b []byte) []byte {
	b = append(b, byte(Configuration), 0x04, c.Parameter, bit(c.Default, 7)|c.Value.Size&7)
	return c.Value.append(b)
}

// Append writes the command.
func (c ConfigurationGet) Append(b []byte) []byte {
	return append(b, byte(Configuration), 0x05, c.Parameter)
}

// Append writes the command.
func (c ConfigurationReport) Append(b []byte) []byte {
	return c.Value.append(append(b, byte(Configuration), 0x06, c.Parameter, c.Value.Size&7))
}
