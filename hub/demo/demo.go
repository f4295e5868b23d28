package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gatehouse/hub"
	"gatehouse/hub/alarm"
	"gatehouse/hub/config"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
	"gatehouse/hub/radio/bridge"
	"gatehouse/zwave/zwavesim"
)

// What the demo's owner signs in with. They protect nothing.
const (
	Owner    = "owner"
	Password = "maple house demo 2026"
	TOTP     = "GATEHOUSEDEMOHOMEGATEHOUSEDEMO22"
	Code     = "24680" // disarms
)

// Options say how a demo runs.
type Options struct {
	Data    string // "": a fresh folder that is removed at the end
	Listen  string // page, on loopback
	MQTT    string // plain MQTT on loopback; "": none
	RTSP    string // the cameras for players; "": not
	Version string
	Check   func(path string) error
	Web     http.Handler
	Log     *slog.Logger
	Out     io.Writer // where the address and the sign-in are printed
}

// Run runs a whole home until ctx ends.
func Run(ctx context.Context, o Options) error {
	data := o.Data
	if data == "" {
		tmp, err := os.MkdirTemp("", "gatehouse-demo-")
		if err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		defer func() { _ = os.RemoveAll(tmp) }() // a temporary folder
		data = tmp
	}
	f := NewFamily(zwavesim.Options{})
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	pty, err := f.Stick.LinkPTY(filepath.Join(data, "zwave-stick"))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	mesh, err := bridge.Listen(ctx, f.Mesh, "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	power := filepath.Join(data, "power_supply")
	if err := f.power.feed(power); err != nil {
		return err
	}
	if err := f.openEyes(hub.Loopback()); err != nil {
		return err
	}
	cameras, filming := f.cameras()
	simCtx, endSim := context.WithCancel(context.WithoutCancel(ctx))
	parts := append([]func(context.Context) error{pty.Run, mesh.Run}, filming...)
	simEnded := make(chan error, len(parts))
	for _, run := range parts {
		go func() { simEnded <- run(simCtx) }()
	}
	defer func() {
		endSim()
		for range parts {
			if err := <-simEnded; err != nil && !errors.Is(err, context.Canceled) {
				o.Log.Error("simulated part ended badly", "err", err)
			}
		}
	}()

	c := config.Config{
		Data: data, Name: "Maple House", MQTT: config.MQTT{Loopback: o.MQTT}, RTSP: config.RTSP{Listen: o.RTSP}, WebRTC: config.WebRTC{Listen: "127.0.0.1:0"}, HomeKit: config.HomeKit{Enabled: true},
		Zwave: config.Zwave{Port: pty.Path()}, Zigbee: config.Zigbee{Port: "tcp://" + mesh.Addr(), Adapter: "znp"},
	}
	return hub.Run(ctx, hub.Options{
		Config: c, Version: o.Version, Log: o.Log, Check: o.Check, Web: o.Web,
		Up: func(page net.Addr) { welcome(o.Out, page) },
		// The machine under the demo is not the home's: its clock and power are
		// nobody's trouble here.
		Box: hub.Box{Power: power, Synced: func() (bool, error) { return true, nil }, Wall: f.clock.now},
		Demo: &hub.Demo{
			Owner:    auth.Demo{Name: Owner, Password: Password, TOTP: TOTP, Home: auth.Home{Name: "Maple House", Emergency: "112", Zone: "UTC"}},
			Listen:   o.Listen,
			Settings: settings(),
			// A sensor is missed after 21 minutes rather than eight hours.
			WakeInterval: 10 * time.Minute,
			Controls:     f.Controls(),
			Zigbee:       f.meshHome(),
			Cameras:      cameras,
			Furniture:    f.furniture(),
			Batteries:    f.batteries(time.Now()),
			Furnish:      f.furnish,
		},
	})
}

// furnish wakes the devices, and gives the family its code and the garden its zone.
func (f *Family) furnish(ctx context.Context, h hub.House) error {
	if len(h.Panel.Codes()) == 0 {
		_, err := h.Panel.PutCode(ctx, home.Code{Person: "Ada", Kind: "user", Code: Code}, "demo")
		if err != nil {
			return fmt.Errorf("demo: code: %w", err)
		}
		if err := h.Panel.PutZone(ctx, f.gardenZone(), "demo"); err != nil {
			return fmt.Errorf("demo: garden: %w", err)
		}
	}
	if err := f.Wake(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("demo: wake the devices: %w", err)
	}
	if err := f.habits(ctx, h); err != nil {
		return err
	}
	var speaking sync.WaitGroup
	speaking.Go(func() { f.speakUntilHeard(ctx, h.Devices.Device) })
	f.wakeUntilKnown(ctx, h.Devices.Device)
	speaking.Wait()
	return nil
}

// habits are the family's first rules, made once its devices are there.
func (f *Family) habits(ctx context.Context, h hub.House) error {
	if len(h.Rules.Rules()) > 0 {
		return nil
	}
	north, east := 51.4779, 0.0 // the Royal Observatory, Greenwich
	if err := h.Rules.PutSettings(ctx, home.RuleSettings{Latitude: &north, Longitude: &east}, "demo"); err != nil {
		return fmt.Errorf("demo: place: %w", err)
	}
	light := home.Act{Do: home.ActCommand, Trait: home.Switch, Value: home.On, For: home.Duration(4 * time.Hour)}
	door := home.When{Event: home.WhenReading, Trait: home.Contact, Value: home.Open, For: home.Duration(10 * time.Minute)}
	for _, it := range f.items {
		switch it.key {
		case "lamp":
			light.Device = it.device()
		case "back-door":
			door.Device = it.device()
		}
	}
	for _, r := range []home.Rule{
		{ID: "evening-light", Name: "Evening light", Enabled: true, When: home.When{Event: home.WhenSunset, Offset: home.Duration(-15 * time.Minute)}, If: `not armed`, Then: []home.Act{light}},
		{ID: "back-door-left-open", Name: "Back door left open", Enabled: true, When: door, Then: []home.Act{{Do: home.ActTell, Text: "The back door has been open for ten minutes."}}},
	} {
		if err := makeRule(ctx, h, r); err != nil && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("demo: rule: %w", err)
		}
	}
	return nil
}

// makeRule makes a rule as soon as the devices that it names have been met.
func makeRule(ctx context.Context, h hub.House, r home.Rule) error {
	met := h.Devices.Changes.Subscribe(1)
	defer met.Close()
	for {
		_, err := h.Rules.PutRule(ctx, r, "demo")
		if invalid := (*home.Invalid)(nil); !errors.As(err, &invalid) {
			return err
		}
		if _, err := met.Next(ctx); err != nil {
			return err
		}
	}
}

func welcome(w io.Writer, page net.Addr) {
	fmt.Fprintf(w, `
DEMO: a simulated home. Nothing here is real, and nothing leaves this machine.

  The hub's page         http://%[1]s/
  sign in as             %[2]s
  password               %[3]s
  TOTP secret            %[4]s   (the sign-in page shows the present code)
  code for the keypad    %[5]s

  Open a door, ring the bell, walk past a sensor, unplug a camera, pull the stick, jam the radio,
  cut the mains, set the clock:
                         http://%[1]s%[6]s
  The cameras record once you have made a vault: http://%[1]s/cameras

Ctrl-C ends it.
`, page, Owner, Password, TOTP, Code, Path)
}

// settings are short, so that nobody waits a minute to see a siren. They are
// outside of what the standard allows, and the panel says so.
func settings() home.AlarmSettings {
	s := alarm.DefaultSettings()
	s.ExitDelay, s.EntryDelay, s.AbortWindow = home.Duration(10*time.Second), home.Duration(15*time.Second), home.Duration(15*time.Second)
	s.OutsideStandard = true
	return s
}
