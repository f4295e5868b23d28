package detect

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"gatehouse/hub/home"
)

var evening = time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)

// watched is what a camera makes of footage: in which seconds something moved, and what
// counts no more in the last.
func watched(t *testing.T, pictures []JPEG, w Watch) (moved []int, restless []home.SightPart) {
	t.Helper()
	w.Blind = true
	d := New(Options{Watch: func(home.DeviceID) Watch { return w }, Log: slog.New(slog.DiscardHandler)})
	for i, p := range pictures {
		j, err := d.Judge("garden", evening.Add(time.Duration(i)*time.Second), p)
		if err != nil {
			t.Fatal(err)
		}
		if j.Moved {
			moved = append(moved, i)
		}
		restless = j.Restless
	}
	return moved, restless
}

// partOf is how much of the picture parts are.
func partOf(parts []home.SightPart) (sum float64) {
	for _, p := range parts {
		sum += (p.Right - p.Left) * (p.Base - p.Top)
	}
	return sum
}

// What moves for ever sets a camera off once, for less than a minute and a quarter;
// whoever comes then is seen as early as where nothing else moves: in the second
// picture of them that shows another place.
func TestWhatNeverRests(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		of       footage
		quiet    int     // the last second in which it set the camera off, at most; 0: never
		part     float64 // of the picture that counts no more, at most
		somebody int     // the first picture that shows somebody; 0: none does
		late     int     // seconds after it
	}{
		{"nothing", footage{seconds: 100}, 0, 0, 0, 0},
		{"a walk", footage{seconds: 110, walk: "-36+40*(t-89)"}, 0, 0, 90, 1},
		{"a clock", footage{seconds: 110, clock: date, walk: "-36+40*(t-89)"}, 60, 0.015, 90, 1},
		{"a large clock", footage{seconds: 110, clock: date, size: "44", walk: "-36+40*(t-89)"}, 60, 0.025, 90, 1},
		{"a pale clock", footage{seconds: 110, clock: date, size: "44", ink: "0x808080", walk: "-36+40*(t-89)"}, 60, 0.025, 90, 1},
		{"wind in a tree", footage{seconds: 130, tree: wind, walk: "-36+40*(t-89)"}, 60, 0.18, 90, 1},
		{"gusts", footage{seconds: 400, tree: "(" + wind + ")*max(0,sin(t/30))"}, 75, 0.18, 0, 0},
		{"out of the tree", footage{seconds: 130, tree: wind, walk: "if(lt(t,90),-999,500-20*(t-90))", head: "100"}, 60, 0.18, 90, 5},
		{"slowly", footage{seconds: 130, tree: wind, walk: "if(lt(t,90),-999,500-10*(t-90))", head: "100"}, 60, 0.18, 90, 8},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			moved, restless := watched(t, tc.of.pictures(t), Watch{})
			alone := slices.DeleteFunc(slices.Clone(moved), func(s int) bool { return tc.somebody > 0 && s >= tc.somebody })
			if len(alone) > 0 != (tc.quiet > 0) || len(alone) > 0 && slices.Max(alone) > tc.quiet {
				t.Errorf("set off in the seconds %v, want none after %d", alone, tc.quiet)
			}
			if tc.somebody > 0 && !slices.ContainsFunc(moved, func(s int) bool { return s >= tc.somebody && s <= tc.somebody+tc.late }) {
				t.Errorf("somebody comes in second %d; set off in %v", tc.somebody, moved)
			}
			if got := partOf(restless); got > tc.part || got == 0 != (tc.part == 0) {
				t.Errorf("%.3f of the picture count no more, want %v at most: %.2f", got, tc.part, restless)
			}
			t.Logf("set off by itself %d times, last in second %d; somebody in %d seen in %d; %.1f %% of the picture: %.2f",
				len(alone), append(alone, -1)[max(len(alone)-1, 0)], tc.somebody, append(moved, -1)[len(alone)], 100*partOf(restless), restless)
		})
	}
}

// What changes all of the picture is the light: a cloud's shadow, a camera that turns to
// infrared and looks for its exposure. Who makes light for ever is seen.
func TestLight(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		of   footage
		from int // set off in this second or up to five later; 0: never
	}{
		{"clouds", footage{seconds: 150, cloud: "-1400+32*mod(t,70)"}, 0},
		{"a storm's clouds", footage{seconds: 100, cloud: "-1400+100*mod(t,40)"}, 0},
		{"infrared", footage{seconds: 60, light: "lutyuv=y='255-val':enable='gt(t,30)',lutyuv=y='if(gt(val,130),250,val/4)':enable='eq(t,31)',lutyuv=y='if(gt(val,130),180,val/2)':enable='eq(t,32)'"}, 0},
		{"a torch", footage{seconds: 60, light: "lutyuv=y='0.5*val+120':enable='mod(t,2)*gt(t,30)'"}, 36},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			moved, restless := watched(t, tc.of.pictures(t), Watch{})
			if len(moved) > 0 != (tc.from > 0) || len(moved) > 0 && (moved[0] < tc.from || moved[0] > tc.from+5) {
				t.Errorf("set off in %v, want from second %d on", moved, tc.from)
			}
			if len(restless) > 0 {
				t.Errorf("light taught it to take no notice of %v", restless)
			}
		})
	}
}

// Somebody sways in one place for minutes, all of which but the first is lost, and then goes
// for the house: that is seen within four pictures. While an alarm runs nothing is lost.
func TestNobodyTeachesItToLookAway(t *testing.T) {
	t.Parallel()
	sways := footage{seconds: 330, walk: "if(lt(t,30),-999,if(lt(t,300),200+12*sin(t*2.3),200+15*(t-300)))"}.pictures(t)
	moved, restless := watched(t, sways, Watch{})
	last := slices.Max(append(slices.DeleteFunc(slices.Clone(moved), func(s int) bool { return s >= 300 }), -1))
	if !slices.Contains(moved, 32) || last < 75 || last > 110 {
		t.Errorf("who sways from second 30 on sets it off in %v, want from 32 until the better part of a minute is over", moved)
	}
	if !slices.ContainsFunc(moved, func(s int) bool { return s >= 300 && s <= 304 }) {
		t.Errorf("who goes after 300 s is seen in %v", moved[slices.IndexFunc(append(moved, 999), func(s int) bool { return s >= 300 }):])
	}
	if got := partOf(restless); got > 0.08 {
		t.Errorf("%.2f of the picture were taught away: %.2f", got, restless)
	}
	moved, restless = watched(t, sways, Watch{Alert: true})
	if n := len(slices.DeleteFunc(moved, func(s int) bool { return s < 110 || s >= 300 })); n < 100 || len(restless) > 0 {
		t.Errorf("in an alarm somebody who sways is seen in %d of 190 pictures, and %v counts no more", n, restless)
	}
}

// patch is a square of cells.
func patch(x, y, side int) (c cells) {
	for dy := range side {
		for dx := range side {
			c.put(x+dx, y+dy)
		}
	}
	return c
}

// sorted has something move in so many comparisons, one a second, and returns in how
// many of them it counted.
func (r *rest) sorted(t *testing.T, on cells, times int) (counted int) {
	t.Helper()
	for range times {
		counts, _ := r.sort(r.at.Add(time.Second), on, on, false)
		if len(counts) > 0 {
			counted++
		}
	}
	return counted
}

func TestHowItLearns(t *testing.T) {
	flag := patch(10, 10, 3)
	taught := func(t *testing.T) *rest {
		t.Helper()
		r := &rest{at: evening}
		if n := r.sorted(t, flag, 200); n != restlessFrom {
			t.Fatalf("a flag counts %d times, want %d", n, restlessFrom)
		}
		return r
	}
	t.Run("what is beside it", func(t *testing.T) {
		r := taught(t)
		for _, tc := range []struct {
			on   cells
			want int
		}{
			{flag, 0},
			{patch(13, 10, 2), 0},              // a twig
			{patch(14, 10, 3), 1},              // three cells beyond what touches it
			{flag.or(patch(14, 10, 3)), 1},     // and what moves there all the time hides nothing
			{patch(40, 20, 3), 1},              // elsewhere
			{flag.or(patch(40, 20, 1)), 0},     // an insect
			{r.masked().or(patch(7, 7, 2)), 1}, // a corner of what covers all of it
		} {
			again := *r
			if n := again.sorted(t, tc.on, 1); n != tc.want {
				t.Errorf("%x counts %d times, want %d", tc.on, n, tc.want)
			}
		}
	})
	t.Run("it forgets", func(t *testing.T) {
		r := taught(t)
		// 64 comparisons that all moved are 57 until fewer than 8 did.
		r.sorted(t, cells{}, 56+restFor)
		again := *r
		if n := again.sorted(t, flag, 1); n != 0 {
			t.Error("it forgot early")
		}
		r.sorted(t, cells{}, 1)
		if n := r.sorted(t, flag, 1); n != 1 {
			t.Error("it did not forget")
		}
	})
	t.Run("nothing was compared", func(t *testing.T) {
		r := taught(t)
		if counts, _ := r.sort(r.at.Add(absent), flag, flag, false); len(counts) != 1 {
			t.Error("what was learnt holds for as long as nobody looked")
		}
	})
	t.Run("somebody was seen there", func(t *testing.T) {
		r := taught(t)
		r.forget(Box{0.1, 0.2, 0.3, 0.5})
		if n := r.sorted(t, flag, 100); n != restlessFrom {
			t.Errorf("a person counts %d times, want %d", n, restlessFrom)
		}
	})
	t.Run("less than three cells teach nothing", func(t *testing.T) {
		r := &rest{at: evening}
		r.sorted(t, patch(10, 10, 1).or(patch(30, 10, 1)), 500)
		if n := r.is.count(); n > 0 {
			t.Errorf("%d cells are restless that never counted", n)
		}
	})
	t.Run("what stirs a little", func(t *testing.T) {
		r := &rest{at: evening}
		for i := range 200 {
			on := flag
			if i%3 > 0 {
				on = cells{} // a digit is much like the one before
			}
			r.sort(r.at.Add(time.Second), on, flag, false)
		}
		if r.is.and(flag) != flag {
			t.Error("what moves in each third comparison and stirs in all is not learnt")
		}
		again := &rest{at: evening}
		for range 200 {
			again.sort(again.at.Add(time.Second), cells{}, flag, false)
		}
		if n := again.is.count(); n > 0 {
			t.Errorf("%d cells are restless in which nothing ever counted", n)
		}
	})
	t.Run("a fifth of the picture", func(t *testing.T) {
		r := &rest{at: evening}
		all := patch(0, 0, gridH)
		r.sorted(t, all, 300)
		if n := r.masked(); n.count() > restlessMost || n.count() < restlessMost*9/10 {
			t.Errorf("%d cells count no more, want %d at most", n.count(), restlessMost)
		}
		if n := r.sorted(t, all, 10); n != 10 {
			t.Errorf("what moves beyond counts %d times of 10", n)
		}
	})
}

// What the owner drew is stronger than what was learnt: where it is ignored nothing is
// learnt either, and what is looked for is looked for all over the picture.
func TestWhatWasDrawnIsStronger(t *testing.T) {
	t.Parallel()
	street := Zone{Name: "clock", Ignore: true, Shape: shape(0, 0, 1, 0, 1, 0.25, 0, 0.25)}
	moved, restless := watched(t, footage{seconds: 80, clock: date}.pictures(t), Watch{Zones: []Zone{street}})
	if len(moved) > 0 || len(restless) > 0 {
		t.Errorf("a clock that is ignored sets off in %v and teaches %v", moved, restless)
	}

	// The network is asked about what moves for ever, too.
	e, asked := &counting{}, 0
	d := New(Options{Open: always(e), Watch: func(home.DeviceID) Watch { return Watch{} }, Log: slog.New(slog.DiscardHandler)})
	for i, p := range (footage{seconds: 80, clock: date, size: "44"}).pictures(t) {
		j, err := d.Judge("garden", evening.Add(time.Duration(i)*time.Second), p)
		if err != nil {
			t.Fatal(err)
		}
		if len(j.Restless) == 1 && !j.Moved && e.parts == 2 { // the whole, and the clock
			asked++
		}
	}
	if asked < 10 {
		t.Errorf("a clock that counts no more was looked at %d times in half a minute", asked)
	}
}
