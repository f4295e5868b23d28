package guard_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/home"
)

// disk is a Store in memory: what it holds is what a power cut leaves.
type disk struct {
	mu    sync.Mutex
	bytes []byte
	saves int
	fail  error
	hang  chan struct{} // a Save waits until it is closed
}

func (d *disk) Load() (alarm.Panel, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var p alarm.Panel
	if d.bytes == nil {
		return p, false, nil
	}
	err := json.Unmarshal(d.bytes, &p)
	return p, err == nil, err
}

func (d *disk) Save(p alarm.Panel) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	d.mu.Lock()
	hang, fail := d.hang, d.fail
	d.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if fail != nil {
		return fail
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bytes, d.saves = b, d.saves+1
	return nil
}

func (d *disk) set(fail error, hang chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail, d.hang = fail, hang
}

// house is what a guard acts on.
type house struct {
	mu      sync.Mutex
	lines   []home.Event
	sounds  []alarm.Sound
	shows   []alarm.Indication
	notices []alarm.Notice
	faults  []bool
}

func (h *house) Add(e home.Event) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, e)
	return uint64(len(h.lines))
}

func (h *house) Sound(s alarm.Sound) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sounds = append(h.sounds, s)
}

func (h *house) Indicate(i alarm.Indication) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shows = append(h.shows, i)
}

func (h *house) sounding() alarm.Pattern {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.sounds) == 0 {
		return alarm.Silent
	}
	return h.sounds[len(h.sounds)-1].Pattern
}

func (h *house) has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.lines, func(e home.Event) bool { return strings.Contains(e.Text, text) })
}

func (h *house) recall(since time.Time) ([]home.Event, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.lines), func(e home.Event) bool {
		return e.At.Before(since) || e.At.After(since.Add(2*time.Minute))
	}), nil
}

var codeKey = []byte("0123456789abcdef0123456789abcdef")

func options(d guard.Store, h *house) guard.Options {
	return guard.Options{
		Store: d, Journal: h, Siren: h, Keypads: h, CodeKey: codeKey, Recall: h.recall,
		Notify: func(n alarm.Notice) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.notices = append(h.notices, n)
		},
		Fault: func(_ string, present bool, _ error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.faults = append(h.faults, present)
		},
	}
}

// guarded is a guard that runs.
type guarded struct {
	*guard.Guard
	stop func() error
}

// start opens a guard and runs it until the returned function is called, which
// reports how Run ended.
func start(t *testing.T, d guard.Store, h *house) (*guard.Guard, func() error) {
	t.Helper()
	g, err := guard.Open(options(d, h))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	synctest.Wait()
	return g, func() error {
		cancel()
		return <-ended
	}
}

// furnish adds a door, a window, a hall sensor, a smoke detector and a code.
func furnish(t *testing.T, g *guard.Guard) {
	t.Helper()
	for _, z := range []home.Zone{
		{ID: "front-door", Name: "Front door", Device: "zwave-2", Trait: home.Contact, Kind: home.ZoneEntry},
		{ID: "window", Name: "Kitchen window", Device: "zwave-3", Trait: home.Contact, Kind: home.ZonePerimeter},
		{ID: "hall", Name: "Hall", Device: "zwave-4", Trait: home.Motion, Kind: home.ZoneInterior},
		{ID: "smoke", Name: "Smoke detector", Device: "zwave-5", Trait: home.Smoke, Kind: home.ZoneFire},
	} {
		if err := g.PutZone(t.Context(), z, "Anna"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := g.PutCode(t.Context(), home.Code{ID: "anna", Person: "Anna", Code: "12345"}, "Anna"); err != nil {
		t.Fatal(err)
	}
	calm(g)
}

func calm(g *guard.Guard) {
	say(g, "zwave-2", home.Contact, home.Closed)
	say(g, "zwave-3", home.Contact, home.Closed)
	say(g, "zwave-4", home.Motion, home.False)
	say(g, "zwave-5", home.Smoke, home.False)
}

func say(g *guard.Guard, d home.DeviceID, t home.Trait, v home.Value) {
	g.Reading(home.Reading{Device: d, Trait: t, Value: v, At: time.Now()}, nil)
}

func set(t *testing.T, g *guard.Guard, m home.Mode) {
	t.Helper()
	if _, err := g.SetMode(t.Context(), home.ModeRequest{Mode: m, CodeFree: true, By: "Anna"}); err != nil {
		t.Fatalf("set mode %s: %v", m, err)
	}
}

var errFull = errors.New("no space left on device")

func wantPhase(t *testing.T, g *guard.Guard, want home.Phase) {
	t.Helper()
	if got := g.State().Phase; got != want {
		t.Errorf("phase is %s, want %s", got, want)
	}
}

func TestABurglarIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{}
		g, stop := start(t, &disk{}, h)
		furnish(t, g)
		changes := g.Changes.Subscribe(100)
		defer changes.Close()

		set(t, g, home.Away)
		wantPhase(t, g, home.PhaseArming)
		time.Sleep(60*time.Second - time.Millisecond)
		synctest.Wait()
		wantPhase(t, g, home.PhaseArming)
		time.Sleep(time.Millisecond)
		synctest.Wait()
		wantPhase(t, g, home.PhaseArmed)

		say(g, "zwave-2", home.Contact, home.Open)
		synctest.Wait()
		wantPhase(t, g, home.PhaseEntry)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		wantPhase(t, g, home.PhaseAlarm)
		if got := h.sounding(); got != alarm.Steady {
			t.Errorf("sirens sound %q, want steady", got)
		}

		_, err := g.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, Code: "12345", Channel: home.ByKeypad})
		if err != nil {
			t.Fatal(err)
		}
		wantPhase(t, g, home.PhaseDisarmed)
		if got := h.sounding(); got != alarm.Silent {
			t.Errorf("after disarming sirens sound %q", got)
		}
		var phases []home.Phase
		var last uint64
		for {
			it, ok := changes.TryNext()
			if !ok {
				break
			}
			if it.Value.Seq <= last {
				t.Errorf("seq went from %d to %d", last, it.Value.Seq)
			}
			last = it.Value.Seq
			if n := len(phases); n == 0 || phases[n-1] != it.Value.Phase {
				phases = append(phases, it.Value.Phase)
			}
		}
		want := []home.Phase{home.PhaseArming, home.PhaseArmed, home.PhaseEntry, home.PhaseAlarm, home.PhaseDisarmed}
		if !slices.Equal(phases, want) {
			t.Errorf("faces saw %v, want %v", phases, want)
		}
		if err := stop(); err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
}

// The sirens wait for nothing, not even for the line of what set them off; and the
// journal tells in the order in which it happened.
func TestLineOfAReadingComesAfterTheSirensAndBeforeTheAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{}
		g, stop := start(t, &disk{}, h)
		furnish(t, g)
		before := len(h.lines)
		calls := 0
		g.Reading(home.Reading{Device: "zwave-5", Trait: home.Smoke, Value: home.True, At: time.Now()}, func() {
			calls++
			if h.sounding() != alarm.Temporal3 {
				t.Errorf("sirens do %v when the line is written", h.sounding())
			}
			h.Add(home.Event{Text: "Smoke detector: smoke."})
		})
		if calls != 1 || len(h.lines) < before+2 || h.lines[before].Text != "Smoke detector: smoke." {
			t.Errorf("written %d times; the journal has %+v", calls, h.lines[before:])
		}
		g.Reading(home.Reading{Device: "zwave-9", Trait: home.Smoke, Value: home.True, At: time.Now()}, func() { calls++ })
		if calls != 2 {
			t.Error("the line of a reading that concerns nobody was not written")
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}
