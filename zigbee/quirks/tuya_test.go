package quirks

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee/zcl"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// points are frames as devices of Tuya send them, after those in the tests of npm
// zigbee-herdsman and its converters.
var points = []struct {
	name string
	wire string
	want Points
	err  string
}{
	{name: "none", wire: "0001", want: Points{Sequence: 1}},
	{
		name: "smoke", wire: "00ff 01 04 0001 00",
		want: Points{0xFF, []Point{{1, PointEnum, []byte{0}}}},
	},
	{
		name: "three at once", wire: "1234 0e 04 0001 02 0f 02 0004 00000064 04 01 0001 01",
		want: Points{0x1234, []Point{{14, PointEnum, []byte{2}}, {15, PointNumber, []byte{0, 0, 0, 100}}, {4, PointBool, []byte{1}}}},
	},
	{
		name: "frost", wire: "0002 12 02 0004 ffffffd3",
		want: Points{2, []Point{{18, PointNumber, []byte{0xFF, 0xFF, 0xFF, 0xD3}}}},
	},
	{name: "empty text", wire: "0003 66 03 0000", want: Points{3, []Point{{ID: 102, Type: PointText}}}},
	{name: "nothing", wire: "00", err: "quirks: data points of 1 bytes have no number"},
	{
		name: "the second cut off", wire: "0004 01 01 0001 01 02 02 0004 0000",
		want: Points{4, []Point{{1, PointBool, []byte{1}}}},
		err:  "quirks: data point 2 says that it has 4 bytes, and 2 are there",
	},
	{
		name: "a byte too many", wire: "0004 01 01 0001 01 00",
		want: Points{4, []Point{{1, PointBool, []byte{1}}}}, err: "quirks: 1 bytes behind 1 data points are no further one",
	},
}

func wire(t testing.TB, s string) []byte {
	return unhex(t, string(bytes.ReplaceAll([]byte(s), []byte(" "), nil)))
}

func TestPoints(t *testing.T) {
	for _, tt := range points {
		t.Run(tt.name, func(t *testing.T) {
			b := wire(t, tt.wire)
			got, err := ParsePoints(b)
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
			switch {
			case tt.err == "" && err != nil, tt.err != "" && (err == nil || err.Error() != tt.err):
				t.Errorf("error %v, want %q", err, tt.err)
			case tt.err == "" && !bytes.Equal(got.Append(nil), b):
				t.Errorf("written as % x, want % x", got.Append(nil), b)
			}
		})
	}
}

func TestPointNumbers(t *testing.T) {
	for _, tt := range []struct {
		point Point
		want  int64
		ok    bool
	}{
		{MakePoint(13, PointBool, 1), 1, true},
		{MakePoint(18, PointNumber, -45), -45, true},
		{MakePoint(7, PointNumber, 1800), 1800, true},
		{MakePoint(5, PointEnum, 2), 2, true},
		{Point{11, PointBits, []byte{0x01, 0x02}}, 0x0102, true},
		{Point{11, PointBits, []byte{0x80, 0, 0, 1}}, 0x80000001, true},
		{Point{18, PointNumber, []byte{0xFF}}, 255, true}, // too short to have a sign
		{Point{101, PointRaw, []byte{1}}, 0, false},
		{Point{102, PointText, []byte("1234")}, 0, false},
		{Point{1, PointBool, nil}, 0, false},
		{Point{1, PointNumber, make([]byte, 5)}, 0, false},
	} {
		if n, ok := tt.point.Number(); n != tt.want || ok != tt.ok {
			t.Errorf("%+v is %d, %v; want %d, %v", tt.point, n, ok, tt.want, tt.ok)
		}
	}
}

// said is a command of a device.
func said(command byte, payload ...byte) zcl.Command {
	return zcl.Raw{Of: zcl.Head{Kind: zcl.Local, Cluster: Tuya, Direction: zcl.ToClient, Command: command}, Payload: payload}
}

func TestOwed(t *testing.T) {
	// 2024-07-01 12:00:00 UTC, in a house two hours east of it
	now := time.Unix(1719835200, 0).In(time.FixedZone("east", 7200))
	for _, tt := range []struct {
		name  string
		said  zcl.Command
		clock Clock
		want  string
	}{
		{"time", said(TuyaTime, 0, 8), Clock1970, "0800 66829a40 6682b660"},
		{"time since 2000", said(TuyaTime, 0, 8), Clock2000, "0800 2e1556c0 2e1572e0"},
		{"time of one that goes on asking", said(TuyaTime, 0, 8), ClockOff, ""},
		{"gateway", said(TuyaOnline, 0, 1), Clock1970, "010001"},
		{"points", said(TuyaReport, 0, 1), Clock1970, ""},
		{"another's command", zcl.DefaultResponse{}, Clock1970, ""},
		{"a hub's own", QueryPoints(), Clock1970, ""},
	} {
		got := Owed(tt.said, tt.clock, now)
		switch raw, ok := got.(zcl.Raw); {
		case tt.want == "" && got != nil:
			t.Errorf("%s: answered by %+v", tt.name, got)
		case tt.want == "":
		case !ok || !bytes.Equal(raw.Payload, wire(t, tt.want)) || raw.Of.Direction != zcl.ToServer || raw.Of.Command != tt.said.Head().Command:
			t.Errorf("%s: answered by %+v, want %s", tt.name, got, tt.want)
		}
	}
}

func TestPointsOf(t *testing.T) {
	smoke := []byte{0, 1, 1, 4, 0, 1, 0}
	for command, want := range map[byte]bool{TuyaAnswer: true, TuyaReport: true, TuyaStatus: true, TuyaStatusAlt: true, TuyaTime: false, TuyaVersion: false} {
		list, ok := PointsOf(said(command, smoke...))
		if ok != want || want && len(list) != 1 {
			t.Errorf("command %#x: %v, %v", command, list, ok)
		}
	}
	if _, ok := PointsOf(SetPoints(TuyaSet, 1, MakePoint(1, PointBool, 1))); ok {
		t.Error("what a hub says is taken for what a device says")
	}
}

// FuzzPoints: what parses without a fault appends to the same bytes; what is cut
// off keeps what stands before it.
func FuzzPoints(f *testing.F) {
	for _, tt := range points {
		f.Add(wire(f, tt.wire))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePoints(b)
		w := p.Append(nil)
		if err == nil && !bytes.Equal(w, b) {
			t.Errorf("% x is written as % x", b, w)
		}
		if len(b) >= 2 && !bytes.HasPrefix(b, w) {
			t.Errorf("% x is not what % x begins with", w, b)
		}
		for _, d := range p.List {
			d.Number()
		}
	})
}
