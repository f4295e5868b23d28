package language

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	end tokenKind = iota
	number
	word // in quotes
	name
	sign
)

type token struct {
	kind     tokenKind
	text     string // as it is written; of a word, what it says
	from, to int    // in the source, in bytes
}

// signs are all that are read as one, those of other languages too, for then a
// refusal can name them. Longer ones come first.
var signs = []string{
	"**", "..", "??", "==", "!=", "<=", ">=", "&&", "||",
	"(", ")", "[", "]", "{", "}", "?", ":", ",", ";", ".", "+", "-", "*", "/", "%", "^", "<", ">", "=", "!", "|", "&",
}

// next reads the token at or after an offset.
func next(source string, at int) (token, *Fault) {
	rest := strings.TrimLeft(source[at:], " \t\r\n")
	at = len(source) - len(rest)
	if rest == "" {
		return token{kind: end, from: at, to: at}, nil
	}
	first, _ := utf8.DecodeRuneInString(rest)
	switch {
	case first == '"' || first == '\'' || first == '`':
		return quoted(source, at)
	case digit(rest[0]) || rest[0] == '.' && len(rest) > 1 && digit(rest[1]):
		n := numberLength(rest)
		return token{number, rest[:n], at, at + n}, nil
	case letter(first):
		n := strings.IndexFunc(rest, func(r rune) bool { return !letter(r) && !unicode.IsDigit(r) })
		if n < 0 {
			n = len(rest)
		}
		return token{name, rest[:n], at, at + n}, nil
	}
	for _, s := range signs {
		if strings.HasPrefix(rest, s) {
			return token{sign, s, at, at + len(s)}, nil
		}
	}
	return token{}, faultAt(source, at, "character", "found", strings.ToValidUTF8(string(first), "�"))
}

func letter(r rune) bool { return r == '_' || unicode.IsLetter(r) }
func digit(b byte) bool  { return b >= '0' && b <= '9' }

// numberLength is how far what begins as a number goes on as one, be it right
// or not. Two points are an operator of other languages.
func numberLength(s string) int {
	i := 0
	for i < len(s) {
		switch c := s[i]; {
		case digit(c), c|0x20 >= 'a' && c|0x20 <= 'z', c == '_':
		case c == '.' && !strings.HasPrefix(s[i:], ".."):
		case (c == '+' || c == '-') && i > 0 && s[i-1]|0x20 == 'e':
		default:
			return i
		}
		i++
	}
	return i
}

// quoted reads a word in quotes.
func quoted(source string, at int) (token, *Fault) {
	quote := source[at]
	var said strings.Builder
	for rest := source[at+1:]; rest != ""; {
		if rest[0] == quote {
			return token{word, said.String(), at, len(source) - len(rest) + 1}, nil
		}
		if quote == '`' {
			said.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		r, multibyte, tail, err := strconv.UnquoteChar(rest, quote)
		if err != nil {
			if rest[0] == '\n' { // the language lets a word go on in the next line
				said.WriteByte('\n')
				rest = rest[1:]
				continue
			}
			return token{}, faultAt(source, len(source)-len(rest), "unexpected", "found", rest[:1])
		}
		if r < utf8.RuneSelf || !multibyte {
			said.WriteByte(byte(r))
		} else {
			said.WriteRune(r)
		}
		rest = tail
	}
	return token{}, faultAt(source, len(source), "unclosed")
}
