package clip

import (
	"errors"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Batch is what is written together: one commit for all cameras.
type Batch struct {
	Begin  []Row   // clips that begin
	Heads  []Head  // of files that begin; their clip has begun
	Pieces []Piece // in the order of each file
	End    []Row   // clips that end: of the row, Class, Files, Volumes and Open are the store's own
}

// Head is the head of a sealed file.
type Head struct {
	ID    ID
	Track Track
	Bytes []byte
}

// Piece is some whole chunks of a body, or the rest of it.
type Piece struct {
	ID    ID
	Track Track
	Chunk uint32 // number of its first
	Bytes []byte
	Till  time.Time // up to which the film goes with it; zero: it says nothing
}

// Write writes a batch; when it returns without an error all of it is on the
// disk. After an error the same batch may be tried again.
func (s *Store) Write(b Batch) error {
	s.w.Lock()
	defer s.w.Unlock()
	return turning(func() error { return s.write(b) })
}

func (s *Store) write(b Batch) error {
	touched, err := s.plan(b)
	if errors.Is(err, ErrFull) { // what ends here may make room
		if err := s.end(endsAlone(b)); err != nil {
			return err
		}
		touched, err = s.plan(b)
	}
	if err != nil {
		return err
	}
	rows := make(map[ID]*Row) // as they will be
	row := func(id ID) (*Row, error) {
		if r := rows[id]; r != nil {
			return r, nil
		}
		r := s.live[id]
		if r == nil {
			return nil, fmt.Errorf("clip %s: %w", id, ErrNone)
		}
		c := r.clone()
		rows[id] = &c
		return &c, nil
	}
	for _, r := range b.Begin {
		if s.live[r.ID] == nil { // else this is another try
			r := r.clone()
			r.Open, r.Files, r.Volumes = true, nil, nil
			rows[r.ID] = &r
		}
	}
	var first []ID // whose rows have to be there before the pieces
	for _, r := range b.Begin {
		first = append(first, r.ID)
	}
	for _, h := range b.Heads {
		r, err := row(h.ID)
		if err != nil {
			return err
		}
		if f, ok := r.File(h.Track); !ok || f.Head == 0 {
			r.grow(h.Track, int64(len(h.Bytes)), 0)
		}
	}
	for _, p := range b.Pieces {
		r, err := row(p.ID)
		if err != nil {
			return err
		}
		if v := touched[r.Class]; !slices.Contains(r.Volumes, v.number) {
			r.Volumes = append(r.Volumes, v.number)
			first = append(first, r.ID)
		}
	}
	if len(first)+len(b.Heads) > 0 {
		if err := s.writeKeys(func(tx *bolt.Tx) error {
			for _, id := range first {
				if r := rows[id]; r != nil {
					if err := s.putRow(tx, *r); err != nil {
						return err
					}
				}
			}
			for _, h := range b.Heads {
				if err := tx.Bucket(bucketHeads).Put(filePrefix(h.ID, h.Track), h.Bytes); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		s.know(rows) // whatever comes
	}
	if err := s.writePieces(b.Pieces, rows, touched); err != nil {
		return err
	}
	for _, p := range b.Pieces {
		rows[p.ID].grow(p.Track, 0, int64(len(p.Bytes)))
	}
	s.know(rows)
	return s.end(b.End)
}

// endsAlone are the clips that end and of which nothing waits to be written.
func endsAlone(b Batch) (rows []Row) {
	for _, r := range b.End {
		if !slices.ContainsFunc(b.Pieces, func(p Piece) bool { return p.ID == r.ID }) {
			rows = append(rows, r)
		}
	}
	return rows
}

// know notes clips as they are on the disk.
func (s *Store) know(rows map[ID]*Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range rows {
		c := r.clone()
		s.live[id] = &c
	}
}

// plan finds for each class of the batch the volume that takes it.
func (s *Store) plan(b Batch) (map[Class]*volume, error) {
	sizes := map[Class]int64{}
	classes := map[ID]Class{}
	for _, r := range b.Begin {
		classes[r.ID] = r.Class
	}
	for _, p := range b.Pieces {
		class, ok := classes[p.ID]
		if r := s.live[p.ID]; r != nil {
			class = r.Class
		} else if !ok {
			return nil, fmt.Errorf("clip %s: %w", p.ID, ErrNone)
		}
		sizes[class] += int64(len(p.Bytes))
	}
	touched := map[Class]*volume{}
	for class, size := range sizes {
		v, err := s.take(class, size)
		if err != nil {
			return nil, err
		}
		touched[class] = v
	}
	return touched, nil
}

// Lost tells whether what holds a clip, or a part of it, is not there any more.
func (s *Store) Lost(r Row) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(r.Volumes, func(n uint32) bool { return s.volumes[n] == nil })
}

// take is the current volume of a class, with room for size bytes.
func (s *Store) take(class Class, size int64) (*volume, error) {
	v := s.current[class]
	if v != nil && v.book != nil && v.book.takes(size, v.size) {
		return v, nil
	}
	s.mu.Lock()
	delete(s.current, class) // nothing more goes into it: it may make room itself
	s.mu.Unlock()
	room, err := s.room()
	if err != nil {
		return nil, err
	}
	n := &volume{class: class, number: s.next, path: s.path(volumeName(class, s.next)), size: room}
	if err := bear(n.path, n.fill, func(tmp string) error { return allocate(tmp, room, pagesOf(room)) }); err != nil {
		return nil, explain(n.path, "create", err)
	}
	if err := s.openToWrite(n); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	s.volumes[n.number], s.current[class] = n, n
	s.rest()
	return n, nil
}

func (s *Store) writePieces(pieces []Piece, rows map[ID]*Row, touched map[Class]*volume) error {
	for class, v := range touched {
		of := pieces
		if len(touched) > 1 {
			of = slices.DeleteFunc(slices.Clone(pieces), func(p Piece) bool { return rows[p.ID].Class != class })
		}
		err := sound(func() error { return v.book.put(of) })
		if errors.Is(err, errFault) { // the next try writes into another one
			s.mu.Lock()
			delete(s.current, class)
			s.quarantine(v, err)
			s.mu.Unlock()
		}
		if err != nil {
			return explain(v.path, "write", err)
		}
	}
	return nil
}

// end writes the rows of clips that have ended.
func (s *Store) end(rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	var done []Row
	for _, r := range rows {
		live := s.live[r.ID]
		if live == nil {
			continue // another try
		}
		r.Class, r.Files, r.Volumes, r.Open = live.Class, live.Files, live.Volumes, false
		done = append(done, r)
	}
	err := s.writeKeys(func(tx *bolt.Tx) error {
		for _, r := range done {
			if err := s.putRow(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range done {
		delete(s.live, r.ID)
		s.use.add(r, 1)
	}
	return nil
}

func (s *Store) writeKeys(change func(*bolt.Tx) error) error {
	return explain(keysName, "write", s.keys.Update(change))
}
