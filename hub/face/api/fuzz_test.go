package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Whatever is asked of the surface, it does not fall over, and every refusal is
// a problem document.
func FuzzEveryRefusalIsAProblem(f *testing.F) {
	for _, s := range []struct{ method, path, contentType, body string }{
		{"PUT", "/api/v1/alarm/mode", "application/json", `{"mode":"away","bypass":["a"],"exit_delay":"0s"}`},
		{"PUT", "/api/v1/alarm/mode", "application/json", `{"mode":"away","bypass":null,"exit_delay":null}`},
		{"PUT", "/api/v1/alarm/mode", "text/xml;+json", `<mode/>`},
		{"PUT", "/api/v1/zones/front-door", "application/json", `{"name":"a","device":"d","trait":"contact","kind":"entry","entry_delay":"1e9h"}`},
		{"POST", "/api/v1/codes", "application/json", `{"person":"a","kind":"user","expires":"2026-01-01T00:00:00Z","uses_left":1e400}`},
		{"POST", "/api/v1/devices/zwave-5/command", "application/json", `{"trait":"siren","value":"on"}`},
		{"POST", "/api/v1/devices/%2e%2e/command", "application/json", `{"trait":"level","value":1e308}`},
		{"GET", "/api/v1/events?since=2026-01-01T00:00:00Z&limit=1&limit=x&cursor=%00", "", ""},
		{"GET", "/api/v1/events?since=0000-00-00&until=99999-01-01T00:00:00+99:99", "", ""},
		{"POST", "/api/v1/radios/zwave/join", "application/json", `{"seconds":0.5}`},
		{"POST", "/api/v1/users", "application/json", `{"name":"\ud800","role":"owner","ends":"0000-01-01T00:00:00Z"}`},
		{"OPTIONS", "/api/v1/alarm", "", ""},
		{"GET", "/api/../api//v1/./alarm", "", ""},
		{"TRACE", "/metrics", "", ""},
	} {
		f.Add(s.method, s.path, s.contentType, []byte(s.body))
	}
	h := newHouse()
	h.opt.Log = slog.New(slog.DiscardHandler)
	a, err := New(h.opt)
	if err != nil {
		f.Fatal(err)
	}
	srv := a.Handler()
	f.Fuzz(func(t *testing.T, method, path, contentType string, body []byte) {
		u, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, streamPath) {
			return // net/http would not hand it on, or it would go on for ever
		}
		r := httptest.NewRequest(http.MethodGet, "http://localhost/", strings.NewReader(string(body)))
		r.Method, r.URL, r.RequestURI = method, u, path
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-Test-Caller", "owner")
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%s %s %q: got %d: %s", method, path, body, w.Code, w.Body)
		}
		if w.Code < 400 {
			return
		}
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Code == "" || p.Detail == "" {
			t.Fatalf("%s %s %q: got %d %s, want a problem", method, path, body, w.Code, w.Body)
		}
	})
}

// A name that is not the hub's is never taken for it, and where the open port
// redirects to is a name that was taken.
func FuzzHosts(f *testing.F) {
	for _, s := range []string{"gatehouse.local", "gatehouse.local:443", "[::1]:80", "::1", "127.0.0.1", "evil.example", "gatehouse.local@evil", "[fe80::1%25eth0]:1", "localhost.", "[", "a:b:c"} {
		f.Add(s)
	}
	names := func() []string { return []string{"gatehouse.local"} }
	f.Fuzz(func(t *testing.T, host string) {
		if !knownHost(host, names) {
			return
		}
		u := url.URL{Scheme: "https", Host: encryptedHost(host, "8443"), Path: "/"}
		back, err := url.Parse(u.String())
		if err != nil {
			return // nobody can follow it
		}
		if !knownHost(back.Host, names) || back.User != nil {
			t.Errorf("%q redirects to %q", host, u.String())
		}
	})
}
