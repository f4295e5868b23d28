package hap

import (
	"crypto/ecdh"
	"crypto/rand"
)

// verify is one controller's way through pair-verify (§5.7), on one connection.
type verify struct {
	keeper Keeper

	theirs, ours []byte // of this connection
	secret       []byte
}

// step takes a message and answers it. With the last one come who it is and the
// keys of the connection.
func (v *verify) step(m TLV) (answer TLV, who Pairing, keys *Keys) {
	state, _ := m.Byte(TagState)
	switch {
	case state == 1:
		return v.start(m), Pairing{}, nil
	case state == 3 && v.secret != nil:
		return v.finish(m)
	default:
		return v.fail(state + 1), Pairing{}, nil
	}
}

func (v *verify) fail(state byte) TLV {
	v.secret = nil
	return TLV{{TagState, []byte{state}}, {TagError, []byte{ErrorAuthentication}}}
}

func (v *verify) start(m TLV) TLV {
	v.secret = nil
	theirs, err := ecdh.X25519().NewPublicKey(m.Get(TagPublicKey))
	if err != nil {
		return v.fail(2)
	}
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return v.fail(2)
	}
	secret, err := key.ECDH(theirs)
	if err != nil {
		return v.fail(2) // a point of low order
	}
	v.theirs, v.ours, v.secret = theirs.Bytes(), key.PublicKey().Bytes(), secret
	self := v.keeper.Identity()
	proof := TLV{
		{TagIdentifier, []byte(self.ID)},
		{TagSignature, sign(self.key(), v.ours, []byte(self.ID), v.theirs)},
	}
	return TLV{
		{TagState, []byte{2}},
		{TagPublicKey, v.ours},
		{TagEncrypted, seal(v.key(), "PV-Msg02", proof.Append(nil))},
	}
}

func (v *verify) key() []byte {
	return derive(v.secret, "Pair-Verify-Encrypt-Salt", "Pair-Verify-Encrypt-Info")
}

func (v *verify) finish(m TLV) (TLV, Pairing, *Keys) {
	plain, err := unseal(v.key(), "PV-Msg03", m.Get(TagEncrypted))
	if err != nil {
		return v.fail(4), Pairing{}, nil
	}
	proof, err := ParseTLV(plain)
	if err != nil {
		return v.fail(4), Pairing{}, nil
	}
	id := proof.Get(TagIdentifier)
	p, ok := v.keeper.Pairing(string(id))
	if !ok || !signed(p.Key, proof.Get(TagSignature), v.theirs, id, v.ours) {
		return v.fail(4), Pairing{}, nil
	}
	keys := KeysOf(v.secret)
	v.secret = nil
	return TLV{{TagState, []byte{4}}}, p, &keys
}
