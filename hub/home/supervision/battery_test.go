package supervision_test

import (
	"testing"
	"time"

	"gatehouse/hub/home/supervision"
)

const day = 24 * time.Hour

// run reads a battery once a day.
func run(levels ...int) (supervision.Discharge, time.Time) {
	var d supervision.Discharge
	at := start
	for i, percent := range levels {
		at = start.Add(time.Duration(i) * day)
		d, _ = d.Read(at, percent)
	}
	return d, at
}

func TestDaysLeft(t *testing.T) {
	for _, tt := range []struct {
		name   string
		levels []int // one a day
		days   int   // -1: nobody can say
	}{
		{"one percent a day", []int{22, 21, 20, 19, 18, 17, 16, 15}, 10},
		{"two percent a day", []int{29, 27, 25, 23, 21, 19, 17, 15}, 5},
		{"slow", []int{15, 15, 14, 14, 14, 14, 14, 13, 13}, 36},
		{"three days short of a week", []int{22, 21, 20, 19}, -1},
		{"two levels", []int{15, 15, 15, 15, 14, 14, 14, 14, 14}, -1},
		{"does not run down", []int{14, 15, 16, 14, 15, 16, 14, 15, 16}, -1},
		{"much longer than a year", []int{100, 100, 99, 100, 99, 100, 99, 100, 98}, -1},
		{"two cold nights", []int{22, 21, 12, 19, 18, 11, 16, 15}, 10},
		{"empty already", []int{12, 11, 10, 9, 8, 7, 6, 5}, 0},
		{"changed in between", []int{9, 8, 7, 6, 100, 99, 98, 97}, -1},
		{"nothing", nil, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, now := run(tt.levels...)
			days, ok := d.DaysLeft(now)
			if !ok {
				days = -1
			}
			if days != tt.days {
				t.Errorf("got %d days, want %d", days, tt.days)
			}
		})
	}
}

func TestReadingsOfABattery(t *testing.T) {
	d, now := run(20, 19, 18)
	if _, worth := d.Read(now.Add(11*time.Hour), 18); worth {
		t.Error("the same level 11 h later is worth saving")
	}
	if e, worth := d.Read(now.Add(time.Minute), 17); !worth || len(e) != 4 {
		t.Error("another level is not noted at once")
	}
	if e, _ := d.Read(now.Add(day), 28); len(e) != 1 {
		t.Errorf("a new battery: %d readings are kept, want 1", len(e))
	}
	if e, _ := d.Read(now.Add(day), 27); len(e) != 4 {
		t.Errorf("9 percent up: %d readings are kept, want 4", len(e))
	}
	if e, _ := d.Read(now.Add(-36*time.Hour), 18); len(e) != 2 || e[1].At.After(now.Add(-36*time.Hour)) {
		t.Errorf("after the clock was set back: %v, want nothing from the future", e)
	}
	long := make([]int, 100)
	for i := range long {
		long[i] = 100 - i
	}
	e, now := run(long...)
	if len(e) != 60 || e[59].At != now {
		t.Errorf("%d readings are kept, want the latest 60", len(e))
	}
}
