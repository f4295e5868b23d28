package zwave

import (
	"errors"
	"math/rand/v2"
	"testing"
)

func waiting(node NodeID, lane Lane, seq uint64, payload ...byte) *request {
	return &request{lane: lane, cmd: &command{node: node, lane: lane, seq: seq, payload: payload}}
}

func TestQueueKeepsLanesAndOrder(t *testing.T) {
	var q queue
	r := rand.New(rand.NewPCG(1, 2))
	for seq := range uint64(2000) {
		q.push(waiting(2, Lane(r.IntN(int(lanes))), seq))
		if r.IntN(3) == 0 {
			q.pop(lanes - 1)
		}
	}
	var lane Lane
	var seq uint64
	left := q.n
	for range left {
		x := q.pop(lanes - 1)
		if x.lane < lane || x.lane == lane && x.cmd.seq < seq {
			t.Fatalf("%s %d came after %s %d", x.lane, x.cmd.seq, lane, seq)
		}
		lane, seq = x.lane, x.cmd.seq
	}
	if q.n != 0 || q.pop(lanes-1) != nil {
		t.Errorf("%d are left over", q.n)
	}
}

func TestQueueTakesNothingBelowALane(t *testing.T) {
	var q queue
	q.push(waiting(2, LanePoll, 1))
	if got := q.pop(LaneSiren); got != nil {
		t.Errorf("got a request of lane %s", got.lane)
	}
	q.push(waiting(2, LaneNonce, 2))
	if got := q.pop(LaneSiren); got == nil || got.lane != LaneNonce {
		t.Errorf("got %v, want the nonce", got)
	}
}

func TestPushFrontComesFirst(t *testing.T) {
	var q queue
	for seq := range uint64(3) {
		q.push(waiting(2, LaneUser, seq))
	}
	first := q.pop(lanes - 1)
	q.pushFront(first)
	if got := q.pop(lanes - 1); got != first {
		t.Errorf("got %d, want %d", got.cmd.seq, first.cmd.seq)
	}
	q.pushFront(waiting(2, LaneUser, 9))
	q.pushFront(waiting(2, LaneUser, 8))
	for _, want := range []uint64{8, 9, 1, 2} {
		if got := q.pop(lanes - 1); got.cmd.seq != want {
			t.Errorf("got %d, want %d", got.cmd.seq, want)
		}
	}
}

func TestSupersede(t *testing.T) {
	var q queue
	on := waiting(2, LaneSiren, 1, 0x25, 0x01, 0xFF)
	q.push(on)
	q.push(waiting(3, LaneSiren, 2, 0x25, 0x01, 0xFF))
	for name, cmd := range map[string]*command{
		"another node":    {node: 4, lane: LaneSiren, payload: []byte{0x25, 0x01, 0x00}},
		"another class":   {node: 2, lane: LaneSiren, payload: []byte{0x79, 0x08, 0x00}},
		"another command": {node: 2, lane: LaneSiren, payload: []byte{0x25, 0x02}},
		"another lane":    {node: 2, lane: LaneUser, payload: []byte{0x25, 0x01, 0x00}},
		"an endpoint":     {node: 2, endpoint: 1, lane: LaneSiren, payload: []byte{0x25, 0x01, 0x00}},
	} {
		if old := q.supersede(cmd); old != nil {
			t.Errorf("%s makes a command void", name)
		}
	}
	if old := q.supersede(&command{node: 2, lane: LaneSiren, payload: []byte{0x25, 0x01, 0x00}}); old != on.cmd {
		t.Errorf("off does not make on void: got %v", old)
	}
	if q.n != 1 {
		t.Errorf("%d wait, want 1", q.n)
	}
}

// A fault that comes between two requests of a start finds none to fail; the
// next one must not wait for ever.
func TestRequestOfAStartFailsWhileTheStickIsReset(t *testing.T) {
	c := ready(nil)
	c.phase = phaseStarting
	now := c.lock()
	c.stickFault(now, errRestarted)
	c.unlock(now)
	if _, err := c.do(t.Context(), request{control: true}); !errors.Is(err, errRestarted) {
		t.Errorf("got %v, want errRestarted", err)
	}
}

// A command that is over already may still wait to be sent again, because its
// confirmation came after it was put back; nothing may be merged with it.
func TestNothingIsMergedWithACommandThatHasEnded(t *testing.T) {
	var q queue
	r := waiting(2, LaneSiren, 1, 0x25, 0x01, 0xFF)
	r.cmd.ended = true
	q.push(r)
	if q.merge(&command{node: 2, lane: LaneSiren, payload: []byte{0x25, 0x01, 0xFF}}) {
		t.Error("merged")
	}
	r.cmd.ended = false
	if !q.merge(&command{node: 2, lane: LaneSiren, payload: []byte{0x25, 0x01, 0xFF}}) {
		t.Error("not merged with one that has not ended")
	}
}
