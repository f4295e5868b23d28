package auth

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestDiskThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r, anna := claimedHouse(t)
		if err := r.db.Close(); err != nil {
			t.Fatal(err)
		}
		// Nothing changes that cannot be kept, and who is in stays in.
		if err := r.EndSession(ctx, anna.ID, "Anna"); err == nil {
			t.Error("a session ended that would be back after a restart")
		}
		if _, _, err := r.CreateToken(ctx, "Anna", "ha", Owner, time.Time{}); err == nil || len(r.Tokens()) != 0 {
			t.Errorf("a token that is not kept: %v", err)
		}
		c := must[Entered](t)(r.SignIn(ctx, kitchen, "Anna", goodPassword)).Caller
		if e, err := r.SecondFactor(ctx, c, kitchen, anna.now()); err == nil {
			t.Errorf("the code's use is not on disk, and it made %s", e.Caller.Stage)
		}
		must[Caller](t)(r.Caller(anna.request()))
	})
}
