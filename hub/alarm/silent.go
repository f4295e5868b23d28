package alarm

import (
	"slices"
	"time"

	"gatehouse/hub/home"
)

// silentTime is how long the same source of a silent panic alarm is taken for
// the same call: a button sends its press more than once.
const silentTime = time.Minute

// call is a silent panic alarm that went out.
type call struct {
	from string
	at   time.Time
}

// silently calls people outside the house for help. Whoever stands beside the
// person who did it must not learn of it: nothing sounds, no face inside shows
// it, and no line tells of it.
func (s *step) silently(from, text string) {
	calls := slices.DeleteFunc(slices.Clone(s.p.st.calls), func(c call) bool { return s.now.Sub(c.at) >= silentTime })
	if !slices.ContainsFunc(calls, func(c call) bool { return c.from == from }) {
		calls = append(calls, call{from, s.now})
		s.notice(Notice{Kind: "alarm", Alarm: string(home.ZonePanic), Outside: true, Text: "Silent panic alarm: " + text}, nil)
	}
	s.p.st.calls = calls
}

// Hidden tells whether nobody inside may see what the trait of the device says:
// it is the button of a silent panic zone.
func (p Panel) Hidden(d home.DeviceID, t home.Trait) bool {
	cfg := p.orNew().cfg
	i, ok := cfg.bySource[source{d, t}]
	return ok && cfg.zones[i].Silent
}
