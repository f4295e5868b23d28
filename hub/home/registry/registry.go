// Package registry knows which devices the house has and what each last said.
// It is the only writer of device state.
//
// What a device says in one breath takes this way, in this order, on the caller's
// goroutine: state updated; handed to the panel reading by reading, by a direct call,
// in which sirens come first and the journal's line after them; published for the
// faces. Nothing on that way waits for a disk, a network or
// a reader; what is written is written behind it.
//
// After a start every trait keeps its last value but is not Fresh until the
// device speaks again.
package registry

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/home"
)

// Store keeps devices across restarts.
type Store interface {
	All() ([]home.Device, error)
	Put(...home.Device) error // all of them in one commit
	Delete(home.DeviceID) error
}

// Journal takes lines and numbers them without waiting.
type Journal interface {
	Add(home.Event) uint64
}

// Panel is the alarm's inlet. It never drops and never waits.
type Panel interface {
	// Reading calls line once, unless it is nil: after the sirens were told and
	// before anything that follows from the reading is written.
	Reading(r home.Reading, line func())
	ZoneOf(home.DeviceID, home.Trait) home.ZoneID
	// Hidden tells whether nobody inside may see what the trait says: it is the
	// button of a silent call for help.
	Hidden(home.DeviceID, home.Trait) bool
}

// Radio carries commands to the devices of one kind of radio.
type Radio interface {
	// Command takes a command without waiting; done is called once, when the
	// device confirmed it or it failed. done may be nil.
	Command(cmd home.Command, done func(error))
	// Remove forgets a device that is gone or failed.
	Remove(ctx context.Context, id home.DeviceID) error
}

// Sirens take what people and programs want of a siren: the alarm may need it.
type Sirens interface {
	// Ask refuses a command, or carries it out without waiting; done is then
	// called once.
	Ask(cmd home.Command, done func(error)) error
}

// Options are what a Registry needs. All are required.
type Options struct {
	Store   Store
	Journal Journal
	Panel   Panel
	Sirens  Sirens
	Log     *slog.Logger
}

// Registry holds the devices of the house.
type Registry struct {
	// Changes carries each device after it changed, and a device with Health
	// "" (zero) after it left.
	Changes bus.Topic[home.Device]
	// Readings carries each reading but those of keypads and links, one by one: a
	// button that is pressed twice changes nothing and is news all the same.
	Readings bus.Topic[home.Reading]

	o Options

	saving sync.Mutex // one save at a time, each of what is so then

	// order makes readings of all radios one sequence. It is never held while
	// waiting, and never taken by what a reading sets off.
	order sync.Mutex
	taken []taken // by Report, again and again

	// mu is never held while anybody else is called.
	mu      sync.RWMutex
	devices map[home.DeviceID]*home.Device
	heard   map[home.DeviceID]time.Time // since the start, as the radio told it
	dirty   map[home.DeviceID]bool
	gone    map[home.DeviceID]bool // have left, and are still in the store
	radios  map[string]Radio

	commands atomic.Uint64
	unknown  atomic.Uint64
	wake     chan struct{}
}

// Open loads the devices that were known at the last stop.
func Open(o Options) (*Registry, error) {
	r := &Registry{
		o:       o,
		devices: make(map[home.DeviceID]*home.Device),
		heard:   make(map[home.DeviceID]time.Time),
		dirty:   make(map[home.DeviceID]bool),
		gone:    make(map[home.DeviceID]bool),
		radios:  make(map[string]Radio),
		wake:    make(chan struct{}, 1),
	}
	list, err := o.Store.All()
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	for _, d := range list {
		if d.Traits == nil {
			d.Traits = make(map[home.Trait]home.State)
		}
		for trait, state := range d.Traits {
			state.Fresh = false // whatever the store says
			d.Traits[trait] = state
		}
		r.devices[d.ID] = &d
	}
	r.commands.Store(uint64(time.Now().UnixMilli())) // command ids never repeat
	return r, nil
}

// Attach names the radio that carries commands for devices of that kind.
// Call it before Run.
func (r *Registry) Attach(kind string, radio Radio) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.radios[kind] = radio
}

// Devices lists every device by id.
func (r *Registry) Devices() []home.Device {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]home.Device, 0, len(r.devices))
	for _, d := range r.devices {
		list = append(list, d.Clone())
	}
	slices.SortFunc(list, func(a, b home.Device) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Device returns one device.
func (r *Registry) Device(id home.DeviceID) (home.Device, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	d, ok := r.devices[id]
	if !ok {
		return home.Device{}, false
	}
	return d.Clone(), true
}

// WithTrait lists the ids of devices that have a trait.
func (r *Registry) WithTrait(t home.Trait) []home.DeviceID {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var list []home.DeviceID
	for id, d := range r.devices {
		if _, ok := d.Traits[t]; ok {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return list
}

// UnknownReadings counts readings from devices that nobody introduced.
func (r *Registry) UnknownReadings() uint64 { return r.unknown.Load() }

// Introduce adds a device or brings up to date what its radio knows of it. The
// name and room that the family gave, and what it last said, are kept. Traits
// listed in d without a value are added as not known; they tell the faces
// what to expect of the device.
func (r *Registry) Introduce(d home.Device) {
	r.order.Lock()
	defer r.order.Unlock()
	r.mu.Lock()
	old, known := r.devices[d.ID]
	next := d.Clone()
	if next.Traits == nil {
		next.Traits = make(map[home.Trait]home.State)
	}
	if known {
		if old.Name != string(old.ID) { // it has a better name than its id
			next.Name = old.Name
		}
		next.Room, next.LastSeen, next.Problems, next.Waiting, next.Upgrade = old.Room, old.LastSeen, old.Problems, old.Waiting, old.Upgrade
		if next.Health == home.HealthOK && silent(old.Health) {
			next.Health = old.Health
		}
		next.Sounder = hung(next.Sounder, old.Sounder)
		maps.Copy(next.Traits, old.Traits)
	}
	if next.Name == "" {
		next.Name = string(next.ID)
	}
	r.devices[d.ID] = &next
	delete(r.gone, d.ID)
	r.touch(d.ID)
	out := next.Clone()
	r.mu.Unlock()
	if !known {
		r.o.Journal.Add(home.Event{
			At: home.At(time.Now()), Kind: home.KindDevice, Device: d.ID, Text: out.Name + " joined the home.",
		})
	}
	r.Changes.Publish(out)
}

// SetHealth notes how its radio says that a device is doing. A radio that finds
// nothing wrong has not heard a device that is silent: only its own word ends
// that.
func (r *Registry) SetHealth(id home.DeviceID, h home.Health) {
	r.change(id, func(d *home.Device) {
		if h != home.HealthOK || !silent(d.Health) {
			d.Health = h
		}
	})
}

// SetProblems notes what keeps a device from doing what it is there for.
func (r *Registry) SetProblems(id home.DeviceID, problems []home.Problem) {
	if d, ok := r.Device(id); ok && slices.Equal(d.Problems, problems) {
		return
	}
	r.change(id, func(d *home.Device) { d.Problems = slices.Clone(problems) })
}

// SetWaiting notes which commands wait for a device that sleeps.
func (r *Registry) SetWaiting(id home.DeviceID, waiting []home.Waiting) {
	r.change(id, func(d *home.Device) { d.Waiting = slices.Clone(waiting) })
}

// SetWatched notes who looks through a camera.
func (r *Registry) SetWatched(id home.DeviceID, who []string) {
	if d, ok := r.Device(id); ok && slices.Equal(d.Watched, who) {
		return
	}
	r.change(id, func(d *home.Device) { d.Watched = slices.Clone(who) })
}

// SetTalks notes who speaks through a camera; "": nobody.
func (r *Registry) SetTalks(id home.DeviceID, who string) {
	if d, ok := r.Device(id); ok && d.Talks == who {
		return
	}
	r.change(id, func(d *home.Device) { d.Talks = who })
}

// SetRecords notes whether what a camera sees is recorded.
func (r *Registry) SetRecords(id home.DeviceID, yes bool) {
	if d, ok := r.Device(id); ok && d.Records == yes {
		return
	}
	r.change(id, func(d *home.Device) { d.Records = yes })
}

// SetUpgrade notes how a new firmware for the device stands; nil: there is none.
func (r *Registry) SetUpgrade(id home.DeviceID, u *home.Upgrade) {
	r.change(id, func(d *home.Device) { d.Upgrade = u })
}

// Silent notes that a device is late or missing. What its radio says of one
// that joins or has failed goes before.
func (r *Registry) Silent(id home.DeviceID, h home.Health) {
	r.change(id, func(d *home.Device) {
		if d.Health == home.HealthOK || silent(d.Health) {
			d.Health = h
		}
	})
}

func silent(h home.Health) bool { return h == home.HealthLate || h == home.HealthMissing }

// Rename gives a device the name and room that the family uses.
func (r *Registry) Rename(id home.DeviceID, name, room, by string) (home.Device, error) {
	name, room = strings.TrimSpace(name), strings.TrimSpace(room)
	if name == "" {
		return home.Device{}, &home.Invalid{Field: "name", Reason: "a device needs a name"}
	}
	if len(name) > 80 || len(room) > 80 {
		return home.Device{}, &home.Invalid{Field: "name", Reason: "name and room can have at most 80 bytes each"}
	}
	var before string
	d, ok := r.change(id, func(d *home.Device) {
		before = d.Name
		d.Name, d.Room = name, room
	})
	if !ok {
		return home.Device{}, &home.NotFound{What: "device", ID: string(id)}
	}
	if before != name {
		r.o.Journal.Add(home.Event{
			At: home.At(time.Now()), Kind: home.KindDevice, Device: id, Who: home.Who(by),
			Text: fmt.Sprintf("%s is now called %s.", before, name),
		})
	}
	return d, nil
}

// hung is a siren as its radio now knows it, as the owner wants it.
func hung(now, before *home.Sounder) *home.Sounder {
	switch {
	case now == nil: // the radio does not know yet, or never will
		return before
	case before == nil:
		return now
	}
	s := *now
	s.Place, s.Chirp = before.Place, before.Chirp && now.Chirps
	return &s
}

// Hang says where a siren hangs.
func (r *Registry) Hang(id home.DeviceID, place home.Place, by string) (home.Device, error) {
	if place != home.Inside && place != home.Outside {
		return home.Device{}, &home.Invalid{Field: "place", Reason: fmt.Sprintf("a siren hangs inside or outside, not %q", place)}
	}
	var before home.Place
	d, ok := r.change(id, func(d *home.Device) {
		if d.Sounder == nil {
			return
		}
		s := *d.Sounder
		before, s.Place = s.Place, place
		d.Sounder = &s
	})
	switch {
	case !ok:
		return home.Device{}, &home.NotFound{What: "device", ID: string(id)}
	case d.Sounder == nil:
		return home.Device{}, &home.Invalid{Field: "place", Reason: d.Name + " is no siren"}
	case before != place:
		r.o.Journal.Add(home.Event{
			At: home.At(time.Now()), Kind: home.KindDevice, Device: id, Who: home.Who(by),
			Text: fmt.Sprintf("%s hangs %s the house.", d.Name, place),
		})
	}
	return d, nil
}

// LetChirp says whether a siren chirps when the house is armed and disarmed.
func (r *Registry) LetChirp(id home.DeviceID, on bool, by string) (home.Device, error) {
	before, able := false, false
	d, ok := r.change(id, func(d *home.Device) {
		if d.Sounder == nil || !d.Sounder.Chirps {
			return
		}
		s := *d.Sounder
		before, able, s.Chirp = s.Chirp, true, on
		d.Sounder = &s
	})
	switch {
	case !ok:
		return home.Device{}, &home.NotFound{What: "device", ID: string(id)}
	case !able:
		return home.Device{}, &home.Invalid{Field: "chirp", Reason: d.Name + " is no siren that can chirp"}
	case before != on:
		text := d.Name + " is silent when the house is armed and disarmed."
		if on {
			text = d.Name + " chirps when the house is armed and disarmed."
		}
		r.o.Journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindDevice, Device: id, Who: home.Who(by), Text: text})
	}
	return d, nil
}

// Sounder is what a siren can do and where it hangs; false: it is none.
func (r *Registry) Sounder(id home.DeviceID) (home.Sounder, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	d, ok := r.devices[id]
	if !ok || d.Sounder == nil {
		return home.Sounder{}, false
	}
	return *d.Sounder, true
}

// change alters one device, saves and publishes it.
func (r *Registry) change(id home.DeviceID, f func(*home.Device)) (home.Device, bool) {
	r.mu.Lock()
	d, ok := r.devices[id]
	if !ok {
		r.mu.Unlock()
		return home.Device{}, false
	}
	f(d)
	r.touch(id)
	out := d.Clone()
	r.mu.Unlock()
	r.Changes.Publish(out)
	return out, true
}

// Remove asks the radio to forget a device and, when it did, forgets it too. It
// returns once that is written.
func (r *Registry) Remove(ctx context.Context, id home.DeviceID, by string) error {
	d, ok := r.Device(id)
	if !ok {
		return &home.NotFound{What: "device", ID: string(id)}
	}
	r.mu.RLock()
	radio := r.radios[d.Radio]
	r.mu.RUnlock()
	if radio != nil {
		if err := radio.Remove(ctx, id); err != nil {
			return fmt.Errorf("registry: remove %s: %w", id, err)
		}
	}
	r.Left(id, by)
	return r.save()
}

// Left forgets a device that is no longer part of its radio network. by may be
// empty when the device left by itself. It does not wait: radios call it from
// where they hear all others. Zones that watch the device are not known any more
// from then on: what it said last is no reason to arm without it.
func (r *Registry) Left(id home.DeviceID, by string) {
	r.order.Lock()
	defer r.order.Unlock()
	r.mu.Lock()
	d, ok := r.devices[id]
	if !ok {
		r.mu.Unlock()
		return
	}
	delete(r.devices, id)
	delete(r.heard, id)
	delete(r.dirty, id)
	r.gone[id] = true
	r.toSave()
	name, traits := d.Name, slices.Collect(maps.Keys(d.Traits))
	r.mu.Unlock()
	ev := home.Event{At: home.At(time.Now()), Kind: home.KindDevice, Device: id, Text: name + " left the home."}
	if by != "" {
		ev.Who = home.Who(by)
	}
	r.o.Journal.Add(ev)
	for _, t := range traits {
		r.o.Panel.Reading(home.Reading{Device: id, Trait: t, At: time.Now()}, nil)
	}
	r.Changes.Publish(home.Device{ID: id})
}
