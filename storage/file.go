package storage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Options say how a file is opened. The zero Options are fit for tests.
type Options struct {
	// Log gets one line per event; nil discards.
	Log *slog.Logger
	// Wait is how long to wait for another process to let go. Default 1 s.
	Wait time.Duration
	// Check reads the whole of the file at path and says what is wrong with
	// it. Programs pass [InChild]; nil checks in this process, which finds
	// less and may not survive what it finds.
	Check func(path string) error
	// StartEmpty begins an empty file, with a Fault, when the file is damaged
	// and has no good snapshot. Otherwise opening fails with ErrDamaged.
	StartEmpty bool
	// SnapshotEvery is how often DB.Run keeps a copy. Default one hour.
	SnapshotEvery time.Duration
	// OnFault is told when a fault comes (present) and goes. It is called
	// from Run's goroutine and must not block.
	OnFault func(f Fault, present bool)

	mmap   int  // initial size of the memory map, in bytes
	noSync bool // for the control of the power-cut test, which must fail
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wait <= 0 {
		o.Wait = time.Second
	}
	if o.SnapshotEvery <= 0 {
		o.SnapshotEvery = time.Hour
	}
	if o.Check == nil {
		o.Check = checkHere
	}
	if o.OnFault == nil {
		o.OnFault = func(Fault, bool) {}
	}
	return o
}

// Names beside a file f: f.lock is locked while f is open and holds the
// process's number until it is closed properly; f.snapshot is the last good
// copy; f.damaged is what a snapshot has replaced; f.new is being made.
const (
	lockSuffix     = ".lock"
	snapshotSuffix = ".snapshot"
	damagedSuffix  = ".damaged"
	newSuffix      = ".new"
)

// file is one open bbolt file with its lock.
type file struct {
	path  string
	o     Options
	log   *slog.Logger
	bolt  *bolt.DB
	lock  *os.File // nil on a read-only disk that never had one
	fault *Fault   // as found at opening

	readOnly bool // the disk takes no writes: what is there can be read
}

var (
	bucketMeta   = []byte("meta")
	bucketCells  = []byte("cells")
	bucketTables = []byte("tables")

	keyFormat = []byte("format")
	keyFault  = []byte("fault")
	keyRoom   = []byte("room")
)

// format is the number of the layout that this release writes.
const format = 1

func openFile(path string, o Options) (_ *file, err error) {
	o = o.withDefaults()
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, explain(path, "open", err)
	}
	f := &file{path: path, o: o, log: o.Log}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return nil, explain(path, "make its folder", err)
	}
	unclean, err := f.takeLock()
	if err != nil {
		return nil, explain(path, "open", err)
	}
	defer func() {
		if err != nil {
			f.letGo(!unclean)
		}
	}()
	if err := f.makeReady(unclean); err != nil {
		return nil, err
	}
	if err := f.openBolt(); err != nil {
		return nil, err
	}
	return f, nil
}

// makeReady leaves a whole file at f.path, and the marker of an unclean stop
// set, so that a process that dies in opening it is followed by a check.
func (f *file) makeReady(unclean bool) error {
	if f.readOnly {
		// Better a house that remembers and cannot write than none: a card
		// that wears out turns read-only one day.
		f.log.Error("the disk is read-only", "file", f.name())
		if !unclean {
			return nil
		}
		return explain(f.path, "check", f.o.Check(f.path))
	}
	_ = os.Remove(f.path + newSuffix)
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if snap, serr := os.Stat(f.path + snapshotSuffix); serr == nil && snap.Size() > 0 {
			if err := f.restore(errors.New("the file was gone")); err != nil {
				return err
			}
		} else if err := f.bear(nil); err != nil {
			return err
		}
	case err != nil:
		return explain(f.path, "open", err)
	case info.Size() == 0:
		if err := f.restore(errors.New("the file was empty")); err != nil {
			return err
		}
	case unclean:
		began := time.Now()
		err := f.o.Check(f.path)
		f.log.Info("database checked after an unclean stop", "file", f.name(), "took", time.Since(began), "err", err)
		if err != nil {
			if err := f.restore(err); err != nil {
				return err
			}
		}
	}
	return explain(f.path, "mark as open", f.mark())
}

// openBolt opens the file. One that bbolt itself finds damaged is replaced.
func (f *file) openBolt() error {
	db, err := f.tryBolt(f.path)
	if err != nil && damaged(err) && !f.readOnly {
		if err := f.restore(err); err != nil {
			return err
		}
		db, err = f.tryBolt(f.path)
	}
	if err != nil {
		return explain(f.path, "open", err)
	}
	var was uint64
	err = db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketMeta)
		if b == nil {
			return errors.New("not a database of gatehouse: move it away")
		}
		if v := b.Get(keyFormat); len(v) == 8 {
			was = binary.BigEndian.Uint64(v)
		}
		if v := b.Get(keyFault); v != nil {
			f.fault = new(Fault)
			return json.Unmarshal(v, f.fault)
		}
		return nil
	})
	if err == nil && was > format {
		err = ErrTooNew
	}
	if err != nil {
		_ = db.Close()
		return explain(f.path, "open", err)
	}
	f.bolt = db
	return nil
}

func damaged(err error) bool {
	return errors.Is(err, berrors.ErrInvalid) || errors.Is(err, berrors.ErrChecksum) || errors.Is(err, berrors.ErrVersionMismatch)
}

func (f *file) tryBolt(path string) (*bolt.DB, error) {
	return bolt.Open(path, 0o600, &bolt.Options{
		Timeout:         f.o.Wait,
		FreelistType:    bolt.FreelistMapType,
		InitialMmapSize: f.o.mmap,
		NoStatistics:    true,
		NoSync:          f.o.noSync,
		ReadOnly:        f.readOnly,
	})
}

// bear makes an empty file under another name, syncs it, and renames it.
func (f *file) bear(fault *Fault) error {
	return explain(f.path, "create", f.replace(func(path string) error {
		db, err := f.tryBolt(path)
		if err != nil {
			return err
		}
		err = db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists(bucketMeta)
			if err != nil {
				return err
			}
			if err := b.Put(keyFormat, binary.BigEndian.AppendUint64(nil, format)); err != nil {
				return err
			}
			return putFault(b, fault)
		})
		if err == nil {
			err = makeRoom(db)
		}
		return errors.Join(err, db.Close())
	}))
}

// room is what a new file has to spare, in bytes: on a disk that has become
// full, small changes still find place in the file itself, such as a disarming.
const room = 256 << 10

// makeRoom grows the file by pages that are then free.
func makeRoom(db *bolt.DB) error {
	for _, change := range []func(*bolt.Bucket) error{
		func(b *bolt.Bucket) error { return b.Put(keyRoom, make([]byte, room)) },
		func(b *bolt.Bucket) error { return b.Delete(keyRoom) },
	} {
		if err := db.Update(func(tx *bolt.Tx) error { return change(tx.Bucket(bucketMeta)) }); err != nil {
			return err
		}
	}
	return nil
}

// restore sets the damaged file aside and puts the snapshot in its place.
func (f *file) restore(found error) error {
	snap := f.path + snapshotSuffix
	info, err := os.Stat(snap)
	if err == nil {
		err = f.o.Check(snap)
	}
	fault := &Fault{Kind: FaultRestored, File: f.name(), Since: time.Now().UTC(), Err: found.Error()}
	switch {
	case err == nil:
		fault.Snapshot = info.ModTime().UTC()
	case f.o.StartEmpty:
		fault.Kind = FaultLost
	default:
		return fmt.Errorf("storage: %s is %w (%w) and has no good snapshot (%w): restore a backup, or move the file away to begin anew",
			f.path, ErrDamaged, found, err)
	}
	if _, err := os.Stat(f.path); err == nil {
		fault.Kept = f.name() + damagedSuffix
		if err := os.Rename(f.path, f.path+damagedSuffix); err != nil {
			return explain(f.path, "set aside the damaged file", err)
		}
	}
	f.log.Error("database damaged", "file", f.name(), "kind", fault.Kind, "snapshot", fault.Snapshot, "err", found)
	if fault.Kind == FaultLost {
		return f.bear(fault)
	}
	return explain(f.path, "restore the snapshot", f.replace(func(path string) error {
		if err := copyFile(path, snap); err != nil {
			return err
		}
		db, err := f.tryBolt(path)
		if err != nil {
			return err
		}
		err = db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists(bucketMeta)
			if err != nil {
				return err
			}
			return putFault(b, fault)
		})
		return errors.Join(err, db.Close())
	}))
}

// replace lets fill make a file under a temporary name, then puts it in place
// so that a power cut leaves either the old file or the whole new one.
func (f *file) replace(fill func(path string) error) error {
	return f.replaceFile(f.path, fill)
}

func (f *file) replaceFile(path string, fill func(path string) error) error {
	tmp := path + newSuffix
	_ = os.Remove(tmp)
	if err := fill(tmp); err != nil {
		_ = os.Remove(tmp)
		return err
	}
	if err := f.sync(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return f.sync(filepath.Dir(path))
}

// sync syncs what was just made.
func (f *file) sync(path string) error {
	if f.o.noSync {
		return nil
	}
	return syncPath(path)
}

func putFault(b *bolt.Bucket, fault *Fault) error {
	if fault == nil {
		return b.Delete(keyFault)
	}
	row, err := json.Marshal(fault)
	if err != nil {
		return err
	}
	return b.Put(keyFault, row)
}

// acknowledge forgets the fault that was found at opening.
func (f *file) acknowledge() error {
	err := f.bolt.Update(func(tx *bolt.Tx) error { return putFault(tx.Bucket(bucketMeta), nil) })
	return explain(f.path, "acknowledge the fault", err)
}

func (f *file) name() string { return filepath.Base(f.path) }

// close closes the file properly.
func (f *file) close() error {
	err := f.bolt.Close()
	f.letGo(err == nil)
	return explain(f.path, "close", err)
}

// takeLock locks f for this process and tells whether the last one that had it
// stopped without closing it.
func (f *file) takeLock() (unclean bool, err error) {
	lock, err := os.OpenFile(f.path+lockSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, syscall.EROFS) {
		f.readOnly = true
		if lock, err = os.Open(f.path + lockSuffix); errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
	}
	if err != nil {
		return false, err
	}
	for until := time.Now().Add(f.o.Wait); ; time.Sleep(25 * time.Millisecond) {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			_ = lock.Close()
			return false, err
		}
		if time.Now().After(until) {
			owner, _ := io.ReadAll(io.LimitReader(lock, 32))
			_ = lock.Close()
			return false, fmt.Errorf("%w: process %s has it: stop that one first, or choose another data folder",
				ErrInUse, strings.TrimSpace(string(owner)))
		}
	}
	f.lock = lock
	was, err := io.ReadAll(io.LimitReader(lock, 64))
	if err != nil {
		return false, err
	}
	return len(was) > 0 && strings.TrimSpace(string(was)) != markClosed, nil
}

// The lock file holds the number of the process that has the file open, else
// markClosed. Both are padded to one length: on a disk that has become full,
// writing over what is there still works.
const (
	markClosed = "closed"
	markFormat = "%-15s\n"
)

// mark writes this process's number into the lock file, durably.
func (f *file) mark() error {
	if _, err := fmt.Fprintf(io.NewOffsetWriter(f.lock, 0), markFormat, strconv.Itoa(os.Getpid())); err != nil {
		return err
	}
	if err := f.sync(f.path + lockSuffix); err != nil {
		return err
	}
	return f.sync(filepath.Dir(f.path))
}

// letGo unlocks f; clean takes the mark off.
func (f *file) letGo(clean bool) {
	if f.lock == nil {
		return
	}
	if clean && !f.readOnly {
		// Not synced: if it is lost, the next opening checks for nothing.
		_, _ = fmt.Fprintf(io.NewOffsetWriter(f.lock, 0), markFormat, markClosed)
	}
	_ = f.lock.Close()
	f.lock = nil
}

// makeFolder makes dir and the folders above it, durably, for the owner only.
func makeFolder(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s is not a folder", dir)
		}
		return nil
	}
	if err := makeFolder(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncPath(filepath.Dir(dir))
}

// syncPath syncs a file, or the entries of a folder.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
