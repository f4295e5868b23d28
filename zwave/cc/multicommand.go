package cc

// MultiCommandEncap carries several commands in one frame.
type MultiCommandEncap struct{ Commands [][]byte }

func parseMultiCommand(p *params) Command {
	if p.command != 0x01 {
		return nil
	}
	var c MultiCommandEncap
	for range p.byte() {
		n := int(p.byte())
		if p.reason != "" {
			break
		}
		c.Commands = append(c.Commands, p.bytes(n))
	}
	return c
}

// Class is Multi Command.
func (MultiCommandEncap) Class() Class { return MultiCommand }

// Append writes the command.
func (c MultiCommandEncap) Append(b []byte) []byte {
	b = append(b, byte(MultiCommand), 0x01, byte(len(c.Commands)))
	for _, cmd := range c.Commands {
		b = append(append(b, byte(len(cmd))), cmd...)
	}
	return b
}
