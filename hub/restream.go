package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/restream"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
)

// playerLine is an address at which televisions and players are listened for.
type playerLine struct {
	scheme, addr string
	tls          *tls.Config
}

// playerLines are those that the configuration names; a demo has no certificate for
// the encrypted one.
func (h *Hub) playerLines() []playerLine {
	lines := []playerLine{{"rtsp", h.o.Config.RTSP.Listen, nil}, {"rtsps", h.o.Config.RTSP.TLS, h.tls()}}
	return slices.DeleteFunc(lines, func(l playerLine) bool { return l.addr == "" || l.scheme == "rtsps" && l.tls == nil })
}

// restreams are the parts that show cameras to televisions and players; none unless
// the configuration names an address.
func (h *Hub) restreams() []part {
	var list []part
	for _, l := range h.playerLines() {
		list = append(list, part{
			name: l.scheme,
			run:  func(ctx context.Context) error { return h.restream(ctx, l.scheme, l.addr, l.tls) },
			down: func(err error) { h.parts.set(api.Part{Name: l.scheme, Text: err.Error()}) },
		})
	}
	return list
}

// playerPorts are where players come to, for whoever gives one its token.
func (h *Hub) playerPorts() []api.PlayerPort {
	var list []api.PlayerPort
	for _, l := range h.playerLines() {
		if n := portOf(l.addr); n > 0 {
			list = append(list, api.PlayerPort{Scheme: l.scheme, Port: n})
		}
	}
	return list
}

func (h *Hub) restream(ctx context.Context, name, addr string, t *tls.Config) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return explainListen(addr, err)
	}
	h.parts.set(api.Part{Name: name, Ready: true})
	h.log.Info("listening", "part", name, "addr", l.Addr().String())
	return restream.Run(ctx, restream.Options{Listener: l, TLS: t, House: players{h}, Log: h.log})
}

// players implements restream.House.
type players struct{ h *Hub }

var errReadable = errors.New("over an unencrypted line only a token of the role onlooker is taken: it is good for nothing else")

// Enter implements restream.House.
func (p players) Enter(token auth.Secret, sealed bool) (auth.Caller, error) {
	c, err := p.h.people.Bearer(token)
	if err == nil {
		err = c.Check(auth.CamerasLive, time.Now())
	}
	if err == nil && !sealed && c.Role != auth.Onlooker {
		p.h.log.Warn("player refused", "who", c.Name, "err", errReadable)
		err = errReadable
	}
	return c, err
}

// Crowded implements restream.House.
func (p players) Crowded(who auth.Caller, most int) { p.h.cameras.Crowded(who, most) }

// Film implements restream.House.
func (p players) Film(id home.DeviceID) (camera.Film, error) {
	f, _, err := p.h.cameras.film(id)
	return f, err
}

// recordWithin is how long a player waits for the record's disk.
const recordWithin = 5 * time.Second

// Look implements restream.House.
func (p players) Look(ctx context.Context, who auth.Caller, from netip.Addr, agent string, id home.DeviceID) (*camera.Feed, func(), error) {
	c := p.h.cameras
	w, err := c.up(id)
	if err != nil {
		return nil, nil, err
	}
	v := audit.View{
		Kind: audit.Live, Camera: id, Who: who.Name, Caller: who.ID, By: string(who.Kind), Role: string(who.Role), From: from.String(), Agent: agent,
	}
	begun, err := p.record(ctx, v)
	if err != nil {
		return nil, nil, err
	}
	v.Ends = begun.N
	feed, err := w.camera.Watch(true)
	if err != nil {
		_, endErr := p.record(ctx, v)
		return nil, nil, errors.Join(err, endErr)
	}
	leave := c.looks(id, who.Name)
	return feed, func() {
		leave()
		if _, err := p.record(context.WithoutCancel(ctx), v); err != nil {
			p.h.log.Error("the end of a view is not on record", "device", id, "err", err)
		}
	}, nil
}

func (p players) record(ctx context.Context, v audit.View) (audit.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	return p.h.views.Record(ctx, time.Now(), v)
}
