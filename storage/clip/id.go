package clip

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// ID names a clip for ever: 6 bytes of time, 10 of chance.
type ID [16]byte

// NewID makes the id of a clip that begins at at.
func NewID(at time.Time) (id ID) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(id[:6], ms[2:])
	_, _ = rand.Read(id[6:]) // never fails (crypto/rand)
	return id
}

// String is the id in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads String.
func ParseID(s string) (id ID, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("clip: %q is not the id of a clip", s)
	}
	return ID(b), nil
}

// Track tells the files of one clip apart.
type Track byte

// Tracks. Stills have the numbers from Still on.
const (
	Film  Track = 0
	Notes Track = 1
	Still Track = 2
)

// ChunkSize is the length of every chunk of a body but the last: 64 KiB and the
// 16 bytes that seal them (age-encryption.org/v1, Payload).
const ChunkSize = 64<<10 + 16

// maxChunks is what three bytes number: a body of 1 TiB.
const maxChunks = 1 << 24

// pieceKey is clip(16)‖track(1)‖chunk(3).
func pieceKey(id ID, track Track, chunk uint32) []byte {
	b := make([]byte, 0, len(id)+4)
	b = append(b, id[:]...)
	return binary.BigEndian.AppendUint32(b, uint32(track)<<24|chunk)
}

// filePrefix is what the keys of one file's pieces begin with.
func filePrefix(id ID, track Track) []byte { return append(id[:], byte(track)) }
