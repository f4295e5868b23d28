// Package box reads what the hub's own box says of itself: how it is fed,
// whether its clock is set by somebody, how much room its disk has; and asks its
// kernel for short turns. It keeps nothing and judges nothing.
package box

import (
	"fmt"
	"syscall"
)

// staUnsync is the kernel's word for a clock that nobody sets (adjtimex(2)).
const staUnsync = 0x40

// ClockSynced tells whether a time service sets the clock.
func ClockSynced() (bool, error) {
	var t syscall.Timex // modes 0: only asks
	if _, err := syscall.Adjtimex(&t); err != nil {
		return false, fmt.Errorf("box: clock: %w", err)
	}
	return t.Status&staUnsync == 0, nil
}

// DiskFree is how many bytes the hub may still write where path lies.
func DiskFree(path string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return 0, fmt.Errorf("box: disk: %w", err)
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil //nolint:unconvert // of 32 bits on some processors
}
