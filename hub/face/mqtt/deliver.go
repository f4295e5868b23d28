package mqtt

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// How messages reach clients. The server knows who subscribes to what; the
// rest of the way is the house's own, since there is only one publisher and it
// must not be kept waiting:
//
//   - A message is encoded once and appended to each subscriber's queue by the
//     publisher itself, which then flushes: all that one report has brought
//     goes to a client in one write, from the goroutine that tells the news. No
//     goroutine is woken for a client that reads, nor for one that does not.
//   - Packet ids of messages are kept apart from those of a client's requests
//     (MQTT 3.1.1 §2.3.1). The server has one list for both and would refuse a
//     SUBSCRIBE with the id of a message on its way.
//   - MQTT 5's Receive Maximum holds for the picture too (§3.3.4).
//
// Nothing is sent twice: there are no stored sessions to send it to.

// maxPending bounds the messages that a client has not acknowledged, or that
// wait until it has. A picture of a large house with discovery is some
// thousand messages.
const maxPending = 8 << 10

// delivery is a connection's part of it.
type delivery struct {
	dmu     sync.Mutex
	v5      bool
	most    int                 // messages in flight at once, Receive Maximum
	largest int                 // bytes of a packet, Maximum Packet Size; 0: no bound
	lastID  uint16              // packet id of the last message
	flying  map[uint16]struct{} // not acknowledged
	waiting []letter            // for acknowledgements
	asked   []bool              // the SUBSCRIBE that is being answered: which filters want the picture
	granted []byte              // and its reason codes
}

// letter is an encoded QoS 1 message without its packet id.
type letter struct{ head, tail []byte }

// begin takes the client's limits from its CONNECT.
func (c *conn) begin(cl *mochi.Client) {
	c.dmu.Lock()
	defer c.dmu.Unlock()
	c.v5 = cl.Properties.ProtocolVersion == 5
	c.most = math.MaxUint16
	if c.v5 {
		if n := cl.Properties.Props.ReceiveMaximum; n > 0 {
			c.most = int(n)
		}
		c.largest = int(cl.Properties.Props.MaximumPacketSize)
	}
	c.flying = make(map[uint16]struct{})
}

// deliver queues a message. Who cannot take it any more is cut off: it would
// miss it for ever, and reads the picture again when it comes back.
func (c *conn) deliver(l letter, qos byte) {
	c.dmu.Lock()
	defer c.dmu.Unlock()
	switch {
	case c.largest > 0 && len(l.head)+2+len(l.tail) > c.largest:
		return // it said that it can't take that much [MQTT-3.1.2-25]
	case qos == 0:
		if c.enqueue(l.head, l.tail) != nil {
			c.waiting = nil
		}
		return
	case len(c.flying)+len(c.waiting) >= maxPending:
		c.waiting = nil
		c.cut()
		return
	case len(c.flying) >= c.most || len(c.waiting) > 0:
		c.waiting = append(c.waiting, l)
		return
	}
	c.launch(l)
}

// launch sends a message under the next free packet id; dmu is held.
func (c *conn) launch(l letter) {
	for {
		if c.lastID++; c.lastID == 0 {
			continue
		}
		if _, taken := c.flying[c.lastID]; !taken {
			break
		}
	}
	if c.enqueue(l.head, binary.BigEndian.AppendUint16(nil, c.lastID), l.tail) == nil {
		c.flying[c.lastID] = struct{}{}
	}
}

// landed takes an acknowledgement.
func (c *conn) landed(id uint16) {
	if c.next(id) {
		c.flush()
	}
}

// next has those follow that an acknowledgement makes room for, and tells
// whether there are any.
func (c *conn) next(id uint16) (more bool) {
	c.dmu.Lock()
	defer c.dmu.Unlock()
	delete(c.flying, id)
	for len(c.waiting) > 0 && len(c.flying) < c.most {
		l := c.waiting[0]
		if c.waiting = c.waiting[1:]; len(c.waiting) == 0 {
			c.waiting = nil
		}
		c.launch(l)
		more = true
	}
	return more
}

// message is a message of the house, encoded at most once for each form that a
// client can want it in.
type message struct {
	topic   string
	payload []byte
	forms   map[form]letter
}

type form struct {
	v5, retain bool
	qos        byte
	ids        string // subscription identifiers, as properties
}

// as encodes the message (MQTT 3.1.1 and 5, §3.3).
func (m *message) as(f form) letter {
	if l, ok := m.forms[f]; ok {
		return l
	}
	var props []byte
	if f.v5 {
		props = append(appendLength(nil, len(f.ids)), f.ids...)
	}
	n := 2 + len(m.topic) + len(props) + len(m.payload)
	if f.qos > 0 {
		n += 2
	}
	first := packets.Publish<<4 | f.qos<<1
	if f.retain {
		first |= 1
	}
	head := appendLength([]byte{first}, n)
	head = binary.BigEndian.AppendUint16(head, uint16(len(m.topic)))
	l := letter{append(head, m.topic...), append(props, m.payload...)}
	if m.forms == nil {
		m.forms = make(map[form]letter, 2)
	}
	m.forms[f] = l
	return l
}

// appendLength appends a variable byte integer (§1.5.5).
func appendLength(b []byte, n int) []byte {
	for n > 0x7f {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

// publish queues a message for all who may see it; flush sends it. It waits for
// no client. A retained message without payload is taken back.
func (b *broker) publish(topic string, payload []byte, retain bool) {
	b.showing.Lock()
	defer b.showing.Unlock()
	if retain {
		b.server.Topics.RetainMessage(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1, Retain: true},
			TopicName:   topic, Payload: payload, Created: time.Now().Unix(),
		})
	}
	m := &message{topic: topic, payload: payload}
	for id, sub := range b.server.Topics.Subscribers(topic).Subscriptions {
		if cl, ok := b.server.Clients.Get(id); ok {
			b.send(cl, sub, m, retain && sub.RetainAsPublished)
		}
	}
}

// send delivers a message to one subscriber, if it may see it; showing is held.
func (b *broker) send(cl *mochi.Client, sub packets.Subscription, m *message, retain bool) {
	c := connOf(cl)
	if c == nil {
		return
	}
	if w := c.who.Load(); w.ended() || !w.mayRead(m.topic) {
		return
	}
	f := form{v5: cl.Properties.ProtocolVersion == 5, retain: retain, qos: min(sub.Qos, 1), ids: identifiers(sub)}
	c.deliver(m.as(f), f.qos)
	if !c.loaded {
		c.loaded = true
		b.loaded = append(b.loaded, c)
	}
}

// flush sends what was published since the last one.
func (b *broker) flush() {
	b.showing.Lock()
	defer b.showing.Unlock()
	b.flushLoaded()
}

// flushLoaded is flush with showing held.
func (b *broker) flushLoaded() {
	for i, c := range b.loaded {
		c.flush()
		c.loaded = false
		b.loaded[i] = nil
	}
	b.loaded = b.loaded[:0]
}

// identifiers are the subscription identifiers that a message has to carry,
// encoded as properties: one for each of the client's filters that match and
// have one [MQTT-3.3.4-4].
func identifiers(sub packets.Subscription) string {
	var props []byte
	add := func(id int) {
		if id > 0 {
			props = appendLength(append(props, 0x0b), id)
		}
	}
	if len(sub.Identifiers) == 0 {
		add(sub.Identifier)
	}
	for _, id := range slices.Sorted(maps.Values(sub.Identifiers)) {
		add(id)
	}
	return string(props)
}

// OnSubscribe keeps news back until the client has its picture; see
// OnPacketProcessed for the end. It drops filters beyond the bound.
func (b *broker) OnSubscribe(cl *mochi.Client, pk packets.Packet) packets.Packet {
	b.showing.Lock()
	c := connOf(cl)
	c.asked = make([]bool, len(pk.Filters))
	free := maxSubscriptions - cl.State.Subscriptions.Len()
	for i := range pk.Filters {
		f := &pk.Filters[i]
		_, again := cl.State.Subscriptions.Get(f.Filter)
		c.asked[i] = f.RetainHandling == 0 || f.RetainHandling == 1 && !again
		f.RetainHandling = 2 // the server shall not send it
		if again {
			continue
		}
		if free--; free < 0 {
			f.Filter = "" // refused as not valid
		}
	}
	return pk
}

// OnSubscribed hears what was granted.
func (b *broker) OnSubscribed(cl *mochi.Client, _ packets.Packet, codes []byte) {
	connOf(cl).granted = codes
}

// OnPacketProcessed sends the picture after a SUBACK and ends what OnSubscribe
// began: the server calls it once for each SUBSCRIBE that came as far. It hears
// acknowledgements too.
func (b *broker) OnPacketProcessed(cl *mochi.Client, pk packets.Packet, _ error) {
	switch pk.FixedHeader.Type {
	case packets.Puback:
		connOf(cl).landed(pk.PacketID)
	case packets.Subscribe:
		defer b.showing.Unlock()
		c := connOf(cl)
		for i, f := range pk.Filters {
			if i >= len(c.granted) || c.granted[i] > packets.CodeGrantedQos2.Code || !c.asked[i] {
				continue
			}
			for _, kept := range b.server.Topics.Messages(f.Filter) {
				b.send(cl, f, &message{topic: kept.TopicName, payload: kept.Payload}, true)
			}
		}
		c.asked, c.granted = nil, nil
		b.flushLoaded()
	}
}
