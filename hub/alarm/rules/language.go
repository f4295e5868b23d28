package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gatehouse/hub/alarm/rules/language"
	"gatehouse/hub/home"
)

// condition is a checked "if". It is safe for concurrent use.
type condition struct {
	expression *language.Expression
	names      []string        // the words that it reads
	devices    []home.DeviceID // the devices that it asks about
}

// compile reads an expression and checks it. Errors: *home.Invalid that names
// the column.
func compile(source string) (*condition, error) {
	expression, fault := language.Parse(source)
	if fault != nil {
		return nil, misread(fault)
	}
	asks := &asked{expression: expression, names: map[string]bool{}}
	expression.Walk(asks.visit)
	if asks.fault != nil { // says better what is wrong than types do
		return nil, misread(asks.fault)
	}
	kind, fault := expression.Check(names)
	if fault == nil && kind != language.Bool {
		fault = expression.Fault(expression.Root, "not-bool", "type", "type-"+string(kind))
	}
	if fault != nil {
		return nil, misread(fault)
	}
	return &condition{
		expression: expression,
		names:      slices.Sorted(maps.Keys(asks.names)),
		devices:    slices.Compact(slices.Sorted(slices.Values(asks.devices))),
	}, nil
}

// asked is what an expression asks about. Devices, traits and times stand in it
// by themselves, so that they are known before it runs.
type asked struct {
	expression *language.Expression
	fault      *language.Fault // the first thing that is wrong
	names      map[string]bool
	devices    []home.DeviceID
}

func (a *asked) refuse(n *language.Node, code string, args ...string) {
	if a.fault == nil {
		a.fault = a.expression.Fault(n, code, args...)
	}
}

func (a *asked) visit(n *language.Node) {
	if n.Op != language.Read && n.Op != language.Call {
		return
	}
	a.names[n.Text] = true
	if n.Text == "between" {
		for _, arg := range n.Kids {
			if clock, ok := word(arg); ok {
				if _, _, err := clockTime(clock); err != nil {
					a.refuse(arg, "no-time", "time", clock)
				}
			}
		}
	}
	_, trait := traitType[home.Trait(n.Text)]
	if trait || n.Text == "known" || n.Text == "minutes" {
		a.device(n, trait)
	}
}

func (a *asked) device(n *language.Node, trait bool) {
	if len(n.Kids) == 0 {
		a.refuse(n, "wants-device", "name", n.Text)
		return
	}
	device, ok := word(n.Kids[0])
	if !ok {
		a.refuse(n.Kids[0], "quote-device")
		return
	}
	a.devices = append(a.devices, home.DeviceID(device))
	if trait || len(n.Kids) < 2 {
		return
	}
	about, ok := word(n.Kids[1])
	if !ok {
		a.refuse(n.Kids[1], "quote-trait")
		return
	}
	if _, ok := traitType[home.Trait(about)]; !ok {
		a.refuse(n.Kids[1], "no-trait", "trait", about)
	}
}

// word is a word that stands in quotes.
func word(n *language.Node) (string, bool) {
	return n.Value.Word, n.Op == language.Literal && n.Value.Kind == language.Word
}

// unclear is why a condition can't be told: something is not known.
type unclear struct{ why string }

func (u *unclear) Error() string { return u.why }

// holds tells whether the condition holds in a house at a time. What is not
// known makes it unclear (*unclear), which is neither yes nor no.
func (c *condition) holds(w *world, at time.Time) (bool, error) {
	local := at.In(w.zone)
	v, err := c.expression.Run(func(name string, args []language.Value) (language.Value, error) {
		return vocabulary[name].read(w, local, args)
	})
	if u := (*unclear)(nil); err != nil && !errors.As(err, &u) {
		err = &unclear{"its condition can't be worked out: " + err.Error()}
	}
	return v.Bool && err == nil, err
}

func invalid(field, format string, args ...any) *home.Invalid {
	return &home.Invalid{Field: field, Reason: fmt.Sprintf(format, args...)}
}
