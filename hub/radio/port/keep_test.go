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

func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
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
		const ms = time.Millisecond
		want := []time.Duration{0, 250 * ms, 750 * ms, 1750 * ms, 3750 * ms, 7750 * ms, 12750 * ms, 17750 * ms}
		if d := cmp.Diff(tries, want); d != "" {
			t.Error("tries (-got +want):", d)
		}
		if d := cmp.Diff(told, []string{"not today"}); d != "" {
			t.Error("told (-got +want):", d)
		}
	})
}

// A port that worked for long starts from the shortest pause, one that failed
// at once does not.
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
					switch n++; {
					case n < 10:
						return nil, errors.New("not yet")
					case n == 11:
						if got := time.Since(ended); got != c.pause {
							t.Errorf("after a run of %s: got a pause of %s, want %s", c.run, got, c.pause)
						}
						cancel()
					}
					return &nothing{make(chan struct{})}, nil
				},
				run: func(context.Context, io.ReadWriteCloser) error {
					time.Sleep(c.run)
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
