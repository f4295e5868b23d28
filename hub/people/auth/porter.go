package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"gatehouse/hub/home"
)

// Porter holds who may come in. Open makes one; its methods may be called from
// any goroutine.
type Porter struct {
	store
	o      Options
	kdf    *kdf
	brakes brakes
	log    *slog.Logger
	wake   chan struct{} // Run looks again at what ends next
}

// Open reads the accounts from o.DB. On a hub that has no owner it makes sure
// that there is a claim code.
func Open(o Options) (*Porter, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	now := time.Now()
	p := &Porter{o: o, log: o.Log, wake: make(chan struct{}, 1)}
	if err := p.open(o.DB, o.Log, now); err != nil {
		return nil, err
	}
	var err error
	if p.kdf, err = newKDF(o.DB, o.Cost); err != nil {
		return nil, err
	}
	if o.Demo != nil && !p.claimed() {
		if err := p.seed(now, *o.Demo); err != nil {
			return nil, err
		}
	}
	return p, p.prepareClaim(now)
}

// seed makes the demo's owner.
func (p *Porter) seed(now time.Time, d Demo) error {
	key, err := noPad.DecodeString(strings.ToUpper(strings.ReplaceAll(string(d.TOTP), " ", "")))
	if err != nil || len(key) < 10 {
		return errors.New("auth: the demo's TOTP secret is not base32 of at least 16 characters")
	}
	phc, err := p.kdf.hash(context.Background(), d.Password)
	if err != nil {
		return err
	}
	a := &account{
		ID: newID(), Name: cmpOr(d.Name, "owner"), Role: Owner, Created: home.At(now),
		Step: StepDone, Password: phc, Factor: &factor{Key: key},
	}
	newRecovery(a)
	p.writing.Lock()
	defer p.writing.Unlock()
	return p.commit(change{accounts: map[string]*account{a.ID: a}, claim: &claim{Done: true}, home: &d.Home})
}

// DemoCode is a code that the demo owner's second factor takes next, for the
// demo's sign-in page, and how long it will hold. ok is false on a real hub.
func (p *Porter) DemoCode() (code Secret, holds time.Duration, ok bool) {
	if p.o.Demo == nil {
		return "", 0, false
	}
	a := p.accountNamed(cmpOr(p.o.Demo.Name, "owner"))
	if a == nil || a.Factor == nil {
		return "", 0, false
	}
	now := time.Now()
	// A code is good once; the next one is good already (totpWindow).
	step := min(max(stepAt(now), a.Factor.Step+1), stepAt(now)+totpWindow)
	end := time.Unix((step+totpWindow+1)*int64(totpStep/time.Second), 0)
	return Secret(totpAt(a.Factor.Key, step)), end.Sub(now), true
}

// Run ends sessions and tokens whose time has come, and keeps what was seen
// when, until ctx ends.
func (p *Porter) Run(ctx context.Context) error {
	for {
		wait, err := p.sweep(time.Now())
		if err != nil {
			// The next round tries again; meanwhile Caller refuses what is over.
			p.log.Warn("sessions not kept", "err", err)
			wait = 5 * time.Second
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-p.wake:
			t.Stop()
		case <-ctx.Done():
			t.Stop()
			if _, err := p.sweep(time.Now()); err != nil {
				p.log.Warn("sessions not kept", "err", err)
			}
			return ctx.Err()
		}
	}
}

// nudge makes Run look again.
func (p *Porter) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

const (
	sweepAtMost = time.Minute     // a clock that jumps is noticed within
	keepSeen    = 5 * time.Minute // what was seen is on disk within: sparing an SD card
)

// sweep ends what is over at now and returns how long to wait for the next.
func (p *Porter) sweep(now time.Time) (time.Duration, error) {
	p.writing.Lock()
	defer p.writing.Unlock()
	c := change{sessions: map[string]*session{}, tokens: map[string]*token{}}
	next := now.Add(sweepAtMost)
	soonest := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	p.mu.Lock()
	for id, x := range p.bySession {
		a := p.byUser[x.User]
		switch {
		case a == nil || a.over(now) || !now.Before(x.ends()):
			c.sessions[id] = nil
		default:
			soonest(x.ends())
			if a.Ends != nil {
				soonest(a.Ends.Time)
			}
			if x.Stage == StageFull && x.Seen.Sub(x.saved) >= keepSeen {
				y := *x
				c.sessions[id] = &y
			}
		}
	}
	var used []*token
	for id, t := range p.byToken {
		switch {
		case t.over(now):
			c.tokens[id] = nil
		case t.Ends != nil:
			soonest(t.Ends.Time)
			fallthrough
		default:
			if t.Used != nil && t.Used.Sub(t.saved) >= keepSeen {
				used = append(used, t)
			}
		}
	}
	p.mu.Unlock()
	if len(c.sessions)+len(c.tokens) > 0 {
		if err := p.commit(c); err != nil {
			return 0, err
		}
	}
	for id := range c.tokens {
		p.log.Info("token has ended", "token", id)
	}
	return next.Sub(now), p.keepUsed(used)
}

// keepUsed writes when tokens were last used, without touching who holds them.
func (p *Porter) keepUsed(used []*token) error {
	for _, t := range used {
		p.mu.Lock()
		row := *t
		p.mu.Unlock()
		if err := p.tokens.Put(row.ID, &row); err != nil {
			return fmt.Errorf("auth: %w", err)
		}
		p.mu.Lock()
		t.saved = row.Used.Time
		p.mu.Unlock()
	}
	return nil
}

func addrOf(s string) netip.Addr {
	a, _ := netip.ParseAddr(s)
	return a
}
