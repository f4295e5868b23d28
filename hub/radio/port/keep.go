package port

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"
)

// Figures of Keep.
const (
	backoffMin = 250 * time.Millisecond
	backoffMax = 5 * time.Second
	lookEvery  = 100 * time.Millisecond // for a path that has come back
	steady     = 10 * time.Second       // a run this long starts the back-off afresh
	awayParts  = 12                     // of the time that a port is away passes one between two tries to open it
)

// Keep opens the port, gives it to run, closes it when run returns, and does so
// again for as long as ctx lives; it returns ctx's error and nothing else.
//
// A port that cannot be opened is tried again after 0.25 s, and the more seldom the
// longer it is away: every 0.25 s for 3 s, every 5 s after a minute. One that opens
// and fails is opened again after 0.25 s, and that doubles up to 5 s. A serial port
// that was pulled is opened as soon as its path is back.
//
// The port is closed when ctx ends, so that run need not watch ctx to come
// back from a Read. onState is called, from the same goroutine, when the port
// opens (true, nil), when it fails (false, why), and when the reason why it
// cannot be opened changes.
func Keep(ctx context.Context, addr string, o Options,
	run func(context.Context, io.ReadWriteCloser) error, onState func(up bool, err error),
) error {
	k := keeper{
		open:    func(ctx context.Context) (io.ReadWriteCloser, error) { return Open(ctx, addr, o) },
		run:     run,
		onState: onState,
	}
	if !strings.Contains(addr, "://") {
		k.present = func() bool { _, err := os.Stat(addr); return err == nil }
	}
	return k.keep(ctx)
}

type keeper struct {
	open    func(context.Context) (io.ReadWriteCloser, error)
	run     func(context.Context, io.ReadWriteCloser) error
	onState func(up bool, err error)
	present func() bool // tells whether the path exists; nil for a network port
}

func (k *keeper) keep(ctx context.Context) error {
	var told string
	again, lost := backoffMin, time.Now()
	for ctx.Err() == nil {
		p, err := k.open(ctx)
		pause := min(max(time.Since(lost)/awayParts, backoffMin), backoffMax)
		if err == nil {
			told = ""
			k.onState(true, nil)
			began := time.Now()
			err = k.hold(ctx, p)
			if lost = time.Now(); lost.Sub(began) >= steady {
				again = backoffMin
			}
			pause, again = again, min(2*again, backoffMax)
		}
		if ctx.Err() != nil {
			break
		}
		if err.Error() != told {
			told = err.Error()
			k.onState(false, err)
		}
		k.rest(ctx, err, pause)
	}
	return ctx.Err()
}

// hold runs with one open port. It never returns nil: a run that ends without
// a reason is one too.
func (k *keeper) hold(ctx context.Context, p io.ReadWriteCloser) error {
	defer func() { _ = p.Close() }()
	defer context.AfterFunc(ctx, func() { _ = p.Close() })()
	if err := k.run(ctx, p); err != nil {
		return err
	}
	return errors.New("port: given back without a reason")
}

// rest waits for the pause to pass, for ctx to end, or for the path of a pulled
// stick to come back, whichever is first.
func (k *keeper) rest(ctx context.Context, why error, pause time.Duration) {
	end := time.NewTimer(pause)
	defer end.Stop()
	gone := errors.Is(why, ErrMissing)
	var look <-chan time.Time
	if k.present != nil && (gone || errors.Is(why, ErrUnplugged)) {
		t := time.NewTicker(lookEvery)
		defer t.Stop()
		look = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-end.C:
			return
		case <-look:
			here := k.present()
			if here && gone {
				return
			}
			gone = !here
		}
	}
}
