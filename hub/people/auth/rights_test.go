package auth

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata/rights.txt")

// TestRightsMatrix: who may do what is a table for people to review.
func TestRightsMatrix(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "%-16s", "")
	for _, role := range Roles {
		fmt.Fprintf(&b, " %-9s", role)
	}
	fmt.Fprintln(&b, " step-up")
	for _, right := range Rights {
		fmt.Fprintf(&b, "%-16s", right)
		for _, role := range Roles {
			mark := "-"
			if Allowed(role, right) {
				mark = "yes"
			}
			fmt.Fprintf(&b, " %-9s", mark)
		}
		mark := "-"
		if NeedsStepUp(right) {
			mark = "yes"
		}
		fmt.Fprintln(&b, " "+mark)
	}
	const file = "testdata/rights.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.String(), string(want)); d != "" {
		t.Errorf("the table has changed; if it should have, run with -update (-got +want):\n%s", d)
	}
}

func TestRightsDenyByDefault(t *testing.T) {
	for _, right := range append([]Right{"", "alarm", "nonsense"}, Rights...) {
		for _, role := range []Role{"", "admin", "OWNER"} {
			if Allowed(role, right) {
				t.Errorf("role %q may %q", role, right)
			}
		}
	}
	for _, role := range Roles {
		if Allowed(role, "nonsense") {
			t.Errorf("%s may do nonsense", role)
		}
	}
	// A table cannot name what does not exist.
	for _, list := range [][]Right{memberRights, guestRights, installerRights, viewerRights, stepUpRights} {
		for _, right := range list {
			if !slices.Contains(Rights, right) {
				t.Errorf("%s is in a table but is no right", right)
			}
		}
	}
}

// What the roles are for, in words.
func TestRolesKeepTheirPromises(t *testing.T) {
	for _, role := range Roles[1:] {
		for _, right := range []Right{UsersWrite, TokensWrite, Disclose, ConsentsWrite, SystemWrite, SessionsAll, ClipsDelete} {
			if Allowed(role, right) {
				t.Errorf("%s may %s: the owner alone", role, right)
			}
		}
	}
	for _, right := range []Right{ClipsRead, CamerasLive, CamerasDirect, CamerasTalk, AlarmArm, AlarmDisarm, Panic} {
		if Allowed(Installer, right) || Allowed(Guest, right) || Allowed(Viewer, right) {
			t.Errorf("%s is for the household", right)
		}
	}
	// Its token goes over the line in the clear (rtsp.listen), and stands in addresses.
	for _, right := range Rights {
		if Allowed(Onlooker, right) != (right == CamerasLive) {
			t.Errorf("an onlooker and %s: it sees what cameras see now, and does nothing else", right)
		}
	}
}
