package alarm

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/hub/home"
)

// timetable is when a code is good, by the clock on the wall of the house:
// spans of the week, each on some days from a time of day to another.
//
//	Mon-Fri 08:00-17:00; Sat,Sun 10:00-12:00
//	Tue 22:00-06:00          into Wednesday morning
//	08:00-20:00              every day
//
// The last minute of a span is the one before its end. No spans are always.
type timetable []span

type span struct {
	days     [7]bool // by time.Weekday, of the span's beginning
	from, to int     // minutes of the day; to is not after from when it ends on the next day
}

const (
	dayMinutes = 24 * 60
	maxSpans   = 16
)

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseTimetable reads a timetable, or says with *home.Invalid what is wrong.
func parseTimetable(s string) (timetable, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var t timetable
	for part := range strings.SplitSeq(s, ";") {
		one, err := parseSpan(strings.Fields(part))
		if err != nil {
			return nil, &home.Invalid{Field: "schedule", Reason: fmt.Sprintf("%q: %v; give spans such as Mon-Fri 08:00-17:00; Sat 10:00-12:00", strings.TrimSpace(part), err)}
		}
		t = append(t, one)
	}
	if len(t) > maxSpans {
		return nil, &home.Invalid{Field: "schedule", Reason: fmt.Sprintf("%d spans are too many: give at most %d", len(t), maxSpans)}
	}
	return t, nil
}

func parseSpan(words []string) (span, error) {
	var s span
	switch len(words) {
	case 1:
		for d := range s.days {
			s.days[d] = true
		}
	case 2:
		if err := s.parseDays(words[0]); err != nil {
			return s, err
		}
	default:
		return s, fmt.Errorf("days and times, with a space between them, are wanted")
	}
	from, to, ok := strings.Cut(words[len(words)-1], "-")
	if !ok {
		return s, fmt.Errorf("two times with a hyphen between them are wanted")
	}
	var err error
	if s.from, err = minuteOf(from); err != nil {
		return s, err
	}
	if s.to, err = minuteOf(to); err != nil {
		return s, err
	}
	if s.from == dayMinutes || s.from == s.to {
		return s, fmt.Errorf("the span has no length")
	}
	return s, nil
}

// parseDays reads mon, mon-fri or sat,sun.
func (s *span) parseDays(list string) error {
	for item := range strings.SplitSeq(strings.ToLower(list), ",") {
		first, last, isRange := strings.Cut(item, "-")
		if !isRange {
			last = first
		}
		from, to := slices.Index(dayNames, first), slices.Index(dayNames, last)
		if from < 0 || to < 0 {
			return fmt.Errorf("%q is not a day: give Mon, Tue, Wed, Thu, Fri, Sat or Sun", item)
		}
		for d := from; ; d = (d + 1) % 7 {
			s.days[d] = true
			if d == to {
				break
			}
		}
	}
	return nil
}

// minuteOf reads a time of day, 00:00 to 24:00.
func minuteOf(s string) (int, error) {
	if len(s) != len("00:00") || s[2] != ':' || strings.Trim(s[:2]+s[3:], "0123456789") != "" {
		return 0, fmt.Errorf("%q is not a time of day such as 08:00", s)
	}
	hour, minute := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	if minute > 59 || hour*60+minute > dayMinutes {
		return 0, fmt.Errorf("%q is not a time of day such as 08:00", s)
	}
	return hour*60 + minute, nil
}

// open tells whether the time lies in a span. now is the time on the wall of
// the house.
func (t timetable) open(now time.Time) bool {
	if len(t) == 0 {
		return true
	}
	today, minute := now.Weekday(), now.Hour()*60+now.Minute()
	yesterday := (today + 6) % 7
	for _, s := range t {
		overnight := s.to <= s.from
		switch {
		case !overnight && s.days[today] && minute >= s.from && minute < s.to,
			overnight && s.days[today] && minute >= s.from,
			overnight && s.days[yesterday] && minute < s.to:
			return true
		}
	}
	return false
}
