package hub

import (
	"fmt"
	"log/slog"
	"time"

	"gatehouse/hub/home"
)

// vaultName is the vault's second place, in the folder of the clips.
const vaultName = "vault"

// vaultStore keeps the vault where the rest of the home is, and once more beside the
// clips that are sealed to it. A database that is put back as it was before, from its
// own copy or by its owner, would bring keys back that were replaced, maybe because
// somebody had them: of two vaults the newer one counts. Both are older only when all of
// the data folder is, and then nothing in it knows.
type vaultStore struct {
	home, clips vaultPlace
	journal     interface{ Add(home.Event) uint64 }
	log         *slog.Logger

	saves int // of the vault that counts
}

// vaultPlace is one of them.
type vaultPlace interface {
	Load() (savedVault, bool, error)
	Save(savedVault) error
}

// savedVault is a vault as it is on disk.
type savedVault struct {
	home.Vault
	Saves int `json:"saves"` // how often it was changed; 0: by a release that did not count
}

// newer tells whether b was written after a.
func newer(a, b savedVault) bool {
	return b.Epoch > a.Epoch || b.Epoch == a.Epoch && 0 < a.Saves && a.Saves < b.Saves
}

// Load implements clips.VaultStore.
func (s *vaultStore) Load() (home.Vault, bool, error) {
	is, ok, err := s.home.Load()
	if err != nil {
		return home.Vault{}, false, err
	}
	beside, second, err := s.clips.Load()
	if err != nil {
		s.log.Error("second copy of the vault not read", "err", err)
	}
	s.saves = is.Saves
	switch {
	case second && newer(is, beside):
		if err := s.home.Save(beside); err != nil {
			return home.Vault{}, false, err
		}
		s.tell(fmt.Sprintf("The database was put back as it was before the vault changed. The vault stays as it is: clips are sealed to its keys number %d.", beside.Epoch))
		s.saves = beside.Saves
		return beside.Vault, true, nil
	case ok && (!second || newer(beside, is)):
		s.copy(is)
	}
	return is.Vault, ok, nil
}

// Save implements clips.VaultStore. Without its second copy the change counts all the
// same: it may be to keep somebody out.
func (s *vaultStore) Save(v home.Vault) error {
	is := savedVault{v, s.saves + 1}
	if err := s.home.Save(is); err != nil {
		return err
	}
	s.saves = is.Saves
	s.copy(is)
	return nil
}

func (s *vaultStore) copy(is savedVault) {
	if err := s.clips.Save(is); err != nil {
		s.log.Error("second copy of the vault not written", "err", err)
		s.tell("The vault was written, but not its second copy beside the clips: " + err.Error() + ". A database that is put back would bring its older keys back.")
	}
}

func (s *vaultStore) tell(text string) {
	s.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindAccess, Text: text})
}
