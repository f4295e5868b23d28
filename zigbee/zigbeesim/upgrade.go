package zigbeesim

import (
	"fmt"
	"time"
)

// firmware is what a device runs and what it fetches.
type firmware struct {
	kind    uint16
	version uint32
	next    uint32 // version that it fetches
	size    uint32
	got     []byte
	waits   int
}

// RunsFirmware has a device run that version of a type of image, and take a newer
// one when it is offered.
func (n *Node) RunsFirmware(kind uint16, version uint32) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.out = append(n.out, 0x0019)
	n.firmware = &firmware{kind: kind, version: version}
}

// Firmware is the version that it runs, and what it has fetched of another one.
func (n *Node) Firmware() (version uint32, fetched []byte) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.firmware.version, n.firmware.got
}

// AskForFirmware has a device ask by itself, as it does once a day or when its
// button is pressed.
func (n *Node) AskForFirmware() {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.askForFirmware()
}

const maker = 0x117C

func (n *Node) askForFirmware() {
	n.say(0x0019, join([]byte{clusterCommand | noDefault, n.seq, 0x01, 0}, le16(maker), le16(n.firmware.kind), le32(n.firmware.version))...)
}

// fetchFirmware asks for the next part, or says that it has all.
func (n *Node) fetchFirmware() {
	f := n.firmware
	image := join(le16(maker), le16(f.kind), le32(f.next))
	if uint32(len(f.got)) < f.size {
		n.say(0x0019, join([]byte{clusterCommand | noDefault, n.seq, 0x03, 0}, image, le32(uint32(len(f.got))), []byte{64})...)
		return
	}
	n.say(0x0019, join([]byte{clusterCommand | noDefault, n.seq, 0x06, success}, image)...)
}

// upgrade takes what the hub says of firmware.
func (n *Node) upgrade(command byte, b []byte) byte {
	f, in := n.firmware, &fields{b: b}
	soon := func(do func()) { n.later(10*time.Millisecond, do) }
	switch command {
	case 0x00:
		soon(n.askForFirmware)
	case 0x02:
		if in.u8() != success {
			break
		}
		in.u32() // maker and type
		version := in.u32()
		if f.next != version {
			f.next, f.got = version, nil
		}
		f.size = in.u32()
		soon(n.fetchFirmware)
	case 0x05:
		switch status := in.u8(); status {
		case success:
			in.bytes(8)
			offset := in.u32()
			part := in.bytes(int(in.u8()))
			if offset != uint32(len(f.got)) {
				n.s.violation("%s asked for its firmware at %d and gets it at %d", n.model, len(f.got), offset)
			}
			f.got = append(f.got, part...)
			soon(n.fetchFirmware)
		case 0x97: // wait
			now, at := in.u32(), in.u32()
			f.waits++
			n.later(time.Duration(at-now)*time.Second, n.fetchFirmware)
		case 0x95: // abort
			f.got = nil
		default:
			n.s.violation("%s gets its firmware with status %#02x", n.model, status)
		}
	case 0x07:
		soon(func() {
			f.version = f.next
			n.build = fmt.Sprintf("%d.0", f.version)
			n.announce()
		})
	default:
		return 0x81
	}
	if in.short {
		return 0x80
	}
	return success
}

// FirmwareWaits counts how often it was told to ask again later.
func (n *Node) FirmwareWaits() int {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.firmware.waits
}
