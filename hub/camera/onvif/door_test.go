package onvif

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestDigest answers the challenges of RFC 7616 §3.9.1.
func TestDigest(t *testing.T) {
	t.Parallel()
	const head = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=%, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	for algorithm, want := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		c, err := pick([]string{strings.Replace(head, "%", algorithm, 1)})
		if err != nil {
			t.Fatal(err)
		}
		got := c.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html", 1, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
		if !strings.Contains(got, `response="`+want+`"`) || !strings.Contains(got, "nc=00000001") {
			t.Errorf("%s: %s, want %s in it", algorithm, got, want)
		}
	}
	both, err := pick([]string{strings.Replace(head, "%", "MD5", 1), strings.Replace(head, "%", "SHA-256", 1), `Basic realm="x"`})
	if err != nil || both.algorithm != "SHA-256" {
		t.Errorf("of several challenges %+v is answered, %v", both, err)
	}
}

// FuzzChallenge reads what a camera may say, and reads it the same when it is written
// as RFC 7616 has it.
func FuzzChallenge(f *testing.F) {
	for _, s := range []string{
		`Digest realm="IP Camera(C6496)", nonce="5a", qop="auth", stale="FALSE"`, // Hikvision
		`Digest realm="AXIS_ACCC8E000000", nonce="aQ==", algorithm=MD5, qop="auth"`,
		`digest  nonce=x ,opaque="a\"b\\"`, `Digest nonce="`, `Basic realm="x"`, `Digest qop="auth-int", nonce="1"`, `Digest nonce="1", algorithm=MD5-sess`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := parseChallenge(s)
		if !ok {
			return
		}
		again := `Digest realm=` + quoted(c.realm) + `, nonce=` + quoted(c.nonce) + `, opaque=` + quoted(c.opaque) + `, algorithm=` + c.algorithm
		if c.auth {
			again += `, qop="auth"`
		}
		if c.stale {
			again += `, stale=true`
		}
		if d, ok := parseChallenge(again); (!ok || d != c) && len(again) <= 4096 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
			t.Fatalf("%q reads as %+v, and %q as %+v", s, c, again, d)
		}
	})
}

// picture is a JPEG of some size.
func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPicture fetches pictures, and refuses whatever a camera should not answer.
func TestPicture(t *testing.T) {
	t.Parallel()
	good := picture(t, 64, 36)
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(stranger.Close)
	const challenge = `Digest realm="cam", nonce="n1", qop="auth"`
	for _, it := range []struct {
		name, password string
		serve          func(w http.ResponseWriter, r *http.Request, asked int32)
		err            error
		asks           int32
	}{
		{"a picture", "pw", func(w http.ResponseWriter, _ *http.Request, _ int32) { _, _ = w.Write(good) }, nil, 1},
		{"a picture for whoever knows the password", "pw", func(w http.ResponseWriter, r *http.Request, _ int32) {
			if a := r.Header.Get("Authorization"); !strings.HasPrefix(a, `Digest username="hub"`) {
				w.Header().Set("WWW-Authenticate", challenge)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = w.Write(good)
		}, nil, 2},
		{"another password", "pw", func(w http.ResponseWriter, _ *http.Request, _ int32) {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
		}, ErrPassword, 2},
		{"a nonce that is always too old", "pw", func(w http.ResponseWriter, _ *http.Request, _ int32) {
			w.Header().Set("WWW-Authenticate", challenge+", stale=true")
			w.WriteHeader(http.StatusUnauthorized)
		}, ErrPassword, 3},
		{"the password in the clear", "pw", func(w http.ResponseWriter, r *http.Request, _ int32) {
			if r.Header.Get("Authorization") != "" {
				t.Error("the password was told")
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="cam"`)
			w.WriteHeader(http.StatusUnauthorized)
		}, errClear, 1},
		{"somebody else's picture", "pw", func(w http.ResponseWriter, r *http.Request, _ int32) {
			http.Redirect(w, r, strings.Replace(stranger.URL, "127.0.0.1", "localhost", 1), http.StatusFound)
		}, errElsewhere, 1},
		{"a page", "pw", func(w http.ResponseWriter, _ *http.Request, _ int32) { _, _ = w.Write([]byte("<html>")) }, errNoPicture, 1},
		{"a picture without end", "pw", func(w http.ResponseWriter, r *http.Request, _ int32) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, errLarge, 1},
	} {
		t.Run(it.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { it.serve(w, r, asked.Add(1)) }))
			t.Cleanup(srv.Close)
			d, err := NewDoor(strings.Replace(srv.URL, "http://", "http://hub@", 1), it.password, trusting())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(d.Close)
			got, err := d.Picture(t.Context(), srv.URL+"/snap.jpg")
			if !errors.Is(err, it.err) || it.err == nil && !bytes.Equal(got, good) {
				t.Errorf("%d bytes, %v; want %v", len(got), err, it.err)
			}
			if asked.Load() != it.asks {
				t.Errorf("it was asked %d times, want %d", asked.Load(), it.asks)
			}
			// It says who it is anew only when it is asked again.
			if it.err == nil {
				if _, err := d.Picture(t.Context(), srv.URL+"/snap.jpg"); err != nil || asked.Load() != it.asks+1 {
					t.Errorf("the second picture: %v, asked %d times", err, asked.Load())
				}
			}
		})
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	d, err := NewDoor("http://hub@127.0.0.1:9", "pw", trusting())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Picture(gone, "http://127.0.0.1:9/x"); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever asked has gone: %v", err)
	}
}

// TestBring brings the addresses that cameras give back to the camera that the owner
// named.
func TestBring(t *testing.T) {
	t.Parallel()
	d, err := NewDoor("http://hub@203.0.113.7:8080/onvif/device_service", "pw", trusting())
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"http://203.0.113.7:8080/onvif/Media":         "http://203.0.113.7:8080/onvif/Media",
		"http://203.0.113.7:8899/onvif/Events":        "http://203.0.113.7:8899/onvif/Events", // its own, at another port
		"http://192.168.1.20/onvif/Events/Sub_7?a=b":  "http://203.0.113.7:8080/onvif/Events/Sub_7?a=b",
		"https://203.0.113.7/onvif/Media":             "http://203.0.113.7:8080/onvif/Media",
		"http://evil@192.168.1.20/onvif/Media#x":      "http://203.0.113.7:8080/onvif/Media",
		"rtsp://192.168.1.20/h264?ch=1&subtype=0":     "rtsp://203.0.113.7:554/h264?ch=1&subtype=0",
		"rtsp://203.0.113.7:8554/main":                "rtsp://203.0.113.7:8554/main",
		" http://0.0.0.0:80/onvif/device_service\r\n": "http://203.0.113.7:8080/onvif/device_service",
	} {
		u, err := d.bring(given)
		if err != nil || u.String() != want {
			t.Errorf("%q leads to %v, %v; want %s", given, u, err, want)
		}
	}
	for _, bad := range []string{"", "/onvif/Media", "http://", "http://%zz/", "http://a/" + strings.Repeat("x", 2000)} {
		if u, err := d.bring(bad); err == nil {
			t.Errorf("%q leads to %s", bad, u)
		}
	}
}

// FuzzBring finds no address that leads elsewhere.
func FuzzBring(f *testing.F) {
	for _, s := range []string{"http://192.168.1.20/onvif/Media", "rtsp://[fe80::1%25eth0]/a", "ftp://x/", "http://203.0.113.7:99/?q", "//x", "http://a@b:c@d/"} {
		f.Add(s)
	}
	var doors []*Door
	for _, scheme := range []string{"http", "https"} {
		d, err := NewDoor(scheme+"://203.0.113.7:8080", "", trusting())
		if err != nil {
			f.Fatal(err)
		}
		doors = append(doors, d)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range doors {
			u, err := d.bring(s)
			if err == nil && (u.Hostname() != "203.0.113.7" || u.User != nil || (u.Scheme == "http" || u.Scheme == "https") && u.Scheme != d.base.Scheme) {
				t.Fatalf("%q leads from %s to %s", s, d.base, u)
			}
		}
	})
}
