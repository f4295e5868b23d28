package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"gatehouse/hub/home"
	"gatehouse/storage"
)

// claimFile is where the claim code waits for who holds the box.
const claimFile = "claim-code"

// prepareClaim makes sure that an unclaimed hub has a claim code that its
// holder can read, and that a claimed one has none.
func (p *Porter) prepareClaim(now time.Time) error {
	path := ""
	if p.o.Dir != "" {
		path = filepath.Join(p.o.Dir, claimFile)
	}
	if p.claimed() {
		return removeClaim(path)
	}
	if path != "" {
		b, err := os.ReadFile(path)
		if err == nil && sumOf(readCode(Secret(b))) == p.claim.Code {
			return nil // the code of an earlier start still holds
		}
	}
	code := newCode(claimChars)
	p.writing.Lock()
	defer p.writing.Unlock()
	if err := p.commit(change{claim: &claim{Code: sumOf(readCode(code))}}); err != nil {
		return err
	}
	if path != "" {
		if err := storage.WriteFile(path, []byte(string(code)+"\n")); err != nil {
			return fmt.Errorf("auth: write the claim code: %w", err)
		}
	}
	p.minted = code
	return nil
}

func removeClaim(path string) error {
	if path == "" {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("auth: remove the used claim code: %w", err)
	}
	return nil
}

// ClaimCode tells whether the hub waits to be claimed, where its code is
// written ("" for nowhere), and, only in the process that made it, the code.
// It is for the hub's console; no face may show it.
func (p *Porter) ClaimCode() (code Secret, file string, open bool) {
	if p.claimed() {
		return "", "", false
	}
	if p.o.Dir != "" {
		file = filepath.Join(p.o.Dir, claimFile)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.minted, file, true
}

// Setup tells how far the first claim has come, and for a caller in StageEnrol
// what they have to do next. The zero Caller may ask.
func (p *Porter) Setup(c Caller) Setup {
	s := Setup{Claimed: p.claimed(), Step: StepClaim}
	if s.Claimed {
		s.Step = StepDone
	}
	if _, a, err := p.alive(c, time.Now()); err == nil && a != nil {
		s.Step, s.Name = a.Step, a.Name
	}
	return s
}

// Claim takes the claim code of a new hub, or an invitation, and begins a
// session in StageEnrol at the step that was reached before. It ends the
// account's other enrolling sessions. A claim code is dead once a second
// factor is confirmed. Errors: *WrongCode, *TooMany.
func (p *Porter) Claim(ctx context.Context, from Client, code Secret) (Entered, error) {
	now := time.Now()
	t, err := p.brakes.begin(now, "claim:"+network(from.Addr), from.Addr, false)
	if err != nil {
		return Entered{}, err
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	a := p.invited(sumOf(readCode(code)), now)
	if a == nil {
		left, wait, fails := t.wrong(now)
		p.noteGuess(now, fails, "a claim code", from)
		return Entered{}, &WrongCode{Left: left, Wait: wait}
	}
	t.right()
	x, secret := newSession(a.ID, StageEnrol, from, now)
	ch := change{accounts: map[string]*account{a.ID: a}, sessions: map[string]*session{x.ID: x}}
	for _, old := range p.sessionsOf(a.ID) {
		if old.Stage != StageFull {
			ch.sessions[old.ID] = nil
		}
	}
	if err := p.commit(ch); err != nil {
		return Entered{}, err
	}
	p.note(now, a.Name, "Enrolment began with a claim code, from "+place(from))
	p.nudge()
	return p.entered(x, a, secret, from), nil
}

// invited finds the account that a code enrols, or makes the first owner's. It
// returns a copy, or nil. Comparing hashes tells nothing about a code of 80
// bits.
func (p *Porter) invited(code sum, now time.Time) *account {
	for _, a := range p.allAccounts() {
		if a.Invite != nil && a.Invite.Code == code && !a.over(now) &&
			(a.Invite.Ends == nil || now.Before(a.Invite.Ends.Time)) {
			return a.copy()
		}
	}
	if p.claim.Code != code || p.claim.Done {
		return nil
	}
	return &account{
		ID: newID(), Role: Owner, Created: home.At(now), Step: StepPassword,
		Invite: &invite{Code: code},
	}
}
