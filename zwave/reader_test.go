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
