package whep

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 8489 §14.5 has it so
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/netip"
)

// Of STUN (RFC 8489) and what ICE adds (RFC 8445 §16.1).
const (
	stunHead   = 20
	stunCookie = 0x2112a442

	bindingRequest = 0x0001
	bindingSuccess = 0x0101

	attrUsername     = 0x0006
	attrIntegrity    = 0x0008
	attrMapped       = 0x0020 // XOR-MAPPED-ADDRESS
	attrPriority     = 0x0024
	attrUseCandidate = 0x0025
	attrFingerprint  = 0x8028

	attrOptional = 0x8000 // from here on they may be passed over

	fingerprintMask = 0x5354554e
)

// check is one check of a browser: may it send here, and does what it sent arrive.
type check struct {
	transaction [12]byte
	to, from    string // user names: the viewer's, the browser's
	nominates   bool   // this pair of addresses is the one

	signed []byte // what its integrity is of, its length as it was when signed
	sum    [sha1.Size]byte
}

// errNoCheck: it is no binding request that ICE would send, or was damaged on its way.
var errNoCheck = errors.New("whep: not a check of ICE")

// parseCheck reads a check. That it is genuine is for by to tell.
func parseCheck(b []byte) (check, error) {
	var c check
	if len(b) < stunHead || len(b)%4 != 0 || len(b)-stunHead > 1<<10 ||
		binary.BigEndian.Uint16(b) != bindingRequest || int(binary.BigEndian.Uint16(b[2:])) != len(b)-stunHead ||
		binary.BigEndian.Uint32(b[4:]) != stunCookie {
		return c, errNoCheck
	}
	copy(c.transaction[:], b[8:])
	for at := stunHead; at < len(b); {
		if len(b)-at < 4 {
			return c, errNoCheck
		}
		kind, size := binary.BigEndian.Uint16(b[at:]), int(binary.BigEndian.Uint16(b[at+2:]))
		next := at + 4 + (size+3)&^3
		if next > len(b) {
			return c, errNoCheck
		}
		value := b[at+4 : at+4+size]
		switch {
		case kind == attrFingerprint:
			if size != 4 || next != len(b) || binary.BigEndian.Uint32(value) != fingerprint(b[:at]) {
				return c, errNoCheck
			}
			if c.signed == nil {
				return c, errNoCheck
			}
			return c, nil
		case c.signed != nil: // of what follows the integrity only the fingerprint counts (§14.5)
		case kind == attrIntegrity:
			if size != sha1.Size {
				return c, errNoCheck
			}
			copy(c.sum[:], value)
			c.signed = bytes.Clone(b[:at])
			binary.BigEndian.PutUint16(c.signed[2:], uint16(next-stunHead))
		case kind == attrUsername:
			to, from, ok := bytes.Cut(value, []byte{':'})
			if !ok {
				return c, errNoCheck
			}
			c.to, c.from = string(to), string(from)
		case kind == attrUseCandidate:
			c.nominates = true
		case kind == attrPriority || kind >= attrOptional:
		default:
			return c, errNoCheck
		}
		at = next
	}
	return c, errNoCheck // ICE always sends a fingerprint (RFC 8445 §7.1.4)
}

// by tells whether who sent it knows the password.
func (c check) by(password string) bool {
	return hmac.Equal(c.sum[:], integrity(c.signed, password))
}

// appendSuccess answers a check that came from an address.
func (c check) appendSuccess(b []byte, from netip.AddrPort, password string) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint16(b, bindingSuccess)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint32(b, stunCookie)
	b = append(b, c.transaction[:]...)
	key := b[start+4 : start+stunHead] // the cookie, and behind it the transaction (§14.2)
	addr, family := from.Addr().AsSlice(), byte(1)
	if len(addr) == 16 {
		family = 2
	}
	b = binary.BigEndian.AppendUint16(b, attrMapped)
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(addr)))
	b = append(b, 0, family)
	b = binary.BigEndian.AppendUint16(b, from.Port()^uint16(stunCookie>>16))
	for i, x := range addr {
		b = append(b, x^key[i])
	}
	return seal(b, start, password)
}

// seal puts integrity and fingerprint behind the message that begins at start.
func seal(b []byte, start int, password string) []byte {
	length := func(more int) {
		binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start-stunHead+more))
	}
	length(4 + sha1.Size)
	sum := integrity(b[start:], password)
	b = binary.BigEndian.AppendUint16(b, attrIntegrity)
	b = binary.BigEndian.AppendUint16(b, sha1.Size)
	b = append(b, sum...)
	length(4 + 4)
	print := fingerprint(b[start:])
	b = binary.BigEndian.AppendUint16(b, attrFingerprint)
	b = binary.BigEndian.AppendUint16(b, 4)
	return binary.BigEndian.AppendUint32(b, print)
}

func integrity(b []byte, password string) []byte {
	h := hmac.New(sha1.New, []byte(password))
	h.Write(b)
	return h.Sum(nil)
}

// fingerprint is of a message whose length counts it already (§14.7).
func fingerprint(b []byte) uint32 { return crc32.ChecksumIEEE(b) ^ fingerprintMask }
