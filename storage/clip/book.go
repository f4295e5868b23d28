package clip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/bits"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// book is an open volume: bbolt's pages at its beginning, which say where each piece
// is, and behind them the pieces themselves.
type book struct {
	*bolt.DB
	file *os.File // the same one, closed with it
	at   int64    // where pieces begin; 0: they are in the pages (a volume of before)
	end  int64    // where the next ones go
	used int64    // bytes of pages that are taken
}

var (
	bucketPlaces = []byte("places") // piece → where it is
	bucketTills  = []byte("tills")
	keySize      = []byte("size")
	keyAt        = []byte("at")

	// Volumes of before have a bucket of buckets, one for each piece, which is in it.
	bucketPieces = []byte("pieces")
	keyPiece     = []byte("b")
)

// block is what a disk writes at least. What is given to a book at once begins with one:
// nothing that has been promised is ever written again.
const block = 4096

// errTurn: the pages of a book are full, though it seemed to take more. The next try goes
// into another.
var errTurn = errors.New("its pages are full")

// turning does what writes into the volume that takes it, and again when its pages turned
// out to be full: how many a commit writes is known only when they are.
func turning(write func() error) (err error) {
	for range len(Classes) + 1 {
		if err = write(); !errors.Is(err, errTurn) {
			break
		}
	}
	return err
}

// early is how much is given to the disk to write while more is put, before it is synced.
const early = 512 << 10

// pagesOf is how much of a volume of this size is for the pages: enough for pieces of
// 16 KiB, and film comes in larger ones. A power of two, as bbolt counts (mmapSize).
func pagesOf(size int64) int64 {
	return max(leastPages(), int64(1)<<bits.Len64(uint64(size/128)))
}

// leastPages is as much as a book of few pieces takes.
func leastPages() int64 { return 32 * int64(os.Getpagesize()) }

// openBook opens a volume that exists.
func openBook(path string, readOnly bool) (*book, error) {
	b := &book{}
	db, err := open(path, readOnly, b.opened)
	if err != nil {
		return nil, err
	}
	b.DB = db
	err = sound(func() error { return b.View(b.survey) })
	if err == nil {
		err = b.whole()
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	b.fence()
	return b, nil
}

// newBook makes an empty one for rewriting, in which pages take so much. It is synced
// before its name is its own.
func newBook(path string, pages int64) (*book, error) {
	b := &book{at: pages, end: pages}
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		Timeout: time.Second, FreelistType: bolt.FreelistMapType, NoStatistics: true, NoSync: true, OpenFile: b.opened,
	})
	if err != nil {
		return nil, err
	}
	b.DB = db
	err = b.file.Truncate(pages)
	if err == nil {
		err = b.Update(func(tx *bolt.Tx) error {
			if _, err := tx.CreateBucketIfNotExists(bucketMeta); err != nil {
				return err
			}
			return fillBook(tx, pages)
		})
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	b.fence()
	return b, nil
}

// fillBook makes what is in a book from the first.
func fillBook(tx *bolt.Tx, pages int64) error {
	if err := tx.Bucket(bucketMeta).Put(keyAt, binary.BigEndian.AppendUint64(nil, uint64(pages))); err != nil {
		return err
	}
	if _, err := tx.CreateBucketIfNotExists(bucketPlaces); err != nil {
		return err
	}
	_, err := tx.CreateBucketIfNotExists(bucketTills)
	return err
}

// opened is how bbolt opens the file.
func (b *book) opened(path string, flag int, mode os.FileMode) (f *os.File, err error) {
	f, err = os.OpenFile(path, flag, mode)
	b.file = f
	return f, err
}

// survey finds where the pieces begin and end.
func (b *book) survey(tx *bolt.Tx) error {
	b.used = tx.Size()
	places, v := tx.Bucket(bucketPlaces), tx.Bucket(bucketMeta).Get(keyAt)
	if places == nil && tx.Bucket(bucketPieces) != nil {
		return nil
	}
	if len(v) == 8 {
		b.at = int64(binary.BigEndian.Uint64(v))
	}
	if places == nil || b.at < b.used {
		return errors.New("it does not say where its pieces are")
	}
	b.end = b.at
	return places.ForEach(func(_, v []byte) error {
		p, err := parsePlace(v)
		b.end = max(b.end, p.at+p.size)
		return err
	})
}

// whole tells whether the file is as long as what is in it.
func (b *book) whole() error {
	info, err := b.file.Stat()
	if err == nil && info.Size() < b.end {
		err = fmt.Errorf("it was cut short: %d bytes of %d are there", info.Size(), b.end)
	}
	return err
}

// fence keeps the pages from growing into the pieces.
func (b *book) fence() { b.MaxSize, b.AllocSize = int(b.at), int(b.at) }

// takes tells whether so many bytes more fit into a book of this size. Into one of before
// none do: it has no place for pages alone.
func (b *book) takes(bytes, size int64) bool {
	return b.end+bytes <= size && b.used <= b.at/4*3
}

// place is where a piece is.
type place struct{ at, size int64 }

func (p place) encode() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(p.at)), uint64(p.size))
}

func parsePlace(b []byte) (place, error) {
	if len(b) == 16 {
		p := place{int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:]))}
		if p.at > 0 && p.size >= 0 && p.at+p.size >= p.at {
			return p, nil
		}
	}
	return place{}, errors.New("it has a piece that is nowhere")
}

// put writes pieces, and then what says where they are: bbolt syncs the file before it
// writes the page from which all others hang, and that page after it.
func (b *book) put(pieces []Piece) error {
	first := b.end == b.at
	places := make([]place, len(pieces))
	end := (b.end + block - 1) / block * block
	begun := end
	for i, p := range pieces {
		if _, err := b.file.WriteAt(p.Bytes, end); err != nil {
			return err
		}
		places[i] = place{end, int64(len(p.Bytes))}
		end += places[i].size
		if whole := end / block * block; whole-begun >= early {
			beginSync(b.file, begun, whole-begun)
			begun = whole
		}
	}
	b.end = end // whatever comes: a commit that failed may be on the disk
	err := b.Update(func(tx *bolt.Tx) error {
		b.used = tx.Size()
		for i, p := range pieces {
			if err := tx.Bucket(bucketPlaces).Put(pieceKey(p.ID, p.Track, p.Chunk), places[i].encode()); err != nil {
				return err
			}
			if p.Till.IsZero() {
				continue
			}
			if err := tx.Bucket(bucketTills).Put(p.ID[:], binary.BigEndian.AppendUint64(nil, uint64(p.Till.UnixMilli()))); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, berrors.ErrMaxSizeReached) && !first {
		b.used = b.at
		err = errTurn
	}
	return err
}

// inside is a book as it is in one transaction.
type inside struct {
	tx   *bolt.Tx
	file io.ReaderAt
}

// found is a piece, without its bytes: they are to be read while the transaction lasts.
type found struct {
	Piece
	body
}

type body interface {
	io.ReaderAt
	Size() int64
}

// all are the pieces.
func (in inside) all() *bolt.Bucket {
	if b := in.tx.Bucket(bucketPlaces); b != nil {
		return b
	}
	return in.tx.Bucket(bucketPieces)
}

// piece is what an entry of all says.
func (in inside) piece(k, v []byte) (f found, err error) {
	copy(f.ID[:], k)
	n := binary.BigEndian.Uint32(k[len(f.ID):])
	f.Track, f.Chunk = Track(n>>24), n&(maxChunks-1)
	if v == nil { // of before
		f.body = bytes.NewReader(in.all().Bucket(k).Get(keyPiece))
		return f, nil
	}
	p, err := parsePlace(v)
	f.body = io.NewSectionReader(in.file, p.at, p.size)
	return f, err
}

// find is the piece of a file that chunk lies in.
func (in inside) find(id ID, track Track, chunk uint32) (f found, ok bool, err error) {
	c := in.all().Cursor()
	want := pieceKey(id, track, chunk)
	k, v := c.Seek(want)
	switch {
	case k == nil:
		k, v = c.Last()
	case string(k) != string(want):
		k, v = c.Prev()
	}
	if len(k) != len(want) || !bytes.HasPrefix(k, filePrefix(id, track)) {
		return found{}, false, nil
	}
	f, err = in.piece(k, v)
	return f, true, err
}

// pieces are those of a clip whose keys come after a key.
func (in inside) pieces(id ID, after []byte) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		c := in.all().Cursor()
		from := id[:]
		if after != nil {
			from = after
		}
		for k, v := c.Seek(from); bytes.HasPrefix(k, id[:]); k, v = c.Next() {
			if !bytes.Equal(k, after) && !yield(in.piece(k, v)) {
				return
			}
		}
	}
}

// some reads the pieces of a clip that come after a key, up to some MiB.
func (in inside) some(id ID, after []byte) (pieces []Piece, err error) {
	size := int64(0)
	for f, err := range in.pieces(id, after) {
		if err == nil && len(pieces) > 0 && size+f.Size() > moveAtOnce {
			break
		}
		if err == nil {
			f.Bytes = make([]byte, f.Size())
			_, err = f.ReadAt(f.Bytes, 0)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errFault, err)
		}
		pieces, size = append(pieces, f.Piece), size+f.Size()
	}
	return pieces, nil
}

// till is the time up to which a clip's film is in this volume.
func (in inside) till(id ID) (time.Time, bool) {
	b := in.tx.Bucket(bucketTills)
	if b == nil {
		return time.Time{}, false
	}
	v := b.Get(id[:])
	if len(v) != 8 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(v))).UTC(), true
}
