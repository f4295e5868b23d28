package onvif

import (
	"crypto/md5" //nolint:gosec // what cameras ask for (RFC 7616 §3.3); SHA-256 is taken where it is offered
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// challenge is what a camera wants answered before it lets the hub in (RFC 7616 §3.3).
type challenge struct {
	realm, nonce, opaque, algorithm string
	auth                            bool // qop=auth
	stale                           bool // only the nonce was too old
}

// pick is the best of the challenges that can be answered.
func pick(values []string) (challenge, error) {
	var best challenge
	err := ErrPassword
	for _, v := range values {
		c, ok := parseChallenge(v)
		switch {
		case !ok:
			if scheme, _, _ := strings.Cut(v, " "); strings.EqualFold(scheme, "Basic") {
				err = errClear
			}
		case best.nonce == "" || c.algorithm == sha256Name:
			best = c
		}
	}
	if best.nonce != "" {
		return best, nil
	}
	return best, err
}

const sha256Name, md5Name = "SHA-256", "MD5"

// parseChallenge reads one value of WWW-Authenticate; false: it is none that can be
// answered.
func parseChallenge(s string) (challenge, bool) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	if !strings.EqualFold(scheme, "Digest") || len(s) > 4096 {
		return challenge{}, false
	}
	c := challenge{algorithm: md5Name}
	offered := ""
	for rest != "" {
		var name, value string
		var ok bool
		if name, value, rest, ok = parameter(rest); !ok {
			return challenge{}, false
		}
		switch strings.ToLower(name) {
		case "realm":
			c.realm = value
		case "nonce":
			c.nonce = value
		case "opaque":
			c.opaque = value
		case "stale":
			c.stale = strings.EqualFold(value, "true")
		case "qop":
			offered = value
		case "algorithm":
			c.algorithm = strings.ToUpper(value)
		}
	}
	for q := range strings.SplitSeq(offered, ",") {
		c.auth = c.auth || strings.EqualFold(strings.TrimSpace(q), "auth")
	}
	known := c.algorithm == md5Name || c.algorithm == sha256Name
	return c, known && c.nonce != "" && (c.auth || offered == "")
}

// parameter reads the first name=value of a list, and gives what follows it.
func parameter(s string) (name, value, rest string, ok bool) {
	name, s, ok = strings.Cut(strings.TrimLeft(s, " \t,"), "=")
	if !ok {
		return "", "", "", strings.Trim(name, " \t") == "" // an empty end
	}
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ",")
		return strings.TrimSpace(name), strings.TrimSpace(value), rest, true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return strings.TrimSpace(name), b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		case s[i] < ' ':
			return "", "", "", false
		}
		b.WriteByte(s[i])
	}
	return "", "", "", false
}

// answer is the value of Authorization (RFC 7616 §3.4).
func (c challenge) answer(user, password, method, uri string, count uint32, cnonce string) string {
	sum := func(parts ...string) string {
		h := c.hash()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	secret, what := sum(user, c.realm, password), sum(method, uri)
	var b strings.Builder
	fmt.Fprintf(&b, `Digest username=%s, realm=%s, nonce=%s, uri=%s, algorithm=%s`, quoted(user), quoted(c.realm), quoted(c.nonce), quoted(uri), c.algorithm)
	if c.auth {
		nc := fmt.Sprintf("%08x", count)
		fmt.Fprintf(&b, `, qop=auth, nc=%s, cnonce=%s, response="%s"`, nc, quoted(cnonce), sum(secret, c.nonce, nc, cnonce, "auth", what))
	} else {
		fmt.Fprintf(&b, `, response="%s"`, sum(secret, c.nonce, what))
	}
	if c.opaque != "" {
		b.WriteString(", opaque=" + quoted(c.opaque))
	}
	return b.String()
}

func (c challenge) hash() hash.Hash {
	if c.algorithm == sha256Name {
		return sha256.New()
	}
	return md5.New() //nolint:gosec // see above
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// fresh is a number that was not used before, as text.
func fresh() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
