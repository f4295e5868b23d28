package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	berrors "go.etcd.io/bbolt/errors"
)

// Errors that a caller may decide on with errors.Is.
var (
	// ErrInUse: another process has the file open.
	ErrInUse = errors.New("in use by another gatehouse")
	// ErrFull: the disk, or the quota on it, is full.
	ErrFull = errors.New("the disk is full: free some space")
	// ErrReadOnly: the file system does not take writes. What is there can be
	// opened and read all the same.
	ErrReadOnly = errors.New("the disk is read-only: remount it or replace the card")
	// ErrDamaged: the file does not hold together and no good snapshot exists.
	ErrDamaged = errors.New("damaged")
	// ErrTooNew: a newer release wrote the file.
	ErrTooNew = errors.New("written by a newer gatehouse: update this one")
	// ErrClosed: the file was closed.
	ErrClosed = errors.New("closed")
	// ErrCursor: a cursor that this journal did not give out.
	ErrCursor = errors.New("not a cursor of this journal: start again without one")
)

// RowError says that one row cannot be read: its JSON does not fit the type.
type RowError struct {
	Table, Key string
	Err        error
}

func (e *RowError) Error() string {
	return fmt.Sprintf("storage: table %s, key %q: %v", e.Table, e.Key, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

// FaultKind says what is wrong with a file.
type FaultKind string

// Kinds of fault.
const (
	// FaultRestored: the file was damaged or gone and the snapshot of
	// Fault.Snapshot took its place; what came after it is lost.
	FaultRestored FaultKind = "restored"
	// FaultLost: the file was damaged and began anew, empty.
	FaultLost FaultKind = "lost"
	// FaultSnapshot: the hourly snapshot cannot be made, or is damaged itself.
	FaultSnapshot FaultKind = "snapshot"
	// FaultWriting: the journal cannot write; Waiting entries are at risk.
	FaultWriting FaultKind = "writing"
)

// Fault is something wrong with a file that somebody should know of.
type Fault struct {
	Kind     FaultKind `json:"kind"`
	File     string    `json:"file"` // base name: "home.db"
	Since    time.Time `json:"since"`
	Err      string    `json:"err"`                // what was found
	Kept     string    `json:"kept,omitempty"`     // where the damaged file was set aside
	Snapshot time.Time `json:"snapshot,omitzero"`  // age of what was restored
	Waiting  int       `json:"waiting,omitempty"`  // entries in memory only
	Dropped  int       `json:"dropped,omitempty"`  // entries given up for want of memory
	FullDisk bool      `json:"full_disk,omitzero"` // the disk is full
}

func (f Fault) String() string { return fmt.Sprintf("%s: %s: %s", f.File, f.Kind, f.Err) }

// explain gives err the file's name and, where the system's error has a plain
// meaning, that meaning.
func explain(path, doing string, err error) error {
	if err == nil {
		return nil
	}
	name := filepath.Base(path)
	var plain error
	switch {
	case errors.Is(err, ErrFull) || errors.Is(err, ErrReadOnly) || errors.Is(err, ErrInUse) || errors.Is(err, ErrClosed):
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		plain = ErrFull
	case errors.Is(err, syscall.EROFS) || errors.Is(err, berrors.ErrDatabaseReadOnly):
		plain = ErrReadOnly
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("storage: %s: %s: %w (run it as the user who owns %s)", name, doing, err, filepath.Dir(path))
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		plain = ErrClosed
	}
	if plain != nil {
		return fmt.Errorf("storage: %s: %s: %w (%w)", name, doing, plain, err)
	}
	return fmt.Errorf("storage: %s: %s: %w", name, doing, err)
}
