package supervision

import "time"

// Figures of a jam on a channel that is shared. Loud and JamFor are those of Air:
// a Zigbee radio does not send where it hears more than its clear-channel
// threshold, which IEEE 802.15.4 (10.2.8) puts at 10 dB above the sensitivity, so
// −75 dBm by the standard's −85 dBm; Loud is above it.
const (
	// NoAnswer is how long devices that were asked have to answer. Three
	// attempts of an awake device at 5 s: ours.
	NoAnswer = 15 * time.Second
	// AskAgain is how often devices are asked while the air is loud: ours.
	AskAgain = 30 * time.Second
	// JamAlone is how long a channel must be loud in JamWindow where nobody can be
	// asked: all but two samples. Wi-Fi pauses, a jammer need not. Ours.
	JamAlone = 55 * time.Second
)

// Crowd is the air of a radio that shares its channel with others, as Zigbee does
// with Wi-Fi: noise there is no jam as long as devices get through it. It is told
// the time; the zero Crowd has heard nothing.
type Crowd struct {
	air    Air
	asked  time.Time // when devices were last asked
	quiet  time.Time // since when none has answered; zero: one has, or none was asked
	jammed bool
}

// Listened takes the noise on the channel, in dBm, when a device was last heard,
// and whether there is one that can be asked. It tells whether to ask now.
func (c *Crowd) Listened(now time.Time, dbm int, heard time.Time, askable bool) (ask bool) {
	c.air.Listened(now, []int{dbm})
	if _, loud := c.air.Jammed(); !loud {
		c.asked, c.quiet, c.jammed = time.Time{}, time.Time{}, false
		return false
	}
	if !askable {
		c.jammed = c.jammed || c.air.loudFor() >= JamAlone
		return false
	}
	if !c.quiet.IsZero() && !heard.Before(c.quiet) { // one got through
		c.quiet, c.jammed = time.Time{}, false
	}
	if c.asked.IsZero() || now.Sub(c.asked) >= AskAgain {
		c.asked, ask = now, true
		if c.quiet.IsZero() {
			c.quiet = now
		}
	}
	if !c.quiet.IsZero() && now.Sub(c.quiet) >= NoAnswer {
		c.jammed = true
	}
	return ask
}

// Jammed tells whether the channel is blocked, and how loud it was at last.
func (c *Crowd) Jammed() (dbm int, jammed bool) { return c.air.level, c.jammed }

// Next is how long to wait before listening again.
func (c *Crowd) Next() time.Duration { return c.air.Next() }
