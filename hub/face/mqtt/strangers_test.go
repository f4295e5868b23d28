package mqtt_test

import (
	"net"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	mochi "github.com/mochi-mqtt/server/v2/packets"
)

// from has a client come from an address of this box.
func from(address string) func(*paho.ClientOptions) {
	return func(o *paho.ClientOptions) {
		o.SetDialer(&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}})
	}
}

// Whoever makes hundreds of connections and does not sign in is in the way of nobody
// who can, on either listener, wherever they come from.
func TestStrangersKeepNoClientOut(t *testing.T) {
	const stranger = "127.0.0.66"
	for name, says := range map[string]string{
		"nothing":        "",
		"half a packet":  "\x10\x20\x00\x04MQTT",
		"a long packet":  "\x10\xff\x7f\x00\x04MQTT\x04",
		"another packet": "\xc0\x00",
		"a wrong token":  "\x10\x1b\x00\x04MQTT\x04\xc2\x00\x3c\x00\x00\x00\x05token\x00\x06wrong!",
	} {
		t.Run(name, func(t *testing.T) {
			o, tlsDial := beyond(t, newHouse().options(), nil)
			f, _ := open(t, o)
			signed := func(po *paho.ClientOptions) { tlsDial(f)(po); asToken("panel", "owner-token")(po) }
			here, there := join(t, f, nil), join(t, f, signed)
			for i := range 800 {
				to := []net.Addr{f.LoopbackAddr(), f.Addr()}[i%2]
				conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(stranger)}}).DialContext(t.Context(), "tcp", to.String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = conn.Close() })
				_, _ = conn.Write([]byte(says)) // it may be hung up on already
			}
			for who, client := range map[string]*listener{
				"who was here": here, "who was there": there,
				"who comes here":                         join(t, f, from("127.0.0.4")),
				"who comes from where the strangers are": join(t, f, from(stranger)),
				"who comes there":                        join(t, f, func(po *paho.ClientOptions) { signed(po); from("127.0.0.5")(po) }),
			} {
				client.subscribe("gatehouse/status")
				if got := client.next("gatehouse/status").Payload(); string(got) != "online" {
					t.Errorf("%s hears %q", who, got)
				}
			}
		})
	}
}

// One token does not take all the room: who has too many clients is told so, in words
// that no client takes for a wrong password, and others come in.
func TestOneTokenLeavesRoom(t *testing.T) {
	f, _ := open(t, newHouse().options())
	const each = 64
	as := func(name, secret string) func(*mochi.Packet) {
		return func(pk *mochi.Packet) {
			pk.Connect.UsernameFlag, pk.Connect.PasswordFlag = true, true
			pk.Connect.Username, pk.Connect.Password = []byte(name), []byte(secret)
		}
	}
	var clients []*wire
	for range each {
		clients = append(clients, connect(t, f, 4, as("kitchen", "member-token")))
	}
	for version, want := range map[byte]byte{4: mochi.Err3ServerUnavailable.Code, 5: mochi.ErrServerUnavailable.Code} {
		w := dial(t, f, version)
		pk := mochi.Packet{
			FixedHeader: mochi.FixedHeader{Type: mochi.Connect},
			Connect:     mochi.ConnectParams{ProtocolName: []byte("MQTT"), Clean: true, Keepalive: 600},
		}
		as("kitchen", "member-token")(&pk)
		w.put(pk)
		if ack := w.get(); ack.FixedHeader.Type != mochi.Connack || ack.ReasonCode != want {
			t.Errorf("MQTT %d: one too many is answered with type %d reason %#x, want %#x", version, ack.FixedHeader.Type, ack.ReasonCode, want)
		}
		if pk, err := w.read(); err == nil {
			t.Errorf("MQTT %d: and then with type %d", version, pk.FixedHeader.Type)
		}
	}
	connect(t, f, 4, as("panel", "owner-token"))
	connect(t, f, 4, nil)

	_ = clients[0].Close()
	for began := time.Now(); ; {
		_, err := tryJoin(t, f, asToken("kitchen", "member-token"))
		if err == nil {
			break
		}
		if time.Since(began) > patience {
			t.Fatalf("one has left, and still: %v", err)
		}
	}
}
