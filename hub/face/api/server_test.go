package api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/network/strangers"
)

// authority is a certificate that signed itself, for 127.0.0.1.
func authority(t *testing.T) (certPEM []byte, t13 *tls.Config, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Elm & Street"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(leaf)
	cert := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		&tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}, pool
}

// listening serves h on loopback until the test ends.
func listening(t *testing.T, h http.Handler, c *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := Serve(ctx, l, h, c, slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return l.Addr().String()
}

// Over TLS 1.3 and HTTP/2, as browsers come, the stream flows and the hub's
// own cookie rules hold; an older TLS is refused.
func TestTheStreamOverHTTP2(t *testing.T) {
	h := newHouse()
	a := h.api(t)
	_, config, pool := authority(t)
	addr := listening(t, a.Handler(), config)
	c := http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer c.CloseIdleConnections()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+addr+streamPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Test-Caller", "owner")
	w, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	if w.ProtoMajor != 2 {
		t.Errorf("got HTTP/%d, want 2", w.ProtoMajor)
	}
	scan := bufio.NewScanner(w.Body)
	for scan.Scan() && scan.Text() != "event: beat" {
	}
	if scan.Err() != nil || scan.Text() != "event: beat" {
		t.Errorf("got the end %q, err %v, want the first beat", scan.Text(), scan.Err())
	}
	_, err = tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12})
	if err == nil {
		t.Error("TLS 1.2 was taken")
	}
}

func TestTheOpenPortOnlyRedirectsAndHelpsToTrust(t *testing.T) {
	ca, _, _ := authority(t)
	h, err := RedirectHandler(Trust{
		Name: "Elm & Street", Hosts: func() []string { return []string{"gatehouse.local"} }, CA: ca, HTTPS: "8443",
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func(method, host, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://"+host+path, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, c := range []struct{ host, path, want string }{
		{"gatehouse.local", "/journal?x=1", "https://gatehouse.local:8443/journal?x=1"},
		{"192.168.1.4:80", "/", "https://192.168.1.4:8443/"},
		{"[fe80::1]:80", "//evil.example/", "https://[fe80::1]:8443//evil.example/"},
		{"gatehouse.local", "/api/v1/alarm", "https://gatehouse.local:8443/api/v1/alarm"},
	} {
		w := get("GET", c.host, c.path)
		if got := w.Header().Get("Location"); got != c.want || w.Code != 307 {
			t.Errorf("%s%s: got %d %q, want %q", c.host, c.path, w.Code, got, c.want)
		}
	}
	wantProblem(t, get("GET", "evil.example", "/"), 421, codeWrongHost)
	wantProblem(t, get("POST", "gatehouse.local", "/api/v1/session"), 403, codeUnencrypted)

	if w := get("GET", "gatehouse.local", "/ca.pem"); !bytes.Equal(w.Body.Bytes(), ca) || w.Header().Get("Content-Type") != "application/x-x509-ca-cert" {
		t.Errorf("got %q, want the certificate", w.Body)
	}
	if w := get("GET", "gatehouse.local", "/ca.crt"); w.Code != 200 {
		t.Errorf("got %d", w.Code)
	} else if _, err := x509.ParseCertificate(w.Body.Bytes()); err != nil {
		t.Error(err)
	}
	w := get("GET", "gatehouse.local", "/gatehouse.mobileconfig")
	if d := xml.NewDecoder(w.Body); w.Header().Get("Content-Type") != "application/x-apple-aspen-config" {
		t.Error("not a profile")
	} else {
		for err == nil {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("the profile is not XML: %v", err)
		}
	}
	page := get("GET", "gatehouse.local", "/trust").Body.String()
	block, _ := pem.Decode(ca)
	for _, want := range []string{Fingerprint(block.Bytes), "<h1>Let this device trust Elm &amp; Street</h1>", `href="https://gatehouse.local:8443/"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "{{") || strings.Contains(page, "Elm & Street") {
		t.Error("the page has a gap, or a name that is not escaped")
	}
	if _, err := RedirectHandler(Trust{CA: []byte("nonsense")}); err == nil {
		t.Error("nonsense was taken as a certificate")
	}
}

// The encrypted port gives the certificate too, but leaves the page's own
// address of that name to the page.
func TestTheEncryptedPortHasTheCertificateToo(t *testing.T) {
	ca, _, _ := authority(t)
	h := newHouse()
	h.opt.Trust = &Trust{Name: "Elm Street", CA: ca}
	h.opt.Web = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") })
	srv := h.api(t).Handler()
	if w := call(t, srv, "", "GET", "/ca.pem", ""); !bytes.Equal(w.Body.Bytes(), ca) {
		t.Errorf("got %.40q, want the certificate", w.Body)
	}
	if w := call(t, srv, "", "GET", "/trust", ""); w.Body.String() != "the page" {
		t.Errorf("got %.40q, want the page", w.Body)
	}
}

// A head that never ends, and one that is too long, are cut off.
func TestHeadsAreBounded(t *testing.T) {
	addr := listening(t, newHouse().api(t).Handler(), nil)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 2*maxHead)+"\r\n\r\n")
	status, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.Contains(status, "431") {
		t.Errorf("got %q, err %v, want 431", status, err)
	}
}

// bounded is an empty listener, and knock has somebody come to it from an address.
func bounded(t *testing.T) (l *boundedListener, knock func(from string) (in, out *boundedConn)) {
	t.Helper()
	l = &boundedListener{from: map[netip.Prefix]int{}}
	return l, func(from string) (in, out *boundedConn) {
		here, there := net.Pipe()
		_ = there.Close()
		in = &boundedConn{Conn: here, door: l, from: strangers.Network(net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 1)))}
		if out = l.enter(in); out != nil {
			_ = out.Close()
		}
		return in, out
	}
}

// From one network only so many connections are held: one more has the oldest of them
// hang up on which nobody was recognised, and nobody from elsewhere.
func TestConnectionsAreBounded(t *testing.T) {
	for name, from := range map[string]func(i int) string{
		"an address":     func(int) string { return "192.0.2.1" },
		"a network in 6": func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) },
	} {
		t.Run(name, func(t *testing.T) {
			l, knock := bounded(t)
			var first, second *boundedConn
			for i := range maxFromOne {
				in, out := knock(from(i))
				if out != nil {
					t.Fatal("one hung up before the bound")
				}
				switch i {
				case 0:
					first = in
				case 1:
					second = in
				}
			}
			recognised(withConn(t.Context(), first))
			if _, out := knock(from(maxFromOne)); out != second || l.all != maxFromOne {
				t.Errorf("for one more it is not the oldest stranger who hangs up; %d are held, want %d", l.all, maxFromOne)
			}
			if _, out := knock("192.0.2.2"); out != nil {
				t.Error("for another address one hung up")
			}
			_ = first.Close()
			if _, out := knock(from(0)); out != nil {
				t.Error("a free place was not given")
			}
		})
	}
}

// Of all networks together only so many are held: a newcomer is heard, and who was
// recognised stays; with nobody else there, it is the newcomer who goes.
func TestStrangersKeepNobodyOut(t *testing.T) {
	l, knock := bounded(t)
	phone, _ := knock("192.0.2.7")
	recognised(withConn(t.Context(), tls.Server(phone, nil)))
	for i := range 5 * maxFromOne {
		if in, out := knock(fmt.Sprintf("10.0.%d.1", i%5)); out == phone || out == in {
			t.Fatalf("stranger %d has the phone hang up: %v; or does itself", i, out == phone)
		}
	}
	if l.all != maxConns {
		t.Fatalf("%d are held, want %d", l.all, maxConns)
	}
	tablet, out := knock("192.0.2.8")
	if out == nil || out == tablet || out == phone {
		t.Error("a newcomer is not heard")
	}

	l, knock = bounded(t)
	for i := range maxConns {
		in, _ := knock(fmt.Sprintf("10.0.%d.1", i%5))
		recognised(withConn(t.Context(), in))
	}
	if in, out := knock("192.0.2.8"); out != in || l.all != maxConns {
		t.Errorf("there is no room, and %d are held, want %d", l.all, maxConns)
	}
}

// Closing a connection twice frees its place once.
func TestAConnectionLeavesOnce(t *testing.T) {
	l, knock := bounded(t)
	_, _ = knock("192.0.2.1")
	c, _ := knock("192.0.2.1")
	_ = c.Close()
	_ = c.Close()
	if l.all != 1 {
		t.Errorf("got %d left, want 1", l.all)
	}
}

// A crowd on whom nobody was recognised keeps out neither who was nor who comes, whatever
// they asked for before.
func TestACrowdAtTheDoor(t *testing.T) {
	addr := listening(t, newHouse().api(t).Handler(), nil)
	open := func(request string) net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, request)
		return c
	}
	answer := func(c net.Conn) int {
		t.Helper()
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
		return r.StatusCode
	}
	const mine = "GET /api/v1/devices HTTP/1.1\r\nHost: localhost\r\nX-Test-Caller: owner\r\n\r\n"
	phone := open(mine)
	if got := answer(phone); got != http.StatusOK {
		t.Fatalf("the phone got %d", got)
	}
	for i := range 2 * maxFromOne {
		c := open("")
		if i%2 == 0 {
			_, _ = io.WriteString(c, "GET /api/v1/devices HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if got := answer(c); got != http.StatusUnauthorized {
				t.Fatalf("a stranger got %d", got)
			}
		}
	}
	if got := answer(open(mine)); got != http.StatusOK {
		t.Errorf("who comes got %d", got)
	}
	_, _ = io.WriteString(phone, mine)
	if got := answer(phone); got != http.StatusOK {
		t.Errorf("the phone got %d", got)
	}
}
