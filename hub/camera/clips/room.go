package clips

import (
	"context"
	"fmt"
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

// Limit says how many bytes the clips of a camera may take; 0: as many as there are.
func (r *Recorder) Limit(camera home.DeviceID, bytes int64) {
	r.mu.Lock()
	if r.most == nil {
		r.most = map[home.DeviceID]int64{}
	}
	r.most[camera] = bytes
	r.mu.Unlock()
	r.within(camera)
}

// within keeps a camera within its bytes: its oldest clips make room.
func (r *Recorder) within(camera home.DeviceID) {
	r.mu.Lock()
	most := r.most[camera]
	r.mu.Unlock()
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
	byCamera := map[string][]clip.Row{}
	for _, row := range rows {
		byCamera[row.Group] = append(byCamera[row.Group], row)
		if r.Changes.Subscribers() > 0 {
			c := r.clip(row)
			c.State, c.Why = home.ClipDeleted, "it made room"
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
		text := fmt.Sprintf("The oldest clips made room: %d, from %s to %s UTC.", len(rows), first.UTC().Format(time.DateTime), last.UTC().Format(time.DateTime))
		r.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindSystem, Device: home.DeviceID(camera), Text: text})
	}
}
