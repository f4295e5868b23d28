package soak

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"hash/fnv"
	"slices"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// stepper moves a panel. The true one is alarm.Panel.Step; those that are broken
// on purpose prove that the oracle notices.
type stepper func(alarm.Panel, time.Time, alarm.Input) (alarm.Panel, []alarm.Effect)

// saveTime is how long a disk takes to write the panel.
const saveTime = 20 * time.Millisecond

// hub is what the guard is to the panel, on a clock that somebody else turns:
// it keeps the wall clock, the disk, and the panel in between.
type hub struct {
	step   stepper
	panel  alarm.Panel
	oracle *oracle
	clock  *time.Location

	on      bool
	now     time.Time     // the true time
	set     time.Duration // by how much the wall clock is wrong
	saves   []save        // on their way to the disk, oldest first; the first is there
	heed    func(alarm.Effect)
	digest  hash.Hash64
	past    []string // the latest steps, for whoever must understand a failure
	steps   int
	strange error // the first thing that the oracle objects to
}

type save struct {
	done   time.Time
	panel  alarm.Panel
	belief belief
}

func newHub(step stepper, now time.Time, clock *time.Location, areas []home.Area) *hub {
	h := &hub{step: step, panel: alarm.New().In(clock), clock: clock, on: true, now: now, digest: fnv.New64a()}
	h.heed = func(alarm.Effect) {}
	for _, a := range areas {
		h.panel, _ = h.panel.Step(now, alarm.PutArea{Area: a})
	}
	h.oracle = newOracle(h.panel, clock)
	h.saves = []save{{now, h.panel, h.oracle.clone()}}
	return h
}

// wall is what the hub's clock shows.
func (h *hub) wall() time.Time { return h.now.Add(h.set) }

// until is the true time at which the panel wants to be woken; zero: never.
func (h *hub) until() time.Time {
	if u := h.panel.Until(); h.on && !u.IsZero() {
		return u.Add(-h.set)
	}
	return time.Time{}
}

// take gives the panel an input, and returns how it answered.
func (h *hub) take(in alarm.Input) error {
	if !h.on || h.strange != nil {
		return errOff
	}
	before, now := h.panel, h.wall()
	h.steps++
	prove := h.steps%1009 == 0 // costs more than all else
	var was []byte
	if prove {
		was = h.form(before)
	}
	next, effects := h.step(before, now, in)
	if prove {
		h.prove(before, was, next)
	}
	h.panel = next
	if len(effects) > 0 || next.Seq() != before.Seq() {
		h.note(now, in, effects)
	}
	if err := h.oracle.step(before, next, now, in, effects); err != nil {
		h.object(fmt.Errorf("%T %+v: %w", in, in, err))
		return errOff
	}
	if next.Revision() != before.Revision() {
		if len(h.saves) > 1 && !h.saves[1].done.After(h.now) {
			h.saves = h.saves[1:]
		}
		h.saves = append(h.saves, save{h.now.Add(saveTime), next, h.oracle.clone()})
	}
	for _, e := range effects {
		fmt.Fprintln(h.digest, now.UnixMilli(), told(e))
		h.heed(e)
	}
	return answer(effects)
}

func (h *hub) object(err error) {
	if h.strange == nil {
		h.strange = err
	}
}

// note remembers the step for a message.
func (h *hub) note(now time.Time, in alarm.Input, effects []alarm.Effect) {
	if len(h.past) > 40 {
		h.past = slices.Delete(h.past, 0, 10)
	}
	text := fmt.Sprintf("%s  %T %+v", now.Format("01-02 15:04:05.000"), in, in)
	for _, e := range effects {
		text += "\n\t" + told(e)
	}
	h.past = append(h.past, text)
}

func (h *hub) form(p alarm.Panel) []byte {
	b, err := json.Marshal(p)
	if err != nil {
		h.object(fmt.Errorf("a panel cannot be saved: %w", err))
	}
	return b
}

// prove looks at what must hold of any step: the panel that was stepped is left
// as it was, and the next one is saved whole.
func (h *hub) prove(before alarm.Panel, was []byte, next alarm.Panel) {
	if !bytes.Equal(was, h.form(before)) {
		h.object(fmt.Errorf("the panel that was stepped is another now"))
	}
	b := h.form(next)
	var loaded alarm.Panel
	if err := json.Unmarshal(b, &loaded); err != nil {
		h.object(fmt.Errorf("what was saved is refused: %w", err))
	} else if !bytes.Equal(b, h.form(loaded)) {
		h.object(fmt.Errorf("saved and loaded differ"))
	}
}

// cut takes the hub's power, and says whether anything is gone that was not
// written yet.
func (h *hub) cut() (lost bool) {
	if !h.on {
		return false
	}
	h.on = false
	for len(h.saves) > 1 && !h.saves[1].done.After(h.now) {
		h.saves = h.saves[1:]
	}
	return len(h.saves) > 1
}

// boot starts the hub with what its disk holds. set is what its clock is wrong by.
func (h *hub) boot(set time.Duration) {
	if h.on {
		return
	}
	h.on, h.set = true, set
	kept := h.saves[0]
	h.saves = h.saves[:1]
	var p alarm.Panel
	if err := json.Unmarshal(h.form(kept.panel), &p); err != nil {
		h.object(fmt.Errorf("a saved panel is refused: %w", err))
		return
	}
	h.panel = p.In(h.clock)
	h.oracle.belief = kept.belief.clone()
	h.oracle.adopt(p) // what was set and not written is gone too
	h.oracle.forget()
	h.oracle.tells(p)
	if d := h.wall().Sub(p.LastSeen()); d < -2*time.Second { // as the guard does
		h.take(alarm.ClockStepped{By: d})
	}
	h.take(alarm.Resumed{})
}

// setClock sets the wall clock, which the guard notices if it is worth it.
func (h *hub) setClock(set time.Duration) {
	by := set - h.set
	if by.Abs() <= 2*time.Second || !h.on {
		return
	}
	h.set = set
	h.take(alarm.ClockStepped{By: by})
}

// told is an effect in words, the same in each run.
func told(e alarm.Effect) string {
	switch e := e.(type) {
	case alarm.Line:
		who := ""
		if e.Event.Who != nil {
			who = *e.Event.Who
		}
		return fmt.Sprintf("line %s [%s] %s %s %s %t", e.Event.Text, who, e.Event.Zone, e.Event.Device, e.Event.Data, e.Retreat())
	case alarm.Answer:
		return fmt.Sprintf("answer %v %t", e.Err, e.Retreat())
	default:
		return fmt.Sprintf("%T %+v", e, e)
	}
}

func digits(s string) alarm.Digest { return sha256.Sum256([]byte(s)) }
