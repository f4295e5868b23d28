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
		reads []read
	}{
		{"steady", []read{{0, 0, 0, 0}, {s, s, s, 0}, {h, h, h, 0}}},
		{"a drift below the tolerance is the monotonic clock's", []read{{10 * s, 11 * s, 10 * s, 0}, {20 * s, 22 * s, 20 * s, 0}}},
		{"set forward", []read{{10 * s, 3 * h, 3 * h, 3*h - 10*s}, {11 * s, 3*h + s, 3*h + s, 0}}},
		{"set back", []read{{10 * s, -h, -h, -h - 10*s}, {11 * s, -h + s, -h + s, 0}}},
		{"set twice", []read{{s, h, h, h - s}, {2 * s, 0, 0, -h - s}, {3 * s, s, s, 0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := clock{wall: t0}
			for i, r := range c.reads {
				now, set := clock.read(r.mono, t0.Add(r.wall))
				if !now.Equal(t0.Add(r.now)) || set != r.set {
					t.Errorf("read %d: %s, set by %s; want %s, set by %s", i, now.Sub(t0), set, r.now, r.set)
				}
			}
		})
	}
}

func TestBehind(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		seen time.Time
		want time.Duration
	}{
		{time.Time{}, 0},
		{t0.Add(-time.Hour), 0},
		{t0.Add(time.Second), 0},
		{t0.Add(time.Hour), -time.Hour},
	} {
		if got := behind(t0, c.seen); got != c.want {
			t.Errorf("seen %s: behind by %s, want %s", c.seen, got, c.want)
		}
	}
}
