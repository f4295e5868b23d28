package api

import (
	"context"
	"net/http"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// user is an account.
type user struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Role     auth.Role  `json:"role"`
	Created  home.Time  `json:"created"`
	Ends     *home.Time `json:"ends" doc:"the account stops by itself"`
	Factor   bool       `json:"factor" doc:"a second factor is set up"`
	Invited  bool       `json:"invited" doc:"an invitation waits to be used"`
	Recovery int        `json:"recovery" doc:"recovery codes left"`
	LastSeen *home.Time `json:"last_seen"`
}

func userOf(u auth.User) user {
	return user{u.ID, u.Name, u.Role, u.Created, u.Ends, u.Factor, u.Invited, u.Recovery, u.LastSeen}
}

// invitation carries the one-time code with which a person enrols at
// /setup/claim. It is shown once.
type invitation struct {
	User *user     `json:"user"`
	Code string    `json:"code"`
	Ends home.Time `json:"ends"`
}

func (a *API) users(context.Context, *none) (*out[[]user], error) {
	users := []user{}
	for _, u := range a.o.People.Users() {
		users = append(users, userOf(u))
	}
	return &out[[]user]{users}, nil
}

type userRequest struct {
	Name string     `json:"name" minLength:"1" maxLength:"64"`
	Role auth.Role  `json:"role"`
	Ends *home.Time `json:"ends,omitempty" nullable:"true" doc:"needed for guests, and for installers within 24 hours"`
}

type userInput struct{ Body userRequest }

func (a *API) addUser(ctx context.Context, in *userInput) (*status[invitation], error) {
	u, invite, err := a.o.People.AddUser(ctx, ask(ctx).caller.Name, in.Body.Name, in.Body.Role, at(in.Body.Ends))
	if err != nil {
		return nil, err
	}
	shown := userOf(u)
	return &status[invitation]{http.StatusCreated, invitation{&shown, string(invite.Code), invite.Ends}}, nil
}

func at(t *home.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

type changeUserInput struct {
	idPath
	Body changeUserRequest
}

type changeUserRequest struct {
	Role auth.Role  `json:"role"`
	Ends *home.Time `json:"ends,omitempty" nullable:"true"`
}

func (a *API) changeUser(ctx context.Context, in *changeUserInput) (*out[user], error) {
	u, err := a.o.People.ChangeUser(ctx, ask(ctx).caller.Name, in.ID, in.Body.Role, at(in.Body.Ends))
	if err != nil {
		return nil, err
	}
	return &out[user]{userOf(u)}, nil
}

func (a *API) removeUser(ctx context.Context, in *idPath) (*none, error) {
	return nil, a.o.People.RemoveUser(ctx, ask(ctx).caller.Name, in.ID)
}

func (a *API) resetUser(ctx context.Context, in *idPath) (*out[invitation], error) {
	invite, err := a.o.People.ResetUser(ctx, ask(ctx).caller.Name, in.ID)
	if err != nil {
		return nil, err
	}
	return &out[invitation]{invitation{nil, string(invite.Code), invite.Ends}}, nil
}

// token is a program's key, without the key.
type token struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Role    auth.Role  `json:"role"`
	Created home.Time  `json:"created"`
	By      string     `json:"by" doc:"who made it"`
	Ends    *home.Time `json:"ends" doc:"null: until revoked"`
	Used    *home.Time `json:"used" doc:"last use, to about a minute"`
}

func tokenOf(t auth.Token) token {
	return token{t.ID, t.Name, t.Role, t.Created, t.By, t.Ends, t.Used}
}

func (a *API) tokens(context.Context, *none) (*out[[]token], error) {
	tokens := []token{}
	for _, t := range a.o.People.Tokens() {
		tokens = append(tokens, tokenOf(t))
	}
	return &out[[]token]{tokens}, nil
}

type tokenRequest struct {
	Name string     `json:"name" minLength:"1" maxLength:"64"`
	Role auth.Role  `json:"role"`
	Ends *home.Time `json:"ends,omitempty" nullable:"true" doc:"without it until revoked"`
}

type tokenInput struct{ Body tokenRequest }

// newToken carries the key, once.
type newToken struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Role  auth.Role  `json:"role"`
	Ends  *home.Time `json:"ends"`
	Token string     `json:"token" doc:"for the Authorization: Bearer header; shown this once"`
}

func (a *API) createToken(ctx context.Context, in *tokenInput) (*status[newToken], error) {
	t, secret, err := a.o.People.CreateToken(ctx, ask(ctx).caller.Name, in.Body.Name, in.Body.Role, at(in.Body.Ends))
	if err != nil {
		return nil, err
	}
	return &status[newToken]{http.StatusCreated, newToken{t.ID, t.Name, t.Role, t.Ends, string(secret)}}, nil
}

func (a *API) revokeToken(ctx context.Context, in *idPath) (*none, error) {
	return nil, a.o.People.RevokeToken(ctx, ask(ctx).caller.Name, in.ID)
}
