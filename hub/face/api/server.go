package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Bounds of a server.
const (
	headTimeout = 5 * time.Second // for a request's head
	idleTimeout = 2 * time.Minute // between two requests
	maxHead     = 16 << 10        // bytes of a head
	maxConns    = 1024            // of all clients
	maxFromOne  = 256             // of one address; a street of pages behind one is still served
	stopTimeout = 700 * time.Millisecond
)

// Serve serves h on l until ctx ends, with TLS when t is not nil, and closes l.
// Requests that run when ctx ends have 0.7 s to be answered. It returns nil
// when it stopped because ctx ended.
func Serve(ctx context.Context, l net.Listener, h http.Handler, t *tls.Config, log *slog.Logger) error {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHead,
		// Complaints about clients (a handshake broken off because the certificate
		// is not known) are for debugging only.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if srv.Shutdown(soon) != nil {
			_ = srv.Close() // what is still open now had its time
		}
	}()
	bounded := &boundedListener{Listener: l, from: make(map[netip.Addr]int)}
	var err error
	if t != nil {
		srv.TLSConfig = t.Clone()
		err = srv.ServeTLS(bounded, "", "")
	} else {
		err = srv.Serve(bounded)
	}
	if ctx.Err() != nil && errors.Is(err, http.ErrServerClosed) {
		<-stopped
		return nil
	}
	_ = srv.Close()
	return fmt.Errorf("api: serve %s: %w", l.Addr(), err)
}

// boundedListener refuses connections beyond what the hub wants to hold, before
// they cost a handshake.
type boundedListener struct {
	net.Listener

	mu   sync.Mutex
	all  int
	from map[netip.Addr]int
}

func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		a, err := netip.ParseAddrPort(c.RemoteAddr().String())
		addr := a.Addr().Unmap()
		if err != nil {
			addr = netip.Addr{}
		}
		if l.enter(addr) {
			return &boundedConn{Conn: c, leave: sync.OnceFunc(func() { l.leave(addr) })}, nil
		}
		_ = c.Close() // refused
	}
}

func (l *boundedListener) enter(a netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= maxConns || l.from[a] >= maxFromOne {
		return false
	}
	l.all++
	l.from[a]++
	return true
}

func (l *boundedListener) leave(a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.from[a]--; l.from[a] <= 0 {
		delete(l.from, a)
	}
}

type boundedConn struct {
	net.Conn
	leave func()
}

func (c *boundedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
