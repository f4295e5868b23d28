package soak

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the family's clock must not hang on the machine

	"gatehouse/hub/alarm"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
)

var errOff = errors.New("the hub is off")

// moment is something that happens at a time; n keeps the order of those at the
// same time.
type moment struct {
	at time.Time
	n  int
	do func()
}

type queue []moment

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].n < q[j].n
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(moment)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// life is the family, its house and all that befalls them. Everything is thrown
// from dice, and dice from the seed alone.
type life struct {
	t     testing.TB
	dice  *rand.Rand
	now   time.Time // the true one
	queue queue
	n     int
	ends  time.Time
	share float64 // of a year that is lived

	hub     *hub
	devices []*device
	sensors map[home.ZoneID]*sensor
	stick   bool // plugged in
	jam     bool // somebody fills the air
	since   time.Time
	watch   supervision.Watch

	in      map[string]bool // who is at home
	asleep  bool
	holiday bool
	codes   map[string]string
	guest   int // numbers the guests

	rung, disarmed, cut, silenced time.Time // the latest of each
	reported                      map[string]time.Time
	mayCut                        bool
	tally                         map[string]int
	order                         []string
}

var family = []string{"Anna", "Ben", "Cara", "Oma"}

// newLife furnishes the house and begins.
func newLife(t testing.TB, seed uint64, days int, step stepper) *life {
	clock, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2027, time.January, 4, 3, 0, 0, 0, clock) // a Monday
	if days < 200 {
		start = time.Date(2027, time.March, 15, 3, 0, 0, 0, clock) // summer time begins in these weeks
	}
	l := &life{
		t: t, dice: rand.New(rand.NewPCG(seed, 0x60a7)), now: start, since: start,
		ends: start.AddDate(0, 0, days), share: float64(days) / 365,
		stick: true, in: map[string]bool{}, reported: map[string]time.Time{}, tally: map[string]int{},
		codes: map[string]string{"Anna": "27182", "Ben": "31415", "Cara": "16180", "Oma": "14142", "Dana": "57721"},
	}
	l.hub = newHub(step, start, clock, []home.Area{{ID: studio, Name: "Studio"}})
	l.hub.heed = l.heed
	l.devices, l.sensors = build()
	l.furnish()
	return l
}

func (l *life) furnish() {
	l.must(alarm.PutMode{Mode: home.AlarmMode{ID: guests, Name: "Guests", Like: home.Home, Silent: true}, By: "Anna"})
	for _, z := range plan() {
		z.Device = l.sensors[z.ID].on.id
		l.must(alarm.PutZone{Zone: z, By: "Anna"})
	}
	far := home.At(l.ends.AddDate(0, 0, 30))
	for _, c := range []home.Code{
		{ID: "anna", Person: "Anna"},
		{ID: "ben", Person: "Ben"},
		{ID: "cara", Person: "Cara", Only: alarm.OnlyArm, Areas: []string{string(home.TheHouse)}},
		{ID: "oma", Person: "Oma", Areas: []string{string(home.TheHouse)}},
		{ID: "dana", Person: "Dana", Kind: alarm.CodeGuest, Schedule: "Tue 09:00-12:00", Expires: &far},
	} {
		l.must(alarm.PutCode{Code: c, Digest: digits(l.codes[c.Person]), By: "Anna"})
	}
	l.must(alarm.PutCode{Code: home.Code{ID: "duress", Person: "Anna", Kind: alarm.CodeDuress}, Digest: digits("99999"), By: "Anna"})
	for _, p := range family {
		l.in[p] = true
	}
	l.asleep = true
	for _, d := range l.devices {
		l.after(l.within(0, 4*time.Hour), func() { l.wakes(d) })
		l.speak(d)
		l.breaks(d)
	}
	l.looks()
	l.dawn()
	l.fate()
	l.stirs()
}

// must is for what may not be refused.
func (l *life) must(in alarm.Input) {
	if err := l.hub.take(in); err != nil && l.hub.strange == nil {
		l.t.Fatalf("%+v: %v", in, err)
	}
}

// live lets time pass until the end.
func (l *life) live() {
	for l.hub.strange == nil {
		due := l.hub.until()
		if len(l.queue) > 0 && (due.IsZero() || l.queue[0].at.Before(due)) {
			m := heap.Pop(&l.queue).(moment)
			if m.at.After(l.ends) {
				return
			}
			l.now, l.hub.now = m.at, m.at
			m.do()
			continue
		}
		if due.IsZero() || due.After(l.ends) {
			return
		}
		l.now, l.hub.now = due, due
		l.hub.take(alarm.Tick{})
	}
}

func (l *life) at(at time.Time, do func()) {
	l.n++
	heap.Push(&l.queue, moment{at, l.n, do})
}

func (l *life) after(d time.Duration, do func()) { l.at(l.now.Add(d), do) }

// within throws a time, to the millisecond.
func (l *life) within(from, to time.Duration) time.Duration {
	return (from + time.Duration(l.dice.Float64()*float64(to-from))).Round(time.Millisecond)
}

func (l *life) chance(p float64) bool { return l.dice.Float64() < p }

func (l *life) count(what string) {
	if l.tally[what]++; l.tally[what] == 1 {
		l.order = append(l.order, what)
	}
}

// often does something at random times, so many times a year, once at least.
func (l *life) often(aYear float64, do func()) {
	for range max(1, int(aYear*l.share+0.5)) {
		l.at(l.now.Add(l.within(6*time.Hour, l.ends.Sub(l.now))), do)
	}
}

// heed is what people and sirens make of the panel's effects.
func (l *life) heed(e alarm.Effect) {
	switch e := e.(type) {
	case alarm.Siren:
		if e.On() {
			l.rung = l.now
			l.count("sounded " + string(e.Pattern))
			l.after(l.within(15*time.Second, 3*time.Minute), l.respond)
		}
	case alarm.Notice:
		l.count("notice " + e.Kind + " " + e.Alarm)
		l.reported[e.Kind+" "+e.Alarm] = l.now
	case alarm.Line:
		if strings.Contains(e.Event.Text, "is ignored until") {
			l.count("false alarms kept away: a zone is ignored")
		}
		if strings.Contains(e.Event.Text, "No alarm unless") {
			l.count("false alarms kept away: crossed zones, one of them alone")
		}
		often := 1.0 / 100
		if l.hub.panel.Phase() == home.PhaseAlarm {
			often = 1.0 / 12
		}
		if l.mayCut && l.chance(often) { // the mains fail in the worst moment
			l.after(l.within(0, 30*time.Millisecond), l.blackout)
		}
	}
}

// The house and its radio.

func (l *life) set(id home.ZoneID, open bool) {
	s := l.sensors[id]
	if s.open != open {
		s.open = open
		l.report(s)
	}
}

// opens opens something for a while.
func (l *life) opens(id home.ZoneID, d time.Duration) {
	l.set(id, true)
	l.after(d, func() { l.set(id, false) })
}

// press is a button.
func (l *life) press(id home.ZoneID) { l.send(l.sensors[id], l.sensors[id].says(true)) }

// report sends what a sensor sees, well or badly.
func (l *life) report(s *sensor) {
	l.send(s, s.says(s.open || s.stuck))
}

func (l *life) send(s *sensor, v home.Value) {
	if s.on.mute || s.on.battery <= 0 {
		return
	}
	delay := l.within(15*time.Millisecond, 90*time.Millisecond)
	switch {
	case s.slow:
		delay += l.within(0, time.Minute)
	case l.chance(0.01): // overtaken by the next one
		delay += l.within(time.Second, 4*time.Second)
		l.count("reports out of order")
	}
	l.after(delay, func() { l.arrives(s, v, 1) })
	if l.chance(0.02) {
		l.count("reports twice")
		l.after(delay+l.within(0, 300*time.Millisecond), func() { l.arrives(s, v, 1) })
	}
}

// arrives brings a report to the hub, which a sensor tries three times.
func (l *life) arrives(s *sensor, v home.Value, try int) {
	if !l.hub.on || !l.stick || l.jam || l.chance(0.003) {
		if try < 3 {
			l.after(l.within(time.Second, 2*time.Second), func() { l.arrives(s, v, try+1) })
			return
		}
		l.count("reports lost")
		return
	}
	l.heard(s.on)
	l.hub.take(alarm.Reading{Device: s.Device, Trait: s.Trait, Value: v})
}

func (l *life) heard(d *device) {
	d.heard = l.now
	if d.health != home.HealthOK {
		d.health = home.HealthOK
		l.trouble(health.DeviceMissing, d.id, false)
	}
}

// speak has a device say all that it sees.
func (l *life) speak(d *device) {
	for _, s := range d.sensors {
		if s.Trait != home.Button {
			l.report(s)
		}
	}
}

// wakes is the life of a battery: it wakes each four hours, says how full it is
// and what it sees.
func (l *life) wakes(d *device) {
	if d.drain > 0 {
		l.after(4*time.Hour+l.within(-time.Minute, time.Minute), func() { l.wakes(d) })
		d.battery -= d.drain / 6
	}
	if d.mute || d.battery <= 0 || !l.hub.on || !l.stick || l.jam {
		return
	}
	l.heard(d)
	l.hub.take(alarm.Reading{Device: d.id, Trait: home.Battery, Value: home.Number(d.battery)})
	if d.battery <= supervision.BatteryLow && !d.low {
		d.low = true
		l.count("batteries low")
		l.trouble(health.BatteryLow, d.id, true)
		wait := l.within(24*time.Hour, 6*24*time.Hour)
		if l.chance(0.3) {
			wait = 90 * 24 * time.Hour // forgotten until it is flat
			l.count("batteries flat")
		}
		l.after(wait, func() {
			d.battery, d.low = 100, false
			l.trouble(health.BatteryLow, d.id, false)
			l.speak(d)
		})
	}
	l.speak(d)
}

// breaks has a device fail now and then, and be mended.
func (l *life) breaks(d *device) {
	s := d.sensors[0]
	l.after(l.within(0, 500*24*time.Hour), func() {
		var mend func()
		var lasts time.Duration
		switch l.dice.IntN(4) {
		case 0:
			l.count("sensors silent for days")
			d.mute, mend, lasts = true, func() { d.mute = false }, l.within(12*time.Hour, 8*24*time.Hour)
		case 1:
			l.count("sensors stuck open")
			s.stuck, mend, lasts = true, func() { s.stuck = false }, l.within(time.Hour, 4*24*time.Hour)
			l.report(s)
		case 2:
			l.count("sensors loose in the wind")
			s.chatter, mend, lasts = true, func() { s.chatter = false }, l.within(5*time.Minute, 40*time.Minute)
			l.chatters(s)
		default:
			l.count("sensors slow for days")
			s.slow, mend, lasts = true, func() { s.slow = false }, l.within(24*time.Hour, 9*24*time.Hour)
		}
		l.after(lasts, func() {
			mend()
			l.speak(d)
			l.breaks(d)
		})
	})
}

func (l *life) chatters(s *sensor) {
	if !s.chatter {
		return
	}
	if s.Trait != home.Button && s.Kind != home.ZoneFire {
		l.opens(s.ID, l.within(time.Second, 20*time.Second))
	}
	l.after(l.within(25*time.Second, 4*time.Minute), func() { l.chatters(s) })
}

// looks lets the hub look after its sensors, and looks after supervision: who
// was silent too long is missing, who spoke is not.
func (l *life) looks() {
	due := l.now.Add(30 * time.Minute)
	if l.hub.on {
		up := map[string]time.Time{}
		if l.stick {
			up["zwave"] = l.since
		}
		seen := make([]supervision.Device, len(l.devices))
		for i, d := range l.devices {
			seen[i] = supervision.Device{
				ID: d.id, Radio: "zwave", Health: d.health, Heard: d.heard,
				Habit: supervision.Habit{Class: d.class, Every: 4 * time.Hour},
			}
		}
		f := l.watch.Look(l.now, up, seen)
		for _, v := range f.Worse {
			d := l.devices[slices.IndexFunc(l.devices, func(d *device) bool { return d.id == v.Device })]
			d.health = v.Health
			if v.Health == home.HealthMissing {
				l.count("sensors missing")
				l.trouble(health.DeviceMissing, d.id, true)
			}
		}
		for _, id := range f.Ask {
			d := l.devices[slices.IndexFunc(l.devices, func(d *device) bool { return d.id == id })]
			if !d.mute && d.battery > 0 && !l.jam {
				l.after(l.within(50*time.Millisecond, time.Second), func() { l.speak(d) })
			}
		}
		for _, s := range f.Silences {
			if len(s.Devices) < 3 {
				l.hub.object(fmt.Errorf("%d devices are a silence of many", len(s.Devices)))
			}
		}
		l.looksRight()
		if !f.Until.IsZero() && f.Until.Before(due) {
			due = f.Until
		}
	}
	if !due.After(l.now) {
		l.hub.object(fmt.Errorf("supervision wants to look again at %s", due))
	}
	l.at(due, l.looks)
}

func (l *life) looksRight() {
	for _, d := range l.devices {
		limit, _ := supervision.Habit{Class: d.class, Every: 4 * time.Hour}.Limit()
		from := l.since
		if d.heard.After(from) {
			from = d.heard
		}
		silent := l.now.Sub(from)
		if l.stick && silent >= limit.Missing+time.Hour && d.health != home.HealthMissing {
			l.hub.object(fmt.Errorf("%s is silent for %s and counts as %s", d.id, silent, d.health))
		}
		if d.health == home.HealthMissing && d.heard.Equal(l.now) {
			l.hub.object(fmt.Errorf("%s has just spoken and counts as missing", d.id))
		}
	}
}

// trouble tells the panel of a condition, with what it blocks by the table.
func (l *life) trouble(code health.Code, d home.DeviceID, present bool) {
	decl := health.Declarations[code]
	l.hub.take(alarm.Trouble{Present: present, Item: home.TroubleItem{
		Code: string(code), Device: d, Severity: decl.Severity, Text: string(code), Blocks: decl.Blocks, Since: home.At(l.now),
	}})
}

// blackout takes the mains from the hub, which comes back with what it wrote.
func (l *life) blackout() {
	if !l.hub.on {
		return
	}
	l.count("power cuts")
	before := l.hub.panel.View(l.hub.wall())
	if l.hub.cut() {
		l.count("power cuts that took the last save")
	}
	l.cut = l.now
	dark := l.within(time.Second, 20*time.Second)
	if l.chance(0.3) {
		dark = l.within(time.Minute, 5*time.Hour)
	}
	if before.Phase != home.PhaseDisarmed {
		l.count("power cuts while armed")
	}
	l.after(dark, func() {
		set := l.hub.set
		if l.chance(0.2) { // a box without a clock of its own
			set = -l.within(0, 2000*time.Hour)
			l.count("starts in the past")
			l.after(l.within(20*time.Second, 5*time.Minute), func() { l.hub.setClock(0) })
		}
		for _, d := range l.devices {
			d.heard = time.Time{}
		}
		l.watch, l.since = supervision.Watch{}, l.now
		l.hub.boot(set)
		for _, d := range l.devices { // a hub that starts raises what is wrong again
			if d.low {
				l.trouble(health.BatteryLow, d.id, true)
			}
			if d.health == home.HealthMissing {
				l.trouble(health.DeviceMissing, d.id, true)
			}
			if d.drain == 0 {
				l.speak(d)
			}
		}
	})
}
