package zigbee_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"gatehouse/zigbee"
)

// The code and its key are the example of Base Device Behavior 3.0.1, 10.1.2.
const (
	specCode = "83FED3407A939723A5C639B26916D505C3B5"
	specKey  = "66b6900981e1ee3ca4206b6b861c02bb"
	device   = "000D6F0019107FDA"
)

// Codes in every form, and what is wrong with those that can't be read.
var codes = []struct {
	name, text string
	key        string // "" where it is wrong
	wrong      string
}{
	{"typed", device + " " + specCode, specKey, ""},
	{"typed in groups", "00:0d:6f:00:19:10:7f:da\n83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5", specKey, ""},
	{"many makers", "G$M:69775$S:680S00003915$D:000000000F350FFD%Z$A:" + device + "$I:" + specCode, specKey, ""},
	{"Ubisys and others", "UBISYS1-Z:" + device + "$I:" + specCode + "%M:10F2$T:S1$M:", specKey, ""},
	{"pipes", "|" + strings.ToLower(device) + "|" + specCode + "|", specKey, ""},
	{"one pipe", device + "|" + specCode, specKey, ""},
	{"Signify", "HUE:Z:" + specCode + " M:" + device + " D:L3B A:1184", specKey, ""},
	{"Bosch, without a check sum", "RB01SG0D836591B3CC001000000000000000000000" + device + "DLK" + specCode[:32], specKey, ""},
	// Check sums and keys by npm zigbee-herdsman 11.1.1.
	{"6 bytes", device + " 83FED3407A932B70", "cd4fa064773f46941ec986c09963d1a8", ""},
	{"8 bytes", device + " 83FED3407A93972397FC", "850be0bf5b369ac441280a53265db167", ""},
	{"12 bytes", device + " 83FED3407A939723A5C639B2AD8B", "c2b323efc9fca1d9657e32a0e5c2aaf3", ""},

	{"a letter", device + " 83FED34O7A939723A5C639B26916D505C3B5", "", `"O" is no digit`},
	{"one digit wrong", device + " 83FED3407A939723A5C639B26916D506C3B5", "", "check sum is wrong"},
	{"two digits swapped", device + " 38FED3407A939723A5C639B26916D505C3B5", "", "check sum is wrong"},
	{"no check sum", device + " 83FED3407A939723A5C639B26916D505", "", "the last four of 36 are missing"},
	{"no address", specCode, "", "address is missing"},
	{"no address and no check sum", specCode[:32], "", "address is missing"},
	{"a digit too few", device + specCode[1:], "", "have 51 digits: an address has 16, and a code 16, 20, 28 or 36"},
	{"scanned and cut short", device + "|83FED3407A", "", "has 10 digits"},
	{"scanned with half a byte", device + "|83FED3407A9", "", "has 11 digits"},
	{"nothing", "", "", "have 0 digits"},
	{"words", "the code on the label", "", `is no digit`},
}

func TestParseInstallCode(t *testing.T) {
	for _, c := range codes {
		t.Run(c.name, func(t *testing.T) {
			got, err := zigbee.ParseInstallCode(c.text)
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Fatalf("got %v, want %q", err, c.wrong)
				}
				if strings.Contains(err.Error(), specCode[4:12]) {
					t.Errorf("the code is in %q", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Device != 0x000D6F0019107FDA || hex.EncodeToString(got.Key[:]) != c.key {
				t.Errorf("device %s, key %x; want key %s", got.Device, got.Key[:], c.key)
			}
			if text := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(text, c.key[:8]) || !strings.Contains(text, "[redacted]") {
				t.Errorf("the key is in %q", text)
			}
		})
	}
}

// FuzzInstallCode: whatever stands on a label, nothing panics, and what cannot be
// read gives no half of a code.
func FuzzInstallCode(f *testing.F) {
	for _, c := range codes {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := zigbee.ParseInstallCode(text)
		if err != nil {
			if got != (zigbee.InstallCode{}) {
				t.Errorf("half a code of %q", text)
			}
			return
		}
		if got.Key == (zigbee.Key{}) {
			t.Errorf("no key of %q", text)
		}
	})
}
