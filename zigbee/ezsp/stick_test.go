package ezsp_test

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
	"gatehouse/zigbee/ezsp"
	"gatehouse/zigbee/zigbeesim"
)

// host is a driver at a simulated stick, which writes down what it hears.
type host struct {
	*ezsp.Stick
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
	h := &host{Stick: ezsp.Open(ours, slog.New(slog.DiscardHandler)), sim: sim, port: ours, ended: make(chan error, 1)}
	go func() { _ = sim.Serve(t.Context(), theirs) }()
	go func() {
		h.ended <- h.Serve(t.Context(), h)
		_ = ours.Close()
	}()
	t.Cleanup(func() { _ = ours.Close() })
	synctest.Wait()
	return h
}

// versions are those whose frames differ, and the newest.
var versions = []byte{13, 14, 19}

// play plays with a stick of each version.
func play(t *testing.T, do func(t *testing.T, h *host)) {
	t.Helper()
	for _, v := range versions {
		t.Run(fmt.Sprintf("EZSP %d", v), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := zigbeesim.New(zigbeesim.Options{EZSP: v})
				h := attach(t, sim)
				do(t, h)
				_ = h.port.Close()
				synctest.Wait()
				if v := sim.Violations(); len(v) > 0 {
					t.Errorf("the driver did what it may not: %q", v)
				}
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *host) hello(t *testing.T) zigbee.Info {
	t.Helper()
	info, err := h.Hello(t.Context())
	must(t, err)
	return info
}

var ours = zigbee.Network{PAN: 0x4711, ExtendedPAN: 0x1122334455667788, Channel: 20, Key: zigbee.Key{1, 2, 3, 15: 9}}

// formed forms a network and resumes it.
func formed(t *testing.T, h *host) {
	t.Helper()
	h.hello(t)
	must(t, h.Form(t.Context(), ours))
	must(t, h.Resume(t.Context()))
}

func TestHello(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
		for range 2 {
			info := h.hello(t)
			if info.Family != "ezsp" || !strings.HasPrefix(info.Version, "EmberZNet 7.4.1, EZSP 1") || info.IEEE != 0x00124B000000C0DE {
				t.Errorf("got %+v", info)
			}
		}
		if _, ok, err := h.Network(t.Context()); ok || err != nil {
			t.Errorf("a fresh stick holds a network: %v %v", ok, err)
		}
		if err := h.Resume(t.Context()); !errors.Is(err, zigbee.ErrForeign) {
			t.Errorf("it resumes: %v", err)
		}
	})
}

func TestVersionsThatAreRefused(t *testing.T) {
	for v, want := range map[byte]string{
		8:  "speaks EZSP 8, and the hub 13 to 19: update the stick's firmware to EmberZNet 7.4 or newer",
		12: "speaks EZSP 12, and the hub 13 to 19: update the stick's firmware",
		20: "speaks EZSP 20, which is newer than what the hub knows (13 to 19): update the hub",
	} {
		synctest.Test(t, func(t *testing.T) {
			h := attach(t, zigbeesim.New(zigbeesim.Options{EZSP: v}))
			if _, err := h.Hello(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("EZSP %d: got %v", v, err)
			}
			_ = h.port.Close()
		})
	}
}

func TestForming(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
		formed(t, h)
		want := ours
		want.Formed = true
		if n, ok, err := h.Network(t.Context()); err != nil || !ok || n != want {
			t.Errorf("got %v %v %v, want %v, with the same key", n, ok, err, want)
		}
		if pan, ext, channel, key := h.sim.Network(); pan != ours.PAN || ext != ours.ExtendedPAN || channel != ours.Channel || key != ours.Key {
			t.Errorf("the stick holds %04x %016x %d", pan, ext, channel)
		}
		other := zigbee.Network{PAN: 0x0815, ExtendedPAN: 7, Channel: 11, Key: zigbee.Key{7}}
		must(t, h.Form(t.Context(), other)) // it leaves the other first
		if n, ok, err := h.Network(t.Context()); err != nil || !ok || !n.Same(other) {
			t.Errorf("formed anew: %v %v %v", n, ok, err)
		}
	})
}

// The network survives the pulling of the stick and its own restart.
func TestNetworkSurvives(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
		formed(t, h)
		h.sim.Unplug()
		h.sim.Plug()
		h = attach(t, h.sim)
		h.hello(t)
		if n, ok, err := h.Network(t.Context()); err != nil || !ok || !n.Same(ours) {
			t.Errorf("after a restart: %v %v %v", n, ok, err)
		}
		must(t, h.Resume(t.Context()))
		door := h.sim.NewContact(zigbeesim.Make{IEEE: 0xD00})
		h.sim.Place(door)
		h.want(t, "placed", "announced 0000000000000d00 2a01 00 false", "announced 0000000000000d00 2a01 80 true")
		_ = h.port.Close()
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

func TestConfirmsOfAbsentDevices(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
		formed(t, h)
		plug, door := h.sim.NewPlug(zigbeesim.Make{}), h.sim.NewContact(zigbeesim.Make{})
		h.sim.Place(plug, door)
		if _, err := h.send(t, zigbee.Short(plug.Short())); err != nil || !plug.On() {
			t.Errorf("a plug that is there: %v, on %v", err, plug.On())
		}
		plug.TakeBattery()
		if _, err := h.send(t, zigbee.Short(plug.Short())); !errors.Is(err, zigbee.ErrNoAck) {
			t.Errorf("a plug that is not: %v", err)
		}
		door.TakeBattery()
		time.Sleep(time.Minute)
		if d, err := h.send(t, zigbee.Short(door.Short())); !errors.Is(err, zigbee.ErrNoAck) || d != 7*time.Second {
			t.Errorf("a sleeper that does not come: %v after %s", err, d)
		}
	})
}

// What the line loses, garbles or doubles costs time at most.
func TestFaultsOfTheLine(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault zigbeesim.Fault
		takes time.Duration // at most
		err   string
	}{
		{"split", zigbeesim.Fault{Kind: zigbeesim.Split}, 0, ""},
		{"garbage", zigbeesim.Fault{Kind: zigbeesim.Garbage}, 0, ""},
		{"the request is lost", zigbeesim.Fault{Kind: zigbeesim.LoseRequest}, 1600 * time.Millisecond, ""},
		{"the answer is lost", zigbeesim.Fault{Kind: zigbeesim.LoseAnswer}, 1600 * time.Millisecond, ""},
		{"the answer comes twice", zigbeesim.Fault{Kind: zigbeesim.DoubleAnswer}, 0, ""},
		{"the answer is garbled", zigbeesim.Fault{Kind: zigbeesim.BadFCS}, 0, ""},
		{"half an answer", zigbeesim.Fault{Kind: zigbeesim.HalfFrame}, 1600 * time.Millisecond, ""},
		{"more than is known", zigbeesim.Fault{Kind: zigbeesim.Extra, Command: 0x3F}, 0, ""},
		{"the confirm is lost", zigbeesim.Fault{Kind: zigbeesim.LoseConfirm}, 30 * time.Second, "no confirm within 30s"},
		{"no room", zigbeesim.Fault{Kind: zigbeesim.Full, Times: 3}, 300 * time.Millisecond, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(t *testing.T, h *host) {
				formed(t, h)
				plug := h.sim.NewPlug(zigbeesim.Make{})
				h.sim.Place(plug)
				synctest.Wait()
				h.sim.Inject(c.fault)
				took, err := h.send(t, zigbee.Short(plug.Short()))
				if took > c.takes || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Errorf("took %s: %v; want %s: %q", took, err, c.takes, c.err)
				}
				if !plug.On() {
					t.Error("the plug is off")
				}
				if n := h.sim.Faults(); n != 0 && c.fault.Kind != zigbeesim.Split {
					t.Errorf("%d faults did not happen", n)
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

func TestUnknownCommand(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
		formed(t, h)
		h.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Unknown, Command: 0x22})
		err := h.PermitJoin(t.Context(), zigbee.Permit{})
		if e, ok := errors.AsType[*ezsp.UnknownError](err); !ok || e.Error() != "ezsp: the stick's firmware refuses permitJoining (reason 0x36)" {
			t.Errorf("got %v", err)
		}
	})
}

// A stick that falls silent is noticed without anybody sending anything.
func TestSilentStickIsNoticed(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
		formed(t, h)
		time.Sleep(time.Hour)
		began := time.Now()
		h.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Mute})
		err := <-h.ended
		if d := time.Since(began); d > 42*time.Second || err == nil || !strings.Contains(err.Error(), "does not answer") {
			t.Errorf("after %s: %v", d, err)
		}
		if _, err := h.send(t, 0x2A01); !errors.Is(err, zigbee.ErrDown) {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// A port without a stick of this family is told apart within 10 s.
func TestNobodyThere(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
		h.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Mute})
		began := time.Now()
		if _, err := h.Hello(t.Context()); !errors.Is(err, zigbee.ErrDown) {
			t.Errorf("got %v", err)
		}
		if err, d := <-h.ended, time.Since(began); err == nil || err.Error() != "ezsp: the stick does not answer to a reset" || d > 10*time.Second {
			t.Errorf("after %s: %v", d, err)
		}
	})
}

func TestStickThatRestartsIsNoticed(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
		formed(t, h)
		h.sim.Crash()
		if err := <-h.ended; err == nil || err.Error() != "ezsp: the stick restarted by itself: its watchdog" {
			t.Errorf("got %v", err)
		}
	})
}

// Who waits for a confirm when the port closes is told, once.
func TestPortThatCloses(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
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
	play(t, func(t *testing.T, h *host) {
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
	play(t, func(t *testing.T, h *host) {
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

// A door from its joining to its alarm: enrolled, opened, heard; then back under
// another address.
func TestZone(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
		formed(t, h)
		must(t, h.PermitJoin(t.Context(), zigbee.Permit{For: time.Minute, Through: zigbee.Everyone}))
		door := h.sim.NewContact(zigbeesim.Make{IEEE: 0xD00})
		door.Press()
		h.want(t, "joined", "announced 0000000000000d00 2a01 00 false", "announced 0000000000000d00 2a01 80 true")
		send := func(b ...byte) {
			h.Send(zigbee.Message{Peer: zigbee.Short(door.Short()), PeerEndpoint: 1, Cluster: 0x0500, Lane: zigbee.LaneAnswer, Payload: b},
				func(err error) {
					if err != nil {
						t.Errorf("sending: %v", err)
					}
				})
			synctest.Wait()
		}
		send(0x10, 1, 0x02, 0x10, 0x00, 0xF0, 0xDE, 0xC0, 0, 0, 0, 0x4B, 0x12, 0)
		h.want(t, "told whom to report to", "2a01/1 cluster 0500 18 01 04 00")
		send(0x11, 2, 0x00, 0, 7)
		if zone, ok := door.Enrolled(); !ok || zone != 7 {
			t.Fatalf("enrolled %v as %d", ok, zone)
		}
		door.Open()
		h.want(t, "opened", "2a01/1 cluster 0500 09 01 00 01 00 00 07 00 00")
		door.Rejoin()
		door.Close()
		h.want(t, "back", "announced 0000000000000d00 2a02 80 true", "2a02/1 cluster 0500 09 02 00 00 00 00 07 00 00")
	})
}

func TestZDO(t *testing.T) {
	play(t, func(t *testing.T, h *host) {
		formed(t, h)
		plug := h.sim.NewPlug(zigbeesim.Make{IEEE: 0xF00})
		h.sim.Place(plug)
		h.want(t, "placed", "announced 0000000000000f00 2a01 00 false", "announced 0000000000000f00 2a01 8e true")
		for _, c := range []struct {
			to      zigbee.Short
			cluster uint16
			request []byte
			want    string
		}{
			{zigbee.Everyone, 0x0000, []byte{0, 0x0F, 0, 0, 0, 0, 0, 0, 0, 0}, "zdo 2a01 8000 00 00 0f 00 00 00 00 00 00 01 2a"},
			{0x2A01, 0x0002, []byte{1, 0x2A}, "zdo 2a01 8002 00 01 2a 01 40 8e 7c 11 52 52 00 00 00 52 00 00"},
			{0x2A01, 0x0005, []byte{1, 0x2A}, "zdo 2a01 8005 00 01 2a 01 01"},
			{0x2A01, 0x0021, []byte{0, 0x0F, 0, 0, 0, 0, 0, 0, 1, 6, 0, 3, 0xDE, 0xC0, 0, 0, 0, 0x4B, 0x12, 0, 1}, "zdo 2a01 8021 00"},
		} {
			h.Ask(c.to, c.cluster, c.request, func(err error) { must(t, err) })
			h.want(t, fmt.Sprintf("cluster %04x", c.cluster), c.want)
		}
	})
}
