package auth

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"gatehouse/hub/home"
)

// signIn takes a person through password and second factor.
func (r *rig) signIn(who *person, from Client) {
	r.t.Helper()
	ctx := context.Background()
	from.Known = who.known
	who.take(must[Entered](r.t)(r.SignIn(ctx, from, "anna", goodPassword)))
	who.take(must[Entered](r.t)(r.SecondFactor(ctx, who.Caller, from, who.now())))
}

func TestSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		var news []SignIn
		r, anna := claimedHouse(t, func(o *Options) { o.OnSignIn = func(s SignIn) { news = append(news, s) } })
		phone := &person{key: anna.key}
		phone.take(must[Entered](t)(r.SignIn(ctx, at("192.168.1.30"), "ANNA", goodPassword)))
		if phone.Stage != StagePending || phone.May(AlarmRead) {
			t.Fatalf("after the password: %+v", phone.Caller)
		}
		pending := *phone
		phone.take(must[Entered](t)(r.SecondFactor(ctx, phone.Caller, at("192.168.1.30"), phone.now())))
		if phone.Stage != StageFull || !phone.May(UsersWrite) || !phone.Fresh(time.Now()) {
			t.Fatalf("after both: %+v", phone.Caller)
		}
		if _, err := r.Caller(pending.request()); err != ErrNotSignedIn {
			t.Errorf("the cookie from before the second factor still holds: %v", err)
		}
		got := must[Caller](t)(r.Caller(phone.request()))
		if got.ID != phone.ID || got.Name != "Anna" || got.Role != Owner {
			t.Errorf("caller: %+v", got)
		}
		time.Sleep(time.Minute)
		r.signIn(phone, at("192.168.1.30"))
		want := []SignIn{
			{User: "Anna", Role: Owner, From: "192.168.1.20", Agent: "test", New: true},
			{User: "Anna", Role: Owner, From: "192.168.1.30", Agent: "test", New: true},
			{User: "Anna", Role: Owner, From: "192.168.1.30", Agent: "test"},
		}
		for i := range news {
			news[i].At = time.Time{}
		}
		if d := cmp.Diff(news, want); d != "" {
			t.Errorf("told (-got +want):\n%s", d)
		}
		if n := len(r.Sessions(anna.User)); n != 3 {
			t.Errorf("%d sessions, want 3", n)
		}
	})
}

// TestNoFullSessionWithoutSecondFactor walks every method that takes a caller,
// as everybody who has not given a second factor, and sees that nothing
// happens but what leads to giving one.
func TestNoFullSessionWithoutSecondFactor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		_, inv, err := r.AddUser(ctx, "Anna", "Ben", Owner, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		pending := must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword)).Caller
		enrolling := must[Entered](t)(r.Claim(ctx, kitchen, inv.Code)).Caller
		forged := enrolling
		forged.Stage, forged.SteppedUp = StageFull, time.Now() // a face that mixed something up

		type method struct {
			name string
			call func(Caller) (Caller, error)
			may  []Step // when enrolling
		}
		methods := []method{
			{"ChoosePassword", func(c Caller) (Caller, error) {
				return c, r.ChoosePassword(ctx, c, "Ben", goodPassword)
			}, []Step{StepPassword, StepTOTP}},
			{"OfferTOTP", func(c Caller) (Caller, error) { _, err := r.OfferTOTP(ctx, c); return c, err }, []Step{StepTOTP}},
			{"ConfirmTOTP", func(c Caller) (Caller, error) { _, err := r.ConfirmTOTP(ctx, c, "000000"); return c, err }, nil},
			{"NewRecoveryCodes", func(c Caller) (Caller, error) { _, err := r.NewRecoveryCodes(ctx, c); return c, err }, nil},
			{"ConfirmRecovery", func(c Caller) (Caller, error) {
				e, err := r.ConfirmRecovery(ctx, c, kitchen, "0000-0000-0000")
				return e.Caller, err
			}, nil},
			{"Finish", func(c Caller) (Caller, error) { return c, r.Finish(ctx, c, Home{Name: "Mine"}) }, nil},
			{"SecondFactor", func(c Caller) (Caller, error) {
				e, err := r.SecondFactor(ctx, c, kitchen, "x")
				return e.Caller, err
			}, nil},
			{"StepUp", func(c Caller) (Caller, error) { return r.StepUp(ctx, c, kitchen, goodPassword, "x") }, nil},
			{"ChangePassword", func(c Caller) (Caller, error) {
				e, err := r.ChangePassword(ctx, c, kitchen, "nine purple bicycles in june")
				return e.Caller, err
			}, nil},
		}
		// The second round has a password, and is at StepTOTP.
		for range 2 {
			for _, m := range methods {
				for who, c := range map[string]Caller{"nobody": {}, "pending": pending, "enrolling": enrolling, "forged": forged} {
					step := r.account(enrolling.User).Step
					allowed := false
					for _, s := range m.may {
						allowed = allowed || s == step
					}
					allowed = allowed && (who == "enrolling" || who == "forged")
					got, err := m.call(c)
					if (err == nil) != allowed {
						t.Errorf("%s as %s at %s: %v", m.name, who, step, err)
					}
					if err == nil && got.Stage == StageFull && who != "forged" {
						t.Errorf("%s as %s at %s: a full session", m.name, who, step)
					}
				}
				// Let the brakes forget: this test is not about them.
				r.brakes = brakes{}
			}
		}
		for _, c := range []Caller{{}, pending, enrolling, r.refresh(forged)} {
			for _, right := range Rights {
				if c.May(right) || c.Check(right, time.Now()) == nil {
					t.Errorf("%s has %s", c.Stage, right)
				}
			}
		}
		if r.Home().Name == "Mine" {
			t.Error("the home was renamed")
		}
		// Ben has a password but no factor: it opens nothing.
		var wrong *WrongSignIn
		if _, err := r.SignIn(ctx, kitchen, "Ben", goodPassword); !errors.As(err, &wrong) {
			t.Errorf("a password without a second factor: %v", err)
		}
		for _, s := range r.Sessions("") {
			if s.Stage == StageFull && s.User != anna.User {
				t.Errorf("a full session of %s", s.Name)
			}
		}
	})
}

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

func TestRecoveryCodeWorksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		typed := Secret(strings.ToLower(strings.ReplaceAll(string(anna.recovery[3]), "-", " ")))
		c := must[Entered](t)(r.SignIn(ctx, kitchen, "", goodPassword)).Caller
		if e := must[Entered](t)(r.SecondFactor(ctx, c, kitchen, typed)); e.Caller.Stage != StageFull {
			t.Fatalf("%+v", e.Caller)
		}
		c = must[Entered](t)(r.SignIn(ctx, kitchen, "", goodPassword)).Caller
		var wrong *WrongCode
		if _, err := r.SecondFactor(ctx, c, kitchen, typed); !errors.As(err, &wrong) {
			t.Errorf("the same recovery code: %v", err)
		}
		if got := r.Users()[0].Recovery; got != 9 {
			t.Errorf("%d left, want 9", got)
		}
	})
}

func TestStepUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		time.Sleep(StepUpFor)
		c := must[Caller](t)(r.Caller(anna.request()))
		if err := c.Check(UsersWrite, time.Now()); err != ErrStepUp {
			t.Fatalf("before: %v", err)
		}
		if err := c.Check(AlarmDisarm, time.Now()); err != nil {
			t.Fatalf("a right without step-up: %v", err)
		}
		if _, err := r.NewRecoveryCodes(ctx, c); err != ErrStepUp {
			t.Errorf("recovery codes: %v", err)
		}
		if _, err := r.OfferTOTP(ctx, c); err != ErrStepUp {
			t.Errorf("another factor: %v", err)
		}
		if _, err := r.ChangePassword(ctx, c, kitchen, "nine purple bicycles in june"); err != ErrStepUp {
			t.Errorf("another password: %v", err)
		}
		if err := r.Finish(ctx, c, Home{Name: "Other"}); err != ErrStepUp {
			t.Errorf("another name: %v", err)
		}
		if _, err := r.StepUp(ctx, c, kitchen, "not the password", anna.now()); err == nil {
			t.Error("stepped up with a wrong password")
		}
		if _, err := r.StepUp(ctx, c, kitchen, goodPassword, "123123"); err == nil {
			t.Error("stepped up with a wrong code")
		}
		c = must[Caller](t)(r.StepUp(ctx, c, kitchen, goodPassword, anna.now()))
		if err := c.Check(UsersWrite, time.Now()); err != nil {
			t.Errorf("after: %v", err)
		}
		r.restart()
		if c = must[Caller](t)(r.Caller(anna.request())); c.Check(UsersWrite, time.Now()) != nil {
			t.Error("a restart undid the step-up")
		}
	})
}

func TestChangingAFactorEndsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		phone := &person{key: anna.key}
		r.signIn(phone, at("192.168.1.30"))
		time.Sleep(time.Minute)

		c := must[Caller](t)(r.StepUp(ctx, anna.Caller, kitchen, goodPassword, anna.now()))
		anna.take(must[Entered](t)(r.ChangePassword(ctx, c, kitchen, "nine purple bicycles in june")))
		if !ended(phone.Caller) || !ended(c) || ended(anna.Caller) {
			t.Errorf("after the password: phone %v, old %v, new %v", ended(phone.Caller), ended(c), ended(anna.Caller))
		}
		if _, err := r.SignIn(ctx, kitchen, "Anna", goodPassword); err == nil {
			t.Error("the old password still works")
		}
		time.Sleep(time.Minute)
		phone.take(must[Entered](t)(r.SignIn(ctx, at("192.168.1.30"), "Anna", "nine purple bicycles in june")))
		phone.take(must[Entered](t)(r.SecondFactor(ctx, phone.Caller, kitchen, phone.now())))

		old := anna.key
		o := must[Offer](t)(r.OfferTOTP(ctx, anna.Caller))
		anna.key = must[[]byte](t)(noPad.DecodeString(strings.ReplaceAll(string(o.Key), " ", "")))
		must[[]Secret](t)(r.ConfirmTOTP(ctx, anna.Caller, anna.now()))
		if !ended(phone.Caller) || ended(anna.Caller) {
			t.Errorf("after the factor: phone %v, self %v", ended(phone.Caller), ended(anna.Caller))
		}
		time.Sleep(time.Minute)
		c = must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", "nine purple bicycles in june")).Caller
		if _, err := r.SecondFactor(ctx, c, kitchen, Secret(totpAt(old, stepAt(time.Now())))); err == nil {
			t.Error("the old factor still works")
		}
		if e := must[Entered](t)(r.SecondFactor(ctx, c, kitchen, anna.now())); !e.Caller.May(AlarmDisarm) {
			t.Errorf("%+v", e.Caller)
		}
	})
}

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
			if _, err := r.Caller(phone.request()); err != ErrNotSignedIn {
				t.Errorf("%s: %v", name, err)
			}
			r.restart()
			if _, err := r.Caller(phone.request()); err != ErrNotSignedIn {
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
		if _, err := r.Caller(anna.request()); err != ErrNotSignedIn {
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
		if _, err := r.Caller(q); err != ErrNotSignedIn {
			t.Errorf("plain cookie over TLS: %v", err)
		}
		// A bad bearer is not made good by a cookie.
		q = anna.request()
		q.Header.Set("Authorization", "Bearer gh_no")
		if _, err := r.Caller(q); err != ErrNotSignedIn {
			t.Errorf("bad bearer with a good cookie: %v", err)
		}
	})
}

func TestUnknownNameTakesAsLong(t *testing.T) {
	// Counted, not timed: a hash is computed whoever asks.
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, _ := claimedHouse(t)
		_, known := r.SignIn(ctx, at("10.0.0.1"), "Anna", "a wrong password 1")
		_, unknown := r.SignIn(ctx, at("10.0.1.1"), "Nobody", "a wrong password 1")
		if d := cmp.Diff(known, unknown); d != "" {
			t.Errorf("told apart:\n%s", d)
		}
		for _, phc := range []string{"", must[string](t)(r.kdf.hash(ctx, goodPassword))} {
			allocs := testing.AllocsPerRun(3, func() { _, _, _ = r.kdf.check(ctx, phc, "wrong") })
			if allocs == 0 {
				t.Errorf("%q: nothing was computed", phc)
			}
		}
	})
}

func TestStuffingGivesNoSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		before := len(r.Sessions(""))
		refused := 0
		for i := range 10_000 {
			// Right name and, once, the right password: the pair leaked.
			name, password := fmt.Sprintf("user%d", i), Secret(fmt.Sprintf("leaked password %d", i))
			if i%10 == 0 {
				name = "Anna"
			}
			if i == 5_000 {
				password = goodPassword
			}
			e, err := r.SignIn(ctx, at(fmt.Sprintf("203.0.%d.%d", i%200, i%250+1)), name, password)
			if e.Caller.Stage == StageFull {
				t.Fatalf("pair %d: a full session", i)
			}
			var many *TooMany
			if errors.As(err, &many) {
				refused++
				if many.Seconds() < 1 {
					t.Fatalf("Retry-After %d", many.Seconds())
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		full := 0
		for _, s := range r.Sessions("") {
			if s.Stage == StageFull {
				full++
			}
		}
		if full != before {
			t.Errorf("%d full sessions, want %d", full, before)
		}
		if refused < 9_700 {
			t.Errorf("only %d of 10,000 were refused unseen", refused)
		}
		if !strings.Contains(r.said.text(), "a password for Anna that was not right") {
			t.Errorf("the owner was not told:\n%s", r.said.text())
		}
		if n := strings.Count(r.said.text(), "\n"); n > 200 {
			t.Errorf("%d journal lines", n)
		}
		// All the while the owner's own browser comes in.
		from := at("192.168.1.20")
		from.Known = anna.known
		c := must[Entered](t)(r.SignIn(ctx, from, "Anna", goodPassword)).Caller
		if e := must[Entered](t)(r.SecondFactor(ctx, c, from, anna.now())); e.Caller.Stage != StageFull {
			t.Errorf("the owner: %+v", e.Caller)
		}
	})
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		// From a different network each time: the account's own brake.
		i := 0
		guess := func() error {
			i++
			_, err := r.SignIn(ctx, at(fmt.Sprintf("10.%d.%d.9", i/250, i%250)), "Anna", "a wrong password 1")
			return err
		}
		var got []time.Duration
		for range 20 {
			err := guess()
			var wrong *WrongSignIn
			if !errors.As(err, &wrong) {
				t.Fatalf("try %d: %v", i, err)
			}
			got = append(got, wrong.Wait)
			var many *TooMany
			if wrong.Wait > 0 {
				if err := guess(); !errors.As(err, &many) || many.After != wrong.Wait {
					t.Fatalf("a try while waiting: %v", err)
				}
			}
			time.Sleep(wrong.Wait)
		}
		s := time.Second
		want := []time.Duration{
			0, 0, 0, 0, 1 * s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s, 256 * s, 512 * s, 1024 * s, 2048 * s,
			MaxWait, MaxWait, MaxWait, MaxWait,
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("waits (-got +want):\n%s", d)
		}
		// The right password ends it.
		must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword))
		if err := guess(); err.Error() != "that was not right: 4 tries left" {
			t.Errorf("afterwards: %v", err)
		}
		_ = anna
	})
}

func TestThrottlePerNetworkAndHub(t *testing.T) {
	var b brakes
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	let := func(addr, thing string) bool {
		_, err := b.begin(now, thing, at(addr).Addr, false)
		return err == nil
	}
	passed := 0
	for i := range 100 {
		if let(fmt.Sprintf("192.0.2.%d", i+1), fmt.Sprint(i)) { // one /24
			passed++
		}
	}
	if passed != networkBurst {
		t.Errorf("one network: %d passed, want %d", passed, networkBurst)
	}
	for i := range 100 {
		if let(fmt.Sprintf("2001:db8:0:%x::1", i), "6/"+fmt.Sprint(i)) {
			passed++
		}
	}
	if passed != hubBurst {
		t.Errorf("many networks: %d passed, want %d", passed, hubBurst)
	}
	if let("198.51.100.1", "x") {
		t.Error("the hub's bucket has room")
	}
	now = now.Add(hubRefill)
	if !let("198.51.100.1", "x") || let("198.51.100.1", "y") {
		t.Error("one second makes room for exactly one")
	}
	if _, err := b.begin(now, "known", at("192.0.2.1").Addr, true); err != nil {
		t.Errorf("a known browser in the same network: %v", err)
	}
	// Two addresses of one /64 share, two /64 do not.
	if network(at("2001:db8::1").Addr) != network(at("2001:db8::ffff:1").Addr) ||
		network(at("2001:db8:0:1::1").Addr) == network(at("2001:db8::1").Addr) {
		t.Error("the /64")
	}
}

func TestThrottleClockSetBack(t *testing.T) {
	c := count{fails: freeTries + 3, last: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
	if got := c.wait(time.Unix(0, 0), MaxWait); got != 8*time.Second {
		t.Errorf("waits %v, want 8s", got)
	}
}

func TestThrottleStaysSmall(t *testing.T) {
	var b brakes
	now := time.Now()
	for i := range 2 * mostCounts {
		now = now.Add(hubRefill)
		_, _ = b.begin(now, fmt.Sprint(i), at(fmt.Sprintf("10.%d.%d.1", i/250, i%250)).Addr, false)
	}
	if len(b.counts) > mostCounts || len(b.buckets) > mostCounts+1 {
		t.Errorf("%d counts, %d buckets", len(b.counts), len(b.buckets))
	}
}

func TestManyTriesAtOnceAreCounted(t *testing.T) {
	var b brakes
	now := time.Now()
	passed := 0
	for i := range 100 {
		// None is judged yet.
		if _, err := b.begin(now, "anna", at(fmt.Sprintf("10.0.%d.1", i)).Addr, false); err == nil {
			passed++
		}
	}
	if passed != freeTries {
		t.Errorf("%d passed, want %d", passed, freeTries)
	}
}

func TestClaimCodes(t *testing.T) {
	seen := map[Secret]bool{}
	for range 1000 {
		c := newCode(claimChars)
		if seen[c] {
			t.Fatalf("%q twice", string(c))
		}
		seen[c] = true
		if bits := 5 * len(readCode(c)); bits < 64 {
			t.Fatalf("%q has %d bits", string(c), bits)
		}
		if strings.ContainsAny(string(c), "ILOU") || len(c) != 19 {
			t.Fatalf("%q is hard to read", string(c))
		}
	}
}

func TestWrongClaimCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r := open(t)
		var wrong *WrongCode
		for i, want := range []struct {
			left int
			wait time.Duration
		}{{4, 0}, {3, 0}, {2, 0}, {1, 0}, {0, time.Second}} {
			if _, err := r.Claim(ctx, kitchen, "0000-0000-0000-0000"); !errors.As(err, &wrong) || wrong.Left != want.left || wrong.Wait != want.wait {
				t.Errorf("try %d: %v", i+1, err)
			}
		}
		var many *TooMany
		if _, err := r.Claim(ctx, kitchen, "0000-0000-0000-0000"); !errors.As(err, &many) || many.Seconds() != 1 {
			t.Errorf("at once: %v", err)
		}
		time.Sleep(time.Second)
		code, _, _ := r.ClaimCode()
		if _, err := r.Claim(ctx, kitchen, code); err != nil {
			t.Errorf("the right one: %v", err)
		}
	})
}

func TestInvitation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		ben, inv, err := r.AddUser(ctx, "Anna", "Ben", Member, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		who := r.enrol(inv.Code, "somebody else")
		if who.Name != "Ben" || who.Role != Member || who.Stage != StageFull || r.Setup(who.Caller).Step != StepDone {
			t.Errorf("%+v", who.Caller)
		}
		if _, err := r.Claim(ctx, kitchen, inv.Code); err == nil {
			t.Error("an invitation works twice")
		}
		// Reset: password, factor and sessions are gone.
		inv = must[Invite](t)(r.ResetUser(ctx, "shell", "ben"))
		if !ended(who.Caller) {
			t.Error("the session lives on")
		}
		if _, err := r.SignIn(ctx, at("10.9.9.9"), "Ben", goodPassword); err == nil {
			t.Error("the password lives on")
		}
		time.Sleep(InviteFor)
		if _, err := r.Claim(ctx, kitchen, inv.Code); err == nil {
			t.Error("an invitation works after its time")
		}
		// The house stays claimed when its only owner is reset.
		inv = must[Invite](t)(r.ResetUser(ctx, "shell", anna.User))
		r.restart()
		if _, _, isOpen := r.ClaimCode(); isOpen {
			t.Error("a reset opened the house to be claimed")
		}
		if again := r.enrol(inv.Code, ""); again.Role != Owner || again.User != anna.User {
			t.Errorf("%+v", again.Caller)
		}
		if err := r.RemoveUser(ctx, "Anna", ben.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		in := func(d time.Duration) time.Time { return time.Now().Add(d) }
		var invalid *home.Invalid
		for _, tt := range []struct {
			name  string
			role  Role
			ends  time.Time
			field string
		}{
			{"", Member, time.Time{}, "name"},
			{strings.Repeat("x", 41), Member, time.Time{}, "name"},
			{"bell\a", Member, time.Time{}, "name"},
			{"ANNA", Member, time.Time{}, "name"},
			{"Ben", "king", time.Time{}, "role"},
			{"Ben", Guest, time.Time{}, "ends"},
			{"Ben", Installer, time.Time{}, "ends"},
			{"Ben", Installer, in(25 * time.Hour), "ends"},
			{"Ben", Guest, in(-time.Hour), "ends"},
		} {
			if _, _, err := r.AddUser(ctx, "Anna", tt.name, tt.role, tt.ends); !errors.As(err, &invalid) || invalid.Field != tt.field {
				t.Errorf("%q as %s until %v: %v, want %s", tt.name, tt.role, tt.ends, err, tt.field)
			}
		}
		if err := r.RemoveUser(ctx, "Anna", anna.User); err != ErrLastOwner {
			t.Errorf("remove: %v", err)
		}
		if _, err := r.ChangeUser(ctx, "Anna", anna.User, Member, time.Time{}); err != ErrLastOwner {
			t.Errorf("demote: %v", err)
		}
		if _, err := r.ChangeUser(ctx, "Anna", anna.User, Owner, in(time.Hour)); err != ErrLastOwner {
			t.Errorf("limit: %v", err)
		}
		// An invited owner is not an owner yet.
		_, inv, err := r.AddUser(ctx, "Anna", "Ben", Owner, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.RemoveUser(ctx, "Anna", anna.User); err != ErrLastOwner {
			t.Errorf("remove, with an invitation out: %v", err)
		}
		ben := r.enrol(inv.Code, "")
		if err := r.RemoveUser(ctx, "Ben", anna.User); err != nil || !ended(anna.Caller) {
			t.Errorf("with two: %v, ended %v", err, ended(anna.Caller))
		}
		// An account ends by itself, and its streams with it.
		run, stop := context.WithCancel(ctx)
		defer stop()
		go func() { _ = r.Run(run) }()
		_, inv, err = r.AddUser(ctx, "Ben", "Ivo", Installer, in(10*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		ivo := r.enrol(inv.Code, "")
		began := time.Now()
		<-ivo.Ended()
		if got := time.Since(began); got > 10*time.Minute+time.Second {
			t.Errorf("ended after %v", got)
		}
		if _, err := r.SignIn(ctx, at("10.9.9.9"), "Ivo", goodPassword); err == nil {
			t.Error("an account that is over signs in")
		}
		_ = ben
	})
}

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
		if _, err := r.Bearer(secret); err != ErrNotSignedIn {
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

func TestDemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		d := &Demo{Password: "demo demo demo", TOTP: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}
		r := open(t, func(o *Options) { o.Demo = d })
		if _, _, isOpen := r.ClaimCode(); isOpen {
			t.Error("a demo waits to be claimed")
		}
		// Its page's code is good every time, twice in a row too.
		c := must[Entered](t)(r.SignIn(ctx, kitchen, "owner", d.Password)).Caller
		code, _, ok := r.DemoCode()
		c = must[Entered](t)(r.SecondFactor(ctx, c, kitchen, code)).Caller
		code, holds, _ := r.DemoCode()
		if _, err := r.StepUp(ctx, c, kitchen, d.Password, code); err != nil || !ok || holds <= 0 {
			t.Errorf("step-up at once: %v", err)
		}
		r.restart()
		if n := len(r.Users()); n != 1 {
			t.Errorf("%d users", n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r, _ := claimedHouse(t)
		if _, _, ok := r.DemoCode(); ok {
			t.Error("a real hub gives codes away")
		}
	})
}
