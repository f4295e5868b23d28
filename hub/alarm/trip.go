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
	OutsideAt  time.Time     `json:"outside_at"` // until then inside sounders alone speak; zero: no such time
	ReportAt   time.Time     `json:"report_at"`  // end of the abort window
	Reported   bool          `json:"reported"`
	CancelBy   time.Time     `json:"cancel_by"` // until then disarming takes the report back; zero: nothing to take back
	Silenced   bool          `json:"silenced"`
	Inside     bool          `json:"inside"`
	Quiet      bool          `json:"quiet"` // lights only: the sirens have sounded often enough
	Flash      bool          `json:"flash"` // it is over and its lights go on
	Verified   bool          `json:"verified"`
	Recent     bool          `json:"recent"` // began soon after arming
}

// within tells whether only the inside of the house hears the alarm at now.
func (t trip) within(now time.Time) bool { return t.Inside || now.Before(t.OutsideAt) }

func (t trip) danger() danger { return dangerOf(t.Kind) }

// covers tells whether the alarm is one of the area.
func (t trip) covers(a home.AreaID) bool { return len(t.Areas) == 0 || slices.Contains(t.Areas, a) }

// swing is what one zone did since the last arming.
type swing struct {
	zone  home.ZoneID
	n     int       // burglary alarms
	since time.Time // when it was last disturbed
}

// Sounding is what the sirens and their lights should do at the time now. It
// depends on nothing but the panel, so the panel that was last written can be
// asked as well.
func (p Panel) Sounding(now time.Time) Sound {
	var best, flashes *trip
	for i := range p.st.running {
		t := &p.st.running[i]
		if t.Silenced {
			continue
		}
		if !t.within(now) {
			flashes = t
		}
		if !t.Quiet && now.Before(t.SirenUntil) && (best == nil || t.danger() < best.danger()) {
			best = t
		}
	}
	for i := range p.st.memory {
		if t := &p.st.memory[i]; t.Flash && (flashes == nil || flashes.N < t.N) {
			flashes = t
		}
	}
	sound := p.soundingExit(now)
	switch {
	case best != nil:
		sound = Sound{Pattern: best.danger().pattern(), Inside: best.within(now), ID: best.id(), Until: best.SirenUntil}
	case !sound.On() && flashes != nil:
		sound.ID = flashes.id()
	}
	sound.Strobe = flashes != nil
	return sound
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

func (t *trip) id() string { return "alarm-" + strconv.FormatUint(t.N, 10) }

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
	return &home.AlarmMemory{
		Kind: top.Kind, Zone: top.Zone, Since: home.At(top.Since), Verified: top.Verified, Silenced: top.Silenced,
		Reported: top.Reported, RecentClosing: top.Recent,
	}
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
	var z home.Zone
	if i, ok := s.cfg().byID[zone]; ok {
		z = s.cfg().zones[i]
		s.block(i)
	}
	second, first := home.ZoneID(""), false
	if d == burglary {
		first = s.count(zone) == 1
		second = s.secondTo(z)
	}
	quiet := func() bool { return d.aborts() && !s.cycle(z.Areas) && !first }
	set, inside := s.cfg().settings, d.insideOnly(s.p.allDisarmed(z.Areas))
	running := append([]trip(nil), s.p.st.running...)
	var t *trip
	if i := s.p.runs(d, z.Areas); i >= 0 {
		t = &running[i]
		t.Inside = t.Inside && inside
		if !wayIn(z.Kind) {
			t.OutsideAt = time.Time{}
		}
		text = d.name() + " goes on: " + text
	} else {
		running = append(running, trip{N: s.nextTrip(), Kind: kind, Zone: zone, Areas: z.Areas, Since: s.now, ReportAt: s.now, Inside: inside})
		t = &running[len(running)-1]
		if d.aborts() {
			t.ReportAt = s.now.Add(time.Duration(set.AbortWindow))
			t.Quiet = quiet()
		}
		text = d.name() + ": " + text
		if ago, ok := s.recent(z.Areas); ok && d == burglary {
			t.Recent = true
			text += " Armed " + map[bool]string{true: "a moment", false: say(ago.Truncate(time.Second))}[ago < time.Second] + " before."
		}
	}
	if t.ReportAt.After(s.now) && z.AbortWindow != nil && !*z.AbortWindow {
		t.ReportAt = s.now
	}
	t.SirenUntil = s.now.Add(time.Duration(set.SirenTimeout))
	if t.Silenced || t.Quiet && first {
		t.Silenced = false
		t.N = s.nextTrip()
		t.Quiet = quiet()
	}
	if t.Quiet {
		text += " The siren stays silent: it has sounded " + often(set.SirenCycles) + " since arming."
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
	if second != "" {
		s.verify(z.Areas, s.cfg().name(second)+" and "+z.Name)
	}
}

// wayIn tells whether people who come home pass zones of the kind.
func wayIn(k home.ZoneKind) bool { return k == home.ZoneEntry || k == home.ZoneInterior }

// recentTime is how long after arming an alarm carries that it is recent: the
// two minutes that panels of CP-01 are known for (unverified).
const recentTime = 2 * time.Minute

// recent is how long ago the last of the areas was armed, if that was just now.
func (s *step) recent(areas []home.AreaID) (time.Duration, bool) {
	ago := recentTime + 1
	for a, st := range s.p.st.stands {
		if slices.Contains(areas, s.cfg().areas[a].ID) && !st.armedAt.IsZero() {
			ago = min(ago, s.now.Sub(st.armedAt))
		}
	}
	return ago, ago <= recentTime
}

// cycle counts a siren time of the areas and tells whether this arming allows
// it. The limit is ours, for the neighbours' sake: CP-01 counts the alarms of each
// zone (see ignored), and EN 50131-1 how long a siren sounds, not how often. A zone
// that has not raised an alarm before is news, and is heard all the same: else
// whoever rattles at one window until the sirens are used up could climb in by
// another unheard.
func (s *step) cycle(areas []home.AreaID) bool {
	allowed := true
	for a, st := range s.p.st.stands {
		if !slices.Contains(areas, s.cfg().areas[a].ID) {
			continue
		}
		if st.cycles >= s.cfg().settings.SirenCycles {
			allowed = false
			continue
		}
		s.stand(a).cycles++
	}
	return allowed
}

// outsideAfter is how long an alarm on the way in stays in the house with the
// European preset: EN 50131-1 wants an inside sounder first, and nothing to
// leave before these are over.
const outsideAfter = 30 * time.Second

// keepInside keeps an alarm that has just begun on the way in in the house for a
// while: whoever fumbles for the code shall not wake the street.
func (s *step) keepInside(zone home.ZoneID) {
	i := slices.IndexFunc(s.p.st.running, func(t trip) bool {
		return t.Zone == zone && t.danger() == burglary && t.Since.Equal(s.now)
	})
	if i < 0 || s.cfg().settings.Preset != home.PresetEN {
		return
	}
	s.editTrip(i, func(t *trip) {
		t.OutsideAt = s.now.Add(outsideAfter)
		if t.ReportAt.Before(t.OutsideAt) {
			t.ReportAt = t.OutsideAt
		}
	})
}

// outsideDue lets the outside hear an alarm that began on the way in.
func (s *step) outsideDue(i int) {
	s.editTrip(i, func(t *trip) { t.OutsideAt = time.Time{} })
	t := s.p.st.running[i]
	s.line(home.KindAlarm, t.Zone, nil, AtOnce,
		t.danger().name()+": no code within another "+say(outsideAfter)+". The outside hears it now.")
}

func (s *step) nextTrip() uint64 {
	s.p.st.lastTrip++
	return s.p.st.lastTrip
}

// count counts a burglary alarm of a zone and returns how many it has raised; 0
// when it is no zone.
func (s *step) count(zone home.ZoneID) int {
	i := s.saw(zone)
	if i < 0 {
		return 0
	}
	s.p.st.swings[i].n++
	return s.p.st.swings[i].n
}

// saw notes that a zone was disturbed, and where that stands in swings: -1 when
// it is no zone.
func (s *step) saw(zone home.ZoneID) int {
	if _, ok := s.cfg().byID[zone]; !ok {
		return -1
	}
	s.durable = true
	s.p.st.swings = append([]swing(nil), s.p.st.swings...)
	for i := range s.p.st.swings {
		if w := &s.p.st.swings[i]; w.zone == zone {
			w.since = s.now
			return i
		}
	}
	s.p.st.swings = append(s.p.st.swings, swing{zone, 0, s.now})
	return len(s.p.st.swings) - 1
}

// swingTime is how long a zone's alarms are counted after the latest.
const swingTime = 8 * time.Hour

// swingDue forgets what a zone did.
func (s *step) swingDue(i int) {
	w := s.p.st.swings[i]
	s.p.st.swings = slices.Delete(slices.Clone(s.p.st.swings), i, i+1)
	s.durable = true
	if w.shut(s.cfg()) {
		s.line(home.KindAlarm, w.zone, nil, AtOnce, s.cfg().name(w.zone)+" guards again after "+say(swingTime)+" without an alarm.")
	}
}

// shut tells whether the zone is ignored, which was told. Zones that always
// watch never are.
func (w swing) shut(c *config) bool {
	i, ok := c.byID[w.zone]
	return ok && !c.zones[i].Kind.AlwaysOn() && c.settings.Swinger > 0 && w.n > c.settings.Swinger
}

// block notes that a zone raised an alarm. Until it closes it raises no other
// one, over a power cut too: a door that was kicked in stays open.
func (s *step) block(i int) {
	momentary := s.cfg().zones[i].Trait == home.Button
	if s.cfg().alwaysOn.has(i) || momentary || s.p.st.known.has(i) && !s.p.st.open.has(i) {
		return
	}
	s.p.st.blocking = s.p.st.blocking.with(i, true)
	s.durable = true
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
	s.editTrip(i, func(t *trip) {
		t.Reported = true
		t.CancelBy = s.now.Add(time.Duration(s.cfg().settings.CancelWindow))
	})
	t := s.p.st.running[i]
	text := t.danger().name()
	if t.danger() == burglary {
		text += map[bool]string{true: ", verified", false: ", not verified"}[t.Verified]
	}
	if t.Recent {
		text += ", soon after arming"
	}
	if t.Zone != "" {
		text += ": " + s.cfg().name(t.Zone)
	}
	s.notice(Notice{Kind: "alarm", Text: text + "."}, &t)
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
	text := t.danger().name() + ": the siren time of " + say(timeout) + " is over."
	if t.Silenced || t.Quiet {
		text = t.danger().name() + " is over."
	}
	if !t.Reported { // a siren time shorter than the abort window
		s.editTrip(i, func(t *trip) { t.SirenUntil, t.Quiet = t.ReportAt, true })
		s.line(home.KindAlarm, t.Zone, nil, AtOnce, text)
		return
	}
	t.Flash = s.cfg().settings.StrobeAfter && !t.Silenced && !t.Inside
	s.p.st.running = slices.Clone(s.p.st.running)
	s.p.st.running[i] = t
	s.endTrip(i)
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
	area := s.cfg().areas[a].ID
	s.p.st.memory = slices.Clone(s.p.st.memory)
	for i := range s.p.st.memory {
		if t := &s.p.st.memory[i]; t.covers(area) {
			t.Flash = false
			if t.danger().aborts() && s.cancel(t) { // a fire that is over was one
				said = append(said, t.danger().name()+" cancelled.")
			}
		}
	}
	for i := 0; i < len(s.p.st.running); {
		t := s.p.st.running[i]
		if !t.covers(area) {
			i++
			continue
		}
		if t.danger() == fire && !t.Silenced {
			said = append(said, "The fire alarm goes on until it is silenced.")
			i++
			continue
		}
		switch {
		case !t.Reported:
			said = append(said, t.danger().name()+" aborted: nothing was sent.")
			s.aborted = true
		case s.cancel(&t):
			said = append(said, t.danger().name()+" cancelled.")
		default:
			said = append(said, t.danger().name()+" ended, too late to take its report back.")
		}
		s.p.st.running = slices.Clone(s.p.st.running)
		s.p.st.running[i] = t
		s.endTrip(i)
	}
	return said
}

// cancel tells people elsewhere that an alarm is over, if they were told of it
// and that is not too long ago.
func (s *step) cancel(t *trip) bool {
	if t.CancelBy.IsZero() || !s.now.Before(t.CancelBy) {
		return false
	}
	t.CancelBy = time.Time{}
	s.notice(Notice{Kind: "cancelled", When: OnceWritten, Text: t.danger().name() + " cancelled: the house was disarmed."}, t)
	return true
}
