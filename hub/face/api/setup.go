package api

import (
	"context"
	"net/http"
	"time"

	"gatehouse/hub/people/auth"
)

// setupState is how far the first claim, or the caller's own enrolment, is.
type setupState struct {
	Claimed bool      `json:"claimed" doc:"the hub has an owner with a second factor"`
	Step    auth.Step `json:"step" doc:"what comes next"`
	Name    string    `json:"name" doc:"sign-in name of who enrols; empty until chosen"`
	Demo    bool      `json:"demo"`
}

func (a *API) setupOf(c auth.Caller) setupState {
	s := a.o.People.Setup(c)
	return setupState{Claimed: s.Claimed, Step: s.Step, Name: s.Name, Demo: a.o.Demo}
}

func (a *API) setup(ctx context.Context, _ *none) (*out[setupState], error) {
	return &out[setupState]{a.setupOf(ask(ctx).caller)}, nil
}

// entered is an answer that also changes the browser's cookies.
type entered[T any] struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      T
}

func cookies(list []*http.Cookie) []http.Cookie {
	var l []http.Cookie
	for _, c := range list {
		l = append(l, *c)
	}
	return l
}

type codeOnlyRequest struct {
	Code string `json:"code" minLength:"1" maxLength:"64" writeOnly:"true"`
}

type codeInput struct{ Body codeOnlyRequest }

// claim takes the code of the label, or an invitation, and begins to enrol.
func (a *API) claim(ctx context.Context, in *codeInput) (*entered[setupState], error) {
	e, err := a.o.People.Claim(ctx, ask(ctx).client, auth.Secret(in.Body.Code))
	if err != nil {
		return nil, err
	}
	return &entered[setupState]{cookies(e.Cookies), a.setupOf(e.Caller)}, nil
}

type choosePasswordInput struct{ Body choosePasswordRequest }

type choosePasswordRequest struct {
	Name     string `json:"name,omitempty" maxLength:"64" doc:"sign-in name of the first owner; invited people have one"`
	Password string `json:"password" minLength:"1" maxLength:"1024" writeOnly:"true"`
}

func (a *API) choosePassword(ctx context.Context, in *choosePasswordInput) (*out[setupState], error) {
	c := ask(ctx).caller
	if err := a.o.People.ChoosePassword(ctx, c, in.Body.Name, auth.Secret(in.Body.Password)); err != nil {
		return nil, err
	}
	return &out[setupState]{a.setupOf(c)}, nil
}

type verdict struct {
	Good   bool   `json:"good"`
	Score  int    `json:"score" minimum:"0" maximum:"4"`
	Reason string `json:"reason" doc:"what is wrong and what would be better; empty when good"`
}

// judgePassword tells how a password would do, and remembers nothing.
func (a *API) judgePassword(_ context.Context, in *choosePasswordInput) (*out[verdict], error) {
	score, err := a.o.People.Judge(in.Body.Name, auth.Secret(in.Body.Password))
	v := verdict{Good: err == nil, Score: score}
	if err != nil {
		weak, ok := asWeak(err)
		if !ok {
			return nil, err
		}
		v.Score, v.Reason = weak.Score, weak.Reason
	}
	return &out[verdict]{v}, nil
}

// offer is a second factor to be set up. It is shown to the person and nowhere
// else; the page draws the QR code itself.
type offer struct {
	Key string `json:"key" doc:"for typing, in groups of four"`
	URI string `json:"uri" doc:"otpauth:// for the QR code and for the phone itself"`
}

func (a *API) offerTOTP(ctx context.Context, _ *none) (*out[offer], error) {
	o, err := a.o.People.OfferTOTP(ctx, ask(ctx).caller)
	if err != nil {
		return nil, err
	}
	return &out[offer]{offer{string(o.Key), string(o.URI)}}, nil
}

type recoveryCodes struct {
	Codes []string `json:"codes" doc:"each works once, in place of the second factor; shown this once"`
}

func revealed(codes []auth.Secret) *out[recoveryCodes] {
	r := recoveryCodes{Codes: []string{}}
	for _, c := range codes {
		r.Codes = append(r.Codes, string(c))
	}
	return &out[recoveryCodes]{r}
}

func (a *API) confirmTOTP(ctx context.Context, in *codeInput) (*out[recoveryCodes], error) {
	codes, err := a.o.People.ConfirmTOTP(ctx, ask(ctx).caller, auth.Secret(in.Body.Code))
	if err != nil {
		return nil, err
	}
	return revealed(codes), nil
}

func (a *API) newRecovery(ctx context.Context, _ *none) (*out[recoveryCodes], error) {
	codes, err := a.o.People.NewRecoveryCodes(ctx, ask(ctx).caller)
	if err != nil {
		return nil, err
	}
	return revealed(codes), nil
}

// confirmRecovery takes one of the codes as proof that they were saved; the
// session is full from here on.
func (a *API) confirmRecovery(ctx context.Context, in *codeInput) (*entered[setupState], error) {
	as := ask(ctx)
	e, err := a.o.People.ConfirmRecovery(ctx, as.caller, as.client, auth.Secret(in.Body.Code))
	if err != nil {
		return nil, err
	}
	return &entered[setupState]{cookies(e.Cookies), a.setupOf(e.Caller)}, nil
}

type finishInput struct{ Body finishRequest }

type finishRequest struct {
	Name      string `json:"name" minLength:"1" maxLength:"80" doc:"what the home is called"`
	Emergency string `json:"emergency,omitempty" maxLength:"32" doc:"telephone number that the page offers in an alarm; the hub calls nobody"`
	Zone      string `json:"zone,omitempty" maxLength:"64" doc:"IANA time zone, such as Europe/Berlin"`
}

// finish names the home. As the last step of the claim it follows the second
// factor at once; later it is a change of the system and wants a step-up.
func (a *API) finish(ctx context.Context, in *finishInput) (*out[setupState], error) {
	c := ask(ctx).caller
	if a.o.People.Setup(c).Step != auth.StepFinish {
		if err := c.Check(auth.SystemWrite, time.Now()); err != nil {
			return nil, err
		}
	}
	h := auth.Home{Name: in.Body.Name, Emergency: in.Body.Emergency, Zone: in.Body.Zone}
	if err := a.o.People.Finish(ctx, c, h); err != nil {
		return nil, err
	}
	return &out[setupState]{a.setupOf(c)}, nil
}
