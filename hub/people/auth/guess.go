package auth

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go/adjacency"
	"github.com/ccojocar/zxcvbn-go/data"
	"github.com/ccojocar/zxcvbn-go/entropy"
	"github.com/ccojocar/zxcvbn-go/match"
	"github.com/ccojocar/zxcvbn-go/scoring"
)

// zxcvbn's lists, figures and sum are the library's. Its matchers are not:
// that package reads 130,000 words into maps when a program starts, in every
// process, and keeps them, some 8 MB and 70 ms of CPU for the one password in
// a year that is chosen. Here the lists are read past a password, once, when
// there is one. A test holds this to the library's own score.

// guesses is how many guesses a reading of a password stands, as zxcvbn's
// score of 0 to 4; the least of them all counts.
func guesses(readings, inputs []string) int {
	known := ranks(readings, inputs)
	score := 4
	for _, p := range readings {
		var found []match.Match
		found = append(found, words(p, known)...)
		found = append(found, keys(p)...)
		found = append(found, runs(p)...)
		found = append(found, dates(p)...)
		score = min(score, scoring.MinimumEntropyMatchSequence(p, found).Score)
	}
	return score
}

// ranks finds which parts of the readings are words of zxcvbn's lists or of
// this house, and how early each comes there: 1 is tried first.
func ranks(readings, inputs []string) map[string]int {
	found := map[string]int{} // 0: a part that no list has shown yet
	for _, p := range readings {
		p = strings.ToLower(p)
		for i := range p {
			for j := i; j < len(p); {
				_, n := utf8.DecodeRuneInString(p[j:])
				j += n
				found[p[i:j]] = 0
			}
		}
	}
	for i, w := range inputs {
		if best, ok := found[w]; ok && (best == 0 || i+1 < best) {
			found[w] = i + 1
		}
	}
	for _, name := range []string{"Passwords", "English", "Surnames", "MaleNames", "FemaleNames"} {
		_, list, _ := bytes.Cut(data.MustAsset("data/"+name+".json"), []byte("["))
		for rank := 1; ; rank++ { // words have no quotation marks: a test reads them as JSON too
			_, rest, _ := bytes.Cut(list, []byte(`"`))
			word, rest, more := bytes.Cut(rest, []byte(`"`))
			if !more {
				break
			}
			if best, ok := found[string(word)]; ok && (best == 0 || rank < best) {
				found[string(word)] = rank
			}
			list = rest
		}
	}
	return found
}

// words are the parts of p that are known words, in any case.
func words(p string, known map[string]int) (out []match.Match) {
	for i := range p {
		for j := i; j < len(p); {
			_, n := utf8.DecodeRuneInString(p[j:])
			j += n
			if rank := known[strings.ToLower(p[i:j])]; rank > 0 {
				m := match.Match{Pattern: "dictionary", I: i, J: j - 1, Token: p[i:j]}
				m.Entropy = entropy.DictionaryEntropy(m, float64(rank))
				out = append(out, m)
			}
		}
	}
	return out
}

// keys are walks of three keys and more over a keyboard or a number pad.
func keys(p string) (out []match.Match) {
	for _, name := range []string{"qwerty", "dvorak", "keypad", "macKeypad"} {
		graph := adjacency.GraphMap[name]
		for i := 0; i < len(p)-1; {
			j, turns, shifted, last := i+1, 0, 0, -1
			for ; j < len(p); j++ {
				way, upper := step(graph.Graph[p[j-1:j]], p[j])
				if way < 0 {
					break
				}
				if upper {
					shifted++
				}
				if way != last {
					turns, last = turns+1, way
				}
			}
			if j-i > 2 {
				m := match.Match{Pattern: "spatial", DictionaryName: graph.Name, I: i, J: j - 1, Token: p[i:j]}
				m.Entropy = entropy.SpatialEntropy(m, turns, shifted)
				out = append(out, m)
			}
			i = j
		}
	}
	return out
}

// step is the direction in which key lies among a key's neighbours, -1 for
// none, and whether it is typed with Shift (each neighbour reads "2@").
func step(neighbours []string, key byte) (way int, shifted bool) {
	for way, n := range neighbours {
		if at := strings.IndexByte(n, key); at >= 0 {
			return way, at == 1
		}
	}
	return -1, false
}

// runs are one sign over and over, and letters or digits in their order,
// forwards or backwards, from three on.
func runs(p string) (out []match.Match) {
	for i := 0; i < len(p); {
		j := i + 1
		for j < len(p) && strings.EqualFold(p[j:j+1], p[i:i+1]) {
			j++
		}
		if j-i > 2 {
			m := match.Match{Pattern: "repeat", I: i, J: j - 1, Token: p[i:j]}
			m.Entropy = entropy.RepeatEntropy(m)
			out = append(out, m)
		}
		i = j
	}
	for i := 0; i < len(p)-1; {
		size, way := ordered(p[i], p[i+1])
		j := i + 1
		for ; size > 0 && j < len(p); j++ {
			if s, w := ordered(p[j-1], p[j]); s != size || w != way {
				break
			}
		}
		if j-i > 2 {
			m := match.Match{Pattern: "sequence", I: i, J: j - 1, Token: p[i:j]}
			m.Entropy = entropy.SequenceEntropy(m, size, way > 0)
			out = append(out, m)
		}
		i = j
	}
	return out
}

// ordered tells of how many signs the row is in which b follows a, and
// whether forwards (1) or backwards (-1); 0 for no such row.
func ordered(a, b byte) (size, way int) {
	row := func(c byte) (int, byte) {
		switch {
		case 'a' <= c && c <= 'z':
			return 26, 'a'
		case 'A' <= c && c <= 'Z':
			return 26, 'A'
		case '0' <= c && c <= '9':
			return 10, '0'
		}
		return 0, 0
	}
	size, first := row(a)
	if _, other := row(b); size == 0 || other != first || (b != a+1 && a != b+1) {
		return 0, 0
	}
	return size, int(b) - int(a)
}

var (
	dated    = regexp.MustCompile(`(\d{1,4})([\s\-/\\_.])(\d{1,2})([\s\-/\\_.])(\d{1,4})`)
	digitRow = regexp.MustCompile(`\d{4,8}`)
)

// dates are days of the years 0 to 99 and 1900 to 2099, in any order in which
// people write them, with signs between the parts or without.
func dates(p string) (out []match.Match) {
	add := func(i, j int, sign string, a, b, c string) {
		for _, d := range [][3]string{{a, b, c}, {b, a, c}, {b, c, a}, {c, b, a}} { // day, month, year
			day, month, year := number(d[0]), number(d[1]), number(d[2])
			if day < 1 || day > 31 || month < 1 || month > 12 || (year > 99 && (year < 1900 || year > 2099)) {
				continue
			}
			m := match.DateMatch{I: i, J: j - 1, Day: day, Month: month, Year: year, Separator: sign, Token: p[i:j]}
			out = append(out, match.Match{Pattern: "date", I: m.I, J: m.J, Token: m.Token, Entropy: entropy.DateEntropy(m)})
		}
	}
	for _, at := range dated.FindAllStringSubmatchIndex(p, -1) {
		part := func(n int) string { return p[at[2*n]:at[2*n+1]] }
		add(at[0], at[1], part(2), part(1), part(3), part(5))
	}
	for _, at := range digitRow.FindAllStringIndex(p, -1) {
		s := p[at[0]:at[1]]
		for year := 2; year <= 4; year += 2 {
			for n := 1; n <= 2; n++ {
				if rest := len(s) - year - n; rest == 1 || rest == 2 {
					add(at[0], at[1], "", s[:n], s[n:n+rest], s[n+rest:])       // 31122026
					add(at[0], at[1], "", s[:year], s[year:year+n], s[year+n:]) // 20261231
				}
			}
		}
	}
	return out
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1
	}
	return n
}
