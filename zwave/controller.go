package zwave

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"
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
	ErrBusy        = errors.New("zwave: a node is already joining or leaving")
	ErrUnsupported = errors.New("zwave: the controller cannot do that")
)

// Controller drives one stick, port after port. Its methods may be called from
// any goroutine, OnEvent included.
type Controller struct {
	opt Options
}

// New makes a controller that does nothing until Run.
func New(o Options) *Controller { return &Controller{opt: o} }

// Run drives the stick behind port until the port fails, the stick cannot be
// recovered, or ctx ends. It always returns an error, and closes the port.
// Knowledge of nodes stays for the next Run.
func (c *Controller) Run(ctx context.Context, port io.ReadWriteCloser) error {
	<-ctx.Done()
	return errors.Join(ctx.Err(), port.Close())
}

// Send tells a node something: payload is a command from its class byte on
// (cc.Bytes). It never blocks. Done, which may be nil, is called exactly once
// (perhaps before Send returns) with nil when the node acknowledged, or, if it
// supports Supervision and the command sets something, when it confirmed that
// it was carried out. A command for a node that sleeps waits, also over a
// restart, until it wakes up. A command equal to the last one that waits for
// the same node is merged with it.
func (c *Controller) Send(node NodeID, payload []byte, lane Lane, done func(error)) {
	c.SendTo(node, 0, payload, lane, done)
}

// SendTo is Send to one endpoint of a node.
func (c *Controller) SendTo(node NodeID, endpoint byte, payload []byte, lane Lane, done func(error)) {
	if done != nil {
		done(ErrDown)
	}
}

// Refresh asks a node for everything it can say about its state now (as far
// as it listens); answers come as Reports.
func (c *Controller) Refresh(node NodeID) {}

// Interview asks a node everything anew, as after an update of its firmware.
func (c *Controller) Interview(node NodeID) error { return ErrDown }

// Include opens the network for a node for the given time (the owner presses
// its button). Progress comes as Joining events.
func (c *Controller) Include(d time.Duration) error { return ErrDown }

// Exclude lets a node leave, in the same way.
func (c *Controller) Exclude(d time.Duration) error { return ErrDown }

// StopJoin ends what Include or Exclude began.
func (c *Controller) StopJoin() {}

// Join is the running or the last inclusion or exclusion.
func (c *Controller) Join() Join { return Join{} }

// RemoveFailed takes a node that does not answer any more out of the
// controller's list. Done, which may be nil, is called once.
func (c *Controller) RemoveFailed(node NodeID, done func(error)) {
	if done != nil {
		done(ErrDown)
	}
}

// Nodes are all known nodes but the controller itself, by id.
func (c *Controller) Nodes() []Node { return nil }

// Node is one node.
func (c *Controller) Node(id NodeID) (Node, bool) { return Node{}, false }

// Info is what the controller said about itself, and whether it is ready now.
func (c *Controller) Info() (Info, bool) { return Info{}, false }

// Counters reads the counts.
func (c *Controller) Counters() Counters { return Counters{} }
