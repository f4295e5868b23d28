package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"
)

// hardware puts the threads of this process, and those that they will start,
// before all others of the box. A stick and a disk are machines of their own:
// simulated, they would wait for a processor behind the very hub that is timed,
// and their wait would be counted as its own. They have no collector of garbage
// either: this one would go before the hub on every processor for some milliseconds.
func hardware() error {
	debug.SetGCPercent(-1) // who takes the time collects before
	return schedule(unix.SCHED_FIFO, 1)
}

// software takes that back: for the programs that are timed, which this process
// starts.
func software() error {
	debug.SetGCPercent(100)
	return schedule(unix.SCHED_NORMAL, 0)
}

func schedule(policy, priority uint32) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("threads: %w", err)
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return fmt.Errorf("thread %q", t.Name())
		}
		a, err := unix.SchedGetAttr(id, 0)
		if err == nil {
			a.Policy, a.Priority = policy, priority
			err = unix.SchedSetAttr(id, a, 0)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) { // it has ended
			return fmt.Errorf("thread %d: %w", id, err)
		}
	}
	return nil
}
