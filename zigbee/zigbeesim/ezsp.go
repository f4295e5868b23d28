package zigbeesim

import (
	"encoding/binary"
	"time"
)

// ezsp is a stick of Silicon Labs.
type ezsp struct {
	*Stick
	line   ash
	agreed bool // the host has said which version it speaks

	// What survives a restart.
	formed   bool
	pan      uint16
	extended uint64
	channel  byte
	key      [16]byte
	updates  byte // of the network's channel
	ring     keyring

	// What does not.
	policy  byte // of the trust center
	welcome bool // a key for who joins is there
	secured bool // initial security was set
}

func (e *ezsp) begin() { e.line.buf = nil }

func (e *ezsp) feed(b []byte) { e.line.feed(b, e.request) }

func (e *ezsp) boot() {
	e.line = ash{s: e.Stick, round: e.line.round + 1}
	e.agreed, e.policy, e.welcome, e.secured = false, 0, false, false
	clear(e.keys)
	clear(e.groups)
	e.ring.next = security{}
	if e.ring.restored != 0 {
		e.address = e.ring.restored
	}
}

func (e *ezsp) restarted() {
	e.line.put([]byte{ashRstAck, 2, 3}) // its watchdog
}

func (e *ezsp) erase() { e.formed, e.extended, e.ring, e.sent = false, 0, keyring{}, 0 }

func (e *ezsp) network() (pan uint16, extended uint64, channel byte, key [16]byte) {
	return e.pan, e.extended, e.channel, e.key
}

func (e *ezsp) admits() bool { return e.policy&0x11 == 0x01 && e.welcome }

// wide tells whether statuses have four bytes.
func (e *ezsp) wide() bool { return e.opt.EZSP >= 14 }

// Statuses, as EZSP 13 and as later ones have them.
var (
	ezOK     = [2]uint32{0, 0}
	ezBad    = [2]uint32{0x70, 0x02}
	ezUp     = [2]uint32{0x90, 0x15}
	ezDown   = [2]uint32{0x91, 0x16}
	ezNone   = [2]uint32{0x93, 0x17}
	ezFailed = [2]uint32{0x66, 0x0C02}
	ezFull   = [2]uint32{0x72, 0x0C03}
	ezMoved  = [2]uint32{0x9B, 0x0C17}
)

func (e *ezsp) status(s [2]uint32) []byte {
	if e.wide() {
		return le32(s[1])
	}
	return []byte{byte(s[0])}
}

// callback says something that nobody asked for.
func (e *ezsp) callback(command uint16, data ...[]byte) {
	d := join(data...)
	if _, ok := e.takes(Extra, command); ok {
		d = append(d, 0xA5, 0x5A)
	}
	e.line.send(command, join([]byte{0, 0x90, 0x01}, le16(command), d))
	e.change()
}

func (e *ezsp) request(b []byte) {
	f := &fields{b: b}
	seq, low := f.u8(), f.u8()
	if high := f.u8(); high != 0x01 { // the old header, which only the first word has
		want := f.u8()
		if e.agreed || high != 0 || low != 0 || f.short {
			e.violation("an old header: % x", b)
		}
		e.agreed = want == e.opt.EZSP
		e.line.send(0, []byte{seq, 0x80, 0x00, e.opt.EZSP, 2, 0x10, 0x74})
		return
	}
	command := f.u16()
	answer := func(parts ...[]byte) {
		e.line.send(command, join([]byte{seq, 0x80, 0x01}, le16(command), join(parts...)))
	}
	if _, ok := e.takes(Unknown, command); ok {
		e.line.send(command, join([]byte{seq, 0x80, 0x01}, le16(0x0058), []byte{0x36}))
		return
	}
	switch {
	case command == 0x0000:
		e.agreed = f.u8() == e.opt.EZSP
		answer([]byte{e.opt.EZSP, 2, 0x10, 0x74})
		return
	case !e.agreed:
		e.violation("command %#04x before a version was agreed on", command)
	}
	if !e.secrets(command, f, answer) && !e.setup(command, f, answer) && !e.networking(command, f, answer) && !e.others(command, f, answer) {
		e.violation("command %#04x is not known to the firmware", command)
		e.line.send(command, join([]byte{seq, 0x80, 0x01}, le16(0x0058), []byte{0x3A}))
	}
	if f.short {
		e.violation("command %#04x cut short: % x", command, b)
	}
}

// setup sees to what concerns the stick alone.
func (e *ezsp) setup(command uint16, f *fields, answer func(...[]byte)) bool {
	switch command {
	case 0x0002: // addEndpoint
		endpoint := f.u8()
		f.bytes(2 + 2 + 1)
		in, out := f.u8(), f.u8()
		f.bytes(2 * (int(in) + int(out)))
		if e.state == coordinator || e.endpoints[endpoint] {
			answer(e.status(ezBad))
			break
		}
		e.endpoints[endpoint] = true
		answer(e.status(ezOK))
	case 0x0005: // nop
		answer()
	case 0x0026: // getEui64
		answer(le64(e.address))
	case 0x0053: // setConfigurationValue
		f.bytes(3)
		answer(e.status(ezOK))
	case 0x0055: // setPolicy
		if id, decision := f.u8(), f.u8(); id == 0 {
			e.policy = decision
		}
		answer(e.status(ezOK))
	case 0x0064: // setMulticastTableEntry
		f.u8()
		if group, endpoint := f.u16(), f.u8(); endpoint == 1 {
			e.groups[group] = true
		}
		f.u8() // of which network
		answer(e.status(ezOK))
	case 0x006B: // clearTransientLinkKeys
		e.welcome = false
		clear(e.keys)
		answer()
	case 0x00AA: // getValue: the version
		f.u8()
		answer(e.status(ezOK), []byte{7, 0x12, 0x00, 7, 4, 1, 0, 0xAA})
	case 0x0111: // importTransientKey
		device, key := f.u64(), [16]byte(f.bytes(16))
		if !e.wide() {
			f.u8()
		}
		if device == ^uint64(0) || device == 0 { // hosts differ in how they say "all"
			e.welcome = true
		} else {
			e.keys[device] = key
		}
		answer(le32(0))
		e.change()
	default:
		return false
	}
	return true
}

// networking sees to what concerns the network.
func (e *ezsp) networking(command uint16, f *fields, answer func(...[]byte)) bool {
	switch command {
	case 0x0017: // networkInit
		f.u16()
		if !e.formed {
			answer(e.status(ezNone))
			break
		}
		answer(e.status(ezOK))
		e.becomes(coordinator, ezUp)
	case 0x001A: // startScan
		kind, channels, duration := f.u8(), f.u32(), f.u8()
		if kind != 0 || duration > 14 {
			e.violation("a scan of kind %d and duration %d", kind, duration)
		}
		answer(e.scanStatus())
		e.after(time.Duration(1<<duration+1)*15360*time.Microsecond, func() {
			for c := byte(11); c <= 26; c++ {
				if channels&(1<<c) != 0 {
					e.callback(0x0048, []byte{c, byte(int8(e.level(c)))})
				}
			}
			e.callback(0x001C, []byte{0}, e.status(ezOK))
		})
	case 0x001E: // formNetwork
		extended, pan := f.u64(), f.u16()
		f.u8()
		channel := f.u8()
		f.bytes(1 + 2)
		update, channels := f.u8(), f.u32()
		if e.state == coordinator || !e.secured {
			answer(e.status(ezBad))
			break
		}
		e.formed, e.pan, e.extended, e.channel = true, pan, extended, channel
		e.form(update, channels)
		answer(e.status(ezOK))
		e.becomes(coordinator, ezUp)
	case 0x0020: // leaveNetwork
		if e.wide() {
			f.u8()
		}
		if e.state != coordinator {
			answer(e.status(ezBad))
			break
		}
		e.formed, e.extended = false, 0
		answer(e.status(ezOK))
		e.becomes(0, ezDown)
	case 0x0022: // permitJoining
		e.until = time.Now().Add(time.Duration(f.u8()) * time.Second)
		answer(e.status(ezOK))
		e.change()
	case 0x0028: // getNetworkParameters
		if e.state != coordinator {
			answer(e.status(ezNone), make([]byte, 1+20))
			break
		}
		answer(e.status(ezOK), []byte{1}, le64(e.extended), le16(e.pan), []byte{8, e.channel, 0}, le16(0), []byte{e.updates}, le32(e.ring.channels))
	case 0x0034: // sendUnicast
		e.unicast(f, answer)
	case 0x0036: // sendBroadcast
		e.broadcast(f, answer)
	default:
		return false
	}
	return true
}

// scanStatus has four bytes in newer firmware of EZSP 13, too.
func (e *ezsp) scanStatus() []byte { return le32(0) }

func (e *ezsp) moved(channel byte) {
	e.channel = channel
	e.callback(0x0019, e.status(ezMoved))
}

func (e *ezsp) becomes(state byte, status [2]uint32) {
	e.after(50*time.Millisecond, func() {
		e.state = state
		e.callback(0x0019, e.status(status))
	})
}

// apsHead is the head of a message.
type apsHead struct {
	raw              []byte
	profile, cluster uint16
	from, to         byte
}

func readAPS(f *fields) apsHead {
	raw := f.bytes(11)
	return apsHead{raw, binary.LittleEndian.Uint16(raw), binary.LittleEndian.Uint16(raw[2:]), raw[4], raw[5]}
}

func (e *ezsp) tag(f *fields) []byte {
	if e.wide() {
		return f.bytes(2)
	}
	return f.bytes(1)
}

func (e *ezsp) unicast(f *fields, answer func(...[]byte)) {
	kind, to := f.u8(), f.u16()
	head := readAPS(f)
	tag := append([]byte(nil), e.tag(f)...)
	payload := append([]byte(nil), f.bytes(int(f.u8()))...)
	switch {
	case f.short, kind != 0, e.state != coordinator, head.profile != 0 && !e.endpoints[head.from]:
		e.violation("a message to %#04x that cannot be sent", to)
		answer(e.status(ezBad), []byte{0})
		return
	}
	if _, ok := e.takes(Full, 0x0034); ok {
		answer(e.status(ezFull), []byte{0})
		return
	}
	answer(e.status(ezOK), []byte{1})
	confirm := func(status byte) {
		if _, ok := e.takes(LoseConfirm, 0); ok {
			return
		}
		how := ezOK
		if status != success {
			how = ezFailed
		}
		where := join([]byte{0}, le16(to), head.raw)
		if e.wide() {
			e.callback(0x003F, e.status(how), where, tag, []byte{0})
		} else {
			e.callback(0x003F, where, tag, e.status(how), []byte{0})
		}
	}
	if to == 0 {
		confirm(success)
		if head.profile == 0 && len(payload) > 0 {
			if answer := e.self(head.cluster, &fields{b: payload[1:]}); answer != nil {
				e.message(0, 0, 0, head.cluster|0x8000, join(payload[:1], answer))
			}
		}
		return
	}
	n := e.nodes[to]
	e.deliver(n, confirm, func() { e.arrive(n, head, payload) })
}

// arrive brings a message to a device.
func (e *ezsp) arrive(n *Node, head apsHead, payload []byte) {
	if head.profile != 0 {
		n.hear(head.cluster, head.to, head.from, payload)
		return
	}
	if len(payload) == 0 {
		e.violation("a request of the network layer without a number")
		return
	}
	answer := n.zdo(head.cluster, &fields{b: payload[1:]})
	if head.cluster < 2 { // which address has it
		answer = join([]byte{success}, le64(n.ieee), le16(n.short))
	}
	if answer != nil {
		e.message(n.short, 0, 0, head.cluster|0x8000, join(payload[:1], answer))
	}
}

func (e *ezsp) broadcast(f *fields, answer func(...[]byte)) {
	if e.wide() {
		f.u16()
	}
	to := f.u16()
	if e.wide() {
		f.u8()
	}
	head := readAPS(f)
	f.u8() // radius
	e.tag(f)
	payload := append([]byte(nil), f.bytes(int(f.u8()))...)
	if f.short || to < 0xFFF8 || e.state != coordinator {
		e.violation("a broadcast to %#04x that cannot be sent", to)
		answer(e.status(ezBad), []byte{0})
		return
	}
	answer(e.status(ezOK), []byte{1})
	if head.profile == 0 && head.cluster == 0x36 && len(payload) > 1 {
		e.permitAll(payload[1])
	}
	if head.profile == 0 && head.cluster == 0x38 && len(payload) > 1 {
		u := &fields{b: payload[1:]}
		channels, duration, number := u.u32(), u.u8(), u.u8()
		if duration != 0xFE || number != e.updates+1 && !u.short { // some hosts leave the number out
			e.violation("a network update of duration %#02x, number %d after %d", duration, number, e.updates)
		} else {
			e.updates++
			e.move(channels)
		}
	}
	for _, n := range e.nodes {
		asked := head.cluster == 0 && len(payload) > 8 && binary.LittleEndian.Uint64(payload[1:]) == n.ieee
		if head.profile != 0 {
			asked = head.to == 1 || head.to == 0xFF // others are not meant
		}
		if asked && n.near() && !n.make.sleepy {
			e.arrive(n, head, payload)
		}
	}
}

// message hands the host a message of a device.
func (e *ezsp) message(from uint16, profile uint16, endpoint byte, cluster uint16, payload []byte) {
	const unicast = 0
	e.incoming(unicast, 0, from, profile, endpoint, cluster, payload)
}

func (e *ezsp) groupcast(n *Node, group, cluster uint16, frame []byte) {
	const multicast = 2
	if e.groups[group] {
		e.incoming(multicast, group, n.short, 0x0104, 1, cluster, frame)
	}
}

func (e *ezsp) incoming(kind byte, group, from, profile uint16, endpoint byte, cluster uint16, payload []byte) {
	if e.state != coordinator {
		return
	}
	head := join(le16(profile), le16(cluster), []byte{endpoint, endpoint}, le16(0x0140), le16(group), []byte{0})
	const quality, strength, unknown = 180, 0xC8, 0xFF
	who := join([]byte{quality, strength}, le16(from), []byte{unknown, unknown})
	if e.wide() {
		who = join(le16(from), le64(0), []byte{unknown, unknown, quality, strength}, le32(0))
	}
	e.callback(0x0045, []byte{kind}, head, who, []byte{byte(len(payload))}, payload)
}

func (e *ezsp) joined(n *Node) {
	const unsecuredJoin, preconfigured = 1, 0
	e.callback(0x0024, le16(n.short), le64(n.ieee), []byte{unsecuredJoin, preconfigured}, le16(0))
}

func (e *ezsp) announced(n *Node, capability byte) {
	e.message(n.short, 0, 0, 0x0013, join([]byte{n.seq}, le16(n.short), le64(n.ieee), []byte{capability}))
}

func (e *ezsp) left(n *Node) {
	const deviceLeft, noAction = 2, 3
	e.callback(0x0024, le16(n.short), le64(n.ieee), []byte{deviceLeft, noAction}, le16(0))
}

func (e *ezsp) heard(n *Node, cluster uint16, frame []byte) {
	e.message(n.short, 0x0104, 1, cluster, frame)
}
