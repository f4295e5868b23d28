package hub

import (
	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/zwave"
)

// zwaveHouse is what the Z-Wave radio tells the house beside readings.
type zwaveHouse struct{ *zwaveNetwork }

// RadioUp implements zwavehome.House.
func (z zwaveHouse) RadioUp() { z.answers() }

// RadioDown implements zwavehome.House.
func (z zwaveHouse) RadioDown(why error) {
	text := wentSilent
	if why != nil {
		text = why.Error()
	}
	z.fails(text)
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

// Joining implements zwavehome.House.
func (z zwaveHouse) Joining(j zwave.Join) {
	verb := "Joining"
	if j.Leaving {
		verb = "Leaving"
	}
	z.joining(zwaveJoin(j), verb)
}
