package onvifsim

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
)

// snapshot answers with a picture, once somebody has said who they are.
func (d *Device) snapshot(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.asked["snapshot"]++
	blind := d.quirks.Blind
	d.mu.Unlock()
	if d.o.Picture == nil || blind {
		http.NotFound(w, r)
		return
	}
	if d.o.Password != "" && !d.admits(w, r) {
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = w.Write(d.o.Picture())
}

// admits tells whether a request answers the challenge of HTTP Digest (RFC 7616), and
// gives one if not.
func (d *Device) admits(w http.ResponseWriter, r *http.Request) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.quirks.Basic {
		w.Header().Set("WWW-Authenticate", `Basic realm="sim"`)
		w.WriteHeader(http.StatusUnauthorized)
		return false
	}
	given := map[string]string{}
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Digest ")
	for part := range strings.SplitSeq(rest, ",") { // none of its values holds one
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		given[name] = strings.Trim(value, `"`)
	}
	sum := func(s string) string {
		h := md5.Sum([]byte(s))
		return hex.EncodeToString(h[:])
	}
	want := sum(strings.Join([]string{
		sum(d.o.User + ":sim:" + d.o.Password), given["nonce"], given["nc"], given["cnonce"], "auth", sum(r.Method + ":" + r.URL.RequestURI()),
	}, ":"))
	used := given["nonce"] + given["nc"]
	if ok && d.nonces["digest "+given["nonce"]] && !d.nonces[used] && given["uri"] == r.URL.RequestURI() && given["response"] == want && given["username"] == d.o.User {
		d.nonces[used] = true
		return true
	}
	nonce := rand.Text()
	d.nonces["digest "+nonce] = true
	w.Header().Set("WWW-Authenticate", `Digest realm="sim", nonce="`+nonce+`", algorithm=MD5, qop="auth"`)
	w.WriteHeader(http.StatusUnauthorized)
	return false
}
