package auth

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	zxcvbn "github.com/ccojocar/zxcvbn-go"
	"github.com/ccojocar/zxcvbn-go/data"
	"github.com/ccojocar/zxcvbn-go/matching"
)

// samples are passwords of every kind that zxcvbn knows, alone and together.
var samples = []string{
	"", "a", "password", "Password", "PASSWORD", "pAsSwOrD", "correct horse battery staple", "smith", "Johnson1984",
	"qwertyuiop", "qwERTyuiop", "zxcvbnm,./", "aoeuidhtns", "789456123", "!@#$%^&*()", "qazwsxedcrfv",
	"aaaaaaaaaaaa", "aAaAaA", "abcdefgh", "zyxwvut", "HGFEDCBA", "0123456789", "98765432", "abcabcabc", "aaabbbccc",
	"31.12.1999", "1999-12-31", "12/31/99", "31121999", "19991231", "311299", "1984", "born 1.2.1984 in may",
	"жёлтый трамвай едет домой", "emily-Robert_qwerty123", "seven green umbrellas", "x7#Qm2!vK9", "anna berg elmstreet",
	"Tr0ub4dour&3", "D0g..................", "rWibMFACxAUGZmxhVncy", "elephant2024monday", "annabergannaberg",
}

// TestGuesses holds our matchers to the library's: the same score, or a lower
// one where it misses what a list, a date or a run gives away.
func TestGuesses(t *testing.T) {
	inputs := []string{"anna", "berg", "gatehouse"}
	same := 0
	for _, p := range samples {
		ours, theirs := guesses([]string{p}, inputs), zxcvbn.PasswordStrength(p, inputs, matching.FilterL33tMatcher).Score
		if ours > theirs {
			t.Errorf("%q: %d, the library says %d", p, ours, theirs)
		}
		if ours == theirs {
			same++
		} else {
			t.Logf("%q: %d, the library says %d", p, ours, theirs)
		}
	}
	if same < len(samples)*9/10 {
		t.Errorf("%d of %d scores are the library's", same, len(samples))
	}
}

// FuzzGuesses: every part that is found lies in the password and is worth
// something. It is not held to the library, which lets a run down to a or 0
// take any next sign with it.
func FuzzGuesses(f *testing.F) {
	for _, p := range samples {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		for _, m := range slices.Concat(words(p, ranks([]string{p}, nil)), keys(p), runs(p), dates(p)) {
			if m.I < 0 || m.J < m.I || m.J >= len(p) || m.Token != p[m.I:m.J+1] || !(m.Entropy >= 0) {
				t.Errorf("%q: %+v", p, m)
			}
		}
		if score := guesses([]string{p}, nil); score < 0 || score > 4 {
			t.Errorf("%q: %d", p, score)
		}
	})
}

// TestLists: the lists are read past by their quotation marks. Read as JSON
// they have the same words at the same ranks.
func TestLists(t *testing.T) {
	total := 0
	for _, name := range []string{"Passwords", "English", "Surnames", "MaleNames", "FemaleNames"} {
		var list struct{ List []string }
		if err := json.Unmarshal(data.MustAsset("data/"+name+".json"), &list); err != nil {
			t.Fatal(err)
		}
		total += len(list.List)
		for _, at := range []int{0, len(list.List) / 2, len(list.List) - 1} {
			w := list.List[at]
			if got := ranks([]string{w}, nil)[strings.ToLower(w)]; got < 1 || got > at+1 {
				t.Errorf("%s: %q is found at %d, is at %d", name, w, got, at+1)
			}
		}
		for _, w := range list.List {
			if strings.ToLower(w) != w || strings.ContainsAny(w, `"\`) {
				t.Errorf("%s: %q is not read so", name, w)
			}
		}
	}
	if total < 80_000 {
		t.Errorf("%d words", total)
	}
}
