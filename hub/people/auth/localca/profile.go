package localca

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// MobileConfig is the root as a configuration profile, which iPhones, iPads
// and Macs install when they are sent it as application/x-apple-aspen-config
// (Apple, "Device Management: CertificateRoot"). Its identifiers follow from
// the root, so that installing it twice replaces it.
func (a *Authority) MobileConfig() []byte {
	h := sha256.Sum256(a.root.Raw)
	name := a.root.Subject.CommonName // our own: letters, digits, space
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadCertificateFileName</key>
			<string>gatehouse.cer</string>
			<key>PayloadContent</key>
			<data>` + base64.StdEncoding.EncodeToString(a.root.Raw) + `</data>
			<key>PayloadDescription</key>
			<string>Lets this device recognise your own Gatehouse hub, and nothing else.</string>
			<key>PayloadDisplayName</key>
			<string>` + name + `</string>
			<key>PayloadIdentifier</key>
			<string>local.gatehouse.root.` + fmt.Sprintf("%x", h[:4]) + `.certificate</string>
			<key>PayloadType</key>
			<string>com.apple.security.root</string>
			<key>PayloadUUID</key>
			<string>` + uuid(h[:16]) + `</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
		</dict>
	</array>
	<key>PayloadDisplayName</key>
	<string>` + name + `</string>
	<key>PayloadDescription</key>
	<string>Fingerprint ` + a.Fingerprint() + `</string>
	<key>PayloadIdentifier</key>
	<string>local.gatehouse.root.` + fmt.Sprintf("%x", h[:4]) + `</string>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>` + uuid(h[16:]) + `</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
`)
}

// uuid writes 16 bytes as a UUID of version 8 (RFC 9562 §5.8).
func uuid(b []byte) string {
	u := [16]byte(b)
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]))
}
