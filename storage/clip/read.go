package clip

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// openAtOnce is how many volumes are open at most beside those that are written to.
const openAtOnce = 4

// view reads a volume.
func (s *Store) view(number uint32, read func(inside) error) error {
	for again := true; ; again = false {
		b, err := s.reading(number)
		if err != nil {
			return err
		}
		err = sound(func() error { return b.View(func(tx *bolt.Tx) error { return read(inside{tx, b.file}) }) })
		if errors.Is(err, errFault) {
			s.mu.Lock()
			if v := s.volumes[number]; v != nil {
				s.quarantine(v, err)
			}
			s.mu.Unlock()
			return fmt.Errorf("clip: volume %d: %w (%w)", number, ErrLost, err)
		}
		if again && errors.Is(err, berrors.ErrDatabaseNotOpen) {
			continue // it was closed between
		}
		return err
	}
}

var errFault = errors.New("it does not hold together")

// sound runs read and makes an error of what a damaged memory map does to it.
func sound(read func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errFault, r)
		}
	}()
	return read()
}

// viewKeys reads keys.db.
func (s *Store) viewKeys(read func(*bolt.Tx) error) error {
	s.k.RLock()
	defer s.k.RUnlock()
	return explain(keysName, "read", sound(func() error { return s.keys.View(read) }))
}

// reading is the open file of a volume.
func (s *Store) reading(number uint32) (*book, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.volumes[number]
	if v == nil {
		return nil, fmt.Errorf("clip: volume %d: %w", number, ErrLost)
	}
	s.turn++
	v.turn = s.turn
	if v.book == nil {
		b, err := openBook(v.path, true)
		if err != nil {
			s.quarantine(v, err)
			return nil, fmt.Errorf("clip: %s: %w (%w)", volumeName(v.class, v.number), ErrLost, err)
		}
		v.book, v.write = b, false
		s.rest()
	}
	return v.book, nil
}

// rest closes the volumes that were not wanted for longest. s.mu is held.
func (s *Store) rest() {
	for {
		var oldest *volume
		open := 0
		for _, v := range s.volumes {
			if v.book == nil || v == s.current[v.class] {
				continue
			}
			open++
			if oldest == nil || v.turn < oldest.turn {
				oldest = v
			}
		}
		if open <= openAtOnce {
			return
		}
		if err := oldest.book.Close(); err != nil {
			s.log.Error("volume not closed properly", "file", oldest.path, "err", err)
		}
		oldest.book = nil
	}
}

// Reader reads one sealed file: head and body as one.
type Reader struct {
	s    *Store
	row  Row
	file File
	head []byte
	from int64 // where Read goes on
}

// Reader opens a file of a clip as it is now. It holds nothing open: each read
// copies from one piece and lets go.
func (s *Store) Reader(id ID, track Track) (*Reader, error) {
	row, ok, err := s.Row(id)
	if err != nil {
		return nil, err
	}
	file, has := row.File(track)
	if !ok || !has {
		return nil, fmt.Errorf("clip %s: %w", id, ErrNone)
	}
	r := &Reader{s: s, row: row, file: file}
	err = s.viewKeys(func(tx *bolt.Tx) error {
		r.head = append(r.head, tx.Bucket(bucketHeads).Get(filePrefix(id, track))...)
		return nil
	})
	if err == nil && int64(len(r.head)) != file.Head {
		err = fmt.Errorf("clip %s: %w", id, ErrNone) // deleted meanwhile
	}
	return r, err
}

// Size is the length of the file.
func (r *Reader) Size() int64 { return r.file.Size() }

// ReadAt implements io.ReaderAt.
func (r *Reader) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		got, err := r.some(p[n:], off+int64(n))
		n += got
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// some reads what lies in one place.
func (r *Reader) some(p []byte, off int64) (n int, err error) {
	switch {
	case off < 0:
		return 0, errors.New("clip: read before the beginning")
	case off >= r.Size():
		return 0, io.EOF
	case off < r.file.Head:
		return copy(p, r.head[off:]), nil
	}
	off -= r.file.Head
	chunk := uint32(off / ChunkSize)
	row := r.row
	for i := len(row.Volumes) - 1; i >= 0 && n == 0; i-- {
		err := r.s.view(row.Volumes[i], func(in inside) error {
			f, ok, err := in.find(row.ID, r.file.Track, chunk)
			if at := off - int64(f.Chunk)*ChunkSize; err == nil && ok && at < f.Size() {
				n, err = f.ReadAt(p[:min(int64(len(p)), r.file.Body-off, f.Size()-at)], at)
			}
			if err != nil {
				return fmt.Errorf("%w: %w", errFault, err)
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("clip %s: byte %d: %w", row.ID, off, ErrLost)
	}
	return n, nil
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := r.some(p, r.from)
	r.from += int64(n)
	return n, err
}

// Seek implements io.Seeker.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.from
	case io.SeekEnd:
		offset += r.Size()
	}
	if offset < 0 {
		return 0, errors.New("clip: seek before the beginning")
	}
	r.from = offset
	return offset, nil
}
