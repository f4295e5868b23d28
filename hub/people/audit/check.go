package audit

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"gatehouse/hub/home"
	"gatehouse/storage"
)

// batch is how many entries are read at once.
const batch = 1000

// breaksMost is how many breaks are told; the first is the one that counts.
const breaksMost = 100

// Findings are what Check found.
type Findings struct {
	Entries uint64     `json:"entries" doc:"how many are there"`
	Since   *home.Time `json:"since" doc:"of the oldest one; null: there is none"`
	Head    Head       `json:"head" doc:"the end of the record; keep it, and ask whether the record still holds it"`
	Whole   bool       `json:"whole" doc:"nothing was changed or taken out"`
	Breaks  []Break    `json:"breaks" doc:"where something was, oldest first; at most 100"`
}

// Break is one place where the chain does not hold.
type Break struct {
	From uint64 `json:"from" doc:"first entry that is missing or not as it was written"`
	To   uint64 `json:"to" doc:"last one"`
	Kind string `json:"kind" enum:"missing,changed" doc:"missing: taken out, or lost with the file; changed: not as it was written"`
	Text string `json:"text"`
}

// Check reads the whole record and tells whether the chain holds. remembered,
// when its N is not 0, is a Head from before that the record has to hold.
func (r *Record) Check(remembered Head) (Findings, error) {
	r.turn <- struct{}{}
	known := r.seen
	<-r.turn
	c := chain{next: 1, keep: Keep}
	if err := r.each(func(body []byte) error { c.add(body, known, remembered); return nil }); err != nil {
		return Findings{}, err
	}
	c.end(known, "the hub")
	c.end(remembered, "who asks")
	return Findings{Entries: c.entries, Since: c.since, Head: c.head, Whole: len(c.breaks) == 0, Breaks: c.breaks}, nil
}

// each reads every entry's line, oldest first.
func (r *Record) each(f func(body []byte) error) error {
	for after := uint64(0); ; {
		rows, err := r.store.After(after, batch)
		if err != nil {
			return fmt.Errorf("views: %w", err)
		}
		for _, row := range rows {
			if err := f(row.Body); err != nil {
				return err
			}
		}
		if len(rows) < batch {
			return nil
		}
		after = rows[len(rows)-1].Seq
	}
}

// chain is how far a check has come.
type chain struct {
	next    uint64 // number that comes next
	prev    *Hash  // of the line before; nil: not known
	head    Head
	entries uint64
	since   *home.Time
	keep    uint64
	breaks  []Break
}

// add takes the next line.
func (c *chain) add(body []byte, heads ...Head) {
	c.entries++
	hash := sum(body)
	e, err := Parse(body)
	if err != nil {
		c.broken(c.next, c.next, "changed", fmt.Sprintf("Entry %d can't be read.", c.next))
		c.prev, c.head = nil, Head{c.next, hash}
		c.next++
		return
	}
	if c.since == nil {
		c.since = &e.At
	}
	switch {
	case e.N > c.next && c.entries == 1:
		// The oldest go when the record is full; end tells whether it is.
		c.broken(c.next, e.N-1, "missing", fmt.Sprintf("The record begins with entry %d.", e.N))
	case e.N > c.next:
		c.broken(c.next, e.N-1, "missing", fmt.Sprintf("Entries %d to %d are gone.", c.next, e.N-1))
	case e.N < c.next:
		c.broken(e.N, e.N, "changed", fmt.Sprintf("Entry %d stands behind entry %d.", e.N, c.next-1))
	case c.prev != nil && e.Prev != *c.prev || e.N == 1 && e.Prev != (Hash{}):
		c.broken(max(e.N, 2)-1, e.N, "changed", fmt.Sprintf("Entry %d was not written after the one that stands before it.", e.N))
	}
	for _, h := range heads {
		if h.N == e.N && h.Hash != hash {
			c.broken(e.N, e.N, "changed", fmt.Sprintf("Entry %d is not the one that is remembered.", e.N))
		}
	}
	c.prev, c.head, c.next = &hash, Head{e.N, hash}, max(e.N, c.next-1)+1
}

// end holds the end of the record against a head that somebody remembers.
func (c *chain) end(h Head, who string) {
	if h.N > c.head.N {
		c.broken(c.head.N+1, h.N, "missing", fmt.Sprintf("The record ends with entry %d, and %s remembers entry %d.", c.head.N, who, h.N))
	}
	if c.entries >= c.keep && len(c.breaks) > 0 && c.breaks[0].From == 1 && c.breaks[0].Kind == "missing" {
		c.breaks = c.breaks[1:] // it is full: the oldest went as they had to
	}
}

func (c *chain) broken(from, to uint64, kind, text string) {
	if len(c.breaks) < breaksMost {
		c.breaks = append(c.breaks, Break{from, to, kind, text})
	}
}

// Export writes every line, oldest first. Each line's prev is the SHA-256 of
// the line before it.
func (r *Record) Export(w io.Writer) error {
	return r.each(func(body []byte) error {
		_, err := w.Write(append(bytes.Clone(body), '\n'))
		return err
	})
}

// Query chooses views. Zero fields choose all.
type Query struct {
	Since, Until time.Time
	Kind         Kind
	Camera       home.DeviceID
	Clip         string
	Caller       string // id of an account or token
	Limit        int    // 0: 50, at most 1000
	Cursor       string // where the last page ended
}

// Page returns views, newest first, and the cursor of the next page: "" at the
// end. Lines that can't be read are left out; Check tells of them.
func (r *Record) Page(q Query) (list []Entry, next string, err error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, batch)
	ask := storage.Query{
		Since: q.Since, Until: q.Until, Kind: string(q.Kind), Device: string(q.Camera), Limit: batch, Cursor: q.Cursor,
	}
	for {
		rows, after, err := r.store.Page(ask)
		if err != nil {
			return nil, "", fmt.Errorf("views: %w", err)
		}
		for i, row := range rows {
			e, err := Parse(row.Body)
			if err != nil || q.Clip != "" && e.Clip != q.Clip || q.Caller != "" && e.Caller != q.Caller {
				continue
			}
			if len(list) < q.Limit {
				list = append(list, e)
				continue
			}
			// There is one more: the page ends before it.
			if i == 0 {
				return list, ask.Cursor, nil
			}
			ask.Limit = i
			_, after, err = r.store.Page(ask)
			if err != nil {
				return nil, "", fmt.Errorf("views: %w", err)
			}
			return list, after, nil
		}
		if after == "" {
			return list, "", nil
		}
		ask.Cursor = after
	}
}
