package sirens

import (
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// level is what one siren should do. The zero level is dark silence.
type level struct {
	pattern alarm.Pattern
	strobe  bool
}

func (l level) sounds() bool { return l.pattern != alarm.Silent }

// instead lists what a siren sounds that has no rhythm of its own for a
// pattern. Gas is as good a reason to leave the house as fire is; everything
// else that is loud says that something is wrong.
var instead = map[alarm.Pattern][]alarm.Pattern{
	alarm.Temporal3: {alarm.Steady},
	alarm.Temporal4: {alarm.Temporal3, alarm.Steady},
	alarm.Pulse:     {alarm.Steady},
	alarm.Slow:      {alarm.Steady},
}

// made is the pattern that a siren makes for the one that is wanted.
func made(want alarm.Pattern, d home.Sounder) alarm.Pattern {
	for _, p := range append([]alarm.Pattern{want}, instead[want]...) {
		if _, ok := d.Patterns[string(p)]; ok {
			return p
		}
	}
	return alarm.Steady
}

// levelOf is what the panel's wish means for one siren. loud tells whether the
// siren time still runs.
func levelOf(w alarm.Sound, loud bool, d home.Sounder) level {
	if w.Inside && d.Place == home.Outside {
		return level{}
	}
	l := level{strobe: w.Strobe && d.Strobe}
	if loud {
		l.pattern = made(w.Pattern, d)
	}
	return l
}

const (
	shortTone  = 20 * time.Second // shorter ones are renewed a quarter of their time before their end
	renewAhead = 5 * time.Second
	renewLeast = 3 * time.Second // so that a tone of a second does not fill the air
	renewBlind = time.Minute     // where nobody knows how long the siren sounds
)

// renewal is how long after it was told a siren that sounds is told again;
// longest is how long it sounds by itself, 0 if nobody knows.
func renewal(longest time.Duration) time.Duration {
	switch {
	case longest <= 0:
		return renewBlind
	case longest < shortTone:
		return max(longest-longest/4, renewLeast)
	default:
		return longest - renewAhead
	}
}
