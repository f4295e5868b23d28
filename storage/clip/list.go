package clip

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// listed is what the listings hold of a clip: class(1)‖bytes(8), and group‖0‖brief if
// it has one.
type listed struct {
	class Class
	bytes int64
	group string
	brief string
}

func (l listed) encode() []byte {
	class := byte(max(0, slices.Index(Classes, l.class)))
	b := binary.BigEndian.AppendUint64([]byte{class}, uint64(l.bytes))
	if l.brief != "" {
		b = append(append(append(b, l.group...), 0), l.brief...)
	}
	return b
}

func decodeListed(b []byte) (l listed, ok bool) {
	if len(b) < 9 || int(b[0]) >= len(Classes) {
		return listed{}, false
	}
	l.class, l.bytes = Classes[b[0]], int64(binary.BigEndian.Uint64(b[1:]))
	if group, brief, ok := strings.Cut(string(b[9:]), "\x00"); ok && brief != "" {
		l.group, l.brief = group, brief
	}
	return l, true
}

// Query chooses clips. Zero fields choose all.
type Query struct {
	Group        string
	Since, Until time.Time
	Limit        int    // in a page; 0: 50, at most 1000
	Cursor       string // where the last page ended
}

// Entry is a clip as the listings have it. Where there is no brief its row is to be
// asked: the clip is being written, or was before there were briefs.
type Entry struct {
	ID    ID
	At    time.Time // of its first picture, to the millisecond
	Brief string    // what Briefs made of its row

	// Of a clip that has a brief.
	Group string
	Class Class
}

// Cursor is where the page goes on that begins after this clip.
func (e Entry) Cursor() string { return hex.EncodeToString(timeKey(e.At, e.ID)) }

// entry reads a key and a value of the listing of times.
func entry(at, value []byte) Entry {
	e := Entry{ID: ID(at[8:]), At: time.UnixMilli(int64(binary.BigEndian.Uint64(at) ^ 1<<63)).UTC()}
	if l, ok := decodeListed(value); ok && l.brief != "" {
		e.Brief, e.Group, e.Class = l.brief, l.group, l.class
	}
	return e
}

// List returns clips, newest first, and the cursor of the next page: "" at the end. It
// reads no row.
func (s *Store) List(q Query) (list []Entry, next string, err error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 1000)
	name, prefix := bucketTimes, []byte(nil)
	if q.Group != "" {
		name, prefix = bucketGroups, groupKey(q.Group, nil)
	}
	end := bytes.Repeat([]byte{0xff}, 25)
	switch {
	case q.Cursor != "":
		if end, err = hex.DecodeString(q.Cursor); err != nil || len(end) != 24 {
			return nil, "", fmt.Errorf("clip: %w", ErrCursor)
		}
	case !q.Until.IsZero():
		end = timeKey(q.Until, ID{})
	}
	var since []byte
	if !q.Since.IsZero() {
		since = timeKey(q.Since, ID{})
	}
	list = make([]Entry, 0, q.Limit)
	err = s.viewKeys(func(tx *bolt.Tx) error {
		c := tx.Bucket(name).Cursor()
		for k, v := before(c, append(bytes.Clone(prefix), end...)); bytes.HasPrefix(k, prefix) && len(k) == len(prefix)+24; k, v = c.Prev() {
			at := k[len(prefix):]
			if bytes.Compare(at, since) < 0 {
				break
			}
			if len(list) == q.Limit {
				next = list[len(list)-1].Cursor()
				break
			}
			list = append(list, entry(at, v))
		}
		return nil
	})
	return list, next, err
}

// before moves c to the last key that is smaller than k.
func before(c *bolt.Cursor, k []byte) (key, value []byte) {
	if at, _ := c.Seek(k); at == nil {
		return c.Last()
	}
	return c.Prev()
}
