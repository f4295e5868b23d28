package auth

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxPassword = 256 // characters; a bound for the hash, not a rule
	judged      = 72  // characters that zxcvbn looks at: its time grows with the square
	leastScore  = 3   // zxcvbn: "safely unguessable" against an online attack, and most offline ones
)

// houseWords are words that an attacker of this very hub would try first.
var houseWords = []string{"gatehouse", "gate", "house", "home", "alarm", "owner", "security", "password"}

// judge tells what is wrong with a password (NIST SP 800-63B §5.1.1.2: length,
// lists and context; no rules of composition), or its score.
func judge(password Secret, words ...string) (int, error) {
	p := string(password)
	switch n := utf8.RuneCountInString(p); {
	case !utf8.ValidString(p):
		return 0, &WeakPassword{Reason: "This password has bytes that are no text: choose another."}
	case n < MinPassword:
		return 0, &WeakPassword{Reason: "Too short: use at least 12 characters. A few words in a row are easy to keep in mind."}
	case n > maxPassword:
		return 0, &WeakPassword{Reason: "Too long: use at most 256 characters."}
	}
	if once := unrepeated(p); utf8.RuneCountInString(once) < MinPassword {
		// zxcvbn does not see blocks that repeat.
		return 0, &WeakPassword{Reason: "Too easy to guess: this is one short text over and over. Use different words."}
	}
	if leaked(p) {
		return 0, &WeakPassword{Reason: "This password is on the lists that are tried first: choose another."}
	}
	score := strength(p, words)
	if score < leastScore {
		return score, &WeakPassword{Score: score, Reason: "Too easy to guess: add another word or two that have nothing to do with you or this house."}
	}
	return score, nil
}

// strength is zxcvbn's score of p, 0 to 4, knowing the words of this house.
func strength(p string, words []string) int {
	inputs := append([]string(nil), houseWords...)
	for _, w := range words {
		inputs = append(inputs, strings.FieldsFunc(strings.ToLower(w), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r)
		})...)
	}
	p = unrepeated(p)
	if r := []rune(p); len(r) > judged {
		p = string(r[:judged])
	}
	// The library's own matcher of l33t tries every substitution with every
	// other: 23 s were seen for 72 characters. Two readings do as well.
	lower := strings.ToLower(p)
	return guesses([]string{p, lower, asI.Replace(lower), asL.Replace(lower)}, inputs)
}

// asI and asL read digits and signs as the letters that they are put for.
var (
	asI = strings.NewReplacer(append(l33t, "1", "i", "!", "i", "|", "i", "7", "t")...)
	asL = strings.NewReplacer(append(l33t, "1", "l", "!", "i", "|", "l", "7", "l")...)

	l33t = slices.Clip([]string{
		"4", "a", "@", "a", "8", "b", "(", "c", "{", "c", "[", "c", "<", "c", "3", "e", "€", "e", "6", "g", "9", "g",
		"0", "o", "$", "s", "5", "s", "+", "t", "%", "x", "2", "z",
	})
)

// unrepeated is the shortest text of which p is a repetition.
func unrepeated(p string) string {
	for n := 1; n <= len(p)/2; n++ {
		if len(p)%n == 0 && strings.Repeat(p[:n], len(p)/n) == p {
			return p[:n]
		}
	}
	return p
}
