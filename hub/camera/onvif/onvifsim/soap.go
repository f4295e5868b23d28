package onvifsim

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"time"
)

// asked is a request, with whatever any operation wants to know.
type asked struct {
	Header struct {
		Token *struct {
			Username, Password, Nonce, Created string
		} `xml:"Security>UsernameToken"`
		SubscriptionID string `xml:"SubscriptionId"`
		Action, To     string
	}
	Body struct {
		What struct {
			XMLName                                                xml.Name
			ProfileToken, PresetToken, Token, ConfigurationToken   string
			InitialTerminationTime, TerminationTime, Timeout, Kind string
			MessageLimit                                           int
			Protocol                                               string
			Mask                                                   mask
		} `xml:",any"`
	}
}

type mask struct {
	Token              string `xml:"token,attr"`
	ConfigurationToken string
	Polygon            struct {
		Point []Point
	}
	Type    string
	Enabled bool
}

// fault is a refusal.
type fault struct{ code, subcode, reason string }

// open may be asked by anybody (ONVIF Core §5.9.4.3, PRE_AUTH).
var open = map[string]bool{"GetSystemDateAndTime": true, "GetServices": true, "GetCapabilities": true}

func (d *Device) soap(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var in asked
	if err != nil || xml.Unmarshal(b, &in) != nil {
		http.Error(w, "no SOAP", http.StatusBadRequest)
		return
	}
	what := in.Body.What.XMLName.Local
	d.mu.Lock()
	d.asked[what]++
	q := d.quirks
	d.mu.Unlock()
	if q.Mute != "" && what == q.Mute {
		panic(http.ErrAbortHandler)
	}
	if !open[what] && d.o.Password != "" {
		switch {
		case q.Digest:
			if !d.admits(w, r) {
				return
			}
		case !d.knows(in):
			d.refuse(w, fault{"Sender", "NotAuthorized", "The action requested requires authorization and the sender is not authorized"})
			return
		}
	}
	body, f := d.do(r, in)
	if d.isOff() { // since it was asked
		panic(http.ErrAbortHandler)
	}
	if f != nil {
		d.refuse(w, *f)
		return
	}
	w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tr2="http://www.onvif.org/ver20/media/wsdl" xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:wsa5="http://www.w3.org/2005/08/addressing" xmlns:wstop="http://docs.oasis-open.org/wsn/t-1" xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:ter="http://www.onvif.org/ver10/error"><env:Body>%s</env:Body></env:Envelope>`, body)
}

func (d *Device) refuse(w http.ResponseWriter, f fault) {
	w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
	w.WriteHeader(map[string]int{"Sender": http.StatusBadRequest}[f.code] + map[string]int{"Receiver": http.StatusInternalServerError}[f.code])
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:ter="http://www.onvif.org/ver10/error"><env:Body><env:Fault><env:Code><env:Value>env:%s</env:Value><env:Subcode><env:Value>ter:%s</env:Value></env:Subcode></env:Code><env:Reason><env:Text xml:lang="en">%s</env:Text></env:Reason></env:Fault></env:Body></env:Envelope>`, f.code, f.subcode, html.EscapeString(f.reason))
}

// knows tells whether a request is by whom the device knows: the digest is right, of
// this minute, and was not seen before (WS-Security UsernameToken Profile 1.0).
func (d *Device) knows(in asked) bool {
	t := in.Header.Token
	if t == nil || t.Username != d.o.User {
		return false
	}
	created, err := time.Parse(time.RFC3339, t.Created)
	nonce, err2 := base64.StdEncoding.DecodeString(t.Nonce)
	if err != nil || err2 != nil || len(nonce) < 8 {
		return false
	}
	sum := sha1.Sum([]byte(string(nonce) + t.Created + d.o.Password))
	d.mu.Lock()
	defer d.mu.Unlock()
	if age := d.now().Sub(created); age.Abs() > 30*time.Second || d.nonces[t.Nonce] {
		return false
	}
	d.nonces[t.Nonce] = true
	return subtle.ConstantTimeCompare([]byte(base64.StdEncoding.EncodeToString(sum[:])), []byte(t.Password)) == 1
}

// do carries out a request.
func (d *Device) do(r *http.Request, in asked) (string, *fault) {
	what := in.Body.What
	if what.XMLName.Local == "PullMessages" {
		return d.pullMessages(r, in)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.quirks.Media1 && (what.XMLName.Space == "http://www.onvif.org/ver20/media/wsdl" || what.XMLName.Local == "GetServices") {
		return "", &fault{"Receiver", "ActionNotSupported", "Optional Action Not Implemented"}
	}
	media2 := what.XMLName.Space == "http://www.onvif.org/ver20/media/wsdl"
	switch what.XMLName.Local {
	case "GetSystemDateAndTime":
		t := d.now()
		return fmt.Sprintf(`<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime><tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute><tt:Second>%d</tt:Second></tt:Time><tt:Date><tt:Year>%d</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
			t.Hour(), t.Minute(), t.Second(), t.Year(), int(t.Month()), t.Day()), nil
	case "GetServices":
		var b strings.Builder
		for _, s := range []struct{ ns, path string }{
			{"http://www.onvif.org/ver10/device/wsdl", "device_service"},
			{"http://www.onvif.org/ver10/media/wsdl", "media"},
			{"http://www.onvif.org/ver20/media/wsdl", "media2"},
			{"http://www.onvif.org/ver10/events/wsdl", "events"},
			{"http://www.onvif.org/ver20/ptz/wsdl", "ptz"},
		} {
			fmt.Fprintf(&b, `<tds:Service><tds:Namespace>%s</tds:Namespace><tds:XAddr>%s/onvif/%s</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>`, s.ns, d.site(), s.path)
		}
		return "<tds:GetServicesResponse>" + b.String() + "</tds:GetServicesResponse>", nil
	case "GetCapabilities":
		return strings.ReplaceAll(`<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device><tt:XAddr>SITE/onvif/device_service</tt:XAddr></tt:Device><tt:Events><tt:XAddr>SITE/onvif/events</tt:XAddr><tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport><tt:WSPullPointSupport>true</tt:WSPullPointSupport><tt:WSPausableSubscriptionManagerInterfaceSupport>false</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events><tt:Media><tt:XAddr>SITE/onvif/media</tt:XAddr><tt:StreamingCapabilities/></tt:Media><tt:PTZ><tt:XAddr>SITE/onvif/ptz</tt:XAddr></tt:PTZ></tds:Capabilities></tds:GetCapabilitiesResponse>`, "SITE", d.site()), nil
	case "GetDeviceInformation":
		return fmt.Sprintf(`<tds:GetDeviceInformationResponse><tds:Manufacturer>%s</tds:Manufacturer><tds:Model>%s</tds:Model><tds:FirmwareVersion>1.0.0</tds:FirmwareVersion><tds:SerialNumber>SIM0001</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>`,
			html.EscapeString(d.o.Maker), html.EscapeString(d.o.Model)), nil
	case "GetVideoSources":
		return `<trt:GetVideoSourcesResponse><trt:VideoSources token="lens0"><tt:Framerate>25</tt:Framerate><tt:Resolution><tt:Width>1280</tt:Width><tt:Height>720</tt:Height></tt:Resolution></trt:VideoSources></trt:GetVideoSourcesResponse>`, nil
	case "GetProfiles":
		return d.profiles(media2), nil
	case "GetStreamUri":
		uri := d.stream(d.o.Main)
		if what.ProfileToken == "sub" {
			uri = d.stream(d.o.Sub)
		}
		if media2 {
			return `<tr2:GetStreamUriResponse><tr2:Uri>` + html.EscapeString(uri) + `</tr2:Uri></tr2:GetStreamUriResponse>`, nil
		}
		return `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>` + html.EscapeString(uri) + `</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>`, nil
	case "GetSnapshotUri":
		if d.o.Picture == nil {
			return "", &fault{"Receiver", "ActionNotSupported", "No snapshots"}
		}
		uri := d.site() + "/onvif/snapshot?profile=" + what.ProfileToken
		if media2 {
			return `<tr2:GetSnapshotUriResponse><tr2:Uri>` + html.EscapeString(uri) + `</tr2:Uri></tr2:GetSnapshotUriResponse>`, nil
		}
		return `<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>` + html.EscapeString(uri) + `</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetSnapshotUriResponse>`, nil
	}
	for _, do := range []func(asked) (string, *fault, bool){d.events, d.looks} {
		if body, f, ok := do(in); ok {
			return body, f
		}
	}
	return "", &fault{"Receiver", "ActionNotSupported", "Optional Action Not Implemented"}
}

// profiles are the ways in which it sends pictures: a large one and a small one.
func (d *Device) profiles(media2 bool) string {
	var b strings.Builder
	for _, p := range []struct {
		token, encoding string
		width, height   int
	}{{"main", "H264", 1280, 720}, {"sub", "H264", 640, 360}} {
		if media2 {
			fmt.Fprintf(&b, `<tr2:Profiles token="%[1]s" fixed="true"><tr2:Name>%[1]s</tr2:Name><tr2:Configurations><tr2:VideoSource token="vsconf"><tt:Name>lens</tt:Name><tt:UseCount>2</tt:UseCount><tt:SourceToken>lens0</tt:SourceToken><tt:Bounds x="0" y="0" width="1280" height="720"/></tr2:VideoSource><tr2:VideoEncoder token="enc-%[1]s"><tt:Name>%[1]s</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>%[2]s</tt:Encoding><tt:Resolution><tt:Width>%[3]d</tt:Width><tt:Height>%[4]d</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality></tr2:VideoEncoder>`,
				p.token, p.encoding, p.width, p.height)
			if len(d.o.Presets) > 0 {
				b.WriteString(`<tr2:PTZ token="ptz"><tt:Name>ptz</tt:Name><tt:UseCount>2</tt:UseCount><tt:NodeToken>node</tt:NodeToken></tr2:PTZ>`)
			}
			if d.o.TalkBack {
				b.WriteString(`<tr2:AudioOutput token="speaker"><tt:Name>speaker</tt:Name><tt:UseCount>2</tt:UseCount><tt:OutputToken>out</tt:OutputToken><tt:OutputLevel>50</tt:OutputLevel></tr2:AudioOutput>`)
			}
			b.WriteString(`</tr2:Configurations></tr2:Profiles>`)
			continue
		}
		fmt.Fprintf(&b, `<trt:Profiles token="%[1]s" fixed="true"><tt:Name>%[1]s</tt:Name><tt:VideoSourceConfiguration token="vsconf"><tt:Name>lens</tt:Name><tt:UseCount>2</tt:UseCount><tt:SourceToken>lens0</tt:SourceToken><tt:Bounds x="0" y="0" width="1280" height="720"/></tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration token="enc-%[1]s"><tt:Name>%[1]s</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>%[2]s</tt:Encoding><tt:Resolution><tt:Width>%[3]d</tt:Width><tt:Height>%[4]d</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type></tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration>`,
			p.token, p.encoding, p.width, p.height)
		if len(d.o.Presets) > 0 {
			b.WriteString(`<tt:PTZConfiguration token="ptz"><tt:Name>ptz</tt:Name><tt:UseCount>2</tt:UseCount><tt:NodeToken>node</tt:NodeToken></tt:PTZConfiguration>`)
		}
		if d.o.TalkBack {
			b.WriteString(`<tt:Extension><tt:AudioOutputConfiguration token="speaker"><tt:Name>speaker</tt:Name><tt:UseCount>2</tt:UseCount><tt:OutputToken>out</tt:OutputToken><tt:OutputLevel>50</tt:OutputLevel></tt:AudioOutputConfiguration></tt:Extension>`)
		}
		b.WriteString(`</trt:Profiles>`)
	}
	if media2 {
		return "<tr2:GetProfilesResponse>" + b.String() + "</tr2:GetProfilesResponse>"
	}
	return "<trt:GetProfilesResponse>" + b.String() + "</trt:GetProfilesResponse>"
}
