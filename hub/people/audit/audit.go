// Package audit is the record of who watched what: each clip, still and live
// view that the hub ever gave out, each copy of one that was taken away, and who
// spoke through a camera.
//
// Its promises:
//
//   - Record returns when the view is on the disk. Whoever gives out media asks
//     first and gives out nothing when Record fails: what was seen is on record.
//   - Nothing is ever changed or taken out. Each entry holds the SHA-256 of the
//     one before, byte for byte as Export writes it, so that a changed, removed
//     or reordered entry breaks the chain from there on.
//   - The end of the chain is kept a second time, by a Witness in another file:
//     a tail that was cut off is found too.
//   - A broken chain stays broken. The next entry follows what the witness
//     knew, and Check tells the break for ever.
//
// Whoever can write every file of the box can forge the whole chain. That is
// found only by somebody who remembers a Head from before, as the owner's
// browser does: Check holds what it is told against the record.
//
// A live view or a talk has an end, too. One that went on when the hub was killed gets
// it at the next start, which says that nobody saw it: what is written is the latest
// that it can have been.
//
// An entry may stand for a view that did not happen after all (the disk was too
// slow to answer, the viewer left). A view without an entry does not exist.
package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gatehouse/hub/home"
	"gatehouse/storage"
)

// Keep is how many of the newest entries are kept: at a hundred views a day,
// those of 27 years.
const Keep = 1_000_000

// Figures of a sitting: a picture that is looked at in many requests is one view.
const (
	sittingIdle = 5 * time.Minute // without a request it has ended
	sittingMost = time.Hour       // then it is a new one
	sittings    = 4096            // that are remembered
)

// Kind says what was given out.
type Kind string

// Kinds of view.
const (
	Clip   Kind = "clip"   // a recording, sealed
	Still  Kind = "still"  // a picture: of a recording, sealed; of now, open
	Live   Kind = "live"   // what a camera sees now
	Export Kind = "export" // a recording that was taken away as a file
	Talk   Kind = "talk"   // nothing: somebody spoke through a camera
)

// View is one thing that somebody looks at.
type View struct {
	Kind   Kind          `json:"kind" enum:"clip,still,live,export,talk"`
	Camera home.DeviceID `json:"camera"`
	Clip   string        `json:"clip" doc:"empty: what the camera sees now"`
	Who    string        `json:"who" doc:"name of the person or program, as it was then"`
	Caller string        `json:"caller" doc:"id of the account or token"`
	By     string        `json:"by" enum:"session,token" doc:"a person's session or a program's token"`
	Role   string        `json:"role" doc:"of the caller, as it was then"`
	From   string        `json:"from" doc:"network address"`
	Agent  string        `json:"agent" doc:"what the browser or program calls itself"`
	Why    string        `json:"why" doc:"as the caller said; empty: nothing was said"`
	// Ends is written when a live view or a talk is over. What went on when a hub was killed is ended by EndLost.
	Ends uint64 `json:"ends,omitempty" doc:"this entry is the end of that one, a live view or a talk; without: it is a beginning"`
}

// Head names the end of the record: the number of its newest entry and its hash.
type Head struct {
	N    uint64 `json:"n"`
	Hash Hash   `json:"hash"`
}

// Witness keeps the newest Head in another file than the record's.
type Witness interface {
	Load() (Head, bool, error)
	Save(Head) error
}

// Options say how the record is opened. Path and Witness are required.
type Options struct {
	Path    string
	Witness Witness
	// Check looks at the file after an unclean stop; see storage.Options.
	Check func(path string) error
	// OnFault hears when entries can't be written, and when they can again.
	OnFault func(f storage.Fault, present bool)
	// OnView is told of each entry once it is on disk. It must not block.
	OnView func(Entry)
	Log    *slog.Logger
}

// Record is the open record.
type Record struct {
	store   *storage.Journal
	witness Witness
	onView  func(Entry)

	before uint64 // the last row of before Open

	turn chan struct{} // one entry at a time: each needs the hash of the one before

	head    Head // newest entry that was appended; changed with the turn
	seen    Head // what the witness knows
	pending bool // the newest may not be on disk yet

	mu       sync.Mutex
	sittings map[sitting]*sat
}

// sitting is who looks at what.
type sitting struct {
	caller, from string
	kind         Kind
	camera       home.DeviceID
	clip         string
}

type sat struct{ began, last time.Time }

// Open opens or creates the record. A record that was tampered with opens too:
// Check tells.
func Open(o Options) (*Record, error) {
	store, err := storage.OpenJournal(o.Path, storage.JournalOptions{Keep: Keep, OnFault: o.OnFault, Check: o.Check, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	r := &Record{
		store: store, witness: o.Witness, onView: o.OnView,
		turn: make(chan struct{}, 1), sittings: map[sitting]*sat{},
	}
	if r.onView == nil {
		r.onView = func(Entry) {}
	}
	if err := r.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("views: %w", err), store.Close())
	}
	return r, nil
}

// load finds the entry that the next one follows: the newest on disk, or what
// the witness knows when that is as new or newer.
func (r *Record) load() error {
	known, _, err := r.witness.Load()
	if err != nil {
		return fmt.Errorf("the witness: %w", err)
	}
	r.head, r.seen = known, known
	last := r.store.Last()
	r.before = last
	if last == 0 {
		return nil
	}
	rows, err := r.store.After(last-1, 1)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if e, err := Parse(row.Body); err == nil && e.N > known.N {
			r.head = Head{e.N, sum(row.Body)}
		}
	}
	return nil
}

// Run writes what is recorded until ctx ends. Record waits for it.
func (r *Record) Run(ctx context.Context) error { return r.store.Run(ctx) }

// Close closes the file. Call it after Run has returned.
func (r *Record) Close() error { return r.store.Close() }

// Fault is what is wrong with the file, if anything is.
func (r *Record) Fault() (storage.Fault, bool) { return r.store.Fault() }

// Head is the end of the record.
func (r *Record) Head() Head {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	return r.head
}

// Record writes a view that begins at now, and returns when it is on the disk.
// Nothing may be shown when it fails.
func (r *Record) Record(ctx context.Context, now time.Time, v View) (Entry, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return Entry{}, fmt.Errorf("views: the entry before is still being written: %w", ctx.Err())
	}
	// What the disk did not take in time may be given up for want of memory, and
	// an entry that follows it would break the chain. So nothing follows it yet.
	if r.pending {
		if err := r.settle(ctx); err != nil {
			return Entry{}, err
		}
	}
	e := Entry{N: r.head.N + 1, Prev: r.head.Hash, At: home.At(now), View: v.bounded()}
	body := e.Append(nil)
	r.store.Append(storage.Entry{At: e.At.Time, Kind: string(v.Kind), Device: string(v.Camera), Body: body, Urgent: true})
	r.head, r.pending = Head{e.N, sha256.Sum256(body)}, true
	if err := r.settle(ctx); err != nil {
		return Entry{}, err
	}
	r.onView(e)
	return e, nil
}

// settle waits until the newest entry is on disk, and the witness knows it.
func (r *Record) settle(ctx context.Context) error {
	if err := r.store.Flush(ctx); err != nil {
		return fmt.Errorf("views: %w", err)
	}
	if r.seen != r.head {
		if err := r.witness.Save(r.head); err != nil {
			return fmt.Errorf("views: the witness: %w", err)
		}
		r.seen = r.head
	}
	r.pending = false
	return nil
}

// Watch is Record for media that is fetched in many requests: those of one
// caller from one place for the same picture are one view, until they rest for
// five minutes or last for an hour.
func (r *Record) Watch(ctx context.Context, now time.Time, v View) error {
	key := sitting{v.Caller, v.From, v.Kind, v.Camera, v.Clip}
	if r.sits(key, now) {
		return nil
	}
	if _, err := r.Record(ctx, now, v); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, s := range r.sittings {
		if s.over(now) || len(r.sittings) >= sittings {
			delete(r.sittings, k)
		}
	}
	r.sittings[key] = &sat{began: now, last: now}
	return nil
}

func (r *Record) sits(key sitting, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sittings[key]
	if s == nil || s.over(now) {
		return false
	}
	s.last = now
	return true
}

func (s *sat) over(now time.Time) bool {
	return now.Sub(s.last) >= sittingIdle || now.Sub(s.began) >= sittingMost || now.Before(s.began)
}
