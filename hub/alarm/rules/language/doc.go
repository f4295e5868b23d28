// Package language reads, checks and works out the conditions of rules: one
// expression over the words that somebody else knows, with types, and without
// loops, variables or patterns, so that each ends.
//
//	expression = choice .
//	choice     = or [ "?" expression ":" expression ] .
//	or         = and { ( "or" | "||" ) and } .
//	and        = not { ( "and" | "&&" ) not } .
//	not        = ( "not" | "!" ) not | compared .
//	compared   = sum { ( "==" | "!=" | "<" | ">" | "<=" | ">=" | [ "not" ] test ) sum } .
//	test       = "in" | "contains" | "startsWith" | "endsWith" .
//	sum        = product { ( "+" | "-" ) product } .
//	product    = negated { ( "*" | "/" ) negated } .
//	negated    = "-" negated | operand .
//	operand    = number | word | "true" | "false" | name | name "(" expressions ")" |
//	             "(" expression ")" | "[" [ expressions ] "]" .
//	expressions = expression { "," expression } .
//
// A word stands in double or single quotes, with the escapes of Go, or in
// backquotes as it is. A number is decimal, with a fraction and an exponent
// where it wants them; all numbers are IEEE 754 doubles. Words and numbers are
// compared with their like only; a list stands behind "in" and nowhere else.
//
// It is not expr-lang, which it began as: that reaches methods by names which
// the linker can't know, so that no method of the whole hub could be left out
// of the program. That weighed 3.3 MB of 26.7.
package language

// Kind is the type of an expression.
type Kind string

// The types.
const (
	Word   Kind = "word"
	Number Kind = "number"
	Bool   Kind = "bool"
	List   Kind = "list"
)

// Name is a word of the language that its user knows.
type Name struct {
	Gives Kind
	Takes []Kind // of its arguments; nil if it is not called
}

// Value is what an expression comes to; the field of its kind says it.
type Value struct {
	Kind   Kind
	Word   string
	Number float64
	Bool   bool
}

// The bounds of an expression. Nothing repeats, so they bound its time too.
const (
	MaxSource = 500 // bytes
	MaxNodes  = 100 // in its tree
)

// Fault is what is wrong with an expression, and where.
type Fault struct {
	Code         string
	Args         []string // names and values in turn, that go into a sentence about it
	Line, Column int      // from 1, in characters
}
