package onvif

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// says answers each question with the same.
type says []byte

func (s says) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(s))}, nil
}

// FuzzAnswers has a camera answer everything with anything: nothing leads the hub
// elsewhere, and nothing is longer than may be shown.
func FuzzAnswers(f *testing.F) {
	const open, shut = `<?xml version="1.0"?><S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema"><S:Body>`, `</S:Body></S:Envelope>`
	for _, s := range []string{
		`<a><SystemDateAndTime><UTCDateTime><tt:Time><tt:Hour>25</tt:Hour><tt:Minute>-1</tt:Minute></tt:Time><tt:Date><tt:Year>1970</tt:Year><tt:Month>13</tt:Month></tt:Date></UTCDateTime></SystemDateAndTime></a>`,
		`<a><Service><Namespace>http://www.onvif.org/ver10/events/wsdl</Namespace><XAddr>http://192.0.2.9/x</XAddr></Service><Service><Namespace>http://www.onvif.org/ver20/media/wsdl</Namespace><XAddr>rtsp://192.0.2.9/x</XAddr></Service></a>`,
		`<a><Capabilities><tt:Media><tt:XAddr>http://192.0.2.9/m</tt:XAddr></tt:Media><tt:PTZ><tt:XAddr>//</tt:XAddr></tt:PTZ></Capabilities></a>`,
		`<a><Manufacturer>` + strings.Repeat("Ä", 200) + "</Manufacturer><Model>a\u202eb\tc</Model></a>",
		`<a><Profiles token="main"><Configurations><VideoSource token="v"><SourceToken>s</SourceToken></VideoSource><VideoEncoder><Encoding>H.265</Encoding><Resolution><Width>-5</Width><Height>999999</Height></Resolution></VideoEncoder><PTZ token="p"/></Configurations></Profiles></a>`,
		`<a><Profiles><Configurations><VideoSource><SourceToken>s</SourceToken></VideoSource></Configurations></Profiles></a>`,
		`<a><Profiles><Configurations><VideoSource><SourceToken>s</SourceToken></VideoSource></Configurations></Profiles><Profiles token="main"><Configurations><VideoSource><SourceToken>t</SourceToken></VideoSource></Configurations></Profiles></a>`,
		`<a><MediaUri><tt:Uri>http://evil:pw@192.0.2.9/snap</tt:Uri></MediaUri></a>`, `<a><Uri>rtsp://[::1]:99999/</Uri></a>`,
		`<a><SubscriptionReference><Address>http://192.0.2.9/sub</Address><ReferenceParameters><d:Id xmlns:d="urn:axis">7&lt;</d:Id><x/></ReferenceParameters></SubscriptionReference><CurrentTime>2026-11-26T00:00:00Z</CurrentTime><TerminationTime>2036-11-26T00:00:00Z</TerminationTime></a>`,
		`<a><NotificationMessage><Topic Dialect="x">tns1:RuleEngine/CellMotionDetector/Motion</Topic><Message><tt:Message PropertyOperation="Changed"><tt:Data><tt:SimpleItem Name="IsMotion" Value="true"/></tt:Data></tt:Message></Message></NotificationMessage></a>`,
		`<a><Preset token="1"><tt:Name>Gate</tt:Name></Preset><Masks token="m"><Polygon><tt:Point x="-1" y="NaN"/></Polygon><Enabled>1</Enabled></Masks></a>`,
		`<a><NotificationMessage><Topic>tns1:VideoSource/MotionAlarm</Topic><Message><Message><Source>` + strings.Repeat(`<SimpleItem Name="a" Value="b"/>`, 500) + `</Source><Data><SimpleItem Name="State" Value="1"/></Data></Message></Message></NotificationMessage></a>`,
		`<a><Masks token="` + strings.Repeat("m", 2000) + `"><Enabled>1</Enabled></Masks></a>`,
		`<a><TopicSet><tns1:RuleEngine xmlns:tns1="urn:t"><MyRuleDetector><Visitor topic="true"/></MyRuleDetector></tns1:RuleEngine></TopicSet></a>`,
		`<S:Fault><S:Code><S:Value>S:Sender</S:Value><S:Subcode><S:Value>ter:NotAuthorized</S:Value></S:Subcode></S:Code><S:Reason><S:Text>no</S:Text></S:Reason></S:Fault>`,
		`<S:Fault><faultcode>x</faultcode><faultstring>SOAP 1.1</faultstring></S:Fault>`,
		strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40),
	} {
		f.Add([]byte(open + s + shut))
	}
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "cccc"><!ENTITY c "&b;&b;">]><a>&c;</a>`))
	f.Add([]byte(`<html><body>Not Found</body></html>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		door, err := NewDoor("http://hub@203.0.113.7:8080/onvif/device_service", "pw", trusting())
		if err != nil {
			t.Fatal(err)
		}
		door.client.Transport = says(b)
		c := &Client{door: door, device: door.base, services: map[string]*url.URL{}}
		ctx := t.Context()
		near := func(u *url.URL) {
			if u != nil && u.Hostname() != "203.0.113.7" {
				t.Fatalf("it leads to %s", u)
			}
		}
		short := func(list ...string) {
			for _, s := range list {
				if len(s) > mostWords || strings.ContainsAny(s, "\n\r\x00") {
					t.Fatalf("it says %q", s)
				}
			}
		}
		_ = c.learn(ctx)
		_ = c.readCapabilities(ctx)
		for _, u := range c.services {
			near(u)
		}
		for _, ns := range []string{nsMedia, nsMedia2, nsEvents, nsPTZ} {
			c.services[ns] = door.base
		}
		a, _ := c.About(ctx)
		short(a.Maker, a.Model, a.Firmware, a.Serial)
		for range 2 { // with Media2, and without
			list, err := c.Profiles(ctx)
			if (err == nil) != (len(list) > 0) || len(list) > mostProfiles {
				t.Fatalf("%d profiles, %v", len(list), err)
			}
			for _, p := range list {
				short(p.Codec)
				if p.Width < 0 || p.Height > mostSide {
					t.Fatalf("%+v", p)
				}
			}
			delete(c.services, nsMedia2)
		}
		for _, p := range []Profile{{Token: "a"}, {Token: "b", media2: true}} {
			if u, err := c.Stream(ctx, p); err == nil {
				near(u)
			}
			if u, err := c.Snapshot(ctx, p); err == nil {
				near(u)
			}
		}
		if s, err := c.subscribe(ctx); err == nil {
			near(s.at.to)
			if left := time.Until(s.until); left < 0 || left > time.Hour {
				t.Fatalf("it lasts %s", left)
			}
			if err := bounded(c.envelope(request{at: s.at, action: pullAction}, time.Now())); err != nil {
				t.Fatalf("what is asked of %+v can't be read: %v", s.at, err)
			}
			notices, _ := c.pull(ctx, &s)
			d := detectors{tell: func(Kind, Edge) {}, on: map[Kind]map[string]bool{}}
			for _, n := range notices {
				if len(n.Source) > mostSource {
					t.Fatalf("a detector's name has %d bytes", len(n.Source))
				}
				d.take(n)
			}
			_ = c.renew(ctx, &s)
		}
		_, _ = c.Topics(ctx)
		if list, err := c.presets(ctx, Profile{}); err == nil && len(list) > mostPresets {
			t.Fatalf("%d presets", len(list))
		}
		if list, err := c.masks(ctx, Profile{}); err == nil {
			if len(list) > mostMasks {
				t.Fatalf("%d masks", len(list))
			}
			for _, m := range list {
				if len(m.Token) > mostWords { // it is kept
					t.Fatalf("a mask is called %q", m.Token)
				}
			}
		}
	})
}
