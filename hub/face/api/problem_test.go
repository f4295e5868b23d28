package api

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

func TestWrongCodeSaysHowManyTriesAreLeft(t *testing.T) {
	h := newHouse()
	h.err = &home.WrongCode{Left: 4}
	w := call(t, h.api(t).Handler(), "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed","code":"55555"}`)
	p := wantProblem(t, w, 403, codeWrongCode)
	if p.TriesLeft == nil || *p.TriesLeft != 4 || !strings.Contains(p.Detail, "4 tries") {
		t.Errorf("got %+v, want 4 tries left", p)
	}
	if strings.Contains(w.Body.String(), "55555") {
		t.Errorf("got the code back: %s", w.Body)
	}
}

func TestACodeTriedFiveTimesIsLocked(t *testing.T) {
	h := newHouse()
	until := time.Now().Add(90 * time.Second)
	h.err = &home.CodesLocked{Until: until}
	w := call(t, h.api(t).Handler(), "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed","code":"55555"}`)
	p := wantProblem(t, w, 429, codeLocked)
	least := int(math.Ceil(time.Until(until).Seconds())) // 90 but for what the test itself took
	if p.RetryAfter == nil || *p.RetryAfter < least || *p.RetryAfter > 90 {
		t.Fatalf("got %+v, want %d to 90 s to wait", p, least)
	}
	if got := w.Header().Get("Retry-After"); got != strconv.Itoa(*p.RetryAfter) {
		t.Errorf("got Retry-After %q, want %d", got, *p.RetryAfter)
	}
}

func TestDisarmingAsksForTheCode(t *testing.T) {
	h := newHouse()
	h.err = &home.CodeNeeded{}
	h.state.Phase, h.state.Mode = home.PhaseArmed, home.Away
	w := call(t, h.api(t).Handler(), "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed"}`)
	wantProblem(t, w, 403, codeCodeNeeded)
}

func TestNotReadyNamesTheOpenZones(t *testing.T) {
	h := newHouse()
	trouble := home.TroubleItem{Code: "radio-down", Text: "The Z-Wave stick is gone.", Severity: home.SeverityCritical, Blocks: []home.Mode{home.Away}}
	h.err = &home.NotReady{Open: []home.ZoneID{"kitchen-window", "attic"}, Unheard: []home.ZoneID{"attic"}, Troubles: []home.TroubleItem{trouble}}
	w := call(t, h.api(t).Handler(), "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"away"}`)
	p := wantProblem(t, w, 409, codeNotReady)
	if d := cmp.Diff(p.Open, []home.ZoneID{"kitchen-window", "attic"}); d != "" {
		t.Errorf("open (-got +want):\n%s", d)
	}
	if len(p.Troubles) != 1 || p.Troubles[0].Code != "radio-down" || !strings.Contains(p.Detail, "kitchen-window is open; attic has not been heard since the hub started") {
		t.Errorf("got %+v, want the trouble and the zone named", p)
	}
}

func TestATokenWithoutTheRoleIsRefusedByName(t *testing.T) {
	h := newHouse()
	p := wantProblem(t, call(t, h.api(t).Handler(), "token-viewer", "PUT", "/api/v1/alarm/mode", `{"mode":"away"}`), 403, codeForbidden)
	if !strings.Contains(p.Detail, "viewer") || !strings.Contains(p.Detail, string(auth.AlarmArm)) {
		t.Errorf("got %q, want the role and the right named", p.Detail)
	}
	if len(h.asked) != 0 {
		t.Error("the panel was asked")
	}
}

func TestABadFieldIsNamed(t *testing.T) {
	srv := newHouse().api(t).Handler()
	for _, c := range []struct{ name, method, path, body, field, reason string }{
		{"wrong word", "POST", "/api/v1/alarm/panic", `{"kind":"gone"}`, "kind", "medical"},
		{"wrong kind", "PUT", "/api/v1/alarm/mode", `{"mode":"away","force":"yes"}`, "force", "boolean"},
		{"unknown", "PUT", "/api/v1/alarm/mode", `{"mode":"away","exitdelay":"5s"}`, "exitdelay", "unexpected"},
		{"missing", "PUT", "/api/v1/alarm/mode", `{"force":true}`, "mode", "required"},
		{"not a duration", "PUT", "/api/v1/alarm/mode", `{"mode":"away","exit_delay":"soon"}`, "exit_delay", "30s"},
		{"duration without unit", "PUT", "/api/v1/alarm/settings", `{"entry_delay":"30"}`, "entry_delay", "30s"},
		{"nested", "PUT", "/api/v1/alarm/mode", `{"mode":"away","bypass":["a",7]}`, "bypass[1]", "string"},
		{"letters in a code", "POST", "/api/v1/codes", `{"person":"Ada","kind":"user","code":"12ab"}`, "code", "5 to 12 digits"},
		{"not a time", "POST", "/api/v1/tokens", `{"name":"x","role":"viewer","ends":"tomorrow"}`, "ends", "RFC 3339"},
		{"bad zone id", "PUT", "/api/v1/zones/Front%20Door", `{"name":"a","device":"d","trait":"contact","kind":"entry"}`, "id", "lower-case"},
		{"other id", "PUT", "/api/v1/zones/a", `{"id":"b","name":"a","device":"d","trait":"contact","kind":"entry"}`, "id", "for ever"},
		{"query", "GET", "/api/v1/events?limit=5000", "", "limit", "1000"},
		{"query word", "GET", "/api/v1/events?kind=gossip", "", "kind", "reading"},
		{"query unknown", "GET", "/api/v1/events?colour=red", "", "colour", "unknown"},
		{"query time", "GET", "/api/v1/events?since=yesterday", "", "since", "invalid"},
		{"from the room", "GET", "/api/v1/events?cursor=nonsense", "", "cursor", "a page gave"},
		{"value of a command", "POST", "/api/v1/devices/zwave-5/command", `{"trait":"siren","value":{"on":1}}`, "value", "a word"},
		{"place of what is no siren", "PUT", "/api/v1/devices/zwave-5", `{"place":"outside"}`, "place", "no siren"},
		{"place that there is not", "PUT", "/api/v1/devices/zwave-5", `{"place":"roof"}`, "place", "inside"},
		{"siren for ever", "POST", "/api/v1/devices/zwave-5/command", `{"trait":"siren","value":"on","for":"ever"}`, "for", "30s"},
		{"null as value", "POST", "/api/v1/devices/zwave-5/command", `{"trait":"siren","value":null}`, "value", "a word"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := wantProblem(t, call(t, srv, "owner", c.method, c.path, c.body), 422, codeInvalid)
			if len(p.Errors) == 0 || p.Errors[0].Field != c.field || !strings.Contains(p.Errors[0].Reason, c.reason) {
				t.Errorf("got %+v, want field %q with %q", p.Errors, c.field, c.reason)
			}
			if !strings.Contains(p.Detail, c.field) {
				t.Errorf("got %q, want the field named", p.Detail)
			}
		})
	}
}

func TestABadBodyIsAProblem(t *testing.T) {
	srv := newHouse().api(t).Handler()
	put := func(body string, with ...func(*http.Request)) Problem {
		w := call(t, srv, "owner", "PUT", "/api/v1/alarm/mode", body, with...)
		return wantProblem(t, w, w.Code, decode[Problem](t, w, w.Code).Code)
	}
	for _, c := range []struct {
		name, body string
		with       func(*http.Request)
		status     int
		code       string
	}{
		{"not JSON", `{"mode":`, nil, 400, codeInvalid},
		{"empty", "", nil, 400, codeInvalid},
		{"a list", `[]`, nil, 422, codeInvalid},
		{"form", `mode=away`, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, codeMediaType},
		{"plain text", `{"mode":"away"}`, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415, codeMediaType},
		{"too large", `{"mode":"away","code":"` + strings.Repeat("1", maxBody) + `"}`, nil, 413, codeTooLarge},
		{"deep", strings.Repeat(`[`, 30000), nil, 400, codeInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			with := c.with
			if with == nil {
				with = func(*http.Request) {}
			}
			if p := put(c.body, with); p.Status != c.status || p.Code != c.code {
				t.Errorf("got %d %s (%s), want %d %s", p.Status, p.Code, p.Detail, c.status, c.code)
			}
		})
	}
}

// What a room did not declare is the hub's own fault: the reason goes to the
// log, not to the wire.
func TestAFaultOfTheHubIsLoggedNotTold(t *testing.T) {
	h := newHouse()
	h.err = errors.New("bbolt: page 7 is torn")
	var log strings.Builder
	h.opt.Log = slog.New(slog.NewTextHandler(&log, nil))
	w := call(t, h.api(t).Handler(), "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"away"}`)
	wantProblem(t, w, 500, codeInternal)
	if strings.Contains(w.Body.String(), "torn") || !strings.Contains(log.String(), "torn") {
		t.Errorf("got body %s and log %q, want the reason in the log only", w.Body, log.String())
	}
}

func TestAPanicIsAProblem(t *testing.T) {
	h := newHouse()
	h.opt.Devices = brokenDevices{newFakeDevices()}
	var log strings.Builder
	h.opt.Log = slog.New(slog.NewTextHandler(&log, nil))
	wantProblem(t, call(t, h.api(t).Handler(), "owner", "GET", "/api/v1/devices", ""), 500, codeInternal)
	if !strings.Contains(log.String(), "request panicked") {
		t.Errorf("got log %q, want the panic in it", log.String())
	}
}

// brokenDevices is a registry that falls over.
type brokenDevices struct{ *fakeDevices }

func (brokenDevices) Devices() []home.Device { panic("registry: map is nil") }

// Every refusal of the porter has its status and code.
func TestRefusalsOfTheDoor(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
		wait   int
	}{
		{auth.ErrNotSignedIn, 401, codeUnauthorized, 0},
		{auth.ErrSecondFactor, 403, codePending, 0},
		{auth.ErrStepUp, 403, codeStepUp, 0},
		{auth.ErrClaimed, 409, codeClaimed, 0},
		{auth.ErrLastOwner, 409, codeConflict, 0},
		{&auth.WrongSignIn{Left: 3}, 401, codeBadSignIn, 0},
		{&auth.WrongSignIn{Wait: 8 * time.Second}, 401, codeBadSignIn, 8},
		{&auth.WrongCode{Left: 2}, 403, codeWrongCode, 0},
		{&auth.WrongCode{Drift: 70 * time.Second}, 403, codeWrongCode, 0},
		{&auth.TooMany{After: 1500 * time.Millisecond}, 429, codeThrottled, 2},
		{&auth.WrongStep{Want: auth.StepTOTP}, 409, codeWrongStep, 0},
		{&auth.WeakPassword{Reason: "Too short: use 12 characters or more.", Score: 1}, 422, codeWeakPassword, 0},
		{&auth.Forbidden{Right: auth.UsersWrite, Role: auth.Guest}, 403, codeForbidden, 0},
		{&home.NotFound{What: "zone", ID: "attic"}, 404, codeNotFound, 0},
		{&home.Conflict{Reason: "the stick is gone: plug it in"}, 409, codeConflict, 0},
	} {
		p := refusal(c.err, time.Now())
		got := 0
		if p.RetryAfter != nil {
			got = *p.RetryAfter
		}
		if p.Status != c.status || p.Code != c.code || got != c.wait || p.cause != nil || strings.HasSuffix(p.Detail, "..") {
			t.Errorf("%v: got %+v, want %d %s, wait %d", c.err, p, c.status, c.code, c.wait)
		}
	}
}

// What huma says in signs is said in words, which stand beside a field of the page.
func TestWordsBesideAField(t *testing.T) {
	for signs, words := range map[string]string{
		"expected length >= 1":    "it must not be empty",
		"expected length >= 12":   "give at least 12 characters",
		"expected length <= 80":   "give at most 80 characters",
		"expected number >= 0":    "give 0 or more",
		"expected number <= 3650": "give 3650 or less",
		"expected integer":        "give a whole number",
		"expected boolean":        "expected boolean",
	} {
		p := fromHuma(&huma.ErrorModel{Status: http.StatusUnprocessableEntity, Errors: []*huma.ErrorDetail{{Location: "body.name", Message: signs}}})
		if got := p.Errors[0].Reason; got != words || p.Detail != "name: "+words+"." {
			t.Errorf("%q is said as %q, in all %q; want %q", signs, got, p.Detail, words)
		}
	}
}
