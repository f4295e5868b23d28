package clips

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"gatehouse/hub/health"
	"gatehouse/storage/clip"
)

// writer is the goroutine that seals, and the commits that it begins: one at a time,
// beside which it goes on sealing. It alone touches the tapes' sealed files, and the
// batch unless a commit is under way.
type writer struct {
	r       *Recorder
	batch   clip.Batch            // sealed, not yet on the disk
	after   []func()              // what to do once it is
	tills   map[clip.ID]time.Time // up to which clips go then; zero: they have ended
	written chan error            // how the commit went
	busy    bool                  // one is under way
	refuse  time.Time             // the disk refused: not before this
	ill     bool
}

func newWriter(r *Recorder) *writer {
	return &writer{r: r, tills: map[clip.ID]time.Time{}, written: make(chan error, 1)}
}

// step seals what was queued, begins to write what is due, and says when it wants to be
// called again; that is also when a commit has landed. What is sealed already is begun
// first: the disk works while the next is sealed.
func (w *writer) step(now time.Time) (wait time.Duration, err error) {
	if _, err := w.begin(now); err != nil {
		return 0, err
	}
	if err := w.seal(); err != nil {
		return 0, err
	}
	return w.begin(now)
}

// begin begins to write if something is due, and says how long until something is.
func (w *writer) begin(now time.Time) (wait time.Duration, err error) {
	if w.busy {
		return time.Hour, nil
	}
	tapes := w.tapes()
	due, size := time.Time{}, 0
	for _, t := range tapes {
		for _, s := range t.files {
			size += s.waiting
			for _, at := range []time.Time{s.held, s.since} {
				if !at.IsZero() && (due.IsZero() || at.Before(due)) {
					due = at
				}
			}
		}
		if t.over && (due.IsZero() || t.overAt.Before(due)) {
			due = t.overAt
		}
	}
	if !w.empty() {
		due = w.refuse.Add(-Hold)
	}
	switch {
	case due.IsZero():
		return time.Hour, nil
	case now.Before(w.refuse):
		return w.refuse.Sub(now), nil
	case now.Sub(due) < Hold && size < batchSize:
		return Hold - now.Sub(due), nil
	}
	if err := w.collect(tapes, now); err != nil {
		return 0, err
	}
	w.busy = true
	go func() { w.written <- w.r.store.Write(w.batch) }()
	return time.Hour, nil
}

func (w *writer) tapes() []*recording {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	return slices.Clone(w.r.tapes)
}

// seal takes what waits in the queues of the tapes. What several of them hold is sealed
// by as many processors as there are: after a hold-up all of them hold much.
func (w *writer) seal() error {
	var full []*recording
	var queues [][]item
	w.r.mu.Lock()
	for _, t := range w.r.tapes {
		if len(t.queue) > 0 {
			full, queues = append(full, t), append(queues, t.queue)
			t.queue = nil
		}
	}
	w.r.mu.Unlock()
	errs := make([]error, len(full))
	var all sync.WaitGroup
	for i, t := range full {
		if i == len(full)-1 {
			errs[i] = t.takeAll(queues[i])
		} else {
			all.Go(func() { errs[i] = t.takeAll(queues[i]) })
		}
	}
	all.Wait()
	return errors.Join(errs...)
}

func (w *writer) empty() bool {
	return len(w.batch.Begin)+len(w.batch.Pieces)+len(w.batch.End) == 0
}

// last writes all that is left: the hub ends.
func (w *writer) last(now time.Time) error {
	if w.busy {
		w.landed(now, <-w.written)
	}
	err := w.seal()
	if err == nil {
		err = w.collect(w.tapes(), now)
	}
	if err != nil || w.empty() {
		return err
	}
	err = w.r.store.Write(w.batch)
	w.landed(now, err)
	return err
}

// landed takes how a commit went. A batch that was refused is tried again, and what has
// been sealed meanwhile goes with it.
func (w *writer) landed(now time.Time, err error) {
	w.busy = false
	if err != nil {
		w.refused(now, err)
		return
	}
	for _, p := range w.batch.Pieces {
		reuse(p.Bytes)
	}
	w.batch = clip.Batch{}
	w.count()
	w.reached()
	for _, f := range w.after {
		f()
	}
	w.after = nil
	w.well()
}

// reached notes how far clips are on the disk.
func (w *writer) reached() {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	for id, till := range w.tills {
		if till.IsZero() {
			delete(w.r.tills, id)
		} else {
			w.r.tills[id] = till
		}
	}
	clear(w.tills)
}

// count says anew how much waits for the disk.
func (w *writer) count() {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	w.r.queue = 0
	for _, t := range w.r.tapes {
		for _, it := range t.queue {
			w.r.queue += int64(len(it.bytes))
		}
		for _, s := range t.files {
			w.r.queue += int64(s.waiting)
		}
	}
}

// collect moves what has been sealed into the batch. What is as old as half of Hold goes
// with it, so that the next camera does not want a commit of its own.
func (w *writer) collect(tapes []*recording, now time.Time) error {
	for _, t := range tapes {
		if err := w.collectOf(t, now); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) collectOf(t *recording, now time.Time) error {
	if len(t.files) == 0 {
		return nil // it was begun a moment ago
	}
	if !t.begun {
		t.begun = true
		w.batch.Begin = append(w.batch.Begin, t.row())
		w.after = append(w.after, func() { w.r.tell(t.id) })
	}
	for _, s := range t.files {
		if !s.held.IsZero() && now.Sub(s.held) >= Hold/2 {
			if err := s.press(); err != nil {
				return err
			}
		}
		heads, pieces := s.take(t.id)
		w.batch.Heads = append(w.batch.Heads, heads...)
		w.batch.Pieces = append(w.batch.Pieces, pieces...)
	}
	w.tills[t.id] = t.files[0].till
	t.files = slices.DeleteFunc(t.files, func(s *sealed) bool { return s.ended && s.track != clip.Film })
	if t.over {
		w.batch.End = append(w.batch.End, t.row())
		w.tills[t.id] = time.Time{}
		w.after = append(w.after, func() {
			w.r.tell(t.id)
			w.r.within(t.footage.Camera)
		})
		w.r.drop(t)
	}
	return nil
}

// refused shows that the disk does not take what is recorded.
func (w *writer) refused(now time.Time, err error) {
	w.refuse = now.Add(retry)
	if !w.ill {
		w.r.log.Error("clips not written", "err", err)
	}
	if errors.Is(err, clip.ErrFull) {
		w.forgo()
	}
	w.ill = true
	w.r.board.Set(true, health.ClipsNotWritten, "", err.Error())
}

// forgo gives up what has not been written of clips that ended because too much waited:
// they end where the disk has them, and can make room for others. Nothing could while
// their ends waited behind film that finds no room.
func (w *writer) forgo() {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	gone := map[clip.ID]bool{}
	for i, row := range w.batch.End {
		var a about
		if json.Unmarshal(row.About, &a) != nil || a.Why != behind {
			continue
		}
		gone[row.ID] = true
		a.Sum = ""
		if till := w.r.tills[row.ID]; !till.IsZero() {
			a.End = till
		}
		w.batch.End[i].About = a.encode()
	}
	w.batch.Begin = slices.DeleteFunc(w.batch.Begin, func(r clip.Row) bool { return gone[r.ID] })
	w.batch.Heads = slices.DeleteFunc(w.batch.Heads, func(h clip.Head) bool { return gone[h.ID] })
	w.batch.Pieces = slices.DeleteFunc(w.batch.Pieces, func(p clip.Piece) bool {
		if gone[p.ID] {
			w.r.queue -= int64(len(p.Bytes))
			reuse(p.Bytes)
		}
		return gone[p.ID]
	})
	w.r.queue = max(0, w.r.queue)
}

func (w *writer) well() {
	if w.ill {
		w.ill = false
		w.r.board.Set(false, health.ClipsNotWritten, "")
	}
}
