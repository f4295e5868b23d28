package auth

import (
	"context"
	"testing"
	"testing/synctest"
)

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
