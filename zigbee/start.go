package zigbee

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// channels are those that lie between the usual channels of Wi-Fi, and may be
// used at full power everywhere.
var channels = [...]byte{11, 15, 20, 25}

// randomNetwork draws a network that nobody else has.
func randomNetwork() Network {
	var b [8 + 2 + 1]byte
	var n Network
	for n.PAN == 0 || n.PAN == 0xFFFF || n.ExtendedPAN == 0 || n.ExtendedPAN == ^uint64(0) {
		_, _ = rand.Read(b[:]) // never fails
		n.ExtendedPAN = binary.LittleEndian.Uint64(b[:])
		n.PAN = binary.LittleEndian.Uint16(b[8:])
		n.Channel = channels[int(b[10])%len(channels)]
	}
	_, _ = rand.Read(n.Key[:]) // never fails
	return n
}

// Passing is a network that is formed to be overwritten.
func Passing() Network { return randomNetwork() }

// start brings the network up.
func (c *Controller) start(ctx context.Context, a Adapter) error {
	if err := c.load(); err != nil {
		return err
	}
	if _, err := a.Hello(ctx); err != nil {
		return fmt.Errorf("zigbee: asking the stick who it is: %w", err)
	}
	want, remembered, err := c.opt.Store.LoadNetwork()
	if err != nil {
		return fmt.Errorf("zigbee: reading the network: %w", err)
	}
	held, holds, err := a.Network(ctx)
	if err != nil {
		return fmt.Errorf("zigbee: reading the stick's network: %w", err)
	}
	ours := holds && remembered && held.Same(want)
	if ours {
		want.Channel = held.Channel // it may have been moved
	}
	switch {
	case remembered && want.Restoring && (ours || !holds || want.Erasing):
		if err := c.restore(ctx, a, want, ours); err != nil {
			return err
		}
	case ours:
	case holds && remembered:
		return &ForeignError{&held, &want}
	case holds:
		return &ForeignError{Held: &held}
	case remembered && want.Formed:
		return &ForeignError{House: &want}
	default:
		if want, err = c.form(ctx, a, want, remembered); err != nil {
			return err
		}
	}
	if err := a.Resume(ctx); err != nil {
		return fmt.Errorf("zigbee: starting the network: %w", err)
	}
	if err := a.Follow(ctx, groups); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("zigbee: listening to groups: %w", err)
		}
		c.log.Warn("remote controls that speak to groups are not heard", "err", err)
	}
	info, err := a.Hello(ctx) // forming may have given the stick another address
	if err != nil {
		return fmt.Errorf("zigbee: asking the stick who it is: %w", err)
	}
	want.Formed, want.Restoring, want.Erasing = true, false, false
	if err := c.opt.Store.SaveNetwork(want); err != nil {
		return fmt.Errorf("zigbee: saving the network: %w", err)
	}
	if err := a.PermitJoin(ctx, Permit{}); err != nil { // whatever was open when the hub ended
		return fmt.Errorf("zigbee: closing the network: %w", err)
	}
	c.attach(a, info, want)
	return nil
}

// form forms a network. It is remembered first, so that one that is cut short is
// formed again with the same parameters.
func (c *Controller) form(ctx context.Context, a Adapter, n Network, remembered bool) (Network, error) {
	if !remembered {
		n = randomNetwork()
		if err := c.opt.Store.SaveNetwork(n); err != nil {
			return n, fmt.Errorf("zigbee: saving the network: %w", err)
		}
	}
	c.log.Info("forming a Zigbee network", "network", n)
	if err := a.Form(ctx, n); err != nil {
		return n, fmt.Errorf("zigbee: forming network %s: %w", n, err)
	}
	return n, nil
}

// load reads the devices, once.
func (c *Controller) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded {
		return nil
	}
	devices, err := c.opt.Store.LoadDevices()
	if err != nil {
		return fmt.Errorf("zigbee: reading the devices: %w", err)
	}
	for _, d := range devices {
		n := &node{Device: d, tells: d.Firmware}
		n.told = n.polls()
		c.nodes[d.IEEE] = n
		c.shorts[d.Short] = n
	}
	if err := c.loadOrders(); err != nil {
		return fmt.Errorf("zigbee: reading the commands that wait: %w", err)
	}
	c.loaded = true
	return nil
}

// attach begins the work with a stick whose network is up.
func (c *Controller) attach(a Adapter, info Info, network Network) {
	c.mu.Lock()
	c.adapter, c.ready, c.info, c.network = a, true, info, network
	var awake []IEEE
	for _, n := range c.nodes {
		n.asked, n.studying, n.fails, n.checked = false, false, 0, time.Now()
		if c.estranged(n) {
			n.estrange()
		}
		if q := c.quirk(&n.Device); n.Ways != waysOf(q) { // it may have changed while the hub was off
			n.recheck()
		}
		if n.Listening {
			n.asked = true
			awake = append(awake, n.IEEE)
		}
	}
	c.mu.Unlock()
	c.tell(Ready{info, network})
	c.giveUp()
	for _, id := range awake {
		c.Refresh(id)
	}
	poke(c.studies)
}

// errRefused tells that a device does not do what was asked.
var errRefused = errors.New("the device refused")
