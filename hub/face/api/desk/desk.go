// Package desk is what whoever holds the box may do without signing in: make,
// list and revoke programs' tokens, and see to accounts whose people have lost
// phone and recovery codes. And it may look at the radios of a hub that runs
// ([Radios]).
//
// A running hub keeps its database locked, so the command line speaks with it
// through a socket in the data folder (mode 0600; the kernel tells who calls:
// root or the hub's own user). When there is no hub behind the socket, the
// command line opens the database itself and uses the same Desk over it.
// Secrets pass through the socket as they are: it never leaves the machine.
package desk

import (
	"context"
	"time"

	"gatehouse/hub/people/auth"
)

// Desk is what can be done. Errors are those of hub/people/auth, through the
// socket too.
type Desk interface {
	Tokens(context.Context) ([]auth.Token, error)
	CreateToken(ctx context.Context, name string, role auth.Role, ends time.Time) (auth.Token, auth.Secret, error)
	RevokeToken(ctx context.Context, id string) error // by id or name
	Users(context.Context) ([]auth.User, error)
	AddUser(ctx context.Context, name string, role auth.Role, ends time.Time) (auth.User, auth.Invite, error)
	RemoveUser(ctx context.Context, id string) error
	ResetUser(ctx context.Context, id string) (auth.Invite, error) // by id or name
}

// Porter is what a Desk needs of hub/people/auth.
type Porter interface {
	Tokens() []auth.Token
	CreateToken(ctx context.Context, by, name string, role auth.Role, ends time.Time) (auth.Token, auth.Secret, error)
	RevokeToken(ctx context.Context, by, id string) error
	Users() []auth.User
	AddUser(ctx context.Context, by, name string, role auth.Role, ends time.Time) (auth.User, auth.Invite, error)
	RemoveUser(ctx context.Context, by, id string) error
	ResetUser(ctx context.Context, by, id string) (auth.Invite, error)
}

// Over is the Desk over a porter of this process. by is what the journal shows
// as who did it.
func Over(p Porter, by string) Desk { return over{p, by} }

type over struct {
	p  Porter
	by string
}

func (o over) Tokens(context.Context) ([]auth.Token, error) { return o.p.Tokens(), nil }

func (o over) CreateToken(ctx context.Context, name string, role auth.Role, ends time.Time) (auth.Token, auth.Secret, error) {
	return o.p.CreateToken(ctx, o.by, name, role, ends)
}

func (o over) RevokeToken(ctx context.Context, id string) error {
	return o.p.RevokeToken(ctx, o.by, id)
}
func (o over) Users(context.Context) ([]auth.User, error) { return o.p.Users(), nil }
func (o over) AddUser(ctx context.Context, name string, role auth.Role, ends time.Time) (auth.User, auth.Invite, error) {
	return o.p.AddUser(ctx, o.by, name, role, ends)
}

func (o over) RemoveUser(ctx context.Context, id string) error { return o.p.RemoveUser(ctx, o.by, id) }

func (o over) ResetUser(ctx context.Context, id string) (auth.Invite, error) {
	return o.p.ResetUser(ctx, o.by, id)
}
