package ezsp

import (
	"encoding/binary"
	"errors"

	"gatehouse/zigbee"
	"gatehouse/zigbee/octets"
)

// endpoint is the hub's.
const endpoint = 1

// home is the profile of every message of an application (Home Automation).
const home = 0x0104

// Options of an APS frame.
const (
	retry     = 0x0040 // until it is acknowledged
	findRoute = 0x0100
	findPeer  = 0x1000 // its IEEE address
)

const (
	radius         = 30
	firstBroadcast = 0xFFF8
	headroom       = 5 + tagAt + 2 + 1 + 5 // of a message; a broadcast has at most so much too
)

var errTooLong = errors.New("ezsp: data are too long for one message")

// Send implements zigbee.Adapter.
func (s *Stick) Send(m zigbee.Message, done func(error)) {
	a := aps{profile: home, cluster: m.Cluster, from: endpoint, to: m.PeerEndpoint}
	s.message(m.Peer, a, m.Payload, m.Lane, done)
}

// Ask implements zigbee.Adapter. Requests of the network layer are messages of
// profile 0 between endpoints 0.
func (s *Stick) Ask(to zigbee.Short, cluster uint16, request []byte, done func(error)) {
	b := append([]byte{s.nextRequest()}, request...)
	s.message(to, aps{cluster: cluster}, b, zigbee.LaneStudy, done)
}

// nextRequest is the sequence number of a request of the network layer.
func (s *Stick) nextRequest() byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.request++
	return s.request
}

func (s *Stick) message(to zigbee.Short, a aps, payload []byte, lane zigbee.Lane, done func(error)) {
	if len(payload) > MaxData-headroom {
		go done(errTooLong)
		return
	}
	if to >= firstBroadcast {
		// It is acknowledged by nobody: that the stick takes it is the end of it.
		s.later(&call{command: sendBroadcast, data: s.broadcast(to, a, payload), lane: lane}, done)
		return
	}
	a.options = retry | findRoute | findPeer
	const direct = 0
	d := make([]byte, 0, headroom+len(payload))
	d = append(d, direct, byte(to), byte(to>>8))
	d = a.append(d)
	d = s.appendTag(d)
	d = append(d, byte(len(payload)))
	s.later(&call{command: sendUnicast, data: append(d, payload...), lane: lane, message: true}, done)
}

// appendTag leaves room for a tag, at tagAt in a message to one device.
func (s *Stick) appendTag(b []byte) []byte {
	if s.agreed() < wide {
		return append(b, 0)
	}
	return append(b, 0, 0)
}

func (s *Stick) broadcast(to zigbee.Short, a aps, payload []byte) []byte {
	v := s.agreed()
	d := make([]byte, 0, headroom+len(payload))
	if v >= wide {
		d = append(d, 0xFF, 0xFF) // in nobody else's name
	}
	d = binary.LittleEndian.AppendUint16(d, uint16(to))
	if v >= wide {
		d = append(d, 0) // the stick numbers it
	}
	a.options = findRoute
	d = append(a.append(d), radius)
	d = append(s.appendTag(d), byte(len(payload)))
	return append(d, payload...)
}

// later sends a command and tells how it went. The caller may hold locks of its
// own, so it is not told anything before this returns.
func (s *Stick) later(c *call, done func(error)) {
	c.done = func(b []byte, err error) {
		if err == nil && !c.message {
			if status := (&reader{octets.Reader{B: b}}).status(s.version); status != success {
				err = &StatusError{c.command, status}
			}
		}
		s.told = append(s.told, func() { done(err) })
	}
	now := s.lock()
	switch {
	case s.ended:
		s.mu.Unlock()
		go done(zigbee.ErrDown)
		return
	case s.waiting >= maxWaiting:
		s.mu.Unlock()
		go done(zigbee.ErrQueueFull)
		return
	}
	s.enqueue(c)
	s.settle(now)
	s.mu.Unlock()
}

// report hands on what the stick says of the network. v is the version of EZSP.
func (s *Stick) report(v byte, p packet) {
	r := reader{octets.Reader{B: p.data}}
	switch p.command {
	case incoming:
		s.heardMessage(v, r)
	case trustJoin:
		short, device := zigbee.Short(r.U16()), zigbee.IEEE(r.U64())
		const left, denied = 2, 2
		what, decision := r.U8(), r.U8()
		switch {
		case r.Short:
		case what == left:
			s.handler.Gone(device)
		case decision != denied:
			s.handler.Announced(device, short, 0, false)
		}
	default: // of routes, tables and such
	}
}

// Kinds of incoming messages.
const (
	multicast         = 2
	multicastLoopback = 3 // our own
	broadcast         = 4
	broadcastLoopback = 5
)

func (s *Stick) heardMessage(v byte, r reader) {
	kind, a := r.U8(), r.aps()
	m := zigbee.Message{PeerEndpoint: a.from, Endpoint: a.to, Cluster: a.cluster, Broadcast: kind == broadcast}
	if v < wide {
		m.Quality = r.U8()
		r.U8() // strength
		m.Peer = zigbee.Short(r.U16())
		r.Take(1 + 1) // indices into tables
	} else {
		m.Peer = zigbee.Short(r.U16())
		r.Take(8 + 1 + 1) // IEEE address if known, indices
		m.Quality = r.U8()
		r.Take(1 + 4) // strength, time
	}
	m.Payload = r.Take(int(r.U8()))
	if r.Short || kind == multicastLoopback || kind == broadcastLoopback {
		return
	}
	if kind == multicast { // which goes to all who are awake, and each looks whether it is meant
		m.Group, m.Broadcast = a.group, true
	}
	if a.profile != 0 || a.to != 0 {
		s.handler.Heard(m)
		return
	}
	s.network(m)
}

// network hands on a message of the network layer without its sequence number.
func (s *Stick) network(m zigbee.Message) {
	const announce, answers = 0x0013, 0x8000
	r := reader{octets.Reader{B: m.Payload}}
	r.U8()
	switch {
	case r.Short:
	case m.Cluster == announce:
		short, device, capability := zigbee.Short(r.U16()), zigbee.IEEE(r.U64()), r.U8()
		if !r.Short {
			s.handler.Announced(device, short, capability, true)
		}
	case m.Cluster >= answers:
		s.handler.Answered(m.Peer, m.Cluster, r.B)
	default: // requests, which the stick itself answers
	}
}
