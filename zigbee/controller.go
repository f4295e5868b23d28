package zigbee

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
)

// Store keeps a network over a restart. Its methods may be called from any
// goroutine.
type Store interface {
	// LoadNetwork is the network of this house; false: there is none yet.
	LoadNetwork() (Network, bool, error)
	SaveNetwork(Network) error
	LoadDevices() ([]Device, error)
	SaveDevice(Device) error
	DeleteDevice(IEEE) error
	// LoadBackup is the backup that was saved last; false: none was.
	LoadBackup() (Backup, bool, error)
	SaveBackup(Backup) error
}

// Options are what a Controller needs besides a port.
type Options struct {
	// Open makes an adapter of an open port.
	Open func(port io.ReadWriter) Adapter
	// OnEvent is called for every event, one at a time. It must not block; it may
	// call Send and Answer. Nil is allowed.
	OnEvent func(Event)
	Store   Store
	Orders  Orders // nil: what waits for a device is lost when the hub ends
	// Source is what this program calls itself in backups: "gatehouse@1.2.3".
	Source string
	// Quirks looks up what is known of a device; nil: the built-in tables.
	Quirks func(quirks.Likeness) (quirks.Quirk, bool)
	// Log; nil logs nothing.
	Log *slog.Logger
}

// Controller drives one stick, port after port. Its methods may be called from
// any goroutine, OnEvent included where they are said not to wait.
type Controller struct {
	opt Options
	log *slog.Logger

	telling sync.Mutex // held while OnEvent is called; taken before mu

	mu      sync.Mutex
	adapter Adapter // nil: down
	ready   bool
	info    Info
	network Network
	nodes   map[IEEE]*node
	shorts  map[Short]*node
	loaded  bool
	dirty   map[IEEE]bool // to be saved; false: to be deleted
	seq     byte
	waiters []*waiter
	early   []Message // of addresses that nobody knows, until somebody does
	join    Join
	closing *time.Timer // ends the joining
	moved   bool        // to another channel, which is to be saved

	ear chan struct{} // full while somebody has the stick listen

	orderID     uint64          // the last one that was given
	dirtyOrders map[uint64]IEEE // to be saved or forgotten, and whose they are
	givingUp    *time.Timer     // ends the orders whose time is over

	saving  chan struct{}
	studies chan struct{}
}

// New makes a controller that does nothing until Run.
func New(o Options) *Controller {
	c := &Controller{
		opt: o, log: o.Log, nodes: make(map[IEEE]*node), shorts: make(map[Short]*node), dirty: make(map[IEEE]bool),
		dirtyOrders: make(map[uint64]IEEE),
		ear:         make(chan struct{}, 1), saving: make(chan struct{}, 1), studies: make(chan struct{}, 1),
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Run drives the stick behind port until the port fails, the stick cannot be
// recovered or holds another network, or ctx ends. It always returns an error,
// and closes the port. One Run at a time.
func (c *Controller) Run(ctx context.Context, port io.ReadWriteCloser) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	a := c.opt.Open(port)
	var wg sync.WaitGroup
	wg.Go(func() {
		stop(a.Serve(ctx, c))
		if err := port.Close(); err != nil {
			c.log.Debug("closing the port failed", "err", err)
		}
	})
	wg.Go(func() { c.keepSaving(ctx) })
	err := c.start(ctx, a)
	if err == nil {
		c.keepStudying(ctx)
		err = context.Cause(ctx)
	}
	if errors.Is(err, ErrDown) {
		<-ctx.Done() // Serve has answered everybody, and is about to say why
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	stop(err)
	wg.Wait()
	c.detach(err)
	c.save()
	return err
}

// detach ends everything that hangs on the port.
func (c *Controller) detach(err error) {
	c.mu.Lock()
	c.adapter, c.ready = nil, false
	for _, w := range c.waiters {
		close(w.ch)
	}
	c.waiters, c.early = nil, nil
	for _, n := range c.nodes {
		n.dropZones()
	}
	joining := !c.join.Step.Ended()
	c.mu.Unlock()
	if joining {
		c.joined(Join{Step: JoinFailed, Reason: "the stick was disconnected"})
	}
	c.tell(Down{Err: err})
}

// tell hands an event over.
func (c *Controller) tell(e Event) {
	if c.opt.OnEvent == nil {
		return
	}
	c.telling.Lock()
	defer c.telling.Unlock()
	c.opt.OnEvent(e)
}

// changed tells of a device as it is now, and has it saved.
func (c *Controller) changed(id IEEE) {
	c.telling.Lock()
	defer c.telling.Unlock()
	c.mu.Lock()
	n := c.nodes[id]
	if n == nil {
		c.mu.Unlock()
		return
	}
	d := n.Device
	c.keep(id)
	c.mu.Unlock()
	if c.opt.OnEvent != nil {
		c.opt.OnEvent(DeviceChanged{d})
	}
}

// keep has a device saved.
func (c *Controller) keep(id IEEE) {
	c.dirty[id] = c.nodes[id] != nil
	poke(c.saving)
}

// poke wakes a goroutine that waits on a channel of one place.
func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// saveBreath is how long a save keeps out of the way of what set it off: a report
// may be starting sirens.
const saveBreath = 20 * time.Millisecond

// keepSaving saves what changes. What is left when ctx ends, Run saves.
func (c *Controller) keepSaving(ctx context.Context) {
	breath := time.NewTimer(saveBreath)
	defer breath.Stop()
	for {
		select {
		case <-c.saving:
		case <-ctx.Done():
			return
		}
		breath.Reset(saveBreath)
		select {
		case <-breath.C:
			c.save()
		case <-ctx.Done():
			return
		}
	}
}

// save writes to the store what has changed of devices and of what waits for them.
func (c *Controller) save() {
	c.saveOrders()
	c.mu.Lock()
	var keep []Device
	var forget []IEEE
	for id, there := range c.dirty {
		if n := c.nodes[id]; there && n != nil {
			keep = append(keep, n.Device)
		} else {
			forget = append(forget, id)
		}
	}
	clear(c.dirty)
	network, moved := c.network, c.moved
	c.moved = false
	c.mu.Unlock()
	if moved {
		if err := c.opt.Store.SaveNetwork(network); err != nil {
			c.log.Error("saving the network failed", "err", err) // the stick knows its channel
		}
	}
	for _, d := range keep {
		if err := c.opt.Store.SaveDevice(d); err != nil {
			c.log.Error("saving a device failed", "device", d.IEEE, "err", err)
			c.mu.Lock()
			c.dirty[d.IEEE] = true // with the next change, or at the end
			c.mu.Unlock()
		}
	}
	for _, id := range forget {
		if err := c.opt.Store.DeleteDevice(id); err != nil {
			c.log.Error("forgetting a device failed", "device", id, "err", err)
		}
	}
}

// Info is what the stick said about itself, the network, and whether it is up.
func (c *Controller) Info() (Info, Network, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.info, c.network, c.ready
}

// Devices are all known devices, by address.
func (c *Controller) Devices() []Device {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := make([]Device, 0, len(c.nodes))
	for _, n := range c.nodes {
		l = append(l, n.Device)
	}
	slices.SortFunc(l, func(a, b Device) int { return cmp.Compare(a.IEEE, b.IEEE) })
	return l
}

// Send tells a device something; done is called once, when the device has
// acknowledged or has not. It does not wait.
func (c *Controller) Send(to IEEE, endpoint byte, cluster zcl.Cluster, cmd zcl.Command, lane Lane, done func(error)) {
	c.mu.Lock()
	f := zcl.Send(c.number(), cmd)
	c.mu.Unlock()
	c.send(to, endpoint, cluster, f, lane, done)
}

// Answer answers a report. It does not wait.
func (c *Controller) Answer(r Report, cmd zcl.Command, done func(error)) {
	c.send(r.Device, r.Endpoint, r.Cluster, zcl.Answer(r.Frame, cmd), LaneAnswer, done)
}

// number is the next sequence number.
func (c *Controller) number() byte {
	c.seq++
	return c.seq
}

func (c *Controller) send(to IEEE, endpoint byte, cluster zcl.Cluster, f zcl.Frame, lane Lane, done func(error)) {
	c.mu.Lock()
	n, a := c.nodes[to], c.adapter
	var short Short
	if n != nil {
		short = n.Short
	}
	c.mu.Unlock()
	switch {
	case n == nil:
		go done(ErrNoDevice)
	case a == nil:
		go done(ErrDown)
	default:
		m := Message{Peer: short, PeerEndpoint: endpoint, Cluster: uint16(cluster), Lane: lane, Payload: f.Append(nil)}
		c.run(to, errand{lane, func(done func(error)) { a.Send(m, done) }, done})
	}
}
