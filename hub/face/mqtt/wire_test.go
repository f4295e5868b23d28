package mqtt_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2/packets"

	"gatehouse/hub/face/mqtt"
)

// wire is a client that is driven packet by packet: for MQTT 5, and for
// clients that do not behave.
type wire struct {
	net.Conn
	t       *testing.T
	r       *bufio.Reader
	version byte
}

func dial(t *testing.T, f *mqtt.Face, version byte) *wire {
	t.Helper()
	c, err := net.Dial("tcp", f.LoopbackAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &wire{Conn: c, t: t, r: bufio.NewReader(c), version: version}
}

// connect dials and says CONNECT. change may alter the packet.
func connect(t *testing.T, f *mqtt.Face, version byte, change func(*mochi.Packet)) *wire {
	t.Helper()
	w := dial(t, f, version)
	pk := mochi.Packet{
		FixedHeader: mochi.FixedHeader{Type: mochi.Connect},
		Connect:     mochi.ConnectParams{ProtocolName: []byte("MQTT"), Clean: true, Keepalive: 600},
	}
	if change != nil {
		change(&pk)
	}
	w.put(pk)
	if ack := w.get(); ack.FixedHeader.Type != mochi.Connack || ack.ReasonCode != 0 {
		t.Fatalf("CONNECT answered with type %d reason %#x", ack.FixedHeader.Type, ack.ReasonCode)
	}
	return w
}

// put writes a packet.
func (w *wire) put(pk mochi.Packet) {
	w.t.Helper()
	pk.ProtocolVersion = w.version
	var b bytes.Buffer
	var err error
	switch pk.FixedHeader.Type {
	case mochi.Connect:
		err = pk.ConnectEncode(&b)
	case mochi.Subscribe:
		err = pk.SubscribeEncode(&b)
	case mochi.Publish:
		err = pk.PublishEncode(&b)
	case mochi.Puback:
		err = pk.PubackEncode(&b)
	default:
		w.t.Fatalf("packet type %d is not written here", pk.FixedHeader.Type)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) subscribe(filter string) {
	w.t.Helper()
	pk := mochi.Packet{
		FixedHeader: mochi.FixedHeader{Type: mochi.Subscribe, Qos: 1}, PacketID: 1,
		Filters: mochi.Subscriptions{{Filter: filter, Qos: 1}},
	}
	w.put(pk)
}

func (w *wire) publish(topic, payload string) {
	w.t.Helper()
	pk := mochi.Packet{
		FixedHeader: mochi.FixedHeader{Type: mochi.Publish, Qos: 1}, PacketID: 7,
		TopicName: topic, Payload: []byte(payload),
	}
	w.put(pk)
}

func (w *wire) acknowledge(id uint16) {
	w.t.Helper()
	w.put(mochi.Packet{FixedHeader: mochi.FixedHeader{Type: mochi.Puback}, PacketID: id})
}

// get reads the next packet in time.
func (w *wire) get() mochi.Packet {
	w.t.Helper()
	if err := w.SetReadDeadline(time.Now().Add(patience)); err != nil {
		w.t.Fatal(err)
	}
	pk, err := w.read()
	if err != nil {
		w.t.Fatal(err)
	}
	return pk
}

func (w *wire) read() (mochi.Packet, error) {
	pk := mochi.Packet{ProtocolVersion: w.version}
	first, err := w.r.ReadByte()
	if err != nil {
		return pk, err
	}
	if err := pk.FixedHeader.Decode(first); err != nil {
		return pk, err
	}
	if pk.FixedHeader.Remaining, _, err = mochi.DecodeLength(w.r); err != nil {
		return pk, err
	}
	body := make([]byte, pk.FixedHeader.Remaining)
	if _, err := io.ReadFull(w.r, body); err != nil {
		return pk, err
	}
	switch pk.FixedHeader.Type {
	case mochi.Connack:
		err = pk.ConnackDecode(body)
	case mochi.Suback:
		err = pk.SubackDecode(body)
	case mochi.Puback:
		err = pk.PubackDecode(body)
	case mochi.Publish:
		err = pk.PublishDecode(body)
	case mochi.Disconnect:
		err = pk.DisconnectDecode(body)
	}
	return pk, err
}
