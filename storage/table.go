package storage

import (
	"encoding/json"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Table holds values of one type by key, as JSON.
type Table[T any] struct {
	db   *DB
	name string
}

// Row is one key of a table with its value.
type Row[T any] struct {
	Key   string
	Value T
}

// NewTable names a table of db. It touches nothing: the table comes to be with
// its first row.
func NewTable[T any](db *DB, name string) *Table[T] { return &Table[T]{db, name} }

// Get reads the value of key and tells whether there is one.
func (t *Table[T]) Get(key string) (v T, ok bool, err error) {
	err = t.db.View(func(tx *Tx) error {
		v, ok, err = t.GetTx(tx, key)
		return err
	})
	return v, ok, err
}

// Put writes the value of key.
func (t *Table[T]) Put(key string, v T) error {
	return t.db.Update(func(tx *Tx) error { return t.PutTx(tx, key, v) })
}

// Delete removes key; one that is not there is no error.
func (t *Table[T]) Delete(key string) error {
	return t.db.Update(func(tx *Tx) error { return t.DeleteTx(tx, key) })
}

// All reads every row, in the order of the keys' bytes. Rows that cannot be
// read are left out and named by the error (each a *RowError): the good ones
// are returned with it.
func (t *Table[T]) All() (rows []Row[T], err error) {
	err = t.db.View(func(tx *Tx) error {
		rows, err = t.AllTx(tx)
		return err
	})
	return rows, err
}

// GetTx is Get within a transaction.
func (t *Table[T]) GetTx(tx *Tx, key string) (v T, ok bool, err error) {
	b := t.bucket(tx)
	if b == nil {
		return v, false, nil
	}
	row := b.Get([]byte(key))
	if row == nil {
		return v, false, nil
	}
	if err := json.Unmarshal(row, &v); err != nil {
		var zero T
		return zero, false, &RowError{t.name, key, err}
	}
	return v, true, nil
}

// PutTx is Put within a transaction.
func (t *Table[T]) PutTx(tx *Tx, key string, v T) error {
	row, err := json.Marshal(v)
	if err != nil {
		return &RowError{t.name, key, err}
	}
	all, err := tx.tx.CreateBucketIfNotExists(bucketTables)
	if err == nil {
		all, err = all.CreateBucketIfNotExists([]byte(t.name))
	}
	if err == nil {
		err = all.Put([]byte(key), row)
	}
	return t.explain(key, err)
}

// DeleteTx is Delete within a transaction.
func (t *Table[T]) DeleteTx(tx *Tx, key string) error {
	b := t.bucket(tx)
	if b == nil {
		return nil
	}
	return t.explain(key, b.Delete([]byte(key)))
}

// AllTx is All within a transaction.
func (t *Table[T]) AllTx(tx *Tx) ([]Row[T], error) {
	b := t.bucket(tx)
	if b == nil {
		return nil, nil
	}
	var rows []Row[T]
	var bad []error
	err := b.ForEach(func(k, row []byte) error {
		r := Row[T]{Key: string(k)}
		if why := json.Unmarshal(row, &r.Value); why != nil {
			bad = append(bad, &RowError{t.name, r.Key, why})
		} else {
			rows = append(rows, r)
		}
		return nil
	})
	return rows, errors.Join(append(bad, err)...)
}

func (t *Table[T]) bucket(tx *Tx) *bolt.Bucket {
	all := tx.tx.Bucket(bucketTables)
	if all == nil {
		return nil
	}
	return all.Bucket([]byte(t.name))
}

func (t *Table[T]) explain(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("storage: table %s, key %q: %w", t.name, key, err)
}
