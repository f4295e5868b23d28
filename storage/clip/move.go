package clip

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// ErrOpen: the clip is being written.
var ErrOpen = errors.New("it is being recorded")

// Delete takes clips out of the index, and their heads. Their bodies, noise from
// here on, are still in their volumes: see Owed.
func (s *Store) Delete(now time.Time, ids ...ID) error {
	s.w.Lock()
	defer s.w.Unlock()
	_, err := s.delete(now, ids...)
	return err
}

func (s *Store) delete(now time.Time, ids ...ID) (gone []Row, err error) {
	err = s.keys.Update(func(tx *bolt.Tx) error {
		for _, id := range ids {
			if s.live[id] != nil {
				return fmt.Errorf("clip %s: %w", id, ErrOpen)
			}
			r, ok, err := getRow(tx, id)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			gone = append(gone, r)
			if err := deleteRow(tx, r); err != nil {
				return err
			}
			if err := putDead(tx, r, r.Volumes, now); err != nil {
				return err
			}
		}
		if now.IsZero() {
			return nil
		}
		return dueBefore(tx, gone, now)
	})
	if err != nil {
		return nil, explain(keysName, "delete", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range gone {
		s.use.add(r, -1)
	}
	return gone, nil
}

// putDead notes that pieces of a clip are in volumes that should not be.
func putDead(tx *bolt.Tx, r Row, volumes []uint32, now time.Time) error {
	for _, v := range volumes {
		d := dead{since: now, bytes: r.Bytes() / int64(len(volumes))}
		if err := tx.Bucket(bucketDead).Put(volumeKey(v, r.ID), d.encode()); err != nil {
			return err
		}
	}
	return nil
}

// dueBefore has what deleted clips left behind where they were before they were moved
// go with them: nobody waited for it till now.
func dueBefore(tx *bolt.Tx, gone []Row, now time.Time) error {
	deleted := map[ID]bool{}
	for _, r := range gone {
		deleted[r.ID] = true
	}
	all := tx.Bucket(bucketDead)
	var keys [][]byte
	var left []dead
	c := all.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if d := decodeDead(v); d.since.IsZero() && deleted[ID(k[4:])] {
			d.since = now
			keys, left = append(keys, bytes.Clone(k)), append(left, d)
		}
	}
	for i, k := range keys { // a cursor does not like it under its feet
		if err := all.Put(k, left[i].encode()); err != nil {
			return err
		}
	}
	return nil
}

// moveAtOnce is how much a move writes in one commit.
const moveAtOnce = 4 << 20

// Move copies a clip's ciphertext into the volumes of another class. A power cut
// leaves it in one of the two.
func (s *Store) Move(id ID, to Class) (Row, error) {
	s.w.Lock()
	defer s.w.Unlock()
	if s.live[id] != nil {
		return Row{}, fmt.Errorf("clip %s: %w", id, ErrOpen)
	}
	r, ok, err := s.Row(id)
	switch {
	case err != nil:
		return Row{}, err
	case !ok:
		return Row{}, fmt.Errorf("clip %s: %w", id, ErrNone)
	case r.Class == to:
		return r, nil
	}
	s.moving = &r // what makes room for it must not be itself
	defer func() { s.moving = nil }()
	moved := r.clone()
	moved.Class, moved.Volumes = to, nil
	for _, number := range r.Volumes {
		for after := []byte(nil); ; {
			var pieces []Piece
			err := s.view(number, func(in inside) (err error) {
				pieces, err = in.some(id, after)
				return err
			})
			if err != nil {
				return Row{}, err
			}
			if len(pieces) == 0 {
				break
			}
			last := pieces[len(pieces)-1]
			after = pieceKey(id, last.Track, last.Chunk)
			if err := turning(func() error { return s.moveIn(&moved, pieces) }); err != nil {
				return Row{}, err
			}
		}
	}
	err = s.writeKeys(func(tx *bolt.Tx) error {
		for _, v := range r.Volumes {
			if err := tx.Bucket(bucketIn).Delete(volumeKey(v, id)); err != nil {
				return err
			}
		}
		if err := putDead(tx, r, r.Volumes, time.Time{}); err != nil {
			return err
		}
		return s.putRow(tx, moved)
	})
	return moved, err
}

// moveIn writes pieces of a clip that is being moved.
func (s *Store) moveIn(r *Row, pieces []Piece) error {
	size := int64(0)
	for _, p := range pieces {
		size += int64(len(p.Bytes))
	}
	v, err := s.take(r.Class, size)
	if err != nil {
		return err
	}
	if n := len(r.Volumes); n == 0 || r.Volumes[n-1] != v.number {
		r.Volumes = append(r.Volumes, v.number)
	}
	return s.writePieces(pieces, map[ID]*Row{r.ID: r}, map[Class]*volume{r.Class: v})
}
