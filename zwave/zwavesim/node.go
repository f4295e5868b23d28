package zwavesim

import (
	"bytes"
	"slices"
	"time"
)

// Figures of nodes.
const (
	awakeAfterJoin = 60 * time.Second // a sleeping node that has just joined
	awakeAfterTalk = 10 * time.Second // one that woke up or was spoken to
	supervisedTry  = 1500 * time.Millisecond
	supervisedMax  = 3
	keepCommands   = 256
)

// Device is any device of this package.
type Device interface{ base() *Node }

// Make says how a device is made. The zero value is a good one.
type Make struct {
	Name               string        // for people
	Supervised         bool          // reports ask for confirmation (Supervision)
	BinarySensor       bool          // a contact, motion or leak sensor that also speaks the old Binary Sensor class
	Plain              bool          // a siren without Sound Switch
	Tones              []Tone        // of a siren; nil: a siren, two bells, fire, carbon monoxide
	Longest            time.Duration // a plain siren falls silent by itself after so long; 0: never
	Strobe             bool          // a siren with lights that flash by themselves (Indicator)
	Slow               bool          // answers supervised commands with "working", then "done"
	WakeInterval       time.Duration // of a sleeping device before the host sets it; 0: 12 h
	Maker, Type, Model uint16        // Manufacturer Specific; 0: figures that no maker owns
}

// class is a command class that a node supports, and its version.
type class struct{ id, version byte }

// Node is a device, in the network or in the wings. Methods of the device it
// is part of and its own may be called from any goroutine.
type Node struct {
	s    *Stick
	make Make

	// What it is.
	listening         bool // mains: always heard
	beams             bool // sleeps, and wakes when called (FLiRS)
	generic, specific byte
	role, icon        byte
	classes           []class

	// What it was told and has come to. Guarded by the stick's mutex.
	id       uint16
	off      bool // battery taken, or out of reach
	failed   bool // on the stick's list of failed nodes
	lifeline []uint16
	battery  byte
	lowBatt  bool
	tamper   bool

	wakeInterval time.Duration
	wakeTimer    *time.Timer
	wakeNode     uint16
	awakeTill    time.Time

	states    map[byte]byte // notification type → event that holds now; 0 is idle
	events    map[byte][]byte
	session   byte // own supervision session
	asked     map[byte]*asking
	unheard   int
	lastSet   int // supervision session of the host that was carried out last; −1 none
	lastSetBy []byte
	lastReply []byte

	handle   func(cmd []byte) bool // the device's own classes; tells whether it knew the command
	received [][]byte
	ignored  int
}

// asking is a supervised report that has not been confirmed.
type asking struct {
	cmd  []byte
	left int
}

func (n *Node) base() *Node { return n }

func (s *Stick) newNode(m Make, n *Node, classes ...class) *Node {
	n.s, n.make = s, m
	n.classes = append([]class{
		{ccZWavePlus, 2},
		{ccAssociation, 2},
		{ccAGI, 1},
		{ccVersion, 2},
		{ccManufacturer, 1},
		{ccResetLocally, 1},
		{ccPowerlevel, 1},
		{ccSupervision, 1},
	}, classes...)
	n.battery = 100
	n.lastSet = -1
	n.states = map[byte]byte{}
	n.asked = map[byte]*asking{}
	if n.make.WakeInterval == 0 {
		n.make.WakeInterval = 12 * time.Hour
	}
	if n.make.Maker == 0 {
		n.make.Maker, n.make.Type, n.make.Model = 0xfff0, uint16(n.generic), uint16(n.specific)
	}
	n.wakeInterval = n.make.WakeInterval
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wings = append(s.wings, n)
	return n
}

// ID is the node's id, or 0 while it is in no network.
func (n *Node) ID() uint16 {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.id
}

// Name is the name for people that it was made with.
func (n *Node) Name() string { return n.make.Name }

// Received are the last 256 commands that reached the node, from the class byte
// on, oldest first; those inside a Supervision Get are listed bare.
func (n *Node) Received() [][]byte {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return slices.Clone(n.received)
}

// Got tells whether a command that begins so has reached the node.
func (n *Node) Got(prefix ...byte) bool {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return slices.ContainsFunc(n.received, func(c []byte) bool { return bytes.HasPrefix(c, prefix) })
}

// Ignored counts commands that the node does not know.
func (n *Node) Ignored() int {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.ignored
}

// Unheard counts supervised reports that the host never confirmed.
func (n *Node) Unheard() int {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.unheard
}

// Lifeline are the nodes that get its reports.
func (n *Node) Lifeline() []uint16 {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return slices.Clone(n.lifeline)
}

// act does f with the lock held.
func (n *Node) act(f func()) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	f()
	n.s.change()
}

// Press presses the button that devices have for joining and leaving: what it
// does depends on what the host has opened; otherwise the node says what it is,
// and a sleeping one is awake for a while.
func (n *Node) Press() {
	n.act(func() {
		if !n.off {
			n.s.pressed(n)
		}
	})
}

// TakeBattery makes it dead to the world; PutBattery brings it back.
func (n *Node) TakeBattery() { n.act(func() { n.off = true; n.stopWakeUp() }) }

// PutBattery puts the battery back: what was held in memory is still there.
func (n *Node) PutBattery() {
	n.act(func() {
		n.off = false
		if n.id != 0 {
			n.bootWakeUp()
			n.wakeUp()
		}
	})
}

// SetBattery sets the level, 0 to 100, and reports it.
func (n *Node) SetBattery(percent int) {
	n.act(func() {
		n.battery = byte(max(0, min(percent, 100)))
		n.lowBatt = percent <= 5
		n.report(n.batteryReport())
	})
}

// Tamper opens or closes the device's cover.
func (n *Node) Tamper(open bool) {
	n.act(func() {
		if n.tamper == open {
			return
		}
		n.tamper = open
		if open {
			n.notify(typeHomeSecurity, eventTamper)
		} else {
			n.idle(typeHomeSecurity, eventTamper)
		}
	})
}

// WakeUp makes a sleeping node tell the host that it is awake.
func (n *Node) WakeUp() { n.act(n.wakeUp) }

// Awake tells whether the node hears the host now.
func (n *Node) Awake() bool {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.hears()
}

// FactoryReset makes the node say that it leaves the network, and leave it.
func (n *Node) FactoryReset() {
	n.act(func() {
		if n.id == 0 || n.off {
			return
		}
		n.report([]byte{ccResetLocally, 0x01})
		n.s.land(n.s.hop(), func() {
			if n.id != 0 {
				n.off, n.failed = true, true // the stick still lists it
			}
		})
	})
}

// Send makes the node send any command to the host, whatever its lifeline says.
func (n *Node) Send(cmd ...byte) {
	n.act(func() {
		if n.id != 0 && !n.off {
			n.s.uplink(n, cmd)
		}
	})
}

// hears tells whether a frame sent to the node now would be acknowledged.
func (n *Node) hears() bool {
	if n.off || n.id == 0 {
		return false
	}
	return n.listening || n.beams || time.Now().Before(n.awakeTill)
}

func (n *Node) sleeps() bool { return !n.listening && !n.beams }

func (n *Node) stayAwake() {
	if till := time.Now().Add(awakeAfterTalk); till.After(n.awakeTill) {
		n.awakeTill = till
	}
}

func (n *Node) supports(id byte) bool {
	return slices.ContainsFunc(n.classes, func(c class) bool { return c.id == id })
}

// info is what the node says of itself: device classes and command classes.
func (n *Node) info() []byte {
	b := []byte{0x04, n.generic, n.specific}
	for _, c := range n.classes {
		b = append(b, c.id)
	}
	return b
}

// update is the payload of the stick's "a node has said what it is".
func (n *Node) update() []byte {
	info := n.info()
	b := n.s.putNode([]byte{0x84}, n.id)
	return append(append(b, byte(len(info))), info...)
}

// report sends a command to the lifeline, supervised if the device was made so.
func (n *Node) report(cmd []byte) {
	if n.off || n.id == 0 || !slices.Contains(n.lifeline, ownID) {
		return
	}
	if !n.make.Supervised {
		n.s.uplink(n, cmd)
		return
	}
	n.session = (n.session + 1) & 0x3f
	n.asked[n.session] = &asking{cmd: cmd, left: supervisedMax}
	n.ask(n.session)
}

// ask sends a supervised report, and again until the host confirms it.
func (n *Node) ask(session byte) {
	a := n.asked[session]
	if a == nil || n.off || n.id == 0 {
		return
	}
	if a.left == 0 {
		delete(n.asked, session)
		n.unheard++
		return
	}
	a.left--
	if till := time.Now().Add(supervisedTry + 2*n.s.hop()); till.After(n.awakeTill) {
		n.awakeTill = till // it listens for the answer
	}
	n.s.uplink(n, append([]byte{ccSupervision, 0x01, session, byte(len(a.cmd))}, a.cmd...))
	time.AfterFunc(supervisedTry+2*n.s.hop(), func() { n.act(func() { n.ask(session) }) })
}

// answer sends a command to the host, as the answer to one of its own.
func (n *Node) answer(cmd ...byte) { n.s.uplink(n, cmd) }

// take is a command that has reached the node.
func (n *Node) take(cmd []byte) {
	if n.sleeps() {
		n.stayAwake()
	}
	if len(cmd) >= 4 && cmd[0] == ccSupervision && cmd[1] == 0x01 {
		n.supervised(cmd[2]&0x3f, cmd[4:])
		return
	}
	n.carryOut(cmd)
}

func (n *Node) carryOut(cmd []byte) bool {
	if len(n.received) == keepCommands {
		n.received = slices.Delete(n.received, 0, 1)
	}
	n.received = append(n.received, cmd)
	known := len(cmd) >= 2 && (n.supports(cmd[0]) || cmd[0] == ccBasic) &&
		(n.common(cmd) || (n.handle != nil && n.handle(cmd)))
	if !known {
		n.ignored++
	}
	return known
}

// supervised carries out a command whose fate the host wants to know. The same
// session again is the same command, which the answer to was lost.
func (n *Node) supervised(session byte, cmd []byte) {
	const noSupport, working, success = 0x00, 0x01, 0xff
	if n.lastSet == int(session) && bytes.Equal(cmd, n.lastSetBy) {
		n.answer(n.lastReply...)
		return
	}
	status := byte(success)
	if !n.carryOut(cmd) {
		status = noSupport
	}
	n.lastSet, n.lastSetBy = int(session), cmd
	n.lastReply = []byte{ccSupervision, 0x02, session, status, 0}
	if n.make.Slow && status == success {
		n.answer(ccSupervision, 0x02, 0x80|session, working, 1)
		reply := n.lastReply
		n.s.later(time.Second, func() { n.answer(reply...) })
		return
	}
	n.answer(n.lastReply...)
}

// Waking up.

func (n *Node) bootWakeUp() {
	n.stopWakeUp()
	if !n.sleeps() || n.wakeInterval == 0 {
		return
	}
	n.wakeTimer = time.AfterFunc(n.wakeInterval, func() {
		n.act(func() {
			n.wakeUp()
			n.bootWakeUp()
		})
	})
}

func (n *Node) stopWakeUp() {
	if n.wakeTimer != nil {
		n.wakeTimer.Stop()
		n.wakeTimer = nil
	}
}

func (n *Node) wakeUp() {
	if n.off || n.id == 0 || !n.sleeps() {
		return
	}
	n.stayAwake()
	n.s.uplink(n, []byte{ccWakeUp, 0x07})
}
