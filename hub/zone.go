package hub

import "time"

// timeZone tells the panel where the clock on the wall of the house stands, if that
// is another place than told, and returns it.
func (h *Hub) timeZone(told string) string {
	name := h.people.Home().Zone
	if name == told {
		return told
	}
	zone, err := time.LoadLocation(name)
	if err != nil { // it was checked when it was given: the box has lost its zones
		h.log.Error("time zone is not known", "zone", name, "err", err)
	} else {
		h.guard.SetTimeZone(zone)
	}
	return name
}
