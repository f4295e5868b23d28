package soak

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// oracle says after every step whether the panel did what it must. It tells the
// rules of the house a second time, plainly and slowly, from what people and
// sensors did and nothing else: it never looks into the panel, only at what
// faces and sirens would see of it.
type oracle struct {
	zones    []home.Zone
	settings home.AlarmSettings
	clock    *time.Location

	open, known []bool // what each zone's sensor said since the panel was loaded
	troubles    map[trouble]home.TroubleItem
	calls       map[string]time.Time // silent ones, by whose
	refused     map[request]string   // what requests were refused with since then

	belief
	now     time.Time
	notices []string // that this step must send
	changed []string // lasting things that this step changes, each of which wants a line
	fired   []home.ZoneID
	who     string // who asked for it
	secret  bool   // nobody inside may learn of this step

	driven alarm.Sound                      // what the sirens were last told
	shown  map[home.AreaID]alarm.Indication // and the keypads
	lines  map[string]bool                  // every line that was ever asked for
}

type trouble struct {
	code   string
	device home.DeviceID
}

type request struct {
	id, by string
	area   home.AreaID
	mode   home.Mode
}

// belief is the part that survives a power cut.
type belief struct {
	areas   []area
	alarms  []ring                     // that run, in the order in which they began
	recall  []ring                     // that are over, until the next arming
	codes   map[alarm.Digest]home.Code // written anew when it changes, as is uses
	uses    map[string]int
	wrong   int
	swings  []swing       // what zones did in their arming
	crossed []crossing    // zones that wait for another
	shut    []home.ZoneID // that raised an alarm and have not closed since
	test    time.Time     // the end of a walk test
	locked  time.Time
	granted []request
}

type area struct {
	id     home.AreaID
	mode   home.Mode
	phase  home.Phase // alarms aside
	until  time.Time
	delay  time.Duration
	left   int // how the way out was used: 1 opened, 2 closed again, 3 the delay was restarted
	entry  home.ZoneID
	error  bool // the entry delay comes from a door left open
	out    []home.ZoneID
	rounds int  // siren times of this arming
	hushed bool // the sounder that tells of a door left open was silenced

	// Not saved: who armed where, and when the last door fell shut.
	keypad  bool
	onClose bool
	closing time.Time
}

// ends is when the delay ends as things stand.
func (a *area) ends() time.Time {
	if !a.closing.IsZero() && a.closing.Before(a.until) {
		return a.closing
	}
	return a.until
}

func (a *area) moves(phase home.Phase, until time.Time) {
	a.phase, a.until, a.closing = phase, until, time.Time{}
}

type swing struct {
	zone home.ZoneID
	n    int
	at   time.Time
}

type crossing struct {
	zone  home.ZoneID
	until time.Time
	held  bool // open all the time
}

type ring struct {
	kind     string
	zone     home.ZoneID
	area     home.AreaID // "": the whole home
	until    time.Time
	report   time.Time
	reported bool
	silenced bool
	inside   bool

	since    time.Time
	takeBack time.Time // until then disarming takes the report back
	quiet    bool      // has sounded often enough: lights alone
	flash    bool      // is over, and its lights go on
	verified bool
}

func (b belief) clone() belief {
	b.areas, b.alarms, b.recall = slices.Clone(b.areas), slices.Clone(b.alarms), slices.Clone(b.recall)
	b.swings, b.crossed, b.shut = slices.Clone(b.swings), slices.Clone(b.crossed), slices.Clone(b.shut)
	return b
}

func newOracle(p alarm.Panel, clock *time.Location) *oracle {
	o := &oracle{
		clock: clock, lines: map[string]bool{},
		troubles: map[trouble]home.TroubleItem{}, calls: map[string]time.Time{}, refused: map[request]string{},
	}
	for _, a := range p.Areas() {
		o.areas = append(o.areas, area{id: a.ID, mode: home.Disarmed, phase: home.PhaseDisarmed})
	}
	o.codes, o.uses = map[alarm.Digest]home.Code{}, map[string]int{}
	o.adopt(p)
	o.tells(p)
	return o
}

// adopt takes what an owner has set.
func (o *oracle) adopt(p alarm.Panel) {
	zones := p.Zones()
	open, known := make([]bool, len(zones)), make([]bool, len(zones))
	for i, z := range zones {
		if j := o.zone(z.ID); j >= 0 && o.zones[j].Device == z.Device && o.zones[j].Trait == z.Trait {
			open[i], known[i] = o.open[j], o.known[j]
		}
	}
	o.zones, o.open, o.known, o.settings = zones, open, known, p.Settings()
}

// tells takes what sirens and keypads were last told by a panel that is loaded.
func (o *oracle) tells(p alarm.Panel) {
	o.driven, o.shown = p.Sounding(p.LastSeen()), map[home.AreaID]alarm.Indication{}
	for _, in := range p.Indications(p.LastSeen()) {
		o.shown[in.Area] = lasting(in)
	}
}

func (o *oracle) zone(id home.ZoneID) int {
	return slices.IndexFunc(o.zones, func(z home.Zone) bool { return z.ID == id })
}

func (o *oracle) area(id home.AreaID) *area {
	if id == "" {
		id = home.TheHouse
	}
	for i := range o.areas {
		if o.areas[i].id == id {
			return &o.areas[i]
		}
	}
	return nil
}

// The dangers, from the most pressing. Burglary has two names.
var dangers = []string{"fire", "co", "gas", "panic", "medical", "burglary", "tamper", "water"}

var patterns = map[string]alarm.Pattern{
	"fire": alarm.Temporal3, "co": alarm.Temporal4, "gas": alarm.Temporal4, "panic": alarm.Steady,
	"medical": alarm.Pulse, "burglary": alarm.Steady, "tamper": alarm.Steady, "water": alarm.Slow,
}

func danger(kind string) string {
	if kind == "exit_error" || kind == "24h" {
		return "burglary"
	}
	return kind
}

func rank(kind string) int { return slices.Index(dangers, danger(kind)) }

// aborts tells whether disarming soon enough keeps an alarm in the house.
func aborts(kind string) bool { return rank(kind) >= slices.Index(dangers, "burglary") }

func (r ring) covers(id home.AreaID) bool { return r.area == "" || r.area == id }

// step checks one step of the panel.
func (o *oracle) step(before, after alarm.Panel, now time.Time, in alarm.Input, effects []alarm.Effect) error {
	was := o.clone()
	o.now, o.notices, o.changed, o.fired, o.who, o.secret = now, nil, nil, nil, "", false
	var want string
	if c, ok := in.(alarm.ClockStepped); ok {
		o.shift(c.By)
		o.changed = append(o.changed, "the clock")
		if o.driven.On() { // the sirens' clock was set too
			o.driven.Until = o.driven.Until.Add(c.By)
		}
	}
	if _, ok := in.(alarm.Resumed); ok {
		o.forget()
		if !o.test.IsZero() {
			o.test = time.Time{}
			o.changed = append(o.changed, "the walk test's end")
		}
	}
	o.settle()
	switch in := in.(type) {
	case alarm.Reading:
		o.reading(in)
	case alarm.SetMode:
		want = o.setMode(in)
	case alarm.Silence:
		o.silence()
		want = "done"
	case alarm.Panic:
		if want = "done"; in.Silent {
			o.silently("by " + in.By)
		} else {
			o.ring(string(in.Kind), "", "")
		}
	case alarm.Acknowledge:
		o.acknowledge()
		want = "done"
	case alarm.Test:
		want = o.walks(in)
	case alarm.PersonSeen:
		seen := func(r ring) bool { return r.covers(home.TheHouse) && !in.At.Before(r.since) }
		if slices.ContainsFunc(o.alarms, seen) || slices.ContainsFunc(o.recall, seen) {
			o.verify(home.TheHouse)
		}
	case alarm.Trouble:
		key := trouble{in.Item.Code, in.Item.Device}
		known := o.troubles[key].Severity == home.SeverityCritical
		delete(o.troubles, key)
		if in.Present {
			o.troubles[key] = in.Item
		}
		armed := slices.ContainsFunc(o.areas, func(a area) bool { return a.mode != home.Disarmed })
		if in.Present && !known && in.Item.Severity == home.SeverityCritical && armed {
			o.notices = append(o.notices, "trouble  ")
		}
	case alarm.RefusedCode:
		o.changed = append(o.changed, "a refused code")
	case alarm.PutZone, alarm.DeleteZone, alarm.PutSettings, alarm.PutCode, alarm.DeleteCode, alarm.PutArea, alarm.PutMode:
		want = o.configured(after, in, effects)
	}
	o.settle()
	return errors.Join(
		o.checkStanding(after),
		o.checkDeadlines(after),
		o.checkSirens(after, in, effects),
		o.checkKeypads(after, effects),
		o.checkAnswer(want, effects),
		o.checkLines(was, before, after, effects),
		o.checkNotices(effects),
	)
}

// configured takes what an owner set. Nothing that guards an armed house may be
// changed.
func (o *oracle) configured(after alarm.Panel, in alarm.Input, effects []alarm.Effect) string {
	armed := func(ids []home.AreaID) bool {
		return slices.ContainsFunc(o.areas, func(a area) bool {
			return a.mode != home.Disarmed && (len(ids) == 0 || slices.Contains(ids, a.id))
		})
	}
	switch in := in.(type) {
	case alarm.PutSettings:
		if armed(nil) {
			return "conflict"
		}
	case alarm.DeleteZone:
		if i := o.zone(in.ID); i >= 0 && armed(o.zones[i].Areas) {
			return "conflict"
		}
	case alarm.PutCode:
		if class(answer(effects)) == "done" && !in.Digest.IsZero() {
			o.codes = maps.Clone(o.codes)
			o.codes[in.Digest] = in.Code
			if in.Code.UsesLeft != nil {
				o.uses = maps.Clone(o.uses)
				o.uses[in.Code.ID] = *in.Code.UsesLeft
			}
		}
	case alarm.DeleteCode:
		o.codes = maps.Clone(o.codes)
		maps.DeleteFunc(o.codes, func(_ alarm.Digest, c home.Code) bool { return c.ID == in.ID })
	}
	got := class(answer(effects))
	if got == "done" {
		o.adopt(after)
		o.changed = append(o.changed, "what was set")
	}
	return got
}

// shift moves every deadline with the clock.
func (o *oracle) shift(d time.Duration) {
	for _, t := range o.deadlines() {
		if !t.IsZero() {
			*t = t.Add(d)
		}
	}
	for i := range o.swings {
		o.swings[i].at = o.swings[i].at.Add(d)
	}
	for _, list := range [][]ring{o.alarms, o.recall} {
		for i := range list {
			r := &list[i]
			r.since = r.since.Add(d)
			if !r.takeBack.IsZero() {
				r.takeBack = r.takeBack.Add(d)
			}
		}
	}
	for who, at := range o.calls {
		o.calls[who] = at.Add(d)
	}
}

func (b *belief) deadlines() []*time.Time {
	all := []*time.Time{&b.locked, &b.test}
	for i := range b.areas {
		all = append(all, &b.areas[i].until, &b.areas[i].closing)
	}
	for i := range b.alarms {
		if all = append(all, &b.alarms[i].until); !b.alarms[i].reported {
			all = append(all, &b.alarms[i].report)
		}
	}
	for i := range b.crossed {
		all = append(all, &b.crossed[i].until)
	}
	return all
}

// forget drops what is not known after a power cut.
func (o *oracle) forget() {
	clear(o.open)
	clear(o.known)
	clear(o.troubles)
	clear(o.refused)
	clear(o.calls)
	for i := range o.areas {
		o.areas[i].keypad, o.areas[i].onClose, o.areas[i].closing = false, false, time.Time{}
	}
}

// settle does what is due, earliest first; of the same instant delays come
// before reports, and these before the ends of sirens.
func (o *oracle) settle() {
	for {
		var at time.Time
		var do func()
		earlier := func(t time.Time, f func()) {
			if !t.IsZero() && !t.After(o.now) && (do == nil || t.Before(at)) {
				at, do = t, f
			}
		}
		for i := range o.areas {
			a := &o.areas[i]
			earlier(a.ends(), func() { o.delayEnds(a) })
		}
		for i := range o.crossed {
			earlier(o.crossed[i].until, func() { o.waited(i) })
		}
		for i := range o.alarms {
			if r := &o.alarms[i]; !r.reported {
				earlier(r.report, func() {
					r.reported, r.takeBack = true, o.now.Add(time.Duration(o.settings.CancelWindow))
					o.notices = append(o.notices, "alarm "+r.kind+" "+string(r.zone))
				})
			}
		}
		for i := range o.alarms {
			earlier(o.alarms[i].until, func() { o.sirenEnds(i) })
		}
		for i := range o.swings {
			earlier(o.swings[i].at.Add(forgotten), func() {
				if w := o.swings[i]; o.worn(w.zone, 1) {
					o.changed = append(o.changed, "a zone that guards again")
				}
				o.swings = slices.Delete(o.swings, i, i+1)
			})
		}
		earlier(o.test, func() {
			o.test = time.Time{}
			o.changed = append(o.changed, "the walk test's end")
		})
		if do == nil {
			return
		}
		do()
	}
}

func (o *oracle) delayEnds(a *area) {
	if a.phase == home.PhaseEntry {
		kind := "burglary"
		if a.error {
			kind = "exit_error"
		}
		a.moves(home.PhaseArmed, time.Time{})
		o.ring(kind, a.entry, a.id)
		return
	}
	if _, watched := o.doors(a); o.settings.UnvacatedHome && a.keypad && a.mode == home.Away && a.left == 0 && watched {
		a.mode = home.Home // whoever armed at the keypad is still there
		o.changed = append(o.changed, "home instead of away")
	}
	for i, z := range o.zones {
		if o.guards(a, i) && z.Kind != home.ZoneInterior && o.open[i] {
			a.moves(home.PhaseEntry, o.now.Add(o.entryDelay(z, a.mode)))
			a.entry, a.error = z.ID, true
			o.changed = append(o.changed, "a door left open")
			return
		}
	}
	a.moves(home.PhaseArmed, time.Time{})
	o.changed = append(o.changed, "armed")
}

// doors tells of the ways out whether one may be open, and whether nobody
// leaves by one unseen.
func (o *oracle) doors(a *area) (open, watched bool) {
	n := 0
	watched = true
	for i, z := range o.zones {
		if z.Kind != home.ZoneEntry || !slices.Contains(z.Areas, a.id) || !slices.Contains(z.Modes, a.mode) {
			continue
		}
		if !o.guards(a, i) {
			watched = false
			continue
		}
		n++
		watched = watched && o.known[i]
		open = open || !o.known[i] || o.open[i]
	}
	return open, watched && n > 0
}

// guards tells whether an armed area looks at the zone.
func (o *oracle) guards(a *area, i int) bool {
	z := o.zones[i]
	return !z.Kind.AlwaysOn() && slices.Contains(z.Areas, a.id) && slices.Contains(z.Modes, a.mode) && !slices.Contains(a.out, z.ID)
}

func (o *oracle) entryDelay(z home.Zone, m home.Mode) time.Duration {
	if d, ok := z.EntryDelays[m]; ok {
		return time.Duration(d)
	}
	if z.EntryDelay != nil {
		return time.Duration(*z.EntryDelay)
	}
	return time.Duration(o.settings.EntryDelay)
}

func (o *oracle) sirenEnds(i int) {
	r := &o.alarms[i]
	if rank(r.kind) <= rank("gas") && slices.ContainsFunc(o.zones, func(z home.Zone) bool {
		return danger(string(z.Kind)) == danger(r.kind) && o.open[o.zone(z.ID)] && slices.ContainsFunc(z.Areas, r.covers)
	}) {
		r.until = o.now.Add(time.Duration(o.settings.SirenTimeout))
		return
	}
	o.changed = append(o.changed, "the siren's end")
	if !r.reported { // the siren time is shorter than the abort window
		r.until, r.quiet = r.report, true
		return
	}
	r.flash = o.settings.StrobeAfter && !r.silenced && !r.inside
	o.over(i)
}

// over ends an alarm, which is remembered.
func (o *oracle) over(i int) {
	o.recall = append(o.recall, o.alarms[i])
	if len(o.recall) > 16 {
		o.recall = o.recall[1:]
	}
	o.alarms = slices.Delete(o.alarms, i, i+1)
}

func (o *oracle) running(kind string, id home.AreaID) *ring {
	for i := range o.alarms {
		if danger(o.alarms[i].kind) == danger(kind) && o.alarms[i].area == id {
			return &o.alarms[i]
		}
	}
	return nil
}

// ring raises an alarm, or prolongs the one of that danger that runs.
func (o *oracle) ring(kind string, zone home.ZoneID, id home.AreaID) {
	o.changed = append(o.changed, "an alarm of kind "+kind)
	o.fired = append(o.fired, zone)
	if i := o.zone(zone); i >= 0 && !o.zones[i].Kind.AlwaysOn() && o.zones[i].Trait != home.Button && (o.open[i] || !o.known[i]) && !slices.Contains(o.shut, zone) {
		o.shut = append(o.shut, zone)
	}
	second, first := false, false
	if danger(kind) == "burglary" {
		if zone != "" {
			w := o.disturbed(zone)
			w.n++
			first = w.n == 1
		}
		second = slices.ContainsFunc(o.swings, func(w swing) bool {
			i := o.zone(w.zone)
			return w.zone != zone && i >= 0 && slices.Contains(o.zones[i].Areas, id) && !o.worn(w.zone, 1) &&
				o.now.Sub(w.at) <= time.Duration(o.settings.VerifyTime)
		})
	}
	disarmed := !slices.ContainsFunc(o.areas, func(a area) bool { return (id == "" || a.id == id) && a.mode != home.Disarmed })
	inside := disarmed && aborts(kind)
	r := o.running(kind, id)
	if r == nil {
		report := o.now
		if aborts(kind) {
			report = o.now.Add(time.Duration(o.settings.AbortWindow))
		}
		o.alarms = append(o.alarms, ring{kind: kind, zone: zone, area: id, since: o.now, report: report, inside: inside})
		r = &o.alarms[len(o.alarms)-1]
		r.quiet = aborts(kind) && !o.round(id) && !first
	}
	if r.silenced || r.quiet && first {
		r.quiet = aborts(kind) && !o.round(id) && !first
	}
	if i := o.zone(zone); i >= 0 && o.zones[i].AbortWindow != nil && !*o.zones[i].AbortWindow && r.report.After(o.now) {
		r.report = o.now
	}
	r.until, r.silenced, r.inside = o.now.Add(time.Duration(o.settings.SirenTimeout)), false, r.inside && inside
	for i := range o.areas {
		if a := &o.areas[i]; danger(kind) == "burglary" && r.covers(a.id) && a.phase == home.PhaseEntry {
			a.moves(home.PhaseArmed, time.Time{})
		}
	}
	if second {
		o.verify(id)
	}
}

// round tells whether the sirens may sound once more in this arming.
func (o *oracle) round(id home.AreaID) bool {
	a := o.area(id)
	if a.rounds >= o.settings.SirenCycles {
		return false
	}
	a.rounds++
	return true
}

// verify marks the burglaries of an area that are not long ago.
func (o *oracle) verify(id home.AreaID) {
	for _, list := range [][]ring{o.recall, o.alarms} {
		for i := range list {
			r := &list[i]
			if danger(r.kind) != "burglary" || r.verified || !r.covers(id) || o.now.Sub(r.since) > time.Duration(o.settings.VerifyTime) {
				continue
			}
			r.verified = true
			o.changed = append(o.changed, "a verified burglary")
			if r.reported {
				o.notices = append(o.notices, "verified "+r.kind+" "+string(r.zone))
			}
		}
	}
}

// forgotten is how long what a zone did counts.
const forgotten = 8 * time.Hour

// disturbed notes that a zone was, and returns what it did in this arming.
func (o *oracle) disturbed(id home.ZoneID) *swing {
	i := slices.IndexFunc(o.swings, func(w swing) bool { return w.zone == id })
	if i < 0 {
		i = len(o.swings)
		o.swings = append(o.swings, swing{zone: id})
	}
	o.swings[i].at = o.now
	return &o.swings[i]
}

// worn tells whether a zone raised as many alarms as one arming allows, and more.
func (o *oracle) worn(id home.ZoneID, more int) bool {
	i, limit := o.zone(id), o.settings.Swinger
	return i >= 0 && !o.zones[i].Kind.AlwaysOn() && limit > 0 && slices.ContainsFunc(o.swings, func(w swing) bool { return w.zone == id && w.n >= limit+more })
}

// burgled takes a zone that alarms at once, unless it is crossed with another
// that guards too.
func (o *oracle) burgled(a *area, i int) {
	z := o.zones[i]
	j := o.zone(z.CrossZone)
	alone := j < 0 || !o.guards(a, j) || o.worn(z.CrossZone, 0) || slices.Contains(o.shut, z.CrossZone) || !o.known[j]
	if alone || o.running("burglary", a.id) != nil {
		o.ring("burglary", z.ID, a.id)
		return
	}
	waits := func(id home.ZoneID) int {
		return slices.IndexFunc(o.crossed, func(c crossing) bool { return c.zone == id })
	}
	switch k := waits(z.CrossZone); {
	case k >= 0:
		o.crossed = slices.Delete(o.crossed, k, k+1)
		o.ring("burglary", z.ID, a.id)
	case waits(z.ID) < 0:
		o.crossed = append(o.crossed, crossing{z.ID, o.now.Add(time.Duration(o.settings.CrossZoneTime)), true})
		o.disturbed(z.ID)
		o.changed = append(o.changed, "a zone that waits for another")
	}
}

// waited ends the wait of a zone, which alarms alone if it was open all the time.
func (o *oracle) waited(k int) {
	c := o.crossed[k]
	o.crossed = slices.Delete(o.crossed, k, k+1)
	if i := o.zone(c.zone); i >= 0 && c.held {
		o.ring("burglary", c.zone, o.zones[i].Areas[0])
	}
}

// silently calls for help so that nobody inside learns of it, once a minute.
func (o *oracle) silently(who string) {
	o.secret = len(o.changed) == 0
	if at, ok := o.calls[who]; !ok || o.now.Sub(at) >= time.Minute {
		o.calls[who] = o.now
		o.notices = append(o.notices, "outside alarm panic ")
	}
}

func (o *oracle) acknowledge() {
	if len(o.recall) == 0 {
		return
	}
	o.recall = nil
	for i := range o.areas {
		if o.areas[i].mode == home.Disarmed {
			o.areas[i].rounds = 0
		}
	}
	o.changed = append(o.changed, "acknowledged")
}

// walks begins or ends a walk test.
func (o *oracle) walks(in alarm.Test) string {
	switch {
	case in.On && (len(o.alarms) > 0 || slices.ContainsFunc(o.areas, func(a area) bool { return a.mode != home.Disarmed })):
		return "conflict"
	case in.On:
		o.test = o.now.Add(30 * time.Minute)
		o.changed = append(o.changed, "a walk test")
	case !o.test.IsZero():
		o.test = time.Time{}
		o.changed = append(o.changed, "the walk test's end")
	}
	return "done"
}

// reading takes what a sensor said. In the houses here each zone is of one area.
func (o *oracle) reading(in alarm.Reading) {
	i := slices.IndexFunc(o.zones, func(z home.Zone) bool { return z.Device == in.Device && z.Trait == in.Trait })
	if i < 0 {
		return
	}
	open, known := false, false
	switch in.Value {
	case home.Open, home.True:
		open, known = true, true
	case home.Closed, home.False:
		known = true
	}
	if o.zones[i].Silent {
		if in.Value.Known() {
			o.silently("zone " + string(o.zones[i].ID))
		}
		return
	}
	if in.Trait == home.Button {
		if o.known[i] = true; in.Value.Known() {
			o.opened(i)
		}
		return
	}
	wasKnown, wasOpen := o.known[i], o.known[i] && o.open[i]
	o.known[i], o.open[i] = known, open
	a := o.area(o.zones[i].Areas[0])
	if known && !open {
		for k := range o.crossed {
			o.crossed[k].held = o.crossed[k].held && o.crossed[k].zone != o.zones[i].ID
		}
		o.shut = slices.DeleteFunc(o.shut, func(id home.ZoneID) bool { return id == o.zones[i].ID })
	}
	way := o.zones[i].Kind == home.ZoneEntry && a.phase == home.PhaseArming && o.guards(a, i)
	switch {
	case !known && wasKnown && o.zones[i].Kind == home.ZoneEntry:
		a.closing = time.Time{}
	case open && !wasOpen && way:
		o.leaves(a)
	case open && !wasOpen:
		o.opened(i)
	case known && !open && wasOpen:
		if !way || a.left == 0 {
			break
		}
		if a.left == 1 {
			a.left = 2
		}
		if open, _ := o.doors(a); a.onClose && !open {
			a.closing = o.now.Add(5 * time.Second)
		}
	}
}

// leaves takes that somebody goes out during the exit delay. Who comes back has
// it once more, once.
func (o *oracle) leaves(a *area) {
	a.closing = time.Time{}
	switch {
	case a.left == 0:
		a.left = 1
	case a.left == 2 && o.settings.ExitRestart:
		a.left, a.until = 3, o.now.Add(a.delay)
		o.changed = append(o.changed, "a longer exit delay")
	}
}

func (o *oracle) opened(i int) {
	z := o.zones[i]
	a := o.area(z.Areas[0])
	if !o.test.IsZero() && (!z.Kind.AlwaysOn() || z.Kind == home.Zone24h || z.Kind == home.ZoneTamper) {
		return // it chimes
	}
	if z.Kind.AlwaysOn() {
		kind := string(z.Kind)
		if z.Kind == home.Zone24h {
			kind = "burglary"
		}
		o.ring(kind, z.ID, a.id)
		return
	}
	if a.mode == home.Disarmed {
		if z.Kind == home.ZoneDay {
			o.notices = append(o.notices, "day  "+string(z.ID))
			o.changed = append(o.changed, "a day zone")
		}
		return
	}
	if !o.guards(a, i) || slices.Contains(o.shut, z.ID) {
		return
	}
	if o.worn(z.ID, 0) {
		if !o.worn(z.ID, 1) {
			o.disturbed(z.ID).n++
			o.changed = append(o.changed, "a zone that is ignored")
		}
		return
	}
	delay := o.entryDelay(z, a.mode)
	switch {
	case a.phase == home.PhaseArming:
	case a.phase == home.PhaseArmed && z.Kind == home.ZoneEntry && delay > 0 && o.running("burglary", a.id) == nil:
		a.moves(home.PhaseEntry, o.now.Add(delay))
		a.entry, a.error = z.ID, false
		o.changed = append(o.changed, "the entry delay")
	case a.phase == home.PhaseEntry && z.Kind == home.ZoneEntry:
		if end := o.now.Add(delay); end.Before(a.until) {
			a.until = end
		}
	case a.phase == home.PhaseEntry && z.Kind == home.ZoneInterior:
	default:
		o.burgled(a, i)
	}
}

func (o *oracle) silence() {
	for i := range o.alarms {
		if r := &o.alarms[i]; !r.silenced {
			r.silenced = true
			o.changed = append(o.changed, "silenced")
		}
	}
	for i := range o.areas {
		if a := &o.areas[i]; a.phase == home.PhaseEntry && a.error && !a.hushed {
			a.hushed = true
			o.changed = append(o.changed, "silenced")
		}
	}
}

// setMode takes a request and says how it must be answered.
func (o *oracle) setMode(in alarm.SetMode) string {
	r := in.Request
	a := o.area(r.Area)
	if a == nil {
		return "invalid"
	}
	key := request{r.RequestID, r.By, a.id, r.Mode}
	if key.id != "" {
		if slices.Contains(o.granted, key) {
			return "done"
		}
		if said, ok := o.refused[key]; ok {
			return said
		}
	}
	said := o.tryMode(a, in)
	switch {
	case key.id == "":
	case said == "done":
		o.granted = append(slices.Clone(o.granted), key)
	default:
		o.refused[key] = said
	}
	return said
}

func (o *oracle) tryMode(a *area, in alarm.SetMode) string {
	r := in.Request
	var code *home.Code
	o.who = r.By
	ends := r.Mode == a.mode && (a.phase == home.PhaseEntry || o.rings(a)) // and stays armed
	switch {
	case !in.Code.IsZero():
		c, said := o.enter(a, in.Code)
		if said != "" {
			return said
		}
		code = &c
		if o.who == "" || r.Channel == home.ByKeypad {
			o.who = c.Person
		}
		off := !slices.ContainsFunc(o.areas, func(a area) bool { return a.mode != home.Disarmed })
		switch {
		case c.Kind == alarm.CodeInstaller && off:
			return o.walks(alarm.Test{On: o.test.IsZero()})
		case c.Kind == alarm.CodeInstaller, r.Mode == home.Disarmed && c.Only == alarm.OnlyArm,
			r.Mode != home.Disarmed && c.Only == alarm.OnlyDisarm,
			a.mode != home.Disarmed && (a.mode != r.Mode || ends) && c.Only == alarm.OnlyArm:
			return "may-not"
		}
		if c.Kind == alarm.CodeDuress {
			o.notices = append(o.notices, "duress ")
		}
	case r.CodeFree, r.SteppedUp && o.now.Before(o.locked):
	case r.Mode == a.mode && r.Mode != home.Disarmed && r.Channel != home.ByKeypad:
		return "done"
	case a.mode != home.Disarmed || r.Mode == home.Disarmed || r.Channel == home.ByKeypad && !o.settings.QuickArm:
		return "code-needed"
	}
	switch {
	case r.Mode == home.Disarmed:
		o.disarm(a)
	case r.Mode == a.mode && (code == nil || !ends):
		return "done"
	default:
		if !o.arm(a, r) {
			return "not-ready"
		}
	}
	if code != nil && code.UsesLeft != nil {
		o.uses = maps.Clone(o.uses)
		o.uses[code.ID]--
	}
	return "done"
}

// enter takes a code: wrong ones are counted, and every code is refused for a
// while after three of them.
func (o *oracle) enter(a *area, d alarm.Digest) (home.Code, string) {
	if o.now.Before(o.locked) {
		return home.Code{}, "codes-locked"
	}
	c, ok := o.codes[d]
	if ok && !c.Disabled && (c.Expires == nil || o.now.Before(c.Expires.Time)) && (c.UsesLeft == nil || o.uses[c.ID] > 0) &&
		(len(c.Areas) == 0 || slices.Contains(c.Areas, string(a.id))) && inTime(c.Schedule, o.now.In(o.clock)) {
		o.wrong = 0
		return c, ""
	}
	o.changed = append(o.changed, "a wrong code")
	if o.wrong++; o.wrong == 3 {
		o.wrong, o.locked = 0, o.now.Add(90*time.Second)
		o.notices = append(o.notices, "lockout ")
	}
	return home.Code{}, "wrong-code"
}

// rings tells whether an alarm runs in the area.
func (o *oracle) rings(a *area) bool {
	return slices.ContainsFunc(o.alarms, func(r ring) bool { return r.covers(a.id) })
}

func (o *oracle) endAlarms(a *area) {
	takesBack := func(r *ring) {
		if o.now.Before(r.takeBack) {
			o.notices = append(o.notices, "cancelled "+r.kind+" "+string(r.zone))
		}
		r.takeBack = time.Time{}
	}
	for i := range o.recall {
		if r := &o.recall[i]; r.covers(a.id) {
			if r.flash = false; aborts(r.kind) {
				takesBack(r)
			}
		}
	}
	for i := 0; i < len(o.alarms); {
		r := &o.alarms[i]
		if !r.covers(a.id) || danger(r.kind) == "fire" && !r.silenced {
			i++
			continue
		}
		if r.reported {
			takesBack(r)
		}
		o.over(i)
	}
}

// begin forgets what belongs to one arming.
func (o *oracle) begin(a *area) {
	a.out, a.entry, a.error, a.left, a.delay, a.rounds = nil, "", false, 0, 0, 0
	a.hushed, a.keypad, a.onClose = false, false, false
	here := func(id home.ZoneID) bool { i := o.zone(id); return i < 0 || slices.Contains(o.zones[i].Areas, a.id) }
	o.swings = slices.DeleteFunc(o.swings, func(w swing) bool { return here(w.zone) })
	o.crossed = slices.DeleteFunc(o.crossed, func(c crossing) bool { return here(c.zone) })
	o.shut = slices.DeleteFunc(o.shut, here)
}

func (o *oracle) disarm(a *area) {
	if a.mode == home.Disarmed && !o.rings(a) && !slices.ContainsFunc(o.recall, func(r ring) bool {
		return r.covers(a.id) && (r.flash || aborts(r.kind) && o.now.Before(r.takeBack))
	}) {
		return
	}
	o.endAlarms(a)
	o.begin(a)
	a.mode = home.Disarmed
	a.moves(home.PhaseDisarmed, time.Time{})
	o.changed = append(o.changed, "disarmed")
}

// arm arms unless something stands in the way.
func (o *oracle) arm(a *area, r home.ModeRequest) bool {
	delay := time.Duration(o.settings.ExitDelay)
	if r.Mode == guests { // silent: twice as long
		delay *= 2
	}
	for _, z := range o.zones {
		if z.ExitDelay != nil && slices.Contains(z.Areas, a.id) && slices.Contains(z.Modes, r.Mode) {
			delay = max(delay, time.Duration(*z.ExitDelay))
		}
	}
	if r.ExitDelay != nil {
		delay = time.Duration(*r.ExitDelay)
	}
	out := slices.Clone(r.Bypass)
	blocked := false
	for i, z := range o.zones {
		if !slices.Contains(z.Areas, a.id) || slices.Contains(out, z.ID) {
			continue
		}
		used := slices.Contains(z.Modes, r.Mode)
		switch {
		case z.Kind.AlwaysOn() && o.open[i]:
			blocked = true
		case z.Kind.AlwaysOn(), !used:
		case !o.known[i], o.open[i] && (z.Kind != home.ZoneInterior || delay == 0):
			blocked = true
			out = append(out, z.ID) // for good if the request forces it
		}
	}
	for _, t := range o.troubles {
		blocked = blocked || slices.Contains(t.Blocks, r.Mode) || r.Mode == guests && slices.Contains(t.Blocks, home.Home)
	}
	if blocked && !r.Force {
		return false
	}
	if a.mode != home.Disarmed {
		o.endAlarms(a)
	}
	o.test = time.Time{}
	o.begin(a)
	o.recall = slices.DeleteFunc(slices.Clone(o.recall), func(r ring) bool { return r.covers(a.id) })
	a.mode, a.out = r.Mode, out
	a.moves(home.PhaseArmed, time.Time{})
	if delay > 0 {
		a.moves(home.PhaseArming, o.now.Add(delay))
		a.delay, a.keypad, a.onClose = delay, r.Channel == home.ByKeypad, r.ArmOnClose || o.settings.ArmOnClose
	}
	o.changed = append(o.changed, "arming")
	return true
}

// inTime reads the one form of timetable that the family uses: "Tue 09:00-12:00".
func inTime(table string, at time.Time) bool {
	if table == "" {
		return true
	}
	day, span, _ := strings.Cut(table, " ")
	clock := at.Format("15:04")
	return at.Format("Mon") == day && clock >= span[:5] && clock < span[6:]
}
