package auth

import (
	"errors"
	"fmt"
	"time"
)

// Errors that say where a caller stands.
var (
	// ErrNotSignedIn: no session or token came with the request, or one that
	// has ended or never was. (401)
	ErrNotSignedIn = errors.New("not signed in")
	// ErrSecondFactor: the session is not full yet. (403 "second-factor-needed")
	ErrSecondFactor = errors.New("the second factor is still to come")
	// ErrStepUp: password and second factor have to be given again. (403 "step-up-needed")
	ErrStepUp = errors.New("give your password and second factor again first")
	// ErrClaimed: the hub has an owner; sign in instead. (409)
	ErrClaimed = errors.New("this hub is already claimed: sign in instead")
	// ErrLastOwner: the house would have no owner left. (409)
	ErrLastOwner = errors.New("the last owner cannot be removed, limited or made something else")
)

// WrongSignIn refuses a sign-in, a password or a code, and says the same
// whatever was wrong. (401; 403 in a step-up) Left counts the tries before
// waits begin; Wait is how long the next try has to wait.
type WrongSignIn struct {
	Left int
	Wait time.Duration
}

func (e *WrongSignIn) Error() string {
	if e.Wait > 0 {
		return fmt.Sprintf("that was not right: wait %d seconds before the next try", seconds(e.Wait))
	}
	return fmt.Sprintf("that was not right: %d tries left", e.Left)
}

// WrongCode refuses a claim code, a TOTP code or a recovery code. (403) Drift
// is how far the phone's clock is from the hub's when that was the reason:
// positive when the phone is ahead; 0 when it was not.
type WrongCode struct {
	Left  int
	Wait  time.Duration
	Drift time.Duration
	Used  bool // the code was right, but has been used already
}

func (e *WrongCode) Error() string {
	switch {
	case e.Used:
		return "that code has been used already: wait for the next one"
	case e.Drift > 0:
		return fmt.Sprintf("your phone is %d s ahead: set its clock by the network", seconds(e.Drift))
	case e.Drift < 0:
		return fmt.Sprintf("your phone is %d s behind: set its clock by the network", seconds(-e.Drift))
	case e.Wait > 0:
		return fmt.Sprintf("that code is not right: wait %d seconds before the next try", seconds(e.Wait))
	default:
		return fmt.Sprintf("that code is not right: %d tries left", e.Left)
	}
}

// TooMany refuses to look at a try at all. (429 with Retry-After)
type TooMany struct{ After time.Duration }

// Seconds is After rounded up, as Retry-After wants it.
func (e *TooMany) Seconds() int { return seconds(e.After) }

func (e *TooMany) Error() string {
	return fmt.Sprintf("too many tries: wait %d seconds", e.Seconds())
}

// WrongStep refuses something that is not this caller's turn. (409)
type WrongStep struct{ Want Step }

func (e *WrongStep) Error() string {
	return fmt.Sprintf("not now: the next step is %q", string(e.Want))
}

// WeakPassword refuses a password. (422) Reason is a sentence with the mend.
type WeakPassword struct {
	Reason string
	Score  int // zxcvbn's, 0 to 4
}

func (e *WeakPassword) Error() string { return e.Reason }

// Forbidden refuses a right that the caller's role does not have. (403)
type Forbidden struct {
	Right Right
	Role  Role
}

func (e *Forbidden) Error() string {
	return fmt.Sprintf("the role %s may not do this (%s)", e.Role, e.Right)
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
