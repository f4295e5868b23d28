package quirks

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/zigbee/zcl"
)

// Fault is what is wrong with a quirk file, and how it is mended.
type Fault struct {
	File string
	Line int
	Word string // the word that is wrong; "" when one is missing
	Mend string
}

func (f *Fault) Error() string {
	at := fmt.Sprintf("%s, line %d", f.File, f.Line)
	if f.Word == "" {
		return fmt.Sprintf("%s: %s", at, f.Mend)
	}
	return fmt.Sprintf("%s: %q: %s", at, f.Word, f.Mend)
}

// Parse reads a quirk file. It is read as a whole or not at all.
func Parse(file, text string) ([]Quirk, error) {
	var all []Quirk
	seen := make(map[string]int)
	for n, line := range lines(text) {
		words, fault := split(line)
		p := &parser{file: file, line: n, words: words, fault: fault}
		switch {
		case fault != nil:
		case len(words) == 0:
			continue
		case words[0] == "device":
			if len(all) > 0 {
				p.whole(&all[len(all)-1])
			}
			name := strings.Join(words[1:], " ")
			if name == "" {
				p.missing("name the device behind it: device Smoke sensor of the shed")
			} else if at, twice := seen[name]; twice {
				p.wrong(name, fmt.Sprintf("line %d has a device of that name; give this one another", at))
			}
			seen[name] = n
			all = append(all, Quirk{Name: name})
		case len(all) == 0:
			p.wrong(words[0], "a file begins by a line that names the device: device Smoke sensor of the shed")
		default:
			p.statement(&all[len(all)-1])
		}
		if p.fault != nil {
			p.fault.File, p.fault.Line = file, n
			return nil, p.fault
		}
	}
	p := &parser{file: file, line: strings.Count(text, "\n") + 1}
	if len(all) > 0 {
		p.whole(&all[len(all)-1])
	}
	if p.fault != nil {
		p.fault.File, p.fault.Line = file, p.line
		return nil, p.fault
	}
	return all, nil
}

// lines are the lines of a text with their numbers.
func lines(text string) func(func(int, string) bool) {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.SplitSeq(text, "\n") {
			n++
			if !yield(n, strings.TrimSuffix(line, "\r")) {
				return
			}
		}
	}
}

// split cuts a line into words.
func split(line string) ([]string, *Fault) {
	var words []string
	for {
		line = strings.TrimLeft(line, " \t")
		switch {
		case line == "" || line[0] == '#':
			return words, nil
		case line[0] == '"':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, &Fault{Word: line, Mend: "the word in quotes does not end; close it by a double quote"}
			}
			word, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, &Fault{Word: quoted, Mend: "it is no string; write it as Go would"}
			}
			words, line = append(words, word), line[len(quoted):]
		default:
			n := strings.IndexAny(line, " \t")
			if n < 0 {
				n = len(line)
			}
			words, line = append(words, line[:n]), line[n:]
		}
	}
}

// parser reads the words of one line from front to back. The first fault is kept.
type parser struct {
	file  string
	line  int
	words []string
	fault *Fault
}

func (p *parser) wrong(word, mend string) {
	if p.fault == nil {
		p.fault = &Fault{Word: word, Mend: mend}
	}
	p.words = nil
}

func (p *parser) missing(mend string) { p.wrong("", mend) }

func (p *parser) more() bool { return len(p.words) > 0 }

// word takes the next word; what tells what it would be.
func (p *parser) word(what string) string {
	if !p.more() {
		p.missing("something is missing at the end of the line: " + what)
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

// is takes the next word if it is that one.
func (p *parser) is(word string) bool {
	if p.more() && p.words[0] == word {
		p.words = p.words[1:]
		return true
	}
	return false
}

func (p *parser) number(what string, least, most int64) int64 {
	w := p.word(what)
	if p.fault != nil {
		return 0
	}
	n, err := strconv.ParseInt(w, 0, 64)
	if err != nil || n < least || n > most {
		p.wrong(w, fmt.Sprintf("it is %s, a number from %d to %d", what, least, most))
		return 0
	}
	return n
}

// choice takes a word out of a list.
func choice[T any](p *parser, what string, list map[string]T) T {
	var none T
	w := p.word(what)
	v, ok := list[w]
	if !ok {
		p.wrong(w, fmt.Sprintf("it is %s, one of %s", what, strings.Join(slices.Sorted(maps.Keys(list)), ", ")))
		return none
	}
	return v
}

func (p *parser) time() time.Duration {
	w := p.word("a time")
	if p.fault != nil {
		return 0
	}
	d, err := time.ParseDuration(w)
	if err != nil || d < time.Second || d > 30*24*time.Hour {
		p.wrong(w, "it is a time from 1s to 720h, such as 90s or 50m")
	}
	return d
}

func (p *parser) cluster() zcl.Cluster {
	return zcl.Cluster(p.number("a cluster", 0, math.MaxUint16))
}

func (p *parser) attr() zcl.Attr { return zcl.Attr(p.number("an attribute", 0, math.MaxUint16)) }

func (p *parser) maker() uint16 {
	if !p.is("maker") {
		return 0
	}
	return uint16(p.number("the code of a maker", 1, math.MaxUint16))
}

func (p *parser) point() byte { return byte(p.number("a data point", 1, math.MaxUint8)) }

// statements are the words that a line of a device begins by.
var statements = map[string]func(*parser, *Quirk){
	"match": func(p *parser, q *Quirk) {
		m := Match{Model: clean(p.word("a model"))}
		for p.more() {
			m.Makers = append(m.Makers, clean(p.word("a maker")))
		}
		if m.Model == "*" && len(m.Makers) == 0 {
			p.missing("any device of any maker would match; name a maker, or what it serves: serving 0xEF00")
		}
		q.Matches = append(q.Matches, m)
	},
	"serving": func(p *parser, q *Quirk) {
		for q.Serving = append(q.Serving, p.cluster()); p.more(); {
			q.Serving = append(q.Serving, p.cluster())
		}
	},
	"point": func(p *parser, q *Quirk) { p.reading(q, Reading{Source: FromPoint, ID: p.point()}) },
	"tag": func(p *parser, q *Quirk) {
		p.reading(q, Reading{Source: FromTag, ID: byte(p.number("a tag", 0, math.MaxUint8))})
	},
	"attribute": func(p *parser, q *Quirk) {
		r := Reading{Source: FromAttribute, Cluster: p.cluster(), Attr: p.attr()}
		r.Maker = p.maker()
		p.reading(q, r)
	},
	"alarm": func(p *parser, q *Quirk) {
		r := Reading{Source: FromAlarm, ID: choice(p, "a bit", map[string]byte{"1": 1, "2": 2, "any": 0})}
		for _, o := range q.Readings {
			if p.more() && o.Source == FromAlarm && o.Trait == p.words[0] {
				p.wrong(o.Trait, "one bit says the same already; write alarm any if both do")
			}
		}
		p.reading(q, r)
	},
	"set": (*parser).set,
	"send": func(_ *parser, q *Quirk) {
		q.Send = true
	},
	"without": func(p *parser, q *Quirk) {
		for q.Without = append(q.Without, p.trait()); p.more(); {
			q.Without = append(q.Without, p.trait())
		}
	},
	"read": func(p *parser, q *Quirk) {
		s := Step{Do: DoRead, Cluster: p.cluster(), Attrs: []zcl.Attr{p.attr()}}
		for p.more() {
			if s.Maker = p.maker(); s.Maker == 0 {
				s.Attrs = append(s.Attrs, p.attr())
			}
		}
		q.Steps = append(q.Steps, s)
	},
	"bind": func(p *parser, q *Quirk) { q.Steps = append(q.Steps, Step{Do: DoBind, Cluster: p.cluster()}) },
	"write": func(p *parser, q *Quirk) {
		s := Step{Do: DoWrite, Cluster: p.cluster(), Attrs: []zcl.Attr{p.attr()}}
		t := zcl.Type(p.number("a type", 0, math.MaxUint8))
		size, fixed := t.Size()
		if p.fault == nil && (!fixed || size == 0 || size > 8 || t == zcl.Key) {
			p.wrong(fmt.Sprintf("0x%02x", byte(t)), "only numbers can be written, such as of type 0x20 (one byte) or 0x21 (two)")
		}
		s.Value = zcl.OfInt(t, p.number("what is written", math.MinInt64, math.MaxInt64))
		s.Maker = p.maker()
		q.Steps = append(q.Steps, s)
	},
	"unasked": func(_ *parser, q *Quirk) { q.Unasked = true },
	"query":   func(_ *parser, q *Quirk) { q.Steps = append(q.Steps, Step{Do: DoQuery, Cluster: Tuya}) },
	"enroll":  func(p *parser, q *Quirk) { q.AskedOnly = choice(p, "how", map[string]bool{"asked": true}) },
	"clock": func(p *parser, q *Quirk) {
		q.Clock = choice(p, "a clock", map[string]Clock{"1970": Clock1970, "2000": Clock2000, "off": ClockOff})
	},
	"every": func(p *parser, q *Quirk) { q.Every = p.time() },
}

func (p *parser) statement(q *Quirk) {
	first := p.word("a word")
	do, ok := statements[first]
	if !ok {
		p.wrong(first, "a line begins by one of device, "+strings.Join(slices.Sorted(maps.Keys(statements)), ", "))
		return
	}
	do(p, q)
	if p.fault == nil && p.more() {
		p.wrong(p.words[0], "nothing is expected behind the rest of the line; leave it out")
	}
}

// whole checks a device once all of its lines are read.
func (p *parser) whole(q *Quirk) {
	if len(q.Matches) == 0 && len(q.Serving) == 0 {
		p.wrong(q.Name, "the device before this line has no match: say which devices are meant, as by match TS0601 _TZE200_aycxwiau")
	}
}

func (p *parser) trait() string {
	w := p.word("a trait")
	if _, ok := traits[w]; p.fault == nil && !ok {
		p.wrong(w, "it is a trait, one of "+strings.Join(Traits(), ", "))
	}
	return w
}

// signs are those of arithmetic.
const signs = "/*+-"

func (p *parser) ops() (ops []Op) {
	for p.more() && strings.IndexByte(signs, p.words[0][0]) >= 0 && !strings.Contains(p.words[0], "=") {
		w := p.word("arithmetic")
		by, err := strconv.ParseFloat(w[1:], 64)
		if err != nil || by <= 0 || math.IsInf(by, 0) || math.IsNaN(by) {
			p.wrong(w, "behind a sign stands a number above 0, such as /10")
			return nil
		}
		ops = append(ops, Op{w[0], by})
	}
	return ops
}

func (p *parser) reading(q *Quirk, r Reading) {
	r.Trait, r.Bit = p.trait(), -1
	if p.fault != nil {
		return
	}
	k := traits[r.Trait]
	if p.is("bit") {
		r.Bit = int(p.number("the number of a bit", 0, 31))
	}
	if k == number {
		r.Ops = p.ops()
	}
	if p.is("curve") {
		r.Curve = p.curve(k)
	} else {
		r.Words = p.table(k)
	}
	if r.byWord = len(r.Words) > 0; r.byWord && (len(r.Ops) > 0) {
		p.wrong(r.Trait, "it has arithmetic and a table; leave out one")
	}
	if (k == bolt || k == press) && !r.byWord {
		p.wrong(r.Trait, "say which number stands for what, such as 0="+k.words()[0])
	}
	if p.is("lasts") {
		if r.Lasts = p.time(); k != truth && p.fault == nil {
			p.wrong(r.Trait, "only what is true or false can be over by itself; leave out lasts")
		}
	}
	q.Readings = append(q.Readings, r)
}

func (p *parser) pair() (from, to string) {
	w := p.word("a pair")
	from, to, ok := strings.Cut(w, "=")
	if !ok || from == "" || to == "" {
		p.wrong(w, "a pair is a number, =, and what stands for it, such as 0=false")
	}
	return from, to
}

func (p *parser) curve(k kind) (curve []Spot) {
	if k != number {
		p.missing("only a number can follow a curve")
	}
	for p.more() && p.words[0] != "lasts" {
		from, to := p.pair()
		f, err1 := strconv.ParseFloat(from, 64)
		t, err2 := strconv.ParseFloat(to, 64)
		ordered := len(curve) == 0 || f > curve[len(curve)-1].From
		if p.fault == nil && (err1 != nil || err2 != nil || !ordered || math.Abs(f) > 1e9 || math.Abs(t) > 1e9 || math.IsNaN(t)) {
			p.wrong(from+"="+to, "a curve is pairs of numbers in rising order, such as 2850=0 3000=100")
		}
		curve = append(curve, Spot{f, t})
	}
	if len(curve) < 2 {
		p.missing("a curve has two pairs at least, such as 2850=0 3000=100")
	}
	return curve
}

func (p *parser) table(k kind) (words []Word) {
	for p.more() && p.words[0] != "lasts" {
		from, to := p.pair()
		if p.fault != nil {
			return nil
		}
		w := Word{Any: from == "*"}
		if len(words) > 0 && words[len(words)-1].Any {
			p.wrong(from+"="+to, "* stands for every number; write it last")
		}
		var err error
		if w.From, err = strconv.ParseInt(from, 0, 64); err != nil && !w.Any {
			p.wrong(from, "left of = stands a number, or * for every other")
		}
		if k == number {
			if w.To.Number, err = strconv.ParseFloat(to, 64); err != nil || math.IsNaN(w.To.Number) || math.Abs(w.To.Number) > 1e9 {
				p.wrong(to, "right of = stands a number")
			}
		} else if w.To.Word = to; !slices.Contains(k.words(), to) {
			p.wrong(to, "right of = stands one of "+strings.Join(k.words(), ", "))
		}
		words = append(words, w)
	}
	return words
}

// types are those by which a device can be told something.
var types = map[string]PointType{"bool": PointBool, "number": PointNumber, "enum": PointEnum}

func (p *parser) set(q *Quirk) {
	const maxSet = math.MaxInt32
	switch {
	case p.is("volume"):
		q.Volume = &Const{Point: p.point(), Type: choice(p, "a type", types), Value: p.number("a volume", 0, maxSet)}
		return
	case p.is("duration"):
		q.Duration = &Duration{
			Point: p.point(), Type: choice(p, "a type", types),
			Unit: choice(p, "a unit", map[string]time.Duration{"seconds": time.Second, "minutes": time.Minute}), Max: p.number("the longest time", 1, 36000),
		}
		return
	}
	s := Set{Trait: p.trait(), Point: p.point(), Type: choice(p, "a type", types)}
	k := traits[s.Trait]
	switch {
	case p.fault != nil:
	case s.Trait == "level":
		s.Ops = p.ops()
	case k != onOff && k != bolt:
		p.wrong(s.Trait, "a device can be told only switch, siren, level and lock")
	default:
		for p.more() {
			from, to := p.pair()
			n, err := strconv.ParseInt(to, 0, 32)
			if p.fault == nil && (!slices.Contains(k.words(), from) || err != nil || n < 0) {
				p.wrong(from+"="+to, "a pair is one of "+strings.Join(k.words(), ", ")+", =, and the number that stands for it")
			}
			s.Words = append(s.Words, Told{from, n})
		}
		for _, word := range k.words()[:2] {
			if p.fault == nil && !slices.ContainsFunc(s.Words, func(t Told) bool { return t.Word == word }) {
				p.missing("say which number stands for " + word)
			}
		}
	}
	q.Sets = append(q.Sets, s)
}
