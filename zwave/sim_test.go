package zwave_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zwave"
	"gatehouse/zwave/cc"
	"gatehouse/zwave/zwavesim"
)

// house is a controller on a simulated stick, in a synctest bubble.
type house struct {
	*zwave.Controller
	t     *testing.T
	stick *zwavesim.Stick
	store *memory
	ctx   context.Context
	ended chan error

	mu     sync.Mutex
	events []zwave.Event
}

// open plugs the stick in and waits until the controller has settled.
func open(t *testing.T, stick *zwavesim.Stick, store *memory) *house {
	t.Helper()
	h := &house{t: t, stick: stick, store: store}
	h.Controller = zwave.New(zwave.Options{Store: store, OnEvent: func(e zwave.Event) {
		h.mu.Lock()
		h.events = append(h.events, e)
		h.mu.Unlock()
	}})
	h.run()
	return h
}

func (h *house) run() {
	ctx, cancel := context.WithCancel(h.t.Context())
	host, far := net.Pipe()
	served := make(chan struct{})
	h.ended = make(chan error, 1)
	go func() { defer close(served); _ = h.stick.Serve(ctx, far) }()
	go func() { h.ended <- h.Run(ctx, host) }()
	h.t.Cleanup(func() {
		cancel()
		<-served
	})
	synctest.Wait()
}

// reports are the commands that a node sent, so far.
func (h *house) reports(node uint16) []cc.Command {
	h.mu.Lock()
	defer h.mu.Unlock()
	var l []cc.Command
	for _, e := range h.events {
		if r, ok := e.(zwave.Report); ok && uint16(r.Node) == node {
			l = append(l, r.Command)
		}
	}
	return l
}

func (h *house) honest() {
	h.t.Helper()
	if v := h.stick.Violations(); len(v) > 0 {
		h.t.Errorf("the stick complains of %d things: %q", len(v), v)
	}
}

// memory is a Store without a disk.
type memory struct {
	mu    sync.Mutex
	nodes map[zwave.NodeID]zwave.Node
	saves int
}

func (m *memory) LoadNodes(uint32) ([]zwave.Node, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var l []zwave.Node
	for _, n := range m.nodes {
		l = append(l, n)
	}
	return l, nil
}

func (m *memory) waiting(id zwave.NodeID) []zwave.Waiting {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.nodes[id].Waiting
}

func (m *memory) SaveNode(_ uint32, n zwave.Node) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.nodes == nil {
		m.nodes = make(map[zwave.NodeID]zwave.Node)
	}
	m.nodes[n.ID] = n
	m.saves++
	return nil
}

func (m *memory) DeleteNode(_ uint32, id zwave.NodeID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.nodes, id)
	return nil
}

func TestHouseOnSimulatedStick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{})
		siren := stick.NewSiren(zwavesim.Make{Name: "Siren"})
		plug := stick.NewPlug(zwavesim.Make{Name: "Plug"})
		door := stick.NewContact(zwavesim.Make{Name: "Door"})
		stick.Place(siren, plug, door)
		h := open(t, stick, &memory{})
		info, ready := h.Info()
		t.Logf("%+v %v", info, ready)
		time.Sleep(time.Minute)
		synctest.Wait()
		door.Open()
		synctest.Wait()
		door.Press()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for _, n := range h.Nodes() {
			t.Logf("%+v", n)
		}
		h.mu.Lock()
		for _, e := range h.events {
			t.Logf("%T %+v", e, e)
		}
		h.mu.Unlock()
		t.Logf("%+v", h.Counters())
		h.honest()
	})
}
