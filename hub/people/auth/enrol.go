package auth

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/hub/home"
)

const offerFor = 10 * time.Minute

// Judge tells what is wrong with a password for an account of this name, or
// returns its zxcvbn score. It remembers nothing. Errors: *WeakPassword.
func (p *Porter) Judge(name string, password Secret) (score int, err error) {
	return judge(password, name, p.Home().Name)
}

// ChoosePassword is StepPassword of a caller in StageEnrol. name is the first
// owner's sign-in name ("owner" when empty); invited people have one already.
// It may be repeated until the second factor is confirmed. Errors:
// *WeakPassword, *home.Invalid (name), *WrongStep, ErrNotSignedIn.
func (p *Porter) ChoosePassword(ctx context.Context, c Caller, name string, password Secret) error {
	now := time.Now()
	_, a, err := p.enrolling(c, now, StepPassword, StepTOTP)
	if err != nil {
		return err
	}
	first := a.Name == "" || (a.Role == Owner && !p.claimed())
	if !first {
		name = a.Name
	} else if strings.TrimSpace(name) == "" {
		name = cmpOr(a.Name, "owner")
	}
	if name, err = p.goodName(name, a.ID); err != nil {
		return err
	}
	if _, err := p.Judge(name, password); err != nil {
		return err
	}
	phc, err := p.kdf.hash(ctx, password)
	if err != nil {
		return err
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	_, a, err = p.enrolling(c, now, StepPassword, StepTOTP) // it may have ended meanwhile
	if err != nil {
		return err
	}
	b := a.copy()
	b.Name, b.Password, b.Step = name, phc, StepTOTP
	return p.commit(change{accounts: map[string]*account{b.ID: b}})
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// goodName is a name as it may be kept for account id.
func (p *Porter) goodName(name, id string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	switch n := utf8.RuneCountInString(name); {
	case n == 0 || n > 40 || !utf8.ValidString(name):
		return "", &home.Invalid{Field: "name", Reason: "give a name of 1 to 40 characters"}
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", &home.Invalid{Field: "name", Reason: "use letters, digits, spaces and signs only"}
	}
	if a := p.accountNamed(name); a != nil && a.ID != id {
		return "", &home.Invalid{Field: "name", Reason: "somebody has this name already: choose another"}
	}
	return name, nil
}

// OfferTOTP makes a second factor for the caller to confirm: in StageEnrol at
// StepTOTP, or full and freshly stepped up to replace the one there is. Asking
// again within ten minutes gives the same offer. Errors: *WrongStep,
// ErrStepUp, ErrNotSignedIn.
func (p *Porter) OfferTOTP(_ context.Context, c Caller) (Offer, error) {
	now := time.Now()
	x, a, err := p.enrollingOrFresh(c, now, StepTOTP)
	if err != nil {
		return Offer{}, err
	}
	o := p.offer(x.ID, func(o *offer) *offer {
		if o != nil && now.Sub(o.at) < offerFor {
			return o
		}
		return &offer{key: random(totpBytes), at: now}
	})
	if o == nil {
		return Offer{}, ErrNotSignedIn
	}
	return Offer{
		Key: Secret(groups(noPad.EncodeToString(o.key), 4, " ")),
		URI: Secret(totpURI(o.key, p.Home().Name, a.Name)),
	}, nil
}

// offer changes the offer that a living session holds, and returns it.
func (p *Porter) offer(id string, f func(*offer) *offer) *offer {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.bySession[id]
	if x == nil {
		return nil
	}
	y := *x
	y.offer = f(x.offer)
	p.bySession[id], p.byCookie[y.Cookie] = &y, &y
	return y.offer
}

// ConfirmTOTP takes a code of the offered second factor and returns ten new
// recovery codes, to be shown once. When it replaces a factor, all other
// sessions of the account end. Errors: *WrongCode (with Drift), *WrongStep,
// *TooMany, ErrStepUp, ErrNotSignedIn.
func (p *Porter) ConfirmTOTP(_ context.Context, c Caller, code Secret) ([]Secret, error) {
	now := time.Now()
	x, a, err := p.enrollingOrFresh(c, now, StepTOTP)
	if err != nil {
		return nil, err
	}
	if x.offer == nil {
		return nil, &WrongStep{Want: StepTOTP}
	}
	t, err := p.brakes.begin(now, "offer:"+a.ID, addrOf(x.From), false)
	if err != nil {
		return nil, err
	}
	step, err := checkTOTP(x.offer.key, 0, now, digits(code))
	if err != nil {
		return nil, withTries(err, t, now)
	}
	t.right()

	p.writing.Lock()
	defer p.writing.Unlock()
	x, a, err = p.enrollingOrFresh(c, now, StepTOTP)
	if err != nil {
		return nil, err
	}
	if x.offer == nil {
		return nil, &WrongStep{Want: StepTOTP}
	}
	replaced := a.Factor != nil
	b := a.copy()
	b.Factor = &factor{Key: x.offer.key, Step: step}
	b.Invite = nil
	codes := newRecovery(b)
	ch := change{accounts: map[string]*account{b.ID: b}}
	p.endAll(&ch, b.ID, x.ID)
	if !replaced {
		b.Step = StepRecovery
	} else {
		b.Known = nil
	}
	first := !p.claimed() && b.Role == Owner
	if first {
		ch.claim = &claim{Done: true}
	}
	if err := p.commit(ch); err != nil {
		return nil, err
	}
	p.offer(x.ID, func(*offer) *offer { return nil })
	if first {
		p.mu.Lock()
		p.minted = ""
		p.mu.Unlock()
		if p.o.Dir != "" {
			if err := removeClaim(filepath.Join(p.o.Dir, claimFile)); err != nil {
				p.log.Warn("used claim code not removed", "err", err)
			}
		}
		p.note(now, b.Name, "The hub was claimed")
	} else {
		p.note(now, b.Name, b.Name+" set up a second factor")
	}
	return codes, nil
}

// newRecovery gives b a new set of recovery codes and returns them.
func newRecovery(b *account) []Secret {
	codes := make([]Secret, RecoveryCodes)
	b.Recovery = make([]sum, RecoveryCodes)
	for i := range codes {
		codes[i] = newCode(recoveryChars)
		b.Recovery[i] = sumOf(readCode(codes[i]))
	}
	return codes
}

// NewRecoveryCodes replaces the recovery codes: in StageEnrol at StepRecovery
// (the page was lost before they were saved), or full and freshly stepped up.
// Errors: *WrongStep, ErrStepUp, ErrNotSignedIn.
func (p *Porter) NewRecoveryCodes(_ context.Context, c Caller) ([]Secret, error) {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	_, a, err := p.enrollingOrFresh(c, now, StepRecovery)
	if err != nil {
		return nil, err
	}
	b := a.copy()
	codes := newRecovery(b)
	if err := p.commit(change{accounts: map[string]*account{b.ID: b}}); err != nil {
		return nil, err
	}
	p.note(now, b.Name, b.Name+" made new recovery codes")
	return codes, nil
}

// ConfirmRecovery takes one of the recovery codes as proof that they were
// saved, without using it up, and makes the enrolling session full. Errors:
// *WrongCode, *WrongStep, *TooMany, ErrNotSignedIn.
func (p *Porter) ConfirmRecovery(_ context.Context, c Caller, from Client, code Secret) (Entered, error) {
	now := time.Now()
	_, a, err := p.enrolling(c, now, StepRecovery)
	if err != nil {
		return Entered{}, err
	}
	t, err := p.brakes.begin(now, "code:"+a.ID, from.Addr, a.knows(from.Known, now))
	if err != nil {
		return Entered{}, err
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	x, a, err := p.enrolling(c, now, StepRecovery)
	if err != nil {
		return Entered{}, err
	}
	if !slices.Contains(a.Recovery, sumOf(readCode(code))) {
		return Entered{}, withTries(&WrongCode{}, t, now)
	}
	t.right()
	b := a.copy()
	b.Step = StepDone
	if b.Role == Owner && p.Home().Name == "" {
		b.Step = StepFinish
	}
	return p.letIn(now, x, b, from)
}

// Finish is the last step of the first claim, and later the way to change what
// the owner said about the house. Errors: *home.Invalid, ErrNotSignedIn,
// ErrSecondFactor, *Forbidden, ErrStepUp.
func (p *Porter) Finish(_ context.Context, c Caller, h Home) error {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	ch := change{home: &h}
	if c.Kind == ByToken {
		if err := c.Check(SystemWrite, now); err != nil {
			return err
		}
	} else {
		_, a, err := p.alive(c, now)
		if err != nil {
			return err
		}
		// Right after the claim the step-up is the claim itself.
		if err := p.refresh(c).Check(SystemWrite, now); err != nil && (!errors.Is(err, ErrStepUp) || a.Step != StepFinish) {
			return err
		}
		if a.Step == StepFinish {
			b := a.copy()
			b.Step = StepDone
			ch.accounts = map[string]*account{b.ID: b}
		}
	}
	h.Name = strings.Join(strings.Fields(h.Name), " ")
	h.Emergency = strings.TrimSpace(h.Emergency)
	if err := h.check(); err != nil {
		return err
	}
	if err := p.commit(ch); err != nil {
		return err
	}
	p.note(now, c.Name, "The home's name, number and time zone were set")
	return nil
}

func (h Home) check() error {
	if n := utf8.RuneCountInString(h.Name); n == 0 || n > 40 || !utf8.ValidString(h.Name) ||
		strings.ContainsFunc(h.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return &home.Invalid{Field: "name", Reason: "give the home a name of 1 to 40 characters"}
	}
	number := strings.Map(func(r rune) rune {
		if strings.ContainsRune("+-/(). ", r) || r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, h.Emergency)
	if number != "" || len(h.Emergency) > 24 {
		return &home.Invalid{Field: "emergency", Reason: "give a telephone number such as 112, or nothing"}
	}
	if h.Zone != "" {
		if _, err := time.LoadLocation(h.Zone); err != nil || h.Zone == "Local" {
			return &home.Invalid{Field: "zone", Reason: "give a time zone such as Europe/Berlin"}
		}
	}
	return nil
}

// Home is what the owner said about the house; its Name is "" before.
func (p *Porter) Home() Home {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said
}

// enrolling is the session and account of a caller in StageEnrol at one of
// steps.
func (p *Porter) enrolling(c Caller, now time.Time, steps ...Step) (session, *account, error) {
	x, a, err := p.alive(c, now)
	switch {
	case err != nil:
		return session{}, nil, err
	case x.Stage == StagePending:
		return session{}, nil, ErrSecondFactor
	case x.Stage != StageEnrol || !slices.Contains(steps, a.Step):
		return session{}, nil, &WrongStep{Want: a.Step}
	}
	return x, a, nil
}

// enrollingOrFresh is enrolling, or a full caller who has just stepped up.
func (p *Porter) enrollingOrFresh(c Caller, now time.Time, step Step) (session, *account, error) {
	x, a, err := p.alive(c, now)
	if err != nil {
		return session{}, nil, err
	}
	if x.Stage != StageFull {
		return p.enrolling(c, now, step)
	}
	if !fresh(x.SteppedUp, now) {
		return session{}, nil, ErrStepUp
	}
	return x, a, nil
}
