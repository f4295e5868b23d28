package zwavesim_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zwave/zwavesim"
)

const (
	ack = 0x06
	nak = 0x15
	can = 0x18
)

// host is a host in a test's hands: it does nothing by itself.
type host struct {
	t  *testing.T
	rw io.ReadWriteCloser
	in chan []byte // ACK, NAK, CAN and whole frames, and what is neither, byte by byte
}

// attach serves the stick over a pipe to a host. It must be called in a bubble.
func attach(t *testing.T, s *zwavesim.Stick) *host {
	t.Helper()
	here, there := net.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(ctx, there)
	}()
	h := &host{t: t, rw: here, in: make(chan []byte, 1000)}
	go h.read()
	t.Cleanup(func() {
		cancel()
		_ = here.Close()
		<-done
	})
	synctest.Wait()
	return h
}

func (h *host) read() {
	defer close(h.in)
	var buf []byte
	b := make([]byte, 300)
	for {
		n, err := h.rw.Read(b)
		buf = append(buf, b[:n]...)
		for len(buf) > 0 {
			n := 1
			if buf[0] == 0x01 {
				if len(buf) < 2 || len(buf) < int(buf[1])+2 {
					break
				}
				n = int(buf[1]) + 2
			}
			h.in <- bytes.Clone(buf[:n])
			buf = buf[n:]
		}
		if err != nil {
			return
		}
	}
}

func frame(kind, fn byte, payload ...byte) []byte {
	b := append([]byte{byte(len(payload) + 3), kind, fn}, payload...)
	sum := byte(0xff)
	for _, x := range b {
		sum ^= x
	}
	return append(append([]byte{0x01}, b...), sum)
}

func (h *host) write(b ...byte) {
	h.t.Helper()
	if _, err := h.rw.Write(b); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) next() []byte {
	h.t.Helper()
	select {
	case b, ok := <-h.in:
		if !ok {
			h.t.Fatal("the stick hung up")
		}
		return b
	case <-time.After(time.Minute):
		h.t.Fatal("the stick says nothing")
		return nil
	}
}

func (h *host) want(want ...byte) {
	h.t.Helper()
	if got := h.next(); !bytes.Equal(got, want) {
		h.t.Fatalf("got % x, want % x", got, want)
	}
}

// wantSilence checks that nothing more comes for d.
func (h *host) wantSilence(d time.Duration) {
	h.t.Helper()
	select {
	case b := <-h.in:
		h.t.Fatalf("got % x, want silence", b)
	case <-time.After(d):
	}
}

// frame takes one frame and acknowledges it.
func (h *host) frame() []byte {
	h.t.Helper()
	b := h.next()
	if b[0] != 0x01 {
		h.t.Fatalf("got % x, want a frame", b)
	}
	h.write(ack)
	synctest.Wait()
	return b
}

// ask sends a command and returns the payload of its response.
func (h *host) ask(fn byte, payload ...byte) []byte {
	h.t.Helper()
	h.write(frame(0, fn, payload...)...)
	h.want(ack)
	b := h.frame()
	if b[2] != 1 || b[3] != fn {
		h.t.Fatalf("got % x, want the response to %#02x", b, fn)
	}
	return b[4 : len(b)-1]
}

// send sends a command to a node and returns the status of the transmission.
func (h *host) send(node, cb byte, cmd ...byte) byte {
	h.t.Helper()
	p := append([]byte{node, byte(len(cmd))}, cmd...)
	if got := h.ask(0x13, append(p, 0x25, cb)...); got[0] != 1 {
		h.t.Fatalf("SendData refused: % x", got)
	}
	b := h.frame()
	if b[2] != 0 || b[3] != 0x13 || b[4] != cb {
		h.t.Fatalf("got % x, want the callback %d", b, cb)
	}
	return b[5]
}

// report takes a command that a node has sent.
func (h *host) report(node byte) []byte {
	h.t.Helper()
	b := h.frame()
	if b[3] != 0x04 || b[5] != node {
		h.t.Fatalf("got % x, want a command of node %d", b, node)
	}
	return b[7 : 7+int(b[6])]
}

func (h *host) wantReport(node byte, want ...byte) {
	h.t.Helper()
	if got := h.report(node); !bytes.Equal(got, want) {
		h.t.Fatalf("node %d: got % x, want % x", node, got, want)
	}
}

func clean(t *testing.T, s *zwavesim.Stick) {
	t.Helper()
	for _, v := range s.Violations() {
		t.Error("violation:", v)
	}
}

func wantViolation(t *testing.T, s *zwavesim.Stick, text string) {
	t.Helper()
	for _, v := range s.Violations() {
		if bytes.Contains([]byte(v), []byte(text)) {
			return
		}
	}
	t.Errorf("no violation with %q in it: got %q", text, s.Violations())
}
