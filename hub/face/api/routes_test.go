package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/people/auth"
)

// everyone who may come to the door, in the columns of the golden matrix.
func everyone() []string {
	all := []string{"nobody", "bad-token", "pending", "enrol", "stale"}
	for _, r := range auth.Roles {
		all = append(all, string(r))
	}
	for _, r := range auth.Roles {
		all = append(all, "token-"+string(r))
	}
	return all
}

// knock comes to a route as who and tells how far that got: "in", or the code
// of the refusal at the door.
func knock(t *testing.T, srv http.Handler, who string, rt route) string {
	t.Helper()
	path := strings.NewReplacer("{id}", "zwave-5", "{radio}", "zwave", "{person}", "Ada").Replace(rt.path)
	ctx, cancel := context.WithCancel(t.Context())
	if rt.path == streamPath {
		cancel() // it would go on for ever
	}
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, rt.method, "https://gatehouse.local"+path, nil)
	r.RemoteAddr = "192.0.2.7:4711"
	switch who {
	case "nobody":
	case "bad-token":
		r.Header.Set("Authorization", "Bearer gh_nonsense")
	default:
		r.Header.Set("X-Test-Caller", who)
	}
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	var p Problem
	_ = json.Unmarshal(w.Body.Bytes(), &p) // some answers are not JSON
	switch p.Code {
	case codeUnauthorized, codePending, codeForbidden, codeStepUp:
		return p.Code
	}
	return "in"
}

// The matrix of who may use which route is held in testdata/rights.txt, so that
// a change of it is seen in review.
func TestWhoMayUseWhichRoute(t *testing.T) {
	h := newHouse()
	h.opt.Demo = true
	a := h.api(t)
	srv := a.Handler()
	var b strings.Builder
	for _, rt := range a.table {
		fmt.Fprintf(&b, "%s %s\n    needs %s\n", rt.method, rt.path, rt.need)
		outcomes := map[string][]string{}
		var order []string
		for _, who := range everyone() {
			got := knock(t, srv, who, rt)
			if outcomes[got] == nil {
				order = append(order, got)
			}
			outcomes[got] = append(outcomes[got], who)
		}
		slices.Sort(order)
		for _, o := range order {
			fmt.Fprintf(&b, "    %s: %s\n", o, strings.Join(outcomes[o], " "))
		}
	}
	golden := filepath.Join("testdata", "rights.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.String(), string(want)); d != "" {
		t.Errorf("rights changed; if that is meant, run go test -update and explain the diff:\n%s", d)
	}
}

// Whatever the golden file says, these hold.
func TestNobodyGetsFurtherThanTheDoor(t *testing.T) {
	h := newHouse()
	a := h.api(t)
	srv := a.Handler()
	open := []string{
		"GET /api/openapi.json", "GET /api/v1/setup", "POST /api/v1/setup/claim", "GET /api/v1/session", "POST /api/v1/session",
		"GET /healthz", "GET /readyz", "GET /.well-known/security.txt",
	}
	pending := append(slices.Clone(open), "POST /api/v1/session/factor", "DELETE /api/v1/session")
	enrolling := append(slices.Clone(pending),
		"POST /api/v1/setup/password", "POST /api/v1/setup/password/judge", "POST /api/v1/setup/totp", "POST /api/v1/setup/totp/confirm",
		"POST /api/v1/setup/recovery", "POST /api/v1/setup/recovery/new")
	for who, may := range map[string][]string{"nobody": open, "bad-token": open, "pending": pending, "enrol": enrolling} {
		for _, rt := range a.table {
			name := rt.method + " " + rt.path
			got, want := knock(t, srv, who, rt) == "in", slices.Contains(may, name)
			if got != want {
				t.Errorf("%s at %s: got in %v, want %v", who, name, got, want)
			}
		}
	}
}

// A route without a need is nobody's.
func TestARouteWithoutANeedIsClosed(t *testing.T) {
	a := newHouse().api(t)
	a.table = append(a.table, route{method: "GET", path: "/api/v1/forgotten", handler: raw(a.healthz, "text/plain", "")})
	a.register(&a.table[len(a.table)-1])
	srv := a.Handler()
	for _, who := range []string{"", "owner", "token-owner"} {
		wantProblem(t, call(t, srv, who, "GET", "/api/v1/forgotten", ""), 403, codeForbidden)
	}
}

// The document lists exactly the routes of the table, each with its need.
func TestTheDocumentListsEveryRoute(t *testing.T) {
	a := newHouse().api(t)
	var doc struct {
		Paths map[string]map[string]struct {
			Needs string `json:"x-needs"`
		}
	}
	if err := json.Unmarshal(a.doc, &doc); err != nil {
		t.Fatal(err)
	}
	got, want := map[string]string{}, map[string]string{}
	for path, ops := range doc.Paths {
		for method, op := range ops {
			got[strings.ToUpper(method)+" "+path] = op.Needs
		}
	}
	for _, rt := range a.table {
		want[rt.method+" "+rt.path] = rt.need.String()
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("document (-got +want):\n%s", d)
	}
}

// The demo's authenticator gives a second factor away: no real hub has it.
func TestOnlyADemoHasTheAuthenticator(t *testing.T) {
	w := call(t, newHouse().api(t).Handler(), "owner", "GET", "/api/v1/demo/authenticator", "")
	wantProblem(t, w, 404, codeNotFound)
}

func TestUnknownPathsAndMethodsAreProblems(t *testing.T) {
	h := newHouse()
	h.opt.Web = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("the page")) })
	srv := h.api(t).Handler()
	for _, path := range []string{"/api/v1/cameras/camera-porch", "/api/v1/", "/api", "/api/v1/alarm/", "/.well-known/change-password", "/api/v1/radios/zwave/heal"} {
		wantProblem(t, call(t, srv, "owner", "GET", path, ""), 404, codeNotFound)
	}
	w := call(t, srv, "owner", "DELETE", "/api/v1/alarm", "")
	p := wantProblem(t, w, 405, codeMethod)
	if got := w.Header().Get("Allow"); !strings.Contains(got, "GET") || !strings.Contains(p.Detail, "GET") {
		t.Errorf("got Allow %q and %q, want GET in both", got, p.Detail)
	}
	if w := call(t, srv, "", "GET", "/journal", ""); w.Body.String() != "the page" {
		t.Errorf("got %q at an address of the page, want the page", w.Body)
	}
}

// Each {part} of a path is a parameter of its operation: a handler that does
// not read it would act on nothing.
func TestEveryPartOfAPathIsRead(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(newHouse().api(t).doc, &doc); err != nil {
		t.Fatal(err)
	}
	for path, ops := range doc.Paths {
		_, rest, has := strings.Cut(path, "{")
		if !has {
			continue
		}
		name, _, _ := strings.Cut(rest, "}")
		for method, op := range ops {
			read := false
			for _, p := range op.Parameters {
				read = read || p.In == "path" && p.Name == name
			}
			if !read {
				t.Errorf("%s %s does not read {%s}", method, path, name)
			}
		}
	}
}
