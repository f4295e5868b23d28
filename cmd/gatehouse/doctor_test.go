package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// F4: 24 hours of standby, then 4 minutes of alarm: the doctor holds what the
// battery says against that, to the second.
func TestTheDoctorShowsTheStandbyEstimate(t *testing.T) {
	for _, c := range []struct {
		seconds, want string
		bad           bool
	}{
		{"86639", "less than 24 hours of standby and 4 minutes of alarm", true},
		{"86640", "enough for 24 hours of standby and 4 minutes of alarm", false},
		{"3600", "lasts about 60 minutes: less than", true},
	} {
		dir := t.TempDir()
		for name, word := range map[string]string{"type": "Battery", "capacity": "80", "status": "Discharging", "time_to_empty_now": c.seconds} {
			if err := os.MkdirAll(filepath.Join(dir, "bat"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "bat", name), []byte(word+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if f := powered(dir); f.bad != c.bad || !strings.Contains(f.text, c.want) {
			t.Errorf("%s s: %+v, want %q, to be mended %t", c.seconds, f, c.want, c.bad)
		}
	}
}
