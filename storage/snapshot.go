package storage

import (
	"errors"
	"io"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Snapshot copies the database as it is now to path+".snapshot", after reading
// the copy through; the old snapshot stays when that fails.
func (db *DB) Snapshot() error {
	path := db.f.path + snapshotSuffix
	var id int
	err := db.f.replaceFile(path, func(tmp string) error {
		out, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		err = db.f.bolt.View(func(tx *bolt.Tx) error {
			id = tx.ID()
			_, err := tx.WriteTo(out)
			return err
		})
		if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
			return err
		}
		return db.f.o.Check(tmp)
	})
	if err != nil {
		return explain(path, "keep a snapshot", err)
	}
	db.mu.Lock()
	db.saved = id
	db.mu.Unlock()
	return nil
}

// WriteTo writes a copy of the database as it is now: a consistent bbolt file.
func (db *DB) WriteTo(w io.Writer) (n int64, err error) {
	err = db.f.bolt.View(func(tx *bolt.Tx) error {
		n, err = tx.WriteTo(w)
		return err
	})
	return n, explain(db.f.path, "copy", err)
}

func (db *DB) haveSnapshot() bool {
	_, err := os.Stat(db.f.path + snapshotSuffix)
	return err == nil
}

// keepSnapshot makes a snapshot if anything has changed since the last one.
func (db *DB) keepSnapshot() {
	if db.f.readOnly {
		return // nothing changes
	}
	var id int
	if err := db.f.bolt.View(func(tx *bolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		return
	}
	db.mu.Lock()
	same, old := id == db.saved, db.fault
	db.mu.Unlock()
	if same {
		return
	}
	err := db.Snapshot()
	failing := old != nil && old.Kind == FaultSnapshot
	switch {
	case err != nil && (old == nil || failing):
		db.f.log.Warn("no snapshot kept", "file", db.f.name(), "err", err)
		db.setFault(&Fault{Kind: FaultSnapshot, File: db.f.name(), Since: time.Now().UTC(), Err: err.Error(), FullDisk: errors.Is(err, ErrFull)})
	case err == nil && failing:
		db.setFault(nil)
	}
}
