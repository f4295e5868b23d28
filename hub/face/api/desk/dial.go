package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"gatehouse/hub/people/auth"
)

// ErrNoHub says that no running hub is behind the socket.
var ErrNoHub = errors.New("desk: no running hub")

// Dial is the Desk of the hub that runs with its socket at path. It returns
// ErrNoHub when there is none: open the database instead.
func Dial(ctx context.Context, path string) (Desk, error) {
	r := remote(path)
	c, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	_ = c.Close() // it was there
	return r, nil
}

// remote is a Desk at the other end of the socket of that path; each request
// has its own connection.
type remote string

func (r remote) connect(ctx context.Context) (net.Conn, error) {
	dir, done, err := short(filepath.Dir(string(r)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoHub
	}
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	defer done()
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", filepath.Join(dir, filepath.Base(string(r))))
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, ErrNoHub
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("desk: %s: only root and the hub's own user may ask: use sudo", string(r))
	case err != nil:
		return nil, fmt.Errorf("desk: %w", err)
	}
	return c, nil
}

func (r remote) ask(ctx context.Context, a asked) (answered, error) {
	c, err := r.connect(ctx)
	if err != nil {
		return answered{}, err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return answered{}, fmt.Errorf("desk: %w", err)
	}
	if err := json.NewEncoder(c).Encode(a); err != nil {
		return answered{}, fmt.Errorf("desk: ask the hub: %w", err)
	}
	var out answered
	if err := json.NewDecoder(c).Decode(&out); err != nil {
		return answered{}, fmt.Errorf("desk: the hub gave no answer; its log says why: %w", err)
	}
	return out, out.Fault.error()
}

func (r remote) Tokens(ctx context.Context) ([]auth.Token, error) {
	out, err := r.ask(ctx, asked{Do: doTokens})
	return out.Tokens, err
}

func (r remote) CreateToken(ctx context.Context, name string, role auth.Role, ends time.Time) (auth.Token, auth.Secret, error) {
	out, err := r.ask(ctx, asked{Do: doCreateToken, Name: name, Role: role, Ends: ends})
	return out.Token, auth.Secret(out.Secret), err
}

func (r remote) RevokeToken(ctx context.Context, id string) error {
	_, err := r.ask(ctx, asked{Do: doRevokeToken, ID: id})
	return err
}

func (r remote) Users(ctx context.Context) ([]auth.User, error) {
	out, err := r.ask(ctx, asked{Do: doUsers})
	return out.Users, err
}

func (r remote) AddUser(ctx context.Context, name string, role auth.Role, ends time.Time) (auth.User, auth.Invite, error) {
	out, err := r.ask(ctx, asked{Do: doAddUser, Name: name, Role: role, Ends: ends})
	return out.User, out.invite(), err
}

func (r remote) RemoveUser(ctx context.Context, id string) error {
	_, err := r.ask(ctx, asked{Do: doRemoveUser, ID: id})
	return err
}

func (r remote) ResetUser(ctx context.Context, id string) (auth.Invite, error) {
	out, err := r.ask(ctx, asked{Do: doResetUser, ID: id})
	return out.invite(), err
}

func (a answered) invite() auth.Invite {
	i := auth.Invite{Code: auth.Secret(a.Secret)}
	if a.Ends != nil {
		i.Ends = *a.Ends
	}
	return i
}
