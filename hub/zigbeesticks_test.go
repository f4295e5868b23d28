package hub

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/config"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/port"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee/zigbeesim"
)

func TestStickOf(t *testing.T) {
	cp210x := func(maker, name string) port.USB {
		return port.USB{Vendor: "10c4", Product: "ea60", Maker: maker, Name: name}
	}
	flow := port.Options{RTSCTS: true}
	for _, c := range []struct {
		path string
		usb  port.USB
		kind string
		line port.Options
	}{
		{"usb-Nabu_Casa_ZBT-2_10B41DE58D6C-if00", port.USB{}, familyEZSP, port.Options{Baud: 460800, RTSCTS: true}},
		{"usb-Nabu_Casa_SkyConnect_v1.0_3abe54797c91ed118fc3cad13b20a111-if00", port.USB{}, familyEZSP, flow},
		{"usb-Nabu_Casa_Home_Assistant_Connect_ZBT-1_9e2adbd75b8beb119fe564a0f320645d-if00", port.USB{}, familyEZSP, flow},
		{"usb-ITEAD_SONOFF_Zigbee_3.0_USB_Dongle_Plus_V2_20240122184111-if00", port.USB{}, familyEZSP, port.Options{}},
		{"usb-ITead_Sonoff_Zigbee_3.0_USB_Dongle_Plus_b8b49abd27a6ed11a280eba32981d5c7-if00-port0", port.USB{}, familyZNP, port.Options{}},
		{"usb-SMLIGHT_SMLIGHT_SLZB-07_be9faa0786e1ea11bd68dc2d9a583111-if00-port0", port.USB{}, familyEZSP, flow},
		{"usb-SMLIGHT_SMLIGHT_SLZB-07p7_be9faa0786e1ea11bd68dc2d9a583112-if00-port0", port.USB{}, familyZNP, port.Options{}},
		{"usb-SMLIGHT_SMLIGHT_SLZB-06M_be9faa0786e1ea11bd68dc2d9a583113-if00-port0", port.USB{}, familyEZSP, port.Options{}},
		// By what they are, when they are named by number.
		{"ttyUSB0", cp210x("Nabu Casa", "SkyConnect v1.0"), familyEZSP, flow},
		{"ttyUSB0", cp210x("Itead", "Sonoff Zigbee 3.0 USB Dongle Plus"), familyZNP, port.Options{}},
		{"ttyACM0", port.USB{Vendor: "303a", Product: "831a", Maker: "Nabu Casa", Name: "ZBT-2"}, familyEZSP, port.Options{Baud: 460800, RTSCTS: true}},
		{"ttyACM0", port.USB{Vendor: "1a86", Product: "55d4", Maker: "ITEAD", Name: "SONOFF Zigbee 3.0 USB Dongle Plus V2"}, familyEZSP, port.Options{}},
		// Other ids make it another thing, whatever it calls itself.
		{"ttyACM0", port.USB{Vendor: "0658", Product: "0200", Name: "ZBT-2"}, "", port.Options{}},
		{"ttyUSB0", cp210x("Silicon Labs", "CP2102N USB to UART Bridge Controller"), "", port.Options{}},
	} {
		if got := stickOf("/dev/serial/by-id/"+c.path, c.usb); got.kind != c.kind || got.line != c.line {
			t.Errorf("%s %+v: got %q %+v, want %q %+v", c.path, c.usb, got.kind, got.line, c.kind, c.line)
		}
	}
	if got := stickOf("tcp://zbt-2:6638", port.USB{}); got.kind != "" || got.line != (port.Options{}) {
		t.Errorf("a stick on the network: %+v", got)
	}
}

// hears tells whether the door's next movement is heard.
func (m *meadow) hears(what string) {
	m.t.Helper()
	want := home.Closed
	if m.door.IsOpen() {
		m.door.Close()
	} else {
		m.door.Open()
		want = home.Open
	}
	m.pass(2 * time.Second)
	if d, _ := m.devices.Device(m.id(m.door)); d.Traits[home.Contact].Value != want {
		m.t.Errorf("%s: the door is %v, want %v", what, d.Traits[home.Contact].Value, want)
	}
}

// A coordinator that crashes is back within seconds with its network, and the hub
// goes on.
func TestZigbeeCoordinatorCrash(t *testing.T) {
	eachFamily(t, func(t *testing.T, m *meadow) {
		_, _, _, key := m.sim.Network()
		before := m.zigbee.State()
		for range 3 {
			m.sim.Crash()
			m.pass(10 * time.Second)
			m.absent(health.RadioDown, zigbeehome.Kind)
			m.hears("after a crash")
		}
		after := m.zigbee.State()
		_, _, _, now := m.sim.Network()
		if after.State != "up" || after.Network != before.Network || now != key || !after.Since.After(before.Since.Time) {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
}

// One that hangs is noticed though nobody sends anything, is a trouble as long as
// it does not answer, and the network resumes when it does.
func TestZigbeeCoordinatorThatHangs(t *testing.T) {
	eachFamily(t, func(t *testing.T, m *meadow) {
		m.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Mute})
		m.pass(50 * time.Second)
		m.present(health.RadioDown, zigbeehome.Kind, "the stick does not answer")
		m.pass(10 * time.Minute)
		m.present(health.RadioDown, zigbeehome.Kind, "Zigbee stick")
		m.sim.Heal()
		m.pass(30 * time.Second)
		m.absent(health.RadioDown, zigbeehome.Kind)
		m.hears("after it hung")
	})
}

// One that is pulled is a trouble, and the network resumes when it is put back;
// one whose memory was erased meanwhile is refused, and named.
func TestZigbeeCoordinatorUnplugged(t *testing.T) {
	eachFamily(t, func(t *testing.T, m *meadow) {
		m.sim.Unplug()
		m.pass(10 * time.Second)
		m.present(health.RadioDown, zigbeehome.Kind, "Zigbee stick")
		m.sim.Plug()
		m.pass(10 * time.Second)
		m.absent(health.RadioDown, zigbeehome.Kind)
		m.hears("put back")
	})
}

// wayward is a network port to a stick that can be cut and be wayward.
type wayward struct {
	l     net.Listener
	stick *zigbeesim.Stick

	mu      sync.Mutex
	refuses int // connections that it takes and drops
	open    []net.Conn
	tried   chan struct{} // one for each that it dropped
}

// run serves until the listener closes.
func (b *wayward) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		c, err := b.l.Accept()
		if err != nil {
			return
		}
		b.mu.Lock()
		drop := b.refuses > 0
		if drop {
			b.refuses--
		} else {
			b.open = append(b.open, c)
		}
		b.mu.Unlock()
		if drop {
			_ = c.Close()
			b.tried <- struct{}{}
			continue
		}
		wg.Go(func() { _ = b.stick.Serve(ctx, c) })
	}
}

// cut ends every connection, and drops so many of the next.
func (b *wayward) cut(refuses int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuses = refuses
	for _, c := range b.open {
		_ = c.Close()
	}
	b.open = nil
}

// A stick on the network whose port does not open again at first, as a gateway's
// that still holds the old connection, is tried until it does; all the while the
// hub lives, and says what is wrong.
func TestZigbeeNetworkStickWhosePortDoesNotReopen(t *testing.T) {
	for name, o := range map[string]zigbeesim.Options{"znp": {}, "ezsp": {EZSP: 13}} {
		t.Run(name, func(t *testing.T) {
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			b := &wayward{l: l, stick: zigbeesim.New(o), tried: make(chan struct{}, 10)}
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { b.run(ctx) })
			h, err := build(Options{
				Config: config.Config{Data: filepath.Join(t.TempDir(), "data"), Name: "Test", Zigbee: config.Zigbee{Port: "tcp://" + l.Addr().String(), Adapter: name}},
				Log:    slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() { _ = h.zigbee.run(ctx) })
			defer func() {
				cancel()
				_ = l.Close()
				wg.Wait()
				h.close()
			}()
			up := func() bool { return h.zigbee.State().State == "up" }
			within(t, "the stick is up", up)
			const refuses = 3
			b.cut(refuses)
			for range refuses {
				<-b.tried
			}
			s := h.zigbee.State()
			if s.State != "down" || !strings.Contains(s.Text, "tcp://127.0.0.1:") || !h.board.Present(health.RadioDown, zigbeehome.Kind) {
				t.Errorf("while the port does not open: %+v", s)
			}
			within(t, "the stick is up again", up)
			if h.board.Present(health.RadioDown, zigbeehome.Kind) {
				t.Error("the trouble stays")
			}
		})
	}
}

// within waits for something that happens in real time.
func within(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.NewTimer(30 * time.Second)
	defer late.Stop()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-late.C:
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}
