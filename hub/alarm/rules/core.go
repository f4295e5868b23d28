package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/home"
)

// Late is how late a rule may still fire whose time came while the hub was off
// or its clock was wrong. What is later is missed, and the journal says so.
const Late = 10 * time.Minute

// MostPerMinute is how often a rule may fire within a minute. One that would
// fire more often chases itself or another rule, and is stopped.
const MostPerMinute = 12

// Input is one thing that happened: a Reading, a Panel, a Trouble, a Presence
// or a Device.
type Input interface{ input() }

// Reading is something that a device said.
type Reading struct{ home.Reading }

// Trouble is a condition that came.
type Trouble struct {
	Code   string        `json:"code"`
	Device home.DeviceID `json:"device"`
	Text   string        `json:"text"`
}

// Presence is what was said of a person.
type Presence struct {
	Person string `json:"person"`
	Home   bool   `json:"home"`
	By     string `json:"by"`
}

// Device is a device as the registry has it: what it is called and what it
// last said. It fires nothing. One with Health "" has left.
type Device struct{ home.Device }

func (Reading) input()  {}
func (Panel) input()    {}
func (Trouble) input()  {}
func (Presence) input() {}
func (Device) input()   {}

// Result is what came of a rule whose event happened.
type Result string

// Results.
const (
	Fired   Result = "fired"
	Over    Result = "over"    // the time of a command is over: it is taken back
	Missed  Result = "missed"  // its time came while the hub could not see it
	Unclear Result = "unclear" // its condition could not be told
	Stopped Result = "stopped" // it fired too often
	Refused Result = "refused" // the house did not do what the rule asked for
)

// Firing is a rule that fired, or the reason why it did not.
type Firing struct {
	Rule   home.RuleID
	Name   string
	At     time.Time
	Result Result
	Why    string     // "the sun set at 16:12 and nobody was home"
	Acts   []home.Act // to be done
	Text   string     // the journal's line
}

// Hold is a command that is taken back when its time is over.
type Hold struct {
	Rule   home.RuleID   `json:"rule"`
	Name   string        `json:"name"`
	Device home.DeviceID `json:"device"`
	Trait  home.Trait    `json:"trait"`
	Set    home.Value    `json:"set"`
	Back   home.Value    `json:"back"`
	Seen   bool          `json:"seen"` // the device has said that it did it
	For    home.Duration `json:"for"`
	Until  home.Time     `json:"until"`
}

// core decides what rules do. It is told the time and what happens, does no
// I/O, has no clock, and answers the same to the same: a dry run is the core
// again, fed from the journal.
type core struct {
	world   *world
	rules   []*rule // by id
	handled time.Time
	holds   []Hold
	changes uint64 // of what has to survive a power cut
}

type rule struct {
	home.Rule
	when    home.When
	cond    *condition  // nil: always
	from    time.Time   // what was due before is not this rule's
	met     bool        // of a reading event: what it waits for holds
	since   time.Time   // since when
	next    time.Time   // of clock and sun, once computed
	known   bool        // next is computed
	recent  []time.Time // firings of the last minute
	unclear bool        // said already that the condition can't be told
}

func newCore(w *world, handled time.Time) *core { return &core{world: w, handled: handled} }

// put adds or changes a rule, which begins to look at the house from now on.
func (c *core) put(r home.Rule, cond *condition, now time.Time) {
	c.remove(r.ID)
	next := &rule{Rule: r, when: r.When, cond: cond, from: now}
	next.look(c.world)
	c.rules = append(c.rules, next)
	slices.SortFunc(c.rules, func(a, b *rule) int { return cmp.Compare(a.ID, b.ID) })
}

func (c *core) remove(id home.RuleID) {
	c.rules = slices.DeleteFunc(c.rules, func(r *rule) bool { return r.ID == id })
}

func (c *core) rule(id home.RuleID) *rule {
	for _, r := range c.rules {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// moved makes every time be computed anew: the place or the zone has changed.
func (c *core) moved() {
	for _, r := range c.rules {
		r.known = false
	}
}

// look sets whether the trait says already what a reading event waits for.
func (r *rule) look(w *world) {
	if r.when.Event != home.WhenReading {
		return
	}
	s, err := w.state(r.when.Device, r.when.Trait)
	r.met = err == nil && is(r.when, s.Value)
	if r.met {
		r.since = s.Since.Time
	}
}

// is tells whether a value is what a reading event waits for.
func is(e home.When, v home.Value) bool {
	switch {
	case e.Above != nil:
		return v.IsNumber() && v.Float() > *e.Above
	case e.Below != nil:
		return v.IsNumber() && v.Float() < *e.Below
	default:
		return v == e.Value
	}
}

// due is when clock, sun or a wait fire the rule next, after what was handled.
func (c *core) due(r *rule) time.Time {
	if !r.Enabled || r.Stopped {
		return time.Time{}
	}
	after := c.handled
	if r.from.After(after) {
		after = r.from
	}
	switch r.when.Event {
	case home.WhenTime, home.WhenSunrise, home.WhenSunset:
		if !r.known || !r.next.IsZero() && !r.next.After(after) {
			r.next, r.known = next(r.when, c.world.place, c.world.zone, after), true
		}
		return r.next
	case home.WhenReading:
		if at := r.since.Add(time.Duration(r.when.For)); r.when.For > 0 && r.met && at.After(after) {
			return at
		}
	default:
	}
	return time.Time{}
}

// until is when the core wants to be called next; zero when nothing is due.
func (c *core) until() time.Time {
	var first time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for _, r := range c.rules {
		earlier(c.due(r))
	}
	for _, h := range c.holds {
		earlier(h.Until.Time)
	}
	return first
}

// step moves the rules to a time and then, unless in is nil, lets something
// happen to them.
func (c *core) step(now time.Time, in Input) []Firing {
	if now.Before(c.handled.Add(-time.Hour)) {
		// The clock was far ahead and was put right. Small steps back must not
		// fire twice what has fired.
		c.handled = now
	}
	fired := c.settle(now)
	switch in := in.(type) {
	case Reading:
		fired = append(fired, c.reading(now, in.Reading)...)
	case Panel:
		fired = append(fired, c.panel(now, in)...)
	case Trouble:
		fired = append(fired, c.each(now, home.WhenTrouble, "", func(e home.When) (string, bool) {
			why := "the house said: " + strings.TrimSuffix(in.Text, ".")
			return why, (e.Code == "" || e.Code == in.Code) && (e.Device == "" || e.Device == in.Device)
		})...)
	case Presence:
		fired = append(fired, c.presence(now, in)...)
	case Device:
		c.device(in.Device)
	}
	return fired
}

// settle fires what was due up to now, oldest first, each rule at most once.
func (c *core) settle(now time.Time) []Firing {
	type due struct {
		at   time.Time
		rule *rule
		hold Hold
	}
	var all []due
	for _, r := range c.rules {
		var last time.Time
		for at := c.due(r); !at.IsZero() && !at.After(now); at = next(r.when, c.world.place, c.world.zone, at) {
			last = at // of several that passed while nobody looked, the latest
		}
		if !last.IsZero() {
			all = append(all, due{at: last, rule: r})
		}
	}
	c.holds = slices.DeleteFunc(c.holds, func(h Hold) bool {
		if h.Until.After(now) {
			return false
		}
		all = append(all, due{at: h.Until.Time, hold: h})
		return true
	})
	slices.SortStableFunc(all, func(a, b due) int { return a.at.Compare(b.at) })
	if now.After(c.handled) {
		c.handled = now
	}
	if len(all) > 0 {
		c.changes++
	}
	var fired []Firing
	for _, d := range all {
		switch {
		case d.rule == nil: // late or not, a lamp must not burn for ever
			fired = append(fired, c.over(d.hold, d.at))
		case now.Sub(d.at) > Late:
			fired = append(fired, c.missed(d.rule, d.at))
		case d.rule.when.Event == home.WhenReading:
			fired = append(fired, c.fire(d.rule, d.at, "", c.world.stayedText(d.rule.when))...)
		default:
			fired = append(fired, c.fire(d.rule, d.at, "", c.world.dueText(d.rule.when, d.at))...)
		}
	}
	return fired
}

func (c *core) missed(r *rule, at time.Time) Firing {
	clock := at.In(c.world.zone).Format("15:04 on 2 January")
	return Firing{
		Rule: r.ID, Name: r.Name, At: at, Result: Missed, Why: "the hub was off or its clock was wrong at " + clock,
		Text: fmt.Sprintf("Rule %s was missed: the hub was off or its clock was wrong at %s.", r.Name, clock),
	}
}

func (c *core) over(h Hold, at time.Time) Firing {
	back := home.Act{Do: home.ActCommand, Device: h.Device, Trait: h.Trait, Value: h.Back}
	return Firing{
		Rule: h.Rule, Name: h.Name, At: at, Result: Over, Why: span(h.For) + " have passed", Acts: []home.Act{back},
		Text: fmt.Sprintf("Rule %s: %s again after %s.", h.Name, c.world.actText(back), span(h.For)),
	}
}

// each fires the rules of one event that match; why says what happened.
func (c *core) each(now time.Time, e home.RuleEvent, by string, match func(home.When) (why string, ok bool)) []Firing {
	var fired []Firing
	for _, r := range c.rules {
		if r.when.Event != e || !r.Enabled || r.Stopped {
			continue
		}
		if why, ok := match(r.when); ok {
			fired = append(fired, c.fire(r, now, by, why)...)
		}
	}
	return fired
}

// fire judges the condition of a rule whose event came, and fires it.
func (c *core) fire(r *rule, at time.Time, by, why string) []Firing {
	f := Firing{Rule: r.ID, Name: r.Name, At: at, Why: why}
	c.world.by = by
	if r.cond != nil {
		holds, err := r.cond.holds(c.world, at)
		if err != nil {
			if r.unclear {
				return nil
			}
			r.unclear = true // once is enough until it is clear again
			f.Result = Unclear
			f.Text = fmt.Sprintf("Rule %s did not fire although %s: %s.", r.Name, why, err)
			return []Firing{f}
		}
		r.unclear = false
		if !holds {
			return nil
		}
		f.Why += " and " + c.world.because(r.cond)
	}
	r.recent = slices.DeleteFunc(r.recent, func(t time.Time) bool { return at.Sub(t) >= time.Minute })
	if len(r.recent) >= MostPerMinute {
		r.Stopped = true
		f.Result = Stopped
		f.Text = fmt.Sprintf("Rule %s was stopped: it fired %d times within a minute.", r.Name, len(r.recent))
		return []Firing{f}
	}
	r.recent = append(r.recent, at)
	f.Result, f.Acts = Fired, r.Then
	f.Text = stopped(fmt.Sprintf("Rule %s fired because %s: %s", r.Name, f.Why, c.world.actsText(r.Then)))
	for _, a := range r.Then {
		if a.Do == home.ActCommand {
			c.hold(r, a, later(at, c.handled)) // a late one has its whole time
		}
	}
	return []Firing{f}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// hold remembers what has to be taken back. What was so already is left so,
// unless it was a rule that made it so: then its time begins anew.
func (c *core) hold(r *rule, a home.Act, at time.Time) {
	c.changes++
	i := slices.IndexFunc(c.holds, func(h Hold) bool { return h.Device == a.Device && h.Trait == a.Trait })
	s, err := c.world.state(a.Device, a.Trait)
	h := Hold{
		Rule: r.ID, Name: r.Name, Device: a.Device, Trait: a.Trait, Set: a.Value, For: a.For,
		Until: home.At(at.Add(time.Duration(a.For))), Back: home.Off,
	}
	switch {
	case a.Trait == home.Level, a.Trait == home.Cover:
		h.Back = home.Number(0)
	case a.Value == home.Off:
		h.Back = home.On
	}
	switch {
	case i >= 0 && a.For > 0 && c.holds[i].Set == a.Value:
		h.Back, h.Seen = c.holds[i].Back, c.holds[i].Seen
		if c.holds[i].Until.After(h.Until.Time) {
			h = c.holds[i]
		}
		c.holds[i] = h
	case a.For > 0:
		if i >= 0 {
			c.holds = slices.Delete(c.holds, i, i+1)
		}
		if err == nil && s.Value == a.Value {
			return
		}
		if err == nil && (a.Trait == home.Level || a.Trait == home.Cover) {
			h.Back = s.Value
		}
		c.holds = append(c.holds, h)
	case i >= 0: // another rule wants it for good
		c.holds = slices.Delete(c.holds, i, i+1)
	}
}

// reading takes what a device said.
func (c *core) reading(now time.Time, in home.Reading) []Firing {
	if in.Trait == home.Keypad { // it may hold a code
		return nil
	}
	if in.Trait == home.Button {
		return c.each(now, home.WhenButton, "", func(e home.When) (string, bool) {
			return c.world.readingText(in), e.Device == in.Device && e.Value == in.Value
		})
	}
	d, ok := c.world.devices[in.Device]
	if !ok {
		return nil
	}
	before := d.traits[in.Trait]
	after := home.State{Value: in.Value, Since: before.Since, Fresh: true}
	if before.Value != in.Value {
		after.Since = home.At(now)
	}
	d.traits[in.Trait] = after
	c.answered(in)
	var fired []Firing
	for _, r := range c.rules {
		if r.when.Event != home.WhenReading || r.when.Device != in.Device || r.when.Trait != in.Trait {
			continue
		}
		was := r.met
		r.met = is(r.when, in.Value)
		if !r.met || was {
			continue
		}
		r.since = now
		if r.when.For == 0 && before.Value.Known() && r.Enabled && !r.Stopped {
			fired = append(fired, c.fire(r, now, "", c.world.readingText(in))...)
		}
	}
	return fired
}

// answered notes that a device did what it was held to, and lets go of it when
// somebody else has set it otherwise since.
func (c *core) answered(in home.Reading) {
	for i, h := range c.holds {
		if h.Device != in.Device || h.Trait != in.Trait {
			continue
		}
		switch {
		case in.Value == h.Set:
			c.holds[i].Seen = true
		case h.Seen:
			c.holds = slices.Delete(c.holds, i, i+1)
			c.changes++
		}
		return // there is one for each trait
	}
}

// panel takes how the alarm stands now.
func (c *core) panel(now time.Time, in Panel) []Firing {
	was := c.world.panel
	c.world.panel = in
	if was.Mode == "" { // the first that is heard of it
		return nil
	}
	by := ""
	if in.By != "" {
		by = " by " + in.By
	}
	var fired []Firing
	if was.Mode != in.Mode {
		fired = append(fired, c.each(now, home.WhenMode, in.By, func(e home.When) (string, bool) {
			return "the house was set to " + string(in.Mode) + by, e.Mode == "" || e.Mode == in.Mode
		})...)
	}
	if was.Phase != in.Phase {
		fired = append(fired, c.each(now, home.WhenPhase, in.By, func(e home.When) (string, bool) {
			return "the panel came into phase " + string(in.Phase), e.Phase == in.Phase
		})...)
	}
	if was.Alarm != in.Alarm && in.Alarm != "" {
		fired = append(fired, c.each(now, home.WhenAlarm, in.By, func(e home.When) (string, bool) {
			return article(in.Alarm) + " alarm began", e.Kind == "" || e.Kind == in.Alarm
		})...)
	}
	return fired
}

// presence takes what was said of a person.
func (c *core) presence(now time.Time, in Presence) []Firing {
	key := strings.ToLower(in.Person)
	was, known := c.world.people[key]
	before, _ := c.world.peopleHome()
	p := home.Presence{Person: in.Person, Home: in.Home, Since: home.At(now)}
	if known && was.Home == in.Home {
		return nil
	}
	c.world.people[key] = p
	c.changes++
	after, _ := c.world.peopleHome()
	if !known { // the first that is heard of them is no move
		return nil
	}
	return c.each(now, home.WhenPerson, in.Person, func(e home.When) (string, bool) {
		why := in.Person + " left"
		if in.Home {
			why = in.Person + " came home"
		}
		if e.Person != "" && !strings.EqualFold(e.Person, in.Person) {
			return "", false
		}
		switch e.Move {
		case home.Leaves:
			return why, !in.Home
		case home.Arrives:
			return why, in.Home
		case home.LastOut:
			return in.Person + " left as the last", !in.Home && before > 0 && after == 0
		case home.FirstIn:
			return in.Person + " came home as the first", in.Home && before == 0
		default:
			return "", false
		}
	})
}

// device takes what a device is called and has; what it says counts only when
// nothing is known of it, else readings tell.
func (c *core) device(d home.Device) {
	if d.Health == "" {
		delete(c.world.devices, d.ID)
		return
	}
	known, ok := c.world.devices[d.ID]
	if !ok {
		known = &device{traits: map[home.Trait]home.State{}}
		c.world.devices[d.ID] = known
	}
	known.name = d.Name
	for t, s := range d.Traits {
		if _, has := known.traits[t]; !has {
			known.traits[t] = s
		}
	}
	if !ok {
		for _, r := range c.rules {
			if r.when.Device == d.ID {
				r.look(c.world)
			}
		}
	}
}
