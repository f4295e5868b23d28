package mqtt

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	listenerLoopback = "loopback"
	listenerTLS      = "tls"

	// connectTimeout is how long a connection may take to say CONNECT,
	// TLS handshake included.
	connectTimeout = 10 * time.Second
	// sendBuffer bounds what the kernel holds for a client that does not read.
	sendBuffer = 64 << 10
)

// listenLoopback binds the plain listener. Only an address that cannot be
// reached from outside will do, because nobody is asked who they are there.
func listenLoopback(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil // no listener is wanted
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("mqtt.loopback: %q is not an address such as 127.0.0.1:1883", address)
	}
	if host == "localhost" {
		host = "127.0.0.1" // whatever a hosts file says
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("mqtt.loopback: %q may be reached from outside, and nobody is asked for a token there: "+
			"use a loopback address such as 127.0.0.1:1883, and mqtt.listen for other machines", address)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port)) //nolint:noctx // binding does not wait
	return l, bindError("mqtt.loopback", address, err)
}

// listenTLS binds the listener for other machines.
func listenTLS(address string, config *tls.Config) (net.Listener, error) {
	if address == "" {
		return nil, nil // no listener is wanted
	}
	if config == nil {
		return nil, fmt.Errorf("mqtt.listen: %q needs a certificate: MQTT beyond this box is always encrypted", address)
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("mqtt.listen: %q is not an address such as :8883", address)
	}
	config = config.Clone()
	config.MinVersion = tls.VersionTLS13
	config.NextProtos = nil              // MQTT has no use for those of HTTP
	l, err := net.Listen("tcp", address) //nolint:noctx // binding does not wait
	if err != nil {
		return nil, bindError("mqtt.listen", address, err)
	}
	return tlsListener{l, config}, nil
}

func bindError(key, address string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: %s is in use by another program (is mosquitto running?): "+
			"stop it, or give %s another port: %w", key, address, key, err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: this user may not listen on %s: take a port above 1023: %w", key, address, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: this machine has no address %s: %w", key, address, err)
	default:
		return fmt.Errorf("%s: %w", key, err)
	}
}

// tlsListener wraps like tls.Listen, but leaves the TCP connection within
// reach for its buffers.
type tlsListener struct {
	net.Listener
	config *tls.Config
}

// accept takes connections until the listener is closed.
func (f *Face) accept(l net.Listener, name string, b *broker, clients *sync.WaitGroup) {
	for {
		raw, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of file descriptors, say: others may close theirs.
			f.o.Log.Warn("mqtt connection not accepted", "listener", name, "err", err)
			pause := time.NewTimer(100 * time.Millisecond)
			select {
			case <-b.ctx.Done():
			case <-pause.C:
			}
			pause.Stop()
			continue
		}
		c, ok := f.admit(raw, l, name)
		if !ok {
			raw.Close() // refused
			continue
		}
		clients.Go(c.writeLoop)
		clients.Go(func() {
			defer f.forget(c)
			err := b.server.EstablishConnection(name, c)
			_ = c.Close() // flushes what is left
			if w := c.who.Load(); w != nil {
				f.o.Log.Debug("mqtt client left", "client", w.name, "remote", raw.RemoteAddr(), "err", err)
			}
		})
	}
}

// admit checks a fresh connection.
func (f *Face) admit(raw net.Conn, l net.Listener, name string) (*conn, bool) {
	if name == listenerLoopback && !fromLoopback(raw.RemoteAddr()) {
		f.o.Log.Warn("mqtt connection refused: not from this box", "remote", raw.RemoteAddr())
		return nil, false
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		if err := tcp.SetWriteBuffer(sendBuffer); err != nil {
			f.o.Log.Debug("mqtt send buffer not set", "err", err)
		}
	}
	wrapped := raw
	if t, ok := l.(tlsListener); ok {
		wrapped = tls.Server(raw, t.config)
	}
	c := newConn(wrapped, raw, f.picture.allowance)
	if err := c.SetDeadline(time.Now().Add(connectTimeout)); err != nil {
		return nil, false
	}
	f.meet(c)
	return c, true
}

// list is a copy of the connections that are open now.
func (f *Face) list() []*conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*conn, 0, len(f.conns))
	for c := range f.conns {
		all = append(all, c)
	}
	return all
}

func fromLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// plainName cuts what a client may put into a log line.
func plainName(s string) string {
	const most = 64
	s = strings.ToValidUTF8(s, "?")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
