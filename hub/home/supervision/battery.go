package supervision

import (
	"slices"
	"time"
)

// Figures of batteries, all ours.
const (
	BatteryLow   = 15 // percent from which a battery is low, whatever its device says of it
	BatteryEmpty = 5  // percent from which a device may fall silent any day

	keepPoints  = 60 // readings that are kept of a battery
	pointApart  = 12 * time.Hour
	newBattery  = 10 // percent up: the battery was changed
	leastSpan   = 7 * 24 * time.Hour
	leastValues = 3   // different ones within the span
	mostDays    = 365 // further than this nobody can see
)

// Point is what a battery had at a time.
type Point struct {
	At      time.Time `json:"at"`
	Percent int       `json:"percent"`
}

// Discharge is how a battery has run down, oldest first. It is a value that
// can be saved.
type Discharge []Point

// Read is d with one more reading, and whether that is worth saving. Readings
// that say the same shortly after one another are one; a battery that has
// become much fuller is a new one, and the old one's story ends. A reading
// from before the last one comes from a clock that was set: what was noted
// later is dropped.
func (d Discharge) Read(at time.Time, percent int) (Discharge, bool) {
	at = at.UTC().Truncate(time.Second)
	for len(d) > 0 && d[len(d)-1].At.After(at) {
		d = d[:len(d)-1]
	}
	if n := len(d); n > 0 {
		last := d[n-1]
		switch {
		case percent >= last.Percent+newBattery:
			d = nil
		case at.Sub(last.At) < pointApart && percent == last.Percent:
			return d, false
		}
	}
	d = append(slices.Clip(d), Point{at, percent}) // Clip: the old value stands
	if len(d) > keepPoints {
		d = d[len(d)-keepPoints:]
	}
	return d, true
}

// DaysLeft is how many days from now the battery will have come down to
// BatteryEmpty, and false when that cannot be said honestly: its story must
// span a week and at least three levels, and run down. The slope is the median
// of the slopes between all pairs of readings (Theil and Sen), which a third
// of bad readings does not move.
func (d Discharge) DaysLeft(now time.Time) (int, bool) {
	n := len(d)
	if n < 2 || d[n-1].At.Sub(d[0].At) < leastSpan || now.Before(d[n-1].At) {
		return 0, false
	}
	values := map[int]bool{}
	var slopes []float64 // percent per day
	for i, p := range d {
		values[p.Percent] = true
		for _, q := range d[i+1:] {
			if days := q.At.Sub(p.At).Hours() / 24; days > 0 {
				slopes = append(slopes, float64(q.Percent-p.Percent)/days)
			}
		}
	}
	if len(values) < leastValues || len(slopes) == 0 {
		return 0, false
	}
	slope := median(slopes)
	if slope >= 0 {
		return 0, false
	}
	// Where the line stands now: through the median of what is left over.
	var left []float64
	for _, p := range d {
		left = append(left, float64(p.Percent)+slope*now.Sub(p.At).Hours()/24)
	}
	days := (median(left) - BatteryEmpty) / -slope
	if days > mostDays {
		return 0, false
	}
	return max(int(days), 0), true
}

func median(list []float64) float64 {
	slices.Sort(list)
	n := len(list)
	if n%2 == 1 {
		return list[n/2]
	}
	return (list[n/2-1] + list[n/2]) / 2
}
