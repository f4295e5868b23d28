package restream

import (
	"errors"
	"fmt"
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

// Why somebody who has shown a token sees nothing, as a player is told.
var (
	errGone       = errors.New("came too late")
	errTooMany    = fmt.Errorf("all %d places are taken", most)
	errOneTooMany = fmt.Errorf("this token is shown by %d players already", mostEach)
)

// welcome is who has shown a token, unless they were hung up on or there is no room.
func (s *server) welcome(conn *gortsplib.ServerConn, token string) (*viewer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewers[conn]
	switch {
	case v == nil:
		return nil, errGone
	case !s.strangers.Leave(v):
		return v, nil
	case s.each[token] >= mostEach:
		s.forget(v)
		return nil, errOneTooMany
	case len(s.viewers)-s.strangers.Len() > most:
		s.forget(v)
		return nil, errTooMany
	}
	v.late.Stop()
	v.token = token
	s.each[token]++
	return v, nil
}

// forget takes off who goes; the lock is held.
func (s *server) forget(v *viewer) {
	v.late.Stop()
	s.strangers.Leave(v)
	delete(s.viewers, v.conn)
	if v.token == "" {
		return
	}
	if s.each[v.token]--; s.each[v.token] == 0 {
		delete(s.each, v.token)
	}
}
