package rules

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gatehouse/hub/home"
)

// Whatever rules people make and whatever happens, a core never asks for
// anything but what rules may do, holds its budget, takes back what it holds,
// and knows when it wants to be called.
func TestNoRuleDisarms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := furnished()
		w.devices["lamp"] = &device{name: "Lamp", traits: map[home.Trait]home.State{home.Switch: {Value: home.Off}, home.Level: {}}}
		w.devices["door"] = &device{name: "Door", traits: map[home.Trait]home.State{home.Lock: {Value: home.Unlocked}}}
		w.devices["horn"] = &device{name: "Horn", traits: map[home.Trait]home.State{home.Siren: {Value: home.Off}, home.Switch: {Value: home.Off}}}
		now := evening
		c := newCore(w, now)
		made := 0
		for i := range rapid.IntRange(1, 8).Draw(t, "rules") {
			r := drawRule(t, fmt.Sprintf("r%d", i))
			if check(r) != nil {
				continue
			}
			cond, err := compileIf(r.If)
			if err != nil {
				t.Fatalf("%q: %v", r.If, err)
			}
			if f := w.fault(r, cond); f != nil {
				continue
			}
			c.put(r, cond, now)
			made++
		}
		if made == 0 {
			return
		}
		recent := map[home.RuleID][]time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "inputs") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{-36_000, -600, 0, 1, 5, 100, 6_000, 90_000}).Draw(t, "tenths")) * time.Second / 10)
			before := c.handled
			for _, f := range c.step(now, drawInput(t)) {
				for _, a := range f.Acts {
					switch {
					case a.Do == home.ActArm && a.Mode == home.Disarmed:
						t.Fatal("a rule disarms")
					case a.Do == home.ActCommand && a.Trait == home.Lock && a.Value != home.Locked:
						t.Fatal("a rule unlocks")
					case a.Do == home.ActCommand && (a.Trait == home.Siren || a.Device == "horn"):
						t.Fatal("a rule commands a siren")
					case !slices.Contains([]home.ActKind{home.ActArm, home.ActCommand, home.ActTell}, a.Do):
						t.Fatalf("a rule does %q", a.Do)
					}
				}
				if f.Text == "" || f.Why == "" || f.Name == "" {
					t.Fatalf("%+v does not say why", f)
				}
				if f.Result == Fired {
					l := append(recent[f.Rule], f.At)
					l = slices.DeleteFunc(l, func(at time.Time) bool { return f.At.Sub(at) >= time.Minute })
					if recent[f.Rule] = l; len(l) > MostPerMinute {
						t.Fatalf("%s fired %d times within a minute", f.Rule, len(l))
					}
				}
			}
			if c.handled.Before(before) && before.Sub(now) <= time.Hour {
				t.Fatalf("a clock that was set back by %s would fire rules again", before.Sub(now))
			}
			if until := c.until(); !until.IsZero() && !until.After(c.handled) {
				t.Fatalf("wants to be called at %s and has handled %s", until, c.handled)
			}
			for _, h := range c.holds {
				if h.Until.Sub(c.handled) > MaxFor+time.Hour {
					t.Fatalf("holds %+v at %s", h, c.handled)
				}
			}
		}
	})
}

// acts are what somebody may ask of a rule, half of which is not for rules.
func acts() []home.Act {
	var all []home.Act
	for _, a := range []home.Act{
		{Do: home.ActCommand, Device: "lamp", Trait: home.Switch, Value: home.On},
		{Do: home.ActCommand, Device: "lamp", Trait: home.Switch, Value: home.Off},
		{Do: home.ActCommand, Device: "lamp", Trait: home.Level, Value: home.Number(40)},
		{Do: home.ActCommand, Device: "door", Trait: home.Lock, Value: home.Locked},
		{Do: home.ActCommand, Device: "door", Trait: home.Lock, Value: home.Unlocked},
		{Do: home.ActCommand, Device: "horn", Trait: home.Siren, Value: home.Off},
		{Do: home.ActCommand, Device: "horn", Trait: home.Switch, Value: home.Off},
		{Do: home.ActArm, Mode: home.Night},
		{Do: home.ActArm, Mode: "guests"},
		{Do: home.ActArm, Mode: home.Disarmed},
		{Do: home.ActTell, Text: "Hello."},
		{Do: "disarm"},
		{Do: "silence"},
	} {
		all = append(all, a)
		if a.Do == home.ActCommand {
			a.For = home.Duration(5 * time.Minute)
			all = append(all, a)
		}
	}
	return all
}

func drawRule(t *rapid.T, id string) home.Rule {
	r := home.Rule{ID: home.RuleID(id), Name: "Rule " + id, Enabled: true}
	r.If = rapid.SampledFrom([]string{"", "", "dark", "not armed or dark", `contact("zwave-5") == "open"`, "nobody_home"}).Draw(t, "if")
	r.When = rapid.SampledFrom([]home.When{
		{Event: home.WhenTime, At: "22:30"},
		{Event: home.WhenTime, At: "00:00", Days: []string{"sun"}},
		{Event: home.WhenSunset, Offset: home.Duration(-time.Hour)},
		{Event: home.WhenSunrise},
		{Event: home.WhenMode},
		{Event: home.WhenPhase, Phase: home.PhaseArmed},
		{Event: home.WhenAlarm},
		{Event: home.WhenTrouble},
		{Event: home.WhenReading, Device: "lamp", Trait: home.Switch, Value: home.On},
		{Event: home.WhenReading, Device: "lamp", Trait: home.Switch, Value: home.Off},
		{Event: home.WhenReading, Device: "zwave-5", Trait: home.Motion, Value: home.False, For: home.Duration(time.Minute)},
		{Event: home.WhenButton, Device: "lamp", Value: home.Word("press")},
		{Event: home.WhenPerson, Move: home.LastOut},
		{Event: home.WhenPerson, Move: home.Arrives},
	}).Draw(t, "when")
	for range rapid.IntRange(1, 2).Draw(t, "acts") {
		r.Then = append(r.Then, rapid.SampledFrom(acts()).Draw(t, "act"))
	}
	return r
}

func drawInput(t *rapid.T) Input {
	reading := func(id home.DeviceID, trait home.Trait, v home.Value) Input {
		return Reading{home.Reading{Device: id, Trait: trait, Value: v}}
	}
	return rapid.SampledFrom([]Input{
		nil, nil,
		reading("lamp", home.Switch, home.On), reading("lamp", home.Switch, home.Off), reading("lamp", home.Button, home.Word("press")),
		reading("zwave-5", home.Motion, home.True), reading("zwave-5", home.Motion, home.False), reading("zwave-5", home.Contact, home.Open),
		reading("gone", home.Motion, home.True), reading("door", home.Lock, home.Locked), reading("lamp", home.Keypad, home.Word("1234")),
		Panel{Mode: home.Disarmed, Phase: home.PhaseDisarmed, By: "Ada"},
		Panel{Mode: home.Away, Phase: home.PhaseArmed},
		Panel{Mode: home.Away, Phase: home.PhaseAlarm, Alarm: "burglary"},
		Presence{Person: "Ada"},
		Presence{Person: "Ada", Home: true},
		Presence{Person: "Bo"},
		Presence{Person: "Bo", Home: true},
		Trouble{Code: "radio-down", Text: "Down."},
		Device{home.Device{ID: "lamp", Health: home.HealthOK, Name: "Lamp"}},
		Device{home.Device{ID: "gone"}},
	}).Draw(t, "input")
}

// What a rule may not do is refused when it is made, with the reason.
func TestWhatARuleMayNotDo(t *testing.T) {
	good := home.Rule{ID: "r", Name: "R", When: home.When{Event: home.WhenMode}, Then: []home.Act{{Do: home.ActTell, Text: "Hello."}}}
	if err := check(good); err != nil {
		t.Fatal(err)
	}
	act := func(a home.Act) home.Rule { r := good; r.Then = []home.Act{a}; return r }
	when := func(w home.When) home.Rule { r := good; r.When = w; return r }
	five := 5.0
	for _, c := range []struct {
		rule  home.Rule
		field string
	}{
		{act(home.Act{Do: home.ActArm, Mode: home.Disarmed}), "then.0.mode"},
		{act(home.Act{Do: "disarm"}), "then.0.do"},
		{act(home.Act{Do: "silence"}), "then.0.do"},
		{act(home.Act{Do: home.ActCommand, Device: "d", Trait: home.Lock, Value: home.Unlocked}), "then.0.value"},
		{act(home.Act{Do: home.ActCommand, Device: "d", Trait: home.Lock, Value: home.Locked, For: home.Duration(time.Hour)}), "then.0.for"},
		{act(home.Act{Do: home.ActCommand, Device: "d", Trait: home.Siren, Value: home.Off}), "then.0.trait"},
		{act(home.Act{Do: home.ActCommand, Device: "d", Trait: home.Siren, Value: home.On}), "then.0.trait"},
		{act(home.Act{Do: home.ActCommand, Device: "d", Trait: home.Level, Value: home.Number(101)}), "then.0.value"},
		{act(home.Act{Do: home.ActCommand, Device: "d", Trait: home.Cover, Value: home.Stop}), "then.0.value"},
		{act(home.Act{Do: home.ActCommand, Device: "d", Trait: home.Switch, Value: home.On, Mode: home.Away}), "then.0.mode"},
		{act(home.Act{Do: home.ActTell, Text: "two\nlines"}), "then.0.text"},
		{when(home.When{Event: "hourly"}), "when.event"},
		{when(home.When{Event: home.WhenTime, At: "24:00"}), "when.at"},
		{when(home.When{Event: home.WhenTime, At: "22:30", Days: []string{"friday"}}), "when.days"},
		{when(home.When{Event: home.WhenTime, At: "22:30", Mode: home.Away}), "when.mode"},
		{when(home.When{Event: home.WhenSunset, Offset: home.Duration(7 * time.Hour)}), "when.offset"},
		{when(home.When{Event: home.WhenReading, Device: "d", Trait: home.Contact, Value: home.On}), "when.value"},
		{when(home.When{Event: home.WhenReading, Device: "d", Trait: home.Contact, Above: &five}), "when.value"},
		{when(home.When{Event: home.WhenReading, Device: "d", Trait: home.Temperature}), "when.above"},
		{when(home.When{Event: home.WhenReading, Device: "d", Trait: home.Keypad, Value: home.Word("1234")}), "when.trait"},
		{when(home.When{Event: home.WhenPerson, Move: home.LastOut, Person: "Ada"}), "when.person"},
	} {
		err := check(c.rule)
		var invalid *home.Invalid
		if !errors.As(err, &invalid) || invalid.Field != c.field || invalid.Reason == "" {
			t.Errorf("%+v %+v: got %v, want %s refused", c.rule.When, c.rule.Then, err, c.field)
		}
	}
}

// A siren that can be switched like a plug is still a siren.
func TestASirenIsNotAPlug(t *testing.T) {
	w := newWorld()
	w.devices["horn"] = &device{name: "Horn", traits: map[home.Trait]home.State{home.Siren: {}, home.Switch: {}}}
	f := w.actFault(home.Act{Do: home.ActCommand, Device: "horn", Trait: home.Switch, Value: home.Off})
	if f == nil || f.Field != "device" {
		t.Errorf("got %v, want the device refused", f)
	}
}
