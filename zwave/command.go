package zwave

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/zwave/cc"
	"gatehouse/zwave/frame"
	"gatehouse/zwave/serialapi"
)

// Limits of sending.
const (
	sendTries     = 3                      // transmissions of a command that a node does not acknowledge
	preemptLimit  = 5                      // times that a command is put back behind a siren
	sirenTurn     = 3 * time.Second        // for a siren that is hard to reach while another one waits
	answerTurn    = 100 * time.Millisecond // for an answer while a siren waits, or while an answer waits
	jamPause      = time.Second
	jamTries      = 5                // pauses before the stick is reset
	jamReset      = 5 * time.Minute  // between two resets for a channel that stays busy
	superviseTime = 2 * time.Second  // 1 s for the node, and the way back
	sirenPatience = 30 * time.Second // for a stick that has been pulled out
)

// errAsleep ends an interview question to a node that went to sleep.
var errAsleep = errors.New("zwave: the node has gone to sleep")

// command is one command to one node on its way.
type command struct {
	node     NodeID
	endpoint byte
	payload  []byte // as given, without envelopes
	lane     Lane
	dones    []func(error)
	seq      uint64
	held     time.Time // since when it waits for a stick that is away; zero: it does not
	options  serialapi.TxOptions

	misses    int // transmissions that the node did not acknowledge
	jams      int // transmissions that the controller could not begin
	faults    int // transmissions that the stick lost
	preempted int
	began     time.Time // of the last transmission

	supervised bool // a Supervision Report will say how it went
	session    byte
	limit      *entry // on waiting for that report
	ended      bool
}

type supervisionKey struct {
	node    NodeID
	session byte
}

// Send tells a node something: payload is a command from its class byte on
// (cc.Bytes). It never blocks. Done, which may be nil, is called exactly once,
// on another goroutine: with nil when the node acknowledged, or, if it supports
// Supervision and the command sets something, when it confirmed that it was
// carried out. A command for a node that sleeps waits, also over a restart,
// until it wakes up. A command equal to the last one that waits for the same
// node is merged with it. While the controller is away commands fail with
// ErrDown at once, except those of LaneSiren, which wait 30 s for it; of those
// a newer one to the same node makes an older one that waits void (ErrVoid).
func (c *Controller) Send(node NodeID, payload []byte, lane Lane, done func(error)) {
	c.SendTo(node, 0, payload, lane, done)
}

// SendTo is Send to one endpoint of a node.
func (c *Controller) SendTo(node NodeID, endpoint byte, payload []byte, lane Lane, done func(error)) {
	cmd := &command{
		node: node, endpoint: endpoint, payload: slices.Clone(payload), lane: min(lane, lanes-1),
		options: serialapi.TxDefault,
	}
	if done != nil {
		cmd.dones = []func(error){done}
	}
	now := c.lock()
	c.submit(now, cmd)
	c.leave(now)
}

// submit takes a command in.
func (c *Controller) submit(now time.Time, cmd *command) {
	c.sequence++
	cmd.seq = c.sequence
	n := c.nodes[cmd.node]
	switch {
	case n != nil && n.resting() && cmd.lane != LaneNonce:
		c.box(n, cmd)
	case c.phase == phaseDown && cmd.lane != LaneSiren:
		c.end(cmd, ErrDown)
	case n == nil && c.phase == phaseReady:
		c.end(cmd, fmt.Errorf("zwave: node %d: %w", cmd.node, ErrNoNode))
	default:
		if old := c.queue.supersede(cmd); old != nil {
			c.end(old, ErrVoid)
		}
		if c.queue.n > 0 && c.queue.merge(cmd) {
			return
		}
		if c.queue.n >= queueLimit && cmd.lane > LaneSiren {
			c.count.queueFull.Add(1)
			c.end(cmd, ErrQueueFull)
			return
		}
		c.queue.push(c.sending(cmd))
		if c.phase == phaseDown {
			c.hold(now, cmd)
		}
	}
}

// hold has a siren command wait for a stick that is away, but not for ever.
func (c *Controller) hold(now time.Time, cmd *command) {
	if !cmd.held.IsZero() {
		return
	}
	cmd.held = now
	time.AfterFunc(sirenPatience, func() {
		now := c.lock()
		if c.phase != phaseReady && !cmd.held.IsZero() && now.Sub(cmd.held) >= sirenPatience {
			c.queue.filter(func(r *request) bool { return r.cmd != cmd })
			c.end(cmd, ErrDown)
		}
		c.leave(now)
	})
}

// failQueue ends all that waits when the port is gone, siren commands aside.
func (c *Controller) failQueue(now time.Time) {
	for r := c.queue.control.pop(); r != nil; r = c.queue.control.pop() {
		r.done(now, nil, ErrDown)
	}
	c.queue.filter(func(r *request) bool {
		switch {
		case r.cmd == nil:
			r.done(now, nil, ErrDown)
		case r.lane == LaneSiren:
			c.hold(now, r.cmd)
			return true
		default:
			c.end(r.cmd, ErrDown)
		}
		return false
	})
	for _, cmd := range c.supervised {
		if cmd.limit != nil { // sent, and its report will not come any more
			c.end(cmd, ErrUnconfirmed)
		}
	}
}

// end tells everyone who asked for a command how it went.
func (c *Controller) end(cmd *command, err error) {
	if cmd.ended {
		return
	}
	cmd.ended = true
	c.agenda.drop(cmd.limit)
	if cmd.supervised {
		delete(c.supervised, supervisionKey{cmd.node, cmd.session})
	}
	for _, f := range cmd.dones {
		c.answer(f, err)
	}
	cmd.dones = nil
}

// sending makes the request that sends a command. Its bytes are made when it
// is its turn.
func (c *Controller) sending(cmd *command) *request {
	r := &request{
		function: serialapi.SendData, respond: true, callback: true, await: true,
		lane: cmd.lane, cmd: cmd, accept: accepted,
	}
	r.done = func(now time.Time, payload []byte, err error) { c.sent(now, r, payload, err) }
	return r
}

func accepted(response []byte) error {
	if len(response) == 0 || response[0] == 0 {
		return ErrRefused
	}
	return nil
}

// prepare makes the bytes of a command whose turn it is. It says no when there
// is nothing to send: the node has gone to sleep, or does not exist.
func (c *Controller) prepare(now time.Time, r *request) bool {
	cmd := r.cmd
	n := c.nodes[cmd.node]
	if cmd.ended {
		return false
	}
	if n == nil {
		c.end(cmd, fmt.Errorf("zwave: node %d: %w", cmd.node, ErrNoNode))
		return false
	}
	if n.resting() && cmd.lane != LaneNonce {
		c.box(n, cmd)
		return false
	}
	if !c.caps.Supports(r.function) && c.caps.Supports(serialapi.SendDataBridge) {
		r.function = serialapi.SendDataBridge
	}
	r.payload = serialapi.Send{
		Source: uint16(c.info.NodeID), Node: uint16(cmd.node), Command: c.wrap(n, cmd), Options: cmd.options,
	}.Append(nil, r.function, c.ids)
	r.payload = r.payload[:len(r.payload)-1] // the session appends the callback id
	return true
}

// wrap puts a command into its envelopes, in the order that the specification
// fixes: supervision, then multi channel, then (one day) security.
func (c *Controller) wrap(n *node, cmd *command) []byte {
	b := cmd.payload
	if n.Has(cc.Supervision) && cc.Sets(b) {
		if !cmd.supervised {
			n.SuperSession = (n.SuperSession + 1) & 0x3F
			c.changed(n)
			cmd.supervised, cmd.session = true, n.SuperSession
			c.supervised[supervisionKey{n.ID, cmd.session}] = cmd
		}
		b = cc.SupervisionGet{Updates: true, Session: cmd.session, Command: b}.Append(nil)
	}
	if cmd.endpoint != 0 {
		b = cc.MultiChannelEncap{Destination: cmd.endpoint, Command: b}.Append(nil)
	}
	return b
}

// jam is a radio channel, or a controller, that cannot send.
type jam struct {
	times int // in a row
	until time.Time
	reset time.Time // of the stick, for it; zero: none yet
}

func (j *jam) holds(now time.Time) bool { return now.Before(j.until) }

// sent takes how a transmission ended.
func (c *Controller) sent(now time.Time, r *request, callback []byte, err error) {
	cmd := r.cmd
	if err == nil {
		c.noAnswers = 0
	}
	n := c.nodes[cmd.node]
	if n == nil {
		c.end(cmd, fmt.Errorf("zwave: node %d: %w", cmd.node, ErrNoNode))
		return
	}
	status := serialapi.TxFail
	if err == nil && len(callback) > 0 {
		status = serialapi.TxStatus(callback[0])
	}
	switch {
	case errors.Is(err, ErrRefused), err == nil && (status == serialapi.TxFail || status == serialapi.TxNotIdle) && !c.session.aborted:
		c.jammed(now, r, err)
	case errors.Is(err, ErrNoCallback) && c.session.yielded && cmd.lane > LaneSiren:
		cmd.preempted++
		c.queue.pushFront(r)
	case errors.Is(err, ErrNoCallback) && cmd.lane == LaneSiren && cmd.misses+1 < sendTries:
		cmd.misses++ // it may have arrived; twice does no harm
		c.queue.push(r)
	case err != nil:
		c.end(cmd, fmt.Errorf("zwave: node %d: %w", n.ID, err))
	case status == serialapi.TxOK || status == serialapi.TxVerified:
		c.jam = jam{}
		c.delivered(now, n, cmd)
	case c.session.yielded && r.lane == LaneNonce: // who waits for it will ask again
		c.end(cmd, fmt.Errorf("zwave: node %d: %w", n.ID, ErrNoAck))
	case c.session.yielded && r.lane == LaneSiren:
		cmd.preempted++
		c.queue.push(r)
	case c.session.yielded:
		cmd.preempted++
		c.queue.pushFront(r)
	default:
		c.jam = jam{}
		c.missed(now, n, r)
	}
}

// delivered sees to a command that the node acknowledged.
func (c *Controller) delivered(now time.Time, n *node, cmd *command) {
	n.Sent++
	c.answers(now, n)
	c.stayAwake(now, n)
	if !cmd.supervised {
		c.end(cmd, nil)
		return
	}
	if !cmd.ended && cmd.limit == nil { // the report may have come before the callback
		cmd.limit = c.agenda.add(now.Add(superviseTime), func(time.Time) { c.unconfirmed(cmd) })
	}
}

func (c *Controller) unconfirmed(cmd *command) {
	c.count.supervisionTimeouts.Add(1)
	c.end(cmd, fmt.Errorf("zwave: node %d: %w", cmd.node, ErrUnconfirmed))
}

// confirmed takes a node's word on how a supervised command fared.
func (c *Controller) confirmed(now time.Time, n *node, r cc.SupervisionReport) {
	key := supervisionKey{n.ID, r.Session}
	cmd := c.supervised[key]
	if cmd == nil {
		c.count.unexpected.Add(1)
		return
	}
	if r.Status == cc.SupervisionWorking {
		d, _ := r.Duration.Time()
		c.agenda.drop(cmd.limit)
		cmd.limit = c.agenda.add(now.Add(d+superviseTime), func(time.Time) { c.unconfirmed(cmd) })
		return
	}
	if r.Status == cc.SupervisionSuccess {
		c.end(cmd, nil)
		return
	}
	c.end(cmd, fmt.Errorf("zwave: node %d: %w: %s", n.ID, ErrNodeFailed, r.Status))
}

// missed sees to a command that the node did not acknowledge.
func (c *Controller) missed(now time.Time, n *node, r *request) {
	cmd := r.cmd
	n.Failed++
	cmd.misses++
	if n.Sleeps() {
		c.sleep(n)
		if cmd.lane != LaneNonce {
			c.box(n, cmd)
			return
		}
	} else {
		c.strike(now, n)
	}
	tries := 1
	if cmd.lane >= LaneSiren && cmd.lane <= LaneNormal && n.State != StateDead {
		tries = sendTries
	}
	if cmd.misses < tries && !cmd.ended {
		// Behind others of its lane, so that one deaf siren does not silence
		// the next; but never behind a later command to the same node.
		if slices.ContainsFunc(c.queue.lanes[r.lane].waiting(), func(o *request) bool {
			return o.cmd != nil && o.cmd.node == cmd.node
		}) {
			c.queue.pushFront(r)
		} else {
			c.queue.push(r)
		}
		return
	}
	c.end(cmd, fmt.Errorf("zwave: node %d: %w", n.ID, ErrNoAck))
}

// jammed sees to a transmission that the controller could not begin: five
// more tries, one second apart, then one soft reset and a last try.
func (c *Controller) jammed(now time.Time, r *request, err error) {
	c.count.jammed.Add(1)
	cmd := r.cmd
	cmd.jams++
	if cmd.lane <= LaneSiren && !c.join.Step.Ended() && c.join.Step != JoinInterviewing {
		// The controller is busy with a node that joins. It will not be once
		// it has been told to stop, which goes first.
		c.endJoin(now, "an alarm command had to go out")
		c.queue.pushFront(r)
		return
	}
	c.jam.times++
	c.jam.until = now.Add(jamPause)
	c.agenda.add(c.jam.until, func(time.Time) {}) // pump then
	switch {
	case c.jam.times <= jamTries:
		c.queue.pushFront(r)
	case c.jam.reset.IsZero() || now.Sub(c.jam.reset) >= jamReset:
		c.jam.reset = now
		c.jam.until = time.Time{}
		c.queue.pushFront(r)
		c.stickFault(now, ErrJammed)
	default:
		// A busy channel is not freed by one reset after the other, each of
		// which leaves the house deaf for a moment. A stick that refuses to
		// send may be.
		after := jam{until: c.jam.until}
		if err == nil {
			after.reset = c.jam.reset
		}
		c.jam = after
		if err == nil {
			err = ErrJammed
		}
		c.end(cmd, fmt.Errorf("zwave: node %d: %w", cmd.node, err))
	}
}

// cutShortAt is when the transmission under way must be given up for the sake
// of another, and false when it need not. A siren waits for nobody, except a
// moment for an answer that a node expects (which is what its own alarm came
// with, as a rule), and for another siren its turn. Such an answer waits a
// moment for what nobody stands and waits for.
func (c *Controller) cutShortAt() (time.Time, bool) {
	r := c.session.req
	if r == nil || r.cmd == nil || c.session.stage != stageCallback || c.session.aborted || !c.link.idle() ||
		c.phase != phaseReady || r.cmd.preempted >= preemptLimit || !c.caps.Supports(serialapi.SendDataAbort) {
		return time.Time{}, false
	}
	sirens := c.queue.lanes[LaneSiren].waiting()
	switch {
	case len(sirens) > 0 && r.lane == LaneNonce:
		return r.cmd.began.Add(answerTurn), true
	case len(sirens) > 0 && r.lane == LaneSiren:
		return r.cmd.began.Add(sirenTurn), sirens[0].cmd != nil && sirens[0].cmd.node != r.cmd.node
	case len(sirens) > 0:
		return r.cmd.began, true
	default:
		return r.cmd.began.Add(answerTurn), r.lane > LaneUser && c.queue.lanes[LaneNonce].len() > 0
	}
}

// abort tells the controller to give the transmission up. Its callback then
// comes at once.
func (c *Controller) abort(now time.Time) {
	c.session.aborted = true
	if end := now.Add(yieldTime); c.session.yielded && end.Before(c.session.until) {
		c.session.until = end // a lost callback must not hold the siren
	}
	if !c.link.idle() || !c.caps.Supports(serialapi.SendDataAbort) {
		return
	}
	c.count.aborts.Add(1)
	b := abortFrame()
	c.link.send(now, b, forAbort, linkTries)
	c.write(b)
}

func abortFrame() []byte {
	return frame.Data{Type: frame.Request, Function: byte(serialapi.SendDataAbort)}.Append(nil)
}
