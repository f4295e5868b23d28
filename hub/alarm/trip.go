package alarm

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"gatehouse/hub/home"
)

// danger is what an alarm is about, from the most to the least pressing: the
// first one that sounds decides the pattern, the others are remembered.
type danger uint8

const (
	fire danger = iota
	carbonMonoxide
	gas
	panicButton
	medical
	burglary
	tamper
	water
)

// Kinds of alarm beyond the zone kinds.
const (
	kindBurglary  = "burglary"
	kindExitError = "exit_error" // burglary by a door left open on leaving
)

// dangerOf is the danger that a kind of alarm or an always-on zone stands for.
func dangerOf(kind string) danger {
	switch kind {
	case string(home.ZoneFire):
		return fire
	case string(home.ZoneCO):
		return carbonMonoxide
	case string(home.ZoneGas):
		return gas
	case string(home.ZonePanic):
		return panicButton
	case string(home.ZoneMedical):
		return medical
	case string(home.ZoneTamper):
		return tamper
	case string(home.ZoneWater):
		return water
	default:
		return burglary
	}
}

func (d danger) pattern() Pattern {
	switch d {
	case fire:
		return Temporal3
	case carbonMonoxide, gas:
		return Temporal4
	case medical:
		return Pulse
	case water:
		return Slow
	case panicButton, burglary, tamper:
		return Steady
	default:
		return Steady
	}
}

// name begins a sentence.
func (d danger) name() string {
	return [...]string{
		"Fire alarm", "Carbon monoxide alarm", "Gas alarm", "Panic alarm", "Medical alarm",
		"Burglary alarm", "Tamper alarm", "Water alarm",
	}[d]
}

// cause is what the sensors of a danger to life report.
func (d danger) cause() string {
	switch d {
	case fire:
		return "Smoke"
	case carbonMonoxide:
		return "Carbon monoxide"
	case gas:
		return "Gas"
	case panicButton, medical, burglary, tamper, water:
		return d.name()
	default:
		return d.name()
	}
}

// aborts tells whether a disarming within the abort window keeps the alarm in
// the house. Danger to life is told at once.
func (d danger) aborts() bool { return d == burglary || d == tamper || d == water }

// persists tells whether the siren goes on after its time for as long as a
// sensor still reports the danger.
func (d danger) persists() bool { return d <= gas }

// insideOnly tells whether only inside sounders speak while nothing is armed:
// an outside siren of an unset house is for danger to life alone.
func (d danger) insideOnly(disarmed bool) bool {
	return disarmed && (d == burglary || d == tamper || d == water)
}

// trip is one alarm.
type trip struct {
	N          uint64        `json:"n"` // numbers the siren command
	Kind       string        `json:"kind"`
	Zone       home.ZoneID   `json:"zone"`
	Areas      []home.AreaID `json:"areas"` // none: the whole home
	Since      time.Time     `json:"since"`
	SirenUntil time.Time     `json:"siren_until"`
	ReportAt   time.Time     `json:"report_at"` // end of the abort window
	Reported   bool          `json:"reported"`
	Silenced   bool          `json:"silenced"`
	Inside     bool          `json:"inside"`
}

func (t trip) danger() danger { return dangerOf(t.Kind) }

// covers tells whether the alarm is one of the area.
func (t trip) covers(a home.AreaID) bool { return len(t.Areas) == 0 || slices.Contains(t.Areas, a) }

// swing counts the alarms of one zone since the last arming.
type swing struct {
	zone  home.ZoneID
	n     int
	since time.Time // of the latest
}

// Sounding is what the sirens should do at the time now. It depends on nothing
// but the panel, so the panel that was last written can be asked as well.
func (p Panel) Sounding(now time.Time) Sound {
	best := -1
	for i, t := range p.st.running {
		if t.Silenced || !now.Before(t.SirenUntil) {
			continue
		}
		if best < 0 || t.danger() < p.st.running[best].danger() {
			best = i
		}
	}
	if best < 0 {
		return p.soundingExit(now)
	}
	t := p.st.running[best]
	return Sound{
		Pattern: t.danger().pattern(), Inside: t.Inside,
		ID: "alarm-" + strconv.FormatUint(t.N, 10), Until: t.SirenUntil,
	}
}

// soundingExit is the sounder inside that calls back whoever left a door open.
func (p Panel) soundingExit(now time.Time) Sound {
	for a := range p.st.stands {
		if st := &p.st.stands[a]; st.exitError() && !st.hushed && now.Before(st.until) {
			id := "exit-" + string(p.cfg.areas[a].ID) + "-" + strconv.FormatInt(st.since.UnixMilli(), 36)
			return Sound{Pattern: Steady, Inside: true, ID: id, Until: st.until}
		}
	}
	return Sound{}
}

// top is the most pressing alarm that runs; there must be one.
func (p Panel) top() trip {
	top := p.st.running[0]
	for _, t := range p.st.running[1:] {
		if t.danger() < top.danger() {
			top = t
		}
	}
	return top
}

// remembered is the most pressing alarm that runs, else the most pressing that
// is remembered, else nil.
func (p Panel) remembered() *home.AlarmMemory {
	trips := p.st.running
	if len(trips) == 0 {
		trips = p.st.memory
	}
	if len(trips) == 0 {
		return nil
	}
	top := trips[0]
	for _, t := range trips[1:] {
		if t.danger() < top.danger() {
			top = t
		}
	}
	return &home.AlarmMemory{Kind: top.Kind, Zone: top.Zone, Since: home.At(top.Since), Silenced: top.Silenced}
}

// runs is the place of the alarm of that danger that runs in these areas, or -1.
func (p Panel) runs(d danger, areas []home.AreaID) int {
	for i, t := range p.st.running {
		if t.danger() == d && slices.Equal(t.Areas, areas) {
			return i
		}
	}
	return -1
}

// trip raises an alarm of the kind, or joins the one of the same danger that
// runs: its siren time begins anew, and it sounds again if it was silenced.
// zone is "" when a person raised it; text says what happened; who is nil
// unless a person did it.
func (s *step) trip(kind string, zone home.ZoneID, text string, who *string) {
	d := dangerOf(kind)
	if d == burglary {
		s.count(zone)
	}
	var areas []home.AreaID
	if i, ok := s.cfg().byID[zone]; ok {
		areas = s.cfg().zones[i].Areas
	}
	inside := d.insideOnly(s.p.allDisarmed(areas))
	until := s.now.Add(time.Duration(s.cfg().settings.SirenTimeout))
	running := append([]trip(nil), s.p.st.running...)
	var t *trip
	if i := s.p.runs(d, areas); i >= 0 {
		t = &running[i]
		t.Inside = t.Inside && inside
		text = d.name() + " goes on: " + text
	} else {
		running = append(running, trip{N: s.nextTrip(), Kind: kind, Zone: zone, Areas: areas, Since: s.now, Inside: inside})
		t = &running[len(running)-1]
		t.ReportAt = s.now
		if d.aborts() {
			t.ReportAt = s.now.Add(time.Duration(s.cfg().settings.AbortWindow))
		}
		text = d.name() + ": " + text
	}
	t.SirenUntil = until
	if t.Silenced {
		t.Silenced = false
		t.N = s.nextTrip()
	}
	s.p.st.running = running
	s.durable = true
	s.line(home.KindAlarm, zone, who, AtOnce, text)
	if d != burglary {
		return
	}
	for a, st := range s.p.st.stands {
		if st.watch == home.PhaseEntry && t.covers(s.cfg().areas[a].ID) {
			s.watch(a, home.PhaseArmed, time.Time{}) // the alarm runs: no delay any more
		}
	}
}

func (s *step) nextTrip() uint64 {
	s.p.st.lastTrip++
	return s.p.st.lastTrip
}

// count counts a burglary alarm of a zone.
func (s *step) count(zone home.ZoneID) {
	i, ok := s.cfg().byID[zone]
	if !ok || s.cfg().zones[i].Kind.AlwaysOn() {
		return
	}
	s.durable = true
	s.p.st.swings = append([]swing(nil), s.p.st.swings...)
	for i := range s.p.st.swings {
		if w := &s.p.st.swings[i]; w.zone == zone {
			w.n++
			w.since = s.now
			return
		}
	}
	s.p.st.swings = append(s.p.st.swings, swing{zone, 1, s.now})
}

// ignored tells whether a zone that opens has raised as many burglary alarms as
// one arming allows: a loose contact in the wind must not sound all night. Such
// a zone starts nothing, no entry delay either, under which an intruder could
// walk past the interior zones. A limit of 0 is none.
func (s *step) ignored(zone home.ZoneID) bool {
	limit := s.cfg().settings.Swinger
	for i, w := range s.p.st.swings {
		if w.zone != zone || limit == 0 || w.n < limit {
			continue
		}
		if w.n == limit { // tell it once
			s.p.st.swings = append([]swing(nil), s.p.st.swings...)
			s.p.st.swings[i].n++
			s.p.st.swings[i].since = s.now
			s.line(home.KindAlarm, zone, nil, AtOnce,
				fmt.Sprintf("%s has raised %s since arming and is ignored until the next one.", s.cfg().name(zone), times(limit)))
		}
		return true
	}
	return false
}

// reportDue ends the abort window of a running alarm.
func (s *step) reportDue(i int) {
	s.editTrip(i, func(t *trip) { t.Reported = true })
	t := s.p.st.running[i]
	text := t.danger().name()
	if t.Zone != "" {
		text += ": " + s.cfg().name(t.Zone)
	}
	s.effect(Notice{Kind: "alarm", Alarm: t.Kind, Zone: t.Zone, Text: text + "."})
}

// sirenDue ends the siren time of a running alarm, which becomes memory, or
// begins it anew while a sensor still reports a danger to life.
func (s *step) sirenDue(i int) {
	t := s.p.st.running[i]
	timeout := time.Duration(s.cfg().settings.SirenTimeout)
	if t.danger().persists() && s.reported(t) {
		s.editTrip(i, func(t *trip) { t.SirenUntil = s.now.Add(timeout) })
		if !t.Silenced {
			s.line(home.KindAlarm, t.Zone, nil, AtOnce, t.danger().cause()+" is still reported: the siren goes on.")
		}
		return
	}
	s.endTrip(i)
	text := t.danger().name() + ": the siren time of " + say(timeout) + " is over."
	if t.Silenced {
		text = t.danger().name() + " is over."
	}
	if !s.p.allDisarmed(t.Areas) {
		text += " The house stays armed."
	}
	s.line(home.KindAlarm, t.Zone, nil, AtOnce, text)
}

// reported tells whether a sensor says that the danger is there now.
func (s *step) reported(t trip) bool {
	for i, z := range s.cfg().zones {
		if z.Kind.AlwaysOn() && dangerOf(string(z.Kind)) == t.danger() && s.p.st.open.has(i) && t.coversAny(z.Areas) {
			return true
		}
	}
	return false
}

func (t trip) coversAny(areas []home.AreaID) bool {
	return slices.ContainsFunc(areas, t.covers)
}

func (s *step) editTrip(i int, edit func(*trip)) {
	s.p.st.running = append([]trip(nil), s.p.st.running...)
	edit(&s.p.st.running[i])
	s.durable = true
}

// endTrip moves a running alarm to the memory.
func (s *step) endTrip(i int) {
	t := s.p.st.running[i]
	running := append([]trip(nil), s.p.st.running[:i]...)
	s.p.st.running = append(running, s.p.st.running[i+1:]...)
	memory := append([]trip(nil), s.p.st.memory...)
	if len(memory) == keepMemory {
		memory = memory[1:]
	}
	s.p.st.memory = append(memory, t)
	s.durable = true
}

// endTrips ends the alarms that the disarming of an area ends and says what
// became of them. Those of other areas go on, and fire does until it is silenced.
func (s *step) endTrips(a int) []string {
	var said []string
	for i := 0; i < len(s.p.st.running); {
		t := s.p.st.running[i]
		if !t.covers(s.cfg().areas[a].ID) {
			i++
			continue
		}
		if t.danger() == fire && !t.Silenced {
			said = append(said, "The fire alarm goes on until it is silenced.")
			i++
			continue
		}
		s.endTrip(i)
		switch {
		case t.Reported:
			said = append(said, t.danger().name()+" cancelled.")
			s.effect(Notice{
				Kind: "cancelled", Alarm: t.Kind, Zone: t.Zone, When: OnceWritten,
				Text: t.danger().name() + " cancelled: the house was disarmed.",
			})
		default:
			said = append(said, t.danger().name()+" aborted: nothing was sent.")
			s.aborted = true
		}
	}
	return said
}
