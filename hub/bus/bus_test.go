package bus_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"gatehouse/hub/bus"
)

func TestOrderAndGap(t *testing.T) {
	var topic bus.Topic[int]
	fast, slow := topic.Subscribe(8), topic.Subscribe(2)
	for i := range 5 {
		topic.Publish(i)
	}
	for want := range 5 {
		it, ok := fast.TryNext()
		if !ok || it.Gap || it.Value != want {
			t.Fatalf("fast: got %+v %v, want %d without a gap", it, ok, want)
		}
	}
	it, ok := slow.TryNext()
	if !ok || !it.Gap || it.Value != 4 {
		t.Fatalf("slow: got %+v %v, want 4 after a gap", it, ok)
	}
	if _, ok := slow.TryNext(); ok {
		t.Fatal("slow: more than it can hold")
	}
	topic.Publish(5)
	if it, _ := slow.TryNext(); it.Gap || it.Value != 5 {
		t.Fatalf("slow: got %+v, want 5 with the gap told only once", it)
	}
}

func TestNextWaitsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var topic bus.Topic[string]
		s := topic.Subscribe(1)
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan string, 2)
		go func() {
			for {
				it, err := s.Next(ctx)
				if err != nil {
					got <- "ended"
					return
				}
				got <- it.Value
			}
		}()
		synctest.Wait()
		topic.Publish("open")
		if v := <-got; v != "open" {
			t.Fatalf("got %q, want open", v)
		}
		cancel()
		if v := <-got; v != "ended" {
			t.Fatalf("got %q, want ended", v)
		}
		s.Close()
		if n := topic.Subscribers(); n != 0 {
			t.Fatalf("%d subscribers after Close, want 0", n)
		}
	})
}

// BenchmarkPublish shows that stalled subscribers cost the publisher next to
// nothing and no memory.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("stalled=%d", n), func(b *testing.B) {
			var topic bus.Topic[int]
			for range n {
				topic.Subscribe(64)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				topic.Publish(i)
			}
		})
	}
}

func TestOnlyWhatIsWanted(t *testing.T) {
	var topic bus.Topic[int]
	s := topic.SubscribeTo(2, func(i int) bool { return i%3 == 0 })
	for i := range 6 {
		topic.Publish(i)
		select {
		case <-s.Wake():
			if i%3 != 0 {
				t.Errorf("%d, which is not wanted, wakes", i)
			}
		default:
			if i%3 == 0 {
				t.Errorf("%d, which is wanted, wakes nobody", i)
			}
		}
	}
	for _, want := range []int{0, 3} {
		if it, ok := s.TryNext(); !ok || it.Gap || it.Value != want {
			t.Errorf("got %+v %v, want %d: what is not wanted takes no room", it, ok, want)
		}
	}
}
