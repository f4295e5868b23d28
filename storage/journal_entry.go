package storage

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// An entry is kept under its number (8 bytes, big endian) as
//
//	1, varint ms since 1970, uvarint n, n bytes kind, uvarint n, n bytes device, body
//
// so that a filter reads the head and leaves the body alone.
const entryLayout = 1

// head is what filters look at. Its words alias the row.
type head struct {
	at           int64
	kind, device []byte
	body         []byte
}

var errLayout = errors.New("not an entry that this gatehouse can read")

func appendEntry(b []byte, e Entry) []byte {
	b = append(b, entryLayout)
	b = binary.AppendVarint(b, e.At.UnixMilli())
	b = appendWord(b, e.Kind)
	b = appendWord(b, e.Device)
	return append(b, e.Body...)
}

func parseHead(row []byte) (h head, err error) {
	if len(row) == 0 || row[0] != entryLayout {
		return head{}, errLayout
	}
	row = row[1:]
	at, n := binary.Varint(row)
	if n <= 0 {
		return head{}, errLayout
	}
	h.at = at
	if h.kind, row, err = cutWord(row[n:]); err != nil {
		return head{}, err
	}
	if h.device, row, err = cutWord(row); err != nil {
		return head{}, err
	}
	h.body = row
	return h, nil
}

// entry copies h out of the row.
func (h head) entry(seq uint64) Entry {
	return Entry{
		Seq: seq, At: time.UnixMilli(h.at).UTC(), Kind: string(h.kind), Device: string(h.device),
		Body: append([]byte(nil), h.body...),
	}
}

func appendWord(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func cutWord(b []byte) (word, rest []byte, err error) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return nil, nil, errLayout
	}
	b = b[w:]
	return b[:n], b[n:], nil
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// keySeq is the number in a key. bbolt hands out only keys that were put.
func keySeq(key []byte) uint64 {
	if len(key) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key)
}

// A cursor is the number before which a page begins, behind a mark that tells
// it from other people's words.
const cursorMark = 'j'

func makeCursor(before uint64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64([]byte{cursorMark}, before))
}

func readCursor(s string) (before uint64, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 9 || b[0] != cursorMark {
		return 0, fmt.Errorf("storage: cursor %.40q: %w", s, ErrCursor)
	}
	return binary.BigEndian.Uint64(b[1:]), nil
}
