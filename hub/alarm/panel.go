package alarm

import (
	"slices"
	"time"

	"gatehouse/hub/home"
)

// Panel is the alarm of one house: its configuration and where it stands. The
// zero Panel behaves as New().
type Panel struct {
	cfg *config // never written in place: a change replaces it
	st  state   // slices within are never written in place
}

// state is where the panel stands. Times are wall time as the panel's owner
// gives it.
type state struct {
	at  time.Time // latest time that the panel has seen
	seq uint64    // grows with every change that a face can see
	rev uint64    // grows with every change that must be saved

	stands []stand // by area

	open  zoneSet // zones whose sensor says so
	known zoneSet // zones whose sensor has spoken since the panel was loaded

	hindrances hindrances // counted from these; not saved

	lastTrip uint64
	running  []trip  // alarms whose siren time has not ended, at most one of each danger
	memory   []trip  // alarms that ended since the last arming, until acknowledged
	swings   []swing // what zones did since the last arming

	crossings []crossing // zones that wait for the one that they are crossed with
	blocking  zoneSet    // zones that raised an alarm and have not closed since
	calls     []call     // silent calls for help of the last minute; not saved: a repeat is better than none
	testUntil time.Time  // end of the walk test, else zero
	tested    zoneSet    // zones that spoke in it

	wrongCodes  int
	lockedUntil time.Time

	troubles []home.TroubleItem // not saved: whoever raised them raises them again
	answers  []answer
	lastLine uint64
	outbox   []home.Event // the latest lines, until the journal has surely written them

	lastNotice uint64
	notices    []Notice // the latest, until they have surely been told
}

// exitRoute follows the way out through an entry door during the exit delay.
type exitRoute uint8

const (
	exitUnused exitRoute = iota
	exitOpened
	exitClosed // opened and closed again: the next opening restarts the delay
	exitRestarted
)

// answer remembers what a request was told, so that the same request sent
// again is told the same and does nothing.
type answer struct {
	id   string
	by   string
	area home.AreaID
	mode home.Mode
	err  error // not saved: a refusal is worked out anew after a restart
}

const (
	keepAnswers = 16
	keepLines   = 24
	keepMemory  = 16
)

// New is a disarmed panel without zones or codes, with the default figures.
func New() Panel {
	return Panel{
		cfg: newConfig(DefaultSettings(), nil, nil),
		st:  state{stands: []stand{newStand()}},
	}
}

// NewWith is New with other figures, or *home.Invalid.
func NewWith(c home.AlarmSettings) (Panel, error) {
	if err := CheckSettings(c); err != nil {
		return Panel{}, err
	}
	p := New()
	p.cfg = newConfig(c, nil, nil)
	return p, nil
}

func (p Panel) orNew() Panel {
	if p.cfg == nil {
		return New()
	}
	return p
}

// In is the panel in a house whose clock on the wall stands in the time zone:
// codes that follow a timetable go by it. It is not saved; without it they go by
// UTC.
func (p Panel) In(zone *time.Location) Panel {
	p = p.orNew()
	cfg := *p.cfg
	cfg.zone = zone
	p.cfg = &cfg
	return p
}

// Revision grows with every change that must survive a power cut.
func (p Panel) Revision() uint64 { return p.st.rev }

// Seq grows with every change that a face can see.
func (p Panel) Seq() uint64 { return p.st.seq }

// Mode is what the house is guarded for: the mode of the area home.TheHouse.
func (p Panel) Mode() home.Mode { return p.orNew().st.stands[0].mode }

// Phase is where the panel stands, as faces show it: alarm while one runs in
// any area, else the phase of the area home.TheHouse.
func (p Panel) Phase() home.Phase {
	if len(p.st.running) > 0 {
		return home.PhaseAlarm
	}
	return p.orNew().st.stands[0].watch
}

// phase is where one area stands.
func (p Panel) phase(a int) home.Phase {
	for _, t := range p.st.running {
		if t.covers(p.cfg.areas[a].ID) {
			return home.PhaseAlarm
		}
	}
	return p.st.stands[a].watch
}

// Alike tells whether two panels guard the house in the same way: no area was
// armed, disarmed or moved to another phase, nothing else is left out, and no
// alarm began, ended or fell silent.
func (p Panel) Alike(q Panel) bool {
	p, q = p.orNew(), q.orNew()
	if len(p.st.stands) != len(q.st.stands) || len(p.st.running) != len(q.st.running) || len(p.st.memory) != len(q.st.memory) {
		return false
	}
	for a := range p.st.stands {
		x, y := &p.st.stands[a], &q.st.stands[a]
		if x.mode != y.mode || x.watch != y.watch || !slices.Equal(x.bypassed, y.bypassed) {
			return false
		}
	}
	for i := range p.st.running {
		x, y := p.st.running[i], q.st.running[i]
		if x.Kind != y.Kind || x.Zone != y.Zone || x.Silenced != y.Silenced {
			return false
		}
	}
	return true
}

// LastSeen is the latest time that the panel has seen.
func (p Panel) LastSeen() time.Time { return p.st.at }

// Until is when the panel wants to be stepped again if nothing happens before.
// It is zero when nothing is due.
//
// While a delay runs that is each second, for the keypads that count along; this
// changes neither Revision nor Seq.
func (p Panel) Until() time.Time {
	p = p.orNew()
	until := p.nextDue().at
	for a := range p.st.stands {
		if next := p.nextSecond(a); !next.IsZero() && (until.IsZero() || next.Before(until)) {
			until = next
		}
	}
	return until
}

// counts tells whether a delay runs anywhere, so that keypads change as time
// passes.
func (p Panel) counts() bool {
	return slices.ContainsFunc(p.st.stands, func(st stand) bool { return !st.until.IsZero() })
}

// nextSecond is when the seconds change that the keypads of an area show; zero
// when none do.
func (p Panel) nextSecond(a int) time.Time {
	if ph := p.phase(a); ph != home.PhaseArming && ph != home.PhaseEntry {
		return time.Time{}
	}
	ends := p.st.stands[a].ends()
	left := secondsUp(ends.Sub(p.st.at))
	if left <= 1 {
		return time.Time{} // the delay itself ends then
	}
	return ends.Add(-time.Duration(left-1) * time.Second)
}

// Outbox holds the latest lines that the panel asked to be journalled, oldest
// first. After a power cut those that the journal does not hold are written
// again; LineID tells them apart.
func (p Panel) Outbox() []home.Event { return p.st.outbox }

// Zones lists the zones in the order in which they were added.
func (p Panel) Zones() []home.Zone {
	p = p.orNew()
	zones := make([]home.Zone, len(p.cfg.zones))
	for i, z := range p.cfg.zones {
		z.Bypassed = p.leftOutOf(i)
		zones[i] = z
	}
	return zones
}

// Areas lists the areas; the first is home.TheHouse.
func (p Panel) Areas() []home.Area { return slices.Clone(p.orNew().cfg.areas) }

// Modes lists the armed modes: home, night and away, then the owner's.
func (p Panel) Modes() []home.AlarmMode { return slices.Clone(p.orNew().cfg.modes) }

// ZoneOf is the zone that watches a trait of a device; "" when none does.
func (p Panel) ZoneOf(d home.DeviceID, t home.Trait) home.ZoneID {
	cfg := p.orNew().cfg
	if i, ok := cfg.bySource[source{d, t}]; ok {
		return cfg.zones[i].ID
	}
	return ""
}

// Codes lists the codes without digits or digests.
func (p Panel) Codes() []home.Code {
	p = p.orNew()
	codes := make([]home.Code, len(p.cfg.codes))
	for i, c := range p.cfg.codes {
		codes[i] = c.Code
	}
	return codes
}

// Settings are the figures of the panel.
func (p Panel) Settings() home.AlarmSettings { return p.orNew().cfg.settings }

// dueKind says what a deadline is for.
type dueKind uint8

const (
	dueNothing dueKind = iota
	dueDelay           // the exit or entry delay ends
	dueReport          // the abort window of an alarm ends
	dueOutside         // the outside hears an alarm too
	dueSiren           // the siren time of an alarm ends
	dueCross           // a zone has waited for its partner
	dueSwing           // what a zone did is forgotten
	dueTest            // the walk test ends
)

type due struct {
	at   time.Time
	kind dueKind
	i    int // the place of what it is for in its list
}

// nextDue is the earliest deadline. Of several at the same instant the delay
// comes first, then crossed zones, then reports, then the sirens.
func (p Panel) nextDue() due {
	var d due
	sooner := func(at time.Time, kind dueKind, i int) {
		if !at.IsZero() && (d.kind == dueNothing || at.Before(d.at)) {
			d = due{at, kind, i}
		}
	}
	for a := range p.st.stands {
		sooner(p.st.stands[a].ends(), dueDelay, a)
	}
	for i, c := range p.st.crossings {
		sooner(c.Until, dueCross, i)
	}
	for i, t := range p.st.running {
		if !t.Reported {
			sooner(t.ReportAt, dueReport, i)
		}
	}
	for i, t := range p.st.running {
		sooner(t.OutsideAt, dueOutside, i)
	}
	for i, t := range p.st.running {
		sooner(t.SirenUntil, dueSiren, i)
	}
	for i, w := range p.st.swings {
		sooner(w.since.Add(swingTime), dueSwing, i)
	}
	sooner(p.st.testUntil, dueTest, 0)
	return d
}
