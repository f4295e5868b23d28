package ezsp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// published are the examples of UG101, sections 3 and 4. Two of them are printed
// with a CRC that theirs is not (ERROR: fa bd, the randomised answer: 96 23); the
// same answer as it is before it is randomised is right, and stands for it.
var published = []struct {
	name, wire string
	control    byte
	data       string // as EZSP has it
}{
	{"RST", "c0 38 bc 7e", 0xC0, ""},
	{"RSTACK(2, 2)", "c1 02 02 9b 7b 7e", 0xC1, "02 02"},
	{"ERROR(1, 0x52)", "c2 01 52 cd 8d 7e", 0xC2, "01 52"},
	{"ACK(1)+", "81 60 59 7e", 0x81, ""},
	{"ACK(6)-", "8e 91 b6 7e", 0x8E, ""},
	{"NAK(6)+", "a6 34 dc 7e", 0xA6, ""},
	{"NAK(5)-", "ad 85 b7 7e", 0xAD, ""},
	{"DATA(2, 5, 0), version", "25 42 21 a8 56 a6 09 7e", 0x25, "00 00 00 02"},
	{"DATA(5, 3, 0), its answer", "53 42 a1 a8 56 28 04 82 03 2a 7e", 0x53, "00 80 00 02 02 11 30"},
}

func TestPublishedFrames(t *testing.T) {
	for _, c := range published {
		wire, data := unhex(t, c.wire), unhex(t, c.data)
		if c.control&ctlShort == 0 {
			randomise(data)
		}
		if got := (frame{c.control, data}).append(nil); !bytes.Equal(got, wire) {
			t.Errorf("%s: got % x, want %s", c.name, got, c.wire)
		}
		var d decoder
		d.feed(wire)
		if f, k := d.next(); k != whole || f.control != c.control || !bytes.Equal(f.data, data) {
			t.Errorf("%s: decoded kind %d, %02x % x", c.name, k, f.control, f.data)
		}
	}
}

// streams is the table that tests and the fuzz corpus share.
var streams = []struct {
	name, wire, want string
}{
	{"nothing", "", ""},
	{"flags alone are no frames", "7e 7e 7d 7e", ""},
	{"two frames", "81 60 59 7e c0 38 bc 7e", "81[] c0[]"},
	{"a cancel byte drops what was before", "25 42 21 1a c0 38 bc 7e", "c0[]"},
	{"a substitute byte spoils the frame", "c0 38 18 bc 7e 81 60 59 7e", "bad 81[]"},
	{"XON and XOFF are not of the frame", "11 c0 13 38 bc 7e", "c0[]"},
	{"wrong CRC", "c0 38 bd 7e", "bad"},
	{"shorter than a CRC", "c0 38 7e", "bad"},
	{"escaped", "7d 5e 7d 5d 7d 31 7d 33 7d 38 7d 3a b9 52 7e", "7e[7d 11 13 18 1a]"},
	{"too long", strings.Repeat("00", 1+MaxData+2+1) + "7e 81 60 59 7e", "bad 81[]"},
}

func decodeAll(pieces ...[]byte) string {
	var d decoder
	var l []string
	for _, p := range pieces {
		d.feed(p)
		for {
			f, k := d.next()
			if k == none {
				break
			}
			if k == bad {
				l = append(l, "bad")
				continue
			}
			l = append(l, fmt.Sprintf("%02x[% x]", f.control, f.data))
		}
	}
	return strings.Join(l, " ")
}

// The published CRC of the answer that is not randomised.
func TestPublishedCRC(t *testing.T) {
	if got := crc(0xFFFF, unhex(t, "53 00 80 00 02 02 11 30")...); got != 0x6316 {
		t.Errorf("got %04x, want 6316", got)
	}
}

func TestDecoder(t *testing.T) {
	for _, c := range streams {
		wire := unhex(t, c.wire)
		if got := decodeAll(wire); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		var single [][]byte
		for i := range wire {
			single = append(single, wire[i:i+1])
		}
		if got := decodeAll(single...); got != c.want {
			t.Errorf("%s, byte by byte: got %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzDecoder(f *testing.F) {
	for _, c := range published {
		f.Add(unhex(f, c.wire), byte(3))
	}
	for _, c := range streams {
		f.Add(unhex(f, c.wire), byte(1))
	}
	f.Fuzz(func(t *testing.T, wire []byte, cut byte) {
		n := min(int(cut), len(wire))
		got, want := decodeAll(wire[:n], wire[n:]), decodeAll(wire)
		if got != want {
			t.Fatalf("cut at %d: %q, whole: %q", n, got, want)
		}
		var d decoder
		d.feed(wire)
		for {
			fr, k := d.next()
			if k == none {
				return
			}
			if k != whole {
				continue
			}
			again := decodeAll(fr.append(nil))
			if want := fmt.Sprintf("%02x[% x]", fr.control, fr.data); again != want {
				t.Fatalf("got %q, want %q", again, want)
			}
		}
	})
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// side is a link and what it has said, by the names of UG101.
type side struct {
	link
	now time.Time
}

func (s *side) said() string {
	s.flush(s.now)
	var d decoder
	d.feed(s.out)
	s.out = nil
	var l []string
	for {
		f, k := d.next()
		if k == none {
			return strings.Join(l, " ")
		}
		l = append(l, name(f))
	}
}

func name(f frame) string {
	switch {
	case f.control == ctlRst:
		return "RST"
	case f.control&ctlShort == 0:
		data := bytes.Clone(f.data)
		randomise(data)
		return fmt.Sprintf("DATA(%d,%d,%d)%s", f.control>>4, f.control&7, f.control>>3&1, strings.TrimRight(string(data), "."))
	case f.control&ctlKind == ctlAck:
		return fmt.Sprintf("ACK(%d)", f.control&7)
	default:
		return fmt.Sprintf("NAK(%d)", f.control&7)
	}
}

// hears has it take a frame: control, and data as EZSP has them.
func (s *side) hears(control byte, data string) string {
	b := []byte(data)
	if control&ctlShort == 0 {
		randomise(b)
	}
	return strings.TrimRight(string(s.take(s.now, frame{control, b}, whole)), ".")
}

func (s *side) pass(d time.Duration) {
	s.now = s.now.Add(d)
	s.tick(s.now)
}

func (s *side) says(t *testing.T, what, want string) {
	t.Helper()
	if got := s.said(); got != want {
		t.Errorf("%s: it says %q, want %q", what, got, want)
	}
}

// connected is a link that is up.
func connected(t *testing.T) *side {
	t.Helper()
	s := &side{now: start}
	s.reset(s.now)
	if got, want := hex.EncodeToString(s.out), "1ac038bc7e"; got != want {
		t.Fatalf("a reset is %s, want %s", got, want)
	}
	s.says(t, "reset", "RST")
	s.hears(ctlRstAck, "\x02\x0b")
	if s.state != up {
		t.Fatalf("state %d after RSTACK: %v", s.state, s.fault)
	}
	return s
}

func TestReset(t *testing.T) {
	s := &side{now: start}
	s.reset(s.now)
	s.says(t, "reset", "RST")
	s.hears(ctlRstAck, "\x02\x02") // of its power-up, before it heard of us
	s.hears(0x05, "old..")
	s.take(s.now, frame{}, bad)
	s.says(t, "what was said before", "")
	s.pass(rstTime)
	s.says(t, "no RSTACK", "RST")
	s.hears(ctlRstAck, "\x02\x0b")
	s.send(s.now, []byte("a.."))
	s.says(t, "up", "DATA(0,0,0)a")

	s.reset(s.now)
	for range rstTries {
		s.pass(rstTime)
	}
	if !errors.Is(s.fault, errSilent) {
		t.Errorf("silent: %v", s.fault)
	}
	s.reset(s.now)
	s.hears(ctlRstAck, "\x01\x0b")
	if s.fault == nil || !strings.Contains(s.fault.Error(), "version 1 of ASH, and the hub 2: update the stick's firmware") {
		t.Errorf("an old one: %v", s.fault)
	}
}

func TestWindowAndAcknowledgements(t *testing.T) {
	s := connected(t)
	for _, d := range []string{"a..", "b..", "c..", "d..", "e.."} {
		s.send(s.now, []byte(d))
	}
	s.says(t, "the window", "DATA(0,0,0)a DATA(1,0,0)b DATA(2,0,0)c")
	s.hears(ctlAck|2, "")
	s.says(t, "two acknowledged", "DATA(3,0,0)d DATA(4,0,0)e")
	if got := s.hears(0x05, "A.."); got != "A" { // acknowledges all
		t.Errorf("got %q", got)
	}
	s.says(t, "data without any of ours", "ACK(1)")
	if _, ok := s.deadline(); ok {
		t.Error("it waits although all is acknowledged")
	}
	s.send(s.now, []byte("f.."))
	s.hears(0x15, "B..")
	s.says(t, "the acknowledgement of B comes behind f, which was written before", "DATA(5,1,0)f ACK(2)")
	s.hears(0x26, "C..")
	s.send(s.now, []byte("g.."))
	s.says(t, "data carry the acknowledgement", "DATA(6,3,0)g")
}

func TestNumbersGoRound(t *testing.T) {
	s := connected(t)
	for i := range 20 {
		s.send(s.now, []byte("x.."))
		s.says(t, "data", fmt.Sprintf("DATA(%d,%d,0)x", i%8, i%8))
		if got := s.hears(byte(i%8)<<4|byte(i+1)%8, "y.."); got != "y" {
			t.Fatalf("round %d: got %q", i, got)
		}
		s.said()
	}
}

func TestRejectCondition(t *testing.T) {
	s := connected(t)
	s.take(s.now, frame{}, bad)
	s.says(t, "damaged", "NAK(0)")
	s.take(s.now, frame{}, bad)
	s.hears(0x10, "B..")
	s.says(t, "one NAK is enough", "")
	if got := s.hears(0x08, "A.."); got != "A" {
		t.Errorf("sent again: %q", got)
	}
	s.says(t, "it ends with the missing frame", "ACK(1)")
	if got := s.hears(0x20, "C.."); got != "" {
		t.Errorf("out of sequence: %q", got)
	}
	s.says(t, "out of sequence", "NAK(1)")
	if got := s.hears(0x08, "A.."); got != "" {
		t.Errorf("doubled: %q", got)
	}
	s.says(t, "doubled", "ACK(1)")
	if want := (Counters{FramesIn: 5, FramesOut: 5, Bad: 2, Doubled: 1}); s.count != want {
		t.Errorf("counted %+v, want %+v", s.count, want)
	}
}

func TestNakAndLostAcknowledgement(t *testing.T) {
	s := connected(t)
	s.send(s.now, []byte("a.."))
	s.send(s.now, []byte("b.."))
	s.said()
	s.hears(ctlNak|1, "")
	s.says(t, "NAK(1) acknowledges a", "DATA(1,0,1)b")
	s.hears(ctlNak|5, "")
	s.hears(ctlAck|5, "")
	s.says(t, "a number that cannot be", "")
	s.pass(ackMax)
	s.says(t, "no acknowledgement", "DATA(1,0,1)b")
	s.hears(ctlAck|2, "")
	s.pass(time.Hour)
	s.says(t, "all is well", "")
}

func TestAcknowledgementTimeAdapts(t *testing.T) {
	s := connected(t)
	var got []time.Duration
	for range 12 { // a quick stick
		s.send(s.now, []byte("a.."))
		s.now = s.now.Add(10 * time.Millisecond)
		s.hears(ctlAck|(s.acked+1)&7, "")
	}
	got = append(got, s.period)
	s.send(s.now, []byte("b.."))
	for range ackTries - 1 {
		s.pass(s.period)
		got = append(got, s.period)
	}
	want := []time.Duration{ackMin, 800 * time.Millisecond, 1600 * time.Millisecond, 3200 * time.Millisecond}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	s.pass(s.period)
	if !errors.Is(s.fault, errSilent) {
		t.Errorf("after %d: %v", ackTries, s.fault)
	}
}

func TestStickThatEndsTheLink(t *testing.T) {
	for _, c := range []struct {
		control byte
		data    string
		want    string
	}{
		{ctlRstAck, "\x02\x03", "ezsp: the stick restarted by itself: its watchdog"},
		{ctlError, "\x02\x51", "ezsp: the stick has failed: too many acknowledgements that it missed"},
		{ctlError, "\x02\x85", "ezsp: the stick has failed: cause 0x85"},
		{ctlError, "", "ezsp: the stick has failed: unknown"},
	} {
		s := connected(t)
		s.send(s.now, []byte("a.."))
		s.said()
		s.hears(c.control, c.data)
		if s.fault == nil || s.fault.Error() != c.want {
			t.Errorf("got %v, want %s", s.fault, c.want)
		}
		if _, ok := s.deadline(); ok || s.said() != "" {
			t.Error("it goes on")
		}
	}
}

// Two ends over a line that loses, garbles and doubles a third of all frames
// bring everything over, in order and once, and never wait for each other.
func TestBadLine(t *testing.T) {
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		ends := [2]*side{connected(t), connected(t)}
		var got [2][]byte
		const n = 50
		for i := range byte(n) {
			for _, e := range ends {
				e.send(e.now, []byte{i, 1, 2})
			}
		}
		for step := 0; len(got[0]) < n || len(got[1]) < n; step++ {
			if step > 20000 || ends[0].fault != nil || ends[1].fault != nil {
				t.Fatalf("seed %d: after %d steps %d and %d of %d: %v %v", seed, step, len(got[0]), len(got[1]), n, ends[0].fault, ends[1].fault)
			}
			for i, e := range ends {
				e.now = e.now.Add(10 * time.Millisecond)
				e.tick(e.now)
				e.misses = min(e.misses, ackTries-2) // the line is worse than any that gives up
				e.flush(e.now)
				var d decoder
				d.feed(e.out)
				e.out = nil
				for {
					f, k := d.next()
					if k == none {
						break
					}
					other := 1 - i
					times := 1
					switch rnd.IntN(9) {
					case 0:
						times = 0
					case 1:
						k = bad
					case 2:
						times = 2
					}
					for range times {
						copied := frame{f.control, bytes.Clone(f.data)}
						if b := ends[other].take(ends[other].now, copied, k); b != nil {
							got[other] = append(got[other], b[0])
						}
					}
				}
			}
		}
		for side, l := range got {
			for i, v := range l {
				if int(v) != i {
					t.Fatalf("seed %d: side %d got %v", seed, side, l)
				}
			}
		}
	}
}

// FuzzLink has a link hear anything, in any order, at any time: it never hands
// on a frame that is not next, never has more on its way than the window, and
// always knows when to be called while something is.
func FuzzLink(f *testing.F) {
	f.Add([]byte{0x00, 0x81, 0xA0, 0xC1, 0xC2, 0x08, 0x10})
	f.Add([]byte{0xFF, 0x81, 0xFE, 0xFF, 0xA1, 0xFE, 0xFE, 0x01, 0x12})
	f.Fuzz(func(t *testing.T, script []byte) {
		s := &side{now: start}
		s.reset(s.now)
		s.said()
		s.hears(ctlRstAck, "\x02\x0b")
		for _, c := range script {
			next := s.next
			switch c {
			case 0xFF:
				s.send(s.now, []byte("x.."))
			case 0xFE:
				s.pass(time.Second)
			case 0xFD:
				s.take(s.now, frame{}, bad)
			default:
				if got := s.hears(c, "y.."); got != "" && c>>4 != next {
					t.Fatalf("frame %d handed on, want %d", c>>4, next)
				}
			}
			s.said()
			if len(s.sent) > window {
				t.Fatalf("%d on their way", len(s.sent))
			}
			if _, ok := s.deadline(); s.state == up && ok != (len(s.sent) > 0) {
				t.Fatalf("%d on their way, timing %v", len(s.sent), ok)
			}
		}
	})
}
