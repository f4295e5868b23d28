package registry

import (
	"time"

	"gatehouse/hub/home"
)

// Report takes what one device said in one breath. See the package comment for its way.
func (r *Registry) Report(readings ...home.Reading) {
	if len(readings) == 0 {
		return
	}
	r.order.Lock()
	defer r.order.Unlock()
	id := readings[0].Device
	// The panel is asked before the devices are locked: it asks for them itself
	// when it tells the sirens.
	r.taken = r.taken[:0]
	for _, in := range readings {
		r.taken = append(r.taken, taken{hidden: r.o.Panel.Hidden(in.Device, in.Trait)})
	}
	r.mu.Lock()
	d, ok := r.devices[id]
	if !ok {
		r.mu.Unlock()
		r.unknown.Add(1)
		return
	}
	shown := false
	for i, in := range readings {
		r.heard[id] = in.At
		if !r.taken[i].hidden {
			r.taken[i].told = take(d, in)
			shown = true
		}
	}
	var out home.Device
	if shown {
		r.dirty[id] = true
		out = d.Clone()
	}
	r.mu.Unlock()

	for i, in := range readings {
		var line func()
		if r.taken[i].told {
			zone := r.o.Panel.ZoneOf(in.Device, in.Trait)
			line = func() { r.o.Journal.Add(readingEvent(in, home.At(in.At), out.Name, zone)) }
		}
		r.o.Panel.Reading(in, line)
	}
	if !shown {
		return
	}
	r.Changes.Publish(out)
	for i, in := range readings {
		if !r.taken[i].hidden && in.Trait != home.Keypad && in.Trait != home.Link {
			r.Readings.Publish(in)
		}
	}
	r.toSave() // last: what wakes for it takes a processor
}

// taken is what became of a reading.
type taken struct {
	hidden bool // only the panel may know of it
	told   bool // it is worth a line
}

// take writes a reading into its device, and tells whether it is worth a line.
func take(d *home.Device, in home.Reading) bool {
	at := home.At(in.At)
	d.LastSeen = &at
	if d.Health != home.HealthJoining {
		d.Health = home.HealthOK
	}
	told := in.Trait != home.Keypad && in.Trait != home.Link
	if in.Trait != home.Keypad { // a keypad has no state
		state, had := d.Traits[in.Trait]
		told = told && worthALine(in, state.Value)
		if !had || state.Value != in.Value || in.Trait == home.Button { // which is pressed anew
			state.Since = at
		}
		state.Value, state.Fresh = in.Value, true
		d.Traits[in.Trait] = state
	}
	return told
}

// worthALine tells whether a reading is a line of the journal. How a device itself
// fares comes along with each word of some, and all is well with most: only what
// changes is, and not that nothing is wrong with a device that is new. What was told
// something says several times how it stands now; the command has its own line. How
// much of a picture never rests grows and shrinks with the wind.
func worthALine(in home.Reading, before home.Value) bool {
	switch in.Trait {
	case home.Battery, home.Siren, home.Switch, home.Level, home.Lock:
		return in.Value != before
	case home.Tamper, home.LowBattery, home.Trouble:
		return in.Value != before && (before.Known() || in.Value != home.False)
	case home.Restless:
		return false
	default:
		return true
	}
}

// Remind tells the panel once more what a trait said since the hub started,
// if it said anything: a zone that was just made has not heard it.
func (r *Registry) Remind(id home.DeviceID, t home.Trait) {
	r.order.Lock()
	defer r.order.Unlock()
	r.mu.RLock()
	var state home.State
	var at home.Time
	if d, ok := r.devices[id]; ok {
		state = d.Traits[t]
		if d.LastSeen != nil {
			at = *d.LastSeen
		}
	}
	r.mu.RUnlock()
	if state.Fresh {
		r.o.Panel.Reading(home.Reading{Device: id, Trait: t, Value: state.Value, At: at.Time}, nil)
	}
}

// Seen notes that a device gave a sign of life.
func (r *Registry) Seen(id home.DeviceID, at time.Time) {
	r.change(id, func(d *home.Device) {
		t := home.At(at)
		d.LastSeen = &t
		r.heard[id] = at
		if silent(d.Health) {
			d.Health = home.HealthOK
		}
	})
}

// Heard is when a device last gave a sign of life since the hub started, with
// the monotonic clock; zero when it has not.
func (r *Registry) Heard(id home.DeviceID) time.Time {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.heard[id]
}
