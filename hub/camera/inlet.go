package camera

import (
	"errors"
	"math"
	"time"
)

// open hears what a stream is made of: before its first picture, and when that
// changes. A clip that runs can't go on then.
func (c *Camera) open(f film) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(0, nil)
	c.ring.clear()
	c.film, c.turned, c.shown = f, false, math.MinInt64
	c.feed(func(to *Feed) { to.begin(f) })
	c.set(func(s *State) { s.Video, s.Audio, s.Width, s.Height = f.words, f.spoken, f.width, f.height })
}

// see takes the next picture.
func (c *Camera) see(p picture) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rest || c.deaf {
		return
	}
	c.coming = true
	c.turned, c.shown = c.turned || p.pts < c.shown, p.pts
	c.figures.Pictures++
	c.figures.Bytes += uint64(len(p.bytes))
	c.feed(func(to *Feed) { to.see(p) })
	c.ring.add(p)
	if c.take != nil {
		c.goOn(p)
	}
	if p.key {
		c.keyed = p.at
		c.answer(p)
	}
	if c.ring.full() { // the next clip begins with the next that stands alone
		c.ring.clear()
	}
	short := c.short(p.at)
	c.set(func(s *State) { s.Condition, s.Why, s.PreShort = Up, "", short })
	c.begin(p.at)
	c.owed(p.at)
}

var errLarge = errors.New("pictures that stand alone are too far apart: set the camera to one every 2 to 4 s")

// wait hears that pictures come, and none yet that stands alone.
func (c *Camera) wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.coming = !c.deaf
}

// goOn has the clip that runs go on with a picture, or end before it: because nobody
// wants it, or because it is as long as one may be. What goes on then does so in
// another clip, which begins with the very next picture that stands alone. So it does
// when the family's keys were changed: who has the old ones sees nothing newer.
func (c *Camera) goOn(p picture) {
	long := p.at.Sub(c.take.began)
	switch {
	case !c.wanted.at(p.at):
		c.finish(p.dts, nil)
	case p.key && long >= c.o.Longest:
		c.finish(p.dts, nil)
		c.wanted.spend()
		if c.wanted.at(p.at) {
			c.start([]*group{c.ring.open()}, p.at)
		}
	case p.key && c.take.tape.Stale():
		c.finish(p.dts, nil)
		c.start([]*group{c.ring.open()}, p.at)
	case long >= 2*c.o.Longest:
		c.finish(p.dts, errLarge)
		c.wanted.spend()
	default:
		c.record(p)
	}
}

// short tells whether the ring holds less than the pre-roll because of its bytes.
func (c *Camera) short(now time.Time) bool {
	if len(c.ring.groups) == 0 {
		return true
	}
	full := c.ring.bytes+c.ring.bytes/max(1, len(c.ring.groups)) > c.ring.limit
	return full && now.Sub(c.ring.groups[0].start()) < c.ring.keep
}

// hear takes the next piece of sound.
func (c *Camera) hear(s sound) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rest || c.deaf {
		return
	}
	c.ring.hear(s)
	c.feed(func(to *Feed) { to.hear(s) })
	if c.take != nil {
		c.take.hear(s)
	}
}

// miss counts packets that did not come.
func (c *Camera) miss(packets uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.figures.PacketsLost += packets
}

// clockSlack is how far a camera's clock may be off before it is told: what it
// writes into its pictures is then no proof of when.
const clockSlack = 30 * time.Second

// compare holds the camera's clock against the hub's.
func (c *Camera) compare(camera, hub time.Time) {
	off := camera.Sub(hub).Round(time.Second)
	if off.Abs() < clockSlack {
		off = 0
	}
	c.change(func(s *State) {
		if (s.ClockOff-off).Abs() >= clockSlack || off == 0 {
			s.ClockOff = off
		}
	})
}
