package zigbee

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors of backups.
var (
	ErrNoBackup = errors.New("zigbee: there is no backup of the house's network")
	ErrUp       = errors.New("zigbee: the house's network is up on this stick")
)

// ForeignError tells that the stick does not hold the network of this house, and
// what it holds instead. It is ErrForeign.
type ForeignError struct {
	Held  *Network // by the stick; nil: it is empty
	House *Network // nil: the house has none yet
}

func (e *ForeignError) Error() string {
	switch {
	case e.Held == nil:
		return fmt.Sprintf("%s: it is empty, and the house has %s; put the house's own stick in, or restore the house's network to this one", ErrForeign, e.House)
	case e.House == nil:
		return fmt.Sprintf("%s: another program formed %s on it; name that program's backup, or erase the stick with its maker's tool", ErrForeign, e.Held)
	default:
		return fmt.Sprintf("%s: it holds %s, and the house has %s; put the house's own stick in, or restore the house's network to this one, which erases what it holds", ErrForeign, e.Held, e.House)
	}
}

func (e *ForeignError) Unwrap() error { return ErrForeign }

// Backup reads what the stick holds and keeps it in the store, in the place of the
// one before. It is whole only when the store gives it back.
//
// The stick may have lost the link key of a device that the house knows still
// (Z-Stack does that to routers): the one of the backup before is kept on. And the
// devices of the house are all named in it, with the addresses that they have now.
func (c *Controller) Backup(ctx context.Context) (Backup, error) {
	c.mu.Lock()
	a, ready, network := c.adapter, c.ready, c.network
	c.mu.Unlock()
	if !ready {
		return Backup{}, ErrDown
	}
	b, err := a.Backup(ctx)
	if err != nil {
		return b, fmt.Errorf("zigbee: reading what the stick holds: %w", err)
	}
	if !b.Network.Same(network) {
		return b, &ForeignError{&b.Network, &network}
	}
	before, _, err := c.opt.Store.LoadBackup()
	if err != nil {
		return b, fmt.Errorf("zigbee: reading the backup before: %w", err)
	}
	b.At, b.Source = time.Now().UTC().Truncate(time.Millisecond), c.opt.Source
	b.Devices = c.housed(b.Devices, before.Devices)
	if err := c.opt.Store.SaveBackup(b); err != nil {
		return b, fmt.Errorf("zigbee: saving the backup: %w", err)
	}
	switch again, ok, err := c.opt.Store.LoadBackup(); {
	case err != nil:
		return b, fmt.Errorf("zigbee: reading the backup again: %w", err)
	case !ok || !bytes.Equal(again.Append(nil), b.Append(nil)):
		return b, errors.New("zigbee: the backup reads otherwise than it was written")
	}
	return b, nil
}

// housed are the devices that a stick knows and those of the house, with the link
// keys of before where the stick has lost them.
func (c *Controller) housed(devices, before []Kept) []Kept {
	at := make(map[IEEE]int)
	for i, d := range devices {
		at[d.IEEE] = i
	}
	for _, d := range c.Devices() {
		i, ok := at[d.IEEE]
		if !ok {
			i = len(devices)
			at[d.IEEE] = i
			devices = append(devices, Kept{IEEE: d.IEEE})
		}
		devices[i].Short = d.Short
		for _, b := range before {
			if b.IEEE == d.IEEE && devices[i].Link == nil {
				devices[i].Link = b.Link
			}
		}
	}
	return devices
}

// Restore has the backup be written to the stick that is in, when it is next
// started. erase says that it may hold another network, which is lost then; an
// empty stick needs no such word. The network of the house must not be up.
func (c *Controller) Restore(erase bool) error {
	c.mu.Lock()
	ready := c.ready
	c.mu.Unlock()
	if ready {
		return ErrUp
	}
	n, ok, err := c.opt.Store.LoadNetwork()
	if err != nil {
		return fmt.Errorf("zigbee: reading the network: %w", err)
	}
	b, kept, err := c.opt.Store.LoadBackup()
	switch {
	case err != nil:
		return fmt.Errorf("zigbee: reading the backup: %w", err)
	case !ok || !kept || !b.Network.Same(n):
		return ErrNoBackup
	}
	n.Restoring, n.Erasing = true, erase
	if err := c.opt.Store.SaveNetwork(n); err != nil {
		return fmt.Errorf("zigbee: saving the network: %w", err)
	}
	return nil
}

// restore writes the backup to the stick, unless that holds the network already:
// it is the one that the backup is of, or was cut short at the very end.
func (c *Controller) restore(ctx context.Context, a Adapter, want Network, holds bool) error {
	if holds {
		return nil
	}
	b, ok, err := c.opt.Store.LoadBackup()
	switch {
	case err != nil:
		return fmt.Errorf("zigbee: reading the backup: %w", err)
	case !ok || !b.Network.Same(want):
		return ErrNoBackup
	}
	b.Network.Channel = want.Channel // it may have moved since
	c.log.Info("restoring a Zigbee network to a stick", "network", want, "of", b.At)
	if err := a.Restore(ctx, b.Forward(time.Now())); err != nil {
		return fmt.Errorf("zigbee: restoring network %s: %w", want, err)
	}
	return nil
}

// learnFor is for how long devices of an adopted network that no backup names are
// taken in when they speak: backups name only those that are near to the stick or
// have a link key, and a sensor may be silent for a day.
const learnFor = 7 * 24 * time.Hour

// Adopt makes the network of a backup that of the house, which must have none yet.
// The stick may be the one that it is of, or an empty one.
func Adopt(s Store, b Backup, now time.Time) error {
	if _, ok, err := s.LoadNetwork(); err != nil || ok {
		return errors.Join(err, errors.New("zigbee: the house has a network already"))
	}
	for _, d := range b.Devices {
		if d.Short == NoShort {
			continue // it is learned when it speaks
		}
		if err := s.SaveDevice(Device{IEEE: d.IEEE, Short: d.Short}); err != nil {
			return fmt.Errorf("zigbee: saving a device: %w", err)
		}
	}
	if err := s.SaveBackup(b); err != nil {
		return fmt.Errorf("zigbee: saving the backup: %w", err)
	}
	n := b.Network // last: as long as it is not there, all is done again
	n.Formed, n.Restoring, n.Learning = true, true, now.Add(learnFor)
	if err := s.SaveNetwork(n); err != nil {
		return fmt.Errorf("zigbee: saving the network: %w", err)
	}
	return nil
}

// learns tells whether devices that nobody knows are taken in when they speak. The
// lock is held.
func (c *Controller) learns() bool { return time.Now().Before(c.network.Learning) }

// learned takes in a device of an adopted network. The lock is held.
func (c *Controller) learned(id IEEE, short Short) *node {
	if id == 0 || id == c.info.IEEE || short == Coordinator || !c.learns() {
		return nil
	}
	n := &node{Device: Device{IEEE: id}}
	c.nodes[id] = n
	c.keep(id)
	return n
}
