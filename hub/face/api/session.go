package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// sessionState is who is asking, as far as the hub knows.
type sessionState struct {
	Stage   auth.Stage   `json:"stage" doc:"none: nobody; enrol: setting up; pending: the second factor is still to come; full"`
	Kind    string       `json:"kind" enum:",session,token"`
	ID      string       `json:"id" doc:"of the session in /sessions, or of the token"`
	Name    string       `json:"name"`
	Role    string       `json:"role" enum:",owner,member,guest,installer,viewer"`
	Rights  []auth.Right `json:"rights" doc:"what the role may do"`
	Fresh   bool         `json:"fresh" doc:"password and second factor were given just now: what needs a step-up may be done"`
	Claimed bool         `json:"claimed" doc:"the hub has an owner; if not, begin with /setup"`
	Home    string       `json:"home" doc:"what the owner calls the home; only for who is signed in"`
	Phone   string       `json:"emergency" doc:"number that the page offers in an alarm; only for who is signed in"`
	Zone    string       `json:"zone" doc:"the home's time zone; only for who is signed in"`
	Demo    bool         `json:"demo" doc:"this is a simulated home"`
	Now     home.Time    `json:"now" doc:"the hub's clock"`
}

func (a *API) sessionOf(c auth.Caller) sessionState {
	now := time.Now()
	s := sessionState{
		Stage: c.Stage, Kind: string(c.Kind), ID: c.ID, Name: c.Name, Role: string(c.Role), Rights: []auth.Right{},
		Fresh: c.Fresh(now), Claimed: a.o.People.Setup(c).Claimed, Demo: a.o.Demo, Now: home.At(now),
	}
	if s.Stage == "" {
		s.Stage = "none"
	}
	for _, r := range auth.Rights {
		if c.May(r) {
			s.Rights = append(s.Rights, r)
		}
	}
	if c.Stage == auth.StageFull {
		h := a.o.People.Home()
		s.Home, s.Phone, s.Zone = h.Name, h.Emergency, h.Zone
	}
	return s
}

func (a *API) session(ctx context.Context, _ *none) (*out[sessionState], error) {
	return &out[sessionState]{a.sessionOf(ask(ctx).caller)}, nil
}

type signInInput struct{ Body signInRequest }

type signInRequest struct {
	Name     string `json:"name,omitempty" maxLength:"64" doc:"may be left out where there is but one account"`
	Password string `json:"password" minLength:"1" maxLength:"1024" writeOnly:"true"`
}

// signIn takes the password. What it answers can do nothing yet but give the
// second factor, or leave.
func (a *API) signIn(ctx context.Context, in *signInInput) (*entered[sessionState], error) {
	e, err := a.o.People.SignIn(ctx, ask(ctx).client, in.Body.Name, auth.Secret(in.Body.Password))
	if err != nil {
		return nil, err
	}
	return &entered[sessionState]{cookies(e.Cookies), a.sessionOf(e.Caller)}, nil
}

func (a *API) secondFactor(ctx context.Context, in *codeInput) (*entered[sessionState], error) {
	as := ask(ctx)
	e, err := a.o.People.SecondFactor(ctx, as.caller, as.client, auth.Secret(in.Body.Code))
	if err != nil {
		return nil, err
	}
	return &entered[sessionState]{cookies(e.Cookies), a.sessionOf(e.Caller)}, nil
}

type signedOut struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

func (a *API) signOut(ctx context.Context, _ *none) (*signedOut, error) {
	as := ask(ctx)
	if err := a.o.People.SignOut(ctx, as.caller); err != nil {
		return nil, err
	}
	return &signedOut{[]http.Cookie{*auth.ClearCookie(as.client.TLS)}}, nil
}

type reauthInput struct{ Body reauthRequest }

type reauthRequest struct {
	Password string `json:"password" minLength:"1" maxLength:"1024" writeOnly:"true"`
	Code     string `json:"code" minLength:"1" maxLength:"64" writeOnly:"true" doc:"of the second factor"`
}

// reauth is the step-up before what must not happen on a snatched phone.
func (a *API) reauth(ctx context.Context, in *reauthInput) (*out[sessionState], error) {
	as := ask(ctx)
	c, err := a.o.People.StepUp(ctx, as.caller, as.client, auth.Secret(in.Body.Password), auth.Secret(in.Body.Code))
	if wrong := (*auth.WrongSignIn)(nil); errors.As(err, &wrong) {
		p := refusal(err, time.Now())
		p.Status, p.Title = http.StatusForbidden, http.StatusText(http.StatusForbidden) // still signed in
		return nil, p
	}
	if err != nil {
		return nil, err
	}
	return &out[sessionState]{a.sessionOf(c)}, nil
}

type changePasswordInput struct{ Body changePasswordRequest }

type changePasswordRequest struct {
	Password string `json:"password" minLength:"1" maxLength:"1024" writeOnly:"true"`
}

func (a *API) changePassword(ctx context.Context, in *changePasswordInput) (*entered[sessionState], error) {
	as := ask(ctx)
	e, err := a.o.People.ChangePassword(ctx, as.caller, as.client, auth.Secret(in.Body.Password))
	if err != nil {
		return nil, err
	}
	return &entered[sessionState]{cookies(e.Cookies), a.sessionOf(e.Caller)}, nil
}

type demoCode struct {
	Code  string `json:"code"`
	Holds int    `json:"holds" doc:"seconds"`
}

// demoAuthenticator is in the table of a demo only.
func (a *API) demoAuthenticator(context.Context, *none) (*out[demoCode], error) {
	code, holds, ok := a.o.People.DemoCode()
	if !ok {
		return nil, problem(http.StatusNotFound, codeNotFound, "This is not a demo.")
	}
	return &out[demoCode]{demoCode{string(code), int(holds.Seconds())}}, nil
}

// sessionsInput chooses whose sessions are listed.
type sessionsInput struct {
	All bool `query:"all" doc:"everybody's; needs sessions.all"`
}

// liveSession is one place where somebody is signed in.
type liveSession struct {
	ID      string     `json:"id"`
	User    string     `json:"user"`
	Name    string     `json:"name"`
	Stage   auth.Stage `json:"stage"`
	Created home.Time  `json:"created"`
	Seen    home.Time  `json:"seen"`
	Expires home.Time  `json:"expires"`
	From    string     `json:"from" doc:"address of the last request"`
	Agent   string     `json:"agent" doc:"what the browser calls itself"`
	Current bool       `json:"current" doc:"the one that asks"`
}

func (a *API) sessions(ctx context.Context, in *sessionsInput) (*out[[]liveSession], error) {
	c := ask(ctx).caller
	user := c.User
	if in.All {
		if !c.May(auth.SessionsAll) {
			return nil, &auth.Forbidden{Right: auth.SessionsAll, Role: c.Role}
		}
		user = ""
	}
	sessions := []liveSession{}
	if user == "" && !in.All {
		return &out[[]liveSession]{sessions}, nil // a program has none of its own
	}
	for _, s := range a.o.People.Sessions(user) {
		sessions = append(sessions, liveSession{
			ID: s.ID, User: s.User, Name: s.Name, Stage: s.Stage, Created: s.Created, Seen: s.Seen,
			Expires: s.Expires, From: s.From, Agent: s.Agent, Current: s.ID == c.ID,
		})
	}
	return &out[[]liveSession]{sessions}, nil
}

// idPath is the id in a path.
type idPath struct {
	ID string `path:"id" maxLength:"64"`
}

// endSession signs out one's own session, or anybody's with sessions.all.
func (a *API) endSession(ctx context.Context, in *idPath) (*none, error) {
	c := ask(ctx).caller
	own := false
	if c.User != "" {
		for _, s := range a.o.People.Sessions(c.User) {
			own = own || s.ID == in.ID
		}
	}
	if !own {
		if err := c.Check(auth.SessionsAll, time.Now()); err != nil {
			return nil, err
		}
	}
	return nil, a.o.People.EndSession(ctx, in.ID, c.Name)
}
