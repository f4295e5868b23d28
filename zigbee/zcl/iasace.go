package zcl

// ArmMode is what a keypad asks for.
type ArmMode byte

// Arm modes.
const (
	ArmDisarm ArmMode = 0x00
	ArmStay   ArmMode = 0x01 // day or home zones only
	ArmNight  ArmMode = 0x02 // night or sleep zones only
	ArmAway   ArmMode = 0x03 // all zones
)

// Arm asks to arm or disarm (8.3.2.3.1). It holds a code: it must never be
// logged.
type Arm struct {
	Mode ArmMode
	Code string // "" when none was typed
	Zone byte
}

// String hides the code.
func (Arm) String() string { return "arm [redacted]" }

// GoString hides the code.
func (a Arm) GoString() string { return a.String() }

// Bypass asks to leave zones out (8.3.2.3.2). It holds a code: it must never be
// logged.
type Bypass struct {
	Zones []byte
	Code  string
}

// String hides the code.
func (Bypass) String() string { return "bypass [redacted]" }

// GoString hides the code.
func (b Bypass) GoString() string { return b.String() }

// Emergency calls for medical help (8.3.2.3.3).
type Emergency struct{}

// Fire calls the fire brigade (8.3.2.3.4).
type Fire struct{}

// Panic calls for help (8.3.2.3.5).
type Panic struct{}

// GetZoneIDMap asks which zones there are (8.3.2.3.6).
type GetZoneIDMap struct{}

// GetZoneInformation asks about one zone (8.3.2.3.7).
type GetZoneInformation struct{ Zone byte }

// GetPanelStatus asks how the panel stands (8.3.2.3.8).
type GetPanelStatus struct{}

// GetBypassedZoneList asks which zones are left out (8.3.2.3.9).
type GetBypassedZoneList struct{}

// GetZoneStatus asks how zones are (8.3.2.3.10).
type GetZoneStatus struct {
	First  byte
	Max    byte // zones in the answer
	Masked bool // only zones with a bit of Mask
	Mask   ZoneStatus
}

// ArmNotification is what became of Arm.
type ArmNotification byte

// Arm notifications.
const (
	ArmedNone       ArmNotification = 0x00 // all zones disarmed
	ArmedStay       ArmNotification = 0x01
	ArmedNight      ArmNotification = 0x02
	ArmedAll        ArmNotification = 0x03
	ArmInvalidCode  ArmNotification = 0x04
	ArmNotReady     ArmNotification = 0x05
	AlreadyDisarmed ArmNotification = 0x06
)

// ArmResponse answers Arm (8.3.2.4.1).
type ArmResponse struct{ Notification ArmNotification }

// ZoneIDMap answers GetZoneIDMap (8.3.2.4.2): bit n%16 of section n/16 tells that
// there is a zone n.
type ZoneIDMap struct{ Sections [16]uint16 }

// ZoneInformation answers GetZoneInformation (8.3.2.4.3).
type ZoneInformation struct {
	Zone    byte
	Type    ZoneType
	Address uint64 // of the sensor
	Label   string
}

// PanelStatus is how the panel stands.
type PanelStatus byte

// Panel statuses.
const (
	PanelDisarmed    PanelStatus = 0x00 // and ready to arm
	PanelArmedStay   PanelStatus = 0x01
	PanelArmedNight  PanelStatus = 0x02
	PanelArmedAway   PanelStatus = 0x03
	PanelExitDelay   PanelStatus = 0x04
	PanelEntryDelay  PanelStatus = 0x05
	PanelNotReady    PanelStatus = 0x06
	PanelInAlarm     PanelStatus = 0x07
	PanelArmingStay  PanelStatus = 0x08
	PanelArmingNight PanelStatus = 0x09
	PanelArmingAway  PanelStatus = 0x0A
)

// Audible is what a keypad should sound like.
type Audible byte

// Audible notifications; those from 0x80 on are the makers' own.
const (
	AudibleMute    Audible = 0x00
	AudibleDefault Audible = 0x01
)

// AlarmStatus is what alarm runs.
type AlarmStatus byte

// Alarm statuses.
const (
	AlarmNone           AlarmStatus = 0x00
	AlarmBurglar        AlarmStatus = 0x01
	AlarmFire           AlarmStatus = 0x02
	AlarmEmergency      AlarmStatus = 0x03
	AlarmPolicePanic    AlarmStatus = 0x04
	AlarmFirePanic      AlarmStatus = 0x05
	AlarmEmergencyPanic AlarmStatus = 0x06
)

// Panel is how the panel stands, in PanelStatusChanged and
// GetPanelStatusResponse.
type Panel struct {
	Status  PanelStatus
	Seconds byte // left of the delay, 255 for more
	Audible Audible
	Alarm   AlarmStatus
}

// ZoneStatusChanged tells keypads of a zone (8.3.2.4.4).
type ZoneStatusChanged struct {
	Zone    byte
	Status  ZoneStatus
	Audible Audible
	Label   string
}

// PanelStatusChanged tells keypads of the panel (8.3.2.4.5).
type PanelStatusChanged struct{ Panel Panel }

// GetPanelStatusResponse answers GetPanelStatus (8.3.2.4.6).
type GetPanelStatusResponse struct{ Panel Panel }

// BypassedZoneList answers GetBypassedZoneList ("set bypassed zone list",
// 8.3.2.4.7).
type BypassedZoneList struct{ Zones []byte }

// BypassResult says what became of one zone of Bypass.
type BypassResult byte

// Bypass results.
const (
	Bypassed          BypassResult = 0x00
	NotBypassed       BypassResult = 0x01
	BypassNotAllowed  BypassResult = 0x02
	BypassInvalidZone BypassResult = 0x03
	BypassUnknownZone BypassResult = 0x04
	BypassInvalidCode BypassResult = 0x05
)

// BypassResponse answers Bypass, zone by zone (8.3.2.4.8).
type BypassResponse struct{ Results []BypassResult }

// ZoneRecord is one zone in GetZoneStatusResponse.
type ZoneRecord struct {
	Zone   byte
	Status ZoneStatus
}

// GetZoneStatusResponse answers GetZoneStatus (8.3.2.4.9).
type GetZoneStatusResponse struct {
	Complete bool
	Zones    []ZoneRecord
}

func parseIASACE(p *params) Command {
	switch p.command {
	case 0x00:
		return Arm{ArmMode(p.byte()), p.text(), byte(p.optional(1))}
	case 0x01:
		return Bypass{p.bytes(int(p.byte())), p.text()}
	case 0x02:
		return Emergency{}
	case 0x03:
		return Fire{}
	case 0x04:
		return Panic{}
	case 0x05:
		return GetZoneIDMap{}
	case 0x06:
		return GetZoneInformation{p.byte()}
	case 0x07:
		return GetPanelStatus{}
	case 0x08:
		return GetBypassedZoneList{}
	case 0x09:
		return GetZoneStatus{p.byte(), p.byte(), p.byte() != 0, ZoneStatus(p.uint16())}
	case fromServer + 0x00:
		return ArmResponse{ArmNotification(p.byte())}
	case fromServer + 0x01:
		var m ZoneIDMap
		for i := range m.Sections {
			m.Sections[i] = p.uint16()
		}
		return m
	case fromServer + 0x02:
		return ZoneInformation{p.byte(), ZoneType(p.uint16()), p.uint64(), p.text()}
	case fromServer + 0x03:
		return ZoneStatusChanged{p.byte(), ZoneStatus(p.uint16()), Audible(p.byte()), p.text()}
	case fromServer + 0x04:
		return PanelStatusChanged{p.panel()}
	case fromServer + 0x05:
		return GetPanelStatusResponse{p.panel()}
	case fromServer + 0x06:
		return BypassedZoneList{p.bytes(int(p.byte()))}
	case fromServer + 0x07:
		var r BypassResponse
		for _, b := range p.bytes(int(p.byte())) {
			r.Results = append(r.Results, BypassResult(b))
		}
		return r
	case fromServer + 0x08:
		r := GetZoneStatusResponse{Complete: p.byte() != 0}
		for range p.byte() {
			if p.reason != "" {
				break
			}
			r.Zones = append(r.Zones, ZoneRecord{p.byte(), ZoneStatus(p.uint16())})
		}
		return r
	default:
		return nil
	}
}

func (p *params) panel() Panel {
	return Panel{PanelStatus(p.byte()), p.byte(), Audible(p.byte()), AlarmStatus(p.byte())}
}

// Head says which command it is.
func (Arm) Head() Head { return toServer(IASACE, 0x00) }

// Head says which command it is.
func (Bypass) Head() Head { return toServer(IASACE, 0x01) }

// Head says which command it is.
func (Emergency) Head() Head { return toServer(IASACE, 0x02) }

// Head says which command it is.
func (Fire) Head() Head { return toServer(IASACE, 0x03) }

// Head says which command it is.
func (Panic) Head() Head { return toServer(IASACE, 0x04) }

// Head says which command it is.
func (GetZoneIDMap) Head() Head { return toServer(IASACE, 0x05) }

// Head says which command it is.
func (GetZoneInformation) Head() Head { return toServer(IASACE, 0x06) }

// Head says which command it is.
func (GetPanelStatus) Head() Head { return toServer(IASACE, 0x07) }

// Head says which command it is.
func (GetBypassedZoneList) Head() Head { return toServer(IASACE, 0x08) }

// Head says which command it is.
func (GetZoneStatus) Head() Head { return toServer(IASACE, 0x09) }

// Head says which command it is.
func (ArmResponse) Head() Head { return toClient(IASACE, 0x00) }

// Head says which command it is.
func (ZoneIDMap) Head() Head { return toClient(IASACE, 0x01) }

// Head says which command it is.
func (ZoneInformation) Head() Head { return toClient(IASACE, 0x02) }

// Head says which command it is.
func (ZoneStatusChanged) Head() Head { return toClient(IASACE, 0x03) }

// Head says which command it is.
func (PanelStatusChanged) Head() Head { return toClient(IASACE, 0x04) }

// Head says which command it is.
func (GetPanelStatusResponse) Head() Head { return toClient(IASACE, 0x05) }

// Head says which command it is.
func (BypassedZoneList) Head() Head { return toClient(IASACE, 0x06) }

// Head says which command it is.
func (BypassResponse) Head() Head { return toClient(IASACE, 0x07) }

// Head says which command it is.
func (GetZoneStatusResponse) Head() Head { return toClient(IASACE, 0x08) }

// Append writes the payload.
func (a Arm) Append(b []byte) []byte {
	return append(putText(append(b, byte(a.Mode)), a.Code), a.Zone)
}

// Append writes the payload.
func (b Bypass) Append(to []byte) []byte { return putText(putBytes(to, b.Zones), b.Code) }

// Append writes the payload, which is empty.
func (Emergency) Append(b []byte) []byte { return b }

// Append writes the payload, which is empty.
func (Fire) Append(b []byte) []byte { return b }

// Append writes the payload, which is empty.
func (Panic) Append(b []byte) []byte { return b }

// Append writes the payload, which is empty.
func (GetZoneIDMap) Append(b []byte) []byte { return b }

// Append writes the payload.
func (c GetZoneInformation) Append(b []byte) []byte { return append(b, c.Zone) }

// Append writes the payload, which is empty.
func (GetPanelStatus) Append(b []byte) []byte { return b }

// Append writes the payload, which is empty.
func (GetBypassedZoneList) Append(b []byte) []byte { return b }

// Append writes the payload.
func (c GetZoneStatus) Append(b []byte) []byte {
	return put16(append(b, c.First, c.Max, bit(c.Masked, 0)), uint16(c.Mask))
}

// Append writes the payload.
func (c ArmResponse) Append(b []byte) []byte { return append(b, byte(c.Notification)) }

// Append writes the payload.
func (c ZoneIDMap) Append(b []byte) []byte {
	for _, s := range c.Sections {
		b = put16(b, s)
	}
	return b
}

// Append writes the payload.
func (c ZoneInformation) Append(b []byte) []byte {
	b = put16(append(b, c.Zone), uint16(c.Type))
	return putText(putUint(b, c.Address, 8), c.Label)
}

// Append writes the payload.
func (c ZoneStatusChanged) Append(b []byte) []byte {
	return putText(append(put16(append(b, c.Zone), uint16(c.Status)), byte(c.Audible)), c.Label)
}

func (p Panel) append(b []byte) []byte {
	return append(b, byte(p.Status), p.Seconds, byte(p.Audible), byte(p.Alarm))
}

// Append writes the payload.
func (c PanelStatusChanged) Append(b []byte) []byte { return c.Panel.append(b) }

// Append writes the payload.
func (c GetPanelStatusResponse) Append(b []byte) []byte { return c.Panel.append(b) }

// Append writes the payload.
func (c BypassedZoneList) Append(b []byte) []byte { return putBytes(b, c.Zones) }

// Append writes the payload.
func (c BypassResponse) Append(b []byte) []byte {
	results := c.Results[:min(len(c.Results), 0xFF)]
	b = append(b, byte(len(results)))
	for _, r := range results {
		b = append(b, byte(r))
	}
	return b
}

// Append writes the payload.
func (c GetZoneStatusResponse) Append(b []byte) []byte {
	zones := c.Zones[:min(len(c.Zones), 0xFF)]
	b = append(b, bit(c.Complete, 0), byte(len(zones)))
	for _, z := range zones {
		b = put16(append(b, z.Zone), uint16(z.Status))
	}
	return b
}
