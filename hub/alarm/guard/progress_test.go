package guard_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
)

// countdown is what keypads were shown of delays since the last call.
func (h *house) countdown() (list []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, in := range h.shows {
		hurry := ""
		if in.Hurry {
			hurry = " rapid"
		}
		list = append(list, fmt.Sprintf("%s %d %s%s", in.Phase, in.Seconds, in.Tone, hurry))
	}
	h.shows = nil
	return list
}

// Keypads are shown each second of a delay, once and on time, which neither
// saves the panel nor tells faces anything.
func TestSecondsOfADelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		h.countdown()
		set(t, g, home.Away)
		pass(47 * time.Second)
		h.countdown()
		rev, seq := d.panel(t).Revision(), g.State().Seq
		pass(4 * time.Second)
		want := []string{"arming 12 exit", "arming 11 exit", "arming 10 exit rapid", "arming 9 exit rapid"}
		if diff := cmp.Diff(h.countdown(), want); diff != "" {
			t.Errorf("seconds (-got +want):\n%s", diff)
		}
		if d.panel(t).Revision() != rev || g.State().Seq != seq {
			t.Errorf("four seconds passed: revision went on by %d, seq by %d, want neither", d.panel(t).Revision()-rev, g.State().Seq-seq)
		}
		pass(9 * time.Second)
		h.countdown()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// An arming is shown once it is written, with the seconds that are left then,
// and none of its seconds before.
func TestNoSecondIsShownBeforeItsArming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		synctest.Wait()
		h.countdown()
		hang := make(chan struct{})
		d.set(nil, hang)
		answered := make(chan error, 1)
		go func() {
			_, err := g.SetMode(t.Context(), home.ModeRequest{Mode: home.Away, By: "Anna", Channel: home.ByAPI})
			answered <- err
		}()
		pass(2500 * time.Millisecond)
		if got := h.countdown(); len(got) > 0 {
			t.Errorf("not written, and keypads show %q", got)
		}
		close(hang)
		if err := <-answered; err != nil {
			t.Error(err)
		}
		pass(time.Second)
		if diff := cmp.Diff(h.countdown(), []string{"arming 58 exit", "arming 57 exit"}); diff != "" {
			t.Errorf("once written (-got +want):\n%s", diff)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
