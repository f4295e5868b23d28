package zigbeesim

import (
	"math/bits"
	"time"
)

// Quiet is what is heard where nobody sends, in dBm.
const Quiet = -95

// moveTime is how long a stick takes to follow its own broadcast.
const moveTime = 9 * time.Second

// level is how much is heard on a channel, in dBm.
func (s *Stick) level(channel byte) int {
	loudest := Quiet
	for _, f := range s.faults {
		if (f.Kind == Noise || f.Kind == Jam) && (f.Channel == 0 || f.Channel == channel) {
			loudest = max(loudest, f.Level)
		}
	}
	return loudest
}

// channel is the one that the stick is on.
func (s *Stick) channel() byte {
	_, _, channel, _ := s.face.network()
	return channel
}

// jammed tells whether nothing gets through on the network's channel.
func (s *Stick) jammed() bool {
	channel := s.channel()
	for _, f := range s.faults {
		if f.Kind == Jam && (f.Channel == 0 || f.Channel == channel) {
			return true
		}
	}
	return false
}

// reaches tells whether a node and the stick can hear each other.
func (s *Stick) reaches(n *Node) bool { return n.channel == s.channel() && !s.jammed() }

// Channel is the channel that a node is on.
func (n *Node) Channel() byte {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	return n.channel
}

// move takes the network to another channel. Devices that listen hear of it; those
// that sleep find out when they miss their parent.
func (s *Stick) move(channels uint32) {
	channel := byte(bits.TrailingZeros32(channels))
	if s.jammed() {
		s.after(moveTime, func() { s.face.moved(channel) })
		return
	}
	var along []*Node
	for _, n := range s.nodes {
		if n.present && !n.make.sleepy && !n.make.Stays {
			along = append(along, n)
		}
	}
	s.after(moveTime, func() {
		s.face.moved(channel)
		for _, n := range along {
			n.channel = channel
		}
		s.change()
	})
}

// follow has a node look for the network that it misses, unless it is one that
// never does.
func (n *Node) follow() {
	if n.channel == n.s.channel() || n.make.Stays || n.short == 0 || n.s.state != coordinator || n.s.jammed() {
		return
	}
	n.channel = n.s.channel()
	n.announce()
}
