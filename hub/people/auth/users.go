package auth

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gatehouse/hub/home"
)

// installerFor is the longest that an installer is let in.
const installerFor = 24 * time.Hour

func (a *account) shown() User {
	u := User{
		ID: a.ID, Name: a.Name, Role: a.Role, Created: a.Created, Ends: a.Ends,
		Factor: a.Factor != nil, Invited: a.Invite != nil, Recovery: len(a.Recovery), LastSeen: a.Seen,
	}
	return u
}

// Users lists the accounts by name.
func (p *Porter) Users() []User {
	var list []User
	for _, a := range p.allAccounts() {
		list = append(list, a.shown())
	}
	return list
}

// AddUser makes an account and its invitation. ends is required for guests,
// and for installers within 24 hours. Errors: *home.Invalid.
func (p *Porter) AddUser(_ context.Context, by, name string, role Role, ends time.Time) (User, Invite, error) {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	name, err := p.goodName(name, "")
	if err != nil {
		return User{}, Invite{}, err
	}
	until, err := termOfPerson(role, ends, now)
	if err != nil {
		return User{}, Invite{}, err
	}
	a := &account{ID: newID(), Name: name, Role: role, Created: home.At(now), Ends: until}
	inv := a.invite(now)
	if err := p.commit(change{accounts: map[string]*account{a.ID: a}}); err != nil {
		return User{}, Invite{}, err
	}
	p.note(now, by, name+" was invited as "+string(role))
	return a.shown(), inv, nil
}

// invite sets a back to the start of enrolment and returns the way in.
func (a *account) invite(now time.Time) Invite {
	code := newCode(claimChars)
	until := home.At(now.Add(InviteFor))
	a.Invite = &invite{Code: sumOf(readCode(code)), Ends: &until}
	a.Step, a.Password, a.Factor, a.Recovery, a.Known = StepPassword, "", nil, nil, nil
	return Invite{Code: code, Ends: until}
}

// termOfPerson is term for somebody who signs in: notifiers and onlookers are programs.
func termOfPerson(role Role, ends, now time.Time) (*home.Time, error) {
	if role == Notifier || role == Onlooker {
		return nil, &home.Invalid{Field: "role", Reason: fmt.Sprintf("a program is %s, and no person: give it a token instead", role)}
	}
	return term(role, ends, now)
}

// term is when a role that starts at now has to end.
func term(role Role, ends, now time.Time) (*home.Time, error) {
	switch {
	case !slices.Contains(Roles, role):
		return nil, &home.Invalid{Field: "role", Reason: "choose owner, member, guest, installer or viewer, or notifier or onlooker for a program"}
	case role == Guest && ends.IsZero():
		return nil, &home.Invalid{Field: "ends", Reason: "a guest needs a date on which it ends"}
	case role == Installer && (ends.IsZero() || ends.Sub(now) > installerFor):
		return nil, &home.Invalid{Field: "ends", Reason: "an installer needs a time within 24 hours at which it ends"}
	case ends.IsZero():
		return nil, nil
	case !ends.After(now):
		return nil, &home.Invalid{Field: "ends", Reason: "this time has passed: choose a later one"}
	}
	t := home.At(ends)
	return &t, nil
}

// ChangeUser gives an account another role and end (zero: none). Its sessions
// end. Errors: *home.NotFound, *home.Invalid, ErrLastOwner.
func (p *Porter) ChangeUser(_ context.Context, by, id string, role Role, ends time.Time) (User, error) {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	a := p.account(id)
	if a == nil {
		return User{}, &home.NotFound{What: "user", ID: id}
	}
	until, err := termOfPerson(role, ends, now)
	if err != nil {
		return User{}, err
	}
	if (role != Owner || until != nil) && p.lastOwner(a) {
		return User{}, ErrLastOwner
	}
	b := a.copy()
	b.Role, b.Ends = role, until
	ch := change{accounts: map[string]*account{b.ID: b}}
	p.endAll(&ch, b.ID, "")
	if err := p.commit(ch); err != nil {
		return User{}, err
	}
	p.note(now, by, b.Name+" is now "+string(role))
	p.nudge()
	return b.shown(), nil
}

// lastOwner tells whether a is the only owner who can come in and stays. One
// who waits to enrol does not count as another.
func (p *Porter) lastOwner(a *account) bool {
	stays := func(b *account) bool { return b.Role == Owner && b.Factor != nil && b.Ends == nil }
	if !stays(a) {
		return false
	}
	return !slices.ContainsFunc(p.allAccounts(), func(b *account) bool { return b.ID != a.ID && stays(b) })
}

// RemoveUser removes an account and ends its sessions. Errors: *home.NotFound,
// ErrLastOwner.
func (p *Porter) RemoveUser(_ context.Context, by, id string) error {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	a := p.account(id)
	if a == nil {
		return &home.NotFound{What: "user", ID: id}
	}
	if p.lastOwner(a) {
		return ErrLastOwner
	}
	ch := change{accounts: map[string]*account{a.ID: nil}}
	p.endAll(&ch, a.ID, "")
	if err := p.commit(ch); err != nil {
		return err
	}
	p.note(now, by, a.Name+" was removed")
	return nil
}

// ResetUser takes password and second factor from an account, ends its
// sessions and returns an invitation to enrol anew: for who has lost their
// phone and their recovery codes. id may be the account's name. Errors:
// *home.NotFound.
func (p *Porter) ResetUser(_ context.Context, by, id string) (Invite, error) {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	a := p.account(id)
	if a == nil {
		a = p.accountNamed(id)
	}
	if a == nil {
		return Invite{}, &home.NotFound{What: "user", ID: id}
	}
	b := a.copy()
	inv := b.invite(now)
	ch := change{accounts: map[string]*account{b.ID: b}}
	p.endAll(&ch, b.ID, "")
	if err := p.commit(ch); err != nil {
		return Invite{}, err
	}
	for _, thing := range []string{passwordOf(b.Name), "code:" + b.ID, "offer:" + b.ID} {
		p.brakes.forget(thing)
	}
	p.note(now, by, b.Name+" has to set up password and second factor anew")
	return inv, nil
}
