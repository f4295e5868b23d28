package ezsp

import (
	"fmt"

	"gatehouse/zigbee"
)

// Command is the number of an EZSP frame.
type Command uint16

// Frames (Silicon Labs UG100, and EmberZNet 7.4 to 8.x), with what they carry
// where that is not plain from the code.
const (
	version        Command = 0x0000 // the version that the host wants
	addEndpoint    Command = 0x0002
	nop            Command = 0x0005
	networkInit    Command = 0x0017
	stackStatus    Command = 0x0019
	startScan      Command = 0x001A // kind u8, channels u32, duration u8
	scanComplete   Command = 0x001C
	formNetwork    Command = 0x001E
	leaveNetwork   Command = 0x0020
	permitJoining  Command = 0x0022
	trustJoin      Command = 0x0024 // short, IEEE, what happened, decision, parent
	getEUI64       Command = 0x0026
	networkParams  Command = 0x0028
	sendUnicast    Command = 0x0034
	sendBroadcast  Command = 0x0036
	messageSent    Command = 0x003F
	incoming       Command = 0x0045
	energyResult   Command = 0x0048 // channel u8, dBm i8
	getConfig      Command = 0x0052 // id u8; answers status, value u16
	setConfig      Command = 0x0053 // id u8, value u16
	setPolicy      Command = 0x0055 // id u8, decision u8
	invalidCommand Command = 0x0058 // why
	setMulticast   Command = 0x0064 // place u8, group u16, endpoint u8, network u8
	setSecurity    Command = 0x0068
	clearTransient Command = 0x006B
	eraseLink      Command = 0x0076 // place
	getValue       Command = 0x00AA
	setValue       Command = 0x00AB // id u8, length u8, bytes
	clearKeys      Command = 0x00B1
	getToken       Command = 0x0102 // token u32, index u32; answers status, length u32, bytes
	setToken       Command = 0x0103 // token u32, index u32, length u32, bytes
	importLink     Command = 0x010E // place, IEEE, key
	exportLink     Command = 0x010F // place
	importKey      Command = 0x0111 // for who joins: IEEE, key
	exportKey      Command = 0x0114
	keyInfo        Command = 0x0116
)

var names = map[Command]string{
	version: "version", addEndpoint: "addEndpoint", nop: "nop", networkInit: "networkInit", stackStatus: "stackStatusHandler",
	startScan: "startScan", scanComplete: "scanCompleteHandler", energyResult: "energyScanResultHandler", formNetwork: "formNetwork", leaveNetwork: "leaveNetwork", permitJoining: "permitJoining", trustJoin: "trustCenterJoinHandler",
	getEUI64: "getEui64", networkParams: "getNetworkParameters", sendUnicast: "sendUnicast", sendBroadcast: "sendBroadcast",
	messageSent: "messageSentHandler", incoming: "incomingMessageHandler", setConfig: "setConfigurationValue",
	setPolicy: "setPolicy", setMulticast: "setMulticastTableEntry", invalidCommand: "invalidCommand", setSecurity: "setInitialSecurityState",
	clearTransient: "clearTransientLinkKeys", getValue: "getValue", setValue: "setValue", clearKeys: "clearKeyTable",
	importKey: "importTransientKey", exportKey: "exportKey", getToken: "getTokenData", setToken: "setTokenData",
	importLink: "importLinkKey", exportLink: "exportLinkKeyByIndex", eraseLink: "eraseKeyTableEntry", keyInfo: "getNetworkKeyInfo",
	getConfig: "getConfigurationValue",
}

// String names the frame as Silicon Labs does.
func (c Command) String() string {
	if n, ok := names[c]; ok {
		return n
	}
	return fmt.Sprintf("frame 0x%04x", uint16(c))
}

// Status is how something ended, by the numbers of EZSP 14 and later.
type Status uint32

// Statuses that something depends on.
const (
	success        Status = 0x00
	busy           Status = 0x04
	networkUp      Status = 0x15
	networkDown    Status = 0x16
	notJoined      Status = 0x17
	noMemory       Status = 0x19
	deliveryFailed Status = 0x0C02
	tooMany        Status = 0x0C03 // messages on their way
)

var statuses = map[Status]string{
	0x01: "failed", 0x02: "it is not in a state for that", busy: "busy", networkUp: "the network is up", networkDown: "the network is down",
	notJoined: "it holds no network", noMemory: "out of memory", 0x21: "invalid parameter",
	deliveryFailed: "the device did not acknowledge", tooMany: "too many messages are on their way",
}

// String says it in words.
func (s Status) String() string {
	if t, ok := statuses[s]; ok {
		return t
	}
	return fmt.Sprintf("status 0x%02x", uint32(s))
}

// old are the statuses of EZSP 13, which are one byte.
var old = map[byte]Status{
	0x00: success, 0x01: 0x01, 0x02: 0x21, 0x18: noMemory, 0x66: deliveryFailed, 0x70: 0x02, 0x72: tooMany,
	0x90: networkUp, 0x91: networkDown, 0x93: notJoined, 0xA1: busy,
}

func oldStatus(b byte) Status {
	if s, known := old[b]; known {
		return s
	}
	return Status(b)
}

// StatusError is what a stick says when it did not do something.
type StatusError struct {
	Command Command
	Status  Status
}

func (e *StatusError) Error() string { return fmt.Sprintf("ezsp: %s: %s", e.Command, e.Status) }

// UnknownError tells that the firmware does not do a command at all.
type UnknownError struct {
	Command Command
	Reason  byte
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("ezsp: the stick's firmware refuses %s (reason 0x%02x)", e.Command, e.Reason)
}

// Is tells that it is zigbee.ErrUnable.
func (e *UnknownError) Is(target error) bool { return target == zigbee.ErrUnable }
