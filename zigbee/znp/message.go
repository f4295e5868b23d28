package znp

import (
	"encoding/binary"

	"gatehouse/zigbee"
	"gatehouse/zigbee/octets"
)

// endpoint is the hub's, on which everything is heard.
const endpoint = 1

// transaction is where the transaction id stands in AF_DATA_REQUEST.
const transaction = 6

// How the address of a request of ZDO is meant.
const (
	toOne  = 0x02
	toMany = 0x0F
)

// Options of AF_DATA_REQUEST.
const (
	wantAck   = 0x10
	findRoute = 0x20
	radius    = 30
)

// Send implements zigbee.Adapter.
func (s *Stick) Send(m zigbee.Message, done func(error)) {
	const head = 10
	if len(m.Payload) > MaxData-head {
		go done(errTooLong)
		return
	}
	d := make([]byte, 0, head+len(m.Payload))
	d = binary.LittleEndian.AppendUint16(d, uint16(m.Peer))
	d = append(d, m.PeerEndpoint, endpoint)
	d = binary.LittleEndian.AppendUint16(d, m.Cluster)
	options := byte(wantAck | findRoute)
	if m.Peer >= 0xFFF8 {
		options = 0 // a broadcast is acknowledged by nobody
	}
	d = append(d, 0, options, radius, byte(len(m.Payload)))
	s.later(&call{command: afSend, data: append(d, m.Payload...), lane: m.Lane, message: true}, done)
}

// Ask implements zigbee.Adapter. MT carries the requests of ZDO as they are,
// behind the address that they go to.
func (s *Stick) Ask(to zigbee.Short, cluster uint16, request []byte, done func(error)) {
	const (
		netAddr, ieeeAddr = 0x0000, 0x0001
		bind, unbind      = 0x0021, 0x0022
		permit            = 0x0036
		bindLength        = 23 // MT has room for an IEEE address whatever the target
	)
	if cluster > 0x3F || len(request) > MaxData-3 {
		go done(errTooLong)
		return
	}
	var d []byte
	if cluster == permit {
		mode := byte(toOne)
		if to >= 0xFFF8 {
			mode = toMany
		}
		d = append(d, mode)
	}
	if cluster != netAddr && cluster != ieeeAddr {
		d = binary.LittleEndian.AppendUint16(d, uint16(to))
	}
	d = append(d, request...)
	for (cluster == bind || cluster == unbind) && len(d) < bindLength {
		d = append(d, 0)
	}
	s.later(&call{command: zdoFirst + Command(cluster), data: d, lane: zigbee.LaneStudy}, done)
}

// later sends a request and tells how it went. The caller may hold locks of its
// own, so it is not told anything before this returns.
func (s *Stick) later(c *call, done func(error)) {
	c.done = func(b []byte, err error) {
		if err == nil && !c.message && first(b) != 0 {
			err = &StatusError{c.command, first(b)}
		}
		s.told = append(s.told, func() { done(err) })
	}
	now := s.lock()
	switch {
	case s.ended != nil:
		s.mu.Unlock()
		go done(zigbee.ErrDown)
		return
	case s.waiting >= maxWaiting:
		s.mu.Unlock()
		go done(zigbee.ErrQueueFull)
		return
	}
	s.enqueue(c)
	s.pump(now)
	s.arm(now)
	s.mu.Unlock()
}

// report hands on what the stick says of the network.
func (s *Stick) report(f Frame) {
	r := octets.Reader{B: f.Data}
	switch f.Command {
	case afIncoming:
		m := zigbee.Message{Group: r.U16(), Cluster: r.U16(), Peer: zigbee.Short(r.U16()), PeerEndpoint: r.U8(), Endpoint: r.U8()}
		m.Broadcast, m.Quality = r.U8() != 0 || m.Group != 0, r.U8()
		r.Take(1 + 4 + 1) // security, timestamp, number
		m.Payload = r.Take(int(r.U8()))
		if !r.Short {
			s.handler.Heard(m)
		}
	case zdoAnnounce:
		r.U16() // who relayed it
		short, device := zigbee.Short(r.U16()), zigbee.IEEE(r.U64())
		capability := r.U8()
		if !r.Short {
			s.handler.Announced(device, short, capability, true)
		}
	case zdoTrust:
		short, device := zigbee.Short(r.U16()), zigbee.IEEE(r.U64())
		if !r.Short {
			s.handler.Announced(device, short, 0, false)
		}
	case zdoLeave:
		r.U16()
		device := zigbee.IEEE(r.U64())
		r.Take(2) // asked for, children too
		if again := r.U8() != 0; !r.Short && !again {
			s.handler.Gone(device)
		}
	default:
		s.answer(f, r)
	}
}

// answer hands on an answer of ZDO: 0x4580 and up are the clusters 0x8000 and up.
func (s *Stick) answer(f Frame, r octets.Reader) {
	const first, last = 0x4580, 0x45BF
	if f.Command < first || f.Command > last {
		return
	}
	cluster := 0x8000 | uint16(f.Command-first)
	var from zigbee.Short
	if cluster > 0x8001 { // the answers about addresses do not say who gave them
		from = zigbee.Short(r.U16())
	}
	if !r.Short {
		s.handler.Answered(from, cluster, r.B)
	}
}
