package zwave

import (
	"io"
	"testing"
	"time"

	"gatehouse/zwave/cc"
	"gatehouse/zwave/frame"
	"gatehouse/zwave/serialapi"
)

// ready is a controller in the middle of its work, without any goroutine.
func ready(onEvent func(Event)) *Controller {
	c := New(Options{OnEvent: onEvent})
	c.phase = phaseReady
	c.info.NodeID = 1
	c.caps.Functions = make(serialapi.Bits, 32)
	for i := range c.caps.Functions {
		c.caps.Functions[i] = 0xFF
	}
	for id := range NodeID(3) {
		n := &node{Node: Node{ID: id + 2, Stage: StageDone, Listening: id < 2, State: StateUnknown}}
		n.Classes = map[cc.Class]byte{cc.Supervision: 1}
		c.nodes[n.ID] = n
	}
	return c
}

// port takes what is written to it and has nothing to say.
type port struct{ io.Reader }

func (port) Write(b []byte) (int, error) { return len(b), nil }

// FuzzController: whatever a stick says, in whatever state, nothing panics,
// and a door that opens 1500 ms later is heard.
func FuzzController(f *testing.F) {
	opened := serialapi.Received{Node: 4, Command: []byte{0x71, 5, 0, 0, 0, 0xFF, 6, 22, 0}}
	door := frame.Data{Function: byte(serialapi.ApplicationCommand), Payload: opened.Append(nil, serialapi.ApplicationCommand, serialapi.Narrow)}.Append(nil)
	data := func(t frame.Type, fn serialapi.Function, p ...byte) []byte {
		return frame.Data{Type: t, Function: byte(fn), Payload: p}.Append(nil)
	}
	f.Add(door)
	f.Add([]byte{0x06})
	f.Add(append([]byte{0x06}, data(frame.Response, serialapi.SendData, 1)...))
	f.Add(append(data(frame.Response, serialapi.SendData, 0), data(frame.Request, serialapi.SendData, 1, 2)...))
	f.Add(data(frame.Request, serialapi.SendData, 1, 0))
	f.Add(data(frame.Request, serialapi.Started, 0))
	f.Add(data(frame.Request, serialapi.ApplicationUpdate, 0x84, 4, 5, 4, 0x10, 1, 0x25, 0x84))
	f.Add(data(frame.Request, serialapi.AddNode, 2, 3, 9, 5, 4, 0x10, 1, 0x25, 0x84))
	f.Add(append(data(frame.Request, serialapi.AddNode, 2, 5, 9, 0), data(frame.Request, serialapi.AddNode, 3, 6, 9, 0)...))
	f.Add(data(frame.Request, serialapi.ApplicationCommand, 0, 4, 2, 0x84, 0x07))
	f.Add(data(frame.Request, serialapi.ApplicationCommand, 0, 2, 8, 0x6C, 1, 7, 4, 0x8F, 1, 1, 0))
	f.Add(data(frame.Request, serialapi.ApplicationCommand, 0, 2, 5, 0x6C, 2, 1, 1, 5))
	f.Add(data(frame.Request, serialapi.ApplicationCommand, 0, 2, 2, 0x5A, 1))
	f.Add([]byte{0x15, 0x18, 0x18, 0x01, 0xDE})
	f.Fuzz(func(t *testing.T, b []byte) {
		heard := 0
		c := ready(func(e Event) {
			if r, ok := e.(Report); ok && r.Node == 4 && r.Command.Class() == cc.Notification {
				heard++
			}
		})
		done := 0
		c.Send(2, cc.BinarySwitchSet{Value: cc.On}.Append(nil), LaneUser, func(error) { done++ })
		c.Send(3, cc.BinarySwitchGet{}.Append(nil), LanePoll, nil)
		_ = c.Include(time.Minute)
		c.Send(2, cc.BinarySwitchSet{Value: cc.On}.Append(nil), LaneSiren, nil)
		if err := c.take(port{}, b); err != nil {
			t.Fatal(err)
		}
		now := c.lock()
		c.tick(now.Add(frame.HalfTime))
		c.unlock(now)
		if n := c.nodes[4]; n == nil || done > 1 { // it may have been removed by what was said
			return
		}
		heard, c.lastFrame, c.phase = 0, nil, phaseReady
		c.nodes[4].Security, c.nodes[4].supers = SecurityNone, nil
		if err := c.take(port{}, door); err != nil {
			t.Fatal(err)
		}
		if heard != 1 {
			t.Errorf("after % x: the door was heard %d times", b, heard)
		}
	})
}

// BenchmarkReport is from the last byte of a report to OnEvent, without the
// port: acknowledged, decoded, unwrapped, told.
func BenchmarkReport(b *testing.B) {
	n := 0
	c := ready(func(e Event) {
		if _, ok := e.(Report); ok {
			n++
		}
	})
	wires := [2][]byte{}
	for i := range wires {
		rx := serialapi.Received{Node: 4, Command: cc.NotificationReport{Status: 0xFF, Type: cc.NotifyAccessControl, Event: byte(22 + i)}.Append(nil)}
		wires[i] = frame.Data{Function: byte(serialapi.ApplicationCommand), Payload: rx.Append(nil, serialapi.ApplicationCommand, serialapi.Narrow)}.Append(nil)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := c.take(port{}, wires[i&1]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	if n != i {
		b.Fatalf("%d reports of %d were told", n, i)
	}
}
