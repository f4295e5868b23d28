package zwavesim

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"
)

// Command classes that nodes here know.
const (
	ccBasic        = 0x20
	ccBinarySwitch = 0x25
	ccBinarySensor = 0x30
	ccAGI          = 0x59
	ccResetLocally = 0x5a
	ccZWavePlus    = 0x5e
	ccSupervision  = 0x6c
	ccEntryControl = 0x6f
	ccNotification = 0x71
	ccManufacturer = 0x72
	ccPowerlevel   = 0x73
	ccSoundSwitch  = 0x79
	ccBattery      = 0x80
	ccWakeUp       = 0x84
	ccAssociation  = 0x85
	ccVersion      = 0x86
	ccIndicator    = 0x87
)

// Notification types and their events.
const (
	typeSmoke         = 0x01
	typeWater         = 0x05
	typeAccess        = 0x06
	typeHomeSecurity  = 0x07
	eventSmoke        = 0x02
	eventSmokeTest    = 0x03
	eventLeak         = 0x02
	eventTamper       = 0x03
	eventMotion       = 0x08
	eventWindowOpen   = 0x16
	eventWindowClosed = 0x17
)

// common carries out a command of a class that several devices have.
func (n *Node) common(cmd []byte) bool {
	p := cmd[2:]
	switch cmd[0] {
	case ccZWavePlus:
		if cmd[1] == 0x01 { // version, role, node type, icons for installer and user
			n.answer(ccZWavePlus, 0x02, 2, n.role, 0, n.icon, 0, n.icon, 0)
			return true
		}
	case ccManufacturer:
		if cmd[1] == 0x04 {
			b := []byte{ccManufacturer, 0x05}
			b = binary.BigEndian.AppendUint16(b, n.make.Maker)
			b = binary.BigEndian.AppendUint16(b, n.make.Type)
			n.answer(binary.BigEndian.AppendUint16(b, n.make.Model)...)
			return true
		}
	case ccPowerlevel:
		if cmd[1] == 0x02 {
			n.answer(ccPowerlevel, 0x03, 0, 0)
			return true
		}
	case ccVersion:
		return n.version(cmd[1], p)
	case ccAssociation:
		return n.association(cmd[1], p)
	case ccAGI:
		return n.groups(cmd[1], p)
	case ccBattery:
		if cmd[1] == 0x02 {
			n.answer(n.batteryReport()...)
			return true
		}
	case ccWakeUp:
		return n.wake(cmd[1], p)
	case ccNotification:
		return n.notification(cmd[1], p)
	case ccSupervision:
		if cmd[1] == 0x02 && len(p) >= 3 { // the host confirms a report
			delete(n.asked, p[0]&0x3f)
			return true
		}
	}
	return false
}

func (n *Node) version(command byte, p []byte) bool {
	switch {
	case command == 0x11: // library: end node; protocol 7.19; application 1.4; hardware 1; no more targets
		n.answer(ccVersion, 0x12, 3, 7, 19, 1, 4, 1, 0)
	case command == 0x13 && len(p) >= 1:
		v := byte(0)
		for _, c := range n.classes {
			if c.id == p[0] {
				v = c.version
			}
		}
		n.answer(ccVersion, 0x14, p[0], v)
	default:
		return false
	}
	return true
}

const lifelineMax = 5

func (n *Node) association(command byte, p []byte) bool {
	switch {
	case command == 0x05:
		n.answer(ccAssociation, 0x06, 1)
	case command == 0x0b:
		n.answer(ccAssociation, 0x0c, 0)
	case command == 0x02 && len(p) >= 1: // group 1 is answered for any other
		b := []byte{ccAssociation, 0x03, 1, lifelineMax, 0}
		for _, id := range n.lifeline {
			b = append(b, byte(id))
		}
		n.answer(b...)
	case command == 0x01 && len(p) >= 1 && p[0] == 1:
		for _, id := range p[1:] {
			if !slices.Contains(n.lifeline, uint16(id)) && len(n.lifeline) < lifelineMax {
				n.lifeline = append(n.lifeline, uint16(id))
			}
		}
	case command == 0x04 && len(p) >= 1 && p[0] <= 1:
		n.lifeline = slices.DeleteFunc(n.lifeline, func(id uint16) bool {
			return len(p) == 1 || slices.Contains(p[1:], byte(id))
		})
	default:
		return false
	}
	return true
}

func (n *Node) groups(command byte, p []byte) bool {
	const name = "Lifeline"
	switch {
	case command == 0x01 && len(p) >= 1:
		n.answer(append([]byte{ccAGI, 0x02, 1, byte(len(name))}, name...)...)
	case command == 0x03 && len(p) >= 1: // one group; mode, profile "lifeline", event code
		n.answer(ccAGI, 0x04, 0x01, 1, 0, 0, 1, 0, 0, 0)
	case command == 0x05 && len(p) >= 2:
		list := n.reports()
		n.answer(append([]byte{ccAGI, 0x06, 1, byte(len(list))}, list...)...)
	default:
		return false
	}
	return true
}

// reports lists what the lifeline brings, as class and command.
func (n *Node) reports() []byte {
	list := []byte{ccResetLocally, 0x01}
	for _, c := range []struct{ id, report byte }{
		{ccBattery, 0x03},
		{ccNotification, 0x05},
		{ccBinarySensor, 0x03},
		{ccBinarySwitch, 0x03},
		{ccSoundSwitch, 0x0a},
		{ccEntryControl, 0x01},
		{ccIndicator, 0x03},
	} {
		if n.supports(c.id) {
			list = append(list, c.id, c.report)
		}
	}
	return list
}

func (n *Node) batteryReport() []byte {
	level := n.battery
	if n.lowBatt {
		level = 0xff
	}
	return []byte{ccBattery, 0x03, level}
}

func (n *Node) wake(command byte, p []byte) bool {
	const lo, hi, def, step = 600, 86400, 43200, 60 // seconds
	switch {
	case command == 0x04 && len(p) >= 4:
		seconds := int(p[0])<<16 | int(p[1])<<8 | int(p[2])
		if seconds != 0 && (seconds < lo || seconds > hi) {
			return false
		}
		n.wakeInterval = time.Duration(seconds) * time.Second
		n.wakeNode = uint16(p[3])
		n.bootWakeUp()
	case command == 0x05:
		s := int(n.wakeInterval / time.Second)
		n.answer(ccWakeUp, 0x06, byte(s>>16), byte(s>>8), byte(s), byte(n.wakeNode))
	case command == 0x08:
		n.awakeTill = time.Time{}
	case command == 0x09:
		b := []byte{ccWakeUp, 0x0a}
		for _, s := range []int{lo, hi, def, step} {
			b = append(b, byte(s>>16), byte(s>>8), byte(s))
		}
		n.answer(b...)
	default:
		return false
	}
	return true
}

// notification answers for the types and events that the device has.
func (n *Node) notification(command byte, p []byte) bool {
	switch {
	case command == 0x07:
		types := slices.Sorted(maps.Keys(n.events))
		n.answer(append([]byte{ccNotification, 0x08, 2}, bitmask(types, 0, 2)...)...)
	case command == 0x01 && len(p) >= 1:
		n.answer(append([]byte{ccNotification, 0x02, p[0], 4}, bitmask(n.events[p[0]], 0, 4)...)...)
	case command == 0x04 && len(p) >= 2: // how does this type stand
		kind := p[1]
		if kind == 0xff && len(n.events) > 0 {
			kind = slices.Min(slices.Collect(maps.Keys(n.events)))
		}
		if n.events[kind] == nil {
			n.answer(ccNotification, 0x05, 0, 0, 0, 0xff, kind, 0xfe, 0)
			return true
		}
		n.answer(notificationReport(kind, n.states[kind])...)
	case command == 0x06 && len(p) >= 2: // reports cannot be switched off here
	default:
		return false
	}
	return true
}

func notificationReport(kind, event byte, params ...byte) []byte {
	b := []byte{ccNotification, 0x05, 0, 0, 0, 0xff, kind, event, byte(len(params))}
	return append(b, params...)
}

// notify reports that an event of a type began and holds.
func (n *Node) notify(kind, event byte, params ...byte) {
	n.states[kind] = event
	n.report(notificationReport(kind, event, params...))
}

// idle reports that an event has ended.
func (n *Node) idle(kind, event byte) {
	n.states[kind] = 0
	n.report(notificationReport(kind, 0, event))
}
