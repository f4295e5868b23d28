package auth

import (
	"context"
	"net/http"
	"strings"
	"time"

	"gatehouse/hub/home"
)

// newSession makes a session and the secret for its cookie.
func newSession(user string, stage Stage, from Client, now time.Time) (*session, string) {
	secret := newSecret()
	x := &session{
		ID: newID(), Cookie: sumOf(secret), User: user, Stage: stage,
		Created: home.At(now), Seen: home.At(now), Agent: from.Agent,
		ended: make(chan struct{}),
	}
	if from.Addr.IsValid() {
		x.From = from.Addr.String()
	}
	return x, secret
}

func callerOf(x *session, a *account) Caller {
	return Caller{
		Kind: BySession, ID: x.ID, User: a.ID, Name: a.Name, Role: a.Role,
		Stage: x.Stage, SteppedUp: x.SteppedUp, ended: x.ended,
	}
}

// Caller reads who makes the request, from a bearer token if it carries one,
// else from the session's cookie, and notes that it was seen. It returns
// ErrNotSignedIn for nobody; a token that is not right is never made good by a
// cookie.
func (p *Porter) Caller(r *http.Request) (Caller, error) {
	if h, ok := r.Header["Authorization"]; ok {
		if len(h) != 1 {
			return Caller{}, ErrNotSignedIn
		}
		scheme, secret, _ := strings.Cut(h[0], " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Caller{}, ErrNotSignedIn
		}
		return p.Bearer(Secret(strings.TrimSpace(secret)))
	}
	k, err := r.Cookie(CookieName(r.TLS != nil))
	if err != nil {
		return Caller{}, ErrNotSignedIn
	}
	return p.bearerOfCookie(k.Value, ClientOf(r), time.Now())
}

func (p *Porter) bearerOfCookie(secret string, from Client, now time.Time) (Caller, error) {
	h := sumOf(secret)
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.byCookie[h]
	if x == nil {
		return Caller{}, ErrNotSignedIn
	}
	a := p.byUser[x.User]
	if a == nil || a.over(now) || !now.Before(x.ends()) {
		return Caller{}, ErrNotSignedIn // Run ends it for good
	}
	y := *x
	if now.After(y.Seen.Time) {
		y.Seen = home.At(now)
	}
	y.Agent = from.Agent
	if from.Addr.IsValid() {
		y.From = from.Addr.String()
	}
	p.bySession[y.ID], p.byCookie[h] = &y, &y
	return callerOf(&y, a), nil
}

// alive is the session and account behind a caller, if both still are. It
// returns copies of the session, and an account that is not to be changed.
func (p *Porter) alive(c Caller, now time.Time) (session, *account, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.bySession[c.ID]
	if c.Kind != BySession || x == nil || x.ended != c.ended || !now.Before(x.ends()) {
		return session{}, nil, ErrNotSignedIn
	}
	a := p.byUser[x.User]
	if a == nil || a.over(now) {
		return session{}, nil, ErrNotSignedIn
	}
	return *x, a, nil
}

// refresh is the caller as they are now: after a step-up or a change of role.
func (p *Porter) refresh(c Caller) Caller {
	x, a, err := p.alive(c, time.Now())
	if err != nil {
		return Caller{}
	}
	return callerOf(&x, a)
}

func fresh(steppedUp, now time.Time) bool {
	return Caller{SteppedUp: steppedUp}.Fresh(now)
}

// SignOut ends the caller's session. Errors: ErrNotSignedIn.
func (p *Porter) SignOut(_ context.Context, c Caller) error {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	x, a, err := p.alive(c, now)
	if err != nil {
		return err
	}
	if err := p.commit(change{sessions: map[string]*session{x.ID: nil}}); err != nil {
		return err
	}
	if x.Stage == StageFull {
		p.note(now, a.Name, a.Name+" signed out")
	}
	return nil
}

// Sessions lists the living sessions of one account, or of all for "", newest
// first.
func (p *Porter) Sessions(user string) []Session {
	now := time.Now()
	var list []Session
	for _, x := range p.sessionsOf(user) {
		a := p.account(x.User)
		if a == nil || a.over(now) || !now.Before(x.ends()) {
			continue
		}
		list = append(list, Session{
			ID: x.ID, User: a.ID, Name: a.Name, Stage: x.Stage, Created: x.Created, Seen: x.Seen,
			Expires: home.At(x.ends()), From: x.From, Agent: x.Agent,
		})
	}
	return list
}

// EndSession ends a session; streams that watch it end at once. Errors:
// *home.NotFound.
func (p *Porter) EndSession(_ context.Context, id, by string) error {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	p.mu.Lock()
	x := p.bySession[id]
	p.mu.Unlock()
	if x == nil {
		return &home.NotFound{What: "session", ID: id}
	}
	if err := p.commit(change{sessions: map[string]*session{id: nil}}); err != nil {
		return err
	}
	name := ""
	if a := p.account(x.User); a != nil {
		name = a.Name
	}
	p.note(now, by, "A session of "+name+" was ended from afar")
	return nil
}
