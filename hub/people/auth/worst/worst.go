// Package worst knows the passwords that guessers try first, without asking
// anybody and without holding the list: of the 999,999 most common those that a
// password of this house can be, or can be made from (Matters).
//
// It holds a binary fuse filter of 0.3 MB (Graf and Lemire, "Binary Fuse
// Filters", 2022; figures in worst.bf8 as the xorfilter module writes them, in
// little endian). A password that is on the list is always found; one that is
// not is taken for one of them once in 256 times, and its owner chooses
// another. Case makes no difference. Where the list comes from, and its
// licence, is in README.md; gen makes the filter.
package worst

import (
	"crypto/sha256"
	_ "embed" // the filter
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/FastFilter/xorfilter"
)

//go:generate go run ./gen -o worst.bf8 $WORST_PASSWORDS

//go:embed worst.bf8
var filter []byte

const header = 28 // bytes before the fingerprints

// The characters of a password that the list is asked for.
const (
	Whole = 12 // at least, of a password as it is: no shorter one is taken
	Stem  = 8  // at least, of a password without the digits and signs behind it, of which at most Whole-Stem are cut off
)

// Matters tells whether a password of the list can ever be asked for. A stem
// ends with a letter.
func Matters(password string) bool {
	last, _ := utf8.DecodeLastRuneInString(password)
	n := utf8.RuneCountInString(password)
	return n >= Whole || n >= Stem && unicode.IsLetter(last)
}

// Contains tells whether password is one of the worst, if it Matters.
func Contains(password string) bool {
	le := binary.LittleEndian
	f := xorfilter.BinaryFuse8{
		Seed:               le.Uint64(filter),
		SegmentLength:      le.Uint32(filter[8:]),
		SegmentLengthMask:  le.Uint32(filter[12:]),
		SegmentCount:       le.Uint32(filter[16:]),
		SegmentCountLength: le.Uint32(filter[20:]),
		Fingerprints:       filter[header:], // where they are: only the pages that are asked for get loaded
	}
	return f.Contains(Key(password))
}

// Key is what the filter holds of a password.
func Key(password string) uint64 {
	h := sha256.Sum256([]byte(strings.ToLower(password)))
	return binary.LittleEndian.Uint64(h[:])
}
