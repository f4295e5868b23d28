package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"gatehouse/hub/people/auth"
	"gatehouse/storage"
)

// served is a real hub's door behind a real server on loopback.
type served struct {
	*house
	porter *auth.Porter
	url    string
	log    *lockedText
}

type lockedText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func serve(t *testing.T) *served {
	t.Helper()
	s := &served{house: newHouse(), log: &lockedText{}}
	db, err := storage.Open(filepath.Join(t.TempDir(), "home.db"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.porter, err = auth.Open(auth.Options{DB: db, Cost: auth.CheapCost(t), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	s.opt.People, s.opt.Log = s.porter, log
	a := s.api(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	for _, run := range []func() error{
		func() error { return a.Run(ctx) },
		func() error { return Serve(ctx, l, a.Handler(), nil, log) },
	} {
		running.Go(func() {
			if err := run(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() { cancel(); running.Wait() })
	return s
}

// client is a browser or a program.
type client struct {
	t *testing.T
	s *served
	c http.Client
	// token is sent if it is set.
	token string
}

func (s *served) browser(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, s: s, c: http.Client{Jar: jar, Timeout: time.Minute}}
}

func (c *client) open(method, path string, body any) *http.Response {
	c.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	if body == nil {
		b = nil
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.s.url+path, bytes.NewReader(b))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	w, err := c.c.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return w
}

// do makes a request and reads the JSON answer, which must have that status.
func (c *client) do(method, path string, body any, want int) map[string]any {
	c.t.Helper()
	w := c.open(method, path, body)
	defer func() { _ = w.Body.Close() }()
	b, err := io.ReadAll(w.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if w.StatusCode != want {
		c.t.Fatalf("%s %s: got %d, want %d: %s", method, path, w.StatusCode, want, b)
	}
	var v map[string]any
	if len(b) > 0 && b[0] == '{' {
		if err := json.Unmarshal(b, &v); err != nil {
			c.t.Fatal(err)
		}
	}
	return v
}

type body map[string]any

const goodPassword = "seven green umbrellas in may"

// code is the second factor's code, step steps of 30 s from now: each step is
// taken once only.
func code(t *testing.T, key string, step int) string {
	t.Helper()
	c, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), time.Now().Add(time.Duration(step)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// claim goes through the whole first claim and returns the second factor's key
// and the recovery codes.
func (s *served) claim(t *testing.T, c *client) (key string, recovery []any) {
	t.Helper()
	secret, _, open := s.porter.ClaimCode()
	if !open {
		t.Fatal("a new hub is not open to be claimed")
	}
	if st := c.do("GET", "/api/v1/setup", nil, 200); st["step"] != "claim" || st["claimed"] != false {
		t.Fatalf("got %v, want the step claim", st)
	}
	c.do("POST", "/api/v1/setup/claim", body{"code": string(secret)}, 200)
	c.do("POST", "/api/v1/setup/password", body{"name": "Ada", "password": goodPassword}, 200)
	key = c.do("POST", "/api/v1/setup/totp", nil, 200)["key"].(string)
	recovery = c.do("POST", "/api/v1/setup/totp/confirm", body{"code": code(t, key, -1)}, 200)["codes"].([]any)
	if st := c.do("POST", "/api/v1/setup/recovery", body{"code": recovery[0]}, 200); st["step"] != "finish" {
		t.Fatalf("got %v, want the step finish", st)
	}
	c.do("POST", "/api/v1/setup/finish", body{"name": "Elm Street", "emergency": "112", "zone": "Europe/Berlin"}, 200)
	return key, recovery
}

func TestFirstClaimThenSignIn(t *testing.T) {
	s := serve(t)
	c := s.browser(t)
	p := c.do("POST", "/api/v1/setup/claim", body{"code": "AAAA-BBBB"}, 403)
	if p["code"] != codeWrongCode || p["tries_left"] == nil {
		t.Errorf("got %v for a wrong claim code, want the tries left", p)
	}
	key, recovery := s.claim(t, c)
	if len(recovery) != auth.RecoveryCodes {
		t.Errorf("got %d recovery codes, want %d", len(recovery), auth.RecoveryCodes)
	}
	if me := c.do("GET", "/api/v1/session", nil, 200); me["stage"] != "full" || me["role"] != "owner" || me["home"] != "Elm Street" || me["fresh"] != true {
		t.Errorf("got %v, want the owner, full and fresh", me)
	}
	c.do("GET", "/api/v1/alarm", nil, 200)
	c.do("DELETE", "/api/v1/session", nil, 204)
	c.do("GET", "/api/v1/alarm", nil, 401)

	// Anew: the password alone opens nothing.
	c = s.browser(t)
	c.do("POST", "/api/v1/session", body{"name": "Ada", "password": "wrong wrong wrong"}, 401)
	if me := c.do("POST", "/api/v1/session", body{"name": "Ada", "password": goodPassword}, 200); me["stage"] != "pending" || len(me["rights"].([]any)) != 0 || me["home"] != "" {
		t.Errorf("got %v, want pending with no right", me)
	}
	if p := c.do("GET", "/api/v1/alarm", nil, 403); p["code"] != codePending {
		t.Errorf("got %v, want the second factor asked for", p)
	}
	if p := c.do("POST", "/api/v1/session/factor", body{"code": "000000"}, 403); p["code"] != codeWrongCode {
		t.Errorf("got %v for a wrong second factor", p)
	}
	c.do("POST", "/api/v1/session/factor", body{"code": code(t, key, 0)}, 200)
	c.do("GET", "/api/v1/alarm", nil, 200)
	for _, secret := range []string{goodPassword, key, recovery[0].(string)} {
		if strings.Contains(s.log.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
}

func TestAWeakPasswordNamesTheMend(t *testing.T) {
	s := serve(t)
	c := s.browser(t)
	secret, _, _ := s.porter.ClaimCode()
	c.do("POST", "/api/v1/setup/claim", body{"code": string(secret)}, 200)
	if v := c.do("POST", "/api/v1/setup/password/judge", body{"password": "password1"}, 200); v["good"] != false || v["reason"] == "" {
		t.Errorf("got %v, want a reason", v)
	}
	p := c.do("POST", "/api/v1/setup/password", body{"password": "password1"}, 422)
	if p["code"] != codeWeakPassword || !strings.Contains(p["detail"].(string), "password") {
		t.Errorf("got %v, want the field and the mend", p)
	}
}

// stream opens the stream and returns its lines until it ends.
func (c *client) stream() (lines <-chan string, first string) {
	c.t.Helper()
	w := c.open("GET", streamPath, nil) //nolint:bodyclose // the goroutine below closes it
	if w.StatusCode != http.StatusOK {
		c.t.Fatalf("got %d from the stream", w.StatusCode)
	}
	ch := make(chan string, 1000)
	scan := bufio.NewScanner(w.Body)
	scan.Scan() // it is open when its first line is here
	first = scan.Text()
	go func() {
		defer close(ch)
		defer func() { _ = w.Body.Close() }()
		for scan.Scan() {
			ch <- scan.Text()
		}
	}()
	return ch, first
}

// rest waits for the end of a stream and tells how long that took, by a clock that
// stands still while the machine has no time for this process.
func rest(t *testing.T, lines <-chan string) (all string, took time.Duration) {
	t.Helper()
	const step = 10 * time.Millisecond
	clock := time.NewTicker(step)
	defer clock.Stop()
	var b strings.Builder
	for {
		select {
		case l, more := <-lines:
			if !more {
				return b.String(), took
			}
			b.WriteString(l + "\n")
		case <-clock.C:
			took += step
		}
	}
}

func TestSigningOutEndsTheStreamWithinASecond(t *testing.T) {
	s := serve(t)
	c := s.browser(t)
	s.claim(t, c)
	lines, _ := c.stream()
	c.do("DELETE", "/api/v1/session", nil, 204)
	all, took := rest(t, lines)
	if took > time.Second || !strings.Contains(all, `"stage":"ended"`) {
		t.Errorf("got the end after %s with %q, want it within a second, announced", took, all)
	}
}

func TestRevokingATokenEndsItsStream(t *testing.T) {
	s := serve(t)
	owner := s.browser(t)
	s.claim(t, owner)
	made := owner.do("POST", "/api/v1/tokens", body{"name": "grafana", "role": "viewer"}, 201)
	program := s.browser(t)
	program.token = made["token"].(string)
	if me := program.do("GET", "/api/v1/session", nil, 200); me["kind"] != "token" || me["role"] != "viewer" {
		t.Errorf("got %v, want the token", me)
	}
	lines, _ := program.stream()
	owner.do("DELETE", "/api/v1/tokens/"+made["id"].(string), nil, 204)
	if _, took := rest(t, lines); took > time.Second {
		t.Errorf("the stream went on for %s", took)
	}
	program.do("GET", "/api/v1/alarm", nil, 401)
}

func TestPeopleAreInvitedAndRemoved(t *testing.T) {
	s := serve(t)
	owner := s.browser(t)
	s.claim(t, owner)
	invite := owner.do("POST", "/api/v1/users", body{"name": "Bo", "role": "member"}, 201)
	bo := s.browser(t)
	if st := bo.do("POST", "/api/v1/setup/claim", body{"code": invite["code"]}, 200); st["step"] != "password" || st["name"] != "Bo" {
		t.Fatalf("got %v, want Bo at the password", st)
	}
	bo.do("POST", "/api/v1/setup/password", body{"password": "eleven quiet walnuts at noon"}, 200)
	key := bo.do("POST", "/api/v1/setup/totp", nil, 200)["key"].(string)
	codes := bo.do("POST", "/api/v1/setup/totp/confirm", body{"code": code(t, key, 0)}, 200)["codes"].([]any)
	bo.do("POST", "/api/v1/setup/recovery", body{"code": codes[1]}, 200)
	bo.do("PUT", "/api/v1/alarm/mode", body{"mode": "home"}, 200)
	bo.do("GET", "/api/v1/users", nil, 403)
	lines, _ := bo.stream()
	owner.do("DELETE", "/api/v1/users/"+invite["user"].(map[string]any)["id"].(string), nil, 204)
	if _, took := rest(t, lines); took > time.Second {
		t.Errorf("the stream went on for %s", took)
	}
	bo.do("GET", "/api/v1/alarm", nil, 401)
}

// SIGTERM with a page attached: the server is gone within a second.
func TestTheServerStopsWithPagesAttached(t *testing.T) {
	h := newHouse()
	a := h.api(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ran, stopped := make(chan error, 1), make(chan error, 1)
	go func() { ran <- a.Run(ctx) }()
	go func() { stopped <- Serve(ctx, l, a.Handler(), nil, slog.New(slog.DiscardHandler)) }()
	for range 20 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+streamPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Test-Caller", "owner")
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = w.Body.Close() }()
	}
	cancel()
	ended := make(chan string)
	go func() {
		defer close(ended)
		if err := <-stopped; err != nil {
			t.Errorf("got %v, want nil", err)
		}
	}()
	if _, took := rest(t, ended); took > time.Second {
		t.Errorf("stopping took %s, want at most a second", took)
	}
	if err := <-ran; err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
