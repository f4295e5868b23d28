package auth

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func ended(c Caller) bool {
	select {
	case <-c.Ended():
		return true
	default:
		return false
	}
}

// TestRevokedSessionEndsStreams: a stream that waits on Ended is told at once.
func TestRevokedSessionEndsStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		ends := map[string]func(*person) error{
			"revoked":  func(p *person) error { return r.EndSession(ctx, p.ID, "Anna") },
			"sign-out": func(p *person) error { return r.SignOut(ctx, p.Caller) },
		}
		for name, end := range ends {
			phone := &person{key: anna.key}
			r.signIn(phone, at("192.168.1.30"))
			c := must[Caller](t)(r.Caller(phone.request()))
			began := time.Now()
			over := make(chan time.Duration)
			go func() { <-c.Ended(); over <- time.Since(began) }()
			time.Sleep(time.Second)
			if err := end(phone); err != nil {
				t.Fatal(err)
			}
			if took := <-over - time.Second; took > time.Second {
				t.Errorf("%s: the stream ended after %v", name, took)
			}
			if _, err := r.Caller(phone.request()); !errors.Is(err, ErrNotSignedIn) {
				t.Errorf("%s: %v", name, err)
			}
			r.restart()
			if _, err := r.Caller(phone.request()); !errors.Is(err, ErrNotSignedIn) {
				t.Errorf("%s, after a restart: %v", name, err)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestSessionAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, anna := claimedHouse(t)
		ctx, stop := context.WithCancel(context.Background())
		defer stop()

		// Used every 20 minutes it lives for 30 days.
		began := time.Now()
		for time.Since(began) < Lifetime-time.Hour {
			if _, err := r.Caller(anna.request()); err != nil {
				t.Fatalf("after %v: %v", time.Since(began), err)
			}
			time.Sleep(20 * time.Minute)
		}
		go func() { _ = r.Run(ctx) }()
		for !ended(anna.Caller) {
			_, _ = r.Caller(anna.request())
			time.Sleep(time.Minute)
		}
		if age := time.Since(began); age > Lifetime {
			t.Errorf("lived for %v", age)
		}

		// Left alone, half an hour; the stream ends by itself.
		time.Sleep(time.Minute)
		r.signIn(anna, kitchen)
		began = time.Now()
		<-anna.Ended()
		if got := time.Since(began); got < Idle || got > Idle+time.Second {
			t.Errorf("idle for %v", got)
		}
		// One that waits for its second factor, ten minutes.
		c := must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword)).Caller
		began = time.Now()
		<-c.Ended()
		if got := time.Since(began); got < PendingFor || got > PendingFor+time.Second {
			t.Errorf("pending for %v", got)
		}
	})
}

func TestIdleCountsOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, anna := claimedHouse(t)
		ctx, stop := context.WithCancel(context.Background())
		go func() { _ = r.Run(ctx) }()
		for range 6 {
			time.Sleep(10 * time.Minute)
			must[Caller](t)(r.Caller(anna.request()))
		}
		stop()
		synctest.Wait()
		r.restart()
		must[Caller](t)(r.Caller(anna.request()))
		if err := r.db.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(Idle + keepSeen)
		r.start()
		if _, err := r.Caller(anna.request()); !errors.Is(err, ErrNotSignedIn) {
			t.Errorf("a session slept through its end: %v", err)
		}
	})
}

func TestCookies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, anna := claimedHouse(t)
		for _, c := range must[Entered](t)(r.SignIn(context.Background(), kitchen, "", goodPassword)).Cookies {
			if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("over TLS: %s", c)
			}
			if len(c.Value) < 256/5 {
				t.Errorf("%d characters are not 256 bits", len(c.Value))
			}
		}
		plain := kitchen
		plain.TLS = false
		e := must[Entered](t)(r.SignIn(context.Background(), plain, "", goodPassword))
		if c := e.Cookies[0]; c.Name != "gatehouse" || c.Secure {
			t.Errorf("over plain HTTP: %s", c)
		}
		// A request over TLS does not take the plain cookie, nor the other way.
		q := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
		q.AddCookie(e.Cookies[0])
		if _, err := r.Caller(q); err != nil {
			t.Error(err)
		}
		q.TLS = &tls.ConnectionState{}
		if _, err := r.Caller(q); !errors.Is(err, ErrNotSignedIn) {
			t.Errorf("plain cookie over TLS: %v", err)
		}
		// A bad bearer is not made good by a cookie.
		q = anna.request()
		q.Header.Set("Authorization", "Bearer gh_no")
		if _, err := r.Caller(q); !errors.Is(err, ErrNotSignedIn) {
			t.Errorf("bad bearer with a good cookie: %v", err)
		}
	})
}
