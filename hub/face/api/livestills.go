package api

import (
	"context"
	"fmt"
	"time"

	"gatehouse/hub/home"
)

// How often a view of stills has another one, and how many may fail to come before it
// ends.
const (
	stillsEvery  = time.Second
	stillsFailed = 10
)

// stillsView is a view for who cannot play what a camera sends: one picture after the
// other. It is shown and written down as any view is.
type stillsView struct {
	LiveView
	take func(context.Context) ([]byte, error)
	next time.Time
	fail int // how many have not come since one came
	came bool
}

// Next implements LiveView. A camera that gives no picture now may give the next one,
// unless it has given none at all.
func (v *stillsView) Next(ctx context.Context) (home.Moment, error) {
	for {
		timer := time.NewTimer(time.Until(v.next))
		select {
		case <-ctx.Done():
			timer.Stop()
			return home.Moment{}, ctx.Err()
		case <-timer.C:
		}
		v.next = time.Now().Add(stillsEvery)
		b, err := v.take(ctx)
		switch {
		case err == nil:
			v.came, v.fail = true, 0
			return home.Moment{Still: b}, nil
		case ctx.Err() != nil:
			return home.Moment{}, ctx.Err()
		}
		if v.fail++; !v.came || v.fail == stillsFailed {
			return home.Moment{}, fmt.Errorf("there are no stills of it: %w", err)
		}
	}
}
