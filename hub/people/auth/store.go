package auth

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/hub/home"
	"gatehouse/storage"
)

// account is a person as kept. Values are replaced, never changed in place.
type account struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Role     Role       `json:"role"`
	Created  home.Time  `json:"created"`
	Ends     *home.Time `json:"ends,omitempty"`
	Step     Step       `json:"step"`
	Password string     `json:"password,omitempty"` // PHC string
	Factor   *factor    `json:"factor,omitempty"`
	Recovery []sum      `json:"recovery,omitempty"` // what is left
	Invite   *invite    `json:"invite,omitempty"`
	Known    []known    `json:"known,omitempty"` // browsers, oldest first
	Seen     *home.Time `json:"seen,omitempty"`  // last full sign-in
}

// factor is a confirmed TOTP secret. Step is the last one used: that one and
// all before are refused (RFC 6238 §5.2).
type factor struct {
	Key  []byte `json:"key"`
	Step int64  `json:"step"`
}

// claim is how a new hub waits for its owner.
type claim struct {
	Code sum  `json:"code"`
	Done bool `json:"done"` // an owner has enrolled: the code is dead for ever
}

// invite is a code with which the account may be enrolled. The claim code of
// a new hub becomes the invitation of its first owner.
type invite struct {
	Code sum        `json:"code"`
	Ends *home.Time `json:"ends,omitempty"` // nil: until used
}

// known is a browser that signed in before.
type known struct {
	Cookie sum       `json:"cookie"`
	Until  home.Time `json:"until"`
}

func (a *account) usable(now time.Time) bool {
	return a != nil && a.Password != "" && a.Factor != nil && !a.over(now)
}

func (a *account) over(now time.Time) bool { return a.Ends != nil && !now.Before(a.Ends.Time) }

// copy is a deep enough copy for a change.
func (a *account) copy() *account {
	b := *a
	b.Recovery, b.Known = slices.Clone(a.Recovery), slices.Clone(a.Known)
	return &b
}

// knows tells whether the browser with this cookie signed in to the account.
func (a *account) knows(cookie Secret, now time.Time) bool {
	if a == nil || cookie == "" {
		return false
	}
	h := sumOf(string(cookie))
	return slices.ContainsFunc(a.Known, func(k known) bool { return k.Cookie == h && now.Before(k.Until.Time) })
}

// session is a session as kept, under the hash of its cookie.
type session struct {
	ID        string    `json:"id"`
	Cookie    sum       `json:"cookie"`
	User      string    `json:"user"`
	Stage     Stage     `json:"stage"`
	Created   home.Time `json:"created"`
	Seen      home.Time `json:"seen"`
	SteppedUp time.Time `json:"stepped_up,omitzero"`
	From      string    `json:"from"`
	Agent     string    `json:"agent"`

	ended chan struct{}
	saved time.Time // the Seen that is on disk
	offer *offer
}

// offer is a TOTP secret that waits to be confirmed. It is not kept over a
// restart: the page asks again.
type offer struct {
	key []byte
	at  time.Time
}

// ends is when the session is over if nothing more is heard.
func (s *session) ends() time.Time {
	switch s.Stage {
	case StageFull:
		idle, all := s.Seen.Add(Idle), s.Created.Add(Lifetime)
		if idle.Before(all) {
			return idle
		}
		return all
	case StageEnrol:
		return s.Created.Add(EnrolFor)
	default:
		return s.Created.Add(PendingFor)
	}
}

// token is a program's key as kept, under the hash of its secret.
type token struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Secret  sum        `json:"secret"`
	Role    Role       `json:"role"`
	Created home.Time  `json:"created"`
	By      string     `json:"by"`
	Ends    *home.Time `json:"ends,omitempty"`
	Used    *home.Time `json:"used,omitempty"`

	ended chan struct{}
	saved time.Time // the Used that is on disk
}

func (t *token) over(now time.Time) bool { return t.Ends != nil && !now.Before(t.Ends.Time) }

// store is everything that is kept, in memory, and on disk first. Readers take
// mu for a moment; a writer holds writing for its whole change, so that
// nobody who only wants to come in waits for a disk.
type store struct {
	db        *storage.DB
	accounts  *storage.Table[*account]
	sessions  *storage.Table[*session]
	tokens    *storage.Table[*token]
	claimCell *storage.Cell[claim]
	homeCell  *storage.Cell[Home]

	writing sync.Mutex

	mu        sync.Mutex
	byUser    map[string]*account
	bySession map[string]*session
	byCookie  map[sum]*session
	byToken   map[string]*token
	bySecret  map[sum]*token
	claim     claim
	minted    Secret // the claim code, in the process that made it
	said      Home
}

// change is a set of rows that go to disk in one transaction and then into
// memory. A nil value removes its row.
type change struct {
	accounts map[string]*account
	sessions map[string]*session
	tokens   map[string]*token
	claim    *claim
	home     *Home
}

func (s *store) open(db *storage.DB, log *slog.Logger, now time.Time) error {
	s.db = db
	s.accounts = storage.NewTable[*account](db, "people")
	s.sessions = storage.NewTable[*session](db, "sessions")
	s.tokens = storage.NewTable[*token](db, "tokens")
	s.claimCell = storage.NewCell[claim](db, "claim")
	s.homeCell = storage.NewCell[Home](db, "home")
	s.byUser, s.bySession, s.byCookie = map[string]*account{}, map[string]*session{}, map[sum]*session{}
	s.byToken, s.bySecret = map[string]*token{}, map[sum]*token{}

	// A row that cannot be read is somebody who does not come in. The house
	// goes on; and it does not count as unclaimed.
	accounts, err := s.accounts.All()
	if err != nil {
		log.Error("accounts not all readable", "err", err)
	}
	for _, r := range accounts {
		s.byUser[r.Key] = r.Value
	}
	sessions, err := s.sessions.All()
	if err != nil {
		log.Warn("sessions not all readable", "err", err)
	}
	for _, r := range sessions {
		if x := r.Value; s.byUser[x.User] != nil && now.Before(x.ends()) {
			x.ended, x.saved = make(chan struct{}), x.Seen.Time
			s.bySession[x.ID], s.byCookie[x.Cookie] = x, x
		}
	}
	tokens, err := s.tokens.All()
	if err != nil {
		log.Error("tokens not all readable", "err", err)
	}
	for _, r := range tokens {
		x := r.Value
		x.ended = make(chan struct{})
		if x.Used != nil {
			x.saved = x.Used.Time
		}
		s.byToken[x.ID], s.bySecret[x.Secret] = x, x
	}
	if s.claim, _, err = s.claimCell.Load(); err != nil {
		return fmt.Errorf("auth: read the claim code: %w", err)
	}
	if s.said, _, err = s.homeCell.Load(); err != nil {
		return fmt.Errorf("auth: read the home's name: %w", err)
	}
	return nil
}

// commit carries a change out. The caller holds writing.
func (s *store) commit(c change) error {
	// Pending sessions live in memory only: a flood of them must not wear the
	// disk, nor wait for it.
	kept := c
	kept.sessions = maps.Clone(c.sessions)
	s.mu.Lock()
	maps.DeleteFunc(kept.sessions, func(id string, x *session) bool {
		old := s.bySession[id]
		return (old == nil || old.Stage == StagePending) && (x == nil || x.Stage == StagePending)
	})
	s.mu.Unlock()
	if len(kept.sessions)+len(c.accounts)+len(c.tokens) > 0 || c.claim != nil || c.home != nil {
		if err := s.db.Update(func(tx *storage.Tx) error { return s.put(tx, kept) }); err != nil {
			return fmt.Errorf("auth: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, a := range c.accounts {
		if a == nil {
			delete(s.byUser, id)
		} else {
			s.byUser[id] = a
		}
	}
	for id, x := range c.sessions {
		s.replaceSession(id, x)
	}
	for id, t := range c.tokens {
		if old := s.byToken[id]; old != nil {
			close(old.ended)
			delete(s.byToken, id)
			delete(s.bySecret, old.Secret)
		}
		if t != nil {
			t.ended = make(chan struct{})
			s.byToken[id], s.bySecret[t.Secret] = t, t
		}
	}
	if c.claim != nil {
		s.claim = *c.claim
	}
	if c.home != nil {
		s.said = *c.home
	}
	return nil
}

func (s *store) put(tx *storage.Tx, c change) error {
	for id, a := range c.accounts {
		if err := putOrDelete(tx, s.accounts, id, a); err != nil {
			return err
		}
	}
	for id, x := range c.sessions {
		if err := putOrDelete(tx, s.sessions, id, x); err != nil {
			return err
		}
	}
	for id, t := range c.tokens {
		if err := putOrDelete(tx, s.tokens, id, t); err != nil {
			return err
		}
	}
	if c.claim != nil {
		if err := s.claimCell.SaveTx(tx, *c.claim); err != nil {
			return err
		}
	}
	if c.home != nil {
		return s.homeCell.SaveTx(tx, *c.home)
	}
	return nil
}

func putOrDelete[T any](tx *storage.Tx, t *storage.Table[*T], key string, v *T) error {
	if v == nil {
		return t.DeleteTx(tx, key)
	}
	return t.PutTx(tx, key, v)
}

// replaceSession puts x, or nothing, in the place of session id. What was
// there has ended, unless x is the same session gone on.
func (s *store) replaceSession(id string, x *session) {
	old := s.bySession[id]
	if old != nil {
		delete(s.bySession, id)
		delete(s.byCookie, old.Cookie)
		if x == nil || x.ended != old.ended {
			close(old.ended)
		} else if old.Seen.After(x.Seen.Time) {
			x.Seen, x.From, x.Agent = old.Seen, old.From, old.Agent // seen while this was written
		}
	}
	if x != nil {
		if x.ended == nil {
			x.ended = make(chan struct{})
		}
		x.saved = x.Seen.Time
		s.bySession[id], s.byCookie[x.Cookie] = x, x
	}
}

// account and the like read one thing. The value is not to be changed.
func (s *store) account(id string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byUser[id]
}

func (s *store) accountNamed(name string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.byUser {
		if a.Name != "" && strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return nil
}

func (s *store) allAccounts() []*account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.byUser), func(a, b *account) int {
		return strings.Compare(strings.ToLower(a.Name)+a.ID, strings.ToLower(b.Name)+b.ID)
	})
}

// sessionsOf lists the sessions of an account, of all accounts for "".
func (s *store) sessionsOf(user string) []session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []session
	for _, x := range s.bySession {
		if user == "" || x.User == user {
			list = append(list, *x)
		}
	}
	slices.SortFunc(list, func(a, b session) int {
		if c := b.Created.Compare(a.Created.Time); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

// endAll adds the end of all of user's sessions, but the one called except, to
// c.
func (s *store) endAll(c *change, user, except string) {
	if c.sessions == nil {
		c.sessions = map[string]*session{}
	}
	for _, x := range s.sessionsOf(user) {
		if x.ID != except {
			c.sessions[x.ID] = nil
		}
	}
}

// claimed tells whether an owner has enrolled.
func (s *store) claimed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claim.Done
}
