package api

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// trustPage has its gaps in the form of html/template, which itself would be a
// fiftieth of the whole program for these four.
//
//go:embed trust.html
var trustPage string

// Trust is what the unencrypted port shows: how a device comes to trust the
// hub's certificate.
type Trust struct {
	Name  string          // of the hub
	Hosts func() []string // names the hub answers to, the best one first
	CA    []byte          // the local authority's certificate, PEM
	HTTPS string          // port of the encrypted server, "443"
	Demo  bool
}

// paths of the trust pages: served by the encrypted port too.
const (
	pathTrust  = "/trust"
	pathPEM    = "/ca.pem"
	pathCRT    = "/ca.crt"
	pathMobile = "/gatehouse.mobileconfig"
)

// trust holds the pages ready made.
type trust struct {
	o           Trust
	der         []byte
	fingerprint string
}

func newTrust(o Trust) (*trust, error) {
	block, _ := pem.Decode(o.CA)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("api: the authority's certificate is not PEM")
	}
	return &trust{o: o, der: block.Bytes, fingerprint: Fingerprint(block.Bytes)}, nil
}

// Fingerprint is the SHA-256 of a certificate in DER, as people compare it.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	var pairs []string
	for _, b := range sum {
		pairs = append(pairs, fmt.Sprintf("%02X", b))
	}
	return strings.Join(pairs, ":")
}

// serve answers one of the trust paths, or says that it is none.
func (t *trust) serve(w http.ResponseWriter, r *http.Request, open string) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	h := w.Header()
	// iOS opens a certificate of this type itself; every answer is the same for
	// everybody and may be fetched without signing in.
	switch r.URL.Path {
	case pathPEM:
		h.Set("Content-Type", "application/x-x509-ca-cert")
		h.Set("Content-Disposition", `attachment; filename="gatehouse-ca.pem"`)
		_, _ = w.Write(t.o.CA)
	case pathCRT:
		h.Set("Content-Type", "application/x-x509-ca-cert")
		h.Set("Content-Disposition", `attachment; filename="gatehouse-ca.crt"`)
		_, _ = w.Write(t.der)
	case pathMobile:
		h.Set("Content-Type", "application/x-apple-aspen-config")
		h.Set("Content-Disposition", `attachment; filename="gatehouse.mobileconfig"`)
		_, _ = w.Write(t.mobileConfig())
	case pathTrust:
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		_, _ = w.Write(t.page(open))
	default:
		return false
	}
	return true
}

// page is the page for people, with a link to the house itself.
func (t *trust) page(open string) []byte {
	demo := ""
	if t.o.Demo {
		demo = "DEMO. "
	}
	return []byte(strings.NewReplacer(
		"{{.Demo}}", demo, "{{.Name}}", html.EscapeString(t.o.Name), "{{.Fingerprint}}", t.fingerprint, "{{.Open}}", html.EscapeString(open),
	).Replace(trustPage))
}

// mobileConfig is a profile that holds the certificate and nothing else (Apple,
// Configuration Profile Reference, com.apple.security.root). Its ids come from
// the certificate, so that a second install replaces the first.
func (t *trust) mobileConfig() []byte {
	sum := sha256.Sum256(t.der)
	id := func(salt byte) string {
		b := sha256.Sum256(append(sum[:], salt))
		x := hex.EncodeToString(b[:16])
		return strings.ToUpper(x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:])
	}
	name := html.EscapeString(t.o.Name)
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>PayloadContent</key><array><dict>
<key>PayloadCertificateFileName</key><string>gatehouse-ca.crt</string>
<key>PayloadContent</key><data>%s</data>
<key>PayloadDisplayName</key><string>%s</string>
<key>PayloadIdentifier</key><string>gatehouse.ca.%s</string>
<key>PayloadType</key><string>com.apple.security.root</string>
<key>PayloadUUID</key><string>%s</string>
<key>PayloadVersion</key><integer>1</integer>
</dict></array>
<key>PayloadDescription</key><string>Lets this device trust the hub of your home, and nothing else.</string>
<key>PayloadDisplayName</key><string>%s</string>
<key>PayloadIdentifier</key><string>gatehouse.trust.%s</string>
<key>PayloadRemovalDisallowed</key><false/>
<key>PayloadType</key><string>Configuration</string>
<key>PayloadUUID</key><string>%s</string>
<key>PayloadVersion</key><integer>1</integer>
</dict></plist>
`, base64.StdEncoding.EncodeToString(t.der), name, id('c'), id('c'), name, id('p'), id('p'))
}

// RedirectHandler is the whole of the unencrypted port: the trust pages, and a
// redirect to the encrypted one for everything else. It never redirects to a
// name that is not the hub's.
func RedirectHandler(o Trust) (http.Handler, error) {
	t, err := newTrust(o)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		if !knownHost(r.Host, o.Hosts) {
			problem(http.StatusMisdirectedRequest, codeWrongHost,
				"This hub does not answer to that name. Use its address, or a name it was given.").write(w)
			return
		}
		home := "https://" + encryptedHost(r.Host, o.HTTPS)
		if t.serve(w, r, home+"/") {
			return
		}
		if !safe(r.Method) {
			// What it carries has been seen by the wire already: do not ask for it again.
			problem(http.StatusForbidden, codeUnencrypted, "This port is not encrypted. Use %s.", home).write(w)
			return
		}
		to := url.URL{Scheme: "https", Host: encryptedHost(r.Host, o.HTTPS), Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, to.String(), http.StatusTemporaryRedirect)
	}), nil
}

func encryptedHost(host, port string) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	if port == "" || port == "443" {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return name
	}
	return net.JoinHostPort(name, port)
}

// trusts serves the trust pages on the encrypted port.
func (a *API) trusts(w http.ResponseWriter, r *http.Request) bool {
	if a.trust == nil || r.URL.Path == pathTrust && a.o.Web != nil { // the page has its own words there
		return false
	}
	return a.trust.serve(w, r, "/")
}
