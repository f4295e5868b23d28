package znp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee"
	"gatehouse/zigbee/zigbeesim"
	"gatehouse/zigbee/znp"
)

// host is a driver at a simulated stick, which writes down what it hears.
type host struct {
	*znp.Stick
	sim   *zigbeesim.Stick
	port  net.Conn
	ended chan error

	mu    sync.Mutex
	heard []string
}

func (h *host) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard = append(h.heard, fmt.Sprintf(format, args...))
}

func (h *host) Heard(m zigbee.Message) {
	h.note("%04x/%d cluster %04x % x", uint16(m.Peer), m.PeerEndpoint, m.Cluster, m.Payload)
}

func (h *host) Answered(from zigbee.Short, cluster uint16, b []byte) {
	h.note("zdo %04x %04x % x", uint16(from), cluster, b)
}

func (h *host) Announced(d zigbee.IEEE, short zigbee.Short, capability byte, announced bool) {
	h.note("announced %s %04x %02x %v", d, uint16(short), capability, announced)
}

func (h *host) Gone(d zigbee.IEEE) { h.note("gone %s", d) }

// want compares what was heard since it was last asked.
func (h *host) want(t *testing.T, what string, want ...string) {
	t.Helper()
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if diff := cmp.Diff(h.heard, want); diff != "" {
		t.Errorf("%s (-got +want):\n%s", what, diff)
	}
	h.heard = nil
}

// attach drives a simulated stick for one test in a bubble.
func attach(t *testing.T, sim *zigbeesim.Stick) *host {
	t.Helper()
	ours, theirs := net.Pipe()
	h := &host{Stick: znp.Open(ours, slog.New(slog.DiscardHandler)), sim: sim, port: ours, ended: make(chan error, 1)}
	go func() { _ = sim.Serve(t.Context(), theirs) }()
	go func() {
		h.ended <- h.Serve(t.Context(), h)
		_ = ours.Close()
	}()
	t.Cleanup(func() { _ = ours.Close() })
	synctest.Wait()
	return h
}

func play(t *testing.T, o zigbeesim.Options, do func(t *testing.T, h *host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sim := zigbeesim.New(o)
		h := attach(t, sim)
		do(t, h)
		_ = h.port.Close()
		synctest.Wait()
		if v := sim.Violations(); len(v) > 0 {
			t.Errorf("the driver did what it may not: %q", v)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var ours = zigbee.Network{PAN: 0x4711, ExtendedPAN: 0x1122334455667788, Channel: 20, Key: zigbee.Key{1, 2, 3, 15: 9}}

// formed forms a network and resumes it.
func formed(t *testing.T, h *host) {
	t.Helper()
	must(t, h.Form(t.Context(), ours))
	must(t, h.Resume(t.Context()))
}

func TestHello(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		info, err := h.Hello(t.Context())
		must(t, err)
		if want := (zigbee.Info{Family: "znp", Version: "Z-Stack 3.x.0, 20240710", IEEE: 0x00124B000000C0DE}); info != want {
			t.Errorf("got %+v, want %+v", info, want)
		}
		if _, ok, err := h.Network(t.Context()); ok || err != nil {
			t.Errorf("a fresh stick holds a network: %v %v", ok, err)
		}
	})
}

func TestOldFirmwareIsRefused(t *testing.T) {
	play(t, zigbeesim.Options{Product: 2}, func(t *testing.T, h *host) {
		if _, err := h.Hello(t.Context()); err == nil || !strings.Contains(err.Error(), "not Z-Stack 3.x.0") {
			t.Errorf("got %v", err)
		}
	})
}

// Structures in NV are padded on CC26x2 and packed before: each is read.
func TestTrapAlignmentOfNV(t *testing.T) {
	for _, packed := range []bool{false, true} {
		play(t, zigbeesim.Options{Packed: packed}, func(t *testing.T, h *host) {
			must(t, h.Form(t.Context(), ours))
			n, ok, err := h.Network(t.Context())
			must(t, err)
			want := ours
			want.Formed = true
			if !ok || n != want {
				t.Errorf("packed %v: got %v, want %v, with the same key", packed, n, want)
			}
			pan, ext, channel, key := h.sim.Network()
			if pan != ours.PAN || ext != ours.ExtendedPAN || channel != ours.Channel || key != ours.Key {
				t.Errorf("packed %v: the stick holds %04x %016x %d", packed, pan, ext, channel)
			}
		})
	}
}

// STARTUP_OPTION clears itself at a reset, so a later one does not forget the
// network again.
func TestTrapStartupOptionClearsItself(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		h.sim.Unplug()
		h.sim.Plug()
		h = attach(t, h.sim)
		n, ok, err := h.Network(t.Context())
		must(t, err)
		if !ok || !n.Same(ours) {
			t.Errorf("after a restart: %v %v", n, ok)
		}
		must(t, h.Resume(t.Context()))
		must(t, h.Resume(t.Context())) // the endpoint is registered already
		_ = h.port.Close()
	})
}

// Forming may give the stick another IEEE address: it is asked anew.
func TestTrapExtendedAddressAfterForming(t *testing.T) {
	play(t, zigbeesim.Options{NewAddress: 0x00124B00AAAAAAAA}, func(t *testing.T, h *host) {
		before, err := h.Hello(t.Context())
		must(t, err)
		formed(t, h)
		after, err := h.Hello(t.Context())
		must(t, err)
		if before.IEEE == after.IEEE || after.IEEE != 0x00124B00AAAAAAAA {
			t.Errorf("before %s, after %s", before.IEEE, after.IEEE)
		}
	})
}

// AF_INCOMING_MSG carries three bytes behind its data, and other firmware others.
func TestTrapTrailingBytesOfIncomingMessage(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		pad := h.sim.NewKeypad(zigbeesim.Make{IEEE: 0xAB})
		h.sim.Place(pad)
		h.want(t, "placed", "announced 00000000000000ab 2a01 00 false", "announced 00000000000000ab 2a01 80 true")
		pad.Panic()
		h.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Extra, Command: 0x4481})
		pad.Fire()
		h.want(t, "two keys", "2a01/1 cluster 0501 01 00 04", "2a01/1 cluster 0501 01 01 03")
	})
}

// A command that the firmware does not know ends at once, by an RPC error.
func TestTrapUnknownCommandIsAnRPCError(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		h.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Unknown, Command: 0x2700})
		began := time.Now()
		err := h.Resume(t.Context())
		if e, ok := errors.AsType[*znp.UnknownError](err); !ok || e.Error() != "znp: the stick's firmware does not know UTIL_GET_DEVICE_INFO" {
			t.Errorf("got %v", err)
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("it took %s", d)
		}
		must(t, h.Resume(t.Context()))
	})
}

// send sends a switch command and waits for how it ends.
func (h *host) send(t *testing.T, to zigbee.Short) (time.Duration, error) {
	t.Helper()
	began, done := time.Now(), make(chan error, 2)
	h.Send(zigbee.Message{Peer: to, PeerEndpoint: 1, Cluster: 6, Lane: zigbee.LaneUser, Payload: []byte{0x01, 7, 0x01}}, func(err error) { done <- err })
	err := <-done
	synctest.Wait()
	if len(done) > 0 {
		t.Errorf("done is called twice")
	}
	return time.Since(began), err
}

// A message to a device that is not there ends with a confirm of 0xE9, one to a
// sleeper that does not come with 0xF0.
func TestTrapConfirmsOfAbsentDevices(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		plug, door := h.sim.NewPlug(zigbeesim.Make{}), h.sim.NewContact(zigbeesim.Make{})
		h.sim.Place(plug, door)
		if _, err := h.send(t, zigbee.Short(plug.Short())); err != nil || !plug.On() {
			t.Errorf("a plug that is there: %v, on %v", err, plug.On())
		}
		plug.TakeBattery()
		if _, err := h.send(t, zigbee.Short(plug.Short())); !errors.Is(err, zigbee.ErrNoAck) || !strings.HasSuffix(err.Error(), "from the radio") {
			t.Errorf("a plug that is not: %v", err)
		}
		door.TakeBattery()
		time.Sleep(time.Minute)
		d, err := h.send(t, zigbee.Short(door.Short()))
		if !errors.Is(err, zigbee.ErrNoAck) || !strings.HasSuffix(err.Error(), "did not come to fetch it") || d != 7*time.Second {
			t.Errorf("a sleeper that does not come: %v after %s", err, d)
		}
	})
}

func TestFaultsOfTheLine(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault zigbeesim.Fault
		takes time.Duration
		err   string
	}{
		{"split", zigbeesim.Fault{Kind: zigbeesim.Split}, 0, ""},
		{"garbage with a false start", zigbeesim.Fault{Kind: zigbeesim.Garbage}, 0, ""},
		{"the request is lost", zigbeesim.Fault{Kind: zigbeesim.LoseRequest}, 3 * time.Second, ""},
		{"the answer is lost, the confirm comes", zigbeesim.Fault{Kind: zigbeesim.LoseAnswer}, 0, ""},
		{"the answer comes twice", zigbeesim.Fault{Kind: zigbeesim.DoubleAnswer}, 0, ""},
		{"the answer comes late", zigbeesim.Fault{Kind: zigbeesim.LateAnswer, For: 2 * time.Second}, 0, ""},
		{"the answer is garbled, the confirm comes", zigbeesim.Fault{Kind: zigbeesim.BadFCS}, 0, ""},
		{"the confirm is lost", zigbeesim.Fault{Kind: zigbeesim.LoseConfirm}, 30 * time.Second, "no confirm within 30s"},
		{"no room", zigbeesim.Fault{Kind: zigbeesim.Full, Times: 3}, 300 * time.Millisecond, ""},
		{"half a frame", zigbeesim.Fault{Kind: zigbeesim.HalfFrame, Command: 0x4480}, 30 * time.Second, "no confirm within 30s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
				formed(t, h)
				plug := h.sim.NewPlug(zigbeesim.Make{})
				h.sim.Place(plug)
				synctest.Wait()
				h.sim.Inject(c.fault)
				took, err := h.send(t, zigbee.Short(plug.Short()))
				if took != c.takes || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Errorf("took %s: %v; want %s: %q", took, err, c.takes, c.err)
				}
				if !plug.On() {
					t.Error("the plug is off")
				}
				h.sim.Heal()
				time.Sleep(5 * time.Second)
				if _, err := h.send(t, zigbee.Short(plug.Short())); err != nil {
					t.Errorf("the next message: %v", err)
				}
			})
		})
	}
}

// A stick that falls silent is noticed without anybody sending anything.
func TestSilentStickIsNoticed(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		time.Sleep(time.Hour)
		began := time.Now()
		h.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Mute})
		err := <-h.ended
		if d := time.Since(began); d > 36*time.Second || err == nil || !strings.Contains(err.Error(), "does not answer") {
			t.Errorf("after %s: %v", d, err)
		}
		if _, err := h.send(t, 0x2A01); !errors.Is(err, zigbee.ErrDown) {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestStickThatRestartsIsNoticed(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		h.sim.Crash()
		if err := <-h.ended; err == nil || !strings.Contains(err.Error(), "restarted by itself") {
			t.Errorf("got %v", err)
		}
	})
}

// Who waits for a confirm when the port closes is told, once.
func TestPortThatCloses(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		door := h.sim.NewContact(zigbeesim.Make{})
		h.sim.Place(door)
		door.TakeBattery()
		time.Sleep(time.Minute)
		go func() {
			time.Sleep(time.Second)
			h.sim.Unplug()
		}()
		if d, err := h.send(t, zigbee.Short(door.Short())); !errors.Is(err, zigbee.ErrDown) || d != time.Second {
			t.Errorf("after %s: %v", d, err)
		}
		if err := <-h.ended; err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

// A siren passes what waits, although every slot of the stick is taken by
// messages to sleepers.
func TestSirenPassesWhatWaits(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		door, siren := h.sim.NewContact(zigbeesim.Make{}), h.sim.NewSiren(zigbeesim.Make{})
		h.sim.Place(door, siren)
		door.TakeBattery()
		time.Sleep(time.Minute)
		for range 40 {
			h.Send(zigbee.Message{Peer: zigbee.Short(door.Short()), PeerEndpoint: 1, Cluster: 0x500, Lane: zigbee.LanePoll, Payload: []byte{0, 1, 0, 2, 0}}, func(error) {})
		}
		h.Send(zigbee.Message{
			Peer: zigbee.Short(siren.Short()), PeerEndpoint: 1, Cluster: 0x502, Lane: zigbee.LaneSiren,
			Payload: []byte{0x11, 1, 0, 0x17, 60, 0, 50, 1},
		}, func(error) {})
		synctest.Wait()
		if !siren.Sounding() {
			t.Error("the siren is silent")
		}
		time.Sleep(time.Minute)
		if siren.Sounding() {
			t.Error("it sounds for longer than it was told")
		}
	})
}

func TestPermitJoin(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		door := h.sim.NewContact(zigbeesim.Make{IEEE: 0xD00})
		door.Press()
		h.want(t, "closed")
		must(t, h.PermitJoin(t.Context(), zigbee.Permit{For: time.Minute, Through: zigbee.Everyone}))
		door.Press()
		h.want(t, "open", "announced 0000000000000d00 2a01 00 false", "announced 0000000000000d00 2a01 80 true")
		door.Leave()
		h.want(t, "left", "gone 0000000000000d00")
		time.Sleep(time.Minute)
		door.Press()
		h.want(t, "closed by itself")
		must(t, h.PermitJoin(t.Context(), zigbee.Permit{For: time.Minute, Through: zigbee.Everyone}))
		must(t, h.PermitJoin(t.Context(), zigbee.Permit{}))
		door.Press()
		h.want(t, "closed by hand")
	})
}

func TestZDO(t *testing.T) {
	play(t, zigbeesim.Options{}, func(t *testing.T, h *host) {
		formed(t, h)
		plug := h.sim.NewPlug(zigbeesim.Make{IEEE: 0xF00})
		h.sim.Place(plug)
		h.want(t, "placed", "announced 0000000000000f00 2a01 00 false", "announced 0000000000000f00 2a01 8e true")
		for _, c := range []struct {
			cluster uint16
			request []byte
			want    string
		}{
			{0x0000, []byte{0, 0x0F, 0, 0, 0, 0, 0, 0, 0, 0}, "zdo 0000 8000 00 00 0f 00 00 00 00 00 00 01 2a 00 00"},
			{0x0002, []byte{1, 0x2A}, "zdo 2a01 8002 00 01 2a 01 40 8e 7c 11 52 52 00 00 00 52 00 00"},
			{0x0005, []byte{1, 0x2A}, "zdo 2a01 8005 00 01 2a 01 01"},
			{0x0021, []byte{0, 0x0F, 0, 0, 0, 0, 0, 0, 1, 6, 0, 3, 0xDE, 0xC0, 0, 0, 0, 0x4B, 0x12, 0, 1}, "zdo 2a01 8021 00"},
		} {
			h.Ask(zigbee.Short(plug.Short()), c.cluster, c.request, func(err error) { must(t, err) })
			h.want(t, fmt.Sprintf("cluster %04x", c.cluster), c.want)
		}
	})
}
