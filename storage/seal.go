package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

// Seal keeps values unreadable for whoever has the database and not the key: who
// finds a copy of it, a snapshot, or a card that was thrown away without the key's
// file. Who has the whole data folder has both.
//
// AES-256-GCM with random nonces (NIST SP 800-38D), under a key that is derived
// from the given one for this use alone (HKDF-SHA256, RFC 5869).
type Seal struct{ aead cipher.AEAD }

// NewSeal makes the seal of a purpose. key is at least 32 random bytes.
func NewSeal(key []byte, purpose string) (*Seal, error) {
	const size = 32
	if len(key) < size {
		return nil, fmt.Errorf("storage: a key of %d bytes seals nothing; want %d", len(key), size)
	}
	k, err := hkdf.Key(sha256.New, key, nil, "gatehouse seal "+purpose, size)
	if err != nil {
		return nil, fmt.Errorf("storage: seal: %w", err)
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, fmt.Errorf("storage: seal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("storage: seal: %w", err)
	}
	return &Seal{aead}, nil
}

// close seals b as what is called name.
func (s *Seal) close(name string, b []byte) []byte {
	return s.aead.Seal(nil, nil, b, []byte(name)) //nolint:gosec // it draws its nonces itself
}

// open is the opposite. What was sealed under another name does not open.
func (s *Seal) open(name string, b []byte) ([]byte, error) {
	return s.aead.Open(nil, nil, b, []byte(name))
}

// SealedCell is a Cell whose value is sealed.
type SealedCell[T any] struct {
	cell *Cell[sealed[T]]
	seal *Seal
}

// sealed is a value as it lies in the database; clear if it was written before it
// was sealed.
type sealed[T any] struct {
	box   []byte
	clear *T
}

type sealedRow struct {
	Sealed []byte `json:"sealed"`
}

// MarshalJSON writes what is sealed, and nothing else.
func (s sealed[T]) MarshalJSON() ([]byte, error) { return json.Marshal(sealedRow{s.box}) }

// UnmarshalJSON reads that, or a value in the clear.
func (s *sealed[T]) UnmarshalJSON(b []byte) error {
	var row sealedRow
	if err := json.Unmarshal(b, &row); err == nil && row.Sealed != nil {
		s.box = row.Sealed
		return nil
	}
	s.clear = new(T)
	return json.Unmarshal(b, s.clear)
}

// NewSealedCell names a cell of db. It touches nothing.
func NewSealedCell[T any](db *DB, name string, seal *Seal) *SealedCell[T] {
	return &SealedCell[T]{NewCell[sealed[T]](db, name), seal}
}

var errOtherKey = errors.New("it was sealed with another key: put the device.key of before back beside the database")

// Load reads the value and tells whether one was ever saved. One that a release
// before this wrote in the clear is sealed now.
func (c *SealedCell[T]) Load() (v T, ok bool, err error) {
	var none T
	row, ok, err := c.cell.Load()
	switch {
	case err != nil || !ok:
		return none, false, err
	case row.clear != nil:
		return *row.clear, true, c.Save(*row.clear)
	}
	b, err := c.seal.open(c.cell.name, row.box)
	if err != nil {
		return none, false, &RowError{string(bucketCells), c.cell.name, errOtherKey}
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return none, false, &RowError{string(bucketCells), c.cell.name, err}
	}
	return v, true, nil
}

// Save writes the value; it returns once it is on the disk.
func (c *SealedCell[T]) Save(v T) error {
	b, err := json.Marshal(v)
	if err != nil {
		return &RowError{string(bucketCells), c.cell.name, err}
	}
	return c.cell.Save(sealed[T]{box: c.seal.close(c.cell.name, b)})
}
