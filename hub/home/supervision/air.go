package supervision

import "time"

// Figures of jamming.
const (
	// Loud is the noise from which on a channel counts as blocked. A quiet
	// house has about −100 dBm and a neighbour's network raises that for
	// milliseconds; sensors of a usual house arrive with −40 to −85 dBm. Ours.
	Loud = -70 // dBm

	// A channel that was loud for more than JamFor of the last JamWindow is jammed: the
	// shape is that of OpenThread's jam detection (busy period within a
	// detection window), the figures are ours.
	JamFor    = 30 * time.Second
	JamWindow = time.Minute

	// How often to listen: a quiet air, and one in which something was heard.
	ListenIdle  = 30 * time.Second
	ListenAlert = 2 * time.Second
)

// Air is what was heard on the channels of one radio lately. It is told the
// time; the zero Air has heard nothing.
type Air struct {
	heard  []sample // of the last JamWindow, oldest first
	jammed bool
	level  int // the loudest channel when it was last loud
}

type sample struct {
	at   time.Time
	loud []bool // by channel
}

// Listened takes the noise on each channel, in dBm.
func (a *Air) Listened(now time.Time, channels []int) {
	s := sample{at: now, loud: make([]bool, len(channels))}
	for i, dbm := range channels {
		if dbm < Loud {
			continue
		}
		if !s.any() {
			a.level = dbm
		}
		a.level = max(a.level, dbm)
		s.loud[i] = true
	}
	a.heard = append(a.heard, s)
	for now.Sub(a.heard[0].at) > JamWindow {
		a.heard = a.heard[1:]
	}
	switch {
	case a.loudFor() > JamFor:
		a.jammed = true
	case !a.alert():
		a.jammed = false // a whole window without a loud sample
	}
}

func (s sample) any() bool {
	for _, l := range s.loud {
		if l {
			return true
		}
	}
	return false
}

// loudFor is how long the loudest channel was loud: each loud sample stands for
// the time to the one before, which is never more than ListenAlert. A jammer
// that pauses now and then is one all the same.
func (a *Air) loudFor() time.Duration {
	var most time.Duration
	for channel := range a.heard[len(a.heard)-1].loud {
		var sum time.Duration
		for i := 1; i < len(a.heard); i++ {
			if s := a.heard[i]; channel < len(s.loud) && s.loud[channel] {
				sum += min(s.at.Sub(a.heard[i-1].at), ListenAlert)
			}
		}
		most = max(most, sum)
	}
	return most
}

// alert tells whether anything loud was heard within the window.
func (a *Air) alert() bool {
	for _, s := range a.heard {
		if s.any() {
			return true
		}
	}
	return false
}

// Jammed tells whether a channel is blocked, and how loud it was at last.
func (a *Air) Jammed() (dbm int, jammed bool) { return a.level, a.jammed }

// Next is how long to wait before listening again.
func (a *Air) Next() time.Duration {
	if a.alert() {
		return ListenAlert
	}
	return ListenIdle
}
