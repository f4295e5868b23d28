package alarm

import (
	"time"

	"gatehouse/hub/home"
)

// sense says what a value of a trait means for a zone: whether it is open
// (disturbed), and whether that is known at all. A momentary trait such as a
// button is never open afterwards.
func sense(t home.Trait, v home.Value) (open, known, momentary bool) {
	switch t {
	case home.Contact:
		return v == home.Open, v == home.Open || v == home.Closed, false
	case home.Lock:
		// Only a bolt that is surely out is closed.
		return v != home.Locked, v == home.Locked || v == home.Unlocked || v == home.Jammed, false
	case home.Button:
		return v.Known(), true, true
	case home.Motion, home.Smoke, home.CO, home.Gas, home.Water, home.Vibration, home.Glass,
		home.Tamper, home.Occupancy, home.Trouble:
		return v == home.True, v == home.True || v == home.False, false
	default:
		return false, false, false
	}
}

// reading takes what a sensor said. An alarm is raised when a zone becomes
// open, not by every report of it.
func (s *step) reading(in Reading) {
	i, ok := s.cfg().bySource[source{in.Device, in.Trait}]
	if !ok {
		return
	}
	st := &s.p.st
	open, known, momentary := sense(in.Trait, in.Value)
	if z := &s.cfg().zones[i]; z.Silent { // not even that it is open may show
		if open && known {
			s.silently("zone "+string(z.ID), z.Name+" "+did(z.Trait)+".")
		}
		return
	}
	wasKnown := st.known.has(i)
	wasOpen := wasKnown && st.open.has(i)
	open = open && known
	if wasKnown != known || wasOpen != (open && !momentary) {
		s.senses(i, open && !momentary, known)
		s.visible = true
	}
	if known && !open {
		s.released(i)
	}
	switch {
	case open && (!wasOpen || momentary):
		s.opened(i)
	case known && !open && wasOpen:
		s.closed(i)
	case !known && wasKnown:
		s.notClosed(i)
	}
}

// opened decides what a zone that became open means. A common zone guards as
// the area does that guards least.
func (s *step) opened(i int) {
	st := &s.p.st
	z := &s.cfg().zones[i]
	saw := z.Name + " " + did(z.Trait)
	if z.Kind == home.ZoneEntry && !s.p.leftOutOf(i) {
		s.exitDoorOpened(i) // whatever the other areas of a common door make of it
	}
	watch, used := s.p.lenient(i)
	switch {
	case s.walked(i):
	case z.Kind.AlwaysOn():
		kind := string(z.Kind)
		if z.Kind == home.Zone24h {
			kind = kindBurglary
		}
		s.trip(kind, z.ID, saw+".", nil)
	case s.p.leftOutOf(i):
	case watch == home.PhaseDisarmed:
		if z.Chime {
			s.chime(i)
		}
		if z.Kind == home.ZoneDay {
			s.chime(i)
			s.line(home.KindAlarm, z.ID, nil, AtOnce, saw+" while the house is disarmed.")
			s.notice(Notice{Kind: "day", Zone: z.ID, Text: saw + "."}, nil)
		}
	case !used, st.blocking.has(i), s.ignored(z.ID):
	case watch == home.PhaseArming:
		// People are leaving.
	case watch == home.PhaseArmed && z.Kind == home.ZoneEntry && s.p.runs(burglary, z.Areas) < 0 && s.entryDelay(i) > 0:
		s.entryBegins(i, saw)
	case watch == home.PhaseEntry && z.Kind == home.ZoneEntry:
		// A second door may shorten the delay, never lengthen it.
		for _, a := range s.cfg().areasOf[i] {
			until := s.now.Add(s.entryDelay(i))
			if st.stands[a].watch == home.PhaseEntry && until.Before(st.stands[a].until) {
				s.stand(a).until = until
				s.durable = true
			}
		}
	case watch == home.PhaseEntry && z.Kind == home.ZoneInterior:
		// Somebody walks from the door to the keypad.
	default:
		s.burgled(i, saw)
	}
}

// closed follows the way out, and ends the exit delay soon where that is asked
// for.
func (s *step) closed(i int) {
	if s.cfg().zones[i].Kind != home.ZoneEntry || s.p.leftOutOf(i) {
		return
	}
	for _, a := range s.cfg().areasOf[i] {
		was := &s.p.st.stands[a]
		if was.watch != home.PhaseArming || was.exit == exitUnused || !s.cfg().uses(was.mode, i) {
			continue
		}
		st := s.stand(a)
		if st.exit == exitOpened {
			st.exit = exitClosed
			s.durable = true
		}
		if open, _ := s.waysOut(a); st.onClose && !open {
			st.closing = s.now.Add(closeBounce)
			s.visible = true
		}
	}
}

// closeBounce is how long the last way out must stay closed before it ends the
// exit delay: doors spring back. The figure is Alarmo's.
const closeBounce = 5 * time.Second

// notClosed keeps the exit delay going that a closed door was to end, when nobody
// knows any more whether one is.
func (s *step) notClosed(i int) {
	for _, a := range s.cfg().areasOf[i] {
		if s.cfg().zones[i].Kind == home.ZoneEntry && !s.p.st.stands[a].closing.IsZero() {
			s.stand(a).closing = time.Time{}
			s.visible = true
		}
	}
}

// waysOut tells of the doors by which people leave an area whether any is not
// closed, and whether all are watched, so that nobody leaves unseen.
func (s *step) waysOut(a int) (open, watched bool) {
	doors := 0
	watched = true
	for i, z := range s.cfg().zones {
		if z.Kind != home.ZoneEntry || !s.cfg().in[a].has(i) || !s.cfg().uses(s.p.st.stands[a].mode, i) {
			continue
		}
		if s.p.leftOutOf(i) {
			watched = false
			continue
		}
		doors++
		known := s.p.st.known.has(i)
		watched = watched && known
		open = open || !known || s.p.st.open.has(i)
	}
	return open, watched && doors > 0
}

// exitDoorOpened restarts the exit delay when a door of the way out opens
// again after it was opened and closed: somebody forgot the keys. Once for
// each arming.
func (s *step) exitDoorOpened(i int) {
	z := &s.cfg().zones[i]
	for _, a := range s.cfg().areasOf[i] {
		if was := &s.p.st.stands[a]; was.watch != home.PhaseArming || !s.cfg().uses(was.mode, i) {
			continue
		}
		st := s.stand(a)
		if !st.closing.IsZero() {
			st.closing = time.Time{}
			s.visible = true
		}
		switch st.exit {
		case exitUnused:
			st.exit = exitOpened
			s.durable = true
		case exitClosed:
			if !s.cfg().settings.ExitRestart {
				break
			}
			st.exit = exitRestarted
			st.until = s.now.Add(st.exitDelay)
			s.durable = true
			s.line(home.KindAlarm, z.ID, nil, AtOnce,
				s.inArea(a, z.Name+" opened again: "+say(st.exitDelay)+" more to leave, this once."))
		case exitOpened, exitRestarted:
		}
	}
}

// entryBegins starts the entry delay in every area of the zone.
func (s *step) entryBegins(i int, saw string) {
	z, d := &s.cfg().zones[i], s.entryDelay(i)
	for _, a := range s.cfg().areasOf[i] {
		if s.p.st.stands[a].watch != home.PhaseArmed {
			continue
		}
		s.watch(a, home.PhaseEntry, s.now.Add(d))
		st := s.stand(a)
		st.entryZone, st.entryKind = z.ID, kindBurglary
	}
	s.line(home.KindAlarm, z.ID, nil, AtOnce, saw+". "+capital(say(d))+" to enter a code.")
}

// entryDelay is that of the zone as its areas are armed now: the shortest.
func (s *step) entryDelay(i int) time.Duration {
	z, d := &s.cfg().zones[i], time.Duration(-1)
	for _, a := range s.cfg().areasOf[i] {
		own := s.cfg().entryDelay(z, s.p.st.stands[a].mode)
		if d < 0 || own < d {
			d = own
		}
	}
	return max(d, 0)
}
