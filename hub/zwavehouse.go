package hub

import (
	"encoding/json"
	"fmt"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/zwave"
)

// zwaveHouse is what the Z-Wave radio tells the house beside readings.
type zwaveHouse struct{ *zwaveNetwork }

// RadioUp implements zwavehome.House.
func (z zwaveHouse) RadioUp() {
	z.set(true, "")
	z.hub.board.Clear(health.RadioStarting, zwavehome.Kind)
	z.hub.board.Clear(health.RadioDown, zwavehome.Kind)
	z.hub.sirens.Again()
	z.hub.warden.look()
}

// RadioDown implements zwavehome.House.
func (z zwaveHouse) RadioDown(why error) {
	text := "it went silent"
	if why != nil {
		text = why.Error()
	}
	z.set(false, text)
	z.hub.board.Clear(health.RadioStarting, zwavehome.Kind)
	z.hub.board.Raise(health.RadioDown, zwavehome.Kind, "Z-Wave", text)
	z.hub.warden.look()
}

// KeypadUsed implements zwavehome.House.
func (z zwaveHouse) KeypadUsed(d home.DeviceID, encrypted bool, action alarm.KeypadAction, code string) {
	z.hub.keypads.used(d, encrypted, action, code, nil)
}

// KeypadHere implements zwavehome.House.
func (z zwaveHouse) KeypadHere(d home.DeviceID) { z.hub.keypads.here(d) }

// DeviceReady implements zwavehome.House: what a device can watch is watched
// from its first minute, in the zone that its kind suggests.
func (z zwaveHouse) DeviceReady(d home.Device) { z.hub.adopt(d.ID) }

// Joining implements zwavehome.House: each step is a line in the journal's
// stream, so that every open page follows.
func (z zwaveHouse) Joining(j zwave.Join) {
	state := joinState(j)
	data, err := json.Marshal(state)
	if err != nil {
		z.hub.log.Error("join step not encoded", "err", err)
	}
	verb := "Joining"
	if j.Leaving {
		verb = "Leaving"
	}
	text := fmt.Sprintf("%s: %s.", verb, j.Step)
	if j.Reason != "" {
		text = fmt.Sprintf("%s: %s", verb, j.Reason)
	}
	z.hub.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindDevice, Device: state.Device, Text: text, Data: data})
}
