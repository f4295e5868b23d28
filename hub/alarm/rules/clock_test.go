package rules

import (
	"testing"
	"time"
	_ "time/tzdata" // the figures must not hang on the machine

	"gatehouse/hub/home"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestNext(t *testing.T) {
	berlin := &Place{52.52, 13.41}
	for _, c := range []struct {
		name, zone string
		place      *Place
		when       home.When
		after      string // UTC
		want       []string
	}{
		{
			"every day at 22:30", "Europe/Berlin", nil,
			home.When{Event: home.WhenTime, At: "22:30"},
			"2026-01-01T21:30:00Z",
			[]string{"2026-01-02 22:30 CET", "2026-01-03 22:30 CET"},
		},
		{
			"weekdays", "Europe/Berlin", nil,
			home.When{Event: home.WhenTime, At: "07:00", Days: []string{"mon", "tue", "wed", "thu", "fri"}},
			"2026-01-02T12:00:00Z", // a Friday
			[]string{"2026-01-05 07:00 CET", "2026-01-06 07:00 CET"},
		},
		{
			"02:30 on the day that skips it comes at the skip", "Europe/Berlin", nil,
			home.When{Event: home.WhenTime, At: "02:30"},
			"2026-03-28T00:00:00Z",
			[]string{"2026-03-28 02:30 CET", "2026-03-29 03:00 CEST", "2026-03-30 02:30 CEST"},
		},
		{
			"02:30 on the day that has it twice comes once, first", "Europe/Berlin", nil,
			home.When{Event: home.WhenTime, At: "02:30"},
			"2026-10-24T00:00:00Z",
			[]string{"2026-10-24 02:30 CEST", "2026-10-25 02:30 CEST", "2026-10-26 02:30 CET"},
		},
		{
			"midnight where it is skipped", "America/Santiago", nil,
			home.When{Event: home.WhenTime, At: "00:00"},
			"2026-09-05T12:00:00Z",
			[]string{"2026-09-06 01:00 -03", "2026-09-07 00:00 -03"},
		},
		{
			"half an hour of summer time", "Australia/Lord_Howe", nil,
			home.When{Event: home.WhenTime, At: "01:45"},
			"2026-04-03T20:00:00Z",
			[]string{"2026-04-05 01:45 +11", "2026-04-06 01:45 +1030"},
		},
		{
			// What the sun does is held by TestSunAgreesWithTheAlmanac.
			"sunset moves by two minutes a day", "Europe/Berlin", berlin,
			home.When{Event: home.WhenSunset},
			"2026-04-29T12:00:00Z",
			[]string{"2026-04-29 20:29 CEST", "2026-04-30 20:31 CEST"},
		},
		{
			"before sunrise", "Europe/Berlin", berlin,
			home.When{Event: home.WhenSunrise, Offset: home.Duration(-30 * time.Minute)},
			"2026-03-27T12:00:00Z",
			[]string{"2026-03-28 05:20 CET", "2026-03-29 06:18 CEST"},
		},
		{"no place, no sunset", "Europe/Berlin", nil, home.When{Event: home.WhenSunset}, "2026-04-29T12:00:00Z", []string{"never"}},
		{
			"after the polar night", "Europe/Oslo", &Place{69.65, 18.96},
			home.When{Event: home.WhenSunset},
			"2026-11-28T12:00:00Z",
			[]string{"2027-01-15 12:12 CET"},
		},
		{"an event is not the clock's", "UTC", nil, home.When{Event: home.WhenMode}, "2026-11-28T12:00:00Z", []string{"never"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := zone(t, c.zone)
			after, err := time.Parse(time.RFC3339, c.after)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				after = next(c.when, c.place, z, after)
				got := "never"
				if !after.IsZero() {
					got = after.In(z).Format("2006-01-02 15:04 MST")
				}
				if got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
}

// A year of every hour in zones with odd clocks: each day has it once.
func TestEachLocalTimeComesOnceADay(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "Pacific/Apia", "UTC"} {
		z := zone(t, name)
		for _, clock := range []string{"00:00", "00:30", "01:59", "02:00", "02:30", "03:00", "12:00", "23:59"} {
			after := time.Date(2026, 1, 1, 0, 0, 0, 0, z).Add(-time.Second)
			days := map[string]bool{}
			for range 365 {
				after = next(home.When{Event: home.WhenTime, At: clock}, nil, z, after)
				date := after.In(z).Format(time.DateOnly)
				if days[date] {
					t.Errorf("%s in %s comes twice on %s", clock, name, date)
				}
				days[date] = true
			}
			if last := after.In(z).Format(time.DateOnly); last != "2026-12-31" {
				t.Errorf("%s in %s: the 365th is on %s", clock, name, last)
			}
		}
	}
}
