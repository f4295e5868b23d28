package box_test

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gatehouse/hub/box"
)

// Threads that are there and threads that come later both run in short turns.
func TestShortTurns(t *testing.T) {
	before := turnOf(t)
	if err := box.ShortTurns(); err != nil {
		t.Fatal(err)
	}
	want := 100 * time.Microsecond
	if before == 0 { // before Linux 6.12 there is nothing to see
		want = 0
	}
	if got := turnOf(t); got != want {
		t.Errorf("a turn is %s, want %s", got, want)
	}
	runtime.LockOSThread() // so that the goroutine below needs another one
	defer runtime.UnlockOSThread()
	later := make(chan time.Duration)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		later <- turnOf(t)
	}()
	if got := <-later; got != want {
		t.Errorf("a turn of a thread that came later is %s, want %s", got, want)
	}
}

func turnOf(t *testing.T) time.Duration {
	t.Helper()
	a, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Error(err)
		return 0
	}
	return time.Duration(a.Runtime)
}
