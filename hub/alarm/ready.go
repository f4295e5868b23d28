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

func (h *hindrances) at(a, m int) *hindrance { return &h.each[a*len(h.cfg.modes)+m] }

// hindrances are those that were counted, or else counted now.
func (p *Panel) hindrances() hindrances {
	h := hindrances{cfg: p.cfg}
	for a := range p.st.stands {
		if p.st.stands[a].mode == home.Disarmed {
			h.disarmed |= 1 << a
		}
	}
	if was := &p.st.hindrances; was.cfg == h.cfg && was.disarmed == h.disarmed {
		return *was
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
	h, st := s.p.hindrances(), &s.p.st
	h.each = slices.Clone(h.each)
	count := func(n int) {
		for _, a := range s.p.cfg.areasOf[i] {
			leaving, atOnce := s.p.hinders(a, i)
			for m := range s.p.cfg.modes {
				h.at(a, m).leaving += n * int(leaving>>m&1)
				h.at(a, m).atOnce += n * int(atOnce>>m&1)
			}
		}
	}
	count(-1)
	st.known, st.open = st.known.with(i, known), st.open.with(i, open)
	count(1)
	st.hindrances = h
}

// hinders are the modes, by their place, in which a zone keeps an area from being
// armed: what blocks says of many zones and one mode.
func (p *Panel) hinders(a, i int) (leaving, atOnce modeSet) {
	open, unknown := p.st.open.has(i), p.cfg.speaks.has(i) && !p.st.known.has(i)
	if p.cfg.alwaysOn.has(i) {
		if open {
			return ^modeSet(0), ^modeSet(0)
		}
		return 0, 0
	}
	if p.asleep(a, i>>6)>>(i&63)&1 != 0 {
		return 0, 0
	}
	of := p.cfg.usedBy[i]
	switch {
	case unknown:
		return of.barrier | of.interior, of.barrier | of.interior
	case open:
		return of.barrier, of.barrier | of.interior
	default:
		return 0, 0
	}
}

// ready tells whether the area could be armed in the mode now, with its exit
// delay.
func (p *Panel) ready(a int, mode home.Mode) bool {
	h := p.hindrances()
	by := h.at(a, p.cfg.modeIndex(mode))
	n := by.leaving
	if p.cfg.exitDelay(a, mode) == 0 {
		n = by.atOnce
	}
	return n == 0 && !slices.ContainsFunc(p.st.troubles, func(t home.TroubleItem) bool { return p.blockedBy(t, mode) })
}
