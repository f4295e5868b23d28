package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"gatehouse/hub/face/api"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
)

// Figures of the network's backup.
const (
	backupSettles = time.Minute    // after a change: a device that joins gets its own key some time later
	backupEvery   = 24 * time.Hour // the stick counts its frames on, and forgets keys by its own mistakes
	backupRetry   = time.Hour      // after one that failed
	backupOld     = 72 * time.Hour // the owner is told from then on
)

// hear takes what the stick says: the house first, and then a backup is due some
// time after what changes what the stick holds. It does not wait.
func (z *zigbeeNetwork) hear(e zigbee.Event) {
	z.radio.OnEvent(e)
	z.overheard(e)
	switch e.(type) {
	case zigbee.Ready, zigbee.DeviceAdded, zigbee.DeviceLeft:
		select {
		case z.backupDue <- struct{}{}:
		default:
		}
	default:
	}
}

// keepBackup takes a backup a while after each change, and every day.
func (z *zigbeeNetwork) keepBackup(ctx context.Context) error {
	due := time.NewTimer(backupEvery)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-z.backupDue:
			due.Reset(backupSettles)
			continue
		case <-due.C:
		}
		next := backupEvery
		if err := z.takeBackup(ctx); err != nil && ctx.Err() == nil {
			next = backupRetry
		}
		due.Reset(next)
	}
}

// takeBackup takes a backup and shows how that went. A stick that is not there is
// told of elsewhere.
func (z *zigbeeNetwork) takeBackup(ctx context.Context) error {
	_, err := z.stick.Backup(ctx)
	z.own.Lock()
	z.backupWhy = ""
	if err != nil {
		z.backupWhy = err.Error()
	}
	z.own.Unlock()
	kept, ok, loadErr := z.store.LoadBackup()
	switch {
	case err == nil && loadErr == nil:
		z.hub.board.Clear(health.RadioBackupOld, zigbeehome.Kind)
	case errors.Is(err, zigbee.ErrDown) && ok && time.Since(kept.At) < backupOld:
	case ok && loadErr == nil:
		z.hub.board.Raise(health.RadioBackupOld, zigbeehome.Kind, "Zigbee", "the last one is of "+kept.At.Format(time.DateOnly)+": "+errors.Join(err, loadErr).Error())
	case !errors.Is(err, zigbee.ErrDown):
		z.hub.board.Raise(health.RadioBackupOld, zigbeehome.Kind, "Zigbee", "there is none: "+errors.Join(err, loadErr).Error())
	}
	return err
}

// Backup implements api.BackedUp.
func (z *zigbeeNetwork) Backup() (api.BackupState, error) {
	var s api.BackupState
	b, ok, err := z.store.LoadBackup()
	if err != nil {
		return s, err
	}
	z.own.Lock()
	s.Fault = z.backupWhy
	foreign, family := z.foreign, z.family
	z.own.Unlock()
	if ok {
		at := home.At(b.At)
		s.At, s.Network, s.Devices = &at, fmt.Sprintf("%016x", b.Network.ExtendedPAN), len(b.Devices)
	}
	if foreign != nil && ok {
		s.Restorable = true
		s.Keyless = keyless(b, family)
		if foreign.Held != nil {
			s.Erases = foreign.Held.String()
		}
	}
	return s, nil
}

// keyless counts the devices whose link keys a stick of that family will not know. A
// stick of Silicon Labs makes them of a key of its own, which is in the backup, and
// names none of them; another one of theirs makes the same, and no other does: by
// which rule is nowhere said.
func keyless(b zigbee.Backup, family string) int {
	if b.Root != nil && family == familyEZSP {
		return 0
	}
	n := 0
	for _, d := range b.Devices {
		if d.Link == nil {
			n++
		}
	}
	return n
}

// TakeBackup implements api.BackedUp.
func (z *zigbeeNetwork) TakeBackup(ctx context.Context, by string) error {
	switch err := z.takeBackup(ctx); {
	case errors.Is(err, zigbee.ErrDown):
		return &home.Conflict{Reason: "the Zigbee stick can't be reached; plug it in"}
	case err != nil:
		return &home.Conflict{Reason: err.Error()}
	}
	z.tell(by, "backed up the Zigbee network")
	return nil
}

// BackupFile implements api.BackedUp.
func (z *zigbeeNetwork) BackupFile(by string) ([]byte, error) {
	b, ok, err := z.store.LoadBackup()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &home.NotFound{What: "backup of the network", ID: zigbeehome.Kind}
	}
	z.tell(by, "downloaded the backup of the Zigbee network, which holds its keys")
	return b.Append(nil), nil
}

// RestoreBackup implements api.BackedUp.
func (z *zigbeeNetwork) RestoreBackup(file []byte, erase bool, by string) error {
	if len(file) > 0 {
		if err := z.bring(file); err != nil {
			return err
		}
	}
	z.own.Lock()
	foreign := z.foreign
	z.own.Unlock()
	if foreign != nil && foreign.Held != nil && !erase {
		return &home.Conflict{Reason: fmt.Sprintf("the stick holds another network, %s: say that it may be erased, or put a fresh one in", foreign.Held)}
	}
	switch err := z.stick.Restore(erase); {
	case errors.Is(err, zigbee.ErrUp):
		return &home.Conflict{Reason: "the house's network is up on this stick: there is nothing to restore; put the new stick in first"}
	case errors.Is(err, zigbee.ErrNoBackup):
		return &home.Conflict{Reason: "there is no backup of the house's network; give its file"}
	case err != nil:
		return err
	}
	z.tell(by, "had the backup of the Zigbee network restored to the stick")
	return nil
}

// bring takes a backup's file in the place of the one that is kept, or adopts its
// network when the house has none.
func (z *zigbeeNetwork) bring(file []byte) error {
	b, err := zigbee.ParseBackup(file)
	if err != nil {
		return &home.Invalid{Field: "file", Reason: err.Error()}
	}
	n, ok, err := z.store.LoadNetwork()
	switch {
	case err != nil:
		return err
	case !ok:
		return zigbee.Adopt(z.store, b, time.Now())
	case !n.Same(b.Network):
		return &home.Conflict{Reason: fmt.Sprintf("the file is of network %s, and the house has %s, whose devices would be lost", b.Network, n)}
	}
	kept, ok, err := z.store.LoadBackup()
	if err != nil {
		return err
	}
	if ok && kept.At.After(b.At) {
		return nil // what is kept is newer
	}
	return z.store.SaveBackup(b)
}

// moveIn adopts the network of the file that the configuration names, once. Going
// on without it would form a new network where the owner wants an old one.
func (z *zigbeeNetwork) moveIn() error {
	path := z.hub.o.Config.Zigbee.BackupFile
	if path == "" {
		return nil
	}
	n, has, err := z.store.LoadNetwork()
	if err != nil {
		return err
	}
	b, err := readBackup(path)
	switch {
	case has && err == nil && !n.Same(b.Network):
		return fmt.Errorf("zigbee.backup_file is of network %s, and the house has %s: take the line out of the configuration", b.Network, n)
	case has: // it was read; that it is gone is as it should be
		return nil
	case err != nil:
		return fmt.Errorf("zigbee.backup_file: %w", err)
	}
	if err := zigbee.Adopt(z.store, b, time.Now()); err != nil {
		return err
	}
	line := fmt.Sprintf("The Zigbee network %016x moved in from %s.", b.Network.ExtendedPAN, b.Source)
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		z.hub.log.Warn("others may read the file that holds the network's key; delete it, it is not needed any more", "file", path)
	}
	z.hub.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindSystem, Text: line})
	return nil
}

func readBackup(path string) (zigbee.Backup, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return zigbee.Backup{}, err
	}
	return zigbee.ParseBackup(text)
}

func (z *zigbeeNetwork) tell(by, what string) {
	z.hub.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindSystem, Who: home.Who(by), Text: by + " " + what + "."})
}
