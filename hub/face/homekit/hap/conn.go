package hap

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	// stalledAfter is how long one write may wait for the controller to read.
	stalledAfter = 5 * time.Second
	// mostEvents is how many may wait for a controller.
	mostEvents = 2048
	// mostSubscriptions of one connection.
	mostSubscriptions = 8192
	// requestTime is how long a request may take to come in, once it began.
	requestTime = 10 * time.Second
	// strangerTime is how long a connection may stay that proved nothing; one that
	// pairs has setupLife for a try.
	strangerTime = 2 * setupLife
)

// conn is one controller's connection. serve reads it, deliver writes to it.
type conn struct {
	net.Conn
	server *Server
	from   netip.Addr

	// Used by serve alone.
	reader *bufio.Reader
	limit  *io.LimitedReader
	setup  setup
	verify verify
	timed  timed
	who    *Pairing // nil: has proved nothing

	answers chan answer // to deliver
	gone    chan struct{}
	once    sync.Once
	wake    chan struct{} // events wait

	mu     sync.Mutex
	id     string // of who, for others
	subs   map[ID]struct{}
	events []Change
}

func newConn(s *Server, raw net.Conn, from netip.Addr) *conn {
	c := &conn{
		Conn: raw, server: s, from: from,
		answers: make(chan answer), gone: make(chan struct{}), wake: make(chan struct{}, 1),
		setup: setup{keeper: s.o.Keeper, window: &s.window}, verify: verify{keeper: s.o.Keeper},
	}
	c.setup.wrong = func(w WrongCode) {
		w.From = from
		s.o.WrongCode(w)
	}
	c.listen(raw)
	return c
}

// listen reads requests from another source from here on.
func (c *conn) listen(from io.Reader) {
	c.limit = &io.LimitedReader{R: from}
	c.reader = bufio.NewReaderSize(c.limit, 2<<10)
}

// end closes the connection; both goroutines notice.
func (c *conn) end() {
	c.once.Do(func() {
		close(c.gone)
		_ = c.Close() // nothing waits for it any more
	})
}

// serve reads and answers until the connection ends.
func (c *conn) serve(ctx context.Context) (err error) {
	defer c.end()
	defer c.setup.end()
	defer func() {
		if r := recover(); r != nil { // a fault in here must not end the others
			err = fmt.Errorf("hap: panic: %v", r)
		}
	}()
	born := time.Now()
	for {
		c.limit.N = mostHead
		var deadline time.Time // a verified controller may be silent for days
		if c.who == nil {
			deadline = born.Add(strangerTime)
		}
		if err := c.SetReadDeadline(deadline); err != nil {
			return err
		}
		if _, err := c.reader.Peek(1); err != nil {
			return err
		}
		if err := c.SetReadDeadline(time.Now().Add(requestTime)); err != nil {
			return err
		}
		r, err := http.ReadRequest(c.reader)
		if err != nil {
			return err
		}
		c.limit.N = mostBody + 1
		body, err := readBody(r)
		if err != nil {
			return err
		}
		a := c.handle(ctx, r, body)
		if a.keys != nil && c.reader.Buffered() > 0 {
			return errors.New("hap: it spoke on before it had the answer")
		}
		select {
		case c.answers <- a:
		case <-c.gone:
			return net.ErrClosed
		}
		if a.last {
			<-c.gone // deliver ends it
			return nil
		}
		if a.keys != nil {
			c.listen(NewOpener(c.Conn, a.keys.FromController))
		}
	}
}

// deliver alone encrypts and writes.
func (c *conn) deliver() {
	defer c.end()
	var sealer *Sealer
	var frames []byte
	send := func(m []byte) bool {
		if sealer != nil {
			frames = sealer.Append(frames[:0], m)
			m = frames
		}
		if err := c.SetWriteDeadline(time.Now().Add(stalledAfter)); err != nil {
			return false
		}
		_, err := c.Write(m)
		if cap(frames) > 8<<10 {
			frames = nil // a list of all accessories was in it
		}
		return err == nil
	}
	for {
		select {
		case <-c.gone:
			return
		case a := <-c.answers:
			ok := send(a.message)
			if a.after != nil {
				a.after()
			}
			if !ok || a.last {
				return
			}
			if a.keys != nil {
				sealer = NewSealer(a.keys.ToController)
			}
		case <-c.wake:
			for _, body := range eventBodies(c.take()) {
				if !send(message("EVENT/1.0 200 OK", typeJSON, body)) {
					return
				}
			}
		}
	}
}

// become notes who has proved themselves.
func (c *conn) become(p Pairing) {
	c.who = &p
	c.server.recognised(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id, c.subs = p.ID, map[ID]struct{}{}
}

// verified is who it is, "" for somebody who has proved nothing.
func (c *conn) verified() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id
}

func (c *conn) subscribe(id ID, on bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !on {
		delete(c.subs, id)
		return true
	}
	if len(c.subs) >= mostSubscriptions {
		return false
	}
	c.subs[id] = struct{}{}
	return true
}

func (c *conn) subscribed(id ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.subs[id]
	return ok
}

// tell queues what this connection wants to hear. It never waits.
func (c *conn) tell(changes []Change) {
	c.mu.Lock()
	before := len(c.events)
	for _, ch := range changes {
		if _, wanted := c.subs[ch.ID]; !wanted || !ch.Keep && c.replace(ch) {
			continue
		}
		c.events = append(c.events, ch)
	}
	n := len(c.events)
	c.mu.Unlock()
	switch {
	case n > mostEvents:
		c.end()
	case n > before:
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// replace puts a value in the place of an older one that still waits.
func (c *conn) replace(ch Change) bool {
	for i := range c.events {
		if c.events[i].ID == ch.ID && !c.events[i].Keep {
			c.events[i].Value = ch.Value
			return true
		}
	}
	return false
}

func (c *conn) take() []Change {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.events
	c.events = nil
	return all
}
