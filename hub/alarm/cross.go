package alarm

import (
	"slices"
	"strconv"
	"time"

	"gatehouse/hub/home"
)

// crossing is a zone that waits for the one that it is crossed with.
type crossing struct {
	Zone  home.ZoneID `json:"zone"`
	Until time.Time   `json:"until"`
	Held  bool        `json:"held"` // not known to have closed since
}

// burgled takes that a zone was disturbed that guards at once. Of two crossed
// zones the first waits for the second.
func (s *step) burgled(i int, saw string) {
	z := &s.cfg().zones[i]
	j := s.partner(i)
	if j < 0 || s.p.runs(burglary, z.Areas) >= 0 {
		s.trip(kindBurglary, z.ID, saw+".", nil)
		return
	}
	waits := func(id home.ZoneID) int {
		return slices.IndexFunc(s.p.st.crossings, func(c crossing) bool { return c.Zone == id })
	}
	if k := waits(s.cfg().zones[j].ID); k >= 0 {
		s.uncross(k)
		s.trip(kindBurglary, z.ID, saw+", after "+s.cfg().zones[j].Name+".", nil)
		return
	}
	if waits(z.ID) >= 0 {
		return
	}
	d := time.Duration(s.cfg().settings.CrossZoneTime)
	s.p.st.crossings = append(slices.Clone(s.p.st.crossings), crossing{z.ID, s.now.Add(d), z.Trait != home.Button})
	s.saw(z.ID)
	s.line(home.KindAlarm, z.ID, nil, AtOnce,
		saw+". No alarm unless "+s.cfg().zones[j].Name+" speaks too within "+say(d)+", or this lasts as long.")
}

// partner is the zone that must speak too before this one raises an alarm, or
// -1. A zone whose partner does not guard now, or cannot speak, acts alone:
// crossing makes false alarms fewer, it must not unguard a room.
func (s *step) partner(i int) int {
	j, ok := s.cfg().byID[s.cfg().zones[i].CrossZone]
	if !ok {
		return -1
	}
	watch, used := s.p.lenient(j)
	limit := s.cfg().settings.Swinger
	worn := slices.ContainsFunc(s.p.st.swings, func(w swing) bool {
		return w.zone == s.cfg().zones[j].ID && limit > 0 && w.n >= limit
	})
	if watch == home.PhaseDisarmed || !used || s.p.leftOutOf(j) || worn || s.p.st.blocking.has(j) || s.cfg().speaks.has(j) && !s.p.st.known.has(j) {
		return -1
	}
	return j
}

func (s *step) uncross(k int) {
	s.p.st.crossings = slices.Delete(slices.Clone(s.p.st.crossings), k, k+1)
	s.durable = true
}

// crossDue ends the wait of a zone for the other. One that was disturbed the
// whole time raises the alarm alone.
func (s *step) crossDue(k int) {
	c := s.p.st.crossings[k]
	s.uncross(k)
	if i, ok := s.cfg().byID[c.Zone]; ok && c.Held {
		z := &s.cfg().zones[i]
		s.trip(kindBurglary, z.ID, z.Name+" "+did(z.Trait)+", and that for "+say(time.Duration(s.cfg().settings.CrossZoneTime))+".", nil)
	}
}

// released notes that a zone is closed: whether it was open all the time is
// asked of crossed zones, and one that raised an alarm may raise another.
func (s *step) released(i int) {
	id := s.cfg().zones[i].ID
	for k, c := range s.p.st.crossings {
		if c.Zone == id && c.Held {
			s.p.st.crossings = slices.Clone(s.p.st.crossings)
			s.p.st.crossings[k].Held = false
			s.durable = true
		}
	}
	if s.p.st.blocking.has(i) {
		s.p.st.blocking = s.p.st.blocking.with(i, false)
		s.durable = true
	}
}

// endCrossings forgets what zones of the area wait for, and which of them
// raised an alarm and stayed open.
func (s *step) endCrossings(a int) {
	in := s.cfg().in[a]
	var rest []crossing
	for _, c := range s.p.st.crossings {
		if i, ok := s.cfg().byID[c.Zone]; ok && !in.has(i) {
			rest = append(rest, c)
		}
	}
	s.p.st.crossings = rest
	for i := range s.cfg().zones {
		if in.has(i) {
			s.p.st.blocking = s.p.st.blocking.with(i, false)
		}
	}
}

// checkCross refuses a crossing of a zone that could not work.
func checkCross(z home.Zone) error {
	invalid := func(reason string) error { return &home.Invalid{Field: "cross_zone", Reason: reason} }
	switch {
	case z.CrossZone == "":
		return nil
	case z.CrossZone == z.ID:
		return invalid("a zone cannot be crossed with itself: give another one")
	case z.Kind == home.ZoneEntry:
		return invalid("an entry zone cannot be crossed, or nobody could come home: leave this empty, or make " + z.Name + " another kind of zone")
	case z.Kind.AlwaysOn():
		return invalid("a " + string(z.Kind) + " zone raises its alarm alone, always: leave this empty")
	}
	return nil
}

// paired makes crossing mutual: the zone at and its partner name each other,
// and nobody else names one of them.
func paired(zones []home.Zone, at int) error {
	z := zones[at]
	to := -1
	if z.CrossZone != "" {
		to = slices.IndexFunc(zones, func(o home.Zone) bool { return o.ID == z.CrossZone })
		if to < 0 {
			return &home.Invalid{Field: "cross_zone", Reason: "there is no zone " + strconv.Quote(string(z.CrossZone)) + ": add it first"}
		}
		other := zones[to]
		other.CrossZone = z.ID
		if err := checkCross(other); err != nil {
			return err
		}
		if !slices.Equal(other.Areas, z.Areas) {
			return &home.Invalid{Field: "cross_zone", Reason: other.Name + " guards other areas: cross two zones of the same"}
		}
	}
	for k := range zones {
		switch {
		case k == at:
		case k == to:
			zones[k].CrossZone = z.ID
		case zones[k].CrossZone == z.ID, to >= 0 && zones[k].CrossZone == zones[to].ID:
			zones[k].CrossZone = ""
		}
	}
	return nil
}
