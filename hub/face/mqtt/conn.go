package mqtt

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
)

const (
	// stalledAfter is how long one write may wait for the client to read.
	stalledAfter = 30 * time.Second
	// lastWords is how long a connection that is being closed may take to
	// deliver what was queued.
	lastWords = 300 * time.Millisecond
	// keepBuffer is how much of a send buffer is kept for the next message.
	keepBuffer = 4 << 10
)

// errBehind cuts off a client that does not read.
var errBehind = errors.New("client is too far behind")

// conn is a client's connection whose Write never waits: it queues, and
// writeLoop sends. A client that is too far behind is cut off.
//
// The server holds a client's lock while it writes to it. With a plain
// connection, a client that stops reading would hold up whoever needs that
// lock next.
type conn struct {
	net.Conn             // TLS or raw
	raw       net.Conn   // closing it does not wait for a last TLS record
	allowance func() int // how many bytes may be queued

	who    atomic.Pointer[who]          // set once the client has signed in
	client atomic.Pointer[mochi.Client] // likewise

	wake chan struct{}

	mu      sync.Mutex
	queue   []byte
	closing bool // no more writes; what is queued is still sent

	delivery
}

func newConn(c, raw net.Conn, allowance func() int) *conn {
	return &conn{Conn: c, raw: raw, allowance: allowance, wake: make(chan struct{}, 1)}
}

// Write queues b. It fails when the connection is closing or the client is too
// far behind, which ends the connection.
func (c *conn) Write(b []byte) (int, error) {
	if err := c.enqueue(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// enqueue is Write of several parts as one.
func (c *conn) enqueue(parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	c.mu.Lock()
	if c.closing {
		c.mu.Unlock()
		return net.ErrClosed
	}
	if len(c.queue)+n > c.allowance() {
		c.mu.Unlock()
		c.cut()
		return errBehind
	}
	for _, p := range parts {
		c.queue = append(c.queue, p...)
	}
	c.mu.Unlock()
	c.signal()
	return nil
}

func (c *conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// cut closes at once; what is queued is lost.
func (c *conn) cut() {
	c.mu.Lock()
	c.queue, c.closing = nil, true
	c.mu.Unlock()
	c.raw.Close() // cut off
	c.signal()
}

// Close sends what is queued, for lastWords at most, and closes. It does not
// wait for that.
func (c *conn) Close() error {
	c.mu.Lock()
	already := c.closing
	c.closing = true
	c.mu.Unlock()
	if already {
		return nil
	}
	time.AfterFunc(lastWords, func() { c.raw.Close() }) // enough is enough
	c.signal()
	return c.SetReadDeadline(time.Now()) // the reader leaves now
}

// SetDeadline sets the read deadline alone: the broker means its keep-alive by
// it. Writes have their own.
func (c *conn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return net.ErrClosed
	}
	return c.SetReadDeadline(t)
}

// writeLoop sends what is queued until the connection is closed.
func (c *conn) writeLoop() {
	defer c.Conn.Close() // the last thing
	for range c.wake {
		for {
			out, closing := c.take()
			if len(out) == 0 {
				if closing {
					return
				}
				break
			}
			err := c.SetWriteDeadline(time.Now().Add(stalledAfter))
			if err == nil {
				_, err = c.Conn.Write(out)
			}
			if err != nil {
				c.cut()
				return
			}
			c.giveBack(out)
		}
	}
}

// take empties the queue.
func (c *conn) take() (out []byte, closing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out, c.queue = c.queue, nil
	return out, c.closing
}

// giveBack keeps a small buffer for the next message. The large one of a burst
// goes.
func (c *conn) giveBack(out []byte) {
	if cap(out) > keepBuffer {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queue == nil && !c.closing {
		c.queue = out[:0]
	}
}
