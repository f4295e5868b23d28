package auth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		password string
		words    []string
		ok       bool
	}{
		{"tiny", nil, false},
		{"elevenchars", nil, false},
		{"passwordpassword", nil, false}, // listed
		{"PasswordPassword", nil, false}, // listed in lower case
		{"Summer2024!Summer2024!", nil, false},
		{"elephant2024", nil, false}, // listed, with digits behind
		{"aaaaaaaaaaaaaaaaaaaa", nil, false},
		{"qwertyuiopasdfghjkl", nil, false},
		{"123456789012345678", nil, false},
		{"p4$$w0rdp@ssword1", nil, false}, // listed words in disguise
		{"6@73h0u53 al4rm", nil, false},
		{"gatehouse gatehouse", nil, false},
		{"annaberg elmstreet", []string{"Anna Berg", "Elmstreet 4"}, false},
		{"correct horse battery staple", nil, true},
		{"seven green umbrellas in may", nil, true},
		{"жёлтый трамвай едет домой", nil, true},
		{strings.Repeat("x7#Qm2!v", 32), nil, false}, // one block, over and over
		{"kT4#" + strings.Repeat("wq8zLp", 40)[:200] + "!", nil, true},
		{strings.Repeat("long words ", 24), nil, false}, // too long
		{"tab and \xff bytes here", nil, false},
	} {
		score, err := judge(Secret(tt.password), tt.words...)
		var weak *WeakPassword
		if (err == nil) != tt.ok || (err != nil && (!errors.As(err, &weak) || weak.Reason == "")) {
			t.Errorf("%.40q: score %d, %v", tt.password, score, err)
		}
		if err != nil && strings.Contains(err.Error(), tt.password) {
			t.Errorf("%q is in its own error", tt.password)
		}
	}
}

// TestJudgeIsQuick: a password that is made to keep the hub busy does not. The
// work is counted in allocations, which no other program disturbs. With the
// library's own l33t matcher this one takes minutes under the race detector.
func TestJudgeIsQuick(t *testing.T) {
	p := Secret("4@8({[<369!1|70$5+%2" + strings.Repeat("4@8({[<3x69!1|70$5+%2", 3))
	if n := testing.AllocsPerRun(1, func() { _, _ = judge(p, "Anna Berg") }); n > 200_000 {
		t.Errorf("%.0f allocations", n)
	}
}

func FuzzJudge(f *testing.F) {
	for _, s := range []string{"", "password1234", "correct horse battery staple", "\xff\xfe", strings.Repeat("4@8({[<", 12), "01.01.2000 01/01/2000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		score, err := judge(Secret(s), s)
		if score < 0 || score > 4 || (err == nil && score < leastScore) {
			t.Errorf("score %d, %v", score, err)
		}
	})
}

func FuzzReadCode(f *testing.F) {
	for _, s := range []string{"", "o0il-1", "ABCD-EFGH-JKMN-PQRS", "é", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := readCode(Secret(s))
		if again := readCode(Secret(once)); again != once {
			t.Errorf("%q reads as %q, then as %q", s, once, again)
		}
	})
}

func FuzzPHC(f *testing.F) {
	k, err := newKDF(nil, CheapCost(f))
	if err != nil {
		f.Fatal(err)
	}
	good, err := k.hash(context.Background(), goodPassword)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", good, "$argon2id$v=19$m=64,t=1,p=1$$", "$argon2id$v=19$m=99999999,t=1,p=1$AAAA$AAAA", "$2y$10$x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, _, hash, err := parsePHC(s)
		if err == nil && (c.Time == 0 || c.Memory == 0 || c.Memory > 1<<20 || len(hash) != hashBytes) {
			t.Errorf("%q reads as %+v", s, c)
		}
	})
}

func TestCalibrate(t *testing.T) {
	for _, tt := range []struct {
		name string
		per  time.Duration // one pass over 1 MiB
		want argon
	}{
		{"server", 1 * time.Millisecond, argon{Time: 5, Memory: 64 << 10}},
		{"laptop", 2300 * time.Microsecond, argon{Time: 2, Memory: 64 << 10}},
		{"small board", 6 * time.Millisecond, argon{Time: 1, Memory: 64 << 10}},
		{"old board", 12 * time.Millisecond, argon{Time: 1, Memory: 32 << 10}},
		{"hopeless", 80 * time.Millisecond, argonFloor},
		{"unmeasurable", 0, argonFloor},
	} {
		got := calibrate(func(a argon) time.Duration {
			return tt.per * time.Duration(a.Time) * time.Duration(a.Memory>>10)
		})
		if got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
		if took := tt.per * time.Duration(got.Time) * time.Duration(got.Memory>>10); got != argonFloor && tt.per > 0 && (took < least || took > most) {
			t.Errorf("%s: a try takes %v", tt.name, took)
		}
	}
}

func TestStrongerHashOnAnotherDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		r.kdf.cost = argon{Time: 2, Memory: 128}
		must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword))
		if c, _, _, err := parsePHC(r.account(anna.User).Password); err != nil || c != r.kdf.cost {
			t.Errorf("kept at %+v, %v", c, err)
		}
		must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword))
	})
}

func TestPasswordsWaitTheirTurn(t *testing.T) {
	k, err := newKDF(nil, CheapCost(t))
	if err != nil {
		t.Fatal(err)
	}
	leave, err := k.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := k.check(gone, "", "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("who went away: %v", err)
	}
	for range kdfQueue - 1 {
		k.queue <- struct{}{}
	}
	var many *TooMany
	if _, _, err := k.check(t.Context(), "", "x"); !errors.As(err, &many) {
		t.Errorf("one more than the queue holds: %v", err)
	}
	for range kdfQueue - 1 {
		<-k.queue
	}
	leave()
	if _, _, err := k.check(t.Context(), "", "x"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
