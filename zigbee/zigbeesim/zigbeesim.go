// Package zigbeesim is a Zigbee coordinator stick with a network of virtual
// devices that speaks MT (Texas Instruments' ZNP) or EZSP over ASH (Silicon Labs)
// byte for byte to whatever drives it.
//
// A [Stick] answers over any io.ReadWriteCloser ([Stick.Serve]) or a TCP port
// ([Stick.ListenTCP]). Devices are made with [Stick.NewContact],
// [Stick.NewKeypad] and so on. They wait in the wings until they are placed in
// the network ([Stick.Place]) or join it as real ones do: the host permits
// joining, someone holds the button ([Node.Press]). What happens in the house
// is a method: [Contact.Open], [Motion.Walk], [Keypad.Enter],
// [Node.TakeBattery], [Stick.Unplug].
//
// # As real ones do
//
// A device joins only while joining is permitted. A zone reports only after it
// was enrolled, a battery or a plug only after reporting was bound and
// configured; what was configured is reported again after its longest pause.
// Devices on batteries sleep: what is sent to one waits at its
// parent for 7 s, and it comes for it when it polls, which it does around its
// own reports and every [Make.Poll]. The network survives a reset, a restart and
// the pulling of the stick.
//
// # Strict about the host
//
// Everything that a host may not do is recorded ([Stick.Violations]): stray
// bytes, a wrong FCS, a request before the last one was answered, unknown
// commands, fields cut short, messages to a network that is not up; with ASH also
// numbers that cannot be. A test that
// drives a Stick should end by asking for violations.
//
// # Time
//
// All waiting is by the standard library's timers, so a Stick works in a
// testing/synctest bubble when it is served over a net.Pipe.
//
// The package has its own encoder and decoder of frames, independent of the
// driver's, so that one mistake cannot hide in both. Nothing is encrypted: what
// goes on the air is not simulated.
package zigbeesim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Options make a Stick. The zero value is a fresh CC2652.
type Options struct {
	IEEE uint64 // 0: 0x00124B00_0000C0DE
	// Packed keeps structures in NV without padding, as chips before CC26x2 do.
	Packed bool
	// Product is what SYS_VERSION says; 0: Z-Stack 3.x.0.
	Product byte
	// NewAddress is the IEEE address that the stick has after its memory was
	// cleared; 0: the same.
	NewAddress uint64
	// EZSP has it speak this version of EZSP over ASH instead of MT, as Silicon
	// Labs' sticks do; 13 to 19 are real ones.
	EZSP byte
	// FixedAddress has a stick that speaks EZSP keep its own address whatever it is
	// told, as older firmware does.
	FixedAddress bool
	// Network, if set, is one that the stick holds from before.
	Network *Network
	Seed    uint64 // of the random sizes of split writes
	// Tap, if set, sees each chunk of bytes as it is written to the host and as
	// it was read from it. It must not block.
	Tap func(toHost bool, b []byte)
}

// Network is what a stick holds.
type Network struct {
	PAN      uint16
	Extended uint64
	Channel  byte
	Key      [16]byte
}

// Stick is a coordinator and its network. All methods may be called from any
// goroutine.
type Stick struct {
	opt Options
	tap func(toHost bool, b []byte) // never changes, as it is called without the lock

	mu        sync.Mutex
	rand      *rand.Rand
	face      face
	nv        map[uint16][]byte
	tables    map[uint16][][]byte
	sent      uint32 // frames, in the network that it holds
	running   uint64 // the long number of that which is up
	address   uint64
	state     byte // 0: not started, 9: coordinator
	channels  uint32
	endpoints map[byte]bool
	groups    map[uint16]bool     // that its endpoint is in
	until     time.Time           // joining through the stick is permitted until then
	keys      map[uint64][16]byte // of those that are expected with their codes
	boot      int

	nodes map[uint16]*Node
	wings []*Node
	given uint16 // the last short address that was given

	host       *session
	faults     []Fault
	violations []string
	lost       int

	pulled   bool
	plugging chan struct{}
	changed  chan struct{}
	waiting  int
}

// New makes a stick that holds no network, plugged in and not yet served.
func New(o Options) *Stick {
	s := &Stick{
		tap: o.Tap, rand: rand.New(rand.NewPCG(o.Seed, 2)), endpoints: map[byte]bool{}, groups: map[uint16]bool{},
		nodes: map[uint16]*Node{}, keys: map[uint64][16]byte{}, given: 0x2A00, plugging: make(chan struct{}), changed: make(chan struct{}),
	}
	s.become(o)
	return s
}

// become makes the stick one of its kind, as it comes from the factory.
func (s *Stick) become(o Options) {
	if o.IEEE == 0 {
		o.IEEE = 0x00124B00_0000C0DE
	}
	if o.Product == 0 {
		o.Product = 1
	}
	s.opt, s.address = o, o.IEEE
	s.face = &mt{Stick: s}
	if o.EZSP != 0 {
		s.face = &ezsp{Stick: s, line: ash{s: s}}
	}
	s.face.erase()
	if n := o.Network; n != nil {
		s.hold(n.PAN, n.Extended, n.Channel, n.Key[:])
		s.nv[nvConfigured] = []byte{0x55}
	}
}

// Settle puts devices into the network as if that had been done long ago: their
// zones are enrolled, and they say nothing of themselves.
func (s *Stick) Settle(devices ...Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range devices {
		n := d.base()
		if n.short != 0 {
			continue
		}
		n.enter()
		n.cie, n.enrolled, n.zoneID = s.address, n.has(0x0500), byte(i)
		n.settled = true
		for _, c := range n.in {
			n.bound[c] = true
		}
		n.round()
	}
	s.change()
}

// Place puts devices into the network as if they had joined just now, whether
// joining is permitted or not: each announces itself.
func (s *Stick) Place(devices ...Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range devices {
		s.admit(d.base())
	}
	s.change()
}

// admit gives a node a place in the network.
func (s *Stick) admit(n *Node) {
	if n.short != 0 {
		return
	}
	n.enter()
	s.face.joined(n)
	n.announce()
}

// Nodes are the devices in the network, by their short addresses.
func (s *Stick) Nodes() []*Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	var l []*Node
	for _, n := range s.nodes {
		l = append(l, n)
	}
	slices.SortFunc(l, func(a, b *Node) int { return int(a.short) - int(b.short) })
	return l
}

// Permitted tells whether devices may join now.
func (s *Stick) Permitted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.permitted()
}

func (s *Stick) permitted() bool {
	for _, n := range s.nodes {
		if n.permits() {
			return true
		}
	}
	return s.state == coordinator && time.Now().Before(s.until)
}

// admits tells whether a device can join through the stick or a router; nil:
// whichever it finds.
func (s *Stick) admits(n, through *Node) bool {
	open := s.permitted()
	if through != nil {
		open = through.permits()
	}
	key, expected := s.keys[n.ieee]
	switch {
	case s.state != coordinator || !open:
		return false
	case expected:
		return key == n.make.Key
	default:
		return s.face.admits() && !n.make.NeedsKey
	}
}

// permit lets devices join through a router, or none.
func (n *Node) permit(seconds byte) {
	n.until = time.Now().Add(time.Duration(seconds) * time.Second)
	n.s.change()
}

func (n *Node) permits() bool {
	return n.s.state == coordinator && n.present && !n.make.sleepy && time.Now().Before(n.until)
}

// permitAll is what a broadcast to every router does.
func (s *Stick) permitAll(seconds byte) {
	for _, n := range s.nodes {
		n.permit(seconds)
	}
}

// Network is what the stick holds: its number, long number, channel and key.
func (s *Stick) Network() (pan uint16, extended uint64, channel byte, key [16]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.face.network()
}

// Violations are the things that the host did and may not do, in order.
func (s *Stick) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// Lost counts what devices said while no host was there to hear it.
func (s *Stick) Lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

func (s *Stick) violation(format string, args ...any) {
	if len(s.violations) < 1000 {
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

// Unplug pulls the stick. Devices live on, unheard.
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
	if pulled && s.host != nil {
		s.host.hangUp()
	}
	close(s.plugging)
	s.plugging = make(chan struct{})
	s.change()
}

// Crash has the stick restart by itself.
func (s *Stick) Crash() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restart()
	s.face.restarted()
}

// ReplaceBy puts a stick of another make in its place, fresh from the factory. The
// devices live on in the network that they know.
func (s *Stick) ReplaceBy(o Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.host != nil {
		s.host.hangUp()
	}
	s.become(o)
	s.restart()
	s.change()
}

// Replace empties the stick's memory, as if another one of the same make stood
// in its place.
func (s *Stick) Replace() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.face.erase()
	s.restart()
}

// Socket tells whether the stick is in its socket; changes is closed when that is
// otherwise.
func (s *Stick) Socket() (in bool, changes <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.pulled, s.plugging
}

// restart forgets what a chip forgets at power-up.
func (s *Stick) restart() {
	s.boot++
	s.count()
	s.running = 0
	s.state, s.until = 0, time.Time{}
	clear(s.endpoints)
	s.face.boot()
}

// face is the language that the stick speaks to its host. All is called with the
// lock held.
type face interface {
	begin()        // a host is there; what the last one said half is forgotten
	feed(b []byte) // it says this
	boot()         // the chip has restarted, silently
	restarted()    // it says so
	erase()        // its memory is empty
	network() (pan uint16, extended uint64, channel byte, key [16]byte)
	moved(channel byte) // the network is on another channel
	admits() bool       // whether a device may join that comes without a code

	// Who has joined is written down with a link key, and who has left struck out.
	known(n *Node)
	forgotten(n *Node)
	linkKey(ieee uint64) (key [16]byte, ok bool)

	// What the network does is told to the host.
	joined(n *Node)
	announced(n *Node, capability byte)
	left(n *Node)
	heard(n *Node, cluster uint16, frame []byte)
	groupcast(n *Node, group, cluster uint16, frame []byte)
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
			return fmt.Errorf("zigbeesim: waited in vain: %w", ctx.Err())
		}
	}
}

func (s *Stick) change() {
	if s.waiting > 0 {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}
