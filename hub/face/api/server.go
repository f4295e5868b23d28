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

	"gatehouse/hub/network/strangers"
)

// Bounds of a server.
const (
	headTimeout = 5 * time.Second // for a request's head
	idleTimeout = 2 * time.Minute // between two requests
	maxHead     = 16 << 10        // bytes of a head
	maxConns    = 1024            // of all clients
	maxFromOne  = 256             // of one network (strangers.Network); a street of pages behind one is still served
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
		ConnContext:       withConn,
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
	bounded := &boundedListener{Listener: l, from: make(map[netip.Prefix]int)}
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

// boundedListener holds no more connections than the hub wants to. With one too many a
// stranger hangs up: a connection on which nobody was recognised. Who is at home here
// stays, and a newcomer is heard.
type boundedListener struct {
	net.Listener

	mu        sync.Mutex
	all       int
	from      map[netip.Prefix]int
	strangers strangers.Crowd[*boundedConn]
}

func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		b := &boundedConn{Conn: c, door: l, from: strangers.Network(c.RemoteAddr())}
		out := l.enter(b)
		if out != nil {
			_ = out.Close() // before it costs anything more
		}
		if out != b {
			return b, nil
		}
	}
}

// enter counts a connection, and gives the one that has to go for it; nil: none has.
func (l *boundedListener) enter(b *boundedConn) (out *boundedConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all++
	l.from[b.from]++
	l.strangers.Come(b, b.from)
	switch {
	case l.from[b.from] > maxFromOne:
		out, _ = l.strangers.FirstFrom(b.from) // b at least
	case l.all > maxConns:
		out = l.strangers.First()
	}
	return out
}

type boundedConn struct {
	net.Conn
	door *boundedListener
	from netip.Prefix
	left sync.Once
}

// Close implements net.Conn.
func (c *boundedConn) Close() error {
	defer c.left.Do(func() {
		l := c.door
		l.mu.Lock()
		defer l.mu.Unlock()
		l.strangers.Leave(c)
		l.all--
		if l.from[c.from]--; l.from[c.from] == 0 {
			delete(l.from, c.from)
		}
	})
	return c.Conn.Close()
}

type connKey struct{}

// withConn has the requests of a connection know which one it is.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return context.WithValue(ctx, connKey{}, c)
}

// recognised notes that somebody was, on the connection of a request.
func recognised(ctx context.Context) {
	if c, ok := ctx.Value(connKey{}).(*boundedConn); ok {
		c.door.mu.Lock()
		defer c.door.mu.Unlock()
		c.door.strangers.Leave(c)
	}
}
