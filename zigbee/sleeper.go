package zigbee

import (
	"errors"
	"slices"
)

// maxLine is how much may wait for one sleeping device at a time.
const maxLine = 32

// errand is something to be sent to a device.
type errand struct {
	lane Lane
	send func(done func(error))
	done func(error)
}

// run sends to a device. One that sleeps is sent one thing at a time, the most
// urgent first: its parent keeps little for it, and drops the oldest. What answers
// it goes at once, as it listens for that.
func (c *Controller) run(id IEEE, e errand) {
	c.mu.Lock()
	n := c.nodes[id]
	switch {
	case n == nil || !n.sleeper() || e.lane == LaneAnswer:
		c.mu.Unlock()
		e.send(e.done)
	case n.flying && len(n.line) >= maxLine:
		c.mu.Unlock()
		go e.done(ErrQueueFull)
	case n.flying:
		i := slices.IndexFunc(n.line, func(o errand) bool { return o.lane > e.lane })
		if i < 0 {
			i = len(n.line)
		}
		n.line = slices.Insert(n.line, i, e)
		c.mu.Unlock()
	default:
		n.flying = true
		c.mu.Unlock()
		c.fly(n, e)
	}
}

func (c *Controller) fly(n *node, e errand) {
	e.send(func(err error) {
		e.done(err)
		c.landed(n, err)
	})
}

// landed is called when a sleeper has taken what was sent, or has not: then it is
// no use to send it the rest.
func (c *Controller) landed(n *node, err error) {
	c.mu.Lock()
	if len(n.line) > 0 && !errors.Is(err, ErrNoAck) {
		e := n.line[0]
		n.line = n.line[1:]
		c.mu.Unlock()
		c.fly(n, e)
		return
	}
	n.flying = false
	line := n.line
	n.line = nil
	c.mu.Unlock()
	for _, e := range line {
		e.done(err)
	}
}
