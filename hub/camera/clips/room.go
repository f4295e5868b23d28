package clips

import (
	"context"
	"fmt"
	"maps"
	"time"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// owe notes that something was deleted whose bytes are on the disk still.
func (r *Recorder) owe(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owed.IsZero() {
		r.owed = at
		select {
		case r.owes <- struct{}{}:
		default:
		}
	}
}

// sweep takes deleted clips off the disk until ctx ends.
func (r *Recorder) sweep(ctx context.Context) {
	if o, err := r.store.Owed(); err == nil && !o.Since.IsZero() {
		r.owe(o.Since)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.owes:
		}
		for wait := sweepAfter; ; wait = sweepRetry {
			timer := time.NewTimer(wait)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
			if r.sweepNow() {
				break
			}
		}
	}
}

// sweepNow tells whether nothing is owed any more.
func (r *Recorder) sweepNow() bool {
	r.mu.Lock()
	r.owed = time.Time{}
	r.mu.Unlock()
	err := r.store.Sweep()
	why := ""
	if err != nil {
		r.log.Error("deleted clips not taken off the disk", "err", err)
		why = err.Error()
	}
	r.board.Set(err != nil, health.ClipsNotErased, "", why)
	return err == nil
}

// limit is what the clips of a camera are kept within; 0: as there is room.
type limit struct {
	bytes int64
	days  int
}

// Limit says how many bytes the clips of a camera may take, and how many days they
// stay; 0: as there is room. Those that are kept are not asked.
func (r *Recorder) Limit(camera home.DeviceID, bytes int64, days int) {
	r.mu.Lock()
	r.limits[camera] = limit{bytes, days}
	r.mu.Unlock()
	r.within(camera)
	if days > 0 {
		select {
		case r.aging <- struct{}{}:
		default:
		}
	}
}

func (r *Recorder) limitOf(camera home.DeviceID) limit {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limits[camera]
}

// When clips are looked at that are too old: once a day, as each time a volume may be
// written anew; the first time once a clock that was wrong at the start has been set.
const (
	firstExpiry = time.Hour
	expiryEvery = 24 * time.Hour
)

// expire deletes clips that are older than their camera's days, until ctx ends.
func (r *Recorder) expire(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-r.aging:
	}
	for wait := firstExpiry; ; wait = expiryEvery {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		r.expireNow(time.Now())
	}
}

// expireNow leaves everything as it is while the hub's clock can't be right.
func (r *Recorder) expireNow(now time.Time) {
	if r.board.Present(health.ClockWrong, "") {
		return
	}
	r.mu.Lock()
	limits := maps.Clone(r.limits)
	r.mu.Unlock()
	for camera, l := range limits {
		if l.days == 0 {
			continue
		}
		gone, err := r.store.ExpireBefore(string(camera), now.AddDate(0, 0, -l.days), now)
		if err != nil {
			r.log.Error("clips that are too old not deleted", "camera", camera, "err", err)
		}
		if len(gone) > 0 {
			r.gone(gone, "its days are over", "Clips of %s whose days are over were deleted")
			r.owe(now)
		}
	}
}

// within keeps a camera within its bytes: its oldest clips make room.
func (r *Recorder) within(camera home.DeviceID) {
	most := r.limitOf(camera).bytes
	if most == 0 {
		return
	}
	gone, err := r.store.Expire(string(camera), most)
	if err != nil {
		r.log.Error("oldest clips of a camera not deleted", "camera", camera, "err", err)
	}
	r.dropped(gone)
}

// dropped writes down which clips made room for newer ones.
func (r *Recorder) dropped(rows []clip.Row) {
	r.gone(rows, "it made room", "The oldest clips of %s made room")
}

// gone tells why clips are not there any more, and writes it down for each camera, which
// line names.
func (r *Recorder) gone(rows []clip.Row, why, line string) {
	byCamera := map[string][]clip.Row{}
	for _, row := range rows {
		byCamera[row.Group] = append(byCamera[row.Group], row)
		if r.Changes.Subscribers() > 0 {
			c := r.clip(row)
			c.State, c.Why = home.ClipDeleted, why
			r.Changes.Publish(c)
		}
	}
	for camera, rows := range byCamera {
		first, last := rows[0].At, rows[0].At
		for _, row := range rows {
			if row.At.Before(first) {
				first = row.At
			}
			if row.At.After(last) {
				last = row.At
			}
		}
		when := "of " + first.UTC().Format(time.DateTime)
		if len(rows) > 1 {
			when = "from " + first.UTC().Format(time.DateTime) + " to " + last.UTC().Format(time.DateTime)
		}
		text := fmt.Sprintf(line+": %d, %s UTC.", r.name(home.DeviceID(camera)), len(rows), when)
		r.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindSystem, Device: home.DeviceID(camera), Text: text})
	}
}
