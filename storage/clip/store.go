package clip

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Options say how a store is opened.
type Options struct {
	Dir        string
	VolumeSize int64 // of one file; default 256 MiB, at most 64 MiB where addresses have 32 bits
	Quota      int64 // of all files together; 0: the disk's
	Reserve    int64 // bytes of the disk that stay free
	Log        *slog.Logger
	// Free tells how many bytes are free where dir is; nil: as the system says.
	Free func(dir string) (int64, error)
	// Check reads the whole of a file that was open when the last process
	// stopped uncleanly, in a child: what a damaged memory map does to a process
	// cannot be undone. nil: nothing is checked.
	Check func(path string) error
}

// Fault is a file that was set aside.
type Fault struct {
	File  string // its name now
	Err   string // what was found
	Clips int    // how many are lost with it; -1: nobody knows
}

// Store is an open folder of clips. All of it may be used by many at once.
type Store struct {
	o   Options
	log *slog.Logger

	k    sync.RWMutex // keys is changed by a compaction
	keys *bolt.DB

	brief   func(Row) string
	dropped func([]Row)
	fault   func(Fault)

	sweeping sync.Mutex // one sweeps at a time; taken before w

	w      sync.Mutex // one writes at a time; taken before mu
	moving *Row       // under w: its pieces are copied; nil: no clip's are

	mu      sync.Mutex // what follows; never held while a disk is waited for
	volumes map[uint32]*volume
	current map[Class]*volume
	live    map[ID]*Row // not ended
	next    uint32      // number of the next volume
	turn    uint64
	faults  []Fault
	use     Use
}

// inUse is there while a process has the store open.
const inUse = "in-use"

const damagedSuffix = ".damaged"

// Open opens the store in Options.Dir, and makes it when there is none.
func Open(o Options) (*Store, error) {
	if o.VolumeSize <= 0 {
		o.VolumeSize = 256 << 20
	}
	if strconv.IntSize == 32 {
		o.VolumeSize = min(o.VolumeSize, 64<<20)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Free == nil {
		o.Free = free
	}
	s := &Store{
		o: o, log: o.Log, volumes: map[uint32]*volume{}, current: map[Class]*volume{}, live: map[ID]*Row{}, next: 1,
		brief: func(Row) string { return "" }, dropped: func([]Row) {}, fault: func(Fault) {},
	}
	if err := makeFolder(o.Dir); err != nil {
		return nil, err
	}
	_, err := os.Stat(s.path(inUse))
	unclean := err == nil
	if err := s.openKeys(unclean); err != nil {
		return nil, err
	}
	err = s.findVolumes()
	if err == nil {
		err = s.loadLive()
	}
	if err == nil {
		err = s.measure()
	}
	if err == nil && !unclean {
		err = s.mark()
	}
	if err != nil {
		return nil, errors.Join(err, s.closeFiles())
	}
	s.openCurrent(unclean)
	return s, nil
}

// Briefs says what the listings hold of a clip that has ended, beside its row: what is
// wanted of many at once, some dozens of bytes. It is to be called before anything is
// written; f is asked in the midst of a commit, and must not call the store.
func (s *Store) Briefs(f func(Row) string) { s.brief = f }

// OnDropped says who is told which clips made room. It is to be called before
// anything is written, and f must not write to the store.
func (s *Store) OnDropped(f func([]Row)) { s.dropped = f }

// OnFault says who is told of files that are set aside: those of Open at once, others
// as it happens. It is to be called before anything is read or written, and f must not
// call the store.
func (s *Store) OnFault(f func(Fault)) {
	s.fault = f
	for _, known := range s.Faults() {
		f(known)
	}
}

func (s *Store) path(name string) string { return filepath.Join(s.o.Dir, name) }

// mark leaves the sign that the store is open, durably.
func (s *Store) mark() error {
	f, err := os.OpenFile(s.path(inUse), os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err == nil {
		err = syncPath(s.o.Dir)
	}
	return explain(inUse, "make", err)
}

// Close closes the store properly: the next Open checks nothing.
func (s *Store) Close() error {
	s.w.Lock()
	defer s.w.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.closeFiles()
	return errors.Join(err, os.Remove(s.path(inUse)))
}

func (s *Store) closeFiles() error {
	var all []error
	for _, v := range s.volumes {
		if v.book != nil {
			all = append(all, v.book.Close())
			v.book = nil
		}
	}
	return errors.Join(append(all, s.keys.Close())...)
}

// openKeys opens keys.db. One that is damaged is set aside: without it every
// clip of before is noise.
func (s *Store) openKeys(unclean bool) error {
	path := s.path(keysName)
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := bear(path, fillKeys, nil); err != nil {
			return explain(path, "create", err)
		}
		err = nil
	}
	if err == nil && unclean && s.o.Check != nil {
		if why := s.o.Check(path); why != nil {
			if err := s.newKeys(path, why); err != nil {
				return err
			}
		}
	}
	if err == nil {
		s.keys, err = open(path, false, nil)
	}
	if errors.Is(err, errDamaged) {
		if err := s.newKeys(path, err); err != nil {
			return err
		}
		s.keys, err = open(path, false, nil)
	}
	return explain(path, "open", err)
}

// newKeys sets keys.db aside and begins another one.
func (s *Store) newKeys(path string, why error) error {
	s.setAside(path, why, -1)
	return explain(path, "create", bear(path, fillKeys, nil))
}

// setAside renames a file that cannot be read.
func (s *Store) setAside(path string, why error, clips int) {
	name := filepath.Base(path) + damagedSuffix
	err := os.Rename(path, path+damagedSuffix)
	s.log.Error("file of clips damaged", "file", name, "clips", clips, "err", errors.Join(why, err))
	f := Fault{File: name, Err: why.Error(), Clips: clips}
	s.faults = append(s.faults, f)
	s.fault(f)
}

// findVolumes lists the volumes and clears away what was being made.
func (s *Store) findVolumes() error {
	entries, err := os.ReadDir(s.o.Dir)
	if err != nil {
		return explain(s.o.Dir, "list", err)
	}
	for _, e := range entries {
		name, isNew := strings.CutSuffix(e.Name(), newSuffix)
		if isNew && name != keysName {
			_ = os.Remove(s.path(e.Name()))
			continue
		}
		if class, number, ok := parseVolumeName(strings.TrimSuffix(e.Name(), damagedSuffix)); ok {
			s.next = max(s.next, number+1)
			if !strings.HasSuffix(e.Name(), damagedSuffix) {
				s.volumes[number] = &volume{class: class, number: number, path: s.path(e.Name())}
			}
		}
	}
	return s.viewKeys(func(tx *bolt.Tx) error { // the number of one that was dropped is not given again
		if k, _ := tx.Bucket(bucketIn).Cursor().Last(); k != nil {
			s.next = max(s.next, binary.BigEndian.Uint32(k)+1)
		}
		return nil
	})
}

// loadLive reads the clips that were not ended.
func (s *Store) loadLive() error {
	err := s.viewKeys(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketOpen).ForEach(func(k, _ []byte) error {
			r, ok, err := getRow(tx, ID(k))
			if err == nil && ok {
				s.live[r.ID] = &r
			}
			return err
		})
	})
	return err
}

// openCurrent opens the newest volume of each class for writing, after a check
// if the last stop was unclean. Those before are full.
func (s *Store) openCurrent(unclean bool) {
	for _, v := range s.inOrder() {
		s.current[v.class] = v
	}
	for class, v := range s.current {
		err := error(nil)
		if unclean && s.o.Check != nil {
			err = s.o.Check(v.path)
		}
		if err == nil {
			err = s.openToWrite(v)
		}
		if err != nil {
			s.quarantine(v, err)
			delete(s.current, class)
		}
	}
}

// inOrder are the volumes, oldest first.
func (s *Store) inOrder() []*volume {
	list := make([]*volume, 0, len(s.volumes))
	for _, v := range s.volumes {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b *volume) int { return int(int64(a.number) - int64(b.number)) })
	return list
}

func (s *Store) openToWrite(v *volume) error {
	b, err := openBook(v.path, false)
	if err != nil {
		return explain(v.path, "open", err)
	}
	err = b.View(func(tx *bolt.Tx) error {
		v.size = s.o.VolumeSize
		if b := tx.Bucket(bucketMeta).Get(keySize); len(b) == 8 { // none: of before some were smaller
			v.size = min(v.size, int64(binary.BigEndian.Uint64(b)))
		}
		return nil
	})
	if err != nil {
		return errors.Join(explain(v.path, "open", err), b.Close())
	}
	v.book, v.write = b, true
	return nil
}

// quarantine sets a volume aside that cannot be read. Its clips stay in the
// index, so that somebody sees what is lost.
func (s *Store) quarantine(v *volume, why error) {
	clips := 0
	_ = s.viewKeys(func(tx *bolt.Tx) error { // only to tell how many
		prefix := binary.BigEndian.AppendUint32(nil, v.number)
		c := tx.Bucket(bucketIn).Cursor()
		for k, _ := c.Seek(prefix); k != nil && string(k[:4]) == string(prefix); k, _ = c.Next() {
			clips++
		}
		return nil
	})
	if v.book != nil {
		_ = v.book.Close()
		v.book = nil
	}
	delete(s.volumes, v.number)
	s.setAside(v.path, why, clips)
}

// Faults are the files that were set aside since Open.
func (s *Store) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

// Unfinished are the clips that were begun and not ended before the store was
// opened, as long as they are, and up to which time their film goes.
func (s *Store) Unfinished() (rows []Row, tills []time.Time, err error) {
	s.w.Lock()
	defer s.w.Unlock()
	for _, r := range s.live {
		row, end := r.clone(), r.At
		row.Files = nil
		err := s.viewKeys(func(tx *bolt.Tx) error {
			c := tx.Bucket(bucketHeads).Cursor()
			for k, v := c.Seek(r.ID[:]); k != nil && string(k[:len(r.ID)]) == string(r.ID[:]); k, v = c.Next() {
				row.grow(Track(k[len(r.ID)]), int64(len(v)), 0)
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		for _, number := range r.Volumes {
			err := s.view(number, func(in inside) error {
				for p, err := range in.pieces(r.ID, nil) {
					if err != nil {
						return err
					}
					file, _ := row.File(p.Track)
					row.grow(p.Track, 0, max(0, int64(p.Chunk)*ChunkSize+p.Size()-file.Body))
				}
				if t, ok := in.till(r.ID); ok {
					end = t
				}
				return nil
			})
			if err != nil {
				s.log.Error("clip not measured", "clip", r.ID.String(), "err", err)
			}
		}
		s.mu.Lock()
		s.live[row.ID] = &row
		s.mu.Unlock()
		rows, tills = append(rows, row.clone()), append(tills, end)
	}
	return rows, tills, nil
}
