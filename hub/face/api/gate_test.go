package api

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/home"
)

func header(k, v string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(k, v) }
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

// A page of somebody else whose name was made to point here gets nothing.
func TestOnlyTheHubsOwnNamesAreAnswered(t *testing.T) {
	srv := newHouse().api(t).Handler()
	for name, good := range map[string]bool{
		"gatehouse.local": true, "gatehouse.local:8443": true, "GateHouse.Local.": true, "localhost:8080": true,
		"127.0.0.1:8080": true, "192.168.1.4": true, "[fe80::1]:443": true, "[::1]": true,
		"evil.example": false, "gatehouse.local.evil.example": false, "127.0.0.1.nip.io": false, "": false, "localhost.evil": false,
	} {
		w := call(t, srv, "owner", "GET", "/api/v1/alarm", "", host(name))
		if good && w.Code != 200 {
			t.Errorf("%q: got %d, want 200", name, w.Code)
		}
		if !good {
			wantProblem(t, w, 421, codeWrongHost)
		}
	}
}

// Another site cannot speak for the owner, whose browser would send the cookie.
func TestUnsafeVerbsFromElsewhereAreRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		with []func(*http.Request)
		good bool
	}{
		{"own page", []func(*http.Request){header("Sec-Fetch-Site", "same-origin"), header("Origin", "https://gatehouse.local")}, true},
		{"own page, old browser", []func(*http.Request){header("Origin", "https://gatehouse.local")}, true},
		{"a program", nil, true},
		{"another site", []func(*http.Request){header("Sec-Fetch-Site", "cross-site"), header("Origin", "https://evil.example")}, false},
		{"another port of this host", []func(*http.Request){header("Sec-Fetch-Site", "same-site"), header("Origin", "https://gatehouse.local:9")}, false},
		{"another site, old browser", []func(*http.Request){header("Origin", "https://evil.example")}, false},
		{"a sandboxed frame", []func(*http.Request){header("Origin", "null")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse()
			w := call(t, h.api(t).Handler(), "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"away"}`, c.with...)
			if c.good && w.Code != 200 {
				t.Errorf("got %d, want 200: %s", w.Code, w.Body)
			}
			if !c.good {
				wantProblem(t, w, 403, codeCrossOrigin)
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("got a CORS header %q, want none", got)
			}
			if (len(h.asked) > 0) != c.good {
				t.Errorf("the panel was asked %d times", len(h.asked))
			}
		})
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	srv := newHouse().api(t).Handler()
	for _, path := range []string{"/api/v1/alarm", "/api/v1/nothing", "/healthz"} {
		h := call(t, srv, "", "GET", path, "").Header()
		for k, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Strict-Transport-Security": "max-age=31536000",
		} {
			if got := h.Get(k); got != want {
				t.Errorf("%s: got %s %q, want %q", path, k, got, want)
			}
		}
	}
}

// A token that is not right is never made good by being on this machine.
func TestMetricsAreForThisMachineAndWhoMay(t *testing.T) {
	srv := newHouse().api(t).Handler()
	here := func(r *http.Request) { r.RemoteAddr = "127.0.0.1:4711" }
	if w := call(t, srv, "", "GET", "/metrics", "", here); w.Code != 200 || !strings.Contains(w.Body.String(), "gatehouse_stream_clients") {
		t.Errorf("got %d %.80s, want the counters", w.Code, w.Body)
	}
	wantProblem(t, call(t, srv, "", "GET", "/metrics", ""), 401, codeUnauthorized)
	wantProblem(t, call(t, srv, "", "GET", "/metrics", "", here, header("Authorization", "Bearer nonsense")), 401, codeUnauthorized)
	if w := call(t, srv, "token-viewer", "GET", "/metrics", ""); w.Code != 200 {
		t.Errorf("got %d, want 200", w.Code)
	}
}

func TestReadyTellsEveryPartToWhoMayKnow(t *testing.T) {
	h := newHouse()
	parts := []Part{{Name: "guard", Ready: true, Needed: true}, {Name: "zwave", Text: "The stick is gone."}}
	h.opt.Ready = func() []Part { return parts }
	srv := h.api(t).Handler()
	here := func(r *http.Request) { r.RemoteAddr = "[::1]:4711" }
	for name, w := range map[string]*httptest.ResponseRecorder{
		"this machine": call(t, srv, "", "GET", "/readyz", "", here), "owner": call(t, srv, "owner", "GET", "/readyz", ""),
	} {
		if got := decode[readiness](t, w, 200); !got.Ready || len(got.Parts) != 2 {
			t.Errorf("%s: got %+v, want ready and both parts", name, got)
		}
	}
	if w := call(t, srv, "", "GET", "/readyz", ""); strings.Contains(w.Body.String(), "zwave") || w.Code != 200 {
		t.Errorf("got %d %s for a stranger, want 200 and no part", w.Code, w.Body)
	}
	parts[0].Ready = false
	if w := call(t, srv, "", "GET", "/readyz", ""); w.Code != 503 {
		t.Errorf("got %d with a dead guard, want 503", w.Code)
	}
}

func key(k string) func(*http.Request) { return header("Idempotency-Key", k) }

func TestTheSameKeyActsOnce(t *testing.T) {
	h := newHouse()
	srv := h.api(t).Handler()
	arm := func(who, body, k string) *httptest.ResponseRecorder {
		return call(t, srv, who, "PUT", "/api/v1/alarm/mode", body, key(k))
	}
	first := arm("owner", `{"mode":"away"}`, "k1")
	again := arm("owner", `{"mode":"away"}`, "k1")
	if again.Code != 200 || again.Body.String() != first.Body.String() || again.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
		t.Errorf("got %d %s, want the first answer %s", again.Code, again.Body, first.Body)
	}
	if again.Header().Get("Idempotency-Replayed") != "true" || len(h.asked) != 1 || h.asked[0].RequestID != "k1" {
		t.Errorf("the panel was asked %+v, want once, with the key", h.asked)
	}
	wantProblem(t, arm("owner", `{"mode":"home"}`, "k1"), 422, codeKeyReused)
	wantProblem(t, call(t, srv, "owner", "POST", "/api/v1/alarm/silence", "", key("k1")), 422, codeKeyReused)
	arm("token-owner", `{"mode":"away"}`, "k1") // somebody else's key
	arm("owner", `{"mode":"away"}`, "k2")
	if len(h.asked) != 3 {
		t.Errorf("the panel was asked %d times, want 3", len(h.asked))
	}
	wantProblem(t, arm("owner", `{"mode":"away"}`, strings.Repeat("k", maxKey+1)), 422, codeInvalid)
}

// A repeat of a wrong code costs no try; what invites another try is tried.
func TestWhatIsKeptAndWhatIsNot(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int // times that the panel was asked
	}{
		{"wrong code", &home.WrongCode{Left: 3}, 1},
		{"not ready", &home.NotReady{Open: []home.ZoneID{"a"}}, 1},
		{"locked", &home.CodesLocked{Until: time.Now().Add(time.Minute)}, 2},
		{"fault", io.ErrShortWrite, 2},
	} {
		h := newHouse()
		h.err = c.err
		srv := h.api(t).Handler()
		for range 2 {
			call(t, srv, "owner", "PUT", "/api/v1/alarm/mode", `{"mode":"disarmed","code":"1111"}`, key("k"))
		}
		if len(h.asked) != c.want {
			t.Errorf("%s: the panel was asked %d times, want %d", c.name, len(h.asked), c.want)
		}
	}
}

// Two equal requests at the same time: the second waits and gets the first's
// answer; after a day the key is free again.
func TestATwinWaitsAndADayFreesTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newAnswers()
		calls := 0
		slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls++
			n := calls
			time.Sleep(2 * time.Second)
			w.WriteHeader(http.StatusCreated)
			_ = json.NewEncoder(w).Encode(n)
		})
		do := func() string {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, "/x", nil)
			s.serve(w, r, asking{key: "k"}, nil, keepAnswers, slow)
			return strings.TrimSpace(w.Body.String())
		}
		got := make(chan string, 2)
		go func() { got <- do() }()
		go func() { got <- do() }()
		if a, b := <-got, <-got; a != "1" || b != "1" {
			t.Errorf("got %s and %s, want 1 and 1", a, b)
		}
		time.Sleep(keepAnswers + time.Second)
		if a := do(); a != "2" {
			t.Errorf("got %s a day later, want 2", a)
		}
	})
}

// An answer that holds a secret is there for a retry, and not for a day.
func TestSecretsAreNotKeptForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newHouse().api(t)
		srv := a.Handler()
		make := func() *httptest.ResponseRecorder {
			return call(t, srv, "owner", "POST", "/api/v1/codes", `{"person":"Bo","kind":"user"}`, key("k"))
		}
		first := decode[home.Code](t, make(), 201)
		if again := decode[home.Code](t, make(), 201); again.Code != first.Code || first.Code == "" {
			t.Errorf("got %q for a retry, want %q", again.Code, first.Code)
		}
		time.Sleep(keepSecrets)
		call(t, srv, "owner", "POST", "/api/v1/alarm/silence", "", key("other"))
		if len(a.kept.byKey) != 1 {
			t.Errorf("got %d answers kept, want the other only", len(a.kept.byKey))
		}
	})
}

// A handler that falls over leaves no half answer behind.
func TestAnswersOfAPanicAreNotKept(t *testing.T) {
	s := newAnswers()
	for range 2 {
		func() {
			defer func() { _ = recover() }()
			s.serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/x", nil), asking{key: "k"}, nil, keepAnswers,
				http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK); panic("x") }))
			t.Error("got an answer, want the panic")
		}()
	}
	if len(s.byKey) != 0 || s.order.Len() != 0 {
		t.Errorf("got %d kept, want none", len(s.byKey))
	}
}

func TestKeptAnswersAreBounded(t *testing.T) {
	s := newAnswers()
	big := strings.Repeat("x", 2*maxKept/maxAnswers)
	for i := range maxAnswers + maxAnswers/2 {
		s.serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/x", nil), asking{key: string(rune('a' + i))}, nil, keepAnswers,
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, big) }))
	}
	if len(s.byKey) > maxAnswers || s.bytes > maxKept+maxOneKept || len(s.byKey) != s.order.Len() {
		t.Errorf("got %d answers of %d bytes, want bounds kept", len(s.byKey), s.bytes)
	}
	held := 0
	for _, x := range s.byKey {
		held += len(x.body)
	}
	if held != s.bytes {
		t.Errorf("got %d bytes counted, %d held", s.bytes, held)
	}
}

// No secret that is typed comes back or reaches the log, whatever becomes of
// the request. The document says which fields are secrets.
func TestNothingTypedIsEchoed(t *testing.T) {
	const canary = "5318008canary"
	h := newHouse()
	var log strings.Builder
	h.opt.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a := h.api(t)
	srv := a.Handler()
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					}
				}
			}
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					WriteOnly bool
					Enum      []string
				}
			}
		}
	}
	if err := json.Unmarshal(a.doc, &doc); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for path, ops := range doc.Paths {
		for method, op := range ops {
			schema := doc.Components.Schemas[strings.TrimPrefix(op.RequestBody.Content["application/json"].Schema.Ref, "#/components/schemas/")]
			for name, secret := range schema.Properties {
				if !secret.WriteOnly {
					continue
				}
				for _, value := range []any{canary, []string{canary}, map[string]string{canary: canary}, canary + strings.Repeat("9", 2000)} {
					body := map[string]any{}
					for other, p := range schema.Properties {
						body[other] = "x"
						if len(p.Enum) > 0 {
							body[other] = p.Enum[0]
						}
					}
					body[name] = value
					b, err := json.Marshal(body)
					if err != nil {
						t.Fatal(err)
					}
					for _, text := range []string{string(b), string(b[:len(b)-1])} {
						p := strings.NewReplacer("{id}", "zwave-5", "{radio}", "zwave").Replace(path)
						w := call(t, srv, "owner", strings.ToUpper(method), p, text)
						tried++
						if strings.Contains(w.Body.String(), canary) {
							t.Errorf("%s %s: %s comes back in %s", method, path, name, w.Body)
						}
					}
				}
			}
		}
	}
	if strings.Contains(log.String(), canary) {
		t.Errorf("a secret is in the log: %s", log.String())
	}
	if tried < 80 {
		t.Errorf("only %d tries: the walk is broken", tried)
	}
}
