package hub

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/hub/config"
	"gatehouse/hub/face/homekit/hap/haptest"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// appleHouse is a hub with Apple Home at a port of loopback; parts are what runs.
func appleHouse(t *testing.T, data string, port int) (h *Hub, run func(names ...string) (end func())) {
	t.Helper()
	h, err := build(Options{
		Config: config.Config{Data: data, Name: "Elm Street", Interfaces: []string{"lo"}, HomeKit: config.HomeKit{Enabled: true, Port: port}},
		Log:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, func(names ...string) func() {
		ctx, cancel := context.WithCancelCause(t.Context())
		parts := slices.DeleteFunc(append(h.core(), h.faces()...), func(p part) bool { return !slices.Contains(names, p.name) })
		running := start(ctx, h.log, cancel, parts...)
		return func() {
			cancel(nil)
			running.wait()
		}
	}
}

func (h *Hub) pairs(t *testing.T) *haptest.Controller {
	t.Helper()
	if err := h.homekit.Open("Anna"); err != nil {
		t.Fatal(err)
	}
	d := haptest.New("phone")
	s := h.homekit.Status()
	if err := d.PairAt(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)), s.Code); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPortThatAppleHomeWantsIsInUse: nothing is wrong as long as nobody wants the
// port; then it is said, and over once it is free. The pairing outlives it all.
func TestPortThatAppleHomeWantsIsInUse(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	// The port is none of those that the system gives to whoever wants any, which a test
	// beside this one may while nobody has it.
	var l net.Listener
	var err error
	for range 100 {
		if l, err = net.Listen("tcp", fmt.Sprint("127.0.0.1:", 20000+rand.IntN(10000))); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := net.SplitHostPort(l.Addr().String())
	port, _ := strconv.Atoi(text)

	h, run := appleHouse(t, data, port)
	end := run("homekit")
	if err := h.homekit.Open("Anna"); err == nil || !strings.Contains(err.Error(), "homekit.port") || !strings.Contains(err.Error(), text) {
		t.Errorf("opening: %v, want the port and the key of the configuration", err)
	}
	if h.board.Present(health.HomeKitDown, "") {
		t.Error("nobody is paired, and the port is missed")
	}
	l.Close()
	d := h.pairs(t)
	end()
	h.close()

	if l, err = net.Listen("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	h, run = appleHouse(t, data, port)
	defer h.close()
	end = run("homekit")
	defer end()
	until(t, "the port in use is said", func() bool { return h.board.Present(health.HomeKitDown, "") })
	l.Close()
	until(t, "it is over", func() bool { return !h.board.Present(health.HomeKitDown, "") })
	until(t, "the phone is let in again", func() bool {
		c, err := d.Connect(l.Addr().String())
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// TestMoreDevicesThanAppleHomeTakes: what is left out is said, and over when there
// is room again.
func TestMoreDevicesThanAppleHomeTakes(t *testing.T) {
	h, run := appleHouse(t, filepath.Join(t.TempDir(), "data"), 0)
	defer h.close()
	for i := range 150 {
		h.devices.Introduce(home.Device{
			ID: home.DeviceID(fmt.Sprintf("zwave-%d", i)), Name: "Door", Radio: "zwave", Health: home.HealthOK,
			Traits: map[home.Trait]home.State{home.Contact: {}},
		})
	}
	defer run("homekit", "devices")()
	h.pairs(t)
	until(t, "two devices are left out", func() bool {
		list := h.board.List()
		return slices.ContainsFunc(list, func(i home.TroubleItem) bool {
			return i.Code == string(health.HomeKitFull) && strings.Contains(i.Text, "so 2 devices")
		})
	})
	if h.board.Present(health.HomeKitDown, "") {
		t.Error("told to be down")
	}
	for _, id := range []home.DeviceID{"zwave-3", "zwave-4"} {
		h.devices.Left(id, "Anna")
	}
	until(t, "there is room", func() bool { return !h.board.Present(health.HomeKitFull, "") })
}

// TestAppleHomeIsSwitchedOff: a hub that does without says so, and is well.
func TestAppleHomeIsSwitchedOff(t *testing.T) {
	h, err := build(Options{Config: config.Config{Data: filepath.Join(t.TempDir(), "data")}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	if h.homekit != nil || h.board.Present(health.HomeKitDown, "") {
		t.Error("there is an Apple Home face")
	}
}
