package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

const (
	reportDoors  = 5
	reportEvery  = 50 * time.Millisecond // 20 a second
	sparseEvery  = 5 * time.Second
	reportWithin = 5 * time.Second // later counts as lost
)

// side is one of the two that are compared.
type side struct {
	name  string
	doors []measured
	watch *stopwatch
	pids  func() []int
	// wanted is what a message must hold to tell that a door is open or closed.
	topic  func(d measured) string
	wanted func(open bool) []byte
	broker string
	house  *house // nil for the peer

	client paho.Client
	mu     sync.Mutex
	wait   map[string]waiting // by topic

	dense, sparse []time.Duration
	cpu           time.Duration // in the dense phases
	idle          time.Duration // CPU in a second in which nothing is reported
	lost          int
}

type waiting struct {
	want []byte
	node uint16
	got  chan time.Time
}

// measured is a door on either radio.
type measured struct {
	door
	node uint16 // its address on the wire
	id   string // its name in the topics
}

type door interface {
	Open()
	Close()
	IsOpen() bool
}

// measure is the doors of a Z-Wave stick.
func (s *stick) measure() []measured {
	var all []measured
	for _, d := range s.doors {
		all = append(all, measured{d, d.ID(), strconv.Itoa(int(d.ID()))})
	}
	return all
}

// reports measures report in → MQTT subscriber, beside zwave-js.
func reports(ctx context.Context, r *run) error {
	rounds, dense, sparse := 5, 300, 6
	if r.short {
		rounds, dense, sparse = 2, 100, 2
	}
	dir, clean, err := scratch("reports")
	if err != nil {
		return err
	}
	defer clean()
	ours, close1, err := hubSide(ctx, r, mkdir(dir, "hub"))
	if err != nil {
		return err
	}
	defer close1()
	theirs := &side{}
	both := []*side{ours}
	if r.peer != "" {
		var close2 func()
		if theirs, close2, err = peerSide(ctx, r, mkdir(dir, "peer")); err != nil {
			return fmt.Errorf("zwave-js: %w", err)
		}
		defer close2()
		both = append(both, theirs)
	}
	defer leave(both)
	if err := r.race(ctx, "reports", both, rounds, dense, sparse); err != nil {
		return err
	}
	rows := compared(ours, theirs, "≤ 0.3", "≤ 0.15")
	r.table("Report in → MQTT subscriber", []string{"Z-Wave, 7 devices, the same simulated stick", "Gatehouse", "zwave-js 15.29.0 + mosquitto", "ratio", "goal"}, rows)
	return nil
}

// race has both sides report in turns.
func (r *run) race(ctx context.Context, what string, both []*side, rounds, dense, sparse int) error {
	for _, s := range both {
		if err := s.subscribe(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		s.warm(ctx)
	}
	for _, s := range both {
		before := s.used()
		sleep(ctx, 10*time.Second)
		s.idle = (s.used() - before) / 10
	}
	for round := range rounds {
		r.say("%s: round %d of %d", what, round+1, rounds)
		for _, s := range both {
			if s.house != nil && round == 0 {
				if err := s.house.order("profile"); err != nil {
					return err
				}
			}
			before := s.used()
			s.feed(ctx, dense, reportEvery, &s.dense)
			s.cpu += s.used() - before
			if s.house != nil && round == rounds-1 {
				if err := s.house.order("profiled"); err != nil {
					return err
				}
			}
		}
		for range sparse {
			for _, s := range both {
				s.feed(ctx, 1, sparseEvery/2, &s.sparse)
			}
		}
	}
	return nil
}

func leave(both []*side) {
	for _, s := range both {
		if s.client != nil {
			s.client.Disconnect(0)
		}
	}
}

// compared is what a race has shown.
func compared(ours, theirs *side, latency, cpu string) [][]string {
	return [][]string{
		compare("20 reports/s, p50", quantile(ours.dense, .5), quantile(theirs.dense, .5), latency),
		compare("20 reports/s, p95", quantile(ours.dense, .95), quantile(theirs.dense, .95), latency),
		compare("20 reports/s, p99", quantile(ours.dense, .99), quantile(theirs.dense, .99), ""),
		compare("one in 5 s, p50", quantile(ours.sparse, .5), quantile(theirs.sparse, .5), latency),
		compare("one in 5 s, p95", quantile(ours.sparse, .95), quantile(theirs.sparse, .95), latency),
		compare("CPU per report at 20/s, broker in", per(ours.cpu, len(ours.dense)), per(theirs.cpu, len(theirs.dense)), cpu),
		compare("CPU in an idle second, broker in", ours.idle, theirs.idle, ""),
		{"lost", strconv.Itoa(ours.lost), strconv.Itoa(theirs.lost), "–", "0"},
	}
}

func compare(what string, ours, theirs time.Duration, goal string) []string {
	return []string{what, ms(ours), ms(theirs), ratio(ours, theirs), goal}
}

func per(d time.Duration, n int) time.Duration {
	if n == 0 {
		return 0
	}
	return d / time.Duration(n)
}

func (s *side) used() time.Duration {
	var all time.Duration
	for _, pid := range s.pids() {
		all += cpu(pid)
	}
	return all
}

func (s *side) subscribe() error {
	s.wait = make(map[string]waiting)
	o := paho.NewClientOptions().AddBroker("tcp://" + s.broker).SetClientID("bench").
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			now := time.Now()
			s.mu.Lock()
			defer s.mu.Unlock()
			if w, ok := s.wait[m.Topic()]; ok && bytes.Contains(m.Payload(), w.want) && !m.Retained() {
				delete(s.wait, m.Topic())
				w.got <- now
			}
		})
	s.client = paho.NewClient(o)
	if t := s.client.Connect(); !t.WaitTimeout(10*time.Second) || t.Error() != nil {
		return fmt.Errorf("no connection to %s: %w", s.broker, t.Error())
	}
	// QoS 0, as Home Assistant subscribes: the peer publishes with QoS 0, so
	// that with QoS 1 only the hub would have acknowledgements to read.
	topics := make(map[string]byte)
	for _, d := range s.doors {
		topics[s.topic(d)] = 0
	}
	t := s.client.SubscribeMultiple(topics, nil)
	t.WaitTimeout(10 * time.Second)
	return t.Error()
}

// warm has each door open and close, so that what is measured is no first time.
func (s *side) warm(ctx context.Context) {
	var ignored []time.Duration
	s.feed(ctx, 4*len(s.doors), 200*time.Millisecond, &ignored)
	s.lost = 0
}

// feed has n reports sent, one each pause, and adds how long each took.
func (s *side) feed(ctx context.Context, n int, pause time.Duration, into *[]time.Duration) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for i := range n {
		d := s.doors[i%len(s.doors)]
		open := !d.IsOpen()
		w := waiting{want: s.wanted(open), node: d.node, got: make(chan time.Time, 1)}
		topic := s.topic(d)
		s.mu.Lock()
		s.wait[topic] = w
		s.mu.Unlock()
		s.watch.forget(d.node)
		if open {
			d.Open()
		} else {
			d.Close()
		}
		wg.Go(func() {
			select {
			case at := <-w.got:
				mu.Lock()
				*into = append(*into, at.Sub(s.watch.sent(w.node)))
				mu.Unlock()
			case <-time.After(reportWithin):
				mu.Lock()
				s.lost++
				mu.Unlock()
			}
		})
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	wg.Wait()
}

// hubSide is the hub with its own broker.
func hubSide(ctx context.Context, r *run, dir string) (*side, func(), error) {
	r.say("reports: starting the hub")
	s, err := newStick(dir, reportDoors, 0)
	if err != nil {
		return nil, nil, err
	}
	h, err := openHouse(ctx, s, filepath.Join(dir, "data"), behind)
	if err != nil {
		s.stop()
		return nil, nil, err
	}
	return &side{
		name: "Gatehouse", doors: s.measure(), watch: &s.watch, house: h, pids: h.pids, broker: h.mqtt,
		topic: func(d measured) string { return "gatehouse/device/zwave-" + d.id }, wanted: contactSays,
	}, h.close, nil
}

func (h *house) pids() []int { return []int{h.Process.Pid} }

// contactSays is what a message of the hub holds of an open or closed contact.
func contactSays(open bool) []byte {
	if open {
		return []byte(`"contact":{"value":"open"`)
	}
	return []byte(`"contact":{"value":"closed"`)
}

// peerSide is zwave-js with a small program that publishes each value to
// Debian's mosquitto: less than any program that people run with it does.
func peerSide(ctx context.Context, r *run, dir string) (*side, func(), error) {
	if _, err := os.Stat(filepath.Join(r.peer, "node_modules", "zwave-js")); err != nil {
		return nil, nil, fmt.Errorf("not installed: run npm ci --ignore-scripts in %s", r.peer)
	}
	s, err := newStick(dir, reportDoors, 0)
	if err != nil {
		return nil, nil, err
	}
	broker, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	mosquitto, err := startMosquitto(ctx, dir, broker)
	if err != nil {
		return nil, nil, err
	}
	r.say("reports: starting zwave-js")
	script, err := filepath.Abs(filepath.Join("hub", "bench", "peer", "publish.mjs"))
	if err != nil {
		return nil, nil, err
	}
	modules, err := filepath.Abs(r.peer)
	if err != nil {
		return nil, nil, err
	}
	node, err := startChild(ctx, "node", script, modules, s.path, mkdir(dir, "cache"), broker)
	if err != nil {
		return nil, nil, err
	}
	end := func() {
		_ = node.Process.Kill()
		_ = mosquitto.Process.Kill()
		_ = mosquitto.Wait()
		s.stop()
	}
	if _, err := node.heard("ready", time.Minute); err != nil {
		end()
		return nil, nil, err
	}
	stopWaking := s.wake()
	defer stopWaking()
	for range s.Nodes() {
		if _, err := node.heard("interviewed", 3*time.Minute); err != nil {
			end()
			return nil, nil, err
		}
	}
	return &side{
		name: "zwave-js", doors: s.measure(), watch: &s.watch, broker: broker,
		pids:  func() []int { return []int{node.Process.Pid, mosquitto.Process.Pid} },
		topic: func(d measured) string { return "zwave/" + d.id + "/113/Access Control/Door state" },
		wanted: func(open bool) []byte { // Notification: Access Control, window/door is open 0x16, closed 0x17
			if open {
				return []byte(`"value":22`)
			}
			return []byte(`"value":23`)
		},
	}, end, nil
}

func startMosquitto(ctx context.Context, dir, addr string) (*exec.Cmd, error) {
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto" // not on everybody's PATH
	}
	_, port, ok := strings.Cut(addr, ":")
	if !ok {
		return nil, errors.New("mosquitto: no port")
	}
	conf := filepath.Join(dir, "mosquitto.conf")
	text := "listener " + port + " 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\nlog_type error\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, "-c", conf)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("mosquitto (Debian package mosquitto): %w", err)
	}
	for range 50 {
		c, err := dialSmall(ctx, addr)
		if err == nil {
			return cmd, c.Close()
		}
		sleep(ctx, 100*time.Millisecond)
	}
	return cmd, errors.New("mosquitto does not listen")
}
