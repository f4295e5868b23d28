package registry_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
	"gatehouse/hub/home/registry"
)

// house is everything around a registry: it keeps rows, lines and readings.
type house struct {
	mu     sync.Mutex
	rows   map[home.DeviceID]home.Device
	full   bool
	lines  []string
	trace  []string // what happened in which order
	read   []home.Reading
	answer error

	refusal error // of the sirens
	commits int
	alert   home.DeviceID // whose button is hidden
}

func (h *house) All() ([]home.Device, error) {
	var list []home.Device
	for _, d := range h.rows {
		list = append(list, d)
	}
	return list, nil
}

func (h *house) Put(devices ...home.Device) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.full {
		return errors.New("no space left on device")
	}
	h.commits++
	for _, d := range devices {
		h.rows[d.ID] = d
	}
	return nil
}

func (h *house) Delete(id home.DeviceID) error { delete(h.rows, id); return nil }

func (h *house) Add(e home.Event) uint64 {
	h.lines = append(h.lines, e.Text)
	h.trace = append(h.trace, "journal")
	return uint64(len(h.lines))
}

func (h *house) Reading(in home.Reading, line func()) {
	if line != nil {
		line()
	}
	h.trace = append(h.trace, "panel")
	h.read = append(h.read, in)
}

func (h *house) ZoneOf(home.DeviceID, home.Trait) home.ZoneID { return "front-door" }
func (h *house) Hidden(id home.DeviceID, t home.Trait) bool {
	return id == h.alert && t == home.Button
}
func (h *house) Remove(_ context.Context, _ home.DeviceID) error { return h.answer }
func (h *house) Command(_ home.Command, done func(error))        { done(h.answer) }

func (h *house) Ask(cmd home.Command, done func(error)) error {
	if h.refusal != nil {
		return h.refusal
	}
	h.trace = append(h.trace, "asked "+cmd.Value.String())
	done(h.answer)
	return nil
}

func open(t *testing.T) (*house, *registry.Registry) {
	t.Helper()
	h := &house{rows: map[home.DeviceID]home.Device{}}
	r, err := registry.Open(registry.Options{Store: h, Journal: h, Panel: h, Sirens: h, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	r.Attach("zwave", h)
	return h, r
}

func door() home.Device {
	return home.Device{
		ID: "zwave-5", Name: "Front door", Radio: "zwave", Address: "5", Health: home.HealthOK,
		Traits: map[home.Trait]home.State{home.Contact: {}, home.Siren: {}, home.Level: {}, home.Cover: {}},
	}
}

// What waits for a device and what is wrong with it is kept when its radio learns
// more of it, and is news only when it changes.
func TestWhatWaitsIsShown(t *testing.T) {
	h, r := open(t)
	r.Introduce(door())
	sub := r.Changes.Subscribe(8)
	waiting := []home.Waiting{{Trait: home.Cover, Value: home.Number(40)}}
	r.SetWaiting("zwave-5", waiting)
	r.SetProblems("zwave-5", []home.Problem{home.NotEnrolled})
	r.SetProblems("zwave-5", []home.Problem{home.NotEnrolled})
	r.Introduce(door())
	n := 0
	for it, ok := sub.TryNext(); ok; it, ok = sub.TryNext() {
		if n++; n > 1 && (!slices.Equal(it.Value.Waiting, waiting) || !slices.Equal(it.Value.Problems, []home.Problem{home.NotEnrolled})) {
			t.Errorf("published %+v", it.Value)
		}
	}
	if n != 3 {
		t.Errorf("%d changes were published, want 3", n)
	}
	h.lines = nil
	r.Ended(home.Command{Device: "zwave-5", Trait: home.Cover, Value: home.Number(40)}, errors.New("it sleeps"))
	if diff := cmp.Diff(h.lines, []string{"Front door: cover could not be set to 40."}); diff != "" {
		t.Errorf("journal (-got +want):\n%s", diff)
	}
}

func TestReadingIsNumberedThenHandedToThePanelThenPublished(t *testing.T) {
	h, r := open(t)
	r.Introduce(door())
	sub := r.Changes.Subscribe(4)
	h.trace = nil
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r.Report(home.Reading{Device: "zwave-5", Trait: home.Contact, Value: home.Open, At: at})
	if diff := cmp.Diff(h.trace, []string{"journal", "panel"}); diff != "" {
		t.Errorf("order (-got +want):\n%s", diff)
	}
	it, ok := sub.TryNext()
	if s := it.Value.Traits[home.Contact]; !ok || s.Value != home.Open || !s.Fresh || !s.Since.Equal(at) {
		t.Errorf("published %+v, want contact open since %v", s, at)
	}
	r.Report(home.Reading{Device: "zwave-5", Trait: home.Contact, Value: home.Open, At: at.Add(time.Minute)})
	d, _ := r.Device("zwave-5")
	if s := d.Traits[home.Contact]; !s.Since.Equal(at) || !d.LastSeen.Equal(at.Add(time.Minute)) {
		t.Errorf("a repeat moved since to %v or left last_seen at %v", s.Since, d.LastSeen)
	}
	r.Report(home.Reading{Device: "zwave-99", Trait: home.Contact, Value: home.Open, At: at})
	if got := r.UnknownReadings(); got != 1 {
		t.Errorf("unknown readings = %d, want 1", got)
	}
	if diff := cmp.Diff(h.lines, []string{"Front door joined the home.", "Front door opened", "Front door opened"}); diff != "" {
		t.Errorf("journal (-got +want):\n%s", diff)
	}
}

// The button of a silent call for help reaches the panel and nothing else: no
// line, no state, no news that any face could show.
func TestAHiddenReadingIsForThePanelAlone(t *testing.T) {
	h, r := open(t)
	d := door()
	d.Traits[home.Button] = home.State{}
	r.Introduce(d)
	h.alert, h.trace = d.ID, nil
	before, _ := r.Device(d.ID)
	sub := r.Changes.Subscribe(4)
	r.Report(home.Reading{Device: d.ID, Trait: home.Button, Value: home.Word("press"), At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)})
	if diff := cmp.Diff(h.trace, []string{"panel"}); diff != "" {
		t.Errorf("told (-got +want):\n%s", diff)
	}
	if _, ok := sub.TryNext(); ok {
		t.Error("the press was published")
	}
	after, _ := r.Device(d.ID)
	if diff := cmp.Diff(before, after, cmp.AllowUnexported(home.Value{})); diff != "" {
		t.Errorf("the device shows it (-before +after):\n%s", diff)
	}
}

// What a device says in one breath is one piece of news of it; the panel judges
// each part, and what is hidden of it stays so.
func TestOneBreathIsOnePieceOfNews(t *testing.T) {
	h, r := open(t)
	d := door()
	d.Traits[home.Button] = home.State{}
	r.Introduce(d)
	h.alert, h.trace, h.lines = d.ID, nil, nil
	changes, readings := r.Changes.Subscribe(8), r.Readings.Subscribe(8)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	said := []home.Reading{
		{Device: d.ID, Trait: home.Contact, Value: home.Open, At: at},
		{Device: d.ID, Trait: home.Button, Value: home.Word("press"), At: at},
		{Device: d.ID, Trait: home.Tamper, Value: home.False, At: at},
	}
	r.Report(said...)
	if diff := cmp.Diff(h.read, said, cmp.AllowUnexported(home.Value{})); diff != "" {
		t.Errorf("the panel heard (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(h.trace, []string{"journal", "panel", "panel", "panel"}); diff != "" {
		t.Errorf("order (-got +want):\n%s", diff)
	}
	it, _ := changes.TryNext()
	if got := it.Value.Traits; got[home.Contact].Value != home.Open || got[home.Tamper].Value != home.False || got[home.Button].Value.Known() {
		t.Errorf("published %v", got)
	}
	if more, ok := changes.TryNext(); ok {
		t.Errorf("published once more: %+v", more.Value)
	}
	for _, want := range []home.Reading{said[0], said[2]} {
		if it, ok := readings.TryNext(); !ok || it.Value != want {
			t.Errorf("reading %+v, want %+v", it.Value, want)
		}
	}
	r.Report()
}

func TestRemindTellsOnlyThePanelAndOnlyWhatWasSaidSinceTheStart(t *testing.T) {
	h, r := open(t)
	r.Introduce(door())
	h.trace = nil
	r.Remind("zwave-5", home.Contact) // has not spoken yet
	r.Report(home.Reading{Device: "zwave-5", Trait: home.Contact, Value: home.Open, At: time.Now()})
	r.Remind("zwave-5", home.Contact)
	if diff := cmp.Diff(h.trace, []string{"journal", "panel", "panel"}); diff != "" {
		t.Errorf("order (-got +want):\n%s", diff)
	}
}

func TestKeypadReadingsNeverReachTheJournal(t *testing.T) {
	h, r := open(t)
	r.Introduce(door())
	h.lines = nil
	r.Report(home.Reading{Device: "zwave-5", Trait: home.Keypad, Value: home.Word("12345"), At: time.Now()})
	if len(h.lines) != 0 {
		t.Errorf("journal has %q, want nothing of what was typed", h.lines)
	}
}

func TestRestartKeepsNamesAndForgetsFreshness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, r := open(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		r.Introduce(door())
		r.Report(home.Reading{Device: "zwave-5", Trait: home.Contact, Value: home.Closed, At: time.Now()})
		if _, err := r.Rename("zwave-5", "Back door", "Kitchen", "Ada"); err != nil {
			t.Fatal(err)
		}
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		again, err := registry.Open(registry.Options{Store: h, Journal: h, Panel: h, Sirens: h, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		d, ok := again.Device("zwave-5")
		if s := d.Traits[home.Contact]; !ok || d.Name != "Back door" || s.Value != home.Closed || s.Fresh {
			t.Errorf("after restart: %+v", d)
		}
		again.Introduce(door()) // the radio knows another name
		if d, _ := again.Device("zwave-5"); d.Name != "Back door" || d.Room != "Kitchen" {
			t.Errorf("the radio changed the family's name to %q in %q", d.Name, d.Room)
		}
	})
}

// TestSilenceEndsOnlyByItsOwnWord: what a radio says of a device that it has not
// heard does not make a silent device well.
func TestSilenceEndsOnlyByItsOwnWord(t *testing.T) {
	_, r := open(t)
	d := door()
	r.Introduce(d)
	health := func(what string, want home.Health) {
		t.Helper()
		if got, _ := r.Device(d.ID); got.Health != want {
			t.Errorf("%s: %s, want %s", what, got.Health, want)
		}
	}
	if !r.Heard(d.ID).IsZero() {
		t.Error("heard before it spoke")
	}
	r.SetHealth(d.ID, home.HealthOK)
	r.Silent(d.ID, home.HealthLate)
	health("silent", home.HealthLate)
	r.Silent(d.ID, home.HealthMissing)
	r.SetHealth(d.ID, home.HealthOK)
	r.Introduce(d)
	health("its radio is well", home.HealthMissing)
	at := time.Now()
	r.Seen(d.ID, at)
	health("it gave a sign of life", home.HealthOK)
	if r.Heard(d.ID) != at {
		t.Errorf("heard at %v, want %v", r.Heard(d.ID), at)
	}
	r.Silent(d.ID, home.HealthMissing)
	r.Report(home.Reading{Device: d.ID, Trait: home.Contact, Value: home.Closed, At: at.Add(time.Second)})
	health("it said something", home.HealthOK)
	if r.Heard(d.ID) != at.Add(time.Second) {
		t.Errorf("heard at %v, want a second later", r.Heard(d.ID))
	}
	r.SetHealth(d.ID, home.HealthFailed)
	r.Silent(d.ID, home.HealthMissing)
	health("its radio has given it up", home.HealthFailed)
	r.SetHealth(d.ID, home.HealthJoining)
	r.Silent(d.ID, home.HealthLate)
	health("it joins", home.HealthJoining)
}

func TestFullDiskIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, r := open(t)
		h.full = true
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		r.Introduce(door())
		time.Sleep(10 * time.Second) // virtual
		h.mu.Lock()
		h.full = false
		h.mu.Unlock()
		time.Sleep(10 * time.Second) // virtual
		h.mu.Lock()
		_, saved := h.rows["zwave-5"]
		h.mu.Unlock()
		if !saved {
			t.Error("the device was not saved after the disk had space again")
		}
		stop()
		<-done
	})
}

func TestCommandsAreCheckedAndAnswered(t *testing.T) {
	h, r := open(t)
	r.Introduce(door())
	h.lines = nil
	for _, tt := range []struct {
		cmd  home.Command
		want string
	}{
		{home.Command{Device: "zwave-9", Trait: home.Siren, Value: home.On}, `no device "zwave-9"`},
		{home.Command{Device: "zwave-5", Trait: home.Lock, Value: home.Locked}, `trait: Front door has no trait "lock"`},
		{home.Command{Device: "zwave-5", Trait: home.Siren, Value: home.Word("loud")}, `value: siren can be [on off], not "loud"`},
		{home.Command{Device: "zwave-5", Trait: home.Level, Value: home.Number(101)}, `value: level can be 0 to 100`},
		{home.Command{Device: "zwave-5", Trait: home.Level, Value: home.Stop}, `value: level can be 0 to 100`},
		{home.Command{Device: "zwave-5", Trait: home.Cover, Value: home.Number(-1)}, `value: cover can be 0 to 100`},
		{home.Command{Device: "zwave-5", Trait: home.Contact, Value: home.Open}, `trait: contact can be read, not set`},
	} {
		_, err := r.Command(tt.cmd, "Ada")
		if err == nil || err.Error() != tt.want {
			t.Errorf("%+v: got %v, want %s", tt.cmd, err, tt.want)
		}
	}
	a, err := r.Command(home.Command{Device: "zwave-5", Trait: home.Siren, Value: home.On}, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	h.answer = errors.New("no answer")
	b, err := r.Command(home.Command{Device: "zwave-5", Trait: home.Siren, Value: home.Off}, "Ada")
	if err != nil || a == b {
		t.Fatalf("second command: id %s after %s, err %v", b, a, err)
	}
	want := []string{"Front door: siren set to on.", "Front door: siren could not be set to off."}
	if diff := cmp.Diff(h.lines, want); diff != "" {
		t.Errorf("journal (-got +want):\n%s", diff)
	}
}

func TestSirensAreAskedAndHangWhereTheOwnerSays(t *testing.T) {
	h, r := open(t)
	d := door()
	d.Sounder = &home.Sounder{Place: home.Inside, Patterns: map[string]home.Duration{"steady": 0}}
	r.Introduce(d)
	r.Introduce(home.Device{ID: "zwave-6", Name: "Lamp", Radio: "zwave"})
	h.trace, h.lines = nil, nil
	on := home.Command{Device: "zwave-5", Trait: home.Siren, Value: home.On, Sound: home.Sounding{For: 1}}
	if _, err := r.Command(on, "Ada"); err != nil {
		t.Error(err)
	}
	h.refusal = &home.Conflict{Reason: "not now"}
	if _, err := r.Command(on, "Ada"); !errors.Is(err, h.refusal) {
		t.Errorf("refused command: %v", err)
	}
	level := home.Command{Device: "zwave-5", Trait: home.Level, Value: home.Number(1), Sound: home.Sounding{For: 1}}
	if _, err := r.Command(level, "Ada"); err == nil {
		t.Error("a lamp was told for how long")
	}
	r.Tell(home.Command{Device: "zwave-5", Trait: home.Siren, Value: home.Off, Quiet: true}, func(error) {})
	for range 2 {
		if _, err := r.Hang("zwave-5", home.Outside, "Ada"); err != nil {
			t.Error(err)
		}
	}
	d.Sounder = &home.Sounder{Place: home.Inside, Strobe: true} // interviewed again
	r.Introduce(d)
	d.Sounder = nil // and again, not done yet
	r.Introduce(d)
	if s, ok := r.Sounder("zwave-5"); !ok || s.Place != home.Outside || !s.Strobe {
		t.Errorf("got %+v %v, want one outside with lights", s, ok)
	}
	for id, place := range map[home.DeviceID]home.Place{"zwave-5": "roof", "zwave-6": home.Inside, "zwave-9": home.Inside} {
		if _, err := r.Hang(id, place, "Ada"); err == nil {
			t.Errorf("%s hangs %s", id, place)
		}
	}
	if _, err := r.LetChirp("zwave-5", true, "Ada"); err == nil {
		t.Error("a siren that can't chirp does")
	}
	d.Sounder = &home.Sounder{Place: home.Inside, Chirps: true} // its new firmware can
	r.Introduce(d)
	for range 2 {
		if _, err := r.LetChirp("zwave-5", true, "Ada"); err != nil {
			t.Error(err)
		}
	}
	r.Introduce(d)
	if s, _ := r.Sounder("zwave-5"); !s.Chirp || s.Place != home.Outside {
		t.Errorf("introduced again: got %+v, want one outside that chirps", s)
	}
	d.Sounder = &home.Sounder{Place: home.Inside}
	r.Introduce(d)
	if s, _ := r.Sounder("zwave-5"); s.Chirp {
		t.Error("a siren that can't chirp any more does")
	}
	want := []string{"asked on", "journal", "journal", "journal"}
	if diff := cmp.Diff(h.trace, want); diff != "" {
		t.Errorf("what happened (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(h.lines, []string{"Front door: siren set to on.", "Front door hangs outside the house.", "Front door chirps when the house is armed and disarmed."}); diff != "" {
		t.Errorf("journal (-got +want):\n%s", diff)
	}
}

func TestRemoveAsksTheRadioFirst(t *testing.T) {
	h, r := open(t)
	r.Introduce(door())
	h.answer = errors.New("stick is gone")
	if err := r.Remove(t.Context(), "zwave-5", "Ada"); err == nil {
		t.Fatal("removed although the radio refused")
	}
	if _, ok := r.Device("zwave-5"); !ok {
		t.Fatal("device forgotten although the radio refused")
	}
	h.answer = nil
	if err := r.Remove(t.Context(), "zwave-5", "Ada"); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Device("zwave-5"); ok {
		t.Fatal("device is still there")
	}
}

func BenchmarkReport(b *testing.B) {
	h := &house{rows: map[home.DeviceID]home.Device{}}
	r, err := registry.Open(registry.Options{Store: h, Journal: discard{}, Panel: discard{}, Sirens: discard{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	r.Introduce(door())
	in := home.Reading{Device: "zwave-5", Trait: home.Contact, Value: home.Open, At: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		r.Report(in)
	}
}

type discard struct{}

func (discard) Add(home.Event) uint64                        { return 0 }
func (discard) Ask(home.Command, func(error)) error          { return nil }
func (discard) Reading(home.Reading, func())                 {}
func (discard) ZoneOf(home.DeviceID, home.Trait) home.ZoneID { return "" }
func (discard) Hidden(home.DeviceID, home.Trait) bool        { return false }

// A save would take a processor from what the reading sets off: a siren, and the
// news of it.
func TestASaveWaitsForABreath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, r := open(t)
		commits := func() int {
			synctest.Wait()
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.commits
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		r.Introduce(door())
		time.Sleep(time.Minute)
		before := commits()
		r.Report(home.Reading{Device: "zwave-5", Trait: home.Contact, Value: home.Open, At: time.Now()})
		time.Sleep(19 * time.Millisecond)
		if n := commits() - before; n != 0 {
			t.Errorf("%d commits at once, want none", n)
		}
		time.Sleep(2 * time.Millisecond)
		if n := commits() - before; n != 1 {
			t.Errorf("%d commits after a breath, want one", n)
		}
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

// Many readings cost few commits: an SD card wears out by them.
func TestReadingsAreSavedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, r := open(t)
		ids := []home.DeviceID{"zwave-5", "zwave-6", "zwave-7"}
		for _, id := range ids {
			r.Introduce(home.Device{ID: id, Radio: "zwave"})
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		for range 60 { // a minute, virtual
			for _, id := range ids {
				r.Report(home.Reading{Device: id, Trait: home.Battery, Value: home.Number(50), At: time.Now()})
			}
			time.Sleep(time.Second)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if h.commits > 22 {
			t.Errorf("%d commits for a minute of readings, want one in three seconds", h.commits)
		}
	})
}

// A device that tells with each word how it fares itself fills no journal with it.
func TestOnlyNewsOfTheDeviceItselfIsALine(t *testing.T) {
	h, r := open(t)
	d := door()
	r.Introduce(d)
	h.lines, h.read = nil, nil
	says := func(trait home.Trait, v home.Value) {
		r.Report(home.Reading{Device: d.ID, Trait: trait, Value: v, At: time.Now()})
	}
	for range 2 { // opens and closes twice
		for _, v := range []home.Value{home.Open, home.Closed} {
			says(home.Contact, v)
			says(home.Tamper, home.False)
			says(home.LowBattery, home.False)
			says(home.Trouble, home.False)
			says(home.Battery, home.Number(80))
		}
		says(home.Restless, home.Number(3))
		says(home.Restless, home.Number(0))
	}
	says(home.Siren, home.On)
	says(home.Siren, home.On)
	says(home.Siren, home.Off)
	says(home.Tamper, home.True)
	says(home.Tamper, home.True)
	says(home.Tamper, home.False)
	want := []string{
		"Front door opened", "Front door: battery 80 %", "Front door closed", "Front door opened", "Front door closed",
		"Front door is on", "Front door is off", "Front door: its cover was opened, or it was moved", "Front door: its cover is closed again",
	}
	if diff := cmp.Diff(h.lines, want); diff != "" {
		t.Errorf("journal (-got +want):\n%s", diff)
	}
	if len(h.read) != 30 {
		t.Errorf("the panel heard %d readings, want each of 30", len(h.read))
	}
}

// stuck is a store whose disk hangs until it is let go.
type stuck struct {
	*house
	hangs   chan struct{} // closed: the disk works again
	entered chan struct{} // somebody waits for it
}

func (s stuck) Put(devices ...home.Device) error {
	s.entered <- struct{}{}
	<-s.hangs
	return s.house.Put(devices...)
}

func (s stuck) Delete(id home.DeviceID) error {
	<-s.hangs
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.house.Delete(id)
}

// A device that leaves is told by the radio on the goroutine that hears all the
// others: it must not wait for a disk that hangs. And what is being saved while
// the device leaves must not bring it back.
func TestDeviceThatLeavesWaitsForNoDiskAndStaysAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{rows: map[home.DeviceID]home.Device{}}
		s := stuck{h, make(chan struct{}), make(chan struct{}, 10)}
		r, err := registry.Open(registry.Options{Store: s, Journal: h, Panel: h, Sirens: h, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		r.Introduce(door())
		<-s.entered // the door is being saved
		h.trace = nil
		began := time.Now()
		r.Left("zwave-5", "")
		lamp := door()
		lamp.ID = "zwave-6"
		r.Introduce(lamp)
		r.Report(home.Reading{Device: "zwave-6", Trait: home.Contact, Value: home.Open, At: time.Now()})
		if time.Since(began) != 0 || h.trace[len(h.trace)-1] != "panel" {
			t.Errorf("leaving took %s, and then %v", time.Since(began), h.trace)
		}
		close(s.hangs)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, back := h.rows["zwave-5"]; back || len(h.rows) != 1 {
			t.Errorf("the store holds %v, want zwave-6 alone", h.rows)
		}
	})
}

// What a device said last is no reason to arm without it.
func TestNothingIsKnownOfADeviceThatLeft(t *testing.T) {
	h, r := open(t)
	r.Introduce(door())
	r.Report(home.Reading{Device: "zwave-5", Trait: home.Contact, Value: home.Closed, At: time.Now()})
	h.read = nil
	r.Left("zwave-5", "Ada")
	told := false
	for _, in := range h.read {
		told = told || in.Device == "zwave-5" && in.Trait == home.Contact && !in.Value.Known()
	}
	if !told {
		t.Errorf("the panel heard %+v, want that the contact is not known", h.read)
	}
}

// askingPanel asks for the devices from within, as the guard does when it tells
// the sirens.
type askingPanel struct{ r **registry.Registry }

func (p askingPanel) Reading(home.Reading, func())                   { (*p.r).WithTrait(home.Siren) }
func (p askingPanel) ZoneOf(home.DeviceID, home.Trait) home.ZoneID   { (*p.r).Devices(); return "" }
func (p askingPanel) Hidden(home.DeviceID, home.Trait) (hidden bool) { (*p.r).Devices(); return false }

// The panel is never asked while the devices are locked: it would wait for them,
// and they for it, and the alarm would stand still.
func TestThePanelMayAskForDevicesWhenItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r *registry.Registry
		r, err := registry.Open(registry.Options{Store: &house{}, Journal: discard{}, Panel: askingPanel{&r}, Sirens: discard{}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		r.Introduce(home.Device{ID: "zwave-2", Traits: map[home.Trait]home.State{home.Contact: {}}})
		r.Report(home.Reading{Device: "zwave-2", Trait: home.Contact, Value: home.Open, At: time.Now()})
	})
}
