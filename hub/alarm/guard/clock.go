package guard

import "time"

// tolerance is how far the wall clock may drift from the monotonic one before
// it counts as having been set.
const tolerance = 2 * time.Second

// clock carries wall time on by the monotonic clock, so that setting the wall
// clock is noticed instead of obeyed.
type clock struct {
	wall  time.Time     // what the wall clock said when it was last believed
	since time.Duration // monotonic time then
}

// read is the panel's time at a monotonic time, and by how much the wall clock
// was set since the last read; the panel's time has then been moved along.
func (c *clock) read(mono time.Duration, wall time.Time) (now time.Time, set time.Duration) {
	now = c.wall.Add(mono - c.since)
	set = wall.Sub(now)
	if set <= tolerance && set >= -tolerance {
		return now, 0
	}
	*c = clock{wall, mono}
	return wall, set
}

// behind is by how much the wall clock lies before the latest time that a
// loaded panel has seen: a box without a clock of its own starts in the past,
// and one whose clock ran ahead was corrected while it was off. Nobody knows
// how long it was dark, so the panel's deadlines keep their length.
func behind(wall, seen time.Time) time.Duration {
	if d := wall.Sub(seen); d < -tolerance && !seen.IsZero() {
		return d
	}
	return 0
}
