package alarm

import (
	"fmt"
	"testing"

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

// BenchmarkStep is one step of each kind that a house takes often. What a report
// costs must not grow with the number of zones; arming looks at each of them.
func BenchmarkStep(b *testing.B) {
	skipped := new(home.Duration)
	armed := func(p Panel) Panel {
		p, _ = p.Step(midnight, SetMode{Request: home.ModeRequest{Mode: home.Away, ExitDelay: skipped}})
		return p
	}
	same := func(p Panel) Panel { return p }
	middle := func(zones int) home.DeviceID { return home.DeviceID(fmt.Sprintf("zwave-%d", zones/2+2)) }
	for _, kind := range []struct {
		name  string
		begin func(Panel) Panel
		input func(zones int) Input
	}{
		{"repeat", same, func(zones int) Input { return Reading{middle(zones), home.Contact, home.Closed} }},
		{"reading", same, func(zones int) Input { return Reading{middle(zones), home.Contact, home.Open} }},
		{"alarm", armed, func(zones int) Input { return Reading{middle(zones), home.Contact, home.Open} }},
		{"arm", same, func(int) Input { return SetMode{Request: home.ModeRequest{Mode: home.Away}} }},
		{"disarm", armed, func(int) Input { return SetMode{Request: home.ModeRequest{CodeFree: true, Mode: home.Disarmed}} }},
		{"tick", armed, func(int) Input { return Tick{} }},
	} {
		for _, zones := range []int{10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/zones=%d", kind.name, zones), func(b *testing.B) {
				p, in := kind.begin(big(b, zones)), kind.input(zones)
				b.ReportAllocs()
				for b.Loop() {
					p.Step(midnight, in)
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "steps/s")
			})
		}
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
	// Two for the panel that results (what is open, what that hinders), two to tell
	// keypads that it is not ready.
	small, large := count(10), count(1000)
	if large > small || large > 4 {
		t.Errorf("a reading allocates %v times with 1000 zones, %v with 10, want the same and at most 4", large, small)
	}
}
