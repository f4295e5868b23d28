package zigbee

import (
	"crypto/aes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// InstallCode is what the label of a device says so that it can join without
// anybody who listens learning the network's key: the device's address, and the
// link key that is made of the code. The code itself is not kept.
type InstallCode struct {
	Device IEEE
	Key    Key
}

// Lengths of a code in bytes, without its check sum (Base Device Behavior 3.0.1,
// 10.1).
var codeLengths = []int{6, 8, 12, 16}

const (
	checkLength = 2
	longestCode = 16
)

// scans are the texts of QR codes that makers print: where the address stands in
// them and where the code. Those without a maker's name are of many.
var scans = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^HUE:Z:(?P<code>[0-9A-F]+) M:(?P<device>[0-9A-F]{16})`),                // Signify
	regexp.MustCompile(`(?i)\$A:(?P<device>[0-9A-F]{16})\$I:(?P<code>[0-9A-F]+)`),                  // Aqara
	regexp.MustCompile(`(?i)Z:(?P<device>[0-9A-F]{16})\$I:(?P<code>[0-9A-F]+)`),                    // Ubisys, Danfoss, Inovelli, Ledvance
	regexp.MustCompile(`(?i)^\|?(?P<device>[0-9A-F]{16})\|(?P<code>[0-9A-F]+)\|?$`),                // Müller-Licht, Innr, frient
	regexp.MustCompile(`(?i)^RB.*(?P<device>[0-9A-F]{16})DLK(?P<code>[0-9A-F]{36}|[0-9A-F]{32})$`), // Bosch
}

// ParseInstallCode reads what stands on a label: the text of its QR code, or the
// device's address and the code behind it as somebody has typed them, in
// whatever groups. Errors say what to look at and never repeat the code.
func ParseInstallCode(text string) (InstallCode, error) {
	text = strings.TrimSpace(text)
	for _, form := range scans {
		if m := form.FindStringSubmatch(text); m != nil {
			return readCode(m[form.SubexpIndex("device")], m[form.SubexpIndex("code")], true)
		}
	}
	digits, err := typed(text)
	if err != nil {
		return InstallCode{}, err
	}
	const address = 16
	alone := fits(len(digits)) || len(digits) == 2*longestCode
	if n := len(digits) - address; fits(n) || n == 2*longestCode {
		// 36 digits may be a code alone, too, and 32 one without its check sum.
		if c, err := readCode(digits[:address], digits[address:], false); err == nil || !alone {
			return c, err
		}
	}
	if alone {
		return InstallCode{}, errors.New("the device's address is missing, or a digit is wrong: type the 16 digits that the label calls EUI64, IEEE or MAC first, then the code")
	}
	return InstallCode{}, fmt.Errorf("the address and the code have %d digits: an address has 16, and a code %s", len(digits), lengths())
}

// typed is what somebody typed without what groups it.
func typed(text string) (string, error) {
	var digits strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune("0123456789abcdefABCDEF", r):
			digits.WriteRune(r)
		case unicode.IsSpace(r), strings.ContainsRune("-:.,;|/", r):
		default:
			return "", fmt.Errorf("%q is no digit of an address or a code, which have 0 to 9 and A to F: an O is a zero, an I a one", string(r))
		}
	}
	return digits.String(), nil
}

// fits tells whether so many digits can be a code with its check sum.
func fits(digits int) bool {
	for _, n := range codeLengths {
		if digits == 2*(n+checkLength) {
			return true
		}
	}
	return false
}

func lengths() string {
	var all []string
	for _, n := range codeLengths {
		all = append(all, strconv.Itoa(2*(n+checkLength)))
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

// readCode makes a key of a code. A camera reads no digit wrong, so what is
// scanned may have no check sum: some makers print none.
func readCode(device, code string, scanned bool) (InstallCode, error) {
	address, err := strconv.ParseUint(device, 16, 64)
	if err != nil {
		return InstallCode{}, errors.New("the device's address is not 16 digits of 0 to 9 and A to F")
	}
	b, err := hex.DecodeString(code)
	if err != nil {
		return InstallCode{}, fmt.Errorf("the code has %d digits: it has %s", len(code), lengths())
	}
	switch {
	case fits(len(code)):
		body := b[:len(b)-checkLength]
		if crcX25(body) != binary.LittleEndian.Uint16(b[len(body):]) {
			return InstallCode{}, errors.New("the code's check sum is wrong: a digit of it is not as on the label")
		}
	case scanned && len(b) == longestCode:
		b = binary.LittleEndian.AppendUint16(b, crcX25(b))
	case len(b) == longestCode:
		return InstallCode{}, errors.New("the code has 32 digits: the last four of 36 are missing")
	default:
		return InstallCode{}, fmt.Errorf("the code has %d digits: it has %s", len(code), lengths())
	}
	return InstallCode{IEEE(address), mmo(b)}, nil
}

// crcX25 is CRC-16/X-25, low bits first.
func crcX25(b []byte) uint16 {
	sum := uint16(0xFFFF)
	for _, v := range b {
		sum ^= uint16(v)
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ 0x8408
			} else {
				sum >>= 1
			}
		}
	}
	return ^sum
}

// mmo is the hash of Matyas, Meyer and Oseas with AES-128 (Zigbee specification,
// B.6): what is hashed is followed by one bit, zeros, and its length in bits.
func mmo(b []byte) Key {
	padded := append(append([]byte(nil), b...), 0x80)
	for len(padded)%aes.BlockSize != aes.BlockSize-2 {
		padded = append(padded, 0)
	}
	padded = binary.BigEndian.AppendUint16(padded, uint16(8*len(b)))
	var hash Key
	for len(padded) > 0 {
		block, err := aes.NewCipher(hash[:])
		if err != nil {
			panic(err) // 16 bytes are a key
		}
		block.Encrypt(hash[:], padded[:aes.BlockSize])
		for i := range hash {
			hash[i] ^= padded[i]
		}
		padded = padded[aes.BlockSize:]
	}
	return hash
}
