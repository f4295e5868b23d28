package cc

// ZWavePlusGet asks for a ZWavePlusReport.
type ZWavePlusGet struct{}

// ZWavePlusReport says what part a node plays in the network.
type ZWavePlusReport struct {
	Version       byte
	Role          byte
	NodeType      byte
	InstallerIcon uint16
	UserIcon      uint16
}

func parseZWavePlus(p *params) Command {
	switch p.command {
	case 0x01:
		return ZWavePlusGet{}
	case 0x02:
		r := ZWavePlusReport{Version: p.byte(), Role: p.byte(), NodeType: p.byte()}
		if p.more() { // version 1 ends here
			r.InstallerIcon, r.UserIcon = p.uint16(), p.uint16()
		}
		return r
	}
	return nil
}

// Class is Z-Wave Plus Info.
func (ZWavePlusGet) Class() Class { return ZWavePlusInfo }

// Class is Z-Wave Plus Info.
func (ZWavePlusReport) Class() Class { return ZWavePlusInfo }

// Append writes the command.
func (ZWavePlusGet) Append(b []byte) []byte { return append(b, byte(ZWavePlusInfo), 0x01) }

// Append writes the command.
func (c ZWavePlusReport) Append(b []byte) []byte {
	return append(b, byte(ZWavePlusInfo), 0x02, c.Version, c.Role, c.NodeType,
		byte(c.InstallerIcon>>8), byte(c.InstallerIcon), byte(c.UserIcon>>8), byte(c.UserIcon))
}
