package zigbee_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee"
	"gatehouse/zigbee/ezsp"
	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zigbeesim"
	"gatehouse/zigbee/znp"
)

// memory is a store that outlives controllers.
type memory struct {
	mu      sync.Mutex
	network *zigbee.Network
	devices map[zigbee.IEEE]zigbee.Device
	orders  map[uint64]zigbee.Order
	backup  []byte // as a file
}

func newMemory() *memory {
	return &memory{devices: map[zigbee.IEEE]zigbee.Device{}, orders: map[uint64]zigbee.Order{}}
}

func (m *memory) LoadOrders() ([]zigbee.Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.orders)), nil
}

func (m *memory) SaveOrder(o zigbee.Order) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.orders[o.ID] = o
	return nil
}

func (m *memory) DeleteOrder(id uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.orders, id)
	return nil
}

func (m *memory) LoadBackup() (zigbee.Backup, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.backup == nil {
		return zigbee.Backup{}, false, nil
	}
	b, err := zigbee.ParseBackup(m.backup)
	return b, err == nil, err
}

func (m *memory) SaveBackup(b zigbee.Backup) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.backup = b.Append(nil)
	return nil
}

func (m *memory) LoadNetwork() (zigbee.Network, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.network == nil {
		return zigbee.Network{}, false, nil
	}
	return *m.network, true, nil
}

func (m *memory) SaveNetwork(n zigbee.Network) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.network = &n
	return nil
}

func (m *memory) LoadDevices() ([]zigbee.Device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.devices)), nil
}

func (m *memory) SaveDevice(d zigbee.Device) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.devices[d.IEEE] = d
	return nil
}

func (m *memory) DeleteDevice(id zigbee.IEEE) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.devices, id)
	return nil
}

// rig is a controller at a simulated stick, which writes down what happens.
type rig struct {
	*zigbee.Controller
	t     *testing.T
	sim   *zigbeesim.Stick
	ezsp  byte // the version that the stick speaks; 0: it is of the ZNP family
	store *memory
	log   bytes.Buffer
	ended chan error
	port  net.Conn

	owners atomic.Pointer[[]quirks.Quirk] // quirks of the owner's own
	mu     sync.Mutex
	events []string
	last   zigbee.Report
	wire   []byte // what the host wrote, while tapped
	order  []string
}

func (r *rig) onEvent(e zigbee.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := e.(type) {
	case zigbee.Ready:
		r.events = append(r.events, "ready")
	case zigbee.Down:
		r.events = append(r.events, "down: "+e.Err.Error())
	case zigbee.DeviceAdded:
		r.events = append(r.events, fmt.Sprintf("added %x", uint64(e.Device.IEEE)))
	case zigbee.DeviceChanged:
		r.events = append(r.events, fmt.Sprintf("changed %x studied %v", uint64(e.Device.IEEE), e.Device.Studied))
	case zigbee.DeviceLeft:
		r.events = append(r.events, fmt.Sprintf("left %x", uint64(e.Device)))
	case zigbee.Joining:
		r.events = append(r.events, strings.TrimSpace("join: "+string(e.Join.Step)+" "+e.Join.Reason))
	case zigbee.OrdersChanged:
		said := fmt.Sprintf("%x has waiting:", uint64(e.Device))
		for _, o := range e.Waiting {
			said += " " + o.Note
		}
		r.events = append(r.events, said)
	case zigbee.OrderEnded:
		r.events = append(r.events, fmt.Sprintf("%s ended: %v", e.Order.Note, e.Err))
	case zigbee.Report:
		r.last = e
		switch c := e.Command.(type) {
		case zcl.ZoneStatusChange:
			r.events = append(r.events, fmt.Sprintf("%x zone %d: %#x", uint64(e.Device), c.Zone, uint16(c.Status)))
			r.order = append(r.order, "told")
		case zcl.ReportAttributes:
			r.events = append(r.events, fmt.Sprintf("%x reports %s %v", uint64(e.Device), e.Cluster, c.Attributes[0].Value))
		case zcl.Panic, zcl.Fire, zcl.Emergency, zcl.Arm, zcl.TurnOn, zcl.TurnOff, zcl.Toggle, zcl.MoveLevel, zcl.StepLevel, zcl.RecallScene:
			r.events = append(r.events, fmt.Sprintf("%x %T", uint64(e.Device), c))
		}
	}
}

// take is what happened since it was last asked.
func (r *rig) take() []string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.events
	r.events = nil
	return l
}

func (r *rig) want(what string, want ...string) {
	r.t.Helper()
	if diff := cmp.Diff(r.take(), want); diff != "" {
		r.t.Errorf("%s (-got +want):\n%s", what, diff)
	}
}

// attach runs the controller at the stick.
func (r *rig) attach() {
	ours, theirs := net.Pipe()
	r.port = ours
	r.ended = make(chan error, 1)
	go func() { _ = r.sim.Serve(r.t.Context(), theirs) }()
	go func() { r.ended <- r.Run(r.t.Context(), ours) }()
	time.Sleep(time.Second)
	synctest.Wait()
}

// detach pulls the cable.
func (r *rig) detach() {
	_ = r.port.Close()
	<-r.ended
	synctest.Wait()
}

// restart is another hub with the same memory.
func (r *rig) restart() {
	r.Controller = zigbee.New(zigbee.Options{
		Open: func(p io.ReadWriter) zigbee.Adapter {
			if r.ezsp != 0 {
				return ezsp.Open(p, slog.New(slog.NewTextHandler(&r.log, nil)))
			}
			return znp.Open(p, slog.New(slog.NewTextHandler(&r.log, nil)))
		},
		OnEvent: r.onEvent, Store: r.store, Orders: r.store,
		Quirks: func(l quirks.Likeness) (quirks.Quirk, bool) {
			if own := r.owners.Load(); own != nil {
				return quirks.Find(*own, l)
			}
			return quirks.Find(nil, l)
		},
		Log: slog.New(slog.NewTextHandler(&r.log, nil)),
	})
}

// play plays with a stick of each family.
func play(t *testing.T, do func(t *testing.T, r *rig)) {
	t.Helper()
	t.Run("znp", func(t *testing.T) { playWith(t, 0, do) })
	t.Run("ezsp 13", func(t *testing.T) { playWith(t, 13, do) })
	t.Run("ezsp 14", func(t *testing.T) { playWith(t, 14, do) })
}

func playWith(t *testing.T, version byte, do func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, ezsp: version, store: newMemory()}
		r.sim = zigbeesim.New(zigbeesim.Options{EZSP: version, Tap: func(toHost bool, b []byte) {
			if !toHost {
				r.mu.Lock()
				r.wire = append(r.wire, b...)
				r.order = append(r.order, "written")
				r.mu.Unlock()
			}
		}})
		r.restart()
		r.attach()
		r.want("attached", "ready")
		do(t, r)
		r.detach()
		if v := r.sim.Violations(); len(v) > 0 {
			t.Errorf("the driver did what it may not: %q", v)
		}
	})
}

// joinOne lets a device join and waits until it is known.
func (r *rig) joinOne(d zigbeesim.Device, press func()) {
	r.t.Helper()
	if err := r.PermitJoin(r.t.Context(), zigbee.Opening{For: time.Minute}); err != nil {
		r.t.Fatal(err)
	}
	press()
	time.Sleep(10 * time.Second)
	if j := r.Join(); j.Step != zigbee.JoinDone {
		r.t.Fatalf("joining ended as %+v; log:\n%s", j, r.log.String())
	}
}

func TestNetworkIsRandomAndSecret(t *testing.T) {
	var before [16]byte
	for range 2 {
		play(t, func(t *testing.T, r *rig) {
			pan, ext, channel, key := r.sim.Network()
			if n, ok, _ := r.store.LoadNetwork(); !ok || !n.Formed || n.PAN != pan || n.ExtendedPAN != ext || n.Channel != channel || n.Key != key {
				t.Errorf("remembered %v %v, the stick holds %04x %016x %d", n, ok, pan, ext, channel)
			}
			known := [16]byte{1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13} // Zigbee2MQTT's for years
			if key == before || key == known || key == [16]byte{} || pan == 0x1A62 || ext == 0xDDDDDDDDDDDDDDDD {
				t.Errorf("PAN %04x, extended %016x, key % x: not random", pan, ext, key)
			}
			before = key
			_, n, _ := r.Info()
			for _, text := range []string{r.log.String(), fmt.Sprint(n), fmt.Sprintf("%+v %#v %x %s %d", n.Key, n.Key, n.Key, n.Key, n.Key)} {
				if strings.Contains(text, hex.EncodeToString(key[:])) || strings.Contains(text, fmt.Sprint(key)) || strings.Contains(text, fmt.Sprint(key[0], " ", key[1])) {
					t.Errorf("the key is in %q", text)
				}
			}
			if !strings.Contains(r.log.String(), "forming a Zigbee network") {
				t.Errorf("log:\n%s", r.log.String())
			}
		})
	}
}

func TestNetworkOutlivesStickAndHub(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(door, door.Press)
		r.take()
		pan, _, _, _ := r.sim.Network()
		r.sim.Unplug()
		err := <-r.ended
		if l := r.take(); len(l) != 1 || !strings.HasPrefix(l[0], "down: ") || err == nil {
			t.Errorf("pulled: %q, %v", l, err)
		}
		r.sim.Plug()
		r.attach()
		r.want("put back", "ready")
		door.Open()
		r.want("a door opens", "d zone 0: 0x1")
		r.detach()
		r.take()
		r.restart()
		r.attach()
		r.want("the hub restarts", "ready")
		door.Close()
		r.want("a door closes", "d zone 0: 0x0")
		if again, _, _, _ := r.sim.Network(); again != pan {
			t.Errorf("PAN %04x became %04x", pan, again)
		}
	})
}

func TestForeignNetworksAreRefused(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		mine := *r.store.network
		for _, c := range []struct {
			name string
			do   func()
			want string
		}{
			{"another network on the stick", func() { r.store.network.PAN ^= 1 }, "put the house's own stick in"},
			{"another key", func() { n := mine; n.Key[3] ^= 1; r.store.network = &n }, "put the house's own stick in"},
			{"a network of another program", func() { r.store.network = nil }, "another program formed"},
			{"an empty stick", func() { n := mine; r.store.network = &n; r.sim.Replace() }, "it is empty, and the house has"},
		} {
			r.detach()
			c.do()
			before, _, _, _ := r.sim.Network()
			r.attach()
			select {
			case err := <-r.ended:
				if !errors.Is(err, zigbee.ErrForeign) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: %v", c.name, err)
				}
			default:
				t.Errorf("%s is taken", c.name)
			}
			if after, _, _, _ := r.sim.Network(); before != after {
				t.Errorf("%s: the stick's network changed", c.name)
			}
			r.ended <- nil
		}
	})
}

// A hub that lost its power while it formed its network forms the same again.
func TestFormingIsTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, store: newMemory(), sim: zigbeesim.New(zigbeesim.Options{})}
		r.restart()
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.LoseRequest, Command: 0x2F05, Times: 2})
		r.attach()
		if err := <-r.ended; err == nil {
			t.Fatal("formed without the stick")
		}
		synctest.Wait()
		half, ok, _ := r.store.LoadNetwork()
		if !ok || half.Formed {
			t.Fatalf("remembered %v %v", half, ok)
		}
		r.attach()
		whole, _, _ := r.store.LoadNetwork()
		if !whole.Formed || !whole.Same(half) {
			t.Errorf("began %v, ended %v", half, whole)
		}
		r.detach()
	})
}

// Zones enroll in both ways: those that ask, and those that wait to be told.
func TestJoinInterviewEnroll(t *testing.T) {
	for _, asks := range []bool{false, true} {
		play(t, func(t *testing.T, r *rig) {
			door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD, AsksToEnroll: asks})
			door.Press()
			time.Sleep(time.Minute)
			r.want("closed by default")
			if door.Short() != 0 {
				t.Fatal("the door joined a closed network")
			}
			r.joinOne(door, door.Press)
			r.want(fmt.Sprintf("joined, asks %v", asks), "join: waiting", "added d", "changed d studied false", "join: found", "join: interviewing",
				"changed d studied true", "join: done")
			if r.sim.Permitted() {
				t.Error("the network is open behind the device that joined")
			}
			want := zigbee.Device{
				IEEE: 0xD, Short: zigbee.Short(door.Short()), Manufacturer: 0x117C, Maker: "Gatehouse Sim", Model: "SimContact", Firmware: "1.0", Studied: true,
				Hub: 0x00124B000000C0DE, Endpoints: []zigbee.Endpoint{{
					ID: 1, Profile: 0x0104, Kind: 0x0402, In: []zcl.Cluster{zcl.Basic, zcl.Identify, zcl.PowerConfiguration, zcl.IASZone},
					Zone:  zigbee.Zone{Type: zcl.TypeContact, ID: 0, Enrolled: true},
					Bound: []zcl.Cluster{zcl.PowerConfiguration},
				}},
			}
			got := r.Devices()[0]
			got.LastSeen = time.Time{}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("device (-got +want):\n%s", diff)
			}
			if zone, ok := door.Enrolled(); !ok || zone != 0 {
				t.Errorf("the zone: %d %v", zone, ok)
			}
			door.Open()
			door.Tamper(true)
			door.SetBattery(10)
			r.want("reports", "d zone 0: 0x1", "d zone 0: 0x5", "d reports Power Configuration 20", "d zone 0: 0xd")
			leak := r.sim.NewLeak(zigbeesim.Make{IEEE: 0x1EAC})
			r.joinOne(leak, leak.Press)
			r.take()
			leak.Spill()
			r.want("the second zone has another number", "1eac zone 1: 0x1")
		})
	}
}

// A zone that does not enroll keeps nobody from using its device, and is tried
// again after a while.
func TestZoneThatDoesNotEnroll(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD, AsksToEnroll: true, DeafToEnroll: 2})
		r.stubborn(door)
		r.take()
		door.SetBattery(99) // it answers, so that it is heard is no news
		time.Sleep(20 * time.Second)
		r.want("used", "d reports Power Configuration 198")
		time.Sleep(time.Minute)
		r.want("the second attempt")
		time.Sleep(2 * time.Minute)
		r.want("the third", "changed d studied true")
		if d := r.Devices()[0]; !d.Endpoints[0].Zone.Enrolled {
			t.Errorf("not enrolled: %+v", d)
		}
		door.Open()
		r.want("and it guards", "d zone 0: 0x1")
	})
}

// stubborn has a device join whose zone does not enroll at first.
func (r *rig) stubborn(door *zigbeesim.Contact) {
	r.t.Helper()
	if err := r.PermitJoin(r.t.Context(), zigbee.Opening{For: time.Minute}); err != nil {
		r.t.Fatal(err)
	}
	door.Press()
	time.Sleep(40 * time.Second)
	if d := r.Devices()[0]; !d.Studied || d.Endpoints[0].Zone.Enrolled || d.Endpoints[0].Zone.Type != zcl.TypeContact || r.Join().Step != zigbee.JoinDone {
		r.t.Fatalf("after the first attempt: %+v, joining %+v", d, r.Join())
	}
}

// A zone that could not be reached is tried again as soon as it is back.
func TestZoneThatWasAway(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD, AsksToEnroll: true, DeafToEnroll: 1})
		r.stubborn(door)
		door.TakeBattery()
		time.Sleep(time.Minute) // the second attempt is in vain; the third is in two minutes
		r.take()
		door.PutBattery()
		time.Sleep(10 * time.Second)
		r.want("back", "changed d studied true", "changed d studied true")
		if d := r.Devices()[0]; !d.Endpoints[0].Zone.Enrolled {
			t.Errorf("not enrolled: %+v", d)
		}
	})
}

// The hub ends before it tries again: it does once the device is heard.
func TestZoneIsTakenUpAgain(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD, AsksToEnroll: true, DeafToEnroll: 1})
		r.stubborn(door)
		r.detach()
		r.restart()
		r.attach()
		r.take()
		time.Sleep(10 * time.Minute)
		r.want("it sleeps")
		door.SetBattery(50)
		time.Sleep(10 * time.Second)
		r.want("heard", "d reports Power Configuration 100", "changed d studied true")
		if _, ok := door.Enrolled(); !ok {
			t.Error("not enrolled")
		}
	})
}

// A zone that has forgotten the hub asks, and is enrolled under its number.
func TestZoneThatForgets(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		leak, door := r.sim.NewLeak(zigbeesim.Make{IEEE: 0x1}), r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(leak, leak.Press)
		r.joinOne(door, door.Press)
		r.detach()
		r.restart()
		r.attach()
		r.take()
		door.ForgetZone()
		time.Sleep(10 * time.Second)
		if zone, ok := door.Enrolled(); !ok || zone != 1 {
			t.Errorf("zone %d, enrolled %v, want zone 1", zone, ok)
		}
		r.want("nothing is news")
	})
}

// A report is told before anything is written because of it.
func TestReportIsToldBeforeItIsAnswered(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(door, door.Press)
		time.Sleep(time.Minute)
		r.mu.Lock()
		r.order = nil
		r.mu.Unlock()
		door.Open()
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		// ASH acknowledges the frame, too, and the answer to the default response.
		if len(r.order) < 2 || r.order[0] != "told" || slices.Index(r.order[1:], "told") >= 0 || r.ezsp == 0 && len(r.order) != 2 {
			t.Errorf("got %q, want the report told and then its default response written", r.order)
		}
	})
}

func TestJoiningEnds(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		if err := r.PermitJoin(t.Context(), zigbee.Opening{For: time.Minute}); err != nil {
			t.Fatal(err)
		}
		if err := r.PermitJoin(t.Context(), zigbee.Opening{For: time.Minute}); !errors.Is(err, zigbee.ErrBusy) {
			t.Errorf("twice: %v", err)
		}
		time.Sleep(59 * time.Second)
		r.want("open", "join: waiting")
		time.Sleep(2 * time.Second)
		if l := r.take(); len(l) != 1 || !strings.HasPrefix(l[0], "join: failed no device joined in time") || r.sim.Permitted() {
			t.Errorf("got %q, open %v", l, r.sim.Permitted())
		}
		if err := r.PermitJoin(t.Context(), zigbee.Opening{For: time.Minute}); err != nil {
			t.Fatal(err)
		}
		r.StopJoin()
		r.want("stopped", "join: waiting", "join:")
		if r.sim.Permitted() {
			t.Error("the stick is open still")
		}
		if err := r.PermitJoin(t.Context(), zigbee.Opening{For: time.Minute}); err != nil {
			t.Fatal(err)
		}
		r.sim.Unplug()
		<-r.ended
		if l := r.take(); len(l) != 3 || l[1] != "join: failed the stick was disconnected" {
			t.Errorf("pulled: %q", l)
		}
		if err := r.PermitJoin(t.Context(), zigbee.Opening{For: time.Minute}); !errors.Is(err, zigbee.ErrDown) {
			t.Errorf("without a stick: %v", err)
		}
		r.sim.Plug()
		r.attach()
		if r.take(); r.sim.Permitted() {
			t.Error("a stick that comes back is open")
		}
	})
}

// A device that comes back under another address is the same one, whether it
// announces itself or that is lost.
func TestRejoinKeepsTheDevice(t *testing.T) {
	// ASH loses nothing on the line, so this is MT's.
	playWith(t, 0, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(door, door.Press)
		r.take()
		before := door.Short()
		door.Rejoin()
		r.want("announced", "changed d studied true")
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.BadFCS, Command: 0x45C1})
		door.Rejoin()
		r.want("the announcement is lost")
		door.Open()
		r.want("it speaks", "changed d studied true", "d zone 0: 0x1")
		if got := r.Devices(); len(got) != 1 || got[0].Short != zigbee.Short(door.Short()) || door.Short() == before {
			t.Errorf("devices %+v", got)
		}
	})
}

func TestRepeatsAreToldOnce(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(door, door.Press)
		r.take()
		m := zigbee.Message{Peer: zigbee.Short(door.Short()), PeerEndpoint: 1, Endpoint: 1, Cluster: 0x500, Payload: []byte{0x19, 0x77, 0x00, 1, 0, 0, 0, 0, 0}}
		r.Heard(m)
		r.Heard(m)
		r.want("twice at once", "d zone 0: 0x1")
		time.Sleep(6 * time.Second)
		r.Heard(m)
		r.want("again later", "d zone 0: 0x1")
	})
}

func TestLeaving(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		door, plug := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD}), r.sim.NewPlug(zigbeesim.Make{IEEE: 0xF})
		r.joinOne(door, door.Press)
		r.joinOne(plug, plug.Press)
		r.take()
		door.Leave()
		r.want("by its button", "left d")
		if err := r.Remove(t.Context(), 0xF); err != nil {
			t.Error(err)
		}
		r.want("told to", "left f")
		time.Sleep(time.Second)
		if plug.Short() != 0 || len(r.Devices()) != 0 || len(r.store.devices) != 0 {
			t.Errorf("plug %04x, devices %v, stored %v", plug.Short(), r.Devices(), r.store.devices)
		}
		r.joinOne(door, door.Press)
		r.take()
		door.TakeBattery()
		time.Sleep(time.Minute)
		if err := r.Remove(t.Context(), 0xD); err != nil {
			t.Errorf("one that is gone: %v", err)
		}
		r.want("one that is gone", "left d")
		door.PutBattery()
		r.want("it comes back, and nobody let it in")
		if !strings.Contains(r.log.String(), "nobody let in") {
			t.Errorf("log:\n%s", r.log.String())
		}
	})
}

// A sleeper whose battery gives out in the middle of it is asked on when it is
// back.
func TestInterviewIsTakenUpAgain(t *testing.T) {
	// ASH loses nothing on the line, so this is MT's.
	playWith(t, 0, func(t *testing.T, r *rig) {
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		if err := r.PermitJoin(t.Context(), zigbee.Opening{For: time.Minute}); err != nil {
			t.Fatal(err)
		}
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.BadFCS, Command: 0x4585, Times: 3}) // its list of endpoints
		door.Press()
		time.Sleep(5 * time.Second)
		door.TakeBattery()
		time.Sleep(10 * time.Minute)
		if j := r.Join(); j.Step != zigbee.JoinFailed || !strings.Contains(j.Reason, "does not answer") {
			t.Errorf("joining ended as %+v", j)
		}
		r.take()
		door.PutBattery()
		time.Sleep(time.Minute) // two of its answers are lost still
		r.want("it is back", "changed d studied false", "changed d studied true")
		door.Open()
		r.want("and guards", "d zone 0: 0x1")
	})
}

func TestPlugAndKeypad(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		plug, pad := r.sim.NewPlug(zigbeesim.Make{IEEE: 0xF}), r.sim.NewKeypad(zigbeesim.Make{IEEE: 0xA})
		r.joinOne(plug, plug.Press)
		r.joinOne(pad, pad.Press)
		r.take()
		done := make(chan error, 1)
		r.Send(0xF, 1, zcl.OnOff, zcl.TurnOn{}, zigbee.LaneUser, func(err error) { done <- err })
		if err := <-done; err != nil || !plug.On() {
			t.Errorf("on %v: %v", plug.On(), err)
		}
		r.want("it says so", "f reports On/Off true")
		pad.Enter("1234", zigbeesim.ArmAway)
		r.want("a code", "a zcl.Arm")
		if arm, ok := r.last.Command.(zcl.Arm); !ok || arm.Code != "1234" || arm.Mode != zcl.ArmAway || r.last.Device != 0xA {
			t.Errorf("got %T from %s", r.last.Command, r.last.Device)
		}
		if strings.Contains(r.log.String(), "1234") {
			t.Error("a code is in the log")
		}
		r.Answer(r.last, zcl.ArmResponse{Notification: zcl.ArmedAll}, func(err error) { done <- err })
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got, _ := pad.Answer(); got != byte(zcl.ArmedAll) {
			t.Errorf("the keypad was answered %#x", got)
		}
	})
}

// What keeps a house deaf is told by whoever runs the controller: a stick that
// falls silent ends Run.
func TestSilentStickEndsRun(t *testing.T) {
	play(t, func(t *testing.T, r *rig) {
		r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Mute})
		began := time.Now()
		err := <-r.ended
		if d := time.Since(began); d > 40*time.Second || err == nil || !strings.Contains(err.Error(), "does not answer") {
			t.Errorf("after %s: %v", d, err)
		}
		r.sim.Heal()
		r.take()
		r.attach()
		r.want("opened anew", "ready")
	})
}
