package alarm

import (
	"slices"
	"strconv"
	"time"
)

// keepNotices is how many notices a panel remembers.
const keepNotices = 16

// notice tells people who may be elsewhere. about is the alarm that it is about,
// or nil. Like lines, notices are remembered until they have surely been told;
// those that nobody inside may know of are not: the saved panel must not show
// them either.
func (s *step) notice(n Notice, about *trip) {
	n.At = s.now
	if n.Outside {
		s.effect(n)
		return
	}
	s.p.st.lastNotice++
	n.ID = n.Kind + "-" + lineID(s.now, s.p.st.lastNotice)
	if about != nil {
		// Told again after a power cut, the alarm has other numbers and the same
		// beginning.
		n.Alarm, n.Zone, n.Verified, n.RecentClosing = about.Kind, about.Zone, about.Verified, about.Recent
		n.ID = n.Kind + "-" + about.Kind + "-" + strconv.FormatInt(about.Since.UnixMilli(), 36)
	}
	kept := slices.Clone(s.p.st.notices[max(0, len(s.p.st.notices)-keepNotices+1):])
	s.p.st.notices = append(kept, n)
	s.durable = true
	s.effect(n)
}

// Notices are the latest that the panel asked to be told, oldest first, since a
// time. After a power cut they are told again; by their ids those that were heard
// are known.
func (p Panel) Notices(since time.Time) []Notice {
	var list []Notice
	for _, n := range p.st.notices {
		if !n.At.Before(since) {
			list = append(list, n)
		}
	}
	return list
}
