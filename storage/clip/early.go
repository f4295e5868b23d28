//go:build !arm

package clip

import (
	"os"
	"syscall"
)

// beginSync has the disk begin to write a part of a file, and waits for nothing: the sync
// that follows finds less to do. It promises nothing either, so what it says is not asked.
func beginSync(f *os.File, at, size int64) {
	const write = 2 // SYNC_FILE_RANGE_WRITE, linux/fs.h
	_ = syscall.SyncFileRange(int(f.Fd()), at, size, write)
}
