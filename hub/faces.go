package hub

import (
	"context"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"

	"gatehouse/hub/face/api"
	"gatehouse/hub/face/mqtt"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/network/mdns"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/hub/radio/zwavehome"
)

func (h *Hub) buildFaces() (err error) {
	o := api.Options{
		People: h.people, Panel: housePanel{h.guard, h.keypads}, Zones: h, Codes: h.guard, Rules: h.rules, Devices: h.devices,
		Journal: h.journal, Health: h.board, Notices: h.notices, Radios: map[string]api.Radio{}, Keypads: h.keypads, Upgrades: upgrades{h}, Locks: h.locks, Cameras: h.cameras,
		Views: h.views, ViewChanges: &h.viewChanges,
		AlarmChanges: &h.guard.Changes, DeviceChanges: &h.devices.Changes, Events: &h.journal.Events,
		HealthChanges: api.WatchTopic(&h.board.Changes),
		Ready:         h.readiness, System: h.system, Metrics: []func(io.Writer){h.metrics},
		Web: h.o.Web, Hosts: h.names, Trust: h.trust(), Demo: h.o.Demo != nil, Version: h.o.Version, Log: h.log,
	}
	if o.Clips = h.clipShelf(); o.Clips != nil {
		o.ClipChanges = &h.clips.Changes
	}
	if h.discovery, err = openDiscovery(h.db, h.journal, h.o.Demo != nil); err != nil {
		return err
	}
	if c := h.o.Config.MQTT; c.Listen != "" || c.Loopback != "" {
		o.HomeAssistant = h.discovery
	}
	h.buildAnnouncer()
	h.buildHomeKit()
	if h.homekit != nil {
		o.AppleHome = appleHome{h.homekit}
	}
	if h.zwave != nil {
		o.Radios[zwavehome.Kind] = h.zwave
	}
	if h.zigbee != nil {
		o.Radios[zigbeehome.Kind] = h.zigbee
		o.Signature = h.zigbee.signature
	}
	if h.api, err = api.New(o); err != nil {
		return err
	}
	if t := h.trust(); t != nil {
		if h.trustPage, err = api.RedirectHandler(*t); err != nil {
			return err
		}
	}
	if h.o.Demo != nil && h.o.Demo.Controls != nil {
		h.api.Mount("/demo/", h.o.Demo.Controls)
	}
	return nil
}

// faces are the parts that people and programs touch. None is vital: a port in
// use must not leave the house without its alarm.
func (h *Hub) faces() []part {
	list := []part{
		{name: "streams", run: h.api.Run},
		{name: "mqtt", run: h.runMQTT, down: func(err error) { h.board.Raise(health.MQTTDown, "", err.Error()) }},
	}
	if h.homekit != nil {
		list = append(list, part{name: "homekit", run: h.runHomeKit, down: h.homekitDown})
	}
	if h.announcer != nil {
		list = append(list, part{name: "mdns", run: h.announcer.Run})
	}
	list = append(list, h.restreams()...)
	list = append(list, part{name: "desk", run: h.keepDesk})
	return append(list, h.servers()...)
}

// runMQTT listens and serves. It is started again when it ends, so a port that
// is in use now is taken once it is free.
func (h *Hub) runMQTT(ctx context.Context) error {
	c := h.o.Config.MQTT
	if c.Listen == "" && c.Loopback == "" {
		<-ctx.Done()
		return nil
	}
	face, err := mqtt.Listen(mqtt.Options{
		Loopback: c.Loopback, Listen: c.Listen, TLS: h.tls(),
		Alarm: h.guard, Devices: h.devices, Presence: h.rules, Journal: h.journal, Health: h.board, Auth: h.people,
		AlarmChanges: &h.guard.Changes, DeviceChanges: &h.devices.Changes,
		HealthChanges: &h.board.Changes, Events: &h.journal.Events, Notices: &h.notices.News,
		Discovery: h.discovery.On, Version: h.o.Version, Log: h.log,
	})
	if err != nil {
		h.parts.set(api.Part{Name: "mqtt", Text: err.Error()})
		return err
	}
	h.board.Clear(health.MQTTDown, "")
	h.parts.set(api.Part{Name: "mqtt", Ready: true})
	return face.Run(ctx)
}

// portOf is the port of an address of the configuration; 0: it has none of its own.
func portOf(addr string) int {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}

// buildAnnouncer makes what says gatehouse.local on the LAN, and what is behind it.
func (h *Hub) buildAnnouncer() {
	if h.ca == nil {
		return
	}
	var services []mdns.Service
	for _, s := range []struct{ kind, addr string }{
		{"_https._tcp", h.o.Config.Listen.HTTPS}, {"_secure-mqtt._tcp", h.o.Config.MQTT.Listen},
	} {
		if n := portOf(s.addr); n > 0 { // else it is not listened on
			services = append(services, mdns.Service{Type: s.kind, Port: n})
		}
	}
	if len(services) == 0 && !h.o.Config.HomeKit.Enabled {
		return
	}
	a, err := mdns.New(mdns.Options{
		Name: strings.TrimSuffix(HostName, ".local"), Instance: h.o.Config.Name, Services: services,
		Interfaces: h.o.Config.Interfaces, Log: h.log,
		OnName: h.named,
	})
	if err != nil {
		h.log.Error("the hub is not announced", "err", err)
		return
	}
	h.announcer = a
}

func (h *Hub) system() api.System {
	started := home.At(h.started)
	return api.System{Version: h.o.Version, Commit: h.o.Commit, Go: runtime.Version(), Started: &started, Storage: h.storage(), Players: h.playerPorts()}
}
