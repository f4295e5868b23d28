package cc

// VersionGet asks for a VersionReport.
type VersionGet struct{}

// VersionReport says what software a node runs.
type VersionReport struct {
	Library                 byte
	Protocol, ProtocolSub   byte
	Firmware, FirmwareSub   byte
	Hardware, FurtherImages byte // version 2; the images' own versions are not read
}

// VersionClassGet asks which version of a class a node speaks.
type VersionClassGet struct{ Of Class }

// VersionClassReport says which; 0 is "not supported".
type VersionClassReport struct {
	Of      Class
	Version byte
}

func parseVersion(p *params) Command {
	switch p.command {
	case 0x11:
		return VersionGet{}
	case 0x12:
		return VersionReport{
			Library: p.byte(), Protocol: p.byte(), ProtocolSub: p.byte(), Firmware: p.byte(), FirmwareSub: p.byte(),
			Hardware: p.optional(), FurtherImages: p.optional(),
		}
	case 0x13:
		return VersionClassGet{Class(p.byte())}
	case 0x14:
		return VersionClassReport{Class(p.byte()), p.byte()}
	}
	return nil
}

// Class is Version.
func (VersionGet) Class() Class { return Version }

// Class is Version.
func (VersionReport) Class() Class { return Version }

// Class is Version.
func (VersionClassGet) Class() Class { return Version }

// Class is Version.
func (VersionClassReport) Class() Class { return Version }

// Append writes the command.
func (VersionGet) Append(b []byte) []byte { return append(b, byte(Version), 0x11) }

// Append writes the command.
func (c VersionReport) Append(b []byte) []byte {
	return append(b, byte(Version), 0x12, c.Library, c.Protocol, c.ProtocolSub, c.Firmware, c.FirmwareSub, c.Hardware, c.FurtherImages)
}

// Append writes the command.
func (c VersionClassGet) Append(b []byte) []byte { return append(b, byte(Version), 0x13, byte(c.Of)) }

// Append writes the command.
func (c VersionClassReport) Append(b []byte) []byte {
	return append(b, byte(Version), 0x14, byte(c.Of), c.Version)
}
