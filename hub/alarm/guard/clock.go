package guard

import "time"

// tolerance is how far the wall clock may drift from the monotonic one before
// it counts as having been set.
const tolerance = 2 * time.Second

// clock carries wall time on by the monotonic clock, so that setting the wall
// clock is noticed instead of obeyed.
type clock struct {
	panel time.Time     // what the panel's time was when the wall clock was last believed
	wall  time.Time     // what the wall clock said then
	since time.Duration // monotonic time then
}

// newClock begins at the wall clock's time, or at the latest time that the
// panel has seen if the wall clock lies before it: a box without a clock of its
// own starts in the past until somebody tells it the time.
func newClock(wall, seen time.Time) clock {
	c := clock{panel: wall, wall: wall}
	if seen.After(wall) {
		c.panel = seen
	}
	return c
}

// read is the panel's time at a monotonic time, and by how much the wall clock
// was set since the last read; the panel's time has then been moved along.
func (c *clock) read(mono time.Duration, wall time.Time) (now time.Time, set time.Duration) {
	passed := mono - c.since
	now = c.panel.Add(passed)
	if drift := wall.Sub(c.wall) - passed; drift <= tolerance && drift >= -tolerance {
		return now, 0
	}
	set = wall.Sub(now)
	*c = clock{panel: wall, wall: wall, since: mono}
	return wall, set
}
