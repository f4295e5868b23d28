package zigbeesim

import (
	"fmt"
	"slices"
	"time"
)

// Make says how a device is made. The zero value is an ordinary one.
type Make struct {
	Name string
	IEEE uint64 // 0: the next of a row
	// Poll is how often a sleeper comes for what waits for it; 0: every 5 s, as
	// keypads do. A contact may poll every few minutes.
	Poll time.Duration
	// CheckIn is how often a sleeper asks whether there is anything for it, and
	// listens on if it is told to; 0: never.
	CheckIn time.Duration
	// AsksToEnroll has a zone send an enrolment request once it was told whom to
	// report to; otherwise it waits for the response.
	AsksToEnroll bool
	// DeafToEnroll is how many enrolment responses it does not take.
	DeafToEnroll int
	// Mute has it acknowledge and never answer.
	Mute bool
	// Key is the link key of its install code, which it joins with when it is
	// expected by it. One that NeedsKey joins in no other way.
	Key      [16]byte
	NeedsKey bool
	// KeepsQuiet has it refuse to report any attribute by itself.
	KeepsQuiet bool
	// Forgetful has it not know what it was told to report.
	Forgetful bool
	// Stays has it stay on its channel whatever the network does.
	Stays bool

	sleepy bool
}

// Device is anything that can be placed.
type Device interface{ base() *Node }

// Node is one device. All methods may be called from any goroutine.
type Node struct {
	s    *Stick
	make Make
	ieee uint64

	model      string
	maker      string // "": the simulator
	hello      func() // what it says once it has joined
	deviceID   uint16
	in, out    []uint16
	zone       uint16 // zone type
	present    bool   // there is a battery in it, or it is plugged in
	short      uint16
	channel    byte
	until      time.Time // others may join through it until then
	belongs    network   // that it knows the key of
	last       uint32    // number of the last frame that it heard of the stick
	link       [16]byte  // its key with the stick
	awake      time.Time
	parcels    []*parcel
	most       int // parcels at a time
	polls      int // counts what was begun, so that an old round ends
	seq        byte
	battery    byte // %
	cie        uint64
	enrolled   bool
	asking     bool // it waits for an enrolment response
	asked      byte // by that number
	zoneID     byte
	status     uint16
	bound      map[uint16]bool
	configs    map[report]config
	rounds     int
	settled    bool // it reports everything, and nobody knows any more who told it to
	firmware   *firmware
	build      string
	groupsOnly bool   // it is bound to groups, and to nobody else
	unbound    bool   // and not even to those
	group      uint16 // that it was bound to

	hearing   byte // number of the command that is heard
	heard     func(cluster uint16, command byte, payload []byte) (status byte)
	attribute func(cluster, id uint16) (kind byte, value []byte, ok bool)
}

func (n *Node) base() *Node { return n }

func (s *Stick) node(m Make, model string, deviceID uint16) *Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.IEEE == 0 {
		m.IEEE = 0x00158D00_00000000 + uint64(len(s.nodes)+len(s.wings)+1)
	}
	if m.Poll == 0 {
		m.Poll = 5 * time.Second
	}
	n := &Node{s: s, make: m, ieee: m.IEEE, model: model, deviceID: deviceID, present: true, battery: 100, build: "1.0", in: []uint16{0x0000, 0x0003}}
	if m.CheckIn != 0 {
		n.in = append(n.in, 0x0020)
	}
	s.wings = append(s.wings, n)
	return n
}

// network is one that a device knows.
type network struct {
	pan      uint16
	extended uint64
	key      [16]byte
}

// near tells that it can speak with the stick: that one holds the network which the
// device knows.
func (n *Node) near() bool {
	pan, extended, _, key := n.s.face.network()
	now := network{pan, extended, key}
	if n.belongs == (network{}) && extended != 0 { // it was there before the network was
		n.belongs = now
	}
	return n.present && n.belongs == now
}

// Trusts tells that the stick has the link key for it which it has itself.
func (n *Node) Trusts() bool {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	key, ok := n.s.face.linkKey(n.ieee)
	return ok && key == n.link && n.link != [16]byte{}
}

// IEEE is the device's address for life.
func (n *Node) IEEE() uint64 { return n.ieee }

// Name is what it was made with.
func (n *Node) Name() string { return n.make.Name }

// Short is its address in the network; 0: it is in none.
func (n *Node) Short() uint16 {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.short
}

// Enrolled tells whether its zone was enrolled, and under which number.
func (n *Node) Enrolled() (zone byte, ok bool) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.zoneID, n.enrolled
}

// Press holds the device's button: it looks for a network and joins if it may.
func (n *Node) Press() {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.look(nil)
}

// PressNear does so where only one router can be heard.
func (n *Node) PressNear(router Device) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.look(router.base())
}

func (n *Node) look(through *Node) {
	if n.short != 0 && !n.near() { // its network is gone
		n.orphan()
	}
	if n.present && n.short == 0 && n.s.admits(n, through) {
		n.s.admit(n)
	}
	n.s.change()
}

// Rejoin has the device come back under another short address, as one does that
// has lost its parent.
func (n *Node) Rejoin() {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	if n.short != 0 && n.s.state == coordinator {
		n.move()
		n.announce()
	}
}

// Wake has the device poll once.
func (n *Node) Wake() {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.poll()
}

// TakeBattery silences it; PutBattery ends that, and it announces itself.
func (n *Node) TakeBattery() {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.present = false
}

// PutBattery puts it back.
func (n *Node) PutBattery() {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.present = true
	if n.short != 0 {
		n.announce()
	}
}

// SetBattery says how full it is, in %.
func (n *Node) SetBattery(percent int) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.battery = byte(percent)
	n.attributeReport(0x0001, 0x0021, 0x20, []byte{2 * n.battery})
	const low = 15
	n.bit(bitBattery, percent < low)
}

// enter takes a node out of the wings into the network.
func (n *Node) enter() {
	n.reset()
	n.move()
	n.belongs, n.last = network{}, 0
	n.near()
	n.s.face.known(n)
	if i := slices.Index(n.s.wings, n); i >= 0 {
		n.s.wings = slices.Delete(n.s.wings, i, i+1)
	}
}

// reset forgets what a network told it.
func (n *Node) reset() {
	n.cie, n.enrolled, n.zoneID = 0, false, 0xFF
	n.bound, n.configs, n.settled, n.group = map[uint16]bool{}, map[report]config{}, false, 0
	n.parcels = nil
}

// move gives it a further short address.
func (n *Node) move() {
	delete(n.s.nodes, n.short)
	n.s.given++
	n.short, n.channel = n.s.given, n.s.channel()
	n.s.nodes[n.short] = n
}

// orphan is what is left of a node whose network is gone.
func (n *Node) orphan() {
	delete(n.s.nodes, n.short)
	n.short, n.belongs, n.link = 0, network{}, [16]byte{}
	n.s.face.forgotten(n)
	n.polls++
	n.s.wings = append(n.s.wings, n)
}

func (n *Node) announce() {
	capability := byte(0x8E) // a router on mains, listening
	if n.make.sleepy {
		capability = 0x80
	}
	if n.s.reaches(n) {
		n.s.face.announced(n, capability)
	}
	n.stay(30 * time.Second)
	n.round()
	if n.hello != nil {
		n.s.after(time.Second, n.hello)
	}
	n.s.change()
}

// stay keeps a sleeper awake for a while.
func (n *Node) stay(d time.Duration) {
	if until := time.Now().Add(d); n.make.sleepy && until.After(n.awake) {
		n.awake = until
	}
	n.fetch()
}

func (n *Node) fetch() {
	if !n.s.reaches(n) {
		return
	}
	waiting := n.parcels
	n.parcels = nil
	for _, p := range waiting {
		if !p.gone && n.near() {
			p.gone = true
			p.open()
		}
	}
}

// poll comes for what waits, and looks around for a moment.
func (n *Node) poll() {
	if n.near() && n.short != 0 {
		n.follow()
		n.stay(500 * time.Millisecond)
	}
}

// round polls for as long as it is in the network.
func (n *Node) round() {
	if !n.make.sleepy {
		return
	}
	n.polls++
	mine := n.polls
	if n.make.CheckIn != 0 {
		n.checkIn(mine)
	}
	var again func()
	again = func() {
		if n.polls == mine {
			n.poll()
			time.AfterFunc(n.make.Poll, func() {
				n.s.mu.Lock()
				defer n.s.mu.Unlock()
				again()
			})
		}
	}
	again()
}

// checkIn asks again and again whether there is anything for it.
func (n *Node) checkIn(round int) {
	n.later(n.make.CheckIn, func() {
		if n.polls != round {
			return
		}
		if n.bound[0x0020] {
			n.say(0x0020, clusterCommand|fromServer, n.seq, 0x00)
		}
		n.checkIn(round)
	})
}

// later does something of the device's own, whatever becomes of the stick.
func (n *Node) later(d time.Duration, do func()) {
	time.AfterFunc(d, func() {
		n.s.mu.Lock()
		defer n.s.mu.Unlock()
		do()
	})
}

// MostHeld is how much waited for it at its parent at most at a time.
func (n *Node) MostHeld() int {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.most
}

// zdo answers a request of the network layer; nil: not at all.
func (n *Node) zdo(cluster uint16, f *fields) []byte {
	if n.make.Mute {
		return nil
	}
	switch cluster {
	case 0x02: // NODE_DESC
		kind, capability := byte(1), byte(0x8E)
		if n.make.sleepy {
			kind, capability = 2, 0x80
		}
		return join([]byte{success}, le16(n.short), []byte{kind, 0x40, capability}, le16(0x117C), []byte{82}, le16(82), le16(0), le16(82), []byte{0})
	case 0x04: // SIMPLE_DESC
		f.u16()
		if e := f.u8(); e != 1 {
			return join([]byte{0x82}, le16(n.short), []byte{0}) // invalid endpoint
		}
		d := join([]byte{1}, le16(0x0104), le16(n.deviceID), []byte{0, byte(len(n.in))})
		for _, c := range n.in {
			d = append(d, le16(c)...)
		}
		d = append(d, byte(len(n.out)))
		for _, c := range n.out {
			d = append(d, le16(c)...)
		}
		return join([]byte{success}, le16(n.short), []byte{byte(len(d))}, d)
	case 0x05: // ACTIVE_EP
		return join([]byte{success}, le16(n.short), []byte{1, 1})
	case 0x21: // BIND
		f.bytes(9)
		bound, toGroup := f.u16(), f.u8() == 1
		if n.groupsOnly && slices.Contains(n.out, bound) && (!toGroup || n.unbound) {
			return []byte{0x84}
		}
		if n.bound[bound] = true; toGroup {
			n.group = f.u16()
		}
		return []byte{success}
	case 0x36: // MGMT_PERMIT_JOIN
		if n.make.sleepy {
			return []byte{0x84}
		}
		n.permit(f.u8())
		return []byte{success}
	case 0x34: // MGMT_LEAVE
		n.s.after(10*time.Millisecond, n.leave)
		return []byte{success}
	default:
		return []byte{0x84} // not supported
	}
}

// Leave has the device leave by itself, as when it is reset by its button.
func (n *Node) Leave() {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.leave()
}

func (n *Node) leave() {
	if n.short == 0 {
		return
	}
	n.s.face.left(n)
	n.orphan()
	n.s.change()
}

// say sends a ZCL frame to the hub, and polls for an answer.
func (n *Node) say(cluster uint16, frame ...byte) {
	if !n.near() || n.short == 0 {
		return
	}
	n.follow()
	n.seq++
	if n.s.reaches(n) {
		n.s.face.heard(n, cluster, frame)
	}
	n.stay(2 * time.Second)
}

// greenPower is the endpoint of a router's Green Power proxy.
const greenPower = 242

// Frame control.
const (
	clusterCommand = 0x01
	fromServer     = 0x08
	noDefault      = 0x10
)

// answered stands for the status of a command that has an answer of its own.
const answered = 0xFE

// hear takes a ZCL frame.
func (n *Node) hear(cluster uint16, endpoint, _ byte, b []byte) {
	if n.make.Mute {
		return
	}
	f := &fields{b: b}
	control := f.u8()
	if control&0x04 != 0 {
		f.u16() // manufacturer
	}
	seq, command := f.u8(), f.u8()
	switch {
	case f.short:
		n.s.violation("a ZCL frame of %d bytes", len(b))
		return
	case endpoint == greenPower && cluster == 0x0021 && !n.make.sleepy:
		return // every router has a proxy there, which has nobody to pair with
	case endpoint != 1 && endpoint != 0xFF:
		n.s.violation("a frame to endpoint %d of %s, which has none", endpoint, n.model)
		return
	case control&0x03 == 0 && command == 0x0B && n.groupsOnly:
		n.s.violation("%s is answered what it said to a group", n.model)
	case control&0x03 == 0:
		n.foundation(cluster, seq, command, f)
		return
	}
	status := byte(0x81) // unsupported cluster command
	if cluster == 0x0500 && command == 0x00 && control&fromServer == 0 {
		status = n.enroll(seq, f)
	} else if cluster == 0x0020 && command == 0x00 { // its check-in is answered
		if listen, quarters := f.u8(), f.u16(); listen == 1 {
			n.stay(time.Duration(quarters) * time.Second / 4)
		}
		status = success
	} else if cluster == 0x0019 && n.firmware != nil {
		status = n.upgrade(command, f.b)
	} else if n.heard != nil {
		n.hearing = seq
		status = n.heard(cluster, command, f.b)
	}
	if status == answered {
		return
	}
	if control&noDefault == 0 || status != success {
		n.say(cluster, fromServer|noDefault, seq, 0x0B, command, status)
	}
}

// foundation answers the commands of every cluster.
func (n *Node) foundation(cluster uint16, seq, command byte, f *fields) {
	out := []byte{fromServer | noDefault, seq}
	switch command {
	case 0x00: // read
		out = append(out, 0x01)
		for len(f.b) > 0 && !f.short {
			id := f.u16()
			kind, value, ok := n.read(cluster, id)
			if !ok {
				out = join(out, le16(id), []byte{0x86})
				continue
			}
			out = join(out, le16(id), []byte{success, kind}, value)
		}
	case 0x02: // write: the address to report to, 8 bytes of type 0xF0
		id, kind := f.u16(), f.u8()
		if cluster != 0x0500 || id != 0x0010 || kind != 0xF0 {
			out = join(out, []byte{0x04, 0x86}, le16(id))
			break
		}
		n.cie = f.u64()
		out = append(out, 0x04, success)
		if n.make.AsksToEnroll {
			n.s.after(100*time.Millisecond, n.askToEnroll)
		}
	case 0x06: // configure reporting
		out = join(out, []byte{0x07}, n.configure(cluster, f))
	case 0x08: // read reporting configuration
		if n.make.Forgetful {
			out = append(out, 0x0B, command, 0x82) // unsupported general command
			break
		}
		out = join(out, []byte{0x09}, n.configured(cluster, f))
	default:
		return // answers
	}
	n.say(cluster, out...)
}

func (n *Node) askToEnroll() {
	n.asking, n.asked = true, n.seq
	n.say(0x0500, join([]byte{clusterCommand | fromServer, n.seq, 0x01}, le16(n.zone), le16(0x117C))...)
}

// ForgetZone has a zone forget whom it reports to, and ask to be enrolled.
func (n *Node) ForgetZone() {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.enrolled, n.zoneID = false, 0xFF
	n.askToEnroll()
	n.s.change()
}

// enroll takes an enrolment response: code, zone.
func (n *Node) enroll(seq byte, f *fields) byte {
	code, zone := f.u8(), f.u8()
	if n.asking && seq != n.asked {
		n.s.violation("%s asked to be enrolled by number %d and is answered by %d", n.model, n.asked, seq)
	}
	n.asking = false
	if code != 0 || n.cie == 0 {
		return failure
	}
	if n.cie != n.s.address {
		n.s.violation("%s is told to report to %016x, and the stick is %016x", n.model, n.cie, n.s.address)
	}
	if n.make.DeafToEnroll > 0 {
		n.make.DeafToEnroll--
		return success
	}
	n.zoneID, n.enrolled = zone, true
	n.s.change()
	return success
}

// text is a character string of type 0x42.
func text(s string) (byte, []byte, bool) { return 0x42, append([]byte{byte(len(s))}, s...), true }

func (n *Node) read(cluster, id uint16) (kind byte, value []byte, ok bool) {
	switch {
	case cluster == 0x0000 && id == 0x0004:
		if n.maker != "" {
			return text(n.maker)
		}
		return text("Gatehouse Sim")
	case cluster == 0x0000 && id == 0x0005:
		return text(n.model)
	case cluster == 0x0000 && id == 0x0007:
		source := byte(1)
		if n.make.sleepy {
			source = 3
		}
		return 0x30, []byte{source}, true
	case cluster == 0x0000 && id == 0x4000:
		return text(n.build)
	case cluster == 0x0001 && id == 0x0021:
		return 0x20, []byte{2 * n.battery}, n.has(cluster)
	case cluster == 0x0500 && n.has(cluster):
		state := byte(0)
		if n.enrolled {
			state = 1
		}
		switch id {
		case 0x0000:
			return 0x30, []byte{state}, true
		case 0x0001:
			return 0x31, le16(n.zone), true
		case 0x0002:
			return 0x19, le16(n.status), true
		case 0x0010:
			return 0xF0, le64(n.cie), true
		}
	}
	if n.attribute != nil {
		return n.attribute(cluster, id)
	}
	return 0, nil, false
}

func (n *Node) has(cluster uint16) bool {
	for _, c := range n.in {
		if c == cluster {
			return true
		}
	}
	return false
}

// Bits of a zone's status.
const (
	bitAlarm1  = 1 << 0
	bitAlarm2  = 1 << 1
	bitTamper  = 1 << 2
	bitBattery = 1 << 3
)

// bit sets a bit of the zone's status and tells the hub of a change.
func (n *Node) bit(bit uint16, on bool) {
	status := n.status &^ bit
	if on {
		status |= bit
	}
	if status == n.status {
		return
	}
	n.status = status
	n.tellStatus()
	n.s.change()
}

func (n *Node) tellStatus() {
	if n.enrolled && n.cie == n.s.address && n.has(0x0500) {
		n.say(0x0500, join([]byte{clusterCommand | fromServer, n.seq, 0x00}, le16(n.status), []byte{0, n.zoneID}, le16(0))...)
	}
}

// Tamper opens or closes its cover.
func (n *Node) Tamper(open bool) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.bit(bitTamper, open)
}

// set sets the zone's first alarm.
func (n *Node) set(on bool) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.bit(bitAlarm1, on)
}

func (n *Node) is() bool {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.status&bitAlarm1 != 0
}

// String names the node.
func (n *Node) String() string { return fmt.Sprintf("%s %016x", n.model, n.ieee) }
