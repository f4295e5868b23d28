package cc

// DeviceResetNotification says that the node has been reset to factory state
// and is leaving the network.
type DeviceResetNotification struct{}

func parseDeviceReset(p *params) Command {
	if p.command != 0x01 {
		return nil
	}
	return DeviceResetNotification{}
}

// Class is Device Reset Locally.
func (DeviceResetNotification) Class() Class { return DeviceResetLocally }

// Append writes the command.
func (DeviceResetNotification) Append(b []byte) []byte {
	return append(b, byte(DeviceResetLocally), 0x01)
}
