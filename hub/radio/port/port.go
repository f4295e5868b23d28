// Package port opens the ports that radio sticks hang on: a serial device
// ("/dev/serial/by-id/…") or a byte stream over the network ("tcp://host:port").
//
// It hands out a plain io.ReadWriteCloser, the same for both, that keeps these
// promises:
//
//   - Read returns as soon as one byte is there and never returns (0, nil). It
//     must be called steadily by one goroutine: it is also what notices that
//     the stick is gone (within 2 s; a network peer that falls silent without
//     closing, within 6 s).
//   - Write ends within 2 s, whatever the stick does. WriteNow, which both kinds
//     have as well, never waits and may write less than all.
//   - Close is prompt, may be called from anywhere and more than once, and ends
//     a Read that waits.
//   - The first failure of either direction ends both.
//   - A serial device is held by one program: a second Open is refused and
//     told who holds it.
//
// This is the only door to tarm/serial, which sets the line. Bytes go through a
// non-blocking descriptor of the same device (see serial.go): a write(2) that
// is stuck in a blocking one cannot be taken back, and a read(2) that waits in
// one costs a thread and a scheduler that does not rest.
//
// Keep holds a port open for as long as its context lives.
package port

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"gatehouse/hub/nowait"
)

// Errors that a caller may want to tell apart. The texts returned say more.
var (
	ErrMissing   = errors.New("no such port")
	ErrInUse     = errors.New("in use by another program")
	ErrUnplugged = errors.New("unplugged")
	ErrStalled   = errors.New("takes no bytes")
)

const (
	writeWithin = 2 * time.Second
	dialWithin  = 5 * time.Second
)

// Options say how a port is opened. The zero value is 115200 baud, 8N1, without
// flow control, which every Z-Wave stick and most Zigbee sticks want. A tcp://
// port has no line to set and ignores them.
type Options struct {
	Baud   int  // 0: 115200
	RTSCTS bool // hardware flow control
}

// Open opens the port at addr, a path or tcp://host:port. A path that is a
// symbolic link is resolved at every Open: after a reset a USB stick may come
// back under another number. Bytes that were waiting in the device are dropped.
func Open(ctx context.Context, addr string, o Options) (io.ReadWriteCloser, error) {
	scheme, _, isURL := strings.Cut(addr, "://")
	switch {
	case addr == "":
		return nil, errors.New("port: no port given: give a path such as /dev/serial/by-id/… or tcp://host:port")
	case isURL && scheme == "tcp":
		return dial(ctx, addr)
	case isURL:
		return nil, fmt.Errorf("port: %s: unknown scheme %q: give a path or tcp://host:port", addr, scheme)
	default:
		return openSerial(addr, o)
	}
}

func dial(ctx context.Context, addr string) (io.ReadWriteCloser, error) {
	u, err := url.Parse(addr)
	if err != nil || u.Hostname() == "" || u.Port() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("port: %s: not of the form tcp://host:port", addr)
	}
	d := net.Dialer{
		Timeout: dialWithin,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: 2 * time.Second, Interval: time.Second, Count: 3,
		},
	}
	c, err := d.DialContext(ctx, "tcp", u.Host)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("port: %s: %w: nothing listens there: start it, or mend the address", addr, ErrMissing)
	case err != nil:
		return nil, fmt.Errorf("port: %s: cannot connect: %w", addr, err)
	}
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("port: %s: %w", addr, err)
	}
	return &stream{addr: addr, conn: c, raw: raw}, nil
}

// stream is a network port.
type stream struct {
	addr string
	conn net.Conn
	raw  syscall.RawConn // of conn: what need not wait goes this way

	writing sync.Mutex
}

func (s *stream) Read(b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	rerr := s.raw.Read(func(fd uintptr) bool {
		n, err = nowait.Read(fd, b)
		return !errors.Is(err, nowait.ErrAgain)
	})
	if err = cmp.Or(rerr, err); n == 0 && err == nil {
		err = io.EOF
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		_ = s.conn.Close()
		if errors.Is(err, io.EOF) {
			err = errors.New("the other side hung up")
		}
		err = fmt.Errorf("port: %s: %w: %w", s.addr, ErrUnplugged, err)
	}
	return n, err
}

func (s *stream) Write(b []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	n := 0
	err := s.raw.Control(func(fd uintptr) { n, _ = nowait.Write(fd, b) }) // conn.Write meets the error again
	if err == nil && n < len(b) {
		if err = s.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
			return n, fmt.Errorf("port: %s: %w", s.addr, err)
		}
		var more int
		more, err = s.conn.Write(b[n:])
		n += more
	}
	if err == nil {
		return n, nil
	}
	_ = s.conn.Close()
	if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
		return n, fmt.Errorf("port: %s: %w for %s", s.addr, ErrStalled, writeWithin)
	}
	return n, fmt.Errorf("port: %s: %w", s.addr, err)
}

// WriteNow gives the connection what it takes at once, and never waits.
func (s *stream) WriteNow(b []byte) (n int, err error) {
	if !s.writing.TryLock() {
		return 0, nil // a Write waits
	}
	defer s.writing.Unlock()
	cerr := s.raw.Control(func(fd uintptr) { n, err = nowait.Write(fd, b) })
	if errors.Is(err, nowait.ErrAgain) {
		n, err = max(n, 0), nil
	}
	if err = cmp.Or(cerr, err); err != nil {
		_ = s.conn.Close()
		return 0, fmt.Errorf("port: %s: %w: %w", s.addr, ErrUnplugged, err)
	}
	return n, nil
}

func (s *stream) Close() error {
	if err := s.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("port: %s: %w", s.addr, err)
	}
	return nil
}
