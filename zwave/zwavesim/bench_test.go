package zwavesim_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"gatehouse/zwave/zwavesim"
)

// A report through the simulator itself and its ACK, on a loopback TCP pair: to
// be taken off what a bench of the hub measures. It must not grow with the home.
func BenchmarkReport(b *testing.B) {
	for _, nodes := range []int{1, 50, 200} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			s := zwavesim.New(zwavesim.Options{})
			doors := make([]*zwavesim.Contact, nodes)
			for i := range doors {
				doors[i] = s.NewContact(zwavesim.Make{})
				s.Place(doors[i])
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			host, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			stick, err := l.Accept()
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = s.Serve(ctx, stick)
			}()
			defer func() { cancel(); _ = host.Close(); <-done }()
			if err := s.Until(ctx, s.Attached); err != nil {
				b.Fatal(err)
			}
			buf := make([]byte, 18)
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				d := doors[n%nodes]
				if n++; d.IsOpen() {
					d.Close()
				} else {
					d.Open()
				}
				if _, err := io.ReadFull(host, buf); err != nil {
					b.Fatal(err)
				}
				if _, err := host.Write([]byte{ack}); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			if v := s.Violations(); len(v) > 0 {
				b.Fatal(v[0])
			}
		})
	}
}

func TestNetworkIsFullAt231Nodes(t *testing.T) {
	s := zwavesim.New(zwavesim.Options{})
	for range 231 {
		s.Place(s.NewPlug(zwavesim.Make{}))
	}
	last := s.Nodes()[230].ID()
	defer func() {
		if recover() == nil || last != 232 {
			t.Errorf("node 232 is %d, and one more is taken", last)
		}
	}()
	s.Place(s.NewPlug(zwavesim.Make{}))
}
