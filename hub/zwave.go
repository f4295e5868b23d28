package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"gatehouse/hub/face/api"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/port"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/zwave"
)

// zwaveNetwork ties the stick, its port and the house together, and is the
// network that the API shows.
type zwaveNetwork struct {
	hub   *Hub
	port  string
	radio *zwavehome.Radio
	stick *zwave.Controller

	mu    sync.Mutex
	up    bool
	since time.Time
	why   string
}

// run keeps the port open and the stick driven, whatever is done to it.
func (z *zwaveNetwork) run(ctx context.Context) error {
	z.hub.board.Raise(health.RadioStarting, zwavehome.Kind, "Z-Wave")
	return port.Keep(ctx, z.port, port.Options{}, z.stick.Run, func(up bool, err error) {
		if !up {
			zwaveHouse{z}.RadioDown(err)
		}
	})
}

func (z *zwaveNetwork) set(up bool, why string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.since.IsZero() || z.up != up {
		z.since = time.Now()
	}
	z.up, z.why = up, why
}

// upSince is since when the stick answers, with the monotonic clock.
func (z *zwaveNetwork) upSince() (time.Time, bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.since, z.up
}

func joinState(j zwave.Join) api.JoinState {
	s := api.JoinState{Step: string(j.Step), Reason: j.Reason}
	if j.Step == zwave.JoinIdle {
		s.Step = "idle"
	}
	if j.Node != 0 {
		s.Device = zwavehome.ID(j.Node)
	}
	if !j.Until.IsZero() {
		until := home.At(j.Until)
		s.Until = &until
	}
	return s
}

// State implements api.Radio.
func (z *zwaveNetwork) State() api.RadioState {
	z.mu.Lock()
	s := api.RadioState{Radio: zwavehome.Kind, State: "down", Port: z.port, Codes: api.CodesNone, Text: "The stick can't be reached: " + z.why + "."}
	up, since := z.up, z.since
	z.mu.Unlock()
	switch {
	case up:
		s.State, s.Text = "up", "All is well."
	case since.IsZero():
		s.State, s.Text = "starting", "The stick is starting."
	}
	if !since.IsZero() {
		t := home.At(since)
		s.Since = &t
	}
	if info, ok := z.stick.Info(); ok {
		s.Stick, s.Network = info.Version, fmt.Sprintf("%08x", info.HomeID)
	}
	s.Counters = counters(z.stick.Counters())
	for _, n := range z.stick.Nodes() {
		s.Map = append(s.Map, api.RadioNode{Device: zwavehome.ID(n.ID), Address: fmt.Sprint(n.ID)})
	}
	return s
}

// counters turns the driver's counts into a map by their names in JSON.
func counters(c zwave.Counters) map[string]uint64 {
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

// Join implements api.Radio.
func (z *zwaveNetwork) Join(_ context.Context, in api.JoinRequest, by string) error {
	if in.Near != "" {
		return &home.Invalid{Field: "near", Reason: "a Z-Wave device joins wherever one of the network hears it; leave it out"}
	}
	if in.Code != "" {
		return &home.Invalid{Field: "code", Reason: "this hub joins Z-Wave devices without encryption as yet, so it has no use for a key; leave it out"}
	}
	return z.begin(z.stick.Include(time.Duration(in.Seconds)*time.Second), "let a Z-Wave device join", by)
}

// Leave implements api.Radio.
func (z *zwaveNetwork) Leave(_ context.Context, seconds int, by string) error {
	return z.begin(z.stick.Exclude(time.Duration(seconds)*time.Second), "let a Z-Wave device leave", by)
}

func (z *zwaveNetwork) begin(err error, what, by string) error {
	switch {
	case errors.Is(err, zwave.ErrBusy):
		return &home.Conflict{Reason: "a device is already joining or leaving; wait, or cancel that first"}
	case errors.Is(err, zwave.ErrDown):
		return &home.Conflict{Reason: "the Z-Wave stick can't be reached; plug it in"}
	case err != nil:
		return err
	}
	z.hub.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindDevice, Who: home.Who(by), Text: by + " " + what + "."})
	return nil
}

// Joining implements api.Radio.
func (z *zwaveNetwork) Joining() api.JoinState { return joinState(z.stick.Join()) }

// Pin implements api.Radio.
func (z *zwaveNetwork) Pin(context.Context, string) error {
	return &home.Conflict{Reason: "no device waits for a PIN"}
}

// CancelJoin implements api.Radio.
func (z *zwaveNetwork) CancelJoin(context.Context) error {
	z.stick.StopJoin()
	return nil
}
