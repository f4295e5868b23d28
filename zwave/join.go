package zwave

import (
	"fmt"
	"time"

	"gatehouse/zwave/serialapi"
)

// Limits of joining and leaving. Nothing of it may go on for ever: while it
// does, the controller is busy and the network open.
const (
	learnReadyTime = 10 * time.Second // for the controller to begin
	learnStepTime  = 60 * time.Second // between two steps once a node is found
	joinStudyTime  = 2 * time.Minute  // for the interview; it goes on after that, but joining is over
)

// joining is one inclusion or exclusion. The controller does the work and
// says how it goes; commands and reports pass meanwhile.
type joining struct {
	Join
	function serialapi.Function // AddNode or RemoveNode
	request  *request           // its callback id stands in every callback
	wait     time.Duration      // for a node to show itself
	info     serialapi.NodeInfo
	ready    bool // the controller is listening for a node
	limit    *entry
}

// Include opens the network for a node for the given time (the owner presses
// its button). Progress comes as Joining events.
func (c *Controller) Include(d time.Duration) error {
	return c.beginJoin(serialapi.AddNode, serialapi.LearnAny|serialapi.LearnHighPower|serialapi.LearnNetwork, d)
}

// Exclude lets a node leave, in the same way. A node of another network can be
// made to leave that one too; it then has number 0.
func (c *Controller) Exclude(d time.Duration) error {
	return c.beginJoin(serialapi.RemoveNode, serialapi.LearnAny|serialapi.LearnHighPower|serialapi.LearnNetwork, d)
}

func (c *Controller) beginJoin(f serialapi.Function, mode byte, d time.Duration) error {
	now := c.lock()
	defer c.leave(now)
	switch {
	case c.phase != phaseReady:
		return ErrDown
	case !c.join.Step.Ended():
		return ErrBusy
	case !c.caps.Supports(f):
		return fmt.Errorf("zwave: %s: %w", f, ErrUnsupported)
	}
	r := &request{function: f, payload: []byte{mode}, callback: true, lane: LaneUser}
	r.done = func(now time.Time, _ []byte, err error) {
		if err != nil && c.join.request == r {
			c.endJoin(now, "the controller did not begin")
		}
	}
	c.join = joining{
		Join:     Join{Step: JoinWaiting, Leaving: f == serialapi.RemoveNode, Until: now.Add(learnReadyTime + d)},
		function: f, request: r, wait: d,
	}
	c.joinLimit(now, learnReadyTime, "the controller did not begin")
	c.queue.push(r)
	c.emit(Joining{c.join.Join})
	return nil
}

// StopJoin ends what Include or Exclude began. A node that has joined already
// stays.
func (c *Controller) StopJoin() {
	now := c.lock()
	c.endJoin(now, "cancelled")
	c.leave(now)
}

// Join is the running or the last inclusion or exclusion.
func (c *Controller) Join() Join {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.join.Join
}

func (c *Controller) joinLimit(now time.Time, d time.Duration, reason string) {
	c.agenda.drop(c.join.limit)
	c.join.limit = c.agenda.add(now.Add(d), func(now time.Time) { c.endJoin(now, reason) })
}

func (c *Controller) joinStep(s JoinStep) {
	if c.join.Step != s {
		c.join.Step = s
		c.emit(Joining{c.join.Join})
	}
}

// endJoin ends joining without success, if it runs, and closes the network.
func (c *Controller) endJoin(now time.Time, reason string) {
	j := &c.join
	if j.Step.Ended() {
		return
	}
	c.agenda.drop(j.limit)
	if j.Step == JoinInterviewing { // the node is in; what is left to learn comes by and by
		c.joinStep(JoinDone)
		return
	}
	j.Reason = reason
	c.joinStep(JoinFailed)
	if c.phase != phaseDown {
		// What would open the network may still wait; closing goes first.
		if j.request != nil {
			j.request.void = true
		}
		c.learnCommand(serialapi.LearnStop, false)
	}
}

// learnCommand speaks to the running AddNode or RemoveNode. With callback it
// will say when it has done so.
func (c *Controller) learnCommand(mode byte, callback bool) {
	r := &request{function: c.join.function, payload: []byte{mode}, lane: LaneNonce}
	r.done = func(time.Time, []byte, error) {}
	if callback {
		r.callback = true
		c.join.request = r
	} else {
		r.payload = append(r.payload, 0)
	}
	c.queue.push(r)
}

// learned takes a callback of AddNode or RemoveNode.
func (c *Controller) learned(now time.Time, f serialapi.Function, l serialapi.Learn) {
	j := &c.join
	if j.Step.Ended() || j.Step == JoinInterviewing || j.function != f || j.request == nil || l.Callback != j.request.id {
		c.count.unexpected.Add(1)
		return
	}
	j.request.void = true // it has arrived, whatever became of its ACK
	switch l.Status {
	case serialapi.LearnReady:
		if !j.ready {
			j.ready = true
			j.Until = now.Add(j.wait)
			c.joinLimit(now, j.wait, "no device answered in time")
			c.emit(Joining{j.Join})
		}
	case serialapi.LearnNodeFound:
		c.joinLimit(now, learnStepTime, "the device stopped answering")
		c.joinStep(JoinFound)
	case serialapi.LearnSlave, serialapi.LearnController:
		j.Node, j.info = NodeID(l.Node), l.Info
		c.joinLimit(now, learnStepTime, "the device stopped answering")
		c.joinStep(JoinFound)
	case serialapi.LearnProtocolDone:
		c.joinLimit(now, learnStepTime, "the controller did not finish")
		if f == serialapi.AddNode {
			c.learnCommand(serialapi.LearnStop, true)
		} else {
			c.finishJoin(now, l)
		}
	case serialapi.LearnDone:
		c.finishJoin(now, l)
	case serialapi.LearnFailed:
		c.endJoin(now, "the device could not join; bring it closer and try again")
	case serialapi.LearnNotPrimary:
		c.endJoin(now, "this controller may not add devices: another one is primary")
	default:
		c.count.unexpected.Add(1)
	}
}

// finishJoin takes the node in, or lets it go.
func (c *Controller) finishJoin(now time.Time, l serialapi.Learn) {
	j := &c.join
	if l.Node != 0 {
		j.Node = NodeID(l.Node)
	}
	if len(l.Info.Classes) > 0 {
		j.info = l.Info
	}
	c.agenda.drop(j.limit)
	c.learnCommand(serialapi.LearnStop, false)
	if j.Leaving {
		if n := c.nodes[j.Node]; n != nil {
			c.forget(n, "excluded")
		}
		c.joinStep(JoinDone)
		return
	}
	if j.Node == 0 {
		j.Reason = "no device answered in time"
		c.joinStep(JoinFailed)
		return
	}
	n := &node{Node: Node{ID: j.Node, State: StateAwake, Stage: StageProtocol, LastSeen: now, LastWake: now}}
	if old := c.nodes[n.ID]; old != nil { // joined anew under its old number
		c.forget(old, "excluded")
	}
	c.describe(n, j.info)
	c.nodes[n.ID] = n
	c.changed(n)
	c.emit(NodeAdded{n.snapshot()})
	c.joinStep(JoinInterviewing)
	c.joinLimit(now, joinStudyTime, "")
	c.stayAwake(now, n)
	poke(c.studies)
}

// joined sees that the interview of a node is done.
func (c *Controller) joined(now time.Time, n *node) {
	if c.join.Step == JoinInterviewing && c.join.Node == n.ID {
		c.endJoin(now, "")
	}
}

// RemoveFailed takes a node that does not answer any more out of the
// controller's list. Done, which may be nil, is called once; it fails if the
// node does answer.
func (c *Controller) RemoveFailed(id NodeID, done func(error)) {
	now := c.lock()
	c.removeFailed(id, "removed as failed", done)
	c.leave(now)
}

func (c *Controller) removeFailed(id NodeID, reason string, done func(error)) {
	end := func(err error) {
		if done == nil {
			return
		}
		if err != nil {
			err = fmt.Errorf("zwave: node %d: %w", id, err)
		}
		c.answer(done, err)
	}
	n := c.nodes[id]
	switch {
	case c.phase != phaseReady:
		end(ErrDown)
		return
	case n == nil:
		end(ErrNoNode)
		return
	case !c.caps.Supports(serialapi.RemoveFailedNode):
		end(ErrUnsupported)
		return
	}
	c.queue.push(&request{
		function: serialapi.RemoveFailedNode, payload: c.ids.Append(nil, uint16(id)), lane: LaneUser,
		respond: true, callback: true, await: true,
		accept: func(b []byte) error { // 0 says that it has begun
			if len(b) == 0 || b[0] != 0 {
				return ErrRefused
			}
			return nil
		},
		done: func(_ time.Time, callback []byte, err error) {
			switch {
			case err != nil:
				end(err)
			case len(callback) > 0 && callback[0] == 1:
				if c.nodes[id] == n {
					c.forget(n, reason)
				}
				end(nil)
			default:
				end(ErrStillThere)
			}
		},
	})
}

// resetByUser sees to a node that says it has been reset: it is no longer part
// of the network, and the controller is told so.
func (c *Controller) resetByUser(now time.Time, n *node) {
	c.agenda.add(now.Add(resetGrace), func(time.Time) {
		if c.nodes[n.ID] == n {
			c.removeFailed(n.ID, "reset by its user", nil)
		}
	})
}

// resetGrace is how long a node that was reset may take until it is gone; the
// controller refuses to remove one that still answers.
const resetGrace = 5 * time.Second
