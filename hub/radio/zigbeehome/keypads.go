package zigbeehome

import (
	"slices"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/home"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
)

// face is what one keypad shows.
type face struct {
	view    keypads.View
	sending bool // something is on its way to it
	again   bool // and it is old by now
	lost    bool // it was not reached
}

// Show tells a keypad what to show. It does not wait. While something is on its
// way to a keypad, only the newest of what comes after waits.
func (r *Radio) Show(id home.DeviceID, v keypads.View) {
	a, ok := AddressOf(id)
	d := r.find(a)
	if !ok || d == nil {
		return
	}
	e, ok := d.Using(zcl.IASACE)
	if !ok {
		return
	}
	r.mu.Lock()
	f := r.faces[a]
	if f == nil {
		f = &face{}
		r.faces[a] = f
	}
	f.view = v
	p, tell := PanelOf(v)
	if f.sending {
		f.again = tell
		r.mu.Unlock()
		return
	}
	f.sending, f.lost = tell, false
	r.mu.Unlock()
	if tell {
		r.stick.Send(a, e.ID, zcl.IASACE, zcl.PanelStatusChanged{Panel: p}, zigbee.LaneUser, func(err error) { r.shown(a, f, err) })
	}
}

// shown is called when a keypad took what it was told, or did not.
func (r *Radio) shown(a zigbee.IEEE, f *face, err error) {
	r.mu.Lock()
	f.sending, f.lost = false, err != nil
	again, v := f.again && err == nil, f.view
	f.again = false
	r.mu.Unlock()
	if again {
		r.Show(ID(a), v)
	}
}

// reached tells the house of a keypad that can be told things although nobody
// knows what it shows: it is new, or was out of reach when it was told last.
func (r *Radio) reached(a zigbee.IEEE, anew bool) {
	r.mu.Lock()
	d, f := r.known[a], r.faces[a]
	tell := d != nil && d.Studied && (anew || f != nil && f.lost)
	if tell && f != nil {
		f.lost = false
	}
	r.mu.Unlock()
	if !tell {
		return
	}
	if _, keypad := d.Using(zcl.IASACE); keypad {
		r.house.KeypadHere(ID(a))
	}
}

// pressed sees to what a keypad asks.
func (r *Radio) pressed(e zigbee.Report) {
	id := ID(e.Device)
	e.Frame.Payload = nil // it is gone when the panel answers
	answer := func(c zcl.Command) {
		r.stick.Answer(e, c, func(err error) {
			if err != nil {
				r.log.Info("keypad not answered", "device", id, "err", err)
			}
		})
	}
	nothing := func(home.Mode, error) {}
	use := func(action alarm.KeypadAction) { r.house.KeypadUsed(id, true, action, "", nothing) }
	switch c := e.Command.(type) {
	case zcl.Arm:
		action, code := Asked(c)
		if action == alarm.KeyTouch {
			answer(zcl.DefaultResponse{Command: e.Frame.Command, Status: zcl.InvalidField})
		}
		r.house.KeypadUsed(id, true, action, code, func(before home.Mode, err error) {
			answer(zcl.ArmResponse{Notification: Answer(c.Mode, before, err)})
		})
	case zcl.Bypass:
		r.house.KeypadUsed(id, true, alarm.KeyBypass, c.Code, func(_ home.Mode, err error) {
			all, _, out := r.house.Zones()
			answer(zcl.BypassResponse{Results: BypassAnswer(c, ZonesOf(all), err, out)})
		})
	case zcl.Emergency:
		use(Emergency)
	case zcl.Fire:
		use(Fire)
	case zcl.Panic:
		use(Panicked)
	default:
		r.asked(e, answer)
	}
}

// asked answers a keypad's questions, out of what it may know.
func (r *Radio) asked(e zigbee.Report, answer func(zcl.Command)) {
	all, open, out := r.house.Zones()
	zones := ZonesOf(all)
	switch c := e.Command.(type) {
	case zcl.GetPanelStatus:
		// Somebody is at it: it may show more from now on.
		r.house.KeypadUsed(ID(e.Device), true, alarm.KeyTouch, "", func(home.Mode, error) {})
		p, _ := PanelOf(r.view(e.Device))
		answer(zcl.GetPanelStatusResponse{Panel: p})
	case zcl.GetZoneIDMap:
		answer(zcl.ZoneIDMap{Sections: zones.Map(r.view(e.Device))})
	case zcl.GetZoneInformation:
		answer(zones.Information(r.view(e.Device), c.Zone))
	case zcl.GetBypassedZoneList:
		answer(zcl.BypassedZoneList{Zones: zones.BypassedList(r.view(e.Device), out)})
	case zcl.GetZoneStatus:
		list, complete := zones.Statuses(r.view(e.Device), open, c)
		answer(zcl.GetZoneStatusResponse{Complete: complete, Zones: list})
	}
}

// view is what a keypad shows.
func (r *Radio) view(a zigbee.IEEE) keypads.View {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.faces[a]; f != nil {
		return f.view
	}
	return keypads.View{}
}

// Ability is a setting that a keypad may or may not have.
type Ability string

// HasTones: the tones of a delay can be turned off.
const HasTones Ability = "tones"

// Abilities are the settings that a keypad has. The cluster lets the hub say
// whether there is a sound, and nothing else.
func (r *Radio) Abilities(id home.DeviceID) []Ability {
	a, ok := AddressOf(id)
	d := r.find(a)
	if !ok || d == nil || !slices.ContainsFunc(d.Endpoints, func(e zigbee.Endpoint) bool { return e.Uses(zcl.IASACE) }) {
		return nil
	}
	return []Ability{HasTones}
}
