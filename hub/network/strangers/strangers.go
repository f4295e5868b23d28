// Package strangers keeps those whom a server does not know from standing in the way of
// those whom it does.
//
// Who connects is a stranger until they have shown who they are. A server holds so many
// connections and no more; with one too many a stranger hangs up, and never somebody who
// is known. It is the one who has waited longest, of the network that most strangers come
// from: whoever makes many connections is first of all in their own way, and a newcomer
// is heard however many others say nothing.
//
// It is a value: whoever has one locks it, counts, and hangs up.
package strangers

import (
	"net"
	"net/netip"
	"slices"
)

// Crowd is the strangers at one door.
type Crowd[T comparable] struct {
	list []stranger[T] // who came first is first
	from map[netip.Prefix]int
}

type stranger[T comparable] struct {
	who  T
	from netip.Prefix
}

// Come adds a stranger.
func (c *Crowd[T]) Come(who T, from netip.Prefix) {
	if c.from == nil {
		c.from = map[netip.Prefix]int{}
	}
	c.list = append(c.list, stranger[T]{who, from})
	c.from[from]++
}

// Leave takes somebody off the strangers, who is known now or has gone; false: they were
// none.
func (c *Crowd[T]) Leave(who T) bool {
	i := slices.IndexFunc(c.list, func(s stranger[T]) bool { return s.who == who })
	if i < 0 {
		return false
	}
	from := c.list[i].from
	c.list = slices.Delete(c.list, i, i+1)
	if c.from[from]--; c.from[from] == 0 {
		delete(c.from, from)
	}
	return true
}

// Len is how many there are.
func (c *Crowd[T]) Len() int { return len(c.list) }

// LenFrom is how many of them come from a network.
func (c *Crowd[T]) LenFrom(from netip.Prefix) int { return c.from[from] }

// First is who hangs up when one is too many; there is at least one.
func (c *Crowd[T]) First() T {
	first := c.list[0]
	for _, s := range c.list {
		if c.from[s.from] > c.from[first.from] {
			first = s
		}
	}
	return first.who
}

// FirstFrom is who hangs up when one of a network is too many; false: there is none.
func (c *Crowd[T]) FirstFrom(from netip.Prefix) (who T, ok bool) {
	for _, s := range c.list {
		if s.from == from {
			return s.who, true
		}
	}
	return who, false
}

// Network is where a connection comes from: an address, or in IPv6 the network in which
// anybody has as many of them as they like.
func Network(a net.Addr) netip.Prefix {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{}
	}
	addr := at.Addr().Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	return netip.PrefixFrom(addr, bits).Masked()
}
