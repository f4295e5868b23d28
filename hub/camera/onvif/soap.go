package onvif

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what UsernameToken digests are made of
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// Namespaces of the services (ONVIF Core §5.3 and the service specifications).
const (
	nsDevice = "http://www.onvif.org/ver10/device/wsdl"
	nsMedia  = "http://www.onvif.org/ver10/media/wsdl"
	nsMedia2 = "http://www.onvif.org/ver20/media/wsdl"
	nsEvents = "http://www.onvif.org/ver10/events/wsdl"
	nsPTZ    = "http://www.onvif.org/ver20/ptz/wsdl"
	nsSchema = "http://www.onvif.org/ver10/schema"
	nsNotify = "http://docs.oasis-open.org/wsn/b-2"
)

// Bounds of an answer.
const (
	mostDepth    = 32
	mostElements = 20_000
	mostWords    = 120 // bytes of what is shown to people
)

// Fault is a camera's refusal.
type Fault struct{ Code, Reason string }

// Error is what the camera says.
func (f *Fault) Error() string { return "it refuses: " + f.Reason }

// refused tells whether a camera refuses because of who asks (ONVIF Core §5.9.2).
func (f *Fault) refused() bool {
	for _, s := range []string{"NotAuthorized", "FailedAuthentication", "FailedCheck", "InvalidSecurity"} {
		if strings.HasSuffix(f.Code, s) {
			return true
		}
	}
	return false
}

// answer is the envelope of an answer. T is what it holds, by its local names: no two
// cameras agree on prefixes.
type answer[T any] struct {
	Body struct {
		Fault *struct {
			Code struct {
				Value   string `xml:"Value"`
				Subcode struct {
					Value   string `xml:"Value"`
					Subcode struct {
						Value string `xml:"Value"`
					} `xml:"Subcode"`
				} `xml:"Subcode"`
			} `xml:"Code"`
			Reason struct {
				Text string `xml:"Text"`
			} `xml:"Reason"`
			String string `xml:"faultstring"` // SOAP 1.1
		} `xml:"Fault"`
		Value T `xml:",any"`
	} `xml:"Body"`
}

// parse reads an answer.
func parse[T any](b []byte) (T, error) {
	var a answer[T]
	if err := bounded(b); err != nil {
		return a.Body.Value, err
	}
	if err := xml.Unmarshal(b, &a); err != nil {
		return a.Body.Value, errNoSOAP
	}
	if f := a.Body.Fault; f != nil {
		code := f.Code.Value
		for _, s := range []string{f.Code.Subcode.Value, f.Code.Subcode.Subcode.Value} {
			if s != "" {
				code = s
			}
		}
		said := words(f.Reason.Text)
		if said == "" {
			said = words(f.String)
		}
		if said == "" {
			said = words(code)
		}
		return a.Body.Value, &Fault{Code: strings.TrimSpace(code), Reason: said}
	}
	return a.Body.Value, nil
}

var errNoSOAP = errors.New("what it answers is not ONVIF: is it switched on in the camera, and is the address right?")

// bounded refuses what is deeper or longer than any camera has a reason for, and
// whatever declares a document type.
func bounded(b []byte) error {
	if len(b) > mostAnswer {
		return errLarge
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	depth, elements := 0, 0
	for {
		token, err := d.RawToken()
		if token == nil {
			if err != nil && elements > 0 && depth == 0 {
				return nil
			}
			return errNoSOAP
		}
		switch token.(type) {
		case xml.Directive:
			return errNoSOAP
		case xml.StartElement:
			depth++
			elements++
		case xml.EndElement:
			depth--
		}
		if depth > mostDepth || elements > mostElements {
			return errLarge
		}
	}
}

// words is what a camera says of itself as it may be shown: on one line, and short.
func words(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }), " ")
	if len(s) > mostWords {
		s = strings.ToValidUTF8(s[:mostWords], "")
	}
	return s
}

// reference is where a subscription is, and what has to be said with each request to
// it (WS-Addressing 1.0 §2.1).
type reference struct {
	to     *url.URL
	params []parameterOf
}

type parameterOf struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

// request is one call.
type request struct {
	at     reference
	action string // as in the WSDL
	body   string
	open   bool // without a name and a digest
}

// call asks a camera something.
func call[T any](ctx context.Context, c *Client, r request, patience time.Duration) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var none T
	kind := `application/soap+xml; charset=utf-8; action="` + r.action + `"`
	b, err := c.door.ask(ctx, http.MethodPost, r.at.to, kind, c.envelope(r, time.Now()), mostAnswer)
	if err != nil {
		return none, err
	}
	v, err := parse[T](b)
	var f *Fault
	if errors.As(err, &f) && f.refused() {
		return none, ErrPassword
	}
	return v, err
}

// envelope is a request in SOAP 1.2.
func (c *Client) envelope(r request, now time.Time) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>`)
	if !r.open && c.door.user != "" {
		c.sign(&b, now)
	}
	if r.at.params != nil || strings.Contains(r.action, nsEvents) || strings.Contains(r.action, "docs.oasis-open.org") {
		fmt.Fprintf(&b, `<a:Action s:mustUnderstand="1">%s</a:Action><a:To s:mustUnderstand="1">%s</a:To><a:MessageID>urn:uuid:%s</a:MessageID>`, escaped(r.action), escaped(r.at.to.String()), uuid())
	}
	for _, p := range r.at.params {
		fmt.Fprintf(&b, `<p:%s xmlns:p="%s" a:IsReferenceParameter="true">%s</p:%s>`, p.XMLName.Local, escaped(p.XMLName.Space), escaped(p.Text), p.XMLName.Local)
	}
	b.WriteString(`</s:Header><s:Body>` + r.body + `</s:Body></s:Envelope>`)
	return b.Bytes()
}

// sign adds who asks, with a digest of the password at a moment of the camera's own
// clock (WS-Security UsernameToken Profile 1.0 §3.1).
func (c *Client) sign(b *bytes.Buffer, now time.Time) {
	created := now.Add(c.offset).UTC().Format("2006-01-02T15:04:05.000Z")
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails
	h := sha1.New()            //nolint:gosec // see above
	h.Write(nonce[:])
	h.Write([]byte(created + c.door.password))
	const (
		wsse   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
		wsu    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
		digest = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
		base   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
	)
	fmt.Fprintf(b, `<wsse:Security s:mustUnderstand="1" xmlns:wsse="%s"><wsse:UsernameToken><wsse:Username>%s</wsse:Username>`, wsse, escaped(c.door.user))
	fmt.Fprintf(b, `<wsse:Password Type="%s">%s</wsse:Password>`, digest, base64.StdEncoding.EncodeToString(h.Sum(nil)))
	fmt.Fprintf(b, `<wsse:Nonce EncodingType="%s">%s</wsse:Nonce>`, base, base64.StdEncoding.EncodeToString(nonce[:]))
	fmt.Fprintf(b, `<u:Created xmlns:u="%s">%s</u:Created></wsse:UsernameToken></wsse:Security>`, wsu, created)
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

// uuid is a random one (RFC 9562 §5.4).
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
