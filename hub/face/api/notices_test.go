package api

import (
	"testing"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

type keptNotices []home.Notice

func (k keptNotices) Kept() []home.Notice { return k }

// A notifier reads what it missed, and nothing from before it was made: whoever
// forces an owner to make a token learns nothing of what happened.
func TestANotifierReadsNothingOlderThanItself(t *testing.T) {
	made := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h := newHouse()
	h.people.tokens = []auth.Token{{ID: h.people.callers["token-notifier"].ID, Role: auth.Notifier, Created: home.At(made)}, {ID: "other"}}
	h.opt.Notices = keptNotices{
		{ID: "3", At: home.At(made.Add(time.Second))}, {ID: "2", At: home.At(made)}, {ID: "1", At: home.At(made.Add(-time.Second))},
	}
	srv := h.api(t).Handler()
	if got := decode[[]home.Notice](t, call(t, srv, "token-notifier", "GET", "/api/v1/notify/recent", ""), 200); len(got) != 2 || got[0].ID != "3" {
		t.Errorf("got %+v, want the two since the token was made", got)
	}
	wantProblem(t, call(t, srv, "token-owner", "GET", "/api/v1/notify/recent", ""), 403, codeForbidden)
	wantProblem(t, call(t, srv, "owner", "GET", "/api/v1/notify/recent", ""), 403, codeForbidden)
}
