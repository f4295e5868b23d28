package quirks

import (
	"math"
	"slices"
	"strings"
	"time"

	"gatehouse/zigbee/zcl"
)

// Quirk is what is known of one sort of device.
type Quirk struct {
	Name     string
	Matches  []Match
	Serving  []zcl.Cluster
	Readings []Reading
	Sets     []Set
	Volume   *Const
	Duration *Duration
	Send     bool // by TuyaSend
	Without  []string
	Steps    []Step
	// Unasked: it answers next to nothing, and reports all the same.
	Unasked bool
	// AskedOnly: an enrolment response that it did not ask for breaks it.
	AskedOnly bool
	Clock     Clock
	Every     time.Duration // between signs of life; 0: as others do
}

// Match is a model and its makers; no maker is every maker.
type Match struct {
	Model  string // "*": every model
	Makers []string
}

// Source is what sort of thing a reading comes from.
type Source byte

// Sources.
const (
	FromPoint Source = iota
	FromTag
	FromAttribute
	FromAlarm
)

// Reading is one thing that a device says. Of an alarm, ID is the number of its
// bit, 0 any of the two.
type Reading struct {
	Source  Source
	ID      byte
	Cluster zcl.Cluster
	Attr    zcl.Attr
	Maker   uint16 // whose attribute it is; 0: the library's
	Trait   string

	Bit    int // -1: the whole number
	Ops    []Op
	Words  []Word
	Curve  []Spot
	Lasts  time.Duration
	byWord bool
}

// Op is one step of arithmetic.
type Op struct {
	Sign byte // '/', '*', '+' or '-'
	By   float64
}

// Word is a number and the word or number that stands for it.
type Word struct {
	Any  bool // stands for every other number
	From int64
	To   Value
}

// Spot is one point of a curve.
type Spot struct{ From, To float64 }

// Value is what a trait says.
type Value struct {
	Word   string // "" when it is a number
	Number float64
}

// Set is how a device is told something by a data point.
type Set struct {
	Trait string
	Point byte
	Type  PointType
	Words []Told
	Ops   []Op // of a number
}

// Told is a word and the number that stands for it.
type Told struct {
	Word string
	To   int64
}

// Const is a data point that always says the same.
type Const struct {
	Point byte
	Type  PointType
	Value int64
}

// Duration is the data point that says for how long a siren sounds.
type Duration struct {
	Point byte
	Type  PointType
	Unit  time.Duration
	Max   int64
}

// Step is one thing that a device is asked or told when it joins.
type Step struct {
	Do      Do
	Cluster zcl.Cluster
	Attrs   []zcl.Attr
	Value   zcl.Value
	Maker   uint16
}

// Do is what a step does.
type Do byte

// Steps.
const (
	DoRead Do = iota
	DoBind
	DoWrite
	DoQuery
)

// kind is what sort of value a trait has.
type kind byte

const (
	truth kind = iota
	opening
	onOff
	number
	bolt
	press
)

// traits are the words that a device can speak, which are those of the house.
var traits = map[string]kind{
	"contact": opening, "motion": truth, "smoke": truth, "co": truth, "gas": truth, "water": truth, "vibration": truth,
	"glass": truth, "tamper": truth, "occupancy": truth, "trouble": truth, "battery": number, "low_battery": truth,
	"switch": onOff, "siren": onOff, "level": number, "lock": bolt, "button": press,
	"temperature": number, "humidity": number, "illuminance": number, "power": number, "energy": number,
}

// words are the words of a kind: what stands for 0 and for another number first.
// Those of a bolt and of a button stand for no number by themselves.
func (k kind) words() []string {
	switch k {
	case truth:
		return []string{"false", "true"}
	case opening:
		return []string{"closed", "open"}
	case onOff:
		return []string{"off", "on"}
	case bolt:
		return []string{"locked", "unlocked", "jammed"}
	case press:
		return []string{"press", "double", "hold"}
	default:
		return nil
	}
}

// Traits are all words that a quirk file has for what devices say.
func Traits() []string {
	var all []string
	for t := range traits {
		all = append(all, t)
	}
	slices.Sort(all)
	return all
}

// Of is what a number means; false: it says nothing.
func (r *Reading) Of(n int64) (Value, bool) {
	if r.Bit >= 0 {
		n = n >> r.Bit & 1
	}
	if r.byWord {
		for _, w := range r.Words {
			if w.Any || w.From == n {
				return w.To, true
			}
		}
		return Value{}, false
	}
	if k := traits[r.Trait]; k != number {
		words := k.words()
		if n != 0 {
			return Value{Word: words[1]}, true
		}
		return Value{Word: words[0]}, true
	}
	return r.OfFloat(float64(n))
}

// OfFloat is what a number that need not be whole means.
func (r *Reading) OfFloat(f float64) (Value, bool) {
	if traits[r.Trait] != number || r.byWord || r.Bit >= 0 {
		return r.Of(int64(f))
	}
	f = arithmetic(f, r.Ops)
	if len(r.Curve) > 0 {
		f = along(r.Curve, f)
	}
	f = math.Round(f*1000) / 1000
	return Value{Number: f}, !math.IsNaN(f) && !math.IsInf(f, 0)
}

func arithmetic(f float64, ops []Op) float64 {
	for _, o := range ops {
		switch o.Sign {
		case '/':
			f /= o.By
		case '*':
			f *= o.By
		case '+':
			f += o.By
		default:
			f -= o.By
		}
	}
	return f
}

// along is how high a curve is at f. Before it begins and behind its end it is
// flat.
func along(curve []Spot, f float64) float64 {
	last := curve[0]
	for _, s := range curve {
		switch {
		case f > s.From:
			last = s
		case s.From == last.From:
			return s.To
		default:
			return last.To + (s.To-last.To)*(f-last.From)/(s.From-last.From)
		}
	}
	return last.To
}

// Speaks tells whether a device has a trait by its quirk.
func (q *Quirk) Speaks(trait string) bool {
	return slices.ContainsFunc(q.Readings, func(r Reading) bool { return r.Trait == trait }) ||
		slices.ContainsFunc(q.Sets, func(s Set) bool { return s.Trait == trait })
}

// Alarms tells whether the quirk says what the alarm bits of a zone mean.
func (q *Quirk) Alarms() bool {
	return slices.ContainsFunc(q.Readings, func(r Reading) bool { return r.Source == FromAlarm })
}

// Points are the data points by which a device is told something; false: it
// cannot be told that. lasts is for how long a siren sounds at most; 0: as long as
// it likes.
func (q *Quirk) Points(trait string, v Value, lasts time.Duration) ([]Point, bool) {
	for _, s := range q.Sets {
		if s.Trait != trait {
			continue
		}
		n, ok := s.says(v)
		if !ok {
			return nil, false
		}
		var list []Point
		if trait == "siren" && v.Word == "on" {
			if q.Volume != nil {
				list = append(list, MakePoint(q.Volume.Point, q.Volume.Type, q.Volume.Value))
			}
			if d := q.Duration; d != nil {
				units := d.Max
				if lasts > 0 {
					units = min(int64((lasts+d.Unit-1)/d.Unit), d.Max)
				}
				list = append(list, MakePoint(d.Point, d.Type, units))
			}
		}
		return append(list, MakePoint(s.Point, s.Type, n)), true
	}
	return nil, false
}

// Longest is for how long a siren sounds at most after one command; 0: not known.
func (q *Quirk) Longest() time.Duration {
	if q.Duration == nil {
		return 0
	}
	return time.Duration(q.Duration.Max) * q.Duration.Unit
}

func (s *Set) says(v Value) (int64, bool) {
	if traits[s.Trait] == number {
		return int64(math.Round(arithmetic(v.Number, s.Ops))), v.Word == ""
	}
	i := slices.IndexFunc(s.Words, func(t Told) bool { return t.Word == v.Word })
	if i < 0 {
		return 0, false
	}
	return s.Words[i].To, true
}

// clean is a name as it is compared: some firmware fills up with zeros or spaces.
func clean(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return strings.TrimSpace(s)
}
