package rules

import (
	"strings"
	"time"

	"gatehouse/hub/alarm/rules/language"
	"gatehouse/hub/home"
)

// entry is a word of the language: how it is shown to people, what it takes, and
// where a house has it. What is not known there is *unclear.
type entry struct {
	shown string // with an example of its arguments, if it takes any
	gives language.Kind
	takes []language.Kind
	says  string
	read  reading
}

type reading func(w *world, local time.Time, args []language.Value) (language.Value, error)

func (e *entry) name() string {
	name, _, _ := strings.Cut(e.shown, "(")
	return name
}

// entries is every word of the language; the table in doc.go is held against it.
var entries = append([]entry{
	{
		"mode", language.Word, nil, `what the house is set to: "disarmed", "home", "night", "away" or a mode of the owner's`,
		said(func(w *world, _ time.Time) string { return string(w.panel.Mode) }),
	},
	{
		"phase", language.Word, nil, `where the panel stands: "disarmed", "arming", "armed", "entry" or "alarm"`,
		said(func(w *world, _ time.Time) string { return string(w.panel.Phase) }),
	},
	{
		"armed", language.Bool, nil, "the house is set to any mode but disarmed",
		func(w *world, _ time.Time, _ []language.Value) (language.Value, error) {
			return so(w.panel.Mode != home.Disarmed, nil)
		},
	},
	{
		"alarm", language.Word, nil, `kind of the alarm that runs ("burglary", "fire", …), "" when none does`,
		said(func(w *world, _ time.Time) string { return w.panel.Alarm }),
	},
	{
		"by", language.Word, nil, `who caused the event, "" when nobody did`,
		said(func(w *world, _ time.Time) string { return w.by }),
	},
	{
		"anybody_home", language.Bool, nil, "at least one person is at home",
		func(w *world, _ time.Time, _ []language.Value) (language.Value, error) {
			n, err := w.peopleHome()
			return so(n > 0, err)
		},
	},
	{
		"nobody_home", language.Bool, nil, "everybody who was ever said to be at home has left",
		func(w *world, _ time.Time, _ []language.Value) (language.Value, error) {
			n, err := w.peopleHome()
			return so(n == 0, err)
		},
	},
	{
		"people_home", language.Number, nil, "how many people are at home",
		func(w *world, _ time.Time, _ []language.Value) (language.Value, error) {
			n, err := w.peopleHome()
			return amount(float64(n), err)
		},
	},
	{
		"dark", language.Bool, nil, "the sun is below the horizon",
		func(w *world, local time.Time, _ []language.Value) (language.Value, error) {
			place, err := w.stands()
			return so(err == nil && place.Dark(local), err)
		},
	},
	{
		"sun_height", language.Number, nil, "degrees of the sun above the horizon, negative below",
		func(w *world, local time.Time, _ []language.Value) (language.Value, error) {
			place, err := w.stands()
			if err != nil {
				return language.Value{}, err
			}
			return amount(place.Height(local), nil)
		},
	},
	{
		"time", language.Word, nil, `the home's clock: "07:05"; earlier is smaller`,
		said(func(_ *world, local time.Time) string { return local.Format("15:04") }),
	},
	{"hour", language.Number, nil, "0 to 23", counted(time.Time.Hour)},
	{"minute", language.Number, nil, "0 to 59", counted(time.Time.Minute)},
	{
		"weekday", language.Word, nil, `"mon" "tue" "wed" "thu" "fri" "sat" "sun"`,
		said(func(_ *world, local time.Time) string { return weekdays[local.Weekday()] }),
	},
	{
		"date", language.Word, nil, `"2026-12-24"`,
		said(func(_ *world, local time.Time) string { return local.Format(time.DateOnly) }),
	},
	{"month", language.Number, nil, "1 to 12", counted(func(local time.Time) int { return int(local.Month()) })},
	{"day", language.Number, nil, "1 to 31", counted(time.Time.Day)},
	{`between("22:00", "06:00")`, language.Bool, twoWords, "the home's clock is at or past the first and before the second, over midnight too", between},
	{`at_home("Ada")`, language.Bool, oneWord, "that person is at home", atHome},
	{
		`known("zwave-5", "contact")`, language.Bool, twoWords, "the device has said something about the trait since the hub first met it",
		func(w *world, _ time.Time, args []language.Value) (language.Value, error) {
			_, err := w.state(home.DeviceID(args[0].Word), home.Trait(args[1].Word))
			return so(err == nil, nil)
		},
	},
	{
		`minutes("zwave-5", "contact")`, language.Number, twoWords, "how long the trait has been saying what it says",
		func(w *world, local time.Time, args []language.Value) (language.Value, error) {
			s, err := w.state(home.DeviceID(args[0].Word), home.Trait(args[1].Word))
			return amount(local.Sub(s.Since.Time).Minutes(), err)
		},
	},
}, traitEntries()...)

var (
	oneWord  = []language.Kind{language.Word}
	twoWords = []language.Kind{language.Word, language.Word}
)

func traitEntries() []entry {
	var list []entry
	for _, t := range home.Traits {
		if kind, ok := traitType[t]; ok {
			list = append(list, entry{string(t) + `("zwave-5")`, kind, oneWord, "the trait " + string(t) + " of that device", trait(t, kind)})
		}
	}
	return list
}

// vocabulary are the entries by name, and names is what their types are.
var vocabulary, names = index(entries)

func index(entries []entry) (map[string]*entry, map[string]language.Name) {
	byName, types := map[string]*entry{}, map[string]language.Name{}
	for i := range entries {
		e := &entries[i]
		byName[e.name()], types[e.name()] = e, language.Name{Gives: e.gives, Takes: e.takes}
	}
	return byName, types
}

// Vocabulary is the language of conditions, word by word.
func Vocabulary() []home.RuleWord {
	list := make([]home.RuleWord, len(entries))
	for i, e := range entries {
		list[i] = home.RuleWord{Name: e.shown, Type: string(e.gives), Says: e.says}
	}
	return list
}

func so(b bool, err error) (language.Value, error) {
	return language.Value{Kind: language.Bool, Bool: b}, err
}

func amount(f float64, err error) (language.Value, error) {
	return language.Value{Kind: language.Number, Number: f}, err
}

func said(word func(w *world, local time.Time) string) reading {
	return func(w *world, local time.Time, _ []language.Value) (language.Value, error) {
		return language.Value{Kind: language.Word, Word: word(w, local)}, nil
	}
}

func counted(count func(local time.Time) int) reading {
	return func(_ *world, local time.Time, _ []language.Value) (language.Value, error) {
		return amount(float64(count(local)), nil)
	}
}

// trait reads a trait of a device, in its own type.
func trait(t home.Trait, kind language.Kind) reading {
	return func(w *world, _ time.Time, args []language.Value) (language.Value, error) {
		s, err := w.state(home.DeviceID(args[0].Word), t)
		switch kind {
		case language.Word:
			return language.Value{Kind: kind, Word: s.Value.String()}, err
		case language.Bool:
			return so(s.Value == home.True, err)
		default:
			return amount(s.Value.Float(), err)
		}
	}
}

func between(_ *world, local time.Time, args []language.Value) (language.Value, error) {
	from, to := args[0].Word, args[1].Word
	for _, s := range []string{from, to} {
		if _, _, err := clockTime(s); err != nil {
			return language.Value{}, &unclear{err.Error()}
		}
	}
	clock := local.Format("15:04")
	if from <= to {
		return so(from <= clock && clock < to, nil)
	}
	return so(from <= clock || clock < to, nil)
}

func atHome(w *world, _ time.Time, args []language.Value) (language.Value, error) {
	person := args[0].Word
	p, ok := w.people[strings.ToLower(person)]
	if !ok {
		return language.Value{}, &unclear{"nobody has said yet whether " + person + " is at home"}
	}
	return so(p.Home, nil)
}
