package clips

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"filippo.io/age"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// VaultStore keeps the vault.
type VaultStore interface {
	Load() (v home.Vault, ok bool, err error)
	Save(v home.Vault) error
}

// recipients are the keys that a clip is sealed to.
type recipients struct {
	keys  []age.Recipient
	names []string
	epoch int
}

type vault struct {
	store VaultStore
	epoch atomic.Int64 // of to, for who must not wait for a disk
	mu    sync.Mutex
	v     home.Vault
	to    recipients
}

func openVault(store VaultStore) (*vault, error) {
	v := &vault{store: store}
	kept, ok, err := store.Load()
	if err != nil {
		return nil, fmt.Errorf("clips: vault: %w", err)
	}
	if ok {
		to, err := parseRecipients(kept)
		if err != nil {
			return nil, fmt.Errorf("clips: vault: %w", err)
		}
		v.set(kept, to)
	}
	return v, nil
}

func parseRecipients(v home.Vault) (recipients, error) {
	to := recipients{names: v.Names, epoch: v.Epoch}
	for i, s := range v.Recipients {
		key, err := age.ParseHybridRecipient(s)
		if err != nil {
			return recipients{}, &home.Invalid{Field: fmt.Sprintf("recipients.%d", i), Reason: "is not a hybrid public key: want one that begins with age1pq1, as age-keygen -pq makes it"}
		}
		to.keys = append(to.keys, key)
	}
	return to, nil
}

// set is called with mu held, or by whoever made v.
func (v *vault) set(kept home.Vault, to recipients) {
	v.v, v.to = kept, to
	v.epoch.Store(int64(to.epoch))
}

func (v *vault) keys() recipients {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.to
}

// Vault is whose keys clips are sealed to.
func (r *Recorder) Vault() home.Vault {
	r.vault.mu.Lock()
	defer r.vault.mu.Unlock()
	v := r.vault.v
	v.Recipients, v.Names = append([]string{}, v.Recipients...), append([]string{}, v.Names...)
	v.Passkeys = append([]home.VaultPasskey{}, v.Passkeys...)
	v.Earlier = append([]home.VaultEpoch{}, v.Earlier...)
	return v
}

// mostEpochs is how many earlier keys are remembered.
const mostEpochs = 64

// PutVault changes whose keys clips are sealed to, from the next clip on; those that
// are being recorded end at the next picture that stands alone. Those of before stay
// sealed as they are: the hub could not open them.
//
// v.Epoch, unless it is 0, is the epoch that v would be: it is refused when somebody else
// changed the keys meanwhile, whose wrapped key would be lost. v.Passkeys, unless it is
// nil, are those that open the new key, with what they open now, and all others are
// forgotten; nil leaves them as they are, since which key each of them opens, a browser
// alone can tell. All of it is written at once: no clip is sealed to a key that is not
// kept. Errors: *home.Invalid, *home.Conflict.
func (r *Recorder) PutVault(v home.Vault, by string) (home.Vault, error) {
	for i := len(v.Names); i < len(v.Recipients); i++ {
		v.Names = append(v.Names, defaultName(i))
	}
	if len(v.Names) != len(v.Recipients) {
		return home.Vault{}, &home.Invalid{Field: "names", Reason: "there are more names than recipients"}
	}
	for i, s := range v.Recipients {
		if slices.Index(v.Recipients, s) != i {
			return home.Vault{}, &home.Invalid{Field: fmt.Sprintf("recipients.%d", i), Reason: "is there twice"}
		}
	}
	r.vault.mu.Lock()
	defer r.vault.mu.Unlock()
	was, now, wanted := r.vault.v, home.At(time.Now()), v.Epoch
	v.Epoch, v.Since, v.Earlier = was.Epoch, was.Since, append([]home.VaultEpoch{}, was.Earlier...)
	if !slices.Equal(v.Recipients, was.Recipients) {
		v.Epoch, v.Since, v.Earlier = was.Epoch+1, &now, earlier(was, now)
	}
	if wanted != 0 && wanted != v.Epoch {
		return home.Vault{}, &home.Conflict{Reason: "somebody else changed the keys meanwhile: look at the vault again"}
	}
	var err error
	if v.Passkeys, err = rewrapped(was.Passkeys, v.Passkeys); err != nil {
		return home.Vault{}, err
	}
	to, err := parseRecipients(v)
	if err != nil {
		return home.Vault{}, err
	}
	if err := r.vault.store.Save(v); err != nil {
		return home.Vault{}, err
	}
	r.vault.set(v, to)
	r.tellOfKeys(was, v, now, by)
	if len(to.keys) > 0 {
		r.board.Set(false, health.NoVault, "")
	}
	return v, nil
}

// tellOfKeys writes down what became of the vault's keys.
func (r *Recorder) tellOfKeys(was, is home.Vault, now home.Time, by string) {
	tell := func(text string) {
		r.journal.Add(home.Event{At: now, Kind: home.KindAccess, Who: home.Who(by), Text: text})
	}
	if is.Epoch != was.Epoch {
		tell(fmt.Sprintf("%s changed the keys that clips are sealed to: %d from here on.", by, len(is.Recipients)))
	}
	for _, p := range was.Passkeys {
		if !slices.ContainsFunc(is.Passkeys, func(q home.VaultPasskey) bool { return q.ID == p.ID }) {
			tell(passkeyRemoved(by, p.Name))
		}
	}
}

// earlier are the keys of before, once those of was are among them.
func earlier(was home.Vault, until home.Time) []home.VaultEpoch {
	list := []home.VaultEpoch{}
	if len(was.Recipients) > 0 { // or no clip was sealed meanwhile
		e := home.VaultEpoch{Epoch: was.Epoch, Names: was.Names, Since: was.Since, Until: until}
		for _, s := range was.Recipients {
			e.Ends = append(e.Ends, s[max(0, len(s)-6):])
		}
		list = append(list, e)
	}
	list = append(list, was.Earlier...)
	return list[:min(len(list), mostEpochs)]
}

// rewrapped are the passkeys that stay, in their old order: those of given, with what
// they open now; all of them as they are when nothing is given.
func rewrapped(all, given []home.VaultPasskey) ([]home.VaultPasskey, error) {
	if given == nil {
		return append([]home.VaultPasskey{}, all...), nil
	}
	for i, g := range given {
		if !slices.ContainsFunc(all, func(p home.VaultPasskey) bool { return p.ID == g.ID }) {
			return nil, &home.Invalid{Field: fmt.Sprintf("passkeys.%d.id", i), Reason: "no passkey of the vault has it: look at the vault again"}
		}
		if !isArmoured(g.Wrapped) {
			return nil, &home.Invalid{Field: fmt.Sprintf("passkeys.%d.wrapped", i), Reason: notArmoured}
		}
	}
	stay := []home.VaultPasskey{}
	for _, p := range all {
		if i := slices.IndexFunc(given, func(g home.VaultPasskey) bool { return g.ID == p.ID }); i >= 0 {
			p.Wrapped = given[i].Wrapped
			stay = append(stay, p)
		}
	}
	return stay, nil
}

func defaultName(i int) string {
	switch i {
	case 0:
		return "owner"
	case 1:
		return "recovery"
	}
	return fmt.Sprintf("key %d", i+1)
}
