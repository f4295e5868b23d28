package detect

import (
	"cmp"
	"slices"
	"time"

	"gatehouse/hub/home"
)

// of so many pictures two have to show it.
const remembered = 3

// recent is how long a picture speaks for another one.
const recent = 10 * time.Second

// glimpse is what one picture may have shown: labels whose score was enough for
// half a belief.
type glimpse struct {
	at     time.Time
	labels []string
}

// memory is what a camera's last pictures showed: a value.
type memory []glimpse

// believe takes what a picture shows, and returns what is believed of it. A
// picture that comes late takes its place by its time.
func (m memory) believe(at time.Time, shown []home.Sight, w Watch) (memory, []home.Sight) {
	now := glimpse{at: at}
	var believed []home.Sight
	for _, s := range shown {
		zone, once, twice, ok := w.grade(s)
		if !ok || s.Score < twice {
			continue
		}
		now.labels = append(now.labels, s.Label)
		if s.Score >= once || m.saw(at, s.Label) {
			s.At, s.Zone = at, zone
			believed = append(believed, s)
		}
	}
	next := append(slices.Clone(m), now)
	slices.SortStableFunc(next, func(a, b glimpse) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	return next[max(0, len(next)-remembered):], believed
}

// saw tells whether one of the last two pictures showed it too. A picture does
// not speak for itself when it is handed in twice.
func (m memory) saw(at time.Time, label string) bool {
	for _, g := range m[max(0, len(m)-remembered+1):] {
		if !at.Equal(g.at) && at.Sub(g.at).Abs() <= recent && slices.Contains(g.labels, label) {
			return true
		}
	}
	return false
}
