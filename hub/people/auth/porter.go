package auth

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Porter holds who may come in. Open makes one; its methods may be called from
// any goroutine.
type Porter struct{}

var errNotYet = errors.New("auth: not built yet")

// Open reads the accounts from o.DB. On a hub that has no owner it makes sure
// that there is a claim code.
func Open(o Options) (*Porter, error) { return nil, errNotYet }

// Run ends sessions and tokens whose time has come, until ctx ends.
func (p *Porter) Run(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

// ClaimCode tells whether the hub waits to be claimed, where its code is
// written ("" for nowhere), and, only in the process that made it, the code.
// It is for the hub's console; no face may show it.
func (p *Porter) ClaimCode() (code Secret, file string, open bool) { return "", "", false }

// Caller reads who makes the request, from a bearer token if it carries one,
// else from the session's cookie, and notes that it was seen. It returns
// ErrNotSignedIn for nobody; a token that is not right is never made good by a
// cookie.
func (p *Porter) Caller(r *http.Request) (Caller, error) { return Caller{}, errNotYet }

// Bearer reads who holds a token, for faces that are not HTTP.
func (p *Porter) Bearer(token Secret) (Caller, error) { return Caller{}, errNotYet }

// Setup tells how far the first claim has come, and for a caller in StageEnrol
// what they have to do next. The zero Caller may ask.
func (p *Porter) Setup(c Caller) Setup { return Setup{} }

// Claim takes the claim code of a new hub, or an invitation, and begins a
// session in StageEnrol at the step that was reached before. It ends the
// account's other enrolling sessions. A claim code is dead once a second
// factor is confirmed. Errors: *WrongCode, *TooMany.
func (p *Porter) Claim(ctx context.Context, from Client, code Secret) (Entered, error) {
	return Entered{}, errNotYet
}

// Judge tells what is wrong with a password for an account of this name, or
// returns its zxcvbn score. It remembers nothing. Errors: *WeakPassword.
func (p *Porter) Judge(name string, password Secret) (score int, err error) { return 0, errNotYet }

// ChoosePassword is StepPassword of a caller in StageEnrol. name is the first
// owner's sign-in name ("owner" when empty); invited people have one already.
// It may be repeated until the second factor is confirmed. Errors:
// *WeakPassword, *home.Invalid (name), *WrongStep, ErrNotSignedIn.
func (p *Porter) ChoosePassword(ctx context.Context, c Caller, name string, password Secret) error {
	return errNotYet
}

// OfferTOTP makes a second factor for the caller to confirm: in StageEnrol at
// StepTOTP, or full and freshly stepped up to replace the one there is. Asking
// again while enrolling gives the same offer for ten minutes. Errors:
// *WrongStep, ErrStepUp.
func (p *Porter) OfferTOTP(ctx context.Context, c Caller) (Offer, error) { return Offer{}, errNotYet }

// ConfirmTOTP takes a code of the offered second factor and returns ten new
// recovery codes, to be shown once. When it replaces a factor, all other
// sessions of the account end. Errors: *WrongCode (with Drift), *WrongStep,
// *TooMany, ErrStepUp.
func (p *Porter) ConfirmTOTP(ctx context.Context, c Caller, code Secret) ([]Secret, error) {
	return nil, errNotYet
}

// NewRecoveryCodes replaces the recovery codes: in StageEnrol at StepRecovery
// (the page was lost before they were saved), or full and freshly stepped up.
func (p *Porter) NewRecoveryCodes(ctx context.Context, c Caller) ([]Secret, error) {
	return nil, errNotYet
}

// ConfirmRecovery takes one of the recovery codes as proof that they were
// saved, without using it up, and makes the enrolling session full. Errors:
// *WrongCode, *WrongStep, *TooMany.
func (p *Porter) ConfirmRecovery(ctx context.Context, c Caller, from Client, code Secret) (Entered, error) {
	return Entered{}, errNotYet
}

// Finish is the last step of the first claim, and later the way to change what
// the owner said about the house. Errors: *home.Invalid.
func (p *Porter) Finish(ctx context.Context, c Caller, h Home) error { return errNotYet }

// Home is what the owner said about the house; its Name is "" before.
func (p *Porter) Home() Home { return Home{} }

// SignIn takes a password and begins a session in StagePending. An empty name
// stands for the only account if there is but one. Errors: *WrongSignIn,
// *TooMany.
func (p *Porter) SignIn(ctx context.Context, from Client, name string, password Secret) (Entered, error) {
	return Entered{}, errNotYet
}

// SecondFactor takes a TOTP code, or a recovery code that is then used up, and
// makes a pending session full, under a new cookie. Errors: *WrongCode (with
// Drift), *TooMany, *WrongStep, ErrNotSignedIn.
func (p *Porter) SecondFactor(ctx context.Context, c Caller, from Client, code Secret) (Entered, error) {
	return Entered{}, errNotYet
}

// StepUp takes password and TOTP code again and notes it on the full session.
// Errors: *WrongSignIn, *WrongCode, *TooMany.
func (p *Porter) StepUp(ctx context.Context, c Caller, from Client, password, code Secret) (Caller, error) {
	return Caller{}, errNotYet
}

// SignOut ends the caller's session.
func (p *Porter) SignOut(ctx context.Context, c Caller) error { return errNotYet }

// ChangePassword sets another password for the caller, who must be freshly
// stepped up. All of the account's sessions end; the caller gets a new one.
// Errors: *WeakPassword, ErrStepUp.
func (p *Porter) ChangePassword(ctx context.Context, c Caller, from Client, password Secret) (Entered, error) {
	return Entered{}, errNotYet
}

// Sessions lists the living sessions of one account, or of all for "", newest
// first.
func (p *Porter) Sessions(user string) []Session { return nil }

// EndSession ends a session; streams that watch it end at once. Errors:
// *home.NotFound.
func (p *Porter) EndSession(ctx context.Context, id, by string) error { return errNotYet }

// Users lists the accounts by name.
func (p *Porter) Users() []User { return nil }

// AddUser makes an account and its invitation. ends is required for guests,
// and for installers within 24 hours. Errors: *home.Invalid.
func (p *Porter) AddUser(ctx context.Context, by, name string, role Role, ends time.Time) (User, Invite, error) {
	return User{}, Invite{}, errNotYet
}

// ChangeUser gives an account another role and end (zero: none). Its sessions
// end. Errors: *home.NotFound, *home.Invalid, ErrLastOwner.
func (p *Porter) ChangeUser(ctx context.Context, by, id string, role Role, ends time.Time) (User, error) {
	return User{}, errNotYet
}

// RemoveUser removes an account and ends its sessions. Errors: *home.NotFound,
// ErrLastOwner.
func (p *Porter) RemoveUser(ctx context.Context, by, id string) error { return errNotYet }

// ResetUser takes password and second factor from an account, ends its
// sessions and returns an invitation to enrol anew: for who has lost their
// phone and their recovery codes. id may be the account's name. Errors:
// *home.NotFound.
func (p *Porter) ResetUser(ctx context.Context, by, id string) (Invite, error) {
	return Invite{}, errNotYet
}

// Tokens lists the programs' tokens by name.
func (p *Porter) Tokens() []Token { return nil }

// CreateToken makes a token for a program; the secret is shown once. ends zero
// means until revoked, which guests and installers may not have. It works
// before the hub is claimed. Errors: *home.Invalid.
func (p *Porter) CreateToken(ctx context.Context, by, name string, role Role, ends time.Time) (Token, Secret, error) {
	return Token{}, "", errNotYet
}

// RevokeToken ends a token, by id or name. Errors: *home.NotFound.
func (p *Porter) RevokeToken(ctx context.Context, by, id string) error { return errNotYet }

// DemoCode is a code that the demo owner's second factor takes next, for the
// demo's sign-in page, and how long it will hold. ok is false on a real hub.
func (p *Porter) DemoCode() (code Secret, holds time.Duration, ok bool) { return "", 0, false }
