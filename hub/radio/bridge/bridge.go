// Package bridge puts a simulated radio stick behind a TCP port, as a network bridge
// does with a real one.
package bridge

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
)

// Stick is what a bridge needs of a simulated stick.
type Stick interface {
	// Serve answers one host until it hangs up, the stick is pulled or ctx ends.
	Serve(ctx context.Context, port io.ReadWriteCloser) error
	// Socket tells whether the stick is in its socket; changes is closed when that
	// is otherwise.
	Socket() (in bool, changes <-chan struct{})
}

// TCP is a stick behind a network bridge.
type TCP struct {
	s    Stick
	addr string

	mu sync.Mutex
	l  net.Listener
}

// Listen listens on addr, which is best on 127.0.0.1; port 0 takes any. Run
// answers.
func Listen(ctx context.Context, s Stick, addr string) (*TCP, error) {
	t := &TCP{s: s, addr: addr}
	if err := t.listen(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// Addr is the host and port, also while the stick is unplugged and nothing
// listens there.
func (t *TCP) Addr() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.addr
}

// Run serves one host after the other until ctx ends. A second host is turned
// away while one is there; all are while the stick is unplugged.
func (t *TCP) Run(ctx context.Context) error {
	defer t.shut()
	for {
		in, changes := t.s.Socket()
		if in {
			if err := t.listen(ctx); err != nil {
				return err
			}
			t.serve(ctx, changes)
		} else {
			t.shut()
			select {
			case <-ctx.Done():
			case <-changes:
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// serve takes hosts until the stick is pulled or ctx ends.
func (t *TCP) serve(ctx context.Context, changes <-chan struct{}) {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() {
		select {
		case <-ctx.Done():
		case <-changes:
		}
		t.shut()
		cancel()
	})
	t.mu.Lock()
	l := t.l
	t.mu.Unlock()
	for l != nil {
		c, err := l.Accept()
		if err != nil {
			return
		}
		wg.Go(func() {
			defer func() { _ = c.Close() }()
			_ = t.s.Serve(ctx, c)
		})
	}
}

func (t *TCP) listen(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.l != nil {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", t.addr)
	if err != nil {
		return fmt.Errorf("bridge: %w", err)
	}
	t.l, t.addr = l, l.Addr().String()
	return nil
}

func (t *TCP) shut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.l != nil {
		_ = t.l.Close()
		t.l = nil
	}
}
