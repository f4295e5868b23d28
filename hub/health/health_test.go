package health_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

func TestBoardOrderAndText(t *testing.T) {
	var seen []string
	b := health.NewBoard(func(c health.Change) {
		sign := "-"
		if c.Present {
			sign = "+"
		}
		seen = append(seen, sign+c.Item.Code)
	})
	b.Raise(health.BatteryLow, "zwave-5", "Front door", "")
	b.Raise(health.RadioDown, "", "Z-Wave", "it is gone from its port")
	b.Raise(health.RadioDown, "", "Z-Wave", "it is gone from its port")
	b.Clear(health.Demo, "")

	list := b.List()
	if len(list) != 2 || list[0].Code != "radio-down" || list[1].Text != "Front door wants a new battery." {
		t.Fatalf("list = %+v, want radio-down first, then the battery of Front door", list)
	}
	since := list[0].Since
	b.Raise(health.RadioDown, "", "Z-Wave", "it does not answer")
	if got := b.List()[0]; got.Since != since || !strings.Contains(got.Text, "does not answer") {
		t.Fatalf("raised again = %+v, want the new text and the old since %v", got, since)
	}
	b.ClearDevice("zwave-5")
	b.Clear(health.RadioDown, "")
	got := strings.Join(seen, " ")
	want := "+battery-low +radio-down +radio-down -battery-low -radio-down"
	if got != want {
		t.Errorf("changes = %s, want %s", got, want)
	}
}

// TestDeclarations holds every sentence to the voice of the house: a sentence,
// a mend, and blocks only where the house could not be guarded.
func TestDeclarations(t *testing.T) {
	for code, d := range health.Declarations {
		switch {
		case !strings.HasSuffix(d.Text, ".") && d.Text != "%s", !strings.HasSuffix(d.Mend, "."):
			t.Errorf("%s: text and mend must be sentences: %q, %q", code, d.Text, d.Mend)
		case d.Severity != home.SeverityCritical && d.Severity != home.SeverityWarning && d.Severity != home.SeverityInfo:
			t.Errorf("%s: severity %q is not known", code, d.Severity)
		case d.Severity == home.SeverityInfo && len(d.Blocks) > 0:
			t.Errorf("%s: what is only information must not keep the house from being armed", code)
		}
	}
}

func TestRaiseOfWhatIsNotDeclaredPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Raise of an undeclared code did not panic")
		}
	}()
	health.NewBoard(nil).Raise("no-such-thing", "")
}

// Every face writes what a condition blocks as a list, if an empty one.
func TestWhatBlocksNothingSaysSo(t *testing.T) {
	b := health.NewBoard(nil)
	b.Raise(health.KeypadInClear, "zwave-11", "Keypad")
	said, err := json.Marshal(b.List())
	if err != nil || !strings.Contains(string(said), `"blocks":[]`) {
		t.Errorf("told as %s (%v), want blocks []", said, err)
	}
}
