package mqtt

import (
	"fmt"
	"net"
	"time"

	"gatehouse/hub/network/strangers"
)

// Bounds of who is connected.
const (
	// strangersMost is how many may not have signed in. They take no room of those
	// who have.
	strangersMost = 64
	// clientsMost bounds the memory that those who have can take.
	clientsMost = 256
	// tokenMost is how many of these one token may have, and localMost how many the
	// programs of this box that have none.
	tokenMost, localMost = clientsMost / 4, clientsMost / 2
)

// local is who clients belong to that need no token.
const local = "local"

// meet notes a connection. With one stranger too many, one is hung up on.
func (f *Face) meet(c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns[c] = struct{}{}
	f.strangers.Come(c, strangers.Network(c.raw.RemoteAddr()))
	if f.strangers.Len() <= strangersMost {
		return
	}
	out := f.strangers.First()
	f.strangers.Leave(out)
	delete(f.conns, out)
	out.cut()
	if more, ok := f.crowded.allow(time.Now()); ok {
		f.o.Log.Warn("mqtt connection closed: too many have not signed in", "remote", out.raw.RemoteAddr(), "unlogged", more)
	}
}

// welcome counts somebody who has signed in, under the name of who they belong to.
func (f *Face) welcome(c *conn, owner string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.strangers.Leave(c) {
		return net.ErrClosed // hung up on meanwhile
	}
	each, who := tokenMost, "the token has"
	if owner == local {
		each, who = localMost, "programs of this box that show no token have"
	}
	switch {
	case len(f.conns)-f.strangers.Len() > clientsMost:
		return fmt.Errorf("there are %d clients already: disconnect some", clientsMost)
	case f.each[owner] >= each:
		return fmt.Errorf("%s %d clients already: disconnect some, or give some a token of their own", who, each)
	}
	f.each[owner]++
	c.owner = owner
	return nil
}

// forget takes off who has gone.
func (f *Face) forget(c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.strangers.Leave(c)
	delete(f.conns, c)
	if c.owner == "" {
		return
	}
	if f.each[c.owner]--; f.each[c.owner] == 0 {
		delete(f.each, c.owner)
	}
}
