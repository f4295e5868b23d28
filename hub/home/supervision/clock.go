package supervision

import (
	"fmt"
	"time"
)

// Figures of the clock, ours.
const (
	ClockLeap  = 10 * time.Minute // a clock that is set by more was or is wrong
	leapCounts = 24 * time.Hour   // for so long
)

// Clock compares the wall clock with the time that really passes.
type Clock struct {
	Earliest time.Time // no honest clock shows less: when the hub was built

	begun   bool
	running time.Duration
	wall    time.Time
	leap    time.Duration // the last one that counts; 0: none
	leapt   time.Duration // when that was, in running time
}

// Tell takes how long the hub has been running, on a clock that nobody sets,
// and what the wall clock shows. It says what is wrong with the latter, "" when
// nothing is.
func (c *Clock) Tell(running time.Duration, wall time.Time) string {
	wall = wall.Round(0)
	leap := wall.Sub(c.wall) - (running - c.running)
	// A clock that comes right, as after a start without a battery-backed one,
	// is no fault.
	if c.begun && leap.Abs() > ClockLeap && c.plausible(c.wall) {
		c.leap, c.leapt = leap, running
	}
	c.begun, c.running, c.wall = true, running, wall
	switch {
	case !c.plausible(wall):
		return "it shows " + wall.UTC().Format("2 January 2006")
	case c.leap != 0 && running-c.leapt < leapCounts:
		way := "forward"
		if c.leap < 0 {
			way = "back"
		}
		return fmt.Sprintf("it was set %s by %s", way, c.leap.Abs().Round(time.Second))
	default:
		return ""
	}
}

func (c *Clock) plausible(wall time.Time) bool { return !wall.Before(c.Earliest) }
