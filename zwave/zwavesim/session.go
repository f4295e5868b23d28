package zwavesim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Figures of the link (guide, chapter 07).
const (
	ackWithin   = 1600 * time.Millisecond
	frameWithin = 1500 * time.Millisecond
	tries       = 3
	// A host that has not seen an ACK may send again after this, or after NAK or CAN.
	resendAfter = 1500 * time.Millisecond
	maxQueue    = 256 // frames that wait for the host; a real stick has far fewer
)

// ErrUnplugged ends Serve when the stick is pulled.
var ErrUnplugged = errors.New("zwavesim: unplugged")

// out is a frame on its way to the host.
type out struct {
	frame    []byte
	sent     int  // times
	spoiled  Kind // how the last copy was spoiled, or 0
	hurt     bool // some copy was spoiled, or its ACK lost
	echo     bool // to be sent once more after its ACK
	again    bool // is that
	deadline time.Time
}

func (o *out) function() byte { return o.frame[3] }
func (o *out) isAnswer() bool { return o.frame[2] == response }
func (o *out) String() string { return fmt.Sprintf("frame % x", o.frame) }

// session is one attached host. Its fields are guarded by the stick's mutex.
type session struct {
	s    *Stick
	wake chan struct{} // the writer has something to look at

	links    []byte // ACK, NAK, CAN to be sent, before any frame
	queue    []*out
	inflight *out // sent, not acknowledged

	greeted  bool      // the host's first NAK, which clears the line, has come
	last     []byte    // the host's last frame
	lastAt   time.Time // when it came
	mayAgain bool      // the host may send it again at once: it got NAK or CAN
	expectRe bool      // the host was not told of its last frame's fate: it will send it again
	unsure   bool      // it does not know that the frame was carried out
	anew     bool      // it was told that the stick has started, and no frame has been taken since
}

// Serve answers one host over rw until the host hangs up, the stick is pulled
// or ctx ends, and closes rw. A stick serves one host at a time.
func (s *Stick) Serve(ctx context.Context, rw io.ReadWriteCloser) error {
	h := &session{s: s, wake: make(chan struct{}, 1)}
	closing := sync.OnceFunc(func() { _ = rw.Close() })
	defer closing()
	s.mu.Lock()
	pulled, taken, plugging := s.pulled, s.host != nil, s.plugging
	if !pulled && !taken {
		s.host = h
		s.change()
	}
	s.mu.Unlock()
	if pulled {
		return ErrUnplugged
	}
	if taken {
		return errors.New("zwavesim: a host is attached already")
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.host = nil
		s.change()
	}()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, closing)()
	var wg sync.WaitGroup
	wg.Go(func() { cancel(h.read(ctx, rw)) })
	wg.Go(func() { cancel(h.write(ctx, rw)) })
	select {
	case <-ctx.Done():
	case <-plugging:
		cancel(ErrUnplugged)
	}
	wg.Wait()
	return context.Cause(ctx)
}

// read takes in what the host says. A half frame is dropped after frameWithin.
func (h *session) read(ctx context.Context, r io.Reader) error {
	var scan scanner
	var mu sync.Mutex // over scan, which the timer drops
	abort := time.AfterFunc(time.Hour, func() {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() == nil && scan.half() {
			scan.drop()
			h.s.mu.Lock()
			h.s.violation("a frame stopped half way for %s", frameWithin)
			h.s.mu.Unlock()
		}
	})
	defer abort.Stop()
	buf := make([]byte, 512)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if tap := h.s.opt.Tap; tap != nil {
				tap(false, buf[:n])
			}
			mu.Lock()
			tokens := scan.feed(buf[:n])
			if scan.half() {
				abort.Reset(frameWithin)
			} else {
				abort.Stop()
			}
			mu.Unlock()
			h.s.mu.Lock()
			if !h.s.deaf() {
				for _, t := range tokens {
					h.hear(t)
				}
			}
			h.s.mu.Unlock()
			h.poke()
		}
		if err != nil {
			return err
		}
	}
}

// deaf tells whether the stick hears nothing just now.
func (s *Stick) deaf() bool {
	_, mute := s.lasting(Mute)
	return mute || s.sleepy
}

// write sends what is due, and again what was not acknowledged.
func (h *session) write(ctx context.Context, w io.Writer) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var buf []byte
	for {
		h.s.mu.Lock()
		var deadline time.Time
		buf, deadline = h.due(buf[:0])
		trickle, slow := h.s.lasting(Trickle)
		_, split := h.s.lasting(Split)
		h.s.mu.Unlock()
		if len(buf) > 0 {
			if err := h.send(ctx, w, buf, slow, trickle.For, split); err != nil {
				return err
			}
			continue
		}
		if !deadline.IsZero() {
			timer.Reset(time.Until(deadline))
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.wake:
		case <-timer.C:
		}
	}
}

// send writes b as the line has it.
func (h *session) send(ctx context.Context, w io.Writer, b []byte, slow bool, pause time.Duration, split bool) error {
	for len(b) > 0 {
		n := len(b)
		switch {
		case slow:
			n = 1
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(pause):
			}
		case split:
			h.s.mu.Lock()
			n = min(n, 1+h.s.rand.IntN(5))
			h.s.mu.Unlock()
		}
		if tap := h.s.opt.Tap; tap != nil {
			tap(true, b[:n])
		}
		if _, err := w.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// due appends the bytes that are to be sent now, or tells when to ask again.
func (h *session) due(dst []byte) ([]byte, time.Time) {
	s := h.s
	if _, mute := s.lasting(Mute); mute {
		h.links = h.links[:0]
		return dst, time.Time{}
	}
	dst = append(dst, h.links...)
	h.links = h.links[:0]
	if s.sleepy {
		return dst, time.Time{}
	}
	now := time.Now()
	if o := h.inflight; o != nil && !now.Before(o.deadline) {
		h.inflight = nil
		if o.sent >= tries {
			if !o.hurt {
				s.violation("no ACK for %v, sent %d times", o, o.sent)
			}
			if o.isAnswer() {
				s.command = command{}
			}
			s.lost++
		} else {
			h.queue = slices.Insert(h.queue, 0, o)
		}
	}
	if h.inflight == nil && len(h.queue) > 0 {
		o := h.queue[0]
		h.queue = slices.Delete(h.queue, 0, 1)
		h.inflight = o
		o.sent++
		o.deadline = now.Add(ackWithin)
		return h.appendSpoiled(dst, o), time.Time{}
	}
	if h.inflight != nil {
		return dst, h.inflight.deadline
	}
	return dst, time.Time{}
}

// appendSpoiled appends a copy of the frame, spoiled by the faults that are due.
func (h *session) appendSpoiled(dst []byte, o *out) []byte {
	s, f := h.s, o.function()
	o.spoiled = 0
	defer func() { o.hurt = o.hurt || o.spoiled != 0 }()
	if o.again {
		o.spoiled = Duplicate // the host has it and may well go on
	}
	if _, ok := s.takes(Noise, f); ok {
		dst = append(dst, 0xff, 0x00, 0x42, 0x7e)
	}
	if _, ok := s.takes(Garbage, f); ok {
		o.spoiled = Garbage // the host may take it for the inside of a false frame
		dst = append(dst, 0x99, sof, 0xde, 0x00, 0x04)
	}
	if _, ok := s.takes(Duplicate, f); ok {
		o.echo = true
	}
	if _, ok := s.takes(BadChecksum, f); ok {
		o.spoiled = BadChecksum
		dst = append(dst, o.frame...)
		dst[len(dst)-1] ^= 0x5a
		return dst
	}
	if _, ok := s.takes(HalfFrame, f); ok {
		o.spoiled = HalfFrame
		return append(dst, o.frame[:len(o.frame)/2]...)
	}
	return append(dst, o.frame...)
}

func (h *session) poke() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// reset forgets what was on the way, as the chip does.
func (h *session) reset() {
	h.links, h.queue, h.inflight, h.last = nil, nil, nil, nil
	h.mayAgain, h.expectRe, h.unsure = false, false, false
	h.poke()
}

// push queues a frame for the host, or counts it as lost.
func (s *Stick) push(kind, function byte, payload []byte) {
	h := s.host
	if h == nil || len(h.queue) >= maxQueue {
		if kind == request {
			s.lost++
		}
		return
	}
	o := &out{frame: appendFrame(nil, kind, function, payload)}
	if kind == response { // before what nodes say
		h.queue = slices.Insert(h.queue, 0, o)
	} else {
		h.queue = append(h.queue, o)
	}
	h.poke()
}

// hear takes one token of the host.
func (h *session) hear(t token) {
	switch {
	case t.frame == nil && t.wrong != "":
		h.s.violation("%s", t.wrong)
	case t.link == ack:
		h.hearACK()
	case t.link == nak:
		h.hearNAK()
	case t.link == can:
		h.s.violation("CAN from the host: only a stick sends it")
	case t.wrong != "":
		h.s.violation("%s in % x", t.wrong, t.frame)
		h.links = append(h.links, nak)
		h.mayAgain = true
	default:
		h.hearFrame(t)
	}
	h.s.change()
}

func (h *session) hearACK() {
	o := h.inflight
	if o == nil {
		if h.last != nil { // else it may be the last word of a host that has left
			h.s.violation("ACK while no frame waits for one")
		}
		return
	}
	if _, lost := h.s.takes(LoseHostACK, o.function()); lost {
		o.spoiled, o.hurt = LoseHostACK, true // the host may well go on
		if o.isAnswer() {
			h.s.command = command{}
		}
		return
	}
	switch o.spoiled {
	case BadChecksum:
		h.s.violation("ACK for a frame with a wrong checksum: % x", o.frame)
	case HalfFrame:
		h.s.violation("ACK for half a frame: % x", o.frame)
	}
	h.inflight = nil
	if o.function() == fnStarted {
		h.expectRe, h.anew = false, true // whatever was under way, the host begins anew
		h.s.command = command{}
	}
	if o.echo {
		o.echo, o.again, o.sent = false, true, 0
		h.queue = slices.Insert(h.queue, 0, o)
	}
	if o.isAnswer() {
		h.s.command = command{}
	}
}

func (h *session) hearNAK() {
	first := !h.greeted
	h.greeted = true
	o := h.inflight
	if o == nil {
		return // clears the line; a host may do that at any time
	}
	switch o.spoiled {
	case BadChecksum, Garbage:
	case HalfFrame:
		h.s.violation("NAK for half a frame, which is to be dropped in silence: % x", o.frame)
	default:
		if !first {
			h.s.violation("NAK for a good frame: % x", o.frame)
		}
	}
	h.inflight = nil
	switch {
	case o.sent < tries:
		h.queue = slices.Insert(h.queue, 0, o)
	case o.isAnswer():
		h.s.command = command{}
	}
}

// hearFrame takes a whole and valid frame of the host.
func (h *session) hearFrame(t token) {
	s, now := h.s, time.Now()
	again := slices.Equal(t.frame, h.last)
	if again && h.expectRe && !h.mayAgain && now.Sub(h.lastAt) < resendAfter {
		s.violation("frame % x sent again after %s without NAK or CAN", t.frame, now.Sub(h.lastAt))
	}
	h.unsure = again && h.unsure
	s.resent = h.unsure || h.anew
	h.last, h.lastAt = t.frame, now
	h.mayAgain, h.expectRe = false, false
	f := t.function()
	if t.kind() != request {
		s.violation("a frame of type %#02x: a host sends requests only", t.kind())
		h.links = append(h.links, ack)
		return
	}
	if _, ok := s.takes(LoseFrame, f); ok {
		h.expectRe = true
		return
	}
	if _, ok := s.takes(SendNAK, f); ok {
		h.links = append(h.links, nak)
		h.mayAgain = true
		return
	}
	if _, ok := s.takes(SendCAN, f); ok {
		h.links = append(h.links, can)
		h.mayAgain = true
		return
	}
	if refused := h.busy(f, now); refused {
		h.links = append(h.links, can)
		h.mayAgain = true
		return
	}
	h.anew = false
	if _, ok := s.takes(LoseACK, f); ok {
		h.expectRe, h.unsure = true, true
	} else if _, ok := s.takes(HighACK, f); ok {
		h.links = append(h.links, 0xe0|ack)
	} else {
		h.links = append(h.links, ack)
	}
	s.execute(f, t.payload())
}

// busy tells whether a command comes at a moment when it gets CAN, and records
// it if the host could have known.
func (h *session) busy(f byte, now time.Time) bool {
	s := h.s
	if c := s.command; c.waiting && now.Sub(c.at) < responseWithin && !s.resent {
		if f == fnAbort || f == fnSoftReset { // urgent by nature: they may cross the response
			return true
		}
		if !c.unsure {
			s.violation("function %#02x before the response to %#02x", f, c.function)
		}
		return true
	}
	if o := h.inflight; o != nil {
		if o.isAnswer() && o.spoiled == 0 && f != fnAbort && f != fnSoftReset && !s.resent {
			s.violation("function %#02x before the ACK of the response to %#02x", f, o.function())
		}
		return true // a collision with something unsolicited: nobody's fault
	}
	return false
}
