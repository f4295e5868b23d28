package guard

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const s, h = time.Second, time.Hour
	type read struct {
		mono, wall time.Duration // since the start
		now, set   time.Duration // want
	}
	for _, c := range []struct {
		name  string
		seen  time.Duration // latest time that the panel has seen, from the start
		reads []read
	}{
		{"steady", -h, []read{{0, 0, 0, 0}, {s, s, s, 0}, {h, h, h, 0}}},
		{"a drift below the tolerance is the monotonic clock's", -h, []read{{10 * s, 11 * s, 10 * s, 0}, {20 * s, 22 * s, 20 * s, 0}}},
		{"set forward", -h, []read{{10 * s, 3 * h, 3 * h, 3*h - 10*s}, {11 * s, 3*h + s, 3*h + s, 0}}},
		{"set back", -h, []read{{10 * s, -h, -h, -h - 10*s}, {11 * s, -h + s, -h + s, 0}}},
		{"set twice", -h, []read{{s, h, h, h - s}, {2 * s, 0, 0, -h - s}, {3 * s, s, s, 0}}},
		{"a box that starts in the past goes on from what it has seen", 5 * h, []read{{0, 0, 5 * h, 0}, {s, s, 5*h + s, 0}}},
		{"until it is told the time", 5 * h, []read{{s, s, 5*h + s, 0}, {2 * s, 6 * h, 6 * h, h - 2*s}, {3 * s, 6*h + s, 6*h + s, 0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock(t0, t0.Add(c.seen))
			for i, r := range c.reads {
				now, set := clock.read(r.mono, t0.Add(r.wall))
				if !now.Equal(t0.Add(r.now)) || set != r.set {
					t.Errorf("read %d: %s, set by %s; want %s, set by %s", i, now.Sub(t0), set, r.now, r.set)
				}
			}
		})
	}
}
