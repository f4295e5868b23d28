package box

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// turn is the shortest that the kernel gives (sched(7): 0.1 ms to 100 ms).
const turn = 100 * time.Microsecond

// ShortTurns asks the kernel to run this process's threads, and those that they
// will start, in turns of 0.1 ms where others wait for a processor. A turn is
// some milliseconds otherwise, and since Linux 6.6 whoever wakes up waits until
// the turn of who runs is over: on a box with few processors the byte that
// starts a siren then waits in the kernel's own thread behind the hub's news
// for its pages. With short turns the hub also comes sooner to its own (Linux
// 6.12; an older kernel takes no notice).
func ShortTurns() error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("box: turns: %w", err)
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return fmt.Errorf("box: turns: thread %q", t.Name())
		}
		if err := shortTurns(id); err != nil && !errors.Is(err, unix.ESRCH) { // it has ended
			return fmt.Errorf("box: turns: thread %d: %w", id, err)
		}
	}
	return nil
}

func shortTurns(thread int) error {
	a, err := unix.SchedGetAttr(thread, 0)
	if err != nil {
		return err
	}
	if a.Policy != unix.SCHED_NORMAL && a.Policy != unix.SCHED_BATCH {
		return nil // somebody has given the hub another order already
	}
	a.Runtime = uint64(turn)
	return unix.SchedSetAttr(thread, a, 0)
}
