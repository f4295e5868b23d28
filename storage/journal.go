package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Entry is one line of a journal. Body is the caller's own, kept as it is.
type Entry struct {
	Seq    uint64    // given by Append, from 1
	At     time.Time // kept to the millisecond
	Kind   string
	Device string
	Body   []byte
	Urgent bool // commit at once; not kept
}

// JournalOptions say how a journal is opened. The zero options are fit for
// tests.
type JournalOptions struct {
	// Keep is how many of the newest entries are kept at least. Default and
	// least: 100,000 (tests within this package may ask for fewer).
	Keep int
	// OnDurable is told what has become durable, in order, from Run's
	// goroutine. The next commit waits for it.
	OnDurable func([]Entry)
	// OnFault is told when writing fails or hangs (present), again each time
	// that the error changes, and when it is well again. It must not block.
	OnFault func(f Fault, present bool)
	// Log gets one line per event; nil discards.
	Log *slog.Logger
	// Wait, Check: see Options. A damaged journal is set aside and a new one
	// begun, with numbers above all that the old one gave.
	Wait  time.Duration
	Check func(path string) error

	keep   int  // as Keep, without its floor
	noSync bool // as in Options
}

const (
	// batchWindow is the most that an entry that is not urgent waits before
	// its commit begins; the first after a calm spell waits for a breath alone.
	// A commit is two waits for the disk and wears it, however little it holds.
	batchWindow = time.Second
	// breath is the least that any entry waits. What is written comes in twos and
	// threes; and its first milliseconds belong to whoever is told of it, for on a
	// box with few processors they would wait behind the commit.
	breath = 2 * time.Millisecond
	// retryMin and retryMax bound the pause after a failed commit.
	retryMin = 250 * time.Millisecond
	retryMax = 5 * time.Second
	// stallAfter is when a commit that does not return is called hung.
	stallAfter = 3 * time.Second
	// lastWords is how long Run still waits for the disk when ctx has ended.
	lastWords = 700 * time.Millisecond

	keepAtLeast = 100_000

	// The most that waits in memory for a disk that does not take it. Beyond
	// it the oldest that are not urgent go first, then the oldest.
	waitingMax      = 16_384
	waitingMaxBytes = 8 << 20

	// The most that one commit takes, so that one does not take seconds.
	commitMax = 4_096
)

// Journal is an append-only list of entries in a file of its own. The newest
// Keep entries are kept. Its methods may be called from any goroutine.
type Journal struct {
	f         *file
	log       *slog.Logger
	keep      int
	onDurable func([]Entry)
	onFault   func(Fault, bool)

	wake   chan struct{}
	update func(func(*bolt.Tx) error) error // the file's, but for tests of a bad disk

	mu      sync.Mutex
	next    uint64 // the number that Append gives next
	first   uint64 // oldest entry kept
	last    uint64 // newest durable entry
	waiting queue
	started time.Time // of the commit that runs; zero when none does
	fault   *Fault
	durable chan struct{} // closed and renewed when something becomes durable

	reserved uint64 // numbers up to here may have been given; written with mu, read by the writer

	index index
	buf   []byte      // the writer's own
	stall *time.Timer // runs while a commit does
}

// OpenJournal opens the journal at path, and makes it when there is none.
func OpenJournal(path string, o JournalOptions) (*Journal, error) {
	f, err := openFile(path, Options{
		Log: o.Log, Wait: o.Wait, Check: o.Check, StartEmpty: true,
		// Readers and a growing file do not wait for each other within this.
		mmap: 64 << 20, noSync: o.noSync,
	})
	if err != nil {
		return nil, err
	}
	j := &Journal{
		f: f, log: f.log, onDurable: o.OnDurable, onFault: o.OnFault,
		keep:    max(o.Keep, keepAtLeast),
		wake:    make(chan struct{}, 1),
		durable: make(chan struct{}),
	}
	j.update = f.bolt.Update
	j.stall = time.AfterFunc(stallAfter, j.noticeStall)
	j.stall.Stop()
	if o.keep > 0 {
		j.keep = o.keep
	}
	if j.onDurable == nil {
		j.onDurable = func([]Entry) {}
	}
	if j.onFault == nil {
		j.onFault = func(Fault, bool) {}
	}
	if err := j.load(); err != nil {
		return nil, errors.Join(explain(f.path, "read", err), f.close())
	}
	return j, nil
}

// Append gives e its number and returns at once: it waits for no disk and no
// reader. The entry is kept in memory until Run has made it durable, and is
// told to OnDurable then. e.Body must not change any more.
func (j *Journal) Append(e Entry) uint64 {
	e.At = e.At.UTC().Truncate(time.Millisecond)
	j.mu.Lock()
	e.Seq = j.next
	j.next++
	j.waiting.push(e)
	// The writer has its own clock once something waits.
	fresh := j.waiting.len() - j.waiting.inWork
	wake := fresh == 1 || fresh == commitMax || e.Urgent
	j.mu.Unlock()
	if wake {
		j.nudge()
	}
	return e.Seq
}

func (j *Journal) nudge() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// Last is the number of the newest durable entry, 0 when there is none.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// First is the number of the oldest entry kept, 0 when there is none.
func (j *Journal) First() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.first
}

// Fault is what is wrong with the journal, if anything is.
func (j *Journal) Fault() (Fault, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault != nil {
		f := *j.fault
		f.Waiting, f.Dropped = j.waiting.len(), j.waiting.dropped
		return f, true
	}
	if j.f.fault != nil {
		return *j.f.fault, true
	}
	return Fault{}, false
}

// Acknowledge forgets a fault that was found at opening: somebody has seen it.
func (j *Journal) Acknowledge() error {
	err := j.f.acknowledge()
	if err == nil {
		j.mu.Lock()
		j.f.fault = nil
		j.mu.Unlock()
	}
	return err
}

// Flush waits until everything that has been appended is durable. It returns
// ctx's error, with what keeps the journal from writing, when that comes first.
func (j *Journal) Flush(ctx context.Context) error {
	j.mu.Lock()
	until := j.next - 1
	j.waiting.hurry()
	dropped := j.waiting.dropped
	j.mu.Unlock()
	j.nudge()
	for {
		j.mu.Lock()
		done, news, lost := j.waiting.oldest() > until, j.durable, j.waiting.dropped-dropped
		j.mu.Unlock()
		switch {
		case lost > 0:
			return explain(j.f.path, "flush", fmt.Errorf("%d entries were given up for want of memory", lost))
		case done:
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			if f, bad := j.Fault(); bad {
				return explain(j.f.path, "flush", errors.Join(ctx.Err(), errors.New(f.Err)))
			}
			return explain(j.f.path, "flush", ctx.Err())
		}
	}
}

// Close closes the file. Stop Run first. It fails when entries still wait, which
// are lost then, and when a commit hangs, which leaves the file to be checked
// at the next opening.
func (j *Journal) Close() error {
	j.mu.Lock()
	waiting, hung := j.waiting.len(), !j.started.IsZero()
	given := j.next - 1
	j.mu.Unlock()
	if hung {
		return explain(j.f.path, "close", errors.New("a commit hangs: the disk does not answer"))
	}
	var err error
	if waiting > 0 {
		err = explain(j.f.path, "close", errors.New("entries were not written"))
	} else if !j.f.readOnly {
		// The next start need not skip what was only reserved.
		err = explain(j.f.path, "close", j.reserve(given))
	}
	return errors.Join(err, j.f.close())
}

// reserve writes the number up to which numbers may have been given out.
func (j *Journal) reserve(upTo uint64) error {
	return j.f.bolt.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyReserved, binary.BigEndian.AppendUint64(nil, upTo))
	})
}
