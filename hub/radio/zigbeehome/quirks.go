package zigbeehome

import (
	"slices"
	"time"

	"gatehouse/hub/home"
	"gatehouse/zigbee"
	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
)

// Devices that do not keep to the library are read by what quirks knows of them.
// A quirk says what it says in place of the tables in meaning.go: of an alarm bit,
// of an attribute, of a trait that the clusters suggest. All else stays.

// ways are a device's quirk, and what follows of it.
type ways struct {
	*quirks.Quirk
	over map[home.Trait]*time.Timer // ends what the device never ends
	calm bool                       // it was heard since it can be: what ends by itself is known
}

// Known has devices looked up by find in place of the built-in tables, now and
// after the owner's files have changed: then each device is introduced anew.
func (r *Radio) Known(find func(quirks.Likeness) (quirks.Quirk, bool)) {
	r.mu.Lock()
	r.look = find
	var all []zigbee.Device
	for _, d := range r.known {
		all = append(all, *d)
	}
	clear(r.known)
	r.mu.Unlock()
	for _, d := range all {
		r.device(d)
	}
}

// learn looks a device up. The lock is held.
func (r *Radio) learn(d *zigbee.Device) *ways {
	w := &ways{}
	if q, ok := r.look(d.Likeness()); ok {
		w.Quirk = &q
	}
	r.forget(d.IEEE)
	r.ways[d.IEEE] = w
	return w
}

// forget drops what is known of a device's ways. The lock is held.
func (r *Radio) forget(a zigbee.IEEE) {
	if w := r.ways[a]; w != nil {
		for _, t := range w.over {
			t.Stop()
		}
	}
	delete(r.ways, a)
}

// deaf stops what would be said of devices that can't be heard.
func (r *Radio) deaf() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.ways {
		for _, t := range w.over {
			t.Stop()
		}
		w.over, w.calm = nil, false
	}
}

// quirk is what is known of a device; nil: it keeps to the library.
func (r *Radio) quirk(a zigbee.IEEE) *quirks.Quirk {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.ways[a]; w != nil {
		return w.Quirk
	}
	return nil
}

// value is a quirk's value as the house has it.
func value(v quirks.Value) home.Value {
	switch v.Word {
	case "":
		return home.Number(v.Number)
	case "true":
		return home.True
	case "false":
		return home.False
	default:
		return home.Word(v.Word)
	}
}

// saying is what a device said by a quirk: for how long it holds; 0: until it says
// otherwise.
type saying struct {
	trait home.Trait
	value home.Value
	lasts time.Duration
}

func saidBy(rd *quirks.Reading, v quirks.Value) saying {
	return saying{home.Trait(rd.Trait), value(v), rd.Lasts}
}

// hold sees to what a device does not end itself. Of one that was just heard and
// said nothing of it since it can be heard, it is over.
func (r *Radio) hold(a zigbee.IEEE, list []saying) {
	r.mu.Lock()
	w := r.ways[a]
	if w == nil || w.Quirk == nil {
		r.mu.Unlock()
		return
	}
	var over []home.Trait
	if !w.calm {
		w.calm = true
		for _, rd := range w.Readings {
			t := home.Trait(rd.Trait)
			if rd.Lasts > 0 && !slices.ContainsFunc(list, func(s saying) bool { return s.trait == t }) {
				over = append(over, t)
			}
		}
	}
	for _, s := range list {
		if s.lasts == 0 || s.value != home.True {
			continue
		}
		if t := w.over[s.trait]; t != nil {
			t.Stop()
		}
		if w.over == nil {
			w.over = make(map[home.Trait]*time.Timer)
		}
		var t *time.Timer
		t = time.AfterFunc(s.lasts, func() {
			r.mu.Lock()
			mine := r.ways[a] == w && w.over[s.trait] == t
			if mine {
				delete(w.over, s.trait)
			}
			r.mu.Unlock()
			if mine {
				r.ended(a, s.trait)
			}
		})
		w.over[s.trait] = t
	}
	r.mu.Unlock()
	for _, t := range over {
		r.ended(a, t)
	}
}

func (r *Radio) ended(a zigbee.IEEE, t home.Trait) {
	r.devices.Report(home.Reading{Device: ID(a), Trait: t, Value: home.False, At: time.Now()})
}

// quirkTraits brings the traits that the clusters of a device suggest to what it
// does.
func quirkTraits(q *quirks.Quirk, d *zigbee.Device, m map[home.Trait]home.State) {
	if q == nil {
		return
	}
	for _, t := range q.Without {
		delete(m, home.Trait(t))
	}
	if q.Alarms() { // and not what the zone's type would be
		for _, e := range d.Endpoints {
			if t, ok := watched[e.Zone.Type]; ok && e.Serves(zcl.IASZone) {
				delete(m, t)
			}
		}
	}
	for _, t := range quirks.Traits() {
		if q.Speaks(t) && (!d.Mains || home.Trait(t) != home.LowBattery) {
			m[home.Trait(t)] = home.State{}
		}
	}
}

// quirkCommand finds the data points by which a device is told something, each in
// a frame of its own as their maker's hub sends them; false: it has none for it.
func quirkCommand(q *quirks.Quirk, d *zigbee.Device, cmd home.Command) (endpoint byte, frames []zcl.Command, ok bool) {
	if q == nil {
		return 0, nil, false
	}
	v := quirks.Value{Word: cmd.Value.String()}
	if cmd.Value.IsNumber() {
		v = quirks.Value{Number: cmd.Value.Float()}
	}
	points, ok := q.Points(string(cmd.Trait), v, time.Duration(cmd.Sound.For))
	if !ok {
		return 0, nil, false
	}
	endpoint = 1
	if e, ok := d.Serving(quirks.Tuya); ok {
		endpoint = e.ID
	}
	by := byte(quirks.TuyaSet)
	if q.Send {
		by = quirks.TuyaSend
	}
	for i, p := range points {
		frames = append(frames, quirks.SetPoints(by, uint16(i+1), p))
	}
	return endpoint, frames, true
}

// tuyaEvery is how often a sleeper of Tuya speaks at least that has no battery to
// be told to report: it is called missing after 25 h, when Zigbee2MQTT calls one
// offline.
const tuyaEvery = 12 * time.Hour

// every is how often a sleeper gives a sign of life; 0: as it was told to.
func every(q *quirks.Quirk, d *zigbee.Device) time.Duration {
	if q == nil {
		return 0
	}
	_, tuya := d.Serving(quirks.Tuya)
	if _, reports := d.Serving(zcl.PowerConfiguration); q.Every == 0 && tuya && !reports {
		return tuyaEvery
	}
	return q.Every
}
