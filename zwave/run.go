package zwave

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"gatehouse/zwave/frame"
	"gatehouse/zwave/serialapi"
)

// restartTime is how long a stick may take to say that it has started after a
// soft reset.
const restartTime = 5 * time.Second

// settled is how long a stick must have been well before a further soft reset
// is tried rather than the port opened anew.
const settled = time.Minute

// Faults of the stick.
var (
	errNoLink     = errors.New("zwave: the controller does not acknowledge frames")
	errNotStarted = errors.New("zwave: the controller did not start within 5s of a soft reset")
	errRestarted  = errors.New("zwave: the controller restarted by itself")
)

// Prompt is a port that can also write without waiting: as much as it takes at
// once, which may be nothing. A frame then leaves on the goroutine that sends
// it, before Send returns; on any other port another goroutine writes it.
type Prompt interface {
	WriteNow(b []byte) (n int, err error)
}

// Run drives the stick behind port until the port fails, the stick cannot be
// recovered, or ctx ends. It always returns an error, and closes the port.
// Knowledge of nodes stays for the next Run. One Run at a time.
func (c *Controller) Run(ctx context.Context, port io.ReadWriteCloser) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.attach(port)
	var wg sync.WaitGroup
	wg.Go(func() { stop(c.read(port)) })
	wg.Go(func() { c.keepWriting(ctx, port, stop) })
	wg.Go(func() { c.keepTime(ctx) })
	wg.Go(func() { c.keepSaving(ctx) })
	wg.Go(func() { c.keepStudying(ctx) })
	err := c.drive(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	c.detach(err)
	stop(err)
	if cerr := port.Close(); cerr != nil {
		c.log.Debug("closing the port failed", "err", cerr)
	}
	wg.Wait()
	c.save()
	return err
}

// attach makes ready for a new port.
func (c *Controller) attach(port io.ReadWriteCloser) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prompt, _ = port.(Prompt)
	c.phase = phaseStarting
	c.decoder = frame.Decoder{}
	c.link, c.session.req, c.jam = link{}, nil, jam{}
	c.out, c.noAnswers = nil, 0
	c.lastFrame = c.lastFrame[:0]
	drain(c.writable)
	drain(c.started)
	select {
	case <-c.fault:
	default:
	}
	c.timer = time.NewTimer(time.Hour)
	c.armed = time.Time{}
	c.arm(time.Now())
}

func drain(ch chan struct{}) {
	select {
	case <-ch:
	default:
	}
}

// detach ends everything that hangs on the port and tells whoever waits. Siren
// commands stay, for a while, in case the stick comes back.
func (c *Controller) detach(err error) {
	now := c.lock()
	c.phase, c.prompt = phaseDown, nil
	c.link = link{}
	if r := c.session.req; r != nil {
		c.session.req = nil
		c.secondTry(now, r, ErrDown)
	}
	c.failQueue(now)
	c.endJoin(now, "the controller was disconnected")
	for _, n := range c.nodes {
		c.disconnected(n)
	}
	c.emit(Down{Err: err})
	for c.emitting { // the last event must not be left to a goroutine that may have gone
		c.emitted.Wait()
	}
	c.timer.Stop()
	c.timer = nil
	c.tell()
	c.mu.Unlock()
}

// drive starts the stick and sees to its faults.
func (c *Controller) drive(ctx context.Context) error {
	err := c.start(ctx)
	for reset := (time.Time{}); ; {
		if err == nil {
			select {
			case f := <-c.fault:
				err = f.err
			case <-ctx.Done():
				return ctx.Err()
			}
			c.log.Warn("controller fault", "err", err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !errors.Is(err, errRestarted) {
			if !reset.IsZero() && time.Since(reset) < settled {
				return err
			}
			reset = time.Now()
			if rerr := c.reset(ctx); rerr != nil {
				return fmt.Errorf("%w, after: %w", rerr, err)
			}
		}
		if err = c.start(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, errRestarted) {
			return err
		}
	}
}

// reset resets the stick softly and waits until it has started.
func (c *Controller) reset(ctx context.Context) error {
	now := c.lock()
	c.phase = phaseResetting
	c.link, c.session.req = link{}, nil
	drain(c.started)
	c.count.softResets.Add(1)
	b := frame.Data{Type: frame.Request, Function: byte(serialapi.SoftReset)}.Append(nil)
	c.decoder.LooseAck = true
	c.link.send(now, b, forReset, 1)
	c.write(b)
	c.unlock(now)
	limit := time.NewTimer(restartTime)
	defer limit.Stop()
	select {
	case <-c.started:
		return nil
	case <-limit.C:
		return errNotStarted
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read takes bytes from the port, acknowledges frames and sees to what they
// say. It returns why the port failed.
func (c *Controller) read(port io.ReadWriter) error {
	buf := make([]byte, 512)
	for {
		n, err := port.Read(buf)
		if n > 0 {
			if werr := c.take(port, buf[:n]); werr != nil {
				return fmt.Errorf("zwave: writing to the port: %w", werr)
			}
		}
		if err != nil {
			return fmt.Errorf("zwave: reading from the port: %w", err)
		}
	}
}

// take sees to some bytes from the port.
func (c *Controller) take(port io.Writer, b []byte) error {
	for {
		now := c.lock()
		item, rest := c.decoder.Next(now, b)
		b = rest
		switch item.Kind {
		case frame.None:
			c.unlock(now)
			return nil
		case frame.Frame:
			// Only this goroutine feeds the decoder, so the payload stands
			// while the lock is released.
			c.mu.Unlock()
			if _, err := port.Write(c.ack); err != nil {
				return err
			}
			now = c.lock()
			c.framed(now, item.Data)
		case frame.Ack:
			c.count.acksIn.Add(1)
			c.linked(now, c.link.ack())
		case frame.Nak:
			c.count.naksIn.Add(1)
			c.linked(now, c.link.refuse(now, false))
		case frame.Can:
			c.count.cansIn.Add(1)
			c.linked(now, c.link.refuse(now, true))
		case frame.BadChecksum:
			c.count.checksum.Add(1)
			c.count.naksOut.Add(1)
			c.mu.Unlock()
			if _, err := port.Write(c.nak); err != nil {
				return err
			}
			now = c.lock()
		case frame.Noise:
			c.count.resync.Add(1)
		case frame.HalfFrame:
			c.count.halfFrames.Add(1)
		}
		c.pump(now)
		c.arm(now)
		c.tell()
		out := len(c.out) > 0
		c.mu.Unlock()
		if !out {
			continue
		}
		// What that set off goes out from here: waking another goroutine for it
		// can take a millisecond on a busy box.
		if !c.writing.TryLock() {
			poke(c.writable)
			continue
		}
		err := c.flush(port)
		c.writing.Unlock()
		if err != nil {
			return err
		}
	}
}

// flush writes what waits to be written. The caller holds writing.
func (c *Controller) flush(port io.Writer) error {
	for {
		c.mu.Lock()
		b := c.nextOut()
		c.mu.Unlock()
		if b == nil {
			return nil
		}
		if _, err := port.Write(b); err != nil {
			return err
		}
	}
}

// nextOut takes the next frame to be written; nil when there is none.
func (c *Controller) nextOut() []byte {
	if len(c.out) == 0 {
		return nil
	}
	b := c.out[0]
	if len(c.out) == 1 {
		c.out[0] = nil
		c.out = c.out[:0]
	} else {
		c.out = c.out[1:]
	}
	return b
}

// writeNow writes what waits to be written as far as the port takes it without
// waiting, and leaves the rest to the writer. The caller may hold locks of its
// own: a siren leaves before the panel that wants it does anything else.
func (c *Controller) writeNow() {
	if !c.writing.TryLock() {
		poke(c.writable)
		return
	}
	defer c.writing.Unlock()
	for {
		c.mu.Lock()
		port := c.prompt
		var b []byte
		if port != nil {
			b = c.nextOut()
		}
		left := len(c.out) > 0
		c.mu.Unlock()
		if b == nil {
			if left {
				poke(c.writable)
			}
			return
		}
		n, err := port.WriteNow(b)
		if err != nil {
			return // the port is at its end, which its reader says
		}
		if n < len(b) {
			c.mu.Lock()
			c.out = slices.Insert(c.out, 0, b[n:])
			c.mu.Unlock()
			poke(c.writable)
			return
		}
	}
}

// keepWriting writes frames, so that nobody who sends waits for the port.
func (c *Controller) keepWriting(ctx context.Context, port io.Writer, stop context.CancelCauseFunc) {
	if _, err := port.Write(c.nak); err != nil { // ends whatever the stick was in the middle of
		stop(fmt.Errorf("zwave: writing to the port: %w", err))
		return
	}
	for {
		select {
		case <-c.writable:
		case <-ctx.Done():
			return
		}
		c.writing.Lock()
		err := c.flush(port)
		c.writing.Unlock()
		if err != nil {
			stop(fmt.Errorf("zwave: writing to the port: %w", err))
			return
		}
	}
}

// keepTime does what is due when it is due.
func (c *Controller) keepTime(ctx context.Context) {
	c.mu.Lock()
	timer := c.timer
	c.mu.Unlock()
	if timer == nil {
		return
	}
	for {
		select {
		case <-timer.C:
			now := c.lock()
			if c.timer == timer {
				c.tick(now)
			}
			c.unlock(now)
		case <-ctx.Done():
			return
		}
	}
}

// do sends a request of the controller's own and waits for how it ends. While
// the controller starts nothing else is sent.
func (c *Controller) do(ctx context.Context, r request) ([]byte, error) {
	type result struct {
		payload []byte
		err     error
	}
	ch := make(chan result, 1)
	r.done = func(_ time.Time, payload []byte, err error) {
		ch <- result{append([]byte(nil), payload...), err}
	}
	now := c.lock()
	switch {
	case c.phase == phaseDown:
		c.mu.Unlock()
		return nil, ErrDown
	case c.phase == phaseResetting && r.control: // a fault came between two requests
		err := c.faulty
		c.mu.Unlock()
		return nil, err
	}
	c.queue.push(&r)
	c.unlock(now)
	select {
	case res := <-ch:
		if res.err != nil {
			return nil, fmt.Errorf("zwave: %s: %w", r.function, res.err)
		}
		return res.payload, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// saveBreath is how long a save keeps out of the way of what set it off, which may
// be a command to a siren that has yet to leave.
const saveBreath = 20 * time.Millisecond

// keepSaving writes to the store what has changed of nodes. What is left when ctx
// ends, Run saves.
func (c *Controller) keepSaving(ctx context.Context) {
	breath := time.NewTimer(saveBreath)
	defer breath.Stop()
	for {
		select {
		case <-c.saving:
		case <-ctx.Done():
			return
		}
		breath.Reset(saveBreath)
		select {
		case <-breath.C:
			c.save()
		case <-ctx.Done():
			return
		}
	}
}

func (c *Controller) save() {
	c.mu.Lock()
	home := c.info.HomeID
	var keep []Node
	var forget []NodeID
	for id, saved := range c.dirty {
		if n := c.nodes[id]; saved && n != nil {
			keep = append(keep, n.snapshot())
		} else {
			forget = append(forget, id)
		}
	}
	clear(c.dirty)
	c.mu.Unlock()
	if c.opt.Store == nil || home == 0 {
		return
	}
	for _, n := range keep {
		if err := c.opt.Store.SaveNode(home, n); err != nil {
			c.log.Error("saving a node failed", "node", n.ID, "err", err)
			c.mu.Lock()
			c.dirty[n.ID] = true // with the next change, or at the end
			c.mu.Unlock()
		}
	}
	for _, id := range forget {
		if err := c.opt.Store.DeleteNode(home, id); err != nil {
			c.log.Error("forgetting a node failed", "node", id, "err", err)
		}
	}
}

// changed has a node saved.
func (c *Controller) changed(n *node) {
	c.dirty[n.ID] = true
	poke(c.saving)
}
