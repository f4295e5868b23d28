package zwave_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zwave"
	"gatehouse/zwave/cc"
	"gatehouse/zwave/serialapi"
)

// Each of these is a transcript: what the stick says, what the host must say
// to it, and when, to the millisecond.

const plugOn = "13: 03 03 25 01 ff 25" // SendData of Binary Switch Set On to node 3

func TestStartSendsNakAndDoesNotResetAStickThatAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{t: t}
		s.c = zwave.New(zwave.Options{})
		s.connect(true)
		if _, got := s.hear(); got != "NAK" {
			t.Errorf("the host begins with %q, want NAK", got)
		}
		if took := time.Since(s.began); took != 0 {
			t.Errorf("start took %v of waiting, want none", took)
		}
		info, ready := s.c.Info()
		if !ready || info.HomeID != scriptHome || info.NodeID != 1 || info.Version != "Z-Wave 7.19" {
			t.Errorf("got %+v, ready %v", info, ready)
		}
		if s.askedFor(serialapi.SoftReset) {
			t.Error("a stick that answers was reset")
		}
		if got := len(s.c.Nodes()); got != 3 {
			t.Errorf("got %d nodes, want 3", got)
		}
	})
}

func TestOnlyListedFunctionsAreUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		for _, f := range []serialapi.Function{serialapi.Setup, serialapi.SetSUC, serialapi.SetTimeouts} {
			if s.askedFor(f) {
				t.Errorf("%s was used, and the bitmap does not list it", f)
			}
		}
	})
}

func TestSendIsAckResponseCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
		if got := s.heardAcks(); got != 2 {
			t.Errorf("the host sent %d ACKs, want 2", got)
		}
		s.silent(time.Second)
	})
}

func TestLostFrameIsSentAgainAfter1600ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.want(1600*ms, plugOn) // the pause of 100 ms has passed while waiting
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
		if c := s.c.Counters(); c.Retransmits != 1 || c.AckTimeouts != 1 {
			t.Errorf("counted %d retransmissions and %d timeouts, want 1 and 1", c.Retransmits, c.AckTimeouts)
		}
	})
}

func TestNakAndCanPause100msThen1100ms(t *testing.T) {
	for _, refusal := range []byte{0x15, 0x18} {
		t.Run(fmt.Sprintf("%#x", refusal), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := plug(t, known())
				done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
				s.want(0, plugOn)
				s.raw(refusal)
				s.want(100*ms, plugOn)
				s.raw(refusal)
				s.want(1200*ms, plugOn)
				s.ack()
				s.res(serialapi.SendData, 1)
				s.callback(serialapi.TxOK)
				if err := s.ended(done); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestThreeLostFramesResetTheStickAndThenThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.want(1600*ms, plugOn)
		s.want(3200*ms, plugOn)
		s.want(4800*ms, "08: ")
		err := <-s.done // 5 s for "started", then the port is given up
		if took := time.Since(s.began); took != 9800*ms {
			t.Errorf("the port was given up after %v, want 9.8s", took)
		}
		if err == nil || !strings.Contains(err.Error(), "did not start within 5s") {
			t.Errorf("got %v", err)
		}
		if err := s.ended(done); !errors.Is(err, zwave.ErrDown) {
			t.Errorf("the command ended with %v, want ErrDown", err)
		}
		if got := len(told[zwave.Down](s)); got != 1 {
			t.Errorf("told %d times that the controller is down, want 1", got)
		}
		for _, n := range s.c.Nodes() {
			if n.State != zwave.StateUnknown {
				t.Errorf("node %d is %s, want unknown", n.ID, n.State)
			}
		}
	})
}

func TestSoftResetBringsTheStickBackAndTheCommandIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.want(1600*ms, plugOn)
		s.want(3200*ms, plugOn)
		s.want(4800*ms, "08: ")
		s.raw(0x86) // 7.19: the ACK of a soft reset with its high nibble set
		s.mu.Lock()
		s.auto = true
		s.mu.Unlock()
		time.Sleep(4999 * ms)
		s.req(serialapi.Started, 0, 0, 1)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
		if got := len(told[zwave.Ready](s)); got != 2 {
			t.Errorf("told %d times that the controller is ready, want 2", got)
		}
		if got := len(told[zwave.Down](s)); got != 0 {
			t.Errorf("told %d times that the controller is down, want 0", got)
		}
	})
}

func TestMissingResponseResetsAfter10s(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.ack()
		s.want(10*time.Second, "08: ")
		if got := s.state(plugNode); got == zwave.StateDead {
			t.Error("the stick's fault is held against the node")
		}
	})
}

func TestMissingCallbackIsAbortedAfter20sAndGivenUpAfter30s(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.ack()
		s.res(serialapi.SendData, 1)
		s.want(20*time.Second, "16: ")
		s.ack()
		if err := s.ended(done); !errors.Is(err, zwave.ErrNoCallback) {
			t.Errorf("got %v, want ErrNoCallback", err)
		}
		if took := time.Since(s.began); took != 30*time.Second {
			t.Errorf("given up after %v, want 30s", took)
		}
		s.silent(5 * time.Second) // once is no reason for a reset
		if got := s.state(plugNode); got != zwave.StateAlive {
			t.Errorf("the node is %s, want alive", got)
		}
	})
}

func TestTwoMissingCallbacksResetTheStick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		for i := range 2 {
			s.mark()
			done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, byte(i))
			s.want(0, fmt.Sprintf("13: 03 03 25 01 %02x 25", i))
			s.ack()
			s.res(serialapi.SendData, 1)
			s.want(20*time.Second, "16: ")
			s.ack()
			if err := s.ended(done); !errors.Is(err, zwave.ErrNoCallback) {
				t.Errorf("got %v, want ErrNoCallback", err)
			}
		}
		s.want(30*time.Second, "08: ")
	})
}

func TestHalfFrameIsDroppedAfter1500msWithoutNak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.raw(0x01, 0xDE, 0x00, 0x04) // noise that looks like a frame of 222 bytes
		s.silent(1500 * ms)
		s.node(doorNode, 0x71, 0x05, 0, 0, 0, 0xFF, 6, 22, 0)
		if got := len(told[zwave.Report](s)); got != 1 {
			t.Errorf("%d reports after the noise, want 1", got)
		}
		s.silent(time.Second)
		if got := s.c.Counters().HalfFrames; got != 1 {
			t.Errorf("counted %d half frames, want 1", got)
		}
	})
}

func TestBadChecksumIsAnsweredWithNakAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.raw(0x01, 0x04, 0x00, 0x0A, 0x00, 0x00)
		s.want(0, "NAK")
		s.node(doorNode, 0x71, 0x05, 0, 0, 0, 0xFF, 6, 22, 0)
		if got := len(told[zwave.Report](s)); got != 1 {
			t.Errorf("%d reports, want 1", got)
		}
	})
}

func TestTrickleOf3msPerByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		rx := serialapi.Received{Node: uint16(doorNode), Command: []byte{0x71, 5, 0, 0, 0, 0xFF, 6, 22, 0}}
		for _, b := range frameOf(serialapi.ApplicationCommand, rx.Append(nil, serialapi.ApplicationCommand, serialapi.Narrow)) {
			s.raw(b)
			time.Sleep(3 * ms)
		}
		if got := len(told[zwave.Report](s)); got != 1 {
			t.Errorf("%d reports, want 1", got)
		}
	})
}

func TestReportBeforeCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x02)
		s.want(0, "13: 03 02 25 02 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.node(plugNode, 0x25, 0x03, 0xFF)
		if got := told[zwave.Report](s); len(got) != 1 || got[0].Command != (cc.BinarySwitchReport{Value: cc.On, Target: cc.On}) {
			t.Errorf("reports are %v", got)
		}
		s.callback(serialapi.TxOK)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
	})
}

func TestReportsPassAtAnyMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		report := func(n int) {
			t.Helper()
			s.node(doorNode, 0x71, 0x05, 0, 0, 0, 0xFF, 6, byte(22+n%2), 0)
			if got := len(told[zwave.Report](s)); got != n {
				t.Errorf("%d reports, want %d", got, n)
			}
			if got := s.heardAcks(); got < n {
				t.Errorf("%d ACKs, want at least %d", got, n)
			}
		}
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		report(1) // before the ACK
		s.ack()
		report(2) // before the response
		s.res(serialapi.SendData, 1)
		report(3) // before the callback
		s.callback(serialapi.TxOK)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
		report(4)
	})
}

func TestResponseStandsForALostAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
		s.silent(5 * time.Second)
	})
}

func TestStrayAnswersAreCountedAndPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		before := s.c.Counters()
		s.res(serialapi.SendData, 1)
		s.res(serialapi.GetVersion, 1)
		s.req(serialapi.SendData, 99, 0)
		s.req(0xE7, 1, 2, 3)
		s.ack()
		s.raw(0x15, 0x18)
		s.silent(time.Second)
		c := s.c.Counters()
		if got := c.Unexpected - before.Unexpected; got != 3 {
			t.Errorf("%d unexpected, want 3", got)
		}
		if c.UnknownFunctions != 1 {
			t.Errorf("%d unknown functions, want 1", c.UnknownFunctions)
		}
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(time.Second, plugOn)
		s.ack()
		s.res(serialapi.SendData, 1)
		s.req(serialapi.SendData, 250, 1) // another command's callback
		s.callback(serialapi.TxOK)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
	})
}

func TestFrameSentAgainByTheStickIsHeardOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		press := func() { s.node(doorNode, 0x20, 0x01, 0xFF) }
		press()
		time.Sleep(1600 * ms) // our ACK was lost
		press()
		if got := len(told[zwave.Report](s)); got != 1 {
			t.Errorf("%d reports, want 1", got)
		}
		if got := s.heardAcks(); got != 2 {
			t.Errorf("%d ACKs, want 2: the repetition must be acknowledged too", got)
		}
		time.Sleep(500 * ms)
		press() // too soon for a repetition: someone pressed again
		if got := len(told[zwave.Report](s)); got != 2 {
			t.Errorf("%d reports, want 2", got)
		}
	})
}

func TestCallbackIDsAre1To255(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		seen := map[byte]int{}
		for i := range 300 {
			done := s.send(plugNode, zwave.LaneUser, 0x20, 0x01, byte(i))
			s.hear()
			s.ack()
			s.res(serialapi.SendData, 1)
			s.callback(serialapi.TxOK)
			if err := s.ended(done); err != nil {
				t.Fatal(err)
			}
			seen[s.last]++
		}
		if seen[0] != 0 || len(seen) != 255 {
			t.Errorf("%d ids, 0 is used %d times; want 255 and never", len(seen), seen[0])
		}
	})
}

func TestJammedControllerIsTriedFiveTimesThenReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		for i := range 6 {
			s.want(time.Duration(i)*time.Second, plugOn)
			s.ack()
			s.res(serialapi.SendData, 1)
			s.callback(serialapi.TxFail)
		}
		s.want(5*time.Second, "08: ")
		s.ack()
		s.mu.Lock()
		s.auto = true
		s.mu.Unlock()
		s.req(serialapi.Started, 0, 0, 1)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
		if got := s.state(plugNode); got != zwave.StateAlive {
			t.Errorf("the node is %s, want alive", got)
		}
	})
}

func TestNodeThatDoesNotAcknowledgeIsTriedThreeTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		for range 3 {
			s.want(0, plugOn)
			s.ack()
			s.res(serialapi.SendData, 1)
			s.callback(serialapi.TxNoAck)
		}
		if err := s.ended(done); !errors.Is(err, zwave.ErrNoAck) {
			t.Errorf("got %v, want ErrNoAck", err)
		}
		if got := s.state(plugNode); got != zwave.StateAlive {
			t.Errorf("after one command the node is %s, want alive", got)
		}
		// Pings settle it: dead ten seconds after the first miss.
		for _, at := range []time.Duration{5 * time.Second, 10 * time.Second} {
			s.want(at, "13: 03 01 00 25")
			s.ack()
			s.res(serialapi.SendData, 1)
			s.callback(serialapi.TxNoAck)
		}
		synctest.Wait()
		if got := s.state(plugNode); got != zwave.StateDead {
			t.Errorf("after ten seconds the node is %s, want dead", got)
		}
		s.node(plugNode, 0x25, 0x03, 0x00)
		synctest.Wait()
		if got := s.state(plugNode); got != zwave.StateAlive {
			t.Errorf("after a report the node is %s, want alive", got)
		}
	})
}

func TestSirenIsTheVeryNextCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.send(plugNode, zwave.LanePoll, 0x25, 0x02)
		for i := range 100 {
			s.send(plugNode, zwave.LaneNormal, 0x20, 0x01, byte(i))
		}
		s.want(0, "13: 03 02 25 02 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		time.Sleep(300 * ms) // the controller looks for a route to the plug
		s.mark()
		s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.want(0, "16: ") // and is told to give up
		s.ack()
		s.callback(serialapi.TxNoAck)
		s.want(0, "13: 02 03 25 01 ff 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		if got, _ := s.c.Node(plugNode); got.Failed != 0 {
			t.Errorf("the abort is held against the plug: %d failed", got.Failed)
		}
		s.want(0, "13: 03 03 20 01 00 25") // what waited goes on, in the order of lanes
	})
}

func TestSirenWaitsForAnotherSirenOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.send(plugNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.ack()
		s.res(serialapi.SendData, 1)
		s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.silent(time.Second)
		s.callback(serialapi.TxNoAck)
		s.want(time.Second, "13: 02 03 25 01 ff 25") // the deaf one goes to the back
	})
}

func TestSirenTakesTheTurnOfARetransmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.raw(0x18)
		synctest.Wait()
		s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.want(100*ms, "13: 02 03 25 01 ff 25")
	})
}

func TestSirenCommandSurvivesThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.stop()
		<-s.done
		on := s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0x00)
		off := s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		if err := s.ended(on); !errors.Is(err, zwave.ErrVoid) {
			t.Errorf("the older command ended with %v, want ErrVoid", err)
		}
		if err := s.ended(s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0)); !errors.Is(err, zwave.ErrDown) {
			t.Errorf("a plug's command ended with %v, want ErrDown", err)
		}
		time.Sleep(10 * time.Second)
		s.connect(true)
		if err := s.ended(off); err != nil {
			t.Errorf("after the stick came back: %v", err)
		}
		s.stop()
		<-s.done
		began := time.Now()
		lost := s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		if err := s.ended(lost); !errors.Is(err, zwave.ErrDown) {
			t.Errorf("a stick that stays away: %v, want ErrDown", err)
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("it was waited for %v, want 30s", took)
		}
	})
}

func TestSupervisionGetIsAnsweredBeforeAnythingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		for i := range 50 {
			s.send(plugNode, zwave.LaneUser, 0x20, 0x01, byte(i))
		}
		s.want(0, "13: 03 03 20 01 00 25")
		s.node(doorNode, 0x6C, 0x01, 0x07, 0x09, 0x71, 0x05, 0, 0, 0, 0xFF, 6, 22, 0)
		if got := told[zwave.Report](s); len(got) != 1 || got[0].Command.Class() != cc.Notification {
			t.Errorf("reports are %v, want the notification inside", got)
		}
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.want(0, "13: 04 05 6c 02 07 ff 00 25") // to a node that sleeps: it waits for this
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.want(0, "13: 03 03 20 01 01 25")
		// The node did not hear the answer and asks again: answered, not told twice.
		s.node(doorNode, 0x6C, 0x01, 0x07, 0x09, 0x71, 0x05, 0, 0, 0, 0xFF, 6, 22, 0)
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.want(0, "13: 04 05 6c 02 07 ff 00 25")
		if got := told[zwave.Report](s); len(got) != 1 {
			t.Errorf("%d reports, want 1", len(got))
		}
	})
}

// supervised is a store in which the siren supports Supervision.
func supervised() *memory {
	m := known()
	n := m.nodes[sirenNode]
	n.Classes = map[cc.Class]byte{cc.Supervision: 1, cc.BinarySwitch: 2}
	m.nodes[sirenNode] = n
	return m
}

func TestSirenSaysWorkingThenSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, supervised())
		done := s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.want(0, "13: 02 07 6c 01 91 03 25 01 ff 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.node(sirenNode, 0x6C, 0x02, 0x91, 0x01, 0x05)
		time.Sleep(4 * time.Second)
		select {
		case err := <-done:
			t.Fatalf("ended with %v while the node works", err)
		default:
		}
		s.node(sirenNode, 0x6C, 0x02, 0x11, 0xFF, 0x00)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
	})
}

func TestSupervisedCommandThatFailsOrIsNotConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, supervised())
		done := s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.hear()
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.node(sirenNode, 0x6C, 0x02, 0x11, 0x02, 0x00)
		if err := s.ended(done); !errors.Is(err, zwave.ErrNodeFailed) {
			t.Errorf("got %v, want ErrNodeFailed", err)
		}
		s.mark()
		done = s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.hear()
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		if err := s.ended(done); !errors.Is(err, zwave.ErrUnconfirmed) {
			t.Errorf("got %v, want ErrUnconfirmed", err)
		}
		if took := time.Since(s.began); took != 2*time.Second {
			t.Errorf("it was waited for %v, want 2s", took)
		}
	})
}

// A node that sees the session of its last command again takes it for the same
// one and does nothing, so a restart must not begin where the last start began.
func TestSupervisionSessionIsANewOneAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := supervised()
		var sessions []string
		for range 3 {
			s := plug(t, store)
			s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
			_, text := s.hear()
			sessions = append(sessions, text[len("13: 02 07 6c 01 "):][:2])
			synctest.Wait()
			s.stop()
			<-s.done
		}
		if d := cmp.Diff(sessions, []string{"91", "a2", "b3"}); d != "" {
			t.Errorf("sessions (-got +want):\n%s", d)
		}
	})
}

func TestSleeperIsToldWhenItWakesAndSentToSleepAfter250ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := known()
		s := plug(t, store)
		done := s.send(doorNode, zwave.LaneNormal, 0x70, 0x04, 0x01, 0x01, 0x05)
		s.silent(time.Hour)
		if got := store.waiting(doorNode); len(got) != 1 {
			t.Fatalf("the store has %d commands that wait, want 1", len(got))
		}
		s.mark()
		s.node(doorNode, 0x84, 0x07)
		s.want(0, "13: 04 05 70 04 01 01 05 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
		if got := s.state(doorNode); got != zwave.StateAwake {
			t.Errorf("the node is %s, want awake", got)
		}
		s.want(250*ms, "13: 04 02 84 08 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		synctest.Wait()
		if got := s.state(doorNode); got != zwave.StateAsleep {
			t.Errorf("the node is %s, want asleep", got)
		}
		if got := store.waiting(doorNode); len(got) != 0 {
			t.Errorf("the store still has %d commands that wait", len(got))
		}
	})
}

func TestWhatWaitsForASleeperOutlivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := known()
		first := plug(t, store)
		first.send(doorNode, zwave.LaneNormal, 0x70, 0x04, 0x01, 0x01, 0x05)
		synctest.Wait()
		first.stop()
		<-first.done
		s := plug(t, store)
		s.node(doorNode, 0x84, 0x07)
		s.want(0, "13: 04 05 70 04 01 01 05 25")
	})
}

func TestSleeperThatFallsAsleepEarlyIsToldNextTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		done := s.send(doorNode, zwave.LaneNormal, 0x70, 0x04, 0x01, 0x01, 0x05)
		s.node(doorNode, 0x84, 0x07)
		s.want(0, "13: 04 05 70 04 01 01 05 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxNoAck)
		s.silent(time.Hour)
		s.mark()
		s.node(doorNode, 0x84, 0x07)
		s.want(0, "13: 04 05 70 04 01 01 05 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		if err := s.ended(done); err != nil {
			t.Error(err)
		}
	})
}

func TestEqualCommandsThatWaitAreMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.send(plugNode, zwave.LaneUser, 0x20, 0x01, 0x00)
		s.want(0, "13: 03 03 20 01 00 25")
		a := s.send(plugNode, zwave.LanePoll, 0x25, 0x02)
		b := s.send(plugNode, zwave.LaneUser, 0x25, 0x02)
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.want(0, "13: 03 02 25 02 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		if err := errors.Join(s.ended(a), s.ended(b)); err != nil {
			t.Error(err)
		}
		s.silent(time.Second)
	})
}

func TestOnOffOnIsNotMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.send(plugNode, zwave.LaneUser, 0x20, 0x02)
		s.want(0, "13: 03 02 20 02 25")
		for _, v := range []byte{0xFF, 0x00, 0xFF} {
			s.send(plugNode, zwave.LaneUser, 0x25, 0x01, v)
		}
		for _, v := range []string{"ff", "00", "ff"} {
			s.ack()
			s.res(serialapi.SendData, 1)
			s.callback(serialapi.TxOK)
			s.want(0, "13: 03 03 25 01 "+v+" 25")
		}
	})
}

func TestStickThatRestartsByItselfIsStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.mu.Lock()
		s.auto, s.asked = true, nil
		s.mu.Unlock()
		s.req(serialapi.Started, 0, 0, 1)
		synctest.Wait()
		if !s.askedFor(serialapi.GetInitData) || s.askedFor(serialapi.SoftReset) {
			t.Errorf("asked %v, want a start without a reset", s.asked)
		}
		if got := len(told[zwave.Ready](s)); got != 2 {
			t.Errorf("told %d times that the controller is ready, want 2", got)
		}
	})
}

// TestPullTheStickInEachState: wherever a command stands, the port going away
// ends Run at once, ends the command, and is not held against the node.
func TestPullTheStickInEachState(t *testing.T) {
	for name, upTo := range map[string]func(s *script){
		"before the ack":      func(s *script) {},
		"while it is put off": func(s *script) { s.raw(0x18) },
		"before the response": func(s *script) { s.ack() },
		"before the callback": func(s *script) { s.ack(); s.res(serialapi.SendData, 1) },
		"during an abort": func(s *script) {
			s.ack()
			s.res(serialapi.SendData, 1)
			s.c.Send(sirenNode, []byte{0x25, 1, 0}, zwave.LaneSiren, nil)
		},
		"during a soft reset": func(s *script) { time.Sleep(5 * time.Second) },
		"jammed":              func(s *script) { s.ack(); s.res(serialapi.SendData, 1); s.callback(serialapi.TxFail) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := plug(t, known())
				done := s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
				s.hear()
				upTo(s)
				synctest.Wait()
				pulled := time.Now()
				_ = s.conn.Close()
				if err := <-s.done; err == nil {
					t.Error("Run ended without an error")
				}
				if err := s.ended(done); !errors.Is(err, zwave.ErrDown) {
					t.Errorf("the command ended with %v, want ErrDown", err)
				}
				if took := time.Since(pulled); took != 0 {
					t.Errorf("it took %v", took)
				}
				if got := s.state(plugNode); got != zwave.StateUnknown {
					t.Errorf("the node is %s, want unknown", got)
				}
				s.connect(true)
				if _, ready := s.c.Info(); !ready {
					t.Error("not ready on a new port")
				}
			})
		})
	}
}

func TestSirenThatIsHardToReachYieldsAfter3s(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.send(plugNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.ack()
		s.res(serialapi.SendData, 1)
		s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.want(3*time.Second, "16: ")
		s.ack()
		s.callback(serialapi.TxNoAck)
		s.want(3*time.Second, "13: 02 03 25 01 ff 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.want(3*time.Second, plugOn) // and has its turn again
	})
}

func TestEnvelopesComeOffInTheirOrder(t *testing.T) {
	report := []byte{0x25, 0x03, 0xFF}
	supervision := cc.SupervisionGet{Session: 1, Command: report}.Append(nil)
	channel := cc.MultiChannelEncap{Source: 2, Command: supervision}.Append(nil)
	for _, tt := range []struct {
		name     string
		wire     []byte
		reports  int
		endpoint byte
		answer   string // "" for none
	}{
		{"plain", report, 1, 0, ""},
		{"checksum", cc.CRC16Encap{Command: report}.Append(nil), 1, 0, ""},
		{"two in one", cc.MultiCommandEncap{Commands: [][]byte{report, {0x80, 0x03, 0x64}}}.Append(nil), 2, 0, ""},
		{"supervision in multi channel in a checksum", cc.CRC16Encap{Command: channel}.Append(nil), 1, 2, "13: 03 09 60 0d 00 02 6c 02 01 ff 00 25"},
		{"multi channel in supervision", cc.SupervisionGet{Session: 1, Command: channel}.Append(nil), 0, 0, "13: 03 05 6c 02 01 ff 00 25"},
		{"supervision twice", cc.SupervisionGet{Session: 2, Command: supervision}.Append(nil), 0, 0, "13: 03 05 6c 02 02 ff 00 25"},
		{"a checksum that is wrong", []byte{0x56, 0x01, 0x25, 0x03, 0xFF, 0x00, 0x00}, 0, 0, ""},
		{"supervision of a command that is cut off", cc.SupervisionGet{Session: 1, Command: []byte{0x25, 0x03}}.Append(nil), 0, 0, "13: 03 05 6c 02 01 02 00 25"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := plug(t, known())
				s.node(plugNode, tt.wire...)
				got := told[zwave.Report](s)
				if len(got) != tt.reports {
					t.Fatalf("got %d reports, want %d: %v", len(got), tt.reports, got)
				}
				for _, r := range got {
					if r.Endpoint != tt.endpoint {
						t.Errorf("endpoint %d, want %d", r.Endpoint, tt.endpoint)
					}
				}
				if tt.answer != "" {
					s.want(0, tt.answer)
				} else {
					s.silent(time.Second)
				}
				if c := s.c.Counters(); tt.reports == 0 && c.Malformed != 1 {
					t.Errorf("counted %d malformed commands, want 1", c.Malformed)
				}
			})
		})
	}
}

func TestReportInClearFromASecuredNodeIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := known()
		n := store.nodes[doorNode]
		n.Security = zwave.SecurityS2Authenticated
		store.nodes[doorNode] = n
		s := plug(t, store)
		before, _ := s.c.Node(doorNode)
		s.node(doorNode, 0x71, 0x05, 0, 0, 0, 0xFF, 6, 23, 0)
		s.node(doorNode, 0x6C, 0x01, 0x07, 0x02, 0x84, 0x07)
		s.silent(time.Second) // and it is not answered
		if got := told[zwave.Report](s); len(got) != 0 {
			t.Errorf("told of %v", got)
		}
		if got := s.c.Counters().Dropped; got != 2 {
			t.Errorf("counted %d, want 2", got)
		}
		if after, _ := s.c.Node(doorNode); after.State != before.State || after.LastSeen != before.LastSeen {
			t.Error("someone else's word was taken for a sign of life")
		}
	})
}

func TestMulticastIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		cmd := cc.SupervisionGet{Session: 1, Command: []byte{0x20, 0x01, 0xFF}}.Append(nil)
		s.req(serialapi.ApplicationCommand, serialapi.Received{Status: serialapi.RxMulticast, Node: uint16(plugNode), Command: cmd}.
			Append(nil, serialapi.ApplicationCommand, serialapi.Narrow)...)
		if got := told[zwave.Report](s); len(got) != 1 || !got[0].Multicast {
			t.Errorf("got %v, want one multicast", got)
		}
		s.silent(time.Second)
	})
}

func TestControllerSaysWhatItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		for _, tt := range []struct{ ask, want string }{
			{"\x86\x13\x6c", "13: 03 04 86 14 6c 02 25"},
			{"\x86\x13\x98", "13: 03 04 86 14 98 00 25"}, // no security yet
			{"\x5e\x01", "13: 03 09 5e 02 02 00 00 05 00 05 00 25"},
		} {
			s.node(plugNode, []byte(tt.ask)...)
			s.want(0, tt.want)
			s.ack()
			s.res(serialapi.SendData, 1)
			s.callback(serialapi.TxOK)
		}
	})
}

func TestBridgeCommandIsHeardToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.req(serialapi.BridgeApplicationCmd, serialapi.Received{Node: uint16(doorNode), Destination: 1, Command: []byte{0x20, 0x01, 0xFF}}.
			Append(nil, serialapi.BridgeApplicationCmd, serialapi.Narrow)...)
		if got := told[zwave.Report](s); len(got) != 1 || got[0].Node != doorNode {
			t.Errorf("got %v", got)
		}
	})
}

func TestJoinThatFails(t *testing.T) {
	learn := func(s *script, id byte, status serialapi.LearnStatus) {
		s.req(serialapi.AddNode, serialapi.Learn{Callback: id, Status: status}.Append(nil, serialapi.Narrow)...)
		synctest.Wait()
	}
	for name, tt := range map[string]struct {
		after  func(s *script, id byte)
		took   time.Duration
		reason string
	}{
		"the controller never begins":     {func(*script, byte) {}, 10 * time.Second, "the controller did not begin"},
		"nobody comes":                    {func(s *script, id byte) { learn(s, id, serialapi.LearnReady) }, time.Minute, "no device answered in time"},
		"another controller is primary":   {func(s *script, id byte) { learn(s, id, serialapi.LearnNotPrimary) }, 0, "this controller may not add devices: another one is primary"},
		"the device fails":                {func(s *script, id byte) { learn(s, id, serialapi.LearnReady); learn(s, id, serialapi.LearnFailed) }, 0, "the device could not join; bring it closer and try again"},
		"the device goes away when found": {func(s *script, id byte) { learn(s, id, serialapi.LearnReady); learn(s, id, serialapi.LearnNodeFound) }, time.Minute, "the device stopped answering"},
		"somebody cancels":                {func(s *script, id byte) { learn(s, id, serialapi.LearnReady); s.c.StopJoin() }, 0, "cancelled"},
		"the stick restarts":              {func(s *script, _ byte) { s.req(serialapi.Started, 0); synctest.Wait() }, 0, "the controller had to be restarted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := plug(t, known())
				if err := s.c.Include(time.Minute); err != nil {
					t.Fatal(err)
				}
				_, text := s.hear()
				var mode, id byte
				if _, err := fmt.Sscanf(text, "4a: %x %x", &mode, &id); err != nil || mode != 0xC1 {
					t.Fatalf("the host says %q: %v", text, err)
				}
				s.ack()
				synctest.Wait()
				began := time.Now()
				tt.after(s, id)
				for s.c.Join().Step != zwave.JoinFailed && time.Since(began) < 10*time.Minute {
					time.Sleep(ms)
					synctest.Wait()
				}
				if got := s.c.Join(); got.Reason != tt.reason || time.Since(began) != tt.took {
					t.Errorf("got %+v after %v, want %q after %v", got, time.Since(began), tt.reason, tt.took)
				}
				if name != "the stick restarts" {
					s.want(s.now(), "4a: 05 00") // the network is closed
				}
				s.ack()
				synctest.Wait()
			})
		})
	}
}

func TestSirenEndsAJoinThatIsInItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		if err := s.c.Include(time.Minute); err != nil {
			t.Fatal(err)
		}
		s.hear()
		s.ack()
		s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.want(0, "13: 02 03 25 01 ff 25")
		s.ack()
		s.res(serialapi.SendData, 0) // refused
		s.want(0, "4a: 05 00")
		s.ack()
		s.want(0, "13: 02 03 25 01 ff 25")
		if got := s.c.Join(); got.Step != zwave.JoinFailed || got.Reason != "an alarm command had to go out" {
			t.Errorf("got %+v", got)
		}
	})
}

// Closing the network goes before everything, also before what would have
// opened it and is still waiting or being sent again.
func TestStopJoinIsNotOvertakenByWhatItStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.send(plugNode, zwave.LaneUser, 0x25, 0x02)
		s.hear()
		if err := s.c.Include(time.Minute); err != nil {
			t.Fatal(err)
		}
		s.c.StopJoin() // before it was sent at all
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.want(0, "4a: 05 00")
		s.ack()
		s.silent(time.Second)

		s.mark()
		if err := s.c.Exclude(time.Minute); err != nil {
			t.Fatal(err)
		}
		_, _ = s.hear()
		s.raw(0x18)
		synctest.Wait()
		s.c.StopJoin() // while it is put off
		s.want(100*ms, "4b: 05 00")
		s.ack()
		s.silent(5 * time.Second)
	})
}

// A stick that says how joining goes has got the request, so it is not sent
// again when its ACK was lost: that would open the network once more.
func TestLearnRequestIsNotSentAgainOnceTheStickCallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		if err := s.c.Include(time.Minute); err != nil {
			t.Fatal(err)
		}
		_, text := s.hear()
		var mode, id byte
		if _, err := fmt.Sscanf(text, "4a: %x %x", &mode, &id); err != nil {
			t.Fatal(err)
		}
		s.req(serialapi.AddNode, id, byte(serialapi.LearnReady), 0, 0)
		s.silent(30 * time.Second)
		if got := s.c.Join(); got.Step != zwave.JoinWaiting {
			t.Errorf("got %+v, want waiting", got)
		}
	})
}

func TestAnswerThatDoesNotGetThroughHoldsASirenFor100ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.node(doorNode, 0x6C, 0x01, 0x07, 0x09, 0x71, 0x05, 0, 0, 0, 0xFF, 6, 22, 0)
		synctest.Wait()
		s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF) // because of it
		s.want(0, "13: 04 05 6c 02 07 ff 00 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.want(100*ms, "16: ")
		s.ack()
		s.callback(serialapi.TxNoAck)
		s.want(100*ms, "13: 02 03 25 01 ff 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.silent(200 * ms) // the door will say it again
	})
}

func TestAnswerWaits100msForAPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.send(plugNode, zwave.LanePoll, 0x25, 0x02)
		s.want(0, "13: 03 02 25 02 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		synctest.Wait()
		time.Sleep(30 * ms)
		s.node(doorNode, 0x6C, 0x01, 0x07, 0x09, 0x71, 0x05, 0, 0, 0, 0xFF, 6, 22, 0)
		s.want(100*ms, "16: ")
		s.ack()
		s.callback(serialapi.TxNoAck)
		s.want(100*ms, "13: 04 05 6c 02 07 ff 00 25")
		s.ack()
		s.res(serialapi.SendData, 1)
		s.callback(serialapi.TxOK)
		s.want(100*ms, "13: 03 02 25 02 25") // and the poll has its turn again
	})
}

func TestAnswerThatWaitsDoesNotKeepASirenWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plug(t, known())
		s.send(plugNode, zwave.LaneUser, 0x25, 0x01, 0xFF)
		s.want(0, plugOn)
		s.ack()
		s.res(serialapi.SendData, 1)
		s.node(doorNode, 0x6C, 0x01, 0x07, 0x09, 0x71, 0x05, 0, 0, 0, 0xFF, 6, 22, 0)
		s.silent(50 * ms)
		s.send(sirenNode, zwave.LaneSiren, 0x25, 0x01, 0xFF)
		s.want(50*ms, "16: ")
	})
}
