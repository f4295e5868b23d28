package zwavesim

import (
	"slices"
	"time"
)

// flight is something that will have crossed the air at a certain time.
type flight struct {
	at time.Time
	do func()
	of *sending // the host's transmission that it is part of, or nil
}

func (s *Stick) hop() time.Duration { return s.opt.Radio.Hop }

// land calls do when a transmission of length d, begun as soon as the air is
// free, has come to its end. There is one air: what was sent first lands first.
func (s *Stick) land(d time.Duration, do func()) { s.landOf(nil, d, do) }

func (s *Stick) landOf(of *sending, d time.Duration, do func()) {
	if d == 0 && len(s.air) == 0 {
		do()
		return
	}
	now := time.Now()
	start := now
	if s.airFree.After(start) {
		start = s.airFree
	}
	s.airFree = start.Add(d)
	s.air = append(s.air, flight{s.airFree, do, of})
	boot := s.boot
	time.AfterFunc(s.airFree.Sub(now), func() { s.touchDown(boot) })
}

// silence takes a transmission of the host off the air.
func (s *Stick) silence(of *sending) {
	s.airFree = time.Time{}
	s.air = slices.DeleteFunc(s.air, func(f flight) bool { return f.of == of })
	if n := len(s.air); n > 0 {
		s.airFree = s.air[n-1].at
	}
}

// touchDown ends every flight whose time has come, in order.
func (s *Stick) touchDown(boot int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if boot != s.boot {
		return
	}
	for now := time.Now(); len(s.air) > 0 && !now.Before(s.air[0].at); {
		f := s.air[0]
		s.air = s.air[1:]
		f.do()
	}
	s.change()
}

// reach sends a frame to a node and calls then when the node has acknowledged
// it, or when the stick has given up.
func (s *Stick) reach(n *Node, then func(heard bool)) { s.reachOf(nil, n, then) }

func (s *Stick) reachOf(of *sending, n *Node, then func(heard bool)) {
	if !n.hears() {
		s.landOf(of, s.opt.Radio.Lost, func() {
			n.failed = true
			then(false)
		})
		return
	}
	d := s.hop()
	if n.beams && !n.listening {
		d += s.opt.Radio.Beam
	}
	s.landOf(of, d, func() {
		n.failed = false
		then(true)
	})
}

// uplink brings a command of a node to the host.
func (s *Stick) uplink(n *Node, cmd []byte) {
	s.land(s.hop(), func() { s.deliver(n, cmd) })
}

const (
	rxStatus = 0x00
	rxRSSI   = 0xc4 // −60 dBm
)

// deliver hands a node's command to the host.
func (s *Stick) deliver(n *Node, cmd []byte) {
	if n.id == 0 || s.drowned() {
		return
	}
	b := make([]byte, 0, len(cmd)+8)
	b = append(b, rxStatus)
	if s.opt.Bridge {
		b = s.putNode(b, ownID)
		b = s.putNode(b, n.id)
		b = append(b, byte(len(cmd)))
		b = append(b, cmd...)
		b = append(b, 0, rxRSSI)
		s.push(request, fnBridgeCommand, b)
		return
	}
	b = s.putNode(b, n.id)
	b = append(b, byte(len(cmd)))
	b = append(b, cmd...)
	b = append(b, rxRSSI)
	s.push(request, fnApplicationCommand, b)
}
