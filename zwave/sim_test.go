package zwave_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zwave"
	"gatehouse/zwave/cc"
	"gatehouse/zwave/serialapi"
	"gatehouse/zwave/zwavesim"
)

// house is a controller on a simulated stick, in a synctest bubble.
type house struct {
	*zwave.Controller
	t     *testing.T
	stick *zwavesim.Stick
	store *memory
	stop  func()

	mu     sync.Mutex
	ends   []error // of Run
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
	h.keep()
	return h
}

// keep runs the controller on one port after the other, as the hub does.
func (h *house) keep() {
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			host, far := net.Pipe()
			var wg sync.WaitGroup
			wg.Go(func() { _ = h.stick.Serve(ctx, far) })
			err := h.Run(ctx, host)
			wg.Wait()
			h.mu.Lock()
			h.ends = append(h.ends, err)
			h.mu.Unlock()
			select {
			case <-time.After(250 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	h.stop = func() {
		cancel()
		<-done
	}
	h.t.Cleanup(h.stop)
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

// wait lets virtual time pass and everything settle.
func (h *house) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// steps are the steps of joining, so far.
func (h *house) steps() []zwave.JoinStep {
	h.mu.Lock()
	defer h.mu.Unlock()
	var l []zwave.JoinStep
	for _, e := range h.events {
		if j, ok := e.(zwave.Joining); ok && (len(l) == 0 || l[len(l)-1] != j.Join.Step) {
			l = append(l, j.Join.Step)
		}
	}
	return l
}

// tell sends a command and returns how it ends, within a minute.
func (h *house) tell(n *zwavesim.Node, lane zwave.Lane, cmd cc.Command) error {
	h.t.Helper()
	ch := make(chan error, 1)
	h.Send(zwave.NodeID(n.ID()), cc.Bytes(cmd), lane, func(err error) { ch <- err })
	select {
	case err := <-ch:
		return err
	case <-time.After(time.Minute):
		h.t.Error("a command did not end within a minute")
		return nil
	}
}

func (h *house) node(n *zwavesim.Node) zwave.Node {
	h.t.Helper()
	got, ok := h.Node(zwave.NodeID(n.ID()))
	if !ok {
		h.t.Fatalf("node %d is not known", n.ID())
	}
	return got
}

func (h *house) opened(door *zwavesim.Contact) int {
	n := 0
	for _, r := range h.reports(door.ID()) {
		if r, ok := r.(cc.NotificationReport); ok && r.Type == cc.NotifyAccessControl && r.Event == 22 {
			n++
		}
	}
	return n
}

func TestInterviewLearnsWhatANodeIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		siren, door, pad := stick.NewSiren(zwavesim.Make{}), stick.NewContact(zwavesim.Make{BinarySensor: true}), stick.NewKeypad(zwavesim.Make{})
		stick.Place(siren, door, pad)
		h := open(t, stick, &memory{})
		h.wait(time.Minute)
		got := h.node(siren.Node)
		if got.Stage != zwave.StageDone || got.State != zwave.StateAlive || !got.Listening || !got.Lifeline ||
			got.Classes[cc.SoundSwitch] == 0 || got.Firmware == "" || got.Maker == 0 {
			t.Errorf("siren: %+v", got)
		}
		if d := cmp.Diff(got.Tones, []zwave.Tone{
			{Number: 1, Seconds: 180, Name: "Siren"},
			{Number: 2, Seconds: 2, Name: "Chime"},
			{Number: 3, Seconds: 1, Name: "Beep"},
			{Number: 4, Seconds: 60, Name: "Fire"},
			{Number: 5, Seconds: 60, Name: "CO"},
		}); d != "" || got.DefaultTone != 1 || got.Volume != 100 {
			t.Errorf("tones (-got +want):\n%s\ndefault %d, volume %d", d, got.DefaultTone, got.Volume)
		}
		if got := h.node(door.Node); got.Stage == zwave.StageDone {
			t.Errorf("a node that sleeps was interviewed: %+v", got)
		}
		door.WakeUp()
		pad.WakeUp()
		h.wait(time.Minute)
		got = h.node(door.Node)
		if got.Stage != zwave.StageDone || got.State != zwave.StateAsleep || got.WakeInterval != 4*3600 || !got.Lifeline ||
			len(got.Notifications[byte(cc.NotifyAccessControl)]) == 0 || len(got.Sensors) == 0 {
			t.Errorf("door: %+v", got)
		}
		got = h.node(pad.Node)
		if got.Stage != zwave.StageDone || len(got.EntryEvents) == 0 || len(got.Indicators) == 0 {
			t.Errorf("keypad: %+v", got)
		}
		h.honest()
	})
}

func TestInterviewGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		siren := stick.NewSiren(zwavesim.Make{})
		stick.Place(siren)
		store := &memory{}
		h := open(t, stick, store)
		for h.node(siren.Node).Stage != zwave.StageLifeline {
			h.wait(10 * time.Millisecond)
		}
		h.stop()
		h.wait(5 * time.Second) // what it was asked last is over
		asked := len(siren.Received())
		again := open(t, stick, store)
		if got := again.node(siren.Node); got.Stage == zwave.StageClasses || got.Stage == zwave.StageIdentity || got.Firmware == "" {
			t.Errorf("after a restart the interview begins at %s, firmware %q", got.Stage, got.Firmware)
		}
		again.wait(time.Minute)
		if got := again.node(siren.Node); got.Stage != zwave.StageDone {
			t.Errorf("the interview stands at %s", got.Stage)
		}
		for _, cmd := range siren.Received()[asked:] {
			if cc.Class(cmd[0]) == cc.ManufacturerSpecific {
				t.Error("the node was asked again who made it")
			}
		}
		h.honest()
	})
}

func TestJoinAndLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		door, siren := stick.NewContact(zwavesim.Make{}), stick.NewSiren(zwavesim.Make{})
		stick.Place(door)
		store := &memory{}
		h := open(t, stick, store)
		h.wait(time.Minute)
		if err := h.Include(time.Minute); err != nil {
			t.Fatal(err)
		}
		h.wait(time.Second)
		if err := h.Exclude(time.Minute); !errors.Is(err, zwave.ErrBusy) {
			t.Errorf("a second one: got %v, want ErrBusy", err)
		}
		door.Open() // alarm traffic goes on
		h.wait(time.Second)
		if got := h.opened(door); got != 1 {
			t.Errorf("the door opened %d times while a node may join, want 1", got)
		}
		siren.Press()
		h.wait(time.Minute)
		want := []zwave.JoinStep{zwave.JoinWaiting, zwave.JoinFound, zwave.JoinInterviewing, zwave.JoinDone}
		if d := cmp.Diff(h.steps(), want); d != "" {
			t.Errorf("steps (-got +want):\n%s", d)
		}
		if got := h.node(siren.Node); got.Stage != zwave.StageDone || got.State != zwave.StateAlive || !got.Lifeline {
			t.Errorf("joined: %+v", got)
		}
		if err := h.tell(siren.Node, zwave.LaneSiren, cc.SoundSwitchTonePlaySet{Tone: cc.ToneDefault}); err != nil || !siren.Sounding() {
			t.Errorf("the new siren: %v, sounding %v", err, siren.Sounding())
		}
		id := zwave.NodeID(siren.ID())
		if err := h.Exclude(time.Minute); err != nil {
			t.Fatal(err)
		}
		h.wait(time.Second)
		siren.Press()
		h.wait(10 * time.Second)
		if _, ok := h.Node(id); ok {
			t.Error("the node is still known")
		}
		if _, ok := store.nodes[id]; ok {
			t.Error("the node is still stored")
		}
		if got := h.Join(); got.Step != zwave.JoinDone || !got.Leaving || got.Node != id {
			t.Errorf("got %+v", got)
		}
		h.honest()
	})
}

func TestSleeperThatJoinsIsInterviewedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		door := stick.NewContact(zwavesim.Make{})
		h := open(t, stick, &memory{})
		if err := h.Include(time.Minute); err != nil {
			t.Fatal(err)
		}
		h.wait(time.Second)
		door.Press()
		h.wait(10 * time.Second)
		got := h.node(door.Node)
		if got.Stage != zwave.StageDone || got.State != zwave.StateAsleep || got.WakeInterval != 4*3600 || !got.Lifeline {
			t.Errorf("got %+v", got)
		}
		door.Open()
		h.wait(time.Second)
		if h.opened(door) != 1 {
			t.Error("the door that joined does not report")
		}
		h.honest()
	})
}

func TestJoinIsBoundedAndCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{})
		late := stick.NewPlug(zwavesim.Make{})
		h := open(t, stick, &memory{})
		if err := h.Include(30 * time.Second); err != nil {
			t.Fatal(err)
		}
		h.wait(30*time.Second - time.Millisecond)
		if got := h.Join().Step; got != zwave.JoinWaiting {
			t.Errorf("just before its end it is %q, want waiting", got)
		}
		h.wait(time.Millisecond)
		if got := h.Join(); got.Step != zwave.JoinFailed || got.Reason == "" {
			t.Errorf("at its end: %+v, want failed with a reason", got)
		}
		late.Press()
		h.wait(time.Second)
		if got := h.Nodes(); len(got) != 0 {
			t.Errorf("a node joined a closed network: %+v", got)
		}
		if err := h.Exclude(time.Minute); err != nil {
			t.Fatal(err)
		}
		h.wait(time.Second)
		h.StopJoin()
		h.wait(0)
		if got := h.Join(); got.Step != zwave.JoinFailed || got.Reason != "cancelled" {
			t.Errorf("cancelled: %+v", got)
		}
		h.honest()
	})
}

func TestNodeThatIsResetByItsUserIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{})
		plug := stick.NewPlug(zwavesim.Make{})
		stick.Place(plug)
		h := open(t, stick, &memory{})
		h.wait(time.Minute)
		plug.FactoryReset()
		h.wait(time.Minute)
		if got := h.Nodes(); len(got) != 0 {
			t.Errorf("still there: %+v", got)
		}
		h.honest()
	})
}

func TestRemoveFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{})
		plug, lamp := stick.NewPlug(zwavesim.Make{}), stick.NewPlug(zwavesim.Make{})
		stick.Place(plug, lamp)
		h := open(t, stick, &memory{})
		h.wait(time.Minute)
		plug.TakeBattery()
		if err := h.tell(plug.Node, zwave.LaneUser, cc.BinarySwitchSet{Value: cc.On}); !errors.Is(err, zwave.ErrNoAck) {
			t.Errorf("got %v, want ErrNoAck", err)
		}
		remove := func(n *zwavesim.Plug) error {
			ch := make(chan error, 1)
			h.RemoveFailed(zwave.NodeID(n.ID()), func(err error) { ch <- err })
			return <-ch
		}
		if err := remove(plug); err != nil {
			t.Errorf("a node that is gone: %v", err)
		}
		if err := remove(lamp); err == nil {
			t.Error("a node that answers was removed as failed")
		}
		if got := h.Nodes(); len(got) != 1 {
			t.Errorf("%d nodes are left, want 1", len(got))
		}
		h.honest()
	})
}

// TestMishaps: with every kind of mishap in its way a door still reports and a
// siren still sounds, the stick has nothing to complain of, and no node is
// called dead.
func TestMishaps(t *testing.T) {
	send := byte(serialapi.SendData)
	for _, tt := range []struct {
		name  string
		fault zwavesim.Fault
		bound time.Duration // for the siren
		// The stick takes it amiss that a callback stands for its response.
		rude bool
	}{
		{"lost frame", zwavesim.Fault{Kind: zwavesim.LoseFrame}, 1700 * time.Millisecond, false},
		{"two lost frames", zwavesim.Fault{Kind: zwavesim.LoseFrame, Times: 2}, 3300 * time.Millisecond, false},
		{"lost ack", zwavesim.Fault{Kind: zwavesim.LoseACK}, 1700 * time.Millisecond, false},
		{"nak", zwavesim.Fault{Kind: zwavesim.SendNAK}, 200 * time.Millisecond, false},
		{"two can", zwavesim.Fault{Kind: zwavesim.SendCAN, Times: 2}, 1300 * time.Millisecond, false},
		{"lost host ack", zwavesim.Fault{Kind: zwavesim.LoseHostACK}, 1700 * time.Millisecond, false},
		{"bad checksum", zwavesim.Fault{Kind: zwavesim.BadChecksum}, 200 * time.Millisecond, false},
		{"half frame", zwavesim.Fault{Kind: zwavesim.HalfFrame}, 3500 * time.Millisecond, false},
		{"false start", zwavesim.Fault{Kind: zwavesim.Garbage}, 3500 * time.Millisecond, false},
		{"noise", zwavesim.Fault{Kind: zwavesim.Noise}, 100 * time.Millisecond, false},
		{"duplicate", zwavesim.Fault{Kind: zwavesim.Duplicate, Times: 3}, 100 * time.Millisecond, false},
		{"late response", zwavesim.Fault{Kind: zwavesim.LateResponse, Function: send, For: 5 * time.Second}, 5100 * time.Millisecond, true},
		{"lost response", zwavesim.Fault{Kind: zwavesim.LoseResponse, Function: send}, 13 * time.Second, true},
		{"late callback", zwavesim.Fault{Kind: zwavesim.LateCallback, For: 5 * time.Second}, 5100 * time.Millisecond, false},
		{"report before callback", zwavesim.Fault{Kind: zwavesim.ReportBeforeCallback}, 100 * time.Millisecond, false},
		{"refused", zwavesim.Fault{Kind: zwavesim.Refuse}, 1100 * time.Millisecond, false},
		{"jammed", zwavesim.Fault{Kind: zwavesim.Jam, Times: 6}, 8 * time.Second, false},
		{"no route", zwavesim.Fault{Kind: zwavesim.NoRoute, Times: 2}, 5 * time.Second, false},
		{"trickle", zwavesim.Fault{Kind: zwavesim.Trickle, For: 3 * time.Millisecond}, 500 * time.Millisecond, false},
		{"split", zwavesim.Fault{Kind: zwavesim.Split}, 100 * time.Millisecond, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Radio{Hop: 10 * time.Millisecond, Reset: time.Second, Lost: time.Second}})
				siren, door := stick.NewSiren(zwavesim.Make{}), stick.NewContact(zwavesim.Make{Supervised: true})
				stick.Place(siren, door)
				h := open(t, stick, &memory{})
				h.wait(time.Minute)
				stick.Inject(tt.fault)
				began := time.Now()
				if err := h.tell(siren.Node, zwave.LaneSiren, cc.BinarySwitchSet{Value: cc.On}); err != nil {
					t.Errorf("the siren: %v", err)
				}
				if took := time.Since(began); took > tt.bound {
					t.Errorf("the siren took %v, want at most %v", took, tt.bound)
				}
				if !siren.Sounding() {
					t.Error("the siren is silent")
				}
				h.wait(10 * time.Second)
				stick.Heal()
				stick.Inject(tt.fault)
				door.Open()
				h.wait(20 * time.Second)
				if got := h.opened(door); got != 1 {
					t.Errorf("the door opened %d times, want once", got)
				}
				stick.Heal()
				h.wait(10 * time.Second)
				if err := h.tell(siren.Node, zwave.LaneUser, cc.BinarySwitchSet{Value: cc.Off}); err != nil || siren.Sounding() {
					t.Errorf("afterwards: %v, sounding %v", err, siren.Sounding())
				}
				for _, n := range h.Nodes() {
					if n.State == zwave.StateDead {
						t.Errorf("node %d is called dead", n.ID)
					}
				}
				if !tt.rude {
					h.honest()
				}
			})
		})
	}
}

func TestUnplugAndPlug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		siren, door := stick.NewSiren(zwavesim.Make{}), stick.NewContact(zwavesim.Make{})
		stick.Place(siren, door)
		h := open(t, stick, &memory{})
		h.wait(time.Minute)
		stick.Unplug()
		h.wait(3 * time.Second)
		if _, ready := h.Info(); ready || len(h.ends) == 0 {
			t.Error("ready without a stick")
		}
		h.mu.Lock()
		if _, down := h.events[len(h.events)-1].(zwave.Down); !down {
			t.Errorf("the last event is %#v, want Down", h.events[len(h.events)-1])
		}
		h.mu.Unlock()
		stick.Plug()
		h.wait(500 * time.Millisecond)
		door.Open()
		h.wait(time.Second)
		if h.opened(door) != 1 {
			t.Error("no report after the stick came back")
		}
		h.honest()
	})
}

func TestKeypad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{})
		pad := stick.NewKeypad(zwavesim.Make{Supervised: true})
		stick.Place(pad)
		h := open(t, stick, &memory{})
		pad.WakeUp()
		h.wait(time.Minute)
		pad.Enter("4711", zwavesim.KeyDisarm)
		h.wait(time.Second)
		var typed []string
		for _, r := range h.reports(pad.ID()) {
			if r, ok := r.(cc.EntryControlNotification); ok && r.Event == cc.EntryDisarmAll {
				typed = append(typed, r.Typed())
			}
		}
		if d := cmp.Diff(typed, []string{"4711"}); d != "" {
			t.Errorf("typed (-got +want):\n%s", d)
		}
		h.honest()
	})
}

func TestFloodOfReportsIsLostNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{})
		door := stick.NewContact(zwavesim.Make{})
		siren := stick.NewSiren(zwavesim.Make{})
		stick.Place(door, siren)
		h := open(t, stick, &memory{})
		h.wait(time.Minute)
		for range 1000 {
			door.Open()
			door.Close()
			h.wait(time.Millisecond)
		}
		if got := h.opened(door); got != 1000 {
			t.Errorf("the door opened %d times, want 1000", got)
		}
		h.honest()
	})
}
