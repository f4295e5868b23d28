package restream

import (
	"net/netip"
	"slices"
	"time"

	"github.com/bluenviron/gortsplib/v5"
)

// Bounds of those who have shown no token yet. They take no room of those who have, and
// who makes many connections is in nobody's way but their own.
const (
	strangersMost = 16
	strangerTime  = 10 * time.Second // for a token to be shown
)

// meet notes a connection. With one stranger too many, one hangs up: of the network that
// most of them come from, the one who has waited longest.
func (s *server) meet(conn *gortsplib.ServerConn) {
	v := &viewer{server: s, conn: conn, from: networkOf(conn), late: time.AfterFunc(strangerTime, conn.Close)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.viewers[conn] = v
	s.strangers = append(s.strangers, v)
	if len(s.strangers) <= strangersMost {
		return
	}
	many := map[netip.Prefix]int{}
	for _, x := range s.strangers {
		many[x.from]++
	}
	out := s.strangers[0]
	for _, x := range s.strangers {
		if many[x.from] > many[out.from] {
			out = x
		}
	}
	s.know(out)
	delete(s.viewers, out.conn) // what it asks for now is refused
	out.conn.Close()
}

// know takes somebody off the strangers; the lock is held.
func (s *server) know(v *viewer) {
	v.late.Stop()
	s.strangers = slices.DeleteFunc(s.strangers, func(x *viewer) bool { return x == v })
}

// welcome is who has shown a token; nil: they were hung up on, or there is no room.
func (s *server) welcome(conn *gortsplib.ServerConn) *viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewers[conn]
	if v == nil || !slices.Contains(s.strangers, v) {
		return v
	}
	if len(s.viewers)-len(s.strangers) >= most {
		return nil
	}
	s.know(v)
	return v
}

// networkOf is where a connection comes from: an address, or in IPv6 the network in
// which anybody has as many as they like.
func networkOf(conn *gortsplib.ServerConn) netip.Prefix {
	at, err := netip.ParseAddrPort(conn.NetConn().RemoteAddr().String())
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
