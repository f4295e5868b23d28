package clips

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/hub/home"
)

// Bounds of a vault's passkeys.
const (
	mostPasskeys = 16
	// The credential ids that WebAuthn knows (Level 3, §5.1 and §6.1): 16 to 1,023 bytes.
	leastCredential, mostCredential = 16, 1023
	mostWrapped                     = 4096 // an identity of 77 characters takes 560
	armourBegin, armourEnd          = "-----BEGIN AGE ENCRYPTED FILE-----\n", "\n-----END AGE ENCRYPTED FILE-----"
)

// AddPasskey keeps what a passkey opens: the owner's key, wrapped by the browser to
// what the passkey alone can say. The hub cannot tell whether it does. Errors:
// *home.Invalid, *home.Conflict.
func (r *Recorder) AddPasskey(p home.VaultPasskey, by string) (home.VaultPasskey, error) {
	p.Name = strings.Join(strings.Fields(p.Name), " ")
	if err := checkPasskey(p); err != nil {
		return home.VaultPasskey{}, err
	}
	r.vault.mu.Lock()
	defer r.vault.mu.Unlock()
	v := r.vault.v
	switch {
	case len(v.Recipients) == 0:
		return home.VaultPasskey{}, &home.Conflict{Reason: "there is no vault yet: make it first"}
	case len(v.Passkeys) >= mostPasskeys:
		return home.VaultPasskey{}, &home.Conflict{Reason: fmt.Sprintf("%d passkeys open the vault already: remove one first", mostPasskeys)}
	}
	for _, o := range v.Passkeys {
		switch {
		case strings.EqualFold(o.Name, p.Name):
			return home.VaultPasskey{}, &home.Invalid{Field: "name", Reason: "a passkey has this name already: choose another, or remove that one first"}
		case o.Host == p.Host && o.Credential == p.Credential:
			return home.VaultPasskey{}, &home.Conflict{Reason: fmt.Sprintf("this passkey opens the vault already, as %s", o.Name)}
		}
	}
	now := home.At(time.Now())
	p.ID, p.Created, p.By = strings.ToLower(rand.Text()), now, by
	v.Passkeys = append(slices.Clone(v.Passkeys), p)
	if err := r.keepPasskeys(v, now, by, fmt.Sprintf("%s added a passkey that opens the vault: %s.", by, p.Name)); err != nil {
		return home.VaultPasskey{}, err
	}
	return p, nil
}

// RemovePasskey forgets what a passkey opens. The vault's key stays as it is. Errors:
// *home.NotFound.
func (r *Recorder) RemovePasskey(id, by string) error {
	r.vault.mu.Lock()
	defer r.vault.mu.Unlock()
	v := r.vault.v
	i := slices.IndexFunc(v.Passkeys, func(p home.VaultPasskey) bool { return p.ID == id })
	if i < 0 {
		return &home.NotFound{What: "passkey", ID: id}
	}
	name := v.Passkeys[i].Name
	v.Passkeys = slices.Delete(slices.Clone(v.Passkeys), i, i+1)
	return r.keepPasskeys(v, home.At(time.Now()), by, passkeyRemoved(by, name))
}

func passkeyRemoved(by, name string) string {
	return fmt.Sprintf("%s removed the passkey %s, which opened the vault.", by, name)
}

// keepPasskeys saves the vault with other passkeys and tells of it. The caller holds
// the vault.
func (r *Recorder) keepPasskeys(v home.Vault, now home.Time, by, text string) error {
	if err := r.vault.store.Save(v); err != nil {
		return err
	}
	r.vault.v = v
	r.journal.Add(home.Event{At: now, Kind: home.KindAccess, Who: home.Who(by), Text: text})
	return nil
}

func checkPasskey(p home.VaultPasskey) error {
	credential, err := base64.RawURLEncoding.Strict().DecodeString(p.Credential)
	switch n := utf8.RuneCountInString(p.Name); {
	case n == 0 || n > 40 || !utf8.ValidString(p.Name), strings.ContainsFunc(p.Name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return &home.Invalid{Field: "name", Reason: "give a name of 1 to 40 characters"}
	case !isHostName(p.Host):
		return &home.Invalid{Field: "host", Reason: "is no host name in lower case, such as gatehouse.local: browsers keep passkeys for names alone"}
	case err != nil || len(credential) < leastCredential || len(credential) > mostCredential:
		return &home.Invalid{Field: "credential", Reason: "is no credential id: want 16 to 1,023 bytes as base64url without padding"}
	case !isArmoured(p.Wrapped):
		return &home.Invalid{Field: "wrapped", Reason: notArmoured}
	}
	return nil
}

const notArmoured = "is no age file in its armour of at most 4,096 characters"

func isArmoured(s string) bool {
	return len(s) <= mostWrapped && strings.HasPrefix(s, armourBegin) && strings.HasSuffix(strings.TrimSpace(s), armourEnd)
}

// isHostName tells a name that a passkey can be bound to from an address, which it
// cannot (WebAuthn Level 3, §5.1.3: the effective domain).
func isHostName(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil || s == "" || len(s) > 253 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}
