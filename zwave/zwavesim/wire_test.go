package zwavesim

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFrameOfTheGuide(t *testing.T) {
	// Get Version, as the guide's chapter 06 lays a frame out: XOR over 03 00 15
	// and 0xff.
	if got, want := appendFrame(nil, request, 0x15, nil), []byte{0x01, 0x03, 0x00, 0x15, 0xe9}; !bytes.Equal(got, want) {
		t.Errorf("got % x, want % x", got, want)
	}
}

func show(tokens []token) []string {
	var out []string
	for _, t := range tokens {
		switch {
		case t.wrong != "":
			out = append(out, t.wrong)
		case t.frame == nil:
			out = append(out, map[byte]string{ack: "ACK", nak: "NAK", can: "CAN"}[t.link])
		default:
			out = append(out, string(appendHex(nil, t.frame)))
		}
	}
	return out
}

func appendHex(dst, b []byte) []byte {
	const digits = "0123456789abcdef"
	for _, x := range b {
		dst = append(dst, digits[x>>4], digits[x&15])
	}
	return dst
}

// FuzzScanner checks that the host's bytes are cut in the same way however they
// come in, that a frame after a half one is found once that is dropped, and that
// what is taken as a frame is one.
func FuzzScanner(f *testing.F) {
	version := appendFrame(nil, request, 0x15, nil)
	f.Add(version, byte(1))
	f.Add(append([]byte{nak, ack}, version...), byte(3))
	f.Add([]byte{sof, 0xde, 0x00, 0x04}, byte(2))
	f.Add([]byte{sof, 0x02, 0x99, can}, byte(1))
	f.Add(append(version[:4:4], 0x00), byte(5))
	f.Fuzz(func(t *testing.T, in []byte, step byte) {
		var whole, pieces scanner
		want := whole.feed(in)
		var got []token
		for rest := in; len(rest) > 0; {
			n := min(len(rest), int(step%7)+1)
			got = append(got, pieces.feed(rest[:n])...)
			rest = rest[n:]
		}
		if d := cmp.Diff(show(got), show(want)); d != "" {
			t.Fatal("in pieces (-got +whole):", d)
		}
		for _, k := range want {
			if k.frame == nil || k.wrong != "" {
				continue
			}
			if again := appendFrame(nil, k.kind(), k.function(), k.payload()); !bytes.Equal(again, k.frame) {
				t.Fatalf("% x encodes as % x", k.frame, again)
			}
		}
		whole.drop()
		if after := whole.feed(version); len(after) != 1 || !bytes.Equal(after[0].frame, version) {
			t.Fatalf("after a dropped half frame: got %q", show(after))
		}
	})
}

// FuzzExecute throws any command at the stick, and through SendData at every
// kind of node.
func FuzzExecute(f *testing.F) {
	f.Add(byte(fnSendData), []byte{2, 3, ccSoundSwitch, 8, 0xff, 0x25, 1})
	f.Add(byte(fnSendData), []byte{3, 8, ccIndicator, 1, 0, 1, 0x0b, 2, 0xff, 0, 0x25, 1})
	f.Add(byte(fnSendData), []byte{4, 6, ccWakeUp, 4, 0, 0x0e, 0x10, 1, 0x25, 1})
	f.Add(byte(fnSendData), []byte{4, 7, ccSupervision, 1, 3, 3, ccBinarySwitch, 1, 0xff, 0x25, 1})
	f.Add(byte(fnAdd), []byte{0xc1, 1})
	f.Add(byte(fnSetup), []byte{0x80, 2})
	f.Add(byte(fnProtocolInfo), []byte{})
	f.Fuzz(func(t *testing.T, fn byte, payload []byte) {
		s := New(Options{Bridge: fn&1 != 0})
		siren, pad, door, plug := s.NewSiren(Make{}), s.NewKeypad(Make{}), s.NewContact(Make{Supervised: true}), s.NewPlug(Make{})
		s.Place(siren, pad, door, plug)
		door.WakeUp()
		h := &session{s: s, wake: make(chan struct{}, 1)}
		s.mu.Lock()
		s.host = h
		h.hear(token{frame: appendFrame(nil, request, fn, payload[:min(len(payload), 250)])})
		b, _ := h.due(nil)
		s.mu.Unlock()
		if len(b) == 0 {
			t.Error("not even an ACK")
		}
		for _, n := range s.Nodes() {
			n.TakeBattery() // ends its timer
		}
	})
}
