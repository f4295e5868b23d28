package camera

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/camera/camsim"
)

// TestWhyACameraIsLost: whatever keeps the hub from a camera's pictures is said as its
// owner would, with what to do about it.
func TestWhyACameraIsLost(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	sealed := httptest.NewUnstartedServer(http.NotFoundHandler())
	sealed.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // that it is spoken to in the clear
	sealed.StartTLS()
	t.Cleanup(sealed.Close)
	at := func(scheme, address string) func(*camsim.Options, *Options) {
		return func(_ *camsim.Options, o *Options) { o.URL = scheme + "://hub@" + address + "/main" }
	}
	with := func(path, password string) func(*camsim.Options, *Options) {
		return func(sim *camsim.Options, o *Options) {
			sim.User, sim.Password = "hub", "secret word"
			o.URL, o.Password = "rtsp://hub@"+path, password
		}
	}
	fails := func(err error) func(*camsim.Options, *Options) {
		return func(_ *camsim.Options, o *Options) {
			o.URL = "rtsp://hub@camera.home.arpa/main"
			o.Dial = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
			}
		}
	}
	for name, it := range map[string]struct {
		change func(*camsim.Options, *Options)
		want   string
	}{
		"nobody at the port": {at("rtsp", "127.0.0.1:1"), "nothing answers at its port 1: look whether"},
		"no way":             {fails(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), "no way leads to it: look whether it is on"},
		"no such name":       {fails(&net.DNSError{Err: "no such host", Name: "camera.home.arpa", IsNotFound: true}), "nobody in this network knows the name camera.home.arpa: give"},
		"a firewall":         {fails(os.NewSyscallError("connect", syscall.EPERM)), "a firewall on the hub's own box does not let it through"},
		"a page":             {at("rtsp", web.Listener.Addr().String()), "it is there, and does not answer in RTSP: look at the port"},
		"a sealed page":      {at("rtsp", sealed.Listener.Addr().String()), "it is there, and does not answer in RTSP: look at the port"},
		"a sealed page, in TLS": {
			at("rtsps", sealed.Listener.Addr().String()), "it is there, and does not answer in RTSP: look at the port",
		},
		"no TLS":           {at("rtsps", web.Listener.Addr().String()), "it does not speak in TLS there: look at the port"},
		"a wrong password": {with("/main", "secret w0rd"), "it refuses the name or the password: give them anew"},
		"no password":      {with("/main", ""), "it refuses the name or the password: give them anew"},
		"no such stream":   {with("/another", "secret word"), "it has no such stream: look up"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := run(t, shoot(t, 4, x264...), it.change).until(t, "lost", func(st State) bool { return st.Condition == Lost })
			if !strings.HasPrefix(st.Why, it.want) || strings.Contains(st.Why, "w0rd") {
				t.Errorf("it is lost because %q, want %q", st.Why, it.want)
			}
		})
	}
}

// TestACameraThatSaysNothing is waited for, before it is there and after.
func TestACameraThatSaysNothing(t *testing.T) {
	t.Parallel()
	for want, dial := range map[string]Dial{
		"it does not answer: look whether it is on": func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: context.Cause(ctx)}
		},
		"it is there, and does not answer in RTSP": func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go func() { // it takes what it is asked, and that is all
				b := make([]byte, 4096)
				for {
					if _, err := there.Read(b); err != nil {
						return
					}
				}
			}()
			return here, nil
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			states := make(chan State, 16)
			c, err := New(Options{
				ID: "camera-porch", URL: "rtsp://hub@192.0.2.7/main", Recorder: newShelf(), Dial: dial, Log: slog.New(slog.DiscardHandler),
				Changed: func(st State) { states <- st },
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			began := time.Now()
			ended := make(chan struct{})
			go func() { defer close(ended); _ = c.Run(ctx) }()
			st := <-states
			if st.Condition != Lost || !strings.HasPrefix(st.Why, want) || time.Since(began) != silence {
				t.Errorf("after %s it is %s because %q, want lost after %s because %q", time.Since(began), st.Condition, st.Why, silence, want)
			}
			cancel(errors.New("the test is over"))
			<-ended
		})
	}
}
