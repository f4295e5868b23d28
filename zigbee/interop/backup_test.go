//go:build interop

package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/ezsp"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zigbeesim"
	"gatehouse/zigbee/znp"
)

// network is what the peer is told to form or to come back to.
type network struct {
	Path        string `json:"path"`
	Adapter     string `json:"adapter"`
	PAN         uint16 `json:"panID"`
	ExtendedPAN string `json:"extendedPanID"`
	Channel     byte   `json:"channel"`
	Key         string `json:"key"`
	Backup      string `json:"backupPath"`
}

// home is our side: a controller at the same stick, and what it keeps.
type home struct {
	t     *testing.T
	ctl   *zigbee.Controller
	zones chan zcl.ZoneStatus

	mu      sync.Mutex
	network *zigbee.Network
	devices map[zigbee.IEEE]zigbee.Device
	backup  []byte
}

func (h *home) LoadNetwork() (zigbee.Network, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.network == nil {
		return zigbee.Network{}, false, nil
	}
	return *h.network, true, nil
}

func (h *home) SaveNetwork(n zigbee.Network) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.network = &n
	return nil
}

func (h *home) LoadDevices() ([]zigbee.Device, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var l []zigbee.Device
	for _, d := range h.devices {
		l = append(l, d)
	}
	return l, nil
}

func (h *home) SaveDevice(d zigbee.Device) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.devices[d.IEEE] = d
	return nil
}

func (h *home) DeleteDevice(a zigbee.IEEE) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.devices, a)
	return nil
}

func (h *home) LoadBackup() (zigbee.Backup, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.backup == nil {
		return zigbee.Backup{}, false, nil
	}
	b, err := zigbee.ParseBackup(h.backup)
	return b, err == nil, err
}

func (h *home) SaveBackup(b zigbee.Backup) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.backup = b.Append(nil)
	return nil
}

func newHome(t *testing.T) *home {
	return &home{t: t, zones: make(chan zcl.ZoneStatus, 100), devices: map[zigbee.IEEE]zigbee.Device{}}
}

// at drives the stick behind addr until the test, or who calls end, has enough. It
// waits until the network is up.
func (h *home) at(addr string, family byte) (end func()) {
	h.t.Helper()
	up := make(chan struct{}, 10)
	h.ctl = zigbee.New(zigbee.Options{
		Open: func(p io.ReadWriter) zigbee.Adapter {
			if family != 0 {
				return ezsp.Open(p, slog.New(slog.DiscardHandler))
			}
			return znp.Open(p, slog.New(slog.DiscardHandler))
		},
		OnEvent: func(e zigbee.Event) {
			switch e := e.(type) {
			case zigbee.Ready:
				up <- struct{}{}
			case zigbee.Report:
				if c, ok := e.Command.(zcl.ZoneStatusChange); ok {
					h.zones <- c.Status
				}
			}
		},
		Store: h, Source: "gatehouse@interop",
	})
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				err = h.ctl.Run(ctx, c)
			}
			if ctx.Err() == nil {
				h.t.Log("ours starts again:", err)
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
				}
			}
		}
	}()
	select {
	case <-up:
	case <-time.After(time.Minute):
		h.t.Fatal("our network never came up")
	}
	return func() {
		cancel()
		<-done
	}
}

// The peer's network moves in with us by the backup that it wrote, to another stick
// of its family and of the other one, and a door of it is heard.
func TestTheirNetworkMovesIn(t *testing.T) {
	for name, o := range map[string]zigbeesim.Options{"znp": {IEEE: 2}, "ezsp": {IEEE: 2, EZSP: 13}} {
		t.Run(name, func(t *testing.T) {
			stick := zigbeesim.New(zigbeesim.Options{})
			addr := listening(t, stick)
			file := filepath.Join(t.TempDir(), "coordinator_backup.json")
			door := stick.NewContact(zigbeesim.Make{Name: "Door"})
			peer := move(t, network{"tcp://" + addr, "zstack", 0x4711, "0102030405060708", 20, "a102030405060708090a0b0c0d0e0f10", file})
			peer.does("start", "")
			peer.does("permit", "")
			door.Press()
			peer.until("interview successful")
			peer.does("close", "")
			peer.does("backup", "")
			peer.does("stop", "")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			b, err := zigbee.ParseBackup(text)
			if err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			if b.Network.PAN != 0x4711 || b.Network.ExtendedPAN != 0x0102030405060708 || len(b.Devices) != 1 || uint64(b.Devices[0].IEEE) != door.IEEE() || b.Devices[0].Link == nil {
				t.Errorf("read %s, %+v", b, b.Devices)
			}
			stick.ReplaceBy(o)
			h := newHome(t)
			if err := zigbee.Adopt(h, b, time.Now()); err != nil {
				t.Fatal(err)
			}
			end := h.at(addr, o.EZSP)
			defer end()
			door.Open() // it sleeps, and is told on this occasion whom to report to
			late := time.After(time.Minute)
			for open := false; !open; {
				select {
				case s := <-h.zones:
					open = s&1 != 0
				case <-late:
					t.Fatal("the door was never heard")
				}
			}
			if !door.Trusts() {
				t.Error("the stick has another link key than the door")
			}
			if v := stick.Violations(); len(v) > 0 {
				t.Errorf("what may not be done: %q", v)
			}
		})
	}
}

// And the other way: the peer takes our backup to a fresh stick.
func TestOurNetworkMovesOut(t *testing.T) {
	stick := zigbeesim.New(zigbeesim.Options{})
	addr := listening(t, stick)
	h := newHome(t)
	end := h.at(addr, 0)
	door := stick.NewContact(zigbeesim.Make{Name: "Door"})
	stick.Place(door)
	b, err := h.ctl.Backup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	end()
	file := filepath.Join(t.TempDir(), "coordinator_backup.json")
	if err := os.WriteFile(file, h.backup, 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := b.Network.Key.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	stick.ReplaceBy(zigbeesim.Options{IEEE: 2})
	peer := move(t, network{"tcp://" + addr, "zstack", b.Network.PAN, fmt.Sprintf("%016x", b.Network.ExtendedPAN), b.Network.Channel, string(key), file})
	if s := peer.does("start", ""); s.Result != "restored" {
		t.Errorf("it started as %q, want restored", s.Result)
	}
	if pan, ext, channel, held := stick.Network(); pan != b.Network.PAN || ext != b.Network.ExtendedPAN || channel != b.Network.Channel || held != b.Network.Key {
		t.Errorf("the stick holds %04x %016x on %d, want %s", pan, ext, channel, b.Network)
	}
	if !door.Trusts() {
		t.Error("the stick has another link key than the door")
	}
	peer.does("stop", "")
	if v := stick.Violations(); len(v) > 0 {
		t.Errorf("what the peer may not do, which is our simulator's mistake: %q", v)
	}
}

// move starts the peer with a network and a backup's file.
func move(t *testing.T, n network) *host {
	t.Helper()
	b, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return peer(t, "mover.mjs", string(b))
}
