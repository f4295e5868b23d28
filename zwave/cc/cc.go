// Package cc is the words that Z-Wave nodes speak: one file for each command
// class, each command a plain value with Append, and one Parse for all.
//
// Everything here is pure. Byte layouts follow the Z-Wave Application Command
// Class Specification (SDS13781), the Management Command Class Specification
// (SDS13782) and the Transport-Encapsulation Command Class Specification
// (SDS13783); each file names its section by class.
//
// Promises, held by a fuzz test over every class:
//
//   - Parse never panics and never keeps or changes the slice it was given.
//   - A class or command that is not known becomes [Raw]; only a known command
//     that is too short for its own layout is an error (of type [*Malformed]).
//   - Bytes behind a known layout (from a newer version of the class) are
//     ignored.
//   - What parses appends to bytes that parse to the same value.
package cc

import (
	"bytes"
	"fmt"
)

// Class is the id of a command class.
type Class byte

// The command classes that this package speaks, and a few that it only names.
const (
	Basic                   Class = 0x20
	BinarySwitch            Class = 0x25
	MultilevelSwitch        Class = 0x26
	BinarySensor            Class = 0x30
	MultilevelSensor        Class = 0x31
	Meter                   Class = 0x32
	TransportService        Class = 0x55
	CRC16                   Class = 0x56
	AssociationGroupInfo    Class = 0x59
	DeviceResetLocally      Class = 0x5A
	CentralScene            Class = 0x5B
	ZWavePlusInfo           Class = 0x5E
	MultiChannel            Class = 0x60
	DoorLock                Class = 0x62
	UserCode                Class = 0x63
	Supervision             Class = 0x6C
	EntryControl            Class = 0x6F
	Configuration           Class = 0x70
	Notification            Class = 0x71
	ManufacturerSpecific    Class = 0x72
	Powerlevel              Class = 0x73
	SoundSwitch             Class = 0x79
	FirmwareUpdate          Class = 0x7A
	Battery                 Class = 0x80
	WakeUp                  Class = 0x84
	Association             Class = 0x85
	Version                 Class = 0x86
	Indicator               Class = 0x87
	Time                    Class = 0x8A
	MultiChannelAssociation Class = 0x8E
	MultiCommand            Class = 0x8F
	Security0               Class = 0x98
	Security2               Class = 0x9F
	Mark                    Class = 0xEF // divides supported from controlled classes in a node information frame
)

// String names the class as the specification does.
func (c Class) String() string {
	switch c {
	case Basic:
		return "Basic"
	case BinarySwitch:
		return "Binary Switch"
	case MultilevelSwitch:
		return "Multilevel Switch"
	case BinarySensor:
		return "Binary Sensor"
	case MultilevelSensor:
		return "Multilevel Sensor"
	case Meter:
		return "Meter"
	case TransportService:
		return "Transport Service"
	case CRC16:
		return "CRC-16 Encapsulation"
	case AssociationGroupInfo:
		return "Association Group Information"
	case DeviceResetLocally:
		return "Device Reset Locally"
	case CentralScene:
		return "Central Scene"
	case ZWavePlusInfo:
		return "Z-Wave Plus Info"
	case MultiChannel:
		return "Multi Channel"
	case DoorLock:
		return "Door Lock"
	case UserCode:
		return "User Code"
	case Supervision:
		return "Supervision"
	case EntryControl:
		return "Entry Control"
	case Configuration:
		return "Configuration"
	case Notification:
		return "Notification"
	case ManufacturerSpecific:
		return "Manufacturer Specific"
	case Powerlevel:
		return "Powerlevel"
	case SoundSwitch:
		return "Sound Switch"
	case FirmwareUpdate:
		return "Firmware Update"
	case Battery:
		return "Battery"
	case WakeUp:
		return "Wake Up"
	case Association:
		return "Association"
	case Version:
		return "Version"
	case Indicator:
		return "Indicator"
	case Time:
		return "Time"
	case MultiChannelAssociation:
		return "Multi Channel Association"
	case MultiCommand:
		return "Multi Command"
	case Security0:
		return "Security 0"
	case Security2:
		return "Security 2"
	case Mark:
		return "Mark"
	default:
		return fmt.Sprintf("class 0x%02x", byte(c))
	}
}

// Command is one command of one class.
type Command interface {
	// Class is the command class that the command belongs to.
	Class() Class
	// Append writes class, command id and parameters behind b.
	Append(b []byte) []byte
}

// Raw is a command that this package does not know, from its class byte on.
type Raw struct{ Bytes []byte }

// Class is the first byte, or 0 (no operation) of an empty command.
func (r Raw) Class() Class {
	if len(r.Bytes) == 0 {
		return 0
	}
	return Class(r.Bytes[0])
}

// Append writes the bytes as they came.
func (r Raw) Append(b []byte) []byte { return append(b, r.Bytes...) }

// Malformed says that a known command is too short for its own layout or
// contradicts itself.
type Malformed struct {
	Class   Class
	Command byte
	Reason  string
}

func (e *Malformed) Error() string {
	return fmt.Sprintf("%s command 0x%02x: %s", e.Class, e.Command, e.Reason)
}

// Parse reads one command from its class byte on.
func Parse(b []byte) (Command, error) {
	if len(b) == 0 {
		return Raw{}, nil
	}
	if len(b) == 1 { // no operation
		return Raw{bytes.Clone(b)}, nil
	}
	p := params{class: Class(b[0]), command: b[1], rest: b[2:]}
	var c Command
	switch p.class {
	case Basic:
		c = parseBasic(&p)
	case BinarySwitch:
		c = parseBinarySwitch(&p)
	case BinarySensor:
		c = parseBinarySensor(&p)
	case MultilevelSensor:
		c = parseMultilevelSensor(&p)
	case CRC16:
		c = parseCRC16(&p, b)
	case DeviceResetLocally:
		c = parseDeviceReset(&p)
	case ZWavePlusInfo:
		c = parseZWavePlus(&p)
	case MultiChannel:
		c = parseMultiChannel(&p)
	case Supervision:
		c = parseSupervision(&p)
	case EntryControl:
		c = parseEntryControl(&p)
	case Configuration:
		c = parseConfiguration(&p)
	case Notification:
		c = parseNotification(&p)
	case ManufacturerSpecific:
		c = parseManufacturer(&p)
	case SoundSwitch:
		c = parseSoundSwitch(&p)
	case Battery:
		c = parseBattery(&p)
	case WakeUp:
		c = parseWakeUp(&p)
	case Association:
		c = parseAssociation(&p)
	case Version:
		c = parseVersion(&p)
	case Indicator:
		c = parseIndicator(&p)
	case MultiCommand:
		c = parseMultiCommand(&p)
	default:
	}
	if p.reason != "" {
		return nil, &Malformed{Class: p.class, Command: p.command, Reason: p.reason}
	}
	if c == nil {
		return Raw{bytes.Clone(b)}, nil
	}
	return c, nil
}

// Bytes is a command as a payload of its own.
func Bytes(c Command) []byte { return c.Append(nil) }

// params reads the parameters of one command from front to back. The first
// fault is kept and everything after it reads as zero.
type params struct {
	class   Class
	command byte
	rest    []byte
	reason  string
}

func (p *params) fail(reason string) {
	if p.reason == "" {
		p.reason = reason
	}
	p.rest = nil
}

// more tells whether an optional parameter is there.
func (p *params) more() bool { return len(p.rest) > 0 }

func (p *params) byte() byte {
	if len(p.rest) == 0 {
		p.fail("too short")
		return 0
	}
	b := p.rest[0]
	p.rest = p.rest[1:]
	return b
}

// optional reads a parameter that older versions of the class do not have.
func (p *params) optional() byte {
	if len(p.rest) == 0 {
		return 0
	}
	return p.byte()
}

func (p *params) uint16() uint16 { return uint16(p.byte())<<8 | uint16(p.byte()) }

func (p *params) uint24() uint32 {
	return uint32(p.byte())<<16 | uint32(p.byte())<<8 | uint32(p.byte())
}

// bytes reads n bytes into memory of their own; nil when n is 0.
func (p *params) bytes(n int) []byte {
	if n == 0 {
		return nil
	}
	if n > len(p.rest) {
		p.fail("too short")
		return nil
	}
	b := bytes.Clone(p.rest[:n])
	p.rest = p.rest[n:]
	return b
}

// all reads what is left into memory of its own.
func (p *params) all() []byte { return p.bytes(len(p.rest)) }

// bits reads an n byte mask as the ascending list of its set bits, counted
// from first.
func (p *params) bits(n, first int) []byte {
	if n > len(p.rest) {
		p.fail("bit mask is too short")
		return nil
	}
	var set []byte
	for i, b := range p.rest[:n] {
		for j := range 8 {
			if v := first + i*8 + j; b&(1<<j) != 0 && v <= 0xFF {
				set = append(set, byte(v))
			}
		}
	}
	p.rest = p.rest[n:]
	return set
}

// mask is the inverse of bits: the shortest mask that holds the set.
func mask(set []byte, first int) []byte {
	var m []byte
	for _, v := range set {
		i := int(v) - first
		if i < 0 {
			continue
		}
		for len(m) <= i/8 {
			m = append(m, 0)
		}
		m[i/8] |= 1 << (i % 8)
	}
	return m
}
