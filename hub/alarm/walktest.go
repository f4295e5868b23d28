package alarm

import (
	"slices"
	"strconv"
	"time"

	"gatehouse/hub/home"
)

// TestTime is how long a walk test lasts that nobody ends.
const TestTime = 30 * time.Minute

// test begins or ends a walk test, in which somebody opens every door and walks
// through every room and hears a chime for each.
func (s *step) test(in Test) error {
	if !in.On {
		s.endTest("Walk test ended", in.By, OnceWritten)
		return nil
	}
	if !s.p.allDisarmed(nil) {
		return &home.Conflict{Reason: "The house is armed: disarm it before a walk test."}
	}
	if len(s.p.st.running) > 0 {
		return &home.Conflict{Reason: "An alarm runs: end it before a walk test."}
	}
	if !s.p.testing() {
		s.p.st.tested = nil
	}
	s.p.st.testUntil = s.now.Add(TestTime)
	s.line(home.KindAlarm, "", whoOrNil(in.By), OnceWritten,
		"Walk test for "+say(TestTime)+": zones chime and raise no burglary or tamper alarm. Fire, gas, water and calls for help do.")
	return nil
}

func (p Panel) testing() bool { return !p.st.testUntil.IsZero() }

// endTest ends a walk test that runs; why has no full stop.
func (s *step) endTest(why, by string, when When) {
	if !s.p.testing() {
		return
	}
	n := len(s.p.zoneIDs(s.p.st.tested.word))
	s.p.st.testUntil, s.p.st.tested = time.Time{}, nil
	text := why + ": "
	switch n {
	case 0:
		text += "no zone spoke."
	case 1:
		text += "1 zone spoke."
	default:
		text += strconv.Itoa(n) + " zones spoke."
	}
	s.line(home.KindAlarm, "", whoOrNil(by), when, text)
}

// walked takes a zone that was disturbed during a walk test, and tells whether
// that is all that becomes of it.
func (s *step) walked(i int) bool {
	z := &s.cfg().zones[i]
	if !s.p.testing() || z.Kind.AlwaysOn() && z.Kind != home.Zone24h && z.Kind != home.ZoneTamper {
		return false
	}
	if !s.p.st.tested.has(i) {
		s.p.st.tested = s.p.st.tested.with(i, true)
		s.visible = true
	}
	s.chime(i)
	return true
}

// chime plays a short sound on the keypads of a zone's areas.
func (s *step) chime(i int) {
	s.tone, s.toneAreas = ToneChime, slices.Clone(s.cfg().areasOf[i])
}
