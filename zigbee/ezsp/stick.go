package ezsp

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/octets"
)

// Deadlines.
const (
	answerWithin  = 10 * time.Second // ASH sees to it that nothing is lost, so nothing is asked twice
	confirmWithin = 30 * time.Second
	quiet         = 30 * time.Second       // without a byte, then it is asked for nothing
	fullPause     = 100 * time.Millisecond // before a message goes again that the stick had no room for
)

// Limits.
const (
	inFlight   = 16 // messages without their confirm; sirens may be as many more
	maxWaiting = 256
	fullTries  = 20 // 2 s
)

// Stick is a coordinator of this family at one open port.
type Stick struct {
	port    io.ReadWriter
	log     *slog.Logger
	handler zigbee.Handler // set by Serve

	hearing sync.Mutex // held by who takes bytes and hands on what they say; taken before writing and mu
	writing sync.Mutex // held by who writes; taken before mu

	mu       sync.Mutex
	ended    bool
	link     link
	decoder  decoder
	version  byte // of EZSP; 0: not agreed on
	joined   bool // its network is up
	lanes    [zigbee.Lanes][]*call
	waiting  int
	current  *call
	seq      byte
	until    time.Time // when current is given up
	messages map[byte]*call
	tag      byte
	request  byte // of the network layer
	full     time.Time
	heard    time.Time
	waits    []*wait
	scan     *scan    // under way
	handing  bool     // take is at work, and writes what is said meanwhile
	told     []func() // callers to be told, once the lock is released
	timer    *time.Timer

	risen    chan struct{} // closed when the link is up
	gone     chan struct{} // closed when Serve has ended
	writable chan struct{}
	fault    chan error
}

// call is one command.
type call struct {
	command Command
	data    []byte
	first   bool // the version command in its old form
	lane    zigbee.Lane
	message bool // it is over with its confirm only
	over    bool // done was called
	tries   int
	until   time.Time
	done    func(data []byte, err error) // with the lock held
}

func (c *call) end(data []byte, err error) {
	if !c.over {
		c.over = true
		c.done(data, err)
	}
}

// wait is somebody who waits for a status of the network.
type wait struct {
	status Status
	ch     chan struct{}
}

// Open makes a stick of an open port. Nothing is sent before Hello.
func Open(port io.ReadWriter, log *slog.Logger) *Stick {
	return &Stick{
		port: port, log: log, messages: make(map[byte]*call), timer: time.NewTimer(time.Hour),
		risen: make(chan struct{}), gone: make(chan struct{}), writable: make(chan struct{}, 1), fault: make(chan error, 1),
	}
}

// Counters are what was counted so far.
func (s *Stick) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link.count
}

// Serve implements zigbee.Adapter. The port must be closed when it returns: only
// that ends the goroutine that reads.
func (s *Stick) Serve(ctx context.Context, h zigbee.Handler) error {
	s.mu.Lock()
	s.handler, s.heard = h, time.Now()
	s.mu.Unlock()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() { stop(s.read()) }()
	var wg sync.WaitGroup
	wg.Go(func() { s.write(ctx, stop) })
	wg.Go(func() { s.keepTime(ctx) })
	select {
	case <-ctx.Done():
	case err := <-s.fault:
		stop(err)
	}
	wg.Wait()
	s.end()
	return context.Cause(ctx)
}

// end answers everybody who waits.
func (s *Stick) end() {
	s.hearing.Lock() // nobody is told anything after this
	defer s.hearing.Unlock()
	s.mu.Lock()
	s.ended = true
	close(s.gone)
	if s.current != nil {
		s.current.end(nil, zigbee.ErrDown)
	}
	for _, c := range s.messages {
		c.end(nil, zigbee.ErrDown)
	}
	for i := range s.lanes {
		for _, c := range s.lanes[i] {
			c.end(nil, zigbee.ErrDown)
		}
		s.lanes[i] = nil
	}
	s.current, s.waiting = nil, 0
	clear(s.messages)
	s.unlock(time.Now())
}

func (s *Stick) fail(err error) {
	select {
	case s.fault <- err:
	default:
	}
}

// lock begins a step and is the only place that asks for the time.
func (s *Stick) lock() time.Time {
	s.mu.Lock()
	return time.Now()
}

// unlock ends a step: what can be sent is sent, and who waits is told.
func (s *Stick) unlock(now time.Time) {
	s.settle(now)
	told := s.told
	s.told = nil
	s.mu.Unlock()
	for _, f := range told {
		f()
	}
}

// settle has the link and the timer follow what has changed.
func (s *Stick) settle(now time.Time) {
	s.pump(now)
	s.link.flush(now)
	if s.link.state == over {
		s.fail(s.link.fault)
	}
	if len(s.link.out) > 0 && !s.handing {
		s.rouse()
	}
	first := s.heard.Add(quiet)
	earlier := func(t time.Time) {
		if t.Before(first) {
			first = t
		}
	}
	if at, ok := s.link.deadline(); ok {
		earlier(at)
	}
	if s.current != nil {
		earlier(s.until)
	}
	if !s.full.IsZero() {
		earlier(s.full)
	}
	for _, c := range s.messages {
		if !c.until.IsZero() {
			earlier(c.until)
		}
	}
	// Not at once: what is due now, this step has just done.
	s.timer.Reset(max(first.Sub(now), time.Millisecond))
}

func (s *Stick) keepTime(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.timer.C:
		}
		now := s.lock()
		s.tick(now)
		s.unlock(now)
	}
}

func (s *Stick) tick(now time.Time) {
	s.link.tick(now)
	if s.current != nil && !now.Before(s.until) {
		c := s.current
		s.current = nil
		err := fmt.Errorf("%w to %s", errSilent, c.command)
		c.end(nil, err)
		s.fail(err)
	}
	for tag, c := range s.messages {
		if !c.until.IsZero() && !now.Before(c.until) {
			delete(s.messages, tag)
			c.end(nil, fmt.Errorf("ezsp: %s: no confirm within %s: %w", c.command, confirmWithin, zigbee.ErrNoAck))
		}
	}
	if !s.full.IsZero() && !now.Before(s.full) {
		s.full = time.Time{}
	}
	if now.Sub(s.heard) >= quiet {
		s.heard = now
		if s.version != 0 {
			s.enqueue(&call{command: nop, lane: zigbee.LanePoll, done: func([]byte, error) {}})
		}
	}
}

func (s *Stick) enqueue(c *call) {
	s.lanes[c.lane] = append(s.lanes[c.lane], c)
	s.waiting++
}

// tagAt is where the tag of a message stands in sendUnicast.
const tagAt = 14

// pump sends the next command if none is in flight. EZSP takes one at a time.
func (s *Stick) pump(now time.Time) {
	if s.ended || s.current != nil || s.link.state != up {
		return
	}
	for i := range s.lanes {
		for j, c := range s.lanes[i] {
			room := inFlight
			if c.lane == zigbee.LaneSiren {
				room = 2 * inFlight
			}
			if c.message && (len(s.messages) >= room || !s.full.IsZero()) {
				continue
			}
			s.lanes[i] = append(s.lanes[i][:j], s.lanes[i][j+1:]...)
			s.waiting--
			if c.message {
				for s.messages[s.tag] != nil {
					s.tag++
				}
				c.data[tagAt] = s.tag
				s.messages[s.tag] = c
				s.tag++
			}
			s.current = c
			s.until = now.Add(answerWithin)
			s.seq++
			var buf [MaxData]byte
			b := appendPacket(buf[:0], s.seq, c.command, c.data)
			if c.first {
				b = appendFirst(buf[:0], s.seq, c.data[0])
			}
			s.link.send(now, b)
			return
		}
	}
}

func (s *Stick) read() error {
	buf := make([]byte, 512)
	for {
		n, err := s.port.Read(buf)
		if n > 0 {
			s.take(buf[:n])
		}
		if err != nil {
			return fmt.Errorf("ezsp: reading from the port: %w", err)
		}
	}
}

// take sees to some bytes from the port. What the stick reports is handed on
// with the lock released and before anything is written.
func (s *Stick) take(b []byte) {
	s.hearing.Lock()
	defer s.hearing.Unlock()
	now := s.lock()
	s.handing = true
	s.heard = now
	s.decoder.feed(b)
	for !s.ended {
		f, k := s.decoder.next()
		if k == none {
			break
		}
		before := s.link.state
		data := s.link.take(now, f, k)
		if before == resetting && s.link.state == up {
			close(s.risen)
		}
		if data == nil {
			continue
		}
		p, err := parsePacket(data)
		if err != nil {
			s.log.Debug("a frame of the Zigbee stick is passed over", "err", err)
			continue
		}
		if s.word(now, p) {
			continue
		}
		v := s.version
		s.mu.Unlock() // nobody else uses the decoder now, so the data stand
		s.report(v, p)
		now = s.lock()
	}
	s.unlock(now)
	// What that set off, a siren maybe, goes out from here: waking another
	// goroutine for it can take a millisecond on a busy box.
	if !s.writing.TryLock() {
		s.rouse() // it may have looked just before
		return
	}
	err := s.flush()
	s.writing.Unlock()
	if err != nil {
		s.rouse() // it meets the same error, and ends the stick
	}
}

// rouse has the writer look.
func (s *Stick) rouse() {
	select {
	case s.writable <- struct{}{}:
	default:
	}
}

func (s *Stick) write(ctx context.Context, stop context.CancelCauseFunc) {
	for {
		select {
		case <-s.writable:
		case <-ctx.Done():
			return
		}
		s.writing.Lock()
		err := s.flush()
		s.writing.Unlock()
		if err != nil {
			stop(fmt.Errorf("ezsp: writing to the port: %w", err))
			return
		}
	}
}

func (s *Stick) flush() error {
	for {
		s.mu.Lock()
		b := s.link.out
		s.link.out = nil
		if len(b) == 0 {
			s.handing = false
			s.mu.Unlock()
			return nil
		}
		s.mu.Unlock()
		if _, err := s.port.Write(b); err != nil {
			return err
		}
	}
}

// word sees to a frame that belongs to the driver itself, and tells whether it did.
func (s *Stick) word(now time.Time, p packet) bool {
	switch {
	case !p.callback():
		s.answered(now, p)
	case p.command == messageSent:
		s.confirmed(p.data)
	case p.command == stackStatus:
		s.changed((&reader{octets.Reader{B: p.data}}).status(s.version))
	case p.command == energyResult, p.command == scanComplete:
		s.scanned(p)
	default:
		return false
	}
	return true
}

// changed takes note of what the stick says of its network.
func (s *Stick) changed(now Status) {
	switch now {
	case networkUp:
		s.joined = true
	case networkDown:
		s.joined = false
	default:
	}
	for i := 0; i < len(s.waits); i++ {
		if w := s.waits[i]; w.status == now {
			close(w.ch)
			s.waits = append(s.waits[:i], s.waits[i+1:]...)
			i--
		}
	}
}

func (s *Stick) answered(now time.Time, p packet) {
	c := s.current
	if c == nil || p.seq != s.seq {
		return // nobody waits for it any more
	}
	s.current = nil
	if p.command == invalidCommand {
		s.drop(c)
		c.end(nil, &UnknownError{c.command, at(p.data, 0)})
		return
	}
	if !c.message {
		c.end(p.data, nil)
		return
	}
	switch status := (&reader{octets.Reader{B: p.data}}).status(s.version); status {
	case success:
		c.until = now.Add(confirmWithin)
	case busy, noMemory, tooMany: // it has no room now
		s.drop(c)
		if c.tries++; c.tries > fullTries {
			c.end(nil, &StatusError{c.command, status})
			return
		}
		s.full = now.Add(fullPause)
		s.lanes[c.lane] = append([]*call{c}, s.lanes[c.lane]...)
		s.waiting++
	default:
		s.drop(c)
		c.end(nil, &StatusError{c.command, status})
	}
}

// drop takes a message from those that wait for their confirm.
func (s *Stick) drop(c *call) {
	if c.message && s.messages[c.data[tagAt]] == c {
		delete(s.messages, c.data[tagAt])
	}
}

// confirmed sees to messageSentHandler, the order of whose fields has changed.
func (s *Stick) confirmed(b []byte) {
	r := reader{octets.Reader{B: b}}
	var status Status
	var tag byte
	if s.version < wide {
		r.Take(1 + 2) // type, destination
		r.aps()
		tag, status = r.U8(), r.status(s.version)
	} else {
		status = r.status(s.version)
		r.Take(1 + 2)
		r.aps()
		tag = byte(r.U16())
	}
	c := s.messages[tag]
	if r.Short || c == nil {
		return
	}
	delete(s.messages, tag)
	switch status {
	case success:
		c.end(nil, nil)
	case deliveryFailed:
		s.link.count.Unacked++
		c.end(nil, zigbee.ErrNoAck)
	default:
		c.end(nil, &StatusError{messageSent, status})
	}
}

// ask sends a command and waits for its answer.
func (s *Stick) ask(ctx context.Context, command Command, data ...byte) ([]byte, error) {
	return s.call(ctx, &call{command: command, data: data, lane: zigbee.LaneUser})
}

func (s *Stick) call(ctx context.Context, c *call) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	ch := make(chan result, 1)
	c.done = func(b []byte, err error) { ch <- result{append([]byte(nil), b...), err} }
	now := s.lock()
	if s.ended {
		s.mu.Unlock()
		return nil, zigbee.ErrDown
	}
	s.enqueue(c)
	s.unlock(now)
	select {
	case r := <-ch:
		return r.data, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// tell is ask where the answer begins with a status.
func (s *Stick) tell(ctx context.Context, command Command, data ...byte) error {
	b, err := s.ask(ctx, command, data...)
	if err != nil {
		return err
	}
	if status := (&reader{octets.Reader{B: b}}).status(s.agreed()); status != success {
		return &StatusError{command, status}
	}
	return nil
}

// agreed is the version of EZSP that both sides speak.
func (s *Stick) agreed() byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// expect waits for a status of the network, from now on. It must be called
// before what brings it about.
func (s *Stick) expect(status Status) func(context.Context) error {
	w := &wait{status, make(chan struct{})}
	s.mu.Lock()
	s.waits = append(s.waits, w)
	s.mu.Unlock()
	return func(ctx context.Context) error {
		limit := time.NewTimer(startWithin)
		defer limit.Stop()
		select {
		case <-w.ch:
			return nil
		case <-s.gone:
			return zigbee.ErrDown
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-limit.C:
			return fmt.Errorf("ezsp: the stick did not say within %s that %s", startWithin, status)
		}
	}
}
