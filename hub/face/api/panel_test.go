package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/guard"
	"gatehouse/hub/home"
)

// panelInMemory is the guard's store and journal.
type panelInMemory struct {
	mu    sync.Mutex
	saved *alarm.Panel
	lines []home.Event
}

func (m *panelInMemory) Load() (alarm.Panel, bool, error) { return alarm.Panel{}, false, nil }

func (m *panelInMemory) Save(p alarm.Panel) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saved = &p
	return nil
}

func (m *panelInMemory) Add(e home.Event) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, e)
	return uint64(len(m.lines))
}

func (m *panelInMemory) Sound(alarm.Sound) {}

func (m *panelInMemory) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, e := range m.lines {
		b.WriteString(e.Text + string(e.Data) + "\n")
	}
	return b.String()
}

// guarded is a house whose panel is the real one.
func guarded(t *testing.T) (srv http.Handler, g *guard.Guard, m *panelInMemory) {
	t.Helper()
	m = &panelInMemory{}
	g, err := guard.Open(guard.Options{Store: m, Journal: m, Siren: m, CodeKey: slices.Repeat([]byte{7}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := g.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	h := newHouse()
	h.opt.Panel, h.opt.Zones, h.opt.Codes, h.opt.AlarmChanges = g, g, g, &g.Changes
	return h.api(t).Handler(), g, m
}

// The whole way of a day with the real panel: a zone and a code are made, the
// house is armed in one tap, a snatched phone cannot disarm, the code can.
func TestADayWithTheRealPanel(t *testing.T) {
	srv, _, m := guarded(t)
	const digits = "735917"
	made := decode[home.Code](t, call(t, srv, "owner", "POST", "/api/v1/codes", `{"person":"Ada","kind":"user","code":"`+digits+`"}`), 201)
	if made.Code != "" || made.ID == "" {
		t.Errorf("got %+v, want an id and no digits", made)
	}
	given := decode[home.Code](t, call(t, srv, "owner", "POST", "/api/v1/codes", `{"person":"Bo","kind":"user"}`), 201)
	if len(given.Code) != 6 {
		t.Errorf("got %+v, want six digits from the hub", given)
	}
	if w := call(t, srv, "owner", "GET", "/api/v1/codes", ""); strings.Contains(w.Body.String(), given.Code) || strings.Contains(w.Body.String(), digits) {
		t.Errorf("digits are read back: %s", w.Body)
	}
	zone := `{"name":"Front door","device":"zwave-5","trait":"contact","kind":"entry","modes":["home","night","away"]}`
	if z := decode[home.Zone](t, call(t, srv, "owner", "PUT", "/api/v1/zones/front-door", zone), 200); z.ID != "front-door" {
		t.Errorf("got %+v, want the zone", z)
	}
	put := func(who, body string) (code int, state home.Alarm, p Problem) {
		w := call(t, srv, who, "PUT", "/api/v1/alarm/mode", body)
		if w.Code == 200 {
			return w.Code, decode[home.Alarm](t, w, 200), p
		}
		return w.Code, state, decode[Problem](t, w, w.Code)
	}
	if code, _, p := put("member", `{"mode":"away"}`); code != 409 || !slices.Contains(p.Open, "front-door") {
		t.Errorf("got %d %+v, want not ready: the door was never heard closed", code, p)
	}
	// During the exit delay a signed-in person may change their mind.
	if code, s, p := put("member", `{"mode":"away","force":true}`); code != 200 || s.Phase != home.PhaseArming {
		t.Errorf("got %d %+v %+v, want arming", code, s, p)
	}
	if code, s, p := put("member", `{"mode":"disarmed"}`); code != 200 || s.Mode != home.Disarmed {
		t.Errorf("got %d %+v %+v, want disarmed", code, s, p)
	}
	// Armed, they may not.
	if code, s, _ := put("member", `{"mode":"away","force":true,"exit_delay":"0s"}`); code != 200 || s.Phase != home.PhaseArmed {
		t.Errorf("got %d %+v, want armed", code, s)
	}
	for _, mode := range []string{"disarmed", "home"} {
		if code, _, p := put("member", `{"mode":"`+mode+`","force":true}`); code != 403 || p.Code != codeCodeNeeded {
			t.Errorf("%s: got %d %+v, want the code asked for", mode, code, p)
		}
	}
	if code, _, p := put("member", `{"mode":"disarmed","code":"111111"}`); code != 403 || p.Code != codeWrongCode || p.TriesLeft == nil {
		t.Errorf("got %d %+v, want a wrong code with the tries left", code, p)
	}
	if code, s, p := put("member", `{"mode":"disarmed","code":"`+digits+`"}`); code != 200 || s.Mode != home.Disarmed {
		t.Errorf("got %d %+v %+v, want disarmed", code, s, p)
	}
	if text := m.text(); strings.Contains(text, digits) || strings.Contains(text, "111111") || strings.Contains(text, given.Code) {
		t.Errorf("a code is in the journal:\n%s", text)
	}
}

// After too many wrong codes every code is refused for a while, with the wait;
// a program of the owner is not, and the alarm can still be silenced.
func TestCodesLockAndTokensDoNot(t *testing.T) {
	srv, _, _ := guarded(t)
	call(t, srv, "owner", "POST", "/api/v1/codes", `{"person":"Ada","kind":"user","code":"735917"}`)
	call(t, srv, "token-owner", "PUT", "/api/v1/alarm/mode", `{"mode":"away","force":true,"exit_delay":"0s"}`)
	var last Problem
	for try := range 6 {
		w := call(t, srv, "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed","code":"00000`+string(rune('0'+try))+`"}`)
		last = decode[Problem](t, w, w.Code)
	}
	if last.Status != 429 || last.Code != codeLocked || last.RetryAfter == nil {
		t.Fatalf("got %+v after six wrong codes, want locked with the wait", last)
	}
	wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed","code":"735917"}`), 429, codeLocked)
	if s := decode[home.Alarm](t, call(t, srv, "token-owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed"}`), 200); s.Mode != home.Disarmed {
		t.Errorf("got %+v, want disarmed", s)
	}
}

// A panic is raised and silenced, and stays on the record.
func TestPanicAndSilence(t *testing.T) {
	srv, g, _ := guarded(t)
	s := decode[home.Alarm](t, call(t, srv, "member", "POST", "/api/v1/alarm/panic", ""), 200)
	if s.Phase != home.PhaseAlarm || s.Alarm == nil || s.Alarm.Kind != "panic" {
		t.Errorf("got %+v, want the alarm", s)
	}
	s = decode[home.Alarm](t, call(t, srv, "member", "POST", "/api/v1/alarm/silence", ""), 200)
	if s.Alarm == nil || !s.Alarm.Silenced || g.State().Phase != home.PhaseAlarm {
		t.Errorf("got %+v, want the alarm silenced and on the record", s)
	}
}

// A silent panic alarm leaves the answer, the panel and the journal as they were.
func TestASilentPanicLeavesNothing(t *testing.T) {
	srv, g, m := guarded(t)
	before := m.text()
	s := decode[home.Alarm](t, call(t, srv, "member", "POST", "/api/v1/alarm/panic", `{"kind":"panic","silent":true}`), 200)
	if s.Phase != home.PhaseDisarmed || s.Alarm != nil || g.State().Alarm != nil || m.text() != before {
		t.Errorf("got %+v and the journal %q, want nothing of it", s, m.text())
	}
	wantProblem(t, call(t, srv, "member", "POST", "/api/v1/alarm/panic", `{"kind":"fire","silent":true}`), 422, codeInvalid)
	wantProblem(t, call(t, srv, "viewer", "POST", "/api/v1/alarm/panic", `{"silent":true}`), 403, codeForbidden)
}

// What was seen is acknowledged; what runs is not.
func TestAcknowledge(t *testing.T) {
	srv, _, m := guarded(t)
	call(t, srv, "member", "POST", "/api/v1/alarm/panic", "")
	if s := decode[home.Alarm](t, call(t, srv, "member", "POST", "/api/v1/alarm/acknowledge", ""), 200); s.Alarm == nil || s.Phase != home.PhaseAlarm {
		t.Errorf("got %+v, want the alarm that runs", s)
	}
	call(t, srv, "token-owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed"}`)
	if s := decode[home.Alarm](t, call(t, srv, "member", "POST", "/api/v1/alarm/acknowledge", ""), 200); s.Alarm != nil {
		t.Errorf("got %+v, want nothing remembered", s)
	}
	if !strings.Contains(m.text(), "Acknowledged: Panic alarm.") {
		t.Errorf("the journal does not tell of it:\n%s", m.text())
	}
}

// A walk test is begun and ended by an installer too, and by nobody in an armed
// house.
func TestWalkTest(t *testing.T) {
	srv, _, _ := guarded(t)
	if s := decode[home.Alarm](t, call(t, srv, "installer", "POST", "/api/v1/alarm/test", `{"on":true}`), 200); s.Test == nil || s.Test.Seen == nil {
		t.Errorf("got %+v, want a test with a list", s.Test)
	}
	if s := decode[home.Alarm](t, call(t, srv, "owner", "POST", "/api/v1/alarm/test", `{"on":false}`), 200); s.Test != nil {
		t.Errorf("got %+v, want none", s.Test)
	}
	call(t, srv, "token-owner", "PUT", "/api/v1/alarm/mode", `{"mode":"away","force":true,"exit_delay":"0s"}`)
	wantProblem(t, call(t, srv, "owner", "POST", "/api/v1/alarm/test", `{"on":true}`), 409, codeConflict)
}

// Areas and modes of the owner's own, by the real panel: made, armed in, and
// not taken away while in use.
func TestAreasAndModesOfTheOwnersOwn(t *testing.T) {
	srv, _, _ := guarded(t)
	if m := decode[home.AlarmMode](t, call(t, srv, "owner", "PUT", "/api/v1/alarm/modes/guests", `{"name":"Guests","like":"home","exit_delay":"45s"}`), 200); m.ID != "guests" || m.Like != home.Home {
		t.Errorf("got %+v, want the mode", m)
	}
	if l := decode[[]home.AlarmMode](t, call(t, srv, "member", "GET", "/api/v1/alarm/modes", ""), 200); len(l) != 4 {
		t.Errorf("got %+v, want four modes", l)
	}
	wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/alarm/modes/party", `{"name":"Party","like":"beach"}`), 422, codeInvalid)
	wantProblem(t, call(t, srv, "owner", "DELETE", "/api/v1/alarm/modes/away", ""), 409, codeConflict)
	decode[home.Area](t, call(t, srv, "owner", "PUT", "/api/v1/alarm/areas/flat", `{"name":"Flat"}`), 200)
	zone := `{"name":"Flat door","device":"zwave-6","trait":"contact","kind":"entry","areas":["flat"],"modes":["away","guests"],"entry_delays":{"guests":"0s"}}`
	if z := decode[home.Zone](t, call(t, srv, "owner", "PUT", "/api/v1/zones/flat-door", zone), 200); z.EntryDelays["guests"] != 0 || len(z.Areas) != 1 {
		t.Errorf("got %+v, want the zone of the flat", z)
	}
	s := decode[home.Alarm](t, call(t, srv, "member", "PUT", "/api/v1/alarm/mode", `{"mode":"guests","area":"flat","force":true}`), 200)
	if s.Mode != home.Disarmed || len(s.Areas) != 2 || s.Areas[1].Mode != "guests" || s.Areas[1].Like != home.Home || s.Areas[1].Phase != home.PhaseArming {
		t.Errorf("got %+v, want the flat arming and the house as it was", s)
	}
	wantProblem(t, call(t, srv, "owner", "DELETE", "/api/v1/alarm/areas/flat", ""), 409, codeConflict)
	wantProblem(t, call(t, srv, "owner", "DELETE", "/api/v1/alarm/modes/guests", ""), 409, codeConflict)
	// During the exit delay of that area a signed-in person may change their mind.
	if s := decode[home.Alarm](t, call(t, srv, "member", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed","area":"flat"}`), 200); s.Areas[1].Mode != home.Disarmed {
		t.Errorf("got %+v, want the flat disarmed", s)
	}
	wantProblem(t, call(t, srv, "member", "PUT", "/api/v1/alarm/mode", `{"mode":"away","area":"attic"}`), 422, codeInvalid)
}

// How people leave, by the real panel: presets narrow the figures, and an arming
// may end when the last door closes.
func TestSettingsOfLeaving(t *testing.T) {
	srv, g, _ := guarded(t)
	s := decode[home.AlarmSettings](t, call(t, srv, "owner", "PUT", "/api/v1/alarm/settings", `{"preset":"ul","exit_delay":"120s","exit_restart":false,"unvacated_home":false}`), 200)
	if s.Preset != home.PresetUL || time.Duration(s.ExitDelay) != 2*time.Minute || s.ExitRestart || s.UnvacatedHome || s.ArmOnClose {
		t.Errorf("got %+v, want the preset and the two turned off", s)
	}
	for body, field := range map[string]string{
		`{"exit_delay":"121s"}`:                          "exit_delay",
		`{"entry_delay":"46s","abort_window":"15s"}`:     "entry_delay",
		`{"outside_standard":true}`:                      "outside_standard",
		`{"preset":"vds"}`:                               "preset",
		`{"preset":"ul2610"}`:                            "exit_delay",
		`{"preset":"en","entry_delay":"46s"}`:            "entry_delay",
		`{"preset":"","entry_delay":"46s"}`:              "entry_delay",
		`{"preset":"ul","arm_on_close":"when it rains"}`: "arm_on_close",
	} {
		p := wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/alarm/settings", body), 422, codeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: got %+v, want %s refused", body, p.Errors, field)
		}
	}
	decode[home.Zone](t, call(t, srv, "owner", "PUT", "/api/v1/zones/door", `{"name":"Door","device":"zwave-5","trait":"contact","kind":"entry","modes":["away"]}`), 200)
	door := func(v home.Value) { g.Reading(home.Reading{Device: "zwave-5", Trait: home.Contact, Value: v}, nil) }
	door(home.Closed)
	decode[home.Alarm](t, call(t, srv, "member", "PUT", "/api/v1/alarm/mode", `{"mode":"away","arm_on_close":true}`), 200)
	door(home.Open)
	door(home.Closed)
	a := decode[home.Alarm](t, call(t, srv, "member", "GET", "/api/v1/alarm", ""), 200)
	if a.Phase != home.PhaseArming || a.Until == nil || a.Until.Sub(a.Now.Time) > 5*time.Second {
		t.Errorf("the last door closed: %s until %v, want at most 5 s", a.Phase, a.Until)
	}
}

// Codes that are limited, by the real panel: a timetable, one thing only, off;
// and the way that an owner keeps when codes are locked.
func TestLimitsOfCodes(t *testing.T) {
	srv, g, _ := guarded(t)
	made := decode[home.Code](t, call(t, srv, "owner", "POST", "/api/v1/codes", `{"person":"Kim","kind":"user","code":"735917","only":"arm","schedule":"Mon-Sun 00:00-24:00"}`), 201)
	if made.Only != "arm" || made.Schedule == "" || made.Disabled {
		t.Errorf("got %+v, want the limits kept", made)
	}
	wantProblem(t, call(t, srv, "owner", "POST", "/api/v1/codes", `{"person":"Bo","kind":"user","code":"1234"}`), 422, codeInvalid)
	wantProblem(t, call(t, srv, "owner", "POST", "/api/v1/codes", `{"person":"Bo","kind":"user","schedule":"now and then"}`), 422, codeInvalid)
	wantProblem(t, call(t, srv, "owner", "POST", "/api/v1/codes", `{"person":"Bo","kind":"guest"}`), 422, codeInvalid)
	call(t, srv, "token-owner", "PUT", "/api/v1/alarm/mode", `{"mode":"away","force":true,"exit_delay":"0s"}`)
	wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed","code":"735917"}`), 403, codeCodeMayNot)
	if g.State().Mode != home.Away {
		t.Error("a code that may only arm has disarmed")
	}
	call(t, srv, "owner", "PUT", "/api/v1/codes/"+made.ID, `{"person":"Kim","kind":"user","disabled":true}`)
	wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed","code":"735917"}`), 403, codeWrongCode)

	// Both factors proved again are no code, until codes are locked.
	wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed"}`), 403, codeCodeNeeded)
	for range 2 {
		call(t, srv, "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed","code":"00000"}`)
	}
	wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed","code":"00000"}`), 429, codeLocked)
	wantProblem(t, call(t, srv, "member", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed"}`), 403, codeCodeNeeded)
	if s := decode[home.Alarm](t, call(t, srv, "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed"}`), 200); s.Mode != home.Disarmed {
		t.Errorf("got %+v, want the owner to have a way in", s)
	}
}
