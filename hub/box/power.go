package box

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// PowerDir is where the kernel shows the power supplies, as its
// Documentation/ABI/testing/sysfs-class-power describes.
const PowerDir = "/sys/class/power_supply"

// Supply is how the hub is fed now.
type Supply struct {
	Mains   bool // there is a mains supply, or a battery that tells of one
	Lost    bool // and it gives nothing
	Battery bool // there is a battery or UPS
	// Percent is what is left in the fullest one; -1 when none says.
	Percent int
	// Left is how long it lasts at the present drain; 0 when none says.
	Left time.Duration
}

// ReadPower reads the supplies below dir. A box without such a folder has
// nothing to say, which is no fault. Batteries of mice and keyboards (scope
// Device) are not the hub's.
func ReadPower(dir string) (Supply, error) {
	s := Supply{Percent: -1}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, nil
	case err != nil:
		return s, fmt.Errorf("box: power: %w", err)
	}
	var online, feeds bool
	var drained, full bool
	var errs []error
	for _, e := range entries {
		f := folder{path: filepath.Join(dir, e.Name())}
		if f.word("scope") == "Device" {
			continue
		}
		switch f.word("type") {
		case "Mains", "USB", "Wireless":
			feeds = true
			online = online || f.word("online") != "0" // one that does not say is there
		case "Battery", "UPS":
			if f.word("present") == "0" {
				continue
			}
			s.Battery = true
			switch f.word("status") {
			case "Discharging":
				drained = true
			case "Charging", "Full", "Not charging":
				full = true
			}
			s.Percent = max(s.Percent, f.percent())
			s.Left = max(s.Left, f.left())
		}
		errs = append(errs, f.err)
	}
	switch {
	case feeds:
		s.Mains, s.Lost = true, !online
	case drained || full: // only the battery knows
		s.Mains, s.Lost = true, drained && !full
	}
	if !s.Lost {
		s.Left = 0
	}
	return s, errors.Join(errs...)
}

// folder is one supply: a folder of files with one word or number each.
type folder struct {
	path string
	err  error // the first that is more than a missing file
}

func (f *folder) word(name string) string {
	b, err := os.ReadFile(filepath.Join(f.path, name))
	if err != nil {
		// A supply without that property has no such file; a driver that can't
		// tell right now says ENODATA.
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENODATA) && f.err == nil {
			f.err = fmt.Errorf("box: power: %w", err)
		}
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (f *folder) number(name string) (float64, bool) {
	v, err := strconv.ParseFloat(f.word(name), 64)
	return v, err == nil
}

func (f *folder) percent() int {
	if v, ok := f.number("capacity"); ok && v >= 0 && v <= 100 {
		return int(v)
	}
	for _, unit := range []string{"energy", "charge"} {
		now, ok := f.number(unit + "_now")
		full, also := f.number(unit + "_full")
		if ok && also && full > 0 {
			return int(min(max(100*now/full, 0), 100))
		}
	}
	return -1
}

// left is what the gauge says, or else what is there by what is drawn.
func (f *folder) left() time.Duration {
	if v, ok := f.number("time_to_empty_now"); ok && v > 0 {
		return time.Duration(v) * time.Second
	}
	for _, of := range [...]struct{ store, drain string }{{"energy_now", "power_now"}, {"charge_now", "current_now"}} {
		now, ok := f.number(of.store)
		drain, also := f.number(of.drain) // µW and µA; some drivers call a discharge negative
		if drain < 0 {
			drain = -drain
		}
		if ok && also && drain > 0 && now > 0 {
			return time.Duration(now / drain * float64(time.Hour)).Truncate(time.Minute)
		}
	}
	return 0
}
