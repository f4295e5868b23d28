package auth

import (
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Caller is who makes a request: a person by a session, or a program by a
// token. It is a snapshot, good for one request or, watched by Ended, for one
// stream. The zero Caller is nobody and may do nothing.
type Caller struct {
	Kind      CallerKind
	ID        string // of the session or token
	User      string // account id; "" for a token
	Name      string // of the account or token: what the journal shows as "who"
	Role      Role
	Stage     Stage     // StageFull for a token
	SteppedUp time.Time // last step-up of the session; zero for none

	ended <-chan struct{}
}

// CallerKind tells people from programs.
type CallerKind string

// Kinds of caller.
const (
	BySession CallerKind = "session"
	ByToken   CallerKind = "token"
)

// May tells whether the caller may do right: full, and of a role that may.
func (c Caller) May(right Right) bool { return c.Stage == StageFull && Allowed(c.Role, right) }

// Check is May with the reason: nil, ErrNotSignedIn, ErrSecondFactor,
// *Forbidden, or ErrStepUp when a person's step-up is too old at now.
func (c Caller) Check(right Right, now time.Time) error {
	switch {
	case c.Kind == "":
		return ErrNotSignedIn
	case c.Stage != StageFull:
		return ErrSecondFactor
	case !Allowed(c.Role, right):
		return &Forbidden{Right: right, Role: c.Role}
	case c.Kind == BySession && NeedsStepUp(right) && !c.Fresh(now):
		return ErrStepUp
	}
	return nil
}

// Fresh tells whether the caller stepped up within StepUpFor before now. A
// second factor that was just given at sign-in counts.
func (c Caller) Fresh(now time.Time) bool {
	age := now.Sub(c.SteppedUp)
	return !c.SteppedUp.IsZero() && age >= 0 && age < StepUpFor
}

// CodeFree tells whether the caller's role stands in for a keypad code: a
// token of an owner or member.
func (c Caller) CodeFree() bool {
	return c.Kind == ByToken && (c.Role == Owner || c.Role == Member)
}

// Ended is closed when the session or token has ended. It is nil for nobody.
func (c Caller) Ended() <-chan struct{} { return c.ended }

// Client is where a request comes from, as far as guessing and the list of
// sessions care.
type Client struct {
	Addr  netip.Addr
	Agent string
	Known Secret // the browser's own cookie from an earlier sign-in, "" when none
	TLS   bool   // cookies get the __Host- prefix and Secure
}

// ClientOf reads the client of a request. The hub stands behind no proxy:
// forwarding headers are not believed.
func ClientOf(r *http.Request) Client {
	c := Client{Agent: agent(r.UserAgent()), TLS: r.TLS != nil}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if a, err := netip.ParseAddr(host); err == nil {
		c.Addr = a.Unmap().WithZone("")
	}
	if k, err := r.Cookie(knownCookie(c.TLS)); err == nil {
		c.Known = Secret(k.Value)
	}
	return c
}

// Entered is what a step of signing in leaves behind. Cookies has to be set on
// the answer.
type Entered struct {
	Caller  Caller
	Cookies []*http.Cookie
}

// CookieName is the name of the session's cookie. Browsers take the __Host-
// prefix only over TLS; the demo on loopback goes without.
func CookieName(tls bool) string {
	if tls {
		return "__Host-gatehouse"
	}
	return "gatehouse"
}

func knownCookie(tls bool) string { return CookieName(tls) + "-known" }

func cookie(name, value string, tls bool, life time.Duration) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // Secure whenever there is TLS; the demo on loopback has none
		Name: name, Value: value, Path: "/",
		HttpOnly: true, Secure: tls, SameSite: http.SameSiteStrictMode,
		MaxAge: int(life / time.Second),
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// ClearCookie ends the session's cookie in the browser, for the answer to a
// sign-out.
func ClearCookie(tls bool) *http.Cookie { return cookie(CookieName(tls), "", tls, 0) }

// agent keeps the printable start of what a browser calls itself.
func agent(s string) string {
	const most = 160
	b := make([]byte, 0, min(len(s), most))
	for i := 0; i < len(s) && len(b) < most; i++ {
		if s[i] >= ' ' && s[i] < 0x7f {
			b = append(b, s[i])
		}
	}
	return string(b)
}
