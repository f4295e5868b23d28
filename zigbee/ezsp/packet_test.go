package ezsp

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee"
)

// packets is the table that tests and the fuzz corpus share.
var packets = []struct {
	name, wire, want string
}{
	{"the answer to the first version, UG101", "00 80 00 02 02 11 30", "0 version [02 02 11 30] callback false"},
	{"an answer", "05 80 01 22 00 00", "5 permitJoining [00] callback false"},
	{"a callback", "05 90 01 19 00 90", "5 stackStatusHandler [90] callback true"},
	{"a wide command", "06 80 01 11 01 00 00 00 00", "6 importTransientKey [00 00 00 00] callback false"},
	{"unknown", "06 80 01 34 12", "6 frame 0x1234 [] callback false"},
	{"a host's", "06 00 01 05 00", "ezsp: a frame of a host"},
	{"truncated", "06 82 01 05 00", "ezsp: a frame that the stick has cut short"},
	{"short", "06 80", "ezsp: a frame that is shorter than its header"},
	{"short and extended", "06 80 01 05", "ezsp: a frame that is shorter than its header"},
}

func TestParsePacket(t *testing.T) {
	for _, c := range packets {
		p, err := parsePacket(unhex(t, c.wire))
		got := fmt.Sprintf("%d %s [% x] callback %v", p.seq, p.command, p.data, p.callback())
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// As zigbee-herdsman 11.1.1 writes them.
func TestAppendPacket(t *testing.T) {
	for _, c := range []struct {
		got  []byte
		want string
	}{
		{appendFirst(nil, 1, 19), "01 00 00 13"},
		{appendPacket(nil, 2, version, []byte{13}), "02 00 01 00 00 0d"},
		{appendPacket(nil, 3, importKey, []byte{1}), "03 00 01 11 01 01"},
	} {
		if want := unhex(t, c.want); !bytes.Equal(c.got, want) {
			t.Errorf("got % x, want %s", c.got, c.want)
		}
	}
}

// ear writes down what it hears.
type ear []string

func (e *ear) Heard(m zigbee.Message) { *e = append(*e, fmt.Sprintf("heard %+v", m)) }
func (e *ear) Answered(from zigbee.Short, cluster uint16, b []byte) {
	*e = append(*e, fmt.Sprintf("answered %04x %04x % x", uint16(from), cluster, b))
}

func (e *ear) Announced(d zigbee.IEEE, short zigbee.Short, capability byte, announced bool) {
	*e = append(*e, fmt.Sprintf("announced %s %04x %02x %v", d, uint16(short), capability, announced))
}
func (e *ear) Gone(d zigbee.IEEE) { *e = append(*e, fmt.Sprintf("gone %s", d)) }

// callbacks are from both kinds of stick.
var callbacks = []struct {
	name    string
	version byte
	command Command
	data    string
	want    []string
}{
	{
		"a message, old", 13, incoming, "00 0401 0005 01 01 4001 0000 07 b4 c8 012a ff ff 03 191e00",
		[]string{"heard {Peer:10753 PeerEndpoint:1 Endpoint:1 Cluster:1280 Lane:0 Group:0 Broadcast:false Quality:180 Payload:[25 30 0]}"},
	},
	{
		"a message, new", 14, incoming, "00 0401 0005 01 01 4001 0000 07 012a 0000000000000000 ff ff b4 c8 00000000 03 191e00",
		[]string{"heard {Peer:10753 PeerEndpoint:1 Endpoint:1 Cluster:1280 Lane:0 Group:0 Broadcast:false Quality:180 Payload:[25 30 0]}"},
	},
	{
		"to a group", 13, incoming, "02 0401 0005 01 01 4001 3412 07 b4 c8 012a ff ff 01 19",
		[]string{"heard {Peer:10753 PeerEndpoint:1 Endpoint:1 Cluster:1280 Lane:0 Group:4660 Broadcast:true Quality:180 Payload:[25]}"},
	},
	{
		"to all", 13, incoming, "04 0401 0005 01 01 4001 3412 07 b4 c8 012a ff ff 01 19",
		[]string{"heard {Peer:10753 PeerEndpoint:1 Endpoint:1 Cluster:1280 Lane:0 Group:0 Broadcast:true Quality:180 Payload:[25]}"},
	},
	{"our own, that comes back", 13, incoming, "05 0401 0005 01 01 4001 0000 07 b4 c8 0000 ff ff 01 19", nil},
	{"cut short", 13, incoming, "00 0401 0005 01 01 4001 0000 07 b4 c8 012a ff ff 03 191e", nil},
	{
		"an announcement", 14, incoming, "04 0000 1300 00 00 4001 0000 07 012a 0000000000000000 ff ff b4 c8 00000000 0c 55 012a 000d000000000000 8e",
		[]string{"announced 0000000000000d00 2a01 8e true"},
	},
	{
		"an answer of the network layer", 13, incoming, "00 0000 0580 00 00 4001 0000 07 b4 c8 012a ff ff 06 55 00 012a 01 01",
		[]string{"answered 2a01 8005 00 01 2a 01 01"},
	},
	{"a request of it", 13, incoming, "00 0000 0500 00 00 4001 0000 07 b4 c8 012a ff ff 03 55 012a", nil},
	{"an empty one", 13, incoming, "00 0000 0580 00 00 4001 0000 07 b4 c8 012a ff ff 00", nil},
	{"who joins", 13, trustJoin, "012a 000d000000000000 01 00 0000", []string{"announced 0000000000000d00 2a01 00 false"}},
	{"who may not", 13, trustJoin, "012a 000d000000000000 01 02 0000", nil},
	{"who leaves", 13, trustJoin, "012a 000d000000000000 02 03 0000", []string{"gone 0000000000000d00"}},
	{"half of it", 13, trustJoin, "012a 000d", nil},
	{"what nobody needs", 13, 0x0059, "01", nil},
}

func TestCallbacks(t *testing.T) {
	for _, c := range callbacks {
		var e ear
		s := &Stick{handler: &e}
		s.report(c.version, packet{command: c.command, data: unhex(t, c.data)})
		if diff := cmp.Diff([]string(e), c.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", c.name, diff)
		}
	}
}

// FuzzPacket: whatever a stick says over a link that is well, nothing panics, a
// packet that is read is written as the same one, and nothing is handed on that
// nobody said.
func FuzzPacket(f *testing.F) {
	for _, c := range packets {
		f.Add(unhex(f, c.wire), byte(13))
	}
	for _, c := range callbacks {
		head := []byte{0, 0x90, 1, byte(c.command), byte(c.command >> 8)}
		f.Add(append(head, unhex(f, c.data)...), c.version)
	}
	f.Fuzz(func(t *testing.T, wire []byte, v byte) {
		p, err := parsePacket(bytes.Clone(wire))
		if err != nil {
			return
		}
		if wire[2]&ctlFormat == ctlExtended {
			b := appendPacket(nil, p.seq, p.command, p.data)
			if b[1], b[2] = wire[1], wire[2]; !bytes.Equal(b, wire) {
				t.Fatalf("% x became % x", wire, b)
			}
		}
		var e ear
		s := Open(nil, slog.New(slog.DiscardHandler))
		s.handler, s.version = &e, v
		s.current = &call{command: sendUnicast, data: make([]byte, tagAt+1), message: true, done: func([]byte, error) {}}
		if !s.word(start, p) {
			s.report(v, p)
		}
		if len(e) > 1 {
			t.Fatalf("one frame became %q", e)
		}
	})
}
