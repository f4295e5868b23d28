package sirens_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/alarm/sirens"
	"gatehouse/hub/home"
)

// house has two sirens and notes what they were told and when.
type house struct {
	start time.Time
	mu    sync.Mutex
	told  []string
	done  []func(error)
	err   map[home.DeviceID]error // answered at once; absent: no answer yet
	fault map[home.DeviceID]bool
}

func (h *house) WithTrait(home.Trait) []home.DeviceID { return []home.DeviceID{"zwave-7", "zwave-8"} }

func (h *house) Tell(cmd home.Command, done func(error)) {
	h.mu.Lock()
	h.told = append(h.told, fmt.Sprintf("%v %s %s", time.Since(h.start), cmd.Device, cmd.Value))
	err, ok := h.err[cmd.Device]
	if !ok {
		h.done = append(h.done, done)
	}
	h.mu.Unlock()
	if ok {
		done(err)
	}
}

func (h *house) SirenSilent(id home.DeviceID, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fault[id] = err != nil
}

func (h *house) list() []string { h.mu.Lock(); defer h.mu.Unlock(); return h.told }

func play(t *testing.T, f func(t *testing.T, h *house, s *sirens.Sirens)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &house{start: time.Now(), err: map[home.DeviceID]error{}, fault: map[home.DeviceID]bool{}}
		s := sirens.New(h, h, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		f(t, h, s)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestEverySirenIsToldOnceAndAtOnce(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.err["zwave-7"], h.err["zwave-8"] = nil, nil
		s.Sound(true)
		s.Sound(true)
		time.Sleep(time.Hour) // virtual
		s.Sound(false)
		want := []string{"0s zwave-7 on", "0s zwave-8 on", "1h0m0s zwave-7 off", "1h0m0s zwave-8 off"}
		if diff := cmp.Diff(h.list(), want); diff != "" {
			t.Errorf("told (-got +want):\n%s", diff)
		}
	})
}

func TestSilentSirenIsToldAgainAndReported(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.err["zwave-7"], h.err["zwave-8"] = nil, errors.New("no answer")
		s.Sound(true)
		time.Sleep(4 * time.Second) // virtual: tried at 0, 1 and 3 s
		h.mu.Lock()
		if !h.fault["zwave-8"] || h.fault["zwave-7"] {
			t.Errorf("faults %v, want only zwave-8", h.fault)
		}
		h.err["zwave-8"] = nil
		h.mu.Unlock()
		time.Sleep(time.Minute) // virtual: confirmed at 7 s, then left alone
		want := []string{"0s zwave-7 on", "0s zwave-8 on", "1s zwave-8 on", "3s zwave-8 on", "7s zwave-8 on"}
		if diff := cmp.Diff(h.list(), want); diff != "" {
			t.Errorf("told (-got +want):\n%s", diff)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.fault["zwave-8"] {
			t.Error("still reported silent after it confirmed")
		}
	})
}

func TestNeverTwoCommandsOnTheirWayToOneSiren(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.err["zwave-7"] = nil
		s.Sound(true)
		s.Sound(false) // zwave-8 has not answered yet: it must wait
		if diff := cmp.Diff(h.list(), []string{"0s zwave-7 on", "0s zwave-8 on", "0s zwave-7 off"}); diff != "" {
			t.Errorf("told (-got +want):\n%s", diff)
		}
		time.Sleep(2 * time.Second)
		h.done[0](nil)
		synctest.Wait()
		if got := h.list()[len(h.list())-1]; got != "2s zwave-8 off" {
			t.Errorf("last told %q, want the newer level right after the answer", got)
		}
	})
}

func TestRadioThatCameBackIsToldAgain(t *testing.T) {
	play(t, func(t *testing.T, h *house, s *sirens.Sirens) {
		h.err["zwave-7"], h.err["zwave-8"] = nil, nil
		s.Again() // nothing was ever wanted
		if n := len(h.list()); n != 0 {
			t.Errorf("told %d times before the panel wanted anything", n)
		}
		s.Sound(true)
		s.Again()
		if n := len(h.list()); n != 4 {
			t.Errorf("told %d times, want each siren twice", n)
		}
	})
}
