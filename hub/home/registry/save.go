package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gatehouse/hub/home"
)

// savePause is the least time between two saves. A commit costs far more than
// a reading does, and after a power cut every trait waits for its device to
// speak again anyway.
const savePause = 3 * time.Second

// saveBreath is how long a save keeps out of the way of what set it off: a reading
// may be starting sirens, and is on its way to every face.
const saveBreath = 20 * time.Millisecond

// Run saves what changed, at most once each savePause, until ctx ends; then
// saves what is left. A failed save is kept and tried again.
func (r *Registry) Run(ctx context.Context) error {
	pause := time.NewTimer(savePause)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return r.save()
		case <-r.wake:
		}
		pause.Reset(saveBreath)
		select {
		case <-ctx.Done():
			return r.save()
		case <-pause.C:
		}
		if err := r.save(); err != nil {
			r.o.Log.Error("devices not saved", "err", err)
		}
		pause.Reset(savePause)
		select {
		case <-ctx.Done():
			return r.save()
		case <-pause.C:
		}
	}
}

// save writes what has changed and forgets what has left.
func (r *Registry) save() error {
	r.saving.Lock()
	defer r.saving.Unlock()
	r.mu.Lock()
	var list []home.Device
	for id := range r.dirty {
		if d, ok := r.devices[id]; ok {
			list = append(list, d.Clone())
		}
	}
	gone := slices.Collect(maps.Keys(r.gone))
	clear(r.dirty)
	clear(r.gone)
	r.mu.Unlock()
	var err error
	if len(list) > 0 {
		err = r.o.Store.Put(list...)
	}
	for i := 0; i < len(gone) && err == nil; i++ {
		err = r.o.Store.Delete(gone[i])
	}
	if err == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range list {
		r.dirty[d.ID] = true
	}
	for _, id := range gone { // deleting twice does no harm
		if _, back := r.devices[id]; !back {
			r.gone[id] = true
		}
	}
	r.toSave()
	return fmt.Errorf("registry: %w", err)
}

// touch marks a device for saving; the lock is held.
func (r *Registry) touch(id home.DeviceID) {
	r.dirty[id] = true
	r.toSave()
}

func (r *Registry) toSave() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
