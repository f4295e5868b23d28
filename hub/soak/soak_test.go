package soak

import (
	"flag"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse/hub/alarm"
)

var (
	seeds = flag.Int("seeds", 0, "live so many whole years, each of its own seed")
	seed  = flag.Uint64("seed", 1, "the first seed")
)

// mostCPU is what a year may cost.
const mostCPU = 60 * time.Second

// season is how many days are lived by a plain go test.
const season = 14

// TestSeason lives two weeks, in which summer time begins, and once more: the
// same seed is the same life.
func TestSeason(t *testing.T) {
	first, second := lived(t, *seed, season), lived(t, *seed, season)
	if first != second {
		t.Errorf("seed %d: two lives differ: %x and %x", *seed, first, second)
	}
	if lived(t, *seed+1, season) == first {
		t.Errorf("seed %d lives like seed %d", *seed+1, *seed)
	}
}

// TestYears lives whole years if it is asked to.
func TestYears(t *testing.T) {
	for n := range uint64(max(0, *seeds)) {
		t.Run(fmt.Sprintf("seed=%d", *seed+n), func(t *testing.T) {
			first := lived(t, *seed+n, 365)
			if n == 0 && lived(t, *seed, 365) != first {
				t.Errorf("seed %d: two years differ", *seed)
			}
		})
	}
}

// lived lives so many days and returns what they came to.
func lived(t *testing.T, seed uint64, days int) uint64 {
	t.Helper()
	before := cpu(t)
	l := newLife(t, seed, days, alarm.Panel.Step)
	l.live()
	spent := cpu(t) - before
	if err := l.hub.strange; err != nil {
		t.Fatalf("seed %d, %s: %v\n\n%s", seed, l.now, err, strings.Join(l.hub.past, "\n"))
	}
	if l.now.Before(l.ends.Add(-48 * time.Hour)) {
		t.Fatalf("seed %d: the life ends at %s", seed, l.now)
	}
	var b strings.Builder
	for _, what := range l.order {
		fmt.Fprintf(&b, "\n\t%6d  %s", l.tally[what], what)
	}
	t.Logf("seed %d: %d days, %d steps, %s of CPU%s", seed, days, l.hub.steps, spent.Round(10*time.Millisecond), b.String())
	if spent > mostCPU {
		t.Errorf("seed %d: %d days cost %s of CPU, want at most %s", seed, days, spent, mostCPU)
	}
	return l.hub.digest.Sum64()
}

// cpu is what this process has used.
func cpu(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
