package auth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/hub/home"
)

const (
	mostPending = 5  // sessions of one account that wait for a second factor
	mostKnown   = 10 // browsers of one account that are known
)

// SignIn takes a password and begins a session in StagePending. An empty name
// stands for the only account if there is but one. Errors: *WrongSignIn,
// *TooMany.
func (p *Porter) SignIn(ctx context.Context, from Client, name string, password Secret) (Entered, error) {
	now := time.Now()
	a := p.accountNamed(strings.Join(strings.Fields(name), " "))
	if all := p.allAccounts(); name == "" && len(all) == 1 {
		a = all[0]
	}
	if a != nil {
		name = a.Name
	}
	t, err := p.brakes.begin(now, passwordOf(name), from.Addr, a.knows(from.Known, now))
	if err != nil {
		return Entered{}, err
	}
	phc := ""
	if a.usable(now) {
		phc = a.Password
	}
	if len(password) > 4*maxPassword {
		password, phc = "", "" // takes its time, and is wrong
	}
	right, stale, err := p.kdf.check(ctx, phc, password)
	if err != nil {
		return Entered{}, err
	}
	if !right {
		left, wait, fails := t.wrong(now)
		if a != nil {
			p.noteGuess(now, fails, "a password for "+a.Name, from)
		} else {
			// Counted over all names: a list of them must not fill the journal.
			p.noteGuess(now, p.brakes.tally(now, "nobody"), "the name of an account", from)
		}
		return Entered{}, &WrongSignIn{Left: left, Wait: wait}
	}
	t.right()
	if stale {
		p.rehash(ctx, a, password)
	}

	p.writing.Lock()
	defer p.writing.Unlock()
	now = time.Now()
	b := p.account(a.ID)
	if !b.usable(now) || (b.Password != a.Password && !stale) {
		return Entered{}, &WrongSignIn{Left: freeTries}
	}
	x, secret := newSession(b.ID, StagePending, from, now)
	c := change{sessions: map[string]*session{x.ID: x}}
	pending := 0
	for _, old := range p.sessionsOf(b.ID) { // newest first
		if old.Stage == StagePending {
			if pending++; pending >= mostPending {
				c.sessions[old.ID] = nil
			}
		}
	}
	if err := p.commit(c); err != nil {
		return Entered{}, err
	}
	p.nudge()
	return p.entered(x, b, secret, from), nil
}

// passwordOf names the brake of a password, for an account that exists as for
// one that does not: they must not be told apart by who has to wait.
func passwordOf(name string) string {
	h := sumOf(strings.ToLower(strings.Join(strings.Fields(name), " ")))
	return "password:" + string(h[:8])
}

// rehash keeps a password that was right at the present cost: the database
// came from another device.
func (p *Porter) rehash(ctx context.Context, a *account, password Secret) {
	phc, err := p.kdf.hash(ctx, password)
	if err == nil {
		p.writing.Lock()
		defer p.writing.Unlock()
		if b := p.account(a.ID); b != nil && b.Password == a.Password {
			b = b.copy()
			b.Password = phc
			err = p.commit(change{accounts: map[string]*account{b.ID: b}})
		}
	}
	if err != nil {
		p.log.Warn("password kept at its old cost", "err", err)
	}
}

// SecondFactor takes a TOTP code, or a recovery code that is then used up, and
// makes a pending session full, under a new cookie. An account that has not
// confirmed its recovery codes yet goes on at StepRecovery instead. Errors:
// *WrongCode (with Drift), *TooMany, *WrongStep, ErrNotSignedIn.
func (p *Porter) SecondFactor(_ context.Context, c Caller, from Client, code Secret) (Entered, error) {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	x, a, err := p.alive(c, now)
	if err != nil {
		return Entered{}, err
	}
	if x.Stage != StagePending {
		return Entered{}, &WrongStep{Want: a.Step}
	}
	b, err := p.giveFactor(now, a, from, code)
	if err != nil {
		return Entered{}, err
	}
	return p.letIn(now, x, b, from)
}

// giveFactor checks a TOTP or recovery code of a, and returns the account with
// the code used up, to be committed. The caller holds writing.
func (p *Porter) giveFactor(now time.Time, a *account, from Client, code Secret) (*account, error) {
	if !a.usable(now) {
		return nil, ErrNotSignedIn
	}
	t, err := p.brakes.begin(now, "code:"+a.ID, from.Addr, a.knows(from.Known, now))
	if err != nil {
		return nil, err
	}
	b := a.copy()
	if typed := digits(code); len(typed) == 6 && len(readCode(code)) == 6 {
		step, err := checkTOTP(a.Factor.Key, a.Factor.Step, now, typed)
		if err != nil {
			_, _, fails := t.wrong(now)
			p.noteGuess(now, fails, "a second factor for "+a.Name, from)
			return nil, withTries(err, t, now)
		}
		b.Factor = &factor{Key: a.Factor.Key, Step: step}
	} else {
		i := slices.Index(a.Recovery, sumOf(readCode(code)))
		if i < 0 {
			_, _, fails := t.wrong(now)
			p.noteGuess(now, fails, "a recovery code for "+a.Name, from)
			return nil, withTries(&WrongCode{}, t, now)
		}
		b.Recovery = slices.Delete(b.Recovery, i, i+1)
		p.note(now, a.Name, a.Name+" used a recovery code, "+itoa(len(b.Recovery))+" are left")
	}
	t.right()
	return b, nil
}

// withTries fills in what the brakes know.
func withTries(err error, t try, now time.Time) error {
	var wrong *WrongCode
	if errors.As(err, &wrong) {
		wrong.Left, wrong.Wait, _ = t.wrong(now)
	}
	return err
}

// letIn replaces session x, whose person has given both factors, by a full one
// under a new cookie, and commits account b with it. The caller holds writing.
func (p *Porter) letIn(now time.Time, x session, b *account, from Client) (Entered, error) {
	stage := StageFull
	if b.Step != StepDone && b.Step != StepFinish {
		stage = StageEnrol
	}
	y, secret := newSession(b.ID, stage, from, now)
	c := change{
		accounts: map[string]*account{b.ID: b},
		sessions: map[string]*session{x.ID: nil, y.ID: y},
	}
	if stage == StageEnrol {
		for _, old := range p.sessionsOf(b.ID) {
			if old.Stage == StageEnrol {
				c.sessions[old.ID] = nil
			}
		}
		if err := p.commit(c); err != nil {
			return Entered{}, err
		}
		p.nudge()
		return p.entered(y, b, secret, from), nil
	}
	y.SteppedUp = now
	b.Seen = &y.Created
	remembered, isNew := p.remember(b, from, now)
	if err := p.commit(c); err != nil {
		return Entered{}, err
	}
	p.note(now, b.Name, b.Name+" signed in from "+place(from))
	if p.o.OnSignIn != nil {
		p.o.OnSignIn(SignIn{At: now, User: b.Name, Role: b.Role, From: y.From, Agent: from.Agent, New: isNew})
	}
	p.nudge()
	e := p.entered(y, b, secret, from)
	e.Cookies = append(e.Cookies, cookie(knownCookie(from.TLS), remembered, from.TLS, KnownFor))
	return e, nil
}

// remember notes the browser with the account. A cookie that this hub gave for
// another account of the same browser serves here too; one that it did not
// give is replaced.
func (p *Porter) remember(b *account, from Client, now time.Time) (secret string, isNew bool) {
	isNew = !b.knows(from.Known, now)
	secret = string(from.Known)
	if isNew && !slices.ContainsFunc(p.allAccounts(), func(a *account) bool { return a.knows(from.Known, now) }) {
		secret = newSecret()
	}
	h := sumOf(secret)
	b.Known = slices.DeleteFunc(b.Known, func(k known) bool {
		return k.Cookie == h || !now.Before(k.Until.Time)
	})
	b.Known = append(b.Known, known{Cookie: h, Until: home.At(now.Add(KnownFor))})
	if n := len(b.Known); n > mostKnown {
		b.Known = b.Known[n-mostKnown:]
	}
	return secret, isNew
}

// StepUp takes password and second factor again and notes it on the full
// session. Errors: *WrongSignIn, *WrongCode, *TooMany, ErrNotSignedIn,
// ErrSecondFactor.
func (p *Porter) StepUp(ctx context.Context, c Caller, from Client, password, code Secret) (Caller, error) {
	now := time.Now()
	x, a, err := p.alive(c, now)
	if err != nil {
		return Caller{}, err
	}
	if x.Stage != StageFull {
		return Caller{}, ErrSecondFactor
	}
	t, err := p.brakes.begin(now, passwordOf(a.Name), from.Addr, a.knows(from.Known, now))
	if err != nil {
		return Caller{}, err
	}
	right, _, err := p.kdf.check(ctx, a.Password, password)
	if err != nil {
		return Caller{}, err
	}
	if !right {
		left, wait, fails := t.wrong(now)
		p.noteGuess(now, fails, "a password for "+a.Name, from)
		return Caller{}, &WrongSignIn{Left: left, Wait: wait}
	}
	t.right()

	p.writing.Lock()
	defer p.writing.Unlock()
	now = time.Now()
	tried := a.Password
	x, a, err = p.alive(c, now)
	if err != nil {
		return Caller{}, err
	}
	if a.Password != tried {
		return Caller{}, ErrNotSignedIn // changed meanwhile
	}
	b, err := p.giveFactor(now, a, from, code)
	if err != nil {
		return Caller{}, err
	}
	x.SteppedUp = now
	x.Seen = home.At(now)
	if err := p.commit(change{
		accounts: map[string]*account{b.ID: b},
		sessions: map[string]*session{x.ID: &x},
	}); err != nil {
		return Caller{}, err
	}
	p.note(now, b.Name, b.Name+" gave password and second factor again")
	return callerOf(&x, b), nil
}

// ChangePassword sets another password for the caller, who must be freshly
// stepped up. All of the account's sessions end; the caller gets a new one.
// Errors: *WeakPassword, ErrStepUp, ErrNotSignedIn, ErrSecondFactor.
func (p *Porter) ChangePassword(ctx context.Context, c Caller, from Client, password Secret) (Entered, error) {
	now := time.Now()
	_, a, err := p.mayChange(c, now)
	if err != nil {
		return Entered{}, err
	}
	if _, err := p.Judge(a.Name, password); err != nil {
		return Entered{}, err
	}
	phc, err := p.kdf.hash(ctx, password)
	if err != nil {
		return Entered{}, err
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	now = time.Now()
	x, a, err := p.mayChange(c, now) // it may have ended meanwhile
	if err != nil {
		return Entered{}, err
	}
	b := a.copy()
	b.Password, b.Known = phc, nil
	remembered, _ := p.remember(b, Client{}, now)
	y, secret := newSession(b.ID, StageFull, from, now)
	y.SteppedUp = x.SteppedUp
	ch := change{accounts: map[string]*account{b.ID: b}}
	p.endAll(&ch, b.ID, "")
	ch.sessions[y.ID] = y
	if err := p.commit(ch); err != nil {
		return Entered{}, err
	}
	p.note(now, b.Name, b.Name+" changed the password; all other sessions ended")
	p.nudge()
	e := p.entered(y, b, secret, from)
	e.Cookies = append(e.Cookies, cookie(knownCookie(from.TLS), remembered, from.TLS, KnownFor))
	return e, nil
}

// mayChange is the session and account of a full caller who stepped up.
func (p *Porter) mayChange(c Caller, now time.Time) (session, *account, error) {
	x, a, err := p.alive(c, now)
	switch {
	case err != nil:
		return session{}, nil, err
	case x.Stage != StageFull:
		return session{}, nil, ErrSecondFactor
	case !fresh(x.SteppedUp, now):
		return session{}, nil, ErrStepUp
	}
	return x, a, nil
}

// digits is a code of digits as a person typed it, without the gap that apps
// show in the middle.
func digits(code Secret) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		if r < '0' || r > '9' {
			return 'x'
		}
		return r
	}, string(code))
}

func itoa(n int) string { return strconv.Itoa(n) }

// entered is the answer to who has just come a step further.
func (p *Porter) entered(x *session, a *account, secret string, from Client) Entered {
	return Entered{
		Caller:  callerOf(x, a),
		Cookies: []*http.Cookie{cookie(CookieName(from.TLS), secret, from.TLS, Lifetime)},
	}
}
