package hub

import (
	"slices"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/home"
)

// heard has a reading set off the cameras that look where it was made.
func (c *cameras) heard(r home.Reading) {
	h := c.hub
	if r.Trait == home.Button {
		c.each(func(s home.Camera, cam *camera.Camera) {
			if slices.Contains(s.Buttons, r.Device) {
				c.note(cam.Record("doorbell", time.Duration(s.Post)), s.ID)
			}
		})
		return
	}
	zone := h.guard.ZoneOf(r.Device, r.Trait)
	if zone == "" || h.guard.Hidden(r.Device, r.Trait) {
		return
	}
	open := r.Value == home.Open || r.Value == home.True
	if open {
		for _, w := range c.list() {
			w.word.tripped(zone)
		}
	}
	c.each(func(s home.Camera, cam *camera.Camera) {
		switch {
		case !slices.Contains(s.Zones, zone):
		case open:
			cam.Hold("zone:"+string(zone), "zone:"+string(zone))
		default:
			cam.Release("zone:" + string(zone))
		}
	})
}

// note writes down that a camera did not record.
func (c *cameras) note(err error, id home.DeviceID) {
	if err != nil {
		c.hub.log.Info("camera does not record", "device", id, "err", err)
	}
}

// phase has the alarm set off cameras, or keep them from recording.
func (c *cameras) phase(a home.Alarm) {
	for _, w := range c.list() {
		if w.word != nil {
			w.word.onvif.Rest(slices.Contains(w.settings.OffIn, a.Mode))
		}
	}
	c.each(func(s home.Camera, cam *camera.Camera) {
		cam.Rest(slices.Contains(s.OffIn, a.Mode))
		if slices.Contains(s.Phases, a.Phase) {
			cam.Hold("phase", "phase:"+string(a.Phase))
		} else {
			cam.Release("phase")
		}
	})
	for _, w := range c.list() {
		w.gaze.stir()
	}
}

// Record implements api.Cameras.
func (c *cameras) Record(id home.DeviceID, length time.Duration, by string) error {
	w, err := c.up(id)
	if err != nil {
		return err
	}
	if err := w.camera.Record("person:"+by, length); err != nil {
		return err
	}
	if why := w.camera.State().NoTape; why != "" {
		return &home.Conflict{Reason: why}
	}
	if w.camera.Tape() == nil {
		return &home.Conflict{Reason: c.hub.nameOf(id) + " has sent no picture yet that a clip can begin with: nothing is recorded until one comes"}
	}
	return nil
}
