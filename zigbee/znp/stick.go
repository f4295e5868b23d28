package znp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/zigbee"
)

// Deadlines.
const (
	answerWithin  = 3 * time.Second
	confirmWithin = 30 * time.Second
	quiet         = 30 * time.Second       // without a byte, then it is pinged
	fullPause     = 100 * time.Millisecond // before a message goes again that the stick had no room for
)

// Limits.
const (
	inFlight   = 16  // messages without their confirm, as zigbee-herdsman allows for Z-Stack 3.x.0; a siren may be one more
	maxWaiting = 256 // messages that wait to be sent
	tries      = 2
	fullTries  = 20 // 2 s
)

var (
	errSilent    = fmt.Errorf("znp: %w", zigbee.ErrSilent)
	errRestarted = errors.New("znp: the stick restarted by itself")
)

// StatusError is what a stick says when it did not do something.
type StatusError struct {
	Command Command
	Status  byte
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("znp: %s: %s", e.Command, statusText(e.Status))
}

// UnknownError tells that the firmware does not know a command.
type UnknownError struct{ Command Command }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("znp: the stick's firmware does not know %s", e.Command)
}

// Is tells that it is zigbee.ErrUnable.
func (e *UnknownError) Is(target error) bool { return target == zigbee.ErrUnable }

// Stick is a coordinator of this family at one open port.
type Stick struct {
	port    io.ReadWriter
	log     *slog.Logger
	handler zigbee.Handler // set by Serve

	hearing sync.Mutex // held by who takes bytes and hands on what they say; taken before writing and mu
	writing sync.Mutex // held by who writes; taken before mu

	mu       sync.Mutex
	ended    error // set when Serve has ended
	decoder  Decoder
	lanes    [zigbee.Lanes][]*call
	waiting  int
	current  *call
	until    time.Time // when current is given up
	messages map[byte]*call
	next     byte // transaction id
	full     time.Time
	heard    time.Time
	waits    []*wait
	resets   bool        // a reset was asked for
	strict   atomic.Bool // it lets only those join whom it expects
	out      [][]byte
	handing  bool     // take is at work, and writes what is said meanwhile
	told     []func() // callers to be told, once the lock is released
	count    Counters
	timer    *time.Timer

	writable chan struct{}
	fault    chan error
}

// call is one request.
type call struct {
	command Command
	data    []byte
	lane    zigbee.Lane
	tries   int
	message bool // it is over with its confirm only
	until   time.Time
	done    func(data []byte, err error) // with the lock held
}

// wait is somebody who waits for a word of the stick.
type wait struct {
	command Command
	match   func([]byte) bool
	ch      chan struct{}
}

// Counters count what went over the line.
type Counters struct {
	FramesIn  uint64 `json:"frames_in"`
	FramesOut uint64 `json:"frames_out"`
	BadFCS    uint64 `json:"bad_fcs"`
	Noise     uint64 `json:"noise"`
	Half      uint64 `json:"half_frames"`
	Stray     uint64 `json:"stray_answers"` // nobody waited for them: doubled, or too late
	Again     uint64 `json:"sent_again"`
	Unacked   uint64 `json:"unacknowledged"`
}

// Open makes a stick of an open port. Nothing is sent before Serve.
func Open(port io.ReadWriter, log *slog.Logger) *Stick {
	return &Stick{
		port: port, log: log, messages: make(map[byte]*call), writable: make(chan struct{}, 1), fault: make(chan error, 1),
		timer: time.NewTimer(time.Hour),
	}
}

// Counters are what was counted so far.
func (s *Stick) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
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
	s.end(context.Cause(ctx))
	return context.Cause(ctx)
}

// end answers everybody who waits.
func (s *Stick) end(err error) {
	s.hearing.Lock() // nobody is told anything after this
	defer s.hearing.Unlock()
	s.mu.Lock()
	s.ended = err
	var calls []*call
	if s.current != nil {
		calls = append(calls, s.current)
	}
	for _, c := range s.messages {
		if c != s.current {
			calls = append(calls, c)
		}
	}
	for i := range s.lanes {
		calls = append(calls, s.lanes[i]...)
		s.lanes[i] = nil
	}
	s.current, s.waiting = nil, 0
	clear(s.messages)
	for _, c := range calls {
		c.done(nil, zigbee.ErrDown)
	}
	s.unlock(time.Now())
}

// lock begins a step and is the only place that asks for the time.
func (s *Stick) lock() time.Time {
	s.mu.Lock()
	return time.Now()
}

// unlock ends a step: what can be sent is sent, and who waits is told.
func (s *Stick) unlock(now time.Time) {
	s.pump(now)
	s.arm(now)
	told := s.told
	s.told = nil
	s.mu.Unlock()
	for _, f := range told {
		f()
	}
}

func (s *Stick) arm(now time.Time) {
	first := s.heard.Add(quiet)
	earlier := func(t time.Time) {
		if t.Before(first) {
			first = t
		}
	}
	if at, ok := s.decoder.Deadline(); ok {
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
		at, begun := s.decoder.Deadline()
		s.tick(now)
		s.unlock(now)
		if begun && !now.Before(at) {
			s.take(nil)
		}
	}
}

func (s *Stick) tick(now time.Time) {
	if s.current != nil && !now.Before(s.until) {
		s.unanswered(now)
	}
	for id, c := range s.messages {
		if !c.until.IsZero() && !now.Before(c.until) {
			delete(s.messages, id)
			c.done(nil, fmt.Errorf("znp: %s: no confirm within %s: %w", c.command, confirmWithin, zigbee.ErrNoAck))
		}
	}
	if !s.full.IsZero() && !now.Before(s.full) {
		s.full = time.Time{}
	}
	if now.Sub(s.heard) >= quiet {
		s.heard = now
		s.enqueue(&call{command: sysPing, lane: zigbee.LanePoll, done: func([]byte, error) {}})
	}
}

// unanswered sees to a request without an answer. Once may be a byte that the
// line lost, twice is a stick that does not answer.
func (s *Stick) unanswered(now time.Time) {
	c := s.current
	if c.tries++; c.tries < tries {
		s.count.Again++
		s.transmit(now, c)
		return
	}
	s.current = nil
	c.done(nil, fmt.Errorf("%w to %s", errSilent, c.command))
	select {
	case s.fault <- errSilent:
	default:
	}
}

func (s *Stick) counted(k Kind) {
	switch k {
	case Whole:
		s.count.FramesIn++
	case BadFCS:
		s.count.BadFCS++
	case Noise:
		s.count.Noise++
	case Half:
		s.count.Half++
	default:
	}
}

func (s *Stick) enqueue(c *call) {
	s.lanes[c.lane] = append(s.lanes[c.lane], c)
	s.waiting++
}

// pump sends the next request if none is in flight.
func (s *Stick) pump(now time.Time) {
	if s.ended != nil || s.current != nil {
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
				for s.messages[s.next] != nil {
					s.next++
				}
				c.data[transaction] = s.next
				s.messages[s.next] = c
				s.next++
			}
			s.current = c
			s.transmit(now, c)
			return
		}
	}
}

func (s *Stick) transmit(now time.Time, c *call) {
	s.until = now.Add(answerWithin)
	s.say(Frame{c.command, c.data})
}

func (s *Stick) say(f Frame) {
	s.count.FramesOut++
	s.out = append(s.out, f.Append(nil))
	if !s.handing {
		s.rouse()
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
			return fmt.Errorf("znp: reading from the port: %w", err)
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
	if len(b) > 0 {
		s.heard = now
		s.decoder.Feed(now, b)
	}
	for s.ended == nil {
		f, k := s.decoder.Next(now)
		s.counted(k)
		if k == None {
			break
		}
		if k != Whole || s.word(now, f) {
			continue
		}
		s.mu.Unlock() // nobody else feeds the decoder now, so the frame stands
		s.report(f)
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
			stop(fmt.Errorf("znp: writing to the port: %w", err))
			return
		}
	}
}

func (s *Stick) flush() error {
	for {
		s.mu.Lock()
		if len(s.out) == 0 {
			s.handing = false
			s.mu.Unlock()
			return nil
		}
		b := s.out[0]
		s.out = s.out[1:]
		s.mu.Unlock()
		if _, err := s.port.Write(b); err != nil {
			return err
		}
	}
}

// word sees to a frame that belongs to the driver itself, and tells whether it did.
func (s *Stick) word(now time.Time, f Frame) bool {
	switch {
	case f.Command == rpcError:
		s.refused(f.Data)
		return true
	case f.Command&kindMask == srsp:
		s.answered(now, f)
		return true
	case f.Command == afConfirm:
		s.confirmed(f.Data)
		return true
	case f.Command == sysResetInd && !s.resets:
		select {
		case s.fault <- errRestarted:
		default:
		}
	case f.Command == sysResetInd:
		s.resets = false
	}
	for i := 0; i < len(s.waits); i++ {
		if w := s.waits[i]; w.command == f.Command && w.match(f.Data) {
			close(w.ch)
			s.waits = append(s.waits[:i], s.waits[i+1:]...)
			i--
		}
	}
	return f.Command == sysResetInd || f.Command == zdoState
}

func (s *Stick) answered(now time.Time, f Frame) {
	c := s.current
	if c == nil || c.command.answer() != f.Command {
		s.count.Stray++
		return
	}
	s.current = nil
	if !c.message {
		c.done(f.Data, nil)
		return
	}
	switch status := first(f.Data); status {
	case 0:
		c.until = now.Add(confirmWithin)
	case 0x10, 0x11, 0xF1: // it has no room now
		delete(s.messages, c.data[transaction])
		if c.tries++; c.tries > fullTries {
			c.done(nil, &StatusError{c.command, status})
			return
		}
		s.full = now.Add(fullPause)
		s.lanes[c.lane] = append([]*call{c}, s.lanes[c.lane]...)
		s.waiting++
	default:
		delete(s.messages, c.data[transaction])
		c.done(nil, &StatusError{c.command, status})
	}
}

// first is the status that most answers begin with.
func first(b []byte) byte {
	if len(b) == 0 {
		return 0x02
	}
	return b[0]
}

// refused sees to an RPC error: what is wrong, then the command.
func (s *Stick) refused(b []byte) {
	c := s.current
	if len(b) < 3 || c == nil || c.command != Command(binary.BigEndian.Uint16(b[1:])) {
		s.count.Stray++
		return
	}
	s.current = nil
	if c.message {
		delete(s.messages, c.data[transaction])
	}
	c.done(nil, &UnknownError{c.command})
}

// confirmed sees to AF_DATA_CONFIRM: status, endpoint, transaction.
func (s *Stick) confirmed(b []byte) {
	if len(b) < 3 {
		return
	}
	c := s.messages[b[2]]
	if c == nil {
		s.count.Stray++
		return
	}
	delete(s.messages, b[2])
	if c == s.current { // its answer was lost, or comes behind
		s.current = nil
	}
	switch b[0] {
	case 0:
		c.done(nil, nil)
	case 0xB7, 0xE9, 0xF0, 0xCD:
		s.count.Unacked++
		c.done(nil, fmt.Errorf("%w: %s", zigbee.ErrNoAck, statusText(b[0])))
	default:
		c.done(nil, &StatusError{afConfirm, b[0]})
	}
}

// ask sends a request and waits for its answer.
func (s *Stick) ask(ctx context.Context, command Command, data ...byte) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	if len(data) > MaxData {
		return nil, errTooLong
	}
	ch := make(chan result, 1)
	now := s.lock()
	if s.ended != nil {
		s.mu.Unlock()
		return nil, zigbee.ErrDown
	}
	s.enqueue(&call{
		command: command, data: data, lane: zigbee.LaneUser,
		done: func(b []byte, err error) { ch <- result{append([]byte(nil), b...), err} },
	})
	s.unlock(now)
	select {
	case r := <-ch:
		return r.data, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// tell is ask where the answer is a status. Those in fine are no errors.
func (s *Stick) tell(ctx context.Context, command Command, data []byte, fine ...byte) error {
	b, err := s.ask(ctx, command, data...)
	if err != nil {
		return err
	}
	status := first(b)
	for _, f := range append(fine, 0) {
		if status == f {
			return nil
		}
	}
	return &StatusError{command, status}
}

// expect waits for a word that match takes, from now on. It must be called
// before what brings that word about.
func (s *Stick) expect(command Command, match func([]byte) bool) func(context.Context, time.Duration) error {
	w := &wait{command, match, make(chan struct{})}
	s.mu.Lock()
	s.waits = append(s.waits, w)
	s.mu.Unlock()
	return func(ctx context.Context, d time.Duration) error {
		limit := time.NewTimer(d)
		defer limit.Stop()
		select {
		case <-w.ch:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-limit.C:
			return fmt.Errorf("znp: no %s within %s", command, d)
		}
	}
}
