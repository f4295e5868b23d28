// Package web holds the owner's page and hands it out.
//
// The page is built from ui/ into dist/ and embedded here, so that the hub is
// one file and the page needs nothing from outside. This package knows no word
// of the hub: it is files, headers and encodings.
//
// What it promises:
//
//   - Every answer carries the headers of [Secure], the errors too. The policy
//     allows scripts, styles, fonts and connections from the hub itself and from
//     nowhere else, and no script text that was made at run time.
//   - Files are sent as they were compressed at build time. A browser that takes
//     no gzip, and there is none left, gets them unpacked.
//   - Names with a hash in them (/assets/…) may be kept for ever. The page
//     itself is asked for anew each time, by its ETag.
//   - A name that looks like a file and is not there is 404, never the page. Any
//     other path is an address inside the page and gets the page.
//   - When the page was not built, people get a plain text that says how.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// Handler serves the page that is embedded in this program.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: the embedded folder has another name: " + err.Error())
	}
	h, err := New(files)
	if err != nil {
		panic("web: the embedded folder can't be read: " + err.Error())
	}
	return h
}

// New serves a page that was built into files: index.html, assets/ and what
// else stands beside them, each as it is or as its .gz. It reads everything once.
// Without an index.html the handler says how to build it.
func New(files fs.FS) (http.Handler, error) {
	p := page{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return nil
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		name, packed := strings.CutSuffix(name, ".gz")
		if p["/"+name] != nil {
			return fmt.Errorf("%s is there twice, packed and not", name)
		}
		sum := sha256.Sum256(b)
		p["/"+name] = &file{
			kind: contentType(name), lasting: strings.HasPrefix(name, "assets/"),
			body: b, packed: packed, sum: base64.RawURLEncoding.EncodeToString(sum[:12]),
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("web: read the built page: %w", err)
	}
	return p, nil
}

// Secure sets the headers that every page of the hub carries.
func Secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=()")
}

const policy = "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; worker-src 'self'; " +
	"base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html gatehouse"

// page maps a path to the file behind it.
type page map[string]*file

// file is one file, as it was built in.
type file struct {
	kind    string
	lasting bool // the name holds a hash of the content
	body    []byte
	packed  bool // body is gzip
	sum     string
}

// ServeHTTP implements [http.Handler].
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	Secure(h)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "This address can only be read.", http.StatusMethodNotAllowed)
		return
	}
	name := path.Clean("/" + r.URL.Path)
	f := p[name]
	switch {
	case f != nil && name != "/index.html":
	case name == "/index.html" || !strings.Contains(path.Base(name), "."):
		if f = p["/index.html"]; f == nil {
			h.Set("Cache-Control", "no-store")
			http.Error(w, notBuilt, http.StatusServiceUnavailable)
			return
		}
	default:
		h.Set("Cache-Control", "no-store")
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	f.serve(w, r)
}

const notBuilt = `The hub runs, but its page was not built into this program.

Build it with

    make web

and then build the program again. Programs can use the API meanwhile.`

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	if f.lasting {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	body, etag := f.body, `"`+f.sum+`"`
	switch {
	case !f.packed:
	case accepts(r.Header.Get("Accept-Encoding"), "gzip"):
		h.Set("Content-Encoding", "gzip")
	default:
		etag = `"` + f.sum + `-plain"`
		var err error
		if body, err = unpacked(f.body); err != nil {
			http.Error(w, "This file was not built whole.", http.StatusInternalServerError)
			return
		}
	}
	h.Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	// The only error is a browser that went away.
	_, _ = bytes.NewReader(body).WriteTo(w)
}

func unpacked(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// accepts reads an Accept-Encoding header (RFC 9110, section 12.5.3). A
// weight of zero refuses; other weights make no difference.
func accepts(header, encoding string) bool {
	star := false
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		wanted := true
		if q, ok := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q="); ok {
			v, err := strconv.ParseFloat(q, 64)
			wanted = err == nil && v > 0
		}
		switch name {
		case encoding:
			return wanted
		case "*":
			star = wanted
		}
	}
	return star
}

// matches reads an If-None-Match header (RFC 9110, section 13.1.2).
func matches(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == etag || part == "*" {
			return true
		}
	}
	return false
}

// contentType is a fixed table, because the one of the operating system
// differs from box to box and a wrong type stops the page under nosniff.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	case ".json":
		return "application/json"
	case ".txt":
		return "text/plain; charset=utf-8"
	default:
		return "application/octet-stream"
	}
}
