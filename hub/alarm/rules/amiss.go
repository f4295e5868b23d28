package rules

import (
	"fmt"
	"strconv"
	"strings"

	"gatehouse/hub/alarm/rules/language"
	"gatehouse/hub/home"
)

// amiss is what can be wrong with a condition or with a rule in its house: a code,
// for faces with languages of their own, and the English of it. What stands in
// braces goes into it. A face finds the place of a condition in line and column.
var amiss = map[string]string{
	"if-too-long":     "has {bytes} bytes; an expression can have {most}. Make two rules of it",
	"if-too-big":      "there is too much in it. Make two rules of it",
	"if-unknown-name": "there is no \"{name}\"; it can read {near}",
	"if-unknown":      "there is no \"{name}\"; it can read {all}, or a trait of a device such as contact(\"zwave-5\")",
	"if-ends-early":   "something is missing at the end",
	"if-unexpected":   "{found} can't stand here",
	"if-unclosed":     "a quotation mark is missing at the end",
	"if-character":    "the character {found} is not part of the language",
	"if-operator":     "{operator} is not part of the language",
	"if-foreign":      "this is not part of the language: compare words and numbers, and join what holds with and, or, not",
	"if-no-function":  "this can't be called",
	"if-mismatch":     "invalid operation: {left} and {right} do not go together with {operator}",
	"if-operand":      "invalid operation: {operator} does not go with {type}",
	"if-not-in":       "{left} can't be in a list of {right}",
	"if-not-bool":     "a condition is true or false, and this is {type}: compare it with something",
	"if-choice":       "what stands before ? is true or false, and this is {type}",
	"if-few":          "not enough arguments to call {name}",
	"if-many":         "too many arguments to call {name}",
	"if-argument":     "{name} wants {wants} here, not {type}",
	"if-wants-device": "{name} wants a device, such as {name}(\"zwave-5\")",
	"if-quote-device": "name the device in quotes, such as \"zwave-5\"",
	"if-quote-trait":  "name the trait in quotes, such as \"contact\"",
	"if-no-trait":     "there is no trait \"{trait}\"",
	"if-no-time":      "\"{time}\" is not a time such as 22:30 or 07:05",

	"rule-no-device": "There is no device {device}. Choose another device.",
	"rule-siren":     "{name} is a siren, and sirens are the alarm's alone. Choose another device.",
	"rule-no-trait":  "{name} has no {trait}. Choose another device.",
	"rule-no-place":  "Nobody has said where the house stands. Give latitude and longitude.",
	"rule-name":      "give the rule a name of 1 to {most} characters",
	"rule-text":      "give 1 to {most} characters",
}

// say refuses a field with one of the sentences of amiss; args are name and value
// in turn.
func say(field, code string, args ...string) *home.Invalid {
	says := &home.Saying{Code: code, Args: map[string]string{}}
	holes := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		says.Args[args[i]] = args[i+1]
		holes = append(holes, "{"+args[i]+"}", english(args[i+1]))
	}
	return &home.Invalid{Field: field, Reason: strings.NewReplacer(holes...).Replace(amiss[code]), Says: says}
}

// The types of the language, as a face is told them.
const (
	typeWord   = "type-word"
	typeNumber = "type-number"
	typeBool   = "type-bool"
	typeList   = "type-list"
)

// english is what a type is called in English; everything else is what it is.
func english(arg string) string {
	switch arg {
	case typeWord:
		return "a word"
	case typeNumber:
		return "a number"
	case typeBool:
		return "true or false"
	case typeList:
		return "a list"
	default:
		return arg
	}
}

// misread is a fault of an expression in words for a person, with its code and
// place for a face.
func misread(f *language.Fault) *home.Invalid {
	e := say("if", "if-"+f.Code, f.Args...)
	if f.Code == "unknown-name" {
		e = unknown(f.Args[1])
	}
	line, column := strconv.Itoa(f.Line), strconv.Itoa(f.Column)
	e.Reason = fmt.Sprintf("line %s, column %s: %s", line, column, e.Reason)
	e.Says.Args["line"], e.Says.Args["column"] = line, column
	return e
}

// unknown refuses a name with the words that are most like it, or with all that are
// not about a trait.
func unknown(name string) *home.Invalid {
	var near, all []string
	for _, w := range Vocabulary() {
		word, _, _ := strings.Cut(w.Name, "(")
		if distance(strings.ToLower(name), word) <= 2 || len(name) > 3 && (strings.Contains(word, name) || strings.Contains(name, word)) {
			near = append(near, word)
		}
		if _, trait := traitType[home.Trait(word)]; !trait {
			all = append(all, word)
		}
	}
	if len(near) > 0 {
		return say("if", "if-unknown-name", "name", name, "near", strings.Join(near, ", "))
	}
	return say("if", "if-unknown", "name", name, "all", strings.Join(all, ", "))
}

// distance is how many letters have to be changed (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
