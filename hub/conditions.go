package hub

import (
	"context"
	"strconv"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/sirens"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/storage"
)

// storageFault shows what is wrong with a database.
func (h *Hub) storageFault(f storage.Fault, present bool) {
	subject := home.DeviceID("") // conditions of the hub itself have no device
	switch f.Kind {
	case storage.FaultRestored, storage.FaultLost:
		h.board.Set(present, health.StorageRestored, subject, f.File+": "+f.Err)
	case storage.FaultWriting:
		h.board.Set(present, health.JournalBehind, subject, strconv.Itoa(f.Waiting))
	case storage.FaultSnapshot:
		h.board.Set(present, health.SnapshotFault, subject, f.File+": "+f.Err)
	}
}

// panelFault shows what the guard found wrong.
func (h *Hub) panelFault(code string, present bool, why error) {
	text := ""
	if why != nil {
		text = why.Error()
	}
	h.board.Set(present, health.Code(code), "", text)
}

// recallSpan is how much of the journal is looked through after a power cut:
// the lines that the panel asked for last were written within it, or never.
const recallSpan = 2 * time.Minute

// recall reads the journal's lines from a time on: after a power cut the guard
// writes again what is missing.
func (h *Hub) recall(since time.Time) ([]home.Event, error) {
	var all []home.Event
	q := journal.Query{Since: since, Until: since.Add(recallSpan), Limit: 1000}
	for {
		page, next, err := h.journal.Page(q)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if next == "" {
			return all, nil
		}
		q.Cursor = next
	}
}

// sounder makes the panel's wish the level of all sirens.
type sounder struct{ bank *sirens.Sirens }

func (s sounder) Sound(w alarm.Sound) { s.bank.Sound(w.On()) }

// sirenHouse is the registry as the sirens need it. The registry is built
// after them.
type sirenHouse struct{ h *Hub }

func (s sirenHouse) WithTrait(t home.Trait) []home.DeviceID {
	if s.h.devices == nil {
		return nil
	}
	return s.h.devices.WithTrait(t)
}

func (s sirenHouse) Tell(cmd home.Command, done func(error)) { s.h.devices.Tell(cmd, done) }

// sirenConditions shows sirens that do not answer.
type sirenConditions struct{ h *Hub }

func (s sirenConditions) SirenSilent(id home.DeviceID, err error) {
	if err == nil {
		s.h.board.Clear(health.SirenSilent, id)
		return
	}
	s.h.board.Raise(health.SirenSilent, id, s.h.nameOf(id), err.Error())
}

func (h *Hub) nameOf(id home.DeviceID) string {
	if d, ok := h.devices.Device(id); ok {
		return d.Name
	}
	return string(id)
}

// standing keeps the conditions that readings speak of: low batteries and open
// covers.
func (h *Hub) standing(ctx context.Context) error {
	sub := h.devices.Changes.Subscribe(256)
	defer sub.Close()
	for _, d := range h.devices.Devices() {
		h.deviceConditions(d)
	}
	for {
		it, err := sub.Next(ctx)
		if err != nil {
			return nil
		}
		if it.Gap {
			for _, d := range h.devices.Devices() {
				h.deviceConditions(d)
			}
		}
		h.deviceConditions(it.Value)
	}
}

// panelConditions shows on the board what the panel itself finds wrong.
func (h *Hub) panelConditions(ctx context.Context) error {
	sub := h.guard.Changes.Subscribe(1) // only the newest counts
	defer sub.Close()
	ignored := map[home.DeviceID]bool{}
	for {
		h.board.Set(h.guard.Settings().OutsideStandard, health.OutsideStandard, "")
		now := map[home.DeviceID]bool{}
		for _, t := range h.guard.State().Troubles {
			if t.Code == string(health.ZoneIgnored) {
				now[t.Device] = true
				h.board.Raise(health.ZoneIgnored, t.Device, t.Text)
			}
		}
		for id := range ignored {
			if !now[id] {
				h.board.Clear(health.ZoneIgnored, id)
			}
		}
		ignored = now
		if _, err := sub.Next(ctx); err != nil {
			return nil
		}
	}
}

func (h *Hub) deviceConditions(d home.Device) {
	if d.Health == "" { // it has left
		h.board.ClearDevice(d.ID)
		h.keypads.left(d.ID)
		return
	}
	h.board.Set(d.Traits[home.LowBattery].Value == home.True, health.BatteryLow, d.ID, d.Name)
	h.board.Set(d.Traits[home.Tamper].Value == home.True, health.DeviceTampered, d.ID, d.Name)
	h.board.Set(d.Health == home.HealthMissing || d.Health == home.HealthFailed, health.DeviceMissing, d.ID, d.Name)
	_, keypad := d.Traits[home.Keypad]
	h.board.Set(keypad && !d.Security.Encrypted(), health.KeypadInClear, d.ID, d.Name)
}
