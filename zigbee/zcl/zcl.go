// Package zcl is the words that Zigbee devices speak: the frame of the Zigbee
// Cluster Library, its data types, the foundation commands that every cluster
// understands, and one file for each cluster with its commands as plain values.
//
// Everything here is pure. Section and table numbers are those of the Zigbee
// Cluster Library Specification, revision 8 (07-5123); every number on the wire
// is little-endian (2.6). The library itself was not at hand: npm
// zigbee-herdsman, whose codecs are not ours, judges every command both ways
// (zigbee/interop).
//
// Promises, held by a fuzz test over every cluster:
//
//   - Nothing panics, and no command keeps or changes the slice it was read from.
//     Only a [Frame] does: its payload is a part of the frame's bytes.
//   - A cluster, command or maker's command that is not known becomes [Raw]; only
//     a known command that is too short for its own layout is an error (of type
//     [*Malformed]).
//   - Bytes behind a known layout (from a newer revision, or from a stack that
//     hands on more than the frame) are ignored.
//   - What parses appends to bytes that parse to the same value.
package zcl

import (
	"bytes"
	"fmt"
)

// Cluster is the id of a cluster.
type Cluster uint16

// The clusters that this package speaks.
const (
	Basic              Cluster = 0x0000 // 3.2
	PowerConfiguration Cluster = 0x0001 // 3.3
	Identify           Cluster = 0x0003 // 3.5
	Groups             Cluster = 0x0004 // 3.6
	Scenes             Cluster = 0x0005 // 3.7
	OnOff              Cluster = 0x0006 // 3.8
	Level              Cluster = 0x0008 // 3.10
	Alarms             Cluster = 0x0009 // 3.11
	OTAUpgrade         Cluster = 0x0019 // 11
	PollControl        Cluster = 0x0020 // 3.16
	DoorLock           Cluster = 0x0101 // 7.3
	WindowCovering     Cluster = 0x0102 // 7.4
	Illuminance        Cluster = 0x0400 // 4.2
	Temperature        Cluster = 0x0402 // 4.4
	Humidity           Cluster = 0x0405 // 4.7
	Occupancy          Cluster = 0x0406 // 4.8
	IASZone            Cluster = 0x0500 // 8.2
	IASACE             Cluster = 0x0501 // 8.3
	IASWD              Cluster = 0x0502 // 8.4
	Metering           Cluster = 0x0702 // 10.4
	Electrical         Cluster = 0x0B04 // 4.9
)

// String names the cluster as the library does.
func (c Cluster) String() string {
	switch c {
	case Basic:
		return "Basic"
	case PowerConfiguration:
		return "Power Configuration"
	case Identify:
		return "Identify"
	case Groups:
		return "Groups"
	case Scenes:
		return "Scenes"
	case OnOff:
		return "On/Off"
	case Level:
		return "Level"
	case Alarms:
		return "Alarms"
	case OTAUpgrade:
		return "OTA Upgrade"
	case PollControl:
		return "Poll Control"
	case DoorLock:
		return "Door Lock"
	case WindowCovering:
		return "Window Covering"
	case Illuminance:
		return "Illuminance"
	case Temperature:
		return "Temperature"
	case Humidity:
		return "Humidity"
	case Occupancy:
		return "Occupancy"
	case IASZone:
		return "IAS Zone"
	case IASACE:
		return "IAS ACE"
	case IASWD:
		return "IAS WD"
	case Metering:
		return "Metering"
	case Electrical:
		return "Electrical Measurement"
	default:
		return fmt.Sprintf("cluster 0x%04x", uint16(c))
	}
}

// Kind tells whether a command belongs to every cluster or to one (2.4.1.1.1).
type Kind byte

// Kinds of command; two more are reserved.
const (
	Foundation Kind = 0
	Local      Kind = 1
)

// Direction is which side of a cluster a command goes to (2.4.1.1.3).
type Direction byte

// Directions.
const (
	ToServer Direction = 0
	ToClient Direction = 1
)

// Frame is one ZCL frame (2.4.1).
type Frame struct {
	Kind      Kind
	Direction Direction
	// Quiet asks for no default response if all is well ("disable default
	// response", 2.4.1.1.4).
	Quiet        bool
	Manufacturer uint16 // whose command or attributes; 0: the library's own
	Sequence     byte
	Command      byte
	Payload      []byte
}

// ParseFrame reads a frame. Its payload is a part of b.
func ParseFrame(b []byte) (Frame, error) {
	p := params{rest: b}
	control := p.byte()
	f := Frame{Kind: Kind(control & 0x03), Direction: Direction(control >> 3 & 1), Quiet: control&0x10 != 0}
	if control&0x04 != 0 {
		f.Manufacturer = p.uint16()
	}
	f.Sequence, f.Command = p.byte(), p.byte()
	if p.reason != "" {
		return Frame{}, fmt.Errorf("zcl: frame of %d bytes is too short", len(b))
	}
	f.Payload = p.rest
	return f, nil
}

// Append writes the frame.
func (f Frame) Append(b []byte) []byte {
	control := byte(f.Kind&0x03) | byte(f.Direction&1)<<3 | bit(f.Quiet, 4)
	if f.Manufacturer == 0 {
		b = append(b, control)
	} else {
		b = put16(append(b, control|0x04), f.Manufacturer)
	}
	return append(append(b, f.Sequence, f.Command), f.Payload...)
}

// Head says which command it is. Cluster, Direction and Manufacturer are those
// of a local command; a foundation command has none of its own.
type Head struct {
	Kind         Kind
	Cluster      Cluster
	Direction    Direction
	Manufacturer uint16
	Command      byte
}

// Command is one command without its frame.
type Command interface {
	Head() Head
	// Append writes the payload behind b.
	Append(b []byte) []byte
}

// Raw is a command that this package does not know.
type Raw struct {
	Of      Head
	Payload []byte
}

// Head says which command it is.
func (r Raw) Head() Head { return r.Of }

// Append writes the payload as it came.
func (r Raw) Append(b []byte) []byte { return append(b, r.Payload...) }

// Malformed says that a known command is too short for its own layout or
// contradicts itself.
type Malformed struct {
	Head   Head
	Reason string
}

func (e *Malformed) Error() string {
	if e.Head.Kind == Foundation {
		return fmt.Sprintf("zcl: foundation command 0x%02x: %s", e.Head.Command, e.Reason)
	}
	to := "server"
	if e.Head.Direction == ToClient {
		to = "client"
	}
	return fmt.Sprintf("zcl: %s command 0x%02x to the %s: %s", e.Head.Cluster, e.Head.Command, to, e.Reason)
}

// Send frames a command that starts a conversation. A foundation command goes to
// the server, where the attributes are.
func Send(sequence byte, c Command) Frame {
	h := c.Head()
	return Frame{
		Kind: h.Kind, Direction: h.Direction, Manufacturer: h.Manufacturer,
		Sequence: sequence, Command: h.Command, Payload: c.Append(nil),
	}
}

// Answer frames a command that answers a frame: under its sequence number, back
// to its side, and without an answer in turn (2.4.1.1.4).
func Answer(f Frame, c Command) Frame {
	a := Send(f.Sequence, c)
	a.Direction, a.Manufacturer, a.Quiet = f.Direction^1, f.Manufacturer, true
	return a
}

// fromServer is added to a command to the client in params.command, as both
// directions count their commands from 0.
const fromServer = 0x100

// Parse reads the command in a frame of a cluster.
func Parse(cluster Cluster, f Frame) (Command, error) {
	head := Head{Kind: f.Kind, Command: f.Command}
	p := params{command: int(f.Command), rest: f.Payload}
	var c Command
	switch {
	case f.Kind == Foundation:
		c = parseFoundation(&p)
	case f.Kind == Local && f.Manufacturer == 0:
		head.Cluster, head.Direction = cluster, f.Direction
		if f.Direction == ToClient {
			p.command |= fromServer
		}
		c = parseLocal(cluster, &p)
	default:
		head.Cluster, head.Direction, head.Manufacturer = cluster, f.Direction, f.Manufacturer
	}
	if p.reason != "" {
		return nil, &Malformed{Head: head, Reason: p.reason}
	}
	if c == nil {
		return Raw{Of: head, Payload: clone(f.Payload)}, nil
	}
	return c, nil
}

func parseLocal(cluster Cluster, p *params) Command {
	switch cluster {
	case Basic:
		return parseBasic(p)
	case Identify:
		return parseIdentify(p)
	case Groups:
		return parseGroups(p)
	case Scenes:
		return parseScenes(p)
	case OnOff:
		return parseOnOff(p)
	case Level:
		return parseLevel(p)
	case Alarms:
		return parseAlarms(p)
	case OTAUpgrade:
		return parseUpgrade(p)
	case PollControl:
		return parsePollControl(p)
	case DoorLock:
		return parseDoorLock(p)
	case WindowCovering:
		return parseCovering(p)
	case IASZone:
		return parseIASZone(p)
	case IASACE:
		return parseIASACE(p)
	case IASWD:
		return parseIASWD(p)
	default:
		return nil
	}
}

// toServer is the head of a local command to the server of a cluster.
func toServer(c Cluster, command byte) Head {
	return Head{Kind: Local, Cluster: c, Direction: ToServer, Command: command}
}

// toClient is the head of a local command to the client of a cluster.
func toClient(c Cluster, command byte) Head {
	return Head{Kind: Local, Cluster: c, Direction: ToClient, Command: command}
}

// params reads the parameters of one command from front to back. The first
// fault is kept and everything after it reads as zero.
type params struct {
	command int // and fromServer
	rest    []byte
	reason  string
}

func (p *params) fail(reason string) {
	if p.reason == "" {
		p.reason = reason
	}
	p.rest = nil
}

// more tells whether a further parameter is there.
func (p *params) more() bool { return len(p.rest) > 0 }

// uint reads a number of n bytes.
func (p *params) uint(n int) uint64 {
	if n > len(p.rest) {
		p.fail("too short")
		return 0
	}
	var v uint64
	for i, b := range p.rest[:n] {
		v |= uint64(b) << (8 * i)
	}
	p.rest = p.rest[n:]
	return v
}

func (p *params) byte() byte     { return byte(p.uint(1)) }
func (p *params) uint16() uint16 { return uint16(p.uint(2)) }
func (p *params) uint64() uint64 { return p.uint(8) }

// optional reads a number of n bytes that some firmware leaves out.
func (p *params) optional(n int) uint64 {
	if len(p.rest) < n {
		p.rest = nil
		return 0
	}
	return p.uint(n)
}

// bytes reads n bytes into memory of their own; nil when n is 0.
func (p *params) bytes(n int) []byte {
	if n > len(p.rest) {
		p.fail("too short")
		return nil
	}
	b := clone(p.rest[:n])
	p.rest = p.rest[n:]
	return b
}

// text reads a string behind its length; one that has no value (0xFF) is empty.
func (p *params) text() string {
	n := int(p.byte())
	if n == 0xFF {
		return ""
	}
	return string(p.bytes(n))
}

// optionalText reads a string that some firmware leaves out.
func (p *params) optionalText() string {
	if !p.more() {
		return ""
	}
	return p.text()
}

// clone copies b; nothing is nil.
func clone(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return bytes.Clone(b)
}

// putUint writes the low n bytes of v.
func putUint(b []byte, v uint64, n int) []byte {
	for i := range n {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

func put16(b []byte, v uint16) []byte { return putUint(b, uint64(v), 2) }

// putText writes a string behind its length; what is longer than a string can
// be is cut off.
func putText(b []byte, s string) []byte {
	s = s[:min(len(s), 0xFE)]
	return append(append(b, byte(len(s))), s...)
}

// putBytes writes a list of single bytes behind its length.
func putBytes(b, list []byte) []byte {
	list = list[:min(len(list), 0xFF)]
	return append(append(b, byte(len(list))), list...)
}

func bit(on bool, n int) byte {
	if on {
		return 1 << n
	}
	return 0
}
