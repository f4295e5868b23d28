package zwavesim_test

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zwave/zwavesim"
)

func TestStartUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{HomeID: 0x01020304})
		s.Place(s.NewContact(zwavesim.Make{}), s.NewSiren(zwavesim.Make{}))
		h := attach(t, s)
		h.write(nak)
		h.write(frame(0, 0x08)...)
		h.want(ack)
		if b := h.frame(); b[3] != 0x0a {
			t.Fatalf("got % x, want started", b)
		}
		if got := h.ask(0x15); !bytes.Equal(got, []byte("Z-Wave 7.19\x00\x01")) {
			t.Errorf("version: got %q", got)
		}
		if got := h.ask(0x20); !bytes.Equal(got, []byte{1, 2, 3, 4, 1}) {
			t.Errorf("home id: got % x", got)
		}
		caps := h.ask(0x07)
		for _, fn := range []byte{0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x0a, 0x0b, 0x13, 0x15, 0x16, 0x20, 0x41, 0x49, 0x4a, 0x4b, 0x54, 0x56, 0x60, 0x61, 0x62} {
			if caps[8+(fn-1)/8]&(1<<((fn-1)%8)) == 0 {
				t.Errorf("function %#02x is not in the bitmap", fn)
			}
		}
		if caps := h.ask(0x05); caps[0]&0x10 != 0 {
			t.Errorf("a fresh stick is SUC already: %#02x", caps[0])
		}
		if got := h.ask(0x54, 1, 1, 0, 1, 9); got[0] != 1 {
			t.Errorf("set SUC: got % x", got)
		}
		if got := h.ask(0x56); got[0] != 1 {
			t.Errorf("SUC: got % x", got)
		}
		if got := h.ask(0x06, 100, 15); len(got) != 2 {
			t.Errorf("timeouts: got % x", got)
		}
		h.write(frame(0, 0x03, 1, 2, 1, 1, 0x5e)...)
		h.want(ack)
		init := h.ask(0x02)
		if !bytes.Equal(init[2:4], []byte{29, 0x07}) {
			t.Errorf("nodes: got % x", init)
		}
		if got := h.ask(0x41, 2); got[0]&0x80 != 0 || got[4] != 0x07 {
			t.Errorf("protocol info of a contact: got % x", got)
		}
		if got := h.ask(0x41, 3); got[0]&0x80 == 0 || got[4] != 0x10 || got[5] != 0x05 {
			t.Errorf("protocol info of a siren: got % x", got)
		}
		if got := h.ask(0x0b, 0x80, 2); got[0] != 0x80 || got[1] != 1 {
			t.Errorf("16-bit ids: got % x", got)
		}
		if got := h.ask(0x20); !bytes.Equal(got, []byte{1, 2, 3, 4, 0, 1}) {
			t.Errorf("home id with 16-bit ids: got % x", got)
		}
		clean(t, s)
	})
}

func TestReportsReachTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{})
		door := s.NewContact(zwavesim.Make{BinarySensor: true})
		hall := s.NewMotion(zwavesim.Make{})
		sink := s.NewLeak(zwavesim.Make{})
		pad := s.NewKeypad(zwavesim.Make{})
		loft := s.NewSmoke(zwavesim.Make{})
		s.Place(door, hall, sink, pad, loft)
		h := attach(t, s)
		door.Open()
		h.wantReport(2, 0x71, 5, 0, 0, 0, 0xff, 6, 0x16, 0)
		h.wantReport(2, 0x30, 3, 0xff, 0x0a)
		door.Open() // it is open
		door.Close()
		h.wantReport(2, 0x71, 5, 0, 0, 0, 0xff, 6, 0x17, 0)
		h.wantReport(2, 0x30, 3, 0, 0x0a)
		hall.Walk()
		h.wantReport(3, 0x71, 5, 0, 0, 0, 0xff, 7, 8, 0)
		hall.Still()
		h.wantReport(3, 0x71, 5, 0, 0, 0, 0xff, 7, 0, 1, 8)
		sink.Spill()
		h.wantReport(4, 0x71, 5, 0, 0, 0, 0xff, 5, 2, 0)
		door.Tamper(true)
		h.wantReport(2, 0x71, 5, 0, 0, 0, 0xff, 7, 3, 0)
		pad.Enter("1234", zwavesim.KeyDisarm)
		h.wantReport(5, 0x6f, 1, 1, 2, 3, 4, '1', '2', '3', '4')
		pad.Enter("", zwavesim.KeyPanic)
		h.wantReport(5, 0x6f, 1, 2, 0, 0x12, 0)
		loft.Fill()
		h.wantReport(6, 0x71, 5, 0, 0, 0, 0xff, 1, 2, 0)
		loft.SetBattery(3)
		h.wantReport(6, 0x80, 3, 0xff)
		door.TakeBattery()
		door.Open()
		h.wantSilence(time.Minute)
		if !door.IsOpen() || !hall.Awake() == false {
			t.Error("the door is not open without its battery, or a sleeper is awake")
		}
		clean(t, s)
	})
}

func TestSirenSounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{})
		siren := s.NewSiren(zwavesim.Make{})
		plain := s.NewSiren(zwavesim.Make{Plain: true, Slow: true})
		plug := s.NewPlug(zwavesim.Make{})
		s.Place(siren, plain, plug)
		h := attach(t, s)

		// Sound Switch, confirmed.
		if st := h.send(2, 1, 0x6c, 1, 5, 3, 0x79, 8, 0xff); st != 0 {
			t.Errorf("status %d", st)
		}
		h.wantReport(2, 0x25, 3, 0xff, 0xff, 0)
		h.wantReport(2, 0x79, 0x0a, 1, 100)
		h.wantReport(2, 0x6c, 2, 5, 0xff, 0)
		if !siren.Sounding() || siren.Tone() != 1 {
			t.Error("the siren is silent")
		}
		// The same session again is not carried out again, but answered.
		h.send(2, 2, 0x6c, 1, 5, 3, 0x79, 8, 0xff)
		h.wantReport(2, 0x6c, 2, 5, 0xff, 0)
		h.send(2, 3, 0x79, 8, 0)
		h.wantReport(2, 0x25, 3, 0, 0, 0)
		h.wantReport(2, 0x79, 0x0a, 0, 100)
		if siren.Sounding() {
			t.Error("the siren sounds")
		}

		// Binary Switch, working and then done.
		h.send(3, 4, 0x6c, 1, 6, 3, 0x25, 1, 0xff)
		h.wantReport(3, 0x25, 3, 0xff, 0xff, 0)
		h.wantReport(3, 0x6c, 2, 0x86, 0x01, 1)
		h.wantReport(3, 0x6c, 2, 6, 0xff, 0)
		// A command that it does not know.
		h.send(3, 5, 0x6c, 1, 7, 3, 0x79, 8, 0xff)
		h.wantReport(3, 0x6c, 2, 7, 0, 0)
		if !plain.Sounding() || plain.Ignored() != 1 {
			t.Error("the plain siren is silent, or knows Sound Switch")
		}
		// Basic.
		h.send(4, 6, 0x20, 1, 0xff)
		h.wantReport(4, 0x25, 3, 0xff, 0xff, 0)
		if !plug.On() {
			t.Error("the plug is off")
		}
		clean(t, s)
	})
}

func TestSleepers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		door := s.NewContact(zwavesim.Make{})
		pad := s.NewKeypad(zwavesim.Make{})
		s.Place(door, pad)
		h := attach(t, s)
		began := time.Now()
		if st := h.send(2, 1, 0x80, 2); st != 1 || time.Since(began) != zwavesim.Real().Lost {
			t.Errorf("a sleeper: got status %d after %s", st, time.Since(began))
		}
		if got := h.ask(0x62, 2); got[0] != 1 {
			t.Error("it is not listed as failed")
		}
		began = time.Now()
		if st := h.send(3, 2, 0x80, 2); st != 0 || time.Since(began) < time.Second {
			t.Errorf("a beamed node: got status %d after %s", st, time.Since(began))
		}
		h.wantReport(3, 0x80, 3, 100)

		door.WakeUp()
		h.wantReport(2, 0x84, 7)
		if st := h.send(2, 3, 0x80, 2); st != 0 {
			t.Errorf("awake: got status %d", st)
		}
		h.wantReport(2, 0x80, 3, 100)
		h.send(2, 4, 0x84, 4, 0, 0x0e, 0x10, 1) // an hour
		h.send(2, 5, 0x84, 5)
		h.wantReport(2, 0x84, 6, 0, 0x0e, 0x10, 1)
		h.send(2, 6, 0x84, 8)
		if st := h.send(2, 7, 0x80, 2); st != 1 {
			t.Errorf("sent to sleep: got status %d", st)
		}
		set := time.Now()
		time.Sleep(59 * time.Minute)
		h.wantReport(2, 0x84, 7)
		if d := time.Since(set); d < 59*time.Minute || d > 61*time.Minute {
			t.Errorf("woke up after %s", d)
		}
		clean(t, s)
	})
}

func TestSupervisedReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{})
		door := s.NewContact(zwavesim.Make{Supervised: true})
		s.Place(door)
		h := attach(t, s)
		report := []byte{0x71, 5, 0, 0, 0, 0xff, 6, 0x16, 0}
		door.Open()
		h.wantReport(2, append([]byte{0x6c, 1, 1, 9}, report...)...)
		door.WakeUp()
		h.wantReport(2, 0x84, 7)
		h.send(2, 1, 0x6c, 2, 1, 0xff, 0)
		h.wantSilence(10 * time.Second)
		door.Close()
		for range 3 { // not confirmed: again
			if got := h.report(2); !bytes.Equal(got[:4], []byte{0x6c, 1, 2, 9}) {
				t.Errorf("got % x", got)
			}
		}
		h.wantSilence(10 * time.Second)
		if door.Unheard() != 1 {
			t.Errorf("unheard: got %d, want 1", door.Unheard())
		}
	})
}

func TestJoinAndLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		door := s.NewContact(zwavesim.Make{Name: "Front door"})
		plug := s.NewPlug(zwavesim.Make{})
		s.Place(plug)
		h := attach(t, s)
		door.Open()
		h.wantSilence(time.Second) // in no network
		h.write(frame(0, 0x4a, 0xc1, 7)...)
		h.want(ack)
		h.want(frame(0, 0x4a, 7, 1, 0, 0)...)
		h.write(ack)
		door.Press()
		plug.Press() // another one at the same time does not disturb
		h.want(frame(0, 0x4a, 7, 2, 0, 0)...)
		h.write(ack)
		got := h.frame()
		if got[3] != 0x4a || got[5] != 3 || got[6] != 3 || got[8] != 4 || got[9] != 0x07 {
			t.Fatalf("got % x, want end node 3", got)
		}
		if got := h.frame(); got[3] != 0x49 || got[5] != 2 {
			t.Fatalf("got % x, want the plug's update", got)
		}
		if got := h.frame(); got[3] != 0x4a || got[5] != 5 {
			t.Fatalf("got % x, want protocol done", got)
		}
		h.write(frame(0, 0x4a, 0x05, 8)...)
		h.want(ack)
		if got := h.frame(); got[3] != 0x4a || got[4] != 8 || got[5] != 6 || got[6] != 3 {
			t.Fatalf("got % x, want done", got)
		}
		h.write(frame(0, 0x4a, 0x05, 0)...)
		h.want(ack)
		if door.ID() != 3 || len(s.Wings()) != 0 {
			t.Errorf("the door is node %d", door.ID())
		}
		door.Close()
		h.wantSilence(time.Second) // no lifeline yet
		if st := h.send(3, 1, 0x85, 1, 1, 1); st != 0 {
			t.Fatalf("not awake after joining: %d", st)
		}
		if !slices.Equal(door.Lifeline(), []uint16{1}) {
			t.Errorf("lifeline: got %v", door.Lifeline())
		}
		door.Open()
		h.wantReport(3, 0x71, 5, 0, 0, 0, 0xff, 6, 0x16, 0)

		h.write(frame(0, 0x4b, 0x01, 9)...)
		h.want(ack)
		h.want(frame(0, 0x4b, 9, 1, 0, 0)...)
		h.write(ack)
		door.Press()
		h.want(frame(0, 0x4b, 9, 2, 0, 0)...)
		h.write(ack)
		if got := h.frame(); got[3] != 0x4b || got[5] != 3 || got[6] != 3 {
			t.Fatalf("got % x, want removing 3", got)
		}
		if got := h.frame(); got[3] != 0x4b || got[5] != 6 || got[6] != 3 {
			t.Fatalf("got % x, want done 3", got)
		}
		h.write(frame(0, 0x4b, 0x05, 0)...)
		h.want(ack)
		if door.ID() != 0 || len(s.Nodes()) != 1 {
			t.Errorf("the door is node %d still", door.ID())
		}
		plug.Press() // outside joining: says what it is
		if got := h.frame(); got[3] != 0x49 || got[4] != 0x84 || got[5] != 2 {
			t.Errorf("got % x, want an update of node 2", got)
		}
		clean(t, s)
	})
}

func TestRemoveFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{})
		plug := s.NewPlug(zwavesim.Make{})
		s.Place(plug)
		h := attach(t, s)
		if got := h.ask(0x61, 2, 1); got[0] == 0 {
			t.Error("a node that answers is removed")
		}
		plug.TakeBattery()
		if st := h.send(2, 2, 0x20, 2); st != 1 {
			t.Errorf("status %d", st)
		}
		if got := h.ask(0x61, 2, 3); got[0] != 0 {
			t.Errorf("got % x", got)
		}
		h.want(frame(0, 0x61, 3, 1)...)
		h.write(ack)
		synctest.Wait()
		if len(s.Nodes()) != 0 {
			t.Error("still there")
		}
		clean(t, s)
	})
}

func TestUnplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{})
		door := s.NewContact(zwavesim.Make{})
		s.Place(door)
		h := attach(t, s)
		s.Unplug()
		synctest.Wait()
		if _, ok := <-h.in; ok {
			t.Error("the pipe is open")
		}
		door.Open()
		if s.Lost() != 1 || s.Plugged() || s.Attached() {
			t.Errorf("lost %d, plugged %v, attached %v", s.Lost(), s.Plugged(), s.Attached())
		}
		s.Plug()
		h = attach(t, s)
		door.Close()
		h.wantReport(2, 0x71, 5, 0, 0, 0, 0xff, 6, 0x17, 0)
		clean(t, s)
	})
}

// Each rule that a host can break.
func TestViolations(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(h *host)
		want string
	}{
		"no ACK": {func(h *host) {
			h.write(frame(0, 0x20)...)
			h.want(ack)
			began := time.Now()
			a, b, c := h.next(), h.next(), h.next()
			if !bytes.Equal(a, b) || !bytes.Equal(b, c) || time.Since(began) != 3200*time.Millisecond {
				h.t.Errorf("got % x, % x, % x in %s", a, b, c, time.Since(began))
			}
			h.wantSilence(10 * time.Second)
		}, "no ACK for frame"},
		"command before response": {func(h *host) {
			h.write(frame(0, 0x20)...)
			h.want(ack)
			h.next()
			h.write(frame(0, 0x15)...)
			h.want(can)
		}, "before the response"},
		"command before callback": {func(h *host) {
			if got := h.ask(0x13, 2, 2, 0x20, 2, 0x25, 1); got[0] != 1 {
				h.t.Errorf("got % x", got)
			}
			if got := h.ask(0x13, 2, 2, 0x20, 2, 0x25, 2); got[0] != 0 {
				h.t.Errorf("a second SendData: got % x, want a refusal", got)
			}
		}, "before the callback"},
		"no callback id":   {func(h *host) { h.ask(0x13, 2, 2, 0x20, 2, 0x25, 0) }, "without a callback id"},
		"no ACK asked for": {func(h *host) { h.ask(0x13, 2, 2, 0x20, 2, 0x00, 1) }, "20 02 without asking for an ACK"},
		"unknown function": {func(h *host) { h.write(frame(0, 0xdb)...); h.want(ack); h.wantSilence(time.Minute) }, "function 0xdb is not among"},
		"cut short":        {func(h *host) { h.ask(0x41) }, "cut short"},
		"CAN":              {func(h *host) { h.write(can) }, "only a stick sends it"},
		"ACK for nothing":  {func(h *host) { h.ask(0x15); h.write(ack) }, "ACK while no frame"},
		"stray byte":       {func(h *host) { h.write(0x42) }, "stray byte 0x42"},
		"length":           {func(h *host) { h.write(0x01, 0x02) }, "length 2"},
		"response":         {func(h *host) { h.write(frame(1, 0x20)...) }, "requests only"},
		"half frame":       {func(h *host) { h.write(0x01, 0x09, 0x00); time.Sleep(2 * time.Second) }, "stopped half way"},
		"joining while open": {func(h *host) {
			h.write(frame(0, 0x4a, 1, 1)...)
			h.want(ack)
			h.frame()
			h.write(frame(0, 0x4b, 1, 2)...)
		}, "while it is open"},
		"joining without id": {func(h *host) { h.write(frame(0, 0x4a, 1, 0)...) }, "without a callback id"},
		"joining mode":       {func(h *host) { h.write(frame(0, 0x4a, 0x49, 1)...) }, "in mode 0x49"},
		"too long":           {func(h *host) { h.ask(0x13, append(append([]byte{2, 47}, make([]byte, 47)...), 0x25, 1)...) }, "at most 46"},
		"wrong checksum":     {func(h *host) { b := frame(0, 0x20); b[4] ^= 1; h.write(b...); h.want(nak) }, "wrong checksum"},
		"NAK for a good one": {func(h *host) {
			h.write(nak) // clears the line, once
			h.write(frame(0, 0x20)...)
			h.want(ack)
			h.next()
			h.write(nak)
			h.next()
			h.write(ack)
		}, "NAK for a good frame"},
		"again too early": {func(h *host) {
			b := frame(0, 0x15)
			h.write(b...)
			time.Sleep(time.Second)
			h.write(b...)
			h.want(ack)
		}, "sent again after 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
				s.Place(s.NewPlug(zwavesim.Make{}))
				if name == "again too early" {
					s.Inject(zwavesim.Fault{Kind: zwavesim.LoseFrame})
				}
				h := attach(t, s)
				c.do(h)
				synctest.Wait()
				wantViolation(t, s, c.want)
				if n := len(s.Violations()); n != 1 {
					t.Errorf("got %d violations, want 1: %q", n, s.Violations())
				}
			})
		})
	}
}

// A key for help wants to be held: 1.9 s are nothing, 2.0 s are a report, and
// holding on is none the more.
func TestKeysForHelpAreHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{})
		pad := s.NewKeypad(zwavesim.Make{})
		s.Place(pad)
		h := attach(t, s)
		pad.Down(zwavesim.KeyFire)
		time.Sleep(1900 * time.Millisecond)
		pad.Up(zwavesim.KeyFire)
		time.Sleep(time.Minute)
		pad.Down(zwavesim.KeyPanic)
		pad.Down(zwavesim.KeyPanic)
		time.Sleep(2 * time.Second)
		h.wantReport(2, 0x6f, 1, 1, 0, 0x12, 0) // the first of all: the fire key said nothing
		time.Sleep(time.Minute)
		pad.Up(zwavesim.KeyPanic)
		pad.Enter("", zwavesim.KeyCancel)
		h.wantReport(2, 0x6f, 1, 2, 0, 0x19, 0)
		clean(t, s)
	})
}

// A keypad counts a delay down by itself and puts it out at its end.
func TestKeypadCountsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{})
		pad := s.NewKeypad(zwavesim.Make{})
		s.Place(pad)
		h := attach(t, s)
		// Exit delay: on, 1 minute, 15 seconds; and the chime once, at volume 70.
		h.send(2, 1, 0x87, 0x01, 0, 4, 0x12, 1, 99, 0x12, 6, 1, 0x12, 7, 15, 0x63, 9, 70)
		if left := pad.Left(zwavesim.IndicatorExit); !pad.Lit(zwavesim.IndicatorExit) || left != 75*time.Second || pad.Muted(zwavesim.IndicatorExit) {
			t.Errorf("the exit delay: %v left, lights %v, want 75 s", left, pad.Lights())
		}
		if first, second := pad.Heard(), pad.Heard(); first != zwavesim.IndicatorChime || second != 0 || pad.Lit(zwavesim.IndicatorChime) {
			t.Errorf("heard %#x, then %#x, want the chime once", first, second)
		}
		time.Sleep(74 * time.Second)
		if left := pad.Left(zwavesim.IndicatorExit); left != time.Second {
			t.Errorf("after 74 s: %v left, want 1 s", left)
		}
		h.send(2, 2, 0x87, 0x01, 0, 1, 0x12, 9, 0)
		if !pad.Muted(zwavesim.IndicatorExit) {
			t.Error("it is not muted")
		}
		time.Sleep(time.Second)
		if pad.Lit(zwavesim.IndicatorExit) || pad.Left(zwavesim.IndicatorExit) != 0 {
			t.Errorf("after 75 s: lights %v, want none", pad.Lights())
		}
		h.send(2, 3, 0x87, 0x01, 0, 2, 0x0b, 1, 99, 0x0b, 7, 30)
		h.send(2, 4, 0x87, 0x01, 0, 1, 0x0b, 1, 0)
		if pad.Lit(zwavesim.IndicatorAway) || pad.Left(zwavesim.IndicatorAway) != 0 {
			t.Errorf("put out: lights %v, want none", pad.Lights())
		}
		clean(t, s)
	})
}
