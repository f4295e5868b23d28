package rules_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/alarm/rules"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/home/registry"
)

// house is what is around the rules: the real panel and the real registry, on
// stores in memory, and a radio that does at once what it is told.
type house struct {
	t       *testing.T
	panel   *guard.Guard
	devices *registry.Registry
	rules   *rules.Rules
	stop    func()

	mu      sync.Mutex
	lines   []home.Event
	told    []home.Command
	notices []home.Notice
	stopped string
	unarmed string
	kept    map[home.RuleID]home.Rule
	state   []byte // as JSON, like on disk
	notes   []rules.Note
	full    bool
}

// elsewhere is where people are told who may be away.
type elsewhere struct{ *house }

func (e elsewhere) Add(n home.Notice) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.notices = append(e.notices, n)
}

func (h *house) All() ([]home.Device, error)                 { return nil, nil }
func (h *house) Put(...home.Device) error                    { return nil }
func (h *house) Delete(home.DeviceID) error                  { return nil }
func (h *house) Load() (alarm.Panel, bool, error)            { return alarm.Panel{}, false, nil }
func (h *house) Save(alarm.Panel) error                      { return nil }
func (h *house) Sound(alarm.Sound)                           {}
func (h *house) Remove(context.Context, home.DeviceID) error { return nil }

func (h *house) Add(e home.Event) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.Seq = uint64(len(h.lines) + 1)
	h.lines = append(h.lines, e)
	return e.Seq
}

func (h *house) Page(q journal.Query) ([]home.Event, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var page []home.Event
	for _, e := range slices.Backward(h.lines) {
		if !e.At.Before(q.Since) && (q.Kind == "" || q.Kind == e.Kind) {
			page = append(page, e)
		}
	}
	return page, "", nil
}

// Command is the radio's.
func (h *house) Command(cmd home.Command, done func(error)) {
	h.mu.Lock()
	h.told = append(h.told, cmd)
	h.mu.Unlock()
	done(nil)
	go h.devices.Report(home.Reading{Device: cmd.Device, Trait: cmd.Trait, Value: cmd.Value, At: time.Now()})
}

func (h *house) RuleStopped(names string) { h.mu.Lock(); h.stopped = names; h.mu.Unlock() }
func (h *house) RuleNotArmed(why string)  { h.mu.Lock(); h.unarmed = why; h.mu.Unlock() }

// disk is the rules' store.
type disk struct{ *house }

var errFull = errors.New("no space left on device")

func (d disk) Rules() ([]home.Rule, error) {
	var list []home.Rule
	for _, r := range d.kept {
		list = append(list, r)
	}
	return list, nil
}

func (d disk) PutRule(r home.Rule) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return errFull
	}
	d.kept[r.ID] = r
	return nil
}
func (d disk) DeleteRule(id home.RuleID) error { delete(d.kept, id); return nil }

func (d disk) State() (s rules.State, err error) {
	if d.state != nil {
		err = json.Unmarshal(d.state, &s)
	}
	return s, err
}

func (d disk) SaveState(s rules.State) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return errFull
	}
	d.state, err = json.Marshal(s)
	return err
}

func (d disk) Notes(since time.Time) ([]rules.Note, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.notes), func(n rules.Note) bool { return n.At.Before(since) }), nil
}

func (d disk) AddNotes(notes []rules.Note, _ time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, notes...)
	return nil
}

// move is a house with a lamp, a front door, a siren and a lock.
func move(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, kept: map[home.RuleID]home.Rule{}}
	g, err := guard.Open(guard.Options{Store: h, Journal: h, Siren: h, CodeKey: slices.Repeat([]byte{7}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	h.panel = g
	log := slog.New(slog.DiscardHandler)
	h.devices, err = registry.Open(registry.Options{Store: h, Journal: h, Panel: g, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	h.devices.Attach("zwave", h)
	for _, d := range []struct {
		id    home.DeviceID
		name  string
		trait home.Trait
	}{{"zwave-2", "Front door", home.Contact}, {"zwave-7", "Lamp", home.Switch}, {"zwave-8", "Horn", home.Siren}, {"zwave-9", "Lock", home.Lock}, {"zwave-4", "Bell", home.Button}} {
		h.devices.Introduce(home.Device{ID: d.id, Name: d.name, Radio: "zwave", Health: home.HealthOK, Traits: map[home.Trait]home.State{d.trait: {}}})
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := g.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	if err := g.PutZone(t.Context(), home.Zone{ID: "front-door", Name: "Front door", Device: "zwave-2", Trait: home.Contact, Kind: home.ZoneEntry, Modes: home.Modes}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := g.PutCode(t.Context(), home.Code{Person: "Ada", Kind: "user", Code: "12345"}, ""); err != nil {
		t.Fatal(err)
	}
	h.say("zwave-2", home.Contact, home.Closed)
	h.say("zwave-7", home.Switch, home.Off)
	h.wake()
	return h
}

// wake opens and runs the rules; h.stop ends them.
func (h *house) wake() {
	h.t.Helper()
	r, err := rules.Open(rules.Options{
		Store: disk{h}, Notices: elsewhere{h}, Journal: h, Alarm: h.panel, Devices: h.devices, Conditions: h,
		AlarmChanges: &h.panel.Changes, DeviceChanges: &h.devices.Changes, Readings: &h.devices.Readings,
		Zone: func() string { return "Europe/Berlin" }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.rules = r
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			h.t.Error(err)
		}
	})
	h.t.Cleanup(h.stop)
	synctest.Wait()
}

func (h *house) say(id home.DeviceID, t home.Trait, v home.Value) {
	h.devices.Report(home.Reading{Device: id, Trait: t, Value: v, At: time.Now()})
	synctest.Wait()
}

func (h *house) put(r home.Rule) home.Rule {
	h.t.Helper()
	r.Enabled = true
	if r.Name == "" {
		r.Name = "Test"
	}
	made, err := h.rules.PutRule(h.t.Context(), r, "Ada")
	if err != nil {
		h.t.Fatal(err)
	}
	synctest.Wait()
	return made
}

func pass(d time.Duration) {
	time.Sleep(d) // virtual
	synctest.Wait()
}

// said are the lines of rules, newest last, that hold some text.
func (h *house) said(text string) (found []home.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.lines {
		if strings.Contains(e.Text, text) {
			found = append(found, e)
		}
	}
	return found
}

func (h *house) wantSaid(n int, text string) {
	h.t.Helper()
	if got := h.said(text); len(got) != n {
		h.t.Errorf("the journal says %q %d times, want %d", text, len(got), n)
		for _, e := range h.said("ule") {
			h.t.Log(e.At, e.Text)
		}
	}
}

func (h *house) commands() []home.Command {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told)
}

var lampOn = home.Act{Do: home.ActCommand, Device: "zwave-7", Trait: home.Switch, Value: home.On}

// A rule's whole way: its time comes, the lamp is on, the journal says why and
// what came of it, and after its time the lamp is off, over a power cut too.
func TestALampIsLitAndPutOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := move(t)
		lamp := lampOn
		lamp.For = home.Duration(time.Hour)
		made := h.put(home.Rule{Name: "Evening light", When: home.When{Event: home.WhenTime, At: "02:00"}, Then: []home.Act{lamp}})
		if made.ID != "evening-light" || made.Says != "At 02:00: Lamp on for 1 hour." || made.Next == nil || made.Next.In(time.UTC).Format("15:04") != "01:00" {
			t.Errorf("made %+v", made)
		}
		pass(61 * time.Minute) // a bubble begins at midnight UTC of 1 January 2000: 1 o'clock in Berlin
		h.wantSaid(1, "Rule Evening light fired because it was 02:00: Lamp on for 1 hour.")
		h.wantSaid(1, "Lamp: switch set to on.")
		if who := h.said("Lamp: switch set to on.")[0].Who; who == nil || *who != "rule Evening light" {
			t.Errorf("the lamp was lit by %v", who)
		}
		h.stop()
		pass(2 * time.Hour)
		h.wake()
		pass(time.Second)
		h.wantSaid(1, "Rule Evening light: Lamp off again after 1 hour.")
		h.wantSaid(1, "Lamp: switch set to off.")
		runs, err := h.rules.Runs(made.ID)
		if err != nil || len(runs) != 3 || runs[0].Result != "over" || runs[1].Result != "fired" || runs[1].Why != "it was 02:00" || runs[2].Result != "made" {
			t.Errorf("runs %+v, %v", runs, err)
		}
	})
}

// A week of real running, and the dry run of it, agree.
func TestTheDryRunIsTheRealRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := move(t)
		for _, who := range []string{"Ada", "Bo"} {
			if _, err := h.rules.SetPresence(t.Context(), who, true, "phone"); err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Minute)
		list := []home.Rule{
			{ID: "a", When: home.When{Event: home.WhenReading, Device: "zwave-2", Trait: home.Contact, Value: home.Open}, If: `between("18:00", "23:00")`, Then: []home.Act{lampOn}},
			{ID: "b", When: home.When{Event: home.WhenReading, Device: "zwave-2", Trait: home.Contact, Value: home.Open, For: home.Duration(5 * time.Minute)}, Then: []home.Act{{Do: home.ActTell, Text: "Shut the door."}}},
			{ID: "c", When: home.When{Event: home.WhenPerson, Move: home.LastOut}, Then: []home.Act{{Do: home.ActArm, Mode: home.Away}}},
			{ID: "d", When: home.When{Event: home.WhenMode, Mode: home.Away}, If: `by == "rule Test"`, Then: []home.Act{{Do: home.ActTell, Text: "Away."}}},
			{ID: "e", When: home.When{Event: home.WhenButton, Device: "zwave-4", Value: home.Word("press")}, Then: []home.Act{lampOn}},
			{ID: "f", When: home.When{Event: home.WhenTime, At: "07:00", Days: []string{"mon"}}, Then: []home.Act{lampOn}},
		}
		for _, r := range list {
			h.put(r)
		}
		for day := range 6 {
			pass(7 * time.Hour)
			h.say("zwave-2", home.Contact, home.Open)
			pass(time.Duration(day) * 2 * time.Minute)
			h.say("zwave-2", home.Contact, home.Closed)
			h.say("zwave-4", home.Button, home.Word("press"))
			pass(time.Second)
			h.say("zwave-4", home.Button, home.Word("press"))
			for _, who := range []string{"Ada", "Bo"} {
				pass(time.Minute)
				if _, err := h.rules.SetPresence(t.Context(), who, false, "phone"); err != nil {
					t.Fatal(err)
				}
			}
			pass(10 * time.Hour)
			if _, err := h.panel.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, Code: "12345", By: "Ada"}); err != nil {
				t.Fatal(err)
			}
			for _, who := range []string{"Ada", "Bo"} {
				if _, err := h.rules.SetPresence(t.Context(), who, true, "phone"); err != nil {
					t.Fatal(err)
				}
			}
			h.say("zwave-2", home.Contact, home.Open)
			pass(time.Minute)
			h.say("zwave-2", home.Contact, home.Closed)
			pass(6 * time.Hour)
		}
		total := 0
		for _, r := range list {
			r.Name = "Test"
			dry, err := h.rules.DryRun(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			ran, err := h.rules.Runs(r.ID)
			if err != nil {
				t.Fatal(err)
			}
			ran = slices.DeleteFunc(ran, func(r home.RuleRun) bool { return r.Why == "" }) // made, and what was told
			texts := func(l []home.RuleRun) (s []string) {
				for _, r := range l {
					s = append(s, r.At.Format(time.DateTime)+" "+r.Text)
				}
				return s
			}
			if got, want := texts(dry), texts(ran); !slices.Equal(got, want) {
				t.Errorf("rule %s: dry run\n%s\nreal\n%s", r.ID, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			total += len(dry)
		}
		if total < 25 {
			t.Errorf("only %d firings: the week was too quiet to prove anything", total)
		}
	})
}

// A rule arms as somebody without a code could, and not a bit more.
func TestARuleArmsAndNeverWeakens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := move(t)
		h.put(home.Rule{Name: "Night", When: home.When{Event: home.WhenButton, Device: "zwave-4", Value: home.Word("press")}, Then: []home.Act{{Do: home.ActArm, Mode: home.Night}}})
		press := func() { h.say("zwave-4", home.Button, home.Word("press")); pass(2 * time.Minute) }

		h.say("zwave-2", home.Contact, home.Open)
		press()
		if got := h.panel.State().Mode; got != home.Disarmed {
			t.Errorf("armed %s with the door open", got)
		}
		h.wantSaid(1, "Rule Night did not arm night: not ready to arm: front-door.")
		if want := "Night could not arm night: not ready to arm: front-door"; h.unarmed != want {
			t.Errorf("the condition says %q, want %q", h.unarmed, want)
		}

		h.say("zwave-2", home.Contact, home.Closed)
		press()
		if got := h.panel.State(); got.Mode != home.Night || got.ChangedBy != "rule Night" || len(got.Bypassed) > 0 {
			t.Errorf("the panel is %s by %q, want night by rule Night", got.Mode, got.ChangedBy)
		}
		if h.unarmed != "" {
			t.Errorf("armed, and the condition still says %q", h.unarmed)
		}

		if _, err := h.panel.SetMode(t.Context(), home.ModeRequest{Mode: home.Away, Code: "12345"}); err != nil {
			t.Fatal(err)
		}
		press()
		if got := h.panel.State().Mode; got != home.Away {
			t.Errorf("a rule took the house from away to %s", got)
		}
		h.wantSaid(1, "Rule Night did not arm night: the house is armed away, and only a person with a code changes that.")

		// Arming would take an alarm off the screen.
		if _, err := h.panel.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, Code: "12345"}); err != nil {
			t.Fatal(err)
		}
		if err := h.panel.Panic(t.Context(), "panic", "Ada", home.ByAPI); err != nil {
			t.Fatal(err)
		}
		press()
		if got := h.panel.State(); got.Phase != home.PhaseAlarm || got.Mode != home.Disarmed || got.Alarm == nil || got.Alarm.Silenced {
			t.Errorf("a rule touched the alarm: %+v", got)
		}
		h.wantSaid(1, "Rule Night did not arm night: an alarm runs.")
	})
}

// Two rules that chase each other end within a minute, and every face is told;
// saving one starts it again.
func TestALoopIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := move(t)
		on := home.When{Event: home.WhenReading, Device: "zwave-7", Trait: home.Switch, Value: home.On}
		off := on
		off.Value = home.Off
		lampOff := lampOn
		lampOff.Value = home.Off
		h.put(home.Rule{Name: "Never on", When: on, Then: []home.Act{lampOff}})
		b := h.put(home.Rule{Name: "Never off", When: off, Then: []home.Act{lampOn}})
		h.say("zwave-7", home.Switch, home.On)
		pass(time.Minute)
		if n := len(h.commands()); n > 2*rules.MostPerMinute || n < rules.MostPerMinute {
			t.Errorf("%d commands were sent", n)
		}
		if h.stopped == "" {
			t.Error("nobody is told")
		}
		h.wantSaid(1, "was stopped: it fired 12 times within a minute.")
		for _, r := range h.rules.Rules() {
			if r.Stopped != strings.Contains(h.stopped, r.Name) || h.kept[r.ID].Stopped != r.Stopped {
				t.Errorf("%s is stopped: %v, on disk %v, told %q", r.Name, r.Stopped, h.kept[r.ID].Stopped, h.stopped)
			}
		}
		for _, r := range h.rules.Rules() {
			if r.Stopped {
				h.put(r)
			}
		}
		if h.stopped != "" || h.kept[b.ID].Stopped {
			t.Errorf("saved again, and still stopped: %q", h.stopped)
		}
	})
}

// What a rule tells reaches the journal, and people who are elsewhere.
func TestARuleTellsPeopleElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := move(t)
		h.put(home.Rule{
			ID: "shut", When: home.When{Event: home.WhenReading, Device: "zwave-2", Trait: home.Contact, Value: home.Open},
			Then: []home.Act{{Do: home.ActTell, Text: "Shut the door."}},
		})
		h.say("zwave-2", home.Contact, home.Open)
		pass(time.Minute)
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.notices) != 1 || h.notices[0].Text != "Shut the door." || h.notices[0].Kind != "rule" || h.notices[0].Outside {
			t.Errorf("people were told %+v, want the one sentence", h.notices)
		}
	})
}

// What only the house can tell is refused when a rule is saved, and shown when
// the house changes afterwards.
func TestARuleThatCannotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := move(t)
		when := home.When{Event: home.WhenMode}
		for _, c := range []struct {
			rule  home.Rule
			field string
		}{
			{home.Rule{When: when, Then: []home.Act{{Do: home.ActCommand, Device: "zwave-99", Trait: home.Switch, Value: home.On}}}, "then.0.device"},
			{home.Rule{When: when, Then: []home.Act{{Do: home.ActCommand, Device: "zwave-2", Trait: home.Switch, Value: home.On}}}, "then.0.trait"},
			{home.Rule{When: when, Then: []home.Act{{Do: home.ActCommand, Device: "zwave-8", Trait: home.Switch, Value: home.Off}}}, "then.0.device"},
			{home.Rule{When: when, If: `contact("zwave-99") == "open"`, Then: []home.Act{lampOn}}, "if"},
			{home.Rule{When: when, If: `contact(`, Then: []home.Act{lampOn}}, "if"},
			{home.Rule{When: home.When{Event: home.WhenReading, Device: "zwave-99", Trait: home.Contact, Value: home.Open}, Then: []home.Act{lampOn}}, "when.device"},
			{home.Rule{ID: "settings", When: when, Then: []home.Act{lampOn}}, "id"},
		} {
			c.rule.Name = "Test"
			_, err := h.rules.PutRule(t.Context(), c.rule, "Ada")
			var invalid *home.Invalid
			if !errors.As(err, &invalid) || invalid.Field != c.field {
				t.Errorf("%+v: got %v, want %s refused", c.rule, err, c.field)
			}
		}
		sunset := h.put(home.Rule{Name: "Sunset", When: home.When{Event: home.WhenSunset}, Then: []home.Act{lampOn}})
		if sunset.Fault == "" || sunset.Next != nil {
			t.Errorf("nobody said where the house stands: %+v", sunset)
		}
		lat, lon := 52.52, 13.41
		if err := h.rules.PutSettings(t.Context(), home.RuleSettings{Latitude: &lat, Longitude: &lon}, "Ada"); err != nil {
			t.Fatal(err)
		}
		sunset, _ = h.rules.Rule("sunset")
		if sunset.Fault != "" || sunset.Next == nil || sunset.Next.Format("15:04") != "15:02" {
			t.Errorf("sunset in Berlin on 1 January is at 15:02 UTC: %+v", sunset)
		}
		h.devices.Left("zwave-7", "Ada")
		synctest.Wait()
		if sunset, _ = h.rules.Rule("sunset"); sunset.Fault != "There is no device zwave-7. Choose another device." {
			t.Errorf("the lamp has left, and the fault is %q", sunset.Fault)
		}
		pass(24 * time.Hour)
		h.wantSaid(1, "Rule Sunset could not do all that it wanted. There is no device zwave-7. Choose another device.")
	})
}

// A disk that is full refuses what cannot be kept, and the rules go on.
func TestAFullDiskKeepsTheOldRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := move(t)
		bell := home.When{Event: home.WhenButton, Device: "zwave-4", Value: home.Word("press")}
		h.put(home.Rule{ID: "bell", When: bell, Then: []home.Act{lampOn}})
		h.mu.Lock()
		h.full = true
		h.mu.Unlock()
		if _, err := h.rules.PutRule(t.Context(), home.Rule{ID: "bell", Name: "Other", When: bell, Then: []home.Act{{Do: home.ActTell, Text: "Ding."}}}, "Ada"); !errors.Is(err, errFull) {
			t.Errorf("got %v, want the disk's error", err)
		}
		h.say("zwave-4", home.Button, home.Word("press"))
		if got := h.commands(); len(got) != 1 {
			t.Errorf("the old rule sent %v", got)
		}
		lat := 50.0
		if err := h.rules.PutSettings(t.Context(), home.RuleSettings{Latitude: &lat, Longitude: &lat}, "Ada"); !errors.Is(err, errFull) || h.rules.Settings().Latitude != nil {
			t.Errorf("got %v, and the place is %v", err, h.rules.Settings().Latitude)
		}
	})
}

// Presence is written down, bounded, and known again after a restart.
func TestPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := move(t)
		set := func(who string, at bool) error {
			_, err := h.rules.SetPresence(t.Context(), who, at, "phone")
			synctest.Wait()
			return err
		}
		for _, bad := range []string{"", "a/b", "#", "line\nbreak", strings.Repeat("x", 41)} {
			if err := set(bad, true); err == nil {
				t.Errorf("%q is taken for a person", bad)
			}
		}
		for range 2 {
			if err := set("Ada", true); err != nil {
				t.Fatal(err)
			}
		}
		if err := set("ADA", false); err != nil {
			t.Fatal(err)
		}
		h.wantSaid(1, "Ada is at home.")
		h.wantSaid(1, "Ada left.")
		if h.panel.State().Mode != home.Disarmed {
			t.Error("presence changed the alarm by itself")
		}
		h.stop()
		h.wake()
		if got := h.rules.People(); len(got) != 1 || got[0].Person != "Ada" || got[0].Home {
			t.Errorf("after a restart: %+v", got)
		}
		for i := range rules.MaxPeople - 1 {
			if err := set("Guest "+strings.Repeat("i", i+1), true); err != nil {
				t.Fatal(err)
			}
		}
		var conflict *home.Conflict
		if err := set("One too many", true); !errors.As(err, &conflict) {
			t.Errorf("got %v, want a conflict", err)
		}
		if err := h.rules.ForgetPerson(t.Context(), "ada", "Ada"); err != nil {
			t.Error(err)
		}
	})
}

// While there are no rules nobody listens to readings. The first rule still
// knows the house as it is, and does not take for news what was said before it.
func TestTheFirstRuleKnowsTheHouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := move(t)
		h.say("zwave-2", home.Contact, home.Open) // closed when the rules woke
		pass(time.Minute)
		h.put(home.Rule{Name: "Door light", When: home.When{Event: home.WhenReading, Device: "zwave-2", Trait: home.Contact, Value: home.Open}, Then: []home.Act{lampOn}})
		h.put(home.Rule{Name: "Late", When: home.When{Event: home.WhenTime, At: "02:00"}, If: `contact("zwave-2") == "open"`, Then: []home.Act{lampOn}})
		pass(time.Minute)
		h.wantSaid(0, "Rule Door light fired")
		pass(time.Hour)
		h.wantSaid(1, "Rule Late fired")
		h.say("zwave-2", home.Contact, home.Closed)
		h.say("zwave-2", home.Contact, home.Open)
		h.wantSaid(1, "Rule Door light fired")
		for _, r := range h.rules.Rules() {
			if err := h.rules.DeleteRule(t.Context(), r.ID, "Ada"); err != nil {
				t.Fatal(err)
			}
		}
		h.say("zwave-2", home.Contact, home.Closed)
		h.put(home.Rule{Name: "Again", When: home.When{Event: home.WhenReading, Device: "zwave-2", Trait: home.Contact, Value: home.Open}, Then: []home.Act{lampOn}})
		h.say("zwave-2", home.Contact, home.Open)
		h.wantSaid(1, "Rule Again fired")
	})
}

// A rule can be tried in a house that has none yet.
func TestTheDryRunOfTheFirstRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := move(t)
		pass(time.Minute)
		h.say("zwave-2", home.Contact, home.Open)
		pass(time.Minute)
		runs, err := h.rules.DryRun(t.Context(), home.Rule{
			Name: "Door light", When: home.When{Event: home.WhenReading, Device: "zwave-2", Trait: home.Contact, Value: home.Open},
			If: `mode == "disarmed"`, Then: []home.Act{lampOn},
		})
		if err != nil || len(runs) != 1 || runs[0].Result != "fired" {
			t.Errorf("%+v, %v", runs, err)
		}
	})
}
