package cc

// EntryEvent is what was pressed on a keypad.
type EntryEvent byte

// Entry control events (SDS13781, Entry Control Command Class).
const (
	EntryCaching      EntryEvent = 0x00 // a code is being typed
	EntryCached       EntryEvent = 0x01 // a code was typed and left standing
	EntryEnter        EntryEvent = 0x02
	EntryDisarmAll    EntryEvent = 0x03
	EntryArmAll       EntryEvent = 0x04
	EntryArmAway      EntryEvent = 0x05
	EntryArmHome      EntryEvent = 0x06
	EntryExitDelay    EntryEvent = 0x07
	EntryArm1         EntryEvent = 0x08 // 0x08–0x0D arm zones 1–6
	EntryRFID         EntryEvent = 0x0E
	EntryBell         EntryEvent = 0x0F
	EntryFire         EntryEvent = 0x10
	EntryPolice       EntryEvent = 0x11
	EntryAlertPanic   EntryEvent = 0x12
	EntryAlertMedical EntryEvent = 0x13
	EntryGateOpen     EntryEvent = 0x14
	EntryGateClose    EntryEvent = 0x15
	EntryLock         EntryEvent = 0x16
	EntryUnlock       EntryEvent = 0x17
	EntryTest         EntryEvent = 0x18
	EntryCancel       EntryEvent = 0x19
)

// EntryDataType is the form of what was typed.
type EntryDataType byte

// Entry data types.
const (
	EntryNone  EntryDataType = 0
	EntryRaw   EntryDataType = 1
	EntryASCII EntryDataType = 2
	EntryMD5   EntryDataType = 3
)

// EntryControlNotification is one use of the keypad. Data may be a code: it
// must never be logged or journalled.
type EntryControlNotification struct {
	Sequence byte
	DataType EntryDataType
	Event    EntryEvent
	Data     []byte // as sent, padding included; see Typed
}

// Typed is the data without the 0xFF padding of ASCII data.
func (c EntryControlNotification) Typed() string {
	d := c.Data
	for c.DataType == EntryASCII && len(d) > 0 && (d[len(d)-1] == 0xFF || d[len(d)-1] == 0) {
		d = d[:len(d)-1]
	}
	return string(d)
}

// String hides what was typed.
func (c EntryControlNotification) String() string { return "entry control notification [redacted]" }

// GoString hides what was typed.
func (c EntryControlNotification) GoString() string { return c.String() }

// EntryControlKeySupportedGet asks which ASCII keys there are.
type EntryControlKeySupportedGet struct{}

// EntryControlKeySupportedReport lists the ASCII keys.
type EntryControlKeySupportedReport struct{ Keys []byte }

// EntryControlEventSupportedGet asks which events there are.
type EntryControlEventSupportedGet struct{}

// EntryControlEventSupportedReport lists what a keypad can say. Sizes are in
// characters, timeouts in seconds.
type EntryControlEventSupportedReport struct {
	DataTypes              []byte
	Events                 []byte
	MinSize, MaxSize       byte
	MinTimeout, MaxTimeout byte
}

// EntryControlConfigurationSet sets how many keys are gathered (1–32) and for
// how many seconds (1–10) before they are sent.
type EntryControlConfigurationSet struct{ Size, Timeout byte }

// EntryControlConfigurationGet asks for both.
type EntryControlConfigurationGet struct{}

// EntryControlConfigurationReport says both.
type EntryControlConfigurationReport struct{ Size, Timeout byte }

func parseEntryControl(p *params) Command {
	switch p.command {
	case 0x01:
		return EntryControlNotification{
			Sequence: p.byte(), DataType: EntryDataType(p.byte() & 3), Event: EntryEvent(p.byte()),
			Data: p.bytes(int(p.byte() & 0x3F)),
		}
	case 0x02:
		return EntryControlKeySupportedGet{}
	case 0x03:
		return EntryControlKeySupportedReport{p.bits(int(p.byte()), 0)}
	case 0x04:
		return EntryControlEventSupportedGet{}
	case 0x05:
		return EntryControlEventSupportedReport{
			DataTypes: p.bits(int(p.byte()&3), 0), Events: p.bits(int(p.byte()&0x1F), 0),
			MinSize: p.byte(), MaxSize: p.byte(), MinTimeout: p.byte(), MaxTimeout: p.byte(),
		}
	case 0x06:
		return EntryControlConfigurationSet{p.byte(), p.byte()}
	case 0x07:
		return EntryControlConfigurationGet{}
	case 0x08:
		return EntryControlConfigurationReport{p.byte(), p.byte()}
	}
	return nil
}

// Class is Entry Control.
func (EntryControlNotification) Class() Class { return EntryControl }

// Class is Entry Control.
func (EntryControlKeySupportedGet) Class() Class { return EntryControl }

// Class is Entry Control.
func (EntryControlKeySupportedReport) Class() Class { return EntryControl }

// Class is Entry Control.
func (EntryControlEventSupportedGet) Class() Class { return EntryControl }

// Class is Entry Control.
func (EntryControlEventSupportedReport) Class() Class { return EntryControl }

// Class is Entry Control.
func (EntryControlConfigurationSet) Class() Class { return EntryControl }

// Class is Entry Control.
func (EntryControlConfigurationGet) Class() Class { return EntryControl }

// Class is Entry Control.
func (EntryControlConfigurationReport) Class() Class { return EntryControl }

// Append writes the command.
func (c EntryControlNotification) Append(b []byte) []byte {
	b = append(b, byte(EntryControl), 0x01, c.Sequence, byte(c.DataType&3), byte(c.Event), byte(len(c.Data)&0x3F))
	return append(b, c.Data...)
}

// Append writes the command.
func (EntryControlKeySupportedGet) Append(b []byte) []byte {
	return append(b, byte(EntryControl), 0x02)
}

// Append writes the command.
func (c EntryControlKeySupportedReport) Append(b []byte) []byte {
	m := mask(c.Keys, 0)
	return append(append(b, byte(EntryControl), 0x03, byte(len(m))), m...)
}

// Append writes the command.
func (EntryControlEventSupportedGet) Append(b []byte) []byte {
	return append(b, byte(EntryControl), 0x04)
}

// Append writes the command.
func (c EntryControlEventSupportedReport) Append(b []byte) []byte {
	types, events := mask(c.DataTypes, 0), mask(c.Events, 0)
	b = append(append(b, byte(EntryControl), 0x05, byte(len(types)&3)), types...)
	b = append(append(b, byte(len(events)&0x1F)), events...)
	return append(b, c.MinSize, c.MaxSize, c.MinTimeout, c.MaxTimeout)
}

// Append writes the command.
func (c EntryControlConfigurationSet) Append(b []byte) []byte {
	return append(b, byte(EntryControl), 0x06, c.Size, c.Timeout)
}

// Append writes the command.
func (EntryControlConfigurationGet) Append(b []byte) []byte {
	return append(b, byte(EntryControl), 0x07)
}

// Append writes the command.
func (c EntryControlConfigurationReport) Append(b []byte) []byte {
	return append(b, byte(EntryControl), 0x08, c.Size, c.Timeout)
}
