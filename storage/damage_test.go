package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// abandon leaves f as a process that is killed would.
func abandon(f *file) {
	_ = f.bolt.Close()
	_ = f.lock.Close()
}

// spoil overwrites both meta pages and what follows.
func spoil(t interface{ Fatal(...any) }, path string) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(strings.Repeat("spoilt! ", 2048)), 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// full makes a database with a few hundred rows and a snapshot at row 200.
func full(t *testing.T, path string) {
	t.Helper()
	db := open(t, path, inChild)
	for i := range 300 {
		if i == 200 {
			if err := db.Snapshot(); err != nil {
				t.Fatal(err)
			}
		}
		if i%50 != 0 {
			continue
		}
		if err := db.Update(func(tx *Tx) error {
			var errs []error
			for k := range 50 {
				errs = append(errs, NewTable[string](db, "rows").PutTx(tx, string(rune('A'+i/50))+string(rune('a'+k)), strings.Repeat("x", 100)))
			}
			return errors.Join(append(errs, NewCell[int](db, "n").SaveTx(tx, i))...)
		}); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, db)
}

// Every page in turn is filled with wild pointers, and with rubbish or cut off: which of
// them are read is another matter each time.
// Whatever that does to a process that reads it, the hub comes up: with what
// was written, or with the snapshot and a fault that says so.
func TestDamagedPagesNeverStopTheHub(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "home.db")
	full(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	restored := 0
	for i := range 2 * len(whole) / page {
		n := i / 2
		bad := append([]byte(nil), whole...)
		p := bad[n*page : (n+1)*page]
		switch {
		case n > 1 && i%2 == 0 || n == 1: // pointers far beyond the file, behind a good page head
			for i := 16; i < page; i++ {
				p[i] = 0x7f
			}
		case n%2 == 0: // rubbish
			for i := range p {
				p[i] = byte(i*7 + n)
			}
		default: // the end is gone
			bad = bad[:n*page]
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+lockSuffix, []byte("1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		db := open(t, path, inChild)
		got, _, err := NewCell[int](db, "n").Load()
		if err != nil {
			t.Errorf("page %d: %v", n, err)
		}
		rows, err := NewTable[string](db, "rows").All()
		if err != nil {
			t.Errorf("page %d: %v", n, err)
		}
		f, faulty := db.Fault()
		switch {
		case faulty && f.Kind == FaultRestored && f.Kept != "" && !f.Snapshot.IsZero():
			restored++
			if got != 150 || len(rows) != 200 {
				t.Errorf("page %d: restored to %d with %d rows, want 150 with 200", n, got, len(rows))
			}
		case !faulty:
			if got != 250 || len(rows) != 300 {
				t.Errorf("page %d: no fault, %d with %d rows, want 250 with 300", n, got, len(rows))
			}
		default:
			t.Errorf("page %d: fault %+v", n, f)
		}
		shut(t, db)
	}
	if restored == 0 {
		t.Error("none was restored, so this shows nothing")
	}
}

// What a check cannot foresee ends its child, and counts as damage.
func TestCheckThatDies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home.db")
	full(t, path)
	if err := os.WriteFile(path+lockSuffix, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{Check: InChild("storage-dies")}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "exit status 2") {
		t.Errorf("Open = %v, want ErrDamaged by a child that died", err)
	}
}

func TestFaultStaysUntilAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home.db")
	full(t, path)
	spoil(t, path)
	for range 2 {
		db := open(t, path, inChild)
		f, bad := db.Fault()
		if !bad || f.Kind != FaultRestored || f.File != "home.db" || f.Kept != "home.db.damaged" {
			t.Errorf("fault = %+v, %v", f, bad)
		}
		shut(t, db)
	}
	db := open(t, path, inChild)
	if err := db.Acknowledge(); err != nil {
		t.Fatal(err)
	}
	shut(t, db)
	db = open(t, path, inChild)
	defer shut(t, db)
	if f, bad := db.Fault(); bad {
		t.Errorf("after Acknowledge: %v", f)
	}
}

func TestNoSnapshotNoStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home.db")
	shut(t, open(t, path, Options{}))
	spoil(t, path)
	_, err := Open(path, inChild)
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "restore a backup") {
		t.Errorf("Open = %v, want ErrDamaged and the mend", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the damaged file must stay where it is: %v", err)
	}
	// A file cut to nothing is damage too: bbolt would quietly begin anew.
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, inChild); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open of an empty file = %v, want ErrDamaged", err)
	}
}

func TestDamagedJournalBeginsAnewAboveItsNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	j := openJournal(t, path, JournalOptions{})
	old := j.Append(Entry{Kind: "reading"})
	if err := j.commit(); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	spoil(t, path)
	j = openJournal(t, path, JournalOptions{})
	defer running(t, j)()
	if f, bad := j.Fault(); !bad || f.Kind != FaultLost || f.Kept != "journal.db.damaged" {
		t.Errorf("fault = %+v, %v", f, bad)
	}
	if seq := j.Append(Entry{}); seq <= old+1e6 {
		t.Errorf("number %d may have been given before", seq)
	}
	if err := j.Acknowledge(); err != nil {
		t.Fatal(err)
	}
	if f, bad := j.Fault(); bad {
		t.Errorf("after Acknowledge: %v", f)
	}
}

func TestNewerFormatIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home.db")
	db := open(t, path, Options{})
	if err := db.Update(func(tx *Tx) error { return tx.tx.Bucket(bucketMeta).Put(keyFormat, seqKey(format+1)) }); err != nil {
		t.Fatal(err)
	}
	shut(t, db)
	if _, err := Open(path, Options{}); !errors.Is(err, ErrTooNew) {
		t.Errorf("Open = %v, want ErrTooNew", err)
	}
}

func TestSnapshotsByTheHour(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home.db")
	synctest.Test(t, func(t *testing.T) {
		var faults []string
		var damaged atomic.Bool
		db := open(t, path, Options{
			Check: func(string) error {
				if damaged.Load() {
					return errors.New("damaged in memory")
				}
				return nil
			},
			OnFault: func(f Fault, present bool) {
				faults = append(faults, string(f.Kind)+map[bool]string{true: " came", false: " went"}[present])
			},
		})
		defer shut(t, db)
		done := make(chan error)
		ctx, cancel := contextFor(t)
		go func() { done <- db.Run(ctx) }()
		synctest.Wait()
		made := func() fs.FileInfo { // its time is too coarse to tell two apart
			info, err := os.Stat(path + snapshotSuffix)
			if err != nil {
				t.Fatal(err)
			}
			return info
		}
		hour := func() { time.Sleep(time.Hour); synctest.Wait() }
		first := made()
		hour()
		if !os.SameFile(made(), first) {
			t.Error("a snapshot was made though nothing changed")
		}
		save := func(n int) {
			if err := NewCell[int](db, "n").Save(n); err != nil {
				t.Fatal(err)
			}
		}
		save(1)
		hour()
		second := made()
		if os.SameFile(second, first) {
			t.Error("no snapshot was made")
		}
		save(2)
		damaged.Store(true)
		hour()
		hour()
		if !os.SameFile(made(), second) {
			t.Error("a bad snapshot has replaced a good one")
		}
		damaged.Store(false)
		hour()
		if os.SameFile(made(), second) {
			t.Error("no snapshot was made after the fault went")
		}
		if diff := cmp.Diff(faults, []string{"snapshot came", "snapshot came", "snapshot went"}); diff != "" {
			t.Errorf("faults (-got +want)\n%s", diff)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A disarming must find room on a disk that has become full: the file has some
// of its own.
func TestSmallChangesTakeNoMoreOfTheDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "panel.db")
	shut(t, open(t, path, Options{}))
	db := open(t, path, Options{})
	defer shut(t, db)
	blocks := func() int64 {
		var s syscall.Stat_t
		if err := syscall.Stat(path, &s); err != nil {
			t.Fatal(err)
		}
		return s.Blocks
	}
	before := blocks()
	for i := range 200 {
		if err := NewCell[string](db, "panel").Save(strings.Repeat("x", 4000+i*40)); err != nil {
			t.Fatal(err)
		}
	}
	if got := blocks(); got != before {
		t.Errorf("%d blocks after 200 changes, want the %d of the beginning", got, before)
	}
}

// A card that wears out turns read-only. What it remembers can still be used.
func TestReadOnlyDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("storage", dir, "tmpfs", 0, "size=4m,mode=0700"); err != nil {
		t.Logf("only root can mount a disk and make it read-only: %v", err)
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "home.db")
	db := open(t, path, Options{})
	if err := NewCell[int](db, "n").Save(7); err != nil {
		t.Fatal(err)
	}
	abandon(db.f)
	j := openJournal(t, filepath.Join(dir, "journal.db"), JournalOptions{})
	j.Append(Entry{Kind: "reading"})
	if err := j.commit(); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("storage", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	db = open(t, path, inChild)
	if n, _, err := NewCell[int](db, "n").Load(); n != 7 || err != nil {
		t.Errorf("Load = %d, %v", n, err)
	}
	if err := NewCell[int](db, "n").Save(8); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Save = %v, want ErrReadOnly", err)
	}
	if _, err := Open(path, Options{Wait: 1}); !errors.Is(err, ErrInUse) {
		t.Errorf("second Open = %v, want ErrInUse", err)
	}
	shut(t, db)
	j = openJournal(t, filepath.Join(dir, "journal.db"), JournalOptions{})
	if seq := j.Append(Entry{Kind: "alarm"}); seq != 2 {
		t.Errorf("next number = %d, want 2", seq)
	}
	if err := j.commit(); !errors.Is(err, ErrReadOnly) {
		t.Errorf("commit = %v, want ErrReadOnly", err)
	}
	if f, bad := j.Fault(); !bad || f.Waiting != 1 {
		t.Errorf("fault = %+v, %v", f, bad)
	}
	if list, err := j.After(0, 10); len(list) != 1 || err != nil {
		t.Errorf("After = %v, %v", list, err)
	}
	if err := j.Close(); err == nil || !strings.Contains(err.Error(), "not written") {
		t.Errorf("Close = %v, want it to say that an entry is lost", err)
	}
}
