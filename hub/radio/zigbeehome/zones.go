package zigbeehome

import (
	"cmp"
	"slices"

	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/home"
	"gatehouse/zigbee/zcl"
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

// zoneTypes is the table of zone types by what the zone watches.
var zoneTypes = map[home.Trait]zcl.ZoneType{
	home.Contact: zcl.TypeContact, home.Motion: zcl.TypeMotion, home.Occupancy: zcl.TypeMotion, home.Smoke: zcl.TypeFire,
	home.Water: zcl.TypeWater, home.CO: zcl.TypeCO, home.Gas: zcl.TypeCO, home.Vibration: zcl.TypeVibration, home.Glass: zcl.TypeGlass,
	home.Button: zcl.TypeEmergency, home.Keypad: zcl.TypeEmergency,
}

// noAddress stands for a sensor of another radio.
const noAddress = 0xFFFFFFFFFFFFFFFF

// maxLabel keeps a label within one frame.
const maxLabel = 32

// Information describes a zone; a keypad that may not be told of zones gets what
// it gets for one that does not exist.
func (z Zones) Information(v keypads.View, n byte) zcl.ZoneInformation {
	zone, ok := z.Zone(n)
	if !ok || !v.Zones {
		return zcl.ZoneInformation{Zone: n, Type: zcl.TypeStandard, Address: noAddress}
	}
	label := zone.Name
	for len(label) > maxLabel {
		runes := []rune(label)
		label = string(runes[:len(runes)-1])
	}
	return zcl.ZoneInformation{Zone: n, Type: zoneTypes[zone.Trait], Address: noAddress, Label: label}
}

// Statuses answers GetZoneStatus; complete tells that no further zone would
// fit the question. Nothing is told to a keypad that may not be told of zones.
func (z Zones) Statuses(v keypads.View, open []home.ZoneID, q zcl.GetZoneStatus) (list []zcl.ZoneRecord, complete bool) {
	if !v.Zones {
		return nil, true
	}
	for n := int(q.First); n < len(z); n++ {
		var s zcl.ZoneStatus
		if slices.Contains(open, z[n].ID) {
			s |= zcl.ZoneAlarm1
		}
		if q.Masked && s&q.Mask == 0 {
			continue
		}
		if len(list) == int(q.Max) {
			return list, false
		}
		list = append(list, zcl.ZoneRecord{Zone: byte(n), Status: s})
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
