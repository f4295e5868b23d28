package port

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

type nothing struct{ closed chan struct{} }

func (n *nothing) Read([]byte) (int, error)    { <-n.closed; return 0, io.EOF }
func (n *nothing) Write(b []byte) (int, error) { return len(b), nil }
func (n *nothing) Close() error {
	select {
	case <-n.closed:
	default:
		close(n.closed)
	}
	return nil
}

// A port that cannot be opened is looked for at once and again, as it may come back
// the next moment, and seldom once it has been away for long.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		began := time.Now()
		var tries []time.Duration
		var told []string
		k := keeper{
			open: func(context.Context) (io.ReadWriteCloser, error) {
				tries = append(tries, time.Since(began))
				return nil, errors.New("not today")
			},
			onState: func(_ bool, err error) { told = append(told, err.Error()) },
		}
		if err := k.keep(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("keep: %v", err)
		}
		for i, at := range tries[1:] {
			before := tries[i]
			if want := min(max(before/12, 250*time.Millisecond), 5*time.Second); at-before != want {
				t.Errorf("tried at %s and at %s, want %s later", before, at, want)
			}
		}
		// 12 in the first 3 s, 36 in the next 57 s, 108 in the 9 minutes after that.
		if n := len(tries); n < 150 || n > 165 {
			t.Errorf("%d tries", n)
		}
		if d := cmp.Diff(told, []string{"not today"}); d != "" {
			t.Error("told (-got +want):", d)
		}
	})
}

// A port that worked for long starts from the shortest pause, one that fails at once
// and again does not.
func TestBackOffStartsAfreshAfterASteadyRun(t *testing.T) {
	for _, c := range []struct{ run, pause time.Duration }{
		{time.Hour, 250 * time.Millisecond},
		{time.Second, 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var ended time.Time
			n := 0
			k := keeper{
				open: func(context.Context) (io.ReadWriteCloser, error) {
					if n++; n == 11 {
						if got := time.Since(ended); got != c.pause {
							t.Errorf("after a run of %s: got a pause of %s, want %s", c.run, got, c.pause)
						}
						cancel()
					}
					return &nothing{make(chan struct{})}, nil
				},
				run: func(context.Context, io.ReadWriteCloser) error {
					if n == 10 {
						time.Sleep(c.run)
					}
					ended = time.Now()
					return nil
				},
				onState: func(bool, error) {},
			}
			_ = k.keep(ctx)
		})
	}
}

func TestComesBackWithThePath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		began := time.Now()
		here := func() bool { return time.Since(began) >= 10*time.Minute+3*time.Millisecond }
		k := keeper{
			open: func(context.Context) (io.ReadWriteCloser, error) {
				if !here() {
					return nil, ErrMissing
				}
				if got, want := time.Since(began), 10*time.Minute+lookEvery; got > want {
					t.Errorf("opened after %s, want at most %s", got, want)
				}
				cancel()
				return &nothing{make(chan struct{})}, nil
			},
			run:     func(context.Context, io.ReadWriteCloser) error { return nil },
			onState: func(bool, error) {},
			present: here,
		}
		_ = k.keep(ctx)
	})
}

func TestContextClosesThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		k := keeper{
			open: func(context.Context) (io.ReadWriteCloser, error) { return &nothing{make(chan struct{})}, nil },
			run: func(_ context.Context, p io.ReadWriteCloser) error {
				_, err := p.Read(nil)
				return err
			},
			onState: func(bool, error) {},
		}
		time.AfterFunc(time.Minute, cancel)
		if err := k.keep(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("keep: %v", err)
		}
	})
}
