package whep

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/sdp/v3"

	"gatehouse/hub/camera"
	"gatehouse/hub/home"
)

// chromium is what Chromium 156 offers of pictures and sound.
func chromium(tb testing.TB) string {
	tb.Helper()
	b, err := os.ReadFile("testdata/chromium.sdp")
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// withH265 is what Chromium adds where the machine decodes H.265.
func withH265(s string) string {
	s = strings.Replace(s, "SAVPF 96 ", "SAVPF 96 51 ", 1)
	return strings.Replace(s, "a=rtpmap:96 ", "a=rtpmap:51 H265/90000\r\na=rtcp-fb:51 nack\r\na=fmtp:51 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST\r\na=rtpmap:96 ", 1)
}

func h264(profile ...byte) *codecs.H264 { return &codecs.H264{SPS: append([]byte{0x67}, profile...)} }

func TestAnswer(t *testing.T) {
	offer := chromium(t)
	baseline := h264(0x42, 0xc0, 0x1e)
	telephone := &codecs.LPCM{BitDepth: 16, SampleRate: 8000, ChannelCount: 1}
	for _, tt := range []struct {
		name  string
		offer string
		film  camera.Film
		want  []string // lines of the answer
		sound bool
	}{
		{"constrained baseline", offer, camera.Film{Video: baseline}, []string{"a=rtpmap:108 H264/90000", "a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42c01e", "a=rtcp-fb:108 nack", "m=audio 0 UDP/TLS/RTP/SAVPF 0"}, false},
		{"main", offer, camera.Film{Video: h264(0x4d, 0x40, 0x28)}, []string{"a=fmtp:116 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d4028"}, false},
		{"high, which this one does not name and decodes", offer, camera.Film{Video: h264(0x64, 0x00, 0x28)}, []string{"a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"}, false},
		{"H.265", withH265(offer), camera.Film{Video: &codecs.H265{}}, []string{"a=rtpmap:51 H265/90000", "a=fmtp:51 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST"}, false},
		{"Opus", offer, camera.Film{Video: baseline, Audio: &codecs.Opus{ChannelCount: 1}}, []string{"a=group:BUNDLE 0 1", "a=rtpmap:111 opus/48000/2"}, true},
		{"G.711, A-law", offer, camera.Film{Video: baseline, Audio: telephone, Law: camera.ALaw}, []string{"a=rtpmap:8 PCMA/8000"}, true},
		{"G.711, µ-law", offer, camera.Film{Video: baseline, Audio: telephone, Law: camera.MuLaw}, []string{"a=rtpmap:0 PCMU/8000"}, true},
		{"linear sound", offer, camera.Film{Video: baseline, Audio: telephone}, []string{"a=group:BUNDLE 0", "a=inactive"}, false},
		{"AAC", offer, camera.Film{Video: baseline, Audio: &codecs.MPEG4Audio{Config: mpeg4audio.AudioSpecificConfig{}}}, []string{"a=group:BUNDLE 0", "a=inactive"}, false},
		{"Opus on a line of its own", strings.Replace(offer, "BUNDLE 0 1", "BUNDLE 0", 1), camera.Film{Video: baseline, Audio: &codecs.Opus{}}, []string{"a=group:BUNDLE 0", "a=inactive"}, false},
	} {
		o, err := parseOffer(tt.offer)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		c, err := o.choose(tt.film)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		answer := o.answer(c, netip.MustParseAddrPort("192.168.1.2:8189"), secrets{user: "user", password: "password"})
		for _, line := range append(tt.want, "a=ice-lite", "a=setup:passive", "a=candidate:1 1 udp 2130706431 192.168.1.2 8189 typ host", "c=IN IP4 192.168.1.2") {
			if !strings.Contains(answer, line+"\r\n") {
				t.Errorf("%s: the answer has no line %q:\n%s", tt.name, line, answer)
			}
		}
		if sound := c.audio != nil; sound != tt.sound || sound != (c.film.Audio != nil) {
			t.Errorf("%s: sound is sent: %v, want %v", tt.name, sound, tt.sound)
		}
	}
}

func TestOffersThatAreRefused(t *testing.T) {
	offer := chromium(t)
	film := camera.Film{Video: h264(0x42, 0xc0, 0x1e)}
	var invalid *home.Invalid
	var conflict *home.Conflict
	for _, tt := range []struct {
		name, offer string
		film        camera.Film
		as          any
	}{
		{"nothing", "", film, &invalid},
		{"of another kind", "{}", film, &invalid},
		{"no streams", offer[:strings.Index(offer, "m=")], film, &invalid},
		{"no certificate", strings.ReplaceAll(offer, "a=fingerprint", "a=footprint"), film, &invalid},
		{"a certificate by SHA-1", strings.ReplaceAll(offer, "sha-256", "sha-1"), film, &invalid},
		{"no name for its checks", strings.ReplaceAll(offer, "a=ice-ufrag", "a=ice"), film, &invalid},
		{"it would be the server", strings.ReplaceAll(offer, "setup:actpass", "setup:passive"), film, &invalid},
		{"it sends only", strings.ReplaceAll(offer, "recvonly", "sendonly"), film, &conflict},
		{"reports on a port of their own", strings.ReplaceAll(offer, "a=rtcp-mux", "a=x"), film, &conflict},
		{"in the clear", strings.ReplaceAll(offer, "SAVPF", "AVP"), film, &conflict},
		{"H.265 for one that has none", offer, camera.Film{Video: &codecs.H265{}}, &conflict},
		{"pictures out of their order", offer, camera.Film{Video: film.Video, Turned: true}, &conflict},
	} {
		o, err := parseOffer(tt.offer)
		if err == nil {
			_, err = o.choose(tt.film)
		}
		if !errors.As(err, tt.as) {
			t.Errorf("%s: got %v, want a %T", tt.name, err, tt.as)
		}
	}
}

// FuzzParseOffer: an offer that is read has an answer of as many streams, each named as
// it was, in which no more stands than the hub means to say.
func FuzzParseOffer(f *testing.F) {
	offer := chromium(f)
	f.Add(offer)
	f.Add(withH265(offer))
	f.Add(strings.ReplaceAll(offer, "a=mid:0", "a=mid:0\u0085"))
	f.Add("v=0\r\no=- 1 1 IN IP4 0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:x\r\na=mid:x\r\n")
	film := camera.Film{Video: h264(0x42, 0xc0, 0x1e), Audio: &codecs.Opus{}}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseOffer(text)
		if err != nil {
			return
		}
		c, err := o.choose(film)
		if err != nil {
			return
		}
		answer := o.answer(c, netip.MustParseAddrPort("192.168.1.2:8189"), secrets{user: "user", password: "password"})
		var s sdp.SessionDescription
		if err := s.UnmarshalString(answer); err != nil || len(s.MediaDescriptions) != len(o.medias) {
			t.Fatalf("%v:\n%s", err, answer)
		}
		for i, m := range s.MediaDescriptions {
			if mid, _ := m.Attribute("mid"); mid != o.medias[i].name && token(o.medias[i].name) {
				t.Fatalf("stream %d is called %q, want %q", i, mid, o.medias[i].name)
			}
			if m.MediaName.Port.Value != 0 && i != c.video.media && (c.audio == nil || i != c.audio.media) {
				t.Fatalf("stream %d is said to be sent", i)
			}
		}
	})
}
