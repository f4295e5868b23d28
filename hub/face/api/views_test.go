package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/people/audit"
)

// fakeViews is a record of three views in memory.
type fakeViews struct {
	mu      sync.Mutex
	err     error
	watched []audit.View
	asked   audit.Query
	held    audit.Head
}

func (f *fakeViews) Watch(_ context.Context, _ time.Time, v audit.View) error {
	if f.err == nil {
		f.watched = append(f.watched, v)
	}
	return f.err
}

func (f *fakeViews) Record(_ context.Context, _ time.Time, v audit.View) (audit.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return audit.Entry{}, f.err
	}
	f.watched = append(f.watched, v)
	return audit.Entry{N: uint64(len(f.watched)), View: v}, nil
}

func (f *fakeViews) list() []audit.View {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.watched)
}

func (f *fakeViews) Page(q audit.Query) ([]audit.Entry, string, error) {
	f.asked = q
	return []audit.Entry{{N: 3, View: audit.View{Kind: audit.Clip, Clip: "c1", Who: "Anna"}}}, "more", nil
}

func (f *fakeViews) Check(h audit.Head) (audit.Findings, error) {
	f.held = h
	return audit.Findings{Entries: 3, Whole: true}, nil
}

func (f *fakeViews) Export(w io.Writer) error {
	if _, err := io.WriteString(w, "{\"n\":1}\n"); err != nil {
		return err
	}
	return f.err
}

func viewing() (*house, *fakeViews) {
	h, f := newHouse(), &fakeViews{}
	h.opt.Views, h.opt.ViewChanges = f, &bus.Topic[audit.Entry]{}
	return h, f
}

func TestWhoReadsWhichViews(t *testing.T) {
	h, f := viewing()
	srv := h.api(t).Handler()
	for _, tt := range []struct {
		who, query, caller string
		all                bool
	}{
		{"owner", "", "", true},
		{"owner", "?caller=u-member&clip=c1&camera=camera-porch&kind=live&limit=7", "u-member", true},
		{"member", "", "u-member", false},
		{"member", "?caller=u-owner", "u-member", false}, // asks for others' and gets their own
		{"token-member", "", "t-member", false},
		{"token-owner", "", "", true},
	} {
		got := decode[viewPage](t, call(t, srv, tt.who, "GET", "/api/v1/views"+tt.query, ""), 200)
		if f.asked.Caller != tt.caller || got.All != tt.all || len(got.Views) != 1 || got.Next != "more" {
			t.Errorf("%s %s: asked %+v, got %+v; want views of %q, all %v", tt.who, tt.query, f.asked, got, tt.caller, tt.all)
		}
	}
	for _, who := range []string{"guest", "installer", "viewer", "notifier", "token-viewer"} {
		wantProblem(t, call(t, srv, who, "GET", "/api/v1/views", ""), 403, codeForbidden)
	}
	for _, path := range []string{"/api/v1/views/check", "/api/v1/views/export"} {
		wantProblem(t, call(t, srv, "member", "GET", path, ""), 403, codeForbidden)
	}
	wantProblem(t, call(t, srv, "owner", "GET", "/api/v1/views?kind=dream", ""), 422, codeInvalid)
	wantProblem(t, call(t, newHouse().api(t).Handler(), "owner", "GET", "/api/v1/views", ""), 409, codeConflict)
}

func TestTheRecordIsHeldAgainstWhatIsRemembered(t *testing.T) {
	h, f := viewing()
	srv := h.api(t).Handler()
	hash := strings.Repeat("ab", 32)
	got := decode[audit.Findings](t, call(t, srv, "owner", "GET", "/api/v1/views/check?n=3&hash="+hash, ""), 200)
	if !got.Whole || got.Breaks == nil || f.held.N != 3 || f.held.Hash.String() != hash {
		t.Errorf("got %+v for %+v", got, f.held)
	}
	wantProblem(t, call(t, srv, "owner", "GET", "/api/v1/views/check?n=3&hash=ab", ""), 422, codeInvalid)
	w := call(t, srv, "owner", "GET", "/api/v1/views/export", "")
	if w.Code != 200 || w.Body.String() != "{\"n\":1}\n" || !strings.Contains(w.Header().Get("Content-Disposition"), "views.jsonl") {
		t.Errorf("export: %d %q %v", w.Code, w.Body, w.Header())
	}
}

// An export that breaks off is not taken for a whole one.
func TestAnExportThatFailsIsCut(t *testing.T) {
	h, f := viewing()
	f.err = errors.New("the disk went away")
	srv := httptest.NewServer(h.api(t).Handler())
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/api/v1/views/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Test-Caller", "owner")
	resp, err := srv.Client().Do(r)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("the export looks whole")
	}
}

// Whoever gives out media asks watched first; it says who, from where and with
// what, and refuses when that is not on record.
func TestMediaIsRefusedUnlessItsViewIsOnRecord(t *testing.T) {
	h, f := viewing()
	a := h.api(t)
	a.table = append(a.table, route{method: "GET", path: "/api/v1/picture", need: signedIn(), handler: raw(func(w http.ResponseWriter, r *http.Request) {
		if err := a.watched(r.Context(), audit.View{Kind: audit.Still, Camera: "camera-porch", Why: "the bell rang"}); err != nil {
			a.refuse(w, r, err)
			return
		}
		_, _ = io.WriteString(w, "a picture")
	}, "image/jpeg", "")})
	a.register(&a.table[len(a.table)-1])
	srv := a.Handler()
	agent := func(r *http.Request) { r.Header.Set("User-Agent", "Firefox") }
	if w := call(t, srv, "owner", "GET", "/api/v1/picture", "", agent); w.Body.String() != "a picture" {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	call(t, srv, "token-member", "GET", "/api/v1/picture", "")
	want := []audit.View{
		{Kind: audit.Still, Camera: "camera-porch", Who: "person-owner", Caller: "u-owner", By: "session", Role: "owner", From: "192.0.2.7", Agent: "Firefox", Why: "the bell rang"},
		{Kind: audit.Still, Camera: "camera-porch", Who: "program-member", Caller: "t-member", By: "token", Role: "member", From: "192.0.2.7", Why: "the bell rang"},
	}
	if len(f.watched) != 2 || f.watched[0] != want[0] || f.watched[1] != want[1] {
		t.Errorf("got  %+v\nwant %+v", f.watched, want)
	}
	f.err = errors.New("disk full")
	w := call(t, srv, "owner", "GET", "/api/v1/picture", "")
	if p := wantProblem(t, w, 503, codeNotOnRecord); strings.Contains(p.Detail, "disk full") || strings.Contains(w.Body.String(), "a picture") {
		t.Errorf("got %s", w.Body)
	}
}

// The owners' pages hear at once that somebody watches; nobody else's do.
func TestViewsOnTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := viewing()
		a, stop := running(t, h)
		defer stop()
		owner, member := watch(t, a.Handler(), "owner", ""), watch(t, a.Handler(), "member", "")
		synctest.Wait()
		owner.heard(t)
		member.heard(t)
		h.opt.ViewChanges.Publish(audit.Entry{N: 3, View: audit.View{Kind: audit.Live, Camera: "camera-porch", Who: "Ben"}})
		toldOf()
		if got := owner.heard(t); len(got) != 1 || got[0].Event != "view" || !strings.Contains(got[0].Data, `"who":"Ben"`) {
			t.Errorf("the owner hears %+v", got)
		}
		if got := member.heard(t); len(got) != 0 {
			t.Errorf("a member hears %+v", got)
		}
	})
}
