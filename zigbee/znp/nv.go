package znp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/octets"
)

// Tables that Z-Stack 3.x.0 keeps an entry at a time ("extended" NV).
const (
	tableAddresses = 1 // who is whom
	tableLinks     = 4 // link keys that are made of the seed
	tableKeys      = 6 // link keys that are not
	tableCounters  = 7 // of frames, by network
)

// Items of NV that a backup is made of, beside those of forming.
const (
	nvExtAddress = 0x0001
	nvLinked     = 0x004C // whose key stands where in tableKeys
	nvOtherKey   = 0x003B
	nvAligned    = 0x0082 // NWKKEY: its length tells how structures are padded
	nvSeed       = 0x0101
)

// zstack is the part of the memory that the tables are in.
const zstack = 1

// maxEntries is how many entries of a table are looked at; real ones end before.
const maxEntries = 512

// memory reads and writes structures as the chip pads them: fields of two and
// four bytes begin at even offsets, and so do structures, on CC26x2 and newer.
type memory struct{ even bool }

// Sizes of the chip's NWKKEY.
const (
	packedKey = 21
	evenKey   = 24
)

// probe finds out how the chip pads.
func (s *Stick) probe(ctx context.Context) (memory, error) {
	key, err := s.item(ctx, nvAligned)
	switch {
	case err != nil:
		return memory{}, err
	case len(key) == packedKey:
		return memory{}, nil
	case len(key) == evenKey:
		return memory{even: true}, nil
	default:
		return memory{}, fmt.Errorf("znp: the stick's memory is padded in a way that is not known here (its network key takes %d bytes)", len(key))
	}
}

// pad is how many bytes stand between a byte and a wider field, and at the end of
// a structure of odd length.
func (m memory) pad() int {
	if m.even {
		return 1
	}
	return 0
}

// address is an entry of tableAddresses: what it is used for, short, IEEE.
type address struct {
	use    byte
	short  zigbee.Short
	device zigbee.IEEE
}

// What an address is used for.
const (
	useChild = 0x01
	useKey   = 0x02
)

func (m memory) address(b []byte) (address, bool) {
	r := octets.Reader{B: b}
	a := address{use: r.U8()}
	r.Take(m.pad())
	a.short, a.device = zigbee.Short(r.U16()), zigbee.IEEE(r.U64())
	return a, !r.Short && a.use != 0 && a.use != 0xFF && a.device != 0 && a.device != ^zigbee.IEEE(0)
}

func (m memory) appendAddress(a address) []byte {
	b := []byte{a.use}
	if m.even {
		b = append(b, 0xFF)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(a.short))
	return binary.LittleEndian.AppendUint64(b, uint64(a.device))
}

// seeded is an entry of tableLinks.
type seeded struct {
	sent, received uint32
	device         zigbee.IEEE
	shift          byte // of the seed
}

func (m memory) seeded(b []byte) (seeded, bool) {
	r := octets.Reader{B: b}
	e := seeded{sent: r.U32(), received: r.U32(), device: zigbee.IEEE(r.U64())}
	r.Take(2) // attributes, kind
	e.shift = r.U8()
	return e, !r.Short && e.device != 0 && e.device != ^zigbee.IEEE(0) && e.shift < 16
}

func (m memory) appendSeeded(e seeded) []byte {
	b := binary.LittleEndian.AppendUint32(nil, e.sent)
	b = binary.LittleEndian.AppendUint32(b, e.received)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.device))
	const verified, unique = 2, 0
	b = append(b, verified, unique, e.shift)
	return append(b, make([]byte, m.pad())...)
}

// key is the link key of a device that is made of the seed: turned left by so many
// bytes, exclusive-or its address, twice.
func (e seeded) key(seed zigbee.Key) zigbee.Key {
	mask := binary.LittleEndian.AppendUint64(nil, uint64(e.device))
	var k zigbee.Key
	for i := range k {
		k[i] = seed[(i+int(e.shift))%len(seed)] ^ mask[i%len(mask)]
	}
	return k
}

// shiftOf finds out of what turn of the seed a key is made; false: of none.
func shiftOf(seed *zigbee.Key, d zigbee.Kept) (byte, bool) {
	if seed == nil {
		return 0, false
	}
	for shift := range byte(16) {
		if (seeded{device: d.IEEE, shift: shift}).key(*seed) == d.Link.Key {
			return shift, true
		}
	}
	return 0, false
}

func appendKey(l zigbee.Link) []byte {
	b := append([]byte(nil), l.Key[:]...)
	b = binary.LittleEndian.AppendUint32(b, l.Sent)
	return binary.LittleEndian.AppendUint32(b, l.Received)
}

func readKey(b []byte) (zigbee.Link, bool) {
	r := octets.Reader{B: b}
	var l zigbee.Link
	copy(l.Key[:], r.Take(len(l.Key)))
	l.Sent, l.Received = r.U32(), r.U32()
	return l, !r.Short && l.Key != zigbee.Key{}
}

// linked is an entry of nvLinked: the device's place in tableAddresses, and its
// key's in tableKeys.
type linked struct{ address, key uint16 }

const noPlace = 0xFFFE

// size of an entry of nvLinked.
func (m memory) linkedSize() int { return 2 + 2 + 1 + m.pad() }

// linked reads nvLinked: how many are used, then all of them. Those that are not
// used are told by their place.
func (m memory) linked(b []byte) []linked {
	r := octets.Reader{B: b}
	r.U16()
	var all []linked
	for len(r.B) >= m.linkedSize() {
		e := octets.Reader{B: r.Take(m.linkedSize())}
		l := linked{e.U16(), e.U16()}
		if how := e.U8(); l.address < noPlace && (l.address != 0 || how != 0) {
			all = append(all, l)
		}
	}
	return all
}

// appendLinked writes nvLinked with room for as many as before.
func (m memory) appendLinked(all []linked, room int) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(len(all)))
	for i := range room {
		e := linked{noPlace, 0}
		how := byte(0)
		if i < len(all) {
			e, how = all[i], 1 // authenticated
		}
		b = binary.LittleEndian.AppendUint16(b, e.address)
		b = binary.LittleEndian.AppendUint16(b, e.key)
		b = append(b, how)
		b = append(b, make([]byte, m.pad())...)
	}
	return b
}

// counter is an entry of tableCounters.
type counter struct {
	sent    uint32
	network uint64 // its long number; all ones: any
}

const anyNetwork = ^uint64(0)

func readCounter(b []byte) (counter, bool) {
	r := octets.Reader{B: b}
	c := counter{r.U32(), r.U64()}
	return c, !r.Short && c.network != 0
}

func appendCounter(c counter) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, c.sent), c.network)
}

// table reads all entries of a table, empty ones too: their number is its room.
func (s *Stick) table(ctx context.Context, id byte) ([][]byte, error) {
	var all [][]byte
	for i := range maxEntries {
		at := []byte{zstack, id, 0, byte(i), byte(i >> 8)}
		b, err := s.ask(ctx, sysEntryLength, at...)
		if err != nil {
			return nil, err
		}
		n := byte(0)
		if len(b) > 0 {
			n = b[0] // of four bytes; no entry is longer than 255
		}
		if n == 0 {
			break
		}
		b, err = s.ask(ctx, sysEntryRead, append(at, 0, 0, n)...)
		if err != nil {
			return nil, err
		}
		r := octets.Reader{B: b}
		if status := r.U8(); status != 0 {
			return nil, &StatusError{sysEntryRead, status}
		}
		all = append(all, r.Take(int(r.U8())))
	}
	return all, nil
}

// writeTable writes a table's entries, and what is behind them with empty ones.
func (s *Stick) writeTable(ctx context.Context, id byte, entries [][]byte, room int, empty []byte) error {
	for i := range room {
		e := empty
		if i < len(entries) {
			e = entries[i]
		}
		d := append([]byte{zstack, id, 0, byte(i), byte(i >> 8), 0, 0, byte(len(e))}, e...)
		if err := s.tell(ctx, sysEntryWrite, d); err != nil {
			return fmt.Errorf("entry %d of table %d: %w", i, id, err)
		}
	}
	return nil
}

// Backup implements zigbee.Adapter.
func (s *Stick) Backup(ctx context.Context) (zigbee.Backup, error) {
	n, there, err := s.held(ctx)
	switch {
	case err != nil:
		return zigbee.Backup{}, err
	case !there:
		return zigbee.Backup{}, errors.New("znp: the stick holds no network")
	}
	b := zigbee.Backup{Network: n}
	m, err := s.probe(ctx)
	if err != nil {
		return b, err
	}
	address, err := s.item(ctx, nvExtAddress)
	if err != nil {
		return b, err
	}
	r := octets.Reader{B: address}
	b.IEEE = zigbee.IEEE(r.U64())
	nib, err := s.item(ctx, nvNIB)
	if err != nil {
		return b, err
	}
	l := layouts[len(nib)] // held has seen that there is one
	b.Channels, b.Level, b.UpdateID = binary.LittleEndian.Uint32(nib[l.channels:]), nib[l.level], nib[l.update]
	active, err := s.item(ctx, nvActiveKey)
	if err != nil {
		return b, err
	}
	b.KeyNumber = active[0]
	if b.Counter, err = s.sent(ctx, n.ExtendedPAN); err != nil {
		return b, err
	}
	seed, err := s.item(ctx, nvSeed)
	if err != nil {
		return b, err
	}
	if len(seed) == len(zigbee.Key{}) {
		b.Seed = (*zigbee.Key)(seed)
	}
	b.Devices, err = s.kept(ctx, m, b.Seed)
	return b, err
}

// sent is the number of the last frame that was sent in a network, as far as it
// was written down.
func (s *Stick) sent(ctx context.Context, network uint64) (uint32, error) {
	entries, err := s.table(ctx, tableCounters)
	if err != nil {
		return 0, err
	}
	var sent uint32
	for _, e := range entries {
		c, ok := readCounter(e)
		switch {
		case !ok:
		case c.network == network:
			return c.sent, nil
		case c.network == anyNetwork:
			sent = c.sent
		}
	}
	return sent, nil
}

// kept are the devices that the stick knows.
func (s *Stick) kept(ctx context.Context, m memory, seed *zigbee.Key) ([]zigbee.Kept, error) {
	addresses, err := s.table(ctx, tableAddresses)
	if err != nil {
		return nil, err
	}
	places, err := s.item(ctx, nvLinked)
	if err != nil {
		return nil, err
	}
	keys, err := s.table(ctx, tableKeys)
	if err != nil {
		return nil, err
	}
	links, err := s.table(ctx, tableLinks)
	if err != nil {
		return nil, err
	}
	var all []zigbee.Kept
	for i, entry := range addresses {
		a, ok := m.address(entry)
		if !ok || a.use&(useChild|useKey) == 0 {
			continue
		}
		d := zigbee.Kept{IEEE: a.device, Short: a.short, Child: a.use&useChild != 0}
		if d.Short >= zigbee.NoShort {
			d.Short = zigbee.NoShort
		}
		for _, p := range m.linked(places) {
			if int(p.address) == i && int(p.key) < len(keys) {
				if l, ok := readKey(keys[p.key]); ok {
					d.Link = &l
				}
			}
		}
		for _, entry := range links {
			if e, ok := m.seeded(entry); ok && d.Link == nil && seed != nil && e.device == a.device {
				d.Link = &zigbee.Link{Key: e.key(*seed), Sent: e.sent, Received: e.received}
			}
		}
		all = append(all, d)
	}
	return all, nil
}

// settleTime is how long the chip may take to write down what was told it, before
// it is restarted (zigbee-herdsman waits as long).
const settleTime = time.Second

// Restore implements zigbee.Adapter. Structures that nobody outside knows are
// made by the chip itself when it forms a network that lives for a moment; the
// network of the backup is then written over it, and the chip restarted.
func (s *Stick) Restore(ctx context.Context, b zigbee.Backup) error {
	if err := s.commission(ctx, zigbee.Passing()); err != nil {
		return err
	}
	m, err := s.probe(ctx)
	if err != nil {
		return err
	}
	if err := s.overwrite(ctx, m, b); err != nil {
		return err
	}
	pause := time.NewTimer(settleTime)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := s.reset(ctx); err != nil {
		return err
	}
	got, err := s.Backup(ctx)
	if err != nil {
		return fmt.Errorf("reading back what was restored: %w", err)
	}
	if err := got.Holds(b); err != nil {
		return fmt.Errorf("znp: the stick did not take the backup: %w", err)
	}
	return s.store(ctx, nvConfigured, configured)
}

// overwrite puts a network and its devices in the place of the one that the stick
// holds.
func (s *Stick) overwrite(ctx context.Context, m memory, b zigbee.Backup) error {
	nib, err := s.item(ctx, nvNIB)
	if err != nil {
		return err
	}
	l, ok := layouts[len(nib)]
	if !ok {
		return fmt.Errorf("znp: the stick keeps its network in a form that is not known here (%d bytes)", len(nib))
	}
	nib = bytes.Clone(nib)
	nib[l.channel], nib[l.level], nib[l.update] = b.Network.Channel, b.Level, b.UpdateID
	binary.LittleEndian.PutUint16(nib[l.pan:], b.Network.PAN)
	binary.LittleEndian.PutUint64(nib[l.extPAN:], b.Network.ExtendedPAN)
	binary.LittleEndian.PutUint32(nib[l.channels:], 1<<b.Network.Channel)
	if err := s.introduce(ctx, m, b); err != nil {
		return err
	}
	key := append([]byte{b.KeyNumber}, b.Network.Key[:]...)
	items := []item{
		{nvExtAddress, binary.LittleEndian.AppendUint64(nil, uint64(b.IEEE))},
		{nvNIB, nib},
		{nvActiveKey, key},
		{nvOtherKey, key},
	}
	if b.Seed != nil {
		items = append(items, item{nvSeed, b.Seed[:]})
	}
	for _, w := range append(items, parameters(b.Network)...) {
		if err := s.store(ctx, w.id, w.value...); err != nil {
			return err
		}
	}
	return nil
}

// introduce writes the devices of a backup, with their keys, and from where the
// stick counts its frames on.
func (s *Stick) introduce(ctx context.Context, m memory, b zigbee.Backup) error {
	room := map[byte]int{}
	for _, id := range []byte{tableAddresses, tableLinks, tableKeys, tableCounters} {
		entries, err := s.table(ctx, id)
		if err != nil {
			return err
		}
		room[id] = len(entries)
	}
	places, err := s.item(ctx, nvLinked)
	if err != nil {
		return err
	}
	placesRoom := max(len(places)-2, 0) / m.linkedSize()
	var addresses, links, keys [][]byte
	var who []linked
	for _, d := range keyedFirst(b.Devices) {
		if len(addresses) == room[tableAddresses] {
			s.log.Warn("the Zigbee stick has no room for every device of the backup; those without a link key do without", "room", len(addresses), "devices", len(b.Devices))
			break
		}
		a := address{use: useChild, short: d.Short, device: d.IEEE}
		if !d.Child {
			a.use = 0
		}
		if d.Link != nil {
			a.use |= useKey
			if shift, ok := shiftOf(b.Seed, d); ok && len(links) < room[tableLinks] {
				links = append(links, m.appendSeeded(seeded{d.Link.Sent, d.Link.Received, d.IEEE, shift}))
			} else if len(keys) < room[tableKeys] && len(who) < placesRoom {
				who = append(who, linked{uint16(len(addresses)), uint16(len(keys))})
				keys = append(keys, appendKey(*d.Link))
			} else {
				return fmt.Errorf("znp: the stick has no room for the link keys of %d devices: bring a larger one", len(b.Devices))
			}
		}
		if a.use != 0 {
			addresses = append(addresses, m.appendAddress(a))
		}
	}
	counters := make([][]byte, room[tableCounters])
	for i := range counters {
		counters[i] = appendCounter(counter{})
	}
	if len(counters) < 2 {
		return errors.New("znp: the stick has no place for the count of its frames")
	}
	counters[0] = appendCounter(counter{b.Counter, b.Network.ExtendedPAN})
	counters[len(counters)-1] = appendCounter(counter{b.Counter, anyNetwork})
	nobody := m.appendAddress(address{0, 0xFFFF, ^zigbee.IEEE(0)})
	for _, t := range []struct {
		id      byte
		entries [][]byte
		empty   []byte
	}{
		{tableAddresses, addresses, nobody},
		{tableLinks, links, make([]byte, len(m.appendSeeded(seeded{})))},
		{tableKeys, keys, appendKey(zigbee.Link{})},
		{tableCounters, counters, nil},
	} {
		if err := s.writeTable(ctx, t.id, t.entries, room[t.id], t.empty); err != nil {
			return err
		}
	}
	if placesRoom == 0 {
		return nil
	}
	return s.store(ctx, nvLinked, m.appendLinked(who, placesRoom)...)
}

// keyedFirst are the devices, those with a link key before the others: they have
// to be there.
func keyedFirst(devices []zigbee.Kept) []zigbee.Kept {
	var with, without []zigbee.Kept
	for _, d := range devices {
		if d.Link != nil {
			with = append(with, d)
		} else {
			without = append(without, d)
		}
	}
	return append(with, without...)
}
