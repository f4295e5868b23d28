package storage

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/storage/disksim"
)

var powercuts = flag.Int("powercuts", 0, "disk images to try in TestPowerCut, for each way of working; without it a few, and none where FUSE cannot be mounted")

// The ways of working whose files must survive a power cut at any moment, and
// how each is verified. Each is a life of one process on one folder; after
// every promise it writes what it has promised to the file "ack".
var works = map[string]disksim.Work{
	"tables":                {Do: func(dir string, ack func(int)) error { return workTables(dir, Options{}, ack) }, Verify: verifyTables},
	"journal":               {Do: func(dir string, ack func(int)) error { return workJournal(dir, false, ack) }, Verify: verifyJournal},
	"tables on a bad disk":  {Do: workTablesInSpiteOf, Verify: verifyTables},
	"journal on a bad disk": {Do: func(dir string, ack func(int)) error { return workJournal(dir, true, ack) }, Verify: verifyJournal},
	"clips":                 {Do: workClips, Verify: verifyClips},
	// The controls: without syncs, and on a disk that forgets what it was told to sync,
	// the same test must find damage or loss.
	"tables without syncs": {Do: func(dir string, ack func(int)) error { return workTables(dir, Options{noSync: true}, ack) }, Verify: verifyTables, Bad: true},
	"clips without syncs":  {Do: workClips, Verify: verifyClips, Bad: true, Forgetful: true},
}

// workRow is the row of a table that step n writes.
func workRow(n int) (key, row string) {
	return fmt.Sprint(n % 17), strings.Repeat(fmt.Sprint(n, " "), 1+n*37%300)
}

const workSteps = 60

func workTables(dir string, o Options, ack func(int)) error {
	db, err := Open(filepath.Join(dir, "home.db"), o)
	if err != nil {
		return err
	}
	ack(0)
	rows, count := NewTable[string](db, "rows"), NewCell[int](db, "count")
	for n := 1; n <= workSteps; n++ {
		key, row := workRow(n)
		if err := db.Update(func(tx *Tx) error {
			return errors.Join(rows.PutTx(tx, key, row), count.SaveTx(tx, n))
		}); err != nil {
			return err
		}
		ack(n)
		if n%25 == 0 {
			if err := db.Snapshot(); err != nil {
				return err
			}
		}
		if n%40 == 0 { // a proper stop and start among them
			if err := db.Close(); err != nil {
				return err
			}
			if db, err = Open(filepath.Join(dir, "home.db"), o); err != nil {
				return err
			}
			rows, count = NewTable[string](db, "rows"), NewCell[int](db, "count")
		}
	}
	return nil // without Close
}

// workTablesInSpiteOf works while writes and syncs fail now and then.
func workTablesInSpiteOf(dir string, ack func(int)) error {
	db, err := Open(filepath.Join(dir, "home.db"), Options{})
	if err != nil {
		return err
	}
	ack(0)
	rows, count := NewTable[string](db, "rows"), NewCell[int](db, "count")
	for n := 1; n <= workSteps; n++ {
		key, row := workRow(n)
		step := func() error {
			return db.Update(func(tx *Tx) error { return errors.Join(rows.PutTx(tx, key, row), count.SaveTx(tx, n)) })
		}
		ill := map[int]string{1: "full", 3: "sick"}[n%5]
		if ill != "" {
			if err := disksim.Illness(dir, ill); err != nil {
				return err
			}
			if err := step(); err == nil || errors.Is(err, ErrFull) != (ill == "full") {
				return fmt.Errorf("step %d on a %s disk: %w", n, ill, err)
			}
			if err := db.Snapshot(); err == nil {
				return fmt.Errorf("a snapshot on a %s disk", ill)
			}
			if m, _, err := count.Load(); err != nil || m != n-1 && (ill == "full" || m != n) {
				return fmt.Errorf("after step %d on a %s disk: at %d, %w", n, ill, m, err)
			}
			if err := disksim.Illness(dir, "none"); err != nil {
				return err
			}
		}
		if err := step(); err != nil {
			return err
		}
		ack(n)
	}
	return nil
}

func verifyTables(dir string, promised int) error {
	db, err := Open(filepath.Join(dir, "home.db"), Options{Check: CheckFile})
	if err != nil {
		return err
	}
	if f, bad := db.Fault(); bad {
		return fmt.Errorf("fault: %v", f)
	}
	n, _, err := NewCell[int](db, "count").Load()
	if err != nil {
		return err
	}
	if n < promised {
		return fmt.Errorf("lost: at step %d, promised %d", n, promised)
	}
	rows, err := NewTable[string](db, "rows").All()
	if err != nil {
		return err
	}
	want := map[string]string{}
	for i := 1; i <= n; i++ {
		key, row := workRow(i)
		want[key] = row
	}
	if len(rows) != len(want) {
		return fmt.Errorf("%d rows at step %d, want %d", len(rows), n, len(want))
	}
	for _, r := range rows {
		if r.Value != want[r.Key] {
			return fmt.Errorf("row %s is not of step %d", r.Key, n)
		}
	}
	return db.Close()
}

func workJournal(dir string, bad bool, ack func(int)) error {
	j, err := OpenJournal(filepath.Join(dir, "journal.db"), JournalOptions{
		keep:      300,
		OnDurable: func(b []Entry) { ack(int(b[len(b)-1].Seq)) },
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	for n := 1; n <= workSteps; n++ {
		for range n * n % 97 { // some commits trim
			j.Append(workEntry(j))
		}
		if ill := map[int]string{1: "full", 3: "sick"}[n%20]; bad && ill != "" {
			if err := disksim.Illness(dir, ill); err != nil {
				return err
			}
			j.Append(workEntry(j))
			brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			err := j.Flush(brief)
			cancel()
			if err == nil || strings.Contains(err.Error(), ErrFull.Error()) != (ill == "full") {
				return fmt.Errorf("flush on a %s disk: %w", ill, err)
			}
			if err := disksim.Illness(dir, "none"); err != nil {
				return err
			}
		}
		if err := j.Flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// workEntry says its own number, so that a reused one is seen.
func workEntry(j *Journal) Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return Entry{Kind: "work", Device: fmt.Sprint("d", j.next%7), Body: []byte(strconv.FormatUint(j.next, 10))}
}

func verifyJournal(dir string, promised int) error {
	j, err := OpenJournal(filepath.Join(dir, "journal.db"), JournalOptions{keep: 300, Check: CheckFile})
	if err != nil {
		return err
	}
	if f, bad := j.Fault(); bad {
		return fmt.Errorf("fault: %v", f)
	}
	if j.Last() < uint64(promised) {
		return fmt.Errorf("lost: the last is %d, promised %d", j.Last(), promised)
	}
	seen := 0
	for q := (Query{Limit: 1000}); ; {
		page, next, err := j.Page(q)
		if err != nil {
			return err
		}
		for _, e := range page {
			if want := j.Last() - uint64(seen); e.Seq != want || string(e.Body) != strconv.FormatUint(e.Seq, 10) {
				return fmt.Errorf("entry %d says %s, want %d", e.Seq, e.Body, want)
			}
			seen++
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	if seen != j.index.total || seen < min(int(j.Last()), 300) {
		return fmt.Errorf("%d entries, the index says %d, the last is %d", seen, j.index.total, j.Last())
	}
	if next := j.Append(Entry{}); next <= uint64(promised) {
		return fmt.Errorf("number %d was announced before", next)
	}
	return nil
}

// TestPowerCut opens what the disk may hold after a power cut at many random moments
// of each life.
func TestPowerCut(t *testing.T) {
	for name, w := range works {
		t.Run(name, func(t *testing.T) { disksim.Cut(t, name, w, *powercuts) })
	}
}
