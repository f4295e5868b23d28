package hub

import (
	"time"

	"gatehouse/hub/alarm/rules"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage"
)

// openRules opens the rules of the house. They are fed beside the alarm and
// are missed by nobody but lamps: not vital.
func (h *Hub) openRules() (err error) {
	h.rules, err = rules.Open(rules.Options{
		Store: ruleStore{
			db: h.db, rules: storage.NewTable[home.Rule](h.db, "rules"),
			state: storage.NewCell[rules.State](h.db, "rules-state"), notes: storage.NewTable[rules.Note](h.db, "rules-notes"),
		},
		Journal: h.journal, Notices: h.notices, Alarm: h.guard, Devices: h.devices, Conditions: ruleConditions{h},
		AlarmChanges: &h.guard.Changes, DeviceChanges: &h.devices.Changes, Readings: &h.devices.Readings,
		Zone: func() string { return h.people.Home().Zone }, Log: h.log,
	})
	return err
}

// ruleStore keeps rules by id, and what they heard by its time.
type ruleStore struct {
	db    *storage.DB
	rules *storage.Table[home.Rule]
	state *storage.Cell[rules.State]
	notes *storage.Table[rules.Note]
}

func (s ruleStore) Rules() ([]home.Rule, error)     { return values(s.rules) }
func (s ruleStore) PutRule(r home.Rule) error       { return s.rules.Put(string(r.ID), r) }
func (s ruleStore) DeleteRule(id home.RuleID) error { return s.rules.Delete(string(id)) }

func (s ruleStore) State() (rules.State, error) {
	state, _, err := s.state.Load()
	return state, err
}

func (s ruleStore) SaveState(state rules.State) error { return s.state.Save(state) }

// noteKey sorts by time; notes of one millisecond keep their order by n.
func noteKey(at time.Time, n int) string {
	return at.UTC().Format("20060102T150405.000") + "-" + string(rune('a'+n%26))
}

func (s ruleStore) Notes(since time.Time) ([]rules.Note, error) {
	rows, err := s.notes.All()
	if err != nil {
		return nil, err
	}
	var list []rules.Note
	for _, r := range rows {
		if !r.Value.At.Before(since) {
			list = append(list, r.Value)
		}
	}
	return list, nil
}

func (s ruleStore) AddNotes(notes []rules.Note, forget time.Time) error {
	return s.db.Update(func(tx *storage.Tx) error {
		for i, n := range notes {
			if err := s.notes.PutTx(tx, noteKey(n.At.Time, i), n); err != nil {
				return err
			}
		}
		rows, err := s.notes.AllTx(tx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Value.At.Before(forget) {
				if err := s.notes.DeleteTx(tx, r.Key); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// ruleConditions shows on the board what is wrong with rules.
type ruleConditions struct{ h *Hub }

func (c ruleConditions) RuleStopped(names string) {
	c.h.board.Set(names != "", health.RuleStopped, "", names)
}

func (c ruleConditions) RuleNotArmed(why string) {
	c.h.board.Set(why != "", health.RuleNotArmed, "", why)
}
