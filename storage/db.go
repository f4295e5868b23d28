package storage

import (
	"context"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// DB is one open file of tables and cells.
type DB struct {
	f *file

	mu    sync.Mutex
	fault *Fault // found at opening and not acknowledged, or the snapshot's
	saved int    // transaction that the snapshot holds
}

// Open opens the file at path, and makes it when there is none. The folder is
// made too, for the owner only (0700); the file gets mode 0600.
func Open(path string, o Options) (*DB, error) {
	f, err := openFile(path, o)
	if err != nil {
		return nil, err
	}
	return &DB{f: f, fault: f.fault}, nil
}

// Close closes the file properly: the next Open need not check it.
func (db *DB) Close() error { return db.f.close() }

// Fault is what is wrong with the file, if anything is.
func (db *DB) Fault() (Fault, bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.fault == nil {
		return Fault{}, false
	}
	return *db.fault, true
}

// Acknowledge forgets a fault that was found at opening: somebody has seen it.
func (db *DB) Acknowledge() error {
	if err := db.f.acknowledge(); err != nil {
		return err
	}
	db.setFault(nil)
	return nil
}

func (db *DB) setFault(now *Fault) {
	db.mu.Lock()
	was := db.fault
	if was != nil && now != nil && now.Kind == was.Kind {
		now.Since = was.Since
	}
	db.fault = now
	db.mu.Unlock()
	switch {
	case now != nil:
		db.f.o.OnFault(*now, true)
	case was != nil:
		db.f.o.OnFault(*was, false)
	}
}

// Tx is a transaction over several tables and cells of one DB.
type Tx struct{ tx *bolt.Tx }

// Update runs change in one transaction. It returns after the commit is on the
// disk; when change or the commit fails, nothing has changed.
func (db *DB) Update(change func(*Tx) error) error {
	var inner error
	err := db.f.bolt.Update(func(tx *bolt.Tx) error {
		inner = change(&Tx{tx})
		return inner
	})
	if err != nil && err == inner { //nolint:errorlint // the very same error: the caller's own
		return err
	}
	return explain(db.f.path, "write", err)
}

// View runs read in one transaction: everything it reads is of one instant.
func (db *DB) View(read func(*Tx) error) error {
	var inner error
	err := db.f.bolt.View(func(tx *bolt.Tx) error {
		inner = read(&Tx{tx})
		return inner
	})
	if err != nil && err == inner { //nolint:errorlint // the very same error: the caller's own
		return err
	}
	return explain(db.f.path, "read", err)
}

// Run keeps a snapshot of the file until ctx ends. It makes the first one at
// once if there is none.
func (db *DB) Run(ctx context.Context) error {
	t := time.NewTicker(db.f.o.SnapshotEvery)
	defer t.Stop()
	if !db.haveSnapshot() {
		db.keepSnapshot()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			db.keepSnapshot()
		}
	}
}
