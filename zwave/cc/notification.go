package cc

// NotificationType is the kind of thing that a notification is about.
type NotificationType byte

// Notification types.
const (
	NotifySmoke           NotificationType = 0x01
	NotifyCO              NotificationType = 0x02
	NotifyCO2             NotificationType = 0x03
	NotifyHeat            NotificationType = 0x04
	NotifyWater           NotificationType = 0x05
	NotifyAccessControl   NotificationType = 0x06
	NotifyHomeSecurity    NotificationType = 0x07
	NotifyPowerManagement NotificationType = 0x08
	NotifySystem          NotificationType = 0x09
	NotifyEmergency       NotificationType = 0x0A
	NotifyClock           NotificationType = 0x0B
	NotifyAppliance       NotificationType = 0x0C
	NotifyHomeHealth      NotificationType = 0x0D
	NotifySiren           NotificationType = 0x0E
	NotifyGas             NotificationType = 0x12
)

// NotificationIdle is the event that says that the state named in the
// parameters (or all of the type) is over.
const NotificationIdle byte = 0x00

// NotificationGet asks for a report about a type; event 0 asks for the present
// state, 0xFF in Type for the first in the node's list.
type NotificationGet struct {
	V1Type byte
	Type   NotificationType
	Event  byte
}

// NotificationReport is one thing that happened. V1Type and V1Level are of
// version 1; a node of version 1 sends nothing else (Type 0).
type NotificationReport struct {
	V1Type, V1Level byte
	Status          byte // 0xFF on, 0x00 off: whether unsolicited reports are on
	Type            NotificationType
	Event           byte
	Parameters      []byte
	HasSequence     bool
	Sequence        byte
}

// NotificationSet switches unsolicited reports of a type on (0xFF) or off.
type NotificationSet struct {
	Type   NotificationType
	Status byte
}

// NotificationSupportedGet asks which types there are.
type NotificationSupportedGet struct{}

// NotificationSupportedReport lists the types of a node.
type NotificationSupportedReport struct {
	V1    bool // the node also sends version 1 types of the maker's own
	Types []byte
}

// NotificationEventSupportedGet asks which events of a type there are (version 3).
type NotificationEventSupportedGet struct{ Type NotificationType }

// NotificationEventSupportedReport lists the events of a type.
type NotificationEventSupportedReport struct {
	Type   NotificationType
	Events []byte
}

func parseNotification(p *params) Command {
	switch p.command {
	case 0x01:
		return NotificationEventSupportedGet{NotificationType(p.byte())}
	case 0x02:
		return NotificationEventSupportedReport{NotificationType(p.byte()), p.bits(int(p.byte()&0x1F), 0)}
	case 0x04:
		return NotificationGet{p.byte(), NotificationType(p.optional()), p.optional()}
	case 0x05:
		r := NotificationReport{V1Type: p.byte(), V1Level: p.byte()}
		if len(p.rest) < 4 { // version 1
			return r
		}
		p.byte() // the id of a Zensor Net node, which no one has
		r.Status, r.Type, r.Event = p.byte(), NotificationType(p.byte()), p.byte()
		form := p.optional()
		r.Parameters = p.bytes(int(form & 0x1F))
		if r.HasSequence = form&0x80 != 0; r.HasSequence {
			r.Sequence = p.optional()
		}
		return r
	case 0x06:
		return NotificationSet{NotificationType(p.byte()), p.byte()}
	case 0x07:
		return NotificationSupportedGet{}
	case 0x08:
		form := p.byte()
		return NotificationSupportedReport{form&0x80 != 0, p.bits(int(form&0x1F), 0)}
	}
	return nil
}

// Class is Notification.
func (NotificationGet) Class() Class { return Notification }

// Class is Notification.
func (NotificationReport) Class() Class { return Notification }

// Class is Notification.
func (NotificationSet) Class() Class { return Notification }

// Class is Notification.
func (NotificationSupportedGet) Class() Class { return Notification }

// Class is Notification.
func (NotificationSupportedReport) Class() Class { return Notification }

// Class is Notification.
func (NotificationEventSupportedGet) Class() Class { return Notification }

// Class is Notification.
func (NotificationEventSupportedReport) Class() Class { return Notification }

// Append writes the command.
func (c NotificationGet) Append(b []byte) []byte {
	return append(b, byte(Notification), 0x04, c.V1Type, byte(c.Type), c.Event)
}

// Append writes the command.
func (c NotificationReport) Append(b []byte) []byte {
	b = append(b, byte(Notification), 0x05, c.V1Type, c.V1Level, 0, c.Status, byte(c.Type), c.Event,
		bit(c.HasSequence, 7)|byte(len(c.Parameters)&0x1F))
	b = append(b, c.Parameters...)
	if c.HasSequence {
		b = append(b, c.Sequence)
	}
	return b
}

// Append writes the command.
func (c NotificationSet) Append(b []byte) []byte {
	return append(b, byte(Notification), 0x06, byte(c.Type), c.Status)
}

// Append writes the command.
func (NotificationSupportedGet) Append(b []byte) []byte { return append(b, byte(Notification), 0x07) }

// Append writes the command.
func (c NotificationSupportedReport) Append(b []byte) []byte {
	m := mask(c.Types, 0)
	return append(append(b, byte(Notification), 0x08, bit(c.V1, 7)|byte(len(m)&0x1F)), m...)
}

// Append writes the command.
func (c NotificationEventSupportedGet) Append(b []byte) []byte {
	return append(b, byte(Notification), 0x01, byte(c.Type))
}

// Append writes the command.
func (c NotificationEventSupportedReport) Append(b []byte) []byte {
	m := mask(c.Events, 0)
	return append(append(b, byte(Notification), 0x02, byte(c.Type), byte(len(m)&0x1F)), m...)
}
