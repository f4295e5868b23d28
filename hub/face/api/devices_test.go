package api

import "testing"

// A person steps up to make a siren sound, but not to end it, nor for a lamp.
func TestSirenByHandNeedsAStepUp(t *testing.T) {
	srv := newHouse().api(t).Handler()
	for _, c := range []struct {
		who, body string
		status    int
	}{
		{"stale", `{"trait":"siren","value":"on"}`, 403},
		{"stale", `{"trait":"siren","value":"on","for":"30s"}`, 403},
		{"stale", `{"trait":"siren","value":"off"}`, 202},
		{"stale", `{"trait":"switch","value":"on"}`, 202},
		{"owner", `{"trait":"siren","value":"on"}`, 202},
		{"member", `{"trait":"siren","value":"on"}`, 202},
		{"token-member", `{"trait":"siren","value":"on","for":"2m"}`, 202},
	} {
		w := call(t, srv, c.who, "POST", "/api/v1/devices/zwave-5/command", c.body)
		if w.Code != c.status {
			t.Errorf("%s %s: got %d %s, want %d", c.who, c.body, w.Code, w.Body, c.status)
		}
		if c.status == 403 {
			wantProblem(t, w, 403, codeStepUp)
		}
	}
}
