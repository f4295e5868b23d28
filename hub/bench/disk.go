package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// disk is a folder on a disk that can hang: everything passes through to a
// folder beside it, but while the disk hangs no fsync comes back.
type disk struct {
	dir    string
	server *fuse.Server

	mu   sync.Mutex
	hung chan struct{} // closed when it goes on; nil while it works
}

// mountDisk mounts such a disk under dir.
func mountDisk(dir string) (*disk, error) {
	d := &disk{dir: filepath.Join(dir, "disk")}
	below := filepath.Join(dir, "below")
	for _, p := range []string{d.dir, below} {
		if err := os.Mkdir(p, 0o700); err != nil {
			return nil, err
		}
	}
	var st syscall.Stat_t
	if err := syscall.Stat(below, &st); err != nil {
		return nil, err
	}
	root := &diskNode{fs.LoopbackNode{RootData: &fs.LoopbackRoot{Path: below, Dev: st.Dev}}, d}
	root.RootData.RootNode = root
	var err error
	d.server, err = fs.Mount(d.dir, root, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMount: true, FsName: "gatehouse-bench", Name: "slowdisk"},
	})
	return d, err
}

func (d *disk) unmount() error {
	d.goOn()
	return d.server.Unmount()
}

// hang holds every fsync from now on.
func (d *disk) hang() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hung == nil {
		d.hung = make(chan struct{})
	}
}

// goOn lets them through.
func (d *disk) goOn() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hung != nil {
		close(d.hung)
		d.hung = nil
	}
}

func (d *disk) wait() {
	d.mu.Lock()
	hung := d.hung
	d.mu.Unlock()
	if hung != nil {
		<-hung
	}
}

// diskNode is a file or folder of the disk.
type diskNode struct {
	fs.LoopbackNode
	disk *disk
}

var (
	_ fs.NodeWrapChilder = (*diskNode)(nil)
	_ fs.NodeFsyncer     = (*diskNode)(nil)
)

// WrapChild makes what is in the folder part of the disk.
func (n *diskNode) WrapChild(_ context.Context, ops fs.InodeEmbedder) fs.InodeEmbedder {
	child, ok := ops.(*fs.LoopbackNode)
	if !ok {
		return ops
	}
	return &diskNode{fs.LoopbackNode{RootData: child.RootData}, n.disk}
}

// Fsync waits while the disk hangs.
func (n *diskNode) Fsync(ctx context.Context, f fs.FileHandle, flags uint32) syscall.Errno {
	n.disk.wait()
	if s, ok := f.(fs.FileFsyncer); ok {
		return s.Fsync(ctx, flags)
	}
	return 0
}
