package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"gatehouse/hub/home"
)

// BenchmarkPublish is what the panel pays for handing its state over, with
// pages attached that never read.
func BenchmarkPublish(b *testing.B) {
	for _, pages := range []int{0, 100} {
		b.Run(fmt.Sprint(pages, " stalled pages"), func(b *testing.B) {
			h := newHouse()
			a, err := New(h.opt)
			if err != nil {
				b.Fatal(err)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			go func() { _ = a.Run(ctx) }()
			go func() { _ = Serve(ctx, l, a.Handler(), nil, slog.New(slog.DiscardHandler)) }()
			for range pages {
				c, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = c.Close() }()
				_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nX-Test-Caller: token-owner\r\n\r\n", streamPath)
				status := make([]byte, len("HTTP/1.1 200"))
				if _, err := io.ReadFull(c, status); err != nil || string(status) != "HTTP/1.1 200" {
					b.Fatalf("got %q, err %v from the stream", status, err)
				}
			}
			state := home.Alarm{Seq: 8, Mode: home.Away, Phase: home.PhaseArmed}
			tick := time.NewTicker(time.Millisecond) // a busy house, not a flood
			defer tick.Stop()
			var spent time.Duration
			for b.Loop() {
				<-tick.C
				begin := time.Now()
				h.alarms.Publish(state)
				spent += time.Since(begin)
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/publish")
		})
	}
}

// BenchmarkAlarmState is one GET of the alarm through gate, decoder and
// encoder, without the network.
func BenchmarkAlarmState(b *testing.B) {
	a, err := New(newHouse().opt)
	if err != nil {
		b.Fatal(err)
	}
	srv := a.Handler()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "https://localhost/api/v1/alarm", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Host, r.RemoteAddr = "localhost", "127.0.0.1:1"
	r.Header.Set("X-Test-Caller", "owner")
	b.ReportAllocs()
	for b.Loop() {
		w := &browser{header: http.Header{}}
		srv.ServeHTTP(w, r)
	}
}

// BenchmarkNew is what the API adds to the start of the hub.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(newHouse().opt); err != nil {
			b.Fatal(err)
		}
	}
}
