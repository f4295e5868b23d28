package znp

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// found is one thing that a decoder found, by name.
type found struct {
	Kind    Kind
	Command Command
	Data    string
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// decode feeds pieces one after the other at one time.
func decode(pieces ...[]byte) (l []found) {
	var d Decoder
	for _, p := range pieces {
		d.Feed(start, p)
		for {
			f, k := d.Next(start)
			if k == None {
				break
			}
			l = append(l, found{k, f.Command, string(f.Data)})
		}
	}
	return l
}

var (
	ping   = []byte{0xFE, 0x00, 0x21, 0x01, 0x20}
	pong   = []byte{0xFE, 0x02, 0x61, 0x01, 0x79, 0x06, 0x1D}
	reject = []byte{0xFE, 0x03, 0x60, 0x00, 0x02, 0x2F, 0x77, 0x39} // as zigbee-herdsman's codec writes it
)

// wires is the table that tests and the fuzz corpus share.
var wires = []struct {
	name string
	wire []byte
	want []found
}{
	{"ping", ping, []found{{Whole, sysPing, ""}}},
	{"answer", pong, []found{{Whole, sysPing.answer(), "\x79\x06"}}},
	{"rpc error", reject, []found{{Whole, rpcError, "\x02\x2F\x77"}}},
	{"two at once", append(bytes.Clone(ping), pong...), []found{{Whole, sysPing, ""}, {Whole, sysPing.answer(), "\x79\x06"}}},
	{"noise before SOF", append([]byte{0x00, 0xAA, 0x55}, ping...), []found{{Noise, 0, ""}, {Whole, sysPing, ""}}},
	{"bad FCS", []byte{0xFE, 0x00, 0x21, 0x01, 0x21}, []found{{BadFCS, 0, ""}, {Noise, 0, ""}}},
	{
		"a false start swallows nothing",
		append([]byte{0xFE, 0x03}, pong...),
		[]found{{BadFCS, 0, ""}, {Noise, 0, ""}, {Whole, sysPing.answer(), "\x79\x06"}},
	},
	{"a start right after a start", append([]byte{0xFE}, ping...), []found{{Noise, 0, ""}, {Whole, sysPing, ""}}},
	{"an impossible length", append([]byte{0xFE, 0xFB}, ping...), []found{{Noise, 0, ""}, {Whole, sysPing, ""}}},
	{"half a frame", pong[:4], nil},
	{"nothing but a start", []byte{0xFE}, nil},
}

func TestDecoder(t *testing.T) {
	for _, w := range wires {
		if diff := cmp.Diff(decode(w.wire), w.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", w.name, diff)
		}
	}
}

// However the line cuts the bytes, the frames are the same.
func TestDecoderSplit(t *testing.T) {
	frames := func(l []found) []found {
		return slices.DeleteFunc(l, func(f found) bool { return f.Kind != Whole })
	}
	for _, w := range wires {
		want := frames(slices.Clone(w.want))
		for i := range w.wire {
			if diff := cmp.Diff(frames(decode(w.wire[:i], w.wire[i:])), want); diff != "" {
				t.Errorf("%s, cut at %d (-got +want):\n%s", w.name, i, diff)
			}
		}
		if diff := cmp.Diff(frames(decode(slices.Collect(slices.Chunk(w.wire, 1))...)), want); diff != "" {
			t.Errorf("%s, byte by byte (-got +want):\n%s", w.name, diff)
		}
	}
}

// A frame that stops half way costs nothing but itself.
func TestHalfFrame(t *testing.T) {
	var d Decoder
	d.Feed(start, append(bytes.Clone(pong[:4]), ping...))
	if _, k := d.Next(start); k != BadFCS {
		t.Fatalf("found %d, want a bad FCS", k)
	}
	d = Decoder{}
	d.Feed(start, []byte{0xFE, 0x40, 0x44, 0x81, 0x00})
	d.Feed(start.Add(HalfTime-1), ping)
	if _, k := d.Next(start.Add(HalfTime - 1)); k != None {
		t.Fatalf("found %d before its time", k)
	}
	if at, ok := d.Deadline(); !ok || at != start.Add(HalfTime) {
		t.Errorf("deadline %v %v", at, ok)
	}
	var l []Kind
	for {
		f, k := d.Next(start.Add(HalfTime))
		if k == None {
			break
		}
		l = append(l, k)
		if k == Whole && f.Command != sysPing {
			t.Errorf("found %s", f.Command)
		}
	}
	if !slices.Equal(l, []Kind{Half, Noise, Whole}) {
		t.Errorf("found %v, want the half frame, its noise and the ping", l)
	}
}

// A steady stream of frames allocates nothing.
func TestDecoderAllocatesNothing(t *testing.T) {
	var d Decoder
	got := testing.AllocsPerRun(1000, func() {
		d.Feed(start, pong)
		for {
			if _, k := d.Next(start); k == None {
				return
			}
		}
	})
	if got > 0 {
		t.Errorf("%.2f allocations for each frame", got)
	}
}

// Whatever comes, nothing panics, what is found reads the same when it is
// written again, and of the frames behind it one is found at the latest when the
// longest frame is over.
func FuzzDecoder(f *testing.F) {
	for _, w := range wires {
		f.Add(w.wire)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Decoder
		d.Feed(start, b)
		for {
			f, k := d.Next(start)
			if k == None {
				break
			}
			if k != Whole {
				continue
			}
			again := decode(f.Append(nil))
			if len(again) != 1 || again[0] != (found{Whole, f.Command, string(f.Data)}) {
				t.Fatalf("%v % x read again: %v", f.Command, f.Data, again)
			}
		}
		d.Feed(start, bytes.Repeat(ping, 60)) // more than the longest frame could swallow
		for {
			f, k := d.Next(start)
			if k == None {
				t.Fatalf("60 pings behind % x are lost", b)
			}
			if k == Whole && f.Command == sysPing {
				return
			}
		}
	})
}
