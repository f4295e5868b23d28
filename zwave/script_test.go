package zwave_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zwave"
	"gatehouse/zwave/frame"
	"gatehouse/zwave/serialapi"
)

// script is a stick in a test's hands. It starts by itself (so far it behaves)
// and then does only what the test says.
type script struct {
	t    *testing.T
	c    *zwave.Controller
	conn net.Conn
	out  chan []byte
	in   chan token
	done chan error
	stop context.CancelFunc

	mu     sync.Mutex
	auto   bool
	asked  []serialapi.Function
	acks   int // that the host sent
	events []zwave.Event
	began  time.Time
	last   byte // callback id of the last SendData
}

// token is something that the host said, and when.
type token struct {
	at   time.Time
	text string // "NAK", or the function and payload in hex: "13: 02 03 25 01 ff 25 01"
}

const scriptHome = 0xDEADBEEF

// The nodes of a script: a siren and a plug that listen, a door that sleeps.
const (
	sirenNode zwave.NodeID = 2
	plugNode  zwave.NodeID = 3
	doorNode  zwave.NodeID = 4
)

// known is what a script's controller knows from before.
func known() *memory {
	return &memory{nodes: map[zwave.NodeID]zwave.Node{
		sirenNode: {ID: sirenNode, Stage: zwave.StageDone, Listening: true},
		plugNode:  {ID: plugNode, Stage: zwave.StageDone, Listening: true},
		doorNode:  {ID: doorNode, Stage: zwave.StageDone, WakeInterval: 3600},
	}}
}

// plug starts a controller on a script and sees it through to Ready.
func plug(t *testing.T, store zwave.Store) *script {
	t.Helper()
	s := &script{t: t}
	s.c = zwave.New(zwave.Options{Store: store, OnEvent: func(e zwave.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, e)
	}})
	s.replug()
	return s
}

// replug gives the controller a new port.
func (s *script) replug() {
	s.t.Helper()
	s.connect(true)
	time.Sleep(time.Second) // pings of Ready
	synctest.Wait()
	if _, ready := s.c.Info(); !ready {
		s.t.Fatal("the controller is not ready")
	}
	s.manual()
}

func (s *script) connect(auto bool) {
	host, far := net.Pipe()
	ctx, stop := context.WithCancel(s.t.Context())
	s.conn, s.stop, s.auto = far, stop, auto
	s.out, s.in, s.done = make(chan []byte, 1000), make(chan token, 1000), make(chan error, 1)
	s.began = time.Now()
	in, out, done := s.in, s.out, s.done
	var wg sync.WaitGroup
	wg.Go(func() { s.listen(far, in); stop() })
	wg.Go(func() {
		for {
			select {
			case b := <-out:
				if _, err := far.Write(b); err != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	wg.Go(func() { done <- s.c.Run(ctx, host) })
	s.t.Cleanup(func() {
		stop()
		_ = far.Close()
		wg.Wait()
	})
	synctest.Wait()
}

// manual leaves everything to the test from now on.
func (s *script) manual() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auto = false
	for len(s.in) > 0 {
		<-s.in
	}
	s.began = time.Now()
	s.acks = 0
}

func (s *script) listen(conn net.Conn, in chan token) {
	var d frame.Decoder
	buf := make([]byte, 300)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		b := buf[:n]
		for {
			var it frame.Item
			now := time.Now()
			it, b = d.Next(now, b)
			if it.Kind == frame.None {
				break
			}
			s.mu.Lock()
			switch it.Kind {
			case frame.Ack:
				s.acks++
			case frame.Nak:
				in <- token{now, "NAK"}
			case frame.Frame:
				if s.auto {
					s.behave(it.Data)
				} else {
					in <- token{now, fmt.Sprintf("%02x: % x", it.Data.Function, it.Data.Payload)}
				}
				if it.Data.Function == byte(serialapi.SendData) {
					s.last = it.Data.Payload[len(it.Data.Payload)-1]
				}
			case frame.None, frame.Can, frame.BadChecksum, frame.Noise, frame.HalfFrame:
				in <- token{now, fmt.Sprintf("bad bytes (%d)", it.Kind)}
			}
			s.mu.Unlock()
		}
	}
}

// behave is what the stick does while it is left alone.
func (s *script) behave(d frame.Data) {
	s.out <- []byte{frame.ACK}
	fn := serialapi.Function(d.Function)
	s.asked = append(s.asked, fn)
	reply := func(p []byte) {
		s.out <- frame.Data{Type: frame.Response, Function: d.Function, Payload: p}.Append(nil)
	}
	switch fn {
	case serialapi.GetAPICapabilities:
		caps := serialapi.Capabilities{Version: 7, Revision: 19, Functions: make(serialapi.Bits, 32)}
		for _, f := range []serialapi.Function{
			serialapi.GetInitData, serialapi.SetNodeInformation, serialapi.ApplicationCommand, serialapi.GetCapabilities,
			serialapi.SoftReset, serialapi.SendData, serialapi.SendDataAbort, serialapi.GetVersion, serialapi.GetHomeID,
			serialapi.GetProtocolInfo, serialapi.AddNode, serialapi.RemoveNode, serialapi.RequestNodeInfo,
			serialapi.RemoveFailedNode, serialapi.GetSUC,
		} {
			caps.Functions.Set(int(f))
		}
		reply(caps.Append(nil))
	case serialapi.GetVersion:
		reply(serialapi.LibraryVersion{Version: "Z-Wave 7.19", Library: 1}.Append(nil))
	case serialapi.GetHomeID:
		reply(serialapi.HomeID{HomeID: scriptHome, NodeID: 1}.Append(nil, serialapi.Narrow))
	case serialapi.GetCapabilities:
		reply([]byte{0x1C})
	case serialapi.GetInitData:
		nodes := make(serialapi.Bits, 29)
		for _, n := range []zwave.NodeID{1, sirenNode, plugNode, doorNode} {
			nodes.Set(int(n))
		}
		reply(serialapi.InitData{APIVersion: 9, Capabilities: 8, Nodes: nodes, ChipType: 7}.Append(nil))
	case serialapi.GetSUC:
		reply([]byte{1})
	case serialapi.GetProtocolInfo:
		reply(serialapi.ProtocolInfo{Listening: d.Payload[0] != byte(doorNode), Basic: 4, Generic: 0x10, Specific: 1}.Append(nil))
	case serialapi.SendData:
		reply([]byte{1})
		s.out <- frame.Data{Function: d.Function, Payload: []byte{d.Payload[len(d.Payload)-1], 0}}.Append(nil)
	case serialapi.SoftReset:
		s.out <- frame.Data{Function: byte(serialapi.Started), Payload: []byte{0, 0, 1}}.Append(nil)
	default:
	}
}

// mark makes now the zero of the times in want.
func (s *script) mark() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = time.Now()
}

// raw sends bytes to the host.
func (s *script) raw(b ...byte) { s.out <- b }
func (s *script) ack()          { s.raw(frame.ACK) }

// req sends a request frame, as for callbacks and what nodes say.
func (s *script) req(f serialapi.Function, payload ...byte) {
	s.out <- frame.Data{Type: frame.Request, Function: byte(f), Payload: payload}.Append(nil)
}

// res sends a response frame.
func (s *script) res(f serialapi.Function, payload ...byte) {
	s.out <- frame.Data{Type: frame.Response, Function: byte(f), Payload: payload}.Append(nil)
}

// node has a node say something.
func (s *script) node(id zwave.NodeID, command ...byte) {
	s.req(serialapi.ApplicationCommand, serialapi.Received{Node: uint16(id), Command: command}.Append(nil, serialapi.ApplicationCommand, serialapi.Narrow)...)
}

// callback ends the last SendData.
func (s *script) callback(status serialapi.TxStatus) {
	synctest.Wait()
	s.mu.Lock()
	id := s.last
	s.mu.Unlock()
	s.req(serialapi.SendData, id, byte(status))
}

// hear is the next thing that the host says, and when.
func (s *script) hear() (time.Duration, string) {
	s.t.Helper()
	select {
	case k := <-s.in:
		return k.at.Sub(s.began), k.text
	case <-time.After(10 * time.Minute):
		s.t.Fatal("the host says nothing more")
		return 0, ""
	}
}

// want asks for the next thing that the host says. The callback id at the end
// of a SendData (function 13) may be left out.
func (s *script) want(at time.Duration, text string) {
	s.t.Helper()
	gotAt, got := s.hear()
	if len(got) > 3 && got[:3] == "13:" && len(text) == len(got)-3 {
		got = got[:len(got)-3]
	}
	if got != text || gotAt != at {
		s.t.Fatalf("the host says %q after %v, want %q after %v", got, gotAt, text, at)
	}
}

// silent asks that the host says nothing for a while.
func (s *script) silent(d time.Duration) {
	s.t.Helper()
	select {
	case k := <-s.in:
		s.t.Fatalf("the host says %q after %v, want silence", k.text, k.at.Sub(s.began))
	case <-time.After(d):
	}
}

// send sends a command and returns where its end will be told.
func (s *script) send(node zwave.NodeID, lane zwave.Lane, payload ...byte) chan error {
	ch := make(chan error, 1)
	s.c.Send(node, payload, lane, func(err error) { ch <- err })
	return ch
}

// ended is how a command ended.
func (s *script) ended(ch chan error) error {
	s.t.Helper()
	select {
	case err := <-ch:
		return err
	case <-time.After(10 * time.Minute):
		s.t.Fatal("done was not called")
		return nil
	}
}

func (s *script) heardAcks() int {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acks
}

// told are the events of one type, so far.
func told[E zwave.Event](s *script) []E {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	var l []E
	for _, e := range s.events {
		if e, ok := e.(E); ok {
			l = append(l, e)
		}
	}
	return l
}

func (s *script) state(id zwave.NodeID) zwave.State {
	n, _ := s.c.Node(id)
	return n.State
}

func (s *script) askedFor(f serialapi.Function) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.asked, f)
}

const ms = time.Millisecond

// now is how long ago the last mark was.
func (s *script) now() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.began)
}
