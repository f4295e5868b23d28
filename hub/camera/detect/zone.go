package detect

import (
	"fmt"
	"math"
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

// Zone is a part of a camera's picture and what is looked for in it.
type Zone home.SightZone

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
	if len(z.Shape) > 0 && !z.encloses() {
		return fmt.Errorf("zone %q: its corners lie in one line or in one place, so that nothing is inside", z.Name)
	}
	once, twice := z.scores()
	if !(twice >= least && once >= twice && once < 1) {
		return fmt.Errorf("zone %q: scores %v once and %v twice: from %v, below 1, once not below twice", z.Name, once, twice, least)
	}
	return nil
}

// leastShape is the least part of the picture that a shape may be.
const leastShape = 0.0001

// encloses tells whether there is anything between the corners: whether the triangles
// from the first of them to each edge are anything together.
func (z Zone) encloses() bool {
	sum, from := 0.0, z.Shape[0]
	for i := range z.Shape[1:] {
		a, b := z.Shape[i], z.Shape[i+1]
		sum += math.Abs((a.X-from.X)*(b.Y-from.Y)-(b.X-from.X)*(a.Y-from.Y)) / 2
	}
	return sum >= leastShape
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
	Zones  []Zone // none but ignored ones: Labels everywhere, always
	Mode   home.Mode
	Doubts []home.Doubt
	Blind  bool // only movement is looked for: the network is not asked
	Alert  bool // somebody may be in the house: whatever moves counts, and nothing is learnt
}

// Idle tells that in this mode nothing is looked for, so that nothing need be
// looked at.
func (w Watch) Idle() bool {
	return w.drawn() && !slices.ContainsFunc(w.Zones, w.counts)
}

// drawn tells whether any zone says what to look for, and not only where not to.
func (w Watch) drawn() bool {
	return slices.ContainsFunc(w.Zones, func(z Zone) bool { return !z.Ignore })
}

func (w Watch) counts(z Zone) bool {
	return !z.Ignore && (len(z.Modes) == 0 || slices.Contains(z.Modes, w.Mode))
}

func (w Watch) ignored(x, y float64) bool {
	return slices.ContainsFunc(w.Zones, func(z Zone) bool { return z.Ignore && z.holds(x, y) })
}

// still tells whether nothing that happens at a place counts as movement: it is
// ignored, or zones were drawn and none that counts holds it.
func (w Watch) still(x, y float64) bool {
	if w.drawn() && !slices.ContainsFunc(w.Zones, func(z Zone) bool { return w.counts(z) && z.holds(x, y) }) {
		return true
	}
	return w.ignored(x, y)
}

// What somebody doubts wants a higher score, by so much each time and never by
// more: who could say it often enough would make a camera blind.
const (
	doubtStep = 0.05
	doubtMost = 0.2
)

func (w Watch) doubt(zone, label string) float64 {
	for _, d := range w.Doubts {
		if d.Zone == zone && d.Label == label {
			return min(doubtStep*float64(d.Times), doubtMost)
		}
	}
	return 0
}

// grade says from which scores a sight is believed, and which zone says so; ok is
// false when nobody looks for it where its feet are. The most watchful zone
// decides.
func (w Watch) grade(s home.Sight) (zone string, once, twice float64, ok bool) {
	x, y := (s.Left+s.Right)/2, s.Base
	if w.ignored(x, y) {
		return "", 0, 0, false
	}
	zones := w.Zones
	if !w.drawn() {
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
		more := w.doubt(z.Name, s.Label)
		o, t = min(o+more, surest), min(t+more, surest)
		if !ok || t < twice {
			zone = z.Name
		}
		if !ok {
			once, twice, ok = o, t, true
		}
		once, twice = min(once, o), min(twice, t)
	}
	return zone, once, twice, ok
}

// surest is the highest score that doubts may want.
const surest = 0.95
