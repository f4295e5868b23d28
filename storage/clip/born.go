package clip

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// newSuffix is on files that are being made.
const newSuffix = ".new"

var bucketMeta = []byte("meta")

// errDamaged: it is no use to try again.
var errDamaged = errors.New("it is damaged")

// open opens a bbolt file that exists; file does so for it, nil: as bbolt does.
func open(path string, readOnly bool, file func(string, int, os.FileMode) (*os.File, error)) (db *bolt.DB, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() < 2*int64(os.Getpagesize()) { // bbolt would initialise an empty one
		return nil, fmt.Errorf("%w: it was cut short: %d bytes are there", errDamaged, info.Size())
	}
	if !readOnly { // else bbolt reads pages that it never asked whether they are there
		if db, err = open(path, true, file); err == nil {
			err = db.Close()
		}
		if err != nil {
			return nil, err
		}
	}
	var f *os.File
	err = sound(func() (err error) {
		db, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout: time.Second, FreelistType: bolt.FreelistMapType, NoStatistics: true, ReadOnly: readOnly,
			OpenFile: func(path string, flag int, mode os.FileMode) (_ *os.File, err error) {
				if file == nil {
					file = os.OpenFile
				}
				f, err = file(path, flag, mode)
				return f, err
			},
		})
		return err
	})
	switch {
	case errors.Is(err, errFault):
		_ = f.Close() // bbolt died and has not
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	case err != nil:
		return nil, err
	}
	err = sound(func() error {
		return db.View(func(tx *bolt.Tx) error {
			if tx.Size() > info.Size() {
				return fmt.Errorf("%w: it was cut short: %d bytes of %d are there", errDamaged, info.Size(), tx.Size())
			}
			if tx.Bucket(bucketMeta) == nil {
				return fmt.Errorf("%w: it is not of gatehouse", errDamaged)
			}
			return nil
		})
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// bear makes a bbolt file that a power cut leaves whole or not at all. room gives the
// file its room on the disk before it is there; nil: it gets that as it grows.
func bear(path string, fill func(*bolt.Tx) error, room func(tmp string) error) error {
	return replace(path, func(tmp string) error {
		_ = os.Remove(tmp) // of a try before
		db, err := bolt.Open(tmp, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType, NoStatistics: true})
		if err != nil {
			return err
		}
		err = db.Update(func(tx *bolt.Tx) error {
			if _, err := tx.CreateBucketIfNotExists(bucketMeta); err != nil {
				return err
			}
			return fill(tx)
		})
		if err := errors.Join(err, db.Close()); err != nil || room == nil {
			return err
		}
		return room(tmp)
	})
}

// replace lets fill make a file under a temporary name and puts it in place.
func replace(path string, fill func(tmp string) error) error {
	tmp := path + newSuffix
	err := fill(tmp)
	if err == nil {
		err = syncPath(tmp)
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return err
	}
	return syncPath(filepath.Dir(path))
}

// syncPath syncs a file, or the entries of a folder.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func makeFolder(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("clip: %s is not a folder", dir)
		}
		return nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return syncPath(filepath.Dir(dir))
}
