package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// crowd is a number of clients that ask for everything and read nothing. Who
// is cut off by the hub comes back at once, as browsers and programs do.
type crowd struct {
	stop     context.CancelFunc
	members  sync.WaitGroup
	attached atomic.Int64
	returned atomic.Int64
}

// gather attaches n subscribers to MQTT and n browsers to the event stream.
func gather(ctx context.Context, h *house, n int) *crowd {
	ctx, stop := context.WithCancel(ctx)
	c := &crowd{stop: stop}
	for i := range n {
		c.members.Go(func() { c.stall(ctx, h.mqtt, subscribeAll(i)) })
		c.members.Go(func() {
			c.stall(ctx, h.page, fmt.Appendf(nil, "GET /api/v1/stream HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n",
				h.page, h.tokens[i%len(h.tokens)]))
		})
	}
	return c
}

func (c *crowd) leave() {
	c.stop()
	c.members.Wait()
}

// subscribeAll is CONNECT (MQTT 3.1.1, clean, no keep-alive) and SUBSCRIBE to
// # with QoS 1.
func subscribeAll(i int) []byte {
	id := fmt.Sprintf("stalled-%d", i)
	b := []byte{0x10, byte(12 + len(id)), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, byte(len(id))}
	b = append(b, id...)
	return append(b, 0x82, 6, 0, 1, 0, 1, '#', 1)
}

// stall says hello and then nothing, again and again.
func (c *crowd) stall(ctx context.Context, addr string, hello []byte) {
	for ctx.Err() == nil {
		conn, err := dialSmall(ctx, addr)
		if err == nil {
			_, err = conn.Write(hello)
		}
		if err != nil {
			sleep(ctx, 100*time.Millisecond)
			continue
		}
		c.attached.Add(1)
		for ctx.Err() == nil && established(conn) {
			sleep(ctx, 250*time.Millisecond)
		}
		c.attached.Add(-1)
		c.returned.Add(1)
		conn.Close()
	}
}

// dialSmall connects with the smallest receive buffer that there is.
func dialSmall(ctx context.Context, addr string) (*net.TCPConn, error) {
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		var serr error
		if err := c.Control(func(fd uintptr) { serr = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 2048) }); err != nil {
			return err
		}
		return serr
	}}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// established tells whether the other side has not closed the connection. It
// reads nothing.
func established(c *net.TCPConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	const tcpEstablished = 1
	up := false
	err = raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		up = err == nil && info.State == tcpEstablished
	})
	return err == nil && up
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
