package hub

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"gatehouse/hub/face/api"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// radioLink is whether the stick of a radio answers: since when, and why not. What
// of that is everybody's business it tells the house.
type radioLink struct {
	hub  *Hub
	kind home.DeviceID // "zwave", "zigbee": what troubles of the radio are about
	name string        // "Z-Wave", "Zigbee"
	port string

	mu    sync.Mutex
	up    bool
	since time.Time
	why   string
}

// wentSilent is why a stick fails that does not say why.
const wentSilent = "it went silent"

func (l *radioLink) set(up bool, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since.IsZero() || l.up != up {
		l.since = time.Now()
	}
	l.up, l.why = up, why
}

// upSince is since when the stick answers, with the monotonic clock.
func (l *radioLink) upSince() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.since, l.up
}

// starts tells the house that the stick is about to.
func (l *radioLink) starts() { l.hub.board.Raise(health.RadioStarting, l.kind, l.name) }

// answers tells the house that the stick does.
func (l *radioLink) answers() {
	l.set(true, "")
	l.hub.board.Clear(health.RadioStarting, l.kind)
	l.hub.board.Clear(health.RadioDown, l.kind)
	l.hub.board.Clear(health.RadioForeign, l.kind)
	l.hub.sirens.Again()
	l.hub.warden.look()
}

// fails tells the house that the stick does not, and why.
func (l *radioLink) fails(why string) { l.troubles(health.RadioDown, health.RadioForeign, why) }

// isForeign tells the house that the stick is not its own.
func (l *radioLink) isForeign(why string) { l.troubles(health.RadioForeign, health.RadioDown, why) }

func (l *radioLink) troubles(with, instead health.Code, why string) {
	l.set(false, why)
	l.hub.board.Clear(health.RadioStarting, l.kind)
	l.hub.board.Clear(instead, l.kind)
	l.hub.board.Raise(with, l.kind, l.name, why)
	l.hub.warden.look()
}

// state is what the API shows of it.
func (l *radioLink) state() api.RadioState {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := api.RadioState{Radio: string(l.kind), State: "down", Port: l.port, Text: "The stick can't be reached: " + l.why + "."}
	switch {
	case l.up:
		s.State, s.Text = "up", "All is well."
	case l.since.IsZero():
		s.State, s.Text = "starting", "The stick is starting."
	}
	if !l.since.IsZero() {
		t := home.At(l.since)
		s.Since = &t
	}
	return s
}

// counters turns what a driver counts into a map by its names in JSON.
func counters(c any) map[string]uint64 {
	b, err := json.Marshal(c)
	if err != nil {
		return nil
	}
	var m map[string]uint64
	if err := json.Unmarshal(b, &m); err != nil {
		return nil
	}
	return m
}

// joinState is how far a joining has come, as the API has it.
func joinState(step string, d home.DeviceID, reason string, until time.Time) api.JoinState {
	s := api.JoinState{Step: step, Device: d, Reason: reason}
	if step == "" {
		s.Step = "idle"
	}
	if !until.IsZero() {
		t := home.At(until)
		s.Until = &t
	}
	return s
}

// joining tells how far a joining has come: each step is a line in the journal's
// stream, so that every open page follows.
func (l *radioLink) joining(state api.JoinState, verb string) {
	data, err := json.Marshal(state)
	if err != nil {
		l.hub.log.Error("join step not encoded", "err", err)
	}
	text := verb + ": " + state.Step + "."
	if state.Reason != "" {
		text = verb + ": " + strings.TrimSuffix(state.Reason, ".") + "."
	}
	l.hub.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindDevice, Device: state.Device, Text: text, Data: data})
}
