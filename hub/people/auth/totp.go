package auth

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238: what every authenticator app computes
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Figures of RFC 6238 as every authenticator app takes them.
const (
	totpStep   = 30 * time.Second
	totpBytes  = 20 // RFC 4226 §4 R6: 160 bits
	totpWindow = 1  // steps that phone and hub may be apart (RFC 6238 §5.2)
	totpSearch = 20 // steps that are looked at to explain a wrong clock: ten minutes
	issuer     = "Gatehouse"
)

var noPad = base32.StdEncoding.WithPadding(base32.NoPadding)

// totpAt is the code of a step (RFC 6238 §4, RFC 4226 §5.3).
func totpAt(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	var c [8]byte
	binary.BigEndian.PutUint64(c[:], uint64(step)) // steps before 1970 wrap, and match nothing
	mac.Write(c[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

func stepAt(now time.Time) int64 { return now.Unix() / int64(totpStep/time.Second) }

// checkTOTP looks for code around now. It returns the step that the code
// belongs to, which must then be stored, or a *WrongCode without tries.
func checkTOTP(key []byte, last int64, now time.Time, code string) (int64, error) {
	middle := stepAt(now)
	found, ok := int64(0), false
	// Nearest first, so that a code that fits twice counts for the nearer
	// step; every step is computed, so that time tells nothing.
	for d := int64(0); d <= totpSearch; d++ {
		for _, s := range []int64{middle - d, middle + d} {
			if subtle.ConstantTimeCompare([]byte(totpAt(key, s)), []byte(code)) == 1 && !ok {
				found, ok = s, true
			}
		}
	}
	switch off := found - middle; {
	case !ok:
		return 0, &WrongCode{}
	case off < -totpWindow || off > totpWindow:
		return 0, &WrongCode{Drift: time.Duration(off) * totpStep}
	case found <= last:
		return 0, &WrongCode{Used: true}
	}
	return found, nil
}

// totpURI is the otpauth form that authenticator apps read from a QR code.
func totpURI(key []byte, house, name string) string {
	label := issuer
	if house != "" && house != issuer {
		label += " " + house
	}
	// The label may not hold a colon of its own, nor may the issuer.
	clean := strings.NewReplacer(":", " ")
	label, name = clean.Replace(label), clean.Replace(name)
	q := "secret=" + noPad.EncodeToString(key) + "&issuer=" + url.PathEscape(label) +
		"&algorithm=SHA1&digits=6&period=30"
	return "otpauth://totp/" + url.PathEscape(label) + ":" + url.PathEscape(name) + "?" + q
}

// groups writes s in groups of n, with sep between them.
func groups(s string, n int, sep string) string {
	var b strings.Builder
	for i := 0; i < len(s); i += n {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s[i:min(i+n, len(s))])
	}
	return b.String()
}
