package audit

import (
	"context"
	"fmt"
	"time"

	"gatehouse/hub/home"
)

// Stopped is why an entry ends a view that nobody saw the end of.
const Stopped = "The hub stopped, and nobody saw the end: it was by then at the latest."

// EndLost writes the ends that a hub which was killed could not: of the live views and
// talks that were begun before Open and have none. It looks at what comes after a row of
// the record, and returns the row up to which every view has its end then; give that the
// next time. Entries are added and none is changed.
func (r *Record) EndLost(ctx context.Context, now time.Time, after uint64) (upTo uint64, err error) {
	open := map[uint64]Entry{}
	var order []uint64
	for at, more := after, true; more; {
		rows, err := r.store.After(at, batch)
		if err != nil {
			return after, fmt.Errorf("views: %w", err)
		}
		for _, row := range rows {
			at = row.Seq
			e, err := Parse(row.Body)
			switch {
			case err != nil: // Check tells of it
			case e.Ends != 0:
				delete(open, e.Ends)
			case (e.Kind == Live || e.Kind == Talk) && row.Seq <= r.before:
				open[e.N] = e
				order = append(order, e.N)
			}
		}
		more = len(rows) == batch
	}
	for _, n := range order {
		e, ok := open[n]
		if !ok {
			continue
		}
		v := e.View
		v.Ends, v.Why = n, Stopped
		at := home.At(now)
		if at.Before(e.At.Time) { // of a clock that is not set yet
			at = e.At
		}
		if _, err := r.Record(ctx, at.Time, v); err != nil {
			return after, err
		}
	}
	return r.before, nil
}
