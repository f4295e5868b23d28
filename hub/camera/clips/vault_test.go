package clips

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// aKey is a new identity, and its public half.
func aKey(t *testing.T) (*age.HybridIdentity, string) {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id, id.Recipient().String()
}

// A new key opens what is recorded from then on, the old one what was before, and a
// clip that runs says that it wants to end.
func TestNewKeysFromNowOn(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	before := h.record(200_000, 0)
	running, err := h.Begin(footage())
	if err != nil {
		t.Fatal(err)
	}
	if running.Stale() {
		t.Error("a clip is stale from its beginning")
	}
	old := h.Vault()
	id, to := aKey(t)
	v, err := h.PutVault(home.Vault{Recipients: []string{to}, Wrapped: "the new one", Epoch: 2}, "Anna")
	if err != nil {
		t.Fatal(err)
	}
	if !running.Stale() {
		t.Error("a clip that runs goes on under the old key")
	}
	after := h.record(200_000, 1)
	running.End(footage().At, nil)

	want := []home.VaultEpoch{{Epoch: 1, Names: []string{"owner"}, Ends: []string{old.Recipients[0][len(old.Recipients[0])-6:]}, Since: old.Since, Until: *v.Since}}
	if diff := cmp.Diff(h.Vault().Earlier, want); diff != "" {
		t.Errorf("earlier keys (-got +want):\n%s", diff)
	}
	for _, row := range []struct {
		clip  home.ClipID
		key   age.Identity
		epoch int
		opens bool
	}{{before, h.owner, 1, true}, {before, id, 1, false}, {after, id, 2, true}, {after, h.owner, 2, false}} {
		c, err := h.Clip(row.clip)
		if err != nil || c.Epoch != row.epoch {
			t.Errorf("epoch %d (%v), want %d", c.Epoch, err, row.epoch)
		}
		for _, name := range []string{"film", "notes"} {
			file, err := h.File(row.clip, name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := age.Decrypt(file, row.key); (err == nil) != row.opens {
				t.Errorf("%s of epoch %d: %v, want it to open: %v", name, row.epoch, err, row.opens)
			}
		}
	}
	if !slices.Contains(h.lines.text, "Anna changed the keys that clips are sealed to: 1 from here on.") {
		t.Errorf("told: %q", h.lines.text)
	}
}

// The keys, what is wrapped and the passkeys change together or not at all, and who was
// second does not take the first one's place.
func TestKeysChangeAtOnceOrNotAtAll(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	var ids []string
	for n := range 3 {
		p, err := h.AddPasskey(phone(n), "Anna")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.ID)
	}
	before := h.Vault()
	_, to := aKey(t)
	anew := armourBegin + "YW5ldw==" + armourEnd
	good := home.Vault{Recipients: []string{to}, Wrapped: "the new one", Epoch: 2, Passkeys: []home.VaultPasskey{{ID: ids[1], Wrapped: anew}}}
	var invalid *home.Invalid
	var conflict *home.Conflict
	for name, row := range map[string]struct {
		change func(*home.Vault)
		as     any
	}{
		"of an epoch that is over":    {func(v *home.Vault) { v.Epoch = 1 }, &conflict},
		"of an epoch that may come":   {func(v *home.Vault) { v.Epoch = 3 }, &conflict},
		"a passkey that is not there": {func(v *home.Vault) { v.Passkeys[0].ID = "nobody" }, &invalid},
		"a passkey with a bare key":   {func(v *home.Vault) { v.Passkeys[0].Wrapped = "AGE-SECRET-KEY-PQ-1" }, &invalid},
		"a key that is none":          {func(v *home.Vault) { v.Recipients[0] = "age1pq1nonsense" }, &invalid},
	} {
		v := good
		v.Recipients, v.Passkeys = slices.Clone(v.Recipients), slices.Clone(v.Passkeys)
		row.change(&v)
		if _, err := h.PutVault(v, "Anna"); !errors.As(err, row.as) {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(h.Vault(), before); diff != "" {
			t.Fatalf("%s: the vault has changed:\n%s", name, diff)
		}
	}
	// Asked once more, since nobody heard the answer, it is the same change.
	for range 2 {
		if _, err := h.PutVault(good, "Anna"); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := openVault(h.vault.store)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(kept.v, h.Vault()); diff != "" {
		t.Errorf("on disk:\n%s", diff)
	}
	stays := before.Passkeys[1]
	stays.Wrapped = anew
	if diff := cmp.Diff(kept.v.Passkeys, []home.VaultPasskey{stays}); diff != "" || kept.v.Epoch != 2 || kept.v.Wrapped != "the new one" {
		t.Errorf("epoch %d, %q, passkeys:\n%s", kept.v.Epoch, kept.v.Wrapped, diff)
	}
	told := slices.DeleteFunc(slices.Clone(h.lines.text), func(s string) bool { return strings.Contains(s, "added") })
	want := []string{
		"Anna changed the keys that clips are sealed to: 1 from here on.", // the first
		"Anna changed the keys that clips are sealed to: 1 from here on.",
		"Anna removed the passkey Phone 0, which opened the vault.", "Anna removed the passkey Phone 2, which opened the vault.",
	}
	if diff := cmp.Diff(told, want); diff != "" {
		t.Error(diff)
	}
}

func TestEarlierKeysAreBounded(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	keys := [2]string{}
	for i := range keys {
		_, keys[i] = aKey(t)
	}
	for n := range mostEpochs + 3 {
		if _, err := h.PutVault(home.Vault{Recipients: []string{keys[n%2]}}, "Anna"); err != nil {
			t.Fatal(err)
		}
	}
	list := h.Vault().Earlier
	if len(list) != mostEpochs || list[0].Epoch != mostEpochs+3 || list[0].Ends[0] != keys[mostEpochs%2+1][len(keys[0])-6:] {
		t.Errorf("%d, the newest %s", len(list), fmt.Sprint(list[0]))
	}
}
