package alarm

import (
	"fmt"
	"testing"
	"time"

	"gatehouse/hub/home"
)

func big(tb testing.TB, zones int) Panel {
	tb.Helper()
	list := make([]home.Zone, zones)
	for i := range list {
		list[i] = filled(home.Zone{
			ID: home.ZoneID(fmt.Sprintf("zone-%d", i)), Device: home.DeviceID(fmt.Sprintf("zwave-%d", i+2)),
			Trait: home.Contact, Kind: home.ZonePerimeter,
		})
	}
	p := New()
	p.cfg = newConfig(DefaultSettings(), list, nil)
	for i := range list {
		p, _ = p.Step(midnight, Reading{list[i].Device, home.Contact, home.Closed})
	}
	return p
}

// BenchmarkReading opens and closes one door, disarmed: the cost must not grow
// with the number of zones.
func BenchmarkReading(b *testing.B) {
	for _, zones := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("zones=%d", zones), func(b *testing.B) {
			p := big(b, zones)
			d := home.DeviceID(fmt.Sprintf("zwave-%d", zones/2+2))
			b.ReportAllocs()
			now := midnight
			for n := 0; b.Loop(); n++ {
				v := home.Open
				if n%2 == 1 {
					v = home.Closed
				}
				now = now.Add(time.Millisecond)
				p, _ = p.Step(now, Reading{d, home.Contact, v})
			}
		})
	}
}

// BenchmarkAlarm raises a burglary alarm in an armed house.
func BenchmarkAlarm(b *testing.B) {
	for _, zones := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("zones=%d", zones), func(b *testing.B) {
			p := big(b, zones)
			p, _ = p.Step(midnight, SetMode{Request: home.ModeRequest{Mode: home.Away, ExitDelay: new(home.Duration)}})
			d := home.DeviceID(fmt.Sprintf("zwave-%d", zones/2+2))
			b.ReportAllocs()
			for b.Loop() {
				if _, effects := p.Step(midnight, Reading{d, home.Contact, home.Open}); len(effects) == 0 {
					b.Fatal("no alarm")
				}
			}
		})
	}
}

func BenchmarkView(b *testing.B) {
	for _, zones := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("zones=%d", zones), func(b *testing.B) {
			p := big(b, zones)
			b.ReportAllocs()
			for b.Loop() {
				p.View(midnight)
			}
		})
	}
}

// TestAReadingCostsTheSameInALargeHouse counts allocations, which do not swing
// with the machine as times do.
func TestAReadingCostsTheSameInALargeHouse(t *testing.T) {
	count := func(zones int) float64 {
		p := big(t, zones)
		open := Reading{"zwave-2", home.Contact, home.Open}
		return testing.AllocsPerRun(100, func() { p.Step(midnight, open) })
	}
	// Two for the panel that results, two to tell keypads that it is not ready.
	small, large := count(10), count(1000)
	if large > small || large > 4 {
		t.Errorf("a reading allocates %v times with 1000 zones, %v with 10, want the same and at most 4", large, small)
	}
}
