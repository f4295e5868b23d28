package api

import (
	"context"

	"gatehouse/hub/home"
)

// Locks is what the API needs of the codes that locks know by themselves.
type Locks interface {
	Codes(home.DeviceID) ([]home.LockCode, error)
	// Put and Delete wait for the lock. Errors: *home.NotFound, *home.Invalid,
	// *home.Conflict.
	Put(ctx context.Context, c home.LockCode, pin home.PIN, by string) error
	Delete(ctx context.Context, d home.DeviceID, user int, by string) error
}

func (a *API) lockCodes(_ context.Context, in *devicePath) (*out[[]home.LockCode], error) {
	codes, err := a.o.Locks.Codes(in.ID)
	if err != nil {
		return nil, err
	}
	return &out[[]home.LockCode]{list(codes)}, nil
}

// lockCodePath names a code of a lock.
type lockCodePath struct {
	devicePath
	User int `path:"user" minimum:"0" maximum:"65534"`
}

type lockCodeInput struct {
	lockCodePath
	Body lockCodeRequest
}

type lockCodeRequest struct {
	Person string `json:"person" minLength:"1" maxLength:"80" doc:"whose it is: the journal says who unlocked"`
	Code   string `json:"code" writeOnly:"true" pattern:"^[0-9]{4,10}$" patternDescription:"4 to 10 digits" doc:"handed on to the lock and kept nowhere else"`
}

func (a *API) putLockCode(ctx context.Context, in *lockCodeInput) (*out[home.LockCode], error) {
	c := home.LockCode{Device: in.ID, User: in.User, Person: in.Body.Person}
	if err := a.o.Locks.Put(ctx, c, home.PIN(in.Body.Code), ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return &out[home.LockCode]{c}, nil
}

func (a *API) deleteLockCode(ctx context.Context, in *lockCodePath) (*none, error) {
	return nil, a.o.Locks.Delete(ctx, in.ID, in.User, ask(ctx).caller.Name)
}
