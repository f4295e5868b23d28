package alarm

import (
	"gatehouse/hub/home"
)

// config is what an owner sets. A config is never written in place.
type config struct {
	settings home.AlarmSettings
	zones    []home.Zone
	codes    []code

	// Worked out from the zones, so that a reading costs the same whatever
	// their number.
	bySource map[source]int
	byID     map[home.ZoneID]int
	alwaysOn zoneSet
	speaks   zoneSet      // counts as open until its sensor has spoken
	mode     [3]modeZones // home, night, away
}

type source struct {
	device home.DeviceID
	trait  home.Trait
}

// modeZones are the zones that a mode uses.
type modeZones struct {
	barrier  zoneSet // must be known and closed
	interior zoneSet // must be known; may see movement while people leave
}

func newConfig(s home.AlarmSettings, zones []home.Zone, codes []code) *config {
	c := &config{
		settings: s, zones: zones, codes: codes,
		bySource: make(map[source]int, len(zones)),
		byID:     make(map[home.ZoneID]int, len(zones)),
	}
	n := (len(zones) + 63) / 64
	c.alwaysOn, c.speaks = make(zoneSet, n), make(zoneSet, n)
	for m := range c.mode {
		c.mode[m] = modeZones{make(zoneSet, n), make(zoneSet, n)}
	}
	for i, z := range zones {
		c.bySource[source{z.Device, z.Trait}] = i
		c.byID[z.ID] = i
		word, bit := i>>6, uint64(1)<<(i&63)
		if z.Kind.AlwaysOn() {
			c.alwaysOn[word] |= bit
			continue
		}
		if z.Trait != home.Button { // which says something only when it is pressed
			c.speaks[word] |= bit
		}
		for _, mode := range z.Modes {
			m := modeIndex(mode)
			if m < 0 {
				continue
			}
			if z.Kind == home.ZoneInterior {
				c.mode[m].interior[word] |= bit
			} else {
				c.mode[m].barrier[word] |= bit
			}
		}
	}
	return c
}

// modeIndex is the place of an armed mode in config.mode, or -1.
func modeIndex(m home.Mode) int {
	switch m {
	case home.Home:
		return 0
	case home.Night:
		return 1
	case home.Away:
		return 2
	case home.Disarmed:
		return -1
	default:
		return -1
	}
}

// uses tells whether the mode looks at the zone.
func (c *config) uses(m home.Mode, i int) bool {
	k := modeIndex(m)
	return k >= 0 && (c.mode[k].barrier.has(i) || c.mode[k].interior.has(i))
}

// name is what the zone is called in texts.
func (c *config) name(id home.ZoneID) string {
	if i, ok := c.byID[id]; ok {
		return c.zones[i].Name
	}
	return string(id)
}
