package language

import (
	"strings"
	"unicode/utf8"
)

// Op is what a node does.
type Op int

// The kinds of nodes.
const (
	Literal Op = iota // Value
	Read              // a name
	Call              // a name with arguments: Kids
	Not               // Kids[0]
	Negate            // Kids[0]
	Binary            // Text is the operator, Kids are left and right
	Choice            // Kids are the condition, and what it is if so and if not
	Listed            // Kids
)

// Node is a part of an expression.
type Node struct {
	Op    Op
	Text  string // a name or an operator
	Value Value
	Kids  []*Node
	at    int // where a fault of it is shown: its operator or its beginning
	from  int // in the source, in bytes
	to    int
}

// Expression is a tree with its source. Nothing changes it: it is safe for
// concurrent use.
type Expression struct {
	Root   *Node
	source string
}

// Said is a part as its author wrote it.
func (e *Expression) Said(n *Node) string { return e.source[n.from:n.to] }

// Walk visits every node, those that hold others first.
func (e *Expression) Walk(visit func(*Node)) { walk(e.Root, visit) }

func walk(n *Node, visit func(*Node)) {
	visit(n)
	for _, k := range n.Kids {
		walk(k, visit)
	}
}

// Fault is something that is wrong with a part.
func (e *Expression) Fault(n *Node, code string, args ...string) *Fault {
	return faultAt(e.source, n.at, code, args...)
}

func faultAt(source string, at int, code string, args ...string) *Fault {
	before := source[:at]
	line := strings.LastIndexByte(before, '\n') + 1
	return &Fault{
		Code: code, Args: args,
		Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[line:]) + 1,
	}
}
