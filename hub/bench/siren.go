package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

const (
	devices      = 50     // in every house
	behind       = 10_000 // journal lines that a house has
	stalledEach  = 100    // subscribers, and as many browsers
	sirenTimeout = 5 * time.Second
)

// trial is one condition under which the siren is timed.
type trial struct {
	name   string
	sample []time.Duration // to the siren
	acks   []time.Duration // to the acknowledgement of the report
	cpu    time.Duration   // of the hub
}

// sirens measures report in → siren bytes out.
func sirens(ctx context.Context, r *run) error {
	rounds, each := 4, 60
	if r.short {
		rounds, each = 2, 15
	}
	dir, clean, err := scratch("siren")
	if err != nil {
		return err
	}
	defer clean()

	floor, err := openFloor(ctx)
	if err != nil {
		return fmt.Errorf("floor: %w", err)
	}
	defer floor.close()
	r.say("siren: starting a hub on a good disk")
	good, err := house1(ctx, filepath.Join(dir, "good"), "")
	if err != nil {
		return err
	}
	defer good.close()
	var hanging *house
	hung, derr := mountDisk(mkdir(dir, "slow"))
	if derr == nil {
		defer func() { _ = hung.unmount() }()
		r.say("siren: starting a hub on a disk that can hang")
		if hanging, err = house1(ctx, filepath.Join(dir, "hang"), hung.dir); err != nil {
			return err
		}
		defer hanging.close()
	} else {
		r.say("siren: no disk that hangs: %v", derr)
	}

	if err := hardware(); err != nil {
		r.say("siren: the stick waits behind the hub for a processor: %v", err)
	}
	defer func() { _ = software() }()
	base := &trial{name: "floor: a loop that answers each report"}
	idle := &trial{name: "idle"}
	crowded := &trial{name: fmt.Sprintf("%d MQTT subscribers and %d browsers that never read", stalledEach, stalledEach)}
	stuck := &trial{name: "a disk on which every fsync hangs"}
	if err := good.order("profile"); err != nil {
		return err
	}
	var here, returned int64
	for round := range rounds {
		r.say("siren: round %d of %d", round+1, rounds)
		if err := floor.trips(ctx, base, each); err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		if err := good.trips(ctx, idle, each, nil); err != nil {
			return fmt.Errorf("idle: %w", err)
		}
		c := gather(ctx, good, stalledEach)
		sleep(ctx, 3*time.Second)
		err := good.trips(ctx, crowded, each, nil)
		here, returned = c.attached.Load(), returned+c.returned.Load()
		c.leave()
		if err != nil {
			return fmt.Errorf("stalled: %w", err)
		}
		sleep(ctx, time.Second)
		if hanging != nil {
			if err := hanging.trips(ctx, stuck, each, hung); err != nil {
				return fmt.Errorf("disk: %w", err)
			}
		}
	}
	if err := good.order("profiled"); err != nil {
		return err
	}
	r.say("siren: %d of %d stalled clients attached at the end of the last round; the hub cut off %d and they came back",
		here, 2*stalledEach, returned)
	var rows [][]string
	for _, t := range []*trial{base, idle, crowded, stuck} {
		if len(t.sample) == 0 {
			continue
		}
		beyond := "–"
		if t != base {
			beyond = fmt.Sprintf("%+.2f ms", float64(quantile(t.sample, .99)-quantile(base.sample, .99))/float64(time.Millisecond))
		}
		perTrip := "–"
		if t.cpu > 0 {
			perTrip = ms(t.cpu / time.Duration(len(t.sample)))
		}
		rows = append(rows, []string{
			t.name, fmt.Sprint(len(t.sample)), ms(quantile(t.acks, .5)), ms(quantile(t.sample, .5)), ms(quantile(t.sample, .95)), ms(quantile(t.sample, .99)),
			ratio(quantile(t.sample, .5), quantile(base.sample, .5)), beyond, perTrip,
		})
	}
	r.table("Report in → siren bytes out", []string{
		fmt.Sprintf("%d devices, %d events behind it", devices, behind), "trips", "ACK p50", "p50", "p95", "p99", "p50 ÷ floor", "p99 beyond floor", "CPU per trip (arm to disarm)",
	}, rows)
	return nil
}

func mkdir(dir, name string) string {
	p := filepath.Join(dir, name)
	_ = os.Mkdir(p, 0o700) // the next step says if that failed
	return p
}

// house1 opens a house with its stick in dir and its data in data, or in dir.
func house1(ctx context.Context, dir, data string) (*house, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	s, err := newStickBehindTCP(ctx, 5, devices)
	if err != nil {
		return nil, err
	}
	if data == "" {
		data = dir
	}
	h, err := openHouse(ctx, s, filepath.Join(data, "data"), behind)
	if err != nil {
		s.stop()
	}
	return h, err
}

func (h *house) close() {
	_, _ = h.end()
	h.stop()
}

// trips arms, opens the door and disarms, n times. With a disk, that hangs
// from before the door opens until the siren has been told.
func (h *house) trips(ctx context.Context, t *trial, n int, d *disk) error {
	before := cpu(h.Process.Pid)
	for range n {
		runtime.GC() // none comes by itself: the hub shall not wait for it
		for _, what := range []string{"settle", "arm"} {
			if err := h.order(what); err != nil {
				return err
			}
		}
		if d != nil {
			d.hang()
			h.plug.Turn(!h.plug.On()) // a journal line that cannot be written
			sleep(ctx, 350*time.Millisecond)
		}
		sleep(ctx, time.Duration(20+rand.IntN(40))*time.Millisecond)
		took, err := h.trip(ctx)
		if d != nil {
			d.goOn()
		}
		if err != nil {
			return err
		}
		t.sample, t.acks = append(t.sample, took.siren), append(t.acks, took.ack)
		if err := h.order("disarm"); err != nil {
			return err
		}
		h.doors[0].Close()
		sleep(ctx, 20*time.Millisecond)
	}
	t.cpu += cpu(h.Process.Pid) - before
	return nil
}

// trip opens the door and waits for the command to the siren.
func (s *stick) trip(ctx context.Context) (lap, error) {
	out := s.watch.start()
	s.doors[0].Open()
	timeout := time.NewTimer(sirenTimeout)
	defer timeout.Stop()
	select {
	case d := <-out:
		return d, nil
	case <-ctx.Done():
		return lap{}, ctx.Err()
	case <-timeout.C:
		return lap{}, errors.New("no siren within 5s of the report")
	}
}

// floorRig is the floor on a stick of its own.
type floorRig struct {
	*child
	*stick
}

func openFloor(ctx context.Context) (*floorRig, error) {
	s, err := newStickBehindTCP(ctx, 5, devices)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c, err := startChild(ctx, self, "floor", s.path, string([]byte{byte(s.siren.ID())}))
	if err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return &floorRig{c, s}, s.Until(within, s.Attached)
}

func (f *floorRig) trips(ctx context.Context, t *trial, n int) error {
	for range n {
		runtime.GC()
		sleep(ctx, time.Duration(40+rand.IntN(40))*time.Millisecond)
		took, err := f.trip(ctx)
		if err != nil {
			return err
		}
		t.sample, t.acks = append(t.sample, took.siren), append(t.acks, took.ack)
		sleep(ctx, 20*time.Millisecond)
		f.doors[0].Close()
	}
	return nil
}

func (f *floorRig) close() {
	_, _ = f.end()
	f.stop()
}
