package alarm

import (
	"slices"
	"time"

	"gatehouse/hub/home"
)

// config is what an owner sets. A config is never written in place.
type config struct {
	settings home.AlarmSettings
	areas    []home.Area      // the first is home.TheHouse
	modes    []home.AlarmMode // the three that every house has, then the owner's
	zones    []home.Zone
	codes    []code
	zone     *time.Location // of the clock on the wall; nil: UTC. Not saved

	// Worked out from the zones, so that a reading costs the same whatever
	// their number.
	bySource map[source]int
	byID     map[home.ZoneID]int
	alwaysOn zoneSet
	speaks   zoneSet     // counts as open until its sensor has spoken
	used     []modeZones // by mode
	usedBy   []zoneModes // by zone: the same
	in       []zoneSet   // by area
	areasOf  [][]int     // by zone: the places of its areas
	common   [][]int     // by word: zones of more than one area
	slow     []int       // zones with an exit delay of their own
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

// zoneModes are the modes that use a zone.
type zoneModes struct{ barrier, interior modeSet }

// modeSet is a set of modes by their place in the configuration.
type modeSet uint16

// newConfig is the configuration of a house without areas or modes of its own.
func newConfig(s home.AlarmSettings, zones []home.Zone, codes []code) *config {
	c := config{
		settings: s, zones: zones, codes: codes,
		areas: []home.Area{{ID: home.TheHouse, Name: "House"}},
		modes: builtInModes(),
	}
	return c.indexed()
}

// indexed is the configuration with what is worked out from its lists.
func (c config) indexed() *config {
	c.bySource = make(map[source]int, len(c.zones))
	c.byID = make(map[home.ZoneID]int, len(c.zones))
	n := (len(c.zones) + 63) / 64
	c.alwaysOn, c.speaks = make(zoneSet, n), make(zoneSet, n)
	c.used, c.usedBy = make([]modeZones, len(c.modes)), make([]zoneModes, len(c.zones))
	for m := range c.used {
		c.used[m] = modeZones{make(zoneSet, n), make(zoneSet, n)}
	}
	c.in = make([]zoneSet, len(c.areas))
	for a := range c.in {
		c.in[a] = make(zoneSet, n)
	}
	c.areasOf, c.common, c.slow = make([][]int, len(c.zones)), make([][]int, n), nil
	for i, z := range c.zones {
		c.bySource[source{z.Device, z.Trait}] = i
		c.byID[z.ID] = i
		word, bit := i>>6, uint64(1)<<(i&63)
		for _, id := range z.Areas {
			a := c.areaIndex(id)
			c.areasOf[i] = append(c.areasOf[i], a)
			c.in[a][word] |= bit
		}
		if len(z.Areas) > 1 {
			c.common[word] = append(c.common[word], i)
		}
		if z.ExitDelay != nil {
			c.slow = append(c.slow, i)
		}
		if z.Kind.AlwaysOn() {
			c.alwaysOn[word] |= bit
			continue
		}
		if z.Trait != home.Button { // which says something only when it is pressed
			c.speaks[word] |= bit
		}
		for _, mode := range z.Modes {
			m := c.modeIndex(mode)
			if m < 0 {
				continue
			}
			if z.Kind == home.ZoneInterior {
				c.used[m].interior[word] |= bit
				c.usedBy[i].interior |= 1 << m
			} else {
				c.used[m].barrier[word] |= bit
				c.usedBy[i].barrier |= 1 << m
			}
		}
	}
	return &c
}

// clock is the time zone of the house.
func (c *config) clock() *time.Location {
	if c.zone == nil {
		return time.UTC
	}
	return c.zone
}

// modeIndex is the place of an armed mode, or -1.
func (c *config) modeIndex(m home.Mode) int {
	for i := range c.modes {
		if c.modes[i].ID == m {
			return i
		}
	}
	return -1
}

// areaIndex is the place of an area, or -1. No name means the house.
func (c *config) areaIndex(id home.AreaID) int {
	if id == "" {
		return 0
	}
	return slices.IndexFunc(c.areas, func(a home.Area) bool { return a.ID == id })
}

// like is the mode as faces show it that know only home, night and away.
func (c *config) like(m home.Mode) home.Mode {
	if i := c.modeIndex(m); i >= 0 {
		return c.modes[i].Like
	}
	return m
}

// uses tells whether the mode looks at the zone.
func (c *config) uses(m home.Mode, i int) bool {
	k := c.modeIndex(m)
	return k >= 0 && (c.used[k].barrier.has(i) || c.used[k].interior.has(i))
}

// entryDelay is the zone's own in the mode, the zone's own, the mode's or the
// panel's.
func (c *config) entryDelay(z *home.Zone, m home.Mode) time.Duration {
	if d, ok := z.EntryDelays[m]; ok {
		return time.Duration(d)
	}
	if z.EntryDelay != nil {
		return time.Duration(*z.EntryDelay)
	}
	if i := c.modeIndex(m); i >= 0 && c.modes[i].EntryDelay != nil {
		return time.Duration(*c.modes[i].EntryDelay)
	}
	return time.Duration(c.settings.EntryDelay)
}

// exitDelay is the mode's or the panel's, twice that when the mode is silent
// (but no longer than a preset allows), and at least what each way out needs
// that the mode uses in the area.
func (c *config) exitDelay(a int, m home.Mode) time.Duration {
	d := c.settings.ExitDelay
	if i := c.modeIndex(m); i >= 0 {
		if own := c.modes[i].ExitDelay; own != nil {
			d = *own
		}
		if c.modes[i].Silent {
			d *= 2
			if exit, _, _ := longest(c.settings.Preset); c.settings.Preset != home.PresetNone {
				d = min(d, home.Duration(exit))
			}
		}
	}
	for _, i := range c.slow {
		if c.in[a].has(i) && c.uses(m, i) {
			d = max(d, *c.zones[i].ExitDelay)
		}
	}
	return time.Duration(d)
}

// name is what the zone is called in texts.
func (c *config) name(id home.ZoneID) string {
	if i, ok := c.byID[id]; ok {
		return c.zones[i].Name
	}
	return string(id)
}
