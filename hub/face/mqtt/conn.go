package mqtt

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"

	"gatehouse/hub/nowait"
)

const (
	// stalledAfter is how long one write may wait for the client to read.
	stalledAfter = 30 * time.Second
	// lastWords is how long a connection that is being closed may take to
	// deliver what was queued.
	lastWords = 300 * time.Millisecond
	// sendAt is how many bytes do not wait for a flush.
	sendAt = 16 << 10
	// keepBuffer is how much of a send buffer is kept for the next message.
	keepBuffer = 4 << 10
)

// errBehind cuts off a client that does not read.
var errBehind = errors.New("client is too far behind")

// conn is a client's connection whose Write never waits: it queues, flush gives
// the kernel what it takes at once, and writeLoop sends the rest. A client that
// is too far behind is cut off.
//
// The server holds a client's lock while it writes to it. With a plain
// connection, a client that stops reading would hold up whoever needs that
// lock next.
type conn struct {
	net.Conn                  // TLS or raw
	raw       net.Conn        // closing it does not wait for a last TLS record
	direct    syscall.RawConn // of a connection without TLS; nil: all goes by writeLoop
	allowance func() int      // how many bytes may be queued

	who    atomic.Pointer[who]          // set once the client has signed in
	client atomic.Pointer[mochi.Client] // likewise
	owner  string                       // likewise; Face.mu guards it

	wake chan struct{}

	mu      sync.Mutex
	queue   []byte
	sending bool // writeLoop has taken bytes and is not done with them
	closing bool // no more writes; what is queued is still sent

	delivery
	loaded bool // is in broker.loaded
}

func newConn(c, raw net.Conn, allowance func() int) *conn {
	made := &conn{Conn: c, raw: raw, allowance: allowance, wake: make(chan struct{}, 1)}
	if tcp, ok := c.(*net.TCPConn); ok {
		made.direct, _ = tcp.SyscallConn() // only fails for one that is closed
	}
	return made
}

// Write sends or queues b. It fails when the connection is closing or the
// client is too far behind, which ends the connection.
func (c *conn) Write(b []byte) (int, error) {
	if err := c.enqueue(b); err != nil {
		return 0, err
	}
	c.flush()
	return len(b), nil
}

// enqueue queues several parts as one. They leave with the next flush, or at
// once when a lot waits: a burst must not seem to be a client's slowness.
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
	full := len(c.queue) >= sendAt
	c.mu.Unlock()
	if full {
		c.flush()
	}
	return nil
}

// flush sends what is queued. What the kernel does not take at once, and all
// that has to be encrypted, is left to writeLoop: waking it costs more than a
// small write does.
func (c *conn) flush() {
	c.mu.Lock()
	if c.direct != nil && !c.sending && !c.closing && len(c.queue) > 0 {
		var n int
		err := c.direct.Control(func(fd uintptr) { n, _ = nowait.Write(fd, c.queue) }) // writeLoop meets the error again
		if err == nil {
			c.queue = c.queue[:copy(c.queue, c.queue[n:])]
		}
		if len(c.queue) == 0 && cap(c.queue) > keepBuffer {
			c.queue = nil
		}
	}
	left := len(c.queue) > 0
	c.mu.Unlock()
	if left {
		c.signal()
	}
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
			c.sent(out)
		}
	}
}

// take empties the queue. What is taken is on its way until sent.
func (c *conn) take() (out []byte, closing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return nil, c.closing
	}
	out, c.queue, c.sending = c.queue, nil, true
	return out, c.closing
}

// sent notes that what was taken is sent, and keeps a small buffer for the next
// message. The large one of a burst goes.
func (c *conn) sent(out []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sending = false
	if c.queue == nil && !c.closing && cap(out) <= keepBuffer {
		c.queue = out[:0]
	}
}
