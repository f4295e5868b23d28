package hub

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"gatehouse/hub/box"
	"gatehouse/hub/health"
	"gatehouse/hub/home/supervision"
	"gatehouse/storage"
)

// Box is what the hub reads of the machine that it runs on. What is not given
// is read from the kernel.
type Box struct {
	Power  string                           // folder of power supplies
	Synced func() (bool, error)             // whether a time service sets the clock
	Free   func(path string) (int64, error) // bytes that may still be written
	Wall   func() time.Time                 // what its clock shows
}

func (b *Box) fill() {
	if b.Power == "" {
		b.Power = box.PowerDir
	}
	if b.Synced == nil {
		b.Synced = box.ClockSynced
	}
	if b.Free == nil {
		b.Free = box.DiskFree
	}
	if b.Wall == nil {
		b.Wall = time.Now
	}
}

// Figures of the box, ours.
const (
	boxEvery      = 10 * time.Second
	batteryLow    = 15               // percent
	batteryShort  = 30 * time.Minute // that it lasts
	syncPatience  = 10 * time.Minute // after a start
	diskLow       = 100 << 20        // bytes; a year of journal takes less
	diskWellAgain = 150 << 20
)

// earliest is before any honest clock: when the hub was built, as far as that
// is known.
var earliest = sync.OnceValue(func() time.Time {
	floor := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return floor
	}
	for _, s := range info.Settings {
		if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil && at.After(floor) {
			return at
		}
	}
	return floor
})

// watchBox watches how the hub is fed, its clock and its disk.
func (h *Hub) watchBox(ctx context.Context) error {
	clock := supervision.Clock{Earliest: earliest()}
	tick := time.NewTicker(boxEvery)
	defer tick.Stop()
	for {
		h.watchPower()
		h.watchClock(&clock, time.Since(h.started), h.o.Box.Wall())
		h.watchDisk()
		h.watchJournal()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (h *Hub) watchPower() {
	s, err := box.ReadPower(h.o.Box.Power)
	if err != nil {
		h.log.Debug("power supplies not read", "err", err)
		return
	}
	var said []string
	if s.Percent >= 0 {
		said = append(said, fmt.Sprintf("%d %% left", s.Percent))
	}
	if s.Left > 0 {
		said = append(said, "about "+spell(s.Left))
	}
	left := strings.Join(said, ", ")
	lost := s.Lost && s.Battery
	low := lost && (s.Percent >= 0 && s.Percent <= batteryLow || s.Left > 0 && s.Left <= batteryShort)
	text := ""
	if left != "" {
		text = ": " + left
	}
	h.board.Set(lost, health.MainsLost, "", text)
	h.board.Set(low, health.HubBatteryLow, "", left)
}

// spell says a time as a person would.
func spell(d time.Duration) string {
	switch {
	case d < 90*time.Minute:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	default:
		return fmt.Sprintf("%d hours", int(d.Round(time.Hour).Hours()))
	}
}

func (h *Hub) watchClock(clock *supervision.Clock, running time.Duration, wall time.Time) {
	wrong := clock.Tell(running, wall)
	h.board.Set(wrong != "", health.ClockWrong, "", wrong)
	synced, err := h.o.Box.Synced()
	if err != nil {
		h.log.Debug("clock not asked", "err", err)
		return
	}
	h.board.Set(!synced && running >= syncPatience, health.ClockUnsynced, "")
}

func (h *Hub) watchDisk() {
	free, err := h.o.Box.Free(h.o.Config.Data)
	switch {
	case err != nil:
		h.log.Debug("disk not asked", "err", err)
	case free < diskLow:
		h.board.Raise(health.DiskLow, "", fmt.Sprintf("%d MiB", free>>20))
	case free >= diskWellAgain:
		h.board.Clear(health.DiskLow, "")
	}
}

// watchJournal keeps the number of lines that wait for the disk true: the journal
// tells when it falls behind, not how far by now.
func (h *Hub) watchJournal() {
	f, bad := h.journal.Fault()
	if !bad || f.Kind != storage.FaultWriting {
		return
	}
	h.storageFault(f, true)
	if _, bad := h.journal.Fault(); !bad { // it came right meanwhile, and said so before
		h.storageFault(f, false)
	}
}
