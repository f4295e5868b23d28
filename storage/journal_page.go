package storage

import (
	"bytes"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Query asks for a page. Zero fields do not filter.
type Query struct {
	Since  time.Time // at or after
	Until  time.Time // before
	Kind   string
	Device string
	Limit  int    // default 50, most 1000
	Cursor string // as the page before gave it
}

const (
	pageDefault = 50
	pageMax     = 1000
)

// Page reads durable entries, newest first, and the cursor of the next page,
// "" after the last one. New entries do not move pages that have begun.
func (j *Journal) Page(q Query) (page []Entry, next string, err error) {
	before := ^uint64(0)
	if q.Cursor != "" {
		if before, err = readCursor(q.Cursor); err != nil {
			return nil, "", err
		}
	}
	limit := pageLimit(q.Limit)
	blocks := j.index.matching(q)
	if len(blocks) == 0 {
		return nil, "", nil
	}
	since, until := q.Since.UnixMilli(), ceilMilli(q.Until)
	kind, device := []byte(q.Kind), []byte(q.Device)
	bad := 0
	err = j.f.bolt.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketEvents).Cursor()
		for _, number := range blocks {
			from, to := number*blockSize, (number+1)*blockSize // [from, to)
			if from >= before {
				continue
			}
			for k, row := seekBefore(c, min(to, before)); k != nil && keySeq(k) >= from; k, row = c.Prev() {
				h, err := parseHead(row)
				if err != nil {
					bad++
					continue
				}
				if len(kind) > 0 && !bytes.Equal(h.kind, kind) || len(device) > 0 && !bytes.Equal(h.device, device) ||
					!q.Since.IsZero() && h.at < since || !q.Until.IsZero() && h.at >= until {
					continue
				}
				if len(page) == limit {
					next = makeCursor(page[limit-1].Seq)
					return nil
				}
				page = append(page, h.entry(keySeq(k)))
			}
		}
		return nil
	})
	if bad > 0 {
		j.log.Warn("journal rows left out: unreadable", "file", j.f.name(), "rows", bad)
	}
	if err != nil {
		return nil, "", explain(j.f.path, "read", err)
	}
	return page, next, nil
}

// After reads durable entries with numbers above seq, oldest first. When seq is
// below First()-1, what lay between is gone.
func (j *Journal) After(seq uint64, limit int) (list []Entry, err error) {
	limit = pageLimit(limit)
	err = j.f.bolt.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketEvents).Cursor()
		for k, row := c.Seek(seqKey(seq + 1)); k != nil && len(list) < limit; k, row = c.Next() {
			if h, err := parseHead(row); err == nil {
				list = append(list, h.entry(keySeq(k)))
			}
		}
		return nil
	})
	return list, explain(j.f.path, "read", err)
}

func pageLimit(n int) int {
	if n <= 0 {
		return pageDefault
	}
	return min(n, pageMax)
}

// seekBefore moves c to the last key below seq.
func seekBefore(c *bolt.Cursor, seq uint64) (k, v []byte) {
	if k, _ = c.Seek(seqKey(seq)); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// ceilMilli is t in ms, rounded up: entries are kept to the millisecond, and
// one at the very millisecond of t lies before t when t has a fraction.
func ceilMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if !t.IsZero() && t.After(time.UnixMilli(ms)) {
		ms++
	}
	return ms
}
