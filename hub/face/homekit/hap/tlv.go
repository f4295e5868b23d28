package hap

import (
	"errors"
	"slices"
)

// Tag is the type of a TLV item (§5.15).
type Tag byte

// Tags of pairing.
const (
	TagMethod      Tag = 0x00
	TagIdentifier  Tag = 0x01
	TagSalt        Tag = 0x02
	TagPublicKey   Tag = 0x03
	TagProof       Tag = 0x04
	TagEncrypted   Tag = 0x05
	TagState       Tag = 0x06
	TagError       Tag = 0x07
	TagRetryDelay  Tag = 0x08
	TagSignature   Tag = 0x0a
	TagPermissions Tag = 0x0b
	TagSeparator   Tag = 0xff
)

// Errors of pairing (§5.15, table 5-5).
const (
	ErrorUnknown        = 1
	ErrorAuthentication = 2
	ErrorBackoff        = 3
	ErrorMaxPeers       = 4
	ErrorMaxTries       = 5
	ErrorUnavailable    = 6
	ErrorBusy           = 7
)

// Methods of pairing requests.
const (
	MethodAdd    = 3
	MethodRemove = 4
	MethodList   = 5
)

// Item is one value with its tag.
type Item struct {
	Tag   Tag
	Value []byte
}

// TLV is a message of pairing: items in order.
type TLV []Item

// fragment is the most that one length byte can tell; longer values go on in the
// next item of the same tag (§14.1).
const fragment = 255

var errTLV = errors.New("hap: a TLV item is cut short")

// ParseTLV reads a message.
func ParseTLV(b []byte) (TLV, error) {
	var t TLV
	goesOn := false
	for len(b) > 0 {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return nil, errTLV
		}
		tag, n := Tag(b[0]), int(b[1])
		value := b[2 : 2+n]
		if goesOn && t[len(t)-1].Tag == tag {
			t[len(t)-1].Value = append(t[len(t)-1].Value, value...)
		} else {
			t = append(t, Item{tag, slices.Clone(value)})
		}
		goesOn = n == fragment
		b = b[2+n:]
	}
	return t, nil
}

// Append writes the message to b.
func (t TLV) Append(b []byte) []byte {
	for _, it := range t {
		rest := it.Value
		for {
			n := min(len(rest), fragment)
			b = append(append(b, byte(it.Tag), byte(n)), rest[:n]...)
			if rest = rest[n:]; len(rest) == 0 {
				break
			}
		}
	}
	return b
}

// Get is the value of the first item with a tag, nil if there is none.
func (t TLV) Get(tag Tag) []byte {
	for _, it := range t {
		if it.Tag == tag {
			return it.Value
		}
	}
	return nil
}

// Byte is the value of a tag that holds one number; ok is false if there is none.
func (t TLV) Byte(tag Tag) (n byte, ok bool) {
	v := t.Get(tag)
	if len(v) != 1 {
		return 0, false
	}
	return v[0], true
}
