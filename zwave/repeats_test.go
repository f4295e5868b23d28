package zwave

import (
	"testing"
	"time"

	"gatehouse/zwave/cc"
)

// What a node repeats because it missed our confirmation is not new, also when
// it has said something newer meanwhile; what a node says under the one session
// that it has for everything is.
func TestSupervisedRepeats(t *testing.T) {
	n, now := &node{}, time.Unix(0, 0)
	opened, closed := []byte{0x71, 0x05, 22}, []byte{0x71, 0x05, 23}
	for _, tt := range []struct {
		name  string
		after time.Duration
		in    cc.SupervisionGet
		want  bool
	}{
		{"opens", 0, cc.SupervisionGet{Session: 5, Command: opened}, false},
		{"repeats it", time.Second, cc.SupervisionGet{Session: 5, Command: opened}, true},
		{"closes", time.Second, cc.SupervisionGet{Session: 6, Command: closed}, false},
		{"repeats that it opened", time.Second, cc.SupervisionGet{Session: 5, Command: opened}, true},
		{"repeats that it closed", time.Second, cc.SupervisionGet{Session: 6, Command: closed}, true},
		{"opens again under another session", time.Second, cc.SupervisionGet{Session: 7, Command: opened}, false},
		{"the same session long after", superviseRepeat, cc.SupervisionGet{Session: 7, Command: opened}, false},
		{"closes under the same session", time.Second, cc.SupervisionGet{Session: 7, Command: closed}, false},
		{"opens under the same session", time.Second, cc.SupervisionGet{Session: 7, Command: opened}, false},
	} {
		now = now.Add(tt.after)
		if got := n.repeats(now, tt.in); got != tt.want {
			t.Errorf("%s: repeats = %v, want %v", tt.name, got, tt.want)
		}
	}
}
