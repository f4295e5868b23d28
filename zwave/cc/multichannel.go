package cc

// MultiChannelEncap carries a command from or to one endpoint of a node.
// Endpoint 0 is the node as a whole.
type MultiChannelEncap struct {
	Source      byte // 0–127
	Destination byte // 0–127, or bit 7 and a mask of endpoints 1–7
	Command     []byte
}

func parseMultiChannel(p *params) Command {
	if p.command != 0x0D {
		return nil
	}
	return MultiChannelEncap{Source: p.byte() & 0x7F, Destination: p.byte(), Command: p.all()}
}

// Class is Multi Channel.
func (MultiChannelEncap) Class() Class { return MultiChannel }

// Append writes the command.
func (c MultiChannelEncap) Append(b []byte) []byte {
	return append(append(b, byte(MultiChannel), 0x0D, c.Source&0x7F, c.Destination), c.Command...)
}
