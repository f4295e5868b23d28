package hap

import (
	"net/netip"
	"sync"
	"time"
)

// Figures of pairing. They are ours: with eight digits and a window that the
// owner opens by hand, ten tries find one code in ten million windows.
const (
	// Window is how long pairing stays open.
	Window = 10 * time.Minute
	// mostWrong closes the window.
	mostWrong = 10
	// freeWrong wrong codes cost nothing, then the wait is a second and doubles.
	freeWrong = 3
	// mostSetups is how many may pair at the same time. One alone could be held
	// open by a stranger to keep the owner out.
	mostSetups = 4
	// setupLife is how long a try may take.
	setupLife = 30 * time.Second
)

// window is when pairing is open, and how often it was tried in vain.
type window struct {
	mu     sync.Mutex
	until  time.Time
	wrong  int
	next   time.Time // no proof is looked at before
	setups int
}

func (w *window) open(until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until, w.wrong, w.next = until, 0, time.Time{}
}

// ends is when the window closes; zero while it is closed.
func (w *window) ends(now time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !now.Before(w.until) {
		return time.Time{}
	}
	return w.until
}

// enter takes one of the places of those that pair.
func (w *window) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.setups >= mostSetups {
		return false
	}
	w.setups++
	return true
}

func (w *window) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.setups--
}

// try lets one proof through, or says how long to wait. It counts as wrong until
// right is called, so that many at once cannot slip past.
func (w *window) try(now time.Time) (wrong int, wait time.Duration, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wait := w.next.Sub(now); wait > 0 {
		return w.wrong, wait, false
	}
	w.wrong++
	if w.wrong >= freeWrong {
		w.next = now.Add(time.Second << (w.wrong - freeWrong))
	}
	if w.wrong >= mostWrong {
		w.until = time.Time{}
		return w.wrong, 0, true
	}
	return w.wrong, 0, false
}

// right takes the last try back: it was no guess.
func (w *window) right() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong, w.next = w.wrong-1, time.Time{}
}

// WrongCode is a setup code that was not right.
type WrongCode struct {
	From   netip.Addr
	Count  int  // in this window
	Closed bool // the window, because of it
}
