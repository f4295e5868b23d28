package zigbeesim

import "encoding/binary"

// Tables of NV, an entry at a time.
const (
	tableAddresses = 1
	tableLinks     = 4
	tableKeys      = 6
	tableCounters  = 7
)

// Rooms of the tables; real chips have more.
var rooms = map[uint16]int{tableAddresses: 40, tableLinks: 20, tableKeys: 12, tableCounters: 12}

const nvLinked = 0x004C // whose key stands where in tableKeys

// pad is a byte that aligned structures have and packed ones have not.
func (s *Stick) pad(b byte) []byte {
	if s.opt.Packed {
		return nil
	}
	return []byte{b}
}

// furnish makes the tables, empty.
func (s *Stick) furnish() {
	empty := map[uint16][]byte{
		tableAddresses: join([]byte{0}, s.pad(0xFF), le16(0xFFFF), le64(^uint64(0))),
		tableLinks:     join(make([]byte, 19), s.pad(0)),
		tableKeys:      make([]byte, 24),
		tableCounters:  make([]byte, 12),
	}
	s.tables = map[uint16][][]byte{}
	for id, n := range rooms {
		for range n {
			s.tables[id] = append(s.tables[id], append([]byte(nil), empty[id]...))
		}
	}
	places := le16(0)
	for range rooms[tableKeys] {
		places = join(places, le16(0xFFFE), le16(0), []byte{0}, s.pad(0))
	}
	s.nv[nvLinked] = places
	seed := make([]byte, 16)
	for i := range seed {
		seed[i] = byte(s.rand.IntN(256))
	}
	s.nv[nvSeed] = seed
	s.sent = 0
}

// entry is the requests for a table.
func (s *Stick) entry(command uint16, f *fields) {
	part, id, sub := f.u8(), f.u16(), f.u16()
	if id == tableCounters {
		s.count()
	}
	var entry []byte
	if part == 1 && int(sub) < len(s.tables[id]) {
		entry = s.tables[id][sub]
	}
	switch command {
	case 0x2132: // LENGTH: four bytes
		s.answer(command, le32(uint32(len(entry)))...)
	case 0x2133: // READ
		at, n := int(f.u16()), int(f.u8())
		if entry == nil || at+n > len(entry) {
			s.answer(command, notThere, 0)
			return
		}
		s.answer(command, join([]byte{success, byte(n)}, entry[at:at+n])...)
	default: // WRITE
		at, n := int(f.u16()), int(f.u8())
		value := f.bytes(n)
		if entry == nil || at+n > len(entry) {
			s.answer(command, notThere)
			return
		}
		copy(entry[at:], value)
		s.answer(command, success)
	}
}

// count writes down how many frames were sent in the network that is up.
func (s *Stick) count() {
	for i, e := range s.tables[tableCounters] {
		if network := (&fields{b: e[4:]}).u64(); s.running != 0 && (network == s.running || network == 0) {
			s.tables[tableCounters][i] = join(le32(s.sent), le64(s.running))
			return
		}
	}
}

// recount reads how many frames were sent, when the network comes up.
func (s *Stick) recount() {
	_, ext, _ := s.held()
	s.sent, s.running = 0, ext
	for _, e := range s.tables[tableCounters] {
		f := &fields{b: e}
		n, network := f.u32(), f.u64()
		if network == ext || network == ^uint64(0) && s.sent == 0 {
			s.sent = n
		}
	}
}

// known writes down a device that has joined: its address, and out of which turn
// of the seed its link key is made.
func (m *mt) known(n *Node) {
	m.forgotten(n)
	shift := byte(m.rand.IntN(16))
	for i, e := range m.tables[tableAddresses] {
		if e[0] == 0 {
			const child, keyed = 1, 2
			m.tables[tableAddresses][i] = join([]byte{child | keyed}, m.pad(0xFF), le16(n.short), le64(n.ieee))
			break
		}
	}
	for i, e := range m.tables[tableLinks] {
		if (&fields{b: e[8:]}).u64() == 0 {
			m.tables[tableLinks][i] = join(le32(2), le32(1), le64(n.ieee), []byte{2, 0, shift}, m.pad(0))
			break
		}
	}
	seed := m.nv[nvSeed]
	for i := range n.link {
		n.link[i] = seed[(i+int(shift))%16] ^ le64(n.ieee)[i%8]
	}
}

// linkKey is the key that the stick has for a device; false: none.
func (m *mt) linkKey(ieee uint64) (key [16]byte, ok bool) {
	head := 1 + len(m.pad(0))
	for i, e := range m.tables[tableAddresses] {
		if e[0] == 0 || binary.LittleEndian.Uint64(e[head+2:]) != ieee {
			continue
		}
		size := 5 + len(m.pad(0))
		for at := 2; at+size <= len(m.nv[nvLinked]); at += size {
			f := &fields{b: m.nv[nvLinked][at:]}
			if who, where, how := f.u16(), f.u16(), f.u8(); int(who) == i && how != 0 && int(where) < len(m.tables[tableKeys]) {
				copy(key[:], m.tables[tableKeys][where])
				return key, true
			}
		}
	}
	for _, e := range m.tables[tableLinks] {
		if binary.LittleEndian.Uint64(e[8:]) == ieee {
			seed, shift := m.nv[nvSeed], e[18]
			for i := range key {
				key[i] = seed[(i+int(shift))%16] ^ le64(ieee)[i%8]
			}
			return key, true
		}
	}
	return key, false
}

// forgotten takes a device out of the tables.
func (m *mt) forgotten(n *Node) {
	for i, e := range m.tables[tableAddresses] {
		if e[0] != 0 && binary.LittleEndian.Uint64(e[len(e)-8:]) == n.ieee {
			m.tables[tableAddresses][i] = join([]byte{0}, m.pad(0xFF), le16(0xFFFF), le64(^uint64(0)))
		}
	}
	for i, e := range m.tables[tableLinks] {
		if binary.LittleEndian.Uint64(e[8:]) == n.ieee {
			m.tables[tableLinks][i] = make([]byte, len(e))
		}
	}
}

// Forget has the stick lose what it knows of a device, as Z-Stack does now and then.
func (s *Stick) Forget(d Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.face.forgotten(d.base())
}
