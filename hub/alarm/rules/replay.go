package rules

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"gatehouse/hub/home"
)

// Week is how far back a dry run looks.
const Week = 7 * 24 * time.Hour

// Warmup is how much longer ago it begins, so that it knows how things stood
// when the week began.
const Warmup = 24 * time.Hour

// Note is what the rules heard that the journal does not hold in a form that
// can be played again: exactly one of the two.
type Note struct {
	At      home.Time `json:"at"`
	Panel   *Panel    `json:"panel,omitempty"`
	Trouble *Trouble  `json:"trouble,omitempty"`
}

// past is one thing that happened, to be played again.
type past struct {
	at time.Time
	in Input
}

// pastOf makes inputs of journal lines and notes, oldest first.
func pastOf(lines []home.Event, notes []Note) []past {
	var all []past
	for _, e := range lines {
		if in := inputOf(e); in != nil {
			all = append(all, past{e.At.Time, in})
		}
	}
	for _, n := range notes {
		switch {
		case n.Panel != nil:
			all = append(all, past{n.At.Time, *n.Panel})
		case n.Trouble != nil:
			all = append(all, past{n.At.Time, *n.Trouble})
		}
	}
	slices.SortStableFunc(all, func(a, b past) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	return all
}

// inputOf is what a line of the journal was to the rules; nil when nothing.
func inputOf(e home.Event) Input {
	switch e.Kind {
	case home.KindReading:
		var said struct {
			Trait home.Trait `json:"trait"`
			Value home.Value `json:"value"`
		}
		if json.Unmarshal(e.Data, &said) != nil || said.Trait == "" {
			return nil
		}
		return Reading{home.Reading{Device: e.Device, Trait: said.Trait, Value: said.Value, At: e.At.Time}}
	case home.KindPerson:
		var said Presence
		if json.Unmarshal(e.Data, &said) != nil || said.Person == "" {
			return nil
		}
		return said
	default:
		return nil
	}
}

// replay plays the past to a core and returns what fired from a time on. It is
// woken as a hub that never sleeps would be.
func replay(c *core, all []past, from, until time.Time) []Firing {
	var fired []Firing
	wake := func(to time.Time) {
		for at := c.until(); !at.IsZero() && !at.After(to); at = c.until() {
			fired = append(fired, c.step(at, nil)...)
		}
	}
	for _, p := range all {
		wake(p.at)
		fired = append(fired, c.step(p.at, p.in)...)
	}
	wake(until)
	return slices.DeleteFunc(fired, func(f Firing) bool { return f.At.Before(from) })
}

// before is the house as it was at a time, as far as it can be known from how
// it is now: what has not changed since.
func (w *world) before(at time.Time) *world {
	then := newWorld()
	then.zone, then.place = w.zone, w.place
	for id, d := range w.devices {
		old := &device{name: d.name, traits: map[home.Trait]home.State{}}
		for t, s := range d.traits {
			if s.Since.After(at) {
				s = home.State{}
			}
			old.traits[t] = s
		}
		then.devices[id] = old
	}
	for key, p := range w.people {
		if !p.Since.After(at) {
			then.people[key] = p
		}
	}
	return then
}
