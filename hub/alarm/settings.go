package alarm

import (
	"errors"
	"strconv"
	"time"

	"gatehouse/hub/home"
)

// Ranges of the figures, modelled on SIA CP-01 (delays, abort window, swinger)
// and EN 50131-1 (siren time). The second pair holds with outside_standard; a
// preset narrows the first, see longest.
const (
	minExit, maxExit               = 45 * time.Second, 255 * time.Second
	minEntry, maxEntry             = 30 * time.Second, 240 * time.Second
	minAbort, maxAbort             = 15 * time.Second, 45 * time.Second
	maxEntryAndAbort               = 60 * time.Second
	minSiren, maxSiren             = 90 * time.Second, 15 * time.Minute
	minSwinger, maxSwinger         = 1, 6
	minCancel, maxCancel           = 5 * time.Minute, time.Hour // CP-01's at least 5 min is unverified
	wideMaxCancel                  = 24 * time.Hour
	minVerify, maxVerify           = 30 * time.Minute, 60 * time.Minute // DD 243:2004, 5.4.1, as Pyronix quotes it
	wideMinVerify, wideMaxVerify   = time.Minute, 24 * time.Hour
	minCross, maxCross             = 10 * time.Second, 10 * time.Minute // ours: no source names a range
	minCycles, maxCycles           = 1, 10                              // ours
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

		CancelWindow: home.Duration(5 * time.Minute), VerifyTime: home.Duration(30 * time.Minute),
		CrossZoneTime: home.Duration(60 * time.Second), SirenCycles: 3, StrobeAfter: true,
		ExitRestart: true, UnvacatedHome: true,
	}
}

// CheckSettings refuses figures outside their ranges with *home.Invalid.
func CheckSettings(c home.AlarmSettings) error {
	if _, _, known := longest(c.Preset); !known {
		return &home.Invalid{Field: "preset", Reason: strconv.Quote(string(c.Preset)) + " is not a preset: give ul, ul2610 or en, or leave it empty"}
	}
	if err := checkExit(c.ExitDelay, c); err != nil {
		return err
	}
	if err := within("abort_window", c.AbortWindow, minAbort, maxAbort, 0, wideMaxAbort, c); err != nil {
		return err
	}
	if err := checkEntry(c.EntryDelay, c); err != nil {
		return err
	}
	if err := within("siren_timeout", c.SirenTimeout, minSiren, maxSiren, wideMinSiren, wideMaxSiren, c); err != nil {
		return err
	}
	if err := within("cancel_window", c.CancelWindow, minCancel, maxCancel, 0, wideMaxCancel, c); err != nil {
		return err
	}
	if err := within("verify_time", c.VerifyTime, minVerify, maxVerify, wideMinVerify, wideMaxVerify, c); err != nil {
		return err
	}
	if d := time.Duration(c.CrossZoneTime); d < minCross || d > maxCross {
		return &home.Invalid{Field: "cross_zone_time", Reason: d.String() + " is out of range: give " + minCross.String() + " to " + maxCross.String()}
	}
	if c.SirenCycles < minCycles || c.SirenCycles > maxCycles {
		return &home.Invalid{Field: "siren_cycles", Reason: "give 1 to 10"}
	}
	lo, hi := minSwinger, maxSwinger
	if wide(c) {
		lo, hi = wideMinSwinger, wideMaxSwinger
	}
	if c.Swinger < lo || c.Swinger > hi {
		return &home.Invalid{Field: "swinger", Reason: "give 1 to 6 (0, for no limit, to 14 with outside_standard)"}
	}
	return nil
}

// longest are the longest delays that a preset allows. GeoArm's list of limits
// gives UL's 120 s and 45 s for a residence, and one figure, 60 s, for UL 2610;
// 45 s to unset is EN 50131-1's.
func longest(p home.Preset) (exit, entry time.Duration, known bool) {
	switch p {
	case home.PresetNone:
		return maxExit, maxEntry, true
	case home.PresetUL:
		return 120 * time.Second, 45 * time.Second, true
	case home.PresetUL2610:
		return 60 * time.Second, 60 * time.Second, true
	case home.PresetEN:
		return maxExit, 45 * time.Second, true
	default:
		return 0, 0, false
	}
}

// wide tells whether the second ranges hold. A preset is narrower than the
// first, and outside_standard does not widen it.
func wide(c home.AlarmSettings) bool { return c.OutsideStandard && c.Preset == home.PresetNone }

func checkExit(d home.Duration, c home.AlarmSettings) error {
	exit, _, _ := longest(c.Preset)
	return within("exit_delay", d, minExit, exit, 0, wideMaxDelay, c)
}

// checkEntry keeps also the time from a door opening to the first call at a
// minute, which is a rule of CP-01: the European preset does not have it.
func checkEntry(d home.Duration, c home.AlarmSettings) error {
	_, entry, _ := longest(c.Preset)
	if err := within("entry_delay", d, minEntry, entry, 0, wideMaxDelay, c); err != nil {
		return err
	}
	if !wide(c) && c.Preset != home.PresetEN && time.Duration(d+c.AbortWindow) > maxEntryAndAbort {
		return &home.Invalid{Field: "entry_delay", Reason: "entry delay and abort window together may be at most 60s: shorten one" + orMend(c)}
	}
	return nil
}

func within(field string, d home.Duration, lo, hi, wideLo, wideHi time.Duration, c home.AlarmSettings) error {
	v := time.Duration(d)
	switch wide := wide(c); {
	case wide && (v < wideLo || v > wideHi):
		return &home.Invalid{Field: field, Reason: v.String() + " is out of range: give " + wideLo.String() + " to " + wideHi.String()}
	case !wide && (v < lo || v > hi):
		return &home.Invalid{Field: field, Reason: v.String() + " is out of range: give " + lo.String() + " to " + hi.String() + orMend(c)}
	}
	return nil
}

// orMend is how a figure could be allowed all the same.
func orMend(c home.AlarmSettings) string {
	if c.Preset != home.PresetNone {
		return ", or choose another preset than " + string(c.Preset)
	}
	return ", or turn outside_standard on"
}

func (s *step) putSettings(in PutSettings) error {
	if !s.p.allDisarmed(nil) {
		return &home.Conflict{Reason: "The house is armed and its figures stay as they are: disarm first."}
	}
	was, set := s.cfg().settings, in.Settings
	if set.Preset != home.PresetNone && set.OutsideStandard {
		if was.Preset != home.PresetNone {
			return &home.Invalid{Field: "outside_standard", Reason: "the preset " + string(was.Preset) + " keeps its ranges: leave preset empty first"}
		}
		set.OutsideStandard = false // choosing a preset ends it
	}
	if err := CheckSettings(set); err != nil {
		return err
	}
	if err := s.cfg().checkOwn(set); err != nil {
		return err
	}
	cfg := *s.cfg()
	cfg.settings = set
	s.p.cfg = &cfg
	text := "Alarm settings changed."
	switch {
	case set.Preset != was.Preset && set.Preset == home.PresetNone:
		text = "Alarm settings changed: no preset narrows the ranges any more."
	case set.Preset != was.Preset:
		text = "Alarm settings changed: the narrower ranges of the preset " + string(set.Preset) + " hold now."
	case set.OutsideStandard && !was.OutsideStandard:
		text = "Alarm settings changed: values outside the standard ranges are allowed now."
	case !set.OutsideStandard && was.OutsideStandard:
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
