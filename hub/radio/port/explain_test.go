package port

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"
)

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPorts(t *testing.T) {
	dev := t.TempDir()
	if got := choices(portsUnder(dev)); !strings.Contains(got, "plug the stick in") {
		t.Errorf("none: got %q", got)
	}
	touch(t, filepath.Join(dev, "ttyACM0"))
	touch(t, filepath.Join(dev, "ttyS0"))
	if d := cmp.Diff(portsUnder(dev), []string{filepath.Join(dev, "ttyACM0")}); d != "" {
		t.Error("plain names (-got +want):", d)
	}
	byID := filepath.Join(dev, "serial/by-id/usb-Zooz_800-if00")
	touch(t, byID)
	if d := cmp.Diff(portsUnder(dev), []string{byID}); d != "" {
		t.Error("by id (-got +want):", d)
	}
	if got := choices(portsUnder(dev)); !strings.Contains(got, "choose one of "+byID) {
		t.Errorf("got %q", got)
	}
}

func TestPermissionNamesTheGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ttyACM0")
	touch(t, path)
	if err := os.Chmod(path, 0o660); err != nil {
		t.Fatal(err)
	}
	got := openError(path, unix.EACCES).Error()
	if !strings.Contains(got, "permission denied") || !strings.Contains(got, "to group ") {
		t.Errorf("got %q", got)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := openError(path, unix.EACCES).Error(); !strings.Contains(got, "chmod g+rw") {
		t.Errorf("got %q", got)
	}
}

// Another program that holds the device is named.
func TestHolder(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = master.Close() }()
	defer func() { _ = slave.Close() }()
	if got := holder(slave.Name()); got != "" {
		t.Errorf("held by ourselves alone: got %q", got)
	}
	cmd := exec.CommandContext(t.Context(), "cat")
	cmd.Stdin = slave
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if got := openError(slave.Name(), unix.EBUSY).Error(); !strings.Contains(got, "in use by another program (cat, pid ") {
		t.Errorf("got %q", got)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
