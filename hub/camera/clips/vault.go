package clips

import (
	"fmt"
	"slices"
	"sync"
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
		v.v, v.to = kept, to
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
	return v
}

// PutVault changes whose keys clips are sealed to, from the next clip on. Those
// of before stay sealed as they are: the hub could not open them. The passkeys stay
// too: which key each of them opens, a browser alone can tell.
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
	v.Epoch, v.Passkeys = r.vault.v.Epoch, append([]home.VaultPasskey{}, r.vault.v.Passkeys...)
	if !slices.Equal(v.Recipients, r.vault.v.Recipients) {
		now := home.At(time.Now())
		v.Epoch, v.Since = v.Epoch+1, &now
	} else {
		v.Since = r.vault.v.Since
	}
	to, err := parseRecipients(v)
	if err != nil {
		return home.Vault{}, err
	}
	if err := r.vault.store.Save(v); err != nil {
		return home.Vault{}, err
	}
	if v.Epoch != r.vault.v.Epoch {
		text := fmt.Sprintf("%s changed the keys that clips are sealed to: %d from here on.", by, len(to.keys))
		r.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindAccess, Who: home.Who(by), Text: text})
	}
	r.vault.v, r.vault.to = v, to
	if len(to.keys) > 0 {
		r.board.Set(false, health.NoVault, "")
	}
	return v, nil
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
