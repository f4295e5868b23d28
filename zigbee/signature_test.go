package zigbee

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gatehouse/zigbee/zcl"
)

// hear has a controller with one device hear frames, each "cluster frame" in
// hexadecimal digits, and returns the device's signature as it is shared.
func hear(t *testing.T, d Device, frames ...[]byte) string {
	t.Helper()
	c := New(Options{})
	d.IEEE, d.Short, d.Studied = 0x00158D00A1B2C3D4, 0x2A01, true
	n := &node{Device: d, asked: true}
	c.nodes[d.IEEE], c.shorts[d.Short], c.adapter, c.ready = n, n, &deaf{}, true
	for _, f := range frames {
		c.Heard(Message{Peer: d.Short, PeerEndpoint: 1, Cluster: uint16(f[0])<<8 | uint16(f[1]), Payload: f[2:]})
	}
	s, ok := c.Signature(d.IEEE)
	if !ok {
		t.Fatal("the device has no signature")
	}
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func report(cluster zcl.Cluster, sequence byte, attributes ...zcl.Attribute) []byte {
	f := zcl.Send(sequence, zcl.ReportAttributes{Attributes: attributes})
	f.Direction = zcl.ToClient
	return f.Append([]byte{byte(cluster >> 8), byte(cluster)})
}

func TestSignature(t *testing.T) {
	thing := Device{
		Model: "TS0601", Maker: "_TZE200_unheard", Manufacturer: 0x1002, Firmware: "1.0",
		Endpoints: []Endpoint{{ID: 1, Profile: 0x0104, Kind: 0x0051, In: []zcl.Cluster{zcl.Basic, 0xEF00, zcl.IASZone}, Out: []zcl.Cluster{0x0019}, Zone: Zone{Type: zcl.TypeFire}}},
	}
	got := hear(
		t, thing,
		[]byte{0xEF, 0x00, 0x09, 1, 0x02, 0, 1, 1, 4, 0, 1, 1, 15, 2, 0, 4, 0, 0, 0, 90},
		[]byte{0xEF, 0x00, 0x09, 2, 0x02, 0, 2, 1, 4, 0, 1, 0, 102, 3, 0, 4, '1', '2', '3', '4'},
		[]byte{0xFC, 0x00, 0x05, 0x7C, 0x11, 3, 0x07, 1, 2, 3},
		report(zcl.PowerConfiguration, 4, zcl.Attribute{Attr: 0x20, Value: zcl.Of(zcl.Uint8, 30)}),
		report(zcl.Basic, 5, zcl.Attribute{Attr: 0xFF01, Value: zcl.Value{Type: zcl.Text, B: []byte{1, 0x21, 0xBD, 0x0B, 10, 0x21, 0x34, 0x12}}}),
		report(0xFC57, 6, zcl.Attribute{Attr: 1, Value: zcl.Of(zcl.IEEE, 0x00158D00A1B2C3D4)}, zcl.Attribute{Attr: 2, Value: zcl.OfText("Anna")}),
	)
	const want = `{
 "signature": 1,
 "model": "TS0601",
 "maker": "_TZE200_unheard",
 "manufacturer": "0x1002",
 "firmware": "1.0",
 "quirk": "Tuya, of which no data point is known",
 "mains": false,
 "listening": false,
 "endpoints": [{"endpoint": 1,"profile": "0x0104","device": "0x0051","in": ["0x0000","0xef00","0x0500"],"out": ["0x0019"],"zone": "0x0028"}],
 "attributes": [
  {"cluster": "0x0001","attribute": "0x0020","type": "0x0020","least": 30,"most": 30},
  {"cluster": "0x0000","attribute": "0xff01","tag": 1,"type": "0x0021","least": 3005,"most": 3005},
  {"cluster": "0x0000","attribute": "0xff01","tag": 10,"type": "0x0021"},
  {"cluster": "0xfc57","attribute": "0x0001","type": "0x00f0"},
  {"cluster": "0xfc57","attribute": "0x0002","type": "0x0042"}
 ],
 "points": [
  {"point": 1,"type": "enum","bytes": 1,"least": 0,"most": 1},
  {"point": 15,"type": "number","bytes": 4,"least": 90,"most": 90},
  {"point": 102,"type": "text","bytes": 4}
 ],
 "commands": [{"cluster": "0xfc00","command": 7,"maker": "0x117c","bytes": 3}]
}`
	bare := strings.NewReplacer(" ", "", "\n", "").Replace
	if bare(got) != bare(want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for _, secret := range []string{"00158d00a1b2c3d4", "1234", "Anna", "2a01"} {
		if strings.Contains(strings.ToLower(got), strings.ToLower(secret)) {
			t.Errorf("%s is given away in %s", secret, got)
		}
	}
	var back Signature
	if err := json.Unmarshal([]byte(got), &back); err != nil || back.Points[1].Bytes != 4 || *back.Endpoints[0].Zone != Hex(zcl.TypeFire) {
		t.Errorf("read back as %+v, %v", back, err)
	}
}

// No number of a lock or a keypad is in its signature: it may be a code.
func TestSignatureGivesNoCodesAway(t *testing.T) {
	for _, e := range []Endpoint{{ID: 1, In: []zcl.Cluster{zcl.DoorLock}}, {ID: 1, Out: []zcl.Cluster{zcl.IASACE}}} {
		got := hear(
			t, Device{Endpoints: []Endpoint{e}},
			[]byte{0xEF, 0x00, 0x09, 1, 0x02, 0, 1, 101, 2, 0, 4, 0, 0, 0x30, 0x39},
			report(0xFC00, 2, zcl.Attribute{Attr: 1, Value: zcl.Of(zcl.Uint16, 12345)}),
		)
		if strings.Contains(got, "12345") || !strings.Contains(got, `"point": 101`) {
			t.Errorf("the signature is %s", got)
		}
	}
}

// However much a device says, its signature stays small.
func TestSignatureIsBounded(t *testing.T) {
	var frames [][]byte
	for i := range 200 {
		frames = append(
			frames, report(0xFC00, byte(i), zcl.Attribute{Attr: zcl.Attr(i), Value: zcl.Of(zcl.Uint8, 1)}),
			[]byte{0xEF, 0x00, 0x09, byte(i), 0x02, 0, 1, byte(i), 1, 0, 1, 1}, []byte{0xFC, 0x01, 0x09, byte(i), byte(i)},
		)
	}
	var s Signature
	if err := json.Unmarshal([]byte(hear(t, Device{}, frames...)), &s); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(len(s.Attributes), len(s.Points), len(s.Commands)); got != "64 64 64" {
		t.Errorf("%s things are kept, want 64 of each", got)
	}
}
