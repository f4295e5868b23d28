package language

import "strings"

// House reads a name, with its arguments if it takes any.
type House func(name string, args []Value) (Value, error)

// Run works out an expression that Check found nothing wrong with. What the
// house can't say ends it with the house's own error.
func (e *Expression) Run(house House) (Value, error) { return e.Root.run(house) }

func (n *Node) run(house House) (Value, error) {
	switch n.Op {
	case Literal:
		return n.Value, nil
	case Read, Call:
		args, err := all(n.Kids, house)
		if err != nil {
			return Value{}, err
		}
		return house(n.Text, args)
	case Not:
		v, err := n.Kids[0].run(house)
		return yes(!v.Bool), err
	case Negate:
		v, err := n.Kids[0].run(house)
		return num(-v.Number), err
	case Choice:
		v, err := n.Kids[0].run(house)
		if err != nil {
			return v, err
		}
		if v.Bool {
			return n.Kids[1].run(house)
		}
		return n.Kids[2].run(house)
	case Binary:
		return n.binary(house)
	default: // a list, which "in" reads
		return Value{Kind: List}, nil
	}
}

func all(nodes []*Node, house House) ([]Value, error) {
	values := make([]Value, len(nodes))
	for i, n := range nodes {
		v, err := n.run(house)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

// binary looks at the right side only if the left has not settled it.
func (n *Node) binary(house House) (Value, error) {
	left, err := n.Kids[0].run(house)
	if err != nil {
		return left, err
	}
	switch n.Text {
	case "and", "&&":
		if !left.Bool {
			return left, nil
		}
	case "or", "||":
		if left.Bool {
			return left, nil
		}
	case "in":
		for _, k := range n.Kids[1].Kids {
			v, err := k.run(house)
			if err != nil || v == left {
				return yes(err == nil), err
			}
		}
		return yes(false), nil
	}
	right, err := n.Kids[1].run(house)
	if err != nil {
		return right, err
	}
	return applied(n.Text, left, right), nil
}

func applied(operator string, left, right Value) Value {
	switch operator {
	case "==":
		return yes(left == right)
	case "!=":
		return yes(left != right)
	case "<":
		return yes(left.Word < right.Word || left.Number < right.Number)
	case ">":
		return yes(left.Word > right.Word || left.Number > right.Number)
	case "<=":
		return yes(left.Kind == Word && left.Word <= right.Word || left.Kind == Number && left.Number <= right.Number)
	case ">=":
		return yes(left.Kind == Word && left.Word >= right.Word || left.Kind == Number && left.Number >= right.Number)
	case "contains":
		return yes(strings.Contains(left.Word, right.Word))
	case "startsWith":
		return yes(strings.HasPrefix(left.Word, right.Word))
	case "endsWith":
		return yes(strings.HasSuffix(left.Word, right.Word))
	case "+":
		if left.Kind == Word {
			return Value{Kind: Word, Word: left.Word + right.Word}
		}
		return num(left.Number + right.Number)
	case "-":
		return num(left.Number - right.Number)
	case "*":
		return num(left.Number * right.Number)
	case "/":
		return num(left.Number / right.Number)
	default: // and, or, of which the left side has settled nothing
		return right
	}
}

func yes(b bool) Value    { return Value{Kind: Bool, Bool: b} }
func num(f float64) Value { return Value{Kind: Number, Number: f} }
