package rules

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
)

// Rules lists every rule by name.
func (r *Rules) Rules() []home.Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]home.Rule, len(r.core.rules))
	for i, rule := range r.core.rules {
		list[i] = r.shown(rule)
	}
	slices.SortFunc(list, func(a, b home.Rule) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Rule is one rule.
func (r *Rules) Rule(id home.RuleID) (home.Rule, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rule := r.core.rule(id)
	if rule == nil {
		return home.Rule{}, false
	}
	return r.shown(rule), true
}

// shown is a rule with what can be said of it now.
func (r *Rules) shown(rule *rule) home.Rule {
	s := rule.Rule
	s.Says = r.core.world.sentence(s)
	s.Fault, s.FaultSays, s.Next = "", nil, nil
	if f := r.core.world.fault(s, rule.cond); f != nil {
		s.Fault, s.FaultSays = f.Reason, f.Says
	} else if _, err := compileIf(s.If); err != nil {
		s.Fault = "Its condition can't be read: " + err.Error() + "."
		if f := (*home.Invalid)(nil); errors.As(err, &f) {
			s.FaultSays = f.Says
		}
	}
	if at := r.core.due(rule); !at.IsZero() {
		next := home.At(at)
		s.Next = &next
	}
	return s
}

// PutRule makes or changes a rule, and starts it again if it was stopped. An
// empty id is made from the name. It returns once the rule is on disk. Errors:
// *home.Invalid, *home.Conflict.
func (r *Rules) PutRule(_ context.Context, rule home.Rule, by string) (home.Rule, error) {
	r.saving.Lock()
	defer r.saving.Unlock()
	r.mu.Lock()
	if rule.ID == "" {
		rule.ID = r.freeID(rule.Name)
	}
	old := r.core.rule(rule.ID)
	full := old == nil && len(r.core.rules) >= MaxRules
	cond, err := r.judge(rule)
	r.mu.Unlock()
	switch {
	case err != nil:
		return home.Rule{}, err
	case full:
		return home.Rule{}, &home.Conflict{Reason: fmt.Sprintf("a home can have %d rules: remove one first", MaxRules)}
	}
	rule.Stopped, rule.Says, rule.Fault, rule.FaultSays, rule.Next = false, "", "", nil, nil
	if err := r.o.Store.PutRule(rule); err != nil {
		return home.Rule{}, fmt.Errorf("rules: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.hears.Swap(true) {
		r.lookAround() // before the rule is there: what was said meanwhile is no news to it
	}
	r.step(nil) // what was due before is the old rule's
	r.core.put(rule, cond, time.Now().Round(0))
	r.core.changes++
	kick(r.dirty)
	delete(r.notArmed, rule.ID)
	r.tellNotArmed()
	r.tellStopped()
	kick(r.wake)
	verb := "made"
	if old != nil {
		verb = "changed"
	}
	r.line(time.Now(), home.Who(by), fmt.Sprintf("Rule %s was %s. %s", rule.Name, verb, r.core.world.sentence(rule)), about{Rule: rule.ID, Result: Result(verb)})
	return r.shown(r.core.rule(rule.ID)), nil
}

// judge tells what is wrong with a rule in this house, and compiles it. Only
// the place may still be missing.
func (r *Rules) judge(rule home.Rule) (*condition, error) {
	if err := check(rule); err != nil {
		return nil, err
	}
	cond, err := compileIf(rule.If)
	if err != nil {
		return nil, err
	}
	if f := r.core.world.fault(rule, cond); f != nil && f.Field != "place" {
		return nil, f
	}
	return cond, nil
}

// freeID is an id made from a name that no rule has.
func (r *Rules) freeID(name string) home.RuleID {
	id := strings.Trim(strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		default:
			return '-'
		}
	}, strings.ToLower(name)), "-")
	for strings.Contains(id, "--") {
		id = strings.ReplaceAll(id, "--", "-")
	}
	if id = strings.Trim(id[:min(len(id), 50)], "-"); id == "" {
		id = "rule"
	}
	free := home.RuleID(id)
	for n := 2; r.core.rule(free) != nil || free == "settings" || free == "language" || free == "dry-run"; n++ {
		free = home.RuleID(fmt.Sprintf("%s-%d", id, n))
	}
	return free
}

// DeleteRule removes a rule. What it holds is still taken back. Errors:
// *home.NotFound.
func (r *Rules) DeleteRule(_ context.Context, id home.RuleID, by string) error {
	r.saving.Lock()
	defer r.saving.Unlock()
	rule, ok := r.Rule(id)
	if !ok {
		return &home.NotFound{What: "rule", ID: string(id)}
	}
	if err := r.o.Store.DeleteRule(id); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.core.remove(id)
	r.hears.Store(len(r.core.rules) > 0)
	r.halted = slices.DeleteFunc(r.halted, func(h home.Rule) bool { return h.ID == id })
	delete(r.notArmed, id)
	r.tellNotArmed()
	r.tellStopped()
	kick(r.wake)
	r.line(time.Now(), home.Who(by), "Rule "+rule.Name+" was removed.", about{Rule: id, Result: "removed"})
	return nil
}

// Settings are what rules know of the place.
func (r *Rules) Settings() home.RuleSettings {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.core.world
	s := home.RuleSettings{Zone: w.zone.String()}
	if w.place == nil {
		return s
	}
	place := *w.place
	s.Latitude, s.Longitude = &place.Latitude, &place.Longitude
	y, m, d := time.Now().In(w.zone).Date()
	sun := place.SunOn(y, m, d, w.zone)
	if !sun.Rise.IsZero() {
		rise, set := home.At(sun.Rise), home.At(sun.Set)
		s.Sunrise, s.Sunset = &rise, &set
	}
	return s
}

// PutSettings says where the house stands; it returns once that is on disk.
// Errors: *home.Invalid.
func (r *Rules) PutSettings(_ context.Context, s home.RuleSettings, by string) error {
	place, err := placeOf(s)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.step(nil) // up to now the old place counts
	old := r.core.world.place
	r.core.world.place = place
	r.core.moved()
	r.mu.Unlock()
	if err := r.save(); err != nil {
		r.mu.Lock()
		r.core.world.place = old
		r.core.moved()
		r.mu.Unlock()
		return err
	}
	kick(r.wake)
	// Where the house stands is not for everybody who may read the journal.
	r.o.Journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindSystem, Who: home.Who(by), Text: "The place of the house was set for sunrise and sunset."})
	return nil
}

// People lists what was last said of everybody.
func (r *Rules) People() []home.Presence {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.people()
}

func (r *Rules) people() []home.Presence {
	list := slices.Collect(maps.Values(r.core.world.people))
	slices.SortFunc(list, func(a, b home.Presence) int { return cmp.Compare(a.Person, b.Person) })
	return list
}

// SetPresence says that a person is at home or not. It is written down and may
// fire rules, none of which can disarm. Errors: *home.Invalid, *home.Conflict.
func (r *Rules) SetPresence(_ context.Context, person string, at bool, by string) (home.Presence, error) {
	if !goodText(person, 40) || strings.ContainsAny(person, "/+#") {
		return home.Presence{}, invalid("person", "give a name of 1 to 40 characters without / + #")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := strings.ToLower(person)
	known, ok := r.core.world.people[key]
	if !ok && len(r.core.world.people) >= MaxPeople {
		return home.Presence{}, &home.Conflict{Reason: fmt.Sprintf("a home can have %d people: forget one first", MaxPeople)}
	}
	if ok {
		person = known.Person
	}
	if ok && known.Home == at {
		return known, nil
	}
	text := person + " left."
	if at {
		text = person + " is at home."
	}
	in := Presence{Person: person, Home: at, By: by}
	data, err := json.Marshal(in)
	if err != nil {
		return home.Presence{}, fmt.Errorf("rules: %w", err)
	}
	r.o.Journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindPerson, Who: home.Who(by), Text: text, Data: data})
	r.step(in)
	kick(r.wake)
	return r.core.world.people[key], nil
}

// ForgetPerson forgets what was said of a person. Errors: *home.NotFound.
func (r *Rules) ForgetPerson(_ context.Context, person, by string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := strings.ToLower(person)
	known, ok := r.core.world.people[key]
	if !ok {
		return &home.NotFound{What: "person", ID: person}
	}
	delete(r.core.world.people, key)
	kick(r.dirty)
	r.o.Journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindSystem, Who: home.Who(by), Text: "It is no longer noted whether " + known.Person + " is at home."})
	return nil
}

// Vocabulary is the language of conditions, word by word.
func (r *Rules) Vocabulary() []home.RuleWord { return Vocabulary() }

// The most that a dry run reads and tells.
const (
	maxPast = 100_000 // lines of the journal
	maxRuns = 200
)

// DryRun tells what a rule would have done in the last seven days, newest
// first. The rule need not be saved; whether it is enabled does not matter.
// What rules did in that week is in the journal as what devices said, and is
// not done again. Errors: *home.Invalid, and ctx's.
func (r *Rules) DryRun(ctx context.Context, rule home.Rule) ([]home.RuleRun, error) {
	if rule.ID == "" {
		rule.ID = "dry"
	}
	r.mu.Lock()
	if !r.hears.Load() {
		r.lookAround()
	}
	cond, err := r.judge(rule)
	now := time.Now().Round(0)
	begin := now.Add(-Week - Warmup)
	w := r.core.world.before(begin)
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	r.dry.Lock() // it is work for seconds: one at a time
	defer r.dry.Unlock()
	if err := r.save(); err != nil { // the notes are read from there
		return nil, err
	}
	lines, err := r.past(ctx, begin)
	if err != nil {
		return nil, err
	}
	notes, err := r.o.Store.Notes(begin)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	c := newCore(w, begin)
	rule.Enabled, rule.Stopped = true, false
	c.put(rule, cond, begin)
	fired := replay(c, pastOf(lines, notes), now.Add(-Week), now)
	runs := []home.RuleRun{}
	for _, f := range slices.Backward(fired) {
		if len(runs) < maxRuns {
			runs = append(runs, f.run(w))
		}
	}
	return runs, nil
}

// run is a firing as it is told.
func (f Firing) run(w *world) home.RuleRun {
	return home.RuleRun{At: home.At(f.At), Rule: f.Rule, Result: string(f.Result), Why: f.Why, Does: w.actsText(f.Acts), Text: f.Text}
}

// past reads the journal from a time on.
func (r *Rules) past(ctx context.Context, since time.Time) ([]home.Event, error) {
	var all []home.Event
	q := journal.Query{Since: since, Limit: 1000}
	for len(all) < maxPast {
		page, next, err := r.o.Journal.Page(q)
		if err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		all = append(all, page...)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		if next == "" {
			break
		}
		q.Cursor = next
	}
	slices.Reverse(all)
	return all, nil
}

// Runs are the last times that a rule fired or says why it did not, newest
// first. Errors: *home.NotFound.
func (r *Rules) Runs(id home.RuleID) ([]home.RuleRun, error) {
	if _, ok := r.Rule(id); !ok {
		return nil, &home.NotFound{What: "rule", ID: string(id)}
	}
	runs := []home.RuleRun{}
	q := journal.Query{Kind: home.KindRule, Limit: 1000}
	for range 5 {
		page, next, err := r.o.Journal.Page(q)
		if err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		for _, e := range page {
			var a about
			if json.Unmarshal(e.Data, &a) == nil && a.Rule == id && len(runs) < 50 {
				runs = append(runs, home.RuleRun{At: e.At, Rule: id, Result: string(a.Result), Why: a.Why, Does: a.Does, Text: e.Text})
			}
		}
		if next == "" || len(runs) == 50 {
			break
		}
		q.Cursor = next
	}
	return runs, nil
}
