// Package nowait moves bytes through descriptors that do not block.
//
// The runtime takes every system call for one that may last: it wakes its
// monitor thread, which then looks every 20 µs, for as long as anything runs,
// whether a processor must be taken back. For some hundred bytes that are there,
// or that fit, that costs more than the call. Calls made here are not announced
// to the runtime, so they must not be able to wait: the descriptor has to be
// non-blocking, and who holds it has to keep it open meanwhile.
package nowait

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrAgain says that nothing is there to be read, or that nothing fits.
var ErrAgain error = unix.EAGAIN

// Read is read(2), until no signal comes between.
func Read(fd uintptr, b []byte) (int, error) { return call(unix.SYS_READ, fd, b) }

// Write is write(2), until no signal comes between.
func Write(fd uintptr, b []byte) (int, error) { return call(unix.SYS_WRITE, fd, b) }

func call(number, fd uintptr, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := unix.RawSyscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b))) //nolint:gosec // the call that unsafe.Pointer's rule 4 is about
		switch {
		case errno == 0:
			return int(n), nil
		case !errors.Is(errno, unix.EINTR):
			return 0, errno
		}
	}
}
