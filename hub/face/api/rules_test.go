package api

import (
	"testing"

	"gatehouse/hub/home"
)

// A rule is made, read, changed, tried and removed; what is read can be
// written back.
func TestRulesAreWrittenAsTheyAreRead(t *testing.T) {
	h := newHouse()
	srv := h.api(t).Handler()
	const body = `{"name":"Evening light","when":{"event":"sunset","offset":"-15m","days":["fri"]},"if":"nobody_home",
		"then":[{"do":"command","device":"zwave-7","trait":"switch","value":"on","for":"5m"}]}`
	made := decode[home.Rule](t, call(t, srv, "owner", "POST", "/api/v1/rules", body), 201)
	if made.ID == "" || !made.Enabled || made.When.Offset >= 0 || made.Then[0].Value != home.On {
		t.Errorf("got %+v, want the rule, enabled", made)
	}
	read := call(t, srv, "member", "GET", "/api/v1/rules/"+string(made.ID), "")
	again := decode[home.Rule](t, call(t, srv, "owner", "PUT", "/api/v1/rules/"+string(made.ID), read.Body.String()), 200)
	if again.Name != made.Name || again.If != made.If || again.When.Offset != made.When.Offset {
		t.Errorf("got %+v, want what was read", again)
	}
	wantProblem(t, call(t, srv, "owner", "POST", "/api/v1/rules", `{"id":"made","name":"X","when":{"event":"mode"},"then":[{"do":"tell","text":"x"}]}`), 409, codeConflict)
	for _, bad := range []string{
		`{"name":"X","when":{"event":"hourly"},"then":[{"do":"tell","text":"x"}]}`,
		`{"name":"X","when":{"event":"mode"},"then":[{"do":"disarm"}]}`,
		`{"name":"X","when":{"event":"mode"},"then":[]}`,
		`{"name":"X","when":{"event":"mode","command":"rm"},"then":[{"do":"tell","text":"x"}]}`,
	} {
		wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/rules/x", bad), 422, codeInvalid)
	}
	wantProblem(t, call(t, srv, "owner", "POST", "/api/v1/rules/none/dry-run", ""), 404, codeNotFound)
	decode[[]home.RuleRun](t, call(t, srv, "member", "POST", "/api/v1/rules/made/dry-run", ""), 200)
	decode[[]home.RuleRun](t, call(t, srv, "member", "POST", "/api/v1/rules/dry-run", body), 200)
	if len(h.dry) != 2 || h.dry[0].ID != "made" || h.dry[1].If != "nobody_home" {
		t.Errorf("tried %+v, want the saved rule and the unsaved one", h.dry)
	}
	decode[home.RuleSettings](t, call(t, srv, "owner", "PUT", "/api/v1/rules/settings", `{"latitude":52.5,"longitude":13.4}`), 200)
	if h.place.Latitude == nil || *h.place.Latitude != 52.5 {
		t.Errorf("the place is %+v", h.place)
	}
	wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/rules/settings", `{"latitude":91,"longitude":0}`), 422, codeInvalid)
	if w := call(t, srv, "owner", "DELETE", "/api/v1/rules/made", ""); w.Code != 204 {
		t.Errorf("got %d: %s", w.Code, w.Body)
	}
}

// A phone's automation says who is at home; nothing more comes of it here.
func TestPresenceIsSaidByAProgram(t *testing.T) {
	h := newHouse()
	srv := h.api(t).Handler()
	p := decode[home.Presence](t, call(t, srv, "token-member", "PUT", "/api/v1/presence/Ada%20L.", `{"home":true}`), 200)
	if p.Person != "Ada L." || !h.person.Home {
		t.Errorf("got %+v, want Ada L. at home", p)
	}
	wantProblem(t, call(t, srv, "token-member", "PUT", "/api/v1/presence/Ada", `{}`), 422, codeInvalid)
	if len(h.asked) != 0 {
		t.Errorf("the panel was asked for %+v", h.asked)
	}
}
