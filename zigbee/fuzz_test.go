package zigbee

import (
	"context"
	"testing"

	"gatehouse/zigbee/zcl"
)

// deaf is an adapter that takes everything and says nothing.
type deaf struct{ sent int }

func (d *deaf) Serve(context.Context, Handler) error           { return nil }
func (d *deaf) Hello(context.Context) (Info, error)            { return Info{}, nil }
func (d *deaf) Network(context.Context) (Network, bool, error) { return Network{}, false, nil }
func (d *deaf) Form(context.Context, Network) error            { return nil }
func (d *deaf) Resume(context.Context) error                   { return nil }
func (d *deaf) Follow(context.Context, []uint16) error         { return nil }
func (d *deaf) Backup(context.Context) (Backup, error)         { return Backup{}, nil }
func (d *deaf) Restore(context.Context, Backup) error          { return nil }
func (d *deaf) PermitJoin(context.Context, Permit) error       { return nil }
func (d *deaf) Energy(context.Context, byte) (int, error)      { return 0, nil }
func (d *deaf) ChangeChannel(context.Context, byte) error      { return nil }
func (d *deaf) Expect(context.Context, InstallCode) error      { return nil }
func (d *deaf) Send(Message, func(error))                      { d.sent++ }
func (d *deaf) Ask(_ Short, _ uint16, _ []byte, _ func(error)) { d.sent++ }

// FuzzController: whatever devices say, nothing panics, no answer is answered,
// and a door that opens afterwards is heard.
func FuzzController(f *testing.F) {
	f.Add(uint16(0x0500), []byte{0x19, 0x07, 0x00, 1, 0, 0, 0, 0, 0}, uint16(0x8002), []byte{0, 1, 0x2A, 2, 0x40, 0x80, 0x7C, 0x11})
	f.Add(uint16(0x0500), []byte{0x09, 0x08, 0x01, 0x15, 0, 0x7C, 0x11}, uint16(0x8001), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	f.Add(uint16(0x0501), []byte{0x01, 0x09, 0x00, 3, 4, '1', '2', '3', '4', 0}, uint16(0x8005), []byte{0, 1, 0x2A, 9, 1})
	f.Add(uint16(0x0001), []byte{0x18, 0x0A, 0x0A, 0x21, 0, 0x20, 200}, uint16(0x8004), []byte{0, 1, 0x2A, 8, 1})
	f.Add(uint16(0xFC00), []byte{0x05, 0x7C, 0x11, 1, 2, 3}, uint16(0x8000), []byte{})
	f.Fuzz(func(t *testing.T, cluster uint16, frame []byte, zdo uint16, body []byte) {
		heard := 0
		a := &deaf{}
		c := New(Options{OnEvent: func(e Event) {
			if r, ok := e.(Report); ok {
				if s, ok := r.Command.(zcl.ZoneStatusChange); ok && s.Status == 0x0155 {
					heard++
				}
			}
		}})
		n := &node{Device: Device{IEEE: 7, Short: 0x2A01, Studied: true, Endpoints: []Endpoint{{ID: 1, In: []zcl.Cluster{zcl.IASZone}, Zone: Zone{Enrolled: true}}}}}
		c.nodes[7], c.shorts[0x2A01], c.adapter, c.ready = n, n, a, true
		n.asked = true
		defer c.detach(nil)
		c.Heard(Message{Peer: 0x2A01, PeerEndpoint: 1, Cluster: cluster, Payload: frame})
		c.Heard(Message{Peer: 0x2A02, PeerEndpoint: 1, Cluster: cluster, Payload: frame})
		if a.sent > 2 { // an answer, and a question whose the second address is
			t.Errorf("%d messages because of % x", a.sent, frame)
		}
		c.Answered(0x2A01, zdo, body)
		c.mu.Lock()
		c.move(n, 0x2A01)
		c.mu.Unlock()
		c.Heard(Message{Peer: 0x2A01, PeerEndpoint: 1, Cluster: 0x0500, Payload: []byte{0x19, 0x99, 0x00, 0x55, 0x01, 0, 0, 0, 0}})
		if heard != 1 {
			t.Errorf("the door behind % x is heard %d times", frame, heard)
		}
	})
}

// A zone's report takes few allocations on its way to who is told.
func BenchmarkZoneReport(b *testing.B) {
	c := New(Options{OnEvent: func(Event) {}})
	n := &node{Device: Device{IEEE: 7, Short: 0x2A01, Studied: true, Endpoints: []Endpoint{{ID: 1, In: []zcl.Cluster{zcl.IASZone}, Zone: Zone{Enrolled: true}}}}}
	n.asked = true
	c.nodes[7], c.shorts[0x2A01], c.adapter, c.ready = n, n, &deaf{}, true
	frame := []byte{0x19, 0, 0x00, 1, 0, 0, 0, 0, 0}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		frame[1] = byte(i)
		c.Heard(Message{Peer: 0x2A01, PeerEndpoint: 1, Cluster: 0x0500, Payload: frame})
	}
}
