package alarm

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/home"
)

// setMode answers a request for another mode. The same request sent again is
// answered the same and does nothing.
func (s *step) setMode(in SetMode) {
	r := in.Request
	if r.RequestID != "" {
		for _, a := range s.p.st.answers {
			if a.id == r.RequestID && a.by == r.By && a.mode == r.Mode {
				s.answer(a.err)
				return
			}
		}
	}
	err := s.tryMode(r, in.Code)
	if r.RequestID != "" {
		answers := make([]answer, 0, keepAnswers)
		answers = append(answers, s.p.st.answers[max(0, len(s.p.st.answers)-keepAnswers+1):]...)
		s.p.st.answers = append(answers, answer{r.RequestID, r.By, r.Mode, err})
		s.durable = s.durable || err == nil
	}
	if err != nil && r.Channel == home.ByKeypad {
		s.tone = ToneError
	}
	s.answer(err)
}

// tryMode checks the right first, so that nobody without it learns how the
// house stands.
func (s *step) tryMode(r home.ModeRequest, digest Digest) error {
	if r.Mode != home.Disarmed && modeIndex(r.Mode) < 0 {
		return &home.Invalid{Field: "mode", Reason: "give disarmed, home, night or away"}
	}
	st := &s.p.st
	var by *code
	switch {
	case !digest.IsZero():
		c, err := s.enter(digest)
		if err != nil {
			return err
		}
		by = c
		s.tellDuress(by)
	case r.CodeFree:
	case r.Mode == st.mode && r.Mode != home.Disarmed && r.Channel != home.ByKeypad:
		return nil // a second press of the same button
	case st.mode != home.Disarmed || r.Mode == home.Disarmed || r.Channel == home.ByKeypad:
		return &home.CodeNeeded{}
	}
	who := r.By
	if by != nil && (who == "" || r.Channel == home.ByKeypad) {
		who = by.Person
	}
	if r.Mode == home.Disarmed {
		s.disarm(who)
		s.used(by)
		return nil
	}
	if r.Mode == st.mode {
		return nil // already so: nothing to do, nothing to lose
	}
	if err := s.arm(r, who); err != nil {
		return err
	}
	s.used(by)
	return nil
}

// disarm ends the arming and every alarm but fire.
func (s *step) disarm(who string) {
	st := &s.p.st
	if st.mode == home.Disarmed && len(st.running) == 0 {
		return
	}
	said := append([]string{"Disarmed."}, s.endTrips()...)
	s.endArming()
	st.mode = home.Disarmed
	s.watch(home.PhaseDisarmed, time.Time{})
	st.changedBy = who
	s.line(home.KindAlarm, "", whoOrNil(who), OnceWritten, strings.Join(said, " "))
}

// endArming forgets what belongs to one arming only.
func (s *step) endArming() {
	st := &s.p.st
	st.bypassed, st.swings = nil, nil
	st.entryZone, st.entryKind = "", ""
	st.exit, st.exitDelay = exitUnused, 0
}

// arm begins the exit delay, or arms at once when it is skipped.
func (s *step) arm(r home.ModeRequest, who string) error {
	st := &s.p.st
	delay, err := s.exitDelay(r.ExitDelay)
	if err != nil {
		return err
	}
	leftOut, err := s.chosen(r.Bypass)
	if err != nil {
		return err
	}
	var stillOpen []string
	not := &home.NotReady{Open: []home.ZoneID{}, Troubles: []home.TroubleItem{}}
	for w := range s.cfg().alwaysOn {
		for b := s.p.blocks(r.Mode, delay > 0, w) &^ leftOut.word(w); b != 0; b &= b - 1 {
			i := w<<6 + bits.TrailingZeros64(b)
			z := &s.cfg().zones[i]
			not.Open = append(not.Open, z.ID)
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
	for _, t := range st.troubles {
		if slices.Contains(t.Blocks, r.Mode) {
			not.Troubles = append(not.Troubles, t)
			inSpite = append(inSpite, t.Code)
		}
	}
	if !r.Force && len(not.Open)+len(not.Troubles) > 0 {
		return not
	}

	// Whoever may change an armed mode could disarm: alarms end as by that.
	var said []string
	if st.mode != home.Disarmed {
		said = s.endTrips()
	}
	s.endArming()
	st.mode, st.bypassed, st.changedBy, st.memory = r.Mode, leftOut, who, nil
	text := "Arming " + string(r.Mode) + ": " + say(delay) + " to leave."
	if delay > 0 {
		st.exitDelay = delay
		s.watch(home.PhaseArming, s.now.Add(delay))
		if out := s.leftOut(); out != "" {
			text += " Left out: " + out + "."
		}
	} else {
		s.watch(home.PhaseArmed, time.Time{})
		text = s.armedText() + " No exit delay."
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

// exitDelay is the delay of one arming: the panel's, none, or one within the
// same range as the panel's.
func (s *step) exitDelay(asked *home.Duration) (time.Duration, error) {
	if asked == nil {
		return time.Duration(s.cfg().settings.ExitDelay), nil
	}
	if *asked == 0 {
		return 0, nil
	}
	if err := checkExit(*asked, s.cfg().settings.OutsideStandard); err != nil {
		return 0, err
	}
	return time.Duration(*asked), nil
}

// chosen are the zones that a request leaves out by name.
func (s *step) chosen(ids []home.ZoneID) (zoneSet, error) {
	var set zoneSet
	for _, id := range ids {
		i, ok := s.cfg().byID[id]
		if !ok {
			return nil, &home.Invalid{Field: "bypass", Reason: "there is no zone \"" + string(id) + "\""}
		}
		z := &s.cfg().zones[i]
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
