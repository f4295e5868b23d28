package alarm

import (
	"fmt"
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

// insideOnly tells whether only inside sounders speak while the house is not
// armed: an outside siren of an unset house is for danger to life alone.
func (d danger) insideOnly(mode home.Mode) bool {
	return mode == home.Disarmed && (d == burglary || d == tamper || d == water)
}

// trip is one alarm.
type trip struct {
	N          uint64      `json:"n"` // numbers the siren command
	Kind       string      `json:"kind"`
	Zone       home.ZoneID `json:"zone"`
	Since      time.Time   `json:"since"`
	SirenUntil time.Time   `json:"siren_until"`
	ReportAt   time.Time   `json:"report_at"` // end of the abort window
	Reported   bool        `json:"reported"`
	Silenced   bool        `json:"silenced"`
	Inside     bool        `json:"inside"`
}

func (t trip) danger() danger { return dangerOf(t.Kind) }

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
		return Sound{}
	}
	t := p.st.running[best]
	return Sound{
		Pattern: t.danger().pattern(), Inside: t.Inside,
		ID: "alarm-" + strconv.FormatUint(t.N, 10), Until: t.SirenUntil,
	}
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

func (p Panel) runs(d danger) int {
	for i, t := range p.st.running {
		if t.danger() == d {
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
	until := s.now.Add(time.Duration(s.cfg().settings.SirenTimeout))
	running := append([]trip(nil), s.p.st.running...)
	var t *trip
	if i := s.p.runs(d); i >= 0 {
		t = &running[i]
		t.Inside = t.Inside && d.insideOnly(s.p.st.mode)
		text = d.name() + " goes on: " + text
	} else {
		running = append(running, trip{N: s.nextTrip(), Kind: kind, Zone: zone, Since: s.now})
		t = &running[len(running)-1]
		t.Inside = d.insideOnly(s.p.st.mode)
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
	if d == burglary && s.p.st.watch == home.PhaseEntry {
		s.watch(home.PhaseArmed, time.Time{}) // the alarm runs: no delay any more
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
	if t.danger().persists() && s.reported(t.danger()) {
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
	if s.p.st.mode != home.Disarmed {
		text += " The house stays armed."
	}
	s.line(home.KindAlarm, t.Zone, nil, AtOnce, text)
}

// reported tells whether a sensor says that the danger is there now.
func (s *step) reported(d danger) bool {
	for i, z := range s.cfg().zones {
		if z.Kind.AlwaysOn() && dangerOf(string(z.Kind)) == d && s.p.st.open.has(i) {
			return true
		}
	}
	return false
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

// endTrips ends the alarms that a disarming ends and says what became of them.
// Fire goes on until it is silenced.
func (s *step) endTrips() []string {
	var said []string
	for i := 0; i < len(s.p.st.running); {
		t := s.p.st.running[i]
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
