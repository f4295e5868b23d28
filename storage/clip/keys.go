package clip

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// The tables of keys.db.
var (
	bucketHeads  = []byte("heads")  // clip‖track → head
	bucketRows   = []byte("rows")   // clip → Row
	bucketTimes  = []byte("times")  // time‖clip → what is listed of it
	bucketGroups = []byte("groups") // group‖0‖time‖clip → the same
	bucketIn     = []byte("in")     // volume‖clip → nothing
	bucketOpen   = []byte("open")   // clip → nothing: not ended
	bucketDead   = []byte("dead")   // volume‖clip → when it was deleted: its pieces are still there
)

const keysName = "keys.db"

func fillKeys(tx *bolt.Tx) error {
	for _, name := range [][]byte{bucketHeads, bucketRows, bucketTimes, bucketGroups, bucketIn, bucketOpen, bucketDead} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return nil
}

func timeKey(at time.Time, id ID) []byte {
	b := make([]byte, 0, 8+len(id))
	// The sign bit turned: what a clock says that stands before 1970 sorts too.
	b = binary.BigEndian.AppendUint64(b, uint64(at.UnixMilli())^1<<63)
	return append(b, id[:]...)
}

func groupKey(group string, rest []byte) []byte {
	return append(append([]byte(group), 0), rest...)
}

func volumeKey(volume uint32, id ID) []byte {
	return append(binary.BigEndian.AppendUint32(nil, volume), id[:]...)
}

func (s *Store) putRow(tx *bolt.Tx, r Row) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	l := listed{class: r.Class, bytes: r.Bytes()}
	if !r.Open {
		l.group, l.brief = r.Group, s.brief(r)
	}
	at, value := timeKey(r.At, r.ID), l.encode()
	open := tx.Bucket(bucketOpen)
	if r.Open {
		err = open.Put(r.ID[:], nil)
	} else {
		err = open.Delete(r.ID[:])
	}
	for _, put := range []struct{ bucket, key, value []byte }{
		{bucketRows, r.ID[:], body},
		{bucketTimes, at, value},
		{bucketGroups, groupKey(r.Group, at), value},
	} {
		if err == nil {
			err = tx.Bucket(put.bucket).Put(put.key, put.value)
		}
	}
	for _, v := range r.Volumes {
		if err == nil {
			err = tx.Bucket(bucketIn).Put(volumeKey(v, r.ID), nil)
		}
	}
	return err
}

// deleteRow takes a clip and its heads out of the index.
func deleteRow(tx *bolt.Tx, r Row) error {
	at := timeKey(r.At, r.ID)
	for _, del := range []struct{ bucket, key []byte }{
		{bucketRows, r.ID[:]},
		{bucketTimes, at},
		{bucketGroups, groupKey(r.Group, at)},
		{bucketOpen, r.ID[:]},
	} {
		if err := tx.Bucket(del.bucket).Delete(del.key); err != nil {
			return err
		}
	}
	for _, v := range r.Volumes {
		if err := tx.Bucket(bucketIn).Delete(volumeKey(v, r.ID)); err != nil {
			return err
		}
	}
	heads := tx.Bucket(bucketHeads)
	var keys [][]byte
	c := heads.Cursor()
	for k, _ := c.Seek(r.ID[:]); bytes.HasPrefix(k, r.ID[:]); k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	for _, k := range keys {
		if err := heads.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

func getRow(tx *bolt.Tx, id ID) (r Row, ok bool, err error) {
	body := tx.Bucket(bucketRows).Get(id[:])
	if body == nil {
		return Row{}, false, nil
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return Row{}, false, fmt.Errorf("clip %s: %w", id, err)
	}
	r.ID = id
	return r, true, nil
}

// Row is the clip of this id.
func (s *Store) Row(id ID) (r Row, ok bool, err error) {
	s.mu.Lock()
	live := s.live[id]
	if live != nil {
		r = live.clone()
	}
	s.mu.Unlock()
	if live != nil {
		return r, true, nil
	}
	err = s.viewKeys(func(tx *bolt.Tx) error {
		r, ok, err = getRow(tx, id)
		return err
	})
	return r, ok, err
}

// Rows are the clips of these ids, in their order, but for those that are not there.
func (s *Store) Rows(ids []ID) (rows []Row, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	live := map[ID]Row{}
	s.mu.Lock()
	for _, id := range ids {
		if r := s.live[id]; r != nil {
			live[id] = r.clone()
		}
	}
	s.mu.Unlock()
	err = s.viewKeys(func(tx *bolt.Tx) error {
		for _, id := range ids {
			r, ok := live[id]
			if !ok {
				var err error
				if r, ok, err = getRow(tx, id); err != nil {
					return err
				}
			}
			if ok {
				rows = append(rows, r)
			}
		}
		return nil
	})
	return rows, err
}
