package auth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/home"
)

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
		if err := r.RemoveUser(ctx, "Anna", anna.User); !errors.Is(err, ErrLastOwner) {
			t.Errorf("remove: %v", err)
		}
		if _, err := r.ChangeUser(ctx, "Anna", anna.User, Member, time.Time{}); !errors.Is(err, ErrLastOwner) {
			t.Errorf("demote: %v", err)
		}
		if _, err := r.ChangeUser(ctx, "Anna", anna.User, Owner, in(time.Hour)); !errors.Is(err, ErrLastOwner) {
			t.Errorf("limit: %v", err)
		}
		// An invited owner is not an owner yet.
		_, inv, err := r.AddUser(ctx, "Anna", "Ben", Owner, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.RemoveUser(ctx, "Anna", anna.User); !errors.Is(err, ErrLastOwner) {
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
