package camera

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/auth"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"gatehouse/hub/camera/camsim"
)

// wiretap reads along what the hub says to a camera, on all of its connections.
type wiretap struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (w *wiretap) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	return tapped{conn, w}, err
}

type tapped struct {
	net.Conn
	tap *wiretap
}

// Write implements net.Conn.
func (c tapped) Write(b []byte) (int, error) {
	c.tap.mu.Lock()
	c.tap.said.Write(b)
	c.tap.mu.Unlock()
	return c.Conn.Write(b)
}

// heard tells whether a password could be read, as it is or as Basic has it (RFC 7617 §2).
func (w *wiretap) heard(user, password string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.said.Bytes()
	return bytes.Contains(b, []byte(password)) || bytes.Contains(b, []byte(base64.StdEncoding.EncodeToString([]byte(user+":"+password))))
}

// TestThePasswordIsNotToldInTheClear: whoever answers at a camera's address and asks for
// the password itself gets it where nobody else can read it, or where its owner allowed
// that, and nowhere else.
func TestThePasswordIsNotToldInTheClear(t *testing.T) {
	t.Parallel()
	const basic, md5, sha = auth.VerifyMethodBasic, auth.VerifyMethodDigestMD5, auth.VerifyMethodDigestSHA256
	for _, tt := range []struct {
		name     string
		asks     []auth.VerifyMethod
		password string
		tls, may bool
		up, told bool
	}{
		{name: "Basic", asks: []auth.VerifyMethod{basic}, password: "secret word"},
		{name: "Basic, then Digest", asks: []auth.VerifyMethod{basic, md5}, password: "secret word", up: true},
		{name: "Digest, then Basic", asks: []auth.VerifyMethod{sha, basic}, password: "secret word", up: true},
		{name: "Digest", asks: []auth.VerifyMethod{md5, sha}, password: "secret word", up: true},
		{name: "Basic, in TLS", asks: []auth.VerifyMethod{basic}, password: "secret word", tls: true, up: true},
		{name: "Basic, in TLS, which is allowed", asks: []auth.VerifyMethod{basic}, password: "secret word", tls: true, may: true, up: true},
		{name: "Basic, which is allowed", asks: []auth.VerifyMethod{basic}, password: "secret word", may: true, up: true, told: true},
		{name: "both, which is allowed", asks: []auth.VerifyMethod{basic, md5}, password: "secret word", may: true, up: true},
		{name: "Basic, and there is no password", asks: []auth.VerifyMethod{basic}, up: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tap := &wiretap{}
			s := run(t, shoot(t, 4, x264...), func(sim *camsim.Options, o *Options) {
				sim.User, sim.Password, sim.Auth = "hub", tt.password, tt.asks
				sim.Speaker = &format.G711{PayloadTyp: 0, SampleRate: 8000, ChannelCount: 1, MULaw: true}
				o.URL, o.Password, o.BasicAuth, o.Dial = "rtsp://hub@/main", tt.password, tt.may, tap.dial
				if tt.tls {
					sim.TLS, o.URL = certificate(t), "rtsps://hub@/main"
				}
			})
			if tt.up {
				s.until(t, "up", up)
				if s.knowsSpeaker(t).Speaker == "" { // which is asked on a connection of its own
					t.Error("it is not spoken through")
				}
			} else if st := s.until(t, "lost", func(st State) bool { return st.Condition == Lost }); !strings.HasPrefix(st.Why, "it wants the password in the clear, which the hub does not send: set its RTSP authentication to Digest") {
				t.Errorf("it is lost because %q", st.Why)
			}
			if told := tt.password != "" && tap.heard("hub", tt.password); told != tt.told {
				t.Errorf("the password was told: %v, want %v", told, tt.told)
			}
			if got, want := s.InClear(), tt.may && !tt.tls; got != want {
				t.Errorf("the password may be had in the clear: %v, want %v", got, want)
			}
		})
	}
}

// TestTheSubStreamIsNotToldThePassword: nor is whoever stands where the smaller stream is.
func TestTheSubStreamIsNotToldThePassword(t *testing.T) {
	t.Parallel()
	tap := &wiretap{}
	sub, err := camsim.New(camsim.Options{Listen: "127.0.0.1:0", Scene: shoot(t, 4, x264...), User: "hub", Password: "secret word", Auth: []auth.VerifyMethod{auth.VerifyMethodBasic}})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	all.Go(func() { _ = sub.Run(t.Context()) })
	s := run(t, shoot(t, 4, x264...), func(sim *camsim.Options, o *Options) {
		sim.User, sim.Password = "hub", "secret word"
		o.URL, o.SubURL, o.Password, o.Dial = "rtsp://hub@/main", sub.URL(), "secret word", tap.dial
	})
	s.until(t, "up", up)
	if _, ok := s.Small(t.Context(), true); ok {
		t.Error("a picture came without the password")
	}
	if why, _ := s.SmallFault(); !strings.HasPrefix(why, "it wants the password in the clear") || tap.heard("hub", "secret word") {
		t.Errorf("it can't be had because %q; the password was told: %v", why, tap.heard("hub", "secret word"))
	}
}

// TestATLSOfTheirOwn: whoever took the address of a camera that is not in TLS can lead
// the hub into one of their own, by any certificate, and does not get the password there.
func TestATLSOfTheirOwn(t *testing.T) {
	t.Parallel()
	sly, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sly.Close() })
	config, heard := certificate(t), make(chan string, 64)
	go func() { // the first connection leads to the second, which is in TLS
		defer close(heard)
		for _, inTLS := range []bool{false, true} {
			conn, err := sly.Accept()
			if err != nil {
				return
			}
			if inTLS {
				conn = tls.Server(conn, config)
			}
			lead(conn, "rtsps://"+sly.Addr().String()+"/main", inTLS, heard)
		}
	}()
	s := run(t, shoot(t, 4, x264...), func(_ *camsim.Options, o *Options) {
		o.URL, o.Password = "rtsp://hub@"+sly.Addr().String()+"/main", "secret word"
	})
	s.until(t, "lost", func(st State) bool { return st.Condition == Lost })
	var lines []string
	for line := range heard {
		lines = append(lines, line)
	}
	if !slices.Contains(lines, "in TLS") || slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Authorization") }) {
		t.Errorf("they heard %q", lines)
	}
}

// lead leads whoever asks to another address; in TLS it asks for the password itself.
func lead(conn net.Conn, to string, inTLS bool, heard chan<- string) {
	defer conn.Close()
	r := textproto.NewReader(bufio.NewReader(conn))
	for {
		request, err := r.ReadLine()
		if err != nil {
			return
		}
		header, err := r.ReadMIMEHeader()
		if err != nil {
			return
		}
		if inTLS {
			heard <- "in TLS"
		}
		for k, v := range header {
			heard <- k + ": " + strings.Join(v, ", ")
		}
		answer := base.Response{StatusCode: base.StatusOK, Header: base.Header{"CSeq": base.HeaderValue{header.Get("CSeq")}}}
		switch {
		case strings.HasPrefix(request, "OPTIONS"):
		case inTLS:
			answer.StatusCode, answer.Header["WWW-Authenticate"] = base.StatusUnauthorized, base.HeaderValue{`Basic realm="camera"`}
		default:
			answer.StatusCode, answer.Header["Location"] = base.StatusFound, base.HeaderValue{to}
		}
		b, err := answer.Marshal()
		if err != nil {
			return
		}
		if _, err := conn.Write(b); err != nil {
			return
		}
	}
}
