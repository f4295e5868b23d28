package hub

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"gatehouse/hub/config"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
)

// TestAnOlderDatabaseBringsNoOlderKeys: an owner replaces the keys of the vault, and then
// the home's database is put back as it was before: from a copy, or by the hub itself that
// finds it gone or damaged. Clips go on being sealed to the newer keys, and the house says so.
func TestAnOlderDatabaseBringsNoOlderKeys(t *testing.T) {
	const said = "The database was put back as it was before the vault changed. The vault stays as it is: clips are sealed to its keys number 2."
	for name, back := range map[string]func(t *testing.T, db string, copied []byte){
		"by hand": func(t *testing.T, db string, copied []byte) { write(t, db, copied) },
		"from its snapshot, as it is gone": func(t *testing.T, db string, copied []byte) {
			write(t, db+".snapshot", copied)
			if err := os.Remove(db); err != nil {
				t.Fatal(err)
			}
		},
		"as if there had been none": func(t *testing.T, db string, _ []byte) {
			for _, name := range []string{db, db + ".snapshot"} {
				if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			run := func(do func(h *Hub)) {
				t.Helper()
				h, err := build(Options{Config: config.Config{Data: dir, Name: "Elm Street"}, Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				running := start(ctx, h.log, cancel, part{name: "journal", run: h.journal.Run})
				defer func() {
					h.stopping.Store(true)
					cancel(nil)
					running.wait()
					h.close()
				}()
				do(h)
			}
			put := func(h *Hub, epoch int) (key string) {
				t.Helper()
				id, err := age.GenerateHybridIdentity()
				if err != nil {
					t.Fatal(err)
				}
				key = id.Recipient().String()
				v, err := h.clips.PutVault(home.Vault{Recipients: []string{key}, Wrapped: "opaque"}, "Anna")
				if err != nil || v.Epoch != epoch {
					t.Fatalf("the vault's keys are number %d, want %d: %v", v.Epoch, epoch, err)
				}
				return key
			}
			lines := func(h *Hub) (n int) {
				t.Helper()
				all, _, err := h.journal.Page(journal.Query{Kind: home.KindAccess})
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range all {
					if l.Text == said {
						n++
					}
				}
				return n
			}
			db := filepath.Join(dir, "home.db")

			run(func(h *Hub) { put(h, 1) })
			before, err := os.ReadFile(db)
			if err != nil {
				t.Fatal(err)
			}
			var key string
			run(func(h *Hub) { key = put(h, 2) })
			back(t, db, before)
			for range 2 { // and the house says it once
				run(func(h *Hub) {
					if v := h.clips.Vault(); v.Epoch != 2 || !slices.Equal(v.Recipients, []string{key}) || len(v.Earlier) != 1 {
						t.Errorf("clips are sealed to %d keys, number %d, after %d others", len(v.Recipients), v.Epoch, len(v.Earlier))
					}
					soon(t, "the journal says it", func() bool { return lines(h) > 0 })
					if n := lines(h); n != 1 {
						t.Errorf("the journal says it %d times", n)
					}
				})
			}
			run(func(h *Hub) { put(h, 3) })
			if err := os.Remove(filepath.Join(dir, "clips", vaultName)); err != nil {
				t.Fatal(err)
			}
			run(func(h *Hub) {
				if v := h.clips.Vault(); v.Epoch != 3 {
					t.Errorf("without its second copy the vault is number %d", v.Epoch)
				}
			})
			if _, err := os.Stat(filepath.Join(dir, "clips", vaultName)); err != nil {
				t.Errorf("the second copy is not made again: %v", err)
			}
		})
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// place is a place of the vault, in memory.
type place struct {
	is   *savedVault
	fail error
}

func (p *place) Load() (savedVault, bool, error) {
	if p.is == nil || p.fail != nil {
		return savedVault{}, false, p.fail
	}
	return *p.is, true, nil
}

func (p *place) Save(v savedVault) error {
	if p.fail == nil {
		p.is = &v
	}
	return p.fail
}

type said []string

func (s *said) Add(e home.Event) uint64 { *s = append(*s, e.Text); return 0 }

// Of two vaults the newer one counts, and a release that did not count its changes is
// believed unless its keys are older.
func TestTheNewerVaultCounts(t *testing.T) {
	saved := func(epoch, saves int) *savedVault { return &savedVault{home.Vault{Epoch: epoch}, saves} }
	bad := errors.New("no disk")
	for name, row := range map[string]struct {
		home, beside *savedVault
		fails        error // beside the clips
		want         *savedVault
		says         string // begins with
	}{
		"none":                            {},
		"of a release before":             {home: saved(2, 0), want: saved(2, 0)},
		"the same":                        {home: saved(2, 3), beside: saved(2, 3), want: saved(2, 3)},
		"newer keys beside":               {home: saved(1, 1), beside: saved(2, 2), want: saved(2, 2), says: "The database was put back"},
		"a passkey less beside":           {home: saved(2, 2), beside: saved(2, 3), want: saved(2, 3), says: "The database was put back"},
		"changed by a release before":     {home: saved(2, 0), beside: saved(2, 3), want: saved(2, 0)},
		"newer keys by a release before":  {home: saved(3, 0), beside: saved(2, 3), want: saved(3, 0)},
		"it was not written beside":       {home: saved(2, 3), beside: saved(1, 2), want: saved(2, 3)},
		"nothing can be read beside":      {home: saved(2, 3), fails: bad, want: saved(2, 3), says: "The vault was written, but not its second copy"},
		"nothing in the home's, and here": {beside: saved(2, 3), want: saved(2, 3), says: "The database was put back"},
	} {
		var lines said
		a, b := &place{is: row.home}, &place{is: row.beside, fail: row.fails}
		s := &vaultStore{home: a, clips: b, journal: &lines, log: slog.New(slog.DiscardHandler)}
		v, ok, err := s.Load()
		if err != nil || ok != (row.want != nil) || ok && v.Epoch != row.want.Epoch {
			t.Errorf("%s: %+v %v %v", name, v, ok, err)
		}
		if got := strings.Join(lines, "\n"); (row.says == "") != (got == "") || !strings.HasPrefix(got, row.says) {
			t.Errorf("%s: it says %q", name, got)
		}
		if row.want == nil {
			continue
		}
		if a.is.Epoch != row.want.Epoch || a.is.Saves != row.want.Saves {
			t.Errorf("%s: the home's is %+v", name, *a.is)
		}
		if err := s.Save(home.Vault{Epoch: 9}); err != nil || a.is.Saves != row.want.Saves+1 || row.fails == nil && (b.is.Epoch != 9 || b.is.Saves != a.is.Saves) {
			t.Errorf("%s: then saved %+v %v", name, *a.is, err)
		}
	}
}
