package zwave

import "time"

// Link timing (Serial API Host Application Programming Guide, chapter 07).
const (
	ackTime      = 1600 * time.Millisecond // how long to wait for an ACK
	linkTries    = 3                       // transmissions of one frame in all
	pauseFirst   = 100 * time.Millisecond  // before the first retransmission
	pauseFurther = 1000 * time.Millisecond // added for each one after that
	collisions   = 10                      // CANs that one frame may get without losing a try
)

// link sees one frame at a time through to its acknowledgement. It is a value
// that is told the time and never does I/O: who calls it writes what it says.
type link struct {
	frame  []byte // in flight; nil when the link is idle
	what   outgoing
	tries  int // transmissions left
	failed int // transmissions that were not acknowledged, CANs aside
	sent   time.Time
	pause  bool // waiting to send again, not for an ACK
	cans   int  // CANs that it got
	can    bool // the pause is because of one
	until  time.Time
}

// outgoing is what the frame in flight is for.
type outgoing byte

const (
	forRequest outgoing = iota
	forAbort
	forReset
)

// verdict is what became of the frame in flight.
type verdict byte

const (
	nothing verdict = iota
	acked           // the link is idle again
	again           // write the frame again
	lost            // every try failed; the link is idle again
)

func (l *link) idle() bool { return l.frame == nil }

// send begins with a frame, which the caller writes now.
func (l *link) send(now time.Time, frame []byte, what outgoing, tries int) {
	*l = link{frame: frame, what: what, tries: tries - 1, sent: now, until: now.Add(ackTime)}
}

// ack takes an ACK. One that nothing waits for is passed over; one that comes
// late, while a retransmission is being put off, still counts.
func (l *link) ack() verdict {
	if l.idle() {
		return nothing
	}
	l.frame = nil
	return acked
}

// refuse takes a NAK or a CAN. While a retransmission is put off there is
// nothing in flight that it could mean. A CAN is the word of a stick that is
// well and had something to say at the same moment, so it costs no try; but
// there is an end to that, too.
func (l *link) refuse(now time.Time, can bool) verdict {
	if l.idle() || l.pause {
		return nothing
	}
	if l.can = can && l.cans < collisions; l.can {
		l.cans++
		l.tries++
	}
	return l.miss(now)
}

// clear takes note of a frame from the stick, which has been acknowledged: if
// that is what ours collided with, the way is free, 100 ms after ours at the
// earliest.
func (l *link) clear(now time.Time) {
	if l.idle() || !l.pause || !l.can {
		return
	}
	if free := l.sent.Add(pauseFirst); free.Before(l.until) {
		l.until = free
		if free.Before(now) {
			l.until = now
		}
	}
}

// tick does what is due: an ACK given up, a retransmission begun.
func (l *link) tick(now time.Time) verdict {
	if l.idle() || now.Before(l.until) {
		return nothing
	}
	if !l.pause {
		l.can = false
		return l.miss(now)
	}
	l.pause, l.can = false, false
	l.sent, l.until = now, now.Add(ackTime)
	l.tries--
	return again
}

// miss puts a retransmission off by 100 ms + n·1000 ms, from which the time
// already waited for the ACK is taken off.
func (l *link) miss(now time.Time) verdict {
	if l.tries == 0 {
		l.frame = nil
		return lost
	}
	further := l.failed
	if l.can {
		further = min(l.cans-1, 1)
	} else {
		l.failed++
	}
	l.until = l.sent.Add(pauseFirst + time.Duration(further)*pauseFurther)
	l.pause = true
	return l.tick(now)
}

// deadline is when tick should be called, and false when never.
func (l *link) deadline() (time.Time, bool) { return l.until, !l.idle() }
