package language

import (
	"slices"
	"strconv"
)

// How strongly an operator binds. Not stands between and and the comparisons.
const (
	choosing = iota
	either
	both
	denied
	compared
	summed
	multiplied
)

var binds = map[string]int{
	"or": either, "||": either, "and": both, "&&": both,
	"==": compared, "!=": compared, "<": compared, ">": compared, "<=": compared, ">=": compared,
	"in": compared, "contains": compared, "startsWith": compared, "endsWith": compared,
	"+": summed, "-": summed, "*": multiplied, "/": multiplied,
}

// tests are the operators before which "not" can stand.
var tests = []string{"in", "contains", "startsWith", "endsWith"}

// What people know from other languages, and this one has not.
var (
	foreignOperators = []string{"**", "..", "??", "%", "^", "=", "|", "&", "matches"}
	foreignSigns     = []string{"[", "{", ".", ";"}
	foreignNames     = []string{"let", "if", "else", "for"}
)

// Parse reads an expression. What its names mean is not looked at.
func Parse(source string) (*Expression, *Fault) {
	if len(source) > MaxSource {
		return nil, faultAt(source, 0, "too-long", "bytes", strconv.Itoa(len(source)), "most", strconv.Itoa(MaxSource))
	}
	p := &parser{source: source}
	p.advance()
	root := p.expression(choosing)
	if p.fault == nil && p.token.kind != end {
		p.unexpected()
	}
	if p.fault != nil {
		return nil, p.fault
	}
	return &Expression{root, source}, nil
}

// parser is a precedence climber with one token of foresight. After the first
// fault it sees the end only.
type parser struct {
	source string
	token  token
	last   int // where the token before this one ended
	nodes  int
	fault  *Fault
}

func (p *parser) fail(at int, code string, args ...string) *Node {
	if p.fault == nil {
		p.fault = faultAt(p.source, at, code, args...)
	}
	p.token = token{kind: end, from: len(p.source), to: len(p.source)}
	return &Node{}
}

func (p *parser) unexpected() *Node {
	if p.token.kind == end {
		return p.fail(p.token.from, "ends-early")
	}
	return p.fail(p.token.from, "unexpected", "found", p.source[p.token.from:p.token.to])
}

func (p *parser) advance() {
	if p.fault != nil {
		return
	}
	p.last = p.token.to
	t, fault := next(p.source, p.token.to)
	if fault != nil {
		p.fault = fault
		t = token{kind: end, from: len(p.source), to: len(p.source)}
	}
	p.token = t
}

// is tells whether the token is one of these signs or names.
func (p *parser) is(texts ...string) bool {
	return (p.token.kind == sign || p.token.kind == name) && slices.Contains(texts, p.token.text)
}

func (p *parser) expect(text string) {
	if !p.is(text) {
		p.unexpected()
		return
	}
	p.advance()
}

func (p *parser) node(op Op, text string, at, from int, kids ...*Node) *Node {
	if p.nodes++; p.nodes > MaxNodes {
		return p.fail(at, "too-big")
	}
	return &Node{Op: op, Text: text, Kids: kids, at: at, from: from, to: p.last}
}

// expression reads as far as operators bind at least so strongly.
func (p *parser) expression(least int) *Node {
	from := p.token.from
	left := p.operand()
	for p.fault == nil {
		at, operator := p.token.from, p.token.text
		switch {
		case p.is(foreignOperators...):
			return p.fail(at, "operator", "operator", operator)
		case p.is(foreignSigns...):
			return p.fail(at, "foreign")
		case p.is("("):
			return p.fail(at, "no-function")
		case p.is("?") && least == choosing:
			left = p.choice(from, at, left)
			continue
		case p.is("not") && least <= compared:
			p.advance()
			if !p.is(tests...) {
				return p.unexpected()
			}
			test := p.binary(from, p.token.from, left)
			left = p.node(Not, "", at, from, test)
			continue
		}
		strength, ok := binds[operator]
		if !ok || strength < least || p.token.kind != sign && p.token.kind != name {
			return left
		}
		left = p.binary(from, at, left)
	}
	return left
}

// binary reads an operator, which is the token, and its right side.
func (p *parser) binary(from, at int, left *Node) *Node {
	operator := p.token.text
	p.advance()
	right := p.expression(binds[operator] + 1)
	return p.node(Binary, operator, at, from, left, right)
}

func (p *parser) choice(from, at int, condition *Node) *Node {
	p.advance()
	yes := p.expression(choosing)
	p.expect(":")
	no := p.expression(choosing)
	return p.node(Choice, "?", at, from, condition, yes, no)
}

func (p *parser) operand() *Node {
	t := p.token
	switch {
	case t.kind == word:
		p.advance()
		return p.literal(t, Value{Kind: Word, Word: t.text})
	case t.kind == number:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil || !decimal(t.text) {
			return p.unexpected()
		}
		p.advance()
		return p.literal(t, Value{Kind: Number, Number: f})
	case p.is("true", "false"):
		p.advance()
		return p.literal(t, Value{Kind: Bool, Bool: t.text == "true"})
	case p.is("not", "!"):
		p.advance()
		kid := p.expression(denied + 1)
		return p.node(Not, "", t.from, t.from, kid)
	case p.is("-"):
		p.advance()
		kid := p.expression(multiplied + 1)
		return p.node(Negate, "", t.from, t.from, kid)
	case p.is("("):
		p.advance()
		inner := p.expression(choosing)
		p.expect(")")
		return inner
	case p.is("["):
		p.advance()
		kids := p.list("]")
		return p.node(Listed, "", t.from, t.from, kids...)
	case p.is(foreignNames...), p.is(foreignSigns...):
		return p.fail(t.from, "foreign")
	case t.kind == name && binds[t.text] == 0:
		return p.named(t)
	default:
		return p.unexpected()
	}
}

func (p *parser) literal(t token, v Value) *Node {
	n := p.node(Literal, "", t.from, t.from)
	n.Value = v
	return n
}

func (p *parser) named(t token) *Node {
	p.advance()
	if !p.is("(") {
		return p.node(Read, t.text, t.from, t.from)
	}
	p.advance()
	args := p.list(")")
	return p.node(Call, t.text, t.from, t.from, args...)
}

// list reads expressions up to a closing sign.
func (p *parser) list(closing string) []*Node {
	var list []*Node
	for p.fault == nil && !p.is(closing) {
		if len(list) > 0 {
			p.expect(",")
		}
		list = append(list, p.expression(choosing))
	}
	p.expect(closing)
	return list
}

// decimal is a number as people write it: the strconv package reads others too.
func decimal(s string) bool {
	for i := range len(s) {
		if c := s[i]; !digit(c) && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return false
		}
	}
	return true
}
