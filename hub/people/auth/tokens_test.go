package auth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
)

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r := open(t) // not claimed
		tok, secret, err := r.CreateToken(ctx, "shell", "ha", Member, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(secret), "gh_") || len(secret) < 3+256/5 {
			t.Errorf("secret of %d characters", len(secret))
		}
		bearer := func(s Secret) *http.Request {
			q := httptest.NewRequest(http.MethodGet, "/", nil)
			q.Header.Set("Authorization", "bearer "+string(s))
			return q
		}
		c := must[Caller](t)(r.Caller(bearer(secret)))
		want := Caller{Kind: ByToken, ID: tok.ID, Name: "ha", Role: Member, Stage: StageFull}
		if d := cmp.Diff(c, want, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".ended" }, cmp.Ignore())); d != "" {
			t.Errorf("(-got +want):\n%s", d)
		}
		if c.Check(UsersWrite, time.Now()) == nil || c.Check(AlarmArm, time.Now()) != nil || !c.CodeFree() {
			t.Errorf("%+v", c)
		}
		if _, _, err := r.CreateToken(ctx, "shell", "HA", Member, time.Time{}); err == nil {
			t.Error("the same name twice")
		}
		if _, _, err := r.CreateToken(ctx, "shell", "i", Installer, time.Time{}); err == nil {
			t.Error("an installer for ever")
		}
		run, stop := context.WithCancel(ctx)
		go func() { _ = r.Run(run) }()
		time.Sleep(10 * time.Minute)
		must[Caller](t)(r.Bearer(secret))
		time.Sleep(2 * time.Minute)
		stop()
		synctest.Wait()
		r.restart()
		c = must[Caller](t)(r.Bearer(secret))
		if got := r.Tokens(); len(got) != 1 || got[0].Used == nil || got[0].By != "shell" {
			t.Errorf("%+v", got)
		}
		if err := r.RevokeToken(ctx, "shell", "ha"); err != nil || !ended(c) {
			t.Errorf("revoked: %v, ended %v", err, ended(c))
		}
		if _, err := r.Bearer(secret); !errors.Is(err, ErrNotSignedIn) {
			t.Errorf("a revoked token: %v", err)
		}
		var missing *home.NotFound
		if err := r.RevokeToken(ctx, "shell", "ha"); !errors.As(err, &missing) {
			t.Errorf("again: %v", err)
		}
		// One with an end, ends, with what hangs on it.
		_, secret, err = r.CreateToken(ctx, "shell", "ivo", Installer, time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		c = must[Caller](t)(r.Bearer(secret))
		go func() { _ = r.Run(t.Context()) }()
		began := time.Now()
		<-c.Ended()
		if got := time.Since(began); got > time.Hour+time.Second {
			t.Errorf("ended after %v", got)
		}
	})
}
