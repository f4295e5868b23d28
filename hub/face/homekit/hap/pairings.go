package hap

import (
	"crypto/ed25519"
	"time"
)

// pairings answers /pairings (§5.10 to §5.12) of a controller that is verified.
// gone are those whose connections have to end after the answer.
func pairings(k Keeper, by string, now time.Time, m TLV) (answer TLV, gone bool) {
	fail := func(code byte) (TLV, bool) {
		return TLV{{TagState, []byte{2}}, {TagError, []byte{code}}}, false
	}
	done := TLV{{TagState, []byte{2}}}
	// Looked up again: it may have been removed since it was verified.
	if p, ok := k.Pairing(by); !ok || !p.Admin {
		return fail(ErrorAuthentication)
	}
	method, _ := m.Byte(TagMethod)
	id := m.Get(TagIdentifier)
	switch method {
	case MethodAdd:
		permissions, _ := m.Byte(TagPermissions)
		p := Pairing{ID: string(id), Key: m.Get(TagPublicKey), Admin: permissions&1 != 0, Since: now}
		old, known := k.Pairing(p.ID)
		switch {
		case !nameable(id) || len(p.Key) != ed25519.PublicKeySize:
			return fail(ErrorUnknown)
		case known && !old.Key.Equal(p.Key), known && old.Admin && !p.Admin && admins(k) == 1:
			return fail(ErrorUnknown) // somebody else's name, or nobody would be left to manage the list
		case !known && len(k.Pairings()) >= mostPairings:
			return fail(ErrorMaxPeers)
		}
		if known {
			p.Since = old.Since
		}
		if err := k.Put(p, by); err != nil {
			return fail(ErrorUnknown)
		}
		return done, false
	case MethodRemove:
		if err := k.Remove(string(id), by); err != nil {
			return fail(ErrorUnknown)
		}
		return done, true
	case MethodList:
		list := done
		for i, p := range k.Pairings() {
			if i > 0 {
				list = append(list, Item{TagSeparator, nil})
			}
			permissions := byte(0)
			if p.Admin {
				permissions = 1
			}
			list = append(list, Item{TagIdentifier, []byte(p.ID)}, Item{TagPublicKey, p.Key}, Item{TagPermissions, []byte{permissions}})
		}
		return list, false
	default:
		return fail(ErrorUnknown)
	}
}

func admins(k Keeper) (n int) {
	for _, p := range k.Pairings() {
		if p.Admin {
			n++
		}
	}
	return n
}
