package whep

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// RFC 5769 §2.1: a check of ICE, and its password.
const (
	sampleRequest = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74" +
		"002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020" +
		"000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
	samplePassword = "VOkJxbRl1RmTxUk/WvJxBt"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// ask is a check as a browser sends it.
func ask(to, from, password string, nominates bool) []byte {
	b := binary.BigEndian.AppendUint16(nil, bindingRequest)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint32(b, stunCookie)
	b = append(b, "transaction!"...)
	user := to + ":" + from
	b = binary.BigEndian.AppendUint16(b, attrUsername)
	b = binary.BigEndian.AppendUint16(b, uint16(len(user)))
	b = append(b, user...)
	b = append(b, make([]byte, (4-len(user)%4)%4)...)
	if nominates {
		b = append(b, 0, attrUseCandidate, 0, 0)
	}
	return seal(b, 0, password)
}

func TestParseCheck(t *testing.T) {
	damaged := unhex(sampleRequest)
	damaged[40] ^= 1
	for _, tt := range []struct {
		name      string
		b         []byte
		password  string
		to, from  string
		nominates bool
		err       error
		genuine   bool
	}{
		{"RFC 5769 §2.1", unhex(sampleRequest), samplePassword, "evtj", "h6vY", false, nil, true},
		{"another password", unhex(sampleRequest), "another", "evtj", "h6vY", false, nil, false},
		{"that nominates", ask("here", "there", "secret", true), "secret", "here", "there", true, nil, true},
		{"damaged", damaged, samplePassword, "", "", false, errNoCheck, false},
		{"cut short", unhex(sampleRequest[:80]), samplePassword, "", "", false, errNoCheck, false},
		{"without a fingerprint", unhex("00010050" + sampleRequest[8:len(sampleRequest)-16]), samplePassword, "", "", false, errNoCheck, false},
		{"an answer", append([]byte{1, 1}, unhex(sampleRequest)[2:]...), samplePassword, "", "", false, errNoCheck, false},
		{"nothing", nil, "", "", "", false, errNoCheck, false},
	} {
		c, err := parseCheck(tt.b)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.err)
		}
		if err == nil && (c.to != tt.to || c.from != tt.from || c.nominates != tt.nominates || c.by(tt.password) != tt.genuine) {
			t.Errorf("%s: got %+v, genuine %v", tt.name, c, c.by(tt.password))
		}
	}
}

// The answers of RFC 5769 §2.2 and §2.3 hold these addresses so; they name their software
// besides, so that no more of them can be the same.
func TestSuccess(t *testing.T) {
	c, err := parseCheck(unhex(sampleRequest))
	if err != nil {
		t.Fatal(err)
	}
	for from, mapped := range map[string]string{
		"192.0.2.1:32853": "002000080001a147e112a643",
		"[2001:db8:1234:5678:11:2233:4455:6677]:32853": "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9",
	} {
		b := c.appendSuccess(nil, netip.MustParseAddrPort(from), samplePassword)
		got := hex.EncodeToString(b)
		if !strings.HasPrefix(got, "0101") || !strings.Contains(got, "2112a442b7e7a701bc34d686fa87dfae"+mapped) {
			t.Errorf("%s: got %s", from, got)
		}
		// What is sealed is the same in a request, and that is read.
		binary.BigEndian.PutUint16(b, bindingRequest)
		at := bytes.Index(b, unhex(mapped))
		asked := seal(append(bytes.Clone(b[:at]), 0x80, 0, 0, 0), 0, samplePassword)
		if c, err := parseCheck(asked); err != nil || !c.by(samplePassword) {
			t.Errorf("%s: sealed it reads as %v", from, err)
		}
	}
}

// FuzzParseCheck: whatever is read was whole, and nothing that is altered is genuine.
func FuzzParseCheck(f *testing.F) {
	f.Add(unhex(sampleRequest))
	f.Add(ask("here", "there", samplePassword, true))
	f.Add(unhex(sampleRequest[:80]))
	f.Add(ask(strings.Repeat("x", 500), ":", "", false))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCheck(b)
		if err != nil {
			return
		}
		if !c.by(samplePassword) {
			return
		}
		if again := ask(c.to, c.from, samplePassword, c.nominates); len(again) == 0 {
			t.Fatal("it can't be said again")
		} else if d, err := parseCheck(again); err != nil || d.to != c.to || d.from != c.from || d.nominates != c.nominates || !d.by(samplePassword) {
			t.Fatalf("%+v is read as %+v, %v", c, d, err)
		}
		for i := range c.signed {
			c.signed[i] ^= 1
			if c.by(samplePassword) {
				t.Fatalf("altered at %d it is genuine", i)
			}
			c.signed[i] ^= 1
		}
	})
}
