package desk

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// porter keeps tokens in a map.
type porter struct {
	Porter
	tokens map[string]auth.Token
	by     []string
}

func (p *porter) Tokens() []auth.Token {
	var list []auth.Token
	for _, t := range p.tokens {
		list = append(list, t)
	}
	return list
}

func (p *porter) CreateToken(_ context.Context, by, name string, role auth.Role, _ time.Time) (auth.Token, auth.Secret, error) {
	if role == "king" {
		return auth.Token{}, "", &home.Invalid{Field: "role", Reason: "choose owner or member"}
	}
	p.by = append(p.by, by)
	t := auth.Token{ID: "t1", Name: name, Role: role, Created: home.At(time.Unix(1000, 0)), By: by}
	p.tokens[t.ID] = t
	return t, "gh_secret", nil
}

func (p *porter) RevokeToken(_ context.Context, _, id string) error {
	if _, ok := p.tokens[id]; !ok {
		return &home.NotFound{What: "token", ID: id}
	}
	delete(p.tokens, id)
	return nil
}

// serving is a desk at a socket, until the test ends.
func serving(t *testing.T, path string, p Porter) {
	t.Helper()
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, p, air{}, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("got %v from Serve, want nil", err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v for the socket after the end, want it gone", err)
		}
	})
}

func TestTokensThroughTheSocket(t *testing.T) {
	for _, name := range []string{"short", strings.Repeat("a-folder-with-a-long-name/", 8)} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "gatehouse.sock")
		p := &porter{tokens: map[string]auth.Token{}}
		serving(t, path, p)
		if i, err := os.Stat(path); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("got mode %v, err %v, want 0600", i.Mode(), err)
		}
		d, err := Dial(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		made, secret, err := d.CreateToken(t.Context(), "grafana", auth.Viewer, time.Time{})
		if err != nil || secret != "gh_secret" {
			t.Fatalf("got secret %q, err %v, want the secret itself", string(secret), err)
		}
		if !strings.HasSuffix(p.by[0], " at the box") {
			t.Errorf("got %q as who, want who is at the box", p.by[0])
		}
		list, err := d.Tokens(t.Context())
		if diff := cmp.Diff(list, []auth.Token{made}); diff != "" || err != nil {
			t.Errorf("tokens (-got +want), err %v:\n%s", err, diff)
		}
		if err := d.RevokeToken(t.Context(), "t1"); err != nil {
			t.Error(err)
		}
	}
}

// An error keeps its kind, so that the command line says the same with and
// without a running hub.
func TestErrorsKeepTheirKind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.sock")
	serving(t, path, &porter{})
	d, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = d.CreateToken(t.Context(), "x", "king", time.Time{})
	if invalid := (*home.Invalid)(nil); !errors.As(err, &invalid) || invalid.Field != "role" {
		t.Errorf("got %v, want Invalid of the field role", err)
	}
	err = d.RevokeToken(t.Context(), "t9")
	if missing := (*home.NotFound)(nil); !errors.As(err, &missing) || missing.ID != "t9" {
		t.Errorf("got %v, want NotFound of t9", err)
	}
}

func TestNoHubBehindTheSocket(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{
		"no folder": filepath.Join(dir, "nothing", "gatehouse.sock"),
		"no socket": filepath.Join(dir, "gatehouse.sock"),
	} {
		if _, err := Dial(t.Context(), path); !errors.Is(err, ErrNoHub) {
			t.Errorf("%s: got %v, want ErrNoHub", name, err)
		}
	}
	// A hub that was killed leaves its socket behind.
	path := filepath.Join(dir, "left.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(t.Context(), path); !errors.Is(err, ErrNoHub) {
		t.Errorf("left behind: got %v, want ErrNoHub", err)
	}
	serving(t, path, &porter{})
}

// What is not a request is dropped, and the next one is served.
func TestGarbageAtTheSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.sock")
	serving(t, path, &porter{})
	for _, garbage := range []string{"\x00\xff", "{", `{"do":7}`, strings.Repeat("[", 1<<15)} {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte(garbage)) // the other end may have hung up
		_ = c.(*net.UnixConn).CloseWrite()
		_, _ = c.Read(make([]byte, 1)) // until it hangs up
		_ = c.Close()
	}
	if _, err := remote(path).ask(t.Context(), asked{Do: "dance"}); err == nil || !strings.Contains(err.Error(), "dance") {
		t.Errorf("got %v, want an error that names what was asked", err)
	}
}
