package zwave

import (
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func after(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

// TestLink plays one frame through what can happen to it. Each move is a
// letter: a ACK, n NAK, c CAN, f a frame from the stick that was acknowledged,
// t the passing of time; with the time of it and what the link must say.
func TestLink(t *testing.T) {
	type move struct {
		ms   int
		what byte
		want verdict
	}
	for _, tt := range []struct {
		name  string
		moves []move
	}{
		{"acknowledged", []move{{5, 'a', acked}, {6, 'a', nothing}, {5000, 't', nothing}}},
		{"never acknowledged", []move{
			{1599, 't', nothing}, {1600, 't', again}, {3199, 't', nothing}, {3200, 't', again}, {4799, 't', nothing}, {4800, 't', lost},
		}},
		{"acknowledged late, while it is put off", []move{{1, 'n', nothing}, {50, 'a', acked}, {100, 't', nothing}}},
		{"nak three times", []move{{1, 'n', nothing}, {99, 't', nothing}, {100, 't', again}, {101, 'n', nothing}, {1199, 't', nothing}, {1200, 't', again}, {1201, 'n', lost}}},
		{"a nak while it is put off means nothing", []move{{1, 'n', nothing}, {2, 'n', nothing}, {3, 'c', nothing}, {100, 't', again}}},
		{"a slow nak has waited already", []move{{150, 'n', again}}},
		{"can costs no try", []move{
			{1, 'c', nothing},
			{100, 't', again},
			{101, 'c', nothing},
			{1200, 't', again},
			{1201, 'c', nothing},
			{2300, 't', again},
			{3900, 't', again},
			{5500, 't', again},
			{7100, 't', lost},
		}},
		{"can, then what it collided with", []move{{1, 'c', nothing}, {100, 't', again}, {101, 'c', nothing}, {300, 'f', nothing}, {300, 't', again}}},
		{"the way is free too early", []move{{1, 'c', nothing}, {2, 'f', nothing}, {3, 't', nothing}, {100, 't', again}}},
		{"a frame does not hurry a nak", []move{{1, 'n', nothing}, {100, 't', again}, {101, 'n', nothing}, {300, 'f', nothing}, {300, 't', nothing}, {1200, 't', again}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var l link
			l.send(epoch, []byte{1}, forRequest, linkTries)
			for i, m := range tt.moves {
				var got verdict
				switch now := after(m.ms); m.what {
				case 'a':
					got = l.ack()
				case 'n':
					got = l.refuse(now, false)
				case 'c':
					got = l.refuse(now, true)
				case 'f':
					l.clear(now)
				case 't':
					got = l.tick(now)
				}
				if got != m.want {
					t.Fatalf("move %d (%c at %d ms): got %d, want %d", i, m.what, m.ms, got, m.want)
				}
				if at, ok := l.deadline(); ok && !l.idle() && at.Before(after(m.ms)) && m.want != nothing {
					t.Errorf("move %d: the next deadline is %v ago", i, after(m.ms).Sub(at))
				}
			}
		})
	}
}

func TestCanIsBorneTenTimes(t *testing.T) {
	var l link
	l.send(epoch, []byte{1}, forRequest, linkTries)
	now := epoch
	for n := 1; ; n++ {
		v := l.refuse(now, true)
		if v == lost {
			if n != collisions+linkTries {
				t.Errorf("lost after %d CANs, want %d", n, collisions+linkTries)
			}
			return
		}
		if n > 100 {
			t.Fatal("a stick that only says CAN is borne with for ever")
		}
		if v != again {
			now, _ = l.deadline()
			l.tick(now)
		}
	}
}
