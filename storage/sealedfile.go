package storage

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// SealedFile is a small value that is sealed, in a file of its own: for what has to
// outlive the database that it is in as well.
type SealedFile[T any] struct {
	path string
	seal *Seal
}

// NewSealedFile names a file. It touches nothing.
func NewSealedFile[T any](path string, seal *Seal) *SealedFile[T] {
	return &SealedFile[T]{path, seal}
}

// Load reads the value and tells whether one was ever saved.
func (f *SealedFile[T]) Load() (v T, ok bool, err error) {
	var none T
	b, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return none, false, nil
	case err != nil:
		return none, false, explain(f.path, "read", err)
	}
	if b, err = f.seal.open(filepath.Base(f.path), b); err != nil {
		return none, false, explain(f.path, "read", errors.New("it is damaged, or was sealed with another device.key"))
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return none, false, explain(f.path, "read", err)
	}
	return v, true, nil
}

// Save writes the value; it returns once it is on the disk.
func (f *SealedFile[T]) Save(v T) error {
	b, err := json.Marshal(v)
	if err == nil {
		err = WriteFile(f.path, f.seal.close(filepath.Base(f.path), b))
	}
	return explain(f.path, "write", err)
}
