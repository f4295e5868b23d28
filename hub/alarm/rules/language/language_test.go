package language

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

var names = map[string]Name{
	"mode": {Gives: Word}, "armed": {Gives: Bool}, "dark": {Gives: Bool}, "hour": {Gives: Number},
	"temperature": {Gives: Number, Takes: []Kind{Word}},
	"between":     {Gives: Bool, Takes: []Kind{Word, Word}},
	"broken":      {Gives: Bool},
}

var errBroken = errors.New("broken")

func house(name string, args []Value) (Value, error) {
	switch name {
	case "mode":
		return Value{Kind: Word, Word: "away"}, nil
	case "armed":
		return yes(true), nil
	case "hour":
		return num(22), nil
	case "temperature":
		return num(21.5), nil
	case "between":
		return yes(args[0].Word < args[1].Word), nil
	case "broken":
		return Value{}, errBroken
	default:
		return yes(false), nil
	}
}

func run(t *testing.T, source string) Value {
	t.Helper()
	e, fault := Parse(source)
	if fault == nil {
		_, fault = e.Check(names)
	}
	if fault != nil {
		t.Fatalf("%s: %+v", source, fault)
	}
	v, err := e.Run(house)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return v
}

func TestConditionsThatHold(t *testing.T) {
	for _, source := range []string{
		"true", "not false", "!dark", "not not true", "armed and not dark", "armed && !dark || dark",
		"true or false and false",            // and binds more than or
		"not dark and armed",                 // not binds more than and
		`not mode == "home"`,                 // and less than a comparison
		`mode not in ["home", "night"]`,      //
		`mode not startsWith "h"`,            //
		"1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", //
		"10 - 4 - 3 == 3", "12 / 4 / 3 == 1", // from the left
		"-2 * -3 == 6", "2 - -3 == 5", "-hour == -22",
		"hour / 0 > 1e308", "1.5e1 == 15", ".5 + .5 == 1", "2E-1 < 1",
		`"a" + "b" == 'ab'`, `"b" > "a"`, `"a" <= "a" and "b" >= "a" and 2 >= 2 and 1 <= 2`,
		`"say \"hi\"\n" contains "\n"`,
		"`C:\\n` == 'C:\\\\n'", `"é" == "\u00e9"`, `"wall" endsWith "all"`,
		"dark ? false : armed ? true : false", "armed ? hour > 3 : dark",
		"false and broken or true", "true or broken", "armed ? true : broken", `"away" in [mode] or broken`, // what is settled is not asked
		"true == (1 < 2)", "armed != dark", "hour in [1, 22]", "not (hour in [])", "0 / 0 != 0 / 0",
		`temperature("zwave-5") > 21 and between("a", "b")`, "armed\n\tand true",
	} {
		if v := run(t, source); v != yes(true) {
			t.Errorf("%s is %+v, want true", source, v)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		source, code string
		args         string
		line, column int
	}{
		{"", "ends-early", "", 1, 1},
		{"armed and", "ends-early", "", 1, 10},
		{"(armed", "ends-early", "", 1, 7},
		{"armed\n and (dark or", "ends-early", "", 2, 14},
		{"armed dark", "unexpected", "found dark", 1, 7},
		{"armed )", "unexpected", "found )", 1, 7},
		{"and armed", "unexpected", "found and", 1, 1},
		{"hour > 1_0", "unexpected", "found 1_0", 1, 8},
		{"hour > 1.2.3", "unexpected", "found 1.2.3", 1, 8},
		{"hour not > 1", "unexpected", "found >", 1, 10},
		{"between(mode mode)", "unexpected", "found mode", 1, 14},
		{"armed ? dark", "ends-early", "", 1, 13},
		{`mode == "a\q"`, "unexpected", `found \`, 1, 11},
		{`mode == 'aw`, "unclosed", "", 1, 12},
		{"mode == §", "character", "found §", 1, 9},
		{"é == @", "character", "found @", 1, 6},
		{"mode = 1", "operator", "operator =", 1, 6},
		{"1..3 == 1", "operator", "operator ..", 1, 2},
		{`mode matches "x"`, "operator", "operator matches", 1, 6},
		{"let x = 1", "foreign", "", 1, 1},
		{"mode[0] == 1", "foreign", "", 1, 5},
		{"armed; dark", "foreign", "", 1, 6},
		{`"mode"()`, "no-function", "", 1, 7},
		{"armed(1)", "no-function", "", 1, 1},
		{"true" + strings.Repeat(" or true", 51), "too-big", "", 1, 398},
		{strings.Repeat(" ", MaxSource+1), "too-long", "bytes 501 most 500", 1, 1},
		{"drak", "unknown-name", "name drak", 1, 1},
		{"temperature > 3", "few", "name temperature", 1, 1},
		{`between("a", "b", "c")`, "many", "name between", 1, 1},
		{`between("a", 3)`, "argument", "type type-number wants type-word name between", 1, 14},
		{"not mode", "operand", "operator not type type-word", 1, 1},
		{"-mode == 1", "operand", "operator - type type-word", 1, 1},
		{"armed < dark", "operand", "operator < type type-bool", 1, 7},
		{`mode * mode == 1`, "operand", "operator * type type-word", 1, 6},
		{"hour contains hour", "operand", "operator contains type type-number", 1, 6},
		{"[1] == [1]", "operand", "operator == type type-list", 1, 5},
		{"hour and armed", "mismatch", "operator and left type-number right type-bool", 1, 6},
		{`mode == 1`, "mismatch", "operator == left type-word right type-number", 1, 6},
		{"hour in hour", "mismatch", "operator in left type-number right type-number", 1, 6},
		{"armed ? 1 : mode", "mismatch", "operator ? left type-number right type-word", 1, 7},
		{"armed ? [1] : [2]", "operand", "operator ? type type-list", 1, 7},
		{"mode in [1]", "not-in", "left type-word right type-number", 1, 6},
		{"hour ? armed : dark", "choice", "type type-number", 1, 1},
	} {
		e, fault := Parse(c.source)
		if fault == nil {
			_, fault = e.Check(names)
		}
		if fault == nil {
			t.Errorf("%s: nothing is wrong with it", c.source)
			continue
		}
		if got := strings.Join(fault.Args, " "); fault.Code != c.code || got != c.args || fault.Line != c.line || fault.Column != c.column {
			t.Errorf("%s: %+v, want %+v", c.source, *fault, c)
		}
	}
}

func TestWhatTheHouseCannotSayEndsIt(t *testing.T) {
	for _, source := range []string{"broken", "not broken", "broken and true", "true and broken", "broken ? true : true", "true in [broken]"} {
		e, fault := Parse(source)
		if fault != nil {
			t.Fatal(fault)
		}
		if _, err := e.Run(house); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v, want the house's error", source, err)
		}
	}
}

func TestSaid(t *testing.T) {
	e, fault := Parse(` (hour > 3) and  not (mode == "home") `)
	if fault != nil {
		t.Fatal(fault)
	}
	var said []string
	e.Walk(func(n *Node) {
		if n.Op != Literal {
			said = append(said, e.Said(n))
		}
	})
	if want := []string{`(hour > 3) and  not (mode == "home")`, "hour > 3", "hour", `not (mode == "home")`, `mode == "home"`, "mode"}; !slices.Equal(said, want) {
		t.Errorf("got %q, want %q", said, want)
	}
}

// FuzzExpression: no text makes it panic, what is refused says where, and what
// is well typed comes to a value of its type.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		"", "true", `mode == "away" and dark`, `between("22:00", "06:00")`, `armed ? hour > 3 : not armed`,
		`temperature("zwave-5") > 21.5 or hour not in [1, 2]`, "((((((", `"` + strings.Repeat("a", 100), "1..9", "[[[]]]",
		`mode + mode + mode contains "away"`, "not not not true", "-9223372036854775808 < 1 / 0", "a.b.c", "\xff", "let a = 1; a", "'\\", "`",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		e, fault := Parse(source)
		var kind Kind
		if fault == nil {
			kind, fault = e.Check(names)
		}
		if fault != nil {
			if fault.Code == "" || fault.Line < 1 || fault.Column < 1 || len(fault.Args)%2 != 0 {
				t.Fatalf("%q: %+v", source, *fault)
			}
			return
		}
		v, err := e.Run(house)
		if err != nil && !errors.Is(err, errBroken) || err == nil && v.Kind != kind {
			t.Fatalf("%q: a %s comes to %+v, %v", source, kind, v, err)
		}
		if math.IsNaN(v.Number) {
			return
		}
		if again, _ := e.Run(house); again != v {
			t.Fatalf("%q: %+v and then %+v", source, v, again)
		}
	})
}
