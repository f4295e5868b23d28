package mqtt

import (
	"bytes"
	"sync/atomic"
)

// slack is how far a client may be behind beside two pictures of the house
// (subscriptions may overlap).
const slack = 256 << 10

// picture remembers what is retained, so that nothing is said twice, what is
// gone is taken back, and a client's allowance follows the size of the house.
// One goroutine changes it.
type picture struct {
	shown map[string][]byte
	bytes atomic.Int64
}

func newPicture() *picture { return &picture{shown: make(map[string][]byte)} }

// overhead is what a message takes on the wire beside topic and payload, at most.
const overhead = 16

// set notes what a topic shows now; nil: nothing. It tells whether that is news.
func (p *picture) set(topic string, payload []byte) bool {
	old, had := p.shown[topic]
	if had && bytes.Equal(old, payload) || !had && payload == nil {
		return false
	}
	if had {
		p.bytes.Add(-int64(len(topic) + len(old) + overhead))
	}
	if payload == nil {
		delete(p.shown, topic)
		return true
	}
	p.shown[topic] = payload
	p.bytes.Add(int64(len(topic) + len(payload) + overhead))
	return true
}

// allowance is how many bytes may wait for one client.
func (p *picture) allowance() int { return 2*int(p.bytes.Load()) + slack }
