package rules

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// year is a house with rules through a year on a clock that jumps from one event
// to the next, beside the real panel, thrown from a seed.
type year struct {
	t     *testing.T
	dice  *rand.Rand
	core  *core
	panel alarm.Panel
	now   time.Time     // the true time
	set   time.Duration // by how much the hub's clock is wrong
	lamp  home.Value
	fired map[home.RuleID]map[time.Time]Result // by the time at which it was due
	count map[Result]int
	said  []byte
	rough bool // the hub is off at times and its clock is set
}

var yearRules = []home.Rule{
	{ID: "morning", When: home.When{Event: home.WhenTime, At: "06:50"}, Then: []home.Act{{Do: home.ActCommand, Device: "lamp", Trait: home.Switch, Value: home.On, For: home.Duration(10 * time.Minute)}}},
	{ID: "skipped", When: home.When{Event: home.WhenTime, At: "02:30"}, Then: []home.Act{{Do: home.ActTell, Text: "Half past two."}}}, // not there on 28 March, twice on 31 October
	{ID: "sunset", When: home.When{Event: home.WhenSunset, Offset: home.Duration(-15 * time.Minute)}, Then: []home.Act{{Do: home.ActCommand, Device: "lamp", Trait: home.Switch, Value: home.On, For: home.Duration(4 * time.Hour)}}},
	{ID: "evening", When: home.When{Event: home.WhenSunset, Offset: home.Duration(time.Hour)}, Then: []home.Act{{Do: home.ActCommand, Device: "lamp", Trait: home.Switch, Value: home.On, For: home.Duration(time.Hour)}}}, // while it is on
	{ID: "sunrise", When: home.When{Event: home.WhenSunrise}, Then: []home.Act{{Do: home.ActTell, Text: "Good morning."}}},
	{ID: "last", When: home.When{Event: home.WhenPerson, Move: home.LastOut}, Then: []home.Act{{Do: home.ActArm, Mode: home.Away}}},
	{ID: "night", When: home.When{Event: home.WhenTime, At: "23:30"}, If: "anybody_home and not armed", Then: []home.Act{{Do: home.ActArm, Mode: home.Night}}},
	{ID: "door", When: home.When{Event: home.WhenReading, Device: "door", Trait: home.Contact, Value: home.Open, For: home.Duration(10 * time.Minute)}, Then: []home.Act{{Do: home.ActTell, Text: "The door is open."}}},
	{ID: "chase", When: home.When{Event: home.WhenReading, Device: "door", Trait: home.Contact, Value: home.Open}, Then: []home.Act{{Do: home.ActTell, Text: "Somebody is at the door."}}},
}

// TestAYearOfRules lives a calm year, in which each rule of the clock or the sun
// fires once on each day, and rough ones, in which none fires twice or late.
func TestAYearOfRules(t *testing.T) {
	calm := liveYear(t, 1, false)
	for _, id := range []home.RuleID{"morning", "skipped", "sunset", "evening", "sunrise"} {
		days := map[string]bool{}
		for at, result := range calm.fired[id] {
			if result != Fired {
				t.Errorf("%s at %s: %s", id, at, result)
			}
			days[at.In(calm.core.world.zone).Format(time.DateOnly)] = true
		}
		if len(days) != 365 || len(calm.fired[id]) != 365 {
			t.Errorf("%s fired %d times on %d days of a year, want once on each of 365", id, len(calm.fired[id]), len(days))
		}
	}
	for _, due := range []string{"2027-03-28T01:00:00Z", "2027-10-31T00:30:00Z"} { // the moment of the skip; the first of two
		if at, _ := time.Parse(time.RFC3339, due); !slices.ContainsFunc(slices.Collect(maps.Keys(calm.fired["skipped"])), at.Equal) {
			t.Errorf("half past two did not come at %s", due)
		}
	}
	rough := liveYear(t, 2, true)
	again := liveYear(t, 2, true)
	if string(rough.said) != string(again.said) || len(rough.said) == 0 {
		t.Error("two years of one seed differ")
	}
	for _, result := range []Result{Fired, Over, Missed, Stopped} {
		if rough.count[result] == 0 {
			t.Errorf("nothing came to %s in the rough year: %v", result, rough.count)
		}
	}
	h := fnv.New64a()
	h.Write(rough.said)
	t.Logf("rough year: %v, %x", rough.count, h.Sum64())
}

func liveYear(t *testing.T, seed uint64, rough bool) *year {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2027, time.January, 1, 0, 0, 0, 0, zone)
	y := &year{
		t: t, dice: rand.New(rand.NewPCG(seed, 0)), now: start, rough: rough, panel: alarm.New(), lamp: home.Off,
		core: newCore(newWorld(), start.Add(-time.Second)), fired: map[home.RuleID]map[time.Time]Result{}, count: map[Result]int{},
	}
	y.core.world.zone, y.core.world.place = zone, &Place{52.5, 13.4}
	for _, d := range []home.Device{
		{ID: "lamp", Name: "Lamp", Health: home.HealthOK, Traits: map[home.Trait]home.State{home.Switch: {Value: home.Off}}},
		{ID: "door", Name: "Door", Health: home.HealthOK, Traits: map[home.Trait]home.State{home.Contact: {Value: home.Closed}}},
	} {
		y.core.device(d)
	}
	y.put(yearRules...)
	y.tell(Presence{Person: "Anna", Home: true})
	y.tell(Presence{Person: "Ben", Home: true})
	y.panelSays()
	for end := start.AddDate(1, 0, 0); y.now.Before(end); {
		y.wait(min(end.Sub(y.now), time.Duration(y.dice.Float64()*float64(50*time.Minute)).Round(time.Millisecond)))
		y.something()
	}
	return y
}

func (y *year) put(rules ...home.Rule) {
	for _, r := range rules {
		r.Name, r.Enabled = string(r.ID), true
		if err := check(r); err != nil {
			y.t.Fatal(err)
		}
		cond, err := compileIf(r.If)
		if err != nil {
			y.t.Fatal(err)
		}
		y.core.put(r, cond, y.core.handled)
	}
}

// wait lets time pass, waking the rules as they ask.
func (y *year) wait(d time.Duration) {
	end := y.now.Add(d)
	for due := y.core.until(); !due.IsZero() && due.Add(-y.set).Before(end); due = y.core.until() {
		if at := due.Add(-y.set); at.After(y.now) {
			y.now = at
		}
		y.tell(nil)
		if next := y.core.until(); !next.IsZero() && !next.After(y.now.Add(y.set)) {
			y.t.Fatalf("at %s the rules want to wake at %s", y.now.Add(y.set), next)
		}
	}
	y.now = end
}

// something is what a family does, and what befalls its hub.
func (y *year) something() {
	what := y.dice.IntN(14)
	switch {
	case what < 4:
		person := []string{"Anna", "Ben"}[what%2]
		y.tell(Presence{Person: person, Home: y.dice.IntN(2) == 0})
	case what < 7:
		y.tell(y.reads("door", home.Contact, home.Open))
		y.wait(time.Duration(y.dice.IntN(20)) * time.Minute)
		y.tell(y.reads("door", home.Contact, home.Closed))
	case what < 10:
		y.panel, _ = y.panel.Step(y.now.Add(y.set), alarm.SetMode{Request: home.ModeRequest{
			Mode: []home.Mode{home.Disarmed, home.Disarmed, home.Home}[what-7], By: "Anna", CodeFree: true,
		}})
		y.panelSays()
	case what == 10 && y.dice.IntN(20) == 0: // a loose contact
		for range 30 {
			y.tell(y.reads("door", home.Contact, home.Open))
			y.wait(150 * time.Millisecond)
			y.tell(y.reads("door", home.Contact, home.Closed))
			y.wait(150 * time.Millisecond)
		}
		y.wait(time.Hour)
		y.put(yearRules[len(yearRules)-1]) // somebody saves it again
	case what == 11 && y.rough && y.dice.IntN(10) == 0: // the hub is off
		y.now = y.now.Add(time.Duration(y.dice.Float64() * float64(30*time.Hour))).Round(time.Second)
		y.tell(nil)
	case what == 12 && y.rough && y.dice.IntN(10) == 0: // its clock is set
		y.set = time.Duration(y.dice.IntN(50)-25) * time.Minute
		y.tell(nil)
	}
}

func (y *year) reads(d home.DeviceID, trait home.Trait, v home.Value) Reading {
	return Reading{home.Reading{Device: d, Trait: trait, Value: v, At: y.now.Add(y.set)}}
}

func (y *year) panelSays() {
	if p := PanelOf(y.panel.View(y.now.Add(y.set))); p != y.core.world.panel {
		y.tell(p)
	}
}

// tell steps the rules, does what they want, and looks at what may never be.
func (y *year) tell(in Input) {
	now := y.now.Add(y.set)
	for _, f := range y.core.step(now, in) {
		y.count[f.Result]++
		y.said = fmt.Appendln(y.said, f.At.UnixMilli(), f.Result, f.Text)
		due := f.At.Truncate(time.Second)
		if r := y.core.rule(f.Rule); r != nil && r.when.Event != home.WhenReading && r.when.Event != home.WhenPerson && f.Result != Over {
			if was, twice := y.fired[f.Rule][due]; twice {
				y.t.Fatalf("%s, due at %s, %s and then %s", f.Rule, due, was, f.Result)
			}
			if y.fired[f.Rule] == nil {
				y.fired[f.Rule] = map[time.Time]Result{}
			}
			y.fired[f.Rule][due] = f.Result
			if late := now.Sub(f.At); f.Result == Fired && (late < 0 || late > Late) || f.Result == Missed && late <= Late {
				y.t.Fatalf("%s, due at %s, %s %s later", f.Rule, due, f.Result, late)
			}
		}
		for _, a := range f.Acts {
			y.act(f, a)
		}
	}
	if held := slices.ContainsFunc(y.core.holds, func(h Hold) bool { return h.Device == "lamp" && h.Until.After(now) }); y.lamp == home.On && !held {
		y.t.Fatalf("at %s the lamp is on and nothing turns it off", now)
	}
}

func (y *year) act(f Firing, a home.Act) {
	switch a.Do {
	case home.ActCommand:
		y.lamp = a.Value
		y.tell(y.reads(a.Device, a.Trait, a.Value))
	case home.ActArm:
		was := y.panel.Mode()
		y.panel, _ = y.panel.Step(y.now.Add(y.set), alarm.SetMode{Request: home.ModeRequest{Mode: a.Mode, By: "Rule " + f.Name, Channel: home.ByRule}})
		if is := y.panel.Mode(); is == home.Disarmed || was != home.Disarmed && is != was {
			y.t.Fatalf("a rule brought the house from %s to %s", was, is)
		}
		y.panelSays()
	case home.ActTell:
	}
}
