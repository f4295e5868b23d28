package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"gatehouse/hub/home"
)

// Hash is a SHA-256; it reads and writes as 64 hexadecimal digits.
type Hash [sha256.Size]byte

// MarshalText writes the digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads them.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return fmt.Errorf("a hash has %d hexadecimal digits, not %d", 2*len(h), len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

func sum(body []byte) Hash { return sha256.Sum256(body) }

// Entry is one line of the record: a view, its number from 1, when it began,
// and the hash of the line before (zeros for the first). A line is the compact
// JSON of an Entry, and that in one way only: what Parse reads, Append writes
// again byte for byte.
type Entry struct {
	N    uint64    `json:"n" doc:"number, from 1"`
	Prev Hash      `json:"prev" doc:"SHA-256 of the line before, as the export writes it without its line end"`
	At   home.Time `json:"at" doc:"when it began"`
	View
}

// Append writes the entry's line, without a line end.
func (e Entry) Append(b []byte) []byte {
	line, _ := json.Marshal(e) // every field encodes
	return append(b, line...)
}

var errLine = errors.New("not a line that the record writes")

// Parse reads a line.
func Parse(line []byte) (Entry, error) {
	var e Entry
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return Entry{}, fmt.Errorf("views: %w: %w", errLine, err)
	}
	if !bytes.Equal(e.Append(nil), line) {
		return Entry{}, fmt.Errorf("views: %w", errLine)
	}
	return e, nil
}

// The most that is kept of what callers say of themselves, in bytes.
const wordMost = 200

// bounded is v with its words cut to what an entry holds, and made text that
// reads the same when it is written.
func (v View) bounded() View {
	for _, s := range []*string{&v.Clip, &v.Who, &v.Caller, &v.From, &v.Agent, &v.Why} {
		*s = strings.ToValidUTF8(*s, "\uFFFD")
		for len(*s) > wordMost {
			_, last := utf8.DecodeLastRuneInString(*s)
			*s = (*s)[:len(*s)-last]
		}
	}
	return v
}
