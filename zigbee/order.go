package zigbee

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"gatehouse/zigbee/zcl"
)

// Order is a command that waits for its device, if that sleeps, until it is heard:
// at its next check-in or report.
type Order struct {
	ID       uint64 // given by Controller.Order
	Device   IEEE
	Endpoint byte
	Command  zcl.Raw
	Lane     Lane
	// Kind is what it is about: a newer order of a kind takes the place of an older
	// one, which is then told as ended with ErrReplaced.
	Kind string
	At   time.Time
	// Until is when it is given up. One that is on its way then, at the device's
	// parent, may still arrive within the 7.68 s that a parent keeps it.
	Until  time.Time
	Secret bool   // it is never written to a disk, and so lost when the hub ends
	Note   string // the caller's own
}

// Orders keeps orders over a restart. It is called by one goroutine.
type Orders interface {
	LoadOrders() ([]Order, error)
	SaveOrder(Order) error
	DeleteOrder(id uint64) error
}

// Why an order ended without having been carried out.
var (
	ErrReplaced = errors.New("zigbee: a newer command took its place")
	ErrTooLate  = errors.New("zigbee: the device did not come for it in time")
)

// maxOrders is how many orders may wait for one device.
const maxOrders = 16

// order is an order on its way.
type order struct {
	Order
	flying bool
	waited bool // it has not been taken at once
}

// NewOrder makes an order of a command.
func NewOrder(to IEEE, endpoint byte, cmd zcl.Command) Order {
	return Order{Device: to, Endpoint: endpoint, Command: zcl.Raw{Of: cmd.Head(), Payload: cmd.Append(nil)}}
}

// Order has a device told something when it can be told. How it ends is told by an
// OrderEnded, once. It does not wait.
func (c *Controller) Order(o Order) uint64 {
	c.mu.Lock()
	c.orderID++
	o.ID = c.orderID
	n := c.nodes[o.Device]
	var refused error
	switch {
	case n == nil:
		refused = ErrNoDevice
	case len(n.orders) >= maxOrders:
		refused = ErrQueueFull
	}
	if refused != nil {
		c.mu.Unlock()
		go c.tell(OrderEnded{o, refused})
		return o.ID
	}
	var replaced []*order
	n.orders = slices.DeleteFunc(n.orders, func(old *order) bool {
		if old.Kind != o.Kind {
			return false
		}
		replaced = append(replaced, old)
		return true
	})
	placed := &order{Order: o}
	n.orders = append(n.orders, placed)
	slices.SortStableFunc(n.orders, func(a, b *order) int { return cmp.Compare(a.Lane, b.Lane) })
	for _, changed := range append(replaced, placed) {
		c.keepOrder(changed)
	}
	c.armOrders()
	c.mu.Unlock()
	go func() { // not on the caller's goroutine, which may be that of an event
		for _, old := range replaced {
			c.ended(n, old, ErrReplaced)
		}
		c.deliver(n)
	}()
	return o.ID
}

// Waiting are the orders that wait for a device, as it sleeps.
func (c *Controller) Waiting(id IEEE) []Order {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[id]
	if n == nil {
		return nil
	}
	return n.waiting()
}

func (n *node) waiting() []Order {
	var l []Order
	for _, o := range n.orders {
		if o.waited {
			l = append(l, o.Order)
		}
	}
	return l
}

// deliver sends a device what waits for it.
func (c *Controller) deliver(n *node) {
	c.mu.Lock()
	var now []*order
	for _, o := range n.orders {
		if !o.flying && time.Now().Before(o.Until) {
			o.flying = true
			now = append(now, o)
		}
	}
	c.mu.Unlock()
	for _, o := range now {
		c.Send(o.Device, o.Endpoint, o.Command.Of.Cluster, o.Command, o.Lane, func(err error) {
			go c.delivered(n, o, err) // whoever sends may be in the middle of an event
		})
	}
}

// delivered is called when a device has taken an order, or has not.
func (c *Controller) delivered(n *node, o *order, err error) {
	c.mu.Lock()
	o.flying = false
	if !slices.Contains(n.orders, o) { // a newer one took its place
		c.mu.Unlock()
		return
	}
	again := n.sleeper() && (errors.Is(err, ErrNoAck) || errors.Is(err, ErrDown) || errors.Is(err, ErrQueueFull))
	late := !time.Now().Before(o.Until)
	if again && !late {
		news := !o.waited
		o.waited = true
		c.armOrders()
		c.mu.Unlock()
		if news {
			c.tellWaiting(n)
		}
		return
	}
	if again {
		err = ErrTooLate
	}
	n.orders = slices.DeleteFunc(n.orders, func(other *order) bool { return other == o })
	c.keepOrder(o)
	c.mu.Unlock()
	c.ended(n, o, err)
}

// ended tells how an order ended.
func (c *Controller) ended(n *node, o *order, err error) {
	if o.waited {
		c.tellWaiting(n)
	}
	c.tell(OrderEnded{o.Order, err})
}

// tellWaiting tells what waits for a device now.
func (c *Controller) tellWaiting(n *node) {
	c.telling.Lock()
	defer c.telling.Unlock()
	c.mu.Lock()
	waiting := n.waiting()
	c.mu.Unlock()
	if c.opt.OnEvent != nil {
		c.opt.OnEvent(OrdersChanged{n.IEEE, waiting})
	}
}

// armOrders has orders given up when their time is over. The lock is held.
func (c *Controller) armOrders() {
	var first time.Time
	for _, n := range c.nodes {
		for _, o := range n.orders {
			if !o.flying && (first.IsZero() || o.Until.Before(first)) {
				first = o.Until
			}
		}
	}
	if c.givingUp != nil {
		c.givingUp.Stop()
	}
	if !first.IsZero() {
		c.givingUp = time.AfterFunc(time.Until(first), c.giveUp)
	}
}

// giveUp ends the orders whose time is over. One that is on its way is ended when
// that has failed.
func (c *Controller) giveUp() {
	type late struct {
		n *node
		o *order
	}
	var all []late
	c.mu.Lock()
	now := time.Now()
	for _, n := range c.nodes {
		n.orders = slices.DeleteFunc(n.orders, func(o *order) bool {
			if o.flying || now.Before(o.Until) {
				return false
			}
			all = append(all, late{n, o})
			return true
		})
	}
	for _, l := range all {
		c.keepOrder(l.o)
	}
	c.armOrders()
	c.mu.Unlock()
	for _, l := range all {
		c.ended(l.n, l.o, ErrTooLate)
	}
}

// keepOrder has an order saved, or forgotten when it is over. The lock is held.
func (c *Controller) keepOrder(o *order) {
	if c.opt.Orders != nil && !o.Secret {
		c.dirtyOrders[o.ID] = o.Device
		poke(c.saving)
	}
}

// saveOrders writes to the store what has changed of orders.
func (c *Controller) saveOrders() {
	c.mu.Lock()
	var keep []Order
	var forget []uint64
	for id, device := range c.dirtyOrders {
		i, n := -1, c.nodes[device]
		if n != nil {
			i = slices.IndexFunc(n.orders, func(o *order) bool { return o.ID == id })
		}
		if i < 0 {
			forget = append(forget, id)
		} else {
			keep = append(keep, n.orders[i].Order)
		}
	}
	clear(c.dirtyOrders)
	c.mu.Unlock()
	for _, o := range keep {
		if err := c.opt.Orders.SaveOrder(o); err != nil {
			c.log.Error("saving a command that waits failed", "device", o.Device, "err", err)
			c.mu.Lock()
			c.dirtyOrders[o.ID] = o.Device // with the next change, or at the end
			c.mu.Unlock()
		}
	}
	for _, id := range forget {
		if err := c.opt.Orders.DeleteOrder(id); err != nil {
			c.log.Error("forgetting a command failed", "err", err)
		}
	}
}

// loadOrders takes up the orders of before. The lock is held, and the devices are
// loaded.
func (c *Controller) loadOrders() error {
	if c.opt.Orders == nil {
		return nil
	}
	all, err := c.opt.Orders.LoadOrders()
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b Order) int { return cmp.Or(cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.ID, b.ID)) })
	for _, o := range all {
		c.orderID = max(c.orderID, o.ID)
		if n := c.nodes[o.Device]; n != nil {
			n.orders = append(n.orders, &order{Order: o, waited: true})
		} else {
			c.dirtyOrders[o.ID] = o.Device
		}
	}
	return nil
}
