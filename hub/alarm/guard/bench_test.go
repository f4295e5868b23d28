package guard_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/home"
)

// stall is a Store that can be made to hang for ever.
type stall struct {
	hangs atomic.Bool
	end   chan struct{}
}

func (s *stall) Load() (alarm.Panel, bool, error) { return alarm.Panel{}, false, nil }

func (s *stall) Save(alarm.Panel) error {
	if s.hangs.Load() {
		<-s.end
	}
	return nil
}

// ear hears the siren command.
type ear struct{ heard time.Time }

func (e *ear) Sound(alarm.Sound)       { e.heard = time.Now() }
func (*ear) Add(home.Event) uint64     { return 0 }
func (*ear) Indicate(alarm.Indication) {}

// BenchmarkReadingToSiren is the time from a report that raises an alarm to
// the command for the siren, with a store that works and one that hangs, and
// with a hundred subscribers that never read.
func BenchmarkReadingToSiren(b *testing.B) {
	for _, hangs := range []bool{false, true} {
		for _, zones := range []int{10, 1000} {
			b.Run(fmt.Sprintf("hangs=%t/zones=%d", hangs, zones), func(b *testing.B) {
				s := &stall{end: make(chan struct{})}
				e := &ear{}
				g, err := guard.Open(guard.Options{Store: s, Journal: e, Siren: e, Keypads: e, CodeKey: codeKey})
				if err != nil {
					b.Fatal(err)
				}
				ctx, cancel := context.WithCancel(b.Context())
				ended := make(chan error, 1)
				go func() { ended <- g.Run(ctx) }()
				for n := range zones {
					z := home.Zone{
						ID: home.ZoneID(fmt.Sprintf("leak-%d", n)), Device: home.DeviceID(fmt.Sprintf("zwave-%d", n)),
						Trait: home.Water, Kind: home.ZoneWater,
					}
					if err := g.PutZone(ctx, z, ""); err != nil {
						b.Fatal(err)
					}
				}
				for range 100 {
					defer g.Changes.Subscribe(16).Close()
				}
				s.hangs.Store(hangs)
				var took []time.Duration
				b.ReportAllocs()
				for b.Loop() {
					e.heard = time.Time{}
					begun := time.Now()
					g.Reading(home.Reading{Device: "zwave-3", Trait: home.Water, Value: home.True}, nil)
					if e.heard.IsZero() {
						b.Fatal("no siren")
					}
					took = append(took, e.heard.Sub(begun))
					g.Reading(home.Reading{Device: "zwave-3", Trait: home.Water, Value: home.False}, nil)
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
				b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
				close(s.end)
				cancel()
				<-ended
			})
		}
	}
}
