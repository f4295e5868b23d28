package camera

import (
	"context"
	"time"

	"gatehouse/hub/home"
)

// View is a feed cut for a browser: a beginning, then parts of as few pictures as
// the viewer's speed allows. One that is up to date gets each picture as soon as the
// next one says how long it was.
type View struct {
	feed   *Feed
	queue  []piece // taken from the feed
	cutter cutter
	held   []picture // to be cut next
	bytes  int       // of them
	sounds []sound
	missed bool // pictures, before those that are held
	whole  bool // a part is a group
}

// What is cut at once at most: a part is written as a whole, and a slow line should
// be done with one in time.
const (
	viewPictures = 32
	viewBytes    = 512 << 10
)

// View begins a live view. Errors: *home.Conflict.
func (c *Camera) View(sound bool) (*View, error) {
	f, err := c.Watch(sound)
	if err != nil {
		return nil, err
	}
	return &View{feed: f}, nil
}

// groupsBefore is how many groups are there at once for who looks by whole groups.
const groupsBefore = 4

// groupBytes is what a group may be that is a part: more is cut.
const groupBytes = 16 << 20

// Groups begins a live view whose parts are whole groups, for players that fetch one
// after the other. Errors: *home.Conflict.
func (c *Camera) Groups(sound bool) (*View, error) {
	f, err := c.watch(sound, groupsBefore)
	if err != nil {
		return nil, err
	}
	return &View{feed: f, whole: true}, nil
}

// Close ends the view.
func (v *View) Close() { v.feed.Close() }

// Next waits for what comes next. Errors: ErrRests, ErrGone, or why ctx ended.
func (v *View) Next(ctx context.Context) (home.Moment, error) {
	for {
		if err := v.feed.why(); err != nil { // whatever waits
			return home.Moment{}, err
		}
		for len(v.queue) > 0 {
			p := v.queue[0]
			if p.picture != nil && len(v.held) > 0 {
				switch {
				case p.skipped: // it does not follow those before it
					return v.cut(len(v.held), 0)
				case v.full(p.picture):
					return v.cut(len(v.held), p.picture.dts)
				}
			}
			v.queue[0], v.queue = piece{}, v.queue[1:]
			switch {
			case p.film != nil:
				v.cutter, v.held, v.bytes, v.sounds = cutter{film: *p.film}, nil, 0, nil
				f, err := p.film.footage(v.feed.camera.o.ID, time.Now(), "live")
				return home.Moment{Begin: &f}, err
			case p.sound != nil:
				v.sounds = append(v.sounds, *p.sound)
			case p.picture != nil:
				v.held, v.bytes = append(v.held, *p.picture), v.bytes+len(p.picture.bytes)
				v.missed = v.missed || p.skipped
			}
		}
		if n := len(v.held) - 1; n > 0 && !v.whole {
			return v.cut(n, v.held[n].dts)
		}
		list, err := v.feed.take(ctx)
		if err != nil {
			return home.Moment{}, err
		}
		v.queue = list
	}
}

// full tells whether what is held is a part without the next picture.
func (v *View) full(next *picture) bool {
	if v.whole {
		return next.key || v.bytes >= groupBytes
	}
	return len(v.held) >= viewPictures || v.bytes >= viewBytes
}

// cut makes a part of the first n pictures that are held, which end at until.
func (v *View) cut(n int, until int64) (home.Moment, error) {
	sounds, later := v.cutter.before(v.sounds, until)
	p, err := v.cutter.cut(v.held[:n], sounds, until)
	m := home.Moment{Part: p, Seen: v.held[n-1].at, Missed: v.missed}
	v.held, v.bytes, v.sounds, v.missed = append([]picture(nil), v.held[n:]...), 0, later, false
	for _, h := range v.held {
		v.bytes += len(h.bytes)
	}
	return m, err
}
