package storage

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type secretive struct{ Name, Secret string }

func newSeal(t *testing.T, key byte, purpose string) *Seal {
	t.Helper()
	s, err := NewSeal(bytes.Repeat([]byte{key}, 32), purpose)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedCell(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home.db")
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	want := secretive{"network", "a canary that nobody may see"}
	c := NewSealedCell[secretive](db, "network", newSeal(t, 1, "radios"))
	if _, ok, err := c.Load(); ok || err != nil {
		t.Errorf("an empty cell: %v %v", ok, err)
	}
	if err := c.Save(want); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := c.Load(); got != want || !ok || err != nil {
		t.Errorf("got %+v %v %v, want %+v", got, ok, err, want)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("canary")) || bytes.Contains(b, []byte(`"Name"`)) {
		t.Error("the value is in the database's file")
	}
	for name, other := range map[string]*SealedCell[secretive]{
		"another key":     NewSealedCell[secretive](db, "network", newSeal(t, 2, "radios")),
		"another purpose": NewSealedCell[secretive](db, "network", newSeal(t, 1, "people")),
	} {
		if got, ok, err := other.Load(); ok || err == nil || !strings.Contains(err.Error(), "device.key") {
			t.Errorf("%s: got %+v %v %v", name, got, ok, err)
		}
	}
	// What lies in one cell is nothing in another.
	row, _, err := c.cell.Load()
	if err != nil {
		t.Fatal(err)
	}
	moved := NewSealedCell[secretive](db, "backup", newSeal(t, 1, "radios"))
	if err := moved.cell.Save(row); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := moved.Load(); ok || err == nil {
		t.Errorf("moved to another cell: %+v %v %v", got, ok, err)
	}
}

// A value that a release before wrote in the clear is read, and sealed by that.
func TestSealedCellThatWasClear(t *testing.T) {
	db, err := Open(filepath.Join(t.TempDir(), "home.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	want := secretive{"network", "canary"}
	plain := NewCell[secretive](db, "network")
	if err := plain.Save(want); err != nil {
		t.Fatal(err)
	}
	c := NewSealedCell[secretive](db, "network", newSeal(t, 1, "radios"))
	for range 2 {
		if got, ok, err := c.Load(); got != want || !ok || err != nil {
			t.Errorf("got %+v %v %v, want %+v", got, ok, err, want)
		}
	}
	if got, _, err := plain.Load(); err != nil || got.Secret != "" {
		t.Errorf("it is in the clear still: %+v %v", got, err)
	}
}

func TestSealWantsAKey(t *testing.T) {
	if _, err := NewSeal(make([]byte, 16), "radios"); err == nil {
		t.Error("a key of 16 bytes seals")
	}
}

func TestSealedFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "vault")
	want := secretive{"vault", "a canary that nobody may see"}
	f := NewSealedFile[secretive](path, newSeal(t, 1, "radios"))
	if _, ok, err := f.Load(); ok || err != nil {
		t.Errorf("no file: %v %v", ok, err)
	}
	for range 2 {
		if err := f.Save(want); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := f.Load(); got != want || !ok || err != nil {
			t.Errorf("got %+v %v %v, want %+v", got, ok, err, want)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil || bytes.Contains(b, []byte("canary")) {
		t.Errorf("the value is in its file, %v", err)
	}
	moved := filepath.Join(dir, "backup")
	for path, bytes := range map[string][]byte{path: b[:len(b)-1], moved: b} {
		if err := os.WriteFile(path, bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := NewSealedFile[secretive](path, newSeal(t, 1, "radios")).Load(); ok || err == nil || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%s: got %+v %v %v", filepath.Base(path), got, ok, err)
		}
	}
	if err := NewSealedFile[secretive](filepath.Join(dir, "no", "vault"), newSeal(t, 1, "radios")).Save(want); err == nil {
		t.Error("it is written where no folder is")
	}
}
