package camera

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/camera/camsim"
)

// feed shows a camera a scene, without a network, in the bubble's time.
func feed(t *testing.T, c *Camera, scene camsim.Scene, until time.Duration) {
	t.Helper()
	r, err := newReel(scene.Video, c)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for round := int64(0); ; round++ {
		for _, p := range scene.Pictures {
			due := began.Add(time.Duration(round*scene.Length+p.DTS) * time.Second / clockRate)
			if due.Sub(began) >= until {
				return
			}
			time.Sleep(time.Until(due))
			r.picture(p.Units, round*scene.Length+p.PTS, time.Now())
		}
	}
}

func still(t *testing.T, o Options) *Camera {
	t.Helper()
	o.ID, o.URL, o.Log = "camera-porch", "rtsp://127.0.0.1/main", slog.New(slog.DiscardHandler)
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLongGroups records a camera with 30 s between pictures that stand alone: the
// pre-roll is as long as the group is old.
func TestLongGroups(t *testing.T) {
	scene := shoot(t, 30, "-c:v", "libx264", "-preset", "ultrafast", "-g", "750", "-sc_threshold", "0", "-b:v", "200k")
	s := newShelf()
	synctest.Test(t, func(t *testing.T) {
		c := still(t, Options{Pre: 4 * time.Second, Post: 10 * time.Second, Longest: time.Minute, RingBytes: 8 << 20, Recorder: s})
		began := time.Now()
		go func() {
			time.Sleep(32 * time.Second) // 2 s into the second group
			c.Hold("hall", "zone:hall")
			time.Sleep(40 * time.Second) // into the third
			c.Release("hall")
		}()
		feed(t, c, scene, 90*time.Second)
		clip := s.clip(t)
		if pre := began.Add(32 * time.Second).Sub(clip.At); pre != 32*time.Second {
			t.Errorf("pre-roll is %v; 4 s before the trigger the group was that began 32 s before", pre)
		}
		if clip.length() != 82*time.Second || clip.pictures() != 82*25 || clip.why != nil {
			t.Errorf("clip is %v, %d pictures, ended by %v", clip.length(), clip.pictures(), clip.why)
		}
		var keys []time.Duration
		for _, p := range clip.parts {
			if p.Key {
				keys = append(keys, p.At.Sub(clip.At))
			}
		}
		if want := []time.Duration{0, 30 * time.Second, 60 * time.Second}; !slices.Equal(keys, want) {
			t.Errorf("one can begin to look at %v, want %v", keys, want)
		}
	})
	clip := s.tapes[0]
	if j := judge(t, clip.file(t, len(clip.parts))); j.frames("video") != 82*25 {
		t.Errorf("ffprobe counts %d pictures, want %d", j.frames("video"), 82*25)
	}
}

// TestNewKeys changes the family's keys while a clip runs: it ends before the next
// picture that stands alone, and another goes on with that one. No picture is lost, nor
// what it is recorded for.
func TestNewKeys(t *testing.T) {
	scene := shoot(t, 4, x264...) // stands alone once a second
	s := newShelf()
	synctest.Test(t, func(t *testing.T) {
		c := still(t, Options{Pre: 2 * time.Second, Post: 5 * time.Second, Longest: time.Minute, RingBytes: 8 << 20, Recorder: s})
		began := time.Now()
		go func() {
			time.Sleep(5100 * time.Millisecond)
			c.Hold("hall", "zone:hall")
			time.Sleep(3400 * time.Millisecond)
			s.stale.Store(true)
			time.Sleep(3500 * time.Millisecond)
			c.Release("hall")
		}()
		feed(t, c, scene, 20*time.Second)
		if len(s.done) != 2 {
			t.Errorf("%d clips, want 2", len(s.done))
			return
		}
		old, anew := s.clip(t), s.clip(t)
		if from, n := old.At.Sub(began), old.pictures(); from != 3*time.Second || n != 6*25 || old.why != nil {
			t.Errorf("the clip that ran begins at %v, has %d pictures and ended by %v; want 3s, 150", from, n, old.why)
		}
		if from, n := anew.At.Sub(began), anew.pictures(); from != 9*time.Second || n != 8*25 || anew.why != nil || anew.Reason != old.Reason {
			t.Errorf("the next begins at %v, has %d pictures, is of %s and ended by %v; want 9s, 200, %s", from, n, anew.Reason, anew.why, old.Reason)
		}
	})
}

// TestRingIsCapped holds the ring to its bytes, and says that the pre-roll is
// shorter than was asked for.
func TestRingIsCapped(t *testing.T) {
	scene := shoot(t, 4, x264...)
	synctest.Test(t, func(t *testing.T) {
		c := still(t, Options{Pre: 20 * time.Second, Longest: time.Minute, RingBytes: 300_000, Recorder: newShelf()})
		feed(t, c, scene, 30*time.Second)
		if c.ring.bytes > c.ring.limit {
			t.Errorf("the ring holds %d bytes, %d are allowed", c.ring.bytes, c.ring.limit)
		}
		if !c.State().PreShort {
			t.Errorf("a pre-roll of %v where 20 s were asked for is not told", time.Since(c.ring.groups[0].start()))
		}
		// With room it holds what was asked, and at most a group more.
		c = still(t, Options{Pre: 5 * time.Second, Longest: time.Minute, RingBytes: 8 << 20, Recorder: newShelf()})
		feed(t, c, scene, 30*time.Second)
		if held := time.Since(c.ring.groups[0].start()); held < 5*time.Second || held > 6*time.Second {
			t.Errorf("the ring holds %v, want 5 s to 6 s", held)
		}
		if c.State().PreShort {
			t.Error("a pre-roll as asked for is told to be short")
		}
	})
}

// TestOneGroupTooLarge records a camera that sends no second picture that stands
// alone: the ring stays within its bytes, and the clip goes on without it, up to twice
// the length of one.
func TestOneGroupTooLarge(t *testing.T) {
	scene := shoot(t, 4, x264...)
	s := newShelf()
	synctest.Test(t, func(t *testing.T) {
		c := still(t, Options{Pre: time.Second, Longest: 20 * time.Second, RingBytes: 100_000, Recorder: s})
		r, err := newReel(scene.Video, c)
		if err != nil {
			t.Fatal(err)
		}
		most, short := 0, false
		for i := 0; len(s.done) == 0 && i < 10_000; i++ {
			r.picture(scene.Pictures[min(i, 1+i%24)].Units, int64(i)*tick, time.Now())
			if i == 5 {
				c.Hold("hall", "zone:hall")
			}
			most, short = max(most, c.ring.bytes), short || c.State().PreShort
			time.Sleep(40 * time.Millisecond)
		}
		clip := s.clip(t)
		if clip.why == nil || !strings.Contains(clip.why.Error(), "2 to 4 s") || (clip.length()-40*time.Second).Abs() > time.Second {
			t.Errorf("the clip is %v and ended by %v", clip.length(), clip.why)
		}
		if most > 120_000 || !short {
			t.Errorf("the ring held %d bytes of 100000; that it is short was told: %v", most, short)
		}
	})
}

// TestWanted plays what sets a camera off against the time at which it records.
func TestWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		at := func(s int) time.Time { return now.Add(time.Duration(s) * time.Second) }
		w := wanted{post: 10 * time.Second, holds: map[string]hold{}}
		check := func(s int, want bool, reason string) {
			t.Helper()
			if got := w.at(at(s)); got != want || want && w.reason(at(s)) != reason {
				t.Errorf("after %d s it is wanted: %v, for %q; want %v, %q", s, got, w.reason(at(s)), want, reason)
			}
		}
		check(0, false, "")
		w.hold("hall", "zone:hall")
		w.hold("door", "zone:door")
		w.release("hall", at(5))
		check(6, true, "zone:door")
		w.release("door", at(20)) // extends while active, then the post-roll
		check(29, true, "zone:door")
		check(30, false, "")
		w.ask("doorbell", at(60))
		w.ask("doorbell", at(50)) // nothing is made shorter
		check(59, true, "doorbell")
		w.spend()
		check(59, false, "")
		w.hold("stuck", "zone:stuck")
		w.hold("alarm", "phase:alarm")
		w.spend() // a stuck sensor does not record for ever, an alarm goes on
		check(100, true, "phase:alarm")
		w.release("alarm", at(100))
		check(111, false, "")
		w.release("stuck", at(120)) // and has no post-roll after its clip has ended
		check(121, false, "")
		w.hold("stuck", "zone:stuck") // until it speaks anew
		check(130, true, "zone:stuck")
		w.hold(continuous, continuous)
		w.forget()
		check(140, true, continuous)
	})
}
