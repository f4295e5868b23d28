package alarm

import (
	"math/bits"
	"slices"

	"gatehouse/hub/home"
)

// hindrances count the zones that keep each area from being armed, so that what
// a reading costs does not grow with the number of zones. They hold for one
// configuration and for one choice of areas that are disarmed; otherwise they are
// counted anew. They are never written in place.
type hindrances struct {
	cfg      *config
	disarmed uint32      // areas, by which common zones guard or not
	each     []hindrance // by area, then mode
}

// hindrance is how many zones keep one area from being armed in one mode.
type hindrance struct {
	leaving int // when people are given time to leave
	atOnce  int
}

func (h hindrances) at(a, m int) *hindrance { return &h.each[a*len(h.cfg.modes)+m] }

// hindrances are those that were counted, or else counted now.
func (p Panel) hindrances() hindrances {
	h := hindrances{cfg: p.cfg}
	for a := range p.st.stands {
		if p.st.stands[a].mode == home.Disarmed {
			h.disarmed |= 1 << a
		}
	}
	if was := p.st.hindrances; was.cfg == h.cfg && was.disarmed == h.disarmed {
		return was
	}
	h.each = make([]hindrance, len(p.cfg.areas)*len(p.cfg.modes))
	for a := range p.cfg.areas {
		for m, zones := range p.cfg.used {
			for w := range p.cfg.alwaysOn {
				h.at(a, m).leaving += bits.OnesCount64(p.blocks(a, zones, true, w))
				h.at(a, m).atOnce += bits.OnesCount64(p.blocks(a, zones, false, w))
			}
		}
	}
	return h
}

// senses notes what a zone is known to be, and counts what that hinders.
func (s *step) senses(i int, open, known bool) {
	h := s.p.hindrances()
	h.each = slices.Clone(h.each)
	s.p.tally(h, i, -1)
	st := &s.p.st
	st.known, st.open = st.known.with(i, known), st.open.with(i, open)
	s.p.tally(h, i, 1)
	st.hindrances = h
}

// tally adds what a zone hinders now, n times.
func (p Panel) tally(h hindrances, i, n int) {
	w, bit := i>>6, uint64(1)<<(i&63)
	for _, a := range p.cfg.areasOf[i] {
		for m, zones := range p.cfg.used {
			if p.blocks(a, zones, true, w)&bit != 0 {
				h.at(a, m).leaving += n
			}
			if p.blocks(a, zones, false, w)&bit != 0 {
				h.at(a, m).atOnce += n
			}
		}
	}
}

// ready tells whether the area could be armed in the mode now, with its exit
// delay.
func (p Panel) ready(a int, mode home.Mode) bool {
	h := p.hindrances().at(a, p.cfg.modeIndex(mode))
	n := h.leaving
	if p.cfg.exitDelay(a, mode) == 0 {
		n = h.atOnce
	}
	return n == 0 && !slices.ContainsFunc(p.st.troubles, func(t home.TroubleItem) bool { return p.blockedBy(t, mode) })
}
