package hap

import (
	"crypto/ed25519"
	"strings"
	"time"
)

// Identity is what the accessory is for ever.
type Identity struct {
	ID   string // "AA:BB:CC:DD:EE:FF"
	Seed []byte // of its long-term key
}

func (i Identity) key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(i.Seed) }

// Pairing is a controller that is let in.
type Pairing struct {
	ID    string            `json:"id"` // as the controller calls itself
	Key   ed25519.PublicKey `json:"key"`
	Admin bool              `json:"admin"` // may let others in
	Since time.Time         `json:"since"`
}

// mostPairings bounds the list (§5.11 asks for 16 at least).
const mostPairings = 16

// Keeper keeps who is paired.
type Keeper interface {
	Identity() Identity
	// SetupCode is "123-45-678".
	SetupCode() string
	Pairings() []Pairing
	Pairing(id string) (Pairing, bool)
	// Put returns once the pairing is on disk. by is the controller that let this
	// one in, or "" for the one that gave the code.
	Put(p Pairing, by string) error
	// Remove returns once the pairing is off the disk, and all others too if it was
	// the last admin's.
	Remove(id, by string) error
}

// setup is one controller's way through pair-setup (§5.6), on one connection.
type setup struct {
	keeper Keeper
	window *window

	inside bool // has one of the window's places
	began  time.Time
	try    *srp   // after M2
	secret []byte // the shared key, only once the code was proved
	wrong  func(WrongCode)
}

// fail is the answer to a step that is refused; the way begins anew.
func (s *setup) fail(state byte, code byte, more ...Item) TLV {
	s.end()
	return append(TLV{{TagState, []byte{state}}, {TagError, []byte{code}}}, more...)
}

// end gives the place back and forgets what was agreed.
func (s *setup) end() {
	if s.inside {
		s.window.leave()
	}
	s.inside, s.try, s.secret = false, nil, nil
}

// step takes a message at now and answers it. ws has Closed when the window was
// closed by it.
func (s *setup) step(now time.Time, m TLV) TLV {
	state, _ := m.Byte(TagState)
	switch {
	case len(s.keeper.Pairings()) > 0, s.window.ends(now).IsZero():
		return s.fail(state+1, ErrorUnavailable)
	case state == 1:
		return s.start(now)
	case state == 3 && s.try != nil && now.Sub(s.began) < setupLife:
		return s.prove(now, m)
	case state == 5 && s.secret != nil && now.Sub(s.began) < setupLife:
		return s.exchange(now, m)
	default: // out of order, or too late
		return s.fail(state+1, ErrorAuthentication)
	}
}

func (s *setup) start(now time.Time) TLV {
	s.end()
	if s.inside = s.window.enter(); !s.inside {
		return s.fail(2, ErrorBusy)
	}
	s.began, s.try = now, newSRP(s.keeper.SetupCode())
	return TLV{{TagState, []byte{2}}, {TagPublicKey, s.try.public}, {TagSalt, s.try.salt}}
}

func (s *setup) prove(now time.Time, m TLV) TLV {
	wrong, wait, closed := s.window.try(now)
	if wait > 0 {
		return s.fail(4, ErrorBackoff, Item{TagRetryDelay, []byte{byte(min(int(wait.Seconds())+1, 255))}})
	}
	secret, answer, ok := s.try.prove(m.Get(TagPublicKey), m.Get(TagProof))
	s.try = nil // one try each
	if !ok {
		s.wrong(WrongCode{Count: wrong, Closed: closed})
		if closed {
			return s.fail(4, ErrorMaxTries)
		}
		return s.fail(4, ErrorAuthentication)
	}
	s.window.right()
	s.secret = secret
	return TLV{{TagState, []byte{4}}, {TagProof, answer}}
}

func (s *setup) exchange(now time.Time, m TLV) TLV {
	key := derive(s.secret, "Pair-Setup-Encrypt-Salt", "Pair-Setup-Encrypt-Info")
	plain, err := unseal(key, "PS-Msg05", m.Get(TagEncrypted))
	if err != nil {
		return s.fail(6, ErrorAuthentication)
	}
	theirs, err := ParseTLV(plain)
	if err != nil {
		return s.fail(6, ErrorAuthentication)
	}
	id, public := theirs.Get(TagIdentifier), theirs.Get(TagPublicKey)
	x := derive(s.secret, "Pair-Setup-Controller-Sign-Salt", "Pair-Setup-Controller-Sign-Info")
	if !nameable(id) || !signed(public, theirs.Get(TagSignature), x, id, public) {
		return s.fail(6, ErrorAuthentication)
	}
	p := Pairing{ID: string(id), Key: public, Admin: true, Since: now}
	if err := s.keeper.Put(p, ""); err != nil {
		return s.fail(6, ErrorUnknown)
	}
	self := s.keeper.Identity()
	x = derive(s.secret, "Pair-Setup-Accessory-Sign-Salt", "Pair-Setup-Accessory-Sign-Info")
	ours := TLV{
		{TagIdentifier, []byte(self.ID)},
		{TagPublicKey, self.key().Public().(ed25519.PublicKey)},
		{TagSignature, sign(self.key(), x, []byte(self.ID), self.key().Public().(ed25519.PublicKey))},
	}
	s.end()
	s.window.open(time.Time{})
	return TLV{{TagState, []byte{6}}, {TagEncrypted, seal(key, "PS-Msg06", ours.Append(nil))}}
}

// nameable tells whether an id can stand in a list and in an address. Apple's are
// UUIDs.
func nameable(id []byte) bool {
	return len(id) > 0 && len(id) <= 64 &&
		strings.Trim(string(id), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-:") == ""
}

func sign(key ed25519.PrivateKey, parts ...[]byte) []byte {
	var m []byte
	for _, p := range parts {
		m = append(m, p...)
	}
	return ed25519.Sign(key, m)
}

func signed(key, signature []byte, parts ...[]byte) bool {
	var m []byte
	for _, p := range parts {
		m = append(m, p...)
	}
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, m, signature)
}
