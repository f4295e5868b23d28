package storage

import (
	"encoding/binary"
	"slices"
	"sync"
)

// Filters that match little must not read the whole journal. Numbers are cut
// into blocks of blockSize; for each block the index knows the span of time and
// which pairs of kind and device occur in it, so that a page reads only blocks
// in which something matches. A block's row is written once, with the first
// entry of the next block; the newest block's is made anew at opening.
const blockSize = 1024

// pair is one kind of entry of one device.
type pair struct{ kind, device string }

// block is what is known of one block. It is never changed once it is in the
// index.
type block struct {
	number     uint64 // sequence number / blockSize
	count      int
	minAt      int64 // ms since 1970
	maxAt      int64
	pairs      []uint32 // ids of index.pairs
	pairsAsBit []uint64 // the same, as a set; nil when sealed
}

// index knows every block of the journal. The writer alone changes it.
type index struct {
	mu     sync.RWMutex
	pairs  []pair
	ids    map[pair]uint32
	sealed []*block // by number
	newest *block   // nil when the journal is empty
	total  int      // entries in all blocks
}

func (x *index) id(p pair) uint32 {
	x.mu.RLock()
	id, ok := x.ids[p]
	x.mu.RUnlock()
	if ok {
		return id
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	id = uint32(len(x.pairs))
	x.pairs = append(x.pairs, p)
	x.ids[p] = id
	return id
}

// add counts an entry in. Blocks in the index are cloned before.
func (b *block) add(at int64, id uint32) {
	if b.count == 0 {
		b.minAt, b.maxAt = at, at
	}
	b.count++
	b.minAt, b.maxAt = min(b.minAt, at), max(b.maxAt, at)
	word, bit := int(id/64), uint64(1)<<(id%64)
	for len(b.pairsAsBit) <= word {
		b.pairsAsBit = append(b.pairsAsBit, 0)
	}
	if b.pairsAsBit[word]&bit == 0 {
		b.pairsAsBit[word] |= bit
		b.pairs = append(b.pairs, id)
	}
}

func (b *block) clone() *block {
	c := *b
	c.pairs = slices.Clone(b.pairs)
	c.pairsAsBit = slices.Clone(b.pairsAsBit)
	return &c
}

// A block's row is
//
//	1, uvarint count, varint minAt, varint maxAt, uvarint n, n × (kind, device)
func (x *index) appendBlock(row []byte, b *block) []byte {
	x.mu.RLock()
	defer x.mu.RUnlock()
	row = append(row, entryLayout)
	row = binary.AppendUvarint(row, uint64(b.count))
	row = binary.AppendVarint(row, b.minAt)
	row = binary.AppendVarint(row, b.maxAt)
	row = binary.AppendUvarint(row, uint64(len(b.pairs)))
	for _, id := range b.pairs {
		row = appendWord(row, x.pairs[id].kind)
		row = appendWord(row, x.pairs[id].device)
	}
	return row
}

func (x *index) parseBlock(number uint64, row []byte) (*block, error) {
	if len(row) == 0 || row[0] != entryLayout {
		return nil, errLayout
	}
	row = row[1:]
	b := &block{number: number}
	count, n := binary.Uvarint(row)
	if n <= 0 || count > blockSize {
		return nil, errLayout
	}
	row, b.count = row[n:], int(count)
	if b.minAt, n = binary.Varint(row); n <= 0 {
		return nil, errLayout
	}
	row = row[n:]
	if b.maxAt, n = binary.Varint(row); n <= 0 {
		return nil, errLayout
	}
	row = row[n:]
	pairs, n := binary.Uvarint(row)
	if n <= 0 || pairs > blockSize {
		return nil, errLayout
	}
	row = row[n:]
	for range pairs {
		kind, rest, err := cutWord(row)
		if err != nil {
			return nil, err
		}
		device, rest, err := cutWord(rest)
		if err != nil {
			return nil, err
		}
		row = rest
		b.pairs = append(b.pairs, x.id(pair{string(kind), string(device)}))
	}
	if len(row) > 0 {
		return nil, errLayout
	}
	return b, nil
}

// commit makes what a transaction has written known.
func (x *index) commit(sealed []*block, newest *block, dropped int, total int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, b := range sealed {
		b.pairsAsBit = nil
	}
	x.sealed = append(slices.Clone(x.sealed[min(dropped, len(x.sealed)):]), sealed...)
	x.newest = newest
	x.total = total
}

// matching lists the blocks that may hold what q asks for, newest first.
func (x *index) matching(q Query) []uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	wanted := make([]bool, len(x.pairs))
	any := q.Kind == "" && q.Device == ""
	for id, p := range x.pairs {
		wanted[id] = (q.Kind == "" || p.kind == q.Kind) && (q.Device == "" || p.device == q.Device)
		any = any || wanted[id]
	}
	if !any {
		return nil
	}
	var out []uint64
	look := func(b *block) {
		if !q.Since.IsZero() && b.maxAt < q.Since.UnixMilli() || !q.Until.IsZero() && b.minAt >= ceilMilli(q.Until) {
			return
		}
		if q.Kind == "" && q.Device == "" || slices.ContainsFunc(b.pairs, func(id uint32) bool { return wanted[id] }) {
			out = append(out, b.number)
		}
	}
	if x.newest != nil {
		look(x.newest)
	}
	for _, b := range slices.Backward(x.sealed) {
		look(b)
	}
	return out
}
