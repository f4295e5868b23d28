package storage

import "encoding/json"

// Cell holds one value of one type, as JSON.
type Cell[T any] struct {
	db   *DB
	name string
}

// NewCell names a cell of db. It touches nothing.
func NewCell[T any](db *DB, name string) *Cell[T] { return &Cell[T]{db, name} }

// Load reads the value and tells whether one was ever saved.
func (c *Cell[T]) Load() (v T, ok bool, err error) {
	err = c.db.View(func(tx *Tx) error {
		v, ok, err = c.LoadTx(tx)
		return err
	})
	return v, ok, err
}

// Save writes the value; it returns once it is on the disk.
func (c *Cell[T]) Save(v T) error {
	return c.db.Update(func(tx *Tx) error { return c.SaveTx(tx, v) })
}

// LoadTx is Load within a transaction.
func (c *Cell[T]) LoadTx(tx *Tx) (v T, ok bool, err error) {
	b := tx.tx.Bucket(bucketCells)
	if b == nil {
		return v, false, nil
	}
	row := b.Get([]byte(c.name))
	if row == nil {
		return v, false, nil
	}
	if err := json.Unmarshal(row, &v); err != nil {
		var zero T
		return zero, false, &RowError{string(bucketCells), c.name, err}
	}
	return v, true, nil
}

// SaveTx is Save within a transaction.
func (c *Cell[T]) SaveTx(tx *Tx, v T) error {
	row, err := json.Marshal(v)
	if err != nil {
		return &RowError{string(bucketCells), c.name, err}
	}
	b, err := tx.tx.CreateBucketIfNotExists(bucketCells)
	if err != nil {
		return err
	}
	return b.Put([]byte(c.name), row)
}
