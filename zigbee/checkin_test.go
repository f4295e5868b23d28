package zigbee

import (
	"fmt"
	"testing"

	"gatehouse/zigbee/ias"
	"gatehouse/zigbee/zcl"
)

// keeps is an adapter that keeps what it is to send.
type keeps struct {
	deaf
	frames []string
}

func (k *keeps) Send(m Message, _ func(error)) {
	k.frames = append(k.frames, fmt.Sprintf("%04x % x", m.Cluster, m.Payload))
}

// A device that checks in listens on when there is something to be told, and only
// then.
func TestCheckIn(t *testing.T) {
	const listen, sleep = "0020 11 05 00 01 28 00", "0020 11 05 00 00 00 00"
	enrolled := Endpoint{ID: 1, In: []zcl.Cluster{zcl.PollControl, zcl.IASZone}, Zone: Zone{Enrolled: true}}
	for _, tt := range []struct {
		name string
		is   func(*Controller, *node)
		want string
	}{
		{"nothing to be told", func(*Controller, *node) {}, sleep},
		{"not known yet", func(_ *Controller, n *node) { n.Studied, n.studying = false, true }, listen},
		{"somebody waits for it", func(c *Controller, n *node) { c.waiters = []*waiter{{peer: n.Short}} }, listen},
		{"somebody waits for another", func(c *Controller, _ *node) { c.waiters = []*waiter{{peer: 0x1234}} }, sleep},
		{"its zone is being enrolled", func(_ *Controller, n *node) {
			n.zones = map[byte]*zone{1: {Enrolment: ias.Enrolment{Phase: ias.Settling}}}
		}, listen},
		{"its zone is enrolled", func(_ *Controller, n *node) {
			n.zones = map[byte]*zone{1: {Enrolment: ias.Enrolment{Phase: ias.Enrolled}}}
		}, sleep},
	} {
		c, k := New(Options{}), &keeps{}
		n := &node{Device: Device{IEEE: 7, Short: 0x2A01, Studied: true, Endpoints: []Endpoint{enrolled}}, asked: true}
		c.nodes[7], c.shorts[0x2A01], c.adapter, c.ready = n, n, k, true
		tt.is(c, n)
		c.Heard(Message{Peer: 0x2A01, PeerEndpoint: 1, Cluster: uint16(zcl.PollControl), Payload: []byte{0x09, 0x05, 0x00}})
		if len(k.frames) != 1 || k.frames[0] != tt.want {
			t.Errorf("%s: answered by %q, want %q", tt.name, k.frames, tt.want)
		}
	}
}
