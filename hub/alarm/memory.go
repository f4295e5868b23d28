package alarm

import "gatehouse/hub/home"

// acknowledge forgets the alarms that are over: somebody has seen them. Those
// that run go on.
func (s *step) acknowledge(in Acknowledge) {
	if len(s.p.st.memory) == 0 {
		s.answer(nil)
		return
	}
	var names []string
	for _, t := range s.p.st.memory {
		name := t.danger().name()
		if t.Zone != "" {
			name += " by " + s.cfg().name(t.Zone)
		}
		names = append(names, name)
	}
	s.p.st.memory = nil
	for a, st := range s.p.st.stands {
		if st.mode == home.Disarmed {
			s.stand(a).cycles = 0
		}
	}
	s.line(home.KindAlarm, "", whoOrNil(in.By), OnceWritten, "Acknowledged: "+list(names)+".")
	s.answer(nil)
}
