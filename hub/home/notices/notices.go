// Package notices keeps the news for people who may be elsewhere: an alarm, one
// that was cancelled, codes that are locked, a code given under duress.
//
// Nothing of it is shown on any face inside the house. A program that the owner
// gave a token of role notifier hears it, and carries it to phones in whatever
// way the owner chose; who was away reads what is kept.
//
// Add never waits: the panel calls it. A notice is heard at once; it is written
// within a second, at a steady beat, so that nobody who watches the disk or the
// clock can tell a request that made a notice from one that made none.
package notices

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/home"
)

// Keep is how many notices are kept.
const Keep = 256

// beat is how often what is new is written.
const beat = time.Second

// Store keeps notices by id. Put writes some and drops others in one step.
type Store interface {
	All() ([]home.Notice, error)
	Put(added []home.Notice, dropped []string) error
}

// Notices is the list.
type Notices struct {
	// News carries each notice once.
	News bus.Topic[home.Notice]

	store Store
	log   *slog.Logger

	mu    sync.Mutex
	kept  []home.Notice // oldest first
	fresh int           // of them, how many at the end are not written yet
	gone  []string      // dropped, and still in the store
	last  uint64
}

// Open reads what is kept.
func Open(store Store, log *slog.Logger) (*Notices, error) {
	kept, err := store.All()
	if err != nil {
		return nil, fmt.Errorf("notices: %w", err)
	}
	slices.SortFunc(kept, func(a, b home.Notice) int { return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.ID, b.ID)) })
	return &Notices{store: store, log: log, kept: kept}, nil
}

// Add keeps a notice and tells it. One that has an id is told once: the panel
// repeats what a power cut may have taken. It never waits.
func (n *Notices) Add(news home.Notice) {
	n.mu.Lock()
	if news.ID == "" {
		n.last++
		news.ID = strconv.FormatInt(news.At.UnixMilli(), 36) + "-" + strconv.FormatUint(n.last, 36)
	}
	if slices.ContainsFunc(n.kept, func(o home.Notice) bool { return o.ID == news.ID }) {
		n.mu.Unlock()
		return
	}
	n.kept = append(n.kept, news)
	n.fresh = min(n.fresh+1, Keep)
	for len(n.kept) > Keep {
		n.gone = append(n.gone, n.kept[0].ID)
		n.kept = slices.Delete(n.kept, 0, 1)
	}
	n.mu.Unlock()
	n.News.Publish(news)
}

// Kept lists what is kept, newest first.
func (n *Notices) Kept() []home.Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := slices.Clone(n.kept)
	slices.Reverse(list)
	return list
}

// Run writes what is new until ctx ends, and then once more.
func (n *Notices) Run(ctx context.Context) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return n.write()
		case <-tick.C:
			if err := n.write(); err != nil {
				n.log.Error("notices are not written", "err", err)
			}
		}
	}
}

func (n *Notices) write() error {
	n.mu.Lock()
	added, dropped := slices.Clone(n.kept[len(n.kept)-n.fresh:]), n.gone
	n.fresh, n.gone = 0, nil
	n.mu.Unlock()
	if len(added)+len(dropped) == 0 {
		return nil
	}
	if err := n.store.Put(added, dropped); err != nil {
		n.mu.Lock()
		n.fresh = min(n.fresh+len(added), len(n.kept))
		n.gone = append(dropped, n.gone...)
		n.mu.Unlock()
		return fmt.Errorf("notices: %w", err)
	}
	return nil
}
