package znp

import "fmt"

// Command is the two bytes of a command: its kind in the upper three bits, its
// subsystem in the next five, then its number in the subsystem.
type Command uint16

// Kinds of command: the upper three bits.
const (
	kindMask Command = 0xE000
	sreq     Command = 0x2000 // a request that is answered at once; 0x4000 is one that is not
	srsp     Command = 0x6000 // the answer
)

// answer is the command of the answer to a request.
func (c Command) answer() Command { return c&^kindMask | srsp }

// Commands (Texas Instruments, Z-Stack Monitor and Test API), with what they
// carry where that is not plain from the code.
const (
	rpcError Command = 0x6000 // error, command: the stick does not know what was sent

	sysReset    Command = 0x4100 // 0 hard, 1 soft
	sysResetInd Command = 0x4180 // reason, version
	sysPing     Command = 0x2101
	sysVersion  Command = 0x2102
	sysNVInit   Command = 0x2107 // id u16, length u16, n, first n bytes; answers 9 when it was not there
	sysNVDelete Command = 0x2112 // id u16, length u16
	sysNVLength Command = 0x2113 // id u16; answers u16
	sysNVRead   Command = 0x211C // _EXT: id u16, offset u16; answers status, n, bytes
	sysNVWrite  Command = 0x211D // _EXT: id u16, offset u16, length u16, bytes

	// Tables: part u8, table u16, entry u16.
	sysEntryLength Command = 0x2132 // answers u32
	sysEntryRead   Command = 0x2133 // offset u16, n; answers status, n, bytes
	sysEntryWrite  Command = 0x2134 // offset u16, n, bytes

	afRegister Command = 0x2400
	afSend     Command = 0x2401
	afConfirm  Command = 0x4480
	afIncoming Command = 0x4481

	zdoFirst    Command = 0x2500 // + the cluster of a request
	zdoStart    Command = 0x2540 // delay u16
	zdoFind     Command = 0x254A // EXT_FIND_GROUP: endpoint, group u16
	zdoFollow   Command = 0x254B // EXT_ADD_GROUP: endpoint, group u16, length of its name
	zdoState    Command = 0x45C0
	zdoAnnounce Command = 0x45C1
	zdoLeave    Command = 0x45C9
	zdoTrust    Command = 0x45CA // TC_DEV_IND: a device was given the network key

	utilDevice Command = 0x2700

	bdbInstallCode Command = 0x2F04 // format, device u64, code or key
	bdbCommission  Command = 0x2F05
	bdbCodesOnly   Command = 0x2F06 // on
	bdbChannel     Command = 0x2F08
)

var names = map[Command]string{
	rpcError: "RPC_ERROR", sysReset: "SYS_RESET_REQ", sysResetInd: "SYS_RESET_IND", sysPing: "SYS_PING", sysVersion: "SYS_VERSION",
	sysNVInit: "SYS_OSAL_NV_ITEM_INIT", sysNVDelete: "SYS_OSAL_NV_DELETE", sysNVLength: "SYS_OSAL_NV_LENGTH",
	sysEntryLength: "SYS_NV_LENGTH", sysEntryRead: "SYS_NV_READ", sysEntryWrite: "SYS_NV_WRITE",
	sysNVRead: "SYS_OSAL_NV_READ_EXT", sysNVWrite: "SYS_OSAL_NV_WRITE_EXT", afRegister: "AF_REGISTER", afSend: "AF_DATA_REQUEST",
	afConfirm: "AF_DATA_CONFIRM", afIncoming: "AF_INCOMING_MSG", zdoStart: "ZDO_STARTUP_FROM_APP", zdoFind: "ZDO_EXT_FIND_GROUP", zdoFollow: "ZDO_EXT_ADD_GROUP", zdoState: "ZDO_STATE_CHANGE_IND",
	zdoAnnounce: "ZDO_END_DEVICE_ANNCE_IND", zdoLeave: "ZDO_LEAVE_IND", zdoTrust: "ZDO_TC_DEV_IND", utilDevice: "UTIL_GET_DEVICE_INFO",
	zdoUpdate: "ZDO_MGMT_NWK_UPDATE_REQ", zdoUpdateNotify: "ZDO_MGMT_NWK_UPDATE_NOTIFY",
	bdbInstallCode: "APP_CNF_BDB_ADD_INSTALLCODE", bdbCodesOnly: "APP_CNF_BDB_SET_JOINUSESINSTALLCODEKEY",
	bdbCommission: "APP_CNF_BDB_START_COMMISSIONING", bdbChannel: "APP_CNF_BDB_SET_CHANNEL",
}

// String names the command as Texas Instruments does; an answer as its request.
func (c Command) String() string {
	for _, k := range []Command{c, c&^kindMask | sreq} {
		if n, ok := names[k]; ok && (k == c || c&kindMask == srsp) {
			return n
		}
	}
	return fmt.Sprintf("0x%04X", uint16(c))
}

// The trouble that a stick may have with a command.
var statuses = map[byte]string{
	0x01: "failed", 0x02: "invalid parameter", 0x0A: "no such item in its memory", 0x0C: "its memory is full", 0x10: "out of memory",
	0x11: "its buffers are full", 0x12: "unsupported mode", 0xB7: "no acknowledgement from the application layer", 0xB8: "there already",
	0xC3: "no permission", 0xC8: "unknown device", 0xCD: "no route", 0xD0: "route error", 0xE1: "the channel is busy",
	0xE9: "no acknowledgement from the radio", 0xF0: "the device did not come to fetch it", 0xF1: "too much waits for sleeping devices",
}

func statusText(b byte) string {
	if t, ok := statuses[b]; ok {
		return t
	}
	return fmt.Sprintf("status 0x%02x", b)
}
