package zcl

// Attributes of Basic.
const (
	BasicZCLVersion          Attr = 0x0000 // Uint8
	BasicApplicationVersion  Attr = 0x0001 // Uint8
	BasicStackVersion        Attr = 0x0002 // Uint8
	BasicHardwareVersion     Attr = 0x0003 // Uint8
	BasicManufacturer        Attr = 0x0004 // Text
	BasicModel               Attr = 0x0005 // Text
	BasicDateCode            Attr = 0x0006 // Text
	BasicPowerSource         Attr = 0x0007 // Enum8, a PowerSource
	BasicLocation            Attr = 0x0010 // Text
	BasicPhysicalEnvironment Attr = 0x0011 // Enum8
	BasicEnabled             Attr = 0x0012 // Bool
	BasicSoftwareBuild       Attr = 0x4000 // Text
)

// PowerSource is what a device lives on.
type PowerSource byte

// Power sources. The highest bit tells of a battery beside the source.
const (
	PowerUnknown        PowerSource = 0x00
	PowerMains          PowerSource = 0x01 // single phase
	PowerMainsThree     PowerSource = 0x02 // three phases
	PowerBattery        PowerSource = 0x03
	PowerDC             PowerSource = 0x04
	PowerEmergencyMains PowerSource = 0x05 // constantly powered
	PowerEmergencyMixed PowerSource = 0x06 // and transfer switch
	PowerBackup         PowerSource = 0x80
)

// ResetToFactoryDefaults sets every attribute of every cluster back (3.2.2.3.1).
type ResetToFactoryDefaults struct{}

func parseBasic(p *params) Command {
	if p.command == 0x00 {
		return ResetToFactoryDefaults{}
	}
	return nil
}

// Head says which command it is.
func (ResetToFactoryDefaults) Head() Head { return toServer(Basic, 0x00) }

// Append writes the payload, which is empty.
func (ResetToFactoryDefaults) Append(b []byte) []byte { return b }
