package clip

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// volume is one file of pieces.
type volume struct {
	class  Class
	number uint32
	path   string
	db     *bolt.DB // nil while closed
	write  bool     // db takes writes
	size   int64    // up to which it is filled, of those that are written to
	used   int64    // bytes of pieces, of the same
	turn   uint64   // when it was last wanted
}

var (
	bucketPieces = []byte("pieces")
	bucketTills  = []byte("tills")
	keyPiece     = []byte("b")
	keySize      = []byte("size")
)

const volumeSuffix = ".clips"

func volumeName(c Class, number uint32) string {
	return fmt.Sprintf("%s-%08d%s", c, number, volumeSuffix)
}

// parseVolumeName reads volumeName.
func parseVolumeName(name string) (c Class, number uint32, ok bool) {
	name, ok = strings.CutSuffix(filepath.Base(name), volumeSuffix)
	if !ok {
		return "", 0, false
	}
	for _, c := range Classes {
		if n, err := fmt.Sscanf(name, string(c)+"-%08d", &number); err == nil && n == 1 && volumeName(c, number) == name+volumeSuffix {
			return c, number, true
		}
	}
	return "", 0, false
}

// fill makes what is in a volume from the first, and notes how large it may be: another
// start does not know how much room there was.
func (v *volume) fill(tx *bolt.Tx) error {
	if err := tx.Bucket(bucketMeta).Put(keySize, binary.BigEndian.AppendUint64(nil, uint64(v.size))); err != nil {
		return err
	}
	return fillVolume(tx)
}

func fillVolume(tx *bolt.Tx) error {
	if _, err := tx.CreateBucketIfNotExists(bucketPieces); err != nil {
		return err
	}
	_, err := tx.CreateBucketIfNotExists(bucketTills)
	return err
}

// putPiece writes a piece into a bucket of its own: see the package's comment.
func putPiece(tx *bolt.Tx, p Piece) error {
	b, err := tx.Bucket(bucketPieces).CreateBucketIfNotExists(pieceKey(p.ID, p.Track, p.Chunk))
	if err != nil {
		return err
	}
	if err := b.Put(keyPiece, p.Bytes); err != nil || p.Till.IsZero() {
		return err
	}
	return tx.Bucket(bucketTills).Put(p.ID[:], binary.BigEndian.AppendUint64(nil, uint64(p.Till.UnixMilli())))
}

// till is the time up to which a clip's film is in this volume.
func till(tx *bolt.Tx, id ID) (time.Time, bool) {
	b := tx.Bucket(bucketTills)
	if b == nil {
		return time.Time{}, false
	}
	v := b.Get(id[:])
	if len(v) != 8 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(v))).UTC(), true
}

// piece is the piece of a file that chunk lies in, and the first chunk of it.
// The bytes die with the transaction.
func piece(tx *bolt.Tx, id ID, track Track, chunk uint32) (first uint32, b []byte) {
	pieces := tx.Bucket(bucketPieces)
	if pieces == nil {
		return 0, nil
	}
	c := pieces.Cursor()
	want := pieceKey(id, track, chunk)
	k, _ := c.Seek(want)
	switch {
	case k == nil:
		k, _ = c.Last()
	case string(k) != string(want):
		k, _ = c.Prev()
	}
	if len(k) != len(want) || !strings.HasPrefix(string(k), string(filePrefix(id, track))) {
		return 0, nil
	}
	first = binary.BigEndian.Uint32(k[len(id):]) & (maxChunks - 1)
	return first, pieces.Bucket(k).Get(keyPiece)
}
