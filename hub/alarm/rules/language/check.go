package language

// Check tells what is wrong with the types of an expression, and its own type.
func (e *Expression) Check(names map[string]Name) (Kind, *Fault) {
	c := &checker{e: e, names: names}
	kind := c.kind(e.Root)
	return kind, c.fault
}

type checker struct {
	e     *Expression
	names map[string]Name
	fault *Fault
}

// refuse keeps the first fault.
func (c *checker) refuse(n *Node, code string, args ...string) Kind {
	if c.fault == nil {
		c.fault = c.e.Fault(n, code, args...)
	}
	return ""
}

// kind is the type of a node, "" after a fault.
func (c *checker) kind(n *Node) Kind {
	if c.fault != nil {
		return ""
	}
	switch n.Op {
	case Literal:
		return n.Value.Kind
	case Read, Call:
		return c.named(n)
	case Not:
		return c.unary(n, "not", Bool)
	case Negate:
		return c.unary(n, "-", Number)
	case Binary:
		return c.binary(n)
	case Choice:
		return c.choice(n)
	default:
		for _, k := range n.Kids {
			c.kind(k)
		}
		return List
	}
}

func (c *checker) named(n *Node) Kind {
	known, ok := c.names[n.Text]
	switch {
	case !ok:
		return c.refuse(n, "unknown-name", "name", n.Text)
	case known.Takes == nil && n.Op == Call:
		return c.refuse(n, "no-function")
	case len(n.Kids) < len(known.Takes):
		return c.refuse(n, "few", "name", n.Text)
	case len(n.Kids) > len(known.Takes):
		return c.refuse(n, "many", "name", n.Text)
	}
	for i, arg := range n.Kids {
		if kind := c.kind(arg); kind != known.Takes[i] {
			return c.refuse(arg, "argument", "type", says(kind), "wants", says(known.Takes[i]), "name", n.Text)
		}
	}
	return known.Gives
}

func (c *checker) unary(n *Node, operator string, wants Kind) Kind {
	if kind := c.kind(n.Kids[0]); kind != wants {
		return c.refuse(n, "operand", "operator", operator, "type", says(kind))
	}
	return wants
}

func (c *checker) binary(n *Node) Kind {
	left, right := c.kind(n.Kids[0]), c.kind(n.Kids[1])
	if n.Text == "in" {
		return c.in(n, left)
	}
	if left != right {
		return c.refuse(n, "mismatch", "operator", n.Text, "left", says(left), "right", says(right))
	}
	gives := Bool
	var fits bool
	switch n.Text {
	case "and", "&&", "or", "||":
		fits = left == Bool
	case "==", "!=":
		fits = left != List
	case "<", ">", "<=", ">=":
		fits = left == Word || left == Number
	case "+":
		gives, fits = left, left == Word || left == Number
	case "-", "*", "/":
		gives, fits = Number, left == Number
	default: // contains, startsWith, endsWith
		fits = left == Word
	}
	if !fits {
		return c.refuse(n, "operand", "operator", n.Text, "type", says(left))
	}
	return gives
}

func (c *checker) in(n *Node, left Kind) Kind {
	list := n.Kids[1]
	if list.Op != Listed {
		return c.refuse(n, "mismatch", "operator", n.Text, "left", says(left), "right", says(c.kind(list)))
	}
	for _, k := range list.Kids {
		if kind := c.kind(k); kind != left || kind == List {
			return c.refuse(n, "not-in", "left", says(left), "right", says(kind))
		}
	}
	return Bool
}

func (c *checker) choice(n *Node) Kind {
	if kind := c.kind(n.Kids[0]); kind != Bool {
		return c.refuse(n.Kids[0], "choice", "type", says(kind))
	}
	yes, no := c.kind(n.Kids[1]), c.kind(n.Kids[2])
	switch {
	case yes != no:
		return c.refuse(n, "mismatch", "operator", "?", "left", says(yes), "right", says(no))
	case yes == List:
		return c.refuse(n, "operand", "operator", "?", "type", says(List))
	}
	return yes
}

// says is a type as a fault has it.
func says(k Kind) string { return "type-" + string(k) }
