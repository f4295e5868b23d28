package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/port"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/zwave"
)

// zwaveNetwork ties the stick, its port and the house together, and is the
// network that the API shows.
type zwaveNetwork struct {
	radioLink
	radio *zwavehome.Radio
	stick *zwave.Controller
}

// run keeps the port open and the stick driven, whatever is done to it.
func (z *zwaveNetwork) run(ctx context.Context) error {
	z.starts()
	return port.Keep(ctx, z.port, port.Options{}, z.stick.Run, func(up bool, err error) {
		if !up {
			zwaveHouse{z}.RadioDown(err)
		}
	})
}

func zwaveJoin(j zwave.Join) api.JoinState {
	var d home.DeviceID
	if j.Node != 0 {
		d = zwavehome.ID(j.Node)
	}
	return joinState(string(j.Step), d, j.Reason, j.Until)
}

// State implements api.Radio.
func (z *zwaveNetwork) State() api.RadioState {
	s := z.state()
	s.Codes = api.CodesNone
	if info, ok := z.stick.Info(); ok {
		s.Stick, s.Network = info.Version, fmt.Sprintf("%08x", info.HomeID)
	}
	s.Counters = counters(z.stick.Counters())
	for _, n := range z.stick.Nodes() {
		s.Map = append(s.Map, api.RadioNode{Device: zwavehome.ID(n.ID), Address: fmt.Sprint(n.ID)})
	}
	return s
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
func (z *zwaveNetwork) Joining() api.JoinState { return zwaveJoin(z.stick.Join()) }

// Pin implements api.Radio.
func (z *zwaveNetwork) Pin(context.Context, string) error {
	return &home.Conflict{Reason: "no device waits for a PIN"}
}

// CancelJoin implements api.Radio.
func (z *zwaveNetwork) CancelJoin(context.Context) error {
	z.stick.StopJoin()
	return nil
}
