package zcl

// Attributes of Door Lock (7.3.2.12).
const (
	LockStateAttr       Attr = 0x0000 // Enum8, a LockState
	LockActuatorEnabled Attr = 0x0002 // Bool
	LockDoorState       Attr = 0x0003 // Enum8: 0 open, 1 closed, 2 jammed, 3 forced open
	LockRequiresPIN     Attr = 0x0033 // Bool: for what is sent by radio
)

// LockState is how the bolt stands.
type LockState byte

// Lock states; 0xFF is not known.
const (
	LockHalf     LockState = 0x00 // "not fully locked"
	LockLocked   LockState = 0x01
	LockUnlocked LockState = 0x02
)

// LockDoor locks (7.3.2.15.1). It may hold a PIN: it must never be logged.
type LockDoor struct{ PIN string }

// String hides the PIN.
func (LockDoor) String() string { return "lock door [redacted]" }

// GoString hides the PIN.
func (c LockDoor) GoString() string { return c.String() }

// UnlockDoor unlocks (7.3.2.15.2). It may hold a PIN: it must never be logged.
type UnlockDoor struct{ PIN string }

// String hides the PIN.
func (UnlockDoor) String() string { return "unlock door [redacted]" }

// GoString hides the PIN.
func (c UnlockDoor) GoString() string { return c.String() }

// LockDoorResponse tells whether the lock takes LockDoor; how the bolt stands in
// the end it reports (7.3.2.16.1).
type LockDoorResponse struct{ Status Status }

// UnlockDoorResponse tells it of UnlockDoor (7.3.2.16.2).
type UnlockDoorResponse struct{ Status Status }

// LockSource is by what a lock was used.
type LockSource byte

// Lock sources; 0xFF is not known.
const (
	LockByKeypad LockSource = 0x00
	LockByRadio  LockSource = 0x01
	LockByHand   LockSource = 0x02
	LockByRFID   LockSource = 0x03
)

// LockEvent is what happened at a lock.
type LockEvent byte

// Lock events.
const (
	LockedEvent          LockEvent = 0x01
	UnlockedEvent        LockEvent = 0x02
	LockWrongPIN         LockEvent = 0x03
	LockWrongTime        LockEvent = 0x04
	UnlockWrongPIN       LockEvent = 0x05
	UnlockWrongTime      LockEvent = 0x06
	OneTouchLocked       LockEvent = 0x07
	KeyLocked            LockEvent = 0x08
	KeyUnlocked          LockEvent = 0x09
	AutoLocked           LockEvent = 0x0A
	ScheduleLocked       LockEvent = 0x0B
	ScheduleUnlocked     LockEvent = 0x0C
	ManuallyLocked       LockEvent = 0x0D
	ManuallyUnlocked     LockEvent = 0x0E
	NonAccessUserOfALock LockEvent = 0x0F
)

// LockOperation tells that a lock was used (7.3.2.16.27). It may hold a PIN: it
// must never be logged.
type LockOperation struct {
	Source LockSource
	Event  LockEvent
	User   uint16
	PIN    string
	Time   uint32 // local, seconds since 2000
	Data   string
}

// String hides the PIN.
func (LockOperation) String() string { return "lock operation [redacted]" }

// GoString hides the PIN.
func (c LockOperation) GoString() string { return c.String() }

// LockAlarmCode is what a lock warns of by the Alarms cluster, under Door Lock's
// own codes (7.3.2.13.1).
type LockAlarmCode byte

// Lock alarms.
const (
	LockAlarmJammed     LockAlarmCode = 0x00 // the bolt
	LockAlarmReset      LockAlarmCode = 0x01 // to factory defaults
	LockAlarmRFModule   LockAlarmCode = 0x03 // power cycled
	LockAlarmWrongCodes LockAlarmCode = 0x04 // as many as it allows
	LockAlarmCover      LockAlarmCode = 0x05 // "front escutcheon removed"
	LockAlarmForced     LockAlarmCode = 0x06 // opened although locked
)

// UserStatus is whether a lock takes a user's PIN.
type UserStatus byte

// User statuses.
const (
	UserAvailable UserStatus = 0 // nobody has the number
	UserEnabled   UserStatus = 1
	UserDisabled  UserStatus = 3
)

// SetPIN gives a user a PIN (7.3.2.15.6). It must never be logged.
type SetPIN struct {
	User   uint16
	Status UserStatus
	Type   byte // 0: one that may always unlock
	PIN    string
}

// String hides the PIN.
func (SetPIN) String() string { return "set PIN [redacted]" }

// GoString hides the PIN.
func (c SetPIN) GoString() string { return c.String() }

// ClearPIN takes it away (7.3.2.15.8).
type ClearPIN struct{ User uint16 }

// SetPINStatus is what became of SetPIN.
type SetPINStatus byte

// Statuses of SetPIN.
const (
	PINSet       SetPINStatus = 0
	PINFailure   SetPINStatus = 1
	PINFull      SetPINStatus = 2 // "memory full"
	PINDuplicate SetPINStatus = 3 // somebody else has it
)

// SetPINResponse is the answer to SetPIN (7.3.2.16.6).
type SetPINResponse struct{ Status SetPINStatus }

// ClearPINResponse is the answer to ClearPIN; 0 is a success (7.3.2.16.8).
type ClearPINResponse struct{ Status byte }

// LockProgrammed tells that a PIN was set or cleared at the lock (7.3.2.16.28). It
// may hold the PIN: it must never be logged.
type LockProgrammed struct {
	Source LockSource
	Event  byte // 2 PIN added, 3 PIN deleted, 4 PIN changed
	User   uint16
	PIN    string
	Type   byte
	Status UserStatus
	Time   uint32 // local, seconds since 2000
	Data   string
}

// String hides the PIN.
func (LockProgrammed) String() string { return "lock programmed [redacted]" }

// GoString hides the PIN.
func (c LockProgrammed) GoString() string { return c.String() }

func parseDoorLock(p *params) Command {
	switch p.command {
	case 0x05:
		return SetPIN{p.uint16(), UserStatus(p.byte()), p.byte(), p.text()}
	case 0x07:
		return ClearPIN{p.uint16()}
	case fromServer + 0x05:
		return SetPINResponse{SetPINStatus(p.byte())}
	case fromServer + 0x07:
		return ClearPINResponse{p.byte()}
	case fromServer + 0x21:
		return LockProgrammed{
			LockSource(p.byte()), p.byte(), p.uint16(), p.optionalText(), byte(p.optional(1)), UserStatus(p.optional(1)),
			uint32(p.optional(4)), p.optionalText(),
		}
	case 0x00:
		return LockDoor{p.optionalText()}
	case 0x01:
		return UnlockDoor{p.optionalText()}
	case fromServer + 0x00:
		return LockDoorResponse{Status(p.byte())}
	case fromServer + 0x01:
		return UnlockDoorResponse{Status(p.byte())}
	case fromServer + 0x20:
		return LockOperation{
			LockSource(p.byte()), LockEvent(p.byte()), p.uint16(), p.optionalText(), uint32(p.optional(4)), p.optionalText(),
		}
	default:
		return nil
	}
}

// Head says which command it is.
func (LockDoor) Head() Head { return toServer(DoorLock, 0x00) }

// Head says which command it is.
func (UnlockDoor) Head() Head { return toServer(DoorLock, 0x01) }

// Head says which command it is.
func (LockDoorResponse) Head() Head { return toClient(DoorLock, 0x00) }

// Head says which command it is.
func (UnlockDoorResponse) Head() Head { return toClient(DoorLock, 0x01) }

// Head says which command it is.
func (LockOperation) Head() Head { return toClient(DoorLock, 0x20) }

// Append writes the payload.
func (c LockDoor) Append(b []byte) []byte { return putText(b, c.PIN) }

// Append writes the payload.
func (c UnlockDoor) Append(b []byte) []byte { return putText(b, c.PIN) }

// Append writes the payload.
func (c LockDoorResponse) Append(b []byte) []byte { return append(b, byte(c.Status)) }

// Append writes the payload.
func (c UnlockDoorResponse) Append(b []byte) []byte { return append(b, byte(c.Status)) }

// Append writes the payload.
func (c LockOperation) Append(b []byte) []byte {
	b = putText(put16(append(b, byte(c.Source), byte(c.Event)), c.User), c.PIN)
	return putText(putUint(b, uint64(c.Time), 4), c.Data)
}

// Head says which command it is.
func (SetPIN) Head() Head { return toServer(DoorLock, 0x05) }

// Head says which command it is.
func (ClearPIN) Head() Head { return toServer(DoorLock, 0x07) }

// Head says which command it is.
func (SetPINResponse) Head() Head { return toClient(DoorLock, 0x05) }

// Head says which command it is.
func (ClearPINResponse) Head() Head { return toClient(DoorLock, 0x07) }

// Head says which command it is.
func (LockProgrammed) Head() Head { return toClient(DoorLock, 0x21) }

// Append writes the payload.
func (c SetPIN) Append(b []byte) []byte {
	return putText(append(put16(b, c.User), byte(c.Status), c.Type), c.PIN)
}

// Append writes the payload.
func (c ClearPIN) Append(b []byte) []byte { return put16(b, c.User) }

// Append writes the payload.
func (c SetPINResponse) Append(b []byte) []byte { return append(b, byte(c.Status)) }

// Append writes the payload.
func (c ClearPINResponse) Append(b []byte) []byte { return append(b, c.Status) }

// Append writes the payload.
func (c LockProgrammed) Append(b []byte) []byte {
	b = putText(put16(append(b, byte(c.Source), c.Event), c.User), c.PIN)
	return putText(putUint(append(b, c.Type, byte(c.Status)), uint64(c.Time), 4), c.Data)
}
