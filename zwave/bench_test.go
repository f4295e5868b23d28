package zwave_test

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"gatehouse/zwave"
	"gatehouse/zwave/frame"
	"gatehouse/zwave/serialapi"
)

// bench is a stick over a loopback TCP connection that says when it heard a
// SendData. Everything else it answers by itself.
type bench struct {
	conn  net.Conn
	sent  chan time.Time // arrival of each SendData
	ready chan struct{}
	event chan time.Time // each report, as OnEvent saw it
	c     *zwave.Controller
}

func newBench(b *testing.B, onReport func(*zwave.Controller)) *bench {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := &bench{sent: make(chan time.Time, 16), ready: make(chan struct{}, 1), event: make(chan time.Time, 16)}
	host, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	if s.conn, err = l.Accept(); err != nil {
		b.Fatal(err)
	}
	s.c = zwave.New(zwave.Options{Store: known(), OnEvent: func(e zwave.Event) {
		switch e.(type) {
		case zwave.Ready:
			s.ready <- struct{}{}
		case zwave.Report:
			if onReport != nil {
				onReport(s.c)
			} else {
				s.event <- time.Now()
			}
		}
	}})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go s.serve()
	go func() { defer close(done); _ = s.c.Run(ctx, host) }()
	b.Cleanup(func() {
		cancel()
		_ = s.conn.Close()
		<-done
	})
	<-s.ready
	time.Sleep(50 * time.Millisecond) // the pings of Ready
	for len(s.sent) > 0 {
		<-s.sent
	}
	return s
}

func (s *bench) serve() {
	var d frame.Decoder
	play := &script{out: make(chan []byte, 100), auto: true}
	buf := make([]byte, 512)
	for {
		n, err := s.conn.Read(buf)
		if err != nil {
			return
		}
		now := time.Now()
		rest := buf[:n]
		for {
			var it frame.Item
			if it, rest = d.Next(now, rest); it.Kind == frame.None {
				break
			}
			if it.Kind != frame.Frame {
				continue
			}
			if it.Data.Function == byte(serialapi.SendData) {
				s.sent <- now
			}
			play.behave(it.Data)
			for len(play.out) > 0 {
				if _, err := s.conn.Write(<-play.out); err != nil {
					return
				}
			}
		}
	}
}

func quantiles(b *testing.B, l []time.Duration) {
	b.Helper()
	slices.Sort(l)
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50-µs", 0.50}, {"p95-µs", 0.95}, {"p99-µs", 0.99}} {
		b.ReportMetric(float64(l[int(q.at*float64(len(l)-1))].Nanoseconds())/1000, q.name)
	}
	b.ReportMetric(0, "ns/op")
}

var doorOpened = frameOf(serialapi.ApplicationCommand, serialapi.Received{
	Node: uint16(doorNode), Command: []byte{0x71, 5, 0, 0, 0, 0xFF, 6, 22, 0},
}.Append(nil, serialapi.ApplicationCommand, serialapi.Narrow))

// BenchmarkReportIn is from the write of a report's last byte by the stick to
// OnEvent, over loopback TCP.
func BenchmarkReportIn(b *testing.B) {
	s := newBench(b, nil)
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := s.conn.Write(doorOpened); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-s.event).Sub(began))
	}
	quantiles(b, took)
}

// BenchmarkSendOut is from Send on an idle link to the bytes at the stick, over
// loopback TCP.
func BenchmarkSendOut(b *testing.B) {
	s := newBench(b, nil)
	var took []time.Duration
	done := make(chan struct{}, 1)
	for b.Loop() {
		began := time.Now()
		s.c.Send(sirenNode, []byte{0x25, 0x01, 0xFF}, zwave.LaneSiren, func(error) { done <- struct{}{} })
		took = append(took, (<-s.sent).Sub(began))
		<-done
	}
	quantiles(b, took)
}

// BenchmarkReportToSiren is from the write of a report's last byte to the bytes
// of a siren command at the stick.
func BenchmarkReportToSiren(b *testing.B) {
	done := make(chan struct{}, 1)
	s := newBench(b, func(c *zwave.Controller) {
		c.Send(sirenNode, []byte{0x25, 0x01, 0xFF}, zwave.LaneSiren, func(error) { done <- struct{}{} })
	})
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := s.conn.Write(doorOpened); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-s.sent).Sub(began))
		<-done
	}
	quantiles(b, took)
}
