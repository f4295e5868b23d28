package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/restream"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
	"gatehouse/hub/people/audit"
	"gatehouse/hub/people/auth"
)

// restreams are the parts that show cameras to televisions and players; none unless
// the configuration names an address.
func (h *Hub) restreams() []part {
	var list []part
	for _, l := range []struct {
		name, addr string
		tls        *tls.Config
	}{{"rtsp", h.o.Config.RTSP.Listen, nil}, {"rtsps", h.o.Config.RTSP.TLS, h.tls()}} {
		if l.addr == "" || l.name == "rtsps" && l.tls == nil {
			continue
		}
		list = append(list, part{
			name: l.name,
			run:  func(ctx context.Context) error { return h.restream(ctx, l.name, l.addr, l.tls) },
			down: func(err error) { h.parts.set(api.Part{Name: l.name, Text: err.Error()}) },
		})
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

// Film implements restream.House.
func (p players) Film(id home.DeviceID) (camera.Film, error) {
	w, err := p.h.cameras.up(id)
	if err != nil {
		return camera.Film{}, err
	}
	f, ok := w.camera.Film()
	if !ok {
		return camera.Film{}, &home.Conflict{Reason: fmt.Sprintf("%s sends no pictures yet", p.h.nameOf(id))}
	}
	return f, nil
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
