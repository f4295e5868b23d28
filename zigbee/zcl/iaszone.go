package zcl

import "fmt"

// Attributes of IAS Zone (8.2.2.2).
const (
	ZoneStateAttr       Attr = 0x0000 // Enum8, a ZoneState
	ZoneTypeAttr        Attr = 0x0001 // Enum16, a ZoneType
	ZoneStatusAttr      Attr = 0x0002 // Bitmap16, a ZoneStatus
	ZoneCIEAddress      Attr = 0x0010 // IEEE, whom the zone reports to
	ZoneIDAttr          Attr = 0x0011 // Uint8
	ZoneSensitivityMax  Attr = 0x0012 // Uint8
	ZoneSensitivityAttr Attr = 0x0013 // Uint8
)

// ZoneState is whether a zone is enrolled.
type ZoneState byte

// Zone states.
const (
	ZoneNotEnrolled ZoneState = 0x00
	ZoneEnrolled    ZoneState = 0x01
)

// ZoneType is what kind of sensor watches a zone.
type ZoneType uint16

// Zone types.
const (
	TypeStandard      ZoneType = 0x0000 // standard CIE
	TypeMotion        ZoneType = 0x000D
	TypeContact       ZoneType = 0x0015
	TypeDoorHandle    ZoneType = 0x0016
	TypeFire          ZoneType = 0x0028
	TypeWater         ZoneType = 0x002A
	TypeCO            ZoneType = 0x002B
	TypeEmergency     ZoneType = 0x002C // personal emergency device
	TypeVibration     ZoneType = 0x002D
	TypeRemote        ZoneType = 0x010F
	TypeKeyFob        ZoneType = 0x0115
	TypeKeypad        ZoneType = 0x021D
	TypeWarningDevice ZoneType = 0x0225 // "standard warning device"
	TypeGlass         ZoneType = 0x0226
	TypeRepeater      ZoneType = 0x0229 // "security repeater"
	TypeInvalid       ZoneType = 0xFFFF
)

// String names the zone type.
func (t ZoneType) String() string {
	switch t {
	case TypeStandard:
		return "standard CIE"
	case TypeMotion:
		return "motion sensor"
	case TypeContact:
		return "contact switch"
	case TypeDoorHandle:
		return "door or window handle"
	case TypeFire:
		return "fire sensor"
	case TypeWater:
		return "water sensor"
	case TypeCO:
		return "carbon monoxide sensor"
	case TypeEmergency:
		return "personal emergency device"
	case TypeVibration:
		return "vibration or movement sensor"
	case TypeRemote:
		return "remote control"
	case TypeKeyFob:
		return "key fob"
	case TypeKeypad:
		return "keypad"
	case TypeWarningDevice:
		return "standard warning device"
	case TypeGlass:
		return "glass break sensor"
	case TypeRepeater:
		return "security repeater"
	default:
		return fmt.Sprintf("zone type 0x%04x", uint16(t))
	}
}

// ZoneStatus is what a zone says of itself, bit by bit.
type ZoneStatus uint16

// The ten bits of a zone status.
const (
	ZoneAlarm1        ZoneStatus = 1 << 0 // opened, moved, smoke: by zone type
	ZoneAlarm2        ZoneStatus = 1 << 1
	ZoneTamper        ZoneStatus = 1 << 2
	ZoneBatteryLow    ZoneStatus = 1 << 3
	ZoneSupervision   ZoneStatus = 1 << 4 // it reports from time to time
	ZoneRestore       ZoneStatus = 1 << 5 // it reports the end of an alarm
	ZoneTrouble       ZoneStatus = 1 << 6
	ZoneMainsFault    ZoneStatus = 1 << 7
	ZoneTest          ZoneStatus = 1 << 8
	ZoneBatteryDefect ZoneStatus = 1 << 9
)

// ZoneStatusChange tells a change of the status, or the same again to be
// supervised (8.2.2.4.1).
type ZoneStatusChange struct {
	Status   ZoneStatus
	Extended byte // reserved
	Zone     byte
	Delay    uint16 // quarters of a second since the change
}

// ZoneEnrollRequest asks to be enrolled (8.2.2.4.2).
type ZoneEnrollRequest struct {
	Type         ZoneType
	Manufacturer uint16
}

// EnrollCode is the answer to it.
type EnrollCode byte

// Enrol codes.
const (
	EnrollSuccess      EnrollCode = 0x00
	EnrollNotSupported EnrollCode = 0x01 // this zone type is not known
	EnrollNoPermit     EnrollCode = 0x02 // no new zones at present
	EnrollTooMany      EnrollCode = 0x03
)

// ZoneEnrollResponse enrols a zone under a number (8.2.2.3.1).
type ZoneEnrollResponse struct {
	Code EnrollCode
	Zone byte
}

// ZoneNormalMode ends a test (8.2.2.3.2).
type ZoneNormalMode struct{}

// ZoneTestMode starts one (8.2.2.3.3).
type ZoneTestMode struct{ Seconds, Sensitivity byte }

func parseIASZone(p *params) Command {
	switch p.command {
	case 0x00:
		return ZoneEnrollResponse{EnrollCode(p.byte()), p.byte()}
	case 0x01:
		return ZoneNormalMode{}
	case 0x02:
		return ZoneTestMode{p.byte(), p.byte()}
	case fromServer + 0x00:
		// Firmware before ZCL 5 ends behind the extended status.
		return ZoneStatusChange{
			ZoneStatus(p.uint16()), byte(p.optional(1)), byte(p.optional(1)), uint16(p.optional(2)),
		}
	case fromServer + 0x01:
		return ZoneEnrollRequest{ZoneType(p.uint16()), p.uint16()}
	default:
		return nil
	}
}

// Head says which command it is.
func (ZoneEnrollResponse) Head() Head { return toServer(IASZone, 0x00) }

// Head says which command it is.
func (ZoneNormalMode) Head() Head { return toServer(IASZone, 0x01) }

// Head says which command it is.
func (ZoneTestMode) Head() Head { return toServer(IASZone, 0x02) }

// Head says which command it is.
func (ZoneStatusChange) Head() Head { return toClient(IASZone, 0x00) }

// Head says which command it is.
func (ZoneEnrollRequest) Head() Head { return toClient(IASZone, 0x01) }

// Append writes the payload.
func (c ZoneEnrollResponse) Append(b []byte) []byte { return append(b, byte(c.Code), c.Zone) }

// Append writes the payload, which is empty.
func (ZoneNormalMode) Append(b []byte) []byte { return b }

// Append writes the payload.
func (c ZoneTestMode) Append(b []byte) []byte { return append(b, c.Seconds, c.Sensitivity) }

// Append writes the payload.
func (c ZoneStatusChange) Append(b []byte) []byte {
	return put16(append(put16(b, uint16(c.Status)), c.Extended, c.Zone), c.Delay)
}

// Append writes the payload.
func (c ZoneEnrollRequest) Append(b []byte) []byte {
	return put16(put16(b, uint16(c.Type)), c.Manufacturer)
}
