package restream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/people/auth"
)

// street is where connections come from, without a network.
type street struct {
	calls chan net.Conn
	gone  chan struct{}
}

// Accept implements net.Listener.
func (s street) Accept() (net.Conn, error) {
	select {
	case c := <-s.calls:
		return c, nil
	case <-s.gone:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (s street) Close() error {
	close(s.gone)
	return nil
}

// Addr implements net.Listener.
func (street) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8554} }

// passer is a connection that comes from an address.
type passer struct {
	net.Conn
	from string
}

// RemoteAddr implements net.Conn.
func (p passer) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(p.from), 40000))
}

// LocalAddr implements net.Conn.
func (passer) LocalAddr() net.Addr { return street{}.Addr() }

// come has somebody come from an address; gone is closed when they are hung up on.
func (s street) come(from string) (conn net.Conn, gone <-chan struct{}) {
	near, far := net.Pipe()
	s.calls <- passer{far, from}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = io.Copy(io.Discard, near)
	}()
	return near, over
}

// hungUp tells whether somebody was hung up on.
func hungUp(gone <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-gone:
		return true
	default:
		return false
	}
}

// shut is a house that lets nobody in.
type shut struct{ House }

// Enter implements House.
func (shut) Enter(auth.Secret, bool) (auth.Caller, error) {
	return auth.Caller{}, errors.New("there is no such token")
}

// closed serves a house that lets nobody in, in a bubble.
func closed(t *testing.T, test func(*testing.T, street)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := street{calls: make(chan net.Conn), gone: make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- Run(ctx, Options{Listener: s, House: shut{}, Log: slog.New(slog.DiscardHandler)}) }()
		test(t, s)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestAStrangerIsHungUpOn who shows no token in time, whatever they say meanwhile.
func TestAStrangerIsHungUpOn(t *testing.T) {
	const request = "OPTIONS rtsp://192.0.2.1/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"
	for name, says := range map[string]string{
		"nothing":       "",
		"bit by bit":    "OPTIONS ",
		"that again":    request,
		"a wrong token": "DESCRIBE rtsp://192.0.2.1/camera-porch?token=nonsense RTSP/1.0\r\nCSeq: 1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			closed(t, func(t *testing.T, s street) {
				conn, gone := s.come("192.0.2.66")
				for i := range 9 {
					switch {
					case says == "OPTIONS ":
						_, _ = io.WriteString(conn, request[i:i+1])
					case says != "":
						_, _ = io.WriteString(conn, says)
					}
					time.Sleep(time.Second)
				}
				if hungUp(gone) {
					t.Error("after 9 s they are hung up on")
				}
				time.Sleep(strangerTime - 9*time.Second)
				if !hungUp(gone) {
					t.Errorf("after %s they are still there", strangerTime)
				}
			})
		})
	}
}

// TestACrowdOfStrangers keeps nobody out who comes from elsewhere, before them or after.
func TestACrowdOfStrangers(t *testing.T) {
	for name, from := range map[string]func(i int) string{
		"of one address":         func(int) string { return "192.0.2.66" },
		"of one network in IPv6": func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) },
	} {
		t.Run(name, func(t *testing.T) {
			closed(t, func(t *testing.T, s street) {
				_, before := s.come("192.0.2.7")
				var crowd []<-chan struct{}
				for i := range 200 {
					_, gone := s.come(from(i))
					synctest.Wait()
					crowd = append(crowd, gone)
				}
				_, after := s.come("192.0.2.8")
				if hungUp(before) || hungUp(after) {
					t.Errorf("who came before is hung up on: %v, after: %v", hungUp(before), hungUp(after))
				}
				there := 0
				for i, gone := range crowd {
					switch last := i >= len(crowd)-strangersMost+2; {
					case !hungUp(gone):
						there++
					case last:
						t.Errorf("number %d is hung up on, and older ones are not", i)
					}
				}
				if there != strangersMost-2 {
					t.Errorf("%d of the crowd are there, want %d", there, strangersMost-2)
				}
			})
		})
	}
}
