package whep

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/sdp/v3"

	"gatehouse/hub/camera"
	"gatehouse/hub/home"
)

// offer is what a browser says of itself (RFC 8829), as far as it matters here.
type offer struct {
	medias []media
	bundle []string // names of those that may share one line
	user   string   // of its ICE
	print  [32]byte // SHA-256 of its certificate
}

// media is one stream that it would take.
type media struct {
	kind    string // audio or video
	name    string // its mid
	usable  bool   // it is of the kind that is sent here
	formats []format
}

// format is one way in which a stream may be coded.
type format struct {
	number    uint8  // payload type
	codec     string // as "H264/90000"
	told      string // its parameters, as they stand there
	params    map[string]string
	resending bool // it hears of packets that were lost
}

// Bounds of an offer. A browser's has some 6 kB.
const (
	offerMost  = 64 << 10
	mediasMost = 8
)

func invalid(reason string, args ...any) error {
	return &home.Invalid{Field: "offer", Reason: fmt.Sprintf(reason, args...)}
}

// parseOffer reads an offer. Errors: *home.Invalid.
func parseOffer(text string) (*offer, error) {
	var s sdp.SessionDescription
	if len(text) > offerMost {
		return nil, invalid("it is larger than %d bytes", offerMost)
	}
	if err := s.UnmarshalString(text); err != nil {
		return nil, invalid("it is no session description (RFC 8866): %v", err)
	}
	if n := len(s.MediaDescriptions); n == 0 || n > mediasMost {
		return nil, invalid("it names %d streams, want 1 to %d", n, mediasMost)
	}
	o := &offer{}
	if group, ok := s.Attribute("group"); ok {
		if names := strings.Fields(group); len(names) > 0 && names[0] == "BUNDLE" {
			o.bundle = names[1:]
		}
	}
	for i, m := range s.MediaDescriptions {
		one := readMedia(m)
		o.medias = append(o.medias, one)
		if i == 0 || o.user == "" {
			o.user = attribute(&s, m, "ice-ufrag")
		}
		if print := attribute(&s, m, "fingerprint"); print != "" && o.print == [32]byte{} {
			var err error
			if o.print, err = readPrint(print); err != nil {
				return nil, err
			}
		}
		if setup := attribute(&s, m, "setup"); setup != "" && setup != "actpass" && setup != "active" {
			return nil, invalid("a=setup:%s leaves the hub no part in DTLS that it has: want actpass", setup)
		}
	}
	switch {
	case o.user == "":
		return nil, invalid("it has no a=ice-ufrag")
	case o.print == [32]byte{}:
		return nil, invalid("it has no a=fingerprint:sha-256")
	}
	return o, nil
}

// attribute is a stream's, or the whole session's.
func attribute(s *sdp.SessionDescription, m *sdp.MediaDescription, name string) string {
	if v, ok := m.Attribute(name); ok {
		return v
	}
	v, _ := s.Attribute(name)
	return v
}

func readPrint(s string) (sum [32]byte, err error) {
	kind, digits, _ := strings.Cut(s, " ")
	b, err := hex.DecodeString(strings.ReplaceAll(digits, ":", ""))
	if !strings.EqualFold(kind, "sha-256") || err != nil || len(b) != len(sum) {
		return sum, invalid("a=fingerprint:%.100s is no SHA-256", s)
	}
	return [32]byte(b), nil
}

func readMedia(m *sdp.MediaDescription) media {
	one := media{kind: m.MediaName.Media}
	one.name, _ = m.Attribute("mid")
	_, muxed := m.Attribute("rtcp-mux")
	_, sends := m.Attribute("sendonly")
	_, rests := m.Attribute("inactive")
	secured := slices.Contains(m.MediaName.Protos, "SAVPF")
	one.usable = token(one.name) && muxed && !sends && !rests && secured && (one.kind == "video" || one.kind == "audio")
	if !one.usable {
		return one
	}
	for _, f := range m.MediaName.Formats {
		n, err := strconv.ParseUint(f, 10, 7)
		if err != nil {
			continue
		}
		one.formats = append(one.formats, readFormat(m, f, uint8(n)))
	}
	return one
}

func readFormat(m *sdp.MediaDescription, text string, number uint8) format {
	f := format{number: number, params: map[string]string{}}
	switch number { // RFC 3551 §6: they need no rtpmap
	case 0:
		f.codec = "PCMU/8000"
	case 8:
		f.codec = "PCMA/8000"
	}
	for _, a := range m.Attributes {
		of, value, _ := strings.Cut(a.Value, " ")
		switch {
		case a.Key == "rtcp-fb" && (of == text || of == "*") && value == "nack":
			f.resending = true
		case of != text:
		case a.Key == "rtpmap":
			f.codec = strings.TrimSuffix(value, "/1")
		case a.Key == "fmtp":
			f.told = value
			for p := range strings.SplitSeq(value, ";") {
				k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
				f.params[strings.ToLower(k)] = v
			}
		}
	}
	return f
}

// token tells whether a name can be repeated in an answer (RFC 8866 §9: token).
func token(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("\"(),/:;<=>?@[\\]", r)
	})
}

// chosen is how the streams of a film are sent.
type chosen struct {
	video, audio *sent
	film         camera.Film
}

// sent is one stream that is sent.
type sent struct {
	media  int // of the offer
	format format
	told   string // parameters of the answer
	ssrc   uint32
}

// errTurned: see the package's promises.
var errTurned = &home.Conflict{Reason: "its pictures come in another order than they are shown, which WebRTC has no way for: watch over the WebSocket"}

// choose finds what of an offer fits a film. Sound that does not fit is left out.
// Errors: *home.Conflict.
func (o *offer) choose(film camera.Film) (chosen, error) {
	c := chosen{film: film}
	if film.Turned {
		return c, errTurned
	}
	for i, m := range o.medias {
		if m.kind == "video" && m.usable && c.video == nil {
			if f, told, ok := m.video(film.Video); ok {
				c.video = &sent{media: i, format: f, told: told}
			}
		}
	}
	if c.video == nil {
		return c, &home.Conflict{Reason: "this browser takes no pictures of this camera's kind by WebRTC"}
	}
	for i, m := range o.medias {
		if m.kind == "audio" && m.usable && c.audio == nil && o.together(m.name, o.medias[c.video.media].name) {
			if f, ok := m.audio(film); ok {
				c.audio = &sent{media: i, format: f, told: f.told}
			}
		}
	}
	if c.audio == nil {
		c.film.Audio = nil
	}
	return c, nil
}

// together tells whether two streams may share one line.
func (o *offer) together(a, b string) bool {
	return slices.Contains(o.bundle, a) && slices.Contains(o.bundle, b)
}

// video is the format for pictures, and what the answer says of it.
func (m *media) video(c codecs.Codec) (best format, told string, ok bool) {
	switch c := c.(type) {
	case *codecs.H264:
		if len(c.SPS) < 4 {
			return best, "", false
		}
		for _, f := range m.formats {
			if !strings.EqualFold(f.codec, "H264/90000") || f.params["packetization-mode"] != "1" {
				continue
			}
			profile := f.params["profile-level-id"]
			fits := profileOf(profile) == profileOf(hex.EncodeToString(c.SPS[1:4]))
			if !ok || fits { // decoders read the profile from the stream, whatever was said
				best, ok = f, true
				if len(profile) != 6 {
					profile = "42e01f"
				}
				if fits {
					profile = hex.EncodeToString(c.SPS[1:4])
				}
				told = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile
			}
			if fits {
				break
			}
		}
	case *codecs.H265:
		for _, f := range m.formats {
			if strings.EqualFold(f.codec, "H265/90000") {
				return f, f.told, true
			}
		}
	}
	return best, told, ok
}

// profileOf is the profile of a profile-level-id (RFC 6184 §8.1 table 5): what is of the
// constrained baseline may say so in several ways.
func profileOf(id string) string {
	b, err := hex.DecodeString(id)
	switch {
	case err != nil || len(b) != 3:
		return ""
	case b[0] == 0x42 && b[1]&0x40 != 0, b[0] == 0x4d && b[1]&0x80 != 0:
		return "constrained baseline"
	case b[0] == 0x42:
		return "baseline"
	default:
		return hex.EncodeToString(b[:1])
	}
}

// audio is the format for a camera's sound.
func (m *media) audio(film camera.Film) (format, bool) {
	want := ""
	switch c := film.Audio.(type) {
	case *codecs.Opus:
		want = "opus/48000/2" // whatever it holds (RFC 7587 §4.1)
	case *codecs.LPCM:
		if c.SampleRate != 8000 || c.ChannelCount != 1 {
			break
		}
		want = map[camera.Law]string{camera.ALaw: "PCMA/8000", camera.MuLaw: "PCMU/8000"}[film.Law]
	}
	for _, f := range m.formats {
		if want != "" && strings.EqualFold(f.codec, want) {
			return f, true
		}
	}
	return format{}, false
}

// secrets are what an answer hands over.
type secrets struct {
	user, password string
	print          [32]byte // SHA-256 of the hub's certificate
}

// answer writes the answer to an offer (RFC 8829 §5.3, RFC 8839, RFC 8842).
func (o *offer) answer(c chosen, at netip.AddrPort, s secrets) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	family := "IP4"
	if at.Addr().Is6() {
		family = "IP6"
	}
	host := at.Addr().WithZone("").String()
	line("v=0")
	line("o=- %d 1 IN IP4 127.0.0.1", c.video.ssrc)
	line("s=-")
	line("t=0 0")
	line("a=ice-lite")
	if names := c.names(o); o.together(names[0], names[0]) {
		line("a=group:BUNDLE %s", strings.Join(names, " "))
	}
	for i, m := range o.medias {
		var of *sent
		switch {
		case i == c.video.media:
			of = c.video
		case c.audio != nil && i == c.audio.media:
			of = c.audio
		default:
			rejected(line, m)
			continue
		}
		line("m=%s %d UDP/TLS/RTP/SAVPF %d", m.kind, at.Port(), of.format.number)
		line("c=IN %s %s", family, host)
		line("a=mid:%s", m.name)
		line("a=sendonly")
		line("a=rtcp-mux")
		line("a=rtcp-rsize")
		line("a=rtpmap:%d %s", of.format.number, of.format.codec)
		if of.told != "" {
			line("a=fmtp:%d %s", of.format.number, of.told)
		}
		if of.format.resending && of == c.video {
			line("a=rtcp-fb:%d nack", of.format.number)
		}
		line("a=msid:gatehouse %s", m.kind)
		line("a=ssrc:%d cname:gatehouse", of.ssrc)
		line("a=ice-ufrag:%s", s.user)
		line("a=ice-pwd:%s", s.password)
		line("a=fingerprint:sha-256 %s", strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", s.print), " ", ":")))
		line("a=setup:passive")
		line("a=candidate:1 1 udp 2130706431 %s %d typ host", host, at.Port()) // RFC 8445 §5.1.2.1
		line("a=end-of-candidates")
	}
	return b.String()
}

// rejected says that a stream is not sent (RFC 3264 §6).
func rejected(line func(string, ...any), m media) {
	kind := m.kind
	if !token(kind) {
		kind = "application"
	}
	line("m=%s 0 UDP/TLS/RTP/SAVPF 0", kind)
	line("c=IN IP4 0.0.0.0")
	if token(m.name) {
		line("a=mid:%s", m.name)
	}
	line("a=inactive")
}

// names are of the streams that are sent.
func (c chosen) names(o *offer) []string {
	names := []string{o.medias[c.video.media].name}
	if c.audio != nil {
		names = append(names, o.medias[c.audio.media].name)
	}
	return names
}
