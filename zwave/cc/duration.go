package cc

import "time"

// Duration is how long a change will take, in the one byte form that many
// reports share (SDS13781, "actuator control class"): 0 done, 1–127 seconds,
// 128–253 minutes from 1 on, 254 not known.
type Duration byte

// DurationUnknown says that the node itself does not know.
const DurationUnknown Duration = 0xFE

// Time is the duration, and false when it is not known or reserved.
func (d Duration) Time() (time.Duration, bool) {
	switch {
	case d <= 0x7F:
		return time.Duration(d) * time.Second, true
	case d < DurationUnknown:
		return time.Duration(d-0x7F) * time.Minute, true
	default:
		return 0, false
	}
}

// Level is the one byte form of on, off and how much: 0 off, 1–99 %, 0xFF on,
// 0xFE not known.
type Level byte

// Levels.
const (
	Off Level = 0x00
	On  Level = 0xFF
)

// On tells whether the level is neither off nor unknown.
func (l Level) On() bool { return l != Off && l != 0xFE }

// OnOff is the level of a switch.
func OnOff(on bool) Level {
	if on {
		return On
	}
	return Off
}
