package zigbee

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zdo"
)

// How long a device may take for an answer. A sleeper has to come for the
// question first.
const (
	answerAwake  = 5 * time.Second
	answerAsleep = 15 * time.Second
)

// askTries is how often a question is asked.
const askTries = 3

// waiter is somebody who waits for an answer.
type waiter struct {
	peer    Short
	zdo     bool
	cluster uint16
	seq     byte // of ZCL
	command byte // that was sent
	ch      chan answer
}

// answer is what came; a channel that closes says that the stick is gone.
type answer struct {
	zdo zdo.Body
	cmd zcl.Command
}

// ask asks a device and waits for its answer: a command of the cluster, or a
// default response.
func (c *Controller) ask(ctx context.Context, id IEEE, endpoint byte, cluster zcl.Cluster, cmd zcl.Command) (zcl.Command, error) {
	return c.askAs(ctx, id, endpoint, cluster, 0, cmd)
}

// Ask asks a device and waits for its answer: a command of the cluster, or a
// default response. It asks several times.
func (c *Controller) Ask(ctx context.Context, id IEEE, endpoint byte, cmd zcl.Command) (zcl.Command, error) {
	return c.ask(ctx, id, endpoint, cmd.Head().Cluster, cmd)
}

// askAs asks for attributes of a maker; 0: of the library.
func (c *Controller) askAs(ctx context.Context, id IEEE, endpoint byte, cluster zcl.Cluster, maker uint16, cmd zcl.Command) (zcl.Command, error) {
	a, err := c.question(ctx, id, func(w *waiter, done func(error)) {
		c.mu.Lock()
		f := zcl.Send(c.number(), cmd)
		if maker != 0 {
			f.Manufacturer = maker
		}
		w.cluster, w.seq, w.command = uint16(cluster), f.Sequence, f.Command
		c.mu.Unlock()
		c.send(id, endpoint, cluster, f, LaneStudy, done)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cluster, err)
	}
	if d, ok := a.cmd.(zcl.DefaultResponse); ok && d.Status != zcl.Success {
		return nil, fmt.Errorf("%s: %w: %s", cluster, errRefused, d.Status)
	}
	return a.cmd, nil
}

// answerTo asks a device something of the network layer, whose answer is a T.
func answerTo[T zdo.Body](ctx context.Context, c *Controller, id IEEE, request zdo.Body) (T, error) {
	var none T
	cluster := request.Cluster()
	a, err := c.question(ctx, id, func(w *waiter, done func(error)) {
		c.mu.Lock()
		w.zdo, w.cluster = true, uint16(cluster|zdo.Response)
		adapter := c.adapter
		c.mu.Unlock()
		if adapter == nil {
			go done(ErrDown)
			return
		}
		c.run(id, errand{LaneStudy, func(done func(error)) { adapter.Ask(w.peer, uint16(cluster), request.Append(nil), done) }, done})
	})
	if err != nil {
		return none, fmt.Errorf("%s: %w", cluster, err)
	}
	if s := zdo.StatusOf(a.zdo); s != zdo.Success {
		return none, fmt.Errorf("%s: %w: %s", cluster, errRefused, s)
	}
	t, ok := a.zdo.(T)
	if !ok {
		return none, fmt.Errorf("%s: %w: it answers by a %T", cluster, errRefused, a.zdo)
	}
	return t, nil
}

// question puts a question until it is answered or was put often enough.
func (c *Controller) question(ctx context.Context, id IEEE, put func(*waiter, func(error))) (answer, error) {
	err := ErrNoAnswer
	for range askTries {
		c.mu.Lock()
		n := c.nodes[id]
		if n == nil || c.adapter == nil {
			c.mu.Unlock()
			if n == nil {
				return answer{}, ErrNoDevice
			}
			return answer{}, ErrDown
		}
		w := &waiter{peer: n.Short, ch: make(chan answer, 1)}
		limit := answerAwake
		if n.sleeper() {
			limit = answerAsleep
		}
		c.waiters = append(c.waiters, w)
		c.mu.Unlock()
		sent := make(chan error, 1)
		put(w, func(err error) { sent <- err })
		var a answer
		if a, err = c.await(ctx, w, sent, limit); err == nil {
			return a, nil
		}
		if ctx.Err() != nil {
			return answer{}, context.Cause(ctx)
		}
	}
	return answer{}, err
}

// await waits for one answer.
func (c *Controller) await(ctx context.Context, w *waiter, sent chan error, d time.Duration) (answer, error) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waiters = slices.DeleteFunc(c.waiters, func(o *waiter) bool { return o == w })
	}()
	limit := time.NewTimer(d)
	defer limit.Stop()
	for {
		select {
		case a, ok := <-w.ch:
			if !ok {
				return a, ErrDown
			}
			return a, nil
		case err := <-sent:
			if err != nil {
				return answer{}, err
			}
		case <-limit.C:
			return answer{}, fmt.Errorf("%w within %s", ErrNoAnswer, d)
		case <-ctx.Done():
			return answer{}, context.Cause(ctx)
		}
	}
}
