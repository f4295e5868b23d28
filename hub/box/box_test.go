package box_test

import (
	"path/filepath"
	"testing"

	"gatehouse/hub/box"
)

func TestThisBox(t *testing.T) {
	if _, err := box.ClockSynced(); err != nil {
		t.Error(err) // either answer is right
	}
	dir := t.TempDir()
	if free, err := box.DiskFree(dir); err != nil || free <= 0 {
		t.Errorf("%d bytes free, %v", free, err)
	}
	if _, err := box.DiskFree(filepath.Join(dir, "none")); err == nil {
		t.Error("a path that does not exist has room")
	}
}
