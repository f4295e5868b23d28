package hub

import (
	"context"
	"net"
	"strconv"

	"gatehouse/hub/face/api"
	"gatehouse/hub/face/homekit"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/network/mdns"
	"gatehouse/storage"
)

const hapService = "_hap._tcp"

// buildHomeKit makes the Apple Home face, if the configuration wants it. A house
// without it is guarded all the same.
func (h *Hub) buildHomeKit() {
	if !h.o.Config.HomeKit.Enabled {
		return
	}
	name := h.o.Config.Name
	if h.o.Demo != nil {
		name += " (demo)"
	}
	face, err := homekit.New(homekit.Options{
		Host: h.homekitHost(), Port: h.o.Config.HomeKit.Port, Name: name,
		Alarm: h.guard, Devices: h.devices, Health: h.board, Journal: h.journal,
		Store:        storage.NewCell[homekit.State](h.db, "homekit"),
		AlarmChanges: &h.guard.Changes, DeviceChanges: &h.devices.Changes, Readings: &h.devices.Readings,
		HealthChanges: &h.board.Changes,
		Announce:      h.announceHomeKit,
		Full:          func(leftOut int) { h.board.Set(leftOut > 0, health.HomeKitFull, "", strconv.Itoa(leftOut)) },
		Version:       h.o.Version, Log: h.log,
	})
	if err != nil {
		h.log.Error("no apple home", "err", err)
		h.homekitDown(err)
		return
	}
	h.homekit = face
}

// homekitHost is where Apple Home may come in: everywhere, unless the hub was told
// to stay on the box itself.
func (h *Hub) homekitHost() string {
	if h.o.Demo != nil {
		return "127.0.0.1"
	}
	for _, name := range h.o.Config.Interfaces {
		i, err := net.InterfaceByName(name)
		if err != nil || i.Flags&net.FlagLoopback == 0 {
			return ""
		}
	}
	if len(h.o.Config.Interfaces) == 0 {
		return ""
	}
	return "127.0.0.1"
}

// runHomeKit serves Apple devices. It is started again when it ends, so a port
// that is in use now is taken once it is free.
func (h *Hub) runHomeKit(ctx context.Context) error {
	if err := h.homekit.Listen(); err != nil {
		return err
	}
	h.board.Clear(health.HomeKitDown, "")
	h.parts.set(api.Part{Name: "homekit", Ready: true})
	return h.homekit.Run(ctx)
}

func (h *Hub) homekitDown(err error) {
	h.parts.set(api.Part{Name: "homekit", Text: err.Error()})
	h.board.Raise(health.HomeKitDown, "", err.Error())
}

// announceHomeKit says on the LAN where the bridge is, or takes it back.
func (h *Hub) announceHomeKit(port int, text []string) {
	switch {
	case h.announcer == nil: // a demo has no LAN
	case port == 0:
		h.announcer.Withdraw(hapService)
	default:
		if err := h.announcer.Offer(mdns.Service{Type: hapService, Port: port, Text: text}); err != nil {
			h.log.Error("apple home not announced", "err", err)
		}
	}
}

// appleHome is the face as its owner sees it over the API.
type appleHome struct{ face *homekit.Face }

// Status implements api.AppleHome.
func (a appleHome) Status() api.HomeKit {
	s := a.face.Status()
	k := api.HomeKit{
		SetupCode: s.Code, SetupURI: s.URI, Port: s.Port, ID: s.ID, Disarm: s.Disarm, Unlock: s.Unlock, ArmOpen: s.ArmOpen, Cameras: s.Cameras,
		Paired: []api.AppleDevice{},
	}
	if !s.Until.IsZero() {
		until := home.At(s.Until)
		k.Until = &until
	}
	for _, p := range s.Paired {
		k.Paired = append(k.Paired, api.AppleDevice{ID: p.ID, Admin: p.Admin, Since: home.At(p.Since), Connected: p.Connected})
	}
	return k
}

// Open implements api.AppleHome, as do the rest.
func (a appleHome) Open(by string) error       { return a.face.Open(by) }
func (a appleHome) Close(by string)            { a.face.Shut(by) }
func (a appleHome) Unpair(id, by string) error { return a.face.Unpair(id, by) }
func (a appleHome) Put(k api.HomeKitChange, by string) error {
	s := a.face.Status().Settings
	for _, c := range []struct {
		to *bool
		is *bool
	}{{&s.Disarm, k.Disarm}, {&s.Unlock, k.Unlock}, {&s.ArmOpen, k.ArmOpen}, {&s.Cameras, k.Cameras}} {
		if c.is != nil {
			*c.to = *c.is
		}
	}
	return a.face.Put(s, by)
}
