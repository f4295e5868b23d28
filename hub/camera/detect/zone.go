package detect

import (
	"fmt"
	"slices"

	"gatehouse/hub/home"
)

// The scores from which a sight is believed: once on a single picture, twice on
// two of the last three.
const (
	Once  = 0.5
	Twice = 0.4
)

// Labels are what is looked for where a zone names nothing.
var Labels = []string{"person", "dog", "cat", "car"}

// Point is a place in a picture, in parts of its width and height.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Zone is a part of a camera's picture and what is looked for in it.
type Zone struct {
	Name   string      `json:"name"`
	Shape  []Point     `json:"shape,omitempty"`  // corners, in their order; none: the whole picture
	Labels []string    `json:"labels,omitempty"` // none: Labels
	Once   float64     `json:"once,omitempty"`   // 0: Once
	Twice  float64     `json:"twice,omitempty"`  // 0: Twice
	Modes  []home.Mode `json:"modes,omitempty"`  // in which it counts; none: in all, disarmed too
	Ignore bool        `json:"ignore,omitempty"` // nothing is seen here, in any mode
}

// Validate says what is wrong with a zone.
func (z Zone) Validate() error {
	if n := len(z.Shape); n == 1 || n == 2 || n > 64 {
		return fmt.Errorf("zone %q: %d corners: 3 to 64 make a shape, none is the whole picture", z.Name, n)
	}
	for _, p := range z.Shape {
		if !(p.X >= 0 && p.X <= 1 && p.Y >= 0 && p.Y <= 1) {
			return fmt.Errorf("zone %q: corner %v, %v: both from 0 to 1", z.Name, p.X, p.Y)
		}
	}
	once, twice := z.scores()
	if !(twice >= least && once >= twice && once < 1) {
		return fmt.Errorf("zone %q: scores %v once and %v twice: from %v, below 1, once not below twice", z.Name, once, twice, least)
	}
	return nil
}

func (z Zone) scores() (once, twice float64) {
	once, twice = z.Once, z.Twice
	if once == 0 {
		once = max(Once, twice)
	}
	if twice == 0 {
		twice = min(Twice, once)
	}
	return once, twice
}

// holds tells whether a point is inside: how often a line to the right of it
// crosses the border, even or odd.
func (z Zone) holds(x, y float64) bool {
	if len(z.Shape) == 0 {
		return true
	}
	in := false
	for i, a := range z.Shape {
		b := z.Shape[(i+1)%len(z.Shape)]
		if (a.Y > y) != (b.Y > y) && x < a.X+(y-a.Y)/(b.Y-a.Y)*(b.X-a.X) {
			in = !in
		}
	}
	return in
}

// Watch is what one camera looks for: a value, made anew when the owner changes
// a zone or somebody arms.
type Watch struct {
	Zones []Zone // none: Labels everywhere, always
	Mode  home.Mode
}

// Idle tells that in this mode nothing is looked for, so that nothing need be
// looked at.
func (w Watch) Idle() bool {
	return len(w.Zones) > 0 && !slices.ContainsFunc(w.Zones, w.counts)
}

func (w Watch) counts(z Zone) bool {
	return !z.Ignore && (len(z.Modes) == 0 || slices.Contains(z.Modes, w.Mode))
}

func (w Watch) ignored(x, y float64) bool {
	return slices.ContainsFunc(w.Zones, func(z Zone) bool { return z.Ignore && z.holds(x, y) })
}

// grade says from which scores a sight is believed; ok is false when nobody
// looks for it where its feet are. The most watchful zone decides.
func (w Watch) grade(s home.Sight) (once, twice float64, ok bool) {
	x, y := (s.Left+s.Right)/2, s.Base
	if w.ignored(x, y) {
		return 0, 0, false
	}
	zones := w.Zones
	if len(zones) == 0 {
		zones = []Zone{{}}
	}
	for _, z := range zones {
		labels := z.Labels
		if len(labels) == 0 {
			labels = Labels
		}
		if !w.counts(z) || !z.holds(x, y) || !slices.Contains(labels, s.Label) {
			continue
		}
		o, t := z.scores()
		if !ok {
			once, twice, ok = o, t, true
		}
		once, twice = min(once, o), min(twice, t)
	}
	return once, twice, ok
}
