package camsim

import (
	"context"
	"net"
	"sync"
)

// Wire leads to a camera without a network, so that both may be in a synctest bubble,
// where an hour passes in no time.
type Wire struct {
	mu sync.Mutex
	at *socket // nil: nobody listens
}

// wireAddress is where the camera on a wire says that it is.
var wireAddress = net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 554}

// Dial reaches the camera, whatever address is asked for.
func (w *Wire) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	w.mu.Lock()
	at := w.at
	w.mu.Unlock()
	if at == nil {
		return nil, net.ErrClosed
	}
	near, far := net.Pipe()
	select {
	case at.calls <- end{far}:
		return end{near}, nil
	case <-at.gone:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// listen is the camera's end.
func (w *Wire) listen() net.Listener {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = &socket{wire: w, calls: make(chan net.Conn), gone: make(chan struct{})}
	return w.at
}

// end is one end of a pipe that has the address of a network's.
type end struct{ net.Conn }

// LocalAddr implements net.Conn.
func (end) LocalAddr() net.Addr { return &wireAddress }

// RemoteAddr implements net.Conn.
func (end) RemoteAddr() net.Addr { return &wireAddress }

// socket is where a camera on a wire listens.
type socket struct {
	wire  *Wire
	calls chan net.Conn
	once  sync.Once
	gone  chan struct{}
}

// Accept implements net.Listener.
func (s *socket) Accept() (net.Conn, error) {
	select {
	case c := <-s.calls:
		return c, nil
	case <-s.gone:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (s *socket) Close() error {
	s.once.Do(func() {
		s.wire.mu.Lock()
		defer s.wire.mu.Unlock()
		if s.wire.at == s {
			s.wire.at = nil
		}
		close(s.gone)
	})
	return nil
}

// Addr implements net.Listener.
func (*socket) Addr() net.Addr { return &wireAddress }
