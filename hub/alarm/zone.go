package alarm

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/hub/home"
)

const (
	maxZones = 4096
	maxID    = 64
	maxName  = 100 // characters
)

// watchable tells whether a zone can watch the trait.
func watchable(t home.Trait) bool {
	switch t {
	case home.Contact, home.Motion, home.Smoke, home.CO, home.Gas, home.Water, home.Vibration,
		home.Glass, home.Tamper, home.Occupancy, home.Trouble, home.Button, home.Lock:
		return true
	default:
		return false
	}
}

// checkZone refuses a zone that the panel could not keep, with *home.Invalid.
func (c *config) checkZone(z home.Zone) error {
	if !slug(string(z.ID)) {
		return &home.Invalid{Field: "id", Reason: strconv.Quote(string(z.ID)) + " is not an id: give small letters, digits and hyphens, at most 64, such as front-door"}
	}
	if err := checkName("name", z.Name); err != nil {
		return err
	}
	if z.Device == "" || len(z.Device) > 4*maxID {
		return &home.Invalid{Field: "device", Reason: "give the id of the device that the zone watches"}
	}
	if !watchable(z.Trait) {
		return &home.Invalid{Field: "trait", Reason: strconv.Quote(string(z.Trait)) + " cannot be watched: give contact, motion, smoke, co, gas, water, vibration, glass, tamper, occupancy, trouble, button or lock"}
	}
	if !slices.Contains(home.ZoneKinds, z.Kind) {
		return &home.Invalid{Field: "kind", Reason: strconv.Quote(string(z.Kind)) + " is not a kind of zone: give entry, perimeter, interior, day, instant, 24h, tamper, fire, co, gas, water, panic or medical"}
	}
	if !z.Kind.AlwaysOn() && len(z.Modes) == 0 {
		return &home.Invalid{Field: "modes", Reason: "give at least one of home, night and away, or the zone guards nothing"}
	}
	for i, m := range z.Modes {
		if c.modeIndex(m) < 0 {
			return &home.Invalid{Field: "modes", Reason: strconv.Quote(string(m)) + " is not an armed mode: give " + c.modeNames()}
		}
		if slices.Contains(z.Modes[:i], m) {
			return &home.Invalid{Field: "modes", Reason: string(m) + " is given twice"}
		}
	}
	if len(z.Areas) == 0 {
		return &home.Invalid{Field: "areas", Reason: "give at least one area, such as house"}
	}
	for i, id := range z.Areas {
		if id == "" || c.areaIndex(id) < 0 {
			return &home.Invalid{Field: "areas", Reason: "there is no area " + strconv.Quote(string(id))}
		}
		if slices.Contains(z.Areas[:i], id) {
			return &home.Invalid{Field: "areas", Reason: string(id) + " is given twice"}
		}
	}
	for m := range z.EntryDelays {
		if !slices.Contains(z.Modes, m) {
			return &home.Invalid{Field: "entry_delays", Reason: z.Name + " does not guard in mode " + strconv.Quote(string(m)) + ": leave it out"}
		}
	}
	if err := checkDelays(z, c.settings); err != nil {
		return err
	}
	if z.Silent && z.Kind != home.ZonePanic {
		return &home.Invalid{Field: "silent", Reason: "only a zone of kind panic can be silent"}
	}
	if z.AbortWindow != nil && *z.AbortWindow && !hasAbort(z) {
		return &home.Invalid{Field: "abort_window", Reason: "a " + string(z.Kind) + " alarm is told at once: leave this out"}
	}
	return checkCross(z)
}

// hasAbort tells whether the alarms of a zone may be called back before they
// are told.
func hasAbort(z home.Zone) bool { return !z.Kind.AlwaysOn() || dangerOf(string(z.Kind)).aborts() }

// checkDelays refuses delays of a zone that do not fit its kind or the figures.
func checkDelays(z home.Zone, c home.AlarmSettings) error {
	switch {
	case z.Kind == home.ZoneEntry:
	case z.EntryDelay != nil:
		return &home.Invalid{Field: "entry_delay", Reason: "only a zone of kind entry has an entry delay: leave it out"}
	case len(z.EntryDelays) > 0:
		return &home.Invalid{Field: "entry_delays", Reason: "only a zone of kind entry has entry delays: leave them out"}
	case z.ExitDelay != nil:
		return &home.Invalid{Field: "exit_delay", Reason: "only a zone of kind entry has an exit delay: leave it out"}
	}
	if z.EntryDelay != nil {
		if err := checkEntry(*z.EntryDelay, c); err != nil {
			return err
		}
	}
	for _, m := range slices.Sorted(maps.Keys(z.EntryDelays)) {
		d := z.EntryDelays[m]
		if d == 0 {
			continue // an alarm at once in this mode
		}
		var invalid *home.Invalid
		if err := checkEntry(d, c); errors.As(err, &invalid) {
			return &home.Invalid{Field: "entry_delays", Reason: string(m) + ": " + invalid.Reason}
		}
	}
	if z.ExitDelay != nil {
		return checkExit(*z.ExitDelay, c)
	}
	return nil
}

// modeNames lists the armed modes for a person.
func (c *config) modeNames() string {
	names := make([]string, len(c.modes))
	for i, m := range c.modes {
		names[i] = string(m.ID)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// slug tells whether s can be an id: it stands in paths and topics.
func slug(s string) bool {
	if s == "" || len(s) > maxID || s[0] == '-' {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return true
}

func checkName(field, s string) error {
	if strings.TrimSpace(s) == "" || utf8.RuneCountInString(s) > maxName || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return &home.Invalid{Field: field, Reason: fmt.Sprintf("give a name of 1 to %d printable characters", maxName)}
	}
	return nil
}

// DefaultModes are the modes that use a zone of the kind unless its owner says
// otherwise: an interior zone only away, every other in all.
func DefaultModes(k home.ZoneKind) []home.Mode {
	if k == home.ZoneInterior {
		return []home.Mode{home.Away}
	}
	return slices.Clone(home.Modes)
}

// filled sets what the owner left open.
func filled(z home.Zone) home.Zone {
	if z.Name == "" {
		z.Name = string(z.ID)
	}
	if z.Modes == nil {
		z.Modes = DefaultModes(z.Kind)
	}
	if len(z.Areas) == 0 {
		z.Areas = []home.AreaID{home.TheHouse}
	}
	z.Bypassed = false
	return z
}

func (s *step) putZone(in PutZone) error {
	z := filled(in.Zone)
	if err := s.cfg().checkZone(z); err != nil {
		return err
	}
	at, exists := s.cfg().byID[z.ID]
	if other, taken := s.cfg().bySource[source{z.Device, z.Trait}]; taken && (!exists || other != at) {
		return &home.Invalid{Field: "device", Reason: fmt.Sprintf("the %s of %s is already watched by zone %s", z.Trait, z.Device, s.cfg().zones[other].ID)}
	}
	zones := slices.Clone(s.cfg().zones)
	text := "Zone " + z.Name + " added."
	if exists {
		touched := slices.Concat(zones[at].Areas, z.Areas)
		if !s.p.allDisarmed(touched) && !sameGuard(zones[at], z) {
			return &home.Conflict{Reason: z.Name + " guards the house now; only its name and chime can be changed: disarm first."}
		}
		zones[at] = z
		text = "Zone " + z.Name + " changed."
	} else {
		if len(zones) >= maxZones {
			return &home.Invalid{Field: "id", Reason: "there are " + strconv.Itoa(maxZones) + " zones already: delete one first"}
		}
		zones = append(zones, z)
	}
	if !exists {
		at = len(zones) - 1
	}
	if err := paired(zones, at); err != nil {
		return err
	}
	s.setZones(zones)
	s.line(home.KindAlarm, z.ID, whoOrNil(in.By), OnceWritten, text)
	return nil
}

// sameGuard tells whether a changed zone guards as it did.
func sameGuard(a, b home.Zone) bool {
	return a.Device == b.Device && a.Trait == b.Trait && a.Kind == b.Kind && a.CrossZone == b.CrossZone && a.Silent == b.Silent &&
		tellsAtOnce(a) == tellsAtOnce(b) &&
		slices.Equal(a.Modes, b.Modes) && slices.Equal(a.Areas, b.Areas) && maps.Equal(a.EntryDelays, b.EntryDelays) &&
		delayOf(a.EntryDelay) == delayOf(b.EntryDelay) && delayOf(a.ExitDelay) == delayOf(b.ExitDelay)
}

func tellsAtOnce(z home.Zone) bool { return z.AbortWindow != nil && !*z.AbortWindow }

func delayOf(d *home.Duration) time.Duration {
	if d == nil {
		return -1
	}
	return time.Duration(*d)
}

func (s *step) deleteZone(in DeleteZone) error {
	at, ok := s.cfg().byID[in.ID]
	if !ok {
		return &home.NotFound{What: "zone", ID: string(in.ID)}
	}
	z := s.cfg().zones[at]
	if !s.p.allDisarmed(z.Areas) {
		return &home.Conflict{Reason: z.Name + " cannot be deleted while the house is armed: disarm first."}
	}
	zones := slices.Delete(slices.Clone(s.cfg().zones), at, at+1)
	for i := range zones {
		if zones[i].CrossZone == z.ID {
			zones[i].CrossZone = ""
		}
	}
	s.setZones(zones)
	s.line(home.KindAlarm, "", whoOrNil(in.By), OnceWritten, "Zone "+z.Name+" deleted.")
	return nil
}

// setZones replaces the zones and carries over what is known of each. A zone
// that watches something else than before is not known any more.
func (s *step) setZones(zones []home.Zone) {
	was, st := s.cfg(), &s.p.st
	next := *was
	next.zones = zones
	cfg := next.indexed()
	bypassed := make([]zoneSet, len(st.stands))
	var open, known, blocking, tested zoneSet
	for i, z := range zones {
		j, ok := was.byID[z.ID]
		if !ok {
			continue
		}
		for a := range bypassed {
			bypassed[a] = bypassed[a].with(i, st.stands[a].bypassed.has(j))
		}
		if old := was.zones[j]; old.Device == z.Device && old.Trait == z.Trait {
			open = open.with(i, st.open.has(j))
			known = known.with(i, st.known.has(j))
			blocking = blocking.with(i, st.blocking.has(j))
			tested = tested.with(i, st.tested.has(j))
		}
	}
	for a := range bypassed {
		s.stand(a).bypassed = bypassed[a]
	}
	st.open, st.known, st.blocking, st.tested = open, known, blocking, tested
	s.p.cfg = cfg
	s.durable = true
}

// Suggest is the zone table that a device's traits speak for. Ids are made
// from the device's name; the caller sees to it that they are free.
func Suggest(d home.Device) []home.Zone {
	var zones []home.Zone
	name := d.Name
	if strings.TrimSpace(name) == "" {
		name = string(d.ID)
	}
	for _, t := range home.Traits {
		if _, ok := d.Traits[t]; !ok {
			continue
		}
		kind := kindFor(t, name)
		if kind == "" {
			continue
		}
		z := home.Zone{Name: name, Device: d.ID, Trait: t, Kind: kind, Modes: DefaultModes(kind)}
		if len(zones) > 0 || t == home.Tamper {
			z.Name = name + " " + string(t)
		}
		z.ID = home.ZoneID(toSlug(z.Name))
		z.Chime = kind == home.ZoneEntry
		zones = append(zones, z)
	}
	return zones
}

// kindFor is the kind that a trait suggests: a door is the way in, any other
// contact is a window. It is "" for traits that guard nothing by themselves.
func kindFor(t home.Trait, name string) home.ZoneKind {
	switch t {
	case home.Contact:
		if low := strings.ToLower(name); strings.Contains(low, "door") || strings.Contains(low, "gate") || strings.Contains(low, "garage") {
			return home.ZoneEntry
		}
		return home.ZonePerimeter
	case home.Motion, home.Occupancy:
		return home.ZoneInterior
	case home.Glass, home.Vibration:
		return home.ZonePerimeter
	case home.Smoke:
		return home.ZoneFire
	case home.CO:
		return home.ZoneCO
	case home.Gas:
		return home.ZoneGas
	case home.Water:
		return home.ZoneWater
	case home.Tamper:
		return home.ZoneTamper
	default:
		return ""
	}
}

// toSlug makes an id from a name: "Front door" becomes front-door.
func toSlug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= maxID {
			break
		}
	}
	id := strings.Trim(b.String(), "-")
	if id == "" {
		return "zone"
	}
	return id
}
