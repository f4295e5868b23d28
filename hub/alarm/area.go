package alarm

import (
	"slices"
	"strconv"
	"time"

	"gatehouse/hub/home"
)

const maxAreas = 16

// stand is where one area stands.
type stand struct {
	mode      home.Mode
	watch     home.Phase    // disarmed, arming, armed or entry; that an alarm runs is told by running
	since     time.Time     // when watch began
	armedAt   time.Time     // when this arming was complete, else zero
	cycles    int           // siren times of this arming
	until     time.Time     // end of the exit or entry delay, else zero
	exitDelay time.Duration // of this arming
	exit      exitRoute
	entryZone home.ZoneID // who began the entry delay
	entryKind string      // what it becomes if it runs out: burglary or exit_error
	changedBy string
	bypassed  zoneSet // left out of this arming
	hushed    bool    // the sounder of an exit error was silenced

	// How the exit delay ends. Not saved: after a power cut nobody knows who left
	// and which door is closed, and the whole delay runs.
	atKeypad bool      // armed there: whoever did must leave, or it is no away
	onClose  bool      // soon after the last way out was closed
	closing  time.Time // then, if all stay closed; else zero
}

// ends is when the delay that runs ends, as things stand.
func (st *stand) ends() time.Time {
	if !st.closing.IsZero() && st.closing.Before(st.until) {
		return st.closing
	}
	return st.until
}

// exitError tells whether the delay runs that a door left open began.
func (st *stand) exitError() bool {
	return st.watch == home.PhaseEntry && st.entryKind == kindExitError
}

func newStand() stand { return stand{mode: home.Disarmed, watch: home.PhaseDisarmed} }

// stand is the area's, to be changed. The one that was is left as it was.
func (s *step) stand(a int) *stand {
	if !s.ownStands {
		s.p.st.stands = slices.Clone(s.p.st.stands)
		s.ownStands = true
	}
	return &s.p.st.stands[a]
}

// asleep are the common zones of which an area other than a is not armed: such
// a zone does not guard.
func (p *Panel) asleep(a, w int) uint64 {
	var set uint64
	for _, i := range p.cfg.common[w] {
		for _, b := range p.cfg.areasOf[i] {
			if b != a && p.st.stands[b].mode == home.Disarmed {
				set |= 1 << (i & 63)
			}
		}
	}
	return set
}

// leftOutOf tells whether an arming of one of its areas left the zone out.
func (p Panel) leftOutOf(i int) bool {
	for _, a := range p.cfg.areasOf[i] {
		if p.st.stands[a].bypassed.has(i) {
			return true
		}
	}
	return false
}

// lenient is how far the areas of a zone are from guarding: of a common zone
// the one that guards least counts. used tells whether all their modes look at
// the zone.
func (p Panel) lenient(i int) (watch home.Phase, used bool) {
	order := [...]home.Phase{home.PhaseDisarmed, home.PhaseArming, home.PhaseEntry, home.PhaseArmed}
	least, used := len(order)-1, true
	for _, a := range p.cfg.areasOf[i] {
		st := &p.st.stands[a]
		least = min(least, slices.Index(order[:], st.watch))
		used = used && p.cfg.uses(st.mode, i)
	}
	return order[least], used
}

// allDisarmed tells whether each of the areas is disarmed; no areas are all.
func (p Panel) allDisarmed(ids []home.AreaID) bool {
	for a, area := range p.cfg.areas {
		if len(ids) > 0 && !slices.Contains(ids, area.ID) {
			continue
		}
		if p.st.stands[a].mode != home.Disarmed {
			return false
		}
	}
	return true
}

// inArea names the area in a text, in a house that has several.
func (s *step) inArea(a int, text string) string {
	if len(s.cfg().areas) == 1 {
		return text
	}
	return s.cfg().areas[a].Name + ": " + text
}

func (s *step) putArea(in PutArea) error {
	area := in.Area
	if area.Name == "" {
		area.Name = string(area.ID)
	}
	if err := checkArea(area); err != nil {
		return err
	}
	cfg := *s.cfg()
	cfg.areas = slices.Clone(cfg.areas)
	text := "Area " + area.Name + " changed."
	if at := cfg.areaIndex(area.ID); at >= 0 {
		cfg.areas[at] = area
	} else {
		if len(cfg.areas) >= maxAreas {
			return &home.Invalid{Field: "id", Reason: "there are " + strconv.Itoa(maxAreas) + " areas already: delete one first"}
		}
		cfg.areas = append(cfg.areas, area)
		st := newStand()
		st.since = s.now
		s.p.st.stands = append(slices.Clone(s.p.st.stands), st)
		s.ownStands = true
		text = "Area " + area.Name + " added."
	}
	s.p.cfg = cfg.indexed()
	s.line(home.KindAlarm, "", whoOrNil(in.By), OnceWritten, text)
	return nil
}

func checkArea(a home.Area) error {
	if !slug(string(a.ID)) {
		return &home.Invalid{Field: "id", Reason: strconv.Quote(string(a.ID)) + " is not an id: give small letters, digits and hyphens, at most 64, such as flat"}
	}
	return checkName("name", a.Name)
}

func (s *step) deleteArea(in DeleteArea) error {
	at := s.cfg().areaIndex(in.ID)
	switch {
	case at < 0 || in.ID == "":
		return &home.NotFound{What: "area", ID: string(in.ID)}
	case at == 0:
		return &home.Conflict{Reason: "Every home has the area house: give it another name instead."}
	case s.p.st.stands[at].mode != home.Disarmed:
		return &home.Conflict{Reason: s.cfg().areas[at].Name + " is armed: disarm it first."}
	}
	for _, t := range s.p.st.running {
		if t.Areas != nil && t.covers(in.ID) {
			return &home.Conflict{Reason: "An alarm runs in " + s.cfg().areas[at].Name + ": disarm it first."}
		}
	}
	for _, z := range s.cfg().zones {
		if slices.Contains(z.Areas, in.ID) {
			return &home.Conflict{Reason: z.Name + " guards this area: move it to another one first."}
		}
	}
	for _, c := range s.cfg().codes {
		if slices.Contains(c.Areas, string(in.ID)) {
			return &home.Conflict{Reason: "The code of " + c.Person + " is for this area: change it first."}
		}
	}
	s.p.st.memory = slices.DeleteFunc(slices.Clone(s.p.st.memory), func(t trip) bool { return slices.Equal(t.Areas, []home.AreaID{in.ID}) })
	cfg := *s.cfg()
	name := cfg.areas[at].Name
	cfg.areas = slices.Delete(slices.Clone(cfg.areas), at, at+1)
	s.p.cfg = cfg.indexed()
	s.p.st.stands = slices.Delete(slices.Clone(s.p.st.stands), at, at+1)
	s.ownStands = true
	s.line(home.KindAlarm, "", whoOrNil(in.By), OnceWritten, "Area "+name+" deleted.")
	return nil
}
