package supervision_test

import (
	"testing"
	"time"

	"gatehouse/hub/home/supervision"
)

// air listens as it wants to, to a noise that changes over time, and tells
// when it is found jammed and when free again.
func air(noise func(at time.Duration) []int, until time.Duration) (jammed, free time.Duration) {
	var a supervision.Air
	at := time.Duration(0)
	for at <= until {
		a.Listened(start.Add(at), noise(at))
		if _, jam := a.Jammed(); jam && jammed == 0 {
			jammed = at
		} else if !jam && jammed != 0 && free == 0 {
			free = at
		}
		at += a.Next()
	}
	return jammed, free
}

func TestJam(t *testing.T) {
	const quiet, loud = -98, supervision.Loud
	between := func(from, to time.Duration, dbm int) func(time.Duration) []int {
		return func(at time.Duration) []int {
			if at >= from && at < to {
				return []int{quiet, dbm, quiet}
			}
			return []int{quiet, quiet, quiet}
		}
	}
	for _, tt := range []struct {
		name         string
		noise        func(time.Duration) []int
		jammed, free time.Duration
	}{
		{"quiet", between(0, 0, loud), 0, 0},
		{"one dBm below", between(0, time.Hour, loud-1), 0, 0},
		// Heard at 30 s, loud from there to 60 s; last heard loud at 298 s, and
		// a minute later free.
		{"one channel of three", between(time.Second, 300*time.Second, loud), 60 * time.Second, 360 * time.Second},
		{"saturated", between(time.Second, 300*time.Second, 0), 60 * time.Second, 360 * time.Second},
		{"29 s long", between(30*time.Second, 59*time.Second, loud), 0, 0},
		{"a neighbour now and then", func(at time.Duration) []int {
			if at%(30*time.Second) == 0 {
				return []int{loud + 20, quiet, quiet}
			}
			return []int{quiet, quiet, quiet}
		}, 0, 0},
		{"two seconds in three", func(at time.Duration) []int {
			if at/time.Second%6 < 4 {
				return []int{loud}
			}
			return []int{quiet}
		}, 48 * time.Second, 0},
		{"one second in three", func(at time.Duration) []int {
			if at/time.Second%6 < 2 {
				return []int{loud}
			}
			return []int{quiet}
		}, 0, 0},
		{"no channel can be heard", func(time.Duration) []int { return nil }, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			jammed, free := air(tt.noise, 20*time.Minute)
			if jammed != tt.jammed || free != tt.free {
				t.Errorf("jammed at %v and free at %v, want %v and %v", jammed, free, tt.jammed, tt.free)
			}
		})
	}
}

func TestListensSparselyWhileTheAirIsQuiet(t *testing.T) {
	var a supervision.Air
	a.Listened(start, []int{-100})
	if got := a.Next(); got != supervision.ListenIdle {
		t.Errorf("quiet: listens again after %v", got)
	}
	a.Listened(start.Add(time.Minute), []int{-60})
	if got := a.Next(); got != supervision.ListenAlert {
		t.Errorf("loud: listens again after %v", got)
	}
	if dbm, jam := a.Jammed(); dbm != -60 || jam {
		t.Errorf("one loud sample: %d dBm, jammed %v", dbm, jam)
	}
}
