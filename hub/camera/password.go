package camera

import (
	"errors"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/headers"
)

var errClear = errors.New("it wants the password in the clear, which the hub does not send: set its RTSP authentication to Digest in the camera, begin its address with rtsps:// if it speaks in TLS, or allow it for this camera")

// InClear tells whether whoever is at the camera's address may have the password, where
// others on the way can read it.
func (c *Camera) InClear() bool { return c.o.BasicAuth && readable(c.url) }

// readable tells whether what is said at an address, a password too, can be read on the
// way. What the owner's address says counts, and not where a redirect led: anybody in
// the camera's place could lead to a TLS of their own.
func readable(u *base.URL) bool {
	password, _ := u.User.Password()
	return password != "" && u.Scheme != "rtsps"
}

// digestsOnly leaves of what a camera asks only what is answered with a digest of the
// password, where the password itself could be read and the owner did not allow that.
// The library answers what is left after this.
func (s *source) digestsOnly(r *base.Response) {
	s.clear = false
	if s.basicAuth || !readable(s.url) {
		return
	}
	var digests base.HeaderValue
	for _, v := range r.Header["WWW-Authenticate"] {
		var a headers.Authenticate
		switch err := a.Unmarshal(base.HeaderValue{v}); {
		case err == nil && a.Method == headers.AuthMethodDigest:
			digests = append(digests, v)
		case err == nil:
			s.clear = true
		}
	}
	s.clear = s.clear && digests == nil
	if r.Header != nil {
		r.Header["WWW-Authenticate"] = digests
	}
}
