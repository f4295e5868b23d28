package clips

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// phone is a passkey as a browser sends it, with the n-th credential there is.
func phone(n int) home.VaultPasskey {
	return home.VaultPasskey{
		Name: fmt.Sprintf("Phone %d", n), Host: "gatehouse.local", Credential: fmt.Sprintf("%021dA", n), Transports: []string{"internal"},
		Wrapped: "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3Yx\n-----END AGE ENCRYPTED FILE-----\n",
	}
}

func TestPasskeysAreKeptAndForgotten(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	first, err := h.AddPasskey(phone(1), "Anna")
	if err != nil {
		t.Fatal(err)
	}
	if first.ID == "" || first.By != "Anna" || first.Created.IsZero() || first.Wrapped != phone(1).Wrapped {
		t.Errorf("got %+v", first)
	}
	second, err := h.AddPasskey(phone(2), "Anna")
	if err != nil {
		t.Fatal(err)
	}
	// Other keys to seal to, and they stay.
	v := h.Vault()
	if _, err := h.PutVault(home.Vault{Recipients: v.Recipients, Wrapped: "another passphrase"}, "Anna"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h.Vault().Passkeys, []home.VaultPasskey{first, second}); diff != "" {
		t.Error(diff)
	}
	if err := h.RemovePasskey(first.ID, "Ben"); err != nil {
		t.Fatal(err)
	}
	var missing *home.NotFound
	if err := h.RemovePasskey(first.ID, "Ben"); !errors.As(err, &missing) {
		t.Errorf("removed twice: %v", err)
	}
	again, err := openVault(h.vault.store)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(again.v.Passkeys, []home.VaultPasskey{second}); diff != "" {
		t.Errorf("on disk:\n%s", diff)
	}
	want := []string{
		"Anna added a passkey that opens the vault: Phone 1.", "Anna added a passkey that opens the vault: Phone 2.",
		"Ben removed the passkey Phone 1, which opened the vault.",
	}
	told := slices.DeleteFunc(slices.Clone(h.lines.text), func(s string) bool { return !strings.Contains(s, "passkey") })
	if diff := cmp.Diff(told, want); diff != "" {
		t.Error(diff)
	}
}

func TestPasskeysThatAreRefused(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	if _, err := h.AddPasskey(phone(0), "Anna"); err != nil {
		t.Fatal(err)
	}
	before := h.Vault()
	for name, row := range map[string]struct {
		change func(*home.VaultPasskey)
		field  string // "": a conflict
	}{
		"no name":            {func(p *home.VaultPasskey) { p.Name = " \t" }, "name"},
		"a bell":             {func(p *home.VaultPasskey) { p.Name = "a\ab" }, "name"},
		"41 characters":      {func(p *home.VaultPasskey) { p.Name = strings.Repeat("ä", 41) }, "name"},
		"a name that is had": {func(p *home.VaultPasskey) { p.Name = " phone  0 " }, "name"},
		"no host":            {func(p *home.VaultPasskey) { p.Host = "" }, "host"},
		"an address":         {func(p *home.VaultPasskey) { p.Host = "192.168.1.20" }, "host"},
		"an IPv6 address":    {func(p *home.VaultPasskey) { p.Host = "fd00::1" }, "host"},
		"a port":             {func(p *home.VaultPasskey) { p.Host = "gatehouse.local:443" }, "host"},
		"upper case":         {func(p *home.VaultPasskey) { p.Host = "Gatehouse.local" }, "host"},
		"a short credential": {func(p *home.VaultPasskey) { p.Credential = "AAAA" }, "credential"},
		"a long one":         {func(p *home.VaultPasskey) { p.Credential = strings.Repeat("A", 1366) }, "credential"},
		"loose bits":         {func(p *home.VaultPasskey) { p.Credential = strings.Repeat("A", 21) + "B" }, "credential"},
		"the key itself":     {func(p *home.VaultPasskey) { p.Wrapped = h.owner.String() }, "wrapped"},
		"too much":           {func(p *home.VaultPasskey) { p.Wrapped = armourBegin + strings.Repeat("A", 4096) + armourEnd }, "wrapped"},
		"one that is there":  {func(p *home.VaultPasskey) { p.Credential = phone(0).Credential }, ""},
	} {
		p := phone(99)
		row.change(&p)
		_, err := h.AddPasskey(p, "Anna")
		var invalid *home.Invalid
		var conflict *home.Conflict
		if row.field != "" && (!errors.As(err, &invalid) || invalid.Field != row.field) || row.field == "" && !errors.As(err, &conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff(h.Vault(), before); diff != "" {
		t.Errorf("the vault has changed:\n%s", diff)
	}
	// The same credential at another name of the hub is another passkey; the 17th is one too many.
	for n := range mostPasskeys {
		p := phone(n)
		p.Name, p.Host = p.Name+" there", "gatehouse.home.arpa"
		var conflict *home.Conflict
		if _, err := h.AddPasskey(p, "Anna"); n < mostPasskeys-1 && err != nil || n == mostPasskeys-1 && !errors.As(err, &conflict) {
			t.Errorf("%d: %v", n+2, err)
		}
	}
	if _, err := h.PutVault(home.Vault{}, "Anna"); err != nil {
		t.Fatal(err)
	}
	var conflict *home.Conflict
	if _, err := h.AddPasskey(phone(99), "Anna"); !errors.As(err, &conflict) {
		t.Errorf("without a vault: %v", err)
	}
}
