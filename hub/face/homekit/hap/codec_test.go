package hap

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tlvs are messages and their bytes (§14.1), for the tests and as seeds.
var tlvs = []struct {
	name string
	wire []byte
	want TLV // nil: refused
}{
	{"empty", nil, TLV{}},
	{"M1", []byte{6, 1, 1, 0, 1, 0}, TLV{{TagState, []byte{1}}, {TagMethod, []byte{0}}}},
	{"separator", []byte{1, 1, 'a', 0xff, 0, 1, 1, 'b'}, TLV{{TagIdentifier, []byte("a")}, {TagSeparator, []byte{}}, {TagIdentifier, []byte("b")}}},
	{"fragments", append(append([]byte{3, 255}, bytes.Repeat([]byte{7}, 255)...), 3, 2, 8, 9), TLV{{TagPublicKey, append(bytes.Repeat([]byte{7}, 255), 8, 9)}}},
	{"no length", []byte{6}, nil},
	{"cut short", []byte{6, 2, 1}, nil},
}

func TestTLV(t *testing.T) {
	for _, x := range tlvs {
		got, err := ParseTLV(x.wire)
		if (err == nil) != (x.want != nil) {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		if err != nil {
			continue
		}
		if d := cmp.Diff(append(TLV{}, got...), x.want); d != "" {
			t.Errorf("%s (-got +want):\n%s", x.name, d)
		}
		if wire := got.Append(nil); !bytes.Equal(wire, x.wire) {
			t.Errorf("%s: written as % x, want % x", x.name, wire, x.wire)
		}
	}
}

func FuzzTLV(f *testing.F) {
	for _, x := range tlvs {
		f.Add(x.wire)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseTLV(b)
		if err != nil {
			return
		}
		again, err := ParseTLV(m.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(again, m); d != "" {
			t.Errorf("read, written and read (-got +want):\n%s", d)
		}
	})
}

func TestFrames(t *testing.T) {
	key := bytes.Repeat([]byte{1}, 32)
	for _, n := range []int{1, 1023, 1024, 1025, 5000} {
		s := NewSealer(key)
		want := bytes.Repeat([]byte("gatehouse"), n)[:n]
		wire := s.Append(nil, want)
		if frames := (n + 1023) / 1024; len(wire) != n+frames*18 {
			t.Errorf("%d bytes become %d, want 18 more for each of %d frames", n, len(wire), frames)
		}
		got, err := io.ReadAll(NewOpener(bytes.NewReader(wire), key))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: read %d, %v", n, len(got), err)
		}
		// The same frame again is not of its place.
		if _, err := io.ReadAll(NewOpener(bytes.NewReader(append(wire, wire...)), key)); err == nil {
			t.Errorf("%d bytes: frames that are told twice are taken", n)
		}
	}
}

func FuzzFrames(f *testing.F) {
	key := bytes.Repeat([]byte{1}, 32)
	f.Add(NewSealer(key).Append(nil, []byte("GET / HTTP/1.1\r\n\r\n")))
	f.Add([]byte{1, 4})
	f.Add([]byte{0, 0})
	f.Add(make([]byte, 19))
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, _ := io.ReadAll(NewOpener(bytes.NewReader(b), key))
		// What it takes is what was sealed: nobody else has the key.
		if wire := NewSealer(key).Append(nil, plain); len(plain) > 0 && len(plain) <= mostFrame && !bytes.HasPrefix(b, wire) {
			t.Errorf("% x was taken for % x", b, plain)
		}
	})
}

// FuzzWrite: whatever a paired controller writes is answered, and only values that
// the characteristic allows come through.
func FuzzWrite(f *testing.F) {
	f.Add([]byte(`{"characteristics":[{"aid":1,"iid":2,"value":3}]}`))
	f.Add([]byte(`{"characteristics":[{"aid":1,"iid":2,"value":9,"ev":true,"r":true}],"pid":7}`))
	f.Add([]byte(`{"characteristics":[{"aid":1,"iid":2,"value":true},{"aid":2,"iid":2,"value":null}]}`))
	f.Add([]byte(`{"characteristics":[]}`))
	ch := Characteristic{Format: "uint8", Perms: []string{"pr", "pw", "ev"}, Valid: []int{0, 1, 2, 3}}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in writeRequest
		if json.Unmarshal(body, &in) != nil {
			return
		}
		for _, w := range in.Characteristics {
			v, ok := ch.check(w.Value)
			if n, is := v.(float64); ok && (!is || n != 0 && n != 1 && n != 2 && n != 3) {
				t.Errorf("%s comes through as %v", w.Value, v)
			}
		}
	})
}

func FuzzIDs(f *testing.F) {
	for _, s := range []string{"1.2", "1.2,3.4", "", "1", "a.b", "1.2,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ids, err := parseIDs(s)
		if err == nil && len(ids) != strings.Count(s, ",")+1 {
			t.Errorf("%q: %v", s, ids)
		}
	})
}

// TestBothFormsOfANumber: a number with a zero byte in front, once with it hashed
// and once without.
func TestBothFormsOfANumber(t *testing.T) {
	n := new(big.Int).SetBytes([]byte{1, 2, 3})
	if all := forms(n); len(all) != 2 || len(all[0]) != srpSize || len(all[1]) != 3 {
		t.Errorf("forms: %v", all)
	}
	if all := forms(new(big.Int).Sub(srpN, big.NewInt(1))); len(all) != 1 {
		t.Errorf("a full one has %d forms, want 1", len(all))
	}
}

// TestWindowClosesAfterTenWrongCodes: three are free, then the waits double: 1 s to
// 64 s, two minutes in all.
func TestWindowClosesAfterTenWrongCodes(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var w window
	w.open(now.Add(Window))
	var waits []time.Duration
	for wrong := 0; wrong < mostWrong; {
		n, wait, closed := w.try(now)
		if wait > 0 {
			waits = append(waits, wait)
			now = now.Add(wait)
			continue
		}
		wrong++
		if n != wrong || closed != (wrong == mostWrong) {
			t.Errorf("try %d: counted %d, closed %v", wrong, n, closed)
		}
	}
	want := []time.Duration{1e9, 2e9, 4e9, 8e9, 16e9, 32e9, 64e9}
	if d := cmp.Diff(waits, want); d != "" {
		t.Errorf("waits (-got +want):\n%s", d)
	}
	if !w.ends(now).IsZero() {
		t.Error("the window is open")
	}
	w.open(now.Add(Window))
	if w.try(now); w.wrong != 1 {
		t.Errorf("a new window begins with %d wrong", w.wrong)
	}
	if w.right(); w.wrong != 0 {
		t.Errorf("a right code counts: %d", w.wrong)
	}
}

// TestOldValuesMakeRoom: of what waits, a newer value takes the older one's place,
// but not of what is kept; who is too far behind is cut off.
func TestOldValuesMakeRoom(t *testing.T) {
	lamp, alarm := ID{1, 2}, ID{1, 3}
	c := &conn{wake: make(chan struct{}, 1), gone: make(chan struct{}), Conn: nobody{}, subs: map[ID]struct{}{lamp: {}, alarm: {}}}
	for i := range 3 {
		c.tell([]Change{{ID: lamp, Value: i}, {ID: alarm, Value: i, Keep: true}, {ID: ID{9, 9}, Value: i}})
	}
	var got []string
	for _, b := range eventBodies(c.take()) {
		got = append(got, string(b))
	}
	want := []string{
		`{"characteristics":[{"aid":1,"iid":2,"value":2},{"aid":1,"iid":3,"value":0}]}`,
		`{"characteristics":[{"aid":1,"iid":3,"value":1}]}`,
		`{"characteristics":[{"aid":1,"iid":3,"value":2}]}`,
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("told (-got +want):\n%s", d)
	}
	for i := range mostEvents + 1 {
		c.tell([]Change{{ID: alarm, Value: i, Keep: true}})
	}
	select {
	case <-c.gone:
	default:
		t.Error("it is not cut off")
	}
}

// nobody is a connection that can only be closed.
type nobody struct{ net.Conn }

func (nobody) Close() error { return errors.New("closed") }
