package supervision_test

import (
	"testing"
	"time"

	"gatehouse/hub/home/supervision"
)

func TestClock(t *testing.T) {
	type tick struct {
		after time.Duration // since the last one
		set   time.Duration // the clock was set by, meanwhile
		want  string
	}
	built := start
	for _, tt := range []struct {
		name  string
		shows time.Time // at the start
		ticks []tick
	}{
		{"a clock that is right", built.Add(day), []tick{{0, 0, ""}, {time.Hour, time.Second, ""}, {day, 0, ""}}},
		{"set by ten minutes", built.Add(day), []tick{{0, 0, ""}, {10 * time.Second, 10 * time.Minute, ""}}},
		{"forward by more", built.Add(day), []tick{
			{0, 0, ""},
			{10 * time.Second, 10*time.Minute + time.Second, "it was set forward by 10m1s"},
			{day - time.Second, 0, "it was set forward by 10m1s"},
			{time.Second, 0, ""},
		}},
		{"back", built.Add(day), []tick{{0, 0, ""}, {10 * time.Second, -time.Hour, "it was set back by 1h0m0s"}}},
		{"before the hub was built, then right", time.Unix(0, 0), []tick{
			{0, 0, "it shows 1 January 1970"},
			{time.Minute, built.Sub(time.Unix(0, 0)), ""},
			{time.Minute, 0, ""},
		}},
		{"right, then before the hub was built", built.Add(time.Hour), []tick{
			{0, 0, ""},
			{time.Minute, -built.Sub(time.Unix(0, 0)), "it shows 1 January 1970"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := supervision.Clock{Earliest: built}
			var running time.Duration
			wall := tt.shows
			for i, k := range tt.ticks {
				running += k.after
				wall = wall.Add(k.after + k.set)
				if got := c.Tell(running, wall); got != k.want {
					t.Errorf("tick %d: %q, want %q", i+1, got, k.want)
				}
			}
		})
	}
}
