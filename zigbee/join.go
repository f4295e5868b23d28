package zigbee

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/zigbee/zdo"
)

// Opening says for whom the network is opened.
type Opening struct {
	For time.Duration // at most 254 s
	// Through is the device through which another may join; the stick's own address
	// is the stick alone, 0 the stick and every router.
	Through IEEE
	// Code, if set, is of the only device that may join.
	Code *InstallCode
}

// PermitJoin opens the network for one device. It asks the stick and waits for
// its answer.
//
// With a code the network is open to that device alone, and nothing is said that
// who listens could read: the key that all devices know is not taken.
func (c *Controller) PermitJoin(ctx context.Context, o Opening) error {
	c.mu.Lock()
	a := c.adapter
	busy := !c.join.Step.Ended()
	p, router, err := c.permit(o)
	c.mu.Unlock()
	switch {
	case a == nil:
		return ErrDown
	case busy:
		return ErrBusy
	case err != nil:
		return err
	}
	until := time.Now().Add(o.For)
	waiting := Join{Step: JoinWaiting, Until: until, CodesOnly: p.CodesOnly}
	if o.Code != nil {
		waiting.Expects = o.Code.Device
	}
	c.joined(waiting)
	if err := c.open(ctx, a, o, p, router); err != nil {
		c.shutNow(a)
		c.joined(Join{Step: JoinFailed, Reason: err.Error()})
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = time.AfterFunc(o.For, func() {
		c.mu.Lock()
		over := c.join.Step == JoinWaiting && c.join.Until.Equal(until)
		c.mu.Unlock()
		if over { // the stick closes by itself, and forgets whom it expected when told
			c.shutNow(a)
			c.joined(Join{Step: JoinFailed, Reason: inVain(o)})
		}
	})
	return nil
}

func inVain(o Opening) string {
	switch {
	case o.Code != nil:
		return fmt.Sprintf("the device %s did not join in time: see that the code is of that device, and hold its button until it blinks", o.Code.Device)
	case o.Through != 0:
		return "no device joined in time: hold its button until it blinks, close to the device that you chose"
	default:
		return "no device joined in time: hold its button until it blinks, close to the hub"
	}
}

// permit is what the stick is told of an opening, and the router that is asked
// besides; 0: none. The lock is held.
func (c *Controller) permit(o Opening) (p Permit, router IEEE, err error) {
	p = Permit{For: o.For, Through: Everyone, CodesOnly: o.Code != nil}
	switch o.Through {
	case 0:
	case c.info.IEEE:
		p.Through = Coordinator
	default:
		n := c.nodes[o.Through]
		if n == nil || !n.Router {
			return p, 0, fmt.Errorf("%w: %s", ErrNoRouter, o.Through)
		}
		p.Through, router = n.Short, o.Through
	}
	return p, router, nil
}

// open opens the network.
func (c *Controller) open(ctx context.Context, a Adapter, o Opening, p Permit, router IEEE) error {
	if o.Code != nil {
		if err := a.Expect(ctx, *o.Code); err != nil {
			return fmt.Errorf("the stick refuses the code: %w", err)
		}
	}
	if err := a.PermitJoin(ctx, p); err != nil {
		return fmt.Errorf("the stick refuses: %w", err)
	}
	if router == 0 {
		return nil
	}
	if _, err := answerTo[zdo.StatusResponse](ctx, c, router, zdo.PermitJoiningRequest{Seconds: p.Seconds(), TrustCenter: 1}); err != nil {
		return fmt.Errorf("the device that another was to join through does not let it: %w", err)
	}
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

// Shut closes the network if it is open, and waits until the stick has: for who
// is about to end. One that is not asked any more closes by itself within 254 s.
func (c *Controller) Shut(ctx context.Context) error {
	c.mu.Lock()
	a, waiting := c.adapter, c.join.Step == JoinWaiting
	c.mu.Unlock()
	if a == nil || !waiting {
		return nil
	}
	c.joined(Join{})
	return a.PermitJoin(ctx, Permit{})
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
	if a != nil {
		go c.shutNow(a)
	}
}

func (c *Controller) shutNow(a Adapter) {
	ctx, cancel := context.WithTimeout(context.Background(), shutWithin)
	defer cancel()
	if err := a.PermitJoin(ctx, Permit{}); err != nil && !errors.Is(err, ErrDown) {
		c.log.Error("the network is not closed; it closes by itself", "err", err)
	}
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
