package alarm

import (
	"errors"
	"time"

	"gatehouse/hub/home"
)

// Ranges of the figures, modelled on SIA CP-01 (delays, abort window, swinger)
// and EN 50131-1 (siren time). The second pair holds with outside_standard.
const (
	minExit, maxExit               = 45 * time.Second, 255 * time.Second
	minEntry, maxEntry             = 30 * time.Second, 240 * time.Second
	minAbort, maxAbort             = 15 * time.Second, 45 * time.Second
	maxEntryAndAbort               = 60 * time.Second
	minSiren, maxSiren             = 90 * time.Second, 15 * time.Minute
	minSwinger, maxSwinger         = 1, 6
	wideMaxDelay                   = 10 * time.Minute
	longestDelay                   = 2 * wideMaxDelay // a silent mode doubles it
	wideMaxAbort                   = 5 * time.Minute
	wideMinSiren, wideMaxSiren     = 10 * time.Second, 30 * time.Minute
	wideMinSwinger, wideMaxSwinger = 0, 14
)

// DefaultSettings are the figures of a new panel.
func DefaultSettings() home.AlarmSettings {
	return home.AlarmSettings{
		ExitDelay:    home.Duration(60 * time.Second),
		EntryDelay:   home.Duration(30 * time.Second),
		AbortWindow:  home.Duration(30 * time.Second),
		SirenTimeout: home.Duration(4 * time.Minute),
		Swinger:      2,
	}
}

// CheckSettings refuses figures outside their ranges with *home.Invalid.
func CheckSettings(c home.AlarmSettings) error {
	wide := c.OutsideStandard
	if err := checkExit(c.ExitDelay, c); err != nil {
		return err
	}
	if err := within("entry_delay", c.EntryDelay, minEntry, maxEntry, 0, wideMaxDelay, wide); err != nil {
		return err
	}
	if err := within("abort_window", c.AbortWindow, minAbort, maxAbort, 0, wideMaxAbort, wide); err != nil {
		return err
	}
	if err := checkSum(c.EntryDelay, c); err != nil {
		return err
	}
	if err := within("siren_timeout", c.SirenTimeout, minSiren, maxSiren, wideMinSiren, wideMaxSiren, wide); err != nil {
		return err
	}
	lo, hi := minSwinger, maxSwinger
	if wide {
		lo, hi = wideMinSwinger, wideMaxSwinger
	}
	if c.Swinger < lo || c.Swinger > hi {
		return &home.Invalid{Field: "swinger", Reason: "give 1 to 6 (0, for no limit, to 14 with outside_standard)"}
	}
	return nil
}

func checkExit(d home.Duration, c home.AlarmSettings) error {
	return within("exit_delay", d, minExit, maxExit, 0, wideMaxDelay, c.OutsideStandard)
}

func checkEntry(d home.Duration, c home.AlarmSettings) error {
	if err := within("entry_delay", d, minEntry, maxEntry, 0, wideMaxDelay, c.OutsideStandard); err != nil {
		return err
	}
	return checkSum(d, c)
}

// checkSum keeps the time from a door opening to the first call at a minute.
func checkSum(entry home.Duration, c home.AlarmSettings) error {
	if !c.OutsideStandard && time.Duration(entry+c.AbortWindow) > maxEntryAndAbort {
		return &home.Invalid{Field: "entry_delay", Reason: "entry delay and abort window together may be at most 60s: shorten one, or turn outside_standard on"}
	}
	return nil
}

func within(field string, d home.Duration, lo, hi, wideLo, wideHi time.Duration, wide bool) error {
	v := time.Duration(d)
	switch {
	case wide && (v < wideLo || v > wideHi):
		return &home.Invalid{Field: field, Reason: v.String() + " is out of range: give " + wideLo.String() + " to " + wideHi.String()}
	case !wide && (v < lo || v > hi):
		return &home.Invalid{Field: field, Reason: v.String() + " is out of range: give " + lo.String() + " to " + hi.String() + ", or turn outside_standard on"}
	}
	return nil
}

func (s *step) putSettings(in PutSettings) error {
	if !s.p.allDisarmed(nil) {
		return &home.Conflict{Reason: "The house is armed and its figures stay as they are: disarm first."}
	}
	if err := CheckSettings(in.Settings); err != nil {
		return err
	}
	if err := s.cfg().checkOwn(in.Settings); err != nil {
		return err
	}
	was := s.cfg().settings
	cfg := *s.cfg()
	cfg.settings = in.Settings
	s.p.cfg = &cfg
	text := "Alarm settings changed."
	switch {
	case in.Settings.OutsideStandard && !was.OutsideStandard:
		text = "Alarm settings changed: values outside the standard ranges are allowed now."
	case !in.Settings.OutsideStandard && was.OutsideStandard:
		text = "Alarm settings changed: values outside the standard ranges are refused again."
	}
	s.line(home.KindAlarm, "", whoOrNil(in.By), OnceWritten, text)
	return nil
}

// checkOwn refuses figures that do not allow what a zone or mode has of its own.
func (c *config) checkOwn(set home.AlarmSettings) error {
	refuse := func(name string, err error) error {
		var invalid *home.Invalid
		if !errors.As(err, &invalid) {
			return err
		}
		return &home.Invalid{Field: invalid.Field, Reason: name + " has one of its own that these figures do not allow (" + invalid.Reason + "): change it first"}
	}
	for _, z := range c.zones {
		if err := checkDelays(z, set); err != nil {
			return refuse(z.Name, err)
		}
	}
	for _, m := range c.modes {
		if err := c.checkMode(m, set); err != nil {
			return refuse("Mode "+m.Name, err)
		}
	}
	return nil
}
