package hap

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

// mostFrame is how much plaintext one frame holds (§6.5.2).
const mostFrame = 1024

var errFrame = errors.New("hap: a frame is longer than 1024 bytes or is none")

// derive makes a key of a shared secret. The labels stand beside each use.
func derive(secret []byte, salt, info string) []byte {
	key, err := hkdf.Key(sha512.New, secret, []byte(salt), info, chacha20poly1305.KeySize)
	if err != nil {
		panic("hap: " + err.Error()) // only a wrong length could be
	}
	return key
}

func aead(key []byte) cipher.AEAD {
	c, err := chacha20poly1305.New(key)
	if err != nil {
		panic("hap: " + err.Error()) // only a wrong length could be
	}
	return c
}

// seal and unseal are the encrypted items of pairing, under a nonce that is a
// word of eight letters.
func seal(key []byte, nonce string, plain []byte) []byte {
	return aead(key).Seal(nil, append(make([]byte, 4), nonce...), plain, nil)
}

func unseal(key []byte, nonce string, sealed []byte) ([]byte, error) {
	plain, err := aead(key).Open(nil, append(make([]byte, 4), nonce...), sealed, nil)
	if err != nil {
		return nil, fmt.Errorf("hap: %s: %w", nonce, err)
	}
	return plain, nil
}

// Keys are those of one connection, of each direction.
type Keys struct{ ToController, FromController []byte }

// KeysOf derives them from the secret of Verify.
func KeysOf(secret []byte) Keys {
	return Keys{
		ToController:   derive(secret, "Control-Salt", "Control-Read-Encryption-Key"),
		FromController: derive(secret, "Control-Salt", "Control-Write-Encryption-Key"),
	}
}

// Sealer encrypts what goes one way, frame by frame.
type Sealer struct {
	aead cipher.AEAD
	n    uint64
}

// NewSealer makes one for a key.
func NewSealer(key []byte) *Sealer { return &Sealer{aead: aead(key)} }

// Append encrypts plain onto b.
func (s *Sealer) Append(b, plain []byte) []byte {
	var nonce [chacha20poly1305.NonceSize]byte
	for len(plain) > 0 {
		n := min(len(plain), mostFrame)
		binary.LittleEndian.PutUint64(nonce[4:], s.n)
		at := len(b)
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		b = s.aead.Seal(b, nonce[:], plain[:n], b[at:at+2])
		s.n++
		plain = plain[n:]
	}
	return b
}

// Opener decrypts what comes one way. It is a reader of the plaintext.
type Opener struct {
	from  io.Reader
	aead  cipher.AEAD
	n     uint64
	frame []byte
	plain []byte // of the last frame, not yet read
}

// NewOpener makes one for a key and whom it reads from.
func NewOpener(from io.Reader, key []byte) *Opener {
	return &Opener{from: from, aead: aead(key), frame: make([]byte, 0, 2+mostFrame+chacha20poly1305.Overhead)}
}

// Read gives what is left of a frame, or waits for the next one.
func (o *Opener) Read(b []byte) (int, error) {
	for len(o.plain) == 0 {
		if err := o.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, o.plain)
	o.plain = o.plain[n:]
	return n, nil
}

func (o *Opener) next() error {
	head := o.frame[:2]
	if _, err := io.ReadFull(o.from, head); err != nil {
		return err
	}
	n := int(binary.LittleEndian.Uint16(head))
	if n == 0 || n > mostFrame {
		return errFrame
	}
	sealed := o.frame[2 : 2+n+chacha20poly1305.Overhead]
	if _, err := io.ReadFull(o.from, sealed); err != nil {
		return err
	}
	var nonce [chacha20poly1305.NonceSize]byte
	binary.LittleEndian.PutUint64(nonce[4:], o.n)
	o.n++
	plain, err := o.aead.Open(sealed[:0], nonce[:], sealed, head)
	if err != nil {
		return fmt.Errorf("hap: a frame is not of this connection: %w", err)
	}
	o.plain = plain
	return nil
}
