package ezsp

import (
	"encoding/binary"
	"errors"

	"gatehouse/zigbee/octets"
)

// Versions of EZSP that are spoken: EmberZNet 7.4 to 8.x.
const (
	oldest = 13
	newest = 19
	wide   = 14 // from which on statuses have four bytes and tags two
)

// Frame control (UG100, 3).
const (
	ctlAnswer    = 0x80
	ctlTruncated = 0x02
	ctlCallback  = 0x10 | 0x08 // by itself, or because it was asked for
	ctlExtended  = 0x01        // of the upper byte: ids have two bytes
	ctlFormat    = 0x03
)

// packet is one EZSP frame.
type packet struct {
	seq     byte
	control byte // its lower byte
	command Command
	data    []byte
}

var (
	errShort     = errors.New("ezsp: a frame that is shorter than its header")
	errDirection = errors.New("ezsp: a frame of a host")
	errTruncated = errors.New("ezsp: a frame that the stick has cut short")
)

// parsePacket reads a frame of the stick. An answer to the first version command
// has the short header of old.
func parsePacket(b []byte) (packet, error) {
	const short, extended = 3, 5
	if len(b) < short {
		return packet{}, errShort
	}
	p := packet{seq: b[0], control: b[1], command: Command(b[2]), data: b[short:]}
	if b[2]&ctlFormat == ctlExtended {
		if len(b) < extended {
			return packet{}, errShort
		}
		p.command, p.data = Command(binary.LittleEndian.Uint16(b[3:])), b[extended:]
	}
	switch {
	case p.control&ctlAnswer == 0:
		return packet{}, errDirection
	case p.control&ctlTruncated != 0:
		return packet{}, errTruncated
	}
	return p, nil
}

// appendPacket writes a command of the host with its extended header.
func appendPacket(b []byte, seq byte, c Command, data []byte) []byte {
	return append(append(b, seq, 0, ctlExtended, byte(c), byte(c>>8)), data...)
}

// appendFirst writes the version command as every stick understands it.
func appendFirst(b []byte, seq, want byte) []byte { return append(b, seq, 0, byte(version), want) }

// callback tells whether nobody asked for it.
func (p packet) callback() bool { return p.control&ctlCallback != 0 }

// reader takes the fields of a message off its front.
type reader struct{ octets.Reader }

// status reads a status as the version of EZSP has it; an answer without one is
// a failure.
func (r *reader) status(v byte) Status {
	if v < wide {
		b := r.U8()
		if r.Short {
			return 0x01
		}
		return oldStatus(b)
	}
	return r.wideStatus()
}

func (r *reader) wideStatus() Status {
	b := r.Take(4)
	if b == nil {
		return 0x01
	}
	return Status(binary.LittleEndian.Uint32(b))
}

// aps is the head of a message of an application.
type aps struct {
	profile, cluster uint16
	from, to         byte // endpoints
	options, group   uint16
	sequence         byte
}

func (r *reader) aps() aps {
	return aps{r.U16(), r.U16(), r.U8(), r.U8(), r.U16(), r.U16(), r.U8()}
}

func (a aps) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, a.profile)
	b = binary.LittleEndian.AppendUint16(b, a.cluster)
	b = append(b, a.from, a.to)
	b = binary.LittleEndian.AppendUint16(b, a.options)
	b = binary.LittleEndian.AppendUint16(b, a.group)
	return append(b, a.sequence)
}
