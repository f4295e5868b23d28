package zigbeesim

import (
	"fmt"
	"time"
)

// Control bytes of ASH.
const (
	ashAck, ashNak               = 0x80, 0xA0
	ashRst, ashRstAck, ashFailed = 0xC0, 0xC1, 0xC2
)

// ashWindow is how many frames the stick has on their way.
const ashWindow = 5

// ashPatience is how long it waits for an acknowledgement.
const ashPatience = 1600 * time.Millisecond

// ash is the stick's side of the line.
type ash struct {
	s       *Stick
	buf     []byte
	up      bool
	expects byte // the number that comes next
	acked   byte // the number that the host expects
	sent    [][]byte
	queue   [][]byte
	refused bool
	round   int // counts what was sent or acknowledged, so that an old timer ends
}

// feed cuts the host's bytes into frames, and hands on the data of those that
// are next.
func (a *ash) feed(b []byte, take func([]byte)) {
	for _, v := range b {
		switch v {
		case 0x1A:
			a.buf = a.buf[:0]
		case 0x7E:
			raw := a.buf
			a.buf = nil
			a.frame(raw, take)
		default:
			a.buf = append(a.buf, v)
		}
	}
}

func (a *ash) frame(raw []byte, take func([]byte)) {
	f, wrong := ashOpen(raw)
	switch {
	case wrong != "":
		a.s.violation("%s", wrong)
		return
	case f[0] == ashRst:
		a.s.restart()
		a.up = true
		a.put([]byte{ashRstAck, 2, 0x0B})
		a.s.change()
		return
	case !a.up:
		a.put([]byte{ashFailed, 2, 0x51})
		return
	}
	n := f[0] & 7
	done := int((n - a.acked) & 7)
	if done > len(a.sent) {
		a.s.violation("the host acknowledges %d, and %d to %d are on their way", n, a.acked, int(a.acked)+len(a.sent))
		return
	}
	if done > 0 {
		a.acked, a.sent = n, a.sent[done:]
		a.wait()
	}
	switch {
	case f[0]&0x80 == 0:
		a.data(f, take)
	case f[0]&0xE0 == ashNak:
		a.again()
	}
	a.pump()
}

func (a *ash) data(f []byte, take func([]byte)) {
	if _, ok := a.s.takes(LoseRequest, 0); ok {
		return
	}
	again := f[0]&0x08 != 0
	switch {
	case f[0]>>4 == a.expects:
		a.expects = (a.expects + 1) & 7
		a.refused = false
		a.put([]byte{ashAck | a.expects})
		take(ashNoise(f[1:]))
	case again:
		a.put([]byte{ashAck | a.expects})
	case !a.refused:
		a.refused = true
		a.put([]byte{ashNak | a.expects})
	}
}

// send sends data that are about the command, with the faults that are ordered.
func (a *ash) send(command uint16, data []byte) {
	if !a.up || a.s.host == nil {
		a.s.lost++
		a.s.change()
		return
	}
	a.queue = append(a.queue, ashNoise(data))
	a.pumpFor(command)
}

func (a *ash) pump() { a.pumpFor(0) }

func (a *ash) pumpFor(command uint16) {
	for len(a.queue) > 0 && len(a.sent) < ashWindow {
		a.sent = append(a.sent, a.queue[0])
		a.queue = a.queue[1:]
		a.write(len(a.sent)-1, 0, command)
		if len(a.sent) == 1 {
			a.wait()
		}
	}
}

func (a *ash) write(i int, again byte, command uint16) {
	number := (a.acked + byte(i)) & 7
	f := append([]byte{number<<4 | again | a.expects}, a.sent[i]...)
	if again == 0 {
		if _, ok := a.s.takes(LoseAnswer, command); ok {
			return
		}
		if _, ok := a.s.takes(BadFCS, command); ok {
			b := ashClose(f)
			b[len(b)-2] ^= 0x01
			a.raw(b)
			return
		}
		if _, ok := a.s.takes(HalfFrame, command); ok {
			b := ashClose(f)
			a.raw(b[:len(b)/2])
			return
		}
		if _, ok := a.s.takes(Garbage, command); ok {
			a.raw([]byte{0x00, 0x25, 0x7D, 0x18, 0xFF})
			a.raw([]byte{0x7E})
		}
		if _, ok := a.s.takes(DoubleAnswer, command); ok {
			a.put(f)
			f[0] |= 0x08
		}
	}
	a.put(f)
}

func (a *ash) again() {
	for i := range a.sent {
		a.write(i, 0x08, 0)
	}
	a.wait()
}

// wait sends again what is not acknowledged in time.
func (a *ash) wait() {
	a.round++
	mine := a.round
	if len(a.sent) > 0 {
		a.s.after(ashPatience, func() {
			if a.round == mine {
				a.again()
			}
		})
	}
}

func (a *ash) put(f []byte) { a.raw(ashClose(f)) }

func (a *ash) raw(b []byte) {
	if a.s.host == nil || a.s.lasting(Mute) {
		return
	}
	a.s.put(b)
}

// ashNoise adds or takes the pseudo-random sequence.
func ashNoise(b []byte) []byte {
	out := make([]byte, len(b))
	for i, r := 0, 0x42; i < len(b); i++ {
		out[i] = b[i] ^ byte(r)
		r = r>>1 ^ r&1*0xB8
	}
	return out
}

// ashSum is CRC-CCITT, by whole bytes.
func ashSum(b []byte) uint16 {
	sum := uint16(0xFFFF)
	for _, v := range b {
		sum = sum>>8 | sum<<8
		sum ^= uint16(v)
		sum ^= sum & 0xFF >> 4
		sum ^= sum << 12
		sum ^= sum & 0xFF << 5
	}
	return sum
}

// ashClose makes a frame ready for the line.
func ashClose(f []byte) []byte {
	sum := ashSum(f)
	var out []byte
	for _, v := range join(f, []byte{byte(sum >> 8), byte(sum)}) {
		if v == 0x7E || v == 0x7D || v == 0x11 || v == 0x13 || v == 0x18 || v == 0x1A {
			out = append(out, 0x7D)
			v ^= 0x20
		}
		out = append(out, v)
	}
	return append(out, 0x7E)
}

// ashOpen is a frame without its wrapping, or what is wrong with it.
func ashOpen(raw []byte) (f []byte, wrong string) {
	for i := 0; i < len(raw); i++ {
		v := raw[i]
		switch v {
		case 0x11, 0x13, 0x18:
			return nil, fmt.Sprintf("byte %#02x unescaped", v)
		case 0x7D:
			if i++; i == len(raw) {
				return nil, "an escape before the end of a frame"
			}
			v = raw[i] ^ 0x20
		}
		f = append(f, v)
	}
	if len(f) < 3 || ashSum(f) != 0 {
		return nil, fmt.Sprintf("a frame with a wrong CRC: % x", f)
	}
	return f[:len(f)-2], ""
}
