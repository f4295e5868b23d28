//go:build unix

package tflite

import "golang.org/x/sys/unix"

// newBlock takes memory that the garbage collector does not know of. It lets a
// heap double before it collects: twenty megabytes of weights and arena that
// never are garbage would cost the hub forty.
func newBlock(bytes int) ([]byte, error) {
	return unix.Mmap(-1, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
}

func freeBlock(b []byte) { _ = unix.Munmap(b) }
