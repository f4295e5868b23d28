package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

var (
	bucketEvents = []byte("events")
	bucketBlocks = []byte("blocks")

	// keyReserved in the meta table: no number above it was ever announced.
	keyReserved = []byte("reserved")
)

// Run writes what is appended until ctx ends, then what still waits. It returns
// nil when everything is durable, else what stood in the way.
func (j *Journal) Run(ctx context.Context) error {
	result := make(chan error, 1)
	go func() { result <- j.write(ctx) }()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	last := time.NewTimer(lastWords)
	defer last.Stop()
	select {
	case err := <-result:
		return err
	case <-last.C:
		// A write that the kernel holds cannot be called off.
		return explain(j.f.path, "write", errors.New("the disk does not answer: what waits in memory is given up"))
	}
}

// write is the one goroutine that writes.
func (j *Journal) write(ctx context.Context) error {
	var began time.Time       // of the last commit
	var seen, hurry time.Time // when what waits was first seen, and what is urgent of it
	pause := time.Duration(0)
	for {
		j.mu.Lock()
		n, urgent := j.waiting.len(), j.waiting.urgent > 0
		j.mu.Unlock()
		now := time.Now()
		seen, hurry = since(seen, now, n > 0), since(hurry, now, urgent)
		wait := time.Duration(-1) // until woken
		switch {
		case ctx.Err() != nil:
			return j.writeRest()
		case n == 0:
		case pause > 0:
			wait = pause
		case n >= commitMax: // there is enough
			wait = 0
		case urgent:
			wait = max(0, breath-now.Sub(hurry))
		default:
			wait = max(0, batchWindow-now.Sub(began), breath-now.Sub(seen))
		}
		if wait > 0 || wait == -1 {
			if !j.sleep(ctx, wait, pause > 0) && pause == 0 {
				continue
			}
			if ctx.Err() != nil || n == 0 {
				continue
			}
		}
		began, seen, hurry = time.Now(), time.Time{}, time.Time{}
		if err := j.commit(); err != nil {
			pause = min(max(2*pause, retryMin), retryMax)
			continue
		}
		pause = 0
	}
}

// since is the time at which something began that is so now.
func since(began, now time.Time, is bool) time.Time {
	switch {
	case !is:
		return time.Time{}
	case began.IsZero():
		return now
	default:
		return began
	}
}

// sleep waits for d (for ever when negative), a wake-up unless deaf, or ctx. It
// tells whether d has passed.
func (j *Journal) sleep(ctx context.Context, d time.Duration, deaf bool) bool {
	var after <-chan time.Time
	if d >= 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		after = t.C
	}
	wake := j.wake
	if deaf {
		wake = nil
	}
	select {
	case <-after:
		return true
	case <-wake:
	case <-ctx.Done():
	}
	return false
}

// writeRest commits what still waits; the first failure ends it.
func (j *Journal) writeRest() error {
	for {
		j.mu.Lock()
		n := j.waiting.len()
		j.mu.Unlock()
		if n == 0 {
			return nil
		}
		if err := j.commit(); err != nil {
			return fmt.Errorf("%w: %d entries are lost", err, n)
		}
	}
}

// commit writes one batch and announces it.
func (j *Journal) commit() error {
	j.mu.Lock()
	batch := j.waiting.take(commitMax)
	j.started = time.Now()
	reserved := j.reserved
	j.mu.Unlock()
	if len(batch) == 0 {
		j.mu.Lock()
		j.started = time.Time{}
		j.mu.Unlock()
		return nil
	}
	last := batch[len(batch)-1].Seq
	// Numbers are reserved ahead so that after a power cut the next start can
	// go on above whatever was given out but not yet written.
	if ahead := uint64(max(64, 2*len(batch))); last+ahead/2 > reserved {
		reserved = last + ahead
	}
	c := change{index: &j.index, keep: j.keep, buf: j.buf[:0]}
	j.stall.Reset(stallAfter)
	defer j.stall.Stop()
	err := j.update(func(tx *bolt.Tx) error {
		if reserved != j.reserved {
			if err := tx.Bucket(bucketMeta).Put(keyReserved, binary.BigEndian.AppendUint64(nil, reserved)); err != nil {
				return err
			}
		}
		return c.put(tx, batch)
	})
	j.buf = c.buf
	if cap(j.buf) > 1<<20 {
		j.buf = nil // a flood's memory is given back
	}
	if err != nil {
		err = explain(j.f.path, "write", err)
		j.mu.Lock()
		j.started = time.Time{}
		j.waiting.failed()
		j.mu.Unlock()
		j.setFault(err)
		return err
	}
	j.index.commit(c.sealed, c.newest, c.dropped, c.total)
	j.mu.Lock()
	j.started = time.Time{}
	j.waiting.done()
	j.reserved = reserved
	j.last = last
	if j.first == 0 {
		j.first = batch[0].Seq
	}
	if c.first > 0 {
		j.first = c.first
	}
	j.mu.Unlock()
	j.onDurable(batch)
	j.mu.Lock()
	close(j.durable)
	j.durable = make(chan struct{})
	j.mu.Unlock()
	j.setFault(nil)
	return nil
}

// change is what one transaction does to the rows and, once it is durable, to
// the index.
type change struct {
	index *index
	keep  int
	buf   []byte // rows; bbolt wants them to stay until the commit

	sealed  []*block
	newest  *block
	dropped int    // blocks dropped, the oldest ones
	first   uint64 // oldest entry after that; 0: as before
	total   int
}

func (c *change) put(tx *bolt.Tx, batch []Entry) error {
	events, blocks := tx.Bucket(bucketEvents), tx.Bucket(bucketBlocks)
	events.FillPercent = 0.95 // rows only come at the end
	c.total = c.index.total
	if c.index.newest != nil {
		c.newest = c.index.newest.clone()
	}
	for _, e := range batch {
		if n := e.Seq / blockSize; c.newest == nil || c.newest.number != n {
			if c.newest != nil {
				if err := blocks.Put(seqKey(c.newest.number), c.index.appendBlock(nil, c.newest)); err != nil {
					return err
				}
				c.sealed = append(c.sealed, c.newest)
			}
			c.newest = &block{number: n}
		}
		from := len(c.buf)
		c.buf = appendEntry(c.buf, e)
		if err := events.Put(seqKey(e.Seq), c.buf[from:len(c.buf):len(c.buf)]); err != nil {
			return fmt.Errorf("entry %d: %w", e.Seq, err)
		}
		c.newest.add(e.At.UnixMilli(), c.index.id(pair{e.Kind, e.Device}))
		c.total++
	}
	return c.trim(events, blocks)
}

// trim drops the oldest blocks while what remains is still enough: as many as
// came, and one more, so that no commit takes long.
func (c *change) trim(events, blocks *bolt.Bucket) error {
	cur := events.Cursor()
	for _, old := range c.index.sealed[:min(len(c.index.sealed), len(c.sealed)+1)] {
		if c.total-old.count < c.keep {
			return nil
		}
		end := (old.number + 1) * blockSize
		var gone [][]byte
		k, _ := cur.First()
		for ; k != nil && keySeq(k) < end; k, _ = cur.Next() {
			gone = append(gone, k)
		}
		c.first = keySeq(k)
		for _, k := range gone {
			if err := events.Delete(k); err != nil {
				return err
			}
		}
		if err := blocks.Delete(seqKey(old.number)); err != nil {
			return err
		}
		c.dropped++
		c.total -= old.count
	}
	return nil
}

// noticeStall raises a fault when a commit has not returned for a while, and counts
// every second anew what waits behind it.
func (j *Journal) noticeStall() {
	j.mu.Lock()
	hung := !j.started.IsZero() && time.Since(j.started) >= stallAfter
	j.mu.Unlock()
	if hung {
		j.setFault(errHung)
		j.stall.Reset(time.Second)
	}
}

var errHung = errors.New("the disk does not answer: check or replace it")

// setFault tells of a change in whether the journal can write.
func (j *Journal) setFault(err error) {
	j.mu.Lock()
	was := j.fault
	var now *Fault
	if err != nil {
		now = &Fault{Kind: FaultWriting, File: j.f.name(), Since: time.Now().UTC(), Err: err.Error(), FullDisk: errors.Is(err, ErrFull)}
		if was != nil {
			now.Since = was.Since
		}
	}
	told := was
	if now != nil {
		told = now
	}
	j.fault = now
	if told != nil {
		told.Waiting, told.Dropped = j.waiting.len(), j.waiting.dropped
	}
	if now == nil {
		j.waiting.dropped = 0
	}
	var copied Fault
	if told != nil {
		copied = *told
	}
	j.mu.Unlock()
	switch {
	case now != nil && (was == nil || was.Err != now.Err):
		j.log.Error("journal cannot write", "file", copied.File, "waiting", copied.Waiting, "dropped", copied.Dropped, "err", err)
		j.onFault(copied, true)
	case now == nil && was != nil:
		j.log.Info("journal writes again", "file", copied.File, "dropped", copied.Dropped, "after", time.Since(copied.Since))
		j.onFault(copied, false)
	}
}

// load reads what an opened file holds and reserves the first numbers.
func (j *Journal) load() error {
	j.index.ids = make(map[pair]uint32)
	db := j.f.bolt
	begun := false
	if err := db.View(func(tx *bolt.Tx) error {
		if begun = tx.Bucket(bucketEvents) != nil; begun {
			return j.read(tx)
		}
		return nil
	}); err != nil {
		return err
	}
	if f := j.f.fault; f != nil && f.Kind == FaultLost && !begun {
		// The numbers of the lost journal are not known. Milliseconds since
		// 1970 lie above them unless it took more than a thousand entries a
		// second all its life.
		j.reserved = uint64(max(0, time.Now().UnixMilli()))
	}
	j.next = max(j.last, j.reserved) + 1
	reserved := j.next + 64
	err := db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketEvents, bucketBlocks} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keyReserved, seqKey(reserved))
	})
	if err == nil {
		j.reserved = reserved
	} else if begun {
		// A full disk is no reason not to start: the first commit meets it
		// again, and says so.
		j.log.Warn("no journal numbers reserved", "file", j.f.name(), "err", err)
		err = nil
	}
	return err
}

func (j *Journal) read(tx *bolt.Tx) error {
	if v := tx.Bucket(bucketMeta).Get(keyReserved); v != nil {
		j.reserved = keySeq(v)
	}
	x := &j.index
	events := tx.Bucket(bucketEvents)
	if k, _ := events.Cursor().First(); k != nil {
		j.first = keySeq(k)
	}
	if k, _ := events.Cursor().Last(); k != nil {
		j.last = keySeq(k)
	}
	err := tx.Bucket(bucketBlocks).ForEach(func(k, row []byte) error {
		b, err := x.parseBlock(keySeq(k), row)
		if err != nil {
			return fmt.Errorf("block %d: %w", keySeq(k), err)
		}
		x.sealed = append(x.sealed, b)
		x.total += b.count
		return nil
	})
	if err != nil || j.last == 0 {
		return err
	}
	// The newest block is not in its table yet.
	x.newest = &block{number: j.last / blockSize}
	c := events.Cursor()
	for k, row := c.Seek(seqKey(x.newest.number * blockSize)); k != nil; k, row = c.Next() {
		h, err := parseHead(row)
		if err != nil {
			continue
		}
		x.newest.add(h.at, x.id(pair{string(h.kind), string(h.device)}))
	}
	x.total += x.newest.count
	return nil
}
