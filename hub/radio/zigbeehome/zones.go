package zigbeehome

import (
	"cmp"
	"slices"

	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/home"
)

// maxZones is how many zones the cluster can number, 0x00–0xFE.
const maxZones = 255

// Zones are the zones of the house under the numbers that keypads know them by:
// in the order of their ids, from 0. A keypad asks for the numbers (GetZoneIDMap)
// before it uses any, so they may change when a zone comes or goes.
type Zones []home.Zone

// ZonesOf numbers the zones.
func ZonesOf(zones []home.Zone) Zones {
	z := slices.Clone(zones)
	slices.SortFunc(z, func(a, b home.Zone) int { return cmp.Compare(a.ID, b.ID) })
	return Zones(z[:min(len(z), maxZones)])
}

// Zone is the zone with that number.
func (z Zones) Zone(n byte) (home.Zone, bool) {
	if int(n) >= len(z) {
		return home.Zone{}, false
	}
	return z[n], true
}

// Map is the payload of GetZoneIDMapResponse: bit n%16 of section n/16 tells that
// there is a zone n. How many zones a house has is told with the rest of them,
// after a code.
func (z Zones) Map(v keypads.View) (sections [16]uint16) {
	if !v.Zones {
		return sections
	}
	for n := range z {
		sections[n/16] |= 1 << (n % 16)
	}
	return sections
}

// ZoneType is what kind of sensor watches a zone.
type ZoneType uint16

// Zone types.
const (
	TypeStandard  ZoneType = 0x0000 // standard CIE
	TypeMotion    ZoneType = 0x000D
	TypeContact   ZoneType = 0x0015
	TypeFire      ZoneType = 0x0028
	TypeWater     ZoneType = 0x002A
	TypeCO        ZoneType = 0x002B
	TypeEmergency ZoneType = 0x002C // personal emergency device
	TypeVibration ZoneType = 0x002D
	TypeGlass     ZoneType = 0x0226
)

// zoneTypes is the table of zone types by what the zone watches.
var zoneTypes = map[home.Trait]ZoneType{
	home.Contact: TypeContact, home.Motion: TypeMotion, home.Occupancy: TypeMotion, home.Smoke: TypeFire,
	home.Water: TypeWater, home.CO: TypeCO, home.Gas: TypeCO, home.Vibration: TypeVibration, home.Glass: TypeGlass,
	home.Button: TypeEmergency, home.Keypad: TypeEmergency,
}

// ZoneInformation is the payload of GetZoneInformationResponse.
type ZoneInformation struct {
	Zone    byte
	Type    ZoneType
	Address uint64 // of the sensor; 0xFFFFFFFFFFFFFFFF: it is no Zigbee device
	Label   string
}

// noAddress stands for a sensor of another radio.
const noAddress = 0xFFFFFFFFFFFFFFFF

// maxLabel keeps a label within one frame.
const maxLabel = 32

// Information describes a zone; a keypad that may not be told of zones gets what
// it gets for one that does not exist.
func (z Zones) Information(v keypads.View, n byte) ZoneInformation {
	zone, ok := z.Zone(n)
	if !ok || !v.Zones {
		return ZoneInformation{Zone: n, Type: TypeStandard, Address: noAddress}
	}
	label := zone.Name
	for len(label) > maxLabel {
		runes := []rune(label)
		label = string(runes[:len(runes)-1])
	}
	return ZoneInformation{Zone: n, Type: zoneTypes[zone.Trait], Address: noAddress, Label: label}
}

// ZoneStatus is the status of a zone as IAS Zone has it.
type ZoneStatus uint16

// ZoneAlarm1 tells that a zone is open; what else a sensor says of itself, the
// panel does not keep by zone.
const ZoneAlarm1 ZoneStatus = 1 << 0

// ZoneRecord is one zone in GetZoneStatusResponse.
type ZoneRecord struct {
	Zone   byte
	Status ZoneStatus
}

// StatusQuery is the payload of GetZoneStatus.
type StatusQuery struct {
	First  byte
	Max    byte // zones in the answer
	Masked bool // only zones with a bit of Mask
	Mask   ZoneStatus
}

// Statuses answers GetZoneStatus; complete tells that no further zone would
// fit the question. Nothing is told to a keypad that may not be told of zones.
func (z Zones) Statuses(v keypads.View, open []home.ZoneID, q StatusQuery) (list []ZoneRecord, complete bool) {
	if !v.Zones {
		return nil, true
	}
	for n := int(q.First); n < len(z); n++ {
		var s ZoneStatus
		if slices.Contains(open, z[n].ID) {
			s |= ZoneAlarm1
		}
		if q.Masked && s&q.Mask == 0 {
			continue
		}
		if len(list) == int(q.Max) {
			return list, false
		}
		list = append(list, ZoneRecord{byte(n), s})
	}
	return list, true
}

// BypassedList is the payload of SetBypassedZoneList, the answer to
// GetBypassedZoneList.
func (z Zones) BypassedList(v keypads.View, out []home.ZoneID) []byte {
	list := []byte{}
	for n := range z {
		if v.Zones && slices.Contains(out, z[n].ID) {
			list = append(list, byte(n))
		}
	}
	return list
}
