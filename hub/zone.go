package hub

import (
	"context"
	"time"
)

// keepTimeZone tells the panel where the clock on the wall of the house stands,
// and again whenever an owner says otherwise.
func (h *Hub) keepTimeZone(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	told := ""
	for {
		if name := h.people.Home().Zone; name != told {
			zone, err := time.LoadLocation(name)
			if err != nil { // it was checked when it was given: the box has lost its zones
				h.log.Error("time zone is not known", "zone", name, "err", err)
			} else {
				h.guard.SetTimeZone(zone)
			}
			told = name
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
