package clips

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"
	"time"

	"filippo.io/age"

	"gatehouse/storage/clip"
)

// chunk is how much plaintext age seals at a time (age-encryption.org/v1, Payload).
const chunk = 64 << 10

// sealed is one age file that is being made. What has been sealed waits in out.
type sealed struct {
	track   clip.Track
	w       io.WriteCloser
	sum     hash.Hash
	head    []byte    // until it is handed over
	out     [][]byte  // pieces
	waiting int       // bytes of them
	next    uint32    // number of the first chunk in out
	plain   int64     // bytes given to age
	held    time.Time // since when footage waits for its chunk to be full; zero: none does
	since   time.Time // since when footage waits in out
	till    time.Time // up to which the footage goes that is sealed
	last    time.Time // up to which it goes that was given
	ended   bool
}

// seal begins an age file.
func seal(track clip.Track, to []age.Recipient) (*sealed, error) {
	s := &sealed{track: track, sum: sha256.New()}
	w, err := age.Encrypt(s, to...)
	if err != nil {
		return nil, fmt.Errorf("clips: seal: %w", err)
	}
	s.w = w
	return s, nil
}

// Write takes what age has sealed: header and nonce while seal runs, a chunk each time
// after it.
func (s *sealed) Write(b []byte) (int, error) {
	s.sum.Write(b)
	if s.w == nil {
		s.head = append(s.head, b...)
		return len(b), nil
	}
	if n := len(s.out); n == 0 || len(s.out[n-1])+len(b) > pieceSize {
		s.out = append(s.out, used())
	}
	last := &s.out[len(s.out)-1]
	if need := len(*last) + len(b); need > cap(*last) {
		*last = slices.Grow(*last, max(len(b), len(*last))) // twice as large each time
	}
	*last = append(*last, b...)
	s.waiting += len(b)
	return len(b), nil
}

// buffers are of pieces that are on the disk. With them a camera is sealed into the same
// half megabyte again and again.
var buffers sync.Pool

// used is an empty buffer, of whatever room.
func used() []byte {
	if b, ok := buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

// reuse gives back what nobody reads any more.
func reuse(b []byte) { buffers.Put(&b) }

// add seals b, which was given at now and whose film goes to till.
func (s *sealed) add(b []byte, now, till time.Time) error {
	before := s.waiting
	if _, err := s.w.Write(b); err != nil {
		return fmt.Errorf("clips: seal: %w", err)
	}
	s.plain += int64(len(b))
	if s.waiting > before {
		if s.since.IsZero() {
			s.since = now
			if !s.held.IsZero() {
				s.since = s.held
			}
		}
		s.till, s.held = s.last, time.Time{}
	}
	s.last = till
	if s.held.IsZero() {
		s.held = now
	}
	return nil
}

// press seals what waits for its chunk to be full.
func (s *sealed) press() error {
	if s.held.IsZero() {
		return nil
	}
	// The chunk goes out with the first byte that belongs to the next.
	size := max(chunk-s.waits()+1, 8)
	box := make([]byte, size)
	binary.BigEndian.PutUint32(box, uint32(size))
	copy(box[4:], "free") // ISO/IEC 14496-12 §8.1.2
	if _, err := s.w.Write(box); err != nil {
		return fmt.Errorf("clips: seal: %w", err)
	}
	s.plain += size
	if s.since.IsZero() {
		s.since = s.held
	}
	s.till, s.held = s.last, time.Time{}
	return nil
}

// waits is how many bytes age holds, 1 to chunk.
func (s *sealed) waits() int64 {
	n := s.plain % chunk
	if n == 0 {
		return chunk
	}
	return n
}

// end seals the rest.
func (s *sealed) end() error {
	s.ended = true
	if err := s.w.Close(); err != nil {
		return fmt.Errorf("clips: seal: %w", err)
	}
	s.till, s.held = s.last, time.Time{}
	return nil
}

// pieceSize is the largest piece that is written.
const pieceSize = 8 * clip.ChunkSize

// take hands over what has been sealed.
func (s *sealed) take(id clip.ID) (heads []clip.Head, pieces []clip.Piece) {
	if s.head != nil {
		heads = append(heads, clip.Head{ID: id, Track: s.track, Bytes: s.head})
		s.head = nil
	}
	for i, b := range s.out {
		p := clip.Piece{ID: id, Track: s.track, Chunk: s.next, Bytes: b}
		if i == len(s.out)-1 && s.track == clip.Film {
			p.Till = s.till
		}
		s.next += uint32(len(b) / clip.ChunkSize)
		pieces = append(pieces, p)
	}
	s.out, s.waiting = nil, 0
	s.since = time.Time{}
	return heads, pieces
}
