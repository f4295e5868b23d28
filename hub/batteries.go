package hub

import (
	"fmt"
	"time"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
)

// batteryConditions shows a battery that is low, for as long as it lasts as
// can be said honestly, or one that is as good as empty.
func (h *Hub) batteryConditions(d home.Device, silent bool) {
	battery, low := d.Traits[home.Battery], d.Traits[home.LowBattery].Value == home.True
	percent := -1
	// A Z-Wave device that only warns gives no level, and its radio makes that
	// a 0: one that is really empty says nothing any more.
	if battery.Value.IsNumber() && (battery.Value.Float() > 0 || !low) {
		percent = int(battery.Value.Float())
	}
	low = low || percent >= 0 && percent <= supervision.BatteryLow
	days, known := 0, false
	if percent >= 0 {
		story := h.warden.battery(d.ID, time.Now(), percent, battery.Fresh)
		if low {
			days, known = story.DaysLeft(time.Now())
		}
	}
	why := ""
	switch {
	case percent >= 0 && percent <= supervision.BatteryEmpty:
		why = fmt.Sprintf("it is at %d %%", percent)
	case low && silent:
		why = "it was low, and now nothing is heard"
	}
	h.condition(why != "", health.BatteryEmpty, d, d.Name, why)
	h.condition(low && why == "", health.BatteryLow, d, d.Name, lasts(percent, days, known))
}

// lasts says what is left in a battery: nothing, the level, or how long too.
func lasts(percent, days int, known bool) string {
	switch {
	case percent < 0:
		return ""
	case !known:
		return fmt.Sprintf(": it is at %d %%", percent)
	case days == 1:
		return fmt.Sprintf(": it is at %d %% and lasts about 1 more day", percent)
	default:
		return fmt.Sprintf(": it is at %d %% and lasts about %d more days", percent, days)
	}
}

// battery notes what a battery has, if its device has said so since the hub
// started, and returns how it has run down.
func (w *warden) battery(id home.DeviceID, now time.Time, percent int, said bool) supervision.Discharge {
	w.mu.Lock()
	story, worth := w.known[id], false
	if said && !now.Before(earliest()) { // a clock that can't be right would end the story
		if story, worth = story.Read(now, percent); worth {
			w.known[id] = story
		}
	}
	w.mu.Unlock()
	if worth {
		if err := w.table.Put(string(id), story); err != nil {
			w.hub.log.Error("battery not saved", "device", id, "err", err)
		}
	}
	return story
}

// forget drops what is known of a device that has left.
func (w *warden) forget(id home.DeviceID) {
	w.mu.Lock()
	_, known := w.known[id]
	delete(w.known, id)
	w.mu.Unlock()
	if !known {
		return
	}
	if err := w.table.Delete(string(id)); err != nil {
		w.hub.log.Error("battery not forgotten", "device", id, "err", err)
	}
}
