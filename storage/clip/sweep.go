package clip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// dead is what bucketDead says of a clip whose pieces are still in a volume.
type dead struct {
	since time.Time // when it was deleted; zero: it only made room, and nobody was told when it is gone
	bytes int64
}

func (d dead) encode() []byte {
	ms := uint64(0)
	if !d.since.IsZero() {
		ms = uint64(d.since.UnixMilli())
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, ms), uint64(d.bytes))
}

func decodeDead(b []byte) (d dead) {
	if len(b) != 16 {
		return d
	}
	if ms := binary.BigEndian.Uint64(b); ms != 0 {
		d.since = time.UnixMilli(int64(ms)).UTC()
	}
	d.bytes = int64(binary.BigEndian.Uint64(b[8:]))
	return d
}

// Owed is what was deleted and is still on the disk.
type Owed struct {
	Since time.Time // of the oldest deletion; zero: there is none
	Bytes int64
}

// Owed tells what Sweep has to do for those who deleted clips.
func (s *Store) Owed() (o Owed, err error) {
	err = s.viewKeys(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketDead).ForEach(func(_, v []byte) error {
			d := decodeDead(v)
			if !d.since.IsZero() {
				if o.Bytes += d.bytes; o.Since.IsZero() || d.since.Before(o.Since) {
					o.Since = d.since
				}
			}
			return nil
		})
	})
	return o, err
}

// Sweep takes deleted clips off the disk: it rewrites the volumes that hold
// any, drops those that hold nothing else, and compacts keys.db. Volumes whose
// clips only made room are rewritten once half of them is dead. Clips are
// written meanwhile as always.
func (s *Store) Sweep() error {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	type heap struct {
		due   bool
		bytes int64
		keys  [][]byte
	}
	heaps := map[uint32]*heap{}
	err := s.viewKeys(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketDead).ForEach(func(k, v []byte) error {
			n, d := binary.BigEndian.Uint32(k), decodeDead(v)
			if heaps[n] == nil {
				heaps[n] = &heap{}
			}
			h := heaps[n]
			h.due = h.due || !d.since.IsZero()
			h.bytes += d.bytes
			h.keys = append(h.keys, bytes.Clone(k))
			return nil
		})
	})
	if err != nil {
		return err
	}
	swept := false
	for n, h := range heaps {
		if !h.due && h.bytes < s.sizeOf(n)/2 {
			continue
		}
		if err := s.rewrite(n, h.keys); err != nil {
			return err
		}
		swept = true
	}
	if !swept {
		return nil
	}
	return s.compactKeys()
}

// rewrite makes a volume anew without what is dead in it: the entries of
// bucketDead that are done with it.
func (s *Store) rewrite(number uint32, done [][]byte) error {
	s.w.Lock()
	s.mu.Lock()
	v := s.volumes[number]
	if v != nil && s.current[v.class] == v {
		delete(s.current, v.class) // what comes next goes into a new one
	}
	s.mu.Unlock()
	s.w.Unlock()
	if v != nil {
		alive, err := s.aliveIn(number)
		if err != nil {
			return err
		}
		if err := s.copyAlive(v, alive); err != nil {
			return err
		}
	}
	return s.writeKeys(func(tx *bolt.Tx) error {
		for _, k := range done {
			if err := tx.Bucket(bucketDead).Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// aliveIn are the clips that have pieces in a volume.
func (s *Store) aliveIn(number uint32) (ids []ID, err error) {
	prefix := binary.BigEndian.AppendUint32(nil, number)
	err = s.viewKeys(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketIn).Cursor()
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			ids = append(ids, ID(k[4:]))
		}
		return nil
	})
	return ids, err
}

// copyAlive puts in the place of a volume one that has these clips only.
func (s *Store) copyAlive(v *volume, alive []ID) error {
	tmp := v.path + newSuffix
	_ = os.Remove(tmp)
	pages, err := s.pagesFor(v, alive)
	if err != nil {
		return err
	}
	to, err := newBook(tmp, pages)
	if err != nil {
		return explain(v.path, "rewrite", err)
	}
	for _, id := range alive {
		if err == nil {
			err = s.copyClip(to, v, id)
		}
	}
	err = errors.Join(err, to.Close())
	s.w.Lock()
	defer s.w.Unlock()
	if err != nil || s.volumes[v.number] != v { // it was dropped meanwhile
		_ = os.Remove(tmp)
		return explain(v.path, "rewrite", err)
	}
	if len(alive) == 0 && !s.writtenTo(v.number) {
		_ = os.Remove(tmp)
		return s.unlink(v)
	}
	if err := replace(v.path, func(string) error { return nil }); err != nil {
		return explain(v.path, "rewrite", err)
	}
	return s.shut(v) // what is open is the file of before
}

// pagesFor is how much the pages of a volume take in which are these clips only.
func (s *Store) pagesFor(v *volume, alive []ID) (int64, error) {
	pieces := int64(0)
	err := s.view(v.number, func(in inside) error {
		for _, id := range alive {
			for _, err := range in.pieces(id, nil) {
				if err != nil {
					return fmt.Errorf("%w: %w", errFault, err)
				}
				pieces++
			}
		}
		return nil
	})
	return pagesOf(pieces * 512 * 64), err // each takes 48 bytes, and those beside it are written again
}

// copyClip copies what a volume has of a clip, some MiB at a time.
func (s *Store) copyClip(to *book, v *volume, id ID) error {
	for after := []byte(nil); ; {
		var pieces []Piece
		err := s.view(v.number, func(in inside) (err error) {
			pieces, err = in.some(id, after)
			if until, ok := in.till(id); ok && len(pieces) > 0 {
				pieces[0].Till = until
			}
			return err
		})
		if err != nil || len(pieces) == 0 {
			return err
		}
		last := pieces[len(pieces)-1]
		after = pieceKey(id, last.Track, last.Chunk)
		if err := to.put(pieces); err != nil {
			return err
		}
	}
}

// shut closes a volume; it is opened again when it is wanted.
func (s *Store) shut(v *volume) error {
	s.mu.Lock()
	b := v.book
	v.book, v.write = nil, false
	s.mu.Unlock()
	if b == nil {
		return nil
	}
	return b.Close()
}

// unlink takes a volume's file away.
func (s *Store) unlink(v *volume) error {
	s.mu.Lock()
	delete(s.volumes, v.number)
	if s.current[v.class] == v {
		delete(s.current, v.class)
	}
	s.mu.Unlock()
	err := s.shut(v)
	if e := os.Remove(v.path); e != nil && !errors.Is(e, fs.ErrNotExist) {
		return explain(v.path, "remove", e)
	}
	return errors.Join(err, explain(v.path, "remove", syncPath(s.o.Dir)))
}

func deletePrefix(b *bolt.Bucket, prefix []byte) error {
	var keys [][]byte
	c := b.Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	for _, k := range keys {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// compactKeys writes keys.db anew, without its free pages: deleted heads are in
// them. Copying holds nobody up; when something was written meanwhile it is
// done again, and at last while nothing is.
func (s *Store) compactKeys() error {
	path := s.path(keysName)
	for try := range 5 {
		if try == 4 {
			s.w.Lock()
		}
		to, id, err := s.copyKeys(path + newSuffix)
		if try < 4 {
			s.w.Lock()
		}
		if err == nil && s.lastOfKeys() == id {
			err = replace(path, func(string) error { return nil })
			if err == nil {
				to.NoSync = false
				s.k.Lock()
				from := s.keys
				s.keys = to
				s.k.Unlock()
				s.w.Unlock()
				return explain(path, "compact", from.Close())
			}
		}
		s.w.Unlock()
		if to != nil {
			_ = to.Close()
		}
		_ = os.Remove(path + newSuffix)
		if err != nil {
			return explain(path, "compact", err)
		}
	}
	return nil // the fifth time returns above
}

// copyKeys copies keys.db as it is after the transaction that it names.
func (s *Store) copyKeys(tmp string) (to *bolt.DB, id int, err error) {
	_ = os.Remove(tmp)
	id = s.lastOfKeys()
	to, err = bolt.Open(tmp, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType, NoStatistics: true, NoSync: true})
	if err != nil {
		return nil, id, err
	}
	if err := bolt.Compact(to, s.keys, 1<<20); err != nil {
		return to, id, err
	}
	return to, id, to.Sync()
}

// lastOfKeys is the number of the last transaction of keys.db; -1: it cannot be read.
func (s *Store) lastOfKeys() int {
	id := -1
	if s.viewKeys(func(tx *bolt.Tx) error { id = tx.ID(); return nil }) != nil {
		return -1
	}
	return id
}

// leastVolume is how small a volume may be where a disk has no room for larger ones.
const leastVolume = 16 << 20

// room makes room for another volume, by dropping the oldest ones: within the
// quota, and so that the disk keeps its reserve. It says how large that may be: on a
// small disk four volumes have to fit, or none could make room for the next.
func (s *Store) room() (size int64, err error) {
	for {
		used, err := s.onDisk()
		if err != nil {
			return 0, err
		}
		free, err := s.o.Free(s.o.Dir)
		if err != nil {
			return 0, explain(s.o.Dir, "measure", err)
		}
		left := free - s.o.Reserve
		size := min(s.o.VolumeSize, max(leastVolume, (used+left)/4&^(1<<20-1)))
		over := s.o.Quota > 0 && used+size > s.o.Quota
		if !over && left >= size {
			return size, nil
		}
		v := s.oldest()
		switch {
		case v == nil && over:
			return 0, fmt.Errorf("clip: %w: of its quota of %d MiB, %d MiB are taken by what is kept or being recorded, and the next file of clips takes %d MiB: raise the quota, or let go of what is kept", ErrFull, s.o.Quota>>20, used>>20, size>>20)
		case v == nil:
			return 0, fmt.Errorf("clip: %w, %d MiB at least: %d MiB are free, %d MiB of the disk stay in reserve, and the next file of clips takes %d MiB", ErrFull, (size-left+1<<20-1)>>20, free>>20, s.o.Reserve>>20, size>>20)
		}
		if err := s.dropVolume(v); err != nil {
			return 0, err
		}
	}
}

// sizeOf is how large a volume may be.
func (s *Store) sizeOf(number uint32) int64 {
	s.mu.Lock()
	v := s.volumes[number]
	s.mu.Unlock()
	if v == nil {
		return s.o.VolumeSize
	}
	info, err := os.Stat(v.path)
	if err != nil {
		return s.o.VolumeSize
	}
	return min(info.Size(), s.o.VolumeSize)
}

// onDisk is what the store takes of the disk.
func (s *Store) onDisk() (n int64, err error) {
	entries, err := os.ReadDir(s.o.Dir)
	if err != nil {
		return 0, explain(s.o.Dir, "measure", err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
	}
	return n, nil
}

// oldest is the volume that is dropped next: nobody writes to it, and what is
// kept is not in it.
func (s *Store) oldest() *volume {
	for _, class := range Classes {
		if class == Kept {
			continue
		}
		for _, v := range s.inOrder() {
			if v.class == class && v != s.current[class] && !s.writtenTo(v.number) {
				return v
			}
		}
	}
	return nil
}

// writtenTo tells whether a clip that is being recorded began in a volume, or one that is
// being moved is in it.
func (s *Store) writtenTo(number uint32) bool {
	if s.moving != nil && slices.Contains(s.moving.Volumes, number) {
		return true
	}
	for _, r := range s.live {
		for _, n := range r.Volumes {
			if n == number {
				return true
			}
		}
	}
	return false
}

// dropVolume drops a volume and all clips that have anything in it.
func (s *Store) dropVolume(v *volume) error {
	ids, err := s.aliveIn(v.number)
	if err != nil {
		return err
	}
	rows, err := s.delete(time.Time{}, ids...)
	if err != nil {
		return err
	}
	if err := s.unlink(v); err != nil {
		return err
	}
	err = s.writeKeys(func(tx *bolt.Tx) error {
		return deletePrefix(tx.Bucket(bucketDead), binary.BigEndian.AppendUint32(nil, v.number))
	})
	s.dropped(rows)
	return err
}

// Expire deletes the oldest clips of a group that are not kept, until it takes
// at most limit bytes, those being recorded included. The newest that has ended stays
// when nothing else is left to go: a limit that is too small for one clip is none that
// has nothing recorded.
func (s *Store) Expire(group string, limit int64) (gone []Row, err error) {
	s.w.Lock()
	defer s.w.Unlock()
	over := s.Use().Groups[group] - limit
	for _, r := range s.live {
		if r.Group == group {
			over += r.Bytes()
		}
	}
	if over <= 0 {
		return nil, nil
	}
	var ids []ID
	err = s.viewKeys(func(tx *bolt.Tx) error {
		prefix := groupKey(group, nil)
		c := tx.Bucket(bucketGroups).Cursor()
		k, _ := c.Seek(prefix)
		for ; bytes.HasPrefix(k, prefix) && over > 0; k, _ = c.Next() {
			r, ok, err := getRow(tx, ID(k[len(prefix)+8:]))
			if err != nil {
				return err
			}
			if ok && !r.Open && r.Class != Kept {
				ids, over = append(ids, r.ID), over-r.Bytes()
			}
		}
		if len(ids) > 0 && !bytes.HasPrefix(k, prefix) {
			ids = ids[:len(ids)-1]
		}
		return nil
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return s.delete(time.Time{}, ids...)
}

// ExpireBefore deletes the clips of a group that began before a time and are not kept;
// now is when that was, for Owed.
func (s *Store) ExpireBefore(group string, before, now time.Time) (gone []Row, err error) {
	s.w.Lock()
	defer s.w.Unlock()
	var ids []ID
	err = s.viewKeys(func(tx *bolt.Tx) error {
		prefix := groupKey(group, nil)
		end := groupKey(group, timeKey(before, ID{}))
		c := tx.Bucket(bucketGroups).Cursor()
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix) && bytes.Compare(k, end) < 0; k, _ = c.Next() {
			r, ok, err := getRow(tx, ID(k[len(prefix)+8:]))
			if err != nil {
				return err
			}
			if ok && !r.Open && r.Class != Kept {
				ids = append(ids, r.ID)
			}
		}
		return nil
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return s.delete(now, ids...)
}
