package auth

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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

func TestClaimCodeFile(t *testing.T) {
	r := open(t)
	code, file, _ := r.ClaimCode()
	st, err := os.Stat(file)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", st.Mode(), err)
	}
	// A restart keeps it and does not show it again; a lost file makes a new one.
	r.restart()
	if again, _, _ := r.ClaimCode(); again != "" {
		t.Error("shown again")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	r.restart()
	fresh, _, _ := r.ClaimCode()
	if fresh == "" || fresh == code {
		t.Error("no new code")
	}
	if _, err := r.Claim(t.Context(), kitchen, code); err == nil {
		t.Error("the lost code still claims")
	}
	if _, err := r.Claim(t.Context(), kitchen, fresh); err != nil {
		t.Error(err)
	}
}
