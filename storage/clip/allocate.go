package clip

import (
	"errors"
	"os"
	"syscall"
)

// free is how many bytes the system has left for us where dir is.
func free(dir string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil //nolint:unconvert // of 32 bits on some processors
}

// allocate gives a file its room on the disk at once: writes into it then change
// no sizes, so that each sync has less to do, and a disk that fills up meanwhile
// does not take it away. Where that cannot be done the file has so much at least, without
// room, and grows as it is written.
func allocate(path string, size, least int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = syscall.Fallocate(int(f.Fd()), 0, 0, size)
	if errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EOPNOTSUPP) {
		err = f.Truncate(least)
	}
	return errors.Join(err, f.Close())
}
