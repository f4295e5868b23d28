// Package supervision knows how long each kind of device may be silent before
// the house stops trusting it, and tells a device that has gone from a radio
// that is blocked.
//
// [Watch] is told the time and what is known of each device; it has no clock,
// no goroutine and does no I/O. What it promises:
//
//   - A device is ok, then late, then missing, by the figures of its class
//     ([Limits]). One that can be asked is asked several times before it is late.
//   - A device that speaks is ok at once; that is the registry's doing, and the
//     next Look counts its silence from there.
//   - While its radio is down nothing is said of a device: the radio's own
//     trouble says it once. When the radio is back, its windows begin anew, as
//     they do when the hub starts. What was missing before stays so until it
//     speaks.
//   - Many devices that fall silent together are one trouble and not many:
//     see [Silence].
//
// Silence is measured on the monotonic clock, so a wall clock that is set makes
// nobody missing.
package supervision

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"gatehouse/hub/home"
)

// Class is how a device gives signs of life.
type Class string

// Classes. A device of no class is not supervised: it never speaks by itself
// and cannot be asked.
const (
	ZwaveSleeping   Class = "zwave-sleeping"   // wakes up each Habit.Every
	ZwaveListening  Class = "zwave-listening"  // on mains: sirens, plugs, keypads on their adapter
	ZwaveBeamed     Class = "zwave-beamed"     // battery, woken by a beam: sirens, keypads, locks
	ZigbeeSleeping  Class = "zigbee-sleeping"  // contacts, motion, leak, smoke, keypads
	ZigbeeListening Class = "zigbee-listening" // on mains: sirens, plugs
	Camera          Class = "camera"           // its stream is its sign of life
)

// Habit is what a radio knows of a device's ways.
type Habit struct {
	Class Class
	Every time.Duration // how often it speaks unasked, where that differs from device to device
}

// Limit is what silence means for a class. All are times since the device was
// last heard.
type Limit struct {
	Ask     time.Duration // ask it then; 0: it can't be asked
	Asks    int           // so often before it is late, Pause apart
	Pause   time.Duration
	Late    time.Duration // of one that can't be asked
	Missing time.Duration
	Source  string
}

// Limits are the figures. Those of zwave-sleeping are per hour of wake
// interval: a hub sets 4 h, which makes late 4 h 24 min and missing 8 h 24 min.
var Limits = map[Class]Limit{
	ZwaveSleeping: {
		Late: 66 * time.Minute, Missing: 126 * time.Minute,
		Source: "two missed wake-ups, and a tenth of an interval because a sensor's clock is poor: ours",
	},
	ZwaveListening: {
		Ask: 10 * time.Minute, Asks: 3, Pause: time.Minute, Missing: 30 * time.Minute,
		Source: "10 min as Zigbee2MQTT asks mains devices (its availability.active.timeout); the rest ours",
	},
	ZwaveBeamed: {
		Ask: time.Hour, Asks: 3, Pause: 5 * time.Minute, Missing: 2 * time.Hour,
		Source: "ours: a beam keeps the air busy for a second and costs the device some battery",
	},
	ZigbeeSleeping: {
		Late: 35 * time.Minute, Missing: 70 * time.Minute,
		Source: "70 min in place of the 25 h at which Zigbee2MQTT calls a battery device offline: ours",
	},
	ZigbeeListening: {
		Ask: 10 * time.Minute, Asks: 3, Pause: time.Minute, Missing: 30 * time.Minute,
		Source: "as zwave-listening",
	},
	Camera: {
		Late: 30 * time.Second, Missing: time.Minute,
		Source: "ours: a stream that stands still for a minute is gone",
	},
}

// Limit is what silence means for a device of this habit; false when it is not
// supervised.
func (h Habit) Limit() (Limit, bool) {
	l, ok := Limits[h.Class]
	if h.Class == ZwaveSleeping {
		hours := h.Every.Hours()
		l.Late = time.Duration(float64(l.Late) * hours)
		l.Missing = time.Duration(float64(l.Missing) * hours)
	}
	if h.Class == ZigbeeSleeping { // one that can't be told how often
		l.Late, l.Missing = max(l.Late, h.Every*11/10), max(l.Missing, h.Every*21/10)
	}
	return l, ok && l.Missing > 0
}

// Device is one device as supervision sees it.
type Device struct {
	ID     home.DeviceID
	Radio  string
	Habit  Habit
	Heard  time.Time // since the hub started; zero: not yet
	Health home.Health
}

// Verdict is a device whose health has become worse.
type Verdict struct {
	Device home.DeviceID
	Health home.Health // late or missing
}

// Silence is a radio most of whose devices fell silent together while it
// answers: it is jammed, or its antenna is not where it was.
type Silence struct {
	Radio   string
	Devices []home.DeviceID
	Of      int // devices that were to be heard in the same time, these included
}

// Findings are what a Look has found.
type Findings struct {
	Worse    []Verdict
	Ask      []home.DeviceID
	Silences []Silence // those that hold now, by radio
	Until    time.Time // when to look again if nothing happens; zero: nothing is due
}

// Watch remembers what it has seen of devices. The zero Watch is ready.
type Watch struct {
	notes  map[home.DeviceID]*note
	masses map[string]Silence
}

// note is what is remembered of a device.
type note struct {
	from  time.Time // silence is counted from here
	asks  int       // since from
	asked time.Time // the last of them
	quiet time.Time // since when it is late or worse; zero: it is not
	known bool      // it was so already when it was first looked at
}

// Look judges every device at once. up says since when each radio answers; one
// that is not in it is down.
func (w *Watch) Look(now time.Time, up map[string]time.Time, devices []Device) Findings {
	if w.notes == nil {
		w.notes, w.masses = make(map[home.DeviceID]*note), make(map[string]Silence)
	}
	var f Findings
	there := make(map[home.DeviceID]bool, len(devices))
	fell := make(map[string]bool) // radios of which a device has just fallen silent
	for _, d := range devices {
		there[d.ID] = true
		since, ok := up[d.Radio]
		if !ok || d.Health == home.HealthJoining {
			delete(w.notes, d.ID)
			continue
		}
		n := w.note(now, since, d)
		before := n.quiet
		w.judge(now, d, n, &f)
		if before.IsZero() && !n.quiet.IsZero() && !n.known {
			fell[d.Radio] = true
		}
	}
	maps.DeleteFunc(w.notes, func(id home.DeviceID, _ *note) bool { return !there[id] })
	for _, d := range devices {
		if n := w.notes[d.ID]; n != nil && fell[d.Radio] {
			w.probe(now, d, n, &f)
		}
	}
	w.together(now, up, devices, &f)
	for _, d := range devices {
		if n := w.notes[d.ID]; n != nil {
			w.next(d, n, &f)
		}
	}
	return f
}

// note brings what is remembered of a device up to what was heard of it.
func (w *Watch) note(now, since time.Time, d Device) *note {
	n := w.notes[d.ID]
	if n == nil {
		n = &note{from: now}
		if bad(d.Health) {
			n.quiet, n.known = now, true
		}
		w.notes[d.ID] = n
	}
	if since.After(n.from) { // the radio was away in between
		*n = note{from: since, quiet: n.quiet, known: !n.quiet.IsZero()}
	}
	if d.Heard.After(n.from) {
		*n = note{from: d.Heard}
	}
	return n
}

func bad(h home.Health) bool {
	return h == home.HealthLate || h == home.HealthMissing || h == home.HealthFailed
}

// judge says how a device is doing and whether it is to be asked.
func (w *Watch) judge(now time.Time, d Device, n *note, f *Findings) {
	l, ok := d.Habit.Limit()
	health := home.HealthOK
	switch silent := now.Sub(n.from); {
	case !ok:
	case silent >= l.Missing:
		health = home.HealthMissing
	case l.Ask == 0 && silent >= l.Late, l.Ask > 0 && n.asks >= l.Asks && now.Sub(n.asked) >= l.Pause:
		health = home.HealthLate
	}
	if rank(health) > rank(d.Health) {
		f.Worse = append(f.Worse, Verdict{d.ID, health})
	}
	if n.quiet.IsZero() && (bad(health) || bad(d.Health)) {
		n.quiet = now
	}
	if at, ok := n.askAt(l); ok && !now.Before(at) {
		n.ask(now, d.ID, f)
	}
}

// rank orders what silence can make of a device. A device that its radio calls
// failed is not made anything else.
func rank(h home.Health) int {
	switch h {
	case home.HealthLate:
		return 1
	case home.HealthMissing:
		return 2
	case home.HealthFailed:
		return 3
	default:
		return 0
	}
}

// askAt is when a device is to be asked next: a few times in short order, then
// now and then.
func (n *note) askAt(l Limit) (time.Time, bool) {
	switch {
	case l.Ask == 0:
		return time.Time{}, false
	case n.asks == 0:
		return n.from.Add(l.Ask), true
	case n.asks < l.Asks:
		return n.asked.Add(l.Pause), true
	default:
		return n.asked.Add(l.Ask), true
	}
}

func (n *note) ask(now time.Time, id home.DeviceID, f *Findings) {
	n.asks++
	n.asked = now
	f.Ask = append(f.Ask, id)
}

// justHeard is how lately a device must have been heard not to be asked when
// another one has fallen silent.
const justHeard = time.Minute

// probe asks a device before its time because another one has fallen silent:
// is it that one, or the air?
func (w *Watch) probe(now time.Time, d Device, n *note, f *Findings) {
	l, ok := d.Habit.Limit()
	if ok && l.Ask > 0 && n.asks == 0 && n.quiet.IsZero() && now.Sub(n.from) >= justHeard {
		n.ask(now, d.ID, f)
	}
}

// Figures of a silence of many.
const (
	massLeast = 3         // fewer are single troubles
	massSpan  = time.Hour // they fell silent within this, or within the longest Late of them
)

// together finds radios most of whose devices fell silent together.
func (w *Watch) together(now time.Time, up map[string]time.Time, devices []Device, f *Findings) {
	for _, radio := range slices.Sorted(maps.Keys(w.masses)) {
		if _, ok := up[radio]; !ok || !w.lasts(w.masses[radio]) {
			delete(w.masses, radio)
		}
	}
	for _, radio := range slices.Sorted(maps.Keys(up)) {
		if s, ok := w.mass(now, radio, devices); ok {
			if old, held := w.masses[radio]; held { // those of before count on
				s = w.joined(old, s)
			}
			w.masses[radio] = s
		}
	}
	for _, radio := range slices.Sorted(maps.Keys(w.masses)) {
		f.Silences = append(f.Silences, w.masses[radio])
	}
}

// mass is the devices of a radio that fell silent together: three at least,
// and at least half of those that had to be heard since the last of them was.
func (w *Watch) mass(now time.Time, radio string, devices []Device) (Silence, bool) {
	span := massSpan
	for _, d := range devices {
		if n := w.notes[d.ID]; d.Radio == radio && n != nil && n.fell() {
			l, _ := d.Habit.Limit()
			span = max(span, l.Late)
		}
	}
	s := Silence{Radio: radio}
	var last time.Time // when the last of them was heard
	for _, d := range devices {
		if n := w.notes[d.ID]; d.Radio == radio && n != nil && n.fell() && now.Sub(n.quiet) <= span {
			s.Devices = append(s.Devices, d.ID)
			if n.from.After(last) {
				last = n.from
			}
		}
	}
	s.Of = len(s.Devices)
	for _, d := range devices {
		if n := w.notes[d.ID]; d.Radio == radio && n != nil && n.quiet.IsZero() && d.Heard.After(last) {
			s.Of++
		}
	}
	return s, len(s.Devices) >= massLeast && 2*len(s.Devices) >= s.Of
}

// fell tells whether a device has fallen silent while it was watched.
func (n *note) fell() bool { return !n.quiet.IsZero() && !n.known }

// lasts tells whether at least half of those that fell silent together, and
// three at least, are silent still.
func (w *Watch) lasts(s Silence) bool {
	still := len(w.silentStill(s.Devices))
	return still >= massLeast && 2*still >= len(s.Devices)
}

func (w *Watch) silentStill(ids []home.DeviceID) []home.DeviceID {
	var still []home.DeviceID
	for _, id := range ids {
		if n := w.notes[id]; n != nil && n.fell() {
			still = append(still, id)
		}
	}
	return still
}

func (w *Watch) joined(old, s Silence) Silence {
	for _, id := range w.silentStill(old.Devices) {
		if !slices.Contains(s.Devices, id) {
			s.Devices = append(s.Devices, id)
			s.Of++
		}
	}
	slices.SortFunc(s.Devices, cmp.Compare[home.DeviceID])
	return s
}

// next has the next Look come when something is due for a device.
func (w *Watch) next(d Device, n *note, f *Findings) {
	l, ok := d.Habit.Limit()
	if !ok {
		return
	}
	due := func(at time.Time) {
		if f.Until.IsZero() || at.Before(f.Until) {
			f.Until = at
		}
	}
	health := d.Health
	for _, v := range f.Worse {
		if v.Device == d.ID {
			health = v.Health
		}
	}
	if rank(health) < rank(home.HealthMissing) {
		due(n.from.Add(l.Missing))
	}
	if rank(health) < rank(home.HealthLate) {
		switch {
		case l.Ask == 0:
			due(n.from.Add(l.Late))
		case n.asks >= l.Asks:
			due(n.asked.Add(l.Pause))
		}
	}
	if at, ok := n.askAt(l); ok {
		due(at)
	}
}
