package quirks

import (
	_ "embed"
	"slices"
	"strings"

	"gatehouse/zigbee/zcl"
)

// The tables stay text, in the program's own file, until a device is looked for:
// what nobody has in the house costs no memory.
var (
	//go:embed own.quirks
	own string
	//go:embed herdsman.quirks
	herdsman string
)

// embedded are the tables, the one that counts first in front.
var embedded = [...]struct{ file, text string }{{"own.quirks", own}, {"herdsman.quirks", herdsman}}

// All are the devices of the tables. It is for who lists them: it makes of the
// text some ten times its size.
func All() ([]Quirk, error) {
	var all []Quirk
	for _, e := range embedded {
		list, err := Parse(e.file, e.text)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// Likeness is what a device is known by.
type Likeness struct {
	Model, Maker string
	Serves       []zcl.Cluster
}

// How well a quirk matches. What says more about the device goes first.
const (
	noMatch = iota
	byCluster
	byMaker
	byModel
	byBoth
)

// fits tells how well a quirk is meant for a device.
func (q *Quirk) fits(l Likeness) int {
	for _, c := range q.Serving {
		if !slices.Contains(l.Serves, c) {
			return noMatch
		}
	}
	best := noMatch
	if len(q.Matches) == 0 {
		best = byCluster
	}
	for _, m := range q.Matches {
		best = max(best, m.fits(l))
	}
	return best
}

func (m Match) fits(l Likeness) int {
	maker := slices.Contains(m.Makers, l.Maker)
	switch {
	case m.Model != "*" && !strings.EqualFold(m.Model, l.Model), len(m.Makers) > 0 && !maker:
		return noMatch
	case m.Model == "*":
		return byMaker
	case maker:
		return byBoth
	default:
		return byModel
	}
}

// Find is what is known of a device: by the owner's quirks, where they match at
// all, or by the tables.
func Find(owners []Quirk, l Likeness) (Quirk, bool) {
	l.Model, l.Maker = clean(l.Model), clean(l.Maker)
	var found Quirk
	best := noMatch
	for i := range owners {
		if n := owners[i].fits(l); n > best {
			best, found = n, owners[i]
		}
	}
	if best > noMatch {
		return found, true
	}
	for _, e := range embedded {
		for _, start := range []string{"\nmatch ", "\nserving "} {
			for at := range starts(e.text, start) {
				line, _, _ := strings.Cut(e.text[at+1:], "\n")
				if start == "\nmatch " && !promises(line, l, best) {
					continue
				}
				q, ok := entry(e.file, e.text, at)
				if n := q.fits(l); ok && n > best {
					best, found = n, q
				}
			}
		}
	}
	return found, best > noMatch
}

// starts is where lines start that begin so.
func starts(text, start string) func(func(int) bool) {
	return func(yield func(int) bool) {
		for at := 0; ; {
			n := strings.Index(text[at:], start)
			if n < 0 || !yield(at+n) {
				return
			}
			at += n + 1
		}
	}
}

// promises tells whether a line that says match is for a device, better than what
// was found. Most lines are not, and are told apart without being read.
func promises(line string, l Likeness, best int) bool {
	if !strings.Contains(line, `"`) {
		model, makers, _ := strings.Cut(strings.TrimPrefix(line, "match "), " ")
		if model != "*" && !strings.EqualFold(model, l.Model) || makers != "" && !strings.Contains(makers, l.Maker) {
			return false
		}
	}
	words, fault := split(line)
	return fault == nil && len(words) > 1 && Match{words[1], words[2:]}.fits(l) > best
}

// entry is the device of a table in which a place lies.
func entry(file, text string, at int) (Quirk, bool) {
	const device = "\ndevice "
	from := strings.LastIndex(text[:at], device)
	if from < 0 {
		return Quirk{}, false
	}
	part := text[from+1:]
	if n := strings.Index(part, device); n >= 0 {
		part = part[:n]
	}
	list, err := Parse(file, part)
	if err != nil || len(list) != 1 { // held to parse by a test
		return Quirk{}, false
	}
	return list[0], true
}
