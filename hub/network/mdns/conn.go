package mdns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

var (
	group4 = net.IPv4(224, 0, 0, 251)
	group6 = net.ParseIP("ff02::fb")
)

// packet is one datagram, and the link that it came in on.
type packet struct {
	data  []byte
	from  netip.AddrPort
	index int
}

// conn is the sockets of both families; either may be missing.
type conn struct {
	p4 *ipv4.PacketConn
	p6 *ipv6.PacketConn
}

// listen opens the sockets and joins the groups on the links. Other programs
// may listen at the same port.
func listen(links []link) (*conn, error) {
	c := &conn{}
	var errs []error
	// A multicast address makes the net package share the port, and listen on
	// all addresses.
	if u, err := net.ListenUDP("udp4", &net.UDPAddr{IP: group4, Port: port}); err == nil {
		c.p4 = ipv4.NewPacketConn(u)
		if err := c.join4(links); err != nil {
			errs = append(errs, err)
			_ = c.p4.Close()
			c.p4 = nil
		}
	} else {
		errs = append(errs, err)
	}
	if u, err := net.ListenUDP("udp6", &net.UDPAddr{IP: group6, Port: port}); err == nil {
		c.p6 = ipv6.NewPacketConn(u)
		if err := c.join6(links); err != nil {
			errs = append(errs, err)
			_ = c.p6.Close()
			c.p6 = nil
		}
	} else {
		errs = append(errs, err)
	}
	if c.p4 == nil && c.p6 == nil {
		return nil, fmt.Errorf("mdns: no socket: %w", errors.Join(errs...))
	}
	return c, nil
}

func (c *conn) join4(links []link) error {
	if err := c.p4.SetControlMessage(ipv4.FlagInterface, true); err != nil {
		return err
	}
	_ = c.p4.SetMulticastTTL(255)
	_ = c.p4.SetMulticastLoopback(true)
	var errs []error
	for _, l := range links {
		if err := c.p4.JoinGroup(&l.iface, &net.UDPAddr{IP: group4}); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", l.iface.Name, err))
		}
	}
	if len(errs) == len(links) {
		return errors.Join(errs...)
	}
	return nil
}

func (c *conn) join6(links []link) error {
	if err := c.p6.SetControlMessage(ipv6.FlagInterface, true); err != nil {
		return err
	}
	_ = c.p6.SetMulticastHopLimit(255)
	_ = c.p6.SetMulticastLoopback(true)
	var errs []error
	for _, l := range links {
		if err := c.p6.JoinGroup(&l.iface, &net.UDPAddr{IP: group6}); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", l.iface.Name, err))
		}
	}
	if len(errs) == len(links) {
		return errors.Join(errs...)
	}
	return nil
}

func (c *conn) close() {
	if c.p4 != nil {
		_ = c.p4.Close()
	}
	if c.p6 != nil {
		_ = c.p6.Close()
	}
}

// readers reads both sockets into heard until they are closed; done is closed
// when both have ended. A socket that fails says so.
func (c *conn) readers(ctx context.Context, heard chan<- packet) (done <-chan struct{}, failed <-chan error) {
	var wg sync.WaitGroup
	fails := make(chan error, 2)
	read := func(from func([]byte) (int, int, net.Addr, error)) {
		buf := make([]byte, 9000) // RFC 6762 §17
		for {
			n, index, addr, err := from(buf)
			if err != nil {
				fails <- fmt.Errorf("mdns: read: %w", err)
				return
			}
			u, ok := addr.(*net.UDPAddr)
			if !ok {
				continue
			}
			select {
			case heard <- packet{data: append([]byte(nil), buf[:n]...), from: u.AddrPort(), index: index}:
			case <-ctx.Done():
				return
			}
		}
	}
	if c.p4 != nil {
		wg.Go(func() {
			read(func(b []byte) (n, index int, addr net.Addr, err error) {
				n, cm, addr, err := c.p4.ReadFrom(b)
				if cm != nil {
					index = cm.IfIndex
				}
				return n, index, addr, err
			})
		})
	}
	if c.p6 != nil {
		wg.Go(func() {
			read(func(b []byte) (n, index int, addr net.Addr, err error) {
				n, cm, addr, err := c.p6.ReadFrom(b)
				if cm != nil {
					index = cm.IfIndex
				}
				return n, index, addr, err
			})
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	return ended, fails
}

// send sends to everybody on a link, or back to who asked. What cannot be sent
// is lost, as any datagram may be.
func (c *conn) send(l link, asked packet, b []byte, toAll bool) {
	if len(b) == 0 {
		return
	}
	if !toAll {
		to := net.UDPAddrFromAddrPort(asked.from)
		switch {
		case asked.from.Addr().Unmap().Is4() && c.p4 != nil:
			_, _ = c.p4.WriteTo(b, &ipv4.ControlMessage{IfIndex: l.index}, to)
		case c.p6 != nil:
			_, _ = c.p6.WriteTo(b, &ipv6.ControlMessage{IfIndex: l.index}, to)
		}
		return
	}
	if c.p4 != nil {
		_, _ = c.p4.WriteTo(b, &ipv4.ControlMessage{IfIndex: l.index}, &net.UDPAddr{IP: group4, Port: port})
	}
	if c.p6 != nil {
		_, _ = c.p6.WriteTo(b, &ipv6.ControlMessage{IfIndex: l.index}, &net.UDPAddr{IP: group6, Port: port})
	}
}

func (c *conn) sendAll(links []link, what func(link) []byte) {
	for _, l := range links {
		c.send(l, packet{}, what(l), true)
	}
}
