package sirens

import (
	"errors"
	"time"

	"gatehouse/hub/home"
)

const (
	firstPause = time.Second
	lastPause  = 15 * time.Second
	// answerTime is how long a command may stay without an answer before the
	// siren is told again.
	answerTime = 10 * time.Second
	// A siren is reported after so many failures, or after so long.
	silentFails = 2
	silentTime  = 5 * time.Second
	// contraryTimes is how often a siren may belie itself before it is reported.
	contraryTimes = 3
	// settleTime is how long after a confirmation a siren may still say what it
	// did before.
	settleTime = time.Second
	// bellTime is how long a siren that should be silent may sound before it is
	// told off: it may ring as a bell, or somebody tries its button.
	bellTime = 10 * time.Second
	// goodTime without a contrary word makes a siren trusted again.
	goodTime = time.Minute
	// learnTime is how long a siren must have sounded for its falling silent to
	// be taken for its own limit, and not for somebody at its button.
	learnTime = 10 * time.Second
)

var (
	errNoAnswer = errors.New("no answer within 10s")
	errContrary = errors.New("it confirms, and then says the opposite")
	errNotYet   = errors.New("no answer yet")
	errLeft     = errors.New("it has left the home")
)

// siren is what is known of one siren. All of it is guarded by Sirens.mu.
type siren struct {
	told      bool // anything was told at all
	level     level
	at        time.Time // when it was last told
	ends      time.Time // when it was told to end by itself
	inFlight  bool      // that command is on its way
	try       uint64    // numbers the commands
	leaving   *order    // the newest, if it has not been handed over yet
	handing   bool      // somebody hands over
	confirmed time.Time // when it confirmed the level; zero: it has not
	due       time.Time // when to tell it again, or to give up the answer; zero: no need
	pause     time.Duration

	fails    int
	since    time.Time // when it was first told what it has not confirmed
	reported bool
	err      error // the last failure

	contrary bool          // what it says now is not what it confirmed
	lied     time.Time     // when it last began to
	doubted  time.Time     // since when it has done so time and again
	lies     int           // times it was told again for that
	longest  time.Duration // it sounded no longer than this; 0: not seen yet

	test   time.Time     // a person's test lasts until then; zero: none
	asked  []func(error) // who wants to know how the next command fares
	riding []func(error) // and the one on its way
}

// order is a command with its number.
type order struct {
	try  uint64
	cmd  home.Command
	done func(error) // of a chirp, which has no number
}

// answered takes the end of the command that is on its way.
func (sr *siren) answered(now time.Time, err error, longest time.Duration) {
	sr.inFlight = false
	if err != nil {
		sr.fails++
		sr.err = err
		sr.pause = longer(sr.pause)
		sr.due = now.Add(sr.pause)
		return
	}
	sr.confirmed, sr.contrary = now, false
	sr.fails, sr.since, sr.err = 0, time.Time{}, nil
	if sr.lies == 0 {
		sr.pause = 0
	}
	sr.due = sr.renewalDue(longest)
}

// renewalDue is when a siren that has confirmed is told the same again.
func (sr *siren) renewalDue(longest time.Duration) time.Time {
	if !sr.level.sounds() {
		return time.Time{}
	}
	if sr.longest > 0 && (longest <= 0 || sr.longest < longest) {
		longest = sr.longest
	}
	return sr.at.Add(renewal(longest))
}

// says takes what the siren says that it does. longest is as for renewalDue.
func (sr *siren) says(now time.Time, on bool, longest time.Duration) {
	if sr.inFlight || sr.confirmed.IsZero() {
		return // its answer says more
	}
	if on == sr.level.sounds() {
		if sr.contrary {
			sr.contrary = false
			sr.due = sr.renewalDue(longest)
		}
		return
	}
	if sr.contrary {
		return
	}
	if now.Sub(sr.lied) >= goodTime {
		sr.lies, sr.pause = 0, 0
	}
	if sr.lies == 0 {
		sr.doubted = now
	}
	sr.contrary, sr.lied = true, now
	sr.due = latest(now, sr.confirmed.Add(settleTime), sr.at.Add(sr.pause))
	if on && now.Sub(sr.confirmed) >= bellTime {
		sr.due = now.Add(bellTime)
	}
	if took := now.Sub(sr.at); !on && took >= learnTime && (sr.longest == 0 || took < sr.longest) {
		sr.longest = took
	}
}

// forgives forgets what a siren said long ago.
func (sr *siren) forgives(now time.Time) {
	if !sr.contrary && now.Sub(sr.lied) >= goodTime {
		sr.lies = 0
	}
}

// silent is why the siren has to be reported, or nil. A report is not taken
// back before the siren has confirmed something.
func (sr *siren) silent(now time.Time) error {
	switch {
	case sr.lies >= contraryTimes:
		return errContrary
	case sr.reported && sr.confirmed.IsZero():
		return errNotYet
	case sr.since.IsZero():
		return nil
	case sr.fails >= silentFails:
		return sr.err
	case now.Sub(sr.since) < silentTime:
		return nil
	case sr.err != nil:
		return sr.err
	default:
		return errNotYet
	}
}

// failing is since when the siren does not do what it should.
func (sr *siren) failing() time.Time {
	if sr.lies >= contraryTimes {
		return sr.doubted
	}
	return sr.since
}

// next is when something is due for the siren, or zero.
func (sr *siren) next() time.Time {
	at := sr.due
	if !sr.since.IsZero() && !sr.reported {
		at = sooner(at, sr.since.Add(silentTime))
	}
	if sr.lies >= contraryTimes && !sr.contrary {
		at = sooner(at, sr.lied.Add(goodTime))
	}
	return sooner(at, sr.test)
}

func longer(pause time.Duration) time.Duration { return min(max(2*pause, firstPause), lastPause) }

func latest(t time.Time, more ...time.Time) time.Time {
	for _, u := range more {
		if u.After(t) {
			t = u
		}
	}
	return t
}

// sooner is the earlier of two times; a zero one is none.
func sooner(t, u time.Time) time.Time {
	if t.IsZero() || !u.IsZero() && u.Before(t) {
		return u
	}
	return t
}

// command is what the siren is told now for its level.
func (sr *siren) command(id home.DeviceID, quiet bool) home.Command {
	c := home.Command{Device: id, Trait: home.Siren, Value: home.Off, Quiet: quiet}
	c.Sound.Strobe = sr.level.strobe
	if sr.level.sounds() {
		c.Value = home.On
		lasts := max(sr.ends.Sub(sr.at).Round(time.Second), time.Second)
		c.Sound.Pattern, c.Sound.For = string(sr.level.pattern), home.Duration(lasts)
	}
	return c
}
