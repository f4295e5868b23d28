package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"gatehouse/hub/home"
)

// supply is how the simulated hub is fed: an adapter and a battery, as folders
// that look as the kernel's do.
type supply struct {
	dir string // "": this family has no hub

	mu      sync.Mutex
	mains   bool
	percent int
}

// What the simulated battery holds and the hub draws.
const (
	batteryFull  = 30_000_000 // µWh
	hubDraws     = 5_000_000  // µW
	batteryDrops = 30         // percent with each drain
)

// feed lets the hub be fed from an adapter, with a full battery behind it.
func (s *supply) feed(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dir, s.mains, s.percent = dir, true, 100
	return s.write()
}

func (s *supply) set(mains bool) error {
	return s.change(func() { s.mains = mains })
}

// drain takes some charge out of the battery, never all of it: then the hub
// would be off.
func (s *supply) drain() error {
	return s.change(func() { s.percent = max(s.percent-batteryDrops, 1) })
}

func (s *supply) charge() error { return s.change(func() { s.percent = 100 }) }

func (s *supply) change(do func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		return &home.Invalid{Field: "thing", Reason: "only a demo that runs a hub has power to cut"}
	}
	do()
	return s.write()
}

func (s *supply) write() error {
	online, status := "1", "Charging"
	if !s.mains {
		online, status = "0", "Discharging"
	}
	for name, files := range map[string]map[string]string{
		"AC": {"type": "Mains", "online": online},
		"BAT0": {
			"type": "Battery", "present": "1", "status": status, "capacity": strconv.Itoa(s.percent),
			"energy_now": strconv.Itoa(batteryFull / 100 * s.percent), "power_now": strconv.Itoa(hubDraws),
		},
	} {
		dir := filepath.Join(s.dir, name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("demo: power: %w", err)
		}
		for file, content := range files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(content+"\n"), 0o600); err != nil {
				return fmt.Errorf("demo: power: %w", err)
			}
		}
	}
	return nil
}

// now is how the hub is fed; false when there is none.
func (s *supply) now() (mains bool, percent int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mains, s.percent, s.dir != ""
}
