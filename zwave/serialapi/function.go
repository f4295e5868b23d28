// Package serialapi is what the frames of the Z-Wave Serial API mean: the
// function ids, the requests a host makes, and the responses and callbacks it
// gets. Pure; both the driver and the simulated stick speak through it.
//
// Byte layouts follow the Serial API Host Application Programming Guide
// (INS12350) and the Z-Wave and Z-Wave Long Range Network Layer Specification.
package serialapi

import "fmt"

// Function is the id of a Serial API command.
type Function byte

// Functions.
const (
	GetInitData           Function = 0x02
	SetNodeInformation    Function = 0x03
	ApplicationCommand    Function = 0x04 // from a node
	GetCapabilities       Function = 0x05 // of the controller
	SetTimeouts           Function = 0x06
	GetAPICapabilities    Function = 0x07
	SoftReset             Function = 0x08
	Started               Function = 0x0A // from the stick
	Setup                 Function = 0x0B
	SendData              Function = 0x13
	SendDataAbort         Function = 0x16
	GetVersion            Function = 0x15
	GetHomeID             Function = 0x20
	GetProtocolInfo       Function = 0x41
	ApplicationUpdate     Function = 0x49 // from the stick
	AddNode               Function = 0x4A
	RemoveNode            Function = 0x4B
	SetSUC                Function = 0x54
	GetSUC                Function = 0x56
	RequestNodeInfo       Function = 0x60
	RemoveFailedNode      Function = 0x61
	IsFailedNode          Function = 0x62
	BridgeApplicationCmd  Function = 0xA8 // from a node
	SendDataBridge        Function = 0xA9
	GetBackgroundRSSI     Function = 0x3B
	GetNetworkStats       Function = 0x3A
	FirmwareUpdateNVM     Function = 0x78
	GetLongRangeNodes     Function = 0xDA
	RequestNeighborUpdate Function = 0x48
)

// String names the function.
func (f Function) String() string {
	switch f {
	case GetInitData:
		return "get init data"
	case SetNodeInformation:
		return "set node information"
	case ApplicationCommand:
		return "application command"
	case GetCapabilities:
		return "get controller capabilities"
	case SetTimeouts:
		return "set timeouts"
	case GetAPICapabilities:
		return "get serial api capabilities"
	case SoftReset:
		return "soft reset"
	case Started:
		return "serial api started"
	case Setup:
		return "serial api setup"
	case SendData:
		return "send data"
	case SendDataAbort:
		return "send data abort"
	case GetVersion:
		return "get version"
	case GetHomeID:
		return "get home id"
	case GetProtocolInfo:
		return "get node protocol info"
	case ApplicationUpdate:
		return "application update"
	case AddNode:
		return "add node"
	case RemoveNode:
		return "remove node"
	case SetSUC:
		return "set suc"
	case GetSUC:
		return "get suc"
	case RequestNodeInfo:
		return "request node info"
	case RemoveFailedNode:
		return "remove failed node"
	case IsFailedNode:
		return "is failed node"
	case BridgeApplicationCmd:
		return "bridge application command"
	case GetBackgroundRSSI:
		return "get background rssi"
	case SendDataBridge:
		return "send data bridge"
	default:
		return fmt.Sprintf("function 0x%02x", byte(f))
	}
}

// TxStatus is how a transmission ended.
type TxStatus byte

// Transmission statuses.
const (
	TxOK       TxStatus = 0x00
	TxNoAck    TxStatus = 0x01
	TxFail     TxStatus = 0x02 // the controller could not send: jammed
	TxNotIdle  TxStatus = 0x03
	TxNoRoute  TxStatus = 0x04
	TxVerified TxStatus = 0x05
)

// TxOptions is how a frame is to be sent.
type TxOptions byte

// Transmit options. TxDefault asks for an acknowledgement and lets the
// controller look for a way.
const (
	TxAck       TxOptions = 0x01
	TxAutoRoute TxOptions = 0x04
	TxExplore   TxOptions = 0x20
	TxDefault             = TxAck | TxAutoRoute | TxExplore
)

// Modes of AddNode and RemoveNode.
const (
	LearnAny        byte = 0x01
	LearnStop       byte = 0x05
	LearnStopFailed byte = 0x06
	LearnHighPower  byte = 0x80 // flag
	LearnNetwork    byte = 0x40 // flag: network wide
)

// LearnStatus is how far AddNode or RemoveNode has come.
type LearnStatus byte

// Learn statuses.
const (
	LearnReady        LearnStatus = 0x01
	LearnNodeFound    LearnStatus = 0x02
	LearnSlave        LearnStatus = 0x03
	LearnController   LearnStatus = 0x04
	LearnProtocolDone LearnStatus = 0x05
	LearnDone         LearnStatus = 0x06
	LearnFailed       LearnStatus = 0x07
	LearnNotPrimary   LearnStatus = 0x23
)

// UpdateStatus says what an ApplicationUpdate is about.
type UpdateStatus byte

// Update statuses.
const (
	UpdateSUC          UpdateStatus = 0x10
	UpdateRemoved      UpdateStatus = 0x20
	UpdateIncluded     UpdateStatus = 0x40
	UpdateNodeInfoFail UpdateStatus = 0x81
	UpdateNodeInfo     UpdateStatus = 0x84
	UpdateSmartStart   UpdateStatus = 0x85
	UpdateSmartIncl    UpdateStatus = 0x86
)

// Sub-commands of Setup.
const (
	SetupSupported    byte = 0x01
	SetupTxReports    byte = 0x02
	SetupGetRegion    byte = 0x20
	SetupGetMaxLength byte = 0x10
	SetupNodeIDType   byte = 0x80
)

// RxStatus is how a frame from a node came.
type RxStatus byte

// Receive statuses.
const (
	RxBroadcast RxStatus = 0x04
	RxMulticast RxStatus = 0x08
	RxForeign   RxStatus = 0x40
)
