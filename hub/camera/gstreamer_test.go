//go:build interop

package camera

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"image/jpeg"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// peer is GStreamer's RTSP server, a program of its own.
type peer struct {
	plain, sealed string // addresses, the same after each start
	heard         string // the file that its loudspeaker writes
	certificate   string // its SHA-256
	args          []string
	cmd           *exec.Cmd
}

// gstreamer starts the server, which ends with the test.
func gstreamer(t *testing.T) *peer {
	t.Helper()
	dir := t.TempDir()
	p := &peer{plain: "127.0.0.1:0", sealed: "127.0.0.1:0", heard: filepath.Join(dir, "heard")}
	of := certificate(t).Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(of.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(of.Certificate[0])
	p.certificate = hex.EncodeToString(sum[:])
	for name, block := range map[string]*pem.Block{
		"certificate": {Type: "CERTIFICATE", Bytes: of.Certificate[0]},
		"key":         {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.args = []string{filepath.Join(dir, "certificate"), filepath.Join(dir, "key"), p.heard}
	p.on(t)
	t.Cleanup(p.off)
	return p
}

// on starts the program and waits until it listens.
func (p *peer) on(t *testing.T) {
	t.Helper()
	port := func(addr string) string { _, port, _ := net.SplitHostPort(addr); return port }
	args := append([]string{"testdata/gstreamer.py", port(p.plain), port(p.sealed)}, p.args...)
	p.cmd = exec.CommandContext(context.Background(), "/usr/bin/python3", args...) // Debian's, which has its bindings
	p.cmd.Stderr = t.Output()
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var plain, sealed int
	if _, err := fmt.Fscanln(out, &plain, &sealed); err != nil {
		t.Fatalf("GStreamer's server does not say where it listens: %v", err)
	}
	p.plain, p.sealed = fmt.Sprint("127.0.0.1:", plain), fmt.Sprint("127.0.0.1:", sealed)
}

// off pulls its plug.
func (p *peer) off() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// camera is the hub's half of one of its cameras.
func (p *peer) camera(t *testing.T, path string, change func(*Options)) *set {
	t.Helper()
	s, o := half()
	o.URL, o.Password, o.Audio = "rtsp://hub@"+p.plain+"/"+path, "s3cret word", true
	if change != nil {
		change(&o)
	}
	s.begin(t, o)
	return s
}

// TestGStreamer records from, speaks through and loses cameras that are not ours: its
// digests, descriptions, packets, TLS and way back are those of a server with which the
// hub shares no code. ffprobe and ffmpeg judge what was recorded.
func TestGStreamer(t *testing.T) {
	p := gstreamer(t)
	for path, want := range map[string]struct{ codecs, words string }{
		"h264":                  {"h264", "avc1."},
		"b-frames-aac":          {"h264 aac", "avc1.,mp4a.40.2"},
		"h265-opus":             {"hevc opus", "hev1.,opus"},
		"h265-10-bits-b-frames": {"hevc", "hev1."},
		"alaw":                  {"h264 flac", "avc1.,flac"},
	} {
		t.Run(path, func(t *testing.T) {
			s := p.camera(t, path, nil)
			clip := s.record(t)
			video, audio, _ := strings.Cut(clip.Codecs, ",")
			video, _, _ = strings.Cut(video, ".")
			if got := strings.TrimSuffix(video+".,"+audio, ","); got != want.words || clip.why != nil || clip.Width != 640 || clip.Height != 360 {
				t.Errorf("clip is %s, %dx%d, ended by %v", clip.Codecs, clip.Width, clip.Height, clip.why)
			}
			file := clip.file(t, len(clip.parts))
			j := judge(t, file)
			if j.codecs() != want.codecs || j.frames("video") != clip.pictures() || clip.pictures() == 0 {
				t.Errorf("ffprobe counts %d pictures of %s, the parts have %d", j.frames("video"), j.codecs(), clip.pictures())
			}
			if lost := s.Figures().PacketsLost; lost != 0 {
				t.Errorf("%d packets are counted as lost", lost)
			}
		})
	}

	t.Run("over TLS", func(t *testing.T) {
		sealed := func(known string) func(*Options) {
			return func(o *Options) { o.URL, o.Certificate = "rtsps://hub@"+p.sealed+"/h264", known }
		}
		s := p.camera(t, "", sealed(""))
		clip := s.record(t)
		judge(t, clip.file(t, len(clip.parts)))
		if got := s.State().Certificate; got != p.certificate {
			t.Errorf("its certificate is kept as %q, want %q", got, p.certificate)
		}
		other := strings.Repeat("ab", 32)
		st := p.camera(t, "", sealed(other)).until(t, "refused", func(st State) bool { return st.Condition == Lost })
		if st.Stranger != p.certificate || !strings.Contains(st.Why, "another certificate") {
			t.Errorf("another certificate is told as %q, %q", st.Why, st.Stranger)
		}
	})

	t.Run("a wrong password", func(t *testing.T) {
		s := p.camera(t, "h264", func(o *Options) { o.Password = "s3cret w0rd" })
		st := s.until(t, "refused", func(st State) bool { return st.Condition == Lost })
		if !strings.Contains(st.Why, "refuses the name or the password") {
			t.Errorf("it is told as %q", st.Why)
		}
	})

	t.Run("a second stream of JPEG", func(t *testing.T) {
		s := p.camera(t, "h264", func(o *Options) { o.SubURL = "rtsp://" + p.plain + "/jpeg" })
		s.until(t, "up", up)
		k, ok := s.Small(t.Context(), true)
		if !ok || k.Video != JPEG {
			why, _ := s.SmallFault()
			t.Fatalf("got %q: %s", k.Video, why)
		}
		if m, err := jpeg.DecodeConfig(bytes.NewReader(k.Bytes)); err != nil || m.Width != 320 || m.Height != 184 {
			t.Errorf("a picture of %dx%d: %v", m.Width, m.Height, err)
		}
	})

	t.Run("spoken through", func(t *testing.T) {
		s := p.camera(t, "speaker", nil)
		if st := s.knowsSpeaker(t); st.Speaker != "G.711 µ-law" {
			t.Fatalf("it takes sound as %q, %q", st.Speaker, st.NoSpeaker)
		}
		talk, ended := s.speaking(t)
		wave := tone(440, 50*160)
		for at := 0; at < len(wave); at += 160 {
			talk.Say(wave[at : at+160])
			wait(t, talkStep)
		}
		wait(t, 500*time.Millisecond)
		talk.Close()
		if err := <-ended; !errors.Is(err, ErrGone) {
			t.Errorf("it ended because of %v", err)
		}
		b, err := os.ReadFile(p.heard)
		if err != nil {
			t.Fatal(err)
		}
		const note, gap = 180 * 8, 60 * 8 // of the chirp
		heard := decoded(t, b, "mulaw", TalkRate)
		if len(heard) < 2*(note+gap)+len(wave) {
			t.Fatalf("it heard %d samples", len(heard))
		}
		for i, hz := range []float64{880, 1320} {
			if l := loudness(heard[i*(note+gap):][:note], hz, TalkRate); l < 0.2 {
				t.Errorf("note %d of the chirp is %.3f loud at %v Hz", i, l, hz)
			}
		}
		if l := loudness(heard[2*(note+gap):][:len(wave)], 440, TalkRate); l < 0.1 { // 0.37 at most; a busy machine leaves gaps
			t.Errorf("what was said is %.3f loud", l)
		}
	})

	t.Run("its plug pulled", func(t *testing.T) {
		s := p.camera(t, "h264", nil)
		s.after(t, 2*time.Second)
		s.Hold("front-door", "zone:front-door")
		<-s.begun
		wait(t, time.Second)
		p.off()
		first := s.clip(t)
		if first.why == nil {
			t.Error("a clip whose camera was lost is not said to be cut short")
		}
		judge(t, first.file(t, len(first.parts)))
		s.until(t, "lost", func(st State) bool { return st.Condition == Lost })
		p.on(t)
		<-s.begun
		wait(t, time.Second)
		s.Release("front-door")
		second := s.clip(t)
		if second.why != nil {
			t.Errorf("the clip after ended by %v", second.why)
		}
		judge(t, second.file(t, len(second.parts)))
	})
}
