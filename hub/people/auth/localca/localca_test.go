package localca

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func open(t *testing.T, o Options) *Authority {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "tls")
	}
	a, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// trusting is a client that trusts the root, as a phone would after installing
// it, and finds every name at one address.
func trusting(t *testing.T, a *Authority, addr string) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(a.RootPEM()) {
		t.Fatal("the root is not PEM")
	}
	tr := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		},
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func serve(t *testing.T, c *tls.Config) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") }))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	l := tls.NewListener(srv.Listener, c)
	srv.Listener = l
	srv.Start()
	t.Cleanup(srv.Close)
	return l.Addr().String()
}

func TestClientsThatTrustTheRoot(t *testing.T) {
	a := open(t, Options{Host: "cellar", IPs: []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.168.1.5"), netip.MustParseAddr("8.8.8.8")}})
	addr := serve(t, a.TLS())
	c := trusting(t, a, addr)
	for _, tt := range []struct {
		host string
		ok   bool
	}{
		{"gatehouse.local", true},
		{"gatehouse-2.local", true},
		{"gatehouse.home.arpa", true},
		{"gatehouse.internal", true},
		{"cellar", true},
		{"cellar.local", true},
		{"localhost", true},
		{"127.0.0.1", true},
		{"192.168.1.5", true},
		{"192.168.1.6", false},
		{"example.com", false},
		{"printer.local", false},
	} {
		res, err := c.Get("https://" + tt.host + "/")
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.host, err)
		}
		if err == nil {
			_ = res.Body.Close()
			if res.TLS.Version != tls.VersionTLS13 {
				t.Errorf("%s: TLS version %#x", tt.host, res.TLS.Version)
			}
		}
	}
	// One that has not installed the root is not let in to believe anything.
	if _, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "gatehouse.local", RootCAs: x509.NewCertPool()}); err == nil {
		t.Error("trusted by a client that does not know the root")
	}
	if _, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "gatehouse.local", InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("TLS 1.2 was spoken")
	}
}

// TestStolenKey: whoever has the root's key can make a certificate for
// anything, but no client takes it.
func TestStolenKey(t *testing.T) {
	a := open(t, Options{Host: "hub.example.net"})
	for _, tt := range []struct {
		dns string
		ip  string
		ok  bool
	}{
		{dns: "gatehouse.local", ok: true}, // the control: forging works as such
		{dns: "hub.example.net", ok: true},
		{dns: "example.com"},
		{dns: "example.net"},
		{dns: "www.example.net"},
		{dns: "xgatehouse.local"},
		{dns: "router.local"},
		{dns: "com"},
		{ip: "10.1.2.3", ok: true},
		{ip: "8.8.8.8"},
		{ip: "2001:4860:4860::8888"},
	} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		leaf := x509.Certificate{
			SerialNumber: big.NewInt(7), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
		}
		host := tt.dns
		if tt.dns != "" {
			leaf.DNSNames = []string{tt.dns}
		} else {
			leaf.IPAddresses, host = []net.IP{net.ParseIP(tt.ip)}, tt.ip
		}
		der, err := x509.CreateCertificate(rand.Reader, &leaf, a.root, key.Public(), a.key)
		if err != nil {
			t.Fatal(err)
		}
		addr := serve(t, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der, a.root.Raw}, PrivateKey: key}}})
		if strings.Contains(host, "::") {
			host = "[" + host + "]"
		}
		res, err := trusting(t, a, addr).Get("https://" + host + "/")
		if err == nil {
			_ = res.Body.Close()
		}
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", host, err)
		}
	}
	// Nor can another authority be made from it.
	if !a.root.MaxPathLenZero || !a.root.PermittedDNSDomainsCritical {
		t.Error("the root could make authorities, or its constraints can be ignored")
	}
}

func TestBoxWithAnOddName(t *testing.T) {
	for _, host := range []string{"Büro", "my_box", "a b", "..", ".", "localhost", strings.Repeat("x", 300), "192.168.1.5"} {
		a := open(t, Options{Host: host})
		if err := a.Leaf().VerifyHostname("gatehouse.local"); err != nil {
			t.Errorf("%q: %v", host, err)
		}
		roots := x509.NewCertPool()
		roots.AddCert(a.root)
		if _, err := a.Leaf().Verify(x509.VerifyOptions{Roots: roots, DNSName: "gatehouse.local"}); err != nil {
			t.Errorf("%q: %v", host, err)
		}
	}
}

func TestKeptOverRestarts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	a := open(t, Options{Dir: dir})
	b := open(t, Options{Dir: dir})
	if a.Fingerprint() != b.Fingerprint() || !a.Leaf().Equal(b.Leaf()) {
		t.Error("a restart made new certificates")
	}
	if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("folder %v, %v", st.Mode(), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 4 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		st, err := f.Info()
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), st.Mode(), err)
		}
	}
	if len(a.Fingerprint()) != 32*3-1 {
		t.Errorf("fingerprint %q", a.Fingerprint())
	}
}

func TestLeafLife(t *testing.T) {
	a := open(t, Options{})
	leaf := a.Leaf()
	if life := leaf.NotAfter.Sub(leaf.NotBefore); life > LeafLife || life < LeafLife-time.Hour {
		t.Errorf("lives %v", life)
	}
	if len(leaf.SerialNumber.Bytes()) < 8 || leaf.SerialNumber.Sign() <= 0 {
		t.Errorf("serial %v (RFC 5280 §4.1.2.2 wants it positive, the browsers 64 random bits)", leaf.SerialNumber)
	}
}

func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
		a := open(t, Options{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { _ = a.Run(ctx) }()
		config := a.TLS()
		served := func() *x509.Certificate {
			c, err := config.GetCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			return c.Leaf
		}
		root, first, began := a.Fingerprint(), served(), time.Now()
		leaves := 0
		for last := first; time.Since(began) < 5*365*24*time.Hour; time.Sleep(24 * time.Hour) {
			if now := served(); !now.Equal(last) {
				leaves++
				last = now
			}
			if err := a.Fault(time.Now()); err != nil {
				t.Fatal(err)
			}
			if left := time.Until(served().NotAfter); left < renewAt-2*time.Hour {
				t.Fatalf("%v left", left)
			}
		}
		// 5 years in steps of two thirds of 397 days.
		if leaves != 6 || a.Fingerprint() != root {
			t.Errorf("%d new leaves, the same root %v", leaves, a.Fingerprint() == root)
		}
	})
}

func TestClockJumps(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	at := func(now time.Time) *Authority {
		t.Helper()
		var a *Authority
		synctest.Test(t, func(t *testing.T) { // its clock begins at the year 2000
			time.Sleep(time.Until(now))
			a = open(t, Options{Dir: dir})
			if err := a.Check(time.Now()); err != nil {
				t.Fatal(err)
			}
		})
		return a
	}
	// The first start has no clock: 2001.
	unset := at(time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC))
	real := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	verify := func(a *Authority, now time.Time) error {
		roots := x509.NewCertPool()
		roots.AddCert(a.root)
		_, err := a.Leaf().Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, DNSName: "gatehouse.local"})
		return err
	}
	if err := verify(unset, real); err == nil {
		t.Fatal("a leaf of 2001 holds in 2026: this test shows nothing")
	}
	// The clock is set while the hub runs.
	if err := errors.Join(unset.Check(real), verify(unset, real)); err != nil {
		t.Errorf("after the clock was set: %v", err)
	}
	// A dead battery, then right again: forth and back.
	for _, now := range []time.Time{real.AddDate(3, 0, 0), real, real.AddDate(-1, 0, 0), real.AddDate(8, 0, 0)} {
		a := at(now)
		if err := errors.Join(verify(a, now), a.Fault(now)); err != nil {
			t.Errorf("at %v: %v", now, err)
		}
		if a.Fingerprint() != unset.Fingerprint() {
			t.Error("another root")
		}
	}
	// Past the root's end the hub runs, and says so.
	a := at(real.AddDate(30, 0, 0))
	if err := a.Fault(real.AddDate(30, 0, 0)); err == nil || !strings.Contains(err.Error(), "set the clock") {
		t.Errorf("30 years later: %v", err)
	}
}

func TestNamesAndAddressesChange(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	a := open(t, Options{Dir: dir, IPs: []netip.Addr{netip.MustParseAddr("192.168.1.5")}})
	first := a.Leaf()
	ip := func(s ...string) (list []netip.Addr) {
		for _, x := range s {
			list = append(list, netip.MustParseAddr(x))
		}
		return list
	}
	if err := a.SetAddresses(ip("192.168.1.5")); err != nil || !a.Leaf().Equal(first) {
		t.Errorf("the same address: %v", err)
	}
	if err := a.SetAddresses(ip("fe80::1%eth0", "192.168.1.9")); err != nil || a.Leaf().VerifyHostname("192.168.1.9") != nil {
		t.Errorf("another address: %v", err)
	}
	second := a.Leaf()
	if err := a.SetAddresses(ip("192.168.1.9", "fe80::1")); err != nil || !a.Leaf().Equal(second) {
		t.Errorf("in another order: %v", err)
	}
	b := open(t, Options{Dir: dir, Hosts: []string{"Hub.Home.Arpa."}})
	if err := b.Leaf().VerifyHostname("hub.home.arpa"); err != nil {
		t.Error(err)
	}
	_, err := Open(Options{Dir: dir, Hosts: []string{"hub.example.com"}})
	if err == nil || !strings.Contains(err.Error(), "hub.example.com") || !strings.Contains(err.Error(), "remove") {
		t.Errorf("a name that the root does not permit: %v", err)
	}
	// The box was renamed after the root was made: it goes on under the old names.
	if c := open(t, Options{Dir: dir, Host: "attic"}); c.Leaf().VerifyHostname("attic") == nil {
		t.Error("a name in the leaf that every client refuses")
	}
}

func TestAnotherAuthoritysLeaf(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	first := open(t, Options{Dir: dir})
	for _, f := range []string{rootFile, rootKeyFile} { // as the errors say
		if err := os.Remove(filepath.Join(dir, f)); err != nil {
			t.Fatal(err)
		}
	}
	a := open(t, Options{Dir: dir})
	if a.Fingerprint() == first.Fingerprint() || a.Leaf().CheckSignatureFrom(a.root) != nil {
		t.Error("the new authority serves the old one's leaf")
	}
}

func TestDamage(t *testing.T) {
	for name, spoil := range map[string]struct {
		file string
		with []byte
		ok   bool // the hub starts all the same
	}{
		"root garbled":     {rootFile, []byte("x"), false},
		"root key garbled": {rootKeyFile, []byte("x"), false},
		"root key another": {rootKeyFile, otherKey(t), false},
		"root key missing": {rootKeyFile, nil, false},
		"leaf garbled":     {leafFile, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), true},
		"leaf key another": {leafKeyFile, otherKey(t), true},
		"leaf key missing": {leafKeyFile, nil, true},
	} {
		dir := filepath.Join(t.TempDir(), "tls")
		was := open(t, Options{Dir: dir}).Fingerprint()
		path := filepath.Join(dir, spoil.file)
		err := os.Remove(path)
		if spoil.with != nil {
			err = os.WriteFile(path, spoil.with, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		a, err := Open(Options{Dir: dir})
		switch {
		case spoil.ok && (err != nil || a.Fingerprint() != was):
			t.Errorf("%s: %v", name, err)
		case !spoil.ok && (err == nil || !strings.Contains(err.Error(), "remove")):
			t.Errorf("%s: %v, want an error with the mend", name, err)
		case !spoil.ok && bytes.Contains([]byte(err.Error()), []byte("PRIVATE")):
			t.Errorf("%s: the error quotes the key", name)
		}
	}
}

func otherKey(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestFullDisk(t *testing.T) {
	// A folder that cannot be made.
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: filepath.Join(file, "tls")}); err == nil {
		t.Error("no error")
	}
}
