package zwave

import (
	"cmp"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"gatehouse/zwave/frame"
	"gatehouse/zwave/serialapi"
)

// Options are what a Controller needs besides a port.
type Options struct {
	// OnEvent is called for every event, one at a time and in order, right
	// after the frame that brought it has been acknowledged. It must not block;
	// it may call Send. Nil is allowed.
	OnEvent func(Event)
	// Store keeps nodes over a restart; nil keeps nothing.
	Store Store
	// WakeInterval is how often battery nodes are asked to wake up; 0 means 4 h.
	WakeInterval time.Duration
	// Log; nil logs nothing.
	Log *slog.Logger
}

// Errors that a caller may decide on.
var (
	ErrDown        = errors.New("zwave: the controller is not connected")
	ErrQueueFull   = errors.New("zwave: too many commands wait to be sent")
	ErrNoAck       = errors.New("zwave: the node did not acknowledge")
	ErrJammed      = errors.New("zwave: the controller cannot send: the radio channel is busy")
	ErrRefused     = errors.New("zwave: the controller refused to send")
	ErrNoCallback  = errors.New("zwave: the controller did not say how sending ended")
	ErrNoResponse  = errors.New("zwave: the controller did not answer")
	ErrUnconfirmed = errors.New("zwave: the node took the command but did not confirm that it was carried out")
	ErrNodeFailed  = errors.New("zwave: the node says that the command failed")
	ErrNoNode      = errors.New("zwave: there is no such node")
	ErrVoid        = errors.New("zwave: a newer command to the same node took its place")
	ErrBusy        = errors.New("zwave: a node is already joining or leaving")
	ErrStillThere  = errors.New("zwave: the node still answers, so it cannot be removed as failed")
	ErrUnsupported = errors.New("zwave: the controller cannot do that")
)

// Controller drives one stick, port after port. Its methods may be called from
// any goroutine, OnEvent included.
type Controller struct {
	opt   Options
	log   *slog.Logger
	count counters
	ack   []byte
	nak   []byte

	writing sync.Mutex // held by who writes frames; taken before mu

	mu    sync.Mutex // held for what follows; never while anyone is called or the port is used
	phase phase
	info  Info
	caps  serialapi.Capabilities
	ids   serialapi.IDs

	decoder   frame.Decoder
	link      link
	session   session
	queue     queue
	agenda    agenda
	jam       jam
	lastFrame []byte // the last data frame from the stick, and when it came
	lastAt    time.Time
	faulty    error // what brought the last phaseResetting about
	noAnswers int   // callbacks that did not come, in a row

	nodes      map[NodeID]*node
	dirty      map[NodeID]bool // to be saved; false: to be deleted
	early      []early         // commands that came before the nodes were known
	supervised map[supervisionKey]*command
	sequence   uint64
	waiters    []*waiter
	infos      map[NodeID]chan serialapi.NodeInfo // asked for by interviews
	studying   [2]int                             // interviews that run: of nodes that sleep, of others
	join       joining
	keeping    *entry // saves when nodes were last heard

	// What the goroutines of Run are told.
	out      [][]byte      // frames to be written
	writable chan struct{} // out is not empty, and nobody else is at it
	prompt   Prompt        // the port; nil when it cannot write without waiting, and between two Runs
	saving   chan struct{} // dirty is not empty
	studies  chan struct{} // an interview may have become possible
	fault    chan fault    // the stick needs a reset
	started  chan struct{} // the stick said that it has started
	timer    *time.Timer   // of the ticker; nil between two Runs
	armed    time.Time     // when it fires; zero: not set

	news     []news // for OnEvent and the callers of Send, in order
	spare    []news
	emitting bool
	emitted  *sync.Cond
}

// phase is how far the controller is usable.
type phase byte

const (
	phaseDown     phase = iota // no Run
	phaseStarting              // only control requests are sent
	phaseReady
	phaseResetting // nothing is sent
)

// fault is what is wrong with the stick.
type fault struct{ err error }

// news is one event or one answer to a caller of Send.
type news struct {
	event Event
	done  func(error)
	err   error
}

// New makes a controller that does nothing until Run.
func New(o Options) *Controller {
	if o.WakeInterval == 0 {
		o.WakeInterval = 4 * time.Hour
	}
	c := &Controller{
		opt:        o,
		log:        o.Log,
		ack:        []byte{frame.ACK},
		nak:        []byte{frame.NAK},
		nodes:      make(map[NodeID]*node),
		dirty:      make(map[NodeID]bool),
		supervised: make(map[supervisionKey]*command),
		infos:      make(map[NodeID]chan serialapi.NodeInfo),
		writable:   make(chan struct{}, 1),
		saving:     make(chan struct{}, 1),
		studies:    make(chan struct{}, 1),
		fault:      make(chan fault, 1),
		started:    make(chan struct{}, 1),
	}
	c.emitted = sync.NewCond(&c.mu)
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c
}

// lock begins a step of the controller and is the only place that asks for the
// time.
func (c *Controller) lock() time.Time {
	c.mu.Lock()
	return time.Now()
}

// unlock ends a step on one of Run's goroutines: what can be sent is sent, and
// what has happened is told, in order, by whichever goroutine is at it already.
func (c *Controller) unlock(now time.Time) {
	c.pump(now)
	c.arm(now)
	c.tell()
	out := len(c.out) > 0
	c.mu.Unlock()
	if out {
		poke(c.writable)
	}
}

// tell hands the news over, with the lock released around each call.
func (c *Controller) tell() {
	if c.emitting {
		return
	}
	c.emitting = true
	for len(c.news) > 0 {
		batch := c.news
		c.news = c.spare[:0]
		c.mu.Unlock()
		for i, n := range batch {
			switch {
			case n.done != nil:
				n.done(n.err)
			case c.opt.OnEvent != nil:
				c.opt.OnEvent(n.event)
			}
			batch[i] = news{}
		}
		c.mu.Lock()
		c.spare = batch[:0]
	}
	c.emitting = false
	c.emitted.Broadcast()
}

// leave ends a step on a caller's goroutine. The caller may hold locks of its
// own, so nobody is told anything here: the ticker does it at once.
func (c *Controller) leave(now time.Time) {
	c.pump(now)
	if len(c.out) > 0 { // before the timer: setting it wakes somebody
		c.mu.Unlock()
		c.writeNow()
		c.mu.Lock()
	}
	if len(c.news) > 0 && !c.emitting {
		if c.timer != nil {
			c.armed = now
			c.timer.Reset(0)
		} else {
			for _, n := range c.news {
				if n.done != nil {
					go n.done(n.err)
				}
			}
			c.news = c.news[:0]
		}
	}
	c.arm(now)
	c.mu.Unlock()
}

func (c *Controller) emit(e Event) { c.news = append(c.news, news{event: e}) }
func (c *Controller) answer(f func(error), err error) {
	c.news = append(c.news, news{done: f, err: err})
}

// arm sets the timer to the earliest thing that is due. A timer that is set
// too early is left alone: it costs one idle turn, setting it costs more.
func (c *Controller) arm(now time.Time) {
	if c.timer == nil {
		return
	}
	var first time.Time
	for _, d := range [...]func() (time.Time, bool){
		c.decoder.Deadline, c.link.deadline, c.session.deadline, c.agenda.deadline,
	} {
		if at, ok := d(); ok && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if first.IsZero() || !c.armed.IsZero() && !first.Before(c.armed) {
		return
	}
	c.armed = first
	c.timer.Reset(first.Sub(now))
}

// tick does everything that is due.
func (c *Controller) tick(now time.Time) {
	c.armed = time.Time{}
	if c.decoder.Expire(now) {
		c.count.halfFrames.Add(1)
	}
	if !c.link.idle() && !c.link.pause && !now.Before(c.link.until) {
		c.count.ackTimeouts.Add(1)
	}
	c.linked(now, c.link.tick(now))
	switch c.session.tick(now) {
	case onTime:
	case noResponse:
		c.count.responseTimeouts.Add(1)
		c.stickFault(now, ErrNoResponse)
	case noCallback:
		c.noCallback(now)
	case cutShort:
		c.abort(now)
	}
	c.agenda.tick(now)
}

// poke wakes a goroutine that waits on a channel of one place or more.
func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// write has a frame written at the end of the step.
func (c *Controller) write(b []byte) {
	c.count.framesOut.Add(1)
	c.out = append(c.out, b)
}

// pump sends what can be sent now.
func (c *Controller) pump(now time.Time) {
	for c.link.idle() && c.session.req == nil {
		r := c.next(now)
		if r == nil {
			return
		}
		if r.void || r.cmd != nil && !c.prepare(now, r) {
			continue
		}
		c.begin(now, r)
	}
	switch at, ok := c.cutShortAt(); {
	case !ok:
	case !now.Before(at):
		c.session.yielded = true
		c.abort(now)
	case !at.Equal(c.session.look):
		c.session.look = at
		c.agenda.add(at, func(time.Time) {}) // pump then
	}
}

// next is what to send next, if anything may be sent.
func (c *Controller) next(now time.Time) *request {
	if c.phase == phaseResetting || c.phase == phaseDown {
		return nil
	}
	if c.phase == phaseStarting {
		return c.queue.control.pop()
	}
	if c.jam.holds(now) {
		// While the channel is jammed only what has not been tried yet and is
		// urgent may try.
		if l := c.queue.lanes[LaneSiren].waiting(); len(l) > 0 && l[0].cmd != nil && l[0].cmd.jams == 0 {
			return c.queue.pop(LaneSiren)
		}
		if r := c.queue.control.pop(); r != nil {
			return r
		}
		return c.queue.popQuestion()
	}
	return c.queue.pop(lanes - 1)
}

func (c *Controller) begin(now time.Time, r *request) {
	if r.cmd != nil {
		r.cmd.began, r.cmd.held = now, time.Time{}
	}
	b := c.session.begin(r)
	c.link.send(now, b, forRequest, linkTries)
	c.write(b)
}

// linked acts on what became of the frame in flight.
func (c *Controller) linked(now time.Time, v verdict) {
	switch v {
	case nothing:
	case acked:
		c.decoder.LooseAck = false
		if c.link.what == forRequest && c.session.acked(now) {
			c.over(now, nil, nil)
		}
	case again:
		c.count.retransmits.Add(1)
		if c.giveWay(now) {
			return
		}
		c.write(c.link.frame)
	case lost:
		c.decoder.LooseAck = false
		if c.link.what != forReset {
			c.stickFault(now, errNoLink)
		}
	}
}

// giveWay puts a request that was about to be sent again back behind a siren
// that came in the meantime, and drops it if it is void by now.
func (c *Controller) giveWay(now time.Time) bool {
	r := c.session.req
	if c.link.what != forRequest || r == nil || r.control || c.phase != phaseReady {
		return false
	}
	if !r.void && (r.lane <= LaneSiren || c.queue.head() > LaneSiren) {
		return false
	}
	c.link = link{}
	c.session.req = nil
	c.queue.pushFront(r)
	c.pump(now)
	return true
}

// over ends the outstanding request.
func (c *Controller) over(now time.Time, payload []byte, err error) {
	r := c.session.req
	c.session.req = nil
	if r != nil && r.done != nil {
		r.done(now, payload, err)
	}
}

// noCallback gives the outstanding request up. Once may be the stick's own
// mishap, twice in a row is a stick that needs a reset.
func (c *Controller) noCallback(now time.Time) {
	c.count.callbackTimeouts.Add(1)
	c.noAnswers++
	twice := c.noAnswers >= 2
	c.over(now, nil, ErrNoCallback)
	if twice {
		c.noAnswers = 0
		c.stickFault(now, ErrNoCallback)
	}
}

// stickFault asks Run for a reset of the stick. Nothing of it is held against
// a node: the command that was outstanding is tried once more afterwards.
func (c *Controller) stickFault(now time.Time, err error) {
	if c.phase == phaseDown || c.phase == phaseResetting {
		return
	}
	c.phase, c.faulty = phaseResetting, err
	if c.join.Step != JoinInterviewing {
		c.endJoin(now, "the controller had to be restarted")
	}
	c.link = link{}
	r := c.session.req
	c.session.req = nil
	if r != nil {
		c.secondTry(now, r, err)
	}
	for r := c.queue.control.pop(); r != nil; r = c.queue.control.pop() {
		r.done(now, nil, err)
	}
	select {
	case c.fault <- fault{err}:
	default:
	}
}

// secondTry sees to a request that the stick lost: a command gets a second try.
func (c *Controller) secondTry(now time.Time, r *request, err error) {
	if r.cmd != nil && r.cmd.faults == 0 {
		r.cmd.faults++
		c.queue.pushFront(r)
		return
	}
	if r.done != nil {
		r.done(now, nil, err)
	}
}

// Info is what the controller said about itself, and whether it is ready now.
func (c *Controller) Info() (Info, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.info, c.phase == phaseReady
}

// Nodes are all known nodes but the controller itself, by id.
func (c *Controller) Nodes() []Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := make([]Node, 0, len(c.nodes))
	for _, n := range c.nodes {
		l = append(l, n.snapshot())
	}
	slices.SortFunc(l, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	return l
}

// Node is one node.
func (c *Controller) Node(id NodeID) (Node, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[id]
	if n == nil {
		return Node{}, false
	}
	return n.snapshot(), true
}

// nodeIDs are the known nodes, ascending.
func (c *Controller) nodeIDs() []NodeID { return slices.Sorted(maps.Keys(c.nodes)) }
