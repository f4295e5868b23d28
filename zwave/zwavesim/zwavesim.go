// Package zwavesim is a Z-Wave controller stick with a network of virtual
// nodes that speaks the Serial API, byte for byte, to whatever drives it.
//
// A [Stick] answers over any io.ReadWriteCloser ([Stick.Serve]), a pty
// ([Stick.LinkPTY]) or a TCP port ([Stick.ListenTCP]). Devices are made with
// [Stick.NewContact], [Stick.NewSiren] and so on. They wait in the wings until
// they are placed in the network ([Stick.Place]) or join it as real ones do:
// the host opens inclusion, someone presses the button ([Node.Press]). What
// happens in the house is a method: [Contact.Open], [Motion.Walk],
// [Keypad.Enter], [Node.TakeBattery], [Stick.Unplug].
//
// # Strict about the host
//
// Everything that a host may not do is recorded ([Stick.Violations]) and
// answered as a real stick does, or worse: a frame sent while the stick waits
// for an acknowledgement or has not yet answered gets CAN; a missing ACK is
// waited for 1600 ms and the frame sent again, three times in all; a function
// that the capability bitmap does not list is met with silence. A test that
// drives a Stick should end by asking for violations.
//
// # Faults
//
// [Stick.Inject] orders one of the mishaps that a serial line, a stick or a
// radio can come up with (see [Fault]). What a fault makes a host do in its
// defence is no violation.
//
// # Time
//
// With the zero [Radio] everything happens at once; [Real] has the delays of
// a house. All waiting is by the standard library's timers, so a Stick works
// in a testing/synctest bubble when it is served over a net.Pipe.
//
// The package has its own encoder and decoder of frames, independent of the
// driver's, so that one mistake cannot hide in both. Security is not here yet:
// nodes speak in clear.
//
// References: Silicon Labs, Z-Wave Serial API Host Application Programming
// Guide, chapters 06 (frame layout) and 07 (transmission); the command class
// specifications of the Z-Wave Alliance.
package zwavesim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Radio says how long things take.
type Radio struct {
	Hop   time.Duration // one frame and its acknowledgement over the air
	Beam  time.Duration // waking a node that sleeps and listens (FLiRS) before a frame to it
	Lost  time.Duration // until the stick gives up on a node that does not answer
	Reset time.Duration // from a soft reset to the stick's "started"
}

// Real is about what a house with few hops has.
func Real() Radio {
	return Radio{Hop: 15 * time.Millisecond, Beam: 1100 * time.Millisecond, Lost: 2 * time.Second, Reset: time.Second}
}

// Options make a Stick. The zero value is a fresh 700-series stick that is
// infinitely fast.
type Options struct {
	HomeID uint32 // 0: 0xC0FFEE01
	Radio  Radio
	// Bridge makes it a bridge controller, which hands over reports by function
	// 0xA8 instead of 0x04 and also sends by 0xA9.
	Bridge bool
	Seed   uint64 // of the random sizes of split writes
	// Tap, if set, sees each chunk of bytes as it is written to the host and as
	// it was read from it, on the goroutine that does so. It must not block.
	Tap func(toHost bool, b []byte)
}

// Stick is a controller and its network. It keeps its nodes while it is
// unplugged. All methods may be called from any goroutine.
type Stick struct {
	opt Options

	mu    sync.Mutex
	rand  *rand.Rand
	nodes map[uint16]*Node // in the network, by id
	wings []*Node          // not in it
	suc   uint16
	wide  bool // 16-bit node ids
	txRep bool // transmit reports asked for

	boot    int       // counts resets; what was under way before one is forgotten
	sleepy  bool      // between a soft reset and "started"
	host    *session  // the attached host, or nil
	command command   // the host's command that is being answered
	resent  bool      // it came again because our ACK was lost
	sending *sending  // SendData that waits for its callback
	joining *learning // inclusion or exclusion that is open
	air     []flight  // what is on the air, in the order of its landing
	airFree time.Time

	noise      int // dBm
	faults     []Fault
	violations []string
	lost       int // unsolicited frames that no host was there to take

	pulled   bool
	plugging chan struct{} // closed and renewed by Unplug and Plug
	changed  chan struct{} // closed and renewed when something changed and someone waits for that
	waiting  int
}

// New makes a stick without nodes, plugged in and not yet served.
func New(o Options) *Stick {
	if o.HomeID == 0 {
		o.HomeID = 0xC0FFEE01
	}
	return &Stick{
		opt:      o,
		rand:     rand.New(rand.NewPCG(o.Seed, 1)),
		nodes:    map[uint16]*Node{},
		noise:    Quiet,
		plugging: make(chan struct{}),
		changed:  make(chan struct{}),
	}
}

// Place puts devices into the network without joining, as if that had been
// done long ago: they have ids and report to the controller. It panics when the
// 231 ids are used up.
func (s *Stick) Place(devices ...Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range devices {
		n := d.base()
		if n.id != 0 {
			continue
		}
		if !s.admit(n) {
			panic("zwavesim: the network is full")
		}
		n.lifeline = []uint16{ownID}
		n.awakeTill = time.Time{}
	}
	s.change()
}

// admit gives a node from the wings an id. It has forgotten whatever it was told
// in another network. False: no id is left.
func (s *Stick) admit(n *Node) bool {
	id := uint16(ownID + 1)
	for s.nodes[id] != nil {
		id++
	}
	if id > maxID {
		return false
	}
	n.id = id
	n.lifeline = nil
	n.bootWakeUp()
	n.awakeTill = time.Now().Add(awakeAfterJoin)
	s.nodes[id] = n
	if i := slices.Index(s.wings, n); i >= 0 {
		s.wings = slices.Delete(s.wings, i, i+1)
	}
	return true
}

// dismiss takes a node out of the network, into the wings.
func (s *Stick) dismiss(n *Node) {
	delete(s.nodes, n.id)
	n.id = 0
	n.lifeline = nil
	n.stopWakeUp()
	s.wings = append(s.wings, n)
}

// Nodes are the nodes in the network, by id.
func (s *Stick) Nodes() []*Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Node
	for _, id := range s.ids() {
		all = append(all, s.nodes[id])
	}
	return all
}

// Wings are the devices that are in no network.
func (s *Stick) Wings() []*Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.wings)
}

func (s *Stick) ids() []uint16 {
	ids := make([]uint16, 0, len(s.nodes))
	for id := range s.nodes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Joining tells whether the host has opened inclusion or exclusion.
func (s *Stick) Joining() (include, exclude bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.joining != nil && s.joining.add, s.joining != nil && !s.joining.add
}

// Violations are the things that the host did and may not do, in order.
func (s *Stick) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// Lost counts reports of nodes that no host was there to take, or that the host
// did not acknowledge.
func (s *Stick) Lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

const maxViolations = 1000

func (s *Stick) violation(format string, args ...any) {
	if len(s.violations) < maxViolations {
		s.violations = append(s.violations, fmt.Sprintf(format, args...))
	}
	s.change()
}

// Attached tells whether a host is being served.
func (s *Stick) Attached() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.host != nil
}

// Plugged tells whether the stick is in its socket.
func (s *Stick) Plugged() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.pulled
}

// Unplug pulls the stick: every way to it ends, and what it was about is lost.
// Nodes live on, unheard.
func (s *Stick) Unplug() { s.setPulled(true) }

// Plug puts it back.
func (s *Stick) Plug() { s.setPulled(false) }

func (s *Stick) setPulled(pulled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pulled == pulled {
		return
	}
	s.pulled = pulled
	s.restart()
	close(s.plugging)
	s.plugging = make(chan struct{})
	s.change()
}

// Socket tells whether the stick is in its socket; changes is closed when that is
// otherwise.
func (s *Stick) Socket() (in bool, changes <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.pulled, s.plugging
}

// restart forgets all that a chip forgets at power-up or reset.
func (s *Stick) restart() {
	s.boot++
	s.sleepy = false
	s.wide, s.txRep = false, false
	s.command, s.sending, s.joining = command{}, nil, nil
	s.air, s.airFree = nil, time.Time{}
	if s.host != nil {
		s.host.reset()
	}
}

// Until waits until ok is true. It asks again whenever anything about the
// stick or its nodes has changed.
func (s *Stick) Until(ctx context.Context, ok func() bool) error {
	for {
		s.mu.Lock()
		s.waiting++
		ch := s.changed
		s.mu.Unlock()
		done := ok()
		if !done {
			select {
			case <-ctx.Done():
			case <-ch:
			}
		}
		s.mu.Lock()
		s.waiting--
		s.mu.Unlock()
		if done {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("zwavesim: waited in vain: %w", ctx.Err())
		}
	}
}

func (s *Stick) change() {
	if s.waiting > 0 {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}
