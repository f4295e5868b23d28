package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"gatehouse/hub/config"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/bridge"
	"gatehouse/zigbee/zigbeesim"
	"gatehouse/zwave/zwavesim"
)

// Simulate runs only the simulated hardware until ctx ends: the Z-Wave stick on a
// TCP port and on a pty, the Zigbee stick on a TCP port, the cameras, and the controls.
// The Zigbee stick is fresh, so that a hub forms its own network on it. It prints where,
// as one JSON object:
//
//	{"zwave":{"tcp":"tcp://127.0.0.1:4711","pty":"/tmp/…/zwave-stick"},
//	 "zigbee":{"tcp":"tcp://127.0.0.1:4713"},
//	 "cameras":[{"id":"camera-porch","name":"Porch","url":"rtsp://127.0.0.1:4714/main"},
//	            {"id":"camera-garden",…,"sub":"rtsp://127.0.0.1:4716/main"},
//	            {"id":"camera-doorbell",…,"onvif":"http://127.0.0.1:4715"}],
//	 "controls":"http://127.0.0.1:4712/demo/"}
func Simulate(ctx context.Context, c config.Sim, out io.Writer) error {
	o := zwavesim.Options{}
	if c.Zwave.Real {
		o.Radio = zwavesim.Real()
	}
	f := newFamily(o, zigbeesim.New(zigbeesim.Options{}))
	for i := range c.Zwave.Devices {
		f.contact(fmt.Sprintf("contact-%d", i+1), fmt.Sprintf("Contact %d", i+1), "Elsewhere")
	}
	link := c.Zwave.Link
	if link == "" {
		dir, err := os.MkdirTemp("", "gatehouse-sim-")
		if err != nil {
			return fmt.Errorf("sim: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
		link = filepath.Join(dir, "zwave-stick")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tcp, err := bridge.Listen(ctx, f.Stick, c.Zwave.Listen)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	pty, err := f.Stick.LinkPTY(link)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	mesh, err := bridge.Listen(ctx, f.Mesh, "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	if err := f.openEyes(""); err != nil {
		return err
	}
	cameras, filming := f.cameras()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", c.Controls)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	var where struct {
		Zwave struct {
			TCP string `json:"tcp"`
			PTY string `json:"pty"`
		} `json:"zwave"`
		Zigbee struct {
			TCP string `json:"tcp"`
		} `json:"zigbee"`
		Cameras  []simCamera `json:"cameras"`
		Controls string      `json:"controls"`
	}
	where.Zwave.TCP, where.Zwave.PTY = "tcp://"+tcp.Addr(), pty.Path()
	where.Zigbee.TCP = "tcp://" + mesh.Addr()
	for _, c := range cameras {
		where.Cameras = append(where.Cameras, simCamera{c.ID, c.Name, c.URL, c.SubURL, c.ONVIF})
	}
	where.Controls = "http://" + l.Addr().String() + Path
	if err := json.NewEncoder(out).Encode(where); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	parts := append([]func(context.Context) error{
		tcp.Run, pty.Run, mesh.Run, f.wakeEachHost,
		func(ctx context.Context) error {
			return api.Serve(ctx, l, f.Controls(), nil, slog.New(slog.DiscardHandler))
		},
	}, filming...)
	ended := make(chan error, len(parts))
	for _, run := range parts {
		go func() { ended <- run(ctx) }()
	}
	first := <-ended
	cancel(first)
	errs := []error{first}
	for range len(parts) - 1 {
		errs = append(errs, <-ended)
	}
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return nil
}

// simCamera is where a camera is, for whoever tells a hub of it.
type simCamera struct {
	ID   home.DeviceID `json:"id"`
	Name string        `json:"name"`
	URL  string        `json:"url"`

	Sub   string `json:"sub,omitempty"`
	ONVIF string `json:"onvif,omitempty"`
}
