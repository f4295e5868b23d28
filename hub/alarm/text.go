package alarm

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/hub/home"
)

// say is a time as a person says it: "30 seconds", "4 minutes".
func say(d time.Duration) string {
	unit := func(n int64, name string) string {
		if n == 1 {
			return "1 " + name
		}
		return fmt.Sprintf("%d %ss", n, name)
	}
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return unit(int64(d/time.Hour), "hour")
	case d > 90*time.Second && d%time.Minute == 0:
		return unit(int64(d/time.Minute), "minute")
	case d%time.Second == 0:
		return unit(int64(d/time.Second), "second")
	default:
		return d.String()
	}
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// did is what a sensor saw, after the name of its zone.
func did(t home.Trait) string {
	switch t {
	case home.Contact:
		return "opened"
	case home.Motion, home.Occupancy:
		return "saw movement"
	case home.Smoke:
		return "reports smoke"
	case home.CO:
		return "reports carbon monoxide"
	case home.Gas:
		return "reports gas"
	case home.Water:
		return "reports water"
	case home.Vibration:
		return "shook"
	case home.Glass:
		return "reports breaking glass"
	case home.Tamper:
		return "was tampered with"
	case home.Button:
		return "was pressed"
	case home.Lock:
		return "was unlocked"
	default:
		return "reports trouble"
	}
}

func clockText(by time.Duration) string {
	way := "forward"
	if by < 0 {
		way, by = "back", -by
	}
	return "The hub's clock was set " + way + " by " + by.Round(time.Second).String() + ". Delays that run were kept."
}

// standing says how the panel stands, without a full stop.
func (s *step) standing() string {
	if len(s.p.st.stands) == 1 {
		return standingOf("the house", s.p.st.stands[0])
	}
	var each []string
	for a, st := range s.p.st.stands {
		each = append(each, standingOf(s.cfg().areas[a].Name, st))
	}
	return list(each)
}

func standingOf(area string, st stand) string {
	if st.mode == home.Disarmed {
		return area + " is disarmed"
	}
	text := area + " is armed " + string(st.mode)
	switch st.watch {
	case home.PhaseArming:
		text = "the exit delay for " + string(st.mode) + " runs"
		if area != "the house" {
			text += " in " + area
		}
	case home.PhaseEntry:
		text += ", the entry delay runs"
	case home.PhaseDisarmed, home.PhaseArmed, home.PhaseAlarm:
	}
	return text
}

// armedText says that an area is armed, and what was left out.
func (s *step) armedText(a int) string {
	text := "Armed " + string(s.p.st.stands[a].mode)
	if out := s.leftOut(a); out != "" {
		text += " with bypass: " + out + " left out"
	}
	return text + "."
}

// leftOut names the zones that the arming of an area leaves out.
func (s *step) leftOut(a int) string {
	var names []string
	for _, id := range s.p.zoneIDs(s.p.st.stands[a].bypassed.word) {
		names = append(names, s.cfg().name(id))
	}
	return list(names)
}

// list joins names: "a", "a and b", "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
