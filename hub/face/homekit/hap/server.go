package hap

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"gatehouse/hub/network/strangers"
)

// Bounds of what may be connected at once.
const (
	mostConns         = 48
	mostStrangers     = 16 // that have proved nothing
	mostStrangersEach = 4  // of these, from one network (strangers.Network)
)

// sendBuffer bounds what the kernel holds for a controller that does not read.
const sendBuffer = 64 << 10

// Options are what a server needs. All are required.
type Options struct {
	Home   Home
	Keeper Keeper
	// WrongCode hears of each setup code that was not right.
	WrongCode func(WrongCode)
	// Changed hears that somebody paired or was removed, after the answer.
	Changed func()
	Log     *slog.Logger
}

// Server answers controllers.
type Server struct {
	o      Options
	window window

	mu        sync.Mutex
	conns     map[*conn]struct{}
	strangers strangers.Crowd[*conn] // of these, who have proved nothing
}

// New makes a server. It starts nothing.
func New(o Options) *Server {
	return &Server{o: o, conns: make(map[*conn]struct{})}
}

// Open opens the window until a time; the zero time closes it.
func (s *Server) Open(until time.Time) { s.window.open(until) }

// OpenUntil is when the window closes, the zero time while it is closed.
func (s *Server) OpenUntil() time.Time { return s.window.ends(time.Now()) }

// Serve takes connections of l until ctx ends, then ends them all.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		_ = l.Close() // nothing is lost with a listener
		for _, c := range s.list() {
			c.end()
		}
	})
	defer stop()
	defer s.endAll()
	for {
		raw, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = raw.Close() // came too late
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			// Out of file descriptors, say: others may close theirs.
			s.o.Log.Warn("apple home connection not accepted", "err", err)
			pause := time.NewTimer(100 * time.Millisecond)
			select {
			case <-ctx.Done():
			case <-pause.C:
			}
			pause.Stop()
			continue
		}
		c, ok := s.admit(raw)
		if !ok {
			_ = raw.Close() // refused
			continue
		}
		all.Go(c.deliver)
		all.Go(func() {
			defer s.forget(c)
			if err := c.serve(ctx); err != nil {
				s.o.Log.Debug("apple home connection ended", "remote", c.from, "err", err)
			}
		})
	}
}

// admit takes a fresh connection. With one too many a stranger is hung up on, which is
// the fresh one only when all others are known.
func (s *Server) admit(raw net.Conn) (*conn, bool) {
	from := addrOf(raw.RemoteAddr())
	if !near(from) {
		return nil, false
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		if err := tcp.SetWriteBuffer(sendBuffer); err != nil {
			s.o.Log.Debug("apple home send buffer not set", "err", err)
		}
	}
	c := newConn(s, raw, from)
	out := s.enter(c)
	if out != nil {
		s.o.Log.Debug("apple home connection closed: too many", "remote", out.from)
		out.end()
	}
	return c, out != c
}

// enter counts a connection, and gives the one that has to go for it; nil: none has.
func (s *Server) enter(c *conn) (out *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	network := strangers.Network(c.RemoteAddr())
	s.conns[c] = struct{}{}
	s.strangers.Come(c, network)
	switch {
	case s.strangers.LenFrom(network) > mostStrangersEach:
		out, _ = s.strangers.FirstFrom(network) // c at least
	case s.strangers.Len() > mostStrangers, len(s.conns) > mostConns:
		out = s.strangers.First()
	}
	if out != nil {
		s.leave(out)
	}
	return out
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(c)
}

// leave takes off who goes; the lock is held.
func (s *Server) leave(c *conn) {
	s.strangers.Leave(c)
	delete(s.conns, c)
}

// recognised notes that a connection has proved who it is.
func (s *Server) recognised(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strangers.Leave(c)
}

func (s *Server) list() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		all = append(all, c)
	}
	return all
}

func (s *Server) endAll() {
	for _, c := range s.list() {
		c.end()
	}
}

// Notify tells changes to all who asked for them. It never waits.
func (s *Server) Notify(changes ...Change) {
	if len(changes) == 0 {
		return
	}
	for _, c := range s.list() {
		c.tell(changes)
	}
}

// Connected tells how many connections each controller has.
func (s *Server) Connected() map[string]int {
	n := map[string]int{}
	for _, c := range s.list() {
		if id := c.verified(); id != "" {
			n[id]++
		}
	}
	return n
}

// Drop ends the connections of those that are not paired any more.
func (s *Server) Drop() {
	for _, c := range s.list() {
		if id := c.verified(); id != "" {
			if _, ok := s.o.Keeper.Pairing(id); !ok {
				c.end()
			}
		}
	}
}

func (s *Server) dropRemoved() {
	s.Drop()
	s.o.Changed()
}

func addrOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	ip, _ := netip.AddrFromSlice(tcp.IP)
	return ip.Unmap().WithZone("")
}

// near tells whether an address is in the house: private, or on a link of the
// box. Apple's way in from elsewhere goes through a box of Apple's in the house.
func near(a netip.Addr) bool {
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, x := range addrs {
		if p, err := netip.ParsePrefix(x.String()); err == nil && p.Masked().Contains(a) {
			return true
		}
	}
	return false
}
