package hap

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"math/big"
)

// The group of RFC 5054 with 3072 bits, appendix A, and its generator.
var (
	srpN, _ = new(big.Int).SetString(""+
		"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"+
		"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"+
		"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"+
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"+
		"98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"+
		"9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"+
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"+
		"3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"+
		"A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"+
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"+
		"D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2"+
		"08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF", 16)
	srpG = big.NewInt(5)
)

const (
	srpUser = "Pair-Setup"
	srpSize = 384 // bytes of a number of the group
	srpSalt = 16
)

func hash(parts ...[]byte) []byte {
	h := sha512.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func padded(n *big.Int) []byte { return n.FillBytes(make([]byte, srpSize)) }

// srp is the accessory's side of SRP-6a (RFC 5054) as HomeKit uses it: with
// SHA-512, and the setup code as the password. It knows the code and is good for
// one try.
type srp struct {
	salt     []byte
	verifier *big.Int
	secret   *big.Int
	public   []byte // B
}

// newSRP begins a try. B never begins with a zero byte, so that nobody can differ
// about its form.
func newSRP(code string) *srp {
	s := &srp{salt: make([]byte, srpSalt)}
	_, _ = rand.Read(s.salt) // never fails
	x := new(big.Int).SetBytes(hash(s.salt, hash([]byte(srpUser+":"+code))))
	s.verifier = new(big.Int).Exp(srpG, x, srpN)
	k := new(big.Int).SetBytes(hash(padded(srpN), padded(srpG)))
	for {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret) // never fails
		s.secret = new(big.Int).SetBytes(secret)
		b := new(big.Int).Mul(k, s.verifier)
		b.Add(b, new(big.Int).Exp(srpG, s.secret, srpN))
		if s.public = padded(b.Mod(b, srpN)); s.public[0] != 0 {
			return s
		}
	}
}

// prove checks the controller's public number and proof. It returns the shared
// key and the proof that the accessory knows the code too.
//
// A number that begins with zero bytes has two forms, and controllers differ in
// which of them they hash (one pairing in 128 would fail): both are taken.
func (s *srp) prove(public, proof []byte) (key, answer []byte, ok bool) {
	a := new(big.Int).SetBytes(public)
	if len(public) > srpSize || new(big.Int).Mod(a, srpN).Sign() == 0 {
		return nil, nil, false
	}
	u := new(big.Int).SetBytes(hash(padded(a), s.public))
	if u.Sign() == 0 {
		return nil, nil, false
	}
	shared := new(big.Int).Exp(s.verifier, u, srpN)
	shared.Mul(shared, a).Mod(shared, srpN).Exp(shared, s.secret, srpN)

	group := make([]byte, sha512.Size)
	subtle.XORBytes(group, hash(srpN.Bytes()), hash(srpG.Bytes()))
	for _, form := range forms(shared) {
		k := hash(form)
		for _, a := range forms(a) {
			m := hash(group, hash([]byte(srpUser)), s.salt, a, s.public, k)
			if subtle.ConstantTimeCompare(m, proof) == 1 {
				return k, hash(a, m, k), true
			}
		}
	}
	return nil, nil, false
}

// forms are the ways in which a number may be hashed.
func forms(n *big.Int) [][]byte {
	all := [][]byte{padded(n)}
	if short := n.Bytes(); !bytes.Equal(short, all[0]) {
		all = append(all, short)
	}
	return all
}

// Group is the group of numbers and its generator, for the other side.
func Group() (n, g *big.Int) { return new(big.Int).Set(srpN), new(big.Int).Set(srpG) }
