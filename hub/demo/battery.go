package demo

import (
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
)

// worn is what the battery of the Z-Wave leak sensor still has, in percent: it has
// been in use for weeks and loses one a day. Drained, it is said how long it lasts.
const (
	worn     = 17
	wornDays = 28
)

// batteries are how the batteries of the home have run down up to a day ago.
func (f *Family) batteries(now time.Time) map[home.DeviceID]supervision.Discharge {
	var story supervision.Discharge
	for ago := wornDays; ago > 0; ago-- {
		story, _ = story.Read(now.AddDate(0, 0, -ago), worn+ago)
	}
	all := map[home.DeviceID]supervision.Discharge{}
	for _, it := range f.items {
		if it.kind == "leak" && it.node != nil {
			all[it.device()] = story
		}
	}
	return all
}
