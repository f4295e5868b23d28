package alarm

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAPanelOfAnOlderProgramGoesOn loads what older programs saved and compares
// what this one saves of it; -update writes the second of each pair.
func TestAPanelOfAnOlderProgramGoesOn(t *testing.T) {
	const before, after = "testdata/saved/version-1.json", "testdata/saved/version-1-migrated.json"
	b, err := os.ReadFile(before)
	if err != nil {
		t.Fatal(err)
	}
	var p Panel
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	saved, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, saved, "", "\t"); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	if *update {
		if err := os.WriteFile(after, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(after)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("migrated otherwise (-want +got):\n%s", diff)
	}
	if v := p.View(p.LastSeen()); v.Mode != "away" || v.Phase != "alarm" || len(v.Bypassed) != 6 {
		t.Errorf("the panel stands in mode %s, phase %s with %v left out, want away, alarm and six zones", v.Mode, v.Phase, v.Bypassed)
	}
}

func TestAGarbledPanelOfAnOlderProgramIsRefused(t *testing.T) {
	for _, c := range []struct{ saved, want string }{
		{`{"version":1,"zones":[null]}`, "a hole in the list"},
		{`{"version":1,"zones":7}`, "version 1: zones"},
		{`{"version":1}`, `mode "" is not known`},
	} {
		var p Panel
		if err := json.Unmarshal([]byte(c.saved), &p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", c.saved, err, c.want)
		}
	}
}
