package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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
		return nil, invalid("if", "has %d bytes; an expression can have %d. Make two rules of it", len(source), maxSource)
	}
	c := &condition{source: source}
	check := &checker{}
	program, err := expr.Compile(source,
		expr.Env(typed), expr.AsBool(), expr.WarnOnAny(), expr.DisableAllBuiltins(), expr.DisableIfOperator(),
		expr.Optimize(false), expr.MaxNodes(maxNodes), expr.Patch(check))
	if check.err != nil {
		err = check.err.Bind(file.NewSource(source)) // says better what is wrong
	}
	if err != nil {
		return nil, columned(err)
	}
	c.program, c.tree = program, program.Node()
	c.names, c.devices = slices.Sorted(maps.Keys(check.names)), slices.Compact(slices.Sorted(slices.Values(check.devices)))
	return c, nil
}

// columned turns what the compiler says into words for a person.
func columned(err error) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return invalid("if", "%s", strings.ToLower(strings.SplitN(err.Error(), "\n", 2)[0]))
	}
	said := at.Message
	if name, ok := strings.CutPrefix(said, "unknown name "); ok {
		said = fmt.Sprintf("there is no %q; it can read %s", name, suggest(name))
	}
	return invalid("if", "line %d, column %d: %s", max(at.Line, 1), at.Column+1, said)
}

// suggest are the words most like a name, or all that are not about a trait.
func suggest(name string) string {
	var near, all []string
	for _, w := range Vocabulary {
		word, _, _ := strings.Cut(w.Name, "(")
		if distance(strings.ToLower(name), word) <= 2 || len(name) > 3 && (strings.Contains(word, name) || strings.Contains(name, word)) {
			near = append(near, word)
		}
		if _, trait := traitType[home.Trait(word)]; !trait {
			all = append(all, word)
		}
	}
	if len(near) > 0 {
		return strings.Join(near, ", ")
	}
	return strings.Join(all, ", ") + ", or a trait of a device such as contact(\"zwave-5\")"
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

// checker walks the tree before it is compiled. It lets through what it knows,
// so that nothing which a later version of the library learns can get in.
type checker struct {
	err     *file.Error
	names   map[string]bool
	devices []home.DeviceID
}

func (c *checker) refuse(n ast.Node, format string, args ...any) {
	if c.err == nil {
		c.err = &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)}
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
			c.refuse(n, "%s is not part of the language", n.Operator)
		}
	case *ast.CallNode:
		c.call(n)
	default:
		c.refuse(n, "this is not part of the language: compare words and numbers, and join what holds with and, or, not")
	}
}

// call keeps the names of devices readable: what a rule asks about is known
// before it runs.
func (c *checker) call(n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		c.refuse(n, "this can't be called")
		return
	}
	if callee.Value == "between" {
		for _, arg := range n.Arguments {
			if clock, ok := arg.(*ast.StringNode); ok {
				if _, _, err := clockTime(clock.Value); err != nil {
					c.refuse(arg, "%s", err)
				}
			}
		}
	}
	_, trait := traitType[home.Trait(callee.Value)]
	if !trait && callee.Value != "known" && callee.Value != "minutes" {
		return
	}
	if len(n.Arguments) == 0 {
		c.refuse(n, "%s wants a device, such as %s(\"zwave-5\")", callee.Value, callee.Value)
		return
	}
	device, ok := n.Arguments[0].(*ast.StringNode)
	if !ok {
		c.refuse(n.Arguments[0], "name the device in quotes, such as \"zwave-5\"")
		return
	}
	c.devices = append(c.devices, home.DeviceID(device.Value))
	if trait || len(n.Arguments) < 2 {
		return
	}
	word, ok := n.Arguments[1].(*ast.StringNode)
	if !ok {
		c.refuse(n.Arguments[1], "name the trait in quotes, such as \"contact\"")
		return
	}
	if _, ok := traitType[home.Trait(word.Value)]; !ok {
		c.refuse(word, "there is no trait %q", word.Value)
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
