package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/home"
)

// Weekdays as a rule names them, Sunday first as in package time.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// horizonDays is how far ahead the sun is looked for: a polar night ends
// within half a year.
const horizonDays = 400

// next is the first time after a time at which clock or sun fire the event;
// zero when they never do. It is a function of its arguments alone.
//
// A local time comes once a day: where summer time skips it, at the moment of
// the skip; where winter time repeats it, the first time only.
func next(w home.When, place *Place, zone *time.Location, after time.Time) time.Time {
	year, month, day := after.In(zone).Date()
	// An offset, or a sunset past midnight, can belong to the day before.
	for d := -2; d < horizonDays; d++ {
		date := time.Date(year, month, day+d, 12, 0, 0, 0, time.UTC)
		if len(w.Days) > 0 && !slices.Contains(w.Days, weekdays[date.Weekday()]) {
			continue
		}
		at := on(w, place, zone, date)
		if !at.IsZero() && at.After(after) {
			return at
		}
	}
	return time.Time{}
}

// on is when the event is due on a date of the calendar; zero when it is not.
func on(w home.When, place *Place, zone *time.Location, date time.Time) time.Time {
	y, m, d := date.Date()
	switch w.Event {
	case home.WhenTime:
		hour, minute, err := clockTime(w.At)
		if err != nil {
			return time.Time{}
		}
		return local(y, m, d, hour, minute, zone)
	case home.WhenSunrise, home.WhenSunset:
		if place == nil {
			return time.Time{}
		}
		sun := place.SunOn(y, m, d, zone)
		at := sun.Rise
		if w.Event == home.WhenSunset {
			at = sun.Set
		}
		if at.IsZero() {
			return at
		}
		return at.Add(time.Duration(w.Offset)).Truncate(time.Second)
	default:
		return time.Time{}
	}
}

// local is a time on the wall's clock, once for every date.
func local(y int, m time.Month, d, hour, minute int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, hour, minute, 0, 0, zone)
	start, end := t.ZoneBounds()
	asked := time.Date(y, m, d, hour, minute, 0, 0, time.UTC)
	_, offset := t.Zone()
	switch shown := t.UTC().Add(time.Duration(offset) * time.Second); shown.Compare(asked) { // unequal: the clock skips it
	case 1:
		return start
	case -1:
		return end
	}
	if start.IsZero() {
		return t
	}
	_, is := t.Zone()
	_, was := start.Add(-1).Zone()
	if first := t.Add(time.Duration(is-was) * time.Second); is < was && first.Before(start) {
		return first // the clock shows it twice
	}
	return t
}

// clockTime reads "22:30".
func clockTime(s string) (hour, minute int, err error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, 0, fmt.Errorf("%q is not a time such as 22:30 or 07:05", s)
	}
	return t.Hour(), t.Minute(), nil
}

// daysText is a list of days as people say it: "on mon, tue and wed".
func daysText(days []string) string {
	has := func(list ...string) bool {
		if len(days) != len(list) {
			return false
		}
		for _, d := range list {
			if !slices.Contains(days, d) {
				return false
			}
		}
		return true
	}
	names := map[string]string{
		"mon": "Mondays", "tue": "Tuesdays", "wed": "Wednesdays", "thu": "Thursdays",
		"fri": "Fridays", "sat": "Saturdays", "sun": "Sundays",
	}
	switch {
	case len(days) == 0 || len(days) == 7:
		return ""
	case has("mon", "tue", "wed", "thu", "fri"):
		return " on weekdays"
	case has("sat", "sun"):
		return " at weekends"
	}
	said := make([]string, len(days))
	for i, d := range days {
		said[i] = names[d]
	}
	return " on " + and(said)
}

// and is a list as a sentence has it.
func and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
