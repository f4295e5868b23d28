// Package haptest is an Apple device as tests need it: it pairs with a setup
// code, proves who it is, reads, writes and hears events, over real connections.
//
// Its mathematics are its own; the codecs of TLV and frames are those of package
// hap, which the interop test holds to a controller that is not ours.
package haptest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"gatehouse/hub/face/homekit/hap"
)

// patience is how long a test waits for an answer.
const patience = 20 * time.Second

// Controller is a device, with what it remembers of a pairing.
type Controller struct {
	ID     string
	Key    ed25519.PrivateKey
	Bridge string // the accessory's id
	Known  ed25519.PublicKey
	// Short has it hash numbers without the zero bytes that they begin with.
	Short bool
}

// New makes a device that is paired with nothing.
func New(id string) *Controller {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return &Controller{ID: id, Key: key}
}

// Refused is an error that the accessory told.
type Refused struct{ State, Code byte }

func (e *Refused) Error() string {
	return fmt.Sprintf("pairing refused in M%d: error %d", e.State, e.Code)
}

// Conn is a connection. Its methods are for one goroutine.
type Conn struct {
	raw     *counted
	sealer  *hap.Sealer
	reader  *bufio.Reader
	answers chan *message
	// Events carries each event, once Verify is through.
	Events chan Event
}

// Event is one message that was not asked for.
type Event struct {
	Body string
	// Wire is how many encrypted bytes it took.
	Wire int
	At   time.Time
}

type message struct {
	status int
	body   []byte
}

// counted counts what is read.
type counted struct {
	net.Conn
	n int
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n += n
	return n, err
}

// Dial connects and proves nothing yet.
func Dial(addr string) (*Conn, error) {
	dialer := net.Dialer{Timeout: patience}
	raw, err := dialer.DialContext(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &counted{Conn: raw}
	return &Conn{raw: c, reader: bufio.NewReader(c)}, nil
}

// Close ends the connection.
func (c *Conn) Close() { _ = c.raw.Close() }

// Post sends a message of pairing in the clear, or encrypted after Verify.
func (c *Conn) Post(path string, t hap.TLV) (hap.TLV, error) {
	status, body, err := c.Do(http.MethodPost, path, t.Append(nil))
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d %s", path, status, body)
	}
	return hap.ParseTLV(body)
}

// step is Post, and an error for one that the accessory tells.
func (c *Conn) step(path string, t hap.TLV) (hap.TLV, error) {
	m, err := c.Post(path, t)
	if err != nil {
		return nil, err
	}
	if code, ok := m.Byte(hap.TagError); ok {
		state, _ := m.Byte(hap.TagState)
		return m, &Refused{state, code}
	}
	return m, nil
}

// Do sends a request and waits for its answer.
func (c *Conn) Do(method, path string, body []byte) (int, []byte, error) {
	if err := c.Send(method, path, body); err != nil {
		return 0, nil, err
	}
	return c.Answer()
}

// Send sends a request.
func (c *Conn) Send(method, path string, body []byte) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: gatehouse\r\n", method, path)
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/hap+json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	out := b.Bytes()
	if c.sealer != nil {
		out = c.sealer.Append(nil, out)
	}
	return c.Raw(out)
}

// Raw sends bytes as they are.
func (c *Conn) Raw(b []byte) error {
	if err := c.raw.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := c.raw.Write(b)
	return err
}

// Answer waits for the answer to a request.
func (c *Conn) Answer() (int, []byte, error) {
	if c.answers != nil {
		select {
		case m, ok := <-c.answers:
			if !ok {
				return 0, nil, io.EOF
			}
			return m.status, m.body, nil
		case <-time.After(patience):
			return 0, nil, errors.New("no answer")
		}
	}
	if err := c.raw.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	first, m, err := read(c.reader)
	if err != nil {
		return 0, nil, err
	}
	if !strings.HasPrefix(first, "HTTP/1.1 ") {
		return 0, nil, fmt.Errorf("answer begins with %q", first)
	}
	return m.status, m.body, nil
}

// read reads one HTTP message by hand: an event's first line is not HTTP's.
func read(r *bufio.Reader) (string, *message, error) {
	first, err := r.ReadString('\n')
	if err != nil {
		return "", nil, err
	}
	m := &message{}
	if f := strings.Fields(first); len(f) > 1 {
		m.status, _ = strconv.Atoi(f[1])
	}
	n := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", nil, err
		}
		if line = strings.TrimSpace(line); line == "" {
			break
		}
		if v, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			if n, err = strconv.Atoi(v); err != nil {
				return "", nil, err
			}
		}
	}
	m.body = make([]byte, n)
	_, err = io.ReadFull(r, m.body)
	return first, m, err
}

// Pair goes through pair-setup with a code.
func (d *Controller) Pair(c *Conn, code string) error {
	m2, err := c.step("/pair-setup", hap.TLV{{Tag: hap.TagState, Value: []byte{1}}, {Tag: hap.TagMethod, Value: []byte{0}}})
	if err != nil {
		return err
	}
	secret, m3, want := d.srp(code, m2.Get(hap.TagSalt), m2.Get(hap.TagPublicKey))
	m4, err := c.step("/pair-setup", m3)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(m4.Get(hap.TagProof), want) != 1 {
		return errors.New("the accessory does not know the code")
	}
	m6, err := c.step("/pair-setup", d.Exchange(secret))
	if err != nil {
		return err
	}
	key := derive(secret, "Pair-Setup-Encrypt")
	inner, err := open(key, "PS-Msg06", m6.Get(hap.TagEncrypted))
	if err != nil {
		return err
	}
	id, public := inner.Get(hap.TagIdentifier), inner.Get(hap.TagPublicKey)
	signed := bytes.Join([][]byte{derive(secret, "Pair-Setup-Accessory-Sign"), id, public}, nil)
	if len(public) != ed25519.PublicKeySize || !ed25519.Verify(public, signed, inner.Get(hap.TagSignature)) {
		return errors.New("the accessory's signature is wrong")
	}
	d.Bridge, d.Known = string(id), public
	return nil
}

// Exchange is M5 under a shared key.
func (d *Controller) Exchange(secret []byte) hap.TLV {
	public := d.Key.Public().(ed25519.PublicKey)
	signed := bytes.Join([][]byte{derive(secret, "Pair-Setup-Controller-Sign"), []byte(d.ID), public}, nil)
	inner := hap.TLV{
		{Tag: hap.TagIdentifier, Value: []byte(d.ID)},
		{Tag: hap.TagPublicKey, Value: public},
		{Tag: hap.TagSignature, Value: ed25519.Sign(d.Key, signed)},
	}
	return hap.TLV{
		{Tag: hap.TagState, Value: []byte{5}},
		{Tag: hap.TagEncrypted, Value: seal(derive(secret, "Pair-Setup-Encrypt"), "PS-Msg05", inner)},
	}
}

// srp is the controller's side of SRP-6a: the key, M3, and the proof that M4 must
// hold.
func (d *Controller) srp(code string, salt, theirs []byte) (key []byte, m3 hap.TLV, want []byte) {
	n, g := hap.Group()
	pad := func(v *big.Int) []byte { return v.FillBytes(make([]byte, len(n.Bytes()))) }
	form := pad
	if d.Short {
		form = (*big.Int).Bytes
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	a := new(big.Int).SetBytes(secret)
	public := new(big.Int).Exp(g, a, n)
	b := new(big.Int).SetBytes(theirs)
	x := new(big.Int).SetBytes(hash(salt, hash([]byte("Pair-Setup:"+code))))
	k := new(big.Int).SetBytes(hash(pad(n), pad(g)))
	u := new(big.Int).SetBytes(hash(pad(public), pad(b)))
	base := new(big.Int).Sub(b, new(big.Int).Mul(k, new(big.Int).Exp(g, x, n)))
	shared := new(big.Int).Exp(base.Mod(base, n), new(big.Int).Add(a, new(big.Int).Mul(u, x)), n)
	key = hash(form(shared))
	group := make([]byte, sha512.Size)
	subtle.XORBytes(group, hash(n.Bytes()), hash(g.Bytes()))
	proof := hash(group, hash([]byte("Pair-Setup")), salt, form(public), theirs, key)
	m3 = hap.TLV{
		{Tag: hap.TagState, Value: []byte{3}},
		{Tag: hap.TagPublicKey, Value: form(public)},
		{Tag: hap.TagProof, Value: proof},
	}
	return key, m3, hash(form(public), proof, key)
}

// Verify proves who the device is; from then on the connection is encrypted and
// hears events.
func (d *Controller) Verify(c *Conn) error {
	mine, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	m2, err := c.step("/pair-verify", hap.TLV{{Tag: hap.TagState, Value: []byte{1}}, {Tag: hap.TagPublicKey, Value: mine.PublicKey().Bytes()}})
	if err != nil {
		return err
	}
	theirs, err := ecdh.X25519().NewPublicKey(m2.Get(hap.TagPublicKey))
	if err != nil {
		return err
	}
	secret, err := mine.ECDH(theirs)
	if err != nil {
		return err
	}
	key := derive(secret, "Pair-Verify-Encrypt")
	inner, err := open(key, "PV-Msg02", m2.Get(hap.TagEncrypted))
	if err != nil {
		return err
	}
	signed := bytes.Join([][]byte{theirs.Bytes(), []byte(d.Bridge), mine.PublicKey().Bytes()}, nil)
	if string(inner.Get(hap.TagIdentifier)) != d.Bridge || !ed25519.Verify(d.Known, signed, inner.Get(hap.TagSignature)) {
		return errors.New("this is not the accessory that was paired")
	}
	signed = bytes.Join([][]byte{mine.PublicKey().Bytes(), []byte(d.ID), theirs.Bytes()}, nil)
	proof := hap.TLV{{Tag: hap.TagIdentifier, Value: []byte(d.ID)}, {Tag: hap.TagSignature, Value: ed25519.Sign(d.Key, signed)}}
	if _, err := c.step("/pair-verify", hap.TLV{{Tag: hap.TagState, Value: []byte{3}}, {Tag: hap.TagEncrypted, Value: seal(key, "PV-Msg03", proof)}}); err != nil {
		return err
	}
	keys := hap.KeysOf(secret)
	c.sealer = hap.NewSealer(keys.FromController)
	c.reader = bufio.NewReader(hap.NewOpener(c.raw, keys.ToController))
	if err := c.raw.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	c.answers, c.Events = make(chan *message, 16), make(chan Event, 4096)
	go c.hear()
	return nil
}

// hear sorts what comes in into answers and events.
func (c *Conn) hear() {
	defer close(c.answers)
	defer close(c.Events)
	before := c.raw.n
	for {
		first, m, err := read(c.reader)
		if err != nil {
			return
		}
		wire := c.raw.n - before
		before = c.raw.n
		if strings.HasPrefix(first, "EVENT/1.0 ") {
			c.Events <- Event{string(m.body), wire, time.Now()}
		} else {
			c.answers <- m
		}
	}
}

// Connect dials and verifies.
func (d *Controller) Connect(addr string) (*Conn, error) {
	c, err := Dial(addr)
	if err != nil {
		return nil, err
	}
	if err := d.Verify(c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// PairAt dials, pairs and closes.
func (d *Controller) PairAt(addr, code string) error {
	c, err := Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	return d.Pair(c, code)
}

func hash(parts ...[]byte) []byte {
	h := sha512.Sum512(bytes.Join(parts, nil))
	return h[:]
}

func derive(secret []byte, label string) []byte {
	key, err := hkdf.Key(sha512.New, secret, []byte(label+"-Salt"), label+"-Info", chacha20poly1305.KeySize)
	if err != nil {
		panic(err) // only a wrong length could be
	}
	return key
}

func seal(key []byte, nonce string, t hap.TLV) []byte {
	c, err := chacha20poly1305.New(key)
	if err != nil {
		panic(err) // only a wrong length could be
	}
	return c.Seal(nil, append(make([]byte, 4), nonce...), t.Append(nil), nil)
}

func open(key []byte, nonce string, sealed []byte) (hap.TLV, error) {
	c, err := chacha20poly1305.New(key)
	if err != nil {
		return nil, err
	}
	plain, err := c.Open(nil, append(make([]byte, 4), nonce...), sealed, nil)
	if err != nil {
		return nil, err
	}
	return hap.ParseTLV(plain)
}
