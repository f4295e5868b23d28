package zwavesim_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zwave"
	"gatehouse/zwave/cc"
	"gatehouse/zwave/zwavesim"
)

// drive keeps our driver on the stick until the test ends. In a bubble.
func drive(t *testing.T, s *zwavesim.Stick) *zwave.Controller {
	t.Helper()
	c := zwave.New(zwave.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			here, there := net.Pipe()
			var wg sync.WaitGroup
			wg.Go(func() { _ = s.Serve(ctx, there) })
			_ = c.Run(ctx, here)
			wg.Wait()
			select {
			case <-ctx.Done():
			case <-time.After(250 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return c
}

// settle waits until every node has been interviewed.
func settle(t *testing.T, c *zwave.Controller, n int) {
	t.Helper()
	for range 600 {
		synctest.Wait()
		done := 0
		for _, node := range c.Nodes() {
			if node.Stage == zwave.StageDone {
				done++
			}
		}
		if done == n {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("not interviewed within 10 minutes: %+v", c.Nodes())
}

// How long a siren can be kept from sounding by one mishap of each kind, struck
// by the siren's own command or by a poll that is under way before it.
func TestSirenSoundsInSpiteOf(t *testing.T) {
	const second = time.Second
	for name, c := range map[string]struct {
		fault zwavesim.Fault
		at    time.Duration // at most until it sounds
	}{
		"nothing":                {zwavesim.Fault{}, 50 * time.Millisecond},
		"lost frame":             {zwavesim.Fault{Kind: zwavesim.LoseFrame}, 1800 * time.Millisecond},
		"lost ACK":               {zwavesim.Fault{Kind: zwavesim.LoseACK}, 1800 * time.Millisecond},
		"NAK":                    {zwavesim.Fault{Kind: zwavesim.SendNAK}, 300 * time.Millisecond},
		"CAN":                    {zwavesim.Fault{Kind: zwavesim.SendCAN}, 300 * time.Millisecond},
		"CAN twice":              {zwavesim.Fault{Kind: zwavesim.SendCAN, Times: 2}, 1400 * time.Millisecond},
		"lost ACK of ours":       {zwavesim.Fault{Kind: zwavesim.LoseHostACK}, 1800 * time.Millisecond},
		"wrong checksum":         {zwavesim.Fault{Kind: zwavesim.BadChecksum}, 300 * time.Millisecond},
		"half a frame":           {zwavesim.Fault{Kind: zwavesim.HalfFrame}, 1800 * time.Millisecond},
		"noise":                  {zwavesim.Fault{Kind: zwavesim.Noise}, 50 * time.Millisecond},
		"noise, false start":     {zwavesim.Fault{Kind: zwavesim.Garbage}, 1800 * time.Millisecond},
		"duplicate":              {zwavesim.Fault{Kind: zwavesim.Duplicate}, 50 * time.Millisecond},
		"lost response":          {zwavesim.Fault{Kind: zwavesim.LoseResponse}, 12 * second},
		"late response":          {zwavesim.Fault{Kind: zwavesim.LateResponse, For: 2 * second}, 2100 * time.Millisecond},
		"lost callback":          {zwavesim.Fault{Kind: zwavesim.LoseCallback}, 2 * second},
		"late callback":          {zwavesim.Fault{Kind: zwavesim.LateCallback, For: 8 * second}, 2 * second},
		"report before callback": {zwavesim.Fault{Kind: zwavesim.ReportBeforeCallback}, 50 * time.Millisecond},
		"refused":                {zwavesim.Fault{Kind: zwavesim.Refuse}, 2 * second},
		"jammed":                 {zwavesim.Fault{Kind: zwavesim.Jam}, 1500 * time.Millisecond},
		"no route":               {zwavesim.Fault{Kind: zwavesim.NoRoute}, 3 * second},
	} {
		for _, behind := range []bool{false, true} {
			what := name + ", on its own"
			if behind {
				what = name + ", behind a poll"
			}
			t.Run(what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					radio := zwavesim.Real()
					s := zwavesim.New(zwavesim.Options{Radio: radio})
					siren, plug := s.NewSiren(zwavesim.Make{}), s.NewPlug(zwavesim.Make{})
					s.Place(siren, plug)
					ctl := drive(t, s)
					settle(t, ctl, 2)
					if c.fault.Kind != 0 {
						c.fault.Function = 0
						s.Inject(c.fault)
					}
					began := time.Now()
					if behind {
						ctl.Send(zwave.NodeID(plug.ID()), cc.Bytes(cc.BinarySwitchGet{}), zwave.LanePoll, nil)
						time.Sleep(5 * time.Millisecond)
						began = time.Now()
					}
					ctl.Send(zwave.NodeID(siren.ID()), cc.Bytes(cc.SoundSwitchTonePlaySet{Tone: 0xff}), zwave.LaneSiren, nil)
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					if err := s.Until(ctx, siren.Sounding); err != nil {
						t.Fatal(err)
					}
					d := time.Since(began)
					t.Logf("sounds after %s", d)
					if d > c.at {
						t.Errorf("sounds after %s, want at most %s", d, c.at)
					}
					time.Sleep(time.Minute)
					clean(t, s)
				})
			})
		}
	}
}

// A burglar opens the door and tears the sensor down with the same move: the
// answer that the sensor asked for finds nobody, and must not hold up the siren.
func TestSirenSoundsThoughTheSensorIsSmashed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := zwavesim.New(zwavesim.Options{Radio: zwavesim.Real()})
		door, siren := s.NewContact(zwavesim.Make{Supervised: true}), s.NewSiren(zwavesim.Make{})
		s.Place(door, siren)
		ctl := drive(t, s)
		time.Sleep(time.Second)
		door.WakeUp()
		settle(t, ctl, 2)
		time.Sleep(time.Minute)
		door.Open()
		time.Sleep(zwavesim.Real().Hop - time.Millisecond)
		door.TakeBattery()
		time.Sleep(2 * time.Millisecond) // the report is there, and its answer on its way
		began := time.Now()
		ctl.Send(zwave.NodeID(siren.ID()), cc.Bytes(cc.SoundSwitchTonePlaySet{Tone: 0xff}), zwave.LaneSiren, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Until(ctx, siren.Sounding); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d > 500*time.Millisecond {
			t.Errorf("sounds after %s, want at most 500 ms", d)
		} else {
			t.Logf("sounds after %s", d)
		}
		clean(t, s)
	})
}
