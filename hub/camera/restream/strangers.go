package restream

import (
	"time"

	"github.com/bluenviron/gortsplib/v5"

	"gatehouse/hub/network/strangers"
)

// Bounds of those who have shown no token yet. They take no room of those who have.
const (
	strangersMost = 16
	strangerTime  = 10 * time.Second // for a token to be shown
)

// meet notes a connection. With one stranger too many, one hangs up.
func (s *server) meet(conn *gortsplib.ServerConn) {
	v := &viewer{server: s, conn: conn, late: time.AfterFunc(strangerTime, conn.Close)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.viewers[conn] = v
	s.strangers.Come(v, strangers.Network(conn.NetConn().RemoteAddr()))
	if s.strangers.Len() <= strangersMost {
		return
	}
	out := s.strangers.First()
	s.forget(out) // what it asks for now is refused
	out.conn.Close()
}

// welcome is who has shown a token; nil: they were hung up on, or there is no room.
func (s *server) welcome(conn *gortsplib.ServerConn) *viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewers[conn]
	if v == nil || !s.strangers.Leave(v) {
		return v
	}
	if len(s.viewers)-s.strangers.Len() > most {
		s.forget(v)
		return nil
	}
	v.late.Stop()
	return v
}

// forget takes off who goes; the lock is held.
func (s *server) forget(v *viewer) {
	v.late.Stop()
	s.strangers.Leave(v)
	delete(s.viewers, v.conn)
}
