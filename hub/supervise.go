package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// part is one running piece of the hub.
type part struct {
	name string
	run  func(context.Context) error
	// vital parts end the process when they end, so that the watchdog sees it;
	// others are started again with back-off.
	vital bool
	// down, if set, hears why a part that is not vital ended, and nil when it
	// is started again.
	down func(error)
}

// group is a set of parts that live and end together.
type group struct {
	log    *slog.Logger
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
}

// start runs parts until ctx ends or a vital one does; then cancel is called
// with the reason.
func start(ctx context.Context, log *slog.Logger, cancel context.CancelCauseFunc, parts ...part) *group {
	g := &group{log: log, cancel: cancel}
	for _, p := range parts {
		g.wg.Go(func() { g.keep(ctx, p) })
	}
	return g
}

// wait returns when every part has ended.
func (g *group) wait() { g.wg.Wait() }

const (
	firstRestart = 250 * time.Millisecond
	lastRestart  = 5 * time.Second
)

func (g *group) keep(ctx context.Context, p part) {
	pause := firstRestart
	for {
		began := time.Now()
		err := runPart(ctx, p)
		if ctx.Err() != nil {
			if err != nil && !errors.Is(err, context.Canceled) {
				g.log.Error("part ended badly", "part", p.name, "err", err)
			}
			return
		}
		if err == nil {
			err = errors.New("ended by itself")
		}
		if p.vital {
			g.cancel(fmt.Errorf("%s: %w", p.name, err))
			return
		}
		g.log.Error("part ended, starting it again", "part", p.name, "err", err, "pause", pause)
		if p.down != nil {
			p.down(err)
		}
		if time.Since(began) > time.Minute {
			pause = firstRestart
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, lastRestart)
	}
}

// runPart turns a panic of a part that is not vital into an error: a fault in
// one face must not silence the alarm. A vital part's panic ends the process.
func runPart(ctx context.Context, p part) (err error) {
	if !p.vital {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
		}()
	}
	return p.run(ctx)
}
