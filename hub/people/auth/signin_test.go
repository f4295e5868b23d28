package auth

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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
		if _, err := r.Caller(pending.request()); !errors.Is(err, ErrNotSignedIn) {
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
		if err := c.Check(UsersWrite, time.Now()); !errors.Is(err, ErrStepUp) {
			t.Fatalf("before: %v", err)
		}
		if err := c.Check(AlarmDisarm, time.Now()); err != nil {
			t.Fatalf("a right without step-up: %v", err)
		}
		if _, err := r.NewRecoveryCodes(ctx, c); !errors.Is(err, ErrStepUp) {
			t.Errorf("recovery codes: %v", err)
		}
		if _, err := r.OfferTOTP(ctx, c); !errors.Is(err, ErrStepUp) {
			t.Errorf("another factor: %v", err)
		}
		if _, err := r.ChangePassword(ctx, c, kitchen, "nine purple bicycles in june"); !errors.Is(err, ErrStepUp) {
			t.Errorf("another password: %v", err)
		}
		if err := r.Finish(ctx, c, Home{Name: "Other"}); !errors.Is(err, ErrStepUp) {
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

// TestUnknownNameIsNotToldApart: not by words, waits or work.
func TestUnknownNameIsNotToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, _ := claimedHouse(t)
		for i := range 12 {
			_, known := r.SignIn(ctx, at(fmt.Sprintf("10.0.%d.1", i)), "Anna", "a wrong password 1")
			_, unknown := r.SignIn(ctx, at(fmt.Sprintf("10.1.%d.1", i)), "Nobody", "a wrong password 1")
			if d := cmp.Diff(known, unknown); d != "" {
				t.Errorf("try %d told apart:\n%s", i, d)
			}
			// The waits of one do not show on the other.
			if i == 8 {
				if _, err := r.SignIn(ctx, at("10.2.0.1"), "Another", "a wrong password 1"); err.Error() != "that was not right: 4 tries left" {
					t.Errorf("another unknown name: %v", err)
				}
			}
		}
		// The work is that of a hash, whose memory is seen.
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if right, _, err := r.kdf.check(ctx, "", goodPassword); right || err != nil {
			t.Errorf("right %v, %v", right, err)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got < uint64(argonCheap.Memory)<<10 {
			t.Errorf("%d bytes of work", got)
		}
	})
}

// TestManyAtOnce is for the race detector: everybody comes, goes and is thrown
// out at the same time.
func TestManyAtOnce(t *testing.T) {
	r := open(t)
	code, _, _ := r.ClaimCode()
	anna := r.enrol(code, "Anna")
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- r.Run(ctx) }()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 20 {
				_, _ = r.Caller(anna.request())
				e, err := r.SignIn(ctx, at(fmt.Sprintf("10.0.%d.1", i)), "Anna", goodPassword)
				if err == nil {
					_, _ = r.SecondFactor(ctx, e.Caller, kitchen, "000000")
					_ = r.SignOut(ctx, e.Caller)
				}
				tok, secret, err := r.CreateToken(ctx, "Anna", newID(), Viewer, time.Time{})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := r.Bearer(secret); err != nil {
					t.Error(err)
				}
				_, _, _ = r.Sessions(""), r.Tokens(), r.Users()
				if err := r.RevokeToken(ctx, "Anna", tok.ID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	stop()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := r.Sessions(""); len(got) != 1 || len(r.Tokens()) != 0 {
		t.Errorf("%d sessions, %d tokens are left", len(got), len(r.Tokens()))
	}
}
