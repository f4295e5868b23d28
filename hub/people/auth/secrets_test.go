package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSecretsNowhere walks a life of the house with secrets that would be
// seen, and looks for them in everything that is written.
func TestSecretsNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		var log bytes.Buffer
		r := open(t, func(o *Options) {
			o.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 8}))
		})
		var said strings.Builder
		say := func(v any, err error) {
			fmt.Fprintf(&said, "%v %+v %#v %s %v\n", v, v, v, v, err)
			if b, jerr := json.Marshal(v); jerr == nil {
				said.Write(b)
			}
			r.log.Info("told", "value", v, "err", err)
		}
		code, _, _ := r.ClaimCode()
		secrets := []string{string(code), readCode(code)}
		keep := func(s ...Secret) {
			for _, x := range s {
				secrets = append(secrets, string(x), readCode(x))
			}
		}

		anna := r.enrol(code, "Anna")
		keep(goodPassword, anna.now(), Secret(anna.secret), anna.known, Secret(noPad.EncodeToString(anna.key)))
		keep(anna.recovery...)
		e, err := r.SignIn(ctx, kitchen, "canary-name-typed", "canary-password-typed")
		keep("canary-name-typed", "canary-password-typed")
		say(e.Caller, err)
		e = must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword))
		keep(Secret(e.Cookies[0].Value))
		say(e.Caller, nil)
		c, err := r.SecondFactor(ctx, e.Caller, kitchen, "canary-code")
		keep("canary-code")
		say(c.Caller, err)
		o, err := r.OfferTOTP(ctx, anna.Caller)
		say(o, err)
		keep(o.Key, o.URI)
		_, err = r.ChangePassword(ctx, anna.Caller, kitchen, "canary")
		keep("canary")
		say(nil, err)
		tok, secret, err := r.CreateToken(ctx, "Anna", "ha", Owner, time.Time{})
		keep(secret)
		say(tok, err)
		say(secret, nil)
		user, inv, err := r.AddUser(ctx, "Anna", "Ben", Member, time.Time{})
		keep(inv.Code)
		say(user, err)
		say(inv, nil)
		say(r.Setup(anna.Caller), nil)
		say(r.Users(), nil)
		say(r.Sessions(""), nil)
		say(r.Tokens(), nil)
		say(r.o.Demo, nil)

		all := map[string]string{"the log": log.String(), "the journal": r.said.text(), "what is printed": said.String()}
		db, err := os.ReadFile(filepath.Join(r.dir, "home.db"))
		if err != nil {
			t.Fatal(err)
		}
		all["the database"] = string(db)
		if _, err := os.Stat(filepath.Join(r.dir, "claim-code")); !os.IsNotExist(err) {
			t.Errorf("the used claim code is still written down: %v", err)
		}
		for where, text := range all {
			if len(text) < 200 {
				t.Errorf("%s is empty: this test sees nothing", where)
			}
			for _, s := range secrets {
				if len(s) >= 6 && strings.Contains(text, s) {
					t.Errorf("%s holds the secret %q", where, s)
				}
			}
		}
	})
}
