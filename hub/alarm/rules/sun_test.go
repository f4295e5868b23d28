package rules

import (
	"testing"
	"time"
)

// Figures of the U.S. Naval Observatory's Astronomical Applications Department
// ("Rise and Set for the Sun", one-year tables for 2019 and 2022 and the data
// of single days in 2014), in UTC, rounded to the minute.
func TestSunAgreesWithTheAlmanac(t *testing.T) {
	for _, c := range []struct {
		name      string
		lat, lon  float64
		date      string
		rise, set string
	}{
		{"60° N on the meridian of Greenwich", 60, 0, "2019-01-01", "09:02", "15:05"},
		{"", 60, 0, "2019-03-20", "06:03", "18:14"},
		{"", 60, 0, "2019-06-21", "02:36", "21:28"},
		{"", 60, 0, "2019-09-23", "05:46", "17:58"},
		{"", 60, 0, "2019-12-22", "09:02", "14:55"},
		{"Cape Canaveral", 29, -81, "2019-01-01", "12:18", "22:38"},
		{"", 29, -81, "2019-03-14", "11:35", "23:32"},
		{"", 29, -81, "2019-06-27", "10:27", "00:27 next day"}, // the table has the 28th's
		{"", 29, -81, "2019-11-03", "11:38", "22:37"},
		{"60° S, 150° W", -60, -150, "2019-01-01", "12:43", "07:24 next day"},
		{"", -60, -150, "2019-06-20", "19:06", "00:58 next day"},
		{"80° N: the last sunset before the polar night", 80, 0, "2019-10-21", "11:03", "12:23"},
		{"the night begins", 80, 0, "2019-10-22", "", ""},
		{"polar night", 80, 0, "2019-12-21", "", ""},
		{"the sun is back", 80, 0, "2019-02-21", "11:20", "13:10"},
		{"the last sunset before the polar day", 80, 0, "2019-04-12", "01:25", "23:02"},
		{"polar day", 80, 0, "2019-06-21", "", ""},
		{"Tromsø", 69.5, 19, "2014-04-01", "03:50", "17:49"},
		{"", 69.5, 19, "2014-04-30", "01:29", "19:58"},
		{"midnight sun in Tromsø", 69.5, 19, "2014-06-21", "", ""},
	} {
		day, err := time.Parse(time.DateOnly, c.date)
		if err != nil {
			t.Fatal(err)
		}
		zone := time.FixedZone("sun time", int(c.lon/15)*3600) // the day of the place
		y, m, d := day.Date()
		sun := Place{c.lat, c.lon}.SunOn(y, m, d, zone)
		for _, e := range []struct {
			what string
			at   time.Time
			want string
		}{{"rises", sun.Rise, c.rise}, {"sets", sun.Set, c.set}} {
			if e.want == "" {
				if !e.at.IsZero() {
					t.Errorf("%s at %g, %g: the sun %s at %s, and should not at all", c.date, c.lat, c.lon, e.what, e.at.UTC())
				}
				continue
			}
			want := at(t, day, e.want)
			if off := e.at.Sub(want); off < -90*time.Second || off > 90*time.Second {
				t.Errorf("%s at %g, %g: the sun %s at %s, want %s", c.date, c.lat, c.lon, e.what, e.at.UTC().Format(time.DateTime), want.Format(time.DateTime))
			}
		}
	}
}

// at reads "15:04" on day, or on the day after it.
func at(t *testing.T, day time.Time, clock string) time.Time {
	t.Helper()
	next := len(clock) > 5
	v, err := time.Parse("15:04", clock[:5])
	if err != nil {
		t.Fatal(err)
	}
	if next {
		day = day.AddDate(0, 0, 1)
	}
	return day.Add(time.Duration(v.Hour())*time.Hour + time.Duration(v.Minute())*time.Minute)
}

// Every day of a year, everywhere below the polar circles: the sun rises before
// it sets, within a day of 24 hours around noon, and it is dark exactly between.
func TestSunIsDarkBetweenSetAndRise(t *testing.T) {
	for _, p := range []Place{{0, 0}, {51.5, -0.1}, {52.5, 13.4}, {-33.9, 151.2}, {64.1, -21.9}, {1.3, 103.8}, {-54.8, -68.3}, {40, 179.9}} {
		zone := time.FixedZone("", int(p.Longitude/15)*3600)
		for d := range 365 {
			sun := p.SunOn(2026, 1, 1+d, zone)
			if sun.Rise.IsZero() || sun.Set.IsZero() {
				t.Fatalf("%v has no sunrise or sunset on day %d", p, d)
			}
			if day := sun.Set.Sub(sun.Rise); day <= 0 || day >= 24*time.Hour {
				t.Errorf("%v, day %d: the sun is up for %s", p, d, day)
			}
			for _, c := range []struct {
				at   time.Time
				dark bool
			}{
				{sun.Rise.Add(-time.Minute), true},
				{sun.Rise.Add(time.Minute), false},
				{sun.Set.Add(-time.Minute), false},
				{sun.Set.Add(time.Minute), true},
			} {
				if got := p.Dark(c.at); got != c.dark {
					t.Errorf("%v, day %d: dark is %v at %s; sunrise %s, sunset %s", p, d, got, c.at, sun.Rise, sun.Set)
				}
			}
		}
	}
}

// No place and no day may keep the scheduler waiting or answer with nonsense.
func FuzzSun(f *testing.F) {
	f.Add(90.0, 0.0, int64(0))
	f.Add(-90.0, 180.0, int64(1_700_000_000))
	f.Add(66.56, -179.9, int64(1_781_913_600))
	f.Fuzz(func(t *testing.T, lat, lon float64, unix int64) {
		if checkPlace(lat, lon) != nil || unix < 0 || unix > 4e9 {
			return
		}
		y, m, d := time.Unix(unix, 0).UTC().Date()
		noon := time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
		sun := Place{lat, lon}.SunOn(y, m, d, time.UTC)
		for _, at := range []time.Time{sun.Rise, sun.Set} {
			if !at.IsZero() && at.Sub(noon).Abs() > 25*time.Hour {
				t.Errorf("%s for %s at %g, %g", at, noon, lat, lon)
			}
		}
	})
}
