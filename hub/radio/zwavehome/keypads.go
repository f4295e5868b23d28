package zwavehome

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/home"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

// pressed is the table of keypad events (SDS13781, Entry Control). An event that
// is not in it tells that somebody is there and asks for nothing: a code that is
// still being typed, or was typed and left standing, keys for zones, bells, gates
// and locks. The keys for help are reported by the keypad once they were held for
// as long as it wants: at least 2 s on those that are known (Ring: parameter 7,
// 2–5 s).
var pressed = map[cc.EntryEvent]alarm.KeypadAction{
	cc.EntryEnter:        alarm.KeyEnter,
	cc.EntryDisarmAll:    alarm.KeyDisarm,
	cc.EntryArmAll:       alarm.KeyArmAway,
	cc.EntryArmAway:      alarm.KeyArmAway,
	cc.EntryArmHome:      alarm.KeyArmHome,
	cc.EntryRFID:         alarm.KeyTag,
	cc.EntryFire:         alarm.KeyFire,
	cc.EntryPolice:       alarm.KeyPanic,
	cc.EntryAlertPanic:   alarm.KeyPanic,
	cc.EntryAlertMedical: alarm.KeyMedical,
	cc.EntryCancel:       alarm.KeyCancel,
}

// press hands on what was done at a keypad. Repeats of a report are known by
// their sequence number further down.
func (r *Radio) press(e zwave.Report, c cc.EntryControlNotification) {
	id := ID(e.Node)
	r.devices.Seen(id, e.At)
	r.heard(e.Node)
	action, ok := pressed[c.Event]
	if !ok {
		r.house.KeypadUsed(id, e.Security != zwave.SecurityNone, alarm.KeyTouch, "")
		return
	}
	code := c.Typed()
	if c.DataType == cc.EntryMD5 {
		code = "" // a hash of a code is no code that could be compared
	}
	r.house.KeypadUsed(id, e.Security != zwave.SecurityNone, action, code)
}

// Show tells a keypad what to show. It does not wait. A keypad that cannot be
// reached is told once it can be.
func (r *Radio) Show(id home.DeviceID, v keypads.View) {
	node, ok := NodeOf(id)
	r.mu.Lock()
	n := r.nodes[node]
	switch {
	case !ok || n == nil:
		r.mu.Unlock()
		return
	case n.Stage != zwave.StageDone:
		r.lost[node] = true // it is being asked anew what it has
		r.mu.Unlock()
		return
	}
	was := r.faces[node]
	if r.lost[node] {
		was = nil
	}
	delete(r.lost, node)
	sets, now := told(n, was, v)
	r.faces[node] = now
	r.mu.Unlock()
	for _, s := range sets {
		r.stick.Send(node, cc.Bytes(s), zwave.LaneUser, func(err error) {
			if err != nil {
				r.mu.Lock()
				r.lost[node] = true // what it shows is not known any more
				r.mu.Unlock()
			}
		})
	}
}

// objectsAtOnce keeps an Indicator Set within one frame, with the envelopes that
// security adds.
const objectsAtOnce = 8

// told is what to send to a keypad so that it shows the view.
func told(n *zwave.Node, was *face, v keypads.View) (sets []cc.IndicatorSet, now *face) {
	if n.Classes[cc.Indicator] != 1 {
		list, now := lights(n, was, v)
		for part := range slices.Chunk(list, objectsAtOnce) {
			sets = append(sets, cc.IndicatorSet{Objects: part})
		}
		return sets, now
	}
	// Version 1 has one light: the house is guarded.
	now = &face{view: v}
	value := cc.Off
	if !v.Dark() && v.Phase != home.PhaseDisarmed {
		now.main, value = cc.IndicatorArmed, cc.On
	}
	if was == nil || was.main != now.main {
		sets = append(sets, cc.IndicatorSet{Value: value})
	}
	return sets, now
}

// heard is called for each word of a node: one that could not be told something
// can be now.
func (r *Radio) heard(id zwave.NodeID) {
	r.mu.Lock()
	lost := r.lost[id]
	r.mu.Unlock()
	if lost {
		r.reached(id)
	}
}

// reached tells the house of a keypad that can be told things although nobody
// knows what it shows: it is new, or was out of reach when it was told last.
func (r *Radio) reached(id zwave.NodeID) {
	r.mu.Lock()
	n := r.nodes[id]
	known := n == nil || n.Stage != zwave.StageDone || !n.Has(cc.EntryControl) || r.faces[id] != nil && !r.lost[id]
	r.mu.Unlock()
	if !known {
		r.house.KeypadHere(ID(id))
	}
}

// parameter is one configuration parameter of a keypad and how the owner's
// settings are brought to it.
type parameter struct {
	number, size byte
	ability      Ability // it stands for; "": it is always set so
	value        func(home.KeypadSettings) int32
}

// Ability is a setting that a keypad may or may not have.
type Ability string

// The abilities.
const (
	HasVolume    Ability = "volume"
	HasBacklight Ability = "backlight"
	HasTones     Ability = "tones" // of a delay can be turned off
)

// ringParameters are those of Ring's keypad (its technical manual, and
// keypad_v2.json of zwave-js). The volume of its siren, parameter 6, stays as it
// is: who wants quiet keys wants to hear an alarm.
var ringParameters = []parameter{
	{4, 1, HasVolume, func(s home.KeypadSettings) int32 { return int32(s.Volume+5) / 10 }}, // voice
	{5, 1, HasVolume, func(s home.KeypadSettings) int32 { return int32(s.Volume+5) / 10 }}, // keys
	{12, 1, HasBacklight, func(s home.KeypadSettings) int32 { return int32(s.Backlight) }}, // mode lights
	{13, 1, HasBacklight, func(s home.KeypadSettings) int32 { return int32(s.Backlight) }}, // keys
	{22, 2, "", func(home.KeypadSettings) int32 { return 0 }},                              // the mode is not shown for longer than it is looked at
}

// Abilities are the settings that a keypad has.
func (r *Radio) Abilities(id home.DeviceID) []Ability {
	node, ok := NodeOf(id)
	n := r.known(node)
	if !ok || n == nil {
		return nil
	}
	var list []Ability
	for _, p := range modelOf(n).parameters {
		if p.ability != "" && !slices.Contains(list, p.ability) {
			list = append(list, p.ability)
		}
	}
	if hasProperty(n, cc.IndicatorExitDelay, cc.PropertySound) || hasProperty(n, cc.IndicatorEntryDelay, cc.PropertySound) {
		list = append(list, HasTones)
	}
	return list
}

// Configure gives a keypad the owner's settings, as far as it has them. done is
// called once.
func (r *Radio) Configure(id home.DeviceID, s home.KeypadSettings, done func(error)) {
	node, ok := NodeOf(id)
	n := r.known(node)
	if !ok || n == nil {
		done(fmt.Errorf("zwave: device %s: %w", id, zwave.ErrNoNode))
		return
	}
	list := modelOf(n).parameters
	if len(list) == 0 || !n.Has(cc.Configuration) {
		done(nil)
		return
	}
	all := &tally{done: done, left: len(list)}
	for _, p := range list {
		c := cc.ConfigurationSet{Parameter: p.number, Value: cc.Number{Value: p.value(s), Size: p.size}}
		r.stick.Send(node, cc.Bytes(c), zwave.LaneNormal, all.add)
	}
}

// tally is n answers of which one is made.
type tally struct {
	done func(error)

	mu   sync.Mutex
	left int
	err  error
}

func (t *tally) add(err error) {
	t.mu.Lock()
	t.left--
	t.err = errors.Join(t.err, err)
	left, all := t.left, t.err
	t.mu.Unlock()
	if left == 0 {
		t.done(all)
	}
}
