package clip

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"
)

// Errors that a caller may decide on with errors.Is.
var (
	// ErrFull: the disk, or the quota on it, is full.
	ErrFull = errors.New("the disk is full: free some space")
	// ErrReadOnly: the file system takes no writes.
	ErrReadOnly = errors.New("the disk is read-only: remount it or replace the card")
	// ErrNone: there is no such clip, or no such file of it.
	ErrNone = errors.New("no such clip")
	// ErrLost: the clip is in the index, and its volume can't be read.
	ErrLost = errors.New("the file that holds it cannot be read")
	// ErrCursor: a cursor that this store did not give out.
	ErrCursor = errors.New("not a cursor of this index: start again without one")
)

// explain gives err the file's name and, where the system's error has a plain
// meaning, that meaning.
func explain(path, doing string, err error) error {
	if err == nil {
		return nil
	}
	name := filepath.Base(path)
	var plain error
	switch {
	case errors.Is(err, ErrFull) || errors.Is(err, ErrReadOnly):
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, berrors.ErrMaxSizeReached):
		plain = ErrFull
	case errors.Is(err, syscall.EROFS) || errors.Is(err, berrors.ErrDatabaseReadOnly):
		plain = ErrReadOnly
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("clip: %s: %s: in use by another gatehouse: %w", name, doing, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("clip: %s: %s: %w (run it as the user who owns %s)", name, doing, err, filepath.Dir(path))
	}
	if plain != nil {
		return fmt.Errorf("clip: %s: %s: %w (%w)", name, doing, plain, err)
	}
	return fmt.Errorf("clip: %s: %s: %w", name, doing, err)
}
