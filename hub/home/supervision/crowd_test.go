package supervision_test

import (
	"testing"
	"time"

	"gatehouse/hub/home/supervision"
)

// crowd listens as it wants to; answers tells whether a device that is asked at
// some time is heard a second later.
func crowd(noise func(time.Duration) int, answers func(time.Duration) bool, askable bool, until time.Duration) (jammed, free time.Duration, asks int) {
	var c supervision.Crowd
	var heard time.Time
	for at := time.Duration(0); at <= until; at += c.Next() {
		if c.Listened(start.Add(at), noise(at), heard, askable) {
			asks++
			if answers(at) {
				heard = start.Add(at + time.Second)
			}
		}
		if _, jam := c.Jammed(); jam && jammed == 0 {
			jammed = at
		} else if !jam && jammed != 0 && free == 0 {
			free = at
		}
	}
	return jammed, free, asks
}

func TestJamOfASharedChannel(t *testing.T) {
	const quiet, loud = -95, supervision.Loud
	between := func(from, to time.Duration) func(time.Duration) int {
		return func(at time.Duration) int {
			if at >= from && at < to {
				return loud
			}
			return quiet
		}
	}
	always := func(time.Duration) bool { return true }
	never := func(time.Duration) bool { return false }
	for _, tt := range []struct {
		name         string
		noise        func(time.Duration) int
		answers      func(time.Duration) bool
		askable      bool
		jammed, free time.Duration
		asks         int
	}{
		{"quiet", between(0, 0), never, true, 0, 0, 0},
		// Heard at 30 s, loud for more than 30 s at 60 s, which asks; no answer by 75 s.
		// A minute after it was last heard, at 598 s, it is free.
		{"a jammer", between(time.Second, 600*time.Second), never, true, 76 * time.Second, 660 * time.Second, 20},
		{"busy Wi-Fi for an hour: devices get through", between(0, time.Hour), always, true, 0, 0, 120},
		{"a jammer that ends while asked", between(time.Second, 70*time.Second), never, true, 76 * time.Second, 130 * time.Second, 3},
		{"devices get through again", between(time.Second, 20*time.Minute), func(at time.Duration) bool { return at > 5*time.Minute }, true, 76 * time.Second, 332 * time.Second, 40}, // asked at 300 s in vain, at 330 s not
		{"nobody to ask, and a jammer", between(time.Second, 600*time.Second), never, false, 86 * time.Second, 660 * time.Second, 0},
		{"nobody to ask, and Wi-Fi that pauses", func(at time.Duration) int {
			if at%(10*time.Second) < 8*time.Second {
				return loud
			}
			return quiet
		}, never, false, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			jammed, free, asks := crowd(tt.noise, tt.answers, tt.askable, 30*time.Minute)
			if jammed != tt.jammed || free != tt.free {
				t.Errorf("jammed at %v and free at %v, want %v and %v", jammed, free, tt.jammed, tt.free)
			}
			if asks > tt.asks {
				t.Errorf("asked %d times, want at most %d", asks, tt.asks)
			}
		})
	}
}
