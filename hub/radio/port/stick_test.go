package port_test

import (
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/hub/radio/bridge"
	"gatehouse/hub/radio/port"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
	"gatehouse/zwave/zwavesim"
)

// A whole way through: a simulated stick behind a link or a TCP port, the Z-Wave
// driver on what Keep opens, and somebody who pulls the stick and puts it back.
func TestStickPulledAndPutBack(t *testing.T) {
	type outlet interface{ Run(context.Context) error }
	for name, serve := range map[string]func(*testing.T, *zwavesim.Stick) (outlet, string){
		"pty": func(t *testing.T, s *zwavesim.Stick) (outlet, string) {
			p, err := s.LinkPTY(filepath.Join(t.TempDir(), "by-id", "usb-stick"))
			if err != nil {
				t.Fatal(err)
			}
			return p, p.Path()
		},
		"tcp": func(t *testing.T, s *zwavesim.Stick) (outlet, string) {
			l, err := bridge.Listen(t.Context(), s, "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			return l, "tcp://" + l.Addr()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := zwavesim.New(zwavesim.Options{})
			door := s.NewContact(zwavesim.Make{})
			s.Place(door)
			o, addr := serve(t, s)
			ready, heard := make(chan bool, 16), make(chan bool, 16)
			ctl := zwave.New(zwave.Options{OnEvent: func(e zwave.Event) {
				switch e := e.(type) {
				case zwave.Ready:
					ready <- true
				case zwave.Report:
					if n, ok := e.Command.(cc.NotificationReport); ok {
						heard <- n.Event == 0x16
					}
				}
			}})
			ctx, cancel := context.WithCancel(t.Context())
			served, kept := make(chan error, 1), make(chan error, 1)
			down := make(chan error, 16)
			go func() { served <- o.Run(ctx) }()
			go func() {
				kept <- port.Keep(ctx, addr, port.Options{}, func(ctx context.Context, p io.ReadWriteCloser) error {
					return ctl.Run(ctx, p)
				}, func(up bool, err error) {
					if !up {
						down <- err
					}
				})
			}()
			within(t, patience, "ready", func() { <-ready })
			door.Open()
			within(t, patience, "first report", func() {
				if !<-heard {
					t.Error("got closed, want open")
				}
			})
			for range 2 {
				s.Unplug()
				within(t, patience, "unplug noticed", func() { <-down })
				door.Close() // unheard
				s.Plug()
				within(t, 6*time.Second, "ready again", func() { <-ready })
				door.Open()
				within(t, patience, "report", func() {
					if !<-heard {
						t.Error("got closed, want open")
					}
				})
			}
			cancel()
			within(t, patience, "end", func() { <-kept; <-served })
			if v := s.Violations(); len(v) > 0 {
				t.Errorf("the stick complains: %q", v)
			}
		})
	}
}
