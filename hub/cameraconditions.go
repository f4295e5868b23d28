package hub

import (
	"cmp"
	"maps"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/clips"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// lostPatience is how long a camera may be away before it is told: one that starts
// again takes less.
const lostPatience = 20 * time.Second

// keyPatience is how long pictures may come with none that stands alone. A group of
// 30 s exists.
const keyPatience = 65 * time.Second

// conditions shows how the cameras are doing, on the board and among the devices.
func (c *cameras) conditions(now time.Time) {
	h := c.hub
	looks := false
	for _, w := range c.list() {
		id, name := w.settings.ID, h.nameOf(w.settings.ID)
		if w.camera == nil {
			h.board.Raise(health.CameraLost, id, name, w.fault.Error())
			h.devices.SetHealth(id, home.HealthFailed)
			continue
		}
		st := w.camera.State()
		h.devices.SetRecords(id, st.Recording != "")
		keyed, coming := w.camera.Keyed()
		away := !coming && (st.Condition == camera.Lost || st.Condition == camera.Starting) && now.Sub(st.Since) >= lostPatience
		why := cmp.Or(st.Why, "it sends no picture")
		h.board.Set(away, health.CameraLost, id, name, why)
		ports, others := w.pin.Ports()
		services := w.pin.Stranger() != "" || len(others) > 0
		h.board.Set(st.Stranger != "" || services, health.CameraCertificate, id, name, shownFor(st.Stranger != "", services))
		h.board.Set(w.camera.InClear(), health.CameraInClear, id, name)
		h.board.Set(coming && now.Sub(keyed) >= keyPatience, health.CameraNoKey, id, name)
		h.board.Set(st.PreShort && st.Condition == camera.Up, health.CameraPreShort, id, name)
		off := cmp.Or(st.ClockOff, w.word.clockOff())
		h.board.Set(off != 0, health.CameraClock, id, name, off.String())
		why = ""
		if looks = looks || w.settings.Seeing.On; w.gaze != nil {
			why = w.gaze.blind(now)
		}
		h.board.Set(why != "" && st.Condition == camera.Up, health.CameraUnseen, id, name, why)
		sub, since := w.camera.SmallFault()
		h.board.Set(sub != "" && st.Condition == camera.Up && now.Sub(since) >= lostPatience, health.CameraSubLost, id, name, sub)
		h.board.Set(st.Condition != camera.Resting && (w.gaze.isCovered() || w.word.isCovered()), health.CameraCovered, id, name)
		why = w.word.deaf(now)
		h.board.Set(why != "", health.CameraUnheard, id, name, why)
		why = w.unmasked(now)
		h.board.Set(why != "", health.CameraUnmasked, id, name, why)
		w.word.meet()
		noVault := st.NoTape == clips.ErrNoVault.Error() // which is a condition of its own
		h.board.Set(st.NoTape != "" && !noVault, health.CameraNotRecorded, id, name, st.NoTape)
		switch {
		case st.Condition == camera.Up:
			c.seen(id, now)
		case away:
			h.devices.SetHealth(id, home.HealthMissing)
		}
		if st.Certificate != w.settings.Certificate || w.pin.Known() != w.settings.HTTPSCertificate || !maps.Equal(ports, w.settings.PortCertificates) {
			c.pin(w.camera, id, st.Certificate, w.pin.Known(), ports)
		}
	}
	why := ""
	if looks { // who asks for nothing is told of nothing
		if err := c.network.check(); err != nil {
			why = err.Error()
		}
	}
	h.board.Set(why != "", health.DetectorMissing, "", why)
}

// shownFor names what a camera shows another certificate for.
func shownFor(stream, services bool) string {
	switch {
	case !services:
		return "its pictures"
	case !stream:
		return "its services"
	}
	return "its pictures and its services"
}

// seenEvery is how often it is written down that a camera is there: each time is
// news for every face, and a write.
const seenEvery = 10 * time.Minute

func (c *cameras) seen(id home.DeviceID, now time.Time) {
	d, ok := c.hub.devices.Device(id)
	if ok && (d.Health != home.HealthOK || d.LastSeen == nil || now.Sub(d.LastSeen.Time) >= seenEvery) {
		c.hub.devices.SetHealth(id, home.HealthOK)
		c.hub.devices.Seen(id, now)
	}
}
