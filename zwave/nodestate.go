package zwave

import (
	"time"

	"gatehouse/zwave/cc"
	"gatehouse/zwave/serialapi"
)

// Supervision of nodes.
const (
	wakeIdle     = 250 * time.Millisecond // a node that is awake and has nothing to do may sleep
	deadStrikes  = 3                      // commands in a row that a listening node did not acknowledge
	deadAfter    = 10 * time.Second       // and how long that must have gone on
	checkPause   = 5 * time.Second        // between the pings that settle it
	deadPause    = 5 * time.Minute        // between the pings to a dead node
	keepSeenTime = time.Hour              // LastSeen is saved so often
)

// resting tells whether the node cannot be spoken to now.
func (n *node) resting() bool { return n.Sleeps() && n.State != StateAwake }

func (c *Controller) setState(n *node, s State) {
	if n.State == s {
		return
	}
	n.State = s
	c.changed(n)
	c.emit(NodeChanged{n.snapshot()})
}

// answers takes a sign of life.
func (c *Controller) answers(now time.Time, n *node) {
	n.LastSeen = now
	n.strikes = 0
	if n.check != nil {
		c.agenda.drop(n.check)
		n.check = nil
	}
	switch n.State {
	case StateUnknown, StateDead:
		if n.Sleeps() {
			c.setState(n, StateAsleep)
		} else {
			was := n.State
			c.setState(n, StateAlive)
			if was == StateDead {
				poke(c.studies)
				c.refresh(now, n)
			}
		}
	case StateAlive, StateAsleep, StateAwake:
	}
}

// strike counts a command that a listening node did not acknowledge. After
// three in a row over ten seconds the node is dead; pings settle it if nobody
// else speaks to it.
func (c *Controller) strike(now time.Time, n *node) {
	if n.strikes == 0 {
		n.struck = now
	}
	n.strikes++
	pause := checkPause
	if n.State == StateDead {
		pause = deadPause
	} else if n.strikes >= deadStrikes && now.Sub(n.struck) >= deadAfter {
		c.setState(n, StateDead)
		pause = deadPause
	}
	if n.check == nil {
		n.check = c.agenda.add(now.Add(pause), func(now time.Time) {
			n.check = nil
			c.ping(now, n)
		})
	}
}

// ping asks a node for nothing but its acknowledgement.
func (c *Controller) ping(now time.Time, n *node) {
	if c.phase == phaseReady && c.nodes[n.ID] == n {
		c.submit(now, &command{node: n.ID, payload: []byte{0}, lane: LanePoll, options: serialapi.TxDefault})
	}
}

// disconnected forgets what is only true while the stick is there.
func (c *Controller) disconnected(n *node) {
	c.agenda.drop(n.check)
	c.agenda.drop(n.idle)
	n.check, n.idle, n.strikes = nil, nil, 0
	n.State = StateUnknown
}

// box keeps a command until its node wakes up.
func (c *Controller) box(n *node, cmd *command) {
	if cmd.lane >= LanePoll {
		c.end(cmd, errAsleep)
		return
	}
	if cmd.ended {
		return
	}
	for i, old := range n.box {
		if old.endpoint == cmd.endpoint && len(old.payload) > 1 && len(cmd.payload) > 1 &&
			old.payload[0] == cmd.payload[0] && old.payload[1] == cmd.payload[1] && cc.Sets(cmd.payload) &&
			old.payload[0] != byte(cc.Configuration) && old.payload[0] != byte(cc.Association) {
			c.end(old, ErrVoid)
			n.box[i] = cmd
			c.changed(n)
			return
		}
	}
	if len(n.box) >= queueLimit/10 {
		c.count.queueFull.Add(1)
		c.end(cmd, ErrQueueFull)
		return
	}
	n.box = append(n.box, cmd)
	c.changed(n)
}

// woke sees to a node that listens now.
func (c *Controller) woke(now time.Time, n *node) {
	if !n.Sleeps() {
		return
	}
	n.LastWake, n.again = now, time.Time{}
	c.setState(n, StateAwake)
	if len(n.box) > 0 {
		for _, cmd := range n.box {
			cmd.misses = 0
			c.queue.push(c.sending(cmd))
		}
		n.box = nil
		c.changed(n)
	}
	if n.Stage != StageDone {
		poke(c.studies)
	}
	c.stayAwake(now, n)
}

// stayAwake puts off the moment at which a node that is awake may sleep.
func (c *Controller) stayAwake(now time.Time, n *node) {
	if n.State != StateAwake {
		return
	}
	c.agenda.drop(n.idle)
	n.idle = c.agenda.add(now.Add(wakeIdle), func(now time.Time) {
		n.idle = nil
		c.letSleep(now, n)
	})
}

// letSleep tells a node that there is nothing more for it.
func (c *Controller) letSleep(now time.Time, n *node) {
	if n.State != StateAwake {
		return
	}
	busy := c.phase != phaseReady || c.session.req != nil && c.session.req.cmd != nil && c.session.req.cmd.node == n.ID
	// One that waits for its interview stays up while its own patience lasts.
	waits := n.Stage != StageDone && !now.Before(n.again)
	if busy || n.studied || waits || c.queue.holds(n.ID) {
		c.stayAwake(now, n)
		return
	}
	if !n.Has(cc.WakeUp) && len(n.Classes) > 0 {
		c.sleep(n)
		return
	}
	cmd := &command{node: n.ID, payload: cc.WakeUpNoMoreInformation{}.Append(nil), lane: LanePoll, options: serialapi.TxDefault}
	cmd.dones = []func(error){func(error) {
		now := c.lock()
		if n.State == StateAwake && !c.queue.holds(n.ID) {
			c.sleep(n)
		}
		c.unlock(now)
	}}
	c.submit(now, cmd)
}

// sleep takes a node to be asleep and puts what waits for it aside.
func (c *Controller) sleep(n *node) {
	c.agenda.drop(n.idle)
	n.idle = nil
	c.setState(n, StateAsleep)
	c.queue.filter(func(r *request) bool {
		if r.cmd == nil || r.cmd.node != n.ID || r.lane == LaneNonce {
			return true
		}
		c.box(n, r.cmd)
		return false
	})
}

// keepSeen has it saved, now and then, when nodes were last heard.
func (c *Controller) keepSeen(now time.Time) {
	c.agenda.drop(c.keeping)
	c.keeping = nil
	if c.phase != phaseReady {
		return
	}
	for _, n := range c.nodes {
		if n.LastSeen.Sub(n.saved) >= keepSeenTime {
			n.saved = n.LastSeen
			c.changed(n)
		}
	}
	c.keeping = c.agenda.add(now.Add(keepSeenTime), c.keepSeen)
}

// forget takes a node out.
func (c *Controller) forget(n *node, reason string) {
	if c.nodes[n.ID] != n {
		return
	}
	delete(c.nodes, n.ID)
	c.dirty[n.ID] = false
	poke(c.saving)
	c.agenda.drop(n.check)
	c.agenda.drop(n.idle)
	n.check, n.idle = nil, nil
	for _, cmd := range n.box {
		c.end(cmd, ErrNoNode)
	}
	n.box = nil
	c.queue.filter(func(r *request) bool {
		if r.cmd == nil || r.cmd.node != n.ID {
			return true
		}
		c.end(r.cmd, ErrNoNode)
		return false
	})
	c.emit(NodeRemoved{Node: n.ID, Reason: reason})
}
