package hub

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/hub/radio/zwavehome"
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

// notify tells people who may be elsewhere.
func (h *Hub) notify(n alarm.Notice) {
	h.notices.Add(home.Notice{
		ID: n.ID, At: home.At(n.At), Kind: n.Kind, Alarm: n.Alarm, Zone: n.Zone, Text: n.Text, Outside: n.Outside,
		Verified: n.Verified, RecentClosing: n.RecentClosing,
	})
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

// sirenHouse is the registry as the sirens need it. The registry is built
// after them.
type sirenHouse struct{ h *Hub }

func (s sirenHouse) WithTrait(t home.Trait) []home.DeviceID {
	if s.h.devices == nil {
		return nil
	}
	return s.h.devices.WithTrait(t)
}

func (s sirenHouse) Sounder(id home.DeviceID) (home.Sounder, bool) {
	if s.h.devices == nil {
		return home.Sounder{}, false
	}
	return s.h.devices.Sounder(id)
}

func (s sirenHouse) Tell(cmd home.Command, done func(error)) { s.h.devices.Tell(cmd, done) }

// sirenConditions shows sirens that do not do what they should.
type sirenConditions struct{ h *Hub }

func (s sirenConditions) SirenSilent(id home.DeviceID, since time.Time, why error) {
	if why == nil {
		s.h.board.Clear(health.SirenSilent, id)
		return
	}
	s.h.board.Raise(health.SirenSilent, id, s.h.nameOf(id), since.UTC().Format(time.TimeOnly)+" UTC", inWords(why))
}

// inWords is what went wrong on the air for somebody who has no use for the path
// that it took through the driver: what stands before is for logs.
func inWords(err error) string {
	words := err.Error()
	for _, radio := range []string{zwavehome.Kind, zigbeehome.Kind} {
		if at := strings.LastIndex(words, radio+": "); at >= 0 {
			words = words[at+len(radio+": "):]
		}
	}
	return words
}

// sirenReports has the sirens hear what is said of them.
func (h *Hub) sirenReports(ctx context.Context) error {
	sub := h.devices.Changes.SubscribeTo(64, func(d home.Device) bool { return d.Sounder != nil })
	defer sub.Close()
	for {
		it, err := sub.Next(ctx)
		if err != nil {
			return nil
		}
		if it.Gap {
			for _, d := range h.devices.Devices() {
				h.sirens.Heard(d)
			}
		}
		h.sirens.Heard(it.Value)
	}
}

func (h *Hub) nameOf(id home.DeviceID) string {
	if d, ok := h.devices.Device(id); ok {
		return d.Name
	}
	return string(id)
}

// standing keeps the conditions of devices: silence, low batteries, open
// covers. It alone does, so that what a device said last is what stands.
func (h *Hub) standing(ctx context.Context) error {
	sub := h.devices.Changes.SubscribeTo(256, standsOtherwise())
	defer sub.Close()
	all := func() {
		for _, d := range h.devices.Devices() {
			h.deviceConditions(d)
		}
	}
	all()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.recheck:
			all()
		case <-sub.Wake():
		}
		for it, ok := sub.TryNext(); ok; it, ok = sub.TryNext() {
			if it.Gap {
				all()
			}
			h.deviceConditions(it.Value)
			if it.Value.Health == home.HealthFailed { // is it that one, or are there more?
				h.warden.look()
			}
		}
	}
}

// standsOtherwise tells of each device whether something that its conditions
// hang on has changed since it was asked before, or an hour has passed: how long
// a battery lasts changes with time alone. Most readings say nothing of it.
func standsOtherwise() func(home.Device) bool {
	type standing struct {
		name            string
		health          home.Health
		security        home.Security
		tamper, battery home.State
		lowBattery      home.State
		keypad, siren   bool
		updating        bool
		enrolled, tells bool
		hour            time.Time
	}
	known := make(map[home.DeviceID]standing)
	return func(d home.Device) bool {
		now := standing{
			name: d.Name, health: d.Health, security: d.Security,
			tamper: d.Traits[home.Tamper], battery: d.Traits[home.Battery], lowBattery: d.Traits[home.LowBattery],
		}
		now.enrolled, now.tells = !slices.Contains(d.Problems, home.NotEnrolled), !slices.Contains(d.Problems, home.NotReporting)
		now.updating = d.Updating()
		_, now.keypad = d.Traits[home.Keypad]
		_, now.siren = d.Traits[home.Siren]
		if d.LastSeen != nil {
			now.hour = d.LastSeen.Truncate(time.Hour)
		}
		if d.Health == "" { // it has left
			delete(known, d.ID)
			return true
		}
		was, ok := known[d.ID]
		known[d.ID] = now
		return !ok || was != now
	}
}

// checkDevices has the conditions of devices looked at anew, because something
// other than the devices has changed.
func (h *Hub) checkDevices() {
	select {
	case h.recheck <- struct{}{}:
	default:
	}
}

// panelConditions shows on the board what the panel itself finds wrong.
func (h *Hub) panelConditions(ctx context.Context) error {
	// Only the newest counts, and only what may be ignored now or was before.
	was := false
	sub := h.guard.Changes.SubscribeTo(1, func(a home.Alarm) bool {
		is := slices.ContainsFunc(a.Troubles, func(t home.TroubleItem) bool { return t.Code == string(health.ZoneIgnored) })
		defer func() { was = is }()
		return is || was
	})
	defer sub.Close()
	settings := time.NewTicker(10 * time.Second) // no face sees them in the panel: their change is no news
	defer settings.Stop()
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
		select {
		case <-ctx.Done():
			return nil
		case <-sub.Wake():
			sub.TryNext()
		case <-settings.C:
		}
	}
}

// conditionChanged hears of each condition that comes or goes, under the
// board's lock: the panel first, then the journal. Neither waits.
func (h *Hub) conditionChanged(c health.Change) {
	code := health.Code(c.Item.Code)
	if h.guard != nil && code != health.ZoneIgnored { // the panel said so itself
		h.guard.Trouble(c.Item, c.Present)
	}
	switch {
	case h.journal == nil, c.Again, h.stopping.Load(), c.Item.Severity == home.SeverityInfo:
	case code == health.ZoneIgnored, code == health.StorageFault: // the guard writes lines of its own
	default:
		h.journal.Add(troubleLine(c))
	}
}

// troubleLine is the line of a condition that came or went.
func troubleLine(c health.Change) home.Event {
	text := c.Item.Text
	if !c.Present {
		text = "Over: " + text
	}
	data, err := json.Marshal(struct {
		Code    string `json:"code"`
		Present bool   `json:"present"`
	}{c.Item.Code, c.Present})
	if err != nil {
		panic(err) // a string and a truth
	}
	return home.Event{At: home.At(time.Now()), Kind: home.KindTrouble, Device: c.Item.Device, Text: text, Data: data}
}

func (h *Hub) deviceConditions(d home.Device) {
	if d.Health == "" { // it has left
		h.board.ClearDevice(d.ID)
		h.keypads.left(d.ID)
		h.warden.forget(d.ID)
		h.locks.forget(d.ID)
		return
	}
	failed := d.Health == home.HealthFailed || d.Health == home.HealthMissing
	// The silence of many is told once; who was told of before stays.
	told := !h.warden.oneOfMany(d.ID) || h.board.Present(health.DeviceMissing, d.ID)
	h.condition(failed && told && d.Radio != cameraKind, health.DeviceMissing, d, d.Name)
	h.board.Set(d.Traits[home.Tamper].Value == home.True, health.DeviceTampered, d.ID, d.Name)
	h.condition(slices.Contains(d.Problems, home.NotEnrolled), health.NotEnrolled, d, d.Name)
	h.board.Set(slices.Contains(d.Problems, home.NotReporting), health.NotReporting, d.ID, d.Name)
	h.condition(d.Updating() && len(h.guardsIn(d)) > 0, health.DeviceUpdating, d, d.Name) // a lamp may do as it likes
	_, keypad := d.Traits[home.Keypad]
	h.board.Set(keypad && !d.Security.Encrypted(), health.KeypadInClear, d.ID, d.Name)
	h.batteryConditions(d, failed)
}

// condition raises or clears a condition that stands in the way of the modes
// in which the device guards the house.
func (h *Hub) condition(present bool, code health.Code, d home.Device, args ...any) {
	if !present {
		h.board.Clear(code, d.ID)
		return
	}
	h.board.RaiseFor(h.guardsIn(d), code, d.ID, args...)
}

// guardsIn are the modes in which a device guards the house: those of the zones
// that watch it, and all of them for a siren. That somebody would notice its
// cover being opened is no guarding.
func (h *Hub) guardsIn(d home.Device) []home.Mode {
	if _, siren := d.Traits[home.Siren]; siren {
		return home.Modes
	}
	var modes []home.Mode
	for _, z := range h.guard.Zones() {
		switch {
		case z.Device != d.ID || z.Kind == home.ZoneTamper:
		case z.Kind.AlwaysOn():
			return home.Modes
		default:
			modes = append(modes, z.Modes...)
		}
	}
	return modes
}
