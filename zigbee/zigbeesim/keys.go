package zigbeesim

import "crypto/sha256"

// keyring is what a stick of Silicon Labs keeps of keys, over restarts.
type keyring struct {
	root     [16]byte // that it makes the link keys of devices of
	number   byte     // of the network's key
	channels uint32
	table    [24]linkKey
	restored uint64 // the address that it was given; 0: none
	next     security
}

// security is what the next network is formed with.
type security struct {
	key, root [16]byte
	number    byte
	keep      bool // the count of frames
	sent      uint32
}

type linkKey struct {
	device uint64 // 0: free
	key    [16]byte
}

// Statuses of tables.
var (
	ezFree  = [2]uint32{0xB1, 0x1D} // no such entry
	ezRange = [2]uint32{0xB1, 0x27}
)

const (
	tokenAddress = 0x1E12A // the address that was given, in NVM3
	keySlots     = 0x1E    // how many keys there is room for
	frameCounter = 0x23
	apsCounter   = 0x24
)

// secrets sees to what concerns keys, and what a backup is made of beside.
func (e *ezsp) secrets(command uint16, f *fields, answer func(...[]byte)) bool {
	switch command {
	case 0x0052: // getConfigurationValue
		if id := f.u8(); id != keySlots {
			answer(e.status(ezRange), le16(0))
			break
		}
		answer(e.status(ezOK), le16(uint16(len(e.ring.table))))
	case 0x0068: // setInitialSecurityState
		const keepCount = 0x1000
		bits := f.u16()
		n := &e.ring.next
		copy(n.root[:], f.bytes(16))
		copy(n.key[:], f.bytes(16))
		n.number, n.keep = f.u8(), bits&keepCount != 0
		f.bytes(8)
		e.secured = true
		answer(e.status(ezOK))
	case 0x00AB: // setValue
		id := f.u8()
		value := &fields{b: f.bytes(int(f.u8()))}
		if id == frameCounter || id == apsCounter {
			if n := value.u32(); id == frameCounter {
				e.ring.next.sent = n
			}
			if e.state == coordinator {
				answer(e.status(ezBad))
				break
			}
		}
		answer(e.status(ezOK))
	case 0x0076: // eraseKeyTableEntry
		i := int(f.u8())
		if i >= len(e.ring.table) {
			answer(e.status(ezRange))
			break
		}
		e.ring.table[i] = linkKey{}
		answer(e.status(ezOK))
	case 0x00B1: // clearKeyTable
		e.ring.table = [24]linkKey{}
		answer(e.status(ezOK))
	case 0x0102, 0x0103: // getTokenData, setTokenData
		e.token(command, f, answer)
	case 0x010E: // importLinkKey
		i := int(f.u8())
		k := linkKey{device: f.u64()}
		copy(k.key[:], f.bytes(16))
		if i >= len(e.ring.table) {
			answer(le32(ezRange[1]))
			break
		}
		e.ring.table[i] = k
		answer(le32(0))
	case 0x010F: // exportLinkKeyByIndex
		i := int(f.u8())
		k, s := linkKey{}, ezFree[1]
		if i < len(e.ring.table) && e.ring.table[i].device != 0 {
			k, s = e.ring.table[i], 0
		}
		about := join(le16(0), le32(0), le32(0), le16(0))
		if e.wide() {
			answer(le32(s), []byte{5, byte(i)}, le16(0), le64(k.device), []byte{0, 0}, le32(0), k.key[:], about)
		} else {
			answer(le64(k.device), k.key[:], about, le32(s))
		}
	case 0x0114: // exportKey
		e.export(f, answer)
	case 0x0116: // getNetworkKeyInfo
		if e.state != coordinator {
			answer(le32(ezNone[1]), make([]byte, 8))
			break
		}
		answer(le32(0), []byte{1, 0, e.ring.number, 0}, le32(e.sent))
	default:
		return false
	}
	return true
}

// export gives away a key that there is one of: 1 the network's, 2 the root.
func (e *ezsp) export(f *fields, answer func(...[]byte)) {
	which := f.u8()
	f.bytes(17)
	key, s := e.key, uint32(0)
	switch which {
	case 1:
	case 2:
		key = e.ring.root
	default:
		key, s = [16]byte{}, ezRange[1]
	}
	if e.wide() {
		answer(le32(s), key[:], make([]byte, 18))
	} else {
		answer(key[:], le32(s))
	}
}

// token is the only one that a host has to do with: the address.
func (e *ezsp) token(command uint16, f *fields, answer func(...[]byte)) {
	id, index := f.u32(), f.u32()
	var value []byte
	if command == 0x0103 {
		value = f.bytes(int(f.u32()))
	}
	switch {
	case id != tokenAddress || index != 0 || e.opt.FixedAddress:
		answer(e.status(ezRange), le32(0))
	case command == 0x0102:
		v := e.ring.restored
		if v == 0 {
			v = ^uint64(0)
		}
		answer(e.status(ezOK), le32(8), le64(v))
	case len(value) != 8:
		answer(e.status(ezRange))
	default:
		e.ring.restored = (&fields{b: value}).u64()
		answer(e.status(ezOK))
	}
}

// form takes over what was set for the network that is formed now.
func (e *ezsp) form(update byte, channels uint32) {
	n := e.ring.next
	e.key, e.ring.root, e.ring.number = n.key, n.root, n.number
	e.updates, e.ring.channels = update, channels
	if e.sent = 0; n.keep {
		e.sent = n.sent
	}
}

// derived is the link key that the stick makes for a device. Which function real
// firmware uses is not told to hosts; here it is one that takes root and address.
func (e *ezsp) derived(ieee uint64) [16]byte {
	sum := sha256.Sum256(join(e.ring.root[:], le64(ieee)))
	return [16]byte(sum[:16])
}

func (e *ezsp) known(n *Node) { n.link = e.derived(n.ieee) }

func (e *ezsp) forgotten(n *Node) {
	for i := range e.ring.table {
		if e.ring.table[i].device == n.ieee {
			e.ring.table[i] = linkKey{}
		}
	}
}

func (e *ezsp) linkKey(ieee uint64) (key [16]byte, ok bool) {
	for _, k := range e.ring.table {
		if k.device == ieee {
			return k.key, true
		}
	}
	return e.derived(ieee), true
}
