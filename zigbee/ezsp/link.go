package ezsp

import (
	"errors"
	"fmt"
	"time"

	"gatehouse/zigbee"
)

// Link timing (UG101, 8) and limits.
const (
	ackFirst = 1600 * time.Millisecond // how long the first acknowledgement may take
	ackMin   = 400 * time.Millisecond
	ackMax   = 3200 * time.Millisecond
	ackTries = 4                       // acknowledgements that do not come, in a row
	rstTime  = 3200 * time.Millisecond // how long a stick may take to restart
	rstTries = 3

	window = 3 // DATA frames on their way, as zigbee-herdsman has it; 7 at most
)

// ashVersion is the only one there is.
const ashVersion = 2

// byRequest is the cause in an RSTACK that answers an RST.
const byRequest = 0x0B

var (
	errSilent    = fmt.Errorf("ezsp: %w", zigbee.ErrSilent)
	errRestarted = errors.New("ezsp: the stick restarted by itself")
)

// causes of a restart or an error (UG101, 3.6).
var causes = map[byte]string{
	0x00: "unknown", 0x01: "its reset pin", 0x02: "power on", 0x03: "its watchdog", 0x06: "a failed assertion",
	0x09: "its boot loader", byRequest: "a request", 0x51: "too many acknowledgements that it missed",
}

func causeText(b byte) string {
	if t, ok := causes[b]; ok {
		return t
	}
	return fmt.Sprintf("cause 0x%02x", b)
}

// link is the host's side of ASH. It is a value that is told the time and never
// does I/O: who calls it writes what stands in out, and takes it from there.
type link struct {
	state state
	fault error // why it is over

	waits [][]byte // data that wait for room in the window
	sent  [][]byte // data on their way; the first has number acked
	acked byte     // the number that the stick expects of us
	next  byte     // the number that we expect of the stick

	again  bool // what is on its way is to be sent again
	ackDue bool
	nakDue bool
	reject bool // a NAK is out, and what it asks for has not come

	timing bool // an acknowledgement or an RSTACK is waited for
	began  time.Time
	period time.Duration
	misses int // in a row

	count Counters
	out   []byte
}

// Counters count what went over the line.
type Counters struct {
	FramesIn  uint64 `json:"frames_in"`
	FramesOut uint64 `json:"frames_out"`
	Bad       uint64 `json:"bad_frames"` // damaged
	Doubled   uint64 `json:"doubled_frames"`
	Again     uint64 `json:"sent_again"`
	Unacked   uint64 `json:"unacknowledged"` // messages to devices
}

type state byte

const (
	down      state = iota
	resetting       // RST is out
	up
	over
)

// reset forgets everything and asks the stick to restart. Bytes that it may have
// got half of are cancelled first.
func (l *link) reset(now time.Time) {
	*l = link{state: resetting, out: l.out, count: l.count}
	l.rst(now)
}

func (l *link) rst(now time.Time) {
	l.out = append(l.out, cancel)
	l.say(frame{control: ctlRst})
	l.timing, l.began, l.period = true, now, rstTime
}

// send takes data for the stick. They go out when the link is up and there is
// room; it keeps no part of b.
func (l *link) send(now time.Time, b []byte) {
	data := append([]byte(nil), b...)
	randomise(data)
	l.waits = append(l.waits, data)
	l.flush(now)
}

// take sees to what a decoder found, and returns the data of a DATA frame that
// is the next one. Its acknowledgement goes out with the next flush, so that who
// hears of the data is not kept waiting for it.
func (l *link) take(now time.Time, f frame, k found) []byte {
	switch k {
	case whole:
		l.count.FramesIn++
	case bad:
		l.count.Bad++
	default:
	}
	switch {
	case k == none, l.state == down, l.state == over:
		return nil
	case l.state == resetting:
		l.rising(k, f)
		return nil
	case k == bad:
		l.refuse()
		return nil
	case f.control == ctlRstAck:
		l.end(fmt.Errorf("%w: %s", errRestarted, causeText(at(f.data, 1))))
		return nil
	case f.control == ctlError:
		l.end(fmt.Errorf("ezsp: the stick has failed: %s", causeText(at(f.data, 1))))
		return nil
	case f.control&ctlShort == 0:
		return l.data(now, f)
	case f.control&ctlKind == ctlAck:
		l.acknowledged(now, f.control&ctlRest)
	case f.control&ctlKind == ctlNak:
		if l.acknowledged(now, f.control&ctlRest) {
			l.again = len(l.sent) > 0
		}
	}
	return nil
}

// rising waits for the RSTACK to our RST. What else the stick says was said
// before it; only its version of ASH may be wrong.
func (l *link) rising(k found, f frame) {
	if k != whole || f.control != ctlRstAck || len(f.data) != 2 || f.data[1] != byRequest {
		return
	}
	if f.data[0] != ashVersion {
		l.end(fmt.Errorf("ezsp: the stick speaks version %d of ASH, and the hub %d: update the stick's firmware", f.data[0], ashVersion))
		return
	}
	l.state, l.timing, l.period, l.misses = up, false, ackFirst, 0
}

func (l *link) data(now time.Time, f frame) []byte {
	// UG101, 3.1: at least the three bytes of an EZSP header.
	if len(f.data) < 3 || !l.acknowledged(now, f.control&ctlRest) {
		l.refuse()
		return nil
	}
	again := f.control&ctlAgain != 0
	if f.control>>4 != l.next {
		if again {
			l.count.Doubled++
			l.ackDue = true // ours was lost
		} else {
			l.refuse()
		}
		return nil
	}
	l.next = (l.next + 1) & 7
	l.ackDue, l.nakDue, l.reject = true, false, false
	randomise(f.data)
	return f.data
}

// acknowledged takes the number that the stick expects next, and tells whether
// that can be.
func (l *link) acknowledged(now time.Time, n byte) bool {
	done := int((n - l.acked) & 7)
	if done > len(l.sent) {
		return false
	}
	if done == 0 {
		return true
	}
	l.acked, l.misses = n, 0
	l.sent = l.sent[done:]
	if l.timing {
		l.period = bound(l.period*7/8 + now.Sub(l.began)/2)
	}
	l.timing, l.began = len(l.sent) > 0, now
	if !l.timing {
		l.again = false
	}
	return true
}

func bound(d time.Duration) time.Duration { return min(max(d, ackMin), ackMax) }

// refuse asks once for what is missing.
func (l *link) refuse() {
	if !l.reject {
		l.reject, l.nakDue = true, true
	}
}

// end ends the link; the first reason counts.
func (l *link) end(err error) {
	if l.state != over {
		l.state, l.fault, l.timing = over, err, false
	}
}

// tick does what is due by the clock.
func (l *link) tick(now time.Time) {
	if !l.timing || now.Sub(l.began) < l.period {
		return
	}
	l.misses++
	switch {
	case l.state == resetting && l.misses >= rstTries:
		l.end(fmt.Errorf("%w to a reset", errSilent))
	case l.state == resetting:
		l.rst(now)
	case l.misses >= ackTries:
		l.end(fmt.Errorf("%w: %d acknowledgements in a row did not come", errSilent, ackTries))
	default:
		l.period = bound(2 * l.period)
		l.again = true
	}
}

// flush writes what may be written now: a NAK, what is sent again, new data as
// far as the window has room, and an ACK if nothing of that carried it.
func (l *link) flush(now time.Time) {
	if l.state != up {
		return
	}
	if l.nakDue {
		l.short(ctlNak)
	}
	if l.again {
		for i := range l.sent {
			l.count.Again++
			l.write(i, ctlAgain)
		}
		l.again = false
		l.timing, l.began = len(l.sent) > 0, now
	}
	for len(l.waits) > 0 && len(l.sent) < window {
		l.sent = append(l.sent, l.waits[0])
		l.waits = l.waits[1:]
		l.write(len(l.sent)-1, 0)
		if !l.timing {
			l.timing, l.began = true, now
		}
	}
	if l.ackDue {
		l.short(ctlAck)
	}
}

func (l *link) say(f frame) {
	l.count.FramesOut++
	l.out = f.append(l.out)
}

func (l *link) short(control byte) {
	l.say(frame{control: control | l.next})
	l.ackDue, l.nakDue = false, false
}

// write writes the i-th of the frames that are on their way. It carries an
// acknowledgement.
func (l *link) write(i int, again byte) {
	number := (l.acked + byte(i)) & 7
	l.say(frame{number<<4 | again | l.next, l.sent[i]})
	l.ackDue = false
}

// deadline is when tick should be called, and false when never.
func (l *link) deadline() (time.Time, bool) { return l.began.Add(l.period), l.timing }

// at is a byte of data, 0 where there is none.
func at(b []byte, i int) byte {
	if i < len(b) {
		return b[i]
	}
	return 0
}
