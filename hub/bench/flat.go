package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"syscall"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/home/registry"
	"gatehouse/storage"
)

// flat measures what a report costs the rooms behind the radio (registry,
// journal, panel, both databases) as the house and its past grow.
func flat(ctx context.Context, r *run) error {
	count, rounds := 4000, 5
	pasts := []int{1_000, 10_000, 100_000, 1_000_000}
	if r.short {
		count, rounds, pasts = 1000, 2, pasts[:3]
	}
	var rows [][]string
	var first time.Duration
	for _, n := range []int{10, 100, 1000} {
		r.say("flat: %d devices", n)
		cost, err := rooms(ctx, n, 0, count, rounds)
		if err != nil {
			return err
		}
		if first == 0 {
			first = cost.inlet
		}
		rows = append(rows, cost.row(fmt.Sprintf("%d devices, no events", n), first))
	}
	first = 0
	for _, past := range pasts {
		r.say("flat: %d events", past)
		cost, err := rooms(ctx, 50, past, count, rounds)
		if err != nil {
			return err
		}
		if first == 0 {
			first = cost.inlet
		}
		rows = append(rows, cost.row(fmt.Sprintf("50 devices, %d events written before", past), first))
	}
	r.table("Cost of a report", []string{"", "report until the panel has judged it, median", "÷ first", "CPU per report, all written", "a page of 50 events"}, rows)
	return nil
}

// cost is what a report takes.
type cost struct {
	inlet time.Duration // of the caller: state, number, panel, bus
	cpu   time.Duration // of the process, until all is on disk
	page  time.Duration
}

func (c cost) row(name string, first time.Duration) []string {
	return []string{name, fmt.Sprintf("%.1f µs", float64(c.inlet)/1e3), ratio(c.inlet, first), fmt.Sprintf("%.1f µs", float64(c.cpu)/1e3), ms(c.page)}
}

type deviceStore struct {
	db    *storage.DB
	table *storage.Table[home.Device]
}

func (s deviceStore) Put(devices ...home.Device) error {
	return s.db.Update(func(tx *storage.Tx) error {
		for _, d := range devices {
			if err := s.table.PutTx(tx, string(d.ID), d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s deviceStore) Delete(id home.DeviceID) error { return s.table.Delete(string(id)) }
func (s deviceStore) All() ([]home.Device, error)   { return nil, nil }

type panelStore struct{ cell *storage.Cell[alarm.Panel] }

func (s panelStore) Load() (alarm.Panel, bool, error) { return s.cell.Load() }
func (s panelStore) Save(p alarm.Panel) error         { return s.cell.Save(p) }

type silent struct{}

func (silent) Sound(alarm.Sound) {}

func (silent) Ask(home.Command, func(error)) error { return nil }

// rooms builds the rooms with n devices, each watched by a zone, and past
// journal lines, and has count reports come in, rounds times.
func rooms(ctx context.Context, n, past, count, rounds int) (cost, error) {
	dir, clean, err := scratch("flat")
	if err != nil {
		return cost{}, err
	}
	defer clean()
	log := slog.New(slog.DiscardHandler)
	db, err := storage.Open(filepath.Join(dir, "home.db"), storage.Options{Log: log})
	if err != nil {
		return cost{}, err
	}
	defer db.Close()
	j, err := journal.Open(journal.Options{Path: filepath.Join(dir, "journal.db"), Log: log})
	if err != nil {
		return cost{}, err
	}
	defer j.Close()
	g, err := guard.Open(guard.Options{
		Store: panelStore{storage.NewCell[alarm.Panel](db, "panel")}, Journal: j, Siren: silent{}, CodeKey: make([]byte, 32), Log: log,
	})
	if err != nil {
		return cost{}, err
	}
	reg, err := registry.Open(registry.Options{Store: deviceStore{db, storage.NewTable[home.Device](db, "devices")}, Journal: j, Panel: g, Sirens: silent{}, Log: log})
	if err != nil {
		return cost{}, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 3)
	for _, run := range []func(context.Context) error{j.Run, g.Run, reg.Run} {
		go func() { ended <- run(running) }()
	}
	defer func() {
		stop()
		for range 3 {
			<-ended
		}
	}()
	id := func(i int) home.DeviceID { return home.DeviceID(fmt.Sprintf("zwave-%d", i%n+2)) }
	for i := range n {
		reg.Introduce(home.Device{
			ID: id(i), Name: fmt.Sprintf("Window %d", i), Radio: "zwave", Health: home.HealthOK,
			Traits: map[home.Trait]home.State{home.Contact: {}, home.Battery: {}},
		})
		z := home.Zone{
			ID: home.ZoneID(fmt.Sprintf("window-%d", i)), Name: fmt.Sprintf("Window %d", i), Device: id(i), Trait: home.Contact,
			Kind: home.ZonePerimeter, Modes: home.Modes,
		}
		if err := g.PutZone(ctx, z, "bench"); err != nil {
			return cost{}, err
		}
		// What has not been heard counts as open; see timeReports.
		reg.Report(home.Reading{Device: id(i), Trait: home.Contact, Value: home.Closed, At: time.Now()})
	}
	const batch = 20_000
	for done := 0; done < past; done += batch {
		addLines(j, min(batch, past-done))
		if err := j.Flush(ctx); err != nil {
			return cost{}, err
		}
	}
	return timeReports(ctx, reg, j, id, count, rounds)
}

func timeReports(ctx context.Context, reg *registry.Registry, j *journal.Journal, id func(int) home.DeviceID, count, rounds int) (cost, error) {
	var c cost
	var inlets, cpus, pages []time.Duration
	for round := range rounds {
		before := ownCPU()
		var took []time.Duration
		for i := range count {
			// Each window is opened and closed again: a list of what is open is part of
			// the picture that every face shows, and no home has half of its windows open.
			v := home.Open
			if i%2 == 1 {
				v = home.Closed
			}
			began := time.Now()
			reg.Report(home.Reading{Device: id(i/2 + round), Trait: home.Contact, Value: v, At: began})
			took = append(took, time.Since(began))
			if i%100 == 99 { // as fast as a stick could, and not faster
				sleep(ctx, 10*time.Millisecond)
			}
		}
		if err := j.Flush(ctx); err != nil {
			return c, err
		}
		inlets = append(inlets, quantile(took, .5))
		cpus = append(cpus, (ownCPU()-before)/time.Duration(count))
		for range 20 {
			began := time.Now()
			if _, _, err := j.Page(journal.Query{Limit: 50}); err != nil {
				return c, err
			}
			pages = append(pages, time.Since(began))
		}
	}
	c.inlet, c.cpu, c.page = quantile(inlets, .5), quantile(cpus, .5), quantile(pages, .5)
	return c, nil
}

// ownCPU is the CPU time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
