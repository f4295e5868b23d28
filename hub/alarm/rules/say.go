package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/hub/alarm/rules/language"
	"gatehouse/hub/home"
	"gatehouse/hub/home/registry"
)

// sentence is a rule in words: "At sunset, if nobody is at home: Lamp on."
func (w *world) sentence(r home.Rule) string {
	s := upper(w.whenText(r.When))
	if r.If != "" {
		s += ", if " + r.If
	}
	return stopped(s + ": " + w.actsText(r.Then))
}

// stopped ends a sentence, unless what it quotes ends it already.
func stopped(s string) string {
	if strings.HasSuffix(s, ".”") {
		return s
	}
	return s + "."
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// whenText is an event that is waited for.
func (w *world) whenText(e home.When) string {
	switch e.Event {
	case home.WhenTime:
		return "at " + e.At + daysText(e.Days)
	case home.WhenSunrise, home.WhenSunset:
		return offsetText(e) + daysText(e.Days)
	case home.WhenMode:
		if e.Mode == "" {
			return "when the house is set to another mode"
		}
		return "when the house is set to " + string(e.Mode)
	case home.WhenPhase:
		return "when the panel comes into phase " + string(e.Phase)
	case home.WhenAlarm:
		return "when " + article(e.Kind) + " alarm begins"
	case home.WhenTrouble:
		if e.Code == "" {
			return "when something is wrong with the house"
		}
		return "when the condition " + e.Code + " comes"
	case home.WhenReading:
		said := "when " + w.becomes(e)
		if e.For > 0 {
			said += " for " + span(e.For)
		}
		return said
	case home.WhenButton:
		return "when " + w.name(e.Device) + " is pressed (" + e.Value.String() + ")"
	case home.WhenPerson:
		return "when " + moveText(e.Person, e.Move, "leaves", "comes home", "the last person leaves", "the first person comes home")
	}
	return string(e.Event)
}

func article(kind string) string {
	switch {
	case kind == "":
		return "an"
	case strings.ContainsRune("aeiou", rune(kind[0])):
		return "an " + kind
	default:
		return "a " + kind
	}
}

func moveText(person string, m home.Move, leaves, arrives, last, first string) string {
	if person == "" {
		person = "somebody"
	}
	switch m {
	case home.Leaves:
		return person + " " + leaves
	case home.Arrives:
		return person + " " + arrives
	case home.LastOut:
		return last
	default:
		return first
	}
}

func offsetText(e home.When) string {
	d := time.Duration(e.Offset)
	switch {
	case d < 0:
		return span(home.Duration(-d)) + " before " + string(e.Event)
	case d > 0:
		return span(e.Offset) + " after " + string(e.Event)
	default:
		return "at " + string(e.Event)
	}
}

// becomes is a trait that comes to say something.
func (w *world) becomes(e home.When) string {
	name := w.name(e.Device)
	switch {
	case e.Above != nil:
		return fmt.Sprintf("%s: %s above %s", name, e.Trait, number(*e.Above))
	case e.Below != nil:
		return fmt.Sprintf("%s: %s below %s", name, e.Trait, number(*e.Below))
	case e.For > 0:
		return fmt.Sprintf("%s: %s stays %s", name, e.Trait, e.Value)
	default:
		return fmt.Sprintf("%s: %s becomes %s", name, e.Trait, e.Value)
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// span is a duration as people say it: "15 minutes", "1 hour 30 minutes".
func span(d home.Duration) string {
	t := time.Duration(d)
	var said []string
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if n := int(t / u.unit); n == 1 {
			said = append(said, "1 "+u.name)
		} else if n > 1 {
			said = append(said, strconv.Itoa(n)+" "+u.name+"s")
		}
		t %= u.unit
	}
	return strings.Join(said, " ")
}

// actsText is what a rule does: "Lamp on for 5 minutes and arm night".
func (w *world) actsText(acts []home.Act) string {
	said := make([]string, len(acts))
	for i, a := range acts {
		said[i] = w.actText(a)
	}
	return and(said)
}

func (w *world) actText(a home.Act) string {
	switch a.Do {
	case home.ActArm:
		return "arm " + string(a.Mode)
	case home.ActTell:
		return "tell “" + a.Text + "”"
	default:
		s := w.name(a.Device) + " "
		switch a.Trait {
		case home.Level:
			s += "to " + a.Value.String() + " %"
		case home.Cover:
			s += a.Value.String() + " % open"
		default:
			s += a.Value.String()
		}
		if a.For > 0 {
			s += " for " + span(a.For)
		}
		return s
	}
}

// dueText is why clock or sun fired a rule: "the sun set at 16:12".
func (w *world) dueText(e home.When, at time.Time) string {
	clock := at.In(w.zone).Format("15:04")
	sun := at.Add(-time.Duration(e.Offset)).In(w.zone).Format("15:04")
	switch {
	case e.Event == home.WhenTime:
		return "it was " + clock
	case e.Offset != 0:
		return "it was " + offsetText(e) + " at " + sun
	case e.Event == home.WhenSunrise:
		return "the sun rose at " + clock
	default:
		return "the sun set at " + clock
	}
}

// stayedText is why a trait that stayed as it was fired a rule.
func (w *world) stayedText(e home.When) string {
	name := w.name(e.Device)
	switch {
	case e.Above != nil:
		return fmt.Sprintf("%s stayed above %s for %s (%s)", name, number(*e.Above), span(e.For), e.Trait)
	case e.Below != nil:
		return fmt.Sprintf("%s stayed below %s for %s (%s)", name, number(*e.Below), span(e.For), e.Trait)
	default:
		return fmt.Sprintf("%s stayed %s for %s (%s)", name, e.Value, span(e.For), e.Trait)
	}
}

// readingText is what a device said, as the journal has it.
func (w *world) readingText(r home.Reading) string {
	return registry.Sentence(w.name(r.Device), r.Trait, r.Value)
}

// because is a condition that held, in words where it has them: "nobody was
// home", else in its own.
func (w *world) because(c *condition) string {
	var said []string
	var walk func(*language.Node)
	walk = func(n *language.Node) {
		if n.Op == language.Binary && (n.Text == "and" || n.Text == "&&") {
			walk(n.Kids[0])
			walk(n.Kids[1])
			return
		}
		phrase := w.phrase(n)
		if phrase == "" {
			phrase = c.expression.Said(n) + " held"
		}
		said = append(said, phrase)
	}
	walk(c.expression.Root)
	return strings.Join(slices.Compact(said), " and ")
}

// phrase is what held in the past tense, "" where there are no words for it.
func (w *world) phrase(n *language.Node) string {
	switch n.Op {
	case language.Read:
		return phrases[n.Text]
	case language.Not:
		return phrases["not "+n.Kids[0].Text]
	case language.Binary:
		if mode, ok := word(n.Kids[1]); ok && n.Text == "==" && n.Kids[0].Text == "mode" {
			return "the mode was " + mode
		}
	case language.Call:
		return w.called(n)
	default:
	}
	return ""
}

func (w *world) called(n *language.Node) string {
	first, ok := word(n.Kids[0])
	switch {
	case !ok:
		return ""
	case n.Text == "at_home":
		return first + " was at home"
	case n.Text == "between":
		if second, ok := word(n.Kids[1]); ok {
			return "it was between " + first + " and " + second
		}
	case traitType[home.Trait(n.Text)] == language.Bool:
		return registry.Sentence(w.name(home.DeviceID(first)), home.Trait(n.Text), home.True)
	}
	return ""
}

// phrases are the words of the language in the past tense.
var phrases = map[string]string{
	"armed": "the house was armed", "not armed": "the house was not armed",
	"anybody_home": "somebody was home", "not anybody_home": "nobody was home",
	"nobody_home": "nobody was home", "not nobody_home": "somebody was home",
	"dark": "it was dark", "not dark": "it was light",
}
