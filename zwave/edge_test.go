package zwave_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zwave"
	"gatehouse/zwave/cc"
	"gatehouse/zwave/serialapi"
)

func TestReportThatComesBeforeTheNodesAreKnownIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{t: t}
		s.c = zwave.New(zwave.Options{Store: known(), OnEvent: func(e zwave.Event) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.events = append(s.events, e)
		}})
		s.connect(false)
		s.node(doorNode, 0x71, 0x05, 0, 0, 0, 0xFF, 6, 22, 0)
		synctest.Wait()
		came := time.Now()
		if got := told[zwave.Report](s); len(got) != 0 {
			t.Errorf("told of %v before the controller is ready", got)
		}
		s.mu.Lock()
		s.auto = true
		s.mu.Unlock()
		time.Sleep(2 * time.Second) // the first frame is sent again, and answered
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, e := range s.events {
			if r, ok := e.(zwave.Report); ok {
				if _, ready := s.events[0].(zwave.Ready); !ready || i == 0 {
					t.Errorf("it came before Ready: %T", s.events[0])
				}
				if !r.At.Equal(came) {
					t.Errorf("it is said to have come at %v, want %v", r.At, came)
				}
				return
			}
		}
		t.Error("it is lost")
	})
}

func TestQueueIsBoundedAndSirensAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		for i := range 1001 { // one is on its way
			s.send(plugNode, zwave.LaneNormal, 0x70, 0x04, byte(i), 0x01, byte(i>>8))
		}
		if err := s.ended(s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)); !errors.Is(err, zwave.ErrQueueFull) {
			t.Errorf("got %v, want ErrQueueFull", err)
		}
		s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.want(0, "13: 03 05 70 04 00 01 00 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.want(0, "16: ")
		s.ack()
		s.callback(serialapi.TxOK)
		s.want(0, "13: 02 03 25 01 ff 25")
		if got := s.c.Counters().QueueFull; got != 1 {
			t.Errorf("counted %d, want 1", got)
		}
	})
}

func TestWhatWaitsForASleeperIsBoundedAndTheLastWordCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := known()
		s := plug(t, store)
		on := s.send(doorNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.send(doorNode, zwave.LaneUser, 0x25, 0x01, 0x00)
		if err := s.ended(on); !errors.Is(err, zwave.ErrVoid) {
			t.Errorf("on, then off: on ended with %v, want ErrVoid", err)
		}
		if err := s.ended(s.send(doorNode, zwave.LanePoll, 0x80, 0x02)); err == nil {
			t.Error("a question that is not urgent waits for a node that sleeps")
		}
		for i := range 99 {
			s.send(doorNode, zwave.LaneNormal, 0x70, 0x04, byte(i), 0x01, 0x00)
		}
		if err := s.ended(s.send(doorNode, zwave.LaneNormal, 0x70, 0x04, 200, 0x01, 0x00)); !errors.Is(err, zwave.ErrQueueFull) {
			t.Errorf("got %v, want ErrQueueFull", err)
		}
		time.Sleep(time.Second) // it is saved by then
		got := store.waiting(doorNode)
		if len(got) != 100 || cmp.Diff(got[0].Payload, []byte{0x25, 0x01, 0x00}) != "" {
			t.Errorf("%d commands wait, the first is % x", len(got), got[0].Payload)
		}
	})
}

func TestSendToNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		if err := s.ended(s.send(99, zwave.LaneUser, 0x20, 0x02)); !errors.Is(err, zwave.ErrNoNode) {
			t.Errorf("got %v, want ErrNoNode", err)
		}
		if err := s.c.Interview(99); !errors.Is(err, zwave.ErrNoNode) {
			t.Errorf("interview: got %v, want ErrNoNode", err)
		}
		s.c.Refresh(99)
		s.silent(time.Second)
	})
}

func TestSendToEndpointPutsSupervisionInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, supervised())
		s.c.SendTo(sirenNode, 2, []byte{0x25, 0x01, 0xFF}, zwave.LaneUser, nil)
		s.want(0, "13: 02 0b 60 0d 00 02 6c 01 91 03 25 01 ff 25")
	})
}

func TestNodeThatIsNotInTheControllerIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := known()
		store.nodes[77] = zwave.Node{ID: 77, Stage: zwave.StageDone}
		s := plug(t, store)
		if _, ok := s.c.Node(77); ok {
			t.Error("it is still known")
		}
		want := []zwave.NodeRemoved{{Node: 77, Reason: "not in the controller"}}
		if d := cmp.Diff(told[zwave.NodeRemoved](s), want); d != "" {
			t.Errorf("(-got +want):\n%s", d)
		}
		store.mu.Lock()
		defer store.mu.Unlock()
		if _, ok := store.nodes[77]; ok {
			t.Error("it is still stored")
		}
	})
}

// broken is a Store whose disk is gone.
type broken struct{}

func (broken) LoadNodes(uint32) ([]zwave.Node, error) { return nil, errors.New("disk is gone") }
func (broken) SaveNode(uint32, zwave.Node) error      { return errors.New("disk is gone") }
func (broken) DeleteNode(uint32, zwave.NodeID) error  { return errors.New("disk is gone") }

func TestStoreThatFailsDoesNotStopTheRadio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, broken{})
		s.node(doorNode, 0x71, 0x05, 0, 0, 0, 0xFF, 6, 22, 0)
		if got := told[zwave.Report](s); len(got) != 1 {
			t.Errorf("%d reports, want 1", len(got))
		}
	})
}

// slow is a Store whose disk takes a second for everything.
type slow struct{ *memory }

func (s slow) SaveNode(home uint32, n zwave.Node) error {
	time.Sleep(time.Second)
	return s.memory.SaveNode(home, n)
}

func TestSlowStoreHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, slow{known()})
		s.node(plugNode, 0x25, 0x03, 0xFF)
		s.send(doorNode, zwave.LaneUser, 0x25, 0x01, 0xFF) // to be saved
		s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.want(0, "13: 02 03 25 01 ff 25")
		if got := told[zwave.Report](s); len(got) != 1 || !got[0].At.Equal(s.began) {
			t.Errorf("got %v", got)
		}
	})
}

func TestRefreshAsksForState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := known()
		n := store.nodes[plugNode]
		n.Classes = map[cc.Class]byte{cc.BinarySwitch: 1, cc.Battery: 1}
		store.nodes[plugNode] = n
		s := plug(t, store)
		s.c.Refresh(plugNode)
		for _, want := range []string{"13: 03 02 25 02 25", "13: 03 02 80 02 25"} {
			s.want(0, want)
			s.ack()
			s.res(serialapi.SendData, 1)
			s.callback(serialapi.TxOK)
		}
		s.c.Refresh(doorNode) // sleeps: nothing is sent
		s.silent(time.Second)
	})
}

func TestInterviewAnewKeepsTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		if err := s.c.Interview(plugNode); err != nil {
			t.Fatal(err)
		}
		s.want(0, "41: 03")
		s.ack()
		s.res(serialapi.GetProtocolInfo, serialapi.ProtocolInfo{Listening: true, Basic: 4, Generic: 0x10, Specific: 1}.Append(nil)...)
		s.want(0, "60: 03")
		s.ack()
		s.res(serialapi.RequestNodeInfo, 1)
		s.req(serialapi.ApplicationUpdate, serialapi.Update{
			Status: serialapi.UpdateNodeInfo, Node: uint16(plugNode),
			Info: serialapi.NodeInfo{Basic: 4, Generic: 0x10, Specific: 1, Classes: []byte{0x25}},
		}.Append(nil, serialapi.Narrow)...)
		s.want(0, "13: 03 02 25 02 25") // nothing to learn but its value
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.node(plugNode, 0x25, 0x03, 0x00)
		synctest.Wait()
		n, _ := s.c.Node(plugNode)
		if d := cmp.Diff(n.Classes, map[cc.Class]byte{cc.BinarySwitch: 0}); n.Stage != zwave.StageDone || d != "" {
			t.Errorf("at %s, classes (-got +want):\n%s", n.Stage, d)
		}
	})
}

func TestInterviewOfANodeThatDoesNotAnswerIsPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		if err := s.c.Interview(plugNode); err != nil {
			t.Fatal(err)
		}
		s.want(0, "41: 03")
		s.ack()
		s.res(serialapi.GetProtocolInfo, serialapi.ProtocolInfo{Listening: true, Basic: 4, Generic: 0x10, Specific: 1}.Append(nil)...)
		var at []time.Duration
		for len(at) < 6 {
			took, text := s.hear()
			if text != "60: 03" {
				t.Fatalf("the host says %q", text)
			}
			at = append(at, took)
			s.ack()
			s.res(serialapi.RequestNodeInfo, 1)
			s.req(serialapi.ApplicationUpdate, byte(serialapi.UpdateNodeInfoFail), 0, 0)
			synctest.Wait()
			if len(at) == 5 {
				time.Sleep(59 * time.Minute) // hear is not that patient
			}
		}
		var pauses []string
		for i := 1; i < len(at); i++ {
			pauses = append(pauses, fmt.Sprint((at[i] - at[i-1]).Round(time.Second)))
		}
		if d := cmp.Diff(pauses, []string{"10s", "20s", "40s", "1m20s", "1h0m0s"}); d != "" {
			t.Errorf("pauses (-got +want):\n%s", d)
		}
	})
}

func TestWords(t *testing.T) {
	var got []string
	for l := zwave.LaneNonce; l <= zwave.LaneHeal+1; l++ {
		got = append(got, l.String())
	}
	for s := zwave.SecurityNone; s <= zwave.SecurityS2AccessControl; s++ {
		got = append(got, s.String())
	}
	want := []string{
		"nonce", "siren", "user", "normal", "poll", "interview", "heal", "no lane",
		"none", "s0", "s2-unauthenticated", "s2-authenticated", "s2-access-control",
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}
