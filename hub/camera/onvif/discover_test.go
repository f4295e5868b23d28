package onvif

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/camera/onvif/onvifsim"
)

// TestFind looks for cameras on the loopback, and finds those that are there.
func TestFind(t *testing.T) {
	t.Parallel()
	a := turnOn(t, onvifsim.Options{Interface: "lo"})
	b := turnOn(t, onvifsim.Options{Interface: "lo", Quirks: onvifsim.Quirks{Host: "192.0.2.7:8899"}}) // says that it is elsewhere
	sealed := turnOn(t, onvifsim.Options{Interface: "lo", TLS: show(certificate(t, time.Hour)).config(), Quirks: onvifsim.Quirks{Both: true}})
	quiet := turnOn(t, onvifsim.Options{})
	found, err := Find(t.Context(), []string{"lo"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{a.Address() + "/onvif/device_service": true, "http://127.0.0.1:8899/onvif/device_service": true, sealed.Address() + "/onvif/device_service": true}
	for _, f := range found {
		if f.Name == "Porch" && f.Model == "Sim 1" {
			delete(want, f.Address)
		}
		if strings.HasPrefix(f.Address, quiet.Address()) || f.Address == strings.Replace(sealed.Address(), "https://", "http://", 1)+"/onvif/device_service" || !strings.Contains(f.Address, "://127.0.0.1:") {
			t.Errorf("%+v was found", f)
		}
	}
	if len(want) > 0 {
		t.Errorf("found %+v, and not %v of %v", found, want, b.Address())
	}
	if _, err := Find(t.Context(), []string{"none0"}); err == nil {
		t.Error("cameras were looked for on an interface that there is not")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Find(gone, []string{"lo"}); err == nil {
		t.Error("whoever looked has gone, and nothing says so")
	}
}

// FuzzMatches reads answers to the question: nothing leads anywhere but to where the
// answer came from.
func FuzzMatches(f *testing.F) {
	const open, shut = `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><RelatesTo>urn:uuid:1</RelatesTo></e:Header><e:Body><ProbeMatches><ProbeMatch>`, `</ProbeMatch></ProbeMatches></e:Body></e:Envelope>`
	for _, s := range []string{
		`<Scopes>onvif://www.onvif.org/name/Front%20door onvif://www.onvif.org/hardware/IPC-1</Scopes><XAddrs>http://192.168.1.20/onvif/device_service http://[fe80::1]/onvif/device_service</XAddrs>`,
		`<XAddrs>https://192.168.1.20/ ftp://x/ http://evil:8080/a?b</XAddrs>`, `<XAddrs>http://192.0.2.9/a https://192.0.2.9:443/b https://192.0.2.8/c</XAddrs>`, `<XAddrs>http://192.0.2.9:99999999/</XAddrs>`,
		`<Scopes>onvif://www.onvif.org/name/%zz</Scopes><XAddrs>http://a/</XAddrs>`,
	} {
		f.Add([]byte(open + s + shut))
	}
	from := netip.MustParseAddr("192.0.2.9")
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, found := range parseMatches(b, "urn:uuid:1", from) {
			u, err := ParseAddress(found.Address)
			if err != nil || u.Hostname() != "192.0.2.9" || u.User != nil || len(found.Name) > mostWords || len(found.Model) > mostWords {
				t.Fatalf("%+v, %v", found, err)
			}
		}
	})
}
