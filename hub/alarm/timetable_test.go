package alarm

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/home"
)

func TestTimetable(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04:05", s, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		table string
		at    string // 2026-03-02 is a Monday
		want  bool
	}{
		{"", "2026-03-02 03:00:00", true},
		{"08:00-17:00", "2026-03-01 08:00:00", true},
		{"08:00-17:00", "2026-03-01 07:59:59", false},
		{"08:00-17:00", "2026-03-01 16:59:59", true},
		{"08:00-17:00", "2026-03-01 17:00:00", false},
		{"Mon-Fri 08:00-17:00", "2026-03-02 09:00:00", true},
		{"Mon-Fri 08:00-17:00", "2026-03-07 09:00:00", false},
		{"Mon-Fri 08:00-17:00; Sat 10:00-12:00", "2026-03-07 11:59:00", true},
		{"sat,SUN 10:00-24:00", "2026-03-08 23:59:59", true},
		{"Fri-Mon 10:00-12:00", "2026-03-08 11:00:00", true}, // over the end of the week
		{"Fri-Mon 10:00-12:00", "2026-03-03 11:00:00", false},
		{"Tue 22:00-06:00", "2026-03-03 22:00:00", true},
		{"Tue 22:00-06:00", "2026-03-04 05:59:59", true}, // begun on Tuesday
		{"Tue 22:00-06:00", "2026-03-04 06:00:00", false},
		{"Tue 22:00-06:00", "2026-03-03 05:00:00", false}, // begun on Monday, which has none
		{"Tue 22:00-06:00", "2026-03-04 22:00:00", false},
		{"08:00-09:00", "2026-03-29 08:30:00", true}, // the clock on the wall decides when summer begins
	} {
		table, err := parseTimetable(c.table)
		if err != nil {
			t.Fatalf("%q: %v", c.table, err)
		}
		if got := table.open(at(c.at)); got != c.want {
			t.Errorf("%q at %s: open is %t, want %t", c.table, c.at, got, c.want)
		}
	}
}

func TestATimetableThatIsWrongIsNamed(t *testing.T) {
	for _, c := range []struct{ table, want string }{
		{"Mon-Fri", `"Mon" is not a time`},
		{"08:00", "two times"},
		{"Mon-Fri 8-17", `"8" is not a time`},
		{"Mon-Fri 08:00-25:00", `"25:00" is not a time`},
		{"Mon-Fri 08:60-09:00", `"08:60" is not a time`},
		{"Mon-Fri 24:00-08:00", "no length"},
		{"Mon-Fri 08:00-08:00", "no length"},
		{"Mo 08:00-09:00", `"mo" is not a day`},
		{"Mon 08:00 09:00", "a space between"},
		{"Mon 08:00-09:00;", "a space between"},
		{strings.Repeat("08:00-09:00;", 16) + "08:00-09:00", "too many"},
	} {
		_, err := parseTimetable(c.table)
		var invalid *home.Invalid
		if !errors.As(err, &invalid) || invalid.Field != "schedule" || !strings.Contains(invalid.Reason, c.want) {
			t.Errorf("%q: error is %v, want one about schedule with %q", c.table, err, c.want)
		}
	}
}

// FuzzTimetable: what is read has at most a week of answers and never panics.
func FuzzTimetable(f *testing.F) {
	for _, s := range []string{"", "Mon-Fri 08:00-17:00; Sat 10:00-12:00", "22:00-06:00", "sun-sat 00:00-24:00", ";;", "Mon -", "99:99-00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		table, err := parseTimetable(s)
		if err != nil || len(table) == 0 {
			return
		}
		ever := false
		for minute := range 7 * dayMinutes {
			ever = ever || table.open(midnight.Add(time.Duration(minute)*time.Minute))
		}
		if !ever {
			t.Errorf("%q is never", s)
		}
	})
}
