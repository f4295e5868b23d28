package auth

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/hub/people/auth/worst"
)

// mostTail is how many digits and signs behind a listed password change nothing.
const mostTail = MinPassword - worst.Stem

// leaked tells whether a password is one of the worst, is one of them
// repeated, or is one of them with a few digits or signs behind it.
func leaked(p string) bool {
	if worst.Contains(p) {
		return true
	}
	if once := unrepeated(p); once != p && worst.Contains(once) {
		return true
	}
	stem := strings.TrimRightFunc(p, func(r rune) bool { return !unicode.IsLetter(r) })
	tail := utf8.RuneCountInString(p) - utf8.RuneCountInString(stem)
	return tail > 0 && tail <= mostTail && utf8.RuneCountInString(stem) >= worst.Stem && worst.Contains(stem)
}
