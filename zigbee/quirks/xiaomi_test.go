package quirks

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee/zcl"
)

// A report of an Aqara contact (lumi.sensor_magnet.aq2) as its users publish it:
// 3.005 V, 28 °C, open.
const aqara = "01 21 bd0b 03 28 1c 04 21 a813 05 21 2b00 06 24 0000000000 0a 21 0000 64 10 01"

var tags = []struct {
	name string
	wire string
	want []Tag
}{
	{"an Aqara contact", aqara, []Tag{
		{1, zcl.Of(zcl.Uint16, 3005)},
		{3, zcl.OfInt(zcl.Int8, 28)},
		{4, zcl.Of(zcl.Uint16, 0x13A8)},
		{5, zcl.Of(zcl.Uint16, 0x2B)},
		{6, zcl.Of(0x24, 0)},
		{10, zcl.Of(zcl.Uint16, 0)},
		{100, zcl.Of(zcl.Bool, 1)},
	}},
	{"a byte too many", "01 21 bd0b 00", []Tag{{1, zcl.Of(zcl.Uint16, 3005)}}},
	{"cut off", "01 21 bd0b 03 28", []Tag{{1, zcl.Of(zcl.Uint16, 3005)}}},
	{"frost", "03 28 f6", []Tag{{3, zcl.OfInt(zcl.Int8, -10)}}},
	{"none", "", nil},
}

func TestTags(t *testing.T) {
	for _, tt := range tags {
		got := ParseTags(wire(t, tt.wire))
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.name, diff)
		}
	}
}

func TestTagsOf(t *testing.T) {
	open := []Tag{{100, zcl.Of(zcl.Bool, 1)}}
	for _, tt := range []struct {
		name    string
		cluster zcl.Cluster
		attr    zcl.Attribute
		want    []Tag
		ok      bool
	}{
		{"text", zcl.Basic, zcl.Attribute{Attr: 0xFF01, Value: zcl.Value{Type: zcl.Text, B: []byte{100, 0x10, 1}}}, open, true},
		{"octets", LumiCluster, zcl.Attribute{Attr: 0x00F7, Value: zcl.Value{Type: zcl.Octets, B: []byte{100, 0x10, 1}}}, open, true},
		// open, 3.012 V, of a MCCGQ01LM
		{
			"structure", zcl.Basic,
			zcl.Attribute{Attr: 0xFF02, Value: zcl.Value{Type: zcl.Struct, B: []byte{2, 0, 0x10, 1, 0x21, 0xC4, 0x0B}}},
			[]Tag{{0, zcl.Of(zcl.Bool, 1)}, {1, zcl.Of(zcl.Uint16, 3012)}},
			true,
		},
		{"no structure", zcl.Basic, zcl.Attribute{Attr: 0xFF02, Value: zcl.Value{Type: zcl.Struct, B: []byte{2}}}, nil, true},
		{"a name", zcl.Basic, zcl.Attribute{Attr: 5, Value: zcl.OfText("lumi.sensor_magnet")}, nil, false},
		{"another cluster", zcl.OnOff, zcl.Attribute{Attr: 0xFF01, Value: zcl.OfText("d\x10\x01")}, nil, false},
	} {
		got, ok := TagsOf(tt.cluster, tt.attr)
		if diff := cmp.Diff(got, tt.want); diff != "" || ok != tt.ok {
			t.Errorf("%s: %v (-got +want):\n%s", tt.name, ok, diff)
		}
	}
}

// FuzzTags: what parses appends to what parses the same.
func FuzzTags(f *testing.F) {
	for _, tt := range tags {
		f.Add(wire(f, tt.wire))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := ParseTags(b)
		again := ParseTags(AppendTags(nil, got))
		if !bytes.Equal(AppendTags(nil, again), AppendTags(nil, got)) || len(again) != len(got) {
			t.Errorf("% x: %v is read back as %v", b, got, again)
		}
		parseStruct(b)
	})
}
