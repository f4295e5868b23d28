package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStuffingGivesNoSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		before := len(r.Sessions(""))
		refused := 0
		for i := range 10_000 {
			// Right name and, once, the right password: the pair leaked.
			name, password := fmt.Sprintf("user%d", i), Secret(fmt.Sprintf("leaked password %d", i))
			if i%10 == 0 {
				name = "Anna"
			}
			if i == 5_000 {
				password = goodPassword
			}
			e, err := r.SignIn(ctx, at(fmt.Sprintf("203.0.%d.%d", i%200, i%250+1)), name, password)
			if e.Caller.Stage == StageFull {
				t.Fatalf("pair %d: a full session", i)
			}
			var many *TooMany
			if errors.As(err, &many) {
				refused++
				if many.Seconds() < 1 {
					t.Fatalf("Retry-After %d", many.Seconds())
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		full := 0
		for _, s := range r.Sessions("") {
			if s.Stage == StageFull {
				full++
			}
		}
		if full != before {
			t.Errorf("%d full sessions, want %d", full, before)
		}
		if refused < 9_700 {
			t.Errorf("only %d of 10,000 were refused unseen", refused)
		}
		if !strings.Contains(r.said.text(), "a password for Anna that was not right") {
			t.Errorf("the owner was not told:\n%s", r.said.text())
		}
		if n := strings.Count(r.said.text(), "\n"); n > 200 {
			t.Errorf("%d journal lines", n)
		}
		// All the while the owner's own browser comes in.
		from := at("192.168.1.20")
		from.Known = anna.known
		c := must[Entered](t)(r.SignIn(ctx, from, "Anna", goodPassword)).Caller
		if e := must[Entered](t)(r.SecondFactor(ctx, c, from, anna.now())); e.Caller.Stage != StageFull {
			t.Errorf("the owner: %+v", e.Caller)
		}
	})
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		// From a different network each time: the account's own brake.
		i := 0
		guess := func() error {
			i++
			_, err := r.SignIn(ctx, at(fmt.Sprintf("10.%d.%d.9", i/250, i%250)), "Anna", "a wrong password 1")
			return err
		}
		var got []time.Duration
		for range 20 {
			err := guess()
			var wrong *WrongSignIn
			if !errors.As(err, &wrong) {
				t.Fatalf("try %d: %v", i, err)
			}
			got = append(got, wrong.Wait)
			var many *TooMany
			if wrong.Wait > 0 {
				if err := guess(); !errors.As(err, &many) || many.After != wrong.Wait {
					t.Fatalf("a try while waiting: %v", err)
				}
			}
			time.Sleep(wrong.Wait)
		}
		s := time.Second
		want := []time.Duration{
			0, 0, 0, 0, 1 * s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s, 256 * s, 512 * s, 1024 * s, 2048 * s,
			MaxWait, MaxWait, MaxWait, MaxWait,
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("waits (-got +want):\n%s", d)
		}
		// The right password ends it.
		must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword))
		if err := guess(); err.Error() != "that was not right: 4 tries left" {
			t.Errorf("afterwards: %v", err)
		}
		_ = anna
	})
}

func TestThrottlePerNetworkAndHub(t *testing.T) {
	var b brakes
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	let := func(addr, thing string) bool {
		_, err := b.begin(now, thing, at(addr).Addr, false)
		return err == nil
	}
	passed := 0
	for i := range 100 {
		if let(fmt.Sprintf("192.0.2.%d", i+1), fmt.Sprint(i)) { // one /24
			passed++
		}
	}
	if passed != networkBurst {
		t.Errorf("one network: %d passed, want %d", passed, networkBurst)
	}
	for i := range 100 {
		if let(fmt.Sprintf("2001:db8:0:%x::1", i), "6/"+fmt.Sprint(i)) {
			passed++
		}
	}
	if passed != hubBurst {
		t.Errorf("many networks: %d passed, want %d", passed, hubBurst)
	}
	if let("198.51.100.1", "x") {
		t.Error("the hub's bucket has room")
	}
	now = now.Add(hubRefill)
	if !let("198.51.100.1", "x") || let("198.51.100.1", "y") {
		t.Error("one second makes room for exactly one")
	}
	if _, err := b.begin(now, "known", at("192.0.2.1").Addr, true); err != nil {
		t.Errorf("a known browser in the same network: %v", err)
	}
	// Two addresses of one /64 share, two /64 do not.
	if network(at("2001:db8::1").Addr) != network(at("2001:db8::ffff:1").Addr) ||
		network(at("2001:db8:0:1::1").Addr) == network(at("2001:db8::1").Addr) {
		t.Error("the /64")
	}
}

func TestThrottleClockSetBack(t *testing.T) {
	c := count{fails: freeTries + 3, last: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
	if got := c.wait(time.Unix(0, 0), MaxWait); got != 8*time.Second {
		t.Errorf("waits %v, want 8s", got)
	}
}

func TestThrottleStaysSmall(t *testing.T) {
	var b brakes
	now := time.Now()
	for i := range 2 * mostCounts {
		now = now.Add(hubRefill)
		_, _ = b.begin(now, fmt.Sprint(i), at(fmt.Sprintf("10.%d.%d.1", i/250, i%250)).Addr, false)
	}
	if len(b.counts) > mostCounts || len(b.buckets) > mostCounts+1 {
		t.Errorf("%d counts, %d buckets", len(b.counts), len(b.buckets))
	}
}

func TestManyTriesAtOnceAreCounted(t *testing.T) {
	var b brakes
	now := time.Now()
	passed := 0
	for i := range 100 {
		// None is judged yet.
		if _, err := b.begin(now, "anna", at(fmt.Sprintf("10.0.%d.1", i)).Addr, false); err == nil {
			passed++
		}
	}
	if passed != freeTries {
		t.Errorf("%d passed, want %d", passed, freeTries)
	}
}
