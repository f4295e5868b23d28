package zigbee

import (
	"context"
	"errors"
	"time"

	"gatehouse/zigbee/zdo"
)

// PermitJoin opens the network for one device, for at most d. It asks the stick
// and waits for its answer.
func (c *Controller) PermitJoin(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	a := c.adapter
	busy := !c.join.Step.Ended()
	c.mu.Unlock()
	switch {
	case a == nil:
		return ErrDown
	case busy:
		return ErrBusy
	}
	until := time.Now().Add(d)
	c.joined(Join{Step: JoinWaiting, Until: until})
	if err := a.PermitJoin(ctx, d); err != nil {
		c.joined(Join{Step: JoinFailed, Reason: "the stick refused: " + err.Error()})
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = time.AfterFunc(d, func() {
		c.mu.Lock()
		over := c.join.Step == JoinWaiting && c.join.Until.Equal(until)
		c.mu.Unlock()
		if over { // the stick closes by itself
			c.joined(Join{Step: JoinFailed, Reason: "no device joined in time: hold its button until it blinks, close to the hub"})
		}
	})
	return nil
}

// Join is how far joining has come.
func (c *Controller) Join() Join {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.join
}

// StopJoin closes the network. It does not wait.
func (c *Controller) StopJoin() {
	c.mu.Lock()
	waiting := c.join.Step == JoinWaiting
	c.mu.Unlock()
	c.shut()
	if waiting {
		c.joined(Join{})
	}
}

// shutWithin is how long the stick may take to close the network.
const shutWithin = 10 * time.Second

// shut has the stick close the network, behind the caller's back.
func (c *Controller) shut() {
	c.mu.Lock()
	a := c.adapter
	if c.closing != nil {
		c.closing.Stop()
	}
	c.mu.Unlock()
	if a == nil {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), shutWithin)
		defer cancel()
		if err := a.PermitJoin(ctx, 0); err != nil && !errors.Is(err, ErrDown) {
			c.log.Error("the network is not closed; it closes by itself", "err", err)
		}
	}()
}

// joined notes and tells how far joining has come.
func (c *Controller) joined(j Join) {
	c.telling.Lock()
	defer c.telling.Unlock()
	c.mu.Lock()
	if j == c.join {
		c.mu.Unlock()
		return
	}
	c.join = j
	c.mu.Unlock()
	if c.opt.OnEvent != nil {
		c.opt.OnEvent(Joining{j})
	}
}

// leaveWithin is how long a device has to leave. One that sleeps and does not
// come in that time is forgotten all the same; when it comes, nobody listens.
const leaveWithin = 10 * time.Second

// Remove tells a device to leave and forgets it.
func (c *Controller) Remove(ctx context.Context, id IEEE) error {
	ctx, cancel := context.WithTimeout(ctx, leaveWithin)
	defer cancel()
	_, err := answerTo[zdo.StatusResponse](ctx, c, id, zdo.LeaveRequest{IEEE: uint64(id)})
	switch {
	case errors.Is(err, ErrNoDevice):
		return nil
	case errors.Is(err, ErrDown):
		return err
	case err != nil:
		c.log.Warn("a device did not say that it leaves", "device", id, "err", err)
	}
	c.Gone(id)
	return nil
}
