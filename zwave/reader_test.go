package zwave_test

import (
	"context"
	"io"
	"net"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zwave"
	"gatehouse/zwave/zwavesim"
)

// watched notes from which goroutine frames to a node are written.
type watched struct {
	io.ReadWriteCloser
	node byte

	mu     sync.Mutex
	reader []bool
}

func (w *watched) Write(b []byte) (int, error) {
	if len(b) > 5 && b[0] == 0x01 && b[3] == 0x13 && (b[4] == w.node || b[4] == 0 && b[5] == w.node) {
		w.mu.Lock()
		w.reader = append(w.reader, strings.Contains(string(debug.Stack()), "(*Controller).read("))
		w.mu.Unlock()
	}
	return w.ReadWriteCloser.Write(b)
}

// What a report sets off is written by the goroutine that read the report: a
// siren waits for no other.
func TestSirenLeavesFromTheReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := zwavesim.New(zwavesim.Options{})
		door := stick.NewContact(zwavesim.Make{})
		siren := stick.NewSiren(zwavesim.Make{Plain: true})
		stick.Place(door, siren)
		var c *zwave.Controller
		var armed atomic.Bool
		c = zwave.New(zwave.Options{Store: &memory{nodes: map[zwave.NodeID]zwave.Node{}}, OnEvent: func(e zwave.Event) {
			if r, ok := e.(zwave.Report); ok && armed.Load() && uint16(r.Node) == door.ID() {
				c.Send(zwave.NodeID(siren.ID()), []byte{0x25, 0x01, 0xff}, zwave.LaneSiren, nil)
			}
		}})
		host, far := net.Pipe()
		port := &watched{ReadWriteCloser: host, node: byte(siren.ID())}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = stick.Serve(ctx, far) })
		wg.Go(func() { _ = c.Run(ctx, port) })
		time.Sleep(time.Minute) // virtual: the interview of what is awake is over
		synctest.Wait()
		port.mu.Lock()
		port.reader = nil
		port.mu.Unlock()
		armed.Store(true)
		door.Open()
		time.Sleep(time.Second)
		synctest.Wait()
		port.mu.Lock()
		if len(port.reader) == 0 || !port.reader[0] {
			t.Errorf("commands to the siren, by the reader: %v; want true", port.reader)
		}
		port.mu.Unlock()
		cancel()
		wg.Wait()
	})
}

// prompt is a port that takes at most so many bytes at once.
type prompt struct {
	io.ReadWriteCloser
	most int

	mu    sync.Mutex
	bytes int
}

func (p *prompt) WriteNow(b []byte) (int, error) {
	n, err := p.Write(b[:min(p.most, len(b))])
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes += n
	return n, err
}

// On a port that can write without waiting a siren's command leaves before Send
// returns; what the port does not take follows.
func TestSirenLeavesBeforeSendReturns(t *testing.T) {
	for _, most := range []int{0, 5, 100} {
		synctest.Test(t, func(t *testing.T) {
			stick := zwavesim.New(zwavesim.Options{})
			siren := stick.NewSiren(zwavesim.Make{Plain: true})
			stick.Place(siren)
			c := zwave.New(zwave.Options{Store: &memory{nodes: map[zwave.NodeID]zwave.Node{}}})
			host, far := net.Pipe()
			port := &prompt{ReadWriteCloser: host, most: most}
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { _ = stick.Serve(ctx, far) })
			wg.Go(func() { _ = c.Run(ctx, port) })
			time.Sleep(time.Minute) // virtual: the interview is over
			synctest.Wait()
			port.mu.Lock()
			port.bytes = 0
			port.mu.Unlock()
			answer := zwave.ErrDown
			c.Send(zwave.NodeID(siren.ID()), []byte{0x25, 0x01, 0xff}, zwave.LaneSiren, func(err error) { answer = err })
			port.mu.Lock()
			// SOF length type SendData node length, Supervision 6c 01 id 03, 25 01 ff, options id checksum
			if want := min(most, 16); port.bytes != want {
				t.Errorf("a port that takes %d bytes: %d left before Send returned, want %d", most, port.bytes, want)
			}
			port.mu.Unlock()
			time.Sleep(time.Second)
			synctest.Wait()
			if answer != nil || !siren.Sounding() {
				t.Errorf("a port that takes %d bytes: got %v, sounding %v; want the siren to sound", most, answer, siren.Sounding())
			}
			if v := stick.Violations(); len(v) > 0 {
				t.Errorf("the stick complains: %q", v)
			}
			cancel()
			wg.Wait()
		})
	}
}
