package port

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Ports lists the serial devices that a stick could be: the names under
// /dev/serial/by-id, which stay the same when a stick is moved or comes back
// under another number, else the plain device names.
func Ports() []string { return portsUnder("/dev") }

func portsUnder(dev string) []string {
	if p, _ := filepath.Glob(filepath.Join(dev, "serial/by-id/*")); len(p) > 0 {
		return p
	}
	var all []string
	for _, pattern := range []string{"ttyACM*", "ttyUSB*", "ttyAMA*"} {
		p, _ := filepath.Glob(filepath.Join(dev, pattern)) // the pattern is well formed
		all = append(all, p...)
	}
	return all
}

func choices(ports []string) string {
	if len(ports) == 0 {
		return "plug the stick in (no serial device is here now)"
	}
	return "plug the stick in or choose one of " + strings.Join(ports, ", ")
}

// openError says what keeps path from being opened, and the mend.
func openError(path string, err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENOTDIR):
		return fmt.Errorf("port: %s: %w: %s", path, ErrMissing, choices(Ports()))
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("port: %s: %w%s: stop it, or choose another port", path, ErrInUse, holder(path))
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("port: %s: %w: %s", path, os.ErrPermission, grant(path))
	default:
		return fmt.Errorf("port: %s: cannot open: %w", path, err)
	}
}

// grant says how the running user gets at path.
func grant(path string) string {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return "give the user that runs the hub access to it"
	}
	who := "the user that runs the hub"
	if u, err := user.Current(); err == nil {
		who = "user " + u.Username
	}
	if st.Mode&0o060 != 0o060 {
		return fmt.Sprintf("its group may not read and write it: chmod g+rw it, or add a udev rule, for %s", who)
	}
	gid := strconv.FormatUint(uint64(st.Gid), 10)
	group := gid
	if g, err := user.LookupGroupId(gid); err == nil {
		group = g.Name
	}
	return fmt.Sprintf("add %s to group %s, then restart the hub", who, group)
}

// holder names the other program that has path open, as far as /proc tells.
func holder(path string) string {
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return ""
	}
	self := strconv.Itoa(os.Getpid())
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is well formed
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err != nil || to != device {
			continue
		}
		dir := filepath.Dir(filepath.Dir(fd))
		pid := filepath.Base(dir)
		if pid == self {
			continue
		}
		name, err := os.ReadFile(filepath.Join(dir, "comm"))
		if err != nil {
			continue
		}
		return fmt.Sprintf(" (%s, pid %s)", strings.TrimSpace(string(name)), pid)
	}
	return ""
}
