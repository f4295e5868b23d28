package hub

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/storage"
)

// pads are the keypads of the house: what their owner chose for them, and the
// way from a key to the panel and back.
type pads struct {
	*keypads.Keypads
	h     *Hub
	table *storage.Table[home.KeypadSettings]

	mu   sync.Mutex
	kept map[home.DeviceID]bool // settings that the keypad may not have taken yet
}

// openKeypads reads what was chosen. Radios are built after them.
func (h *Hub) openKeypads() error {
	p := &pads{h: h, table: storage.NewTable[home.KeypadSettings](h.db, "keypads"), kept: make(map[home.DeviceID]bool)}
	p.Keypads = keypads.New(func(id home.DeviceID, v keypads.View) {
		if r := p.radio(id); r != nil {
			r.Show(id, v)
		}
	})
	rows, err := p.table.All()
	if err != nil {
		return fmt.Errorf("keypad settings: %w", err)
	}
	for _, row := range rows {
		id := home.DeviceID(row.Key)
		p.Settle(id, row.Value)
		p.kept[id] = true
	}
	h.keypads = p
	return nil
}

// padRadio is the radio of a keypad.
type padRadio interface {
	Show(home.DeviceID, keypads.View)
}

func (p *pads) radio(id home.DeviceID) padRadio {
	if _, ok := zigbeehome.AddressOf(id); ok && p.h.zigbee != nil {
		return p.h.zigbee.radio
	}
	if _, ok := zwavehome.NodeOf(id); ok && p.h.zwave != nil {
		return p.h.zwave.radio
	}
	return nil
}

// used takes what was done at a keypad to the panel and its answer back. The
// panel may wait for its disk, so it is asked on a goroutine of its own; people
// press too few keys to be a flood, and a radio is too slow for one. answer, if
// any, is told in which mode the keypad's area was and what the panel said.
func (p *pads) used(id home.DeviceID, encrypted bool, action alarm.KeypadAction, code string, answer func(home.Mode, error)) {
	p.Touched(id)
	if action == alarm.KeyTouch {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		before := p.mode(id)
		err := p.ask(ctx, id, encrypted, action, code)
		if answer != nil {
			answer(before, err)
		}
		p.Answered(id, code != "", err)
		if err != nil {
			p.h.log.Info("keypad refused", "device", id, "err", err)
		}
	}()
}

// ask lets the panel do what a keypad may ask for.
func (p *pads) ask(ctx context.Context, id home.DeviceID, encrypted bool, action alarm.KeypadAction, code string) error {
	s := p.Settings(id)
	if action == alarm.KeyArmHome && !s.May(home.Home) && s.May(home.Night) {
		action = alarm.KeyArmNight
	}
	mode, sets := map[alarm.KeypadAction]home.Mode{
		alarm.KeyArmAway: home.Away, alarm.KeyArmHome: home.Home, alarm.KeyArmNight: home.Night,
		alarm.KeyDisarm: home.Disarmed, alarm.KeyTag: home.Disarmed,
	}[action]
	if action == alarm.KeyEnter && code != "" {
		mode, sets = home.Disarmed, true
	}
	if sets && !s.May(mode) {
		// Refused before the code is looked at: this keypad shall not tell a right
		// one from a wrong one.
		return &home.Conflict{Reason: "this keypad may not set " + string(mode) + ": its settings say so"}
	}
	return p.h.guard.Keypad(ctx, id, encrypted, action, code)
}

// area is the part of the house that a keypad arms: the house when its own is
// there no more.
func (p *pads) area(id home.DeviceID) home.AreaID {
	area := p.Settings(id).Area
	if slices.ContainsFunc(p.h.guard.Areas(), func(a home.Area) bool { return a.ID == area }) {
		return area
	}
	return home.TheHouse
}

// mode is the mode of the area that a keypad arms.
func (p *pads) mode(id home.DeviceID) home.Mode {
	state, area := p.h.guard.State(), p.area(id)
	for _, a := range state.Areas {
		if a.ID == area {
			return a.Mode
		}
	}
	return state.Mode
}

// here tells that a keypad can be told things: its settings, if it may not have
// taken them yet, and what it shows.
func (p *pads) here(id home.DeviceID) {
	p.mu.Lock()
	kept := p.kept[id]
	p.mu.Unlock()
	if kept {
		p.configure(id)
	}
	p.Here(id)
}

// left forgets a keypad that left the house.
func (p *pads) left(id home.DeviceID) {
	p.Gone(id)
	p.mu.Lock()
	delete(p.kept, id)
	p.mu.Unlock()
	if err := p.table.Delete(string(id)); err != nil {
		p.h.log.Error("keypad settings not forgotten", "device", id, "err", err)
	}
}

// configure brings the settings to the keypad. What it does not take now, it is
// given when it is heard again.
func (p *pads) configure(id home.DeviceID) {
	r, ok := p.radio(id).(*zwavehome.Radio)
	if !ok {
		return // a Zigbee keypad has none that it would be told
	}
	r.Configure(id, p.Settings(id), func(err error) {
		if err != nil {
			p.h.log.Info("keypad did not take its settings", "device", id, "err", err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.kept[id] = err != nil
	})
}

// known is a keypad as the API shows it.
func (p *pads) known(d home.Device) api.Keypad {
	k := api.Keypad{Device: d.ID, Name: d.Name, Room: d.Room, Encrypted: d.Security.Encrypted(), Settings: p.Settings(d.ID)}
	switch r := p.radio(d.ID).(type) {
	case *zwavehome.Radio:
		for _, a := range r.Abilities(d.ID) {
			k.Can = append(k.Can, string(a))
		}
	case *zigbeehome.Radio:
		for _, a := range r.Abilities(d.ID) {
			k.Can = append(k.Can, string(a))
		}
	}
	return k
}

// List implements api.Keypads.
func (p *pads) List() []api.Keypad {
	var list []api.Keypad
	for _, d := range p.h.devices.Devices() {
		if _, ok := d.Traits[home.Keypad]; ok {
			list = append(list, p.known(d))
		}
	}
	return list
}

// Find implements api.Keypads.
func (p *pads) Find(id home.DeviceID) (api.Keypad, bool) {
	d, ok := p.h.devices.Device(id)
	if _, keypad := d.Traits[home.Keypad]; !ok || !keypad {
		return api.Keypad{}, false
	}
	return p.known(d), true
}

// Put implements api.Keypads.
func (p *pads) Put(id home.DeviceID, s home.KeypadSettings, by string) error {
	if err := s.Check(p.h.guard.Areas(), p.h.guard.Modes()); err != nil {
		return err
	}
	if err := p.table.Put(string(id), s); err != nil {
		return err
	}
	was := p.Settings(id)
	p.Settle(id, s)
	p.configure(id)
	text := p.h.nameOf(id) + ": settings of the keypad changed."
	if was.Area != s.Area || !slices.Equal(was.Modes, s.Modes) {
		text = p.h.nameOf(id) + " may set " + may(s.Modes) + " now, in the area " + string(s.Area) + "."
	}
	p.h.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindAccess, Device: id, Who: home.Who(by), Text: text})
	return nil
}

func may(modes []home.Mode) string {
	if len(modes) == 0 {
		return "no mode"
	}
	var words []string
	for _, m := range modes {
		words = append(words, string(m))
	}
	return strings.Join(words, ", ")
}
