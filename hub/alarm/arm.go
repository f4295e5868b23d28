package alarm

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/hub/home"
)

// setMode answers a request for another mode. The same request sent again is
// answered the same and does nothing.
func (s *step) setMode(in SetMode) {
	r := in.Request
	a := s.cfg().areaIndex(r.Area)
	if a < 0 {
		s.answer(&home.Invalid{Field: "area", Reason: "there is no area " + strconv.Quote(string(r.Area))})
		return
	}
	s.toneAreas = []int{a}
	area := s.cfg().areas[a].ID
	if r.RequestID != "" {
		for _, a := range s.p.st.answers {
			if a.id == r.RequestID && a.by == r.By && a.area == area && a.mode == r.Mode {
				s.answer(a.err)
				return
			}
		}
	}
	err := s.tryMode(a, r, in.Code)
	if r.RequestID != "" {
		answers := make([]answer, 0, keepAnswers)
		answers = append(answers, s.p.st.answers[max(0, len(s.p.st.answers)-keepAnswers+1):]...)
		s.p.st.answers = append(answers, answer{r.RequestID, r.By, area, r.Mode, err})
		s.durable = s.durable || err == nil
	}
	if err != nil && r.Channel == home.ByKeypad {
		s.tone = ToneError
	}
	s.answer(err)
}

// tryMode checks the right first, so that nobody without it learns how the
// house stands.
func (s *step) tryMode(a int, r home.ModeRequest, digest Digest) error {
	if r.Mode != home.Disarmed && s.cfg().modeIndex(r.Mode) < 0 {
		return &home.Invalid{Field: "mode", Reason: strconv.Quote(string(r.Mode)) + " is not a mode: give disarmed, " + s.cfg().modeNames()}
	}
	st := &s.p.st.stands[a]
	// Somebody with a code who stands in an entry delay or an alarm and asks for
	// the mode that it is means to end that and stay armed.
	ph := s.p.phase(a)
	ends := r.Mode == st.mode && (ph == home.PhaseEntry || ph == home.PhaseAlarm)
	var by *code
	switch {
	case !digest.IsZero():
		c, err := s.enter(a, digest)
		if err != nil {
			return err
		}
		by = c
		if by.Kind == CodeInstaller && s.p.allDisarmed(nil) {
			s.used(by)
			return s.test(Test{On: !s.p.testing(), By: by.Person})
		}
		if err := by.may(st.mode, r.Mode, ends); err != nil {
			return err
		}
		s.tellDuress(by)
	case r.CodeFree, r.SteppedUp && s.now.Before(s.p.st.lockedUntil):
	case r.Mode == st.mode && r.Mode != home.Disarmed && r.Channel != home.ByKeypad:
		return nil // a second press of the same button
	case st.mode != home.Disarmed || r.Mode == home.Disarmed || r.Channel == home.ByKeypad && !s.cfg().settings.QuickArm:
		return &home.CodeNeeded{}
	}
	who := r.By
	if by != nil && (who == "" || r.Channel == home.ByKeypad) {
		who = by.Person
	}
	if r.Mode == home.Disarmed {
		s.disarm(a, who)
		s.used(by)
		return nil
	}
	if r.Mode == st.mode && (by == nil || !ends) {
		return nil // already so: nothing to do, nothing to lose
	}
	if err := s.arm(a, r, who); err != nil {
		return err
	}
	s.used(by)
	return nil
}

// disarm ends the arming of an area and every alarm in it but fire.
func (s *step) disarm(a int, who string) {
	area := s.cfg().areas[a].ID
	alarms := slices.ContainsFunc(s.p.st.running, func(t trip) bool { return t.covers(area) }) ||
		slices.ContainsFunc(s.p.st.memory, func(t trip) bool {
			return t.covers(area) && (t.Flash || t.danger().aborts() && s.now.Before(t.CancelBy))
		})
	if s.p.st.stands[a].mode == home.Disarmed && !alarms {
		return
	}
	said := append([]string{s.inArea(a, "Disarmed.")}, s.endTrips(a)...)
	s.endArming(a)
	s.stand(a).mode = home.Disarmed
	s.watch(a, home.PhaseDisarmed, time.Time{})
	s.stand(a).changedBy = who
	// Whoever may come in here came through the common door by right: it has
	// nothing more to ask in the other areas.
	for b := range s.p.st.stands {
		st := s.p.st.stands[b]
		if st.watch != home.PhaseEntry {
			continue
		}
		if i, ok := s.cfg().byID[st.entryZone]; ok && slices.Contains(s.cfg().areasOf[i], a) {
			s.watch(b, home.PhaseArmed, time.Time{})
		}
	}
	s.line(home.KindAlarm, "", whoOrNil(who), OnceWritten, strings.Join(said, " "))
}

// endArming forgets what belongs to one arming only.
func (s *step) endArming(a int) {
	st := s.stand(a)
	st.bypassed = nil
	st.entryZone, st.entryKind = "", ""
	st.hushed = false
	st.exit, st.exitDelay = exitUnused, 0
	st.atKeypad, st.onClose = false, false
	st.armedAt, st.cycles = time.Time{}, 0
	s.endCrossings(a)
	area := s.cfg().areas[a].ID
	var swings []swing
	for _, w := range s.p.st.swings {
		if i, ok := s.cfg().byID[w.zone]; ok && !slices.Contains(s.cfg().zones[i].Areas, area) {
			swings = append(swings, w)
		}
	}
	s.p.st.swings = swings
}

// arm begins the exit delay of an area, or arms at once when it is skipped.
func (s *step) arm(a int, r home.ModeRequest, who string) error {
	delay, err := s.exitDelay(a, r)
	if err != nil {
		return err
	}
	leftOut, err := s.chosen(a, r.Bypass)
	if err != nil {
		return err
	}
	var stillOpen []string
	not := &home.NotReady{Open: []home.ZoneID{}, Troubles: []home.TroubleItem{}}
	m := s.cfg().used[s.cfg().modeIndex(r.Mode)]
	for w := range s.cfg().alwaysOn {
		for b := s.p.blocks(a, m, delay > 0, w) &^ leftOut.word(w); b != 0; b &= b - 1 {
			i := w<<6 + bits.TrailingZeros64(b)
			z := &s.cfg().zones[i]
			not.Open = append(not.Open, z.ID)
			if !s.p.st.known.has(i) {
				not.Unheard = append(not.Unheard, z.ID)
			}
			if z.Kind.AlwaysOn() {
				stillOpen = append(stillOpen, z.Name)
				continue
			}
			if r.Force {
				leftOut = leftOut.with(i, true)
			}
		}
	}
	var inSpite []string
	for _, t := range s.p.st.troubles {
		if s.p.blockedBy(t, r.Mode) {
			not.Troubles = append(not.Troubles, t)
			inSpite = append(inSpite, t.Code)
		}
	}
	if !r.Force && len(not.Open)+len(not.Troubles) > 0 {
		return not
	}

	// Whoever may change an armed mode could disarm: alarms end as by that.
	var said []string
	if s.p.st.stands[a].mode != home.Disarmed {
		said = s.endTrips(a)
	}
	s.endTest("Walk test ended by arming", who, OnceWritten)
	s.endArming(a)
	s.forget(a)
	st := s.stand(a)
	st.mode, st.bypassed, st.changedBy = r.Mode, leftOut, who
	text := s.inArea(a, "Arming "+string(r.Mode)+": "+say(delay)+" to leave.")
	if delay > 0 {
		st.exitDelay = delay
		st.atKeypad = r.Channel == home.ByKeypad
		st.onClose = r.ArmOnClose || s.cfg().settings.ArmOnClose
		s.watch(a, home.PhaseArming, s.now.Add(delay))
		if out := s.leftOut(a); out != "" {
			text += " Left out: " + out + "."
		}
	} else {
		s.watch(a, home.PhaseArmed, time.Time{})
		text = s.inArea(a, s.armedText(a)) + " No exit delay."
	}
	if len(stillOpen) > 0 {
		text += " Armed although " + list(stillOpen) + " reports danger."
	}
	if len(inSpite) > 0 {
		text += " Armed in spite of: " + list(inSpite) + "."
	}
	said = append([]string{text}, said...)
	s.line(home.KindAlarm, "", whoOrNil(who), OnceWritten, strings.Join(said, " "))
	return nil
}

// forget drops the remembered alarms of an area.
func (s *step) forget(a int) {
	var memory []trip
	for _, t := range s.p.st.memory {
		if !t.covers(s.cfg().areas[a].ID) {
			memory = append(memory, t)
		}
	}
	s.p.st.memory = memory
}

// exitDelay is the delay of one arming: the mode's, none, or one within the
// same range as the panel's.
func (s *step) exitDelay(a int, r home.ModeRequest) (time.Duration, error) {
	asked := r.ExitDelay
	if asked == nil {
		return s.cfg().exitDelay(a, r.Mode), nil
	}
	if *asked == 0 {
		return 0, nil
	}
	if err := checkExit(*asked, s.cfg().settings); err != nil {
		return 0, err
	}
	return time.Duration(*asked), nil
}

// chosen are the zones that a request leaves out by name.
func (s *step) chosen(a int, ids []home.ZoneID) (zoneSet, error) {
	var set zoneSet
	for _, id := range ids {
		i, ok := s.cfg().byID[id]
		if !ok {
			return nil, &home.Invalid{Field: "bypass", Reason: "there is no zone \"" + string(id) + "\""}
		}
		z := &s.cfg().zones[i]
		if !s.cfg().in[a].has(i) {
			return nil, &home.Invalid{Field: "bypass", Reason: z.Name + " does not guard " + s.cfg().areas[a].Name}
		}
		if z.Kind.AlwaysOn() {
			return nil, &home.Invalid{Field: "bypass", Reason: z.Name + " is a " + string(z.Kind) + " zone, which guards in every mode and cannot be left out"}
		}
		set = set.with(i, true)
	}
	return set, nil
}

func whoOrNil(name string) *string {
	if name == "" {
		return nil
	}
	return home.Who(name)
}
