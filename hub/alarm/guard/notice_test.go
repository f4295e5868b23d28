package guard_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/home"
)

// ids are those of the notices of a kind that a house was told, in order.
func (h *house) ids(kind string) (list []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.notices {
		if n.Kind == kind {
			list = append(list, n.ID)
		}
	}
	return list
}

// saved is what is on the disk once nobody writes.
func (d *disk) saved() []byte {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.bytes)
}

// A power cut just before or just after people were told of an alarm: they are
// told, and by the same id, so that twice is known to be once. What only people
// outside may know has no id and is in nothing that is saved.
func TestANoticeThatAPowerCutTookIsToldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, h := &disk{}, &house{}
		g, stop := start(t, d, h)
		furnish(t, g)
		set(t, g, home.Away)
		pass(61 * time.Second)
		say(g, "zwave-3", home.Contact, home.Open)
		pass(29 * time.Second)
		before := d.saved() // in the abort window
		pass(2 * time.Second)
		after := d.saved()
		told := h.ids("alarm")
		if len(told) != 1 || told[0] == "" {
			t.Fatalf("told of alarms %q, want one with an id", told)
		}
		set(t, g, home.Disarmed)
		disarmed, cancelled := d.saved(), h.ids("cancelled")
		if len(cancelled) != 1 || cancelled[0] == told[0] {
			t.Fatalf("told of cancelled alarms %q, want one with an id of its own", cancelled)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name, kind string
			bytes      []byte
			want       []string
		}{
			{"before it was told", "alarm", before, told},
			{"after it was told", "alarm", after, told},
			{"after the disarming", "cancelled", disarmed, cancelled},
		} {
			h := &house{}
			_, stop := start(t, &disk{bytes: c.bytes}, h)
			pass(5 * time.Second)
			if got := h.ids(c.kind); !slices.Equal(got, c.want) {
				t.Errorf("a cut %s: told %q by ids %q, want %q", c.name, c.kind, got, c.want)
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
