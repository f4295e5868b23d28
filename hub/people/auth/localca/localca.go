// Package localca is the hub's own certificate authority: it lets browsers and
// MQTT clients in the house trust the hub without asking anybody outside.
//
// The root is name-constrained (RFC 5280 §4.2.1.10, critical): it can vouch for
// the hub's own names and for addresses of private networks, and for nothing
// else. Who steals the hub's key can pretend to be this hub, but not the
// owner's bank, to a phone that trusts the root.
//
// The root lives ten years; its key never leaves the hub's folder (0600). The
// leaf lives 397 days at most, which is what phones accept, and is renewed by
// itself when a third of its life is left, when the hub's names or addresses
// change, and when the clock shows that it was made in the future. All of it
// works on a hub whose clock has not been set yet: the root is valid from 2025
// for at least ten years from 2026, whatever the clock said when it was made,
// and a clock that jumps brings a new leaf.
//
// A root that has ended does not stop the hub: it goes on serving, and Fault
// tells the owner.
//
// It stands in people/auth because it is about whom people trust, and needs
// nothing of the network: names and addresses are told to it.
package localca

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lives of certificates.
const (
	RootLife = 10 * 365 * 24 * time.Hour
	LeafLife = 397 * 24 * time.Hour // what Apple's and Google's clients accept at most
	renewAt  = LeafLife / 3         // left of the leaf's life
	early    = 24 * time.Hour       // validity begins before now: clocks differ
)

// rootFrom is when every root begins to hold: before any hub was made, so that
// one whose clock was wrong at first has a root that holds all the same.
var rootFrom = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// Options say what an Authority is for. Dir is required.
type Options struct {
	Dir   string       // where root and keys are kept (made with 0700)
	Host  string       // the box's own host name, "" for none: vouched for as it is and with .local
	Hosts []string     // further names for the leaf, under what the root permits
	IPs   []netip.Addr // addresses for the leaf: loopback, private or link-local ones
	Log   *slog.Logger // nil for none
}

// Authority holds root and leaf. Its methods may be called from any goroutine.
type Authority struct {
	o    Options
	log  *slog.Logger
	root *x509.Certificate
	key  *ecdsa.PrivateKey // the root's

	mu   sync.Mutex
	leaf *tls.Certificate
	ips  []netip.Addr
}

// names that the root permits, beside the box's own. A constraint permits the
// name and everything under it.
var permitted = []string{
	"gatehouse.local", "gatehouse-2.local", "gatehouse-3.local", "gatehouse-4.local", "gatehouse-5.local",
	"home.arpa", "gatehouse.internal", "localhost",
}

// leafNames are what every leaf says, beside the box's own names.
var leafNames = []string{
	"gatehouse.local", "gatehouse-2.local", "gatehouse-3.local", "gatehouse-4.local", "gatehouse-5.local",
	"gatehouse.home.arpa", "gatehouse.internal", "localhost",
}

// private are the networks that a house has (RFC 1918, 3927, 4193, 4291, 6598).
var private = []string{
	"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
	"::1/128", "fc00::/7", "fe80::/10",
}

// Open reads the authority from its folder, and makes it there when there is
// none. A root that cannot be read, or whose key is not its own, is an error
// that says what to do: a new one has to be trusted anew on every phone, which
// is for the owner to decide.
func Open(o Options) (*Authority, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Host = strings.ToLower(strings.TrimSuffix(o.Host, "."))
	o.Hosts = slices.Clone(o.Hosts)
	for i, h := range o.Hosts {
		o.Hosts[i] = strings.ToLower(strings.TrimSuffix(h, "."))
	}
	a := &Authority{o: o, log: o.Log, ips: sorted(o.IPs)}
	if err := a.openRoot(time.Now()); err != nil {
		return nil, err
	}
	for _, h := range a.o.Hosts {
		if !a.vouchesFor(h) {
			return nil, fmt.Errorf("localca: this hub's authority does not vouch for the name %s: use a name under %s, "+
				"or remove %s to make a new authority, which every phone then has to trust anew",
				h, strings.Join(a.root.PermittedDNSDomains, ", "), a.path(rootFile))
		}
	}
	a.readLeaf()
	return a, a.Check(time.Now())
}

const (
	rootFile    = "ca.pem"
	rootKeyFile = "ca.key"
	leafFile    = "tls.pem"
	leafKeyFile = "tls.key"
)

func (a *Authority) path(name string) string { return filepath.Join(a.o.Dir, name) }

// vouchesFor tells whether the root permits a name.
func (a *Authority) vouchesFor(name string) bool {
	return slices.ContainsFunc(a.root.PermittedDNSDomains, func(d string) bool {
		return name == d || strings.HasSuffix(name, "."+d)
	})
}

func (a *Authority) openRoot(now time.Time) error {
	cert, key, err := readPair(a.path(rootFile), a.path(rootKeyFile))
	switch {
	case err == nil:
		a.root, a.key = cert, key
		return nil
	case !errors.Is(err, errNone):
		return fmt.Errorf("localca: %w: put the backup's files back, or remove %s and %s to make a new authority, "+
			"which every phone then has to trust anew", err, rootFile, rootKeyFile)
	}
	key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("localca: %w", err)
	}
	begins, ends := rootFrom, now.Add(RootLife)
	if least := rootFrom.Add(RootLife + 365*24*time.Hour); ends.Before(least) {
		ends = least
	}
	short := make([]byte, 3)
	_, _ = rand.Read(short) // never fails (crypto/rand)
	t := x509.Certificate{
		SerialNumber: serial(),
		// The name tells two hubs apart in a phone's list.
		Subject:                     pkix.Name{CommonName: fmt.Sprintf("Gatehouse %X", short), Organization: []string{"Gatehouse"}},
		NotBefore:                   begins,
		NotAfter:                    ends,
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         slices.Clone(permitted),
	}
	t.PermittedDNSDomains = append(t.PermittedDNSDomains, a.boxNames()...)
	for _, p := range private {
		_, n, err := net.ParseCIDR(p)
		if err != nil {
			return fmt.Errorf("localca: %w", err)
		}
		t.PermittedIPRanges = append(t.PermittedIPRanges, n)
	}
	der, err := x509.CreateCertificate(rand.Reader, &t, &t, key.Public(), key)
	if err != nil {
		return fmt.Errorf("localca: make the authority: %w", err)
	}
	if err := writePair(a.path(rootFile), a.path(rootKeyFile), [][]byte{der}, key); err != nil {
		return fmt.Errorf("localca: keep the authority: %w", err)
	}
	a.key = key
	if a.root, err = x509.ParseCertificate(der); err != nil {
		return fmt.Errorf("localca: %w", err)
	}
	a.log.Info("certificate authority made", "fingerprint", a.Fingerprint())
	return nil
}

// boxNames are the names of the box itself. A name without a dot is in no one
// else's zone; one under .local is announced by the box. Any other is the
// owner's own, and is vouched for with what is under it. What is no name for
// DNS is left out: a box may be called anything.
func (a *Authority) boxNames() []string {
	h := a.o.Host
	switch {
	case h == "" || len(h) > 200 || slices.Contains(permitted, h),
		strings.Trim(h, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "",
		strings.HasPrefix(h, ".") || strings.Contains(h, ".."):
		return nil
	case !strings.Contains(h, "."):
		return []string{h, h + ".local"}
	default:
		return []string{h}
	}
}

func (a *Authority) readLeaf() {
	cert, key, err := readPair(a.path(leafFile), a.path(leafKeyFile))
	if err == nil {
		err = cert.CheckSignatureFrom(a.root) // another authority's, from before this one was made
	}
	if err != nil {
		if !errors.Is(err, errNone) {
			a.log.Warn("certificate not readable, a new one is made", "err", err)
		}
		return
	}
	a.leaf = &tls.Certificate{Certificate: [][]byte{cert.Raw, a.root.Raw}, PrivateKey: key, Leaf: cert}
}

// Check renews the leaf if it needs to be at now.
func (a *Authority) Check(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	why := a.wants(now)
	if why == "" {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("localca: %w", err)
	}
	dns, ips := a.names()
	t := x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: dns[0], Organization: []string{"Gatehouse"}},
		NotBefore:    now.Add(-early),
		NotAfter:     now.Add(LeafLife - early - time.Second), // the last second counts too
		DNSNames:     dns,
		IPAddresses:  ips,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if t.NotAfter.After(a.root.NotAfter) && now.Before(a.root.NotAfter) {
		t.NotAfter = a.root.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, &t, a.root, key.Public(), a.key)
	if err != nil {
		return fmt.Errorf("localca: make the certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("localca: %w", err)
	}
	if err := writePair(a.path(leafFile), a.path(leafKeyFile), [][]byte{der, a.root.Raw}, key); err != nil {
		if a.leaf != nil {
			return fmt.Errorf("localca: keep the certificate: %w", err)
		}
		a.log.Warn("certificate not kept, it serves until the restart", "err", err)
	}
	a.leaf = &tls.Certificate{Certificate: [][]byte{der, a.root.Raw}, PrivateKey: key, Leaf: cert}
	a.log.Info("certificate made", "why", why, "until", cert.NotAfter.Format(time.DateOnly))
	return nil
}

// wants says why a new leaf is needed at now, "" when it is not.
func (a *Authority) wants(now time.Time) string {
	if a.leaf == nil {
		return "there was none"
	}
	leaf := a.leaf.Leaf
	dns, ips := a.names()
	switch {
	case now.Before(leaf.NotBefore):
		return "it was made in the future"
	case leaf.NotAfter.Sub(now) < renewAt && leaf.NotAfter.Before(a.root.NotAfter):
		return "it ends soon"
	case !slices.Equal(leaf.DNSNames, dns):
		return "the names have changed"
	case !slices.EqualFunc(leaf.IPAddresses, ips, net.IP.Equal):
		return "the addresses have changed"
	}
	return ""
}

// names are the leaf's names and addresses; those that the root would not let
// through are left out, for one of them would spoil all.
func (a *Authority) names() (dns []string, ips []net.IP) {
	for _, h := range slices.Concat(leafNames, a.boxNames(), a.o.Hosts) {
		if a.vouchesFor(h) && !slices.Contains(dns, h) {
			dns = append(dns, h)
		}
	}
	for _, ip := range a.ips {
		b := net.IP(ip.Unmap().AsSlice())
		if slices.ContainsFunc(a.root.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(b) }) {
			ips = append(ips, b)
		}
	}
	return dns, ips
}

// SetAddresses tells the addresses that the box has now, and renews the leaf
// when they are others than before. Order makes no difference.
func (a *Authority) SetAddresses(ips []netip.Addr) error {
	a.mu.Lock()
	a.ips = sorted(ips)
	a.mu.Unlock()
	return a.Check(time.Now())
}

func sorted(ips []netip.Addr) []netip.Addr {
	ips = slices.Clone(ips)
	for i := range ips {
		ips[i] = ips[i].Unmap().WithZone("")
	}
	slices.SortFunc(ips, netip.Addr.Compare)
	return slices.Compact(ips)
}

// Fault says what is wrong with the certificates at now, and the mend; nil
// when phones that trust the root can connect.
func (a *Authority) Fault(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch leaf := a.leaf.Leaf; {
	case now.Before(a.root.NotBefore):
		return fmt.Errorf("localca: the clock says %s, which cannot be: set the clock", now.Format(time.DateOnly))
	case now.After(a.root.NotAfter):
		return fmt.Errorf("localca: the clock says %s and the authority ended on %s: set the clock, or remove %s "+
			"to make a new authority, which every phone then has to trust anew",
			now.Format(time.DateOnly), a.root.NotAfter.Format(time.DateOnly), a.path(rootFile))
	case now.After(leaf.NotAfter), now.Before(leaf.NotBefore):
		return fmt.Errorf("localca: the certificate holds from %s to %s and was not renewed: look whether %s can be written",
			leaf.NotBefore.Format(time.DateOnly), leaf.NotAfter.Format(time.DateOnly), a.o.Dir)
	}
	return nil
}

// Run renews the leaf by itself until ctx ends.
func (a *Authority) Run(ctx context.Context) error {
	// Hourly, and not when the time comes: a clock that is set is noticed.
	t := time.NewTicker(time.Hour)
	defer t.Stop()
	for {
		if err := a.Check(time.Now()); err != nil {
			a.log.Error("certificate not renewed", "err", err)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// TLS is what the hub's listeners serve with: TLS 1.3 only, and always the
// present leaf.
func (a *Authority) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.leaf, nil
		},
	}
}

// Leaf is the present leaf, for who shows when it ends.
func (a *Authority) Leaf() *x509.Certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.leaf.Leaf
}

// RootPEM is the root as phones and programs take it.
func (a *Authority) RootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})
}

// Fingerprint is the SHA-256 of the root, as people compare it: pairs of
// hexadecimal digits.
func (a *Authority) Fingerprint() string {
	h := sha256.Sum256(a.root.Raw)
	pairs := make([]string, len(h))
	for i, b := range h {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b)
}
