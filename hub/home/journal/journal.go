// Package journal is the record of what happened in the house.
//
// Add numbers a line and returns at once; the line is written behind it, and
// only then published on Events. Who sees a line in any face can rely on it:
// it survives a power cut. Readings that follow each other are written
// together, once a second; any other line is written at once, with all that
// waits.
package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/home"
	"gatehouse/storage"
)

// Keep is how many lines are kept at least.
const Keep = 200_000

// Journal is the open record.
type Journal struct {
	// Events carries each line, in order, once it is on disk.
	Events bus.Topic[home.Event]

	log   *slog.Logger
	store *storage.Journal
}

// Options say how a record is opened.
type Options struct {
	Path string
	// Check looks at the file after an unclean stop; see storage.Options.
	Check func(path string) error
	// OnFault hears when lines can't be written, and when they can again.
	OnFault func(f storage.Fault, present bool)
	Log     *slog.Logger
}

// Open opens or creates the record.
func Open(o Options) (*Journal, error) {
	j := &Journal{log: o.Log}
	store, err := storage.OpenJournal(o.Path, storage.JournalOptions{
		Keep: Keep, OnDurable: j.publish, OnFault: o.OnFault, Check: o.Check, Log: o.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j.store = store
	return j, nil
}

// Run writes what was added until ctx ends, then writes the rest.
func (j *Journal) Run(ctx context.Context) error { return j.store.Run(ctx) }

// Close closes the file. Call it after Run has returned.
func (j *Journal) Close() error { return j.store.Close() }

// Add numbers a line without waiting for the disk. Its Seq is set by Add.
func (j *Journal) Add(e home.Event) uint64 {
	e.Seq = 0
	if len(e.Data) > 0 && !json.Valid(e.Data) { // the line counts more
		j.log.Error("journal line without its data, which is no JSON", "kind", e.Kind)
		e.Data = nil
	}
	return j.store.Append(storage.Entry{
		At: e.At.Time, Kind: e.Kind, Device: string(e.Device), Body: e.AppendJSON(make([]byte, 0, 256)), Urgent: e.Kind != home.KindReading,
	})
}

func (j *Journal) publish(entries []storage.Entry) {
	if j.Events.Subscribers() == 0 {
		return
	}
	for _, e := range entries {
		ev, err := decode(e)
		if err != nil {
			j.log.Error("journal line not readable", "err", err)
			continue
		}
		j.Events.Publish(ev)
	}
}

// Query chooses lines. Zero fields choose all.
type Query struct {
	Since, Until time.Time
	Kind         string
	Device       home.DeviceID
	Limit        int    // lines in a page; 0: 50, at most 1000
	Cursor       string // where the last page ended
}

// Page returns lines, newest first, and the cursor of the next page: "" at the end.
func (j *Journal) Page(q Query) ([]home.Event, string, error) {
	entries, next, err := j.store.Page(storage.Query{
		Since: q.Since, Until: q.Until, Kind: q.Kind, Device: string(q.Device), Limit: q.Limit, Cursor: q.Cursor,
	})
	if err != nil {
		return nil, "", fmt.Errorf("journal: %w", err)
	}
	list, err := decodeAll(entries)
	return list, next, err
}

// After returns up to limit lines that follow seq, oldest first.
func (j *Journal) After(seq uint64, limit int) ([]home.Event, error) {
	entries, err := j.store.After(seq, limit)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return decodeAll(entries)
}

// Last is the number of the newest line on disk; 0 when there is none.
func (j *Journal) Last() uint64 { return j.store.Last() }

// Fault is what is wrong with the record, if anything is.
func (j *Journal) Fault() (storage.Fault, bool) { return j.store.Fault() }

// Flush waits until all that was added is on disk.
func (j *Journal) Flush(ctx context.Context) error { return j.store.Flush(ctx) }

func decodeAll(entries []storage.Entry) ([]home.Event, error) {
	list := make([]home.Event, 0, len(entries))
	for _, e := range entries {
		ev, err := decode(e)
		if err != nil {
			return nil, err
		}
		list = append(list, ev)
	}
	return list, nil
}

func decode(e storage.Entry) (home.Event, error) {
	var ev home.Event
	if err := json.Unmarshal(e.Body, &ev); err != nil {
		return ev, fmt.Errorf("journal: line %d: %w", e.Seq, err)
	}
	ev.Seq = e.Seq
	return ev, nil
}
