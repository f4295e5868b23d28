package storage_test

import (
	"os"
	"path/filepath"
	"testing"

	"gatehouse/storage"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "device.key")
	for _, want := range []string{"first", "second"} {
		if err := storage.WriteFile(path, []byte(want)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("read %q, %v; want %q", got, err, want)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if err := storage.WriteFile(filepath.Join(dir, "none", "x"), nil); err == nil {
		t.Error("wrote into a folder that is not there")
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 {
		t.Errorf("folder holds %v, %v; want only the file", list, err)
	}
}
