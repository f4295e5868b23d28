package camera

import (
	"context"
	"time"
)

// Key is a picture that stands alone, as the camera sent it.
type Key struct {
	At    time.Time // it was there, by the hub's clock
	Video string    // as in RFC 6381
	Bytes []byte    // NAL units, each behind its length, parameter sets among them; they must not be changed
}

// asked is a Key that somebody waits for.
type asked struct {
	key   Key
	there chan struct{} // closed when it is
}

// Key waits for the next picture that stands alone, so that it shows nothing of before
// the question.
func (c *Camera) Key(ctx context.Context) (Key, error) {
	c.mu.Lock()
	if c.asked == nil {
		c.asked = &asked{there: make(chan struct{})}
	}
	a := c.asked
	c.mu.Unlock()
	select {
	case <-ctx.Done():
		return Key{}, ctx.Err()
	case <-a.there:
		return a.key, nil
	}
}

// LastKey is the last picture that stands alone of those that the ring holds; ok is
// false when it holds none.
func (c *Camera) LastKey() (k Key, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.ring.open()
	if g == nil || c.rest {
		return Key{}, false
	}
	return c.key(g.pictures[0]), true
}

func (c *Camera) key(p picture) Key { return Key{At: p.at, Video: c.film.words, Bytes: p.bytes} }

// answer hands a picture that stands alone to those who asked for one; the lock is
// held.
func (c *Camera) answer(p picture) {
	if c.asked != nil {
		c.asked.key = c.key(p)
		close(c.asked.there)
		c.asked = nil
	}
}
