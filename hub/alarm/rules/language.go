package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"gatehouse/hub/home"
)

// The bounds of a condition. Nothing in the language repeats, so the time that
// a condition takes is bound by its nodes.
const (
	maxSource = 500  // bytes
	maxNodes  = 100  // in its tree
	maxMemory = 4096 // cells that its run may use
)

// condition is a compiled "if". It is safe for concurrent use.
type condition struct {
	source  string
	tree    ast.Node
	program *vm.Program
	names   []string        // the variables that it reads
	devices []home.DeviceID // the devices that it asks about
}

// compile checks an expression and compiles it. Errors: *home.Invalid that
// names the column.
func compile(source string) (*condition, error) {
	if len(source) > maxSource {
		return nil, say("if", "if-too-long", "bytes", strconv.Itoa(len(source)), "most", strconv.Itoa(maxSource))
	}
	c := &condition{source: source}
	check := &checker{}
	program, err := expr.Compile(source,
		expr.Env(typed), expr.AsBool(), expr.WarnOnAny(), expr.DisableAllBuiltins(), expr.DisableIfOperator(),
		expr.Optimize(false), expr.MaxNodes(maxNodes), expr.Patch(check))
	if check.err != nil { // says better what is wrong
		where := file.Error{Location: check.at}
		_ = where.Bind(file.NewSource(source)) // itself, with line and column
		return nil, placed(check.err, &where)
	}
	if err != nil {
		return nil, misread(err)
	}
	c.program, c.tree = program, program.Node()
	c.names, c.devices = slices.Sorted(maps.Keys(check.names)), slices.Compact(slices.Sorted(slices.Values(check.devices)))
	return c, nil
}

// checker walks the tree before it is compiled. It lets through what it knows,
// so that nothing which a later version of the library learns can get in.
type checker struct {
	err     *home.Invalid // the first thing that is wrong
	at      file.Location // and where
	names   map[string]bool
	devices []home.DeviceID
}

func (c *checker) refuse(n ast.Node, code string, args ...string) {
	if c.err == nil {
		c.err, c.at = say("if", code, args...), n.Location()
	}
}

var allowedOperators = []string{
	"and", "or", "&&", "||", "==", "!=", "<", ">", "<=", ">=", "in", "contains", "startsWith", "endsWith", "+", "-", "*", "/",
}

// Visit implements ast.Visitor.
func (c *checker) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.UnaryNode, *ast.ArrayNode, *ast.ConditionalNode:
	case *ast.IdentifierNode:
		if c.names == nil {
			c.names = map[string]bool{}
		}
		c.names[n.Value] = true
	case *ast.BinaryNode:
		if !slices.Contains(allowedOperators, n.Operator) {
			c.refuse(n, "if-operator", "operator", n.Operator)
		}
	case *ast.CallNode:
		c.call(n)
	default:
		c.refuse(n, "if-foreign")
	}
}

// call keeps the names of devices readable: what a rule asks about is known
// before it runs.
func (c *checker) call(n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		c.refuse(n, "if-no-function")
		return
	}
	if callee.Value == "between" {
		for _, arg := range n.Arguments {
			if clock, ok := arg.(*ast.StringNode); ok {
				if _, _, err := clockTime(clock.Value); err != nil {
					c.refuse(arg, "if-no-time", "time", clock.Value)
				}
			}
		}
	}
	_, trait := traitType[home.Trait(callee.Value)]
	if !trait && callee.Value != "known" && callee.Value != "minutes" {
		return
	}
	if len(n.Arguments) == 0 {
		c.refuse(n, "if-wants-device", "name", callee.Value)
		return
	}
	device, ok := n.Arguments[0].(*ast.StringNode)
	if !ok {
		c.refuse(n.Arguments[0], "if-quote-device")
		return
	}
	c.devices = append(c.devices, home.DeviceID(device.Value))
	if trait || len(n.Arguments) < 2 {
		return
	}
	word, ok := n.Arguments[1].(*ast.StringNode)
	if !ok {
		c.refuse(n.Arguments[1], "if-quote-trait")
		return
	}
	if _, ok := traitType[home.Trait(word.Value)]; !ok {
		c.refuse(word, "if-no-trait", "trait", word.Value)
	}
}

// unclear is why a condition can't be told: something is not known.
type unclear struct{ why string }

func (u *unclear) Error() string { return u.why }

// holds tells whether the condition holds in a house at a time. What is not
// known makes it unclear (*unclear), which is neither yes nor no.
func (c *condition) holds(w *world, at time.Time) (bool, error) {
	env, err := w.env(c.names, at)
	if err != nil {
		return false, err
	}
	machine := vm.VM{MemoryBudget: maxMemory}
	out, err := machine.Run(c.program, env)
	if u := (*unclear)(nil); errors.As(err, &u) {
		return false, u
	}
	if err != nil {
		return false, &unclear{"its condition can't be worked out: " + strings.SplitN(err.Error(), "\n", 2)[0]}
	}
	yes, ok := out.(bool)
	if !ok {
		return false, &unclear{"its condition is neither true nor false"}
	}
	return yes, nil
}

func invalid(field, format string, args ...any) *home.Invalid {
	return &home.Invalid{Field: field, Reason: fmt.Sprintf(format, args...)}
}
