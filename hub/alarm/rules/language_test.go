package rules

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/alarm/rules/language"
	"gatehouse/hub/home"
)

// furnished is a house in which something is known of everything.
func furnished() *world {
	w := newWorld()
	w.place = &Place{51.5, -0.1}
	w.panel = Panel{Mode: home.Away, Phase: home.PhaseArmed}
	w.people["ada"] = home.Presence{Person: "Ada", Home: true}
	w.people["bo"] = home.Presence{Person: "Bo"}
	w.devices["zwave-1"] = &device{name: "Mute", traits: map[home.Trait]home.State{home.Contact: {}}}
	d := &device{name: "Everything", traits: map[home.Trait]home.State{}}
	since := home.At(time.Date(2026, 1, 10, 21, 50, 0, 0, time.UTC))
	for t, kind := range traitType {
		v := home.Open
		switch kind {
		case language.Bool:
			v = home.True
		case language.Number:
			v = home.Number(21.5)
		}
		d.traits[t] = home.State{Value: v, Since: since}
	}
	w.devices["zwave-5"] = d
	return w
}

var evening = time.Date(2026, 1, 10, 22, 0, 0, 0, time.UTC) // a Saturday

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		source  string
		want    bool
		unclear string
	}{
		{"true", true, ""},
		{`mode == "away" and armed and phase == "armed" and alarm == ""`, true, ""},
		{`mode in ["home", "night"]`, false, ""},
		{`anybody_home and not nobody_home and people_home == 1`, true, ""},
		{`at_home("ada") and not at_home("Bo")`, true, ""},
		{`at_home("Cy")`, false, "nobody has said yet whether Cy is at home"},
		{`dark and sun_height < -10`, true, ""},
		{`time == "22:00" and hour == 22 and minute == 0 and weekday == "sat" and date == "2026-01-10" and month == 1 and day == 10`, true, ""},
		{`between("22:00", "06:00") and not between("06:00", "22:00")`, true, ""},
		{`contact("zwave-5") == "open" and motion("zwave-5") and temperature("zwave-5") > 21`, true, ""},
		{`temperature("zwave-5") * 2 - 1 >= 42 ? hour > 20 : false`, true, ""},
		{`minutes("zwave-5", "contact") == 10`, true, ""},
		{`known("zwave-5", "motion") and not known("zwave-1", "contact") and not known("zwave-9", "contact")`, true, ""},
		{`contact("zwave-1") == "closed"`, false, "Mute has said nothing yet about contact"},
		{`known("zwave-1", "contact") and contact("zwave-1") == "open"`, false, ""},
		{`lock("zwave-9") == "locked"`, false, "there is no device zwave-9"},
		{`hour / 0 > 1`, true, ""}, // infinity, as in IEEE 754
		{`by == "" or by startsWith "rule "`, true, ""},
	} {
		cond, err := compile(c.source)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		got, err := cond.holds(furnished(), evening)
		var u *unclear
		switch {
		case c.unclear != "" && (!errors.As(err, &u) || u.why != c.unclear):
			t.Errorf("%s: got %v, %v; want unclear: %s", c.source, got, err, c.unclear)
		case c.unclear == "" && (err != nil || got != c.want):
			t.Errorf("%s: got %v, %v; want %v", c.source, got, err, c.want)
		}
	}
}

// What is not known makes a condition unclear, never true or false.
func TestNothingIsKnownOfANewHouse(t *testing.T) {
	for _, source := range []string{"dark", "sun_height < 0", "anybody_home", "nobody_home", "people_home == 0", `at_home("Ada")`, `motion("zwave-5")`, `not motion("zwave-5")`} {
		cond, err := compile(source)
		if err != nil {
			t.Fatal(err)
		}
		var u *unclear
		if got, err := cond.holds(newWorld(), evening); !errors.As(err, &u) {
			t.Errorf("%s: got %v, %v; want unclear", source, got, err)
		}
	}
}

// Each refusal names the column and what would be right.
func TestWhatIsNotInTheLanguage(t *testing.T) {
	for source, want := range map[string]string{
		`mode == "away" and drak`:                `line 1, column 20: there is no "drak"; it can read dark`,
		`temprature("zwave-5") > 20`:             `line 1, column 1: there is no "temprature"; it can read temperature`,
		`xyzzyx`:                                 `column 1: there is no "xyzzyx"; it can read mode, phase, armed`,
		`hour`:                                   `a condition is true or false, and this is a number`,
		`temperature("zwave-5") > "20"`:          `line 1, column 24: invalid operation: a number and a word do not go together with >`,
		`not mode`:                               `line 1, column 1: invalid operation: not does not go with a word`,
		`mode in [1]`:                            `line 1, column 6: a word can't be in a list of a number`,
		`[1] == 1`:                               `a list and a number do not go together with ==`,
		`hour ? armed : dark`:                    `true or false, and this is a number`,
		`at_home(3)`:                             `line 1, column 9: at_home wants a word here, not a number`,
		`at_home("Ada", "Bo")`:                   `line 1, column 1: too many arguments to call at_home`,
		`armed and`:                              `line 1, column 10: something is missing at the end`,
		`armed dark`:                             `line 1, column 7: dark can't stand here`,
		`mode == "away`:                          `line 1, column 14: a quotation mark is missing at the end`,
		`mode == @`:                              `line 1, column 9: the character @ is not part of the language`,
		`hour == 0x`:                             `line 1, column 9: 0x can't stand here`,
		`mode = "away"`:                          `line 1, column 6`,
		`motion()`:                               `line 1, column 1: motion wants a device, such as motion("zwave-5")`,
		`motion(mode)`:                           `line 1, column 8: name the device in quotes`,
		`minutes("zwave-5", mode) > 3`:           `name the trait in quotes`,
		`known("zwave-5", "colour")`:             `line 1, column 18: there is no trait "colour"`,
		`between("22:00", "6:00")`:               `line 1, column 18: "6:00" is not a time such as 22:30 or 07:05`,
		`between("22:00")`:                       `not enough arguments`,
		`all(1..1000000, {# > 0})`:               `line 1, column 6: .. is not part of the language`,
		`len(filter(["a"], {true})) == 1`:        `line 1, column`,
		`let x = 1; x == 1`:                      `not part of the language`,
		`1 in 1..3`:                              `.. is not part of the language`,
		`2 ** 100000 > 1`:                        `** is not part of the language`,
		`mode matches "(a+)+$"`:                  `matches is not part of the language`,
		`{"a": 1}.a == 1`:                        `not part of the language`,
		`mode[0:1] == "a"`:                       `not part of the language`,
		`(mode ?? "x") == "x"`:                   `?? is not part of the language`,
		`true; true`:                             `not part of the language`,
		`if armed { true } else { false }`:       `line 1, column`,
		`disarm()`:                               `there is no "disarm"`,
		`mode == "away" and` + "\n" + `  (armed`: `line 2, column`,
		`true` + strings.Repeat(` or true`, 60):  `there is too much in it`,
		strings.Repeat(" ", language.MaxSource) + `true`: `has 504 bytes; an expression can have 500`,
		strings.Repeat("(", 200) + "true":                `column`,
	} {
		_, err := compile(source)
		var invalid *home.Invalid
		if !errors.As(err, &invalid) || invalid.Field != "if" || !strings.Contains(invalid.Reason, want) {
			t.Errorf("%s\n got %v\nwant %s", source, err, want)
			continue
		}
		if invalid.Says == nil || amiss[invalid.Says.Code] == "" || strings.Contains(want, "column") && (invalid.Says.Args["line"] == "" || invalid.Says.Args["column"] == "") {
			t.Errorf("%s: for faces with languages of their own: %+v, want a code and the place", source, invalid.Says)
		}
	}
}

var hole = regexp.MustCompile(`\{[a-z]+\}`)

// The page says in its own words all that can be amiss, with what the hub gives it.
func TestThePageHasWordsForAllThatIsAmiss(t *testing.T) {
	text, err := os.ReadFile("../../../web/ui/src/i18n/en.more.json")
	if err != nil {
		t.Fatal(err)
	}
	var page map[string]string
	if err := json.Unmarshal(text, &page); err != nil {
		t.Fatal(err)
	}
	holes := func(s string) []string {
		return slices.Compact(slices.Sorted(slices.Values(hole.FindAllString(s, -1))))
	}
	for code, english := range amiss {
		says, ok := page["reason."+code]
		if !ok || !slices.Equal(holes(says), holes(english)) {
			t.Errorf("the page says %q of %s, the hub %q: want the same put in", says, code, english)
		}
	}
	for _, name := range []string{typeWord, typeNumber, typeBool, typeList} {
		if page["reason."+name] == "" {
			t.Errorf("the page has no word for %s", name)
		}
	}
	for _, w := range Vocabulary() {
		word, _, _ := strings.Cut(w.Name, "(")
		if _, trait := traitType[home.Trait(word)]; !trait && page["word."+word] == "" {
			t.Errorf("the page does not explain %s", word)
		}
	}
}

// The package comment is the document of the language: it has every word with
// its type and meaning.
func TestTheDocumentHasTheVocabulary(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(strings.ReplaceAll(string(doc), "//", "")), " ")
	for _, w := range Vocabulary() {
		name, _, _ := strings.Cut(w.Name, "(")
		want := w.Name + " " + w.Type + " " + w.Says
		if _, trait := traitType[home.Trait(name)]; trait {
			want = string(home.Trait(name)) // listed by type
		}
		if !strings.Contains(text, want) {
			t.Errorf("doc.go does not say: %s", want)
		}
		if _, err := compile(w.Name + " in [" + w.Name + "]"); err != nil {
			t.Errorf("%s is in the vocabulary and does not compile: %v", w.Name, err)
		}
	}
	if got, want := len(Vocabulary()), len(vocabulary); got != want {
		t.Errorf("the vocabulary has %d words, the language %d", got, want)
	}
	for _, trait := range home.Traits {
		if _, ok := traitType[trait]; !ok && trait != home.Button && trait != home.Keypad {
			t.Errorf("%s can't be read by a condition", trait)
		}
	}
}

// FuzzCondition: no text makes the compiler or the machine panic or run away,
// what is refused says where, and what compiles answers the same each time.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		"", "true", `mode == "away" and dark`, `between("22:00", "06:00")`, `motion("zwave-5") ? hour > 3 : not armed`,
		`temperature("zwave-5") > 21.5 or known("zwave-1", "contact")`, "((((((", `"` + strings.Repeat("a", 100), "1..9", "[[[]]]",
		`mode + mode + mode contains "away"`, "not not not true", "-9223372036854775808 < 1 / 0", "a.b.c", "\xff", "let a = 1; a",
	} {
		f.Add(seed)
	}
	w := furnished()
	f.Fuzz(func(t *testing.T, source string) {
		cond, err := compile(source)
		if err != nil {
			var invalid *home.Invalid
			if !errors.As(err, &invalid) || invalid.Field != "if" || invalid.Reason == "" {
				t.Fatalf("%q: %v is not a refusal", source, err)
			}
			return
		}
		for _, name := range cond.names {
			if !slices.ContainsFunc(Vocabulary(), func(w home.RuleWord) bool { n, _, _ := strings.Cut(w.Name, "("); return n == name }) {
				t.Errorf("%q reads %q, which is not in the vocabulary", source, name)
			}
		}
		first, ferr := cond.holds(w, evening)
		again, aerr := cond.holds(w, evening)
		if first != again || (ferr == nil) != (aerr == nil) {
			t.Errorf("%q: %v, %v and then %v, %v", source, first, ferr, again, aerr)
		}
		_ = w.because(cond)
	})
}
