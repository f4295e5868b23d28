package mqtt

import (
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// leaving waits until the last message has been handed to each connection: the
// broker forgets what waits for a client whose connection it closes.
type leaving struct {
	mu   sync.Mutex
	left map[string]bool // client ids that still wait; nil while the house is up
	done chan struct{}
}

// sayOffline is the last message. It waits briefly until every subscriber's
// connection has it.
func (b *broker) sayOffline() {
	b.leaving.mu.Lock()
	b.leaving.left = make(map[string]bool)
	b.leaving.done = make(chan struct{})
	for id := range b.server.Topics.Subscribers(topicStatus).Subscriptions {
		if cl, ok := b.server.Clients.Get(id); ok && !cl.Closed() {
			b.leaving.left[id] = true
		}
	}
	waiting := len(b.leaving.left)
	b.leaving.mu.Unlock()

	b.face.picture.set(topicStatus, []byte(offline))
	b.publish(topicStatus, []byte(offline), true)
	if waiting == 0 {
		return
	}
	enough := time.NewTimer(lastWords)
	defer enough.Stop()
	select {
	case <-b.leaving.done:
	case <-enough.C:
	}
}

// OnPacketSent hears of each packet that was handed to a connection.
func (b *broker) OnPacketSent(cl *mochi.Client, pk packets.Packet, _ []byte) {
	if pk.FixedHeader.Type != packets.Publish || string(pk.Payload) != offline {
		return
	}
	b.leaving.mu.Lock()
	defer b.leaving.mu.Unlock()
	if b.leaving.left[cl.ID] {
		delete(b.leaving.left, cl.ID)
		if len(b.leaving.left) == 0 {
			close(b.leaving.done)
		}
	}
}

// throttle lets one log line through each second and counts the others: who
// guesses at the door must not fill the disk.
type throttle struct {
	mu   sync.Mutex
	last time.Time
	held int
}

// allow tells whether to log now, and how many were held back before.
func (t *throttle) allow(now time.Time) (held int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.last) < time.Second {
		t.held++
		return 0, false
	}
	held, t.held, t.last = t.held, 0, now
	return held, true
}
