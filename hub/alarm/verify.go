package alarm

import (
	"cmp"
	"slices"
	"time"

	"gatehouse/hub/home"
)

// secondTo is another zone of one of the areas that was disturbed not longer ago
// than the verify time: two signs of a burglary are more than one. A zone that
// is ignored, as a loose contact, is no sign. "" when there is none.
func (s *step) secondTo(z home.Zone) home.ZoneID {
	for _, w := range s.p.st.swings {
		i, ok := s.cfg().byID[w.zone]
		if !ok || w.zone == z.ID || w.shut(s.cfg()) || s.now.Sub(w.since) > time.Duration(s.cfg().settings.VerifyTime) {
			continue
		}
		if slices.ContainsFunc(s.cfg().zones[i].Areas, func(a home.AreaID) bool { return slices.Contains(z.Areas, a) }) {
			return w.zone
		}
	}
	return ""
}

// verify marks the burglary alarms of the areas, those that ended within the
// verify time too, and tells people elsewhere of each that they were told of.
// seen is what speaks for it.
func (s *step) verify(areas []home.AreaID, seen string) {
	news := ""
	var zone home.ZoneID
	mark := func(trips []trip) []trip {
		trips = slices.Clone(trips)
		for i := range trips {
			t := &trips[i]
			if t.danger() != burglary || t.Verified || !t.coversAny(areas) || s.now.Sub(t.Since) > time.Duration(s.cfg().settings.VerifyTime) {
				continue
			}
			t.Verified = true
			news, zone = "Burglary alarm verified: "+seen+".", t.Zone
			if t.Reported {
				s.notice(Notice{Kind: "verified", Text: news}, t)
			}
		}
		return trips
	}
	s.p.st.memory = mark(s.p.st.memory)
	s.p.st.running = mark(s.p.st.running)
	if news != "" {
		s.line(home.KindAlarm, zone, nil, AtOnce, news)
	}
}

// personSeen takes that a camera saw somebody. It raises nothing: it verifies
// an alarm that began before.
func (s *step) personSeen(in PersonSeen) {
	areas := []home.AreaID{in.Area}
	if in.Area == "" {
		areas[0] = home.TheHouse
	}
	after := func(t trip) bool { return t.coversAny(areas) && !in.At.Before(t.Since) }
	if slices.ContainsFunc(s.p.st.running, after) || slices.ContainsFunc(s.p.st.memory, after) {
		s.verify(areas, "camera "+cmp.Or(in.Name, string(in.Camera))+" saw somebody")
	}
}
