package desk

import (
	"encoding/json"
	"errors"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// asked is one thing to be done.
type asked struct {
	Do   string    `json:"do"`
	ID   string    `json:"id,omitempty"`
	Name string    `json:"name,omitempty"`
	Role auth.Role `json:"role,omitempty"`
	Ends time.Time `json:"ends,omitzero"`
}

// What can be asked.
const (
	doTokens      = "tokens"
	doCreateToken = "token.create"
	doRevokeToken = "token.revoke"
	doUsers       = "users"
	doAddUser     = "user.add"
	doRemoveUser  = "user.remove"
	doResetUser   = "user.reset"
	doDump        = "radio.dump"
	doSignature   = "radio.signature"
	doListen      = "radio.listen"
)

// answered is what came of it. Secret is a token or an invitation's code, in
// the clear.
type answered struct {
	Tokens []auth.Token `json:"tokens,omitempty"`
	Users  []auth.User  `json:"users,omitempty"`
	Token  auth.Token   `json:"token,omitzero"`
	User   auth.User    `json:"user,omitzero"`
	Secret string       `json:"secret,omitempty"`
	Ends   *home.Time   `json:"ends,omitempty"`
	Fault  *fault       `json:"fault,omitempty"`

	Shown json.RawMessage `json:"shown,omitempty"` // of a radio
	Line  string          `json:"line,omitempty"`
}

// fault is an error with enough of its kind to be made again.
type fault struct {
	Text     string         `json:"text"`
	Invalid  *home.Invalid  `json:"invalid,omitempty"`
	NotFound *home.NotFound `json:"not_found,omitempty"`
	Last     bool           `json:"last_owner,omitempty"`
}

func faultOf(err error) *fault {
	f := &fault{Text: err.Error()}
	errors.As(err, &f.Invalid)
	errors.As(err, &f.NotFound)
	f.Last = errors.Is(err, auth.ErrLastOwner)
	return f
}

func (f *fault) error() error {
	switch {
	case f == nil:
		return nil
	case f.Invalid != nil:
		return f.Invalid
	case f.NotFound != nil:
		return f.NotFound
	case f.Last:
		return auth.ErrLastOwner
	default:
		return errors.New(f.Text)
	}
}
