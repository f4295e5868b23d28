package cc

// Sets tells whether a payload is a command that changes something at the node
// and may be carried by Supervision, so that the node says how it fared. Gets
// are answered by their reports, and what runs the network is left alone.
func Sets(payload []byte) bool {
	if len(payload) < 2 {
		return false
	}
	switch class, command := Class(payload[0]), payload[1]; class {
	case Basic, BinarySwitch, MultilevelSwitch, DoorLock, Indicator:
		return command == 0x01
	case SoundSwitch:
		return command == 0x05 || command == 0x08
	case Configuration:
		return command == 0x04
	case EntryControl, Notification:
		return command == 0x06
	case Association:
		return command == 0x01 || command == 0x04
	default:
		return false
	}
}
