package clip

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// read is what a book has of a clip's film, from one piece on.
func (b *book) read(t *testing.T, id ID, chunk uint32) (got []byte) {
	t.Helper()
	err := b.View(func(tx *bolt.Tx) error {
		f, ok, err := inside{tx, b.file}.find(id, Film, chunk)
		if err == nil && ok {
			got, err = io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// One piece does not have the others written again: the file grows by what is added,
// and what is put later begins with a block of its own.
func TestPiecesAreWrittenOnce(t *testing.T) {
	s := openStore(t, Options{VolumeSize: 64 << 20})
	dice := rand.New(rand.NewPCG(1, 2))
	id := NewID(noon)
	s.mustWrite(t, Batch{Begin: []Row{{ID: id, Class: Events, At: noon}}})
	const n, each = 40, 4 * ChunkSize
	var b *book
	end := int64(0)
	for i := range n {
		s.mustWrite(t, Batch{Pieces: []Piece{{ID: id, Chunk: uint32(4 * i), Bytes: cipher(dice, each)}}})
		b = s.current[Events].book
		if err := b.View(func(tx *bolt.Tx) error {
			p, err := parsePlace(tx.Bucket(bucketPlaces).Get(pieceKey(id, Film, uint32(4*i))))
			if p.at%block != 0 || p.at < end || p.size != each {
				t.Errorf("piece %d is put at %+v; what is promised goes to %d", i, p, end)
			}
			end = p.at + p.size
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if got, most := b.end-b.at, int64(n*each*102/100); got > most {
		t.Errorf("the pieces take %d bytes for %d, want at most %d", got, n*each, most)
	}
	if most := int64(100_000); b.used > most {
		t.Errorf("what says where they are takes %d bytes, want at most %d", b.used, most)
	}
}

// Pages never grow into the pieces: a book with too many of them is full, and what has
// been put stays as it was.
func TestPagesStopBeforeThePieces(t *testing.T) {
	b, err := newBook(filepath.Join(t.TempDir(), "book"), leastPages())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	first := Piece{ID: NewID(noon), Bytes: bytes.Repeat([]byte("first"), 10_000)}
	if err := b.put([]Piece{first}); err != nil {
		t.Fatal(err)
	}
	put := func(n int) error {
		var pieces []Piece
		for range n {
			pieces = append(pieces, Piece{ID: NewID(noon), Bytes: []byte("little")})
		}
		return b.put(pieces)
	}
	n := 0
	for ; err == nil && n < 10_000; n += 100 { // though it says that it takes no more
		err = put(100)
	}
	// Of 48 bytes each, in pages that are half full, and written again beside those of before.
	if least := int(leastPages()) / (4 * 48) / 2; n < least {
		t.Errorf("it is full with %d pieces, want at least %d", n, least)
	}
	if !errors.Is(err, errTurn) || b.takes(0, 1<<40) {
		t.Errorf("beyond what it has room for: %v, and it takes more: %v", err, b.takes(0, 1<<40))
	}
	if got := b.read(t, first.ID, 0); !bytes.Equal(got, first.Bytes) {
		t.Errorf("the first piece is %d bytes now", len(got))
	}
}

// What has so many pieces that its pages are full goes on in another volume.
func TestManySmallPiecesGoOnInAnotherVolume(t *testing.T) {
	s := openStore(t, Options{})
	for n := 0; len(s.inOrder()) < 2; n++ {
		if n == 30 {
			t.Fatalf("%d pieces are in one volume whose pages have %d bytes", n*100, leastPages())
		}
		id := NewID(noon)
		row := Row{ID: id, Group: "camera", Class: Events, At: noon}
		b := Batch{Begin: []Row{row}, End: []Row{row}}
		for i := range 100 {
			b.Pieces = append(b.Pieces, Piece{ID: id, Track: Still, Chunk: uint32(i), Bytes: []byte("little")})
		}
		s.mustWrite(t, b)
	}
	last := whole(NewID(noon), "camera", Events, noon, []byte("head"), []byte("body"))
	s.mustWrite(t, last)
	if got, err := s.film(last.Begin[0].ID); err != nil || string(got) != "headbody" {
		t.Errorf("%q, %v", got, err)
	}
}

// Pages that turn out to be full while they are written trouble nobody: what is written or
// kept goes on in another volume, at once.
func TestPagesThatAreFullAfterAllTurnToAnotherVolume(t *testing.T) {
	s := openStore(t, Options{})
	full := func(class Class) {
		s.mustWrite(t, whole(NewID(noon), "camera", class, noon, []byte("head"), []byte("body")))
		s.current[class].book.MaxSize = 1
	}
	var pieces []Piece
	id := NewID(noon)
	for i := range 300 {
		pieces = append(pieces, Piece{ID: id, Track: Still, Chunk: uint32(i), Bytes: []byte("little")})
	}
	row := Row{ID: id, Group: "camera", Class: Events, At: noon}
	full(Events)
	s.mustWrite(t, Batch{Begin: []Row{row}, Pieces: pieces, End: []Row{row}})
	full(Kept)
	moved, err := s.Move(id, Kept)
	if err != nil {
		t.Fatal(err)
	}
	there := 0
	for _, number := range moved.Volumes {
		if err := s.view(number, func(in inside) error {
			for _, err := range in.pieces(id, nil) {
				if err != nil {
					return err
				}
				there++
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
	if there != len(pieces) {
		t.Errorf("%d pieces are in %v, want %d", there, moved.Volumes, len(pieces))
	}
}

// makeOld makes of a volume one as it was before pieces lay behind the pages: each in a
// bucket of its own.
func makeOld(t *testing.T, s *Store, path string) {
	t.Helper()
	b, err := openBook(path, true)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	old := filepath.Join(t.TempDir(), "old")
	db, err := bolt.Open(old, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(to *bolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketPieces, bucketTills} {
			if _, err := to.CreateBucket(name); err != nil {
				return err
			}
		}
		return b.View(func(tx *bolt.Tx) error {
			if err := tx.Bucket(bucketTills).ForEach(to.Bucket(bucketTills).Put); err != nil {
				return err
			}
			in := inside{tx, b.file}
			return in.all().ForEach(func(k, v []byte) error {
				f, err := in.piece(k, v)
				if err != nil {
					return err
				}
				bytes, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
				if err != nil {
					return err
				}
				piece, err := to.Bucket(bucketPieces).CreateBucket(k)
				if err != nil {
					return err
				}
				return piece.Put(keyPiece, bytes)
			})
		})
	})
	if err := errors.Join(err, db.Close(), os.Rename(old, path)); err != nil {
		t.Fatal(err)
	}
}

// A volume of an older release is read and rewritten, and nothing more goes into it.
func TestAVolumeOfBefore(t *testing.T) {
	o := Options{Dir: t.TempDir()}
	s := openStore(t, o)
	dice := rand.New(rand.NewPCG(1, 2))
	var ids []ID
	var films [][]byte
	add := func(end bool) {
		id, body := NewID(noon), cipher(dice, 3*ChunkSize+100)
		b := whole(id, "camera", Events, noon, []byte("head"), body)
		if b.Pieces[1].Till = noon.Add(time.Minute); !end {
			b.End = nil
		}
		s.mustWrite(t, b)
		ids, films = append(ids, id), append(films, append([]byte("head"), body...))
	}
	add(true)
	add(true)
	add(false)
	old := s.inOrder()[0].path
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	makeOld(t, s, old)

	s = openStore(t, o)
	rows, tills, err := s.Unfinished()
	if err != nil || len(rows) != 1 || rows[0].Bytes() != int64(len(films[2])) || !slices.Equal(tills, []time.Time{noon.Add(time.Minute)}) {
		t.Errorf("unfinished: %+v up to %v (%v)", rows, tills, err)
	}
	s.mustWrite(t, Batch{End: rows})
	add(true)
	if v := s.inOrder(); len(v) != 2 {
		t.Errorf("%d volumes, want the one of before and another", len(v))
	}
	read := func(from int) {
		t.Helper()
		for i := from; i < len(ids); i++ {
			if got, err := s.film(ids[i]); err != nil || !bytes.Equal(got, films[i]) {
				t.Errorf("clip %d: %d bytes, %v", i, len(got), err)
			}
		}
	}
	read(0)
	if _, err := s.Move(ids[1], Kept); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(noon, ids[0]); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw(t, o.Dir), films[0][1000:2000]) {
		t.Error("the deleted clip is there still")
	}
	read(1)
	if f := s.Faults(); len(f) > 0 {
		t.Errorf("faults %+v", f)
	}
}
