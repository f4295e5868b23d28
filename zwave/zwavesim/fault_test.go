package zwavesim_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zwave/zwavesim"
)

// Each fault, as a host meets it, and that a host which does the right thing is
// not blamed for it.
func TestFaults(t *testing.T) {
	version := frame(0, 0x15)
	homeID := frame(1, 0x20, 0xc0, 0xff, 0xee, 0x01, 1)
	opened := []byte{0x71, 5, 0, 0, 0, 0xff, 6, 0x16, 0}
	const second = time.Second
	for name, c := range map[string]struct {
		fault zwavesim.Fault
		do    func(h *host, door *zwavesim.Contact)
	}{
		"lose frame": {zwavesim.Fault{Kind: zwavesim.LoseFrame}, func(h *host, _ *zwavesim.Contact) {
			h.write(version...)
			h.wantSilence(1600 * time.Millisecond)
			h.write(version...)
			h.want(ack)
			h.frame()
		}},
		"lose ACK": {zwavesim.Fault{Kind: zwavesim.LoseACK}, func(h *host, _ *zwavesim.Contact) {
			h.write(version...)
			h.frame()
			h.wantSilence(1600 * time.Millisecond)
			h.ask(0x15)
		}},
		"NAK": {zwavesim.Fault{Kind: zwavesim.SendNAK}, func(h *host, _ *zwavesim.Contact) {
			h.write(version...)
			h.want(nak)
			h.ask(0x15)
		}},
		"CAN twice, SendData only": {zwavesim.Fault{Kind: zwavesim.SendCAN, Times: 2, Function: 0x13}, func(h *host, _ *zwavesim.Contact) {
			h.ask(0x15)
			for range 2 {
				h.write(frame(0, 0x13, 3, 2, 0x20, 2, 0x25, 1)...)
				h.want(can)
			}
			h.send(3, 1, 0x20, 2)
			h.wantReport(3, 0x20, 3, 0)
		}},
		"lose host's ACK": {zwavesim.Fault{Kind: zwavesim.LoseHostACK}, func(h *host, _ *zwavesim.Contact) {
			h.write(frame(0, 0x20)...)
			h.want(ack)
			h.want(homeID...)
			h.write(ack)
			began := time.Now()
			h.want(homeID...)
			h.write(ack)
			if d := time.Since(began); d != 1600*time.Millisecond {
				h.t.Errorf("sent again after %s", d)
			}
		}},
		"bad checksum": {zwavesim.Fault{Kind: zwavesim.BadChecksum, Function: 0x04}, func(h *host, door *zwavesim.Contact) {
			h.ask(0x15)
			door.Open()
			if b := h.next(); bytes.Equal(b, frame(0, 4, append([]byte{0, 2, 9}, append(opened, 0xc4)...)...)) {
				h.t.Error("the checksum is right")
			}
			h.write(nak)
			h.wantReport(2, opened...)
		}},
		"half frame": {zwavesim.Fault{Kind: zwavesim.HalfFrame}, func(h *host, door *zwavesim.Contact) {
			began := time.Now()
			door.Open()
			b := h.next() // the half joined with the start of the whole
			if d := time.Since(began); d != 1600*time.Millisecond || b[0] != 0x01 {
				h.t.Errorf("got % x after %s", b, d)
			}
			h.write(ack)
		}},
		"garbage": {zwavesim.Fault{Kind: zwavesim.Garbage}, func(h *host, door *zwavesim.Contact) {
			door.Open()
			h.want(0x99)
			h.wantSilence(second) // the host waits for 0xde bytes
		}},
		"noise": {zwavesim.Fault{Kind: zwavesim.Noise}, func(h *host, door *zwavesim.Contact) {
			door.Open()
			for _, b := range []byte{0xff, 0x00, 0x42, 0x7e} {
				h.want(b)
			}
			h.wantReport(2, opened...)
		}},
		"duplicate": {zwavesim.Fault{Kind: zwavesim.Duplicate}, func(h *host, door *zwavesim.Contact) {
			door.Open()
			h.wantReport(2, opened...)
			h.wantReport(2, opened...)
		}},
		"high ACK": {zwavesim.Fault{Kind: zwavesim.HighACK}, func(h *host, _ *zwavesim.Contact) {
			h.write(version...)
			h.want(0xe6)
			h.frame()
		}},
		"lose response": {zwavesim.Fault{Kind: zwavesim.LoseResponse}, func(h *host, _ *zwavesim.Contact) {
			h.write(version...)
			h.want(ack)
			h.wantSilence(10 * second)
			h.ask(0x15)
		}},
		"late response": {zwavesim.Fault{Kind: zwavesim.LateResponse, For: 5 * second}, func(h *host, _ *zwavesim.Contact) {
			h.write(version...)
			h.want(ack)
			h.wantSilence(5*second - 1)
			h.frame()
		}},
		"lose callback": {zwavesim.Fault{Kind: zwavesim.LoseCallback}, func(h *host, _ *zwavesim.Contact) {
			h.ask(0x13, 3, 2, 0x20, 1, 0x25, 1)
			h.wantSilence(30 * second)
			h.send(3, 2, 0x20, 2)
			h.wantReport(3, 0x20, 3, 0)
		}},
		"late callback": {zwavesim.Fault{Kind: zwavesim.LateCallback, For: 7 * second}, func(h *host, _ *zwavesim.Contact) {
			h.ask(0x13, 3, 2, 0x20, 1, 0x25, 1)
			h.wantSilence(7*second - 1)
			h.want(frame(0, 0x13, 1, 0, 0, 1)...)
			h.write(ack)
		}},
		"report before callback": {zwavesim.Fault{Kind: zwavesim.ReportBeforeCallback}, func(h *host, _ *zwavesim.Contact) {
			h.ask(0x13, 3, 2, 0x20, 2, 0x25, 1)
			h.wantReport(3, 0x20, 3, 0)
			h.want(frame(0, 0x13, 1, 0, 0, 1)...)
			h.write(ack)
		}},
		"refuse": {zwavesim.Fault{Kind: zwavesim.Refuse}, func(h *host, _ *zwavesim.Contact) {
			if got := h.ask(0x13, 3, 2, 0x20, 2, 0x25, 1); got[0] != 0 {
				h.t.Errorf("got % x", got)
			}
		}},
		"jam": {zwavesim.Fault{Kind: zwavesim.Jam}, func(h *host, _ *zwavesim.Contact) {
			if got := h.send(3, 1, 0x20, 2); got != 2 {
				h.t.Errorf("got status %d", got)
			}
		}},
		"no route": {zwavesim.Fault{Kind: zwavesim.NoRoute}, func(h *host, _ *zwavesim.Contact) {
			if got := h.send(3, 1, 0x20, 2); got != 1 {
				h.t.Errorf("got status %d", got)
			}
		}},
		"trickle": {zwavesim.Fault{Kind: zwavesim.Trickle, For: 3 * time.Millisecond}, func(h *host, door *zwavesim.Contact) {
			began := time.Now()
			door.Open()
			h.wantReport(2, opened...)
			if got, want := time.Since(began), 18*3*time.Millisecond; got != want {
				h.t.Errorf("got a frame in %s, want %s", got, want)
			}
		}},
		"split": {zwavesim.Fault{Kind: zwavesim.Split}, func(h *host, door *zwavesim.Contact) {
			door.Open()
			h.wantReport(2, opened...)
			h.ask(0x07)
		}},
		"mute": {zwavesim.Fault{Kind: zwavesim.Mute}, func(h *host, door *zwavesim.Contact) {
			door.Open()
			h.write(frame(0, 0x08)...)
			h.wantSilence(time.Minute)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := zwavesim.New(zwavesim.Options{})
				door, plug := s.NewContact(zwavesim.Make{}), s.NewPlug(zwavesim.Make{})
				s.Place(door, plug)
				h := attach(t, s)
				s.Inject(c.fault)
				c.do(h, door)
				clean(t, s)
				switch c.fault.Kind {
				case zwavesim.Trickle, zwavesim.Split, zwavesim.Mute:
					s.Heal()
				default:
				}
				if n := s.Faults(); n != 0 {
					t.Errorf("%d faults never happened", n)
				}
			})
		})
	}
}

// What a host that does the wrong thing is blamed for.
func TestFaultsBlame(t *testing.T) {
	for name, c := range map[string]struct {
		kind   zwavesim.Kind
		answer byte
		want   string
	}{
		"ACK for a wrong checksum": {zwavesim.BadChecksum, ack, "wrong checksum"},
		"ACK for half a frame":     {zwavesim.HalfFrame, ack, "half a frame"},
		"NAK for half a frame":     {zwavesim.HalfFrame, nak, "dropped in silence"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := zwavesim.New(zwavesim.Options{})
				door := s.NewContact(zwavesim.Make{})
				s.Place(door)
				h := attach(t, s)
				s.Inject(zwavesim.Fault{Kind: c.kind})
				door.Open()
				synctest.Wait()
				h.write(c.answer)
				synctest.Wait()
				wantViolation(t, s, c.want)
			})
		})
	}
}

// A frame of the host that crosses a report gets CAN, and that is nobody's fault.
func TestCollision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{})
		door := s.NewContact(zwavesim.Make{})
		s.Place(door)
		h := attach(t, s)
		door.Open()
		report := h.next()
		h.write(frame(0, 0x15)...)
		h.want(can)
		h.write(ack)
		h.ask(0x15)
		clean(t, s)
		if report[3] != 0x04 {
			t.Errorf("got % x", report)
		}
	})
}

func TestReenumerate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{})
		s.Inject(zwavesim.Fault{Kind: zwavesim.Reenumerate, For: 2 * time.Second})
		h := attach(t, s)
		h.write(frame(0, 0x08)...)
		for range h.in { // until it hangs up
		}
		began := time.Now()
		if err := s.Until(t.Context(), s.Plugged); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d != 2*time.Second {
			t.Errorf("back after %s", d)
		}
		attach(t, s).ask(0x15)
		clean(t, s)
	})
}
