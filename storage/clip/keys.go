package clip

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// The tables of keys.db.
var (
	bucketHeads  = []byte("heads")  // clip‖track → head
	bucketRows   = []byte("rows")   // clip → Row
	bucketTimes  = []byte("times")  // time‖clip → size
	bucketGroups = []byte("groups") // group‖0‖time‖clip → size
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

// sizeValue is what the listings hold: the class's place and the bytes.
func sizeValue(r Row) []byte {
	class := byte(0)
	for i, c := range Classes {
		if c == r.Class {
			class = byte(i)
		}
	}
	return binary.BigEndian.AppendUint64([]byte{class}, uint64(r.Bytes()))
}

func putRow(tx *bolt.Tx, r Row) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	at := timeKey(r.At, r.ID)
	open := tx.Bucket(bucketOpen)
	if r.Open {
		err = open.Put(r.ID[:], nil)
	} else {
		err = open.Delete(r.ID[:])
	}
	for _, put := range []struct{ bucket, key, value []byte }{
		{bucketRows, r.ID[:], body},
		{bucketTimes, at, sizeValue(r)},
		{bucketGroups, groupKey(r.Group, at), sizeValue(r)},
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

// Query chooses clips. Zero fields choose all.
type Query struct {
	Group        string
	Since, Until time.Time
	Limit        int    // in a page; 0: 50, at most 1000
	Cursor       string // where the last page ended
	// Want, if set, is asked of each row; at most a thousand are looked at for
	// one page, which may so be shorter than Limit and not be the last.
	Want func(Row) bool
}

// Page returns clips, newest first, and the cursor of the next page: "" at the end.
func (s *Store) Page(q Query) (rows []Row, next string, err error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 1000)
	var last []byte
	if q.Cursor != "" {
		if last, err = hex.DecodeString(q.Cursor); err != nil || len(last) != 24 {
			return nil, "", fmt.Errorf("clip: %w", ErrCursor)
		}
	}
	live := s.unended()
	list, prefix := bucketTimes, []byte(nil)
	if q.Group != "" {
		list, prefix = bucketGroups, groupKey(q.Group, nil)
	}
	err = s.viewKeys(func(tx *bolt.Tx) error {
		c := tx.Bucket(list).Cursor()
		var k []byte
		switch {
		case last != nil:
			k = before(c, append(bytes.Clone(prefix), last...))
		case !q.Until.IsZero():
			k = before(c, append(bytes.Clone(prefix), timeKey(q.Until, ID{})...))
		default:
			k = before(c, append(bytes.Clone(prefix), bytes.Repeat([]byte{0xff}, 25)...))
		}
		for looked := 0; bytes.HasPrefix(k, prefix) && len(k) == len(prefix)+24; k, _ = c.Prev() {
			at := k[len(prefix):]
			if !q.Since.IsZero() && bytes.Compare(at, timeKey(q.Since, ID{})) < 0 {
				break
			}
			if len(rows) == q.Limit || looked == 1000 {
				next = hex.EncodeToString(last)
				break
			}
			r, ok, err := getRow(tx, ID(at[8:]))
			if err != nil {
				return err
			}
			if now, open := live[r.ID]; ok && open {
				r = now
			}
			if ok && (q.Want == nil || q.Want(r)) {
				rows = append(rows, r)
			}
			last = bytes.Clone(at)
			looked++
		}
		return nil
	})
	return rows, next, err
}

// unended are the clips that are being recorded, as long as they are by now.
func (s *Store) unended() map[ID]Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	live := make(map[ID]Row, len(s.live))
	for id, r := range s.live {
		live[id] = r.clone()
	}
	return live
}

// before moves c to the last key that is smaller than k.
func before(c *bolt.Cursor, k []byte) []byte {
	if at, _ := c.Seek(k); at == nil {
		at, _ = c.Last()
		return at
	}
	at, _ := c.Prev()
	return at
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
