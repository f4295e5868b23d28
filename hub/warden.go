package hub

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/storage"
	"gatehouse/zwave"
)

// warden keeps supervision alive: it has the timer, and shows what supervision
// finds as the health of devices and as conditions.
type warden struct {
	hub   *Hub
	wake  chan struct{}
	watch supervision.Watch // run's alone

	mu      sync.Mutex
	many    []home.DeviceID // that fell silent together
	drowned map[string]supervision.Silence
	noise   map[string]string // what is wrong with the air of a radio
	batteries
}

// batteries are how the batteries of the house have run down, with the file
// behind them.
type batteries struct {
	table *storage.Table[supervision.Discharge]
	known map[home.DeviceID]supervision.Discharge
}

func newWarden(h *Hub) (*warden, error) {
	w := &warden{hub: h, wake: make(chan struct{}, 1), noise: make(map[string]string)}
	w.table = storage.NewTable[supervision.Discharge](h.db, "batteries")
	rows, err := w.table.All()
	if err != nil {
		return nil, err
	}
	w.known = make(map[home.DeviceID]supervision.Discharge, len(rows))
	for _, r := range rows {
		w.known[home.DeviceID(r.Key)] = r.Value
	}
	if h.o.Demo != nil && len(rows) == 0 {
		maps.Copy(w.known, h.o.Demo.Batteries)
	}
	return w, nil
}

// look has the devices looked at now.
func (w *warden) look() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// lookEvery is how often devices are looked at when nothing is due: a device
// that has just joined may be due sooner than any other.
const lookEvery = 30 * time.Second

func (w *warden) run(ctx context.Context) error {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	for {
		now := time.Now()
		next := now.Add(lookEvery)
		if until := w.judge(now); !until.IsZero() && until.Before(next) {
			next = until
		}
		timer.Reset(time.Until(next))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-w.wake:
		}
	}
}

// judge looks at every device and returns when something is due.
func (w *warden) judge(now time.Time) time.Time {
	h := w.hub
	up := map[string]time.Time{}
	if h.zwave != nil {
		if since, ok := h.zwave.upSince(); ok {
			up[zwavehome.Kind] = since
		}
	}
	if h.zigbee != nil {
		if since, ok := h.zigbee.upSince(); ok {
			up[zigbeehome.Kind] = since
		}
	}
	all := h.devices.Devices()
	list := make([]supervision.Device, 0, len(all))
	for _, d := range all {
		s := supervision.Device{ID: d.ID, Radio: d.Radio, Heard: h.devices.Heard(d.ID), Health: d.Health}
		switch {
		case d.Radio == zwavehome.Kind && h.zwave != nil:
			s.Habit = h.zwave.radio.Habit(d.ID)
		case d.Radio == zigbeehome.Kind && h.zigbee != nil:
			s.Habit = h.zigbee.radio.Habit(d.ID)
		}
		list = append(list, s)
	}
	found := w.watch.Look(now, up, list)
	w.silences(found.Silences) // first, so that one trouble is not told as many
	for _, v := range found.Worse {
		h.devices.Silent(v.Device, v.Health)
	}
	for _, id := range found.Ask {
		if _, ok := zigbeehome.AddressOf(id); ok { // only devices with a habit are asked, and so their radio is there
			h.zigbee.radio.Ask(id)
			continue
		}
		h.zwave.radio.Ask(id)
	}
	return found.Until
}

// silences notes which devices fell silent together, and shows that as one
// trouble of their radio.
func (w *warden) silences(now []supervision.Silence) {
	w.mu.Lock()
	var many []home.DeviceID
	w.drowned = make(map[string]supervision.Silence, len(now))
	for _, s := range now {
		many = append(many, s.Devices...)
		w.drowned[s.Radio] = s
	}
	slices.Sort(many)
	changed := !slices.Equal(many, w.many)
	w.many = many
	w.mu.Unlock()
	w.jamming()
	if changed {
		w.hub.checkDevices()
	}
}

// oneOfMany tells whether a device is silent together with many others, whose
// silence is told once.
func (w *warden) oneOfMany(id home.DeviceID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, is := slices.BinarySearch(w.many, id)
	return is
}

// jamming shows whether the air of a radio is blocked: by its noise, or by the
// silence of most of its devices.
func (w *warden) jamming() {
	w.mu.Lock()
	why := func(radio string) string {
		if s, silent := w.drowned[radio]; silent && w.noise[radio] == "" {
			return together(s)
		}
		return w.noise[radio]
	}
	zwave, zigbee := why(zwavehome.Kind), why(zigbeehome.Kind)
	w.mu.Unlock()
	w.hub.board.Set(zwave != "", health.RFJamming, zwavehome.Kind, "Z-Wave", zwave)
	w.hub.board.Set(zigbee != "", health.RFJamming, zigbeehome.Kind, "Zigbee", zigbee)
}

func together(s supervision.Silence) string {
	return fmt.Sprintf("%d of %d devices fell silent together", len(s.Devices), s.Of)
}

// listen listens to the noise on the air of the Z-Wave stick, as long as the
// stick tells it.
func (w *warden) listen(ctx context.Context) error {
	stick := w.hub.stick
	if stick == nil {
		<-ctx.Done()
		return nil
	}
	var air supervision.Air
	last := time.Now() // when it could be heard
	timer := time.NewTimer(supervision.ListenIdle)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		noise, err := stick.Noise(ctx)
		switch {
		case errors.Is(err, zwave.ErrNoResponse):
			// It says that it can and does not: asking again would have it
			// reset each time.
			w.hub.log.Warn("the stick does not tell its noise", "err", err)
			<-ctx.Done()
			return nil
		case err == nil:
			last = time.Now()
			air.Listened(last, noise)
			w.heard(air)
		case time.Since(last) > supervision.JamWindow:
			// Told by radio-down. A stick that is away for a moment may be so
			// because of the jam: what was heard before counts on.
			air = supervision.Air{}
			w.heard(air)
		}
		timer.Reset(air.Next())
	}
}

func (w *warden) heard(air supervision.Air) {
	why := ""
	if dbm, jammed := air.Jammed(); jammed {
		why = fmt.Sprintf("a noise of %d dBm blocks a channel, where -100 dBm is usual", dbm)
	}
	w.noisy(zwavehome.Kind, why)
}

// noisy takes what is wrong with the air of a radio; "": nothing.
func (w *warden) noisy(radio, why string) {
	w.mu.Lock()
	was := w.noise[radio]
	if why != "" && was != "" {
		why = was // the level wavers; the trouble is the same
	}
	w.noise[radio] = why
	w.mu.Unlock()
	if why != was {
		w.jamming()
	}
}
