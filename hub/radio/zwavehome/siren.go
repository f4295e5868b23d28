package zwavehome

import (
	"strings"
	"sync"
	"time"
	"unicode"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

// bell marks tones that ring and never alarm: nobody leaves a bed for a door
// bell.
const bell alarm.Pattern = "bell"

// tones is the table of what the name of a tone means: the first line decides
// that has a word with which a word of the name begins. Makers cut names short
// ("09SMOK~1", "12COSE~1", "17ALAR~1" are of an Aeotec siren). An equals sign
// wants the whole word.
var tones = []struct {
	words   string
	pattern alarm.Pattern
}{
	{"=t4 =co cose carb mono =gas", alarm.Temporal4},
	{"=t3 fire smok evac", alarm.Temporal3},
	{"medi ambu", alarm.Pulse},
	{"wate leak floo warn", alarm.Slow},
	{"ding bell door chim gong west cuck trad chri song melo beep ring jing", bell},
	{"burg intr", alarm.Steady},
	{"sire", alarm.Steady},
	{"alar", alarm.Steady},
	{"klax torn poli", alarm.Steady},
}

// meansTone is the line of the table that a tone's name falls under; false:
// none.
func meansTone(name string) (line int, ok bool) {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words { // "09smok" begins with a number, "t4" ends with one
		words[i] = strings.TrimLeftFunc(w, unicode.IsDigit)
	}
	for i, t := range tones {
		for want := range strings.FieldsSeq(t.words) {
			whole, exact := strings.CutPrefix(want, "=")
			for _, w := range words {
				if w == whole || !exact && strings.HasPrefix(w, whole) {
					return i, true
				}
			}
		}
	}
	return 0, false
}

// shortestTone is the least that an alarm is played by: a shorter tone would
// have to be begun anew every few seconds.
const shortestTone = 5

// played says which tone a siren plays for a pattern. A tone whose name says
// so; of several the one that says it best, then the longest. For a steady one
// also what the siren plays of its own choice, else the longest that says
// nothing. One with nothing but bells plays nothing.
func played(n *zwave.Node) map[alarm.Pattern]zwave.Tone {
	type choice struct {
		zwave.Tone
		rank int
	}
	best := make(map[alarm.Pattern]choice)
	for _, t := range n.Tones {
		if t.Seconds != 0 && t.Seconds < shortestTone {
			continue
		}
		line, ok := meansTone(t.Name)
		pattern, rank := alarm.Steady, line
		switch {
		case ok:
			pattern = tones[line].pattern
		case t.Number == n.DefaultTone:
			rank = len(tones)
		default:
			rank = len(tones) + 1
		}
		b, had := best[pattern]
		if !had || rank < b.rank || rank == b.rank && t.Seconds > b.Seconds {
			best[pattern] = choice{t, rank}
		}
	}
	out := make(map[alarm.Pattern]zwave.Tone)
	for p, c := range best {
		if p != bell {
			out[p] = c.Tone
		}
	}
	if _, ok := out[alarm.Steady]; ok {
		return out
	}
	for _, p := range []alarm.Pattern{alarm.Temporal3, alarm.Temporal4, alarm.Pulse, alarm.Slow} { // better than silence
		if t, ok := out[p]; ok {
			out[alarm.Steady] = t
			return out
		}
	}
	if len(n.Tones) == 0 { // it has not said what it plays
		out[alarm.Steady] = zwave.Tone{Number: cc.ToneDefault}
	}
	return out
}

// rings tells whether a tone is one of a bell: who hears it need not ask
// whether the siren sounds.
func rings(n *zwave.Node, tone byte) bool {
	for _, t := range n.Tones {
		if t.Number == tone {
			line, ok := meansTone(t.Name)
			return ok && tones[line].pattern == bell
		}
	}
	return false
}

// sounder is what a node can do as a siren; nil when it is none.
func sounder(n *zwave.Node) *home.Sounder {
	if !isSiren(n) {
		return nil
	}
	s := &home.Sounder{Place: home.Inside, Patterns: map[string]home.Duration{}, Strobe: flashes(n)}
	if !n.Has(cc.SoundSwitch) {
		s.Patterns[string(alarm.Steady)] = 0
		return s
	}
	for p, t := range played(n) {
		s.Patterns[string(p)] = home.Duration(t.Seconds) * home.Duration(time.Second)
	}
	if len(s.Patterns) == 0 {
		return nil // a bell
	}
	return s
}

// flashes tells whether a siren has lights of its own to show an alarm by.
func flashes(n *zwave.Node) bool {
	return n.Has(cc.Indicator) && len(n.Indicators[cc.IndicatorAlarming]) > 0
}

// sound finds how a siren is told to sound or to be silent, and its lights to
// flash or to be dark. Full volume goes along where the siren takes it (Sound
// Switch 2): what it was set to as a bell must not make an alarm quiet. Z-Wave
// has no word for how long: a tone ends by itself, and that is all.
func sound(n *zwave.Node, cmd home.Command) [][]byte {
	const loudest = 100
	on := cmd.Value == home.On
	var list [][]byte
	switch {
	case n.Has(cc.SoundSwitch):
		set := cc.SoundSwitchTonePlaySet{Tone: cc.ToneStop}
		if on {
			can := played(n)
			tone, ok := can[alarm.Pattern(cmd.Sound.Pattern)]
			if !ok {
				tone = can[alarm.Steady]
			}
			if set.Tone = tone.Number; set.Tone == 0 {
				set.Tone = cc.ToneDefault // a bell that somebody rings
			}
			if n.Classes[cc.SoundSwitch] >= 2 {
				set.Volume = loudest
			}
		}
		list = append(list, cc.Bytes(set))
	case n.Has(cc.BinarySwitch):
		list = append(list, cc.Bytes(cc.BinarySwitchSet{Value: cc.OnOff(on)}))
	default:
		list = append(list, cc.Bytes(cc.BasicSet{Value: cc.OnOff(on)}))
	}
	if flashes(n) {
		list = append(list, cc.Bytes(flash(n.Indicators[cc.IndicatorAlarming], cmd.Sound.Strobe)))
	}
	return list
}

// flash has the lights blink about once a second where they can by themselves,
// or burn, until they are put out.
func flash(properties []byte, on bool) cc.IndicatorSet {
	can := make(map[byte]bool)
	for _, p := range properties {
		can[p] = true
	}
	var s cc.IndicatorSet
	set := func(property, lit byte) {
		if !can[property] {
			return
		}
		if !on {
			lit = 0
		}
		s.Objects = append(s.Objects, cc.IndicatorObject{Indicator: cc.IndicatorAlarming, Property: property, Value: lit})
	}
	switch blinks := can[cc.PropertyPeriod] && can[cc.PropertyCycles]; {
	case blinks && on:
		set(cc.PropertyPeriod, 10) // tenths of a second
		set(cc.PropertyCycles, 0xFF)
		set(cc.PropertyOnTime, 5)
	case blinks && can[cc.PropertyBinary]:
		set(cc.PropertyBinary, 0)
		set(cc.PropertyCycles, 0)
	case blinks:
		set(cc.PropertyMultilevel, 0)
		set(cc.PropertyCycles, 0)
	case can[cc.PropertyBinary]:
		set(cc.PropertyBinary, 0xFF)
	default:
		set(cc.PropertyMultilevel, 0xFF)
	}
	return s
}

// all calls done once, when all of n answers have come: with the first error.
func all(n int, done func(error)) func(error) {
	var mu sync.Mutex
	var first error
	return func(err error) {
		mu.Lock()
		if first == nil {
			first = err
		}
		n--
		last, err := n == 0, first
		mu.Unlock()
		if last {
			done(err)
		}
	}
}
