package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"gatehouse/hub/radio/bridge"
	"gatehouse/zwave/zwavesim"
)

// Serial API functions (Silicon Labs, Serial API Host Application Programming
// Guide, chapter 07).
const (
	fnReport   = 0x04 // APPLICATION_COMMAND_HANDLER, to the host
	fnSendData = 0x13 // from the host
)

// stick is a simulated stick with a house full of devices, and a stopwatch on
// its wire.
type stick struct {
	*zwavesim.Stick
	path  string
	doors []*zwavesim.Contact
	siren *zwavesim.Siren
	plug  *zwavesim.Plug
	watch stopwatch
	stop  func()
}

// newStick makes a stick with n devices, of which doors are contacts that are
// measured, in a folder.
func newStick(dir string, doors, n int) (*stick, error) {
	s := furnished(doors, n)
	pty, err := s.LinkPTY(filepath.Join(dir, "stick"))
	if err != nil {
		return nil, err
	}
	s.path = pty.Path()
	s.serve(pty.Run)
	return s, nil
}

// newStickBehindTCP makes one that hangs on no pty. What is written to a pty waits
// for a thread of the kernel to hand it over, and that thread waits for a processor
// behind the program that wrote, while the driver of a real stick takes bytes within
// write(2). A connection over loopback takes them so too.
func newStickBehindTCP(ctx context.Context, doors, n int) (*stick, error) {
	s := furnished(doors, n)
	tcp, err := bridge.Listen(ctx, s.Stick, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.path = "tcp://" + tcp.Addr()
	s.serve(tcp.Run)
	return s, nil
}

func furnished(doors, n int) *stick {
	s := &stick{}
	s.Stick = zwavesim.New(zwavesim.Options{Tap: s.watch.tap})
	for i := range doors {
		d := s.NewContact(zwavesim.Make{Name: fmt.Sprintf("Door %d", i+1)})
		s.Place(d)
		s.doors = append(s.doors, d)
	}
	s.siren = s.NewSiren(zwavesim.Make{Name: "Siren"})
	s.plug = s.NewPlug(zwavesim.Make{Name: "Lamp"})
	s.Place(s.siren, s.plug)
	for i := doors + 2; i < n; i++ {
		if i%3 == 0 {
			s.Place(s.NewMotion(zwavesim.Make{}))
		} else {
			s.Place(s.NewContact(zwavesim.Make{}))
		}
	}
	s.watch.siren = byte(s.siren.ID())
	return s
}

// serve answers hosts until the stick is stopped.
func (s *stick) serve(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = run(ctx)
	}()
	s.stop = sync.OnceFunc(func() { cancel(); <-done })
}

// wake presses every device's button, every few seconds, until it is stopped:
// devices that sleep are interviewed when they wake.
func (s *stick) wake() (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			for _, n := range s.Nodes() {
				n.WakeUp()
			}
		}
	}()
	return sync.OnceFunc(func() { close(done) })
}

// lap is how long the host took from a report's last byte.
type lap struct {
	ack   time.Duration // to its first byte, the acknowledgement
	siren time.Duration // to the command to the siren
}

// stopwatch takes the time from a report to the host to what the host does.
type stopwatch struct {
	siren byte // node

	mu     sync.Mutex
	armed  bool
	report time.Time // last byte of the report handed to the pty
	ack    time.Time // the host's first byte after it
	out    chan lap
	sentAt map[uint16]time.Time // when a node's report went out
}

// forget makes sent wait for the node's next report.
func (w *stopwatch) forget(node uint16) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sentAt == nil {
		w.sentAt = make(map[uint16]time.Time)
	}
	delete(w.sentAt, node)
}

// sent is when the node's first report after forget was handed to the pty.
func (w *stopwatch) sent(node uint16) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sentAt[node]
}

// start arms the watch. The next report starts it, the next command to the
// siren stops it.
func (w *stopwatch) start() <-chan lap {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed, w.report, w.ack, w.out = true, time.Time{}, time.Time{}, make(chan lap, 1)
	return w.out
}

func (w *stopwatch) tap(toHost bool, b []byte) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if toHost && w.sentAt != nil {
		// After the function: status, node (one byte, or two when the host
		// asked for that).
		for i := 0; i+6 < len(b); i++ {
			if b[i] == 0x01 && b[i+2] == 0x00 && b[i+3] == fnReport {
				node := uint16(b[i+5])
				if node == 0 {
					node = uint16(b[i+6])
				}
				if _, ok := w.sentAt[node]; !ok {
					w.sentAt[node] = now
				}
			}
		}
	}
	switch {
	case !w.armed:
	case toHost && w.report.IsZero() && holds(b, fnReport, 0):
		w.report = now
	case !toHost && !w.report.IsZero():
		if w.ack.IsZero() {
			w.ack = now
		}
		if holds(b, fnSendData, w.siren) {
			w.armed = false
			w.out <- lap{w.ack.Sub(w.report), now.Sub(w.report)}
		}
	}
}

// holds tells whether a chunk holds a request frame of a function, to a node
// unless that is 0.
func holds(b []byte, function, node byte) bool {
	for i := 0; i+5 < len(b); i++ {
		if b[i] == 0x01 && b[i+2] == 0x00 && b[i+3] == function &&
			(node == 0 || b[i+4] == node || b[i+4] == 0 && b[i+5] == node) {
			return true
		}
	}
	return false
}

// child is a process of ours that is told and tells lines.
type child struct {
	*exec.Cmd
	in    io.WriteCloser
	lines chan told
	ended chan error
}

func startChild(ctx context.Context, path string, args ...string) (*child, error) {
	c := &child{Cmd: exec.CommandContext(ctx, path, args...), lines: make(chan told, 100), ended: make(chan error, 1)}
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 10 * time.Second
	c.Stderr = os.Stderr
	var err error
	if c.in, err = c.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() {
		s := bufio.NewScanner(out)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			var t told
			if !bytes.HasPrefix(s.Bytes(), []byte("{")) || json.Unmarshal(s.Bytes(), &t) != nil {
				continue
			}
			c.lines <- t
		}
		close(c.lines)
		c.ended <- c.Wait()
	}()
	return c, nil
}

// heard waits for a line.
func (c *child) heard(event string, within time.Duration) (told, error) {
	timeout := time.After(within)
	for {
		select {
		case t, ok := <-c.lines:
			if !ok {
				return told{}, fmt.Errorf("%s ended before it said %q", filepath.Base(c.Path), event)
			}
			if t.Event != event {
				continue
			}
			if t.Err != "" {
				return t, errors.New(t.What + ": " + t.Err)
			}
			return t, nil
		case <-timeout:
			return told{}, fmt.Errorf("%s did not say %q within %s", filepath.Base(c.Path), event, within)
		}
	}
}

// order has the child do something and waits until it has.
func (c *child) order(what string) error {
	if _, err := fmt.Fprintln(c.in, what); err != nil {
		return err
	}
	_, err := c.heard("done", 30*time.Second)
	return err
}

// end stops the child and returns how long it took.
func (c *child) end() (time.Duration, error) {
	began := time.Now()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	select {
	case <-c.ended:
		return time.Since(began), nil
	case <-time.After(20 * time.Second):
		_ = c.Process.Kill()
		return time.Since(began), errors.New("did not stop within 20s")
	}
}

// house is the hub in its own process, on a stick.
type house struct {
	*child
	*stick
	tokens     []string
	page, mqtt string
}

// openHouse starts a hub on a stick, data in dir, and waits until its devices
// are known and its door trips at once.
func openHouse(ctx context.Context, s *stick, dir string, events int) (*house, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	mqtt, err := freePort()
	if err != nil {
		return nil, err
	}
	h := &house{stick: s, mqtt: mqtt}
	h.child, err = startChild(ctx, self, "home", "-data", dir, "-stick", s.path, "-mqtt", mqtt,
		"-door", fmt.Sprintf("zwave-%d", s.doors[0].ID()), "-events", fmt.Sprint(events), "-devices", fmt.Sprint(len(s.Nodes())))
	if err != nil {
		return nil, err
	}
	if err := h.up(); err != nil {
		return nil, err
	}
	stopWaking := s.wake()
	defer stopWaking()
	if _, err := h.heard("furnished", 3*time.Minute); err != nil {
		return nil, err
	}
	for _, d := range s.doors { // the house knows now that they are closed
		d.Open()
		d.Close()
	}
	sleep(ctx, 2*time.Second)
	return h, nil
}

// up waits until the hub's page is there.
func (h *house) up() error {
	t, err := h.heard("tokens", time.Minute)
	if err != nil {
		return err
	}
	h.tokens = t.Tokens
	if t, err = h.heard("page", time.Minute); err != nil {
		return err
	}
	h.page = t.Addr
	return nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// scratch makes a folder of its own.
func scratch(what string) (string, func(), error) {
	dir, err := os.MkdirTemp("", "gatehouse-bench-"+strings.ReplaceAll(what, " ", "-")+"-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}
