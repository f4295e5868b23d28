package camera

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gatehouse/hub/home"
)

// Why a feed ends by itself.
var (
	// ErrRests: the camera was told to rest; nobody may look now.
	ErrRests = errors.New("the camera rests: nobody may look now")
	// ErrGone: the camera was removed or changed, or the hub stops.
	ErrGone = errors.New("the camera was changed or removed")
)

// What may wait for a viewer. One that is further behind misses pictures, up to the
// next that stands alone: what waits is memory of the hub, and old news.
const (
	feedLate  = 3 * time.Second
	feedBytes = 8 << 20
)

// Feed is what a camera sends, as one viewer takes it: from the newest picture that
// stands alone on. A viewer that does not take it in time misses pictures, and holds
// nothing: neither the camera, nor its clips, nor other viewers.
type Feed struct {
	camera *Camera
	sound  bool
	wake   chan struct{}

	mu      sync.Mutex
	queue   []piece
	bytes   int       // of those that wait, without what was there when it began
	oldest  time.Time // of them
	waiting bool      // for a picture that stands alone
	skipped bool
	over    error
}

// piece is one of: what follows is made of, a picture, a sound.
type piece struct {
	film    *film
	picture *picture
	sound   *sound
	skipped bool // pictures are missing before this one
}

// Watch begins a feed; without sound none of it is in it. Errors: *home.Conflict.
func (c *Camera) Watch(sound bool) (*Feed, error) { return c.watch(sound, 1) }

// watch begins a feed with the last groups that are there, so many at most.
func (c *Camera) watch(sound bool, groups int) (*Feed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rest {
		return nil, &home.Conflict{Reason: fmt.Sprintf("%s rests: nobody may look now", c.o.ID)}
	}
	if c.ended {
		return nil, &home.Conflict{Reason: fmt.Sprintf("%s was changed or removed", c.o.ID)}
	}
	f := &Feed{camera: c, sound: sound, wake: make(chan struct{}, 1), waiting: true}
	if all := c.ring.groups; len(all) > 0 {
		f.begin(c.film)
		f.waiting = false
		for _, g := range all[max(0, len(all)-groups):] {
			for i := range g.pictures {
				f.queue = append(f.queue, piece{picture: &g.pictures[i]})
			}
			for i := range g.sounds {
				if sound {
					f.queue = append(f.queue, piece{sound: &g.sounds[i]})
				}
			}
		}
	} else if c.film.video != nil {
		f.begin(c.film)
	}
	if c.feeds == nil {
		c.feeds = map[*Feed]struct{}{}
	}
	c.feeds[f] = struct{}{}
	return f, nil
}

// Close ends the feed.
func (f *Feed) Close() {
	f.camera.mu.Lock()
	delete(f.camera.feeds, f)
	f.camera.mu.Unlock()
	f.end(ErrGone)
}

// feed hands something to all who look; the camera's lock is held.
func (c *Camera) feed(to func(*Feed)) {
	for f := range c.feeds {
		to(f)
	}
}

// unwatch ends all feeds; the camera's lock is held.
func (c *Camera) unwatch(why error) {
	c.feed(func(f *Feed) { f.end(why) })
	clear(c.feeds)
}

// begin says what follows is made of; what waits is of another connection's time.
func (f *Feed) begin(of film) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.sound {
		of.audio = nil
	}
	f.queue, f.bytes, f.waiting = []piece{{film: &of}}, 0, true
	f.nudge()
}

func (f *Feed) see(p picture) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bytes > 0 && (p.at.Sub(f.oldest) > feedLate || f.bytes > feedBytes) {
		f.drop()
	}
	if f.waiting && !p.key {
		return
	}
	f.waiting = false
	f.waits(len(p.bytes), p.at)
	f.queue = append(f.queue, piece{picture: &p, skipped: f.skipped})
	f.skipped = false
	f.nudge()
}

// drop forgets what waits but for what the pictures are made of.
func (f *Feed) drop() {
	kept := f.queue[:0]
	for _, p := range f.queue {
		if p.film != nil {
			kept = append(kept, p)
		}
	}
	clear(f.queue[len(kept):])
	f.queue, f.bytes, f.waiting, f.skipped = kept, 0, true, true
}

func (f *Feed) hear(s sound) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.sound || f.waiting {
		return
	}
	f.waits(len(s.bytes), time.Now())
	f.queue = append(f.queue, piece{sound: &s})
	f.nudge()
}

// waits counts what is about to wait, and notes since when something does.
func (f *Feed) waits(bytes int, at time.Time) {
	if f.bytes == 0 {
		f.oldest = at
	}
	f.bytes += bytes
}

func (f *Feed) end(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over == nil {
		f.over = why
	}
	f.nudge()
}

// why is why it ended; nil: it goes on.
func (f *Feed) why() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.over
}

func (f *Feed) nudge() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// take waits for what comes next, and takes all that is there. Errors: ErrRests,
// ErrGone, or why ctx ended.
func (f *Feed) take(ctx context.Context) ([]piece, error) {
	for {
		f.mu.Lock()
		list, over := f.queue, f.over
		f.queue, f.bytes = nil, 0
		f.mu.Unlock()
		switch {
		case over != nil:
			return nil, over
		case len(list) > 0:
			return list, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-f.wake:
		}
	}
}
