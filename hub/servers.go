package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"gatehouse/hub/face/api"
	"gatehouse/hub/health"
)

// server is one listening address of the page and the API.
type server struct {
	name    string // of the part
	addr    string
	handler http.Handler
	tls     *tls.Config // nil: plain HTTP
	needed  bool        // the hub is not ready without it
}

// servers are the parts that listen. In a demo somebody sits at the terminal:
// a port in use ends it with a clear word. A real hub guards on and tries again.
func (h *Hub) servers() []part {
	var list []part
	for _, s := range h.addresses() {
		list = append(list, part{
			name:  s.name,
			vital: h.o.Demo != nil,
			run:   func(ctx context.Context) error { return h.serve(ctx, s) },
			down: func(err error) {
				h.parts.set(api.Part{Name: s.name, Needed: s.needed, Text: err.Error()})
				h.board.Raise(health.PageDown, "", err.Error())
			},
		})
	}
	return list
}

func (h *Hub) addresses() []server {
	if h.o.Demo != nil {
		return []server{{name: "page", addr: h.o.Demo.Listen, handler: h.api.Handler(), needed: true}}
	}
	c := h.o.Config.Listen
	var list []server
	if c.HTTPS != "" {
		list = append(list, server{name: "page", addr: c.HTTPS, handler: h.api.Handler(), tls: h.tls(), needed: true})
	}
	if c.HTTP != "" {
		list = append(list, server{name: "trust page", addr: c.HTTP, handler: h.trustPage})
	}
	return list
}

// tls is what the encrypted listeners serve with; nil in a demo.
func (h *Hub) tls() *tls.Config {
	if h.ca == nil {
		return nil
	}
	return h.ca.TLS()
}

// serve listens and answers until ctx ends.
func (h *Hub) serve(ctx context.Context, s server) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.addr)
	if err != nil {
		return explainListen(s.addr, err)
	}
	h.parts.set(api.Part{Name: s.name, Needed: s.needed, Ready: true})
	h.board.Clear(health.PageDown, "")
	h.log.Info("listening", "part", s.name, "addr", l.Addr().String())
	if s.needed {
		h.up(l.Addr())
	}
	return api.Serve(ctx, l, s.handler, s.tls, h.log)
}

// up is called when the page listens: the hub is ready, stick or no stick.
func (h *Hub) up(addr net.Addr) {
	h.readyOnce.Do(func() {
		h.tell("READY=1")
		if h.o.Up != nil {
			h.o.Up(addr)
		}
	})
}

// explainListen says what keeps an address from being listened on, and the
// mend.
func explainListen(addr string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use by another program: end that one, or choose another address", addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s may not be listened on: ports below 1024 need root or the capability CAP_NET_BIND_SERVICE", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is not an address of this machine", addr)
	default:
		return err
	}
}
