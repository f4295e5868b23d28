package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
)

// crockford is the alphabet of codes that people type: no I, L, O or U
// (Douglas Crockford, "Base 32").
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// lower is the alphabet of secrets that programs and browsers carry.
var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// tokenPrefix marks a token, so that scanners find one that leaked.
const tokenPrefix = "gh_"

// newCode is a code of chars characters, five bits each, in groups of four.
func newCode(chars int) Secret {
	return Secret(groups(crockford.EncodeToString(random((chars*5 + 7) / 8))[:chars], 4, "-"))
}

// Lengths of codes: 80 bits for claim codes and invitations, 60 for recovery
// codes, which are tried against one account only.
const (
	claimChars    = 16
	recoveryChars = 12
)

// readCode takes a code as a person typed it: any case, any grouping, and the
// letters that are taken for digits.
func readCode(s Secret) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z':
		default:
			return -1
		}
		switch r {
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		return r
	}, string(s))
}

// newSecret is 256 bits for a browser or program to carry.
func newSecret() string { return lower.EncodeToString(random(32)) }

// newID is a handle: unlikely to be met twice, and no secret.
func newID() string { return lower.EncodeToString(random(10)) }

// sum is how a secret with enough bits of its own is kept.
type sum [sha256.Size]byte

// MarshalText writes hexadecimal.
func (s sum) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, s[:]), nil }

// UnmarshalText reads hexadecimal.
func (s *sum) UnmarshalText(b []byte) error {
	if len(b) != 2*len(s) {
		return fmt.Errorf("auth: a hash of %d characters, want %d", len(b), 2*len(s))
	}
	_, err := hex.Decode(s[:], b)
	return err
}

func sumOf(s string) sum { return sha256.Sum256([]byte(s)) }

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
