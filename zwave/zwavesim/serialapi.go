package zwavesim

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Node ids: the stick's own, and the last there is without Long Range.
const (
	ownID = 1
	maxID = 232
)

// responseWithin is how long a host waits for a response before it may give up.
const responseWithin = 10 * time.Second

// Serial API functions that the stick knows.
const (
	fnInitData           = 0x02
	fnSetNIF             = 0x03
	fnApplicationCommand = 0x04
	fnControllerCaps     = 0x05
	fnTimeouts           = 0x06
	fnCapabilities       = 0x07
	fnSoftReset          = 0x08
	fnStarted            = 0x0a
	fnSetup              = 0x0b
	fnSendData           = 0x13
	fnAbort              = 0x16
	fnVersion            = 0x15
	fnHomeID             = 0x20
	fnRSSI               = 0x3b
	fnProtocolInfo       = 0x41
	fnFactoryReset       = 0x42
	fnAssignRoute        = 0x46
	fnDeleteRoute        = 0x47
	fnNeighbours         = 0x48
	fnUpdate             = 0x49
	fnAdd                = 0x4a
	fnRemove             = 0x4b
	fnAssignSUCRoute     = 0x51
	fnSetSUC             = 0x54
	fnDeleteSUCRoute     = 0x55
	fnGetSUC             = 0x56
	fnRequestNIF         = 0x60
	fnRemoveFailed       = 0x61
	fnIsFailed           = 0x62
	fnRouting            = 0x80
	fnBridgeCommand      = 0xa8
	fnBridgeSendData     = 0xa9
)

// Sub-commands of fnSetup.
const (
	setupSupported  = 0x01
	setupTxReport   = 0x02
	setupGetPower   = 0x08
	setupMaxPayload = 0x10
	setupGetRegion  = 0x20
	setupNodeIDType = 0x80
)

// Status of a transmission.
const (
	txOK    = 0x00
	txNoAck = 0x01
	txFail  = 0x02
)

const maxPayload = 46

// command is the host's command that has not been answered.
type command struct {
	waiting  bool
	unsure   bool // its ACK was lost: the host need not wait
	function byte
	at       time.Time
}

// functions are what the capability bitmap lists.
func (s *Stick) functions() []byte {
	all := []byte{
		fnInitData, fnSetNIF, fnApplicationCommand, fnControllerCaps, fnTimeouts, fnCapabilities, fnSoftReset,
		fnStarted, fnSetup, fnSendData, fnAbort, fnVersion, fnHomeID, fnRSSI, fnProtocolInfo, fnFactoryReset,
		fnAssignRoute, fnDeleteRoute, fnNeighbours, fnUpdate, fnAdd, fnRemove, fnAssignSUCRoute, fnSetSUC,
		fnDeleteSUCRoute, fnGetSUC, fnRequestNIF, fnRemoveFailed, fnIsFailed, fnRouting,
	}
	if s.opt.Bridge {
		all = append(all, fnBridgeCommand, fnBridgeSendData)
	}
	return all
}

// args reads the parameters of a command; a read past the end marks it short.
type args struct {
	b     []byte
	short bool
}

func (a *args) byte() byte {
	if len(a.b) == 0 {
		a.short = true
		return 0
	}
	x := a.b[0]
	a.b = a.b[1:]
	return x
}

func (a *args) bytes(n int) []byte {
	if n > len(a.b) {
		a.short = true
		return nil
	}
	x := a.b[:n]
	a.b = a.b[n:]
	return x
}

func (a *args) node(wide bool) uint16 {
	if wide {
		hi := a.byte()
		return uint16(hi)<<8 | uint16(a.byte())
	}
	return uint16(a.byte())
}

// putNode appends a node id as the host has asked for: 8 or 16 bits.
func (s *Stick) putNode(b []byte, id uint16) []byte {
	if s.wide {
		return binary.BigEndian.AppendUint16(b, id)
	}
	return append(b, byte(id))
}

// reply sends the response to a command, unless a fault loses or delays it.
func (s *Stick) reply(function byte, payload ...byte) {
	s.replyThen(function, payload, func() {})
}

// replyThen sends the response and then does what the command began.
func (s *Stick) replyThen(function byte, payload []byte, then func()) {
	s.command = command{waiting: true, unsure: s.host != nil && s.host.unsure, function: function, at: time.Now()}
	if _, lost := s.takes(LoseResponse, function); lost {
		s.command = command{} // the host may learn by a callback that it went well
		then()
		return
	}
	answer := func() {
		s.push(response, function, payload)
		then()
	}
	if f, late := s.takes(LateResponse, function); late {
		s.later(f.For, answer)
		return
	}
	answer()
}

// later calls f, with the lock held, after d, unless the stick is reset before.
func (s *Stick) later(d time.Duration, f func()) {
	boot := s.boot
	time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.boot == boot {
			f()
			s.change()
		}
	})
}

// execute carries out one command of the host.
func (s *Stick) execute(function byte, payload []byte) {
	a := &args{b: payload}
	s.run(function, a)
	if a.short {
		s.violation("function %#02x is cut short: % x", function, payload)
	}
}

func (s *Stick) run(function byte, a *args) {
	if s.sending != nil && function != fnAbort && function != fnSoftReset && !s.resent && !s.sending.unsure {
		s.violation("function %#02x before the callback of SendData", function)
	}
	switch function {
	case fnInitData:
		s.reply(function, s.initData()...)
	case fnSetNIF: // device options, generic and specific class, command classes; answered by nothing
		a.bytes(3)
		a.bytes(int(a.byte()))
	case fnControllerCaps:
		s.reply(function, s.controllerCaps())
	case fnTimeouts:
		a.bytes(2)
		s.reply(function, 150, 15)
	case fnCapabilities:
		b := []byte{7, 19, 0xff, 0xf0, 0x00, 0x01, 0x00, 0x01} // firmware, an unassigned maker, type, id
		s.reply(function, append(b, bitmask(s.functions(), 1, 32)...)...)
	case fnSoftReset:
		s.softReset()
	case fnSetup:
		s.setup(a)
	case fnSendData, fnBridgeSendData:
		s.sendData(function, a)
	case fnAbort:
		if t := s.sending; t != nil && t.late != nil {
			t.late()
		} else if t != nil {
			t.aborted = true
			s.silence(t)
			s.sent(t, txNoAck)
		}
	case fnVersion:
		kind := byte(1)
		if s.opt.Bridge {
			kind = 7
		}
		s.reply(function, append([]byte("Z-Wave 7.19\x00"), kind)...)
	case fnHomeID:
		b := binary.BigEndian.AppendUint32(nil, s.opt.HomeID)
		s.reply(function, s.putNode(b, ownID)...)
	case fnRSSI:
		s.reply(function, s.channels()...)
	case fnProtocolInfo:
		s.reply(function, s.protocolInfo(a.node(s.wide))...)
	case fnFactoryReset:
		s.factoryReset(a.byte())
	case fnAssignRoute:
		a.node(s.wide)
		s.route(function, a)
	case fnDeleteRoute, fnAssignSUCRoute, fnDeleteSUCRoute:
		s.route(function, a)
	case fnNeighbours:
		s.neighbours(a.node(s.wide), a.byte())
	case fnAdd, fnRemove:
		s.learn(function == fnAdd, a.byte(), a.byte())
	case fnSetSUC:
		s.setSUC(a)
	case fnGetSUC:
		s.reply(function, s.putNode(nil, s.suc)...)
	case fnRequestNIF:
		s.requestNIF(a.node(s.wide))
	case fnRemoveFailed:
		s.removeFailed(a.node(s.wide), a.byte())
	case fnIsFailed:
		n := s.nodes[a.node(s.wide)]
		s.reply(function, truth(n != nil && n.failed))
	case fnRouting:
		a.node(s.wide)
		s.reply(function, bitmask(s.shortIDs(), 1, 29)...)
	default:
		s.violation("function %#02x is not among those that the stick says it has", function)
	}
}

func truth(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// bitmask has bit i-first set for each i, in n bytes.
func bitmask(set []byte, first byte, n int) []byte {
	b := make([]byte, n)
	for _, i := range set {
		b[(i-first)/8] |= 1 << ((i - first) % 8)
	}
	return b
}

// shortIDs are the ids of all nodes, the stick among them.
func (s *Stick) shortIDs() []byte {
	ids := []byte{ownID}
	for _, id := range s.ids() {
		ids = append(ids, byte(id))
	}
	return ids
}

func (s *Stick) initData() []byte {
	caps := byte(0)
	if s.suc == ownID {
		caps |= 0x08 // SIS
	}
	b := []byte{10, caps, 29}
	b = append(b, bitmask(s.shortIDs(), 1, 29)...)
	return append(b, 7, 0) // chip: 700 series
}

func (s *Stick) controllerCaps() byte {
	b := byte(0x08) // it was the first of its network
	if s.suc == ownID {
		b |= 0x14 // SUC, and a SIS is there
	}
	if len(s.nodes) == 0 {
		b |= 0x20
	}
	return b
}

func (s *Stick) setup(a *args) {
	known := []byte{setupSupported, setupTxReport, setupGetPower, setupMaxPayload, setupGetRegion, setupNodeIDType}
	switch sub := a.byte(); sub {
	case setupSupported:
		var flags byte // sub-commands were once powers of two
		for _, k := range known {
			flags |= k
		}
		s.reply(fnSetup, append([]byte{sub, flags}, bitmask(known, 1, 16)...)...)
	case setupTxReport:
		s.txRep = a.byte() != 0
		s.reply(fnSetup, sub, 1)
	case setupGetPower:
		s.reply(fnSetup, sub, 0, 0)
	case setupMaxPayload:
		s.reply(fnSetup, sub, maxPayload)
	case setupGetRegion:
		s.reply(fnSetup, sub, 0) // Europe
	case setupNodeIDType:
		s.wide = a.byte() == 2
		s.reply(fnSetup, sub, 1)
	default:
		s.reply(fnSetup, 0, sub)
	}
}

func (s *Stick) softReset() {
	if f, ok := s.takes(Reenumerate, fnSoftReset); ok {
		time.AfterFunc(0, func() {
			s.Unplug()
			time.AfterFunc(f.For, s.Plug)
		})
		return
	}
	links := s.host.links // the ACK for the command still leaves
	s.restart()
	s.host.links = links
	s.sleepy = true
	boot := s.boot
	started := func() {
		s.sleepy = false
		// Wakeup reason: reset by the host; watchdog off; listening; a static controller.
		s.push(request, fnStarted, []byte{0x07, 0, 0x80, 0x02, 0x07, 0, 0})
	}
	if s.opt.Radio.Reset == 0 {
		started()
		return
	}
	time.AfterFunc(s.opt.Radio.Reset, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.boot == boot {
			started()
		}
	})
}

func (s *Stick) factoryReset(cb byte) {
	for _, id := range s.ids() {
		s.dismiss(s.nodes[id])
	}
	s.suc = 0
	s.opt.HomeID++
	s.push(request, fnFactoryReset, []byte{cb})
}

func (s *Stick) setSUC(a *args) {
	id := a.node(s.wide)
	on := a.byte()
	a.bytes(2) // transmit options, SIS
	cb := a.byte()
	if id == ownID {
		s.suc = id * uint16(truth(on != 0))
		s.reply(fnSetSUC, 1)
		return
	}
	s.reply(fnSetSUC, 1)
	s.push(request, fnSetSUC, []byte{cb, 6}) // failed: no other node can be one
}

// route assigns or deletes a return route, which virtual air does not need.
func (s *Stick) route(function byte, a *args) {
	id := a.node(s.wide)
	cb := a.byte()
	n := s.nodes[id]
	if n == nil {
		s.reply(function, 0)
		return
	}
	s.reply(function, 1)
	s.reach(n, func(heard bool) {
		status := byte(txOK)
		if !heard {
			status = txNoAck
		}
		s.push(request, function, []byte{cb, status})
	})
}

func (s *Stick) neighbours(id uint16, cb byte) {
	const started, done, failed = 0x21, 0x22, 0x23
	s.push(request, fnNeighbours, []byte{cb, started})
	n := s.nodes[id]
	if n == nil {
		s.push(request, fnNeighbours, []byte{cb, failed})
		return
	}
	s.reach(n, func(heard bool) {
		if heard {
			s.push(request, fnNeighbours, []byte{cb, done})
		} else {
			s.push(request, fnNeighbours, []byte{cb, failed})
		}
	})
}

func (s *Stick) protocolInfo(id uint16) []byte {
	if id == ownID {
		return []byte{0xd3, 0x96, 0x01, 0x02, 0x02, 0x07}
	}
	n := s.nodes[id]
	if n == nil {
		return make([]byte, 6)
	}
	capability := byte(0x53) // routing, 40 kbit/s, protocol version 4
	security := byte(0x9c)   // optional functions, beams understood, routing end node, specific class
	if n.listening {
		capability |= 0x80
	}
	if n.beams {
		security |= 0x40
	}
	return []byte{capability, security, 0x01, 0x04, n.generic, n.specific}
}

// requestNIF asks a node what it is; its answer, or that there is none, comes by
// an update.
func (s *Stick) requestNIF(id uint16) {
	s.reply(fnRequestNIF, 1)
	n := s.nodes[id]
	if n == nil {
		s.push(request, fnUpdate, s.putNode([]byte{0x81}, 0))
		return
	}
	s.reach(n, func(heard bool) {
		if !heard {
			s.push(request, fnUpdate, append(s.putNode([]byte{0x81}, 0), 0))
			return
		}
		n.stayAwake()
		s.land(s.hop(), func() { s.push(request, fnUpdate, n.update()) })
	})
}

// sendData carries out SendData and its bridge form.
func (s *Stick) sendData(function byte, a *args) {
	if function == fnBridgeSendData {
		if src := a.node(s.wide); src != ownID {
			s.violation("bridge SendData from node %d", src)
		}
	}
	id := a.node(s.wide)
	data := append([]byte(nil), a.bytes(int(a.byte()))...)
	options := a.byte()
	if function == fnBridgeSendData {
		a.bytes(4)
	}
	cb := a.byte()
	switch {
	case a.short || len(data) == 0:
		s.reply(function, 0)
		return
	case len(data) > maxPayload:
		s.violation("SendData with %d bytes: at most %d fit", len(data), maxPayload)
		s.reply(function, 0)
		return
	case cb == 0:
		s.violation("SendData without a callback id")
	case options&0x01 == 0 && !mayBeLost(data):
		s.violation("SendData of % x without asking for an ACK: transmit options %#02x", data, options)
	}
	if s.sending != nil {
		s.reply(function, 0)
		return
	}
	if _, ok := s.takes(Refuse, function); ok {
		s.reply(function, 0)
		return
	}
	t := &sending{function: function, cb: cb, since: time.Now(), unsure: s.host.unsure}
	s.sending = t
	s.replyThen(function, []byte{1}, func() { s.transmit(t, id, data) })
}

// transmit sends a command to a node and tells the host how that went.
func (s *Stick) transmit(t *sending, id uint16, data []byte) {
	if _, ok := s.takes(Jam, t.function); ok || s.drowned() {
		s.landOf(t, s.hop(), func() { s.sent(t, txFail) })
		return
	}
	n := s.nodes[id]
	if _, ok := s.takes(NoRoute, t.function); ok || n == nil {
		s.landOf(t, s.opt.Radio.Lost, func() { s.sent(t, txNoAck) })
		return
	}
	_, swap := s.takes(ReportBeforeCallback, t.function)
	s.reachOf(t, n, func(heard bool) {
		switch {
		case !heard:
			s.sent(t, txNoAck)
		case swap:
			n.take(data)
			s.land(s.hop(), func() { s.sent(t, txOK) })
		default:
			s.sent(t, txOK)
			n.take(data)
		}
	})
}

// mayBeLost tells whether a command may go without an ACK: No More Information,
// which a node does without, and a Supervision Report, which it asks for again.
func mayBeLost(cmd []byte) bool {
	return bytes.Equal(cmd, []byte{ccWakeUp, 0x08}) || bytes.HasPrefix(cmd, []byte{ccSupervision, 0x02})
}

// sending is a SendData whose callback has not gone out.
type sending struct {
	function, cb byte
	since        time.Time
	over         bool
	aborted      bool
	unsure       bool   // the host does not know that it was begun
	late         func() // brings a delayed callback
}

// sent ends a transmission with its callback.
func (s *Stick) sent(t *sending, status byte) {
	if t.over {
		return
	}
	t.over = true
	if s.sending == t {
		s.sending = nil
	}
	if t.cb == 0 {
		return
	}
	if _, lost := s.takes(LoseCallback, t.function); lost {
		return
	}
	b := []byte{t.cb, status}
	if s.txRep {
		b = appendTxReport(b, time.Since(t.since))
	} else {
		b = append(b, 0, 1)
	}
	if f, late := s.takes(LateCallback, t.function); late && !t.aborted {
		s.sending = t // so that the host is held to wait
		t.late = func() {
			if s.sending == t {
				s.sending = nil
				s.push(request, t.function, b)
			}
		}
		s.later(f.For, t.late)
		return
	}
	s.push(request, t.function, b)
}

// appendTxReport appends how a transmission went: the time it took in units of
// 10 ms, no repeaters, the signal strength of the acknowledgement, the route's speed.
func appendTxReport(b []byte, took time.Duration) []byte {
	const unknown = 0x7f
	b = binary.BigEndian.AppendUint16(b, uint16(min(took/(10*time.Millisecond), 0xffff)))
	b = append(b, 0, 0xc4) // −60 dBm
	b = append(b, unknown, unknown, unknown, unknown)
	b = append(b, 1, 1, 3)    // channels, routing scheme
	b = append(b, 0, 0, 0, 0) // repeaters
	return append(b, 3, 1, 0, 0)
}
