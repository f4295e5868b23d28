package auth

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

func TestReplayedTOTPRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		code := anna.now()
		a := must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword)).Caller
		b := must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword)).Caller
		must[Entered](t)(r.SecondFactor(ctx, a, kitchen, code))
		var wrong *WrongCode
		if _, err := r.SecondFactor(ctx, b, kitchen, code); !errors.As(err, &wrong) || !wrong.Used {
			t.Errorf("the same code again: %v", err)
		}
		// Not over a restart either. Pending sessions do not live through it.
		r.restart()
		b = must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword)).Caller
		if _, err := r.SecondFactor(ctx, b, kitchen, code); !errors.As(err, &wrong) || !wrong.Used {
			t.Errorf("the same code after a restart: %v", err)
		}
		// Nor the one before it, which the window would take.
		before := Secret(totpAt(anna.key, stepAt(time.Now())-1))
		if _, err := r.SecondFactor(ctx, b, kitchen, before); !errors.As(err, &wrong) || !wrong.Used {
			t.Errorf("the code before: %v", err)
		}
		time.Sleep(totpStep)
		must[Entered](t)(r.SecondFactor(ctx, b, kitchen, anna.now()))
	})
}

func TestTOTP(t *testing.T) {
	key := []byte("12345678901234567890")
	// RFC 6238 appendix B, the last six digits.
	for unix, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totpAt(key, stepAt(time.Unix(unix, 0))); got != want {
			t.Errorf("at %d: %s, want %s", unix, got, want)
		}
	}
	uri := totpURI(key, "Elm: 4", "Anna Berg")
	k, err := otp.NewKeyFromURL(uri)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := []string{k.Issuer(), k.AccountName(), k.Secret()}, []string{"Gatehouse Elm  4", "Anna Berg", noPad.EncodeToString(key)}; !cmp.Equal(got, want) {
		t.Errorf("%s reads as %q, want %q", uri, got, want)
	}
	now := time.Unix(1_800_000_010, 0)
	theirs, err := totp.GenerateCode(k.Secret(), now)
	if err != nil || theirs != totpAt(key, stepAt(now)) {
		t.Errorf("another program's code: %s, %v", theirs, err)
	}
}

func TestTOTPWindow(t *testing.T) {
	key := []byte("12345678901234567890")
	now := time.Unix(1_800_000_010, 0)
	for _, tt := range []struct {
		off   int64
		drift time.Duration
		ok    bool
	}{
		{0, 0, true},
		{-1, 0, true},
		{1, 0, true},
		{2, time.Minute, false},
		{-2, -time.Minute, false},
		{-20, -10 * time.Minute, false},
		{21, 0, false},
	} {
		step, err := checkTOTP(key, 0, now, totpAt(key, stepAt(now)+tt.off))
		var wrong *WrongCode
		errors.As(err, &wrong)
		switch {
		case tt.ok && (err != nil || step != stepAt(now)+tt.off):
			t.Errorf("%d steps off: step %d, %v", tt.off, step, err)
		case !tt.ok && (wrong == nil || wrong.Drift != tt.drift):
			t.Errorf("%d steps off: %v, want drift %v", tt.off, err, tt.drift)
		}
	}
	if got, want := (&WrongCode{Drift: -time.Minute}).Error(), "your phone is 60 s behind: set its clock by the network"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
