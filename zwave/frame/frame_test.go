package frame_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zwave/frame"
)

// wires is the table that tests and the fuzz corpus share.
var wires = []struct {
	name string
	wire []byte
	want []frame.Item
}{
	{"ack", []byte{0x06}, []frame.Item{{Kind: frame.Ack}}},
	{"nak can", []byte{0x15, 0x18}, []frame.Item{{Kind: frame.Nak}, {Kind: frame.Can}}},
	{
		"get version",
		[]byte{0x01, 0x03, 0x00, 0x15, 0xE9},
		[]frame.Item{{Kind: frame.Frame, Data: frame.Data{Type: frame.Request, Function: 0x15}}},
	},
	{
		"response with payload, then ack",
		[]byte{0x01, 0x04, 0x01, 0x13, 0x01, 0xE8, 0x06},
		[]frame.Item{{Kind: frame.Frame, Data: frame.Data{Type: frame.Response, Function: 0x13, Payload: []byte{0x01}}}, {Kind: frame.Ack}},
	},
	{"wrong checksum", []byte{0x01, 0x03, 0x00, 0x15, 0xE8}, []frame.Item{{Kind: frame.BadChecksum}}},
	{
		"noise is one item, the frame behind it is whole",
		[]byte{0xAA, 0xBB, 0x00, 0x01, 0x03, 0x00, 0x15, 0xE9},
		[]frame.Item{{Kind: frame.Noise}, {Kind: frame.Frame, Data: frame.Data{Function: 0x15}}},
	},
	{
		"a false start with an impossible length",
		[]byte{0x01, 0x02, 0x01, 0x03, 0x00, 0x15, 0xE9},
		[]frame.Item{{Kind: frame.Noise}, {Kind: frame.Frame, Data: frame.Data{Function: 0x15}}},
	},
	{
		"a start right after a start",
		[]byte{0x01, 0x01, 0x03, 0x00, 0x15, 0xE9},
		[]frame.Item{{Kind: frame.Noise}, {Kind: frame.Frame, Data: frame.Data{Function: 0x15}}},
	},
	{"an ack in place of a length", []byte{0x01, 0x00, 0x06}, []frame.Item{{Kind: frame.Noise}, {Kind: frame.Ack}}},
	{"ack with its high nibble set is noise", []byte{0x86}, []frame.Item{{Kind: frame.Noise}}},
	{"half a frame", []byte{0x01, 0x05, 0x00}, nil},
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func items(d *frame.Decoder, now time.Time, b []byte) []frame.Item {
	var l []frame.Item
	for {
		var it frame.Item
		it, b = d.Next(now, b)
		if it.Kind == frame.None {
			return l
		}
		if it.Data.Payload = slices.Clone(it.Data.Payload); len(it.Data.Payload) == 0 {
			it.Data.Payload = nil
		}
		l = append(l, it)
	}
}

func TestDecode(t *testing.T) {
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			var whole frame.Decoder
			if d := cmp.Diff(items(&whole, start, w.wire), w.want); d != "" {
				t.Errorf("at once (-got +want):\n%s", d)
			}
			var bytewise frame.Decoder
			var got []frame.Item
			for i := range w.wire {
				got = append(got, items(&bytewise, start, w.wire[i:i+1])...)
			}
			if d := cmp.Diff(got, w.want); d != "" {
				t.Errorf("byte by byte (-got +want):\n%s", d)
			}
		})
	}
}

func TestAppendMatchesGuide(t *testing.T) {
	// Guide, chapter 06: GetVersion, and a SendData of Basic Set On to node 2.
	got := frame.Data{Function: 0x13, Payload: []byte{0x02, 0x03, 0x20, 0x01, 0xFF, 0x25, 0x01}}.Append(nil)
	want := []byte{0x01, 0x0A, 0x00, 0x13, 0x02, 0x03, 0x20, 0x01, 0xFF, 0x25, 0x01, 0x1D}
	sum := byte(0xFF)
	for _, v := range want[1 : len(want)-1] {
		sum ^= v
	}
	want[len(want)-1] = sum
	if !bytes.Equal(got, want) {
		t.Errorf("got % x, want % x", got, want)
	}
}

func TestHalfFrameIsDroppedAfter1500ms(t *testing.T) {
	var d frame.Decoder
	// Noise with a false start that promises 0xde bytes.
	if got := items(&d, start, []byte{0x01, 0xDE, 0x42}); got != nil {
		t.Fatalf("got %v from half a frame", got)
	}
	at, ok := d.Deadline()
	if want := start.Add(1500 * time.Millisecond); !ok || !at.Equal(want) {
		t.Errorf("deadline is %v, %v, want %v", at, ok, want)
	}
	if d.Expire(start.Add(1499 * time.Millisecond)) {
		t.Error("dropped 1 ms too early")
	}
	if !d.Expire(start.Add(1500 * time.Millisecond)) {
		t.Error("not dropped after 1500 ms")
	}
	if _, ok := d.Deadline(); ok {
		t.Error("there is still a deadline")
	}
	got := items(&d, start.Add(1501*time.Millisecond), []byte{0x01, 0x03, 0x00, 0x15, 0xE9})
	want := []frame.Item{{Kind: frame.Frame, Data: frame.Data{Function: 0x15}}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("after it (-got +want):\n%s", diff)
	}
}

func TestHalfFrameIsDroppedByTheNextByteToo(t *testing.T) {
	var d frame.Decoder
	items(&d, start, []byte{0x01, 0x0A})
	got := items(&d, start.Add(2*time.Second), []byte{0x06})
	if diff := cmp.Diff(got, []frame.Item{{Kind: frame.HalfFrame}, {Kind: frame.Ack}}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestLooseAck(t *testing.T) {
	d := frame.Decoder{LooseAck: true}
	if diff := cmp.Diff(items(&d, start, []byte{0x86}), []frame.Item{{Kind: frame.Ack}}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

// FuzzDecode holds the decoder to its promises: it never panics, it takes
// every byte, what it finds encodes to bytes that decode to the same, and
// whatever came before, a valid frame 1500 ms later is found.
func FuzzDecode(f *testing.F) {
	for _, w := range wires {
		f.Add(w.wire)
	}
	f.Add([]byte{0x01, 0xDE, 0x01, 0x03, 0x00, 0x15, 0xE9})
	f.Fuzz(func(t *testing.T, b []byte) {
		var d frame.Decoder
		for _, it := range items(&d, start, b) {
			if it.Kind != frame.Frame {
				continue
			}
			var again frame.Decoder
			got := items(&again, start, it.Data.Append(nil))
			if diff := cmp.Diff(got, []frame.Item{it}); diff != "" {
				t.Errorf("encoded and decoded again (-got +want):\n%s", diff)
			}
		}
		valid := frame.Data{Type: frame.Request, Function: 0x49, Payload: []byte{1, 2, 3}}
		got := items(&d, start.Add(frame.HalfTime), valid.Append(nil))
		if len(got) == 0 || !cmp.Equal(got[len(got)-1], frame.Item{Kind: frame.Frame, Data: valid}) {
			t.Errorf("valid frame after % x: got %v", b, got)
		}
	})
}

func BenchmarkDecodeReport(b *testing.B) {
	wire := frame.Data{Function: 0x04, Payload: []byte{0, 5, 10, 0x71, 5, 0, 0, 0, 0xFF, 6, 22, 0, 0x7F}}.Append(nil)
	var d frame.Decoder
	b.ReportAllocs()
	for b.Loop() {
		if it, _ := d.Next(start, wire); it.Kind != frame.Frame {
			b.Fatal("no frame")
		}
	}
}
