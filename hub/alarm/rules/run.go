package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
)

// Store keeps rules across restarts.
type Store interface {
	Rules() ([]home.Rule, error)
	PutRule(home.Rule) error
	DeleteRule(home.RuleID) error
	State() (State, error)
	SaveState(State) error
	// Notes are those since a time, oldest first.
	Notes(since time.Time) ([]Note, error)
	// AddNotes adds some and forgets those before a time.
	AddNotes(notes []Note, forget time.Time) error
}

// State is what has to survive a power cut beside the rules.
type State struct {
	Handled home.Time       `json:"handled"` // what was due up to then has been done
	Holds   []Hold          `json:"holds"`
	People  []home.Presence `json:"people"`
	Place   *Place          `json:"place"`
}

// Journal is what rules need of the record.
type Journal interface {
	Add(home.Event) uint64
	Page(journal.Query) (events []home.Event, next string, err error)
}

// Notices carries what a rule tells to people who may be elsewhere. Add must not
// wait.
type Notices interface {
	Add(home.Notice)
}

// Alarm is what rules need of the guard: to see it, and to arm like somebody
// without a code.
type Alarm interface {
	State() home.Alarm
	SetMode(context.Context, home.ModeRequest) (home.Alarm, error)
}

// Devices is what rules need of the registry.
type Devices interface {
	Devices() []home.Device
	Command(cmd home.Command, by string) (string, error)
}

// Conditions shows what is wrong with rules; "" clears. It must not wait and
// must not call the rules.
type Conditions interface {
	RuleStopped(names string)
	RuleNotArmed(why string)
}

// Options are what rules need. All are required.
type Options struct {
	Store      Store
	Journal    Journal
	Notices    Notices
	Alarm      Alarm
	Devices    Devices
	Conditions Conditions

	AlarmChanges  *bus.Topic[home.Alarm]
	DeviceChanges *bus.Topic[home.Device]
	Readings      *bus.Topic[home.Reading]

	Zone func() string // the home's time zone; "" is UTC
	Log  *slog.Logger
}

// Rules are the rules of the house, awake while Run runs.
type Rules struct {
	o     Options
	log   *slog.Logger
	wake  chan struct{} // something was changed from outside
	dirty chan struct{} // something has to be saved

	saving sync.Mutex // one save at a time, each of the newest
	dry    sync.Mutex // one dry run at a time

	hears atomic.Bool // there are rules: what devices say is heard

	mu       sync.Mutex
	core     *core
	zone     string
	troubles []home.TroubleItem
	todo     []Firing    // to be acted on by Run
	notes    []Note      // to be saved
	halted   []home.Rule // stopped, to be saved
	notArmed map[home.RuleID]string
}

// Open loads the rules. It starts nothing.
func Open(o Options) (*Rules, error) {
	list, err := o.Store.Rules()
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	state, err := o.Store.State()
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	w := newWorld()
	w.place = state.Place
	for _, p := range state.People {
		w.people[strings.ToLower(p.Person)] = p
	}
	now := time.Now()
	handled := state.Handled.Time
	if handled.IsZero() {
		handled = now
	}
	r := &Rules{
		o: o, log: o.Log, core: newCore(w, handled), notArmed: map[home.RuleID]string{},
		wake: make(chan struct{}, 1), dirty: make(chan struct{}, 1),
	}
	r.core.holds = state.Holds
	r.rezone()
	for _, d := range o.Devices.Devices() {
		r.core.device(d)
	}
	for _, rule := range list {
		cond, err := compileIf(rule.If)
		if err != nil {
			// The language may have lost a word since; the rule stays to be read.
			r.log.Error("rule can't be run", "rule", rule.ID, "err", err)
			rule.Enabled = false
		}
		r.core.put(rule, cond, time.Time{})
	}
	r.hears.Store(len(list) > 0)
	return r, nil
}

func compileIf(source string) (*condition, error) {
	if strings.TrimSpace(source) == "" {
		return nil, nil
	}
	return compile(source)
}

// heed is the least often that Run looks at the clock, which somebody may set.
const heed = 30 * time.Second

// Run lets the rules do what they are for until ctx ends. What it began it
// waits for.
func (r *Rules) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() { r.keepSaving(ctx) })

	n := news{
		r.o.AlarmChanges.SubscribeTo(64, panelNews()),
		r.o.DeviceChanges.SubscribeTo(256, deviceNews()),
		r.o.Readings.SubscribeTo(512, func(home.Reading) bool { return r.hears.Load() }),
	}
	defer n.panel.Close()
	defer n.devices.Close()
	defer n.readings.Close()
	r.begin()

	timer := time.NewTimer(heed)
	defer timer.Stop()
	for {
		todo, until := r.hear(n)
		for _, f := range todo {
			r.act(ctx, &wg, f)
		}
		pause := heed
		if !until.IsZero() {
			pause = max(0, min(heed, until.Sub(time.Now().Round(0))))
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-r.wake:
		case <-n.panel.Wake():
		case <-n.devices.Wake():
		case <-n.readings.Wake():
		}
	}
}

// news are the topics that Run reads.
type news struct {
	panel    *bus.Subscription[home.Alarm]
	devices  *bus.Subscription[home.Device]
	readings *bus.Subscription[home.Reading]
}

// panelNews tells whether the panel stands otherwise than when it was asked
// before, as far as rules see it: not which windows are open.
func panelNews() func(home.Alarm) bool {
	var panel Panel
	var troubles []home.TroubleItem
	return func(a home.Alarm) bool {
		same := PanelOf(a) == panel && slices.EqualFunc(a.Troubles, troubles, func(a, b home.TroubleItem) bool {
			return a.Code == b.Code && a.Device == b.Device
		})
		panel, troubles = PanelOf(a), a.Troubles
		return !same
	}
}

// deviceNews tells of each device whether it is called otherwise, has other
// traits or has left. What it says comes as readings.
func deviceNews() func(home.Device) bool {
	type face struct {
		name   string
		traits int
	}
	known := make(map[home.DeviceID]face)
	return func(d home.Device) bool {
		now := face{d.Name, len(d.Traits)}
		if d.Health == "" { // it has left
			delete(known, d.ID)
			return true
		}
		was, ok := known[d.ID]
		known[d.ID] = now
		return !ok || was != now
	}
}

// begin takes the house as it is now.
func (r *Rules) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lookAround()
	r.panelSays(r.o.Alarm.State())
	r.tellStopped()
}

// hear takes what happened and what is due, and returns what is to be done and
// when something is due next.
func (r *Rules) hear(n news) ([]Firing, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rezone()
	r.step(nil)
	for it, ok := n.devices.TryNext(); ok; it, ok = n.devices.TryNext() {
		r.met(it)
	}
	for it, ok := n.panel.TryNext(); ok; it, ok = n.panel.TryNext() {
		r.panelSays(it.Value)
	}
	for it, ok := n.readings.TryNext(); ok; it, ok = n.readings.TryNext() {
		if it.Gap {
			r.lookAround()
		}
		r.step(Reading{it.Value})
	}
	todo := r.todo
	r.todo = nil
	return todo, r.core.until()
}

// step moves the core with the mutex held, and leaves what fired to Run.
func (r *Rules) step(in Input) {
	before := r.core.changes
	fired := r.core.step(time.Now().Round(0), in)
	r.todo = append(r.todo, fired...)
	if r.core.changes != before {
		kick(r.dirty)
	}
	for _, f := range fired {
		if f.Result == Stopped {
			r.halted = append(r.halted, r.core.rule(f.Rule).Rule)
			kick(r.dirty)
			r.tellStopped()
		}
	}
}

// met takes a device that changed. What it says comes as readings.
func (r *Rules) met(it bus.Item[home.Device]) {
	if it.Gap {
		r.lookAround()
	}
	d := it.Value
	if known, ok := r.core.world.devices[d.ID]; ok && known.name == d.Name && len(known.traits) == len(d.Traits) && d.Health != "" {
		return
	}
	r.step(Device{d})
}

// lookAround learns from the registry what was not heard: what devices there
// are and what they say.
func (r *Rules) lookAround() {
	there := map[home.DeviceID]bool{}
	for _, d := range r.o.Devices.Devices() {
		there[d.ID] = true
		r.step(Device{d})
		for t, s := range d.Traits {
			if s.Value.Known() && t != home.Button && s.Value != r.core.world.devices[d.ID].traits[t].Value {
				r.step(Reading{home.Reading{Device: d.ID, Trait: t, Value: s.Value, At: s.Since.Time}})
			}
		}
	}
	for id := range r.core.world.devices {
		if !there[id] {
			r.step(Device{home.Device{ID: id}})
		}
	}
}

// panelSays takes how the alarm stands now, and what is wrong with the house.
func (r *Rules) panelSays(a home.Alarm) {
	first := r.core.world.panel.Mode == ""
	if p := PanelOf(a); p != r.core.world.panel {
		r.notes = append(r.notes, Note{At: home.At(time.Now()), Panel: &p})
		r.step(p)
		kick(r.dirty)
	}
	if a.Mode != home.Disarmed && len(r.notArmed) > 0 {
		clear(r.notArmed) // somebody armed
		r.tellNotArmed()
	}
	for _, item := range a.Troubles {
		known := slices.ContainsFunc(r.troubles, func(t home.TroubleItem) bool { return t.Code == item.Code && t.Device == item.Device })
		if known || first { // what was wrong already is no news
			continue
		}
		in := Trouble{Code: item.Code, Device: item.Device, Text: item.Text}
		r.notes = append(r.notes, Note{At: home.At(time.Now()), Trouble: &in})
		kick(r.dirty)
		r.step(in)
	}
	r.troubles = a.Troubles
}

// rezone takes the home's time zone as it is now.
func (r *Rules) rezone() {
	name := r.o.Zone()
	if name == r.zone && r.core.world.zone != nil {
		return
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		r.log.Error("time zone not known, using UTC", "zone", name, "err", err)
		zone = time.UTC
	}
	r.zone, r.core.world.zone = name, zone
	r.core.moved()
}

// maxNotes bounds what waits for a disk that hangs.
const maxNotes = 1000

// keepSaving saves what changed until ctx ends, then what is left. A power cut
// in the moment of firing may so repeat it: nothing that a rule may do is worse
// when done twice.
func (r *Rules) keepSaving(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			r.saveOrSay()
			return
		case <-r.dirty:
			r.saveOrSay()
		}
	}
}

func (r *Rules) saveOrSay() {
	if err := r.save(); err != nil {
		r.log.Error("rules not saved", "err", err)
	}
}

func (r *Rules) save() error {
	r.saving.Lock()
	defer r.saving.Unlock()
	r.mu.Lock()
	notes, halted := r.notes, r.halted
	r.notes, r.halted = nil, nil
	s := r.state()
	r.mu.Unlock()
	if len(notes) > 0 {
		if err := r.o.Store.AddNotes(notes, notes[0].At.Add(-Week-Warmup)); err != nil {
			r.mu.Lock()
			r.notes = append(notes, r.notes...)
			r.notes = r.notes[max(0, len(r.notes)-maxNotes):]
			r.mu.Unlock()
			return fmt.Errorf("rules: %w", err)
		}
	}
	for _, rule := range halted {
		if err := r.o.Store.PutRule(rule); err != nil {
			return fmt.Errorf("rules: %w", err)
		}
	}
	if err := r.o.Store.SaveState(s); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	return nil
}

func (r *Rules) state() State {
	return State{Handled: home.At(r.core.handled), Holds: slices.Clone(r.core.holds), People: r.people(), Place: r.core.world.place}
}

// about is what a line of a rule carries for programs.
type about struct {
	Rule   home.RuleID `json:"rule"`
	Result Result      `json:"result"`
	Why    string      `json:"why,omitempty"`
	Does   string      `json:"does,omitempty"`
}

func (r *Rules) line(at time.Time, who *string, text string, a about) {
	data, err := json.Marshal(a)
	if err != nil {
		r.log.Error("line of a rule not encoded", "rule", a.Rule, "err", err)
	}
	r.o.Journal.Add(home.Event{At: home.At(at), Kind: home.KindRule, Who: who, Text: text, Data: data})
}

// act writes down why a rule fired, then does what it asks for.
func (r *Rules) act(ctx context.Context, wg *sync.WaitGroup, f Firing) {
	r.mu.Lock()
	does := r.core.world.actsText(f.Acts)
	faults := make([]*home.Invalid, len(f.Acts)) // the house may have changed since the rule was made
	for i, a := range f.Acts {
		faults[i] = r.core.world.actFault(a)
	}
	r.mu.Unlock()
	now := time.Now()
	r.line(now, nil, f.Text, about{f.Rule, f.Result, f.Why, does})
	by := "rule " + f.Name
	for i, a := range f.Acts {
		switch {
		case faults[i] != nil:
			r.refused(f, faults[i].Reason)
		case a.Do == home.ActTell:
			r.line(now, home.Who(by), a.Text, about{Rule: f.Rule, Result: Fired})
			r.o.Notices.Add(home.Notice{At: home.At(now), Kind: "rule", Text: a.Text})
		case a.Do == home.ActCommand:
			if _, err := r.o.Devices.Command(home.Command{Device: a.Device, Trait: a.Trait, Value: a.Value}, by); err != nil {
				r.refused(f, upper(err.Error())+".")
			}
		case a.Do == home.ActArm:
			wg.Go(func() { r.arm(ctx, f, a.Mode, by) })
		}
	}
}

func (r *Rules) refused(f Firing, why string) {
	r.line(time.Now(), nil, fmt.Sprintf("Rule %s could not do all that it wanted. %s", f.Name, why), about{f.Rule, Refused, why, ""})
}

// patience is how long the panel may take to write an arming down.
const patience = 10 * time.Second

// arm asks as somebody without a code would: the panel itself then lets nobody
// disarm or weaken an armed house, leaves no zone out, and refuses when the
// house is not ready.
func (r *Rules) arm(ctx context.Context, f Firing, mode home.Mode, by string) {
	state := r.o.Alarm.State()
	if state.Mode == mode {
		return
	}
	err := error(&home.Conflict{Reason: "an alarm runs"})
	if state.Phase != home.PhaseAlarm { // arming would take it off the screen
		ctx, cancel := context.WithTimeout(ctx, patience)
		_, err = r.o.Alarm.SetMode(ctx, home.ModeRequest{Mode: mode, By: by, Channel: home.ByRule})
		cancel()
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return // the hub is stopping
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.notArmed, f.Rule)
	if err != nil {
		why := armRefusal(err, state.Mode)
		r.notArmed[f.Rule] = f.Name + " could not arm " + string(mode) + ": " + why
		r.line(time.Now(), nil, fmt.Sprintf("Rule %s did not arm %s: %s.", f.Name, mode, why), about{f.Rule, Refused, why, ""})
	}
	r.tellNotArmed()
}

func armRefusal(err error, mode home.Mode) string {
	var needed *home.CodeNeeded
	if errors.As(err, &needed) {
		return "the house is armed " + string(mode) + ", and only a person with a code changes that"
	}
	return err.Error()
}

func (r *Rules) tellStopped() {
	var names []string
	for _, rule := range r.core.rules {
		if rule.Stopped {
			names = append(names, rule.Name)
		}
	}
	r.o.Conditions.RuleStopped(and(names))
}

func (r *Rules) tellNotArmed() {
	var said []string
	for _, why := range r.notArmed {
		said = append(said, why)
	}
	slices.Sort(said)
	r.o.Conditions.RuleNotArmed(strings.Join(said, "; "))
}

func kick(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
