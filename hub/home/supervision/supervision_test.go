package supervision_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
)

var start = time.Date(2026, 1, 10, 8, 0, 0, 0, time.UTC)

// house is a Watch over devices that can speak, fall silent and lose their
// radio. It plays the registry: what Look finds becomes the devices' health.
type house struct {
	watch   supervision.Watch
	now     time.Time
	up      map[string]time.Time
	devices []supervision.Device
	last    supervision.Findings
}

func newHouse(radio string, habits ...supervision.Habit) *house {
	h := &house{now: start, up: map[string]time.Time{radio: start}}
	for i, habit := range habits {
		h.devices = append(h.devices, supervision.Device{
			ID: home.DeviceID(fmt.Sprintf("d%d", i+1)), Radio: radio, Habit: habit, Health: home.HealthOK,
		})
	}
	h.look()
	return h
}

func (h *house) look() {
	h.last = h.watch.Look(h.now, h.up, slices.Clone(h.devices))
	for _, v := range h.last.Worse {
		h.device(v.Device).Health = v.Health
	}
}

func (h *house) device(id home.DeviceID) *supervision.Device {
	i := slices.IndexFunc(h.devices, func(d supervision.Device) bool { return d.ID == id })
	return &h.devices[i]
}

func (h *house) hear(ids ...home.DeviceID) {
	for _, id := range ids {
		d := h.device(id)
		d.Heard, d.Health = h.now, home.HealthOK
	}
}

// pass lets time pass, looking each time that Look wanted to be called, and
// tells when what happened, in time since start.
func (h *house) pass(d time.Duration) []string {
	var said []string
	end := h.now.Add(d)
	for {
		next := h.last.Until
		if next.IsZero() || next.After(end) {
			break
		}
		if !next.After(h.now) {
			panic(fmt.Sprintf("Look at %v wants to be called again at %v", h.now, next))
		}
		h.now = next
		h.look()
		said = append(said, h.said()...)
	}
	h.now = end
	h.look()
	return append(said, h.said()...)
}

func (h *house) said() []string {
	var said []string
	for _, v := range h.last.Worse {
		said = append(said, fmt.Sprintf("%v %s %s", h.now.Sub(start), v.Device, v.Health))
	}
	for _, id := range h.last.Ask {
		said = append(said, fmt.Sprintf("%v %s asked", h.now.Sub(start), id))
	}
	return said
}

func (h *house) silent() string {
	var list []string
	for _, s := range h.last.Silences {
		list = append(list, fmt.Sprintf("%s %d of %d", s.Radio, len(s.Devices), s.Of))
	}
	return strings.Join(list, ", ")
}

const sec = time.Second

// TestWindows holds each class to its figures, to the second.
func TestWindows(t *testing.T) {
	for _, tt := range []struct {
		habit supervision.Habit
		want  []string
	}{
		{
			supervision.Habit{Class: supervision.ZwaveSleeping, Every: 4 * time.Hour},
			[]string{"4h24m0s d1 late", "8h24m0s d1 missing"},
		},
		{
			supervision.Habit{Class: supervision.ZwaveSleeping, Every: time.Hour},
			[]string{"1h6m0s d1 late", "2h6m0s d1 missing"},
		},
		{
			supervision.Habit{Class: supervision.ZwaveListening},
			[]string{"10m0s d1 asked", "11m0s d1 asked", "12m0s d1 asked", "13m0s d1 late", "22m0s d1 asked", "30m0s d1 missing", "32m0s d1 asked"},
		},
		{
			supervision.Habit{Class: supervision.ZwaveBeamed},
			[]string{"1h0m0s d1 asked", "1h5m0s d1 asked", "1h10m0s d1 asked", "1h15m0s d1 late", "2h0m0s d1 missing", "2h10m0s d1 asked"},
		},
		{
			supervision.Habit{Class: supervision.ZigbeeSleeping},
			[]string{"35m0s d1 late", "1h10m0s d1 missing"},
		},
		{
			supervision.Habit{Class: supervision.ZigbeeSleeping, Every: time.Hour},
			[]string{"1h6m0s d1 late", "2h6m0s d1 missing"},
		},
		{
			supervision.Habit{Class: supervision.ZigbeeListening},
			[]string{"10m0s d1 asked", "11m0s d1 asked", "12m0s d1 asked", "13m0s d1 late", "22m0s d1 asked", "30m0s d1 missing", "32m0s d1 asked"},
		},
		{
			supervision.Habit{Class: supervision.Camera},
			[]string{"30s d1 late", "1m0s d1 missing"},
		},
		{supervision.Habit{Class: supervision.ZwaveSleeping}, nil}, // one that never wakes by itself
		{supervision.Habit{}, nil},
	} {
		t.Run(fmt.Sprint(tt.habit), func(t *testing.T) {
			limit, supervised := tt.habit.Limit()
			if supervised == (tt.want == nil) {
				t.Fatalf("supervised: %v", supervised)
			}
			h := newHouse("r", tt.habit)
			if diff := cmp.Diff(h.pass(limit.Missing+limit.Ask/5), tt.want); diff != "" {
				t.Errorf("what was said (-got +want):\n%s", diff)
			}
			if !supervised {
				return
			}
			// Looked at each second rather than when it wants to be: not a
			// second too early, and not one too late.
			h = newHouse("r", tt.habit)
			h.now = start.Add(limit.Missing - sec)
			h.look()
			if d := h.devices[0]; d.Health == home.HealthMissing {
				t.Errorf("missing a second too early, at %v", limit.Missing-sec)
			}
			h.now = start.Add(limit.Missing)
			h.look()
			if d := h.devices[0]; d.Health != home.HealthMissing {
				t.Errorf("%s at %v, want missing", d.Health, limit.Missing)
			}
		})
	}
}

func TestEveryLimitSaysWhereItIsFrom(t *testing.T) {
	for class, l := range supervision.Limits {
		switch {
		case l.Source == "":
			t.Errorf("%s has no source", class)
		case l.Ask > 0 && (l.Asks < 2 || l.Pause <= 0 || l.Ask+time.Duration(l.Asks)*l.Pause >= l.Missing):
			t.Errorf("%s: asked %d times from %v on each %v, before it is missing at %v: want several asks in time", class, l.Asks, l.Ask, l.Pause, l.Missing)
		case l.Ask == 0 && (l.Late <= 0 || l.Late >= l.Missing):
			t.Errorf("%s: late at %v, missing at %v", class, l.Late, l.Missing)
		}
	}
}

func TestOneThatSpeaksIsCountedFromThere(t *testing.T) {
	h := newHouse("zwave", supervision.Habit{Class: supervision.ZwaveListening})
	h.pass(12*time.Minute + 30*sec)
	h.hear("d1") // it answers the third time
	want := []string{"22m30s d1 asked", "23m30s d1 asked", "24m30s d1 asked", "25m30s d1 late"}
	if diff := cmp.Diff(h.pass(13*time.Minute), want); diff != "" {
		t.Errorf("heard after being asked (-got +want):\n%s", diff)
	}
	h.hear("d1") // late, and speaks
	if got := h.pass(9 * time.Minute); got != nil {
		t.Errorf("heard when it was late: %v, want nothing for 10 min", got)
	}
}

func TestRadioThatIsDownSuspendsItsDevices(t *testing.T) {
	sleeper := supervision.Habit{Class: supervision.ZwaveSleeping, Every: time.Hour}
	h := newHouse("zwave", slices.Repeat([]supervision.Habit{sleeper}, 30)...)
	h.pass(65 * time.Minute)
	delete(h.up, "zwave")
	if got := h.pass(24 * time.Hour); got != nil || h.silent() != "" {
		t.Errorf("while the radio is down: %v %s, want nothing", got, h.silent())
	}
	h.up["zwave"] = h.now
	back := h.now.Sub(start)
	h.look()
	if got := h.pass(66*time.Minute - sec); got != nil {
		t.Errorf("in the window after its return: %v, want nothing", got)
	}
	if got := h.pass(sec); len(got) != 30 || got[0] != fmt.Sprintf("%v d1 late", back+66*time.Minute) {
		t.Errorf("at the end of the window: %v, want 30 late", got)
	}
	// Away between two looks.
	h.hear("d1")
	h.pass(time.Minute)
	h.up["zwave"] = h.now.Add(sec)
	h.now = h.now.Add(2 * sec)
	h.look()
	if want := h.up["zwave"].Add(66 * time.Minute); h.last.Until.Before(want.Add(-sec)) {
		t.Errorf("after a short absence Look wants to be called at %v, want %v", h.last.Until, want)
	}
}

func TestWhatWasMissingBeforeAStartStaysSoAndIsNotOneOfMany(t *testing.T) {
	sleeper := supervision.Habit{Class: supervision.ZwaveSleeping, Every: time.Hour}
	h := &house{now: start, up: map[string]time.Time{"zwave": start}}
	for i := range 4 {
		h.devices = append(h.devices, supervision.Device{ID: home.DeviceID(fmt.Sprintf("d%d", i+1)), Radio: "zwave", Habit: sleeper, Health: home.HealthMissing})
	}
	h.look()
	if got := h.pass(3 * time.Hour); got != nil || h.silent() != "" || h.devices[0].Health != home.HealthMissing {
		t.Errorf("missing from before: %v %q, health %s; want it to stay missing and nothing said", got, h.silent(), h.devices[0].Health)
	}
}

func TestFailedAndJoiningAreTheRadiosToJudge(t *testing.T) {
	h := newHouse("zwave", supervision.Habit{Class: supervision.ZwaveListening}, supervision.Habit{Class: supervision.ZwaveListening})
	h.devices[0].Health, h.devices[1].Health = home.HealthFailed, home.HealthJoining
	for _, line := range h.pass(time.Hour) {
		if !strings.HasSuffix(line, "asked") || strings.Contains(line, "d2") {
			t.Errorf("%s: want only asks, and none of one that joins", line)
		}
	}
}

func TestManyThatFallSilentTogetherAreOneTrouble(t *testing.T) {
	sleeper := supervision.Habit{Class: supervision.ZwaveSleeping, Every: time.Hour}
	const minute = time.Minute
	// The devices wake up one after the other, each once an hour; those that
	// are quiet are heard no more.
	play := func(h *house, until time.Duration, quiet int) {
		n := len(h.devices)
		for h.now.Sub(start) < until {
			h.pass(minute)
			m := int(h.now.Sub(start) / minute)
			if turn := m * n / 60 % n; m*n%60 == 0 && turn >= quiet {
				h.hear(h.devices[turn].ID)
			}
		}
		h.look()
	}
	for _, tt := range []struct {
		name     string
		n, quiet int
		at       time.Duration // when it is seen: the third is late; zero: never
		want     string
	}{
		{"all of six", 6, 6, 2*time.Hour + 26*minute, "zwave 3 of 6"},
		{"three of six", 6, 3, 2*time.Hour + 26*minute, "zwave 3 of 6"},
		{"all of three", 3, 3, 2*time.Hour + 46*minute, "zwave 3 of 3"},
		{"two of six", 6, 2, 0, ""},
		{"three of ten", 10, 3, 0, ""},
		{"two of two", 2, 2, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse("zwave", slices.Repeat([]supervision.Habit{sleeper}, tt.n)...)
			play(h, 2*time.Hour-minute, 0)
			var seen time.Duration
			for m := 2 * time.Hour; m <= 5*time.Hour && seen == 0; m += minute {
				play(h, m, tt.quiet)
				if h.silent() != "" {
					seen = m
				}
			}
			if seen != tt.at || h.silent() != tt.want {
				t.Fatalf("seen at %v as %q, want %v as %q", seen, h.silent(), tt.at, tt.want)
			}
			if seen == 0 {
				return
			}
			play(h, 6*time.Hour, tt.quiet)
			if h.silent() == "" {
				t.Error("over while they are silent still")
			}
			for _, d := range h.devices[:tt.quiet-2] {
				h.hear(d.ID)
			}
			h.look()
			if h.silent() != "" {
				t.Errorf("%s after all but two have spoken, want none", h.silent())
			}
		})
	}
}

// TestOneThatFallsSilentHasTheOthersAsked: a jammed channel is known within
// minutes, because those who can be asked are.
func TestOneThatFallsSilentHasTheOthersAsked(t *testing.T) {
	h := newHouse("zwave", slices.Repeat([]supervision.Habit{{Class: supervision.ZwaveListening}}, 4)...)
	h.pass(5 * time.Minute)
	h.hear("d2", "d3")
	h.pass(4*time.Minute + 50*sec)
	h.hear("d4")
	got := h.pass(6 * time.Minute)
	want := []string{
		"10m0s d1 asked", "11m0s d1 asked", "12m0s d1 asked", "13m0s d1 late",
		"13m0s d2 asked", "13m0s d3 asked", "13m0s d4 asked",
		"14m0s d2 asked", "14m0s d3 asked", "14m0s d4 asked",
		"15m0s d2 asked", "15m0s d3 asked", "15m0s d4 asked",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("what was said (-got +want):\n%s", diff)
	}
	h.hear("d4")
	h.pass(10 * sec)
	if h.silent() != "zwave 3 of 4" {
		t.Errorf("silences %q, want zwave 3 of 4", h.silent())
	}
}
