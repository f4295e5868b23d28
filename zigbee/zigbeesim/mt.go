package zigbeesim

import (
	"crypto/aes"
	"maps"
	"slices"
	"time"
)

// coordinator is the state of a stick that has started as one.
const coordinator = 9

// sysResetInd is the stick's first word after a restart.
const sysResetInd = 0x4180

// Items of NV that the stick itself knows.
const (
	nvExtAddress = 0x0001
	nvStartup    = 0x0003
	nvNIB        = 0x0021
	nvExtPAN     = 0x002D
	nvActiveKey  = 0x003A
	nvAltKey     = 0x003B
	nvKey        = 0x0062
	nvEmptyKey   = 0x0082 // NWKKEY: number, key, frame counter
	nvPAN        = 0x0083
	nvLogical    = 0x0087
	nvConfigured = 0x0060
	nvSeed       = 0x0101
)

const (
	success    = 0x00
	failure    = 0x01
	badParam   = 0x02
	notThere   = 0x0A
	initNew    = 0x09
	duplicate  = 0xB8
	bufferFull = 0x11
)

// mt is a stick of Texas Instruments.
type mt struct {
	*Stick
	scanner scanner
	strict  bool // only those with a code join
}

func (m *mt) begin() { m.scanner = scanner{} }

func (m *mt) feed(b []byte) {
	for _, t := range m.scanner.feed(b) {
		switch {
		case t.wrong != "":
			m.violation("%s", t.wrong)
		case t.command == 0x2F06 && len(t.data) == 1: // APP_CNF_BDB_SET_JOINUSESINSTALLCODEKEY
			m.strict = t.data[0] != 0
			m.answer(t.command, success)
		default:
			m.request(t)
		}
	}
}

func (m *mt) boot() {
	if opt := m.nv[nvStartup]; len(opt) > 0 && opt[0] != 0 {
		if opt[0]&0x02 != 0 {
			m.erase()
			if m.opt.NewAddress != 0 {
				m.address = m.opt.NewAddress
			}
		}
		m.nv[nvStartup] = []byte{0} // it clears itself
	}
	m.strict = false
	if b := m.nv[nvExtAddress]; len(b) == 8 {
		m.address = (&fields{b: b}).u64()
	}
}

func (m *mt) restarted() { m.word(sysResetInd, m.resetWord(2)) }

// erase leaves nothing but an empty key, whose size tells hosts how structures
// are padded.
func (m *mt) erase() {
	size := 24
	if m.opt.Packed {
		size = 21
	}
	m.nv = map[uint16][]byte{nvEmptyKey: make([]byte, size)}
	clear(m.groups)
	m.furnish()
}

func (m *mt) admits() bool { return !m.strict }

func (m *mt) network() (pan uint16, extended uint64, channel byte, key [16]byte) {
	pan, extended, channel = m.held()
	if k := m.nv[nvActiveKey]; len(k) >= 17 {
		copy(key[:], k[1:])
	}
	return pan, extended, channel, key
}

func (m *mt) moved(channel byte) {
	pan, extended, _ := m.held()
	m.nv[nvNIB] = m.nib(pan, extended, channel)
}

func (m *mt) joined(n *Node) { m.word(0x45CA, join(le16(n.short), le64(n.ieee), le16(0))) }

func (m *mt) announced(n *Node, capability byte) {
	m.word(0x45C1, join(le16(n.short), le16(n.short), le64(n.ieee), []byte{capability}))
}

func (m *mt) left(n *Node) { m.word(0x45C9, join(le16(n.short), le64(n.ieee), []byte{0, 0, 0})) }

func (m *mt) heard(n *Node, cluster uint16, frame []byte) { m.message(n, 0, 0, cluster, frame) }

func (m *mt) groupcast(n *Node, group, cluster uint16, frame []byte) {
	if m.groups[group] {
		const broadcast = 1 // as every message to a group is
		m.message(n, broadcast, group, cluster, frame)
	}
}

func (m *mt) message(n *Node, broadcast byte, group, cluster uint16, frame []byte) {
	m.word(0x4481, join(
		le16(group), le16(cluster), le16(n.short), []byte{1, 1, broadcast, 180, 0}, le32(0), []byte{n.seq, byte(len(frame))}, frame,
		le16(n.short), []byte{30}, // three bytes that no document names
	))
}

func (s *Stick) resetWord(reason byte) []byte { return []byte{reason, 2, s.opt.Product, 2, 7, 1} }

// request carries out what the host asks for.
func (s *Stick) request(t token) {
	if _, ok := s.takes(LoseRequest, t.command); ok {
		return
	}
	if _, ok := s.takes(Unknown, t.command); ok {
		s.unknown(t.command)
		return
	}
	f := &fields{b: t.data}
	switch t.command {
	case 0x4100: // SYS_RESET_REQ
		s.restart()
		s.word(sysResetInd, s.resetWord(0))
	case 0x2101: // SYS_PING
		s.answer(t.command, 0x79, 0x06)
	case 0x2102: // SYS_VERSION
		s.answer(t.command, join([]byte{2, s.opt.Product, 2, 7, 1}, le32(20240710))...)
	case 0x2104: // SYS_GET_EXTADDR
		s.answer(t.command, le64(s.address)...)
	case 0x2107, 0x2108, 0x2109, 0x2112, 0x2113, 0x211C, 0x211D:
		s.memory(t.command, f)
	case 0x2132, 0x2133, 0x2134:
		s.entry(t.command, f)
	case 0x2400:
		s.register(f)
	case 0x2401: // AF_DATA_REQUEST
		to, endpoint, from := f.u16(), f.u8(), f.u8()
		cluster, id := f.u16(), f.u8()
		f.bytes(2)
		s.send(t.command, f, to, endpoint, from, cluster, id, f.bytes(int(f.u8())))
	case 0x2402: // AF_DATA_REQUEST_EXT, to groups and broadcasts as well
		f.u8()
		to := uint16(f.u64())
		endpoint := f.u8()
		f.u16()
		from := f.u8()
		cluster, id := f.u16(), f.u8()
		f.bytes(2)
		s.send(t.command, f, to, endpoint, from, cluster, id, f.bytes(int(f.u16())))
	case 0x2540: // ZDO_STARTUP_FROM_APP
		s.start(t.command)
	case 0x2545: // ZDO_EXT_ROUTE_DISC
		s.answer(t.command, success)
	case 0x254A: // ZDO_EXT_FIND_GROUP: whether it is in it, its number, its name
		in := byte(failure)
		if endpoint, group := f.u8(), f.u16(); endpoint == 1 && s.groups[group] {
			in = success
		}
		s.answer(t.command, in, 0, 0, 0)
	case 0x254B: // ZDO_EXT_ADD_GROUP
		if endpoint, group := f.u8(), f.u16(); endpoint == 1 {
			s.groups[group] = true
		}
		s.answer(t.command, success)
	case 0x2550: // ZDO_EXT_NWK_INFO
		pan, ext, channel := s.held()
		s.answer(t.command, join(le16(0), []byte{s.state}, le16(pan), le16(0), le64(ext), le64(0), []byte{channel})...)
	case 0x2700: // UTIL_GET_DEVICE_INFO
		s.answer(t.command, join([]byte{success}, le64(s.address), le16(0), []byte{7, s.state, 0})...)
	case 0x270A: // UTIL_LED_CONTROL
		s.answer(t.command, success)
	case 0x2F04:
		s.expect(f)
	case 0x2F05:
		s.commission(f)
	case 0x2F08: // APP_CNF_BDB_SET_CHANNEL
		if primary, mask := f.u8(), f.u32(); primary == 1 {
			s.channels = mask
		}
		s.answer(t.command, success)
	default:
		if t.command >= 0x2500 && t.command < 0x2540 {
			s.zdo(t.command, f)
			break
		}
		s.violation("command %#04x is not known to the firmware", t.command)
		s.unknown(t.command)
	}
	if f.short {
		s.violation("command %#04x cut short: % x", t.command, t.data)
	}
}

// unknown is an RPC error: no such command, which one.
func (s *Stick) unknown(command uint16) {
	s.word(0x6000, []byte{2, byte(command >> 8), byte(command)})
}

// memory is OSAL's NV.
func (s *Stick) memory(command uint16, f *fields) {
	id := f.u16()
	item, there := s.nv[id]
	if id == nvExtAddress && !there {
		item, there = le64(s.address), true
	}
	switch command {
	case 0x2107: // INIT
		n := int(f.u16())
		value := f.bytes(int(f.u8()))
		if there {
			s.answer(command, success)
			return
		}
		item = make([]byte, n)
		copy(item, value)
		s.nv[id] = item
		s.answer(command, initNew)
	case 0x2108, 0x211C: // READ, READ_EXT
		var offset int
		if command == 0x2108 {
			offset = int(f.u8())
		} else {
			offset = int(f.u16())
		}
		if !there || offset > len(item) {
			s.answer(command, notThere, 0)
			return
		}
		part := item[offset:min(len(item), offset+246)]
		s.answer(command, join([]byte{success, byte(len(part))}, part)...)
	case 0x2109, 0x211D: // WRITE, WRITE_EXT
		var offset, n int
		if command == 0x2109 {
			offset, n = int(f.u8()), int(f.u8())
		} else {
			offset, n = int(f.u16()), int(f.u16())
		}
		value := f.bytes(n)
		if !there || offset+n > len(item) {
			s.answer(command, notThere)
			return
		}
		item = append([]byte(nil), item...)
		copy(item[offset:], value)
		s.nv[id] = item
		s.answer(command, success)
	case 0x2112: // DELETE
		if n := int(f.u16()); !there || n != len(item) {
			s.answer(command, notThere)
			return
		}
		delete(s.nv, id)
		s.answer(command, success)
	default: // LENGTH
		s.answer(command, le16(uint16(len(item)))...)
	}
}

// expect takes the code (1) or the key (2) of a device that is to join.
func (s *Stick) expect(f *fields) {
	const code, hashed = 1, 2
	format, device := f.u8(), f.u64()
	var key [16]byte
	switch {
	case format == hashed && len(f.b) == 16:
		copy(key[:], f.b)
	case format == code && len(f.b) == 18:
		key = hashCode(f.b)
	default:
		s.answer(0x2F04, badParam)
		return
	}
	s.keys[device] = key
	s.answer(0x2F04, success)
	s.change()
}

// hashCode is the link key of a code of 16 bytes and its check sum: AES-MMO of
// 144 bits.
func hashCode(b []byte) (key [16]byte) {
	tail := append(append([]byte(nil), b[16:]...), 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 144)
	for _, part := range [][]byte{b[:16], tail} {
		c, _ := aes.NewCipher(key[:]) // 16 bytes are a key
		c.Encrypt(key[:], part)
		for i, v := range part {
			key[i] ^= v
		}
	}
	return key
}

// commission forms a network (mode 0x04) from what stands in NV.
func (s *Stick) commission(f *fields) {
	const form = 0x04
	if f.u8() != form || s.state == coordinator {
		s.answer(0x2F05, failure)
		return
	}
	s.answer(0x2F05, success)
	channel := byte(11)
	for c := byte(11); c <= 26; c++ {
		if s.channels&(1<<c) != 0 {
			channel = c
			break
		}
	}
	pan, ext := uint16(0xFFFF), s.address
	if b := s.nv[nvPAN]; len(b) == 2 {
		pan = uint16(b[0]) | uint16(b[1])<<8
	}
	if b := s.nv[nvExtPAN]; len(b) == 8 {
		ext = (&fields{b: b}).u64()
	}
	if pan == 0xFFFF {
		pan = uint16(s.rand.IntN(0xFFFE))
	}
	key := s.nv[nvKey]
	if len(key) != 16 {
		key = make([]byte, 16)
		for i := range key {
			key[i] = byte(s.rand.IntN(256))
		}
	}
	s.hold(pan, ext, channel, key)
	s.running = ext
	s.after(50*time.Millisecond, func() {
		s.state = coordinator
		s.word(0x45C0, []byte{coordinator})
		s.word(0x4F80, []byte{0, 2, 0}) // BDB: done, formation
		s.change()
	})
}

// hold writes a network into NV.
func (s *Stick) hold(pan uint16, ext uint64, channel byte, key []byte) {
	for _, id := range []uint16{nvActiveKey, nvAltKey} {
		s.nv[id] = append([]byte{0}, key...)
	}
	s.nv[nvNIB] = s.nib(pan, ext, channel)
	s.sent = 0
}

// start brings up the network of before.
func (s *Stick) start(command uint16) {
	if len(s.nv[nvNIB]) == 0 {
		s.answer(command, 2) // leaving: there is none
		return
	}
	s.answer(command, 0)
	s.recount()
	s.after(100*time.Millisecond, func() {
		s.state = coordinator
		s.word(0x45C0, []byte{coordinator})
		s.change()
	})
}

// Where the parts of the network information base stand.
func (s *Stick) layout() (length, channel, pan, state, ext, loaded int) {
	if s.opt.Packed {
		return 110, 22, 33, 35, 53, 61
	}
	return 116, 24, 36, 38, 57, 65
}

func (s *Stick) nib(pan uint16, ext uint64, channel byte) []byte {
	length, atChannel, atPAN, atState, atExt, atLoaded := s.layout()
	b := make([]byte, length)
	const atLevel, encrypted = 12, 5 // network and link keys
	b[atLevel] = encrypted
	copy(b[atState+1+len(s.pad(0)):], le32(1<<channel))
	b[atChannel], b[atState], b[atLoaded] = channel, 9, 1
	copy(b[atPAN:], le16(pan))
	copy(b[atExt:], le64(ext))
	return b
}

func (s *Stick) held() (pan uint16, ext uint64, channel byte) {
	b := s.nv[nvNIB]
	if len(b) == 0 {
		return 0xFFFF, 0, 0
	}
	_, atChannel, atPAN, _, atExt, _ := s.layout()
	return (&fields{b: b[atPAN:]}).u16(), (&fields{b: b[atExt:]}).u64(), b[atChannel]
}

func (s *Stick) register(f *fields) {
	e := f.u8()
	f.bytes(6)
	f.bytes(2 * int(f.u8()))
	f.bytes(2 * int(f.u8()))
	if s.endpoints[e] {
		s.answer(0x2400, duplicate)
		return
	}
	s.endpoints[e] = true
	s.answer(0x2400, success)
}

// send takes a message to a device or to many.
func (s *Stick) send(command uint16, f *fields, to uint16, toEndpoint, from byte, cluster uint16, id byte, payload []byte) {
	switch {
	case f.short, !s.endpoints[from], s.state != coordinator:
		if !f.short {
			s.violation("a message to %#04x from endpoint %d, which is not registered", to, from)
		}
		s.answer(command, badParam)
		return
	}
	if _, ok := s.takes(Full, command); ok {
		s.answer(command, bufferFull)
		return
	}
	s.answer(command, success)
	confirm := func(status byte) {
		if _, ok := s.takes(LoseConfirm, 0); !ok {
			s.word(0x4480, []byte{status, from, id})
		}
	}
	if to >= 0xFFF8 {
		confirm(success)
		for _, n := range s.nodes {
			if n.near() && !n.make.sleepy && (toEndpoint == 1 || toEndpoint == 0xFF) { // others are not meant
				n.hear(cluster, toEndpoint, from, payload)
			}
		}
		return
	}
	n := s.nodes[to]
	s.deliver(n, confirm, func() { n.hear(cluster, toEndpoint, from, payload) })
}

// Statuses of a confirm.
const (
	noAck   = 0xE9
	expired = 0xF0
)

// sleepTime is how long a parent keeps a message for a sleeping child.
const sleepTime = 7 * time.Second

// deliver brings something to a node, now or when it comes for it.
func (s *Stick) deliver(n *Node, confirm func(byte), do func()) {
	switch {
	case n == nil || !n.make.sleepy && (!n.near() || !s.reaches(n)):
		s.after(20*time.Millisecond, func() { confirm(noAck) })
	case !n.make.sleepy || n.near() && s.reaches(n) && time.Now().Before(n.awake):
		s.transmit(n, confirm, do)
	default:
		p := &parcel{}
		p.open = func() { s.transmit(n, confirm, do) }
		n.parcels = append(n.parcels, p)
		held := 0
		for _, p := range n.parcels {
			held += int(flag(!p.gone))
		}
		n.most = max(n.most, held)
		s.after(sleepTime, func() {
			if !p.gone {
				p.gone = true
				confirm(expired)
			}
		})
	}
}

// transmit sends a frame, by its number. A device passes over one that is not above
// the last that it heard: somebody plays it again, or the stick has forgotten how
// far it had counted.
func (s *Stick) transmit(n *Node, confirm func(byte), do func()) {
	if s.sent++; s.sent <= n.last {
		s.after(20*time.Millisecond, func() { confirm(noAck) })
		return
	}
	n.last = s.sent
	confirm(success)
	do()
}

// parcel waits at a parent for a child to come for it.
type parcel struct {
	open func()
	gone bool
}

// zdo takes the requests of the network layer.
func (s *Stick) zdo(command uint16, f *fields) {
	cluster := command - 0x2500
	if command == 0x2537 { // MGMT_NWK_UPDATE, whose cluster is 0x0038
		s.update(command, f)
		return
	}
	if s.state != coordinator {
		s.violation("ZDO request %#04x before the network is up", command)
		s.answer(command, failure)
		return
	}
	switch cluster {
	case 0x00: // NWK_ADDR
		ieee := f.u64()
		s.answer(command, success)
		for _, n := range s.nodes {
			if n.ieee == ieee && n.near() {
				s.word(0x4580, join([]byte{success}, le64(ieee), le16(n.short), []byte{0, 0}))
			}
		}
		return
	case 0x01: // IEEE_ADDR
		short := f.u16()
		s.answer(command, success)
		if n := s.nodes[short]; n != nil && n.near() {
			s.word(0x4581, join([]byte{success}, le64(n.ieee), le16(short), []byte{0, 0}))
		} else if short == 0 {
			s.word(0x4581, join([]byte{success}, le64(s.address), le16(0), []byte{0, 0}))
		}
		return
	case 0x36: // MGMT_PERMIT_JOIN
		f.u8()
		to, seconds := f.u16(), f.u8()
		f.u8()
		s.answer(command, success)
		if to >= 0xFFF8 || to == 0 {
			s.until = time.Now().Add(time.Duration(seconds) * time.Second)
			s.word(0x45CB, []byte{seconds})
		}
		switch n := s.nodes[to]; {
		case to >= 0xFFF8:
			s.permitAll(seconds)
		case to == 0:
			s.word(0x45B6, join(le16(to), []byte{success}))
		default:
			s.deliver(n, func(byte) {}, func() {
				if answer := n.zdo(cluster, &fields{b: []byte{seconds, 1}}); answer != nil {
					s.word(command+0x2080, join(le16(n.short), answer))
				}
			})
		}
		s.change()
		return
	}
	to := f.u16()
	if to == 0 {
		s.own(command, cluster, f)
		return
	}
	rest := f.b
	s.answer(command, success)
	n := s.nodes[to]
	s.deliver(n, func(byte) {}, func() {
		if answer := n.zdo(cluster, &fields{b: rest}); answer != nil {
			s.word(command+0x2080, join(le16(n.short), answer))
		}
	})
}

// update measures a channel or goes to it.
func (s *Stick) update(command uint16, f *fields) {
	to := f.u16()
	f.u8()
	channels, duration := f.u32(), f.u8()
	f.bytes(1 + 2)
	s.answer(command, success)
	switch {
	case f.short:
	case duration == 0xFE && to >= 0xFFF8:
		s.move(channels)
	case duration <= 5 && to == 0:
		var energy []byte
		for c := byte(11); c <= 26; c++ {
			if channels&(1<<c) != 0 { // 10 dB above what it can hear up to 10 dBm
				energy = append(energy, byte(max(0, min(255, (s.level(c)+90)*255/100))))
			}
		}
		s.after(time.Duration(1<<duration+1)*15360*time.Microsecond, func() {
			s.word(0x45B8, join(le16(0), []byte{success}, le32(channels), le16(10), le16(0), []byte{byte(len(energy))}, energy))
		})
	default:
		s.violation("a network update of duration %#02x to %#04x", duration, to)
	}
}

// own answers requests about the stick itself.
func (s *Stick) own(command, cluster uint16, f *fields) {
	s.answer(command, success)
	if answer := s.self(cluster, f); answer != nil {
		s.word(command+0x2080, join(le16(0), answer))
	}
}

// self is what the stick says about itself; nil: nothing.
func (s *Stick) self(cluster uint16, f *fields) []byte {
	switch cluster {
	case 0x02: // NODE_DESC
		return join([]byte{success}, le16(0), []byte{0x00, 0x40, 0x8F, 0x00, 0x00, 0x50, 0xA0, 0x00, 0x41, 0x2A, 0xA0, 0x00, 0x00})
	case 0x04: // SIMPLE_DESC
		f.u16()
		return join([]byte{success}, le16(0), []byte{8, f.u8(), 0x04, 0x01, 0x05, 0x00, 0, 0, 0})
	case 0x05: // ACTIVE_EP
		l := slices.Sorted(maps.Keys(s.endpoints))
		return join([]byte{success}, le16(0), []byte{byte(len(l))}, l)
	default:
		return nil
	}
}
