package auth

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/hub/home"
)

// Bearer reads who holds a token, for faces that are not HTTP. Errors:
// ErrNotSignedIn.
func (p *Porter) Bearer(secret Secret) (Caller, error) {
	s := string(secret)
	if !strings.HasPrefix(s, tokenPrefix) {
		return Caller{}, ErrNotSignedIn
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.bySecret[sumOf(s)]
	if t == nil || t.over(now) {
		return Caller{}, ErrNotSignedIn
	}
	used := home.At(now)
	t.Used = &used
	return Caller{Kind: ByToken, ID: t.ID, Name: t.Name, Role: t.Role, Stage: StageFull, ended: t.ended}, nil
}

func (t *token) shown() Token {
	return Token{ID: t.ID, Name: t.Name, Role: t.Role, Created: t.Created, By: t.By, Ends: t.Ends, Used: t.Used}
}

// Tokens lists the programs' tokens by name.
func (p *Porter) Tokens() []Token {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []Token
	for _, t := range p.byToken {
		if !t.over(now) {
			list = append(list, t.shown())
		}
	}
	slices.SortFunc(list, func(a, b Token) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// CreateToken makes a token for a program; the secret is shown once. ends zero
// means until revoked, which guests and installers may not have. It works
// before the hub is claimed. Errors: *home.Invalid.
func (p *Porter) CreateToken(_ context.Context, by, name string, role Role, ends time.Time) (Token, Secret, error) {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	name = strings.Join(strings.Fields(name), " ")
	switch n := utf8.RuneCountInString(name); {
	case n == 0 || n > 40 || !utf8.ValidString(name), strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return Token{}, "", &home.Invalid{Field: "name", Reason: "give a name of 1 to 40 characters"}
	case p.tokenCalled(name) != nil:
		return Token{}, "", &home.Invalid{Field: "name", Reason: "a token has this name already: choose another, or revoke that one first"}
	}
	until, err := term(role, ends, now)
	if err != nil {
		return Token{}, "", err
	}
	secret := tokenPrefix + newSecret()
	t := &token{
		ID: newID(), Name: name, Secret: sumOf(secret), Role: role,
		Created: home.At(now), By: by, Ends: until,
	}
	if err := p.commit(change{tokens: map[string]*token{t.ID: t}}); err != nil {
		return Token{}, "", err
	}
	p.note(now, by, "Token "+name+" was made for a program, as "+string(role))
	p.nudge()
	return t.shown(), Secret(secret), nil
}

// tokenCalled finds a token by id or name, nil for none.
func (p *Porter) tokenCalled(id string) *token {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.byToken[id]; t != nil {
		return t
	}
	for _, t := range p.byToken {
		if strings.EqualFold(t.Name, id) {
			return t
		}
	}
	return nil
}

// RevokeToken ends a token, by id or name; streams that watch it end at once.
// Errors: *home.NotFound.
func (p *Porter) RevokeToken(_ context.Context, by, id string) error {
	now := time.Now()
	p.writing.Lock()
	defer p.writing.Unlock()
	t := p.tokenCalled(id)
	if t == nil {
		return &home.NotFound{What: "token", ID: id}
	}
	if err := p.commit(change{tokens: map[string]*token{t.ID: nil}}); err != nil {
		return err
	}
	p.note(now, by, "Token "+t.Name+" was revoked")
	return nil
}
