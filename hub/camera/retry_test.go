package camera

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestCamerasDoNotComeBackAtOnce: a hundred cameras that are lost in the same moment are
// tried again each at a moment of its own, less and less often, and never rarer than
// after half as much again as the longest pause.
func TestCamerasDoNotComeBackAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const many = 100
		began := time.Now()
		var mu sync.Mutex
		tried := make([][]time.Duration, many)
		ctx, cancel := context.WithCancelCause(t.Context())
		var running sync.WaitGroup
		for i := range many {
			c, err := New(Options{
				ID: "camera-porch", URL: "rtsp://hub@192.0.2.7/main", Recorder: newShelf(), Log: slog.New(slog.DiscardHandler),
				Dial: func(context.Context, string, string) (net.Conn, error) {
					mu.Lock()
					defer mu.Unlock()
					tried[i] = append(tried[i], time.Since(began))
					return nil, syscall.ECONNREFUSED
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			running.Go(func() { _ = c.Run(ctx) })
		}
		time.Sleep(10 * time.Minute)
		cancel(nil)
		running.Wait()

		var second []time.Duration
		for _, at := range tried {
			pause := firstRetry
			for i := range at[1:] {
				if gap := at[i+1] - at[i]; gap < pause/2 || gap >= pause/2+pause {
					t.Fatalf("a camera is tried again %s after the %d. time, want %s to %s", gap, i+1, pause/2, pause/2+pause)
				}
				pause = min(2*pause, lastRetry)
			}
			second = append(second, at[1])
		}
		slices.Sort(second)
		// Of a hundred that are drawn evenly from a second, ten fall into a tenth of it;
		// thirty do once in ten million times.
		for i := range second[:many-30] {
			if within := second[i+30] - second[i]; within < firstRetry/10 {
				t.Errorf("31 of %d cameras come back within %s", many, within)
			}
		}
	})
}
