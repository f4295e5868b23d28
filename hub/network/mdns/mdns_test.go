package mdns

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grandcat/zeroconf"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/ipv4"
)

// These tests speak on the loopback interface and on no other, each under a
// name of its own: other hubs may be announced there at the same time.

func loopback(t *testing.T) net.Interface {
	t.Helper()
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	return *lo
}

func testName() string { return "gh-" + strings.ToLower(rand.Text()[:10]) }

// announced runs an announcer on lo and tells its names as they come.
func announced(t *testing.T, name string) <-chan string {
	t.Helper()
	names := make(chan string, 8)
	a, err := New(Options{
		Name: name, Instance: "Home of " + name, Interfaces: []string{"lo"},
		Services: []Service{{Type: "_https._tcp", Port: 8443}, {Type: "_gatehouse._tcp", Port: 8443, Text: []string{"v=1"}}},
		OnName: func(n string, taken bool) {
			if taken {
				n += " (taken)"
			}
			names <- n
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
	return names
}

func next[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(15 * time.Second):
		t.Fatalf("no %s within 15 s", what)
		panic("unreachable")
	}
}

// resolver is a hand-written one on lo.
type resolver struct {
	t *testing.T
	p *ipv4.PacketConn
}

func newResolver(t *testing.T) *resolver {
	t.Helper()
	u, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = u.Close() })
	lo := loopback(t)
	p := ipv4.NewPacketConn(u)
	if err := p.SetMulticastInterface(&lo); err != nil {
		t.Fatal(err)
	}
	return &resolver{t, p}
}

// lookup asks until there is an answer or the time is up.
func (r *resolver) lookup(name string, within time.Duration) (addrs []netip.Addr, ok bool) {
	r.t.Helper()
	end := time.Now().Add(within)
	buf := make([]byte, 9000)
	for time.Now().Before(end) {
		q := ask(r.t, name, dnsmessage.TypeA, dnsmessage.ClassINET)
		if _, err := r.p.WriteTo(q, nil, &net.UDPAddr{IP: group4, Port: port}); err != nil {
			r.t.Fatal(err)
		}
		if err := r.p.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
			r.t.Fatal(err)
		}
		n, _, _, err := r.p.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			r.t.Fatal(err)
		}
		var m dnsmessage.Message
		if err := m.Unpack(buf[:n]); err != nil {
			r.t.Fatal(err)
		}
		for _, rr := range m.Answers {
			if a, ok := addrOf(rr); ok {
				addrs = append(addrs, a)
			}
		}
		return addrs, true
	}
	return nil, false
}

func TestResolvedOnLoopback(t *testing.T) {
	name := testName()
	names := announced(t, name)
	if got := next(t, "name", names); got != name+".local" {
		t.Fatalf("announced as %q", got)
	}
	addrs, ok := newResolver(t).lookup(name+".local.", 15*time.Second)
	if !ok || len(addrs) != 1 || addrs[0] != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("resolved to %v, %v", addrs, ok)
	}
	if _, ok := newResolver(t).lookup("not-"+name+".local.", time.Second); ok {
		t.Error("answers for a name that is not the hub's")
	}
}

func TestServicesOnLoopback(t *testing.T) {
	name := testName()
	names := announced(t, name)
	next(t, "name", names)
	for _, service := range []string{"_https._tcp", "_gatehouse._tcp"} {
		r, err := zeroconf.NewResolver(zeroconf.SelectIfaces([]net.Interface{loopback(t)}))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 15*time.Second)
		defer stop()
		found := make(chan *zeroconf.ServiceEntry, 16)
		if err := r.Lookup(ctx, "Home of "+name, service, "local.", found); err != nil {
			t.Fatal(err)
		}
		e := next(t, service, found)
		if e == nil || e.HostName != name+".local." || e.Port != 8443 || len(e.AddrIPv4) != 1 || !e.AddrIPv4[0].IsLoopback() {
			t.Errorf("%s: %+v", service, e)
		}
	}
}

func TestNameTakenOnLoopback(t *testing.T) {
	name := testName()
	// Another box, at 127.0.0.2, that holds the name and says so when asked.
	lo := loopback(t)
	c, err := listen([]link{{iface: lo, index: lo.Index}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	heard := make(chan packet, 32)
	done, _ := c.readers(ctx, heard)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		for {
			select {
			case p := <-heard:
				var m dnsmessage.Message
				if m.Unpack(p.data) == nil && !m.Response && len(m.Questions) > 0 && m.Questions[0].Name.String() == name+".local." {
					c.send(link{index: lo.Index}, p, says(t, a(name+".local.", "127.0.0.2", 120)).data, true)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() { stop(); c.close(); <-done; <-answered })

	names := announced(t, name)
	if got := next(t, "name", names); got != name+"-2.local (taken)" {
		t.Fatalf("announced as %q", got)
	}
	if addrs, ok := newResolver(t).lookup(name+"-2.local.", 15*time.Second); !ok {
		t.Errorf("resolved to %v, %v", addrs, ok)
	}
}

func TestGoodbye(t *testing.T) {
	name := testName()
	lo := loopback(t)
	c, err := listen([]link{{iface: lo, index: lo.Index}})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan packet, 256)
	ctx, stop := context.WithCancel(context.Background())
	done, _ := c.readers(ctx, heard)
	t.Cleanup(func() { stop(); c.close(); <-done })
	t.Run("announced", func(t *testing.T) { next(t, "name", announced(t, name)) })
	// It has ended now.
	for {
		p := next(t, "goodbye", heard)
		var m dnsmessage.Message
		if m.Unpack(p.data) != nil || !m.Response {
			continue
		}
		for _, r := range m.Answers {
			if _, ok := addrOf(r); ok && r.Header.Name.String() == name+".local." && r.Header.TTL == 0 {
				return
			}
		}
	}
}
