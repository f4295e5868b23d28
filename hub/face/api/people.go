package api

import (
	"context"
	"net/http"
	"time"

	"gatehouse/hub/people/auth"
)

// People is what the API needs of the porter (hub/people/auth says what each
// method promises).
type People interface {
	door
	claiming
	signingIn
	accounts
	tokens
}

type door interface {
	Caller(*http.Request) (auth.Caller, error)
}

type claiming interface {
	Setup(auth.Caller) auth.Setup
	Claim(ctx context.Context, from auth.Client, code auth.Secret) (auth.Entered, error)
	Judge(name string, password auth.Secret) (score int, err error)
	ChoosePassword(ctx context.Context, c auth.Caller, name string, password auth.Secret) error
	OfferTOTP(context.Context, auth.Caller) (auth.Offer, error)
	ConfirmTOTP(ctx context.Context, c auth.Caller, code auth.Secret) ([]auth.Secret, error)
	NewRecoveryCodes(context.Context, auth.Caller) ([]auth.Secret, error)
	ConfirmRecovery(ctx context.Context, c auth.Caller, from auth.Client, code auth.Secret) (auth.Entered, error)
	Finish(context.Context, auth.Caller, auth.Home) error
	Home() auth.Home
}

type signingIn interface {
	SignIn(ctx context.Context, from auth.Client, name string, password auth.Secret) (auth.Entered, error)
	SecondFactor(ctx context.Context, c auth.Caller, from auth.Client, code auth.Secret) (auth.Entered, error)
	StepUp(ctx context.Context, c auth.Caller, from auth.Client, password, code auth.Secret) (auth.Caller, error)
	SignOut(context.Context, auth.Caller) error
	ChangePassword(ctx context.Context, c auth.Caller, from auth.Client, password auth.Secret) (auth.Entered, error)
	Sessions(user string) []auth.Session
	EndSession(ctx context.Context, id, by string) error
	DemoCode() (code auth.Secret, holds time.Duration, ok bool)
}

type accounts interface {
	Users() []auth.User
	AddUser(ctx context.Context, by, name string, role auth.Role, ends time.Time) (auth.User, auth.Invite, error)
	ChangeUser(ctx context.Context, by, id string, role auth.Role, ends time.Time) (auth.User, error)
	RemoveUser(ctx context.Context, by, id string) error
	ResetUser(ctx context.Context, by, id string) (auth.Invite, error)
}

type tokens interface {
	Tokens() []auth.Token
	CreateToken(ctx context.Context, by, name string, role auth.Role, ends time.Time) (auth.Token, auth.Secret, error)
	RevokeToken(ctx context.Context, by, id string) error
}

var _ People = (*auth.Porter)(nil)
