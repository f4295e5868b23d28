package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func built() fstest.MapFS {
	return fstest.MapFS{
		".keep":                   {},
		"index.html":              {Data: []byte("<!doctype html>page")},
		"favicon.svg.gz":          {Data: pack("<svg/>")},
		"assets/index-Ab12.js.gz": {Data: pack("run()")},
		"assets/inter-Cd34.woff2": {Data: []byte("font")},
	}
}

func pack(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // into memory
	_ = w.Close()
	return b.Bytes()
}

func TestServe(t *testing.T) {
	h, err := New(built())
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		Status                      int
		Body, Type, Encoding, Cache string
	}
	const forever, anew = "public, max-age=31536000, immutable", "no-cache"
	const html, js = "text/html; charset=utf-8", "text/javascript; charset=utf-8"
	plainPage := answer{200, "<!doctype html>page", html, "", anew}
	script, packedScript := answer{200, "run()", js, "", forever}, answer{200, string(pack("run()")), js, "gzip", forever}
	missing := answer{404, "There is no such file.\n", "text/plain; charset=utf-8", "", "no-store"}
	for _, tt := range []struct {
		name, method, path, accept string
		want                       answer
	}{
		{"the page", "GET", "/", "", plainPage},
		{"an address in the page", "GET", "/journal", "", plainPage},
		{"a deeper address", "GET", "/devices/zwave-5", "", plainPage},
		{"the page by its name", "GET", "/index.html", "", plainPage},
		{"the page is not packed", "GET", "/", "gzip", plainPage},
		{"a script", "GET", "/assets/index-Ab12.js", "gzip, deflate, br, zstd", packedScript},
		{"taken by weight", "GET", "/assets/index-Ab12.js", "br;q=1, gzip;q=0.5", packedScript},
		{"refused by weight", "GET", "/assets/index-Ab12.js", "gzip;q=0, br", script},
		{"refused by a broken weight", "GET", "/assets/index-Ab12.js", "gzip;q=no", script},
		{"anything", "GET", "/assets/index-Ab12.js", "*", packedScript},
		{"anything but", "GET", "/assets/index-Ab12.js", "*, gzip;q=0", script},
		{"nothing", "GET", "/assets/index-Ab12.js", "*;q=0", script},
		{"nothing is said", "GET", "/assets/index-Ab12.js", "", script},
		{"a font", "GET", "/assets/inter-Cd34.woff2", "gzip", answer{200, "font", "font/woff2", "", forever}},
		{"an icon has no hash", "GET", "/favicon.svg", "", answer{200, "<svg/>", "image/svg+xml", "", anew}},
		{"head", "HEAD", "/assets/index-Ab12.js", "gzip", answer{200, "", js, "gzip", forever}},
		{"an old script", "GET", "/assets/index-Zz99.js", "", missing},
		{"robots", "GET", "/robots.txt", "", missing},
		{"a packed file by its own name", "GET", "/favicon.svg.gz", "", missing},
		{"what keeps the folder", "GET", "/.keep", "", missing},
		{"climbing out", "GET", "/../../etc/passwd.txt", "", missing},
		{"writing", "POST", "/", "", answer{405, "This address can only be read.\n", "text/plain; charset=utf-8", "", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tt.method, "/", nil)
			r.URL.Path = tt.path
			if tt.accept != "" {
				r.Header.Set("Accept-Encoding", tt.accept)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			got := answer{
				w.Code, w.Body.String(), w.Header().Get("Content-Type"),
				w.Header().Get("Content-Encoding"), w.Header().Get("Cache-Control"),
			}
			if d := cmp.Diff(got, tt.want); d != "" {
				t.Errorf("%s %s (-got +want):\n%s", tt.method, tt.path, d)
			}
			if got := w.Header().Get("Content-Security-Policy"); got != policy {
				t.Errorf("policy: got %q, want %q", got, policy)
			}
		})
	}
}

func TestNotModified(t *testing.T) {
	h, err := New(built())
	if err != nil {
		t.Fatal(err)
	}
	get := func(accept, match string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/favicon.svg", nil)
		r.Header.Set("Accept-Encoding", accept)
		r.Header.Set("If-None-Match", match)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	plain, gz := get("", "").Header().Get("ETag"), get("gzip", "").Header().Get("ETag")
	if plain == gz || gz == "" {
		t.Fatalf("each form needs its own tag: plain %s, gzip %s", plain, gz)
	}
	for _, tt := range []struct {
		match string
		want  int
	}{
		{gz, http.StatusNotModified},
		{"W/" + gz, http.StatusNotModified},
		{`"older", ` + gz, http.StatusNotModified},
		{"*", http.StatusNotModified},
		{plain, http.StatusOK},
		{`"older"`, http.StatusOK},
	} {
		w := get("gzip", tt.match)
		if w.Code != tt.want {
			t.Errorf("If-None-Match %s: got %d, want %d", tt.match, w.Code, tt.want)
		}
		if w.Code == http.StatusNotModified && w.Body.Len() != 0 {
			t.Errorf("If-None-Match %s: a body came with 304", tt.match)
		}
	}
}

// The policy is the one thing here that a slip of the pen would weaken in
// silence, so it is written down twice.
func TestPolicy(t *testing.T) {
	h := http.Header{}
	Secure(h)
	csp := h.Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'self'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'", "form-action 'self'",
		"require-trusted-types-for 'script'", "trusted-types svelte-trusted-html gatehouse",
		"img-src 'self' blob:", "media-src 'self' blob:", "worker-src 'self'",
	} {
		if !strings.Contains("; "+csp+";", "; "+want+";") {
			t.Errorf("the policy lacks %q: %s", want, csp)
		}
	}
	for _, bad := range []string{"unsafe-", "data:", "http:", "https:", "*"} {
		if strings.Contains(csp, bad) {
			t.Errorf("the policy allows %q: %s", bad, csp)
		}
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		"Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestNotBuilt(t *testing.T) {
	h, err := New(fstest.MapFS{".keep": {}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/login", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make web") {
		t.Errorf("got %d %q, want 503 and how to build the page", w.Code, w.Body)
	}
}

func TestBuiltTwice(t *testing.T) {
	_, err := New(fstest.MapFS{"assets/a.js": {Data: []byte("x")}, "assets/a.js.gz": {Data: pack("x")}})
	if err == nil || !strings.Contains(err.Error(), "assets/a.js") {
		t.Errorf("got error %v, want one that names assets/a.js", err)
	}
}

// What is really embedded must load, built or not.
func TestEmbedded(t *testing.T) {
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	if w.Code != http.StatusOK && w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d, want the page or how to build it", w.Code)
	}
}
